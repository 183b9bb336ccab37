//! Times in text that people and programs write: with the month by name or by number, by 12 hours or 24, in a zone by name or
//! by number.
//!
//! Feeds of rows have a reader of their own ([`crate::time`]) that does as the reference does. Here a zone's name counts.

use jiff::civil;

/// A time in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Moment {
    /// Since 1970.
    pub seconds: i64,
    /// Was there a clock beside the date?
    pub has_clock: bool,
}

/// Bytes of a line in which a time is looked for.
const LINE_BYTES_MAX: usize = 2_000;

/// Months in English and in Dutch, by the start of their names.
const MONTHS: &[(&str, i8)] = &[
    ("january", 1),
    ("januari", 1),
    ("february", 2),
    ("februari", 2),
    ("march", 3),
    ("maart", 3),
    ("mrt", 3),
    ("april", 4),
    ("may", 5),
    ("mei", 5),
    ("june", 6),
    ("juni", 6),
    ("july", 7),
    ("juli", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("oktober", 10),
    ("augustus", 8),
    ("november", 11),
    ("december", 12),
];

const WEEKDAYS: [&str; 14] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "maandag",
    "dinsdag",
    "woensdag",
    "donderdag",
    "vrijdag",
    "zaterdag",
    "zondag",
];

/// Zones by name, in minutes east of Greenwich. Of names with several meanings the one that mail has meant since RFC 822.
const ZONES: [(&str, i64); 22] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("met", 60),
    ("cest", 120),
    ("mest", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("mst", -420),
    ("mdt", -360),
    ("pst", -480),
    ("pdt", -420),
];

/// The first time in a line. One without a zone is at `offset` seconds east of Greenwich.
pub(super) fn first(line: &str, offset: i64) -> Option<Moment> {
    let mut end = line.len().min(LINE_BYTES_MAX);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let line = &line[..end];
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        // A time does not begin in the middle of a word, an address or a longer number.
        if c.is_ascii_alphanumeric()
            && !before.is_alphanumeric()
            && !matches!(before, '.' | '-' | '/' | ':')
            && let Some(moment) = read(&line[at..], offset)
        {
            return Some(moment);
        }
        before = c;
    }
    None
}

/// Seconds east of Greenwich of the zone in the text of a `Date` field.
pub(super) fn offset_of(date: &str) -> i64 {
    let mut rest = date;
    while let Some(space) = rest.find(' ') {
        rest = &rest[space + 1..];
        if let Some(offset) = zone(&mut Cursor { rest }) {
            return offset;
        }
    }
    0
}

#[derive(Clone, Copy)]
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    /// Up to `digits_max` digits: their value and how many they were.
    fn number(&mut self, digits_max: usize) -> Option<(u32, usize)> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > digits_max {
            return None;
        }
        let value = self.rest[..digits].parse().ok()?;
        self.rest = &self.rest[digits..];
        Some((value, digits))
    }

    fn word(&mut self) -> &'t str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn eat(&mut self, wanted: &[char]) -> Option<char> {
        let c = self.rest.chars().next().filter(|c| wanted.contains(c))?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',', '\u{a0}']);
    }

    /// The month, when that is the next word.
    fn month(&mut self) -> Option<i8> {
        let mut ahead = *self;
        let word = ahead.word().to_ascii_lowercase();
        let fits =
            |name: &str| word.len() >= 3 && (name == word || (name.starts_with(&word) && word.len() <= 4));
        let (_, month) = MONTHS.iter().find(|(name, _)| fits(name))?;
        ahead.eat(&['.']);
        *self = ahead;
        Some(*month)
    }
}

