//! Rows of one report that say the same: same finding, same observation time.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use schakel_model::{ids::FindingId, limits::DUPLICATE_WINDOW_ROWS, observation::ObservedAt};

/// What was taken from one report. Exact up to [`DUPLICATE_WINDOW_ROWS`] sightings; then it starts anew, and what repeats across that
/// border counts as a repeat.
#[derive(Default)]
pub struct Duplicates {
    taken: HashSet<u64, FixedState>,
}

impl Duplicates {
    /// Takes a sighting; false when the report has given it before.
    #[inline]
    pub fn take(&mut self, finding: FindingId, observed_at: ObservedAt) -> bool {
        if self.taken.len() >= DUPLICATE_WINDOW_ROWS {
            self.taken.clear();
        }
        self.taken.insert(u64::from(finding.0) << 32 | u64::from(observed_at.0))
    }

    /// Another report begins.
    pub fn begin_report(&mut self) {
        // A large table costs time to clear and memory to keep.
        if self.taken.capacity() > 1 << 16 { self.taken = HashSet::default() } else { self.taken.clear() }
    }
}
