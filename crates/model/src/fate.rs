//! What became of a row, and of an assignment; and the two sums that must always balance.
//!
//! `rows = rejected + replayed + duplicates + clears + events`, fixed at ingest but for rejected rows that are read again later, and `assignments = Σ fates`, where every assignment
//! has exactly one current fate.

use std::fmt;

use crate::asset::words;

/// The current fate of an assignment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Fate {
    /// In the outbox, or about to be composed.
    Queued = 1,
    /// Told; names the notification.
    Notified = 2,
    /// A sighting of a finding already assigned; names the finding.
    Known = 3,
    /// Waits for the named overview.
    Digest = 4,
    /// Handed over to another hub.
    HandedOver = 5,
    /// Told to the provider's abuse contact.
    SafetyNet = 6,
    /// Every recipient refused it.
    Undeliverable = 7,
    /// Suppressed by the named rule.
    Suppressed = 8,
    /// Held: vetting, trial operation or missing clearance.
    Held = 9,
    /// An owner, but nobody who may be told.
    NoContact = 10,
    /// Nobody's.
    Unrouted = 11,
    /// Taken back by the named correction: it was given to the wrong party, or is somebody else's now.
    Withdrawn = 12,
}

words!(
    Fate, "fate",
    Queued "queued", Notified "notified", Known "known", Digest "digest", HandedOver "handed_over",
    SafetyNet "safety_net", Undeliverable "undeliverable", Suppressed "suppressed", Held "held",
    NoContact "no_contact", Unrouted "unrouted", Withdrawn "withdrawn",
);

/// One more than the highest number of a fate.
const FATE_CODES: usize = Fate::Withdrawn as usize + 1;

impl Fate {
    /// The fate with this number, as stored.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|fate| *fate as u8 == code)
    }
}

/// The sums of a scope: a report, a day, an organisation, everything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    /// Records in the report, header not counted.
    pub rows: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Rows that could not be read, and were read again since: they are rows of another report now.
    pub replayed: u64,
    /// Rows whose finding and time were already taken from the same report.
    pub duplicates: u64,
    /// Negative observations.
    pub clears: u64,
    /// Rows that became events.
    pub events: u64,
    /// Assignments of those events.
    pub assignments: u64,
    /// Current fates, indexed by the fate's number.
    pub fates: [u64; FATE_CODES],
}

impl Sums {
    /// How many assignments have this fate.
    pub fn fate(&self, fate: Fate) -> u64 {
        self.fates[fate as usize]
    }

    /// Counts `count` assignments with this fate.
    pub fn add_fate(&mut self, fate: Fate, count: u64) {
        self.fates[fate as usize] += count;
    }

    /// Do both sums hold?
    pub fn balanced(&self) -> bool {
        self.rows == self.rejected + self.replayed + self.duplicates + self.clears + self.events
            && self.assignments == self.fates.iter().sum::<u64>()
    }

    /// Adds another scope's sums to these.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.rejected += other.rejected;
        self.replayed += other.replayed;
        self.duplicates += other.duplicates;
        self.clears += other.clears;
        self.events += other.events;
        self.assignments += other.assignments;
        for (mine, theirs) in self.fates.iter_mut().zip(other.fates) {
            *mine += theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_balance_only_when_both_do() {
        let mut sums = Sums {
            rows: 5,
            rejected: 1,
            duplicates: 1,
            clears: 1,
            events: 2,
            assignments: 3,
            ..Sums::default()
        };
        assert!(!sums.balanced());
        sums.add_fate(Fate::Queued, 2);
        sums.add_fate(Fate::Unrouted, 1);
        assert!(sums.balanced());
        sums.rows += 1;
        assert!(!sums.balanced());
    }

    #[test]
    fn every_fate_reads_back_by_code_and_word() {
        for fate in Fate::ALL {
            assert_eq!(Fate::from_code(*fate as u8), Some(*fate));
            assert_eq!(fate.as_str().parse(), Ok(*fate));
        }
    }
}
