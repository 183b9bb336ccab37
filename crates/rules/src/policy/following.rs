//! The sections about what was told: `[[calendar]]`, `[[ladder]]`, `[reminders]`, `[deadline]`.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use schakel_model::severity::Severity;
use serde::Deserialize;

use super::{
    calendars::Calendars, document::Moment, document::Words, problem::Problem, rhythm::amsterdam,
    wrong::Wrong,
};
use crate::{
    calendar::{Calendar, Term, Weekly},
    follow_up::Reminders,
    holidays::Holidays,
    ladder::{ALWAYS, Ladders, Step, Turn},
};

/// Steps of one ladder at most: nobody waits for the tenth.
const STEPS_MAX: usize = 10;

/// The longest term, in days: two years.
const TERM_DAYS_MAX: u32 = 731;

/// What has a high chance and high damage must be dealt with in time (BIO2 8.08.01: within one week).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deadline {
    /// Within so many days.
    pub days: u32,
    /// From when on.
    pub starts: Starts,
}

/// What starts a deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Starts {
    /// The moment it is told to the organisation.
    Told,
    /// The moment its report came in.
    Received,
}

impl Default for Deadline {
    fn default() -> Self {
        Self { days: 7, starts: Starts::Told }
    }
}

/// `[[calendar]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarSection {
    name: String,
    #[serde(default)]
    days: Option<Words>,
    from: Option<Moment>,
    until: Option<Moment>,
    holidays: Option<String>,
    #[serde(default)]
    closed: Vec<Moment>,
}

/// `[[ladder]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LadderSection {
    severity: Words,
    #[serde(default)]
    step: Vec<StepSection>,
}

/// `step` of a ladder.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepSection {
    after: String,
    #[serde(default)]
    calendar: Option<String>,
    to: String,
}

/// `[reminders]`
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RemindersSection {
    compromised_days: Option<u32>,
    other_days: Option<u32>,
    quiet_days: Option<u32>,
    grace_days: Option<u32>,
    fixed_days: Option<u32>,
    reopen_days: Option<u32>,
}

/// `[deadline]`
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DeadlineSection {
    days: Option<u32>,
    starts: Option<String>,
}

pub(super) fn read_calendar(
    section: &CalendarSection,
    line: usize,
    calendars: &mut Calendars,
    problems: &mut Vec<Problem>,
) {
    let mut wrong =
        |what| problems.push(Problem::error(Some(line), &format!("calendar {}", section.name), what));
    if section.name.trim().is_empty() || section.name == ALWAYS {
        wrong(Wrong::NoCalendarName {});
    }
    let mut hours = Weekly::office();
    let (mut from, mut until) = (Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0));
    for (key, written, time) in [("from", &section.from, &mut from), ("until", &section.until, &mut until)] {
        let Some(written) = written.as_ref().map(Moment::text) else { continue };
        // The end of the day is written so by most.
        match if written.starts_with("24:00") { Ok(Time::midnight()) } else { written.parse() } {
            Ok(read) => *time = read,
            Err(_) => wrong(Wrong::NoTime { key: key.to_owned(), written }),
        }
    }
    if until != Time::midnight() && until <= from {
        wrong(Wrong::ClosesFirst { until: until.to_string(), from: from.to_string() });
    }
    hours.days = [None; 7];
    match &section.days {
        None => hours.days[..5].fill(Some((from, until))),
        Some(Words(days)) => {
            for word in days {
                match super::rhythm::weekday(word) {
                    Some(day) => {
                        hours.days[usize::from(day.to_monday_zero_offset().unsigned_abs())] =
                            Some((from, until));
                    }
                    None => wrong(Wrong::NoWeekday { written: word.clone() }),
                }
            }
        }
    }
    hours.holidays = match section.holidays.as_deref() {
        None | Some("office") => Holidays::Office,
        Some("legal") => Holidays::Legal,
        Some("none") => Holidays::None,
        Some(other) => {
            wrong(Wrong::NoHolidays { written: other.to_owned() });
            Holidays::Office
        }
    };
    hours.closed = BTreeSet::new();
    for day in section.closed.iter().map(Moment::text) {
        match day.parse::<Date>() {
            Ok(day) => {
                hours.closed.insert(day);
            }
            Err(_) => wrong(Wrong::NoClosedDay { written: day }),
        }
    }
    calendars.put(section.name.trim(), Calendar::weekly(hours, amsterdam()));
}

