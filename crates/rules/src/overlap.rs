//! Assets of which another organisation has the same, or a part, in the same role. That can be meant so: a partnership and its members. It
//! can also be an old entry that nobody withdrew.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use schakel_model::{
    asset::{Asset, AssetValue, Role},
    ids::AssetId,
};

/// The assets that overlap with another organisation's, among those that hold at a time (seconds since 1970).
pub fn overlapping(assets: &[Asset], at: i64) -> HashSet<AssetId, FixedState> {
    let holding = || assets.iter().filter(|asset| asset.valid_at(at) && !asset.flags.excluded);
    let mut found = HashSet::default();
    for role in Role::ALL {
        addresses(holding().filter(|asset| asset.role == *role), &mut found);
        names(holding().filter(|asset| asset.role == *role), &mut found);
    }
    found
}

/// Prefixes lie in each other or apart: going through them from the widest on, those that are open are around the one at hand.
fn addresses<'a>(assets: impl Iterator<Item = &'a Asset>, found: &mut HashSet<AssetId, FixedState>) {
    let mut ranges: Vec<(bool, u128, u128, &Asset)> = assets.filter_map(range).collect();
    ranges.sort_by_key(|(is_v4, first, last, asset)| (*is_v4, *first, std::cmp::Reverse(*last), asset.id));
    let mut open: Vec<(bool, u128, &Asset)> = Vec::new();
    for (is_v4, first, last, asset) in ranges {
        open.retain(|(family, end, _)| *family == is_v4 && *end >= first);
        for (.., around) in open.iter().filter(|(.., around)| around.organisation != asset.organisation) {
            found.insert(around.id);
            found.insert(asset.id);
        }
        open.push((is_v4, last, asset));
    }
}

fn range(asset: &Asset) -> Option<(bool, u128, u128, &Asset)> {
    let net = match asset.value {
        AssetValue::Prefix(net) => net,
        AssetValue::Address(ip) => ip.into(),
        _ => return None,
    };
    Some(match net {
        ipnet::IpNet::V4(net) => {
            (true, u128::from(net.network().to_bits()), u128::from(net.broadcast().to_bits()), asset)
        }
        ipnet::IpNet::V6(net) => (false, net.network().to_bits(), net.broadcast().to_bits(), asset),
    })
}

fn names<'a>(assets: impl Iterator<Item = &'a Asset>, found: &mut HashSet<AssetId, FixedState>) {
    let named: Vec<(&str, bool, &Asset)> = assets
        .filter_map(|asset| match &asset.value {
            AssetValue::Domain(name) => Some((name.as_str(), true, asset)),
            AssetValue::Hostname(name) => Some((name.as_str(), false, asset)),
            _ => None,
        })
        .collect();
    let mut domains: HashMap<&str, Vec<&Asset>, FixedState> = HashMap::default();
    let mut hosts: HashMap<&str, Vec<&Asset>, FixedState> = HashMap::default();
    for (name, is_domain, asset) in &named {
        let table = if *is_domain { &mut domains } else { &mut hosts };
        table.entry(name).or_default().push(asset);
    }
    for (name, is_domain, asset) in named {
        let above = std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, rest)| rest));
        let same_host = if is_domain { None } else { hosts.get(name) };
        let around = above.filter_map(|name| domains.get(name)).chain(same_host).flatten();
        for around in around.filter(|around| around.organisation != asset.organisation) {
            found.insert(around.id);
            found.insert(asset.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        asset::{AssetFlags, Proof},
        ids::OrganisationId,
    };

    use super::*;

    fn asset(id: u32, organisation: u32, value: AssetValue) -> Asset {
        Asset {
            id: AssetId(id),
            organisation: OrganisationId(organisation),
            value,
            role: Role::Owner,
            valid_from: None,
            valid_until: None,
            proof: Proof::Asserted,
            flags: AssetFlags::default(),
            note: String::new(),
        }
    }

    fn prefix(id: u32, organisation: u32, text: &str) -> Asset {
        asset(id, organisation, AssetValue::Prefix(text.parse().unwrap()))
    }

    fn found(assets: &[Asset]) -> Vec<u32> {
        let mut ids: Vec<u32> = overlapping(assets, 100).into_iter().map(|id| id.0).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn only_another_organisations_prefixes_count() {
        let assets = [
            prefix(1, 1, "198.51.100.0/24"),
            prefix(2, 1, "198.51.100.0/25"),
            prefix(3, 2, "198.51.100.0/26"),
            prefix(4, 2, "198.51.100.128/25"),
            prefix(5, 3, "198.51.101.0/24"),
            prefix(6, 3, "2001:db8::/32"),
            asset(7, 4, AssetValue::Address("2001:db8::1".parse().unwrap())),
            prefix(8, 5, "0.0.0.0/32"),
        ];
        assert_eq!(found(&assets), [1, 2, 3, 4, 6, 7]);
        assert_eq!(found(&assets[..2]), [0; 0]);
    }

    #[test]
    fn the_same_prefix_of_two_and_names_below_each_other() {
        let assets = [
            prefix(1, 1, "198.51.100.0/24"),
            prefix(2, 2, "198.51.100.0/24"),
            asset(3, 1, AssetValue::Domain("a.example".to_owned())),
            asset(4, 2, AssetValue::Hostname("www.a.example".to_owned())),
            asset(5, 2, AssetValue::Domain("ba.example".to_owned())),
            asset(6, 1, AssetValue::Hostname("x.example".to_owned())),
            asset(7, 2, AssetValue::Hostname("x.example".to_owned())),
        ];
        assert_eq!(found(&assets), [1, 2, 3, 4, 6, 7]);
    }

    #[test]
    fn another_role_another_time_and_a_hole_are_no_overlap() {
        let other_role = Asset { role: Role::Operator, ..prefix(2, 2, "198.51.100.0/24") };
        let ended = Asset { valid_until: Some(100), ..prefix(3, 3, "198.51.100.0/24") };
        let hole = Asset {
            flags: AssetFlags { excluded: true, ..AssetFlags::default() },
            ..prefix(4, 4, "198.51.100.0/24")
        };
        assert_eq!(found(&[prefix(1, 1, "198.51.100.0/24"), other_role, ended, hole]), [0; 0]);
    }
}
