//! Times as a reader sees them: UTC, and the Dutch local time beside it.

use jiff::{Timestamp, tz::TimeZone};

/// The zone of the reader.
pub const LOCAL_ZONE: &str = "Europe/Amsterdam";

/// Writes times.
#[derive(Clone, Debug)]
pub struct Times {
    local: TimeZone,
}

impl Default for Times {
    fn default() -> Self {
        Self { local: TimeZone::get(LOCAL_ZONE).expect("the zone is in the built-in database") }
    }
}

impl Times {
    /// `2026-03-14 06:45`, UTC.
    pub fn utc_minutes(&self, at: Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-03-14 06:45:30`, UTC, as Shadowserver writes it.
    pub fn utc_seconds(&self, at: Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `2026-03-14 07:45`, local.
    pub fn local_minutes(&self, at: Timestamp) -> String {
        at.to_zoned(self.local.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-03-14`, local.
    pub fn local_day(&self, at: Timestamp) -> String {
        at.to_zoned(self.local.clone()).strftime("%Y-%m-%d").to_string()
    }

    /// `07:45`, local; with the date in front (`15-03 00:45`) when it is another day than in UTC.
    pub fn local_beside_utc(&self, at: Timestamp) -> String {
        let local = at.to_zoned(self.local.clone());
        let same_day = local.date() == at.to_zoned(TimeZone::UTC).date();
        local.strftime(if same_day { "%H:%M" } else { "%d-%m %H:%M" }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_follows_summer_time_and_names_another_day() {
        let times = Times::default();
        for (at, utc, local) in [
            ("2026-03-14T06:45:30Z", "2026-03-14 06:45", "07:45"),
            ("2026-07-14T06:45:30Z", "2026-07-14 06:45", "08:45"),
            ("2026-03-14T23:45:30Z", "2026-03-14 23:45", "15-03 00:45"),
        ] {
            let at: Timestamp = at.parse().unwrap();
            assert_eq!((times.utc_minutes(at).as_str(), times.local_beside_utc(at).as_str()), (utc, local));
        }
    }
}