pub(super) fn read_ladder(
    section: &LadderSection,
    line: usize,
    (calendars, ladders): (&Calendars, &mut Ladders),
    problems: &mut Vec<Problem>,
) {
    let name = format!("ladder {}", section.severity.0.join(", "));
    let mut wrong = |what| problems.push(Problem::error(Some(line), &name, what));
    if section.step.len() > STEPS_MAX {
        wrong(Wrong::ManySteps { count: section.step.len().to_string(), most: STEPS_MAX.to_string() });
    }
    let mut steps = Vec::new();
    for step in &section.step {
        let calendar = step.calendar.as_deref().unwrap_or(ALWAYS);
        if calendars.get(calendar).is_none() {
            wrong(Wrong::NoCalendar { name: calendar.to_owned() });
        }
        let to = Turn::ALL.into_iter().find(|turn| turn.as_str() == step.to);
        if to.is_none() {
            wrong(Wrong::NoTurn { written: step.to.clone() });
        }
        match (term(&step.after), to) {
            (Some(after), Some(to)) => steps.push(Step { after, calendar: calendar.to_owned(), to }),
            (None, _) => wrong(Wrong::NoTerm { written: step.after.clone() }),
            _ => {}
        }
    }
    for word in &section.severity.0 {
        match word.parse::<Severity>() {
            Ok(severity) => ladders.steps[severity as usize] = steps.clone(),
            Err(text) => wrong(Wrong::UnknownWord { text }),
        }
    }
}

/// `30 minutes`, `4 hours`, `2 days`.
fn term(text: &str) -> Option<Term> {
    let (amount, unit) = text.trim().split_once(' ')?;
    let amount: u32 = amount.parse().ok().filter(|amount| *amount > 0)?;
    let seconds = |each: i64| {
        let seconds = i64::from(amount).checked_mul(each)?;
        (seconds <= i64::from(TERM_DAYS_MAX) * 86_400).then_some(Term::Seconds(seconds))
    };
    match unit.trim() {
        "minute" | "minutes" => seconds(60),
        "hour" | "hours" => seconds(3_600),
        "day" | "days" => (amount <= TERM_DAYS_MAX).then_some(Term::Days(amount)),
        _ => None,
    }
}

pub(super) fn read_reminders(section: &RemindersSection, problems: &mut Vec<Problem>) -> Reminders {
    let mut reminders = Reminders::default();
    for (key, written, days) in [
        ("compromised_days", section.compromised_days, &mut reminders.compromised_days),
        ("other_days", section.other_days, &mut reminders.other_days),
        ("quiet_days", section.quiet_days, &mut reminders.quiet_days),
        ("grace_days", section.grace_days, &mut reminders.grace_days),
        ("fixed_days", section.fixed_days, &mut reminders.fixed_days),
        ("reopen_days", section.reopen_days, &mut reminders.reopen_days),
    ] {
        let Some(written) = written else { continue };
        let least = u32::from(key != "grace_days");
        if !(least..=TERM_DAYS_MAX).contains(&written) {
            problems.push(Problem::error(None, "reminders", out_of_range(key, written, least)));
        }
        *days = written;
    }
    reminders
}

fn out_of_range(key: &str, written: u32, least: u32) -> Wrong {
    Wrong::OutOfRange {
        written: format!("{key} = {written}"),
        least: least.to_string(),
        most: TERM_DAYS_MAX.to_string(),
    }
}

