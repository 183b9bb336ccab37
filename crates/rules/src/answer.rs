//! What an answer comes to: it counts, the desk decides, or it cannot be taken.
//!
//! Whoever can be shown to speak for the organisation may say what is being done. What takes a finding away from somebody, or closes eyes to
//! it, asks for more: one stolen mailbox must not redirect or silence a finding.

use std::fmt;

use schakel_model::{
    answer::{AnswerKind, RecipientState},
    register::ContactRole,
    severity::Severity,
    tlp::Tlp,
};

/// A day, in seconds.
const DAY: i64 = 86_400;

/// A false positive is believed for so long when nobody says until when: systems change.
pub const FALSE_POSITIVE_SECONDS: i64 = 90 * DAY;

/// Nothing is silenced for longer than this: a false positive or an accepted risk is looked at again every year.
pub const SILENCE_SECONDS_MAX: i64 = 366 * DAY;

/// Who is busy for longer than half a year is not busy.
pub const BUSY_SECONDS_MAX: i64 = 183 * DAY;

/// Two answers that differ contradict each other within this time; later it is a change of mind.
pub const CONTRADICTION_SECONDS: i64 = DAY;

/// What shows who answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// The desk enters it, and answers for it.
    Desk,
    /// The link of the mail, which only who could read the mail has.
    Link,
    /// The hub that the organisation has, which signs what it says.
    Hub,
    /// A contact of the organisation; the sender's domain stands for the address, or it is signed.
    Contact,
    /// As certain, and no contact, but at the domain of the one who was written to, and with the address that only that mail has.
    Colleague,
    /// As certain, and nobody we know at the organisation.
    Stranger,
    /// Nothing shows who it is.
    Nothing,
}

/// What is known of an answer.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// What it says.
    pub kind: AnswerKind,
    /// Who says it.
    pub proof: Proof,
    /// The roles that the sender has at the organisation.
    pub roles: &'a [ContactRole],
    /// Does it answer a copy that somebody else than the organisation concerned got?
    pub of_copy: OfCopy,
    /// The worst of the findings it is about.
    pub severity: Severity,
    /// The marking of what was told.
    pub tlp: Tlp,
    /// Is it proven that the organisation owns what the findings are about?
    pub ownership: Ownership,
    /// Until when, as the answer says, in seconds since 1970.
    pub until: Option<i64>,
    /// Who decided, as the answer says.
    pub decided_by: &'a str,
    /// Why, as the answer says.
    pub reason: &'a str,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// To whom the mail went that is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfCopy {
    /// To the organisation concerned.
    No,
    /// To somebody who works for it.
    Yes,
}

/// How sure it is that something belongs to the organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ownership {
    /// Somebody says so.
    Asserted,
    /// It was proven, or nobody could look it up.
    Proven,
}

/// What becomes of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It counts.
    Take {
        /// Until when, in seconds since 1970.
        until: Option<i64>,
    },
    /// The desk decides.
    Propose {
        /// Why.
        why: Why,
        /// Is it heard that the organisation has reacted, so that nobody climbs the ladder meanwhile?
        heard: Heard,
    },
    /// It cannot be taken as it is.
    Refuse(Why),
}

/// Did the organisation react?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// It did.
    Yes,
    /// Somebody did, who may be anybody.
    No,
}

/// Why an answer does not count by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Nothing shows who wrote it.
    Unproven,
    /// Who wrote it is known, but not as somebody of the organisation.
    Stranger,
    /// It asks something, or says what only a person understands.
    Asks,
    /// A copy was answered by somebody who may say what is done, not decide.
    OfCopy,
    /// Only a CISO or VCIB accepts a risk.
    Role,
    /// Who decided is not said.
    NoDecider,
    /// Why is not said.
    NoReason,
    /// Until when is not said.
    NoEnd,
    /// The day lies in the past, or too far ahead.
    End,
    /// Not theirs, but it was proven to be.
    ProvenAsset,
    /// Not theirs, and marked AMBER or higher.
    Marking,
    /// Not theirs, and severe.
    Severity,
    /// It names findings that the notification does not tell.
    NotTold,
    /// What it is about is closed.
    Closed,
}

