//! When what is grouped is told: each hour, at a set time of the day, on a day of the week. Times of the day are those of
//! Europe/Amsterdam, also across a change of the clock: a time that does not exist is told an hour later, one that comes twice at its first.

use std::fmt;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use super::calendars::Calendars;

/// On which days something is told daily.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Days {
    /// On each.
    Every,
    /// On working days.
    Working,
}

/// How what is grouped is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rhythm {
    /// At each full hour.
    Hourly,
    /// Once a day.
    Daily(Days, Time),
    /// Once a week.
    Weekly(Weekday, Time),
}

/// After so many days without a working day a calendar is wrong, and the next day counts.
const DAYS_CLOSED_MAX: usize = 30;

impl Rhythm {
    /// How long something may wait, for comparing: a preference may only make it longer.
    pub fn rank(self) -> u8 {
        match self {
            Self::Hourly => 1,
            Self::Daily(..) => 2,
            Self::Weekly(..) => 3,
        }
    }

    /// The first time after `now` at which it is told.
    pub fn next(self, now: Timestamp, calendars: &Calendars) -> Timestamp {
        let zone = amsterdam();
        let today = now.to_zoned(zone.clone()).date();
        match self {
            Self::Hourly => {
                let seconds = now.as_second().div_euclid(3_600).saturating_add(1) * 3_600;
                Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
            }
            Self::Daily(days, time) => {
                let mut closed = 0;
                self::days_from(today)
                    .filter_map(|day| at(day, time, &zone))
                    .find(|moment| {
                        let day = moment.to_zoned(zone.clone()).date();
                        let open = days == Days::Every || calendars.is_working_day(day);
                        closed += usize::from(!open);
                        *moment > now && (open || closed > DAYS_CLOSED_MAX)
                    })
                    .unwrap_or(Timestamp::MAX)
            }
            Self::Weekly(on, time) => days_from(today)
                .filter(|day| day.weekday() == on)
                .filter_map(|day| at(day, time, &zone))
                .find(|moment| *moment > now)
                .unwrap_or(Timestamp::MAX),
        }
    }
}

/// As it stands in the store and in reports: `daily 09:00 working`.
impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hourly => f.write_str("hourly"),
            Self::Daily(days, time) => {
                write!(f, "daily {}", time.strftime("%H:%M"))?;
                f.write_str(if *days == Days::Working { " working" } else { "" })
            }
            Self::Weekly(on, time) => write!(f, "weekly {} {}", weekday_word(*on), time.strftime("%H:%M")),
        }
    }
}

/// Europe/Amsterdam, from the tables built in.
pub(super) fn amsterdam() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").expect("the time zone tables are built in")
}

fn days_from(first: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.checked_add(1.day()).ok())
}

fn at(day: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().ok()
}

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
    (Weekday::Sunday, "sunday"),
];

fn weekday_word(day: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|(one, _)| *one == day).map_or("", |(_, word)| word)
}

/// The day of the week by its English name.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(_, name)| name.eq_ignore_ascii_case(word.trim())).map(|(day, _)| *day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;
    use crate::calendar::{Calendar, Weekly};

    fn next(rhythm: Rhythm, now: &str) -> String {
        rhythm.next(now.parse().unwrap(), &Calendars::default()).to_string()
    }

    #[test]
    fn the_next_time_is_after_now_also_when_the_clock_changes() {
        let daily = |hour, minute| Rhythm::Daily(Days::Every, time(hour, minute, 0, 0));
        let working = |hour| Rhythm::Daily(Days::Working, time(hour, 0, 0, 0));
        let weekly = Rhythm::Weekly(Weekday::Monday, time(9, 0, 0, 0));
        let cases = [
            (Rhythm::Hourly, "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"),
            (Rhythm::Hourly, "2026-11-22T10:59:59Z", "2026-11-22T11:00:00Z"),
            // Summer time begins at 01:00 UTC, and ends at 01:00 UTC.
            (Rhythm::Hourly, "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"),
            (Rhythm::Hourly, "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"),
            (daily(9, 0), "2026-11-22T07:59:59Z", "2026-11-22T08:00:00Z"),
            (daily(9, 0), "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"),
            (daily(9, 0), "2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"),
            (daily(9, 0), "2026-10-24T08:00:00Z", "2026-10-25T08:00:00Z"),
            // 02:30 does not exist on 29 March, and comes twice on 25 October.
            (daily(2, 30), "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"),
            (daily(2, 30), "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"),
            (daily(2, 30), "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
            (daily(2, 30), "2026-10-25T01:00:00Z", "2026-10-26T01:30:00Z"),
            // Friday evening to Monday morning.
            (working(9), "2026-11-20T17:00:00Z", "2026-11-23T08:00:00Z"),
            // Easter Monday, 2026.
            (working(9), "2026-04-03T08:00:00Z", "2026-04-07T07:00:00Z"),
            (working(9), "2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z"),
            (weekly, "2026-11-22T10:00:00Z", "2026-11-23T08:00:00Z"),
            (weekly, "2026-11-23T08:00:00Z", "2026-11-30T08:00:00Z"),
            (weekly, "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z"),
            (weekly, "2026-10-19T08:00:00Z", "2026-10-26T08:00:00Z"),
        ];
        for (rhythm, now, expected) in cases {
            assert_eq!(next(rhythm, now), expected, "{rhythm} at {now}");
        }
    }

    #[test]
    fn a_calendar_that_is_never_open_delays_for_a_month_at_most() {
        let mut closed = Calendars::default();
        let never = Weekly { days: [None; 7], ..Weekly::office() };
        closed.put("office", Calendar::weekly(never, amsterdam()));
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let next = Rhythm::Daily(Days::Working, time(9, 0, 0, 0)).next(now, &closed);
        assert_eq!(next.to_string(), "2026-12-22T08:00:00Z");
    }
}