fn read(text: &str, offset: i64) -> Option<Moment> {
    let mut at = Cursor { rest: text };
    skip_weekday(&mut at);
    let mut year_is_last = None;
    let (year, month, day) = by_numbers(&mut at).or_else(|| by_name(&mut at)).or_else(|| {
        // `Sep  4 15:45:51 2019`: the year stands behind the clock.
        let month = at.month()?;
        at.spaces();
        let (day, _) = at.number(2)?;
        year_is_last = Some(());
        Some((0, month, day))
    })?;
    let is_dotted = text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('.');
    let clock = clock(&mut at);
    // `1.2.2019` alone is as well a version.
    if is_dotted && clock.is_none() {
        return None;
    }
    if clock.is_none()
        && at.rest.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !at.rest.starts_with('T')
    {
        return None;
    }
    let (hour, minute, second) = clock.unwrap_or_default();
    let mut zone_offset = None;
    if clock.is_some() {
        let mut ahead = at;
        ahead.spaces();
        zone_offset = zone(&mut ahead);
        if zone_offset.is_some() {
            at = ahead;
        }
    }
    let year = match year_is_last {
        None => year,
        Some(()) => {
            at.spaces();
            match at.number(4)? {
                (year, 4) => year,
                _ => return None,
            }
        }
    };
    let date = civil::Date::new(i16::try_from(year).ok()?, month, i8::try_from(day).ok()?).ok()?;
    let time = civil::Time::new(hour, minute, second, 0).ok()?;
    let utc = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let seconds = utc - zone_offset.unwrap_or(if clock.is_some() { offset } else { 0 });
    (1970..=2105).contains(&year).then_some(Moment { seconds, has_clock: clock.is_some() })
}

fn skip_weekday(at: &mut Cursor<'_>) {
    let mut ahead = *at;
    let word = ahead.word().to_ascii_lowercase();
    let is_day = word.len() >= 2
        && WEEKDAYS.iter().any(|day| *day == word || (word.len() <= 4 && day.starts_with(&word)));
    if is_day {
        ahead.eat(&['.']);
        ahead.spaces();
        *at = ahead;
    }
}

/// `2019-09-04`, `2019/9/4`, `20190904T…`, `04-09-2019`, `4.9.2019` (the day first), `09/04/2019` (the month first, unless
/// it cannot be one).
fn by_numbers(at: &mut Cursor<'_>) -> Option<(u32, i8, u32)> {
    let mut ahead = *at;
    let (first, digits) = ahead.number(8)?;
    let date = if digits == 8 {
        ahead.rest.starts_with(['T', ' ']).then_some((first / 10_000, first / 100 % 100, first % 100))?
    } else {
        let mark = ahead.eat(&['-', '/', '.'])?;
        let (second, 1 | 2) = ahead.number(2)? else { return None };
        ahead.eat(&[mark])?;
        let (third, third_digits) = ahead.number(4)?;
        match (digits, third_digits, mark) {
            (4, 1 | 2, _) => (first, second, third),
            (1 | 2, 4, '/') if first <= 12 => (third, first, second),
            (1 | 2, 4, _) => (third, second, first),
            _ => return None,
        }
    };
    *at = ahead;
    Some((date.0, i8::try_from(date.1).ok()?, date.2))
}

/// `4 Sep 2019`, `04-Sep-2019`, `04/Sep/2019:…`, `September 4, 2019`, `4 september 2019`, `04-Sep-19`.
fn by_name(at: &mut Cursor<'_>) -> Option<(u32, i8, u32)> {
    let join = |at: &mut Cursor<'_>| {
        if at.eat(&['-', '/']).is_none() {
            at.spaces();
        }
    };
    let mut ahead = *at;
    let (month, day) = match ahead.month() {
        Some(month) => {
            ahead.spaces();
            let (day, _) = ahead.number(2)?;
            for ending in ["st", "nd", "rd", "th"] {
                ahead.rest = ahead.rest.strip_prefix(ending).unwrap_or(ahead.rest);
            }
            (month, day)
        }
        None => {
            let (day, _) = ahead.number(2)?;
            for ending in ["st ", "nd ", "rd ", "th ", "e "] {
                ahead.rest = ahead.rest.strip_prefix(ending).unwrap_or(ahead.rest);
            }
            join(&mut ahead);
            (ahead.month()?, day)
        }
    };
    join(&mut ahead);
    let year = match ahead.number(4)? {
        (year, 4) => year,
        (year, 2) if !ahead.rest.starts_with(':') => 2000 + year,
        _ => return None,
    };
    *at = ahead;
    Some((year, month, day))
}

