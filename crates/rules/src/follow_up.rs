//! What is due about a finding that an organisation was told of: tell it again, close it, or wait for a reaction.
//!
//! What the recipient says, what was observed, and whether a feed still speaks are kept apart: that nobody sees a finding any more closes
//! nothing.

use jiff::Timestamp;
use schakel_model::{
    answer::{FollowUp, RecipientState},
    severity::Severity,
};

use crate::calendar::{Calendar, Term};

const DAY: i64 = 86_400;

/// When is what told again, and when is it closed? All in days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reminders {
    /// Told again after so many days when it is still seen, of what is in somebody else's hands.
    pub compromised_days: u32,
    /// The same, of everything else.
    pub other_days: u32,
    /// An answer that is no end of it ("received") counts as silence after so many working days.
    pub quiet_days: u32,
    /// What is said to be fixed may be seen for so many days more: a daily scan is late, a report is later.
    pub grace_days: u32,
    /// What is said to be fixed is closed when it was not seen for so many days.
    pub fixed_days: u32,
    /// What was closed and is seen again within so many days is the same case, reopened; after that it is told as new.
    pub reopen_days: u32,
}

impl Default for Reminders {
    fn default() -> Self {
        Self {
            compromised_days: 7,
            other_days: 30,
            quiet_days: 5,
            grace_days: 1,
            fixed_days: 7,
            reopen_days: 90,
        }
    }
}

/// What is known about a finding beside what the recipient says. Times are seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Observed {
    /// When it was last seen; none when there is no sighting.
    pub last_seen: Option<i64>,
    /// How bad it was when it was last seen.
    pub severity: Option<Severity>,
    /// Since when it is known that this is being exploited.
    pub exploited_since: Option<i64>,
}

/// Why something is told again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Why {
    /// It is worse than when it was told.
    Worse,
    /// It became known that this is being exploited.
    Exploited,
    /// It has a vulnerability (CVE) that it was not told with.
    NewCve,
    /// It was said to be fixed, and was seen since.
    CameBack,
    /// The date until which the risk was accepted has passed.
    AcceptanceOver,
    /// The date until which it counted as a false positive has passed, and it is still seen.
    DoubtOver,
    /// It is still seen.
    StillSeen,
}

impl Why {
    /// The word in texts and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Exploited => "exploited",
            Self::NewCve => "new_cve",
            Self::CameBack => "came_back",
            Self::AcceptanceOver => "acceptance_over",
            Self::DoubtOver => "doubt_over",
            Self::StillSeen => "still_seen",
        }
    }
}

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// It is told again.
    Tell(Why),
    /// It is closed: fixed, and nothing contradicts it.
    Close,
}

/// What is due about a finding at an organisation now.
pub fn due(follow_up: &FollowUp, observed: &Observed, reminders: &Reminders, now: i64) -> Option<Due> {
    use RecipientState::{FalsePositive, Fixed, NotOurs, RiskAccepted};
    let seen_after = |at: i64| observed.last_seen.is_some_and(|seen| seen > at);
    let days = |days: u32| i64::from(days) * DAY;
    if follow_up.state == NotOurs {
        return None;
    }
    if observed.severity.is_some_and(|severity| severity > follow_up.severity) {
        return Some(Due::Tell(Why::Worse));
    }
    if follow_up.state == Fixed {
        return match seen_after(follow_up.state_at.saturating_add(days(reminders.grace_days))) {
            true => Some(Due::Tell(Why::CameBack)),
            false => {
                let is_over = now >= follow_up.state_at.saturating_add(days(reminders.fixed_days));
                (follow_up.closed_at.is_none() && is_over).then_some(Due::Close)
            }
        };
    }
    if follow_up.closed_at.is_some() {
        return None;
    }
    if observed.exploited_since.is_some_and(|since| since > follow_up.last_told_at) {
        return Some(Due::Tell(Why::Exploited));
    }
    if !follow_up.new_cves.is_empty() {
        return Some(Due::Tell(Why::NewCve));
    }
    let until_is_over = follow_up.until.is_some_and(|until| now >= until);
    match follow_up.state {
        RiskAccepted => until_is_over.then_some(Due::Tell(Why::AcceptanceOver)),
        FalsePositive => {
            (until_is_over && seen_after(follow_up.state_at)).then_some(Due::Tell(Why::DoubtOver))
        }
        // Whoever names a date is left alone until then.
        RecipientState::InProgress if follow_up.until.is_some_and(|until| now < until) => None,
        _ => {
            let wait = if follow_up.compromised { reminders.compromised_days } else { reminders.other_days };
            let is_over = now >= follow_up.last_told_at.saturating_add(days(wait));
            (is_over && seen_after(follow_up.last_told_at)).then_some(Due::Tell(Why::StillSeen))
        }
    }
}

