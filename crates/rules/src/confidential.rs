//! Whether a mail may leave as it is: what is confidential is encrypted to its recipient, or goes over a connection that is agreed to be
//! protected, or does not go.

use schakel_model::tlp::Tlp;

/// Is the connection to the recipient's mail server agreed to be protected (DANE or MTA-STS, enforced by our mail server)?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connection {
    /// It is.
    Agreed,
    /// Nothing is agreed.
    Unknown,
}

/// What a notification asks beside its marking.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Wish {
    /// Nothing: its marking decides.
    #[default]
    ByMarking,
    /// To be treated as confidential, whatever its marking: the policy says so.
    Confidential,
    /// It says nothing that is confidential, whatever its marking: numbers, that something waits.
    Open,
}

/// How a mail leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passage {
    /// As it is.
    AsItIs,
    /// Encrypted to the recipient.
    Encrypted,
    /// Not at all, for now.
    Withheld,
}

/// How a mail with this marking leaves. `from`: the lowest marking that is confidential; `None`: none is. A key that can be used goes before
/// a protected connection: it protects the mail where it lies as well.
pub fn passage(tlp: Tlp, from: Option<Tlp>, wish: Wish, has_key: bool, connection: Connection) -> Passage {
    let is_confidential = match wish {
        Wish::ByMarking => from.is_some_and(|from| tlp >= from),
        Wish::Confidential => true,
        Wish::Open => false,
    };
    match (is_confidential, has_key, connection) {
        (false, ..) => Passage::AsItIs,
        (true, true, _) => Passage::Encrypted,
        (true, false, Connection::Agreed) => Passage::AsItIs,
        (true, false, Connection::Unknown) => Passage::Withheld,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confidential_leaves_protected_or_not_at_all() {
        use Passage::{AsItIs, Encrypted, Withheld};
        let from = Some(Tlp::AmberStrict);
        for (tlp, from, wish, has_key, connection, expected) in [
            (Tlp::Amber, from, Wish::ByMarking, true, Connection::Unknown, AsItIs),
            (Tlp::AmberStrict, from, Wish::ByMarking, true, Connection::Agreed, Encrypted),
            (Tlp::Amber, from, Wish::Confidential, true, Connection::Agreed, Encrypted),
            (Tlp::Green, None, Wish::Confidential, true, Connection::Unknown, Encrypted),
            (Tlp::Clear, from, Wish::Confidential, false, Connection::Agreed, AsItIs),
            (Tlp::Clear, from, Wish::Confidential, false, Connection::Unknown, Withheld),
            (Tlp::AmberStrict, from, Wish::ByMarking, true, Connection::Unknown, Encrypted),
            (Tlp::AmberStrict, from, Wish::ByMarking, false, Connection::Agreed, AsItIs),
            (Tlp::AmberStrict, from, Wish::ByMarking, false, Connection::Unknown, Withheld),
            (Tlp::Red, from, Wish::ByMarking, false, Connection::Unknown, Withheld),
            (Tlp::Red, from, Wish::Open, true, Connection::Unknown, AsItIs),
            (Tlp::Red, None, Wish::ByMarking, false, Connection::Unknown, AsItIs),
            (Tlp::Clear, Some(Tlp::Clear), Wish::ByMarking, false, Connection::Unknown, Withheld),
        ] {
            let found = passage(tlp, from, wish, has_key, connection);
            assert_eq!(found, expected, "{tlp} {from:?} {wish:?} {has_key} {connection:?}");
        }
    }

    #[test]
    fn nothing_confidential_leaves_open_unless_a_connection_is_agreed() {
        for tlp in Tlp::ALL {
            for from in Tlp::ALL {
                for has_key in [true, false] {
                    let found = passage(tlp, Some(from), Wish::ByMarking, has_key, Connection::Unknown);
                    assert_eq!(found == Passage::AsItIs, tlp < from);
                }
            }
        }
    }
}
