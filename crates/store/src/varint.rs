//! Unsigned LEB128: seven bits a byte, the high bit says that more follow.

/// Appends a number.
pub fn push(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads the number at `at` and moves `at` past it. `None` when the bytes end or the number does not fit 32 bits.
pub fn read(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut value = 0u64;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_read_back() {
        let numbers = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 268_435_455, u32::MAX];
        let mut bytes = Vec::new();
        numbers.iter().for_each(|number| push(&mut bytes, *number));
        let mut at = 0;
        for number in numbers {
            assert_eq!(read(&bytes, &mut at), Some(number));
        }
        assert_eq!(read(&bytes, &mut at), None);
        assert_eq!(read(&[0xff; 6], &mut 0), None);
    }
}
