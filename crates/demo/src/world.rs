//! Where in the world of the demo something is seen: on whose address, under which host name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    addresses::{self, PROVIDERS, SHARED_HOSTING, Site},
    constituency::{GUEST_SUBNET, SHARED_DOMAIN},
    municipalities, partnerships,
    random::{below, mix, mix_all, pick},
};

/// What a row says about a place, ready to be written.
pub struct Locality {
    /// The domain its host names end in.
    pub domain: String,
    /// The province in capitals, as Shadowserver writes it.
    pub region: String,
    /// The municipality in capitals.
    pub city: String,
    /// The AS number.
    pub asn: u32,
    /// The industry code (NAICS), 0 when not known.
    pub naics: u32,
    /// The sector, in Shadowserver's words.
    pub sector: &'static str,
}

/// One end of a row.
pub struct Subject<'a> {
    /// Its address.
    pub address: IpAddr,
    /// Where that is.
    pub locality: &'a Locality,
    /// Its host name, empty when it has none.
    pub hostname: String,
}

/// Which addresses a kind of report sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// How much of a kind of report is seen by host name on somebody else's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hosting {
    /// Three rows in a thousand.
    Rare,
    /// Six rows in ten.
    Usual,
}

/// Everybody in the demo.
pub struct World {
    members: Vec<(Site, Locality)>,
    municipalities: usize,
    providers: Vec<Locality>,
    hoster: Locality,
    /// Municipality by weight: the larger, the more places in this table.
    lottery: Vec<u16>,
}

/// Places in the lottery: fine enough to give the smallest municipality its share.
const LOTTERY_PLACES: usize = 1 << 14;

/// Government support in the North American Industry Classification System, as Shadowserver tags it.
const NAICS_GOVERNMENT: u32 = 921_190;

/// Wired telecommunications.
const NAICS_PROVIDER: u32 = 517_311;

