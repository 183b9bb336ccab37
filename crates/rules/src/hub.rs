//! What is decided between hubs: is a parcel taken in, and what is sent next.

use schakel_formats::hub::parcel::Parcel;
use schakel_model::hub::{
    Direction, HOPS_MAX, HubName, LinkState, LinkTerms, ParcelClass, ReceiptOutcome, Rejection,
};

/// Clocks of two hubs may be this far apart, in seconds.
pub const CLOCKS_APART: i64 = 15 * 60;

/// What is known of a parcel whose signature holds.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The parcel.
    pub parcel: &'a Parcel,
    /// When it was made, by its envelope, in seconds since 1970.
    pub made_at: i64,
    /// Who we are.
    pub ours: &'a HubName,
    /// Who sent it, by the key that signed it.
    pub peer: &'a HubName,
    /// How far the link has come.
    pub state: LinkState,
    /// What was agreed.
    pub terms: &'a LinkTerms,
    /// Did it, or the same revision of the same finding, have its effect before?
    pub known: bool,
    /// Parcels that came over the link in the last hour, those before it in the same request too.
    pub last_hour: u64,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// Decides; the first rule that applies counts.
pub fn accept(facts: &Facts<'_>) -> ReceiptOutcome {
    let Facts { parcel, terms, .. } = *facts;
    let rejected = ReceiptOutcome::Rejected;
    match facts.state {
        LinkState::Active => {}
        LinkState::Invited | LinkState::Paused => return ReceiptOutcome::Deferred,
        LinkState::Ended => return rejected(Rejection::Scope),
    }
    if facts.known {
        return ReceiptOutcome::Duplicate;
    }
    let is_late = parcel.expires_at <= facts.now - CLOCKS_APART;
    if is_late || facts.made_at > facts.now + CLOCKS_APART {
        return rejected(Rejection::Expired);
    }
    if goes_in_circles(parcel, facts.ours) {
        return rejected(Rejection::Loop);
    }
    if parcel.path.last() != Some(facts.peer) {
        return rejected(Rejection::Schema);
    }
    if parcel.tlp > terms.tlp_max || parcel.tlp == schakel_model::tlp::Tlp::Red {
        return rejected(Rejection::Tlp);
    }
    let is_agreed = parcel.purposes.iter().all(|purpose| terms.purposes.contains(purpose));
    if !terms.direction.receives() || parcel.purposes.is_empty() || !is_agreed {
        return rejected(Rejection::Scope);
    }
    if facts.last_hour >= hourly(terms, parcel.class) {
        return rejected(Rejection::Quota);
    }
    ReceiptOutcome::Accepted
}

/// Did it pass us, a hub twice, or more hubs than it may?
fn goes_in_circles(parcel: &Parcel, ours: &HubName) -> bool {
    let path = &parcel.path;
    if path.len() > usize::from(HOPS_MAX) || parcel.hop_limit > HOPS_MAX || path.contains(ours) {
        return true;
    }
    path.iter().enumerate().any(|(at, hub)| path[..at].contains(hub))
}

/// Parcels in an hour, a tenth more for what is critical.
pub fn hourly(terms: &LinkTerms, class: ParcelClass) -> u64 {
    with_reserve(terms.parcels_per_hour, class)
}

fn with_reserve(limit: u32, class: ParcelClass) -> u64 {
    let limit = u64::from(limit);
    match class {
        ParcelClass::Critical => limit + limit.div_ceil(10),
        ParcelClass::Normal | ParcelClass::Bulk => limit,
    }
}

/// What stands in the way of sending on a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flow {
    /// Parcels that were sent and have no receipt yet.
    pub without_receipt: u64,
    /// What the other side said it has room for, since when so many were sent; `None`: it has not said.
    pub room: Option<u64>,
    /// Parcels sent in the last hour.
    pub last_hour: u64,
}

/// What both agree to: the narrower of each term. An error says on what they do not agree at all.
pub fn both(ours: &LinkTerms, theirs: &LinkTerms) -> Result<LinkTerms, String> {
    let direction = match (
        ours.direction.sends() && theirs.direction.receives(),
        ours.direction.receives() && theirs.direction.sends(),
    ) {
        (true, true) => Direction::Both,
        (true, false) => Direction::Out,
        (false, true) => Direction::In,
        (false, false) => return Err("they do not agree on the direction".to_owned()),
    };
    let purposes: Vec<_> =
        ours.purposes.iter().copied().filter(|purpose| theirs.purposes.contains(purpose)).collect();
    if purposes.is_empty() {
        return Err("they do not agree on any purpose".to_owned());
    }
    Ok(LinkTerms {
        direction,
        transport: theirs.transport,
        tlp_max: ours.tlp_max.min(theirs.tlp_max),
        purposes,
        parcels_per_hour: ours.parcels_per_hour.min(theirs.parcels_per_hour),
        credit: ours.credit.min(theirs.credit),
        service_level_seconds: ours.service_level_seconds.max(theirs.service_level_seconds),
        status: ours.status.min(theirs.status),
        retention_days: ours.retention_days.min(theirs.retention_days),
    })
}

