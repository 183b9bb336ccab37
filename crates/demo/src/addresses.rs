//! Who has which addresses in the demo. All come from ranges that are reserved for tests and documentation: 198.18.0.0/15
//! (RFC 2544), 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 (RFC 5737), 2001:db8::/32 (RFC 3849), and AS numbers from
//! 64496-64511 and 65536-65551 (RFC 5398).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{municipalities::Municipality, partnerships::Partnership};

/// A range of IPv4 addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its first address.
    pub first: Ipv4Addr,
    /// How long the prefix is.
    pub length: u8,
}

impl Block {
    /// How many addresses it has.
    pub fn size(self) -> u32 {
        1 << (32 - u32::from(self.length))
    }

    /// The address at this place (below the size).
    pub fn at(self, offset: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.first) + offset)
    }
}

/// The addresses of one organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// Two blocks for a municipality, one for a partnership.
    pub v4: Vec<Block>,
    /// A /48.
    pub v6: Ipv6Addr,
    /// The AS number its addresses are announced by.
    pub asn: u32,
    /// Is that AS number its own?
    pub asn_is_own: bool,
}

/// Somebody who is not in the register: what is seen there is nobody's, and makes the list of who should join.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Provider {
    /// The domain its customers' host names end in.
    pub domain: &'static str,
    /// Its AS number.
    pub asn: u32,
    /// Its addresses.
    pub v4: Block,
    /// Out of 100 rows that are nobody's, how many are seen here.
    pub share: u64,
}

const fn block(a: u8, b: u8, c: u8, d: u8, length: u8) -> Block {
    Block { first: Ipv4Addr::new(a, b, c, d), length }
}

/// The providers, by falling share.
pub const PROVIDERS: &[Provider] = &[
    Provider { domain: "kabel-voorbeeld.example", asn: 65551, v4: block(198, 19, 216, 0, 24), share: 60 },
    Provider { domain: "wolk-voorbeeld.example", asn: 65550, v4: block(198, 19, 240, 0, 22), share: 25 },
    Provider { domain: "glas-voorbeeld.example", asn: 65549, v4: block(198, 19, 217, 0, 24), share: 15 },
];

/// One address with many names of many municipalities on it.
pub const SHARED_HOSTING: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 200);

/// A part of Amsterdam's second block that is let to somebody else: the excluded hole.
pub const HOLE: Block = block(198, 19, 86, 64, 28);

/// Sinkholes and honeypots: the far end of infections and attacks.
pub const SENSORS: Block = block(198, 19, 250, 0, 24);

/// Where those are announced from.
pub const SENSORS_ASN: u64 = 65547;

/// So many of the largest municipalities have a whole /24 as their second block; the others a /26 beside the first.
const LARGE: usize = 128;

/// So many of the largest announce their own addresses, as 16 of the real ones do.
const WITH_OWN_ASN: usize = 16;

/// AS numbers of their own start here.
const OWN_ASN_FIRST: u32 = 64496;

/// The others are announced by one of these many providers of the register's members.
const MEMBER_PROVIDERS: u32 = 8;

/// The AS numbers of those providers start here.
const MEMBER_PROVIDER_ASN_FIRST: u32 = 65536;

/// The addresses of each municipality, in the same order.
pub fn of_municipalities(municipalities: &[Municipality]) -> Vec<Site> {
    let mut by_size: Vec<usize> = (0..municipalities.len()).collect();
    by_size.sort_by_key(|&at| (std::cmp::Reverse(municipalities[at].inhabitants), at));
    let mut ranks = vec![0; municipalities.len()];
    for (rank, at) in by_size.into_iter().enumerate() {
        ranks[at] = rank;
    }
    let sites = municipalities.iter().zip(ranks).enumerate();
    sites
        .map(|(at, (municipality, rank))| of_municipality(at, rank, municipality, municipalities.len()))
        .collect()
}

fn of_municipality(at: usize, rank: usize, municipality: &Municipality, count: usize) -> Site {
    let slash24 =
        |number: usize| Block { first: Ipv4Addr::from(0xc612_0000 + ((number as u32) << 8)), length: 24 };
    let home = slash24(at);
    let second = if rank < LARGE { slash24(count + rank) } else { Block { first: home.at(128), length: 26 } };
    // The code's decimal digits are the third group, so that an address can be read: GM0513 has 2001:db8:513::/48.
    let group = u16::from_str_radix(municipality.number(), 16).unwrap_or_default();
    let asn_is_own = rank < WITH_OWN_ASN;
    Site {
        v4: vec![Block { length: 25, ..home }, second],
        v6: Ipv6Addr::new(0x2001, 0xdb8, group, 0, 0, 0, 0, 0),
        asn: if asn_is_own {
            OWN_ASN_FIRST + rank as u32
        } else {
            MEMBER_PROVIDER_ASN_FIRST + at as u32 % MEMBER_PROVIDERS
        },
        asn_is_own,
    }
}

/// The addresses of each partnership, in the same order: a /27 each.
pub fn of_partnerships(partnerships: &[Partnership]) -> Vec<Site> {
    const PER_RANGE: usize = 8;
    const RANGES: [Ipv4Addr; 3] =
        [Ipv4Addr::new(192, 0, 2, 0), Ipv4Addr::new(198, 51, 100, 0), Ipv4Addr::new(203, 0, 113, 0)];
    (0..partnerships.len())
        .map(|at| {
            let range = Block { first: RANGES[at / PER_RANGE % RANGES.len()], length: 24 };
            Site {
                v4: vec![Block { first: range.at((at % PER_RANGE) as u32 * 32), length: 27 }],
                v6: Ipv6Addr::new(0x2001, 0xdb8, 0xf000 + at as u16, 0, 0, 0, 0, 0),
                asn: MEMBER_PROVIDER_ASN_FIRST + at as u32 % MEMBER_PROVIDERS,
                asn_is_own: false,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ipnet::Ipv4Net;

    use super::*;
    use crate::{municipalities, partnerships};

    fn nets() -> Vec<Ipv4Net> {
        let municipalities = of_municipalities(&municipalities::all());
        let partnerships = of_partnerships(&partnerships::all());
        let blocks = municipalities.iter().chain(&partnerships).flat_map(|site| site.v4.iter().copied());
        let others = PROVIDERS.iter().map(|provider| provider.v4).chain([SENSORS]);
        blocks.chain(others).map(|block| Ipv4Net::new(block.first, block.length).unwrap()).collect()
    }

    #[test]
    fn nobody_shares_an_address_and_all_are_test_addresses() {
        let mut nets = nets();
        let ranges: Vec<Ipv4Net> = ["198.18.0.0/15", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]
            .map(|range| range.parse().unwrap())
            .to_vec();
        for net in &nets {
            assert_eq!(net.addr(), net.network(), "{net} has host bits");
            assert!(ranges.iter().any(|range| range.contains(net)), "{net}");
            assert!(!net.contains(&SHARED_HOSTING), "{net}");
        }
        nets.sort();
        assert!(nets.windows(2).all(|pair| pair[0].broadcast() < pair[1].network()), "blocks overlap");
    }

    #[test]
    fn the_hole_lies_in_the_largest_municipality() {
        let all = municipalities::all();
        let amsterdam = all.iter().position(|municipality| municipality.name == "Amsterdam").unwrap();
        let block = of_municipalities(&all)[amsterdam].v4[1];
        let block = Ipv4Net::new(block.first, block.length).unwrap();
        assert!(block.contains(&Ipv4Net::new(HOLE.first, HOLE.length).unwrap()), "{block}");
    }
}
