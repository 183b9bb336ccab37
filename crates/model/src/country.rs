//! Country codes of two letters, as tables from outside have them.

use std::fmt;

/// A code of ISO 3166-1, in upper case. Which codes have a country today changes; which never get one does not, and those are not here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads a code; lower case is upper case. `None`: no code, such as `None`, one that ISO leaves to users, such as `ZZ` for unknown, or
    /// a region, such as `EU`. `XK` is Kosovo for everybody who uses it.
    pub fn read(text: &str) -> Option<Self> {
        let &[first, second] = text.trim().as_bytes() else { return None };
        let code = [first, second].map(|letter| letter.to_ascii_uppercase());
        let is_country = code.iter().all(u8::is_ascii_uppercase)
            && match &code {
                b"XK" => true,
                b"AA" | b"ZZ" | b"EU" | b"AP" => false,
                [b'Q', second] => *second < b'M',
                [b'X', _] => false,
                _ => true,
            };
        is_country.then_some(Self(code))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_country_has_no_code() {
        for (text, code) in
            [("NL", "NL"), ("nl", "NL"), (" De ", "DE"), ("QA", "QA"), ("XK", "XK"), ("GB", "GB")]
        {
            assert_eq!(CountryCode::read(text).map(|code| code.to_string()).as_deref(), Some(code), "{text}");
        }
        for text in [
            "", "-", "*", "N", "NLD", "None", "N1", "ZZ", "zz", "AA", "QM", "QZ", "XA", "XZ", "EU", "AP",
            "é", "NL DE",
        ] {
            assert_eq!(CountryCode::read(text), None, "{text}");
        }
    }
}
