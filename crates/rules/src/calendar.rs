//! When a desk or a member is at work: hours a weekday, public holidays, days of its own. Terms are counted in it.

use std::collections::BTreeSet;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use crate::holidays::Holidays;

/// How far ahead an open moment is looked for, in days: a calendar that is closed for longer never opens.
const AHEAD_DAYS_MAX: usize = 3_660;

/// Opening hours in a time zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    hours: Hours,
    zone: TimeZone,
}

#[derive(Clone, Debug)]
enum Hours {
    Always,
    Weekly(Weekly),
}

/// Hours of each weekday, and the days on which there are none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weekly {
    /// From Monday: opening and closing time. A closing time of 00:00 is the end of the day; none is a day off.
    pub days: [Option<(Time, Time)>; 7],
    /// Public holidays.
    pub holidays: Holidays,
    /// Other days on which it is closed.
    pub closed: BTreeSet<Date>,
}

impl Weekly {
    /// Monday to Friday from 09:00 to 17:00, closed on the holidays of offices.
    pub fn office() -> Self {
        let day = Some((Time::constant(9, 0, 0, 0), Time::constant(17, 0, 0, 0)));
        Self {
            days: [day, day, day, day, day, None, None],
            holidays: Holidays::Office,
            closed: BTreeSet::new(),
        }
    }
}

/// An amount of time in a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Term {
    /// So many seconds of open time.
    Seconds(i64),
    /// So many days on which it opens: the same time of the day, or when it opens after that.
    Days(u32),
}

impl Calendar {
    /// Day and night, every day.
    pub fn always(zone: TimeZone) -> Self {
        Self { hours: Hours::Always, zone }
    }

    /// With these hours.
    pub fn weekly(hours: Weekly, zone: TimeZone) -> Self {
        Self { hours: Hours::Weekly(hours), zone }
    }

    /// The same, closed on these days as well; day and night stay what they are.
    pub fn without(&self, days: &BTreeSet<Date>) -> Self {
        let mut calendar = self.clone();
        if let Hours::Weekly(weekly) = &mut calendar.hours {
            weekly.closed.extend(days);
        }
        calendar
    }

    /// Is it open at this moment?
    pub fn is_open(&self, at: Timestamp) -> bool {
        match &self.hours {
            Hours::Always => true,
            Hours::Weekly(weekly) => {
                let day = at.to_zoned(self.zone.clone()).date();
                self.span(weekly, day).is_some_and(|(from, until)| from <= at && at < until)
            }
        }
    }

