//! Host names, read the same way for an event and for attribution.

use std::{borrow::Cow, net::IpAddr};

use schakel_formats::register::host::is_plain;

/// The longest a label may be (RFC 1035). A whole name longer than 253 bytes is no name in DNS, but reverse DNS and banners
/// have them and the reference keeps them.
const LABEL_BYTES_MAX: usize = 63;

/// A host name in lower-case ASCII without dots around it; `None` when it is none (an address, an empty or too long label, a
/// port, a path). Underscores, wildcards and odd characters stay: feeds have them.
#[inline]
pub(crate) fn read(text: &str) -> Option<Cow<'_, str>> {
    // Most names come as they should be.
    if text.len() <= LABEL_BYTES_MAX && is_plain(text.as_bytes()) {
        return Some(Cow::Borrowed(text));
    }
    let name = text.trim().trim_matches('.');
    let mut label = 0_usize;
    let mut upper = false;
    let mut letter = false;
    for byte in name.bytes() {
        match byte {
            b'.' if label == 0 => return None,
            b'.' => label = 0,
            b':' | b'/' | b'?' | b'#' => return None,
            0x80.. => return international(name),
            _ => {
                label += 1;
                if label > LABEL_BYTES_MAX {
                    return None;
                }
                upper |= byte.is_ascii_uppercase();
                letter |= !byte.is_ascii_digit();
            }
        }
    }
    if label == 0 || (!letter && name.parse::<IpAddr>().is_ok()) {
        return None;
    }
    Some(if upper { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) })
}

/// A name with other than ASCII characters, by IDNA. The four characters that IDNA 2008 keeps and IDNA 2003 folds are folded,
/// as the reference does.
fn international(name: &str) -> Option<Cow<'_, str>> {
    let folded = name.replace('ß', "ss").replace('ς', "σ").replace(['\u{200c}', '\u{200d}'], "");
    let ascii = idna::domain_to_ascii_cow(folded.as_bytes(), idna::AsciiDenyList::EMPTY).ok()?;
    match read(&ascii)? {
        Cow::Borrowed(name) => Some(Cow::Owned(name.to_owned())),
        Cow::Owned(name) => Some(Cow::Owned(name)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_read_as_the_reference_reads_them() {
        let long = "x".repeat(63);
        let too_long = "x".repeat(64);
        for (text, name) in [
            ("a.example.com", Some("a.example.com")),
            ("A.EXAMPLE.com.", Some("a.example.com")),
            (".nl", Some("nl")),
            ("a..", Some("a")),
            ("a_b.nl", Some("a_b.nl")),
            ("*.a.nl", Some("*.a.nl")),
            ("a b.nl ", Some("a b.nl")),
            ("a@b.nl", Some("a@b.nl")),
            ("localhost", Some("localhost")),
            ("1.2.3", Some("1.2.3")),
            ("1.2.3.256", Some("1.2.3.256")),
            ("123", Some("123")),
            ("bücher.nl", Some("xn--bcher-kva.nl")),
            ("ÀÉ.nl", Some("xn--0cas.nl")),
            ("faß.de", Some("fass.de")),
            ("😀.nl", Some("xn--e28h.nl")),
            ("ＥＸ.nl", Some("ex.nl")),
            ("a。nl", Some("a.nl")),
            ("xn--zzzzzzzz.nl", Some("xn--zzzzzzzz.nl")),
            (&long, Some(&long)),
            (&too_long, None),
            ("1.2.3.4", None),
            ("2001:db8::1", None),
            ("foo..nl", None),
            ("a:80", None),
            ("a/b", None),
            ("a?b", None),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), name, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_name_read_reads_back_as_itself(text in "\\PC{0,40}") {
            if let Some(name) = read(&text) {
                let again = read(&name).map(Cow::into_owned);
                prop_assert_eq!(again, Some(name.into_owned()));
            }
        }
    }
}
