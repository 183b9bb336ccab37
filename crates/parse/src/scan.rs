//! Finds the bytes that give CSV its structure, 64 bytes at a time.
//!
//! On x86-64 this uses SSE2, which every such machine has; elsewhere plain numbers. Both give the same masks; a test compares
//! them. The call into SSE2 is the one `unsafe` of this crate.

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

/// The same without instructions of one kind of machine: eight bytes at a time in a plain number.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
fn portable_masks(block: &[u8; BLOCK], delimiter: u8, quote: u8) -> Masks {
    let mut found = [0; 4];
    for (n, eight) in block.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        for (mask, byte) in found.iter_mut().zip([quote, delimiter, b'\n', b'\r']) {
            *mask |= equal_bytes(word, byte) << (8 * n);
        }
    }
    let [quote, delimiter, line_feed, carriage_return] = found;
    Masks { quote, delimiter, line_feed, carriage_return }
}

/// Bit `i` is set when byte `i` of the word, from the low end, is this one.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "sse2"))))]
fn equal_bytes(word: u64, byte: u8) -> u64 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    /// Moves the lowest bit of byte `i` to bit `56 + i`.
    const GATHER: u64 = 0x0102_0408_1020_4080;

    let difference = word ^ u64::from_le_bytes([byte; 8]);
    // The top bit of each byte that differs nowhere; no carry leaves a byte.
    let equal = !(((difference & LOW_BITS) + LOW_BITS) | difference | LOW_BITS);
    (equal >> 7).wrapping_mul(GATHER) >> 56
}

/// Where this byte first stands. For fields, which are short: eight bytes at a time, without a call.
#[inline]
pub(crate) fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    const LOWEST: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = LOWEST << 7;

    let in_eight = |eight: &[u8; 8]| {
        let difference = u64::from_le_bytes(*eight) ^ (LOWEST * u64::from(wanted));
        // Of the bits set here the lowest is right: a borrow only ever goes upwards from a byte that is equal.
        let equal = difference.wrapping_sub(LOWEST) & !difference & HIGHEST;
        (equal != 0).then(|| equal.trailing_zeros() as usize / 8)
    };
    let (eights, rest) = bytes.as_chunks::<8>();
    for (n, eight) in eights.iter().enumerate() {
        if let Some(at) = in_eight(eight) {
            return Some(8 * n + at);
        }
    }
    match bytes.last_chunk() {
        // What of these was looked at before is another byte.
        Some(last) => Some(bytes.len() - 8 + in_eight(last)?),
        None => rest.iter().position(|byte| *byte == wanted),
    }
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
        fn the_portable_masks_are_the_obvious_ones(block in any::<[u8; 32]>()) {
            let block: [u8; BLOCK] = [block, block.map(|byte| byte % 3 + b'+')].concat().try_into().unwrap();
            let obvious = |wanted| (0..BLOCK).fold(0, |mask, n| mask | u64::from(block[n] == wanted) << n);
            let found = portable_masks(&block, b',', b'+');
            prop_assert_eq!((found.delimiter, found.quote), (obvious(b','), obvious(b'+')));
            prop_assert_eq!((found.line_feed, found.carriage_return), (obvious(b'\n'), obvious(b'\r')));
        }

        #[test]
        fn the_fast_masks_are_the_portable_ones(text in prop::collection::vec(prop::sample::select(b"a,;\"\r\n\0\xff".to_vec()), BLOCK)) {
            let block: [u8; BLOCK] = text.try_into().unwrap();
            prop_assert_eq!(masks(&block, b',', b'"'), portable_masks(&block, b',', b'"'));
            prop_assert_eq!(masks(&block, b';', b'\xff'), portable_masks(&block, b';', b'\xff'));
        }
    }

    proptest! {
        #[test]
        fn a_byte_is_found_where_it_first_stands(text in prop::collection::vec(prop::sample::select(b"\0\x01\"#\x7f\x80\xff".to_vec()), 0..40)) {
            for wanted in [0, 1, b'"', b'#', 0x80, 0xff, b'x'] {
                prop_assert_eq!(position(&text, wanted), text.iter().position(|byte| *byte == wanted));
            }
        }
    }

    #[test]
    fn parity_runs_from_an_opening_quote_to_its_closing_one() {
        assert_eq!(prefix_xor(0b0010_0100), 0b0001_1100);
        assert_eq!(prefix_xor(1 << 63), 1 << 63);
    }
}
