//! A campaign: one report, told with a text and a deadline of its own, when a second person has approved it.

use std::fmt;

/// How far a campaign has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Somebody made it.
    Made,
    /// A second person has approved it.
    Approved,
    /// It was told.
    Sent,
    /// It is over.
    Closed,
}

impl State {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Approved => "approved",
            Self::Sent => "sent",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody wants to do with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Say that it may leave.
    Approve,
    /// Tell it.
    Send,
    /// End it.
    Close,
}

/// Why they may not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Whoever made it cannot approve it.
    FourEyes,
    /// Nobody has approved it yet.
    NotApproved,
    /// It was approved already.
    AlreadyApproved,
    /// It was sent already.
    AlreadySent,
    /// It is over.
    Closed,
    /// Its deadline has passed.
    TooLate,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FourEyes => "whoever made it cannot approve it: another desk user has to",
            Self::NotApproved => "nobody has approved it yet",
            Self::AlreadyApproved => "it was approved already",
            Self::AlreadySent => "it was sent already",
            Self::Closed => "it is closed",
            Self::TooLate => "its deadline has passed: make a new one",
        })
    }
}

impl std::error::Error for Refusal {}

/// A campaign, as far as its steps go. Times are seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stands<'a> {
    /// How far it has come.
    pub state: State,
    /// Who made it.
    pub made_by: &'a str,
    /// Until when it asks for an answer.
    pub deadline: Option<i64>,
}

/// May this desk user take this step now?
pub fn may(stands: Stands<'_>, step: Step, actor: &str, now: i64) -> Result<(), Refusal> {
    let Stands { state, made_by, deadline } = stands;
    let is_late = deadline.is_some_and(|deadline| deadline <= now);
    match (step, state) {
        (_, State::Closed) => Err(Refusal::Closed),
        (Step::Close, _) => Ok(()),
        (_, State::Sent) => Err(Refusal::AlreadySent),
        (Step::Approve, State::Approved) => Err(Refusal::AlreadyApproved),
        (Step::Approve, State::Made) if made_by == actor => Err(Refusal::FourEyes),
        (Step::Send, State::Made) => Err(Refusal::NotApproved),
        (Step::Approve | Step::Send, State::Made | State::Approved) if is_late => Err(Refusal::TooLate),
        (Step::Approve, State::Made) | (Step::Send, State::Approved) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_people_are_needed_and_each_step_comes_once() {
        use State::{Approved, Closed, Made, Sent};
        use Step::{Approve, Close, Send};
        let cases = [
            (Made, Approve, "jan", Err(Refusal::FourEyes)),
            (Made, Approve, "els", Ok(())),
            (Made, Send, "els", Err(Refusal::NotApproved)),
            (Made, Close, "jan", Ok(())),
            (Approved, Approve, "els", Err(Refusal::AlreadyApproved)),
            (Approved, Send, "jan", Ok(())),
            (Approved, Close, "els", Ok(())),
            (Sent, Approve, "els", Err(Refusal::AlreadySent)),
            (Sent, Send, "els", Err(Refusal::AlreadySent)),
            (Sent, Close, "els", Ok(())),
            (Closed, Approve, "els", Err(Refusal::Closed)),
            (Closed, Send, "els", Err(Refusal::Closed)),
            (Closed, Close, "els", Err(Refusal::Closed)),
        ];
        for (state, step, actor, expected) in cases {
            let stands = Stands { state, made_by: "jan", deadline: Some(100) };
            assert_eq!(may(stands, step, actor, 99), expected, "{state} {step:?} {actor}");
        }
        let late = Stands { state: Approved, made_by: "jan", deadline: Some(100) };
        assert_eq!(may(late, Send, "els", 100), Err(Refusal::TooLate));
        assert_eq!(may(late, Close, "els", 100), Ok(()));
        assert_eq!(may(Stands { deadline: None, ..late }, Send, "els", 100), Ok(()));
    }
}