/// Is something that came back the same case, rather than a new one?
pub fn is_same_case(follow_up: &FollowUp, reminders: &Reminders, seen_at: i64) -> bool {
    follow_up
        .closed_at
        .is_none_or(|closed| seen_at <= closed.saturating_add(i64::from(reminders.reopen_days) * DAY))
}

/// Since when a reaction is missing, for the ladder; `None` while there is nothing to wait for. It may lie ahead: who said "received"
/// has some days. `days` is the calendar in which those are counted.
pub fn unanswered_since(follow_up: &FollowUp, reminders: &Reminders, days: &Calendar) -> Option<i64> {
    use RecipientState::{
        FalsePositive, Fixed, InProgress, NotOurs, PassedOn, Question, Received, RiskAccepted, Told,
    };
    if follow_up.closed_at.is_some() {
        return None;
    }
    let silence = match follow_up.state {
        Told => Some(follow_up.last_told_at),
        Received | InProgress | PassedOn => follow_up.until.or_else(|| {
            let from = Timestamp::from_second(follow_up.state_at).ok()?;
            Some(days.after(from, Term::Days(reminders.quiet_days))?.as_second())
        }),
        // The desk owes an answer.
        Question => None,
        Fixed | NotOurs | FalsePositive | RiskAccepted => return None,
    };
    // A deadline runs on, whatever is said.
    match (silence, follow_up.deadline) {
        (Some(silence), Some(deadline)) => Some(silence.min(deadline)),
        (silence, deadline) => silence.or(deadline),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use schakel_model::ids::{FindingId, NotificationId, OrganisationId};

    use super::*;
    use crate::calendar::Weekly;

    const TOLD: i64 = 1_795_000_000;

    fn told(state: RecipientState) -> FollowUp {
        FollowUp {
            organisation: OrganisationId(1),
            finding: FindingId(1),
            first_told_by: NotificationId(1),
            told_by: NotificationId(1),
            severity: Severity::Medium,
            compromised: false,
            first_told_at: TOLD,
            last_told_at: TOLD,
            tellings: 1,
            state,
            state_at: TOLD,
            until: None,
            deadline: None,
            answer: None,
            closed_at: None,
            cves: Vec::new(),
            new_cves: Vec::new(),
        }
    }

    fn seen(days: i64) -> Observed {
        Observed { last_seen: Some(TOLD + days * DAY), ..Observed::default() }
    }

    fn due_after(follow_up: &FollowUp, observed: Observed, days: i64) -> Option<Due> {
        due(follow_up, &observed, &Reminders::default(), TOLD + days * DAY)
    }

    #[test]
    fn what_is_still_seen_is_told_again_in_its_time() {
        let other = told(RecipientState::Told);
        let compromised = FollowUp { compromised: true, ..other.clone() };
        let again = Some(Due::Tell(Why::StillSeen));
        for (follow_up, last_seen, now, expected) in [
            (&other, 29, 29, None),
            (&other, 29, 30, again),
            (&other, 0, 300, None),
            (&compromised, 6, 6, None),
            (&compromised, 6, 7, again),
        ] {
            assert_eq!(due_after(follow_up, seen(last_seen), now), expected, "{last_seen} {now}");
        }
        assert_eq!(due_after(&other, Observed::default(), 300), None, "no sighting, no reminder");
        let busy = FollowUp { until: Some(TOLD + 60 * DAY), ..told(RecipientState::InProgress) };
        assert_eq!(due_after(&busy, seen(59), 59), None);
        assert_eq!(due_after(&busy, seen(60), 60), again);
    }

    #[test]
    fn what_got_worse_is_told_at_once_but_nothing_is_told_because_it_got_better() {
        let worse = Observed { severity: Some(Severity::High), ..seen(1) };
        for state in RecipientState::ALL {
            let expected = (*state != RecipientState::NotOurs).then_some(Due::Tell(Why::Worse));
            assert_eq!(due_after(&told(*state), worse, 1), expected, "{state}");
        }
        for severity in [Severity::Low, Severity::Medium] {
            let better = Observed { severity: Some(severity), ..seen(1) };
            assert_eq!(due_after(&told(RecipientState::Told), better, 1), None);
        }
    }

    #[test]
    fn what_becomes_exploited_is_told_once() {
        let exploited = Observed { exploited_since: Some(TOLD + DAY), ..seen(1) };
        assert_eq!(due_after(&told(RecipientState::Told), exploited, 1), Some(Due::Tell(Why::Exploited)));
        let told_since = FollowUp { last_told_at: TOLD + DAY, ..told(RecipientState::Told) };
        assert_eq!(due_after(&told_since, exploited, 2), None);
    }

    #[test]
    fn a_new_vulnerability_is_told_at_once_but_not_of_what_is_fixed_or_somebody_elses() {
        use RecipientState::{Fixed, NotOurs};
        let new = |state| FollowUp { new_cves: vec!["CVE-2026-1234".to_owned()], ..told(state) };
        for state in RecipientState::ALL {
            let expected = (![Fixed, NotOurs].contains(state)).then_some(Due::Tell(Why::NewCve));
            assert_eq!(due_after(&new(*state), seen(1), 1), expected, "{state}");
        }
        let closed = FollowUp { closed_at: Some(TOLD), ..new(RecipientState::Told) };
        assert_eq!(due_after(&closed, seen(1), 1), None);
    }

    #[test]
    fn fixed_closes_when_nothing_contradicts_it_and_comes_back_when_seen() {
        let fixed = told(RecipientState::Fixed);
        assert_eq!(due_after(&fixed, seen(1), 6), None);
        assert_eq!(due_after(&fixed, seen(1), 7), Some(Due::Close));
        assert_eq!(due_after(&fixed, seen(2), 2), Some(Due::Tell(Why::CameBack)));
        let closed = FollowUp { closed_at: Some(TOLD + 7 * DAY), ..fixed };
        assert_eq!(due_after(&closed, seen(1), 50), None);
        assert_eq!(due_after(&closed, seen(50), 50), Some(Due::Tell(Why::CameBack)));
        let reminders = Reminders::default();
        assert!(is_same_case(&closed, &reminders, TOLD + 97 * DAY));
        assert!(!is_same_case(&closed, &reminders, TOLD + 98 * DAY));
    }

    #[test]
    fn a_date_that_passes_brings_it_back() {
        let accepted = FollowUp { until: Some(TOLD + 100 * DAY), ..told(RecipientState::RiskAccepted) };
        assert_eq!(due_after(&accepted, seen(99), 99), None);
        assert_eq!(due_after(&accepted, seen(99), 100), Some(Due::Tell(Why::AcceptanceOver)));
        let doubted = FollowUp { until: Some(TOLD + 100 * DAY), ..told(RecipientState::FalsePositive) };
        assert_eq!(due_after(&doubted, seen(0), 100), None);
        assert_eq!(due_after(&doubted, seen(99), 100), Some(Due::Tell(Why::DoubtOver)));
    }

    #[test]
    fn silence_begins_when_an_answer_goes_quiet() {
        let office = Calendar::weekly(Weekly::office(), TimeZone::get("Europe/Amsterdam").unwrap());
        let since = |follow_up: &FollowUp| unanswered_since(follow_up, &Reminders::default(), &office);
        assert_eq!(since(&told(RecipientState::Told)), Some(TOLD));
        for state in [
            RecipientState::Question,
            RecipientState::Fixed,
            RecipientState::NotOurs,
            RecipientState::FalsePositive,
            RecipientState::RiskAccepted,
        ] {
            assert_eq!(since(&told(state)), None, "{state}");
        }
        let later = since(&told(RecipientState::Received)).unwrap() - TOLD;
        assert!((5 * DAY..=8 * DAY).contains(&later), "{later}");
        let busy = FollowUp { until: Some(TOLD + 9 * DAY), ..told(RecipientState::InProgress) };
        assert_eq!(since(&busy), Some(TOLD + 9 * DAY));
        let passed = FollowUp { deadline: Some(TOLD + 7 * DAY), ..busy };
        assert_eq!(since(&passed), Some(TOLD + 7 * DAY), "the deadline runs on");
        let closed = FollowUp { closed_at: Some(TOLD), ..told(RecipientState::Told) };
        assert_eq!(since(&closed), None);
    }
}
