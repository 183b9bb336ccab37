//! What the policy keeps, looked at now and then: an overview is due, a rule has ended, another policy is in force.

use std::time::{Duration, Instant};

use schakel_store::{Reader, StoreError, keeping, policy};

/// How often it is looked: overviews are due at full minutes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// After something was to be decided again, it is given time: what nobody can be told would be tried without end.
const REST: Duration = Duration::from_secs(30);

/// When it is looked next.
#[derive(Default)]
pub(super) struct KeptLook {
    next: Option<Instant>,
}

impl KeptLook {
    /// Is something to be decided again at this time (seconds since 1970)?
    pub fn is_due(&mut self, reader: &Reader, now: i64) -> Result<bool, StoreError> {
        if self.next.is_some_and(|next| Instant::now() < next) {
            return Ok(false);
        }
        let version = reader.read(policy::version)?;
        let due = reader.read(|connection| keeping::any_to_decide(connection, version, now))?;
        self.next = Some(Instant::now() + if due { REST } else { LOOK_EVERY });
        Ok(due)
    }
}
