//! What is nobody's, by where it lies: the list of who should join.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    iter,
    net::IpAddr,
};

use foldhash::fast::RandomState;
use ipnet::IpNet;
use schakel_formats::register::registrable::registrable;
use schakel_model::{fate::Fate, ids::FindingId, observation::ObservedAt};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Blocks},
    findings::{self, NewFinding},
    id_list, sightings,
};
use serde::Serialize;

/// By what findings of nobody are put together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum By {
    /// The /24 or /48 of the address.
    Prefix,
    /// The registrable domain of the name.
    Domain,
}

impl By {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Domain => "domain",
        }
    }
}

/// Findings of nobody that lie together. The names of the fields are a contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cluster {
    /// `192.0.2.0/24`, `example.nl`.
    pub cluster: String,
    /// `prefix` or `domain`.
    pub by: &'static str,
    /// How many findings.
    pub findings: u64,
    /// How many events of them were nobody's.
    pub events: u64,
    /// What they are, the most frequent first.
    pub kinds: Vec<KindCount>,
    /// When the first was first observed, RFC 3339.
    pub first_seen: String,
    /// When one was last observed, RFC 3339.
    pub last_seen: String,
    /// One of them.
    pub example: String,
}

/// How many findings are of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KindCount {
    /// The identifier of the kind.
    pub kind: String,
    /// How many findings.
    pub findings: u64,
}

/// Findings that are looked at together.
const STRETCH: u32 = 1_024;

/// From so many wanted of a stretch on, reading all of it is cheaper.
const DENSE_MIN: usize = 64;

/// Each finding of nobody, with the events of it that were nobody's.
pub(crate) fn for_each(
    reader: &Reader,
    mut visit: impl FnMut(FindingId, u64, &NewFinding),
) -> Result<(), StoreError> {
    let mut events: BTreeMap<FindingId, u64> = BTreeMap::new();
    for block in reader.read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::Unrouted)))? {
        id_list::decode(&block.findings).for_each(|finding| *events.entry(finding).or_default() += 1);
    }
    // A stretch of which much is wanted is read as it lies; of others one by one.
    let mut events = events.into_iter().peekable();
    while let Some((finding, count)) = events.next() {
        let begin = FindingId(finding.0 / STRETCH * STRETCH);
        let mut wanted = vec![(finding, count)];
        wanted.extend(iter::from_fn(|| events.next_if(|(next, _)| next.0 < begin.0.saturating_add(STRETCH))));
        if wanted.len() < DENSE_MIN {
            for (finding, count) in wanted {
                if let Some(stored) = reader.read(|connection| findings::get(connection, finding))? {
                    visit(finding, count, &stored.first);
                }
            }
            continue;
        }
        let mut wanted = wanted.into_iter().peekable();
        for stored in reader.read(|connection| findings::list(connection, begin, STRETCH as usize))? {
            while wanted.next_if(|(finding, _)| *finding < stored.id).is_some() {}
            if let Some((_, count)) = wanted.next_if(|(finding, _)| *finding == stored.id) {
                visit(stored.id, count, &stored.first);
            }
        }
    }
    Ok(())
}

/// The /24 or /48 around an address.
pub(crate) fn prefix_of(ip: IpAddr) -> IpNet {
    let length = if ip.is_ipv4() { 24 } else { 48 };
    IpNet::new(ip, length).map_or_else(|_| ip.into(), |net| net.trunc())
}

/// The registrable domain of a name, a URL or an account.
pub(crate) fn domain_of(name: &str) -> Option<&str> {
    let host = name.split_once("://").map_or(name, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(host, _)| host);
    // A host that is an address has no domain.
    if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() { None } else { registrable(host) }
}

/// Where findings lie together.
#[derive(PartialEq, Eq, Hash)]
enum Place {
    Prefix(IpNet),
    Domain(String),
}

#[derive(Default)]
struct Gathered {
    findings: u64,
    events: u64,
    kinds: HashMap<u32, u64, RandomState>,
    first_seen: Option<ObservedAt>,
    last_seen: ObservedAt,
    example: FindingId,
}

