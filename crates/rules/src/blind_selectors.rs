//! What is asked in blind matching: the ranges and names around a thing, at fixed lengths and levels, so that whoever owns one of them recognises it.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use schakel_model::asset::AssetValue;

/// The lengths of IPv4 prefixes that are asked about.
pub const IPV4_BITS: [u8; 13] = [12, 16, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29, 32];

/// The lengths of IPv6 prefixes.
pub const IPV6_BITS: [u8; 10] = [32, 36, 40, 44, 48, 52, 56, 60, 64, 128];

/// Levels of a name, from the top. A name with more is asked about by these, and as a whole.
pub const LEVELS_MAX: usize = 6;

/// What an asset is split into at most: a /20 of IPv6 into its /32.
pub const PARTS_MAX: usize = 4_096;

/// The selectors of an address.
pub fn of_address(ip: IpAddr) -> Vec<String> {
    match ip {
        IpAddr::V4(ip) => {
            let nets = IPV4_BITS.iter().filter_map(|bits| Ipv4Net::new(ip, *bits).ok());
            nets.map(|net| of_net(&IpNet::V4(net.trunc()))).collect()
        }
        IpAddr::V6(ip) => {
            let nets = IPV6_BITS.iter().filter_map(|bits| Ipv6Net::new(ip, *bits).ok());
            nets.map(|net| of_net(&IpNet::V6(net.trunc()))).collect()
        }
    }
}

/// The selectors of a host name: itself, and the domains that it lies in, from the second level on.
pub fn of_name(name: &str) -> Vec<String> {
    let name = name.trim_end_matches('.').to_lowercase();
    let labels: Vec<&str> = name.split('.').filter(|label| !label.is_empty()).collect();
    let levels = 2..=labels.len().min(LEVELS_MAX);
    let domain = |level: usize| format!("d:{}", labels[labels.len() - level..].join("."));
    std::iter::once(format!("h:{name}")).chain(levels.map(domain)).collect()
}

/// By which selectors an asset is recognised; `None` when by none, or by too many.
pub fn of_asset(value: &AssetValue) -> Option<Vec<String>> {
    match value {
        AssetValue::Address(ip) => Some(vec![of_net(&(*ip).into())]),
        AssetValue::Prefix(net) => {
            let lengths: &[u8] = if net.addr().is_ipv4() { &IPV4_BITS } else { &IPV6_BITS };
            let bits = *lengths.iter().find(|bits| **bits >= net.prefix_len())?;
            if bits - net.prefix_len() > PARTS_MAX.ilog2() as u8 {
                return None;
            }
            Some(net.subnets(bits).ok()?.map(|part| of_net(&part)).collect())
        }
        AssetValue::Domain(name) => Some(vec![format!("d:{}", name.to_lowercase())]),
        AssetValue::Hostname(name) => Some(vec![format!("h:{}", name.to_lowercase())]),
        _ => None,
    }
}

fn of_net(net: &IpNet) -> String {
    format!("n:{}", net.trunc())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn selectors_are_ranges_and_domains_around_a_thing() {
        let v4 = of_address("192.0.2.77".parse().unwrap());
        assert_eq!((v4.len(), v4[6].as_str(), v4[12].as_str()), (13, "n:192.0.2.0/24", "n:192.0.2.77/32"));
        let v6 = of_address("2001:db8:1:2::7".parse().unwrap());
        assert_eq!(
            (v6.len(), v6[0].as_str(), v6[8].as_str()),
            (10, "n:2001:db8::/32", "n:2001:db8:1:2::/64")
        );
        assert_eq!(
            of_name("WWW.Intra.Stad.example."),
            [
                "h:www.intra.stad.example",
                "d:stad.example",
                "d:intra.stad.example",
                "d:www.intra.stad.example"
            ]
        );
        assert_eq!(of_name("nl"), ["h:nl"], "a public suffix is asked about by nobody");
        assert_eq!(of_name("a.b.c.d.e.f.g.h").len(), LEVELS_MAX);
    }

    #[test]
    fn what_lies_between_two_lengths_is_split_and_what_is_too_wide_is_left_out() {
        let prefix =
            |text: &str| of_asset(&AssetValue::Prefix(text.parse().unwrap())).map(|parts| parts.len());
        for (text, parts) in [
            ("192.0.2.0/24", Some(1)),
            ("192.0.0.0/21", Some(2)),
            ("192.0.2.0/30", Some(4)),
            ("10.0.0.0/10", Some(4)),
            ("0.0.0.0/0", Some(4_096)),
            ("2001:db8::/29", Some(8)),
            ("2001:d00::/20", Some(4_096)),
            ("2000::/3", None),
        ] {
            assert_eq!(prefix(text), parts, "{text}");
        }
        assert_eq!(of_asset(&AssetValue::Asn(1)), None);
    }

    proptest! {
        #[test]
        fn an_address_is_recognised_by_every_prefix_that_holds_it_and_by_no_other(
            ip: u32, near: u32, bits in 8u8..=32,
        ) {
            let net = Ipv4Net::new(near.into(), bits).unwrap().trunc();
            let owned: HashSet<String> = of_asset(&AssetValue::Prefix(IpNet::V4(net))).unwrap().into_iter().collect();
            for ip in [ip, near ^ (ip >> 20)] {
                let asked = of_address(IpAddr::V4(ip.into()));
                let hit = asked.iter().any(|selector| owned.contains(selector));
                prop_assert_eq!(hit, net.contains(&std::net::Ipv4Addr::from(ip)));
            }
        }
    }
}
