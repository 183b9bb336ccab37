//! What recipients say about what they were told, and where a finding stands at an organisation because of it.
//!
//! Three things are kept apart: what the recipient says ([`RecipientState`]), what observation says (when the finding was last seen), and
//! whether the feed is still speaking. None follows from another.

use std::fmt;

use crate::{
    asset::words,
    ids::{AnswerId, FindingId, NotificationId, OrganisationId},
    severity::Severity,
};

/// What somebody answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum AnswerKind {
    /// It was read.
    Received = 1,
    /// Somebody works on it, until an expected date.
    InProgress = 2,
    /// A supplier was asked; the deadline runs on.
    PassedOn = 3,
    /// The problem is gone.
    Fixed = 4,
    /// It is somebody else's.
    NotOurs = 5,
    /// There is no such problem.
    FalsePositive = 6,
    /// The risk is taken, until a date.
    RiskAccepted = 7,
    /// A question, or anything else: a conversation with the desk.
    Question = 8,
}

/// The words of answers, and of what they make of a finding.
macro_rules! answer_words {
    ($type:ident, $what:literal $(, $before:ident $word:literal)?) => {
        words!(
            $type, $what, $($before $word,)?
            Received "received", InProgress "in_progress", PassedOn "passed_on", Fixed "fixed", NotOurs "not_ours",
            FalsePositive "false_positive", RiskAccepted "risk_accepted", Question "question",
        );
    };
}

answer_words!(AnswerKind, "answer");

/// Where a finding stands at an organisation, as that one says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum RecipientState {
    /// It was told, and nothing was heard.
    Told = 0,
    /// As [`AnswerKind::Received`].
    Received = 1,
    /// As [`AnswerKind::InProgress`].
    InProgress = 2,
    /// As [`AnswerKind::PassedOn`].
    PassedOn = 3,
    /// As [`AnswerKind::Fixed`].
    Fixed = 4,
    /// As [`AnswerKind::NotOurs`].
    NotOurs = 5,
    /// As [`AnswerKind::FalsePositive`].
    FalsePositive = 6,
    /// As [`AnswerKind::RiskAccepted`].
    RiskAccepted = 7,
    /// A question that the desk has not answered yet.
    Question = 8,
}

answer_words!(RecipientState, "state", Told "told");

impl RecipientState {
    /// The state that is stored as this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| *state as u8 == code)
    }
}

impl From<AnswerKind> for RecipientState {
    fn from(kind: AnswerKind) -> Self {
        Self::from_code(kind as u8).expect("every answer is a state of the same number")
    }
}

/// By which way an answer came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AnswerWay {
    /// A reply to the mail.
    Mail,
    /// The page behind the link in the mail.
    Page,
    /// Entered by the desk, for somebody who called or wrote.
    Desk,
    /// The API.
    Api,
    /// The hub that the findings were handed over to.
    Hub,
    /// The portal.
    Portal,
}

words!(AnswerWay, "way of an answer", Mail "mail", Page "page", Desk "desk", Api "api", Hub "hub", Portal "portal");

/// Does an answer count?
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Standing {
    /// The desk is to decide.
    Proposed = 0,
    /// It counts.
    Taken = 1,
    /// The desk has decided that it does not.
    Refused = 2,
}

words!(Standing, "standing of an answer", Proposed "proposed", Taken "taken", Refused "refused");

/// A finding at an organisation that was told of it. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FollowUp {
    /// Who was told.
    pub organisation: OrganisationId,
    /// Of what.
    pub finding: FindingId,
    /// The notification (its lead) that told it first: its assignments hold it.
    pub first_told_by: NotificationId,
    /// The one that told it last.
    pub told_by: NotificationId,
    /// How bad it was when it was last told.
    pub severity: Severity,
    /// Is the machine or account in somebody else's hands, rather than only open to it?
    pub compromised: bool,
    /// When it was first told.
    pub first_told_at: i64,
    /// When it was last told.
    pub last_told_at: i64,
    /// How often it was told.
    pub tellings: u32,
    /// What the recipient says.
    pub state: RecipientState,
    /// Since when.
    pub state_at: i64,
    /// Until when the recipient expects to be busy, or accepts the risk.
    pub until: Option<i64>,
    /// Until when it must be dealt with, whatever is said.
    pub deadline: Option<i64>,
    /// The answer that gave it its state.
    pub answer: Option<AnswerId>,
    /// When it was closed; none while it is open.
    pub closed_at: Option<i64>,
    /// The vulnerabilities (CVE) that it was told with.
    pub cves: Vec<String>,
    /// Those that it was seen with since, and was not told with yet.
    pub new_cves: Vec<String>,
}

/// What a notification is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NotificationKind {
    /// New findings.
    Findings,
    /// Findings that were told before: still there, back again, or worse.
    Reminder,
    /// An earlier notification that nobody reacted to, to somebody else.
    Escalation,
    /// The weekly overview.
    Overview,
    /// An action of the desk about one report.
    Campaign,
    /// Findings that are nobody's, to whoever the outside world names.
    SafetyNet,
    /// Findings that another hub tells, over a link.
    Handover,
    /// A letter that tells no findings.
    Letter,
    /// What the desk writes in a conversation about an earlier notification.
    Reply,
}

words!(
    NotificationKind, "kind of notification",
    Findings "findings", Reminder "reminder", Escalation "escalation", Overview "overview", Campaign "campaign",
    SafetyNet "safety_net", Handover "handover", Letter "letter", Reply "reply",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_gives_the_state_of_its_name_and_number() {
        for kind in AnswerKind::ALL {
            let state = RecipientState::from(*kind);
            assert_eq!((state.as_str(), state as u8), (kind.as_str(), *kind as u8));
            assert_eq!(RecipientState::from_code(*kind as u8), Some(state));
        }
        assert_eq!(RecipientState::from_code(9), None);
    }
}
