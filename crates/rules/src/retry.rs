//! What follows an attempt to deliver one mail to one recipient: done, again later, or give up.

use jiff::{SignedDuration, Timestamp};

/// The first wait after an attempt that may succeed later. Greylisting servers ask for one to five minutes.
pub const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);

/// Waits double up to this: a server that is back after a night's outage gets its mail within hours.
pub const WAIT_MAX: SignedDuration = SignedDuration::from_hours(4);

/// After this time without acceptance the mail is given up. RFC 5321 (4.5.4.1) advises four to five days; security
/// findings are told to somebody else sooner than that.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(48);

/// Nor is it given up before this many attempts: an installation that was off for a week still tries.
pub const ATTEMPTS_MIN: u32 = 8;

/// Attempts at most, also when a clock that is set back makes time stand still. The waits above fill
/// [`PATIENCE`] in about 20 attempts.
pub const ATTEMPTS_MAX: u32 = 40;

/// The part of a wait that chance adds or takes away, in percent, so that mails that failed together do not come back
/// together.
pub const JITTER_PERCENT: i64 = 20;

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Attempt {
    /// The server took the mail.
    Accepted,
    /// The server, the network or our own settings stood in the way; the recipient was not refused.
    Temporary,
    /// The server refuses this recipient or this mail (5xx).
    Permanent,
    /// The mail was sent but the answer did not come: it may have arrived.
    Unknown,
    /// Our own process ended during the attempt: the mail may have arrived. Found at the next start.
    Interrupted,
}

/// Where a delivery stands after an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Attempts so far, this one included.
    pub attempts: u32,
    /// When the first attempt started.
    pub first_attempt_at: Timestamp,
    /// The time now.
    pub now: Timestamp,
}

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Nothing: it is delivered.
    Done,
    /// Try again at this time, with the same bytes.
    RetryAt(Timestamp),
    /// Stop for this recipient.
    GiveUp(GiveUp),
}

/// Why a delivery stops without being accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GiveUp {
    /// The server refuses this recipient or this mail.
    Refused,
    /// Nobody took it within [`PATIENCE`].
    TooLong,
    /// As [`GiveUp::TooLong`], but the last attempt may have arrived.
    StillUnknown,
}

impl GiveUp {
    /// The word in stores and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TooLong => "too_long",
            Self::StillUnknown => "still_unknown",
        }
    }
}

/// Decides what follows an attempt. `chance` is any random number; the same number gives the same decision.
///
/// An attempt of which the end is unknown is repeated with the same bytes and the same Message-ID: a mail may come twice,
/// which the recipient's system can see, but is never lost. One that our own end cut off says nothing about the server: it
/// is repeated at once, however often that happened.
pub fn after_attempt(attempt: Attempt, progress: Progress, chance: u32) -> Decision {
    let given_up = match attempt {
        Attempt::Accepted => return Decision::Done,
        Attempt::Permanent => return Decision::GiveUp(GiveUp::Refused),
        Attempt::Interrupted => return Decision::RetryAt(progress.now),
        Attempt::Temporary => GiveUp::TooLong,
        Attempt::Unknown => GiveUp::StillUnknown,
    };
    let Ok(next) = progress.now.saturating_add(wait(progress.attempts, chance)) else {
        return Decision::GiveUp(given_up);
    };
    let too_long = next.duration_since(progress.first_attempt_at) > PATIENCE;
    if progress.attempts >= ATTEMPTS_MAX || (too_long && progress.attempts >= ATTEMPTS_MIN) {
        return Decision::GiveUp(given_up);
    }
    Decision::RetryAt(next)
}

/// Does a refusal say that there is no such mailbox, so that the next mail fails as well? By the enhanced codes of RFC 3463: 5.1 is the address
/// (5.1.7 and 5.1.8 that of the sender), 5.2.1 a mailbox that takes nothing any more.
pub fn is_no_such_mailbox(answer: &str) -> bool {
    let mut codes = answer.split_ascii_whitespace().take(ENHANCED_WITHIN_WORDS);
    codes.any(|code| (code.starts_with("5.1.") && !matches!(code, "5.1.7" | "5.1.8")) || code == "5.2.1")
}

/// The enhanced code stands at the beginning of an answer: `550 5.1.1 <a@b>: unknown`.
const ENHANCED_WITHIN_WORDS: usize = 3;

