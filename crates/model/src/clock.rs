//! The one clock. Everything that needs the time gets a [`Clock`], so that `--now` replaces it everywhere.

use jiff::{SignedDuration, Timestamp};

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    fixed: Option<Timestamp>,
    ahead: SignedDuration,
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self { fixed: None, ahead: SignedDuration::ZERO }
    }

    /// A clock that stands still at `now` (the global option `--now`).
    pub fn fixed(now: Timestamp) -> Self {
        Self { fixed: Some(now), ahead: SignedDuration::ZERO }
    }

    /// The machine's own clock, put forward by this; put back when it is negative (`--now=+10m`).
    pub fn shifted(ahead: SignedDuration) -> Self {
        Self { fixed: None, ahead }
    }

    /// The time by this clock.
    #[allow(clippy::disallowed_methods)] // The one place that may ask the machine.
    pub fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(|| Timestamp::now().saturating_add(self.ahead).unwrap_or(Timestamp::MAX))
    }

    /// The time by this clock in whole seconds since 1970-01-01T00:00Z.
    pub fn now_seconds(&self) -> i64 {
        self.now().as_second()
    }
}
