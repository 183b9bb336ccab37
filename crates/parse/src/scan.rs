//! Finds the bytes that give CSV its structure, 64 bytes at a time.
//!
//! On x86-64 this uses SSE2, which every such machine has; elsewhere a plain loop. Both give the same masks; a test compares
//! them. The one `unsafe` of this crate is the call into it.

/// How many bytes one look takes.
pub(crate) const BLOCK: usize = 64;

/// Bit `i` is set when byte `i` of the block is that character.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Masks {
    pub quote: u64,
    pub delimiter: u64,
    pub line_feed: u64,
    pub carriage_return: u64,
}

/// The masks of one block.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline]
#[allow(unsafe_code)]
pub(crate) fn masks(block: &[u8; BLOCK], delimiter: u8, quote: u8) -> Masks {
    // SAFETY: the function needs SSE2, and this line is compiled only for targets that have it.
    unsafe { sse2_masks(block, delimiter, quote) }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline]
#[target_feature(enable = "sse2")]
fn sse2_masks(block: &[u8; BLOCK], delimiter: u8, quote: u8) -> Masks {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};

    let mut lanes = [_mm_set1_epi8(0); 4];
    for (lane, bytes) in lanes.iter_mut().zip(block.as_chunks::<16>().0) {
        let both = u128::from_le_bytes(*bytes);
        *lane = _mm_set_epi64x((both >> 64) as i64, both as i64);
    }
    let mut found = [0; 4];
    for (mask, byte) in found.iter_mut().zip([quote, delimiter, b'\n', b'\r']) {
        let wanted: __m128i = _mm_set1_epi8(byte as i8);
        for (n, lane) in lanes.iter().enumerate() {
            let bits = _mm_movemask_epi8(_mm_cmpeq_epi8(*lane, wanted)) as u32;
            *mask |= u64::from(bits) << (16 * n);
        }
    }
    let [quote, delimiter, line_feed, carriage_return] = found;
    Masks { quote, delimiter, line_feed, carriage_return }
}

/// The masks of one block.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
#[inline]
pub(crate) fn masks(block: &[u8; BLOCK], delimiter: u8, quote: u8) -> Masks {
    portable_masks(block, delimiter, quote)
}

/// The same without instructions of one kind of machine.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
fn portable_masks(block: &[u8; BLOCK], delimiter: u8, quote: u8) -> Masks {
    let mut masks = Masks::default();
    for (n, byte) in block.iter().enumerate() {
        masks.quote |= u64::from(*byte == quote) << n;
        masks.delimiter |= u64::from(*byte == delimiter) << n;
        masks.line_feed |= u64::from(*byte == b'\n') << n;
        masks.carriage_return |= u64::from(*byte == b'\r') << n;
    }
    masks
}

/// Bit `i` is the parity of the bits 0..=`i`: set from each odd quote up to (not with) the next.
#[inline]
pub(crate) fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_fast_masks_are_the_plain_ones(text in prop::collection::vec(prop::sample::select(b"a,;\"\r\n\0\xff".to_vec()), BLOCK)) {
            let block: [u8; BLOCK] = text.try_into().unwrap();
            prop_assert_eq!(masks(&block, b',', b'"'), portable_masks(&block, b',', b'"'));
            prop_assert_eq!(masks(&block, b';', b'\xff'), portable_masks(&block, b';', b'\xff'));
        }
    }

    #[test]
    fn parity_runs_from_an_opening_quote_to_its_closing_one() {
        assert_eq!(prefix_xor(0b0010_0100), 0b0001_1100);
        assert_eq!(prefix_xor(1 << 63), 1 << 63);
    }
}
