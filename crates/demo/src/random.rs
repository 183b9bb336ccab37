//! Numbers that look random and are a function of what they are made from.

/// Scrambles 64 bits so that inputs that differ in one bit give unrelated outputs (the finaliser of SplitMix64, Steele et al.
/// 2014, <https://doi.org/10.1145/2714064.2660195>).
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One number from several: the order counts.
pub fn mix_all<const N: usize>(values: [u64; N]) -> u64 {
    values.into_iter().fold(0, |state, value| mix(state ^ value))
}

/// A number made from text, for salting by name.
pub fn mix_text(text: &str) -> u64 {
    text.bytes().fold(0, |state, byte| mix(state ^ u64::from(byte)))
}

/// A number below `limit` (which is not 0), evenly enough for our purposes.
pub fn below(hash: u64, limit: u64) -> u64 {
    ((u128::from(hash) * u128::from(limit)) >> 64) as u64
}

/// One of the choices (of which there is at least one).
pub fn pick<T>(hash: u64, choices: &[T]) -> &T {
    &choices[below(hash, choices.len() as u64) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_spread_evenly_and_stay_below_their_limit() {
        let mut counts = [0_u32; 7];
        for value in 0..70_000 {
            counts[below(mix(value), 7) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert_eq!(below(u64::MAX, 7), 6);
    }

    #[test]
    fn order_counts() {
        assert_ne!(mix_all([1, 2]), mix_all([2, 1]));
        assert_ne!(mix_text("ab"), mix_text("ba"));
    }
}
