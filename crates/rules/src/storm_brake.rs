//! The storm brake: how many mails one recipient gets in an hour and in a day. What is braked waits and is shown; it is
//! never dropped.

use jiff::{SignedDuration, Timestamp};

/// How many mails one address gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StormBrake {
    /// In any period of an hour. At least one.
    pub per_hour: u32,
    /// In any period of a day. At least one.
    pub per_day: u32,
}

impl Default for StormBrake {
    /// A brake against storms, not a rhythm: notifications are grouped, so that a member gets a few on a bad day. Thirty in
    /// an hour is one every two minutes, more than a person can act on: a fault or an attack, and worth a wait.
    fn default() -> Self {
        Self { per_hour: 30, per_day: 100 }
    }
}

/// May a mail go now?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Yes.
    Go,
    /// Not before this time.
    WaitUntil(Timestamp),
}

impl StormBrake {
    /// May another mail go to a recipient who was sent mails at the times `sent`? Their order does not matter; times
    /// older than a day are not looked at, so the caller may leave them out.
    pub fn verdict(&self, sent: &[Timestamp], now: Timestamp) -> Verdict {
        let hour = free_at(sent, now, SignedDuration::from_hours(1), self.per_hour);
        let day = free_at(sent, now, SignedDuration::from_hours(24), self.per_day);
        match hour.max(day) {
            Some(free) => Verdict::WaitUntil(free),
            None => Verdict::Go,
        }
    }
}

/// When a place comes free in the window; `None` when there is one now.
fn free_at(sent: &[Timestamp], now: Timestamp, window: SignedDuration, most: u32) -> Option<Timestamp> {
    // After a clock was set back, mails "of the future" count as of now: a wait never gets longer than the window.
    let mut within: Vec<Timestamp> =
        sent.iter().map(|at| (*at).min(now)).filter(|at| now.duration_since(*at) < window).collect();
    within.sort_unstable();
    let most = most.max(1) as usize;
    let leaves = within.len().checked_sub(most)?;
    within[leaves].saturating_add(window).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(100_000 + minutes)
    }

    #[test]
    fn the_brake_opens_when_a_mail_leaves_the_window() {
        let brake = StormBrake { per_hour: 2, per_day: 3 };
        let cases: &[(&[i64], i64, Verdict)] = &[
            (&[], 0, Verdict::Go),
            (&[0], 0, Verdict::Go),
            (&[0, 10], 20, Verdict::WaitUntil(at(60))),
            (&[10, 0], 59, Verdict::WaitUntil(at(60))),
            (&[0, 10], 60, Verdict::Go),
            (&[0, 10, 61], 65, Verdict::WaitUntil(at(24 * 60))),
            (&[0, 10, 11], 65, Verdict::WaitUntil(at(24 * 60))),
            (&[0, 10, 61], 24 * 60, Verdict::Go),
            // More than the limit went (it was lowered): wait until only one is left in the hour.
            (&[0, 1, 2, 3], 4, Verdict::WaitUntil(at(24 * 60 + 1))),
        ];
        for (sent, now, expected) in cases {
            let sent: Vec<_> = sent.iter().map(|minutes| at(*minutes)).collect();
            assert_eq!(brake.verdict(&sent, at(*now)), *expected, "{sent:?} at {now}");
        }
    }

    #[test]
    fn a_clock_set_back_never_makes_a_wait_longer_than_the_window() {
        let brake = StormBrake { per_hour: 1, per_day: 9 };
        assert_eq!(brake.verdict(&[at(9_999)], at(0)), Verdict::WaitUntil(at(60)));
    }

    #[test]
    fn a_limit_of_zero_is_one_so_that_nothing_waits_for_ever() {
        let brake = StormBrake { per_hour: 0, per_day: 0 };
        assert_eq!(brake.verdict(&[], at(0)), Verdict::Go);
    }
}
