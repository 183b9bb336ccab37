//! What a partner hub is told when it asks whose an address or a name is: yes, no, or whom to ask. Never more: not which member, not by which range.

use schakel_model::hub::{Link, LinkState, Purpose, Whose};

/// Questions of one hub in a day: a person asks some tens; who asks about every address there is gets nowhere.
pub const ASKED_A_DAY_MAX: u64 = 1_000;

/// Whose something is by our register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Owner {
    /// Of an organisation that we tell ourselves.
    Ours,
    /// Of an organisation that has a hub of its own.
    Hub(Link),
}

/// What is known of a question.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The link over which it came.
    pub link: &'a Link,
    /// What it asked in the last day, this one left out.
    pub asked: u64,
    /// Whose it is by our register; those who only monitor it left out.
    pub owners: &'a [Owner],
}

/// The answer; the first rule that applies counts.
pub fn answer(facts: &Facts<'_>) -> Whose {
    let Facts { link, asked, owners } = *facts;
    if link.state != LinkState::Active || !link.terms.purposes.contains(&Purpose::Ask) {
        return Whose::Refused;
    }
    if asked >= ASKED_A_DAY_MAX {
        return Whose::Later;
    }
    // What is theirs by our register they may know: they are named to nobody but themselves.
    let hubs =
        || owners.iter().filter_map(|owner| if let Owner::Hub(hub) = owner { Some(hub) } else { None });
    if hubs().any(|hub| hub.peer == link.peer) {
        return Whose::Hub(link.peer.clone());
    }
    if owners.contains(&Owner::Ours) {
        return Whose::Yes;
    }
    match hubs().find(|hub| may_be_named(hub)) {
        Some(hub) => Whose::Hub(hub.peer.clone()),
        // We can hand it on, and need not say to whom.
        None if !owners.is_empty() => Whose::Yes,
        None => Whose::No,
    }
}

/// Did a hub agree to be named to others?
fn may_be_named(hub: &Link) -> bool {
    hub.state == LinkState::Active && hub.terms.purposes.contains(&Purpose::Named)
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        hub::{Direction, LinkTerms, StatusLevel, Transport},
        ids::LinkId,
        tlp::Tlp,
    };

    use super::*;

    fn link(peer: &str, purposes: &[Purpose]) -> Link {
        Link {
            id: LinkId(1),
            peer: peer.parse().unwrap(),
            url: String::new(),
            organisation: String::new(),
            state: LinkState::Active,
            terms: LinkTerms {
                direction: Direction::Both,
                transport: Transport::Push,
                tlp_max: Tlp::Amber,
                purposes: purposes.to_vec(),
                parcels_per_hour: 1,
                credit: 1,
                service_level_seconds: 1,
                status: StatusLevel::None,
                retention_days: 1,
            },
            created_at: 0,
            ended_at: None,
        }
    }

    #[test]
    fn it_is_yes_or_no_or_a_hub_that_agreed() {
        let asks = link("asks.example", &[Purpose::Ask]);
        let named = Owner::Hub(link("named.example", &[Purpose::Notify, Purpose::Named]));
        let shy = Owner::Hub(link("shy.example", &[Purpose::Notify, Purpose::Ask]));
        let rests = Owner::Hub(Link { state: LinkState::Paused, ..link("rests.example", &[Purpose::Named]) });
        let itself = Owner::Hub(asks.clone());
        let hub = |name: &str| Whose::Hub(name.parse().unwrap());
        for (owners, expected) in [
            (&[][..], Whose::No),
            (&[Owner::Ours], Whose::Yes),
            (std::slice::from_ref(&shy), Whose::Yes),
            (std::slice::from_ref(&rests), Whose::Yes),
            (std::slice::from_ref(&named), hub("named.example")),
            (&[shy.clone(), named.clone()], hub("named.example")),
            (&[named.clone(), Owner::Ours], Whose::Yes),
            (&[named.clone(), Owner::Ours, itself], hub("asks.example")),
        ] {
            assert_eq!(answer(&Facts { link: &asks, asked: 0, owners }), expected, "{owners:?}");
        }
    }

    #[test]
    fn who_may_not_ask_or_asks_too_much_learns_nothing() {
        let owners = [Owner::Ours];
        let asked = |link: &Link, asked| answer(&Facts { link, asked, owners: &owners });
        let asks = link("asks.example", &[Purpose::Ask]);
        assert_eq!(asked(&asks, ASKED_A_DAY_MAX - 1), Whose::Yes);
        assert_eq!(asked(&asks, ASKED_A_DAY_MAX), Whose::Later);
        assert_eq!(asked(&link("x.example", &[Purpose::Notify, Purpose::Named]), 0), Whose::Refused);
        for state in [LinkState::Invited, LinkState::Paused, LinkState::Ended] {
            assert_eq!(asked(&Link { state, ..asks.clone() }, 0), Whose::Refused, "{state}");
        }
    }
}
