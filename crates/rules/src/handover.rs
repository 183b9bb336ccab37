//! Handing findings over to another hub: which way a finding goes, and what a receipt comes to.

use std::fmt;

use schakel_model::{
    hub::{HOPS_MAX, HubName, Link, LinkState, ParcelClass, ParcelState, Purpose, ReceiptOutcome},
    severity::Severity,
    tlp::Terms,
};

use crate::tlp_gate::{Audience, Circle, gate};

/// Hubs that may say that a finding is not theirs before people look at it: what three of them send back is wrong in a register.
pub const BOUNCES_MAX: u32 = 3;

/// A parcel that is deferred comes again after a minute; the wait doubles up to the longest.
const FIRST_WAIT_SECONDS: i64 = 60;

/// After a night's outage it comes within the hour.
const WAIT_SECONDS_MAX: i64 = 3_600;

/// Parcels that must have been answered before a share of them means something.
const SAMPLE_MIN: u64 = 20;

/// A hub that was silent has answered for this long, before silence is another outage: one that comes and goes is one.
const ANSWERS_AGAIN_SECONDS: i64 = 3_600;

/// What follows for a link from what is late on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Silence {
    /// Nothing is late, and nothing was.
    None,
    /// A person is to be told.
    Begins,
    /// A person was told.
    GoesOn,
    /// Nothing is late at the moment.
    Pauses,
    /// Everything has been answered in time for a while.
    Ends,
}

/// Is a person to be told that receipts do not come? `known`: when something was last late, in the outage that they were told of.
pub fn silence(known: Option<i64>, late: u64, now: i64) -> Silence {
    match (known, late) {
        (None, 0) => Silence::None,
        (None, _) => Silence::Begins,
        (Some(_), 1..) => Silence::GoesOn,
        (Some(at), 0) if now >= at + ANSWERS_AGAIN_SECONDS => Silence::Ends,
        (Some(_), 0) => Silence::Pauses,
    }
}

/// What is known of a finding that a link could carry.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The link of the organisation that is told.
    pub link: &'a Link,
    /// How the finding is marked.
    pub terms: Terms,
    /// The hubs that it passed to get here, the last one last; empty when it came from no hub.
    pub path: &'a [HubName],
    /// How many hubs have said that it is not theirs.
    pub bounces: u32,
}

/// Why a finding does not go by the link, so that people are told as without one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NotByLink {
    /// The link carries nothing from here to there, or not to tell it to anybody.
    Link,
    /// Its marking is too high.
    Marking,
    /// The other hub had it already.
    InPath,
    /// It passed as many hubs as it may.
    Hops,
    /// Too many hubs have said that it is not theirs.
    Bounced,
}

impl NotByLink {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Link, Self::Marking, Self::InPath, Self::Hops, Self::Bounced];
}

impl fmt::Display for NotByLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "the link does not carry it",
            Self::Marking => "its marking is higher than was agreed",
            Self::InPath => "that hub had it already",
            Self::Hops => "it passed as many hubs as it may",
            Self::Bounced => "too many hubs said that it is not theirs",
        })
    }
}

/// Does it go by the link? A link that is paused gets it as well: what is for it waits.
pub fn by_link(facts: &Facts<'_>) -> Result<(), NotByLink> {
    let Facts { link, terms, path, bounces } = *facts;
    if !carries(link) {
        return Err(NotByLink::Link);
    }
    let machine = Audience::machine(Circle::Concerned, link.peer.as_str());
    if terms.tlp > link.terms.tlp_max || gate(terms, &machine).is_err() {
        return Err(NotByLink::Marking);
    }
    if path.contains(&link.peer) {
        return Err(NotByLink::InPath);
    }
    if path.len() + 1 >= usize::from(HOPS_MAX) {
        return Err(NotByLink::Hops);
    }
    if bounces >= BOUNCES_MAX {
        return Err(NotByLink::Bounced);
    }
    Ok(())
}

/// Does a link carry findings from here, so that they are told?
pub fn carries(link: &Link) -> bool {
    matches!(link.state, LinkState::Active | LinkState::Paused)
        && link.terms.direction.sends()
        && link.terms.purposes.contains(&Purpose::Notify)
}

/// How pressing a finding is on a link.
pub fn class(severity: Severity) -> ParcelClass {
    match severity {
        Severity::Critical => ParcelClass::Critical,
        Severity::High | Severity::Medium => ParcelClass::Normal,
        Severity::Low => ParcelClass::Bulk,
    }
}

/// What follows from a receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AfterReceipt {
    /// The parcel is answered, with this.
    Answered(ReceiptOutcome),
    /// It is sent again at this time, in seconds since 1970.
    Again(i64),
    /// Nothing: it says nothing new, or what cannot be.
    Nothing,
}

