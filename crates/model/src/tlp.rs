//! Traffic Light Protocol 2.0 (FIRST, <https://www.first.org/tlp/>).

use std::{fmt, str::FromStr};

/// A marking, in rising order of restriction: a derived object carries the highest of its inputs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Tlp {
    /// No limit on disclosure.
    Clear,
    /// The community: all members.
    Green,
    /// The organisation and its clients.
    Amber,
    /// The organisation only.
    AmberStrict,
    /// Named persons only: never a shared mailbox, a webhook or a hub.
    Red,
}

impl Tlp {
    /// Every marking, in rising order.
    pub const ALL: [Self; 5] = [Self::Clear, Self::Green, Self::Amber, Self::AmberStrict, Self::Red];

    /// The marking as TLP 2.0 writes it, without the `TLP:` in front.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "CLEAR",
            Self::Green => "GREEN",
            Self::Amber => "AMBER",
            Self::AmberStrict => "AMBER+STRICT",
            Self::Red => "RED",
        }
    }
}

/// On what terms something may be passed on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Terms {
    /// Its marking.
    pub tlp: Tlp,
    /// May those who are affected be told? (FIRST IEP 2.0, `affected-party-notifications`)
    pub may_notify: bool,
}

impl Terms {
    /// Nothing is known of it: the strictest.
    pub const STRICTEST: Self = Self { tlp: Tlp::Red, may_notify: false };

    /// The terms of what is made of both: the highest marking, and only what both permit.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { tlp: self.tlp.max(other.tlp), may_notify: self.may_notify && other.may_notify }
    }
}

impl From<Tlp> for Terms {
    /// By its marking alone.
    fn from(tlp: Tlp) -> Self {
        Self { tlp, may_notify: true }
    }
}

impl fmt::Display for Tlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLP:{}", self.as_str())
    }
}

impl FromStr for Tlp {
    type Err = String;

    /// Reads any case, with or without `TLP:`; `WHITE` is TLP 1.0 for `CLEAR`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        let name = upper.strip_prefix("TLP:").unwrap_or(&upper);
        match name {
            "WHITE" => Ok(Self::Clear),
            _ => Self::ALL.into_iter().find(|tlp| tlp.as_str() == name).ok_or_else(|| {
                format!("`{text}` is no TLP marking: use CLEAR, GREEN, AMBER, AMBER+STRICT or RED")
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markings_are_ordered_and_read_back() {
        assert!(Tlp::Red > Tlp::AmberStrict && Tlp::AmberStrict > Tlp::Amber && Tlp::Green > Tlp::Clear);
        for tlp in Tlp::ALL {
            assert_eq!(tlp.to_string().parse(), Ok(tlp));
        }
        assert_eq!("white".parse(), Ok(Tlp::Clear));
        assert!("AMBER STRICT".parse::<Tlp>().is_err());
    }
}
