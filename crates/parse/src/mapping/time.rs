//! Times as a mapping says they are written.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    fmt::strtime,
    tz::TimeZone,
};
use schakel_model::{
    limits::{OBSERVED_AT_MAX, OBSERVED_AT_MIN},
    reject::{Reject, RejectCode},
};

use crate::time::Moment;

/// How a time is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TimeFormat {
    /// ISO 8601 as most write it: `2024-03-01 12:00:00`, `2024-03-01T12:00:00+01:00`, `2024-03-01`.
    Iso,
    /// RFC 3339 and nothing else.
    Rfc3339,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMs,
    /// By `strptime` directives: `%d/%m/%Y %H:%M`.
    Pattern(String),
}

impl TimeFormat {
    /// The format by its word, or a pattern.
    pub fn named(word: &str) -> Result<Self, String> {
        match word {
            "iso" => Ok(Self::Iso),
            "rfc3339" => Ok(Self::Rfc3339),
            "unix" => Ok(Self::Unix),
            "unix_ms" => Ok(Self::UnixMs),
            pattern if pattern.contains('%') => {
                check_pattern(pattern).map(|()| Self::Pattern(pattern.to_owned()))
            }
            other => Err(format!(
                "`{other}` is no time format: use iso, rfc3339, unix, unix_ms or a pattern such as %Y-%m-%d %H:%M:%S"
            )),
        }
    }

    /// Reads a time; `zone` is where the clock stands when the text does not say.
    pub fn read(&self, text: &str, zone: &TimeZone) -> Result<Moment, Reject> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Reject::new(RejectCode::BadTime, "the row has no time"));
        }
        let moment = match self {
            Self::Iso => iso(text, zone),
            Self::Rfc3339 => text.parse().ok().map(moment),
            Self::Unix => unix(text, 1),
            Self::UnixMs => unix(text, 1_000),
            Self::Pattern(pattern) => by_pattern(pattern, text, zone),
        };
        let Some(moment) = moment else {
            let what = match self {
                Self::Iso => "a date and time such as 2024-03-01 12:00:00",
                Self::Rfc3339 => "RFC 3339, such as 2024-03-01T12:00:00Z",
                Self::Unix => "seconds since 1970",
                Self::UnixMs => "milliseconds since 1970",
                Self::Pattern(pattern) => pattern,
            };
            return Err(Reject::new(
                RejectCode::BadTime,
                format!("the time `{}` is not {what}", shown(text)),
            ));
        };
        if (OBSERVED_AT_MIN..=OBSERVED_AT_MAX).contains(&moment.seconds) {
            Ok(moment)
        } else {
            let message = format!("the time `{}` is not between 1970 and 2106", shown(text));
            Err(Reject::new(RejectCode::TimeOutOfRange, message))
        }
    }
}

/// As much of a value as fits a sentence.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

fn moment(timestamp: Timestamp) -> Moment {
    Moment {
        seconds: timestamp.as_second(),
        micros: u32::try_from(timestamp.subsec_microsecond()).unwrap_or(0),
    }
}

fn iso(text: &str, zone: &TimeZone) -> Option<Moment> {
    if let Ok(timestamp) = text.parse() {
        return Some(moment(timestamp));
    }
    let (text, zone) = match text.strip_suffix("UTC").or_else(|| text.strip_suffix("GMT")) {
        Some(text) => (text.trim_end(), &TimeZone::UTC),
        None => (text, zone),
    };
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from)).ok()?;
    in_zone(civil, zone)
}

/// A clock time that happens twice is the first of them, one that never happens is moved over the gap.
fn in_zone(civil: DateTime, zone: &TimeZone) -> Option<Moment> {
    zone.to_timestamp(civil).ok().map(moment)
}

/// A number of which `per_second` make a second.
fn unix(text: &str, per_second: i64) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !is_digits(digits) || !is_digits(fraction) {
        return None;
    }
    // More digits than fit are a time that is out of range, not one that cannot be read.
    let whole: i64 = whole.parse().unwrap_or(i64::MAX);
    let part = if per_second == 1 {
        format!("{fraction:0<6}").get(..6).and_then(|digits| digits.parse().ok()).unwrap_or(0)
    } else {
        u32::try_from(whole.rem_euclid(per_second) * (1_000_000 / per_second)).unwrap_or(0)
    };
    Some(Moment { seconds: whole.div_euclid(per_second), micros: part })
}