/// What a receipt comes to. `outcome`: what was said before; `attempts`: how often it was sent. The first word counts, but for one: whoever took a
/// parcel may find out later that it is nobody's there.
pub fn after_receipt(
    state: ParcelState,
    outcome: Option<ReceiptOutcome>,
    receipt: ReceiptOutcome,
    attempts: u32,
    now: i64,
) -> AfterReceipt {
    match (state, receipt) {
        // It was taken once, and was sent again for a hub that may have lost it: whatever is said now, it is the other's.
        (ParcelState::Waiting | ParcelState::Sent, receipt) if outcome.is_some_and(was_taken) => {
            match receipt {
                ReceiptOutcome::Deferred => {
                    AfterReceipt::Again(now.saturating_add(deferred_seconds(attempts)))
                }
                ReceiptOutcome::Rejected(_) => AfterReceipt::Answered(outcome.unwrap_or(receipt)),
                receipt => AfterReceipt::Answered(receipt),
            }
        }
        (ParcelState::Waiting | ParcelState::Sent, ReceiptOutcome::Deferred) => {
            AfterReceipt::Again(now.saturating_add(deferred_seconds(attempts)))
        }
        (ParcelState::Waiting | ParcelState::Sent, receipt) => AfterReceipt::Answered(receipt),
        (ParcelState::Answered, ReceiptOutcome::NotMine) if outcome.is_some_and(was_taken) => {
            AfterReceipt::Answered(ReceiptOutcome::NotMine)
        }
        (ParcelState::Answered | ParcelState::GivenUp, _) => AfterReceipt::Nothing,
    }
}

/// Has the other hub taken what has this outcome? From then on it is the other's, whatever it says of it.
pub fn was_taken(outcome: ReceiptOutcome) -> bool {
    matches!(outcome, ReceiptOutcome::Accepted | ReceiptOutcome::Duplicate)
}

fn deferred_seconds(attempts: u32) -> i64 {
    let doubled =
        FIRST_WAIT_SECONDS.checked_shl(attempts.saturating_sub(1).min(16)).unwrap_or(WAIT_SECONDS_MAX);
    doubled.min(WAIT_SECONDS_MAX)
}

/// What a hub has said of late of what was handed over to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lately {
    /// Parcels that were answered.
    pub answered: u64,
    /// Of those: not mine.
    pub not_mine: u64,
}

/// Does "not mine" of this hub count by itself? Not when more than half of what it gets is not its own: then its register is wrong, or ours, or
/// somebody else speaks for it, and a person looks.
pub fn is_believed(lately: Lately) -> bool {
    lately.answered < SAMPLE_MIN || lately.not_mine * 2 <= lately.answered
}

/// Taken back in a day, so few may always be.
const TAKEN_BACK_ALWAYS: u64 = 100;

