//! How often a key may ask.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::answer::Refused;

/// A client asks for a list and then for each file; this is a month of a member's files in a few minutes.
const IN_A_WINDOW_MAX: u32 = 240;

/// The window, in seconds.
const WINDOW_SECONDS: i64 = 60;

/// What each key has asked in this window.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    window: i64,
    by_key: HashMap<u32, u32>,
}

impl Rate {
    /// One question more of this key.
    pub fn count(&self, key: u32, now: i64) -> Result<(), Refused> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = now.div_euclid(WINDOW_SECONDS);
        if counts.window != window {
            *counts = Counts { window, by_key: HashMap::new() };
        }
        let count = counts.by_key.entry(key).or_default();
        if *count >= IN_A_WINDOW_MAX {
            return Err(Refused::too_often((WINDOW_SECONDS - now.rem_euclid(WINDOW_SECONDS)) as u32));
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_does_not_take_from_another_and_a_minute_later_it_may_again() {
        let rate = Rate::default();
        let asked = (0..1_000).take_while(|_| rate.count(1, 600).is_ok()).count();
        assert_eq!(asked, IN_A_WINDOW_MAX as usize);
        assert!(rate.count(2, 659).is_ok());
        assert!(rate.count(1, 659).is_err());
        assert!(rate.count(1, 660).is_ok());
    }
}
