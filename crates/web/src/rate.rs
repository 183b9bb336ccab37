//! How much somebody may ask: so many requests a minute, of which a tenth at once. Whoever asks too often does not slow down others.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Looks for proof that one client, or one person, asks for within a minute: each can take long, and goes to a machine that somebody outside has named.
pub(crate) const CHECKS_IN_A_MINUTE: u32 = 30;

/// Of whom it is remembered; those that are rested are forgotten first.
const REMEMBERED_MAX: usize = 10_000;

/// At least so many may come at once: a page of a portal asks for a few things together.
const AT_ONCE_MIN: f64 = 10.0;

/// What each has left: a client or a person by number, who is not known yet by the network it comes from.
#[derive(Clone, Debug)]
pub struct Rate<K>(Arc<Mutex<HashMap<K, Bucket>>>);

impl<K> Default for Rate<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl<K: Eq + Hash> Rate<K> {
    /// One request more. `Err`: come again after this time.
    pub fn take(&self, client: K, per_minute: u32, now: Instant) -> Result<(), Duration> {
        let a_second = f64::from(per_minute.max(1)) / 60.0;
        let most = (f64::from(per_minute) / 10.0).max(AT_ONCE_MIN.min(f64::from(per_minute)));
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED_MAX {
            buckets.retain(|_, bucket| now.duration_since(bucket.at) < Duration::from_secs(60));
        }
        let bucket = buckets.entry(client).or_insert(Bucket { left: most, at: now });
        let rested = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = rested.mul_add(a_second, bucket.left).min(most);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / a_second));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_asks_too_often_waits_and_others_do_not() {
        let rate = Rate::default();
        let start = Instant::now();
        let at_once = (0..1_000).take_while(|_| rate.take(1, 600, start).is_ok()).count();
        assert_eq!(at_once, 60);
        let wait = rate.take(1, 600, start).unwrap_err();
        assert!(wait <= Duration::from_millis(100), "{wait:?}");
        assert!(rate.take(2, 600, start).is_ok());
        assert!(rate.take(1, 600, start + wait + Duration::from_millis(1)).is_ok());
        // Over a minute it is what was allowed, and no more.
        let tenths = (1..=600).map(|tenth| start + Duration::from_millis(100 * tenth));
        let taken = tenths.flat_map(|at| [at; 5]).filter(|at| rate.take(3, 60, *at).is_ok()).count();
        assert!((60..=70).contains(&taken), "{taken}");
    }
}
