//! Numbers as the reference reads them: spaces around, a sign and single underscores between digits are allowed.

/// A whole number; `None` when it is none or does not fit 64 bits.
pub(crate) fn whole(text: &str) -> Option<i64> {
    plain(text.trim())?.parse().ok()
}

/// A number with a fraction; `None` when it is none or not finite.
pub(crate) fn fractional(text: &str) -> Option<f64> {
    let plain = plain(text.trim())?;
    if plain.contains(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) {
        return None;
    }
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A port, straight from the bytes: 0 when there is none or it is no port.
#[inline]
pub(crate) fn port(bytes: &[u8]) -> u16 {
    unsigned(bytes).and_then(|number| u16::try_from(number).ok()).unwrap_or(0)
}

/// Decimal digits and nothing else, at most ten of them.
#[inline]
pub(crate) fn unsigned(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 10 {
        return None;
    }
    bytes.iter().try_fold(0, |number, byte| match byte.wrapping_sub(b'0') {
        digit @ 0..=9 => Some(number * 10 + u64::from(digit)),
        _ => None,
    })
}

/// Without underscores, when each stands between two digits.
fn plain(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    if !text.contains('_') {
        return Some(text.into());
    }
    let bytes = text.as_bytes();
    let between_digits = |at: usize| {
        at > 0
            && bytes[at - 1].is_ascii_digit()
            && bytes.get(at + 1).is_some_and(|next| next.is_ascii_digit())
    };
    let fine = bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || between_digits(at));
    fine.then(|| text.replace('_', "").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        for (text, number) in [
            ("0", Some(0)),
            ("007", Some(7)),
            (" -5 ", Some(-5)),
            ("+7", Some(7)),
            ("1_000", Some(1000)),
            ("2147483648", Some(2_147_483_648)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("1.0", None),
            ("1e3", None),
            ("0x10", None),
            ("AS5", None),
            ("", None),
            ("12345678901234567890123", None),
        ] {
            assert_eq!(whole(text), number, "{text}");
        }
    }

    #[test]
    fn numbers_with_a_fraction() {
        for (text, number) in [
            ("1.50", Some(1.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("1_0.5", Some(10.5)),
            ("-0.0", Some(0.0)),
            ("abc", None),
            ("inf", None),
            ("nan", None),
            ("1e400", None),
            ("0x1p3", None),
            ("", None),
        ] {
            assert_eq!(fractional(text), number, "{text}");
        }
    }

    #[test]
    fn ports() {
        for (text, number) in
            [("80", 80), ("65535", 65535), ("65536", 0), ("-1", 0), ("", 0), ("99999999999", 0)]
        {
            assert_eq!(port(text.as_bytes()), number, "{text}");
        }
    }
}
