//! Counts that may be shown to whoever may not know of whom they are.

/// Counts are told in steps of this: what is smaller is left out, and the difference of two counts names nobody either.
pub const COUNT_STEP: u64 = 5;

/// A count as anybody may know it.
pub fn coarse(count: u64) -> u64 {
    count - count % COUNT_STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ones_are_left_out_and_others_come_in_steps() {
        let counts = [(0, 0), (4, 0), (5, 5), (9, 5), (10, 10), (1_874, 1_870)];
        assert!(counts.iter().all(|(count, expected)| coarse(*count) == *expected));
    }
}
