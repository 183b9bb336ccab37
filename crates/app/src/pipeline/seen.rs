//! Which findings that were known before a report are shown again by it: one bit each.

use schakel_model::ids::FindingId;

/// See the module.
#[derive(Default)]
pub struct Seen {
    bits: Vec<u64>,
    below: u32,
    count: u64,
}

impl Seen {
    /// A report begins; the findings below this number were known.
    pub fn known_below(&mut self, first_new: FindingId) {
        self.bits.clear();
        self.bits.resize(first_new.0.div_ceil(64) as usize, 0);
        self.below = first_new.0;
        self.count = 0;
    }

    /// A finding was shown.
    #[inline]
    pub fn mark(&mut self, finding: FindingId) {
        if finding.0 < self.below {
            let word = &mut self.bits[(finding.0 / 64) as usize];
            let bit = 1 << (finding.0 % 64);
            self.count += u64::from(*word & bit == 0);
            *word |= bit;
        }
    }

    /// How many known findings were shown.
    pub fn count(&self) -> u64 {
        self.count
    }
}
