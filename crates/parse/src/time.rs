//! Reads times as feeds write them. A time without a zone is UTC.

/// A moment: seconds since 1970-01-01T00:00Z and microseconds on top.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Moment {
    pub seconds: i64,
    pub micros: u32,
}

/// What a zone in the text means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Zone {
    /// The offset counts.
    Counts,
    /// The source says the time is UTC whatever offset it writes.
    AlwaysUtc,
}

/// Reads `YYYY-MM-DD HH:MM:SS`, the one form nearly every row has, straight from the bytes.
#[inline]
pub(crate) fn read_usual(bytes: &[u8]) -> Option<i64> {
    let b: &[u8; 19] = bytes.try_into().ok()?;
    if b[4] != b'-' || b[7] != b'-' || (b[10] != b' ' && b[10] != b'T') || b[13] != b':' || b[16] != b':' {
        return None;
    }
    let digits = [b[0], b[1], b[2], b[3], b[5], b[6], b[8], b[9], b[11], b[12], b[14], b[15], b[17], b[18]];
    // All of them at once, without a branch for each.
    if digits.iter().fold(false, |odd, digit| odd | !digit.is_ascii_digit()) {
        return None;
    }
    let two = |at: usize| u32::from(b[at] - b'0') * 10 + u32::from(b[at + 1] - b'0');
    seconds_of(i64::from(two(0) * 100 + two(2)), two(5), two(8), [two(11), two(14), two(17)])
}

/// Reads the forms met in practice: ISO 8601 with or without time, fraction and zone, `20260303T050757Z`, `03/04/2026 01:02`
/// (month first), RFC 2822 and the `ctime` form. Names of zones other than UTC are taken as UTC, as the reference does.
pub(crate) fn read(text: &str, zone: Zone) -> Option<Moment> {
    if let Some(seconds) = read_usual(text.as_bytes()) {
        return Some(Moment { seconds, micros: 0 });
    }
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    let mut parts = Parts::default();
    let mut rest = text;
    // The date first when it is written in digits alone; else word by word.
    if let Some((date, after)) = iso_date(rest).or_else(|| american_date(rest)).or_else(|| compact_date(rest))
    {
        parts.date = Some(date);
        rest = after.strip_prefix(['T', 't']).unwrap_or(after);
        if let Some((clock, after)) = compact_clock(rest) {
            parts.clock = Some(clock);
            rest = after;
        }
    }
    parts.read_words(rest)?;
    let (year, month, day) = match parts.date {
        Some(date) => date,
        None => (parts.year?, parts.month?, parts.day?),
    };
    let clock = parts.clock.unwrap_or_default();
    let seconds = seconds_of(year, month, day, [clock.hour, clock.minute, clock.second])?;
    let offset = match zone {
        Zone::Counts => parts.offset.unwrap_or(0),
        Zone::AlwaysUtc => 0,
    };
    Some(Moment { seconds: seconds - offset, micros: clock.micros })
}

impl Moment {
    /// As `2010-02-10T00:00:00+00:00`, with microseconds when there are any.
    pub(crate) fn to_idf(self) -> String {
        let days = self.seconds.div_euclid(86_400);
        let second = self.seconds.rem_euclid(86_400);
        let (year, month, day) = civil_of(days);
        let mut text = format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        );
        if self.micros > 0 {
            text.push_str(&format!(".{:06}", self.micros));
        }
        text.push_str("+00:00");
        text
    }
}

#[derive(Clone, Copy, Default)]
struct Clock {
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
}

type Date = (i64, u32, u32);

#[derive(Default)]
struct Parts {
    date: Option<Date>,
    year: Option<i64>,
    month: Option<u32>,
    day: Option<u32>,
    clock: Option<Clock>,
    offset: Option<i64>,
}

