//! What another hub may claim, and what changes when its list does.

use std::{collections::HashSet, fmt};

use ipnet::IpNet;
use schakel_model::{
    asset::{AssetValue, Role},
    ids::ClaimId,
};

/// The widest IPv4 prefix that a hub may claim: nobody in a constituency has more than four million addresses in one.
pub const IPV4_BITS_MIN: u8 = 10;

/// The widest IPv6 prefix: a registry gives a /20 to the largest providers.
pub const IPV6_BITS_MIN: u8 = 20;

/// Why a claim is not looked at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OutOfScope {
    /// So much is nobody's alone.
    TooWide,
    /// Nobody claims such a thing.
    Kind,
}

impl OutOfScope {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::TooWide, Self::Kind];
}

impl fmt::Display for OutOfScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooWide => "it is wider than anybody's own",
            Self::Kind => "a hub claims addresses, names and AS numbers",
        })
    }
}

/// May a hub claim this? Public suffixes are no values at all, and what is somebody else's is a conflict, which people decide.
pub fn in_scope(value: &AssetValue) -> Result<(), OutOfScope> {
    match value {
        AssetValue::Prefix(IpNet::V4(net)) if net.prefix_len() < IPV4_BITS_MIN => Err(OutOfScope::TooWide),
        AssetValue::Prefix(IpNet::V6(net)) if net.prefix_len() < IPV6_BITS_MIN => Err(OutOfScope::TooWide),
        // A handle names what the registry says it has, which others may change.
        AssetValue::Country(_) | AssetValue::Product(_) | AssetValue::RipeHandle(_) => Err(OutOfScope::Kind),
        _ => Ok(()),
    }
}

/// Something that a hub claims.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Listed {
    /// What.
    pub value: AssetValue,
    /// In which role.
    pub role: Role,
    /// From when, in seconds since 1970.
    pub valid_from: Option<i64>,
    /// Until when.
    pub valid_until: Option<i64>,
}

/// What a new list changes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListChange {
    /// What is new.
    pub new: Vec<Listed>,
    /// Claims that are not on it any more.
    pub gone: Vec<ClaimId>,
}

/// A list that takes back more than this share of what stands, in percent, is looked at by a person: what a hub has changes slowly, and a list that is cut off
/// or forged would leave findings nobody's.
pub const GONE_PERCENT_MAX: usize = 20;

/// Fewer than this are too few to be a share of anything.
pub const GONE_MIN: usize = 5;

/// Must a person decide about a list that takes back so many of those that stand?
pub fn needs_a_person(standing: usize, gone: usize) -> bool {
    gone >= GONE_MIN && gone * 100 > standing * GONE_PERCENT_MAX
}

/// Compares what stands with a new list. A claim with other dates is another claim.
pub fn change(standing: &[(ClaimId, Listed)], list: &[Listed]) -> ListChange {
    let listed: HashSet<&Listed> = list.iter().collect();
    let known: HashSet<&Listed> = standing.iter().map(|(_, one)| one).collect();
    let mut seen = HashSet::new();
    ListChange {
        new: list.iter().filter(|one| !known.contains(one) && seen.insert(*one)).cloned().collect(),
        gone: standing.iter().filter(|(_, one)| !listed.contains(one)).map(|(id, _)| *id).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> AssetValue {
        AssetValue::Prefix(text.parse().unwrap())
    }

    #[test]
    fn nobody_claims_the_internet() {
        for (value, scope) in [
            (prefix("0.0.0.0/0"), Err(OutOfScope::TooWide)),
            (prefix("8.0.0.0/9"), Err(OutOfScope::TooWide)),
            (prefix("10.64.0.0/10"), Ok(())),
            (prefix("::/0"), Err(OutOfScope::TooWide)),
            (prefix("2a00::/19"), Err(OutOfScope::TooWide)),
            (prefix("2a00::/20"), Ok(())),
            (AssetValue::Address("192.0.2.1".parse().unwrap()), Ok(())),
            (AssetValue::Domain("x.example".into()), Ok(())),
            (AssetValue::Country(*b"NL"), Err(OutOfScope::Kind)),
            (AssetValue::RipeHandle("ORG-X".into()), Err(OutOfScope::Kind)),
            (AssetValue::Product("x".into()), Err(OutOfScope::Kind)),
        ] {
            assert_eq!(in_scope(&value), scope, "{value}");
        }
    }

    #[test]
    fn a_person_decides_about_a_list_that_takes_much_back() {
        for (standing, gone, asks) in [
            (0, 0, false),
            (4, 4, false),
            (5, 5, true),
            (25, 5, false),
            (24, 5, true),
            (5_000, 1_000, false),
            (5_000, 1_001, true),
        ] {
            assert_eq!(needs_a_person(standing, gone), asks, "{gone} of {standing}");
        }
    }

    #[test]
    fn a_list_says_what_is_new_and_what_is_gone() {
        let one = |net: &str, valid_until| Listed {
            value: prefix(net),
            role: Role::Owner,
            valid_from: None,
            valid_until,
        };
        let (a, b, c) =
            (one("192.0.2.0/24", None), one("198.51.100.0/24", None), one("203.0.113.0/24", None));
        let standing = [(ClaimId(1), a.clone()), (ClaimId(2), b.clone())];
        let list = [a.clone(), c.clone(), c.clone()];
        assert_eq!(change(&standing, &list), ListChange { new: vec![c], gone: vec![ClaimId(2)] });
        assert_eq!(change(&standing, &[a, b]), ListChange::default());
        let ends = one("192.0.2.0/24", Some(5));
        let changed = change(&standing[..1], std::slice::from_ref(&ends));
        assert_eq!(changed, ListChange { new: vec![ends], gone: vec![ClaimId(1)] });
        assert_eq!(change(&standing, &[]).gone.len(), 2);
    }
}