fn by_pattern(pattern: &str, text: &str, zone: &TimeZone) -> Option<Moment> {
    let time = strtime::parse(pattern, text).ok()?;
    if let Ok(timestamp) = time.to_timestamp() {
        return Some(moment(timestamp));
    }
    let civil = time.to_datetime().or_else(|_| time.to_date().map(DateTime::from)).ok()?;
    in_zone(civil, zone)
}

/// A pattern must write a time that it reads back to the day.
fn check_pattern(pattern: &str) -> Result<(), String> {
    let sample = jiff::civil::date(2024, 3, 1).at(12, 34, 56, 0);
    let zoned = sample.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
    let written = strtime::format(pattern, &zoned).map_err(|error| {
        format!("`{pattern}` is no time pattern ({error}): use directives such as %Y-%m-%d %H:%M:%S")
    })?;
    let read = by_pattern(pattern, &written, &TimeZone::UTC);
    let day = |seconds: i64| seconds.div_euclid(86_400);
    if read.map(|read| day(read.seconds)) == Some(day(zoned.timestamp().as_second())) {
        Ok(())
    } else {
        Err(format!("`{pattern}` does not say which day it is: use directives such as %Y-%m-%d %H:%M:%S"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amsterdam() -> TimeZone {
        TimeZone::get("Europe/Amsterdam").unwrap()
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let utc = TimeZone::UTC;
        let noon = 1_709_294_400; // 2024-03-01T12:00:00Z
        for (format, text, zone, expected) in [
            ("iso", "2024-03-01 12:00:00", &utc, Some(noon)),
            ("iso", "2024-03-01T12:00:00Z", &amsterdam(), Some(noon)),
            ("iso", "2024-03-01 13:00:00", &amsterdam(), Some(noon)),
            ("iso", "2024-03-01 12:00:00 UTC", &amsterdam(), Some(noon)),
            ("iso", "2024-03-01T13:00:00.999+01:00", &utc, Some(noon)),
            ("iso", "2024-03-01", &utc, Some(noon - 43_200)),
            ("iso", "01/03/2024", &utc, None),
            ("rfc3339", "2024-03-01T12:00:00Z", &utc, Some(noon)),
            ("rfc3339", "2024-03-01 12:00", &utc, None),
            ("unix", "1709294400", &utc, Some(noon)),
            ("unix", "1709294400.123", &utc, Some(noon)),
            ("unix", "1e9", &utc, None),
            ("unix", "", &utc, None),
            ("unix_ms", "1709294400999", &utc, Some(noon)),
            ("%d/%m/%Y %H:%M", "01/03/2024 13:00", &amsterdam(), Some(noon)),
            ("%Y-%m-%d %H:%M:%S %z", "2024-03-01 14:00:00 +0200", &amsterdam(), Some(noon)),
            ("%d-%m-%Y", "01-03-2024", &utc, Some(noon - 43_200)),
            // The hour that happens twice and the one that never does.
            ("iso", "2024-10-27 02:30:00", &amsterdam(), Some(1_729_989_000)),
            ("iso", "2024-03-31 02:30:00", &amsterdam(), Some(1_711_848_600)),
        ] {
            let read = TimeFormat::named(format).unwrap().read(text, zone);
            assert_eq!(read.as_ref().ok().map(|at| at.seconds), expected, "{format} {text} {read:?}");
        }
    }

    #[test]
    fn parts_of_a_second_are_kept() {
        for (format, text) in [
            ("iso", "2024-03-01 12:00:00.25"),
            ("iso", "2024-03-01T12:00:00.25Z"),
            ("unix", "1709294400.25"),
            ("unix_ms", "1709294400250"),
            ("%Y%m%d%H%M%S%.f", "20240301120000.25"),
        ] {
            let read = TimeFormat::named(format).unwrap().read(text, &TimeZone::UTC).unwrap();
            assert_eq!((read.seconds, read.micros), (1_709_294_400, 250_000), "{format} {text}");
        }
    }

    #[test]
    fn a_time_outside_the_range_says_so() {
        let zone = TimeZone::UTC;
        for (format, text) in [
            ("iso", "1969-12-31 23:59:59"),
            ("iso", "2150-01-01"),
            ("unix", "-1"),
            ("unix", "99999999999999999999"),
        ] {
            let reject = TimeFormat::named(format).unwrap().read(text, &zone).unwrap_err();
            assert_eq!(reject.code, RejectCode::TimeOutOfRange, "{text}");
        }
    }

    #[test]
    fn a_format_that_cannot_work_is_refused() {
        for format in ["", "iso8601", "%H:%M", "%Q", "%d %H:%M"] {
            assert!(TimeFormat::named(format).is_err(), "{format}");
        }
    }
}