/// How many parcels of a class may be sent now.
pub fn may_send(terms: &LinkTerms, flow: Flow, class: ParcelClass) -> u64 {
    let credit = with_reserve(terms.credit, class).saturating_sub(flow.without_receipt);
    let quota = hourly(terms, class).saturating_sub(flow.last_hour);
    let room = match class {
        // Room for what is critical is always asked for: the other side says no itself.
        ParcelClass::Critical => u64::MAX,
        ParcelClass::Normal | ParcelClass::Bulk => flow.room.unwrap_or(u64::MAX),
    };
    credit.min(quota).min(room)
}

/// The class to send next of those that wait, and how many of it may go: the most pressing that may.
pub fn next_to_send(terms: &LinkTerms, flow: Flow, waiting: &[ParcelClass]) -> Option<(ParcelClass, u64)> {
    let mut classes = waiting.to_vec();
    classes.sort_unstable();
    classes.into_iter().map(|class| (class, may_send(terms, flow, class))).find(|(_, count)| *count > 0)
}

/// When something that did not arrive is tried again: at once, then after ever longer waits, five minutes at most, in seconds. A hub that is back is
/// found soon; one that is down for a day is asked 300 times.
pub fn wait_seconds(failures: u32) -> i64 {
    match failures {
        0 => 0,
        1..=8 => 1 << failures,
        _ => 300,
    }
}

#[cfg(test)]
mod tests {
    use schakel_formats::hub::parcel::{Content, SealedEvent};
    use schakel_model::{
        hub::{FindingKeyOnLink, ParcelId, Purpose, StatusLevel, Transport},
        tlp::Tlp,
    };

    use super::*;

    const NOW: i64 = 1_773_558_000;

    fn hub(name: &str) -> HubName {
        name.parse().unwrap()
    }

    fn terms() -> LinkTerms {
        LinkTerms {
            direction: Direction::In,
            transport: Transport::Push,
            tlp_max: Tlp::Amber,
            purposes: vec![Purpose::Notify, Purpose::Statistics],
            parcels_per_hour: 100,
            credit: 20,
            service_level_seconds: 900,
            status: StatusLevel::None,
            retention_days: 30,
        }
    }

    fn parcel() -> Parcel {
        Parcel {
            id: ParcelId([1; 16]),
            key: FindingKeyOnLink([1; 16]),
            revision: 1,
            class: ParcelClass::Normal,
            origin: hub("top.example"),
            path: vec![hub("top.example"), hub("peer.example")],
            hop_limit: 6,
            tlp: Tlp::Amber,
            purposes: vec![Purpose::Notify],
            may_notify: true,
            may_look_up: true,
            expires_at: NOW + 86_400,
            asset: None,
            content: Content::Sealed(SealedEvent {
                to: String::new(),
                target: String::new(),
                message: Vec::new(),
            }),
        }
    }

