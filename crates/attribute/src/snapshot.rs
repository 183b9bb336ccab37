//! The register as tables, and the two questions it answers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use schakel_formats::register::url::{UrlKey, path_borders, url_key};
use schakel_model::{
    asset::{AssetKind, AssetValue},
    assignment::{Assignee, End},
    classification::ClassificationType,
    ids::RegisterVersion,
    observation::Observation,
    register::Register,
};

use crate::{
    announced::AnnouncedTables,
    contest::{Match, Scratch, Verdict},
    entry::Entry,
    keys::KeyTable,
    names::{NameTable, suffixes},
    prefixes::{Bits, PrefixTable},
    selectors::{Selector, Selectors},
};

/// The register as tables. Never changes; to change the register, build another and swap it whole.
pub struct Snapshot {
    version: RegisterVersion,
    v4: PrefixTable<u32, Entry>,
    v6: PrefixTable<u128, Entry>,
    /// Domains, host names and mail domains.
    names: NameTable,
    urls: NameTable,
    pub(crate) asns: KeyTable,
    countries: KeyTable,
    pub(crate) announced: AnnouncedTables,
}

/// What the tables take, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct TableSizes {
    pub v4_bytes: usize,
    pub v6_bytes: usize,
    pub names_bytes: usize,
    pub urls_bytes: usize,
    pub numbers_bytes: usize,
    pub announced_bytes: usize,
}

impl Snapshot {
    /// Builds the tables. Values are taken as normalised, as [`AssetValue`] says.
    pub fn build(register: &Register) -> Self {
        let assets = &register.assets;
        let mut v4 = Vec::new();
        let mut v6 = Vec::new();
        let mut names = Vec::new();
        let mut urls = Vec::new();
        let mut asns = Vec::new();
        let mut countries = Vec::new();
        for (at, asset) in assets.iter().enumerate() {
            let at = at as u32;
            match &asset.value {
                AssetValue::Prefix(net) => match net.trunc() {
                    ipnet::IpNet::V4(net) => v4.push((net.addr().to_bits(), net.prefix_len(), at)),
                    ipnet::IpNet::V6(net) => v6.push((net.addr().to_bits(), net.prefix_len(), at)),
                },
                AssetValue::Address(ip) => match ip.to_canonical() {
                    IpAddr::V4(ip) => v4.push((ip.to_bits(), u32::WIDTH, at)),
                    IpAddr::V6(ip) => v6.push((ip.to_bits(), u128::WIDTH, at)),
                },
                AssetValue::Domain(_) | AssetValue::Hostname(_) | AssetValue::MailDomain(_) => names.push(at),
                AssetValue::Url(_) => urls.push(at),
                AssetValue::Asn(asn) => asns.push((*asn, at)),
                AssetValue::Country(code) => countries.push((country_key(*code), at)),
                AssetValue::RipeHandle(_) | AssetValue::Product(_) => {}
            }
        }
        let entry = |at: u32| Entry::of(&assets[at as usize]);
        let text = |at: u32, out: &mut String| match &assets[at as usize].value {
            AssetValue::Domain(name) | AssetValue::Hostname(name) | AssetValue::MailDomain(name) => {
                out.push_str(name)
            }
            AssetValue::Url(url) => drop(url_key(url, out)),
            _ => {}
        };
        Self {
            version: register.version,
            v4: PrefixTable::build(v4, entry),
            v6: PrefixTable::build(v6, entry),
            names: NameTable::build(&names, text, entry),
            urls: NameTable::build(&urls, text, entry),
            asns: KeyTable::build(asns, entry),
            countries: KeyTable::build(countries, entry),
            announced: AnnouncedTables::build(&register.announced, assets, entry),
        }
    }

    /// The state of the register this was built from.
    pub fn version(&self) -> RegisterVersion {
        self.version
    }

    /// What the tables take.
    pub fn sizes(&self) -> TableSizes {
        TableSizes {
            v4_bytes: self.v4.bytes(),
            v6_bytes: self.v6.bytes(),
            names_bytes: self.names.bytes(),
            urls_bytes: self.urls.bytes(),
            numbers_bytes: self.asns.bytes() + self.countries.bytes(),
            announced_bytes: self.announced.bytes(),
        }
    }