/// `15:45`, `15:45:51.123`, `03:45 PM`, behind a `T`, spaces, `at`, `om` or the colon of a web server's log.
fn clock(at: &mut Cursor<'_>) -> Option<(i8, i8, i8)> {
    let mut ahead = *at;
    if ahead.eat(&['T', 't', ':', '_']).is_none() {
        ahead.spaces();
        for joint in ["at ", "om ", "- ", "@ ", "("] {
            ahead.rest = ahead.rest.strip_prefix(joint).unwrap_or(ahead.rest);
        }
    }
    let (hour, digits) = ahead.number(6)?;
    let (mut hour, minute, second) = if digits == 6 {
        (hour / 10_000, hour / 100 % 100, hour % 100)
    } else if digits <= 2 {
        // `07: 14:42`: some mail program put a space there.
        ahead.eat(&[':'])?;
        ahead.eat(&[' ']);
        let (minute, 2) = ahead.number(2)? else { return None };
        let mut second = 0;
        if ahead.eat(&[':']).is_some() {
            let (read, 2) = ahead.number(2)? else { return None };
            second = read;
            if ahead.eat(&['.', ',']).is_some() {
                ahead.number(9)?;
            }
        }
        (hour, minute, second)
    } else {
        return None;
    };
    let mut half = ahead;
    half.spaces();
    match half.word().to_ascii_lowercase().as_str() {
        "am" => {
            hour %= 12;
            ahead = half;
        }
        "pm" => {
            hour = hour % 12 + 12;
            ahead = half;
        }
        _ => {}
    }
    *at = ahead;
    // A leap second is the one before.
    Some((i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second.min(59)).ok()?))
}

/// `Z`, `+0200`, `-07:00`, `(UTC)`, `CEST`, `GMT+2`, `UTC -05:00`: seconds east of Greenwich.
fn zone(at: &mut Cursor<'_>) -> Option<i64> {
    at.eat(&['(', '[']);
    if let Some(offset) = numeric_zone(at) {
        return Some(offset);
    }
    let word = at.word().to_ascii_lowercase();
    let (_, minutes) = ZONES.iter().find(|(name, _)| *name == word)?;
    if *minutes == 0 && word.len() > 1 {
        let mut ahead = *at;
        ahead.spaces();
        if let Some(offset) = numeric_zone(&mut ahead) {
            *at = ahead;
            return Some(offset);
        }
    }
    Some(minutes * 60)
}

