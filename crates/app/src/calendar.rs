//! Days and times as people in the Netherlands count them.

use jiff::{Timestamp, tz::TimeZone};

/// Europe/Amsterdam, from the tables built in.
pub fn amsterdam() -> TimeZone {
    TimeZone::get("Europe/Amsterdam").expect("the time zone tables are built in")
}

/// The day in Europe/Amsterdam, `2026-11-21`.
pub fn day(at: Timestamp) -> String {
    at.to_zoned(amsterdam()).date().to_string()
}

/// The beginning of a day in UTC.
pub fn start_of_day_utc(day: jiff::civil::Date) -> Timestamp {
    TimeZone::UTC
        .to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
