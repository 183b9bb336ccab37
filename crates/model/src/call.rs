//! The calling list (belijst): organisations that a person of the desk telephones, because nothing else reached anybody.

use std::fmt;

use crate::{
    asset::words,
    ids::{CallId, NotificationId, OrganisationId},
};

/// Why an organisation is to be called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallReason {
    /// Nobody reacted to a notification.
    NoReaction,
    /// A deadline has passed.
    Deadline,
    /// A notification could be delivered to nobody.
    Undeliverable,
    /// The channel to it is compromised: mail would reach the wrong people.
    CompromisedChannel,
}

words!(
    CallReason, "reason to call",
    NoReaction "no_reaction", Deadline "deadline", Undeliverable "undeliverable", CompromisedChannel "compromised_channel",
);

/// What came of a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CallResult {
    /// Somebody heard it who can act.
    Reached,
    /// Nobody answered: to be tried again.
    NoAnswer,
    /// They call back, or ask to be called later.
    CallBack,
    /// The number is wrong: another has to be found.
    WrongNumber,
    /// It need not be done any more.
    NotNeeded,
}

words!(
    CallResult, "result of a call",
    Reached "reached", NoAnswer "no_answer", CallBack "call_back", WrongNumber "wrong_number", NotNeeded "not_needed",
);

impl CallResult {
    /// Is the organisation off the list with it?
    pub fn ends(self) -> bool {
        matches!(self, Self::Reached | Self::NotNeeded)
    }
}

/// An entry of the calling list. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Its number.
    pub id: CallId,
    /// Whom to call.
    pub organisation: OrganisationId,
    /// About which notification.
    pub notification: NotificationId,
    /// Why.
    pub why: CallReason,
    /// Since when it is on the list.
    pub added_at: i64,
    /// Who is calling, since when.
    pub locked: Option<(String, i64)>,
    /// What came of it last; none when nobody has called yet.
    pub result: Option<CallResult>,
    /// What the caller noted.
    pub note: String,
    /// Not before this time.
    pub next_at: Option<i64>,
    /// When it went off the list.
    pub ended_at: Option<i64>,
    /// Who called last.
    pub actor: String,
}