/// Host names that municipalities have.
const SERVICES: &[&str] = &[
    "vpn",
    "mail",
    "webmail",
    "remote",
    "citrix",
    "ftp",
    "gis",
    "formulieren",
    "sso",
    "www",
    "autodiscover",
    "portaal",
    "afspraken",
    "mijn",
    "api",
    "beheer",
];

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// The world of the register's files.
    pub fn new() -> Self {
        let municipalities = municipalities::all();
        let partnerships = partnerships::all();
        let municipality = |municipality: &municipalities::Municipality, site: &Site| Locality {
            domain: shared_domain(municipality).unwrap_or(municipality.domain).to_owned(),
            region: municipality.province.to_uppercase(),
            city: municipality.name.to_uppercase(),
            asn: site.asn,
            naics: NAICS_GOVERNMENT,
            sector: "Government",
        };
        let partnership = |partnership: &partnerships::Partnership, site: &Site| Locality {
            domain: format!("ict-{}.example", partnership.number),
            region: "UTRECHT".to_owned(),
            city: "UTRECHT".to_owned(),
            asn: site.asn,
            naics: NAICS_GOVERNMENT,
            sector: "Government",
        };
        let mut members = Vec::new();
        for (one, site) in municipalities.iter().zip(addresses::of_municipalities(&municipalities)) {
            let locality = municipality(one, &site);
            members.push((site, locality));
        }
        for (one, site) in partnerships.iter().zip(addresses::of_partnerships(&partnerships)) {
            let locality = partnership(one, &site);
            members.push((site, locality));
        }
        let provider = |domain: &str, asn| Locality {
            domain: domain.to_owned(),
            region: "NOORD-HOLLAND".to_owned(),
            city: "AMSTERDAM".to_owned(),
            asn,
            naics: NAICS_PROVIDER,
            sector: "Communications, Service Provider, and Hosting Service",
        };
        Self {
            members,
            municipalities: municipalities.len(),
            providers: PROVIDERS.iter().map(|one| provider(one.domain, one.asn)).collect(),
            hoster: provider("hosting-voorbeeld.example", 65548),
            lottery: lottery(&municipalities),
        }
    }

    /// Where the finding with this hash is seen. One in a hundred is nobody's, a few are a partnership's, the rest are spread
    /// over the municipalities.
    pub fn subject(&self, hash: u64, family: Family, hosting: Hosting) -> Subject<'_> {
        let share = below(mix_all([hash, 1]), 1000);
        let hosted_until = if hosting == Hosting::Usual { 630 } else { 33 };
        match share {
            _ if family == Family::V6 => self.member(self.draw(hash), hash, family),
            0..10 => self.stranger(hash),
            10..30 => self.member(self.partnership(hash), hash, family),
            _ if share < hosted_until => self.hosted(hash),
            _ => self.member(self.draw(hash), hash, family),
        }
    }

    /// Everybody's IPv4 addresses that are in the register, counted through: for reports in which no finding stands twice.
    pub fn v4_count(&self) -> u32 {
        self.members.iter().flat_map(|(site, _)| &site.v4).map(|block| block.size()).sum()
    }

    /// Every registered IPv4 address with the member who has it, in the order of the register.
    pub fn v4_addresses(&self) -> impl Iterator<Item = (Ipv4Addr, u16)> + '_ {
        self.members.iter().enumerate().flat_map(|(member, (site, _))| {
            let addresses = site.v4.iter().flat_map(|block| (0..block.size()).map(|offset| block.at(offset)));
            addresses.map(move |address| (address, member as u16))
        })
    }

    /// This address of this member.
    pub fn at_member(&self, member: u16, address: IpAddr) -> Subject<'_> {
        let locality = &self.members[usize::from(member)].1;
        Subject { address, locality, hostname: hostname(address, locality) }
    }

    /// The n-th address of a municipality's IPv6 prefix, spread over municipalities by n.
    pub fn v6_numbered(&self, n: u64) -> Subject<'_> {
        let member = (n % self.municipalities as u64) as usize;
        let host = n / self.municipalities as u64;
        let (site, locality) = &self.members[member];
        let address = v6_in(site, (host >> 16) as u16 & 0x7f, host as u16);
        Subject { address, locality, hostname: hostname(address, locality) }
    }

    /// The n-th address that is nobody's.
    pub fn stranger_numbered(&self, n: u64) -> Subject<'_> {
        let mut offset = (n % u64::from(stranger_count())) as u32;
        for (provider, locality) in PROVIDERS.iter().zip(&self.providers) {
            if offset < provider.v4.size() {
                let address = IpAddr::from(provider.v4.at(offset));
                return Subject { address, locality, hostname: hostname(address, locality) };
            }
            offset -= provider.v4.size();
        }
        self.hosted(n)
    }

    fn draw(&self, hash: u64) -> usize {
        usize::from(*pick(mix_all([hash, 2]), &self.lottery))
    }

    fn partnership(&self, hash: u64) -> usize {
        self.municipalities
            + below(mix_all([hash, 3]), (self.members.len() - self.municipalities) as u64) as usize
    }

    fn member(&self, member: usize, hash: u64, family: Family) -> Subject<'_> {
        let (site, locality) = &self.members[member];
        let place = mix_all([hash, 4]);
        let address = match family {
            Family::V4 => {
                let block = *pick(place, &site.v4);
                IpAddr::from(block.at(below(mix(place), u64::from(block.size())) as u32))
            }
            Family::V6 => {
                // Most machines stand in a few subnets; one in sixteen is a visitor.
                let subnet = if place % 16 == 0 { GUEST_SUBNET } else { (place >> 8) as u16 & 0x0f };
                v6_in(site, subnet, (place >> 16) as u16 & 0x0fff)
            }
        };
        Subject { address, locality, hostname: hostname(address, locality) }
    }

    /// At a provider that is not in the register; the first has most.
    fn stranger(&self, hash: u64) -> Subject<'_> {
        let mut share = below(mix_all([hash, 5]), 100);
        let at = PROVIDERS.iter().position(|provider| {
            let here = share < provider.share;
            share = share.saturating_sub(provider.share);
            here
        });
        let at = at.unwrap_or_default();
        let (provider, locality) = (&PROVIDERS[at], &self.providers[at]);
        let offset = below(mix_all([hash, 6]), u64::from(provider.v4.size()));
        let address = IpAddr::from(provider.v4.at(offset as u32));
        Subject { address, locality, hostname: hostname(address, locality) }
    }

    /// A municipality's name on an address that many share.
    fn hosted(&self, hash: u64) -> Subject<'_> {
        let owner = &self.members[self.draw(hash)].1;
        let hostname = format!("{}.{}", pick(mix_all([hash, 7]), SERVICES), owner.domain);
        Subject { address: SHARED_HOSTING.into(), locality: &self.hoster, hostname }
    }
}

