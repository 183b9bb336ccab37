//! The clock of a possible data breach: the supervisor hears of it within 72 hours of its discovery (AVG/GDPR article 33, paragraph 1),
//! unless it is decided, with a reason, that no report is needed.

/// Within this time of the discovery, in seconds.
pub const REPORT_WITHIN_SECONDS: i64 = 72 * 3_600;

/// How a breach stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// Time is left, in seconds; more than none.
    Left(i64),
    /// It is over since so many seconds.
    Overdue(i64),
}

/// Until when it must be decided, in seconds since 1970.
pub fn deadline(discovered_at: i64) -> i64 {
    discovered_at.saturating_add(REPORT_WITHIN_SECONDS)
}

/// How a breach that is not decided yet stands at this time.
pub fn clock(discovered_at: i64, now: i64) -> Clock {
    match deadline(discovered_at).saturating_sub(now) {
        left @ 1.. => Clock::Left(left),
        over => Clock::Overdue(over.saturating_neg()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_runs_from_the_discovery() {
        let hours = |hours: i64| 1_000_000 + hours * 3_600;
        let discovered = hours(0);
        for (now, expected) in [
            (hours(0), Clock::Left(72 * 3_600)),
            (hours(71), Clock::Left(3_600)),
            (hours(72) - 1, Clock::Left(1)),
            (hours(72), Clock::Overdue(0)),
            (hours(73), Clock::Overdue(3_600)),
            (hours(-1), Clock::Left(73 * 3_600)),
        ] {
            assert_eq!(clock(discovered, now), expected, "{now}");
        }
        assert_eq!(clock(i64::MAX, i64::MIN), Clock::Left(i64::MAX));
    }
}