    /// Whom an observation concerns, by either end: sorted, no repeats; empty is nobody's.
    pub fn assign<'s>(&self, observation: &Observation<'_>, scratch: &'s mut Scratch) -> &'s [Assignee] {
        scratch.out.clear();
        for (end, endpoint) in [(End::Source, &observation.source), (End::Target, &observation.target)] {
            scratch.selectors.gather_endpoint(endpoint);
            if scratch.selectors.groups.is_empty() {
                continue;
            }
            self.judge(observation.observed_at.0, Some(observation.classification), scratch);
            scratch.collect(end);
        }
        scratch.out.sort_unstable();
        scratch.out.dedup();
        &scratch.out
    }

    /// Finds what meets the selectors of one end and judges it; the result stands in the scratch.
    pub(crate) fn judge(&self, at: u32, kind: Option<ClassificationType>, scratch: &mut Scratch) {
        let Scratch { selectors: Selectors { groups, text, urls, .. }, matches, .. } = scratch;
        matches.clear();
        for group in groups {
            let first = matches.len() as u32;
            self.find(group.selector, text, urls, matches);
            group.matches = first..matches.len() as u32;
        }
        if !scratch.matches.is_empty() {
            scratch.judge(at, kind);
        }
    }

    /// Every asset that meets a selector, the more specific first.
    fn find(&self, selector: Selector, text: &str, urls: &[UrlKey], matches: &mut Vec<Match>) {
        match selector {
            Selector::Address(IpAddr::V4(ip)) => self.find_v4(ip, matches),
            Selector::Address(IpAddr::V6(ip)) => self.find_v6(ip, matches),
            Selector::Name { text: name, .. } => self.find_name(name.of(text), matches),
            Selector::Url(number) => {
                let key = &urls[usize::from(number)];
                let whole = &text[key.whole.clone()];
                for border in path_borders(whole, key.path - key.whole.start) {
                    push(matches, rank(KIND_URL, border), self.urls.get(&whole[..border]));
                }
                self.find_name(&text[key.host.clone()], matches);
            }
            Selector::Account(host) => self.find_account(host.of(text), matches),
            Selector::Asn(asn) => push(matches, 0, self.asns.get(asn)),
            Selector::Announced(ip) => self.announced.find(ip, &self.asns, matches),
            Selector::Country(code) => push(matches, 0, self.countries.get(country_key(code))),
        }
    }

    fn find_v4(&self, ip: Ipv4Addr, matches: &mut Vec<Match>) {
        for (prefix_len, entries) in self.v4.around(ip.to_bits()) {
            push(matches, u32::from(prefix_len), entries);
        }
    }

    fn find_v6(&self, ip: Ipv6Addr, matches: &mut Vec<Match>) {
        for (prefix_len, entries) in self.v6.around(ip.to_bits()) {
            push(matches, u32::from(prefix_len), entries);
        }
    }

    fn find_name(&self, name: &str, matches: &mut Vec<Match>) {
        for from in suffixes(name) {
            for entry in self.names.get(&name[from..]) {
                let kind = match entry.kind() {
                    AssetKind::Hostname if from == 0 => KIND_HOSTNAME,
                    AssetKind::Domain => KIND_DOMAIN,
                    _ => continue,
                };
                push(matches, rank(kind, name.len() - from), std::slice::from_ref(entry));
            }
        }
    }

    fn find_account(&self, host: &str, matches: &mut Vec<Match>) {
        for from in suffixes(host) {
            for entry in self.names.get(&host[from..]) {
                let kind = match entry.kind() {
                    AssetKind::MailDomain => KIND_MAIL_DOMAIN,
                    AssetKind::Domain => KIND_DOMAIN,
                    _ => continue,
                };
                push(matches, rank(kind, host.len() - from), std::slice::from_ref(entry));
            }
        }
    }
}

/// How specific a kind of name is.
const KIND_DOMAIN: u32 = 0;
const KIND_MAIL_DOMAIN: u32 = 1;
const KIND_HOSTNAME: u32 = 1;
const KIND_URL: u32 = 2;

/// By kind, then by length. The rank of a name says its length in the lower bits.
fn rank(kind: u32, length: usize) -> u32 {
    kind << RANK_LENGTH_BITS | (length as u32).min(RANK_LENGTH_MASK)
}

/// A text in a report is shorter than a record (1 MiB).
const RANK_LENGTH_BITS: u32 = 24;
pub(crate) const RANK_LENGTH_MASK: u32 = (1 << RANK_LENGTH_BITS) - 1;

pub(crate) fn push(matches: &mut Vec<Match>, rank: u32, entries: &[Entry]) {
    matches.extend(entries.iter().map(|&entry| Match { entry, rank, verdict: Verdict::Open }));
}

fn country_key(code: [u8; 2]) -> u32 {
    u32::from(u16::from_be_bytes(code))
}