/// The domain this municipality shares with others, where it does: its host names end in that one.
fn shared_domain(municipality: &municipalities::Municipality) -> Option<&'static str> {
    let (domain, owners) = SHARED_DOMAIN;
    owners.contains(&municipality.code).then_some(domain)
}

/// How many addresses are nobody's.
pub fn stranger_count() -> u32 {
    PROVIDERS.iter().map(|provider| provider.v4.size()).sum()
}

fn v6_in(site: &Site, subnet: u16, host: u16) -> IpAddr {
    let mut segments = site.v6.segments();
    segments[3] = subnet;
    segments[7] = host;
    Ipv6Addr::from(segments).into()
}

/// Municipalities by the square root of their inhabitants: large ones have more, but not all.
fn lottery(municipalities: &[municipalities::Municipality]) -> Vec<u16> {
    let weights: Vec<f64> = municipalities.iter().map(|one| f64::from(one.inhabitants).sqrt()).collect();
    let total: f64 = weights.iter().sum();
    let mut lottery = Vec::with_capacity(LOTTERY_PLACES + municipalities.len());
    for (at, weight) in weights.iter().enumerate() {
        let places = (weight / total * LOTTERY_PLACES as f64).round().max(1.0);
        lottery.extend(std::iter::repeat_n(at as u16, places as usize));
    }
    lottery
}

/// A host name that always goes with this address: half are names of the organisation, a third are the provider's, the rest
/// have none.
fn hostname(address: IpAddr, locality: &Locality) -> String {
    let hash = match address {
        IpAddr::V4(address) => mix(u64::from(u32::from(address))),
        IpAddr::V6(address) => mix(address.to_bits() as u64 ^ (address.to_bits() >> 64) as u64),
    };
    match (hash % 6, address) {
        (0..3, _) => format!("{}.{}", pick(mix(hash), SERVICES), locality.domain),
        (3..5, IpAddr::V4(address)) => {
            let [a, b, c, d] = address.octets();
            format!("{a}-{b}-{c}-{d}.zakelijk.as{}.example", locality.asn)
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn large_municipalities_have_more_and_one_in_a_hundred_is_nobodys() {
        let world = World::new();
        let mut cities = BTreeMap::<&str, u32>::new();
        let mut strangers = 0;
        for n in 0..100_000 {
            let subject = world.subject(mix(n), Family::V4, Hosting::Rare);
            let IpAddr::V4(address) = subject.address else { panic!("not asked for") };
            let of_stranger =
                PROVIDERS.iter().any(|p| (p.v4.first..=p.v4.at(p.v4.size() - 1)).contains(&address));
            strangers += u32::from(of_stranger);
            if subject.locality.naics == NAICS_GOVERNMENT {
                *cities.entry(&subject.locality.city).or_default() += 1;
            }
        }
        assert!((900..1100).contains(&strangers), "{strangers}");
        assert!(cities["ROTTERDAM"] > 4 * cities["VLIELAND"], "{cities:?}");
        assert_eq!(cities.len(), 342);
    }

    #[test]
    fn numbered_addresses_do_not_repeat() {
        let world = World::new();
        let mut addresses: Vec<_> = (0..50_000).map(|n| world.v6_numbered(n).address).collect();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), 50_000);
        assert_eq!(world.v4_addresses().count(), world.v4_count() as usize);
    }
}