impl Parts {
    /// Reads what is left, word by word: weekday, day, month name, year, clock and zone in any order.
    fn read_words(&mut self, text: &str) -> Option<()> {
        let mut rest = text.trim_start_matches([' ', ',']);
        while !rest.is_empty() {
            if self.clock.is_none()
                && let Some((clock, after)) = clock(rest)
            {
                self.clock = Some(clock);
                rest = after;
            } else if self.clock.is_some()
                && let Some((offset, after)) = numeric_offset(rest)
            {
                self.offset = Some(offset);
                rest = after;
            } else if rest.starts_with(|c: char| c.is_ascii_digit()) {
                let (number, digits, after) = number(rest)?;
                match digits {
                    4 if self.date.is_none() && self.year.is_none() => self.year = Some(i64::from(number)),
                    1 | 2 if self.date.is_none() && self.day.is_none() => self.day = Some(number),
                    // `04-Sep-19`: the day came first.
                    2 if self.date.is_none() && self.year.is_none() => {
                        self.year = Some(i64::from(number) + if number < 77 { 2000 } else { 1900 });
                    }
                    _ => return None,
                }
                rest = after;
            } else {
                let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                match word_kind(word)? {
                    Word::Month(month) if self.date.is_none() && self.month.is_none() => {
                        self.month = Some(month);
                    }
                    Word::Weekday => {}
                    Word::Zone if self.clock.is_some() => {
                        self.offset.get_or_insert(0);
                    }
                    Word::Month(_) | Word::Zone => return None,
                }
                rest = after;
            }
            // A hyphen joins the parts of a date; behind the clock it is the sign of an offset.
            rest = rest.trim_start_matches([' ', ',']);
            if self.clock.is_none() {
                rest = rest.trim_start_matches('-');
            }
        }
        Some(())
    }
}

enum Word {
    Month(u32),
    Weekday,
    Zone,
}

fn word_kind(word: &str) -> Option<Word> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let lower = word.to_ascii_lowercase();
    let is = |name: &&str| *name == lower || name[..3] == lower;
    if let Some(at) = MONTHS.iter().position(&is) {
        return Some(Word::Month(at as u32 + 1));
    }
    if DAYS.iter().any(is) {
        return Some(Word::Weekday);
    }
    // `Z`, `UTC`, `CEST`.
    (!word.is_empty() && word.len() <= 5 && word.bytes().all(|b| b.is_ascii_uppercase()))
        .then_some(Word::Zone)
}

fn number(text: &str) -> Option<(u32, usize, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, end, rest))
}

fn iso_date(text: &str) -> Option<(Date, &str)> {
    let (year, 4, rest) = number(text)? else { return None };
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/'))?;
    let (month, 1 | 2, rest) = number(&rest[1..])? else { return None };
    let (day, 1 | 2, rest) = number(rest.strip_prefix(separator)?)? else { return None };
    Some(((i64::from(year), month, day), rest))
}

fn american_date(text: &str) -> Option<(Date, &str)> {
    let (month, 1 | 2, rest) = number(text)? else { return None };
    let (day, 1 | 2, rest) = number(rest.strip_prefix('/')?)? else { return None };
    let (year, 4, rest) = number(rest.strip_prefix('/')?)? else { return None };
    Some(((i64::from(year), month, day), rest))
}

/// `YYYYMMDD`, alone or before a compact clock.
fn compact_date(text: &str) -> Option<(Date, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if digits != 8 && digits != 14 {
        return None;
    }
    let part = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
    Some(((i64::from(part(0, 4)?), part(4, 6)?, part(6, 8)?), &text[8..]))
}

/// `HHMMSS` right behind a compact date.
fn compact_clock(text: &str) -> Option<(Clock, &str)> {
    let (_, 6, rest) = number(text)? else { return None };
    let part = |from: usize| text[from..from + 2].parse().ok();
    Some((Clock { hour: part(0)?, minute: part(2)?, second: part(4)?, micros: 0 }, rest))
}

/// `H:M`, `H:M:S`, `H:M:S.fraction`.
fn clock(text: &str) -> Option<(Clock, &str)> {
    let (hour, 1 | 2, rest) = number(text)? else { return None };
    let (minute, 1 | 2, mut rest) = number(rest.strip_prefix(':')?)? else { return None };
    let mut clock = Clock { hour, minute, ..Clock::default() };
    if let Some(after) = rest.strip_prefix(':') {
        let (second, 1 | 2, after) = number(after)? else { return None };
        clock.second = second;
        rest = after;
        if let Some(fraction) = rest.strip_prefix('.') {
            let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            let six: String = fraction[..end].chars().chain("000000".chars()).take(6).collect();
            clock.micros = six.parse().ok()?;
            rest = &fraction[end..];
        }
    }
    Some((clock, rest))
}

/// `+02:00`, `-0500`, `+01`: seconds east of Greenwich.
fn numeric_offset(text: &str) -> Option<(i64, &str)> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (value, digits, rest) = number(&text[1..])?;
    let (hours, minutes, rest) = match (digits, rest.strip_prefix(':')) {
        (1 | 2, Some(after)) => {
            let (minutes, 2, rest) = number(after)? else { return None };
            (value, minutes, rest)
        }
        (1 | 2, None) => (value, 0, rest),
        (4, None) => (value / 100, value % 100, rest),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some((sign * i64::from(hours * 3600 + minutes * 60), rest))
}

