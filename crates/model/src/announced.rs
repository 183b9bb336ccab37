//! Prefixes as a table from outside says them: announced by an AS number, or listed under a RIPE handle. It says who carries the traffic
//! or who is in the registry's books, never whose the addresses are.

use ipnet::IpNet;

use crate::country::CountryCode;

/// By whom a prefix is announced, or under whom it is listed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// The AS number that announces it.
    Asn(u32),
    /// The RIPE organisation handle that it is listed under, in upper case.
    Handle(String),
}

/// One line of a table.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AnnouncedPrefix {
    /// Without host bits. IPv4-mapped IPv6 is IPv4.
    pub net: IpNet,
    /// Whose announcement.
    pub origin: Origin,
    /// Where the table says it is registered, which says little of where a machine stands. It decides nothing.
    pub country: Option<CountryCode>,
}

/// The tables. Each is replaced on its own: a file with routes leaves handles as they were, one with IPv6 leaves IPv4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum AnnouncedTable {
    AsnV4,
    AsnV6,
    HandleV4,
    HandleV6,
}

impl AnnouncedTable {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::AsnV4, Self::AsnV6, Self::HandleV4, Self::HandleV6];

    /// In words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AsnV4 => "IPv4 by AS number",
            Self::AsnV6 => "IPv6 by AS number",
            Self::HandleV4 => "IPv4 by RIPE handle",
            Self::HandleV6 => "IPv6 by RIPE handle",
        }
    }
}

impl AnnouncedPrefix {
    /// Which table it belongs in.
    pub fn table(&self) -> AnnouncedTable {
        match (&self.origin, self.net) {
            (Origin::Asn(_), IpNet::V4(_)) => AnnouncedTable::AsnV4,
            (Origin::Asn(_), IpNet::V6(_)) => AnnouncedTable::AsnV6,
            (Origin::Handle(_), IpNet::V4(_)) => AnnouncedTable::HandleV4,
            (Origin::Handle(_), IpNet::V6(_)) => AnnouncedTable::HandleV6,
        }
    }
}

/// What attribution needs of the tables.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Announced {
    /// In any order.
    pub prefixes: Vec<AnnouncedPrefix>,
    /// From when each table is, seconds since 1970; `None` was never imported.
    pub dates: [Option<i64>; AnnouncedTable::ALL.len()],
}

/// Picks from one table, sorted by prefix, what can decide something: the prefixes of those in the register, and the more specific ones of
/// others that cut holes in them. The rest of the world stays outside.
#[derive(Default)]
pub struct Relevant {
    /// The prefixes kept that are around the one at hand, and whether one in the register announces them.
    open: Vec<(IpNet, bool)>,
}

impl Relevant {
    /// Is the next line of the table to be kept? `registered`: is its origin an asset in the register?
    pub fn keep(&mut self, net: IpNet, registered: bool) -> bool {
        while self.open.last().is_some_and(|(around, _)| !around.contains(&net)) {
            self.open.pop();
        }
        match self.open.last_mut() {
            // Another origin of the same prefix.
            Some((same, one)) if *same == net => {
                *one |= registered;
                registered
            }
            around => {
                let kept = registered || around.is_some_and(|(_, one)| *one);
                if kept {
                    self.open.push((net, registered));
                }
                kept
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_decide_something_is_kept() {
        let table = [
            ("10.0.0.0/8", false, false),  // Nobody's.
            ("10.1.0.0/16", false, false), // Nobody's in nobody's.
            ("10.2.0.0/16", true, true),
            ("10.2.0.0/17", false, true),  // A hole,
            ("10.2.0.0/18", false, false), // and a hole in the hole says nothing new,
            ("10.2.0.0/19", true, true),   // but here they are again,
            ("10.2.0.0/19", false, false), // together with another, who does not matter,
            ("10.2.0.0/24", false, true),  // and not here.
            ("10.2.128.0/17", false, true),
            ("10.2.128.0/17", true, true), // Announced by both.
            ("10.2.129.0/24", false, true),
            ("10.3.0.0/16", false, false),
        ];
        let mut relevant = Relevant::default();
        for (net, registered, kept) in table {
            assert_eq!(relevant.keep(net.parse().unwrap(), registered), kept, "{net} {registered}");
        }
    }
}