/// The wait after this many attempts.
fn wait(attempts: u32, chance: u32) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(16);
    let seconds = (FIRST_WAIT.as_secs() << doublings).min(WAIT_MAX.as_secs());
    let swing = seconds * JITTER_PERCENT / 100;
    let offset = (2 * swing * i64::from(chance)) / i64::from(u32::MAX) - swing;
    SignedDuration::from_secs(seconds + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_is_gone_is_no_mailbox() {
        for (answer, expected) in [
            ("550 5.1.1 <a@b.example>: user unknown", true),
            ("550 5.1.10 null MX", true),
            ("550 5.2.1 disabled", true),
            ("552 5.2.2 full", false),
            ("554 5.7.1 looks like spam", false),
            ("550 5.1.8 bad sender", false),
            ("550 no", false),
            ("550 we saw 5.1.1 elsewhere, 5.1.1", false),
            ("", false),
        ] {
            assert_eq!(is_no_such_mailbox(answer), expected, "{answer}");
        }
    }

    const START: Timestamp = Timestamp::UNIX_EPOCH;
    /// A chance that neither adds nor takes away.
    const EVEN: u32 = u32::MAX / 2 + 1;

    fn at(minutes: i64) -> Timestamp {
        START + SignedDuration::from_mins(minutes)
    }

    fn after(attempt: Attempt, attempts: u32, minutes: i64) -> Decision {
        let progress = Progress { attempts, first_attempt_at: START, now: at(minutes) };
        after_attempt(attempt, progress, EVEN)
    }

    #[test]
    fn each_outcome_has_its_next_step() {
        use Attempt::{Accepted, Interrupted, Permanent, Temporary, Unknown};
        let cases = [
            (Accepted, 1, 0, Decision::Done),
            (Accepted, 99, 99_999, Decision::Done),
            (Permanent, 1, 0, Decision::GiveUp(GiveUp::Refused)),
            (Temporary, 1, 0, Decision::RetryAt(at(1))),
            (Temporary, 2, 1, Decision::RetryAt(at(3))),
            (Temporary, 5, 15, Decision::RetryAt(at(31))),
            (Temporary, 12, 1_000, Decision::RetryAt(at(1_240))),
            (Unknown, 1, 0, Decision::RetryAt(at(1))),
            (Interrupted, 200, 7, Decision::RetryAt(at(7))),
            (Interrupted, 1, 99_999, Decision::RetryAt(at(99_999))),
            (Temporary, 2, 99_999, Decision::RetryAt(at(100_001))),
            (Temporary, 20, 48 * 60 - 239, Decision::GiveUp(GiveUp::TooLong)),
            (Unknown, 20, 48 * 60 - 239, Decision::GiveUp(GiveUp::StillUnknown)),
            (Temporary, 20, 48 * 60 - 240, Decision::RetryAt(at(48 * 60))),
            (Temporary, ATTEMPTS_MAX, 0, Decision::GiveUp(GiveUp::TooLong)),
        ];
        for (attempt, attempts, minutes, expected) in cases {
            assert_eq!(after(attempt, attempts, minutes), expected, "{attempt:?} {attempts} {minutes}");
        }
    }

    #[test]
    fn a_server_that_never_answers_is_tried_for_two_days_and_then_given_up() {
        for chance in [0, EVEN, u32::MAX] {
            let mut progress = Progress { attempts: 1, first_attempt_at: START, now: START };
            while let Decision::RetryAt(next) = after_attempt(Attempt::Temporary, progress, chance) {
                assert!(next > progress.now);
                progress = Progress { attempts: progress.attempts + 1, now: next, ..progress };
            }
            assert!((16..=24).contains(&progress.attempts), "{} attempts", progress.attempts);
            let tried = progress.now.duration_since(START);
            assert!(tried > SignedDuration::from_hours(42) && tried <= PATIENCE, "{tried:?}");
        }
    }

    #[test]
    fn chance_moves_a_wait_by_a_fifth_at_most() {
        for (chance, seconds) in [(0, 48), (EVEN, 60), (u32::MAX, 72)] {
            assert_eq!(wait(1, chance).as_secs(), seconds);
        }
    }

    #[test]
    fn a_clock_set_back_still_ends() {
        let mut progress = Progress { attempts: 1, first_attempt_at: at(10_000), now: START };
        while let Decision::RetryAt(_) = after_attempt(Attempt::Temporary, progress, EVEN) {
            progress.attempts += 1;
        }
        assert_eq!(progress.attempts, ATTEMPTS_MAX);
    }
}