/// The clusters, the largest first. Without `by` a finding lies by its address, and by its name when it has no address.
pub fn clusters(reader: &Reader, by: Option<By>) -> Result<Vec<Cluster>, StoreError> {
    let kinds = reader.read(findings::kinds)?;
    let seen = reader.read(sightings::all)?;
    let mut gathered: HashMap<Place, Gathered, RandomState> = HashMap::default();
    for_each(reader, |finding, events, stored| {
        let prefix = stored.ip.map(|ip| Place::Prefix(prefix_of(ip)));
        let domain = || stored.name.as_deref().and_then(domain_of).map(|name| Place::Domain(name.to_owned()));
        let place = match by {
            Some(By::Prefix) => prefix,
            Some(By::Domain) => domain(),
            None => prefix.or_else(domain),
        };
        let Some(place) = place else { return };
        let one = gathered.entry(place).or_default();
        if one.findings == 0 {
            one.example = finding;
        }
        one.findings += 1;
        one.events += events;
        *one.kinds.entry(stored.kind.0).or_default() += 1;
        one.first_seen = Some(one.first_seen.map_or(stored.first_seen, |first| first.min(stored.first_seen)));
        let last = seen.get(finding.0 as usize).map_or(stored.first_seen, |sighting| sighting.last_seen);
        one.last_seen = one.last_seen.max(last).max(stored.first_seen);
    })?;
    let mut clusters: Vec<Cluster> = gathered
        .into_iter()
        .map(|(place, one)| {
            let (by, cluster) = match place {
                Place::Prefix(net) => (By::Prefix, net.to_string()),
                Place::Domain(name) => (By::Domain, name),
            };
            let mut of_kind: Vec<KindCount> = one
                .kinds
                .into_iter()
                .map(|(kind, findings)| KindCount {
                    kind: kinds.get(kind as usize).map(|kind| kind.identifier.clone()).unwrap_or_default(),
                    findings,
                })
                .collect();
            of_kind.sort_by(|a, b| b.findings.cmp(&a.findings).then_with(|| a.kind.cmp(&b.kind)));
            Cluster {
                cluster,
                by: by.as_str(),
                findings: one.findings,
                events: one.events,
                kinds: of_kind,
                first_seen: one.first_seen.unwrap_or_default().timestamp().to_string(),
                last_seen: one.last_seen.timestamp().to_string(),
                example: format!("F{}", one.example),
            }
        })
        .collect();
    clusters.sort_by(|a, b| {
        Reverse(a.findings).cmp(&Reverse(b.findings)).then_with(|| a.cluster.cmp(&b.cluster))
    });
    Ok(clusters)
}

/// How many findings of nobody lie in each /24, /48 and registrable domain.
pub(crate) fn counts(reader: &Reader) -> Result<Near, StoreError> {
    let mut near = Near::default();
    for_each(reader, |_, _, stored| {
        if let Some(ip) = stored.ip {
            *near.prefixes.entry(prefix_of(ip)).or_default() += 1;
        }
        if let Some(domain) = stored.name.as_deref().and_then(domain_of) {
            *near.domains.entry(domain.to_owned()).or_default() += 1;
        }
    })?;
    Ok(near)
}

/// See [`counts`].
#[derive(Default)]
pub(crate) struct Near {
    pub prefixes: BTreeMap<IpNet, u64>,
    pub domains: HashMap<String, u64, RandomState>,
}

impl Near {
    /// Findings of nobody in the same /24 or /48, or below the same registrable domain, as something of these.
    pub fn of(&self, nets: &[IpNet], names: &BTreeSet<&str>) -> u64 {
        let mut prefixes: BTreeMap<IpNet, u64> = BTreeMap::new();
        for net in nets {
            let around = prefix_of(net.network());
            if net.prefix_len() >= around.prefix_len() {
                prefixes.extend(self.prefixes.get(&around).map(|count| (around, *count)));
            } else {
                let inside = self.prefixes.iter().filter(|(prefix, _)| net.contains(*prefix));
                prefixes.extend(inside.map(|(prefix, count)| (*prefix, *count)));
            }
        }
        let domains: BTreeSet<&str> = names.iter().filter_map(|name| registrable(name)).collect();
        let by_name: u64 = domains.iter().filter_map(|domain| self.domains.get(*domain)).sum();
        prefixes.values().sum::<u64>() + by_name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_a_url_and_an_account_lie_in_their_domain() {
        for (name, expected) in [
            ("www.example.nl", Some("example.nl")),
            ("https://www.example.nl:8443/a?b=c@d.nl", Some("example.nl")),
            ("somebody@mail.example.nl", Some("example.nl")),
            ("nl", None),
            ("https://192.0.2.1/", None),
        ] {
            assert_eq!(domain_of(name), expected, "{name}");
        }
    }

    #[test]
    fn near_is_the_same_24_or_48_or_domain_and_each_counts_once() {
        let mut near = Near::default();
        near.prefixes.insert("192.0.2.0/24".parse().unwrap(), 3);
        near.prefixes.insert("198.51.100.0/24".parse().unwrap(), 5);
        near.prefixes.insert("2001:db8:1::/48".parse().unwrap(), 7);
        near.domains.insert("example.nl".to_owned(), 11);
        let nets =
            |texts: &[&str]| -> Vec<IpNet> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        let names = |names: &[&'static str]| -> BTreeSet<&str> { names.iter().copied().collect() };
        assert_eq!(near.of(&nets(&["192.0.2.128/25", "192.0.2.7/32"]), &names(&[])), 3);
        assert_eq!(near.of(&nets(&["198.51.0.0/16"]), &names(&[])), 5);
        assert_eq!(near.of(&nets(&["2001:db8::/32"]), &names(&["www.example.nl", "mail.example.nl"])), 18);
        assert_eq!(near.of(&nets(&["203.0.113.0/24"]), &names(&["example.com"])), 0);
    }
}
