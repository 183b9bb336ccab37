//! Prefixes as a table from outside says them: by whom an address is announced, or under which handle it is listed.
//!
//! AS numbers and handles are two questions with an answer each: the most specific prefix that holds the address says who announces it,
//! and the most specific that is listed says under whom. What is less specific says nothing, also when the more specific one is of
//! somebody who is not in the register.

use std::net::IpAddr;

use ipnet::IpNet;
use schakel_model::{
    announced::{Announced, AnnouncedPrefix, AnnouncedTable, Origin},
    asset::{Asset, AssetValue},
    observation::ObservedAt,
};

use crate::{
    contest::Match,
    entry::Entry,
    keys::KeyTable,
    prefixes::{Bits, PrefixTable},
    snapshot::push,
};

/// Added to the rank of what the most specific prefix says; without it a match is only shown. Prefix lengths are below it.
pub(crate) const MOST_SPECIFIC: u32 = 1 << 8;

/// The tables of announced and listed prefixes.
pub(crate) struct AnnouncedTables {
    by_asn: Prefixes,
    by_handle: Prefixes,
    /// Sorted. A listed prefix holds the place of its handle.
    handles: Vec<String>,
    /// The assets by the place of their handle.
    handle_assets: KeyTable,
    dates: [Option<i64>; AnnouncedTable::ALL.len()],
}

struct Prefixes {
    v4: PrefixTable<u32, u32>,
    v6: PrefixTable<u128, u32>,
}

/// By whom a prefix is announced: what stands in an explanation.
pub(crate) struct Announcement {
    pub net: IpNet,
    pub origin: Origin,
}

impl AnnouncedTables {
    pub fn build(announced: &Announced, assets: &[Asset], entry: impl Fn(u32) -> Entry) -> Self {
        let mut handles: Vec<String> = announced
            .prefixes
            .iter()
            .filter_map(|prefix| match &prefix.origin {
                Origin::Handle(handle) => Some(handle.clone()),
                Origin::Asn(_) => None,
            })
            .collect();
        handles.sort_unstable();
        handles.dedup();
        let place = |handle: &String| handles.binary_search(handle).ok().map(|at| at as u32);
        let owned = (0..).zip(assets).filter_map(|(at, asset)| match &asset.value {
            AssetValue::RipeHandle(handle) => Some((place(handle)?, at)),
            _ => None,
        });
        let handle_assets = KeyTable::build(owned.collect(), entry);
        let by_asn = Prefixes::build(&announced.prefixes, |origin| match origin {
            Origin::Asn(asn) => Some(*asn),
            Origin::Handle(_) => None,
        });
        let by_handle = Prefixes::build(&announced.prefixes, |origin| match origin {
            Origin::Handle(handle) => place(handle),
            Origin::Asn(_) => None,
        });
        Self { by_asn, by_handle, handle_assets, handles, dates: announced.dates }
    }

    /// What is announced around an address by whom the register knows, the more specific first.
    pub fn find(&self, ip: IpAddr, asns: &KeyTable, matches: &mut Vec<Match>) {
        self.by_asn.find(ip, asns, matches);
        self.by_handle.find(ip, &self.handle_assets, matches);
    }

    /// The announcement of this length around an address by which an asset is met.
    pub fn announcement(
        &self,
        ip: IpAddr,
        prefix_len: u8,
        asns: &KeyTable,
        entry: &Entry,
    ) -> Option<Announcement> {
        let met = |entries: &[Entry]| entries.iter().any(|other| other.asset == entry.asset);
        let net = IpNet::new(ip, prefix_len).ok()?.trunc();
        let of_length = |prefixes: &Prefixes, wanted: &dyn Fn(u32) -> bool| {
            let around = prefixes.around(ip);
            around.into_iter().find(|&(length, origin)| length == prefix_len && wanted(origin))
        };
        let origin = of_length(&self.by_asn, &|asn| met(asns.get(asn)))
            .map(|(_, asn)| Origin::Asn(asn))
            .or_else(|| {
                let (_, place) = of_length(&self.by_handle, &|place| met(self.handle_assets.get(place)))?;
                Some(self.handle(place))
            })?;
        Some(Announcement { net, origin })
    }

    /// The most specific announcement around an address of the same kind as this one.
    pub fn most_specific(&self, ip: IpAddr, like: &Origin) -> Option<Announcement> {
        let (prefix_len, origin) = match like {
            Origin::Asn(_) => {
                let (length, asn) = *self.by_asn.around(ip).first()?;
                (length, Origin::Asn(asn))
            }
            Origin::Handle(_) => {
                let (length, place) = *self.by_handle.around(ip).first()?;
                (length, self.handle(place))
            }
        };
        Some(Announcement { net: IpNet::new(ip, prefix_len).ok()?.trunc(), origin })
    }

    fn handle(&self, place: u32) -> Origin {
        Origin::Handle(self.handles.get(place as usize).cloned().unwrap_or_default())
    }

    /// The day of the table that an announcement stands in, for people.
    pub fn day(&self, announcement: &Announcement) -> String {
        let Announcement { net, origin } = announcement;
        let table = AnnouncedPrefix { net: *net, origin: origin.clone(), country: None }.table();
        match self.dates[table as usize].and_then(|at| u32::try_from(at).ok()) {
            Some(at) => ObservedAt(at).timestamp().to_string().chars().take("2026-11-22".len()).collect(),
            None => "an unknown day".to_owned(),
        }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.by_asn.bytes() + self.by_handle.bytes() + self.handle_assets.bytes()
    }
}

impl Prefixes {
    fn build(prefixes: &[AnnouncedPrefix], key: impl Fn(&Origin) -> Option<u32>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for AnnouncedPrefix { net, origin, .. } in prefixes {
            let Some(key) = key(origin) else { continue };
            match net.trunc() {
                IpNet::V4(net) => v4.push((net.addr().to_bits(), net.prefix_len(), key)),
                IpNet::V6(net) => v6.push((net.addr().to_bits(), net.prefix_len(), key)),
            }
        }
        Self { v4: PrefixTable::build(v4, |key| key), v6: PrefixTable::build(v6, |key| key) }
    }

    fn find(&self, ip: IpAddr, assets: &KeyTable, matches: &mut Vec<Match>) {
        match ip {
            IpAddr::V4(ip) => find(&self.v4, ip.to_bits(), assets, matches),
            IpAddr::V6(ip) => find(&self.v6, ip.to_bits(), assets, matches),
        }
    }

    /// Every prefix around an address with its origins, from the innermost outwards.
    fn around(&self, ip: IpAddr) -> Vec<(u8, u32)> {
        fn flat<K: Bits>(table: &PrefixTable<K, u32>, ip: K) -> Vec<(u8, u32)> {
            let around = table.around(ip);
            around.flat_map(|(length, origins)| origins.iter().map(move |&origin| (length, origin))).collect()
        }
        match ip {
            IpAddr::V4(ip) => flat(&self.v4, ip.to_bits()),
            IpAddr::V6(ip) => flat(&self.v6, ip.to_bits()),
        }
    }

    fn bytes(&self) -> usize {
        self.v4.bytes() + self.v6.bytes()
    }
}

fn find<K: Bits>(table: &PrefixTable<K, u32>, ip: K, assets: &KeyTable, matches: &mut Vec<Match>) {
    let mut counts = MOST_SPECIFIC;
    for (prefix_len, origins) in table.around(ip) {
        for &origin in origins {
            push(matches, u32::from(prefix_len) | counts, assets.get(origin));
        }
        counts = 0;
    }
}
