//! An order for n things that needs no memory: position to thing, each thing once.

use crate::random::mix_all;

/// A permutation of `0..count`: a Feistel network over the next even number of bits, walked until it lands inside.
pub struct Shuffle {
    count: u64,
    half_bits: u32,
    key: u64,
}

/// Four rounds of a Feistel network already look random (Luby and Rackoff 1988).
const ROUNDS: u64 = 4;

impl Shuffle {
    /// An order of `count` things; another key gives another order.
    pub fn new(count: u64, key: u64) -> Self {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        Self { count, half_bits: bits.div_ceil(2).max(1), key }
    }

    /// The thing at this position (which is below the count).
    pub fn at(&self, position: u64) -> u64 {
        debug_assert!(position < self.count);
        let mut value = self.scramble(position);
        while value >= self.count {
            value = self.scramble(value);
        }
        value
    }

    fn scramble(&self, value: u64) -> u64 {
        let mask = (1_u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ (mix_all([self.key ^ round, right]) & mask));
        }
        (left << self.half_bits) | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_stands_once() {
        for count in [1, 2, 3, 10, 255, 256, 257, 10_000] {
            let shuffle = Shuffle::new(count, 7);
            let mut seen: Vec<u64> = (0..count).map(|position| shuffle.at(position)).collect();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..count), "{count}");
        }
    }

    #[test]
    fn another_key_gives_another_order() {
        let order = |key| (0..100).map(|position| Shuffle::new(100, key).at(position)).collect::<Vec<_>>();
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}
