//! How often something may be tried, by everybody together: behind a proxy all have one address.

use std::sync::{Arc, Mutex, PoisonError};

/// Counts what is tried in a minute.
#[derive(Clone, Debug)]
pub(crate) struct Brake {
    minute_and_count: Arc<Mutex<(i64, u32)>>,
    in_a_minute: u32,
}

impl Brake {
    /// Lets this many through in a minute.
    pub fn new(in_a_minute: u32) -> Self {
        Self { minute_and_count: Arc::default(), in_a_minute }
    }

    /// One more, at this time (seconds since 1970): may it be answered?
    pub fn lets_through(&self, now: i64) -> bool {
        let mut counted = self.minute_and_count.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.div_euclid(60);
        if counted.0 != minute {
            *counted = (minute, 0);
        }
        counted.1 = counted.1.saturating_add(1);
        counted.1 <= self.in_a_minute
    }
}