impl Why {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::Unproven,
        Self::Stranger,
        Self::Asks,
        Self::OfCopy,
        Self::Role,
        Self::NoDecider,
        Self::NoReason,
        Self::NoEnd,
        Self::End,
        Self::ProvenAsset,
        Self::Marking,
        Self::Severity,
        Self::NotTold,
        Self::Closed,
    ];
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unproven => "nothing shows who wrote it",
            Self::Stranger => "who wrote it is no contact of the organisation",
            Self::Asks => "a person has to read it",
            Self::OfCopy => "who got a copy does not decide for the organisation",
            Self::Role => "only a CISO or VCIB accepts a risk",
            Self::NoDecider => "it does not say who decided",
            Self::NoReason => "it gives no reason",
            Self::NoEnd => "it does not say until when",
            Self::End => "the day it names is past or too far ahead",
            Self::ProvenAsset => "it was proven to be theirs",
            Self::Marking => "what is marked AMBER or higher is not passed on by itself",
            Self::NotTold => "it names findings that this notification does not tell",
            Self::Closed => "what it is about is closed already",
            Self::Severity => "what is high or critical is not passed on by itself",
        })
    }
}

/// Decides it.
pub fn decide(facts: &Facts<'_>) -> Decision {
    let propose = |why, heard| Decision::Propose { why, heard };
    match facts.proof {
        Proof::Nothing => return propose(Why::Unproven, Heard::No),
        Proof::Stranger => return propose(Why::Stranger, Heard::No),
        Proof::Desk => return by_desk(facts),
        Proof::Link | Proof::Hub | Proof::Contact | Proof::Colleague => {}
    }
    match weighed(facts) {
        Ok(until) => Decision::Take { until },
        Err(why) => propose(why, Heard::Yes),
    }
}

/// The desk may decide everything, but says what belongs to it.
fn by_desk(facts: &Facts<'_>) -> Decision {
    let whole = match facts.kind {
        AnswerKind::RiskAccepted => whole_risk(facts),
        AnswerKind::FalsePositive => false_positive(facts),
        AnswerKind::InProgress => busy(facts),
        _ => Ok(None),
    };
    match whole {
        Ok(until) => Decision::Take { until },
        Err(why) => Decision::Refuse(why),
    }
}

fn weighed(facts: &Facts<'_>) -> Result<Option<i64>, Why> {
    let decides =
        matches!(facts.kind, AnswerKind::NotOurs | AnswerKind::FalsePositive | AnswerKind::RiskAccepted);
    if decides && facts.of_copy == OfCopy::Yes {
        return Err(Why::OfCopy);
    }
    match facts.kind {
        AnswerKind::Question => Err(Why::Asks),
        AnswerKind::Received | AnswerKind::Fixed => Ok(None),
        AnswerKind::InProgress => busy(facts),
        // The deadline runs on: a day says when the supplier is expected, no more.
        AnswerKind::PassedOn => busy(facts),
        AnswerKind::FalsePositive => false_positive(facts),
        AnswerKind::RiskAccepted => {
            let may = facts.roles.iter().any(|role| matches!(role, ContactRole::Ciso | ContactRole::Vcib));
            if may { whole_risk(facts) } else { Err(Why::Role) }
        }
        AnswerKind::NotOurs if facts.ownership == Ownership::Proven => Err(Why::ProvenAsset),
        // A hub says so by its key, of what is handed to the next by its register: no mailbox is enough for that. What is for one organisation is
        // given to no other without a person.
        AnswerKind::NotOurs if facts.proof == Proof::Hub && facts.tlp < Tlp::AmberStrict => Ok(None),
        AnswerKind::NotOurs if facts.tlp >= Tlp::Amber => Err(Why::Marking),
        AnswerKind::NotOurs if facts.severity >= Severity::High => Err(Why::Severity),
        AnswerKind::NotOurs => Ok(None),
    }
}

fn busy(facts: &Facts<'_>) -> Result<Option<i64>, Why> {
    match facts.until {
        Some(until) if until <= facts.now || until > facts.now + BUSY_SECONDS_MAX => Err(Why::End),
        until => Ok(until),
    }
}

fn false_positive(facts: &Facts<'_>) -> Result<Option<i64>, Why> {
    if facts.reason.trim().is_empty() {
        return Err(Why::NoReason);
    }
    let until = facts.until.unwrap_or(facts.now + FALSE_POSITIVE_SECONDS);
    if until <= facts.now { Err(Why::End) } else { Ok(Some(until.min(facts.now + SILENCE_SECONDS_MAX))) }
}

fn whole_risk(facts: &Facts<'_>) -> Result<Option<i64>, Why> {
    if facts.decided_by.trim().is_empty() {
        return Err(Why::NoDecider);
    }
    if facts.reason.trim().is_empty() {
        return Err(Why::NoReason);
    }
    let until = facts.until.ok_or(Why::NoEnd)?;
    if until <= facts.now || until > facts.now + SILENCE_SECONDS_MAX {
        Err(Why::End)
    } else {
        Ok(Some(until))
    }
}

