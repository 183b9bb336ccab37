//! To wait, until it is time or the program stops.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Tells a thread to stop.
#[derive(Debug, Default)]
pub struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Stops.
    pub fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Should it stop?
    pub fn is_set(&self) -> bool {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long, or shorter when it should stop.
    pub fn wait(&self, time: Duration) {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.changed.wait_timeout_while(set, time, |set| !*set);
    }
}