pub(super) fn read_deadline(section: &DeadlineSection, problems: &mut Vec<Problem>) -> Deadline {
    let mut deadline = Deadline::default();
    let mut wrong = |what| problems.push(Problem::error(None, "deadline", what));
    match section.days {
        None => {}
        Some(days @ 1..=TERM_DAYS_MAX) => deadline.days = days,
        Some(days) => wrong(out_of_range("days", days, 1)),
    }
    match section.starts.as_deref() {
        None | Some("told") => {}
        Some("received") => deadline.starts = Starts::Received,
        Some(other) => wrong(Wrong::NoStart { written: other.to_owned() }),
    }
    deadline
}

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::*;

    const GOOD: &str = r#"
[[calendar]]
name = "desk"
days = ["monday", "saturday"]
from = "08:00"
until = "24:00"
holidays = "legal"
closed = ["2026-12-24", 2026-12-31]

[[ladder]]
severity = ["high", "critical"]
step = [
  { after = "30 minutes", to = "second_contact" },
  { after = "2 days", calendar = "desk", to = "calling_list" },
]

[reminders]
compromised_days = 3
[deadline]
days = 5
starts = "received"
"#;

    #[test]
    fn the_sections_are_read() {
        let policy = Policy::parse(GOOD).unwrap();
        let steps = policy.ladders.of(Severity::Critical);
        assert_eq!(steps, policy.ladders.of(Severity::High));
        assert_eq!(
            steps[0],
            Step { after: Term::Seconds(1800), calendar: "always".into(), to: Turn::SecondContact }
        );
        assert_eq!(steps[1], Step { after: Term::Days(2), calendar: "desk".into(), to: Turn::CallingList });
        assert_eq!(policy.ladders.of(Severity::Medium), Ladders::default().of(Severity::Medium));
        assert_eq!(policy.reminders, Reminders { compromised_days: 3, ..Reminders::default() });
        assert_eq!(policy.deadline, Deadline { days: 5, starts: Starts::Received });
        let desk = policy.calendars.get("desk").unwrap();
        let open = |text: &str| {
            let civil: jiff::civil::DateTime = text.parse().unwrap();
            desk.is_open(civil.to_zoned(amsterdam()).unwrap().timestamp())
        };
        assert!(open("2026-11-21 23:59") && open("2026-11-23 08:00"));
        assert!(!open("2026-11-24 12:00") && !open("2026-11-23 07:59") && !open("2026-12-24 12:00"));
    }

    #[test]
    fn mistakes_are_named_with_what_to_write() {
        for (written, said) in [
            ("[[calendar]]\nname = \"always\"", "a name of its own"),
            ("[[calendar]]\nname = \"a\"\nfrom = \"9 uur\"", "is no time of the day"),
            ("[[calendar]]\nname = \"a\"\nfrom = \"18:00\"", "before it opens"),
            ("[[calendar]]\nname = \"a\"\ndays = \"maandag\"", "is no day of the week"),
            ("[[calendar]]\nname = \"a\"\nholidays = \"all\"", "use office, legal or none"),
            ("[[calendar]]\nname = \"a\"\nclosed = [\"24 dec\"]", "is no day"),
            ("[[ladder]]\nseverity = \"hi\"", "`hi`"),
            (
                "[[ladder]]\nseverity = \"high\"\nstep = [{ after = \"0 hours\", to = \"partner\" }]",
                "4 hours",
            ),
            (
                "[[ladder]]\nseverity = \"high\"\nstep = [{ after = \"900 days\", to = \"partner\" }]",
                "4 hours",
            ),
            (
                "[[ladder]]\nseverity = \"high\"\nstep = [{ after = \"1 hour\", to = \"boss\" }]",
                "use second_contact",
            ),
            (
                "[[ladder]]\nseverity = \"high\"\nstep = [{ after = \"1 hour\", calendar = \"x\", to = \"partner\" }]",
                "no calendar `x`",
            ),
            ("[reminders]\nother_days = 0", "from 1 to 731"),
            ("[reminders]\nother = 1", "other"),
            ("[deadline]\nstarts = \"monday\"", "use told or received"),
        ] {
            let problems = Policy::parse(written).unwrap_err();
            assert!(
                problems.iter().any(|problem| problem.what.to_string().contains(said)),
                "{written}: {problems:?}"
            );
        }
    }
}
