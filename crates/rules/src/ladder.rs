//! The ladder (escalatieladder): whom to turn to, and when, while nobody reacts.

use jiff::Timestamp;
use schakel_model::severity::Severity;

use crate::calendar::{Calendar, Term};

/// Whom a step turns to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Turn {
    /// Another contact of the same organisation.
    SecondContact,
    /// Those who serve it, or supply it with a mandate.
    Partner,
    /// The calling list of the desk.
    CallingList,
}

impl Turn {
    /// Every one, in the order in which they are taken as a rule.
    pub const ALL: [Self; 3] = [Self::SecondContact, Self::Partner, Self::CallingList];

    /// The word in policies and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecondContact => "second_contact",
            Self::Partner => "partner",
            Self::CallingList => "calling_list",
        }
    }
}

/// A step: after this long without a reaction, counted from the step before, turn to somebody else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// How long.
    pub after: Term,
    /// In which calendar, by name.
    pub calendar: String,
    /// To whom.
    pub to: Turn,
}

/// The steps of each severity, from low to critical.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ladders {
    /// In the order of [`Severity::ALL`].
    pub steps: [Vec<Step>; 4],
}

impl Ladders {
    /// The steps of a severity.
    pub fn of(&self, severity: Severity) -> &[Step] {
        &self.steps[severity as usize]
    }
}

/// The calendar in which day and night count.
pub const ALWAYS: &str = "always";
/// The calendar of office hours.
pub const OFFICE: &str = "office";

impl Default for Ladders {
    fn default() -> Self {
        let step = |after, calendar: &str, to| Step { after, calendar: calendar.to_owned(), to };
        let hours = |hours: i64, to| step(Term::Seconds(hours * 3_600), ALWAYS, to);
        let days = |days, to| step(Term::Days(days), OFFICE, to);
        Self {
            steps: [
                Vec::new(),
                vec![days(5, Turn::SecondContact), days(10, Turn::CallingList)],
                vec![days(1, Turn::SecondContact), days(1, Turn::Partner), days(1, Turn::CallingList)],
                // Critical breaks through quiet hours.
                vec![hours(1, Turn::SecondContact), hours(1, Turn::Partner), hours(2, Turn::CallingList)],
            ],
        }
    }
}

/// How far a ladder was climbed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Climbed {
    /// Steps taken.
    pub steps: usize,
    /// When the last was, or else since when a reaction is missing; in seconds since 1970.
    pub since: i64,
}

/// The next step and when it is due, in seconds since 1970; `None` at the top, or when its calendar never opens.
pub fn next<'a>(
    ladders: &'a Ladders,
    severity: Severity,
    climbed: Climbed,
    calendar: impl Fn(&str) -> Option<&'a Calendar>,
) -> Option<(Turn, i64)> {
    let step = ladders.of(severity).get(climbed.steps)?;
    let from = Timestamp::from_second(climbed.since).ok()?;
    let due = calendar(&step.calendar)?.after(from, step.after)?;
    Some((step.to, due.as_second()))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::calendar::Weekly;

    fn zone() -> TimeZone {
        TimeZone::get("Europe/Amsterdam").unwrap()
    }

    fn at(text: &str) -> i64 {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        civil.to_zoned(zone()).unwrap().timestamp().as_second()
    }

    fn climb(severity: Severity, from: &str) -> Vec<String> {
        let (always, office) = (Calendar::always(zone()), Calendar::weekly(Weekly::office(), zone()));
        let ladders = Ladders::default();
        let mut climbed = Climbed { steps: 0, since: at(from) };
        let mut taken = Vec::new();
        while let Some((turn, due)) = next(&ladders, severity, climbed, |name| match name {
            ALWAYS => Some(&always),
            OFFICE => Some(&office),
            _ => None,
        }) {
            let local = Timestamp::from_second(due).unwrap().to_zoned(zone());
            taken.push(format!("{} {}", local.strftime("%m-%d %H:%M"), turn.as_str()));
            climbed = Climbed { steps: climbed.steps + 1, since: due };
        }
        taken
    }

    #[test]
    fn critical_goes_on_at_night_over_clock_changes() {
        for (from, expected) in [
            ("2026-11-21 02:00", ["11-21 03:00", "11-21 04:00", "11-21 06:00"]),
            // 29 March 2026: 02:00 is followed by 03:00.
            ("2026-03-29 01:30", ["03-29 03:30", "03-29 04:30", "03-29 06:30"]),
            // 25 October 2026: 02:00 to 03:00 comes twice.
            ("2026-10-25 01:30", ["10-25 02:30", "10-25 02:30", "10-25 04:30"]),
        ] {
            let taken = climb(Severity::Critical, from);
            let times: Vec<&str> = taken.iter().map(|step| &step[..11]).collect();
            assert_eq!(times, expected, "{from}");
        }
    }

    #[test]
    fn others_wait_for_working_days() {
        for (from, expected) in [
            // Koningsdag on Monday 27 April 2026, and on Saturday 26 April 2025 and 2031.
            ("2026-04-24 10:00", ["04-28 10:00", "04-29 10:00", "04-30 10:00"]),
            ("2025-04-25 10:00", ["04-28 10:00", "04-29 10:00", "04-30 10:00"]),
            ("2031-04-25 10:00", ["04-28 10:00", "04-29 10:00", "04-30 10:00"]),
            // Ascension on 6 May 2027.
            ("2027-05-05 10:00", ["05-07 10:00", "05-10 10:00", "05-11 10:00"]),
        ] {
            let taken = climb(Severity::High, from);
            let times: Vec<&str> = taken.iter().map(|step| &step[..11]).collect();
            assert_eq!(times, expected, "{from}");
        }
        assert_eq!(climb(Severity::Low, "2026-11-20 10:00"), Vec::<String>::new());
        assert_eq!(climb(Severity::Medium, "2026-11-20 10:00").len(), 2);
    }

    #[test]
    fn a_calendar_that_is_not_there_takes_no_step() {
        let climbed = Climbed { steps: 0, since: 0 };
        assert_eq!(next(&Ladders::default(), Severity::High, climbed, |_| None), None);
        let top = Climbed { steps: 3, since: 0 };
        let always = Calendar::always(zone());
        assert_eq!(next(&Ladders::default(), Severity::High, top, |_| Some(&always)), None);
    }
}
