//! What stands in front of the content of a message, counted without reading it (RFC 9580 section 4).

use crate::{
    limits::{RECIPIENTS_MAX, SIGNATURES_MAX},
    problem::Problem,
};

/// A packet that is passed over by everybody: a marker or padding.
const FILLERS_MAX: usize = 100;

/// Are there no more keys, signatures and fillers than are looked at? What cannot be read is left to who reads it.
pub(super) fn few_in_front(message: &[u8]) -> Result<(), Problem> {
    let (mut recipients, mut signatures, mut fillers) = (0, 0, 0);
    let mut rest = message;
    while let Some((kind, after)) = skip(rest) {
        rest = after;
        let (count, of, max) = match kind {
            1 | 3 => (&mut recipients, "recipients", RECIPIENTS_MAX),
            2 | 4 => (&mut signatures, "signatures", SIGNATURES_MAX),
            10 | 21 => (&mut fillers, "fillers", FILLERS_MAX),
            // The content, or something that does not belong here.
            _ => return Ok(()),
        };
        *count += 1;
        if *count > max {
            return Err(Problem::TooMany { of, max });
        }
    }
    Ok(())
}

/// The kind of the first packet, and what stands behind it.
fn skip(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let number = |count: usize| {
        let digits = rest.get(..count)?;
        Some((digits.iter().fold(0_usize, |number, digit| number << 8 | usize::from(*digit)), count))
    };
    let (kind, (length, digits)) = match tag {
        0xc0.. => {
            let length = match rest.first()? {
                0..192 => number(1)?,
                192..224 => (number(2)?.0 - (192 << 8) + 192, 2),
                255 => (rest.get(1..5)?.iter().fold(0, |number, digit| number << 8 | usize::from(*digit)), 5),
                // In pieces: only content may be.
                _ => return Some((tag & 0x3f, &[])),
            };
            (tag & 0x3f, length)
        }
        0x80.. => {
            let length = match tag & 3 {
                0 => number(1)?,
                1 => number(2)?,
                2 => number(4)?,
                _ => return Some((tag >> 2 & 0xf, &[])),
            };
            (tag >> 2 & 0xf, length)
        }
        _ => return None,
    };
    Some((kind, rest.get(digits..)?.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_all_lengths_are_passed_over() {
        for packet in [
            vec![0xc2, 1, 0],
            [vec![0xc2, 192, 8], vec![0; 200]].concat(),
            [vec![0xc2, 255, 0, 0, 1, 0], vec![0; 256]].concat(),
            vec![0x88, 1, 0],
            [vec![0x89, 1, 0], vec![0; 256]].concat(),
            [vec![0x8a, 0, 0, 1, 0], vec![0; 256]].concat(),
        ] {
            let with = |times: usize| [packet.repeat(times), vec![0xcb, 1, 0]].concat();
            assert_eq!(
                skip(&with(1)).map(|(kind, rest)| (kind, rest.len())),
                Some((2, 3)),
                "{:?}",
                &packet[..3]
            );
            assert_eq!(few_in_front(&with(16)), Ok(()));
            assert_eq!(few_in_front(&with(17)), Err(Problem::TooMany { of: "signatures", max: 16 }));
        }
        assert_eq!(few_in_front(&[]), Ok(()));
        assert_eq!(few_in_front(&[0xc2, 200]), Ok(()));
        assert_eq!(few_in_front(&[0x8b; 50]), Ok(()));
    }
}
