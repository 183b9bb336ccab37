//! From the bytes of a field to text.
//!
//! A field is UTF-8 when it is valid UTF-8; else every byte is a character of Windows-1252 (which is Latin-1 with letters
//! where Latin-1 has control codes nobody writes). Each field is judged by itself. NUL bytes are dropped, as the reference
//! does.

use std::borrow::Cow;

use crate::scan;

/// The characters of Windows-1252 for the bytes 0x80 to 0x9F; the five it leaves open are the control codes of Latin-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text of these bytes.
#[inline]
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if scan::position(bytes, 0).is_none() => Cow::Borrowed(text),
        Ok(text) => Cow::Owned(text.replace('\0', "")),
        Err(_) => Cow::Owned(western(bytes)),
    }
}

/// The text of these bytes, which may be borrowed or our own.
#[inline]
pub(crate) fn decode_cow(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => decode(bytes),
        Cow::Owned(bytes) => Cow::Owned(decode(&bytes).into_owned()),
    }
}

fn western(bytes: &[u8]) -> String {
    let character = |byte: u8| match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    };
    bytes.iter().copied().filter(|byte| *byte != 0).map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_stays_and_other_bytes_are_western() {
        assert_eq!(decode("café €".as_bytes()), "café €");
        assert_eq!(decode(b"caf\xe9 \x80\0"), "café €");
        assert_eq!(decode_cow(Cow::Owned(b"\xfcber\0".to_vec())), "über");
        assert_eq!(decode(b"a\0b"), "ab");
    }
}