    #[test]
    fn the_first_rule_that_applies_counts() {
        let (ours, peer, terms) = (hub("ours.example"), hub("peer.example"), terms());
        let good = parcel();
        let base = Facts {
            parcel: &good,
            made_at: NOW,
            ours: &ours,
            peer: &peer,
            state: LinkState::Active,
            terms: &terms,
            known: false,
            last_hour: 0,
            now: NOW,
        };
        let rejected = ReceiptOutcome::Rejected;
        assert_eq!(accept(&base), ReceiptOutcome::Accepted);
        for (facts, outcome) in [
            (Facts { known: true, ..base }, ReceiptOutcome::Duplicate),
            (Facts { state: LinkState::Paused, ..base }, ReceiptOutcome::Deferred),
            (Facts { state: LinkState::Paused, known: true, ..base }, ReceiptOutcome::Deferred),
            (Facts { state: LinkState::Ended, ..base }, rejected(Rejection::Scope)),
            (Facts { made_at: NOW + CLOCKS_APART, ..base }, ReceiptOutcome::Accepted),
            (Facts { made_at: NOW + CLOCKS_APART + 1, ..base }, rejected(Rejection::Expired)),
            (Facts { last_hour: 99, ..base }, ReceiptOutcome::Accepted),
            (Facts { last_hour: 100, ..base }, rejected(Rejection::Quota)),
        ] {
            assert_eq!(accept(&facts), outcome, "{facts:?}");
        }
        let path = |names: &[&str]| names.iter().map(|name| hub(name)).collect::<Vec<_>>();
        let long: Vec<HubName> = (0..1_000).map(|n| hub(&format!("h{n}.example"))).collect();
        let narrow = LinkTerms { purposes: vec![Purpose::Statistics], ..terms.clone() };
        let outward = LinkTerms { direction: Direction::Out, ..terms.clone() };
        for (parcel, terms, last_hour, outcome) in [
            (Parcel { expires_at: NOW - 60, ..parcel() }, &terms, 0, ReceiptOutcome::Accepted),
            (Parcel { expires_at: NOW - CLOCKS_APART, ..parcel() }, &terms, 0, rejected(Rejection::Expired)),
            (
                Parcel { path: path(&["ours.example", "peer.example"]), ..parcel() },
                &terms,
                0,
                rejected(Rejection::Loop),
            ),
            (
                Parcel { path: path(&["peer.example", "peer.example"]), ..parcel() },
                &terms,
                0,
                rejected(Rejection::Loop),
            ),
            (Parcel { path: long, ..parcel() }, &terms, 0, rejected(Rejection::Loop)),
            (Parcel { hop_limit: 200, ..parcel() }, &terms, 0, rejected(Rejection::Loop)),
            (Parcel { hop_limit: 0, ..parcel() }, &terms, 0, ReceiptOutcome::Accepted),
            (Parcel { path: path(&["top.example"]), ..parcel() }, &terms, 0, rejected(Rejection::Schema)),
            (Parcel { path: Vec::new(), ..parcel() }, &terms, 0, rejected(Rejection::Schema)),
            (Parcel { tlp: Tlp::AmberStrict, ..parcel() }, &terms, 0, rejected(Rejection::Tlp)),
            (
                Parcel { tlp: Tlp::Red, ..parcel() },
                &LinkTerms { tlp_max: Tlp::Red, ..terms.clone() },
                0,
                rejected(Rejection::Tlp),
            ),
            (parcel(), &narrow, 0, rejected(Rejection::Scope)),
            (Parcel { purposes: Vec::new(), ..parcel() }, &terms, 0, rejected(Rejection::Scope)),
            (parcel(), &outward, 0, rejected(Rejection::Scope)),
            (Parcel { class: ParcelClass::Critical, ..parcel() }, &terms, 105, ReceiptOutcome::Accepted),
            (Parcel { class: ParcelClass::Critical, ..parcel() }, &terms, 110, rejected(Rejection::Quota)),
        ] {
            assert_eq!(accept(&Facts { parcel: &parcel, terms, last_hour, ..base }), outcome, "{parcel:?}");
        }
    }

    #[test]
    fn what_both_agree_to_is_the_narrower_of_each() {
        let theirs = LinkTerms {
            direction: Direction::Both,
            transport: Transport::Pulled,
            tlp_max: Tlp::Green,
            purposes: vec![Purpose::Statistics],
            credit: 1_000,
            status: StatusLevel::PerFinding,
            ..terms()
        };
        let agreed = LinkTerms {
            transport: Transport::Pulled,
            tlp_max: Tlp::Green,
            purposes: vec![Purpose::Statistics],
            ..terms()
        };
        assert_eq!(both(&terms(), &theirs), Ok(agreed));
        assert!(both(&terms(), &LinkTerms { direction: Direction::In, ..theirs.clone() }).is_err());
        assert!(both(&terms(), &LinkTerms { purposes: vec![Purpose::Analyse], ..theirs }).is_err());
    }

    #[test]
    fn what_is_critical_overtakes_and_has_a_reserve() {
        use ParcelClass::{Bulk, Critical, Normal};
        let terms = terms();
        let flow = |without_receipt, room, last_hour| Flow { without_receipt, room, last_hour };
        for (flow, waiting, next) in [
            (flow(0, None, 0), &[Bulk, Normal, Critical][..], Some((Critical, 22))),
            (flow(0, None, 0), &[Bulk, Normal], Some((Normal, 20))),
            (flow(0, None, 0), &[Bulk], Some((Bulk, 20))),
            (flow(0, None, 0), &[], None),
            // All credit is used: only the reserve is left.
            (flow(20, None, 0), &[Normal, Critical], Some((Critical, 2))),
            (flow(20, None, 0), &[Normal, Bulk], None),
            (flow(30, None, 0), &[Critical], None),
            // The other side has no room.
            (flow(0, Some(0), 0), &[Normal, Critical], Some((Critical, 22))),
            (flow(0, Some(3), 0), &[Normal], Some((Normal, 3))),
            // The hour is used up.
            (flow(0, None, 100), &[Normal, Critical], Some((Critical, 10))),
            (flow(0, None, 90), &[Normal], Some((Normal, 10))),
        ] {
            assert_eq!(next_to_send(&terms, flow, waiting), next, "{flow:?} {waiting:?}");
        }
    }

    #[test]
    fn waits_grow_and_end_at_five_minutes() {
        let waits: Vec<i64> = [0, 1, 2, 8, 9, 100].map(wait_seconds).to_vec();
        assert_eq!(waits, [0, 2, 4, 256, 300, 300]);
    }
}