    /// The first moment from this one on at which it is open; `None` when it stays closed.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.hours {
            Hours::Always => Some(at),
            Hours::Weekly(weekly) => self.spans(weekly, at).next().map(|(from, _)| from),
        }
    }

    /// When a term that begins at this moment is over; `None` when it never is.
    ///
    /// Clock changes make no term longer or shorter: seconds are counted as they pass, days as people count them.
    pub fn after(&self, from: Timestamp, term: Term) -> Option<Timestamp> {
        match (&self.hours, term) {
            (_, Term::Seconds(seconds)) if seconds <= 0 => self.next_open(from),
            (Hours::Always, Term::Seconds(seconds)) => {
                from.checked_add(SignedDuration::from_secs(seconds)).ok()
            }
            (Hours::Always, Term::Days(days)) => {
                let there = from.to_zoned(self.zone.clone());
                let day = there.date().checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
                self.moment(day, there.time())
            }
            (Hours::Weekly(weekly), Term::Seconds(seconds)) => {
                let mut left = SignedDuration::from_secs(seconds);
                for (opens, closes) in self.spans(weekly, from) {
                    let open = opens.duration_until(closes);
                    if left <= open {
                        return opens.checked_add(left).ok();
                    }
                    left -= open;
                }
                None
            }
            (Hours::Weekly(weekly), Term::Days(days)) => self.after_days(weekly, from, days),
        }
    }

    fn after_days(&self, weekly: &Weekly, from: Timestamp, days: u32) -> Option<Timestamp> {
        let there = from.to_zoned(self.zone.clone());
        // What comes in on a day off comes in when it opens.
        let first = self.next_open(from)?.to_zoned(self.zone.clone());
        let time = if first.date() == there.date() { there.time() } else { first.time() };
        let mut open = self.open_days(weekly, first.date());
        let day = open.nth(days as usize)?;
        let (opens, closes) = self.span(weekly, day)?;
        Some(self.moment(day, time)?.clamp(opens, closes))
    }

    /// Open spans from this moment on; the first begins at it when it is open then.
    fn spans<'a>(
        &'a self,
        weekly: &'a Weekly,
        from: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + 'a {
        let first = from.to_zoned(self.zone.clone()).date();
        self.open_days(weekly, first)
            .filter_map(move |day| self.span(weekly, day))
            .filter(move |(_, closes)| *closes > from)
            .map(move |(opens, closes)| (opens.max(from), closes))
    }

    fn open_days<'a>(&'a self, weekly: &'a Weekly, first: Date) -> impl Iterator<Item = Date> + 'a {
        std::iter::successors(Some(first), |day| day.tomorrow().ok())
            .take(AHEAD_DAYS_MAX)
            .filter(move |day| self.span(weekly, *day).is_some())
    }

    /// When it is open on a day.
    fn span(&self, weekly: &Weekly, day: Date) -> Option<(Timestamp, Timestamp)> {
        if weekly.closed.contains(&day) || weekly.holidays.contain(day) {
            return None;
        }
        let (opens, closes) = weekly.days[weekday(day)]?;
        let end = match closes == Time::midnight() {
            true => self.moment(day.tomorrow().ok()?, closes)?,
            false => self.moment(day, closes)?,
        };
        let span = (self.moment(day, opens)?, end);
        (span.0 < span.1).then_some(span)
    }

    /// A time of the day that the clock skips is the one after the gap; one that comes twice is the first.
    fn moment(&self, day: Date, time: Time) -> Option<Timestamp> {
        Some(day.to_datetime(time).to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

fn weekday(day: Date) -> usize {
    match day.weekday() {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use proptest::prelude::*;

    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("Europe/Amsterdam").unwrap()
    }

    fn office() -> Calendar {
        Calendar::weekly(Weekly::office(), zone())
    }

    fn at(text: &str) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        civil.to_zoned(zone()).unwrap().timestamp()
    }

    fn local(at: Option<Timestamp>) -> String {
        at.map_or_else(String::new, |at| at.to_zoned(zone()).strftime("%a %Y-%m-%d %H:%M").to_string())
    }

    const HOUR: i64 = 3_600;

    #[test]
    fn hours_are_counted_while_it_is_open() {
        for (from, hours, over) in [
            ("2026-11-20 10:00", 2, "Fri 2026-11-20 12:00"),
            ("2026-11-20 16:00", 2, "Mon 2026-11-23 10:00"),
            ("2026-11-21 03:00", 1, "Mon 2026-11-23 10:00"),
            // Koningsdag on a Saturday changes nothing; that of 2026 is a Monday.
            ("2025-04-25 16:30", 1, "Mon 2025-04-28 09:30"),
            ("2026-04-24 16:30", 1, "Tue 2026-04-28 09:30"),
            // Ascension on Thursday 6 May 2027, the day after 5 May, which is no day off that year.
            ("2027-05-05 16:00", 2, "Fri 2027-05-07 10:00"),
            ("2026-11-20 17:00", 8, "Mon 2026-11-23 17:00"),
            ("2026-11-20 12:00", 0, "Fri 2026-11-20 12:00"),
            ("2026-11-21 12:00", 0, "Mon 2026-11-23 09:00"),
        ] {
            assert_eq!(
                local(office().after(at(from), Term::Seconds(hours * HOUR))),
                over,
                "{from} + {hours}"
            );
        }
    }

    #[test]
    fn days_are_those_on_which_it_opens() {
        for (from, days, over) in [
            ("2026-11-20 10:00", 1, "Mon 2026-11-23 10:00"),
            ("2026-11-20 20:00", 1, "Tue 2026-11-24 09:00"),
            ("2026-11-20 07:00", 1, "Mon 2026-11-23 09:00"),
            ("2026-12-24 10:00", 1, "Mon 2026-12-28 10:00"),
            ("2026-11-20 10:00", 0, "Fri 2026-11-20 10:00"),
        ] {
            assert_eq!(local(office().after(at(from), Term::Days(days))), over, "{from} + {days}");
        }
        let legal = Weekly { holidays: Holidays::Legal, ..Weekly::office() };
        let legal = Calendar::weekly(legal, zone());
        assert_eq!(local(legal.after(at("2027-05-04 10:00"), Term::Days(1))), "Fri 2027-05-07 10:00");
    }

    #[test]
    fn a_clock_change_makes_no_term_longer_or_shorter() {
        let always = Calendar::always(zone());
        // 29 March 2026: 02:00 is followed by 03:00. 25 October: 03:00 by 02:00.
        let spring = at("2026-03-29 01:30");
        assert_eq!(local(always.after(spring, Term::Seconds(HOUR))), "Sun 2026-03-29 03:30");
        assert_eq!(local(always.after(at("2026-03-28 02:30"), Term::Days(1))), "Sun 2026-03-29 03:30");
        let autumn = at("2026-10-25 01:30");
        assert_eq!(local(always.after(autumn, Term::Seconds(2 * HOUR))), "Sun 2026-10-25 02:30");
        assert_eq!(always.after(autumn, Term::Seconds(2 * HOUR)), Some(autumn + 2.hours()));
        assert_eq!(local(always.after(at("2026-10-24 02:30"), Term::Days(1))), "Sun 2026-10-25 02:30");
        // A night shift over the gap is an hour shorter.
        let night = Weekly {
            days: [Some((Time::constant(0, 0, 0, 0), Time::constant(6, 0, 0, 0))); 7],
            holidays: Holidays::None,
            closed: BTreeSet::new(),
        };
        let night = Calendar::weekly(night, zone());
        assert_eq!(
            local(night.after(at("2026-03-29 00:00"), Term::Seconds(5 * HOUR))),
            "Sun 2026-03-29 06:00"
        );
        assert_eq!(
            local(night.after(at("2026-10-25 00:00"), Term::Seconds(6 * HOUR))),
            "Sun 2026-10-25 05:00"
        );
    }

    #[test]
    fn a_calendar_that_never_opens_ends_no_term() {
        let closed = Weekly { days: [None; 7], ..Weekly::office() };
        let closed = Calendar::weekly(closed, zone());
        assert_eq!(closed.after(at("2026-11-20 10:00"), Term::Seconds(1)), None);
        assert_eq!(closed.next_open(at("2026-11-20 10:00")), None);
        let backwards = Weekly {
            days: [Some((Time::constant(17, 0, 0, 0), Time::constant(9, 0, 0, 0))); 7],
            ..Weekly::office()
        };
        assert_eq!(Calendar::weekly(backwards, zone()).next_open(at("2026-11-20 10:00")), None);
    }

    #[test]
    fn a_day_of_its_own_is_closed_and_midnight_ends_the_day() {
        let mut hours = Weekly::office();
        hours.closed.insert(jiff::civil::date(2026, 11, 23));
        hours.days[4] = Some((Time::constant(9, 0, 0, 0), Time::midnight()));
        let calendar = Calendar::weekly(hours, zone());
        assert_eq!(
            local(calendar.after(at("2026-11-20 23:00"), Term::Seconds(2 * HOUR))),
            "Tue 2026-11-24 10:00"
        );
        assert!(calendar.is_open(at("2026-11-20 23:59")) && !calendar.is_open(at("2026-11-23 10:00")));
    }

    proptest! {
        /// The oracle counts minute by minute.
        #[test]
        fn a_term_is_as_long_as_its_open_minutes(start in 0_i64..400 * 24 * 60, minutes in 1_i64..3_000) {
            let from = at("2026-01-01 00:00") + SignedDuration::from_mins(start);
            let office = office();
            let over = office.after(from, Term::Seconds(minutes * 60)).unwrap();
            let mut open = 0;
            let mut now = from;
            while now < over {
                open += i64::from(office.is_open(now));
                now += SignedDuration::from_mins(1);
            }
            prop_assert_eq!(open, minutes);
            prop_assert!(office.is_open(over - SignedDuration::from_mins(1)));
        }
    }
}
