//! Dates of the register: RFC 3339, or a bare date, which is 00:00 UTC.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// Seconds since 1970.
pub(super) fn read_date(text: &str) -> Option<i64> {
    if text.len() == "2026-01-31".len() {
        let date: Date = text.parse().ok()?;
        return Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second());
    }
    let at: Timestamp = text.parse().ok()?;
    // Whole seconds, rounded down, also before 1970.
    Some(at.as_nanosecond().div_euclid(1_000_000_000) as i64)
}

/// As short as it can be said: a bare date at 00:00 UTC.
pub(super) fn write_date(seconds: i64) -> String {
    let Ok(at) = Timestamp::from_second(seconds) else { return String::new() };
    let text = at.to_string();
    text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_what_they_write() {
        for (text, seconds, written) in [
            ("1970-01-02", 86_400, "1970-01-02"),
            ("2026-01-01", 1_767_225_600, "2026-01-01"),
            ("2026-01-01T00:00:00Z", 1_767_225_600, "2026-01-01"),
            ("2026-01-01T01:00:00+01:00", 1_767_225_600, "2026-01-01"),
            ("2026-01-01T00:00:01Z", 1_767_225_601, "2026-01-01T00:00:01Z"),
            ("2026-01-01 00:00:01.9Z", 1_767_225_601, "2026-01-01T00:00:01Z"),
            ("1969-12-31T23:59:59.5Z", -1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(read_date(text), Some(seconds), "{text}");
            assert_eq!(write_date(seconds), written);
            assert_eq!(read_date(written), Some(seconds));
        }
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-30",
            "01-02-2026",
            "2026-01-01T00:00:00",
            "tomorrow",
            "20260101",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }
}