/// Seconds since 1970 of a date and `[hour, minute, second]`, when there is such a moment.
#[inline]
fn seconds_of(year: i64, month: u32, day: u32, [hour, minute, second]: [u32; 3]) -> Option<i64> {
    if hour > 23 || minute > 59 || second > 59 || !(1..=12).contains(&month) || year < 1 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    if day < 1 || day > days {
        return None;
    }
    Some(days_of(year, month, day) * 86_400 + i64::from(hour * 3600 + minute * 60 + second))
}

/// Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day comes last.
#[inline]
fn days_of(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_of_year = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_of_year + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a day since 1970-01-01: the inverse of [`days_of`].
fn civil_of(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_of_year = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_of_year + 2) / 5 + 1) as u32;
    let month = ((month_of_year + 2) % 12 + 1) as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn idf(text: &str) -> Option<String> {
        read(text, Zone::Counts).map(Moment::to_idf)
    }

    #[test]
    fn times_are_read_as_feeds_write_them() {
        for (text, expected) in [
            ("2019-09-04 15:45:51", "2019-09-04T15:45:51+00:00"),
            (" 2019-09-04 15:45:51 ", "2019-09-04T15:45:51+00:00"),
            ("2019-09-04T15:45:51Z", "2019-09-04T15:45:51+00:00"),
            ("2019-09-04T15:45:51+02:00", "2019-09-04T13:45:51+00:00"),
            ("2019-09-04 15:45:51 -0500", "2019-09-04T20:45:51+00:00"),
            ("2019-09-04", "2019-09-04T00:00:00+00:00"),
            ("2019-09-04 15:45", "2019-09-04T15:45:00+00:00"),
            ("2019-9-4 5:7:7", "2019-09-04T05:07:07+00:00"),
            ("2019/09/04 15:45:51", "2019-09-04T15:45:51+00:00"),
            ("2019-09-04 15:45:51.123", "2019-09-04T15:45:51.123000+00:00"),
            ("2019-09-04 15:45:51 UTC", "2019-09-04T15:45:51+00:00"),
            ("2019-09-04 15:45:51 CEST", "2019-09-04T15:45:51+00:00"),
            ("20190904154551", "2019-09-04T15:45:51+00:00"),
            ("20190904T154551Z", "2019-09-04T15:45:51+00:00"),
            ("20190904", "2019-09-04T00:00:00+00:00"),
            ("09/04/2019 15:45:51", "2019-09-04T15:45:51+00:00"),
            ("Wed, 04 Sep 2019 15:45:51 GMT", "2019-09-04T15:45:51+00:00"),
            ("Sat, 01 Jan 2022 00:00:00 +0100", "2021-12-31T23:00:00+00:00"),
            ("Sep  4 15:45:51 2019 GMT", "2019-09-04T15:45:51+00:00"),
            ("Wed Sep  4 15:45:51 UTC 2019", "2019-09-04T15:45:51+00:00"),
            ("04-Sep-2019 15:45:51", "2019-09-04T15:45:51+00:00"),
            ("Wednesday, 04-Sep-19 15:45:51 GMT", "2019-09-04T15:45:51+00:00"),
            ("1969-12-31 23:59:59", "1969-12-31T23:59:59+00:00"),
            ("9999-12-31 23:59:59", "9999-12-31T23:59:59+00:00"),
            ("1601-01-01 00:00:00", "1601-01-01T00:00:00+00:00"),
        ] {
            assert_eq!(idf(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            " ",
            "garbage",
            "0000-00-00 00:00:00",
            "2019-02-30 00:00:00",
            "2019-13-01",
            "2019-09-04 24:00:00",
            "2019-09-04 15:45:60",
            "1567611951",
            "1567611951.5",
            "2019-09-04 15:45:51x",
            "15:45:51",
            "-",
            "2019",
            "99999999999999",
            "2019-09-04é",
        ] {
            assert_eq!(idf(text), None, "{text}");
        }
    }

    #[test]
    fn a_source_in_utc_is_believed_over_the_offset_it_writes() {
        let moment = read("2019-09-04T15:45:51+02:00", Zone::AlwaysUtc).unwrap();
        assert_eq!(moment.to_idf(), "2019-09-04T15:45:51+00:00");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(seconds in -60_000_000_000_i64..200_000_000_000) {
            let moment = Moment { seconds, micros: 0 };
            prop_assert_eq!(read(&moment.to_idf(), Zone::Counts), Some(moment));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9:/ TZ+é.,A-Za-z-]{0,30}") {
            let _ = read(&text, Zone::Counts);
        }
    }
}
