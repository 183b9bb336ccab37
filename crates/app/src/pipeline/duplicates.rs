//! Rows of one report that say the same: same finding, same observation time.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use schakel_model::{ids::FindingId, limits::DUPLICATE_WINDOW_ROWS, observation::ObservedAt};

/// What was taken from one report. Exact up to [`DUPLICATE_WINDOW_ROWS`] sightings; then it starts anew, and what repeats across that
/// border counts as a repeat.
///
/// Most reports show a finding once. One bit a finding says that without a look into a large table: a finding that is shown for the
/// first time is no duplicate, and goes into the table only when another is shown a second time.
#[derive(Default)]
pub struct Duplicates {
    /// Findings shown since the window began.
    shown: Vec<u64>,
    /// What was taken since, in order.
    log: Vec<(FindingId, ObservedAt)>,
    /// The first of the log, as many as [`Duplicates::looked_up`] says, to be found again.
    taken: HashSet<u64, FixedState>,
    looked_up: usize,
}

impl Duplicates {
    /// Takes a sighting; false when the report has given it before.
    #[inline]
    pub fn take(&mut self, finding: FindingId, observed_at: ObservedAt) -> bool {
        if self.log.len() >= DUPLICATE_WINDOW_ROWS {
            self.forget();
        }
        let (word, bit) = (finding.0 as usize / 64, 1 << (finding.0 % 64));
        if word >= self.shown.len() {
            self.shown.resize(word + 1, 0);
        }
        let first = self.shown[word] & bit == 0;
        self.shown[word] |= bit;
        if first || self.is_other(finding, observed_at) {
            self.log.push((finding, observed_at));
            return true;
        }
        false
    }

    /// Was this finding not observed at this moment before?
    fn is_other(&mut self, finding: FindingId, observed_at: ObservedAt) -> bool {
        self.taken.extend(self.log[self.looked_up..].iter().map(|&(finding, at)| one(finding, at)));
        self.looked_up = self.log.len();
        !self.taken.contains(&one(finding, observed_at))
    }

    fn forget(&mut self) {
        self.log.iter().for_each(|(finding, _)| self.shown[finding.0 as usize / 64] = 0);
        self.log.clear();
        self.taken.clear();
        self.looked_up = 0;
    }

    /// Another report begins.
    pub fn begin_report(&mut self) {
        self.forget();
        // Large tables are memory to keep.
        if self.log.capacity() > 1 << 16 {
            self.log = Vec::new();
            self.taken = HashSet::default();
        }
    }
}

fn one(finding: FindingId, observed_at: ObservedAt) -> u64 {
    u64::from(finding.0) << 32 | u64::from(observed_at.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_finding_at_the_same_time_is_a_duplicate() {
        let mut duplicates = Duplicates::default();
        let mut take = |finding, at| duplicates.take(FindingId(finding), ObservedAt(at));
        assert!(take(1, 10) && take(200, 10) && take(1, 11));
        assert!(!take(1, 10) && !take(200, 10) && !take(1, 11));
        assert!(take(65, 10) && take(1, 12) && !take(65, 10));
    }

    #[test]
    fn another_report_starts_anew() {
        let mut duplicates = Duplicates::default();
        for _ in 0..2 {
            assert!(duplicates.take(FindingId(7), ObservedAt(1)));
            assert!(!duplicates.take(FindingId(7), ObservedAt(1)));
            duplicates.begin_report();
        }
    }

    #[test]
    fn the_window_ends_after_as_many_sightings_as_it_holds() {
        let mut duplicates = Duplicates::default();
        let window = DUPLICATE_WINDOW_ROWS as u32;
        assert!((0..window).all(|finding| duplicates.take(FindingId(finding), ObservedAt(1))));
        assert!(duplicates.take(FindingId(0), ObservedAt(1)), "the window began anew");
        assert!(!duplicates.take(FindingId(0), ObservedAt(1)));
    }
}
