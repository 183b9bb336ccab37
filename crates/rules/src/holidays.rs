//! Public holidays of the Netherlands, by rule: no list that runs out.
//!
//! Source: Algemene termijnenwet, article 3 (<https://wetten.overheid.nl/BWBR0002448>).

use jiff::civil::{Date, Weekday, date};

/// Which days count as public holidays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holidays {
    /// None: a calendar that never rests.
    None,
    /// Those of the Algemene termijnenwet, by which legal terms are counted: also Good Friday and 5 May.
    Legal,
    /// Those on which offices are closed as a rule: the legal ones without Good Friday, and 5 May only every five years.
    Office,
}

impl Holidays {
    /// Is this day one of them? Sundays are not: they are no working days by themselves.
    pub fn contain(self, day: Date) -> bool {
        match self {
            Self::None => false,
            Self::Legal => name(day).is_some(),
            Self::Office => match name(day) {
                Some(Holiday::GoodFriday) => false,
                Some(Holiday::LiberationDay) => day.year() % LIBERATION_DAY_OFF_YEARS == 0 || more(day),
                named => named.is_some(),
            },
        }
    }
}

/// Offices close on 5 May in the years of a lustrum: 2025, 2030.
const LIBERATION_DAY_OFF_YEARS: i16 = 5;

/// Is 5 May another holiday as well? Ascension falls on it in 2005 and 2016.
fn more(day: Date) -> bool {
    is_movable(day).is_some()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Holiday {
    NewYear,
    GoodFriday,
    EasterMonday,
    KingsDay,
    LiberationDay,
    Ascension,
    WhitMonday,
    Christmas,
    BoxingDay,
}

fn name(day: Date) -> Option<Holiday> {
    match (day.month(), day.day()) {
        (1, 1) => Some(Holiday::NewYear),
        (5, 5) => Some(Holiday::LiberationDay),
        (12, 25) => Some(Holiday::Christmas),
        (12, 26) => Some(Holiday::BoxingDay),
        _ if kings_day(day.year()) == Some(day) => Some(Holiday::KingsDay),
        _ => is_movable(day),
    }
}

fn is_movable(day: Date) -> Option<Holiday> {
    let easter = easter(day.year())?;
    let after = easter.until(day).ok()?.get_days();
    match after {
        -2 => Some(Holiday::GoodFriday),
        1 => Some(Holiday::EasterMonday),
        39 => Some(Holiday::Ascension),
        50 => Some(Holiday::WhitMonday),
        _ => None,
    }
}

/// The day on which the King's birthday is celebrated: 27 April, or the day before when that is a Sunday. Until 2013 it was the Queen's,
/// on 30 April, which is not counted here.
fn kings_day(year: i16) -> Option<Date> {
    let day = Date::new(year, 4, 27).ok()?;
    match day.weekday() {
        Weekday::Sunday => day.yesterday().ok(),
        _ => Some(day),
    }
}

/// Easter Sunday of the Gregorian calendar, by the algorithm of Meeus, Jones and Butcher.
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (golden, century, rest) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let (leap_centuries, century_rest) = (century / 4, century % 4);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - leap_centuries - correction + 15).rem_euclid(30);
    let weekday = (32 + 2 * century_rest + 2 * (rest / 4) - epact - rest % 4).rem_euclid(7);
    let shift = (golden + 11 * epact + 22 * weekday) / 451;
    let count = epact + weekday - 7 * shift + 114;
    Date::new(i16::try_from(year).ok()?, i8::try_from(count / 31).ok()?, i8::try_from(count % 31 + 1).ok()?)
        .ok()
}

/// When a legal term that would end on this day ends: not on a Saturday, a Sunday or a public holiday, but on the first day after that is
/// none (article 1).
pub fn end_of_legal_term(mut day: Date) -> Date {
    while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) || Holidays::Legal.contain(day) {
        match day.tomorrow() {
            Ok(next) => day = next,
            // The end of all dates that can be written.
            Err(_) => return date(9999, 12, 31),
        }
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(holidays: Holidays, year: i16) -> Vec<String> {
        let mut day = date(year, 1, 1);
        let mut found = Vec::new();
        while day.year() == year {
            if holidays.contain(day) {
                found.push(format!("{:02}-{:02}", day.month(), day.day()));
            }
            day = day.tomorrow().unwrap();
        }
        found
    }

    #[test]
    fn the_days_of_the_law_fall_where_the_almanac_has_them() {
        for (year, expected) in [
            (2025, "01-01 04-18 04-21 04-26 05-05 05-29 06-09 12-25 12-26"),
            (2026, "01-01 04-03 04-06 04-27 05-05 05-14 05-25 12-25 12-26"),
            // Ascension is the day after 5 May.
            (2027, "01-01 03-26 03-29 04-27 05-05 05-06 05-17 12-25 12-26"),
            (2031, "01-01 04-11 04-14 04-26 05-05 05-22 06-02 12-25 12-26"),
            // Easter at its latest.
            (2038, "01-01 04-23 04-26 04-27 05-05 06-03 06-14 12-25 12-26"),
        ] {
            assert_eq!(days(Holidays::Legal, year).join(" "), expected, "{year}");
        }
    }

    #[test]
    fn offices_work_on_good_friday_and_in_most_years_on_5_may() {
        assert_eq!(days(Holidays::Office, 2026).join(" "), "01-01 04-06 04-27 05-14 05-25 12-25 12-26");
        assert!(Holidays::Office.contain(date(2025, 5, 5)) && Holidays::Office.contain(date(2030, 5, 5)));
        assert!(Holidays::Office.contain(date(2016, 5, 5)), "Ascension");
        assert_eq!(days(Holidays::None, 2026), Vec::<String>::new());
    }

    #[test]
    fn a_legal_term_ends_on_a_day_that_counts() {
        for (day, end) in [
            (date(2026, 11, 20), date(2026, 11, 20)),
            (date(2026, 11, 21), date(2026, 11, 23)),
            // Koningsdag on Saturday 26 April 2025, then Sunday.
            (date(2025, 4, 26), date(2025, 4, 28)),
            // Good Friday, Saturday, Easter, Easter Monday.
            (date(2026, 4, 3), date(2026, 4, 7)),
            // 5 May, Ascension on 6 May; 7 May is a Friday.
            (date(2027, 5, 5), date(2027, 5, 7)),
        ] {
            assert_eq!(end_of_legal_term(day), end, "{day}");
        }
        assert_eq!(end_of_legal_term(Date::MAX), Date::MAX);
    }
}