/// Is what a hub takes back taken back here as well, or does a person look first? `taken_back`: in the last day; `handed_over`: all that is kept of it.
/// A hub that takes back more than half of what it ever said has an error, or somebody else speaks for it.
pub fn takes_back_too_much(taken_back: u64, handed_over: u64) -> bool {
    taken_back > TAKEN_BACK_ALWAYS && taken_back * 2 > handed_over
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        hub::{Direction, LinkTerms, Rejection, StatusLevel, Transport},
        ids::LinkId,
        tlp::Tlp,
    };

    use super::*;

    #[test]
    fn silence_is_one_outage_until_everything_was_answered_for_an_hour() {
        for (known, late, now, expected) in [
            (None, 0, 100, Silence::None),
            (None, 1, 100, Silence::Begins),
            (Some(100), 9, 200, Silence::GoesOn),
            (Some(100), 0, 3_699, Silence::Pauses),
            (Some(100), 0, 3_700, Silence::Ends),
            (Some(100), 1, 9_999, Silence::GoesOn),
        ] {
            assert_eq!(silence(known, late, now), expected, "{known:?} {late} {now}");
        }
    }

    #[test]
    fn a_hub_may_take_back_a_little_and_not_most_of_what_it_said() {
        for (taken_back, handed_over, too_much) in
            [(100, 0, false), (101, 101, true), (101, 202, false), (101, 201, true), (5_000, 100_000, false)]
        {
            assert_eq!(
                takes_back_too_much(taken_back, handed_over),
                too_much,
                "{taken_back} of {handed_over}"
            );
        }
    }

    fn hub(name: &str) -> HubName {
        name.parse().unwrap()
    }

    fn link() -> Link {
        Link {
            id: LinkId(1),
            peer: hub("cert.example"),
            url: String::new(),
            organisation: "CERT".into(),
            state: LinkState::Active,
            terms: LinkTerms {
                direction: Direction::Out,
                transport: Transport::Push,
                tlp_max: Tlp::Amber,
                purposes: vec![Purpose::Notify],
                parcels_per_hour: 1_000,
                credit: 100,
                service_level_seconds: 3_600,
                status: StatusLevel::PerFinding,
                retention_days: 90,
            },
            created_at: 0,
            ended_at: None,
        }
    }

    fn terms(tlp: Tlp) -> Terms {
        Terms { tlp, may_notify: true }
    }

    fn way(link: &Link, tlp: Tlp, path: &[&str], bounces: u32) -> Result<(), NotByLink> {
        let path: Vec<HubName> = path.iter().map(|name| hub(name)).collect();
        by_link(&Facts { link, terms: terms(tlp), path: &path, bounces })
    }

    #[test]
    fn what_may_go_by_a_link_goes() {
        let active = link();
        assert_eq!(way(&active, Tlp::Amber, &[], 0), Ok(()));
        assert_eq!(way(&active, Tlp::Green, &["national.example"], 2), Ok(()));
        let paused = Link { state: LinkState::Paused, ..link() };
        assert_eq!(way(&paused, Tlp::Amber, &[], 0), Ok(()), "it waits");
    }

    #[test]
    fn red_never_goes_whatever_was_agreed() {
        let mut open = link();
        open.terms.tlp_max = Tlp::Red;
        assert_eq!(way(&open, Tlp::Red, &[], 0), Err(NotByLink::Marking));
        assert_eq!(way(&open, Tlp::AmberStrict, &[], 0), Ok(()));
        assert_eq!(way(&link(), Tlp::AmberStrict, &[], 0), Err(NotByLink::Marking));
        let secret =
            Facts { link: &open, terms: Terms { tlp: Tlp::Clear, may_notify: false }, path: &[], bounces: 0 };
        assert_eq!(by_link(&secret), Err(NotByLink::Marking), "the source lets nobody be told");
    }

    #[test]
    fn a_link_that_does_not_send_carries_nothing() {
        let mut inward = link();
        inward.terms.direction = Direction::In;
        let mut counted = link();
        counted.terms.purposes = vec![Purpose::Statistics];
        for link in [
            inward,
            counted,
            Link { state: LinkState::Invited, ..link() },
            Link { state: LinkState::Ended, ..link() },
        ] {
            assert_eq!(way(&link, Tlp::Clear, &[], 0), Err(NotByLink::Link), "{link:?}");
        }
    }

    #[test]
    fn nothing_goes_in_circles() {
        let link = link();
        assert_eq!(way(&link, Tlp::Green, &["cert.example", "other.example"], 0), Err(NotByLink::InPath));
        let far = ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example"];
        assert_eq!(way(&link, Tlp::Green, &far[..6], 0), Ok(()));
        assert_eq!(way(&link, Tlp::Green, &far, 0), Err(NotByLink::Hops));
        assert_eq!(way(&link, Tlp::Green, &[], BOUNCES_MAX), Err(NotByLink::Bounced));
    }

    #[test]
    fn the_first_receipt_counts_and_not_mine_may_follow() {
        use ReceiptOutcome::{Accepted, Deferred, Duplicate, NotMine, Rejected};
        let rejected = Rejected(Rejection::Scope);
        for (state, before, receipt, after) in [
            (ParcelState::Sent, None, Accepted, AfterReceipt::Answered(Accepted)),
            (ParcelState::Sent, None, Duplicate, AfterReceipt::Answered(Duplicate)),
            (ParcelState::Sent, None, rejected, AfterReceipt::Answered(rejected)),
            (ParcelState::Sent, None, NotMine, AfterReceipt::Answered(NotMine)),
            // The receipt was quicker than what records that it was sent.
            (ParcelState::Waiting, None, Accepted, AfterReceipt::Answered(Accepted)),
            (ParcelState::Sent, None, Deferred, AfterReceipt::Again(1_060)),
            (ParcelState::Answered, Some(Accepted), NotMine, AfterReceipt::Answered(NotMine)),
            (ParcelState::Answered, Some(Accepted), rejected, AfterReceipt::Nothing),
            (ParcelState::Answered, Some(rejected), NotMine, AfterReceipt::Nothing),
            (ParcelState::Answered, Some(rejected), Accepted, AfterReceipt::Nothing),
            (ParcelState::Answered, Some(NotMine), NotMine, AfterReceipt::Nothing),
            (ParcelState::GivenUp, None, Accepted, AfterReceipt::Nothing),
            // Sent again for a hub that was restored.
            (ParcelState::Sent, Some(Accepted), Duplicate, AfterReceipt::Answered(Duplicate)),
            (ParcelState::Sent, Some(Accepted), rejected, AfterReceipt::Answered(Accepted)),
            (ParcelState::Sent, Some(Duplicate), Deferred, AfterReceipt::Again(1_060)),
        ] {
            assert_eq!(
                after_receipt(state, before, receipt, 1, 1_000),
                after,
                "{state} {before:?} {receipt:?}"
            );
        }
        let waits: Vec<i64> = [0, 1, 2, 3, 7, 8, u32::MAX].map(deferred_seconds).to_vec();
        assert_eq!(waits, [60, 60, 120, 240, 3_600, 3_600, 3_600]);
    }

    #[test]
    fn a_hub_that_sends_most_back_is_not_believed() {
        for (answered, not_mine, believed) in
            [(0, 0, true), (19, 19, true), (20, 10, true), (20, 11, false), (1_000, 1_000, false)]
        {
            assert_eq!(is_believed(Lately { answered, not_mine }), believed, "{answered} {not_mine}");
        }
    }
}