fn numeric_zone(at: &mut Cursor<'_>) -> Option<i64> {
    let mut ahead = *at;
    let sign = if ahead.eat(&['+', '-', '\u{2212}'])? == '+' { 1 } else { -1 };
    let (value, digits) = ahead.number(4)?;
    let (hours, minutes) = match digits {
        4 => (value / 100, value % 100),
        1 | 2 => {
            let mut behind = ahead;
            match behind.eat(&[':']).and_then(|_| behind.number(2)) {
                Some((minutes, 2)) => {
                    ahead = behind;
                    (value, minutes)
                }
                _ => (value, 0),
            }
        }
        _ => return None,
    };
    *at = ahead;
    (hours <= 14 && minutes < 60).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Option<String> {
        first(text, 0).map(|moment| jiff::Timestamp::from_second(moment.seconds).unwrap().to_string())
    }

    #[test]
    fn times_are_found_as_people_write_them() {
        for (text, expected) in [
            ("2015-11-13T20:35:03Z", "2015-11-13T20:35:03Z"),
            ("Date: '2015-05-15 17:03:11-07:00'", "2015-05-16T00:03:11Z"),
            ("Tested on:      2015-09-23 04:04:18 +0200", "2015-09-23T02:04:18Z"),
            ("2015-10-07T16:18:18+00:00", "2015-10-07T16:18:18Z"),
            ("  - Mon, 21 Sep 2015 11:00AM PDT", "2015-09-21T18:00:00Z"),
            ("Mon, 21 Sep 2015 12:00AM PDT", "2015-09-21T07:00:00Z"),
            ("Tue, 19 Jan 2016 19:04:10 -0500 (EST)", "2016-01-20T00:04:10Z"),
            ("Tue, 19 Jan 2016 15:16:34 UTC", "2016-01-19T15:16:34Z"),
            ("Tue, 04 Aug 2015 11:01:12 -0000", "2015-08-04T11:01:12Z"),
            ("04 Sep 2015 13:19:53 GMT", "2015-09-04T13:19:53Z"),
            ("on 2022-11-25 23:36:38 (UTC).", "2022-11-25T23:36:38Z"),
            ("192.0.2.1 - - [04/Sep/2019:15:45:51 +0200] \"GET /\"", "2019-09-04T13:45:51Z"),
            ("Wed Sep  4 15:45:51 2019", "2019-09-04T15:45:51Z"),
            ("Sep 4, 2019 at 3:45 pm CEST", "2019-09-04T13:45:00Z"),
            ("September 4th, 2019 15:45", "2019-09-04T15:45:00Z"),
            ("woensdag 4 september 2019 om 15:45", "2019-09-04T15:45:00Z"),
            ("gezien op 04-09-2019 15:45:51 CEST", "2019-09-04T13:45:51Z"),
            ("4.9.2019 15:45", "2019-09-04T15:45:00Z"),
            ("09/14/2019 15:45", "2019-09-14T15:45:00Z"),
            ("14/09/2019 15:45", "2019-09-14T15:45:00Z"),
            ("3 mrt. 2026 05:07:57 GMT+1", "2026-03-03T04:07:57Z"),
            ("12 okt 2025 15:00 UTC +02:00", "2025-10-12T13:00:00Z"),
            ("20190904T154551Z", "2019-09-04T15:45:51Z"),
            ("2019-09-04", "2019-09-04T00:00:00Z"),
            ("2019-09-04 15:45:51.123456", "2019-09-04T15:45:51Z"),
            ("seen from 192.0.2.1 at 2019-09-04 15:45", "2019-09-04T15:45:00Z"),
        ] {
            assert_eq!(found(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "192.0.2.1",
            "version 1.2.2019",
            "30-02-2019 10:00",
            "2019-13-01",
            "15:45",
            "May I ask",
            "1-2-3",
            "in 2019",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_that_of_the_sender() {
        assert_eq!(offset_of("Fri, 15 May 2015 17:03:13 -0700"), -25_200);
        assert_eq!(offset_of("Fri, 15 May 2015 17:03:13 CEST"), 7_200);
        assert_eq!(offset_of("nonsense"), 0);
        let at = |offset| first("2019-09-04 15:45:51", offset).unwrap().seconds;
        assert_eq!(at(7_200), at(0) - 7_200);
        assert!(!first("2019-09-04", 7_200).unwrap().has_clock);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9:/ TZ+é.,A-Za-z()-]{0,60}", offset in -50_000_i64..50_000) {
            let _ = first(&text, offset);
            let _ = offset_of(&text);
        }

        #[test]
        fn what_is_written_is_found(seconds in 0_i64..4_000_000_000, before in "[a-z ]{0,10} ") {
            let written = jiff::Timestamp::from_second(seconds).unwrap();
            prop_assert_eq!(first(&format!("{before}{written}"), 3600).map(|moment| moment.seconds), Some(seconds));
        }
    }
}
