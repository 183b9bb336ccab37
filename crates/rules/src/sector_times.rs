//! How long things take in a sector: the middle, and what nine in ten stay below.

/// How long something took, over many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spread {
    /// How many there are.
    pub count: u64,
    /// Half took no longer, in seconds.
    pub median: i64,
    /// Nine in ten took no longer, in seconds.
    pub ninth: i64,
}

/// The spread of these spans, in seconds; `None` when there are fewer than `least`. A clock that was set back makes none negative.
pub fn spread(mut spans: Vec<i64>, least: usize) -> Option<Spread> {
    if spans.is_empty() || spans.len() < least {
        return None;
    }
    spans.sort_unstable();
    // Nearest rank: the smallest of which so many in ten are no larger.
    let rank = |tenths: usize| spans[(spans.len() * tenths).div_ceil(10).saturating_sub(1)].max(0);
    Some(Spread { count: spans.len() as u64, median: rank(5), ninth: rank(9) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_nine_in_ten() {
        let of = |spans: &[i64]| spread(spans.to_vec(), 1).map(|all| (all.median, all.ninth));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some((7, 7)));
        assert_eq!(of(&[3, 1, 2]), Some((2, 3)));
        assert_eq!(of(&(1..=10).collect::<Vec<_>>()), Some((5, 9)));
        assert_eq!(of(&(1..=100).rev().collect::<Vec<_>>()), Some((50, 90)));
        assert_eq!(of(&[-5, -4]), Some((0, 0)), "a clock was set back");
        assert_eq!(spread(vec![1, 2, 3, 4], 5), None, "too few to say anything of nobody");
    }
}