/// The state of a finding after an answer that counts; `None`: it stays. "Received" takes nothing back.
pub fn state_after(before: RecipientState, kind: AnswerKind) -> Option<RecipientState> {
    match (before, kind) {
        (RecipientState::Told | RecipientState::Question, AnswerKind::Received) => {
            Some(RecipientState::Received)
        }
        (_, AnswerKind::Received) => None,
        (_, kind) => Some(kind.into()),
    }
}

/// Can an earlier and a later answer of two people not both be true?
pub fn contradict(earlier: AnswerKind, later: AnswerKind, seconds_between: i64) -> bool {
    let is_real = |kind| {
        matches!(
            kind,
            AnswerKind::InProgress | AnswerKind::PassedOn | AnswerKind::Fixed | AnswerKind::RiskAccepted
        )
    };
    let says_something = |kind| !matches!(kind, AnswerKind::Received | AnswerKind::Question);
    if earlier == later || !says_something(earlier) || !says_something(later) {
        return false;
    }
    // Of one second none is the later one.
    seconds_between == 0 || seconds_between <= CONTRADICTION_SECONDS && !(is_real(earlier) && is_real(later))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn facts(kind: AnswerKind, proof: Proof) -> Facts<'static> {
        Facts {
            kind,
            proof,
            roles: &[ContactRole::Findings],
            of_copy: OfCopy::No,
            severity: Severity::Medium,
            tlp: Tlp::Green,
            ownership: Ownership::Asserted,
            until: None,
            decided_by: "",
            reason: "because",
            now: NOW,
        }
    }

    const TAKE: Decision = Decision::Take { until: None };

    fn proposed(why: Why) -> Decision {
        Decision::Propose { why, heard: Heard::Yes }
    }

    #[test]
    fn who_is_shown_to_speak_for_the_organisation_is_believed() {
        for proof in [Proof::Link, Proof::Contact, Proof::Colleague, Proof::Desk] {
            for kind in [AnswerKind::Received, AnswerKind::Fixed, AnswerKind::PassedOn, AnswerKind::NotOurs] {
                assert_eq!(decide(&facts(kind, proof)), TAKE, "{kind} {proof:?}");
            }
        }
        assert_eq!(decide(&facts(AnswerKind::Question, Proof::Contact)), proposed(Why::Asks));
    }

    #[test]
    fn a_valid_number_from_a_stranger_changes_nothing() {
        for kind in AnswerKind::ALL {
            for (proof, why) in [(Proof::Nothing, Why::Unproven), (Proof::Stranger, Why::Stranger)] {
                let decision = decide(&facts(*kind, proof));
                assert_eq!(decision, Decision::Propose { why, heard: Heard::No }, "{kind}");
            }
        }
    }

    #[test]
    fn not_ours_is_weighed() {
        let not_ours = facts(AnswerKind::NotOurs, Proof::Contact);
        for (facts, decision) in [
            (not_ours.clone(), TAKE),
            (Facts { ownership: Ownership::Proven, ..not_ours.clone() }, proposed(Why::ProvenAsset)),
            (Facts { tlp: Tlp::Amber, ..not_ours.clone() }, proposed(Why::Marking)),
            (Facts { tlp: Tlp::Red, ..not_ours.clone() }, proposed(Why::Marking)),
            (Facts { severity: Severity::High, ..not_ours.clone() }, proposed(Why::Severity)),
            (Facts { severity: Severity::Critical, ..not_ours.clone() }, proposed(Why::Severity)),
            (Facts { of_copy: OfCopy::Yes, ..not_ours.clone() }, proposed(Why::OfCopy)),
            (
                Facts {
                    proof: Proof::Hub,
                    tlp: Tlp::Amber,
                    severity: Severity::Critical,
                    ..not_ours.clone()
                },
                TAKE,
            ),
            (Facts { proof: Proof::Hub, tlp: Tlp::AmberStrict, ..not_ours.clone() }, proposed(Why::Marking)),
            (
                Facts { proof: Proof::Hub, ownership: Ownership::Proven, ..not_ours.clone() },
                proposed(Why::ProvenAsset),
            ),
            (Facts { proof: Proof::Desk, ownership: Ownership::Proven, tlp: Tlp::Red, ..not_ours }, TAKE),
        ] {
            assert_eq!(decide(&facts), decision, "{facts:?}");
        }
    }

    #[test]
    fn a_risk_is_accepted_only_by_who_may_with_who_why_and_until_when() {
        let whole = Facts {
            roles: &[ContactRole::Findings, ContactRole::Ciso],
            until: Some(NOW + 30 * DAY),
            decided_by: "J. Jansen",
            ..facts(AnswerKind::RiskAccepted, Proof::Contact)
        };
        let taken = Decision::Take { until: Some(NOW + 30 * DAY) };
        for (facts, decision) in [
            (whole.clone(), taken),
            (Facts { roles: &[ContactRole::Vcib], ..whole.clone() }, taken),
            (Facts { roles: &[ContactRole::Findings], ..whole.clone() }, proposed(Why::Role)),
            (Facts { roles: &[], ..whole.clone() }, proposed(Why::Role)),
            (Facts { decided_by: " ", ..whole.clone() }, proposed(Why::NoDecider)),
            (Facts { reason: "", ..whole.clone() }, proposed(Why::NoReason)),
            (Facts { until: None, ..whole.clone() }, proposed(Why::NoEnd)),
            (Facts { until: Some(NOW), ..whole.clone() }, proposed(Why::End)),
            (Facts { until: Some(NOW + 2 * SILENCE_SECONDS_MAX), ..whole.clone() }, proposed(Why::End)),
            (Facts { proof: Proof::Desk, roles: &[], ..whole.clone() }, taken),
            (Facts { proof: Proof::Desk, decided_by: "", ..whole }, Decision::Refuse(Why::NoDecider)),
        ] {
            assert_eq!(decide(&facts), decision, "{facts:?}");
        }
    }

    #[test]
    fn a_false_positive_has_a_reason_and_an_end() {
        let known = facts(AnswerKind::FalsePositive, Proof::Contact);
        let take = |until| Decision::Take { until: Some(until) };
        assert_eq!(decide(&known), take(NOW + FALSE_POSITIVE_SECONDS));
        assert_eq!(decide(&Facts { until: Some(NOW + 7), ..known.clone() }), take(NOW + 7));
        assert_eq!(
            decide(&Facts { until: Some(i64::MAX), ..known.clone() }),
            take(NOW + SILENCE_SECONDS_MAX)
        );
        assert_eq!(decide(&Facts { reason: " ", ..known }), proposed(Why::NoReason));
        let busy = facts(AnswerKind::InProgress, Proof::Link);
        assert_eq!(decide(&Facts { until: Some(NOW + DAY), ..busy.clone() }), take(NOW + DAY));
        assert_eq!(decide(&Facts { until: Some(NOW - DAY), ..busy }), proposed(Why::End));
    }

    #[test]
    fn received_takes_nothing_back() {
        assert_eq!(state_after(RecipientState::Told, AnswerKind::Received), Some(RecipientState::Received));
        assert_eq!(state_after(RecipientState::Fixed, AnswerKind::Received), None);
        assert_eq!(state_after(RecipientState::Fixed, AnswerKind::NotOurs), Some(RecipientState::NotOurs));
    }

    #[test]
    fn two_who_differ_in_one_second_contradict_and_progress_does_not() {
        use AnswerKind::{FalsePositive, Fixed, InProgress, NotOurs, Received};
        for (earlier, later, seconds, expected) in [
            (Fixed, NotOurs, 0, true),
            (InProgress, Fixed, 0, true),
            (InProgress, Fixed, 60, false),
            (Fixed, NotOurs, 60, true),
            (FalsePositive, Fixed, 60, true),
            (Fixed, NotOurs, 2 * CONTRADICTION_SECONDS, false),
            (Received, Fixed, 0, false),
            (Fixed, Fixed, 0, false),
        ] {
            assert_eq!(contradict(earlier, later, seconds), expected, "{earlier} {later} {seconds}");
        }
    }

    proptest! {
        /// Whatever else holds: nothing counts that nobody of the organisation has said, and nothing is silenced for ever.
        #[test]
        fn nothing_counts_without_proof_and_nothing_is_silenced_for_ever(
            kind in prop::sample::select(AnswerKind::ALL),
            proof in prop::sample::select(vec![Proof::Desk, Proof::Link, Proof::Contact, Proof::Colleague, Proof::Stranger, Proof::Nothing]),
            tlp in prop::sample::select(Tlp::ALL.to_vec()),
            severity in prop::sample::select(Severity::ALL.to_vec()),
            until in prop::option::of(NOW - 1_000 * DAY..NOW + 1_000 * DAY),
            reason in "[a ]{0,2}",
        ) {
            let facts = Facts { tlp, severity, until, reason: &reason, ..facts(kind, proof) };
            if let Decision::Take { until } = decide(&facts) {
                prop_assert!(!matches!(proof, Proof::Stranger | Proof::Nothing));
                prop_assert!(until.is_none_or(|until| until > NOW && until <= NOW + SILENCE_SECONDS_MAX));
                prop_assert!(kind != AnswerKind::NotOurs || proof == Proof::Desk || tlp < Tlp::Amber && severity < Severity::High);
                prop_assert!(!matches!(kind, AnswerKind::FalsePositive | AnswerKind::RiskAccepted) || until.is_some());
            }
        }
    }
}
