//! A public key in digits, so that two people can compare it by telephone.

use std::{fmt, str::FromStr};

use ring::digest::{SHA256, digest};

/// Groups of five digits: 40 digits are as many as 132 bits.
const GROUPS: usize = 8;
const GROUP_DIGITS: usize = 5;

/// What is hashed with the key, so that it is the fingerprint of nothing else.
const CONTEXT: &[u8] = b"schakel-hub-key-v1\n";

/// The fingerprint of an Ed25519 key: `12345 67890 …`, eight groups of five digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of this key.
    pub fn of(key: &[u8; 32]) -> Self {
        let hash = digest(&SHA256, &[CONTEXT, key].concat());
        // 32 bytes are eight numbers of 32 bits, each taken to five digits.
        let group = |four: &[u8]| u32::from_be_bytes([four[0], four[1], four[2], four[3]]) % 100_000;
        let groups: Vec<String> =
            hash.as_ref().chunks_exact(4).take(GROUPS).map(|four| format!("{:05}", group(four))).collect();
        Self(groups.join(" "))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    /// Reads the digits, however they are spaced.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if digits.len() != GROUPS * GROUP_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!(
                "`{text}` is no fingerprint: it has {GROUPS} groups of {GROUP_DIGITS} digits"
            ));
        }
        let groups: Vec<&str> =
            (0..GROUPS).map(|at| &digits[at * GROUP_DIGITS..(at + 1) * GROUP_DIGITS]).collect();
        Ok(Self(groups.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_however_it_is_spaced() {
        let print = Fingerprint::of(&[7; 32]);
        assert_ne!(print, Fingerprint::of(&[8; 32]));
        let text = print.to_string();
        assert_eq!(text.len(), 8 * 5 + 7);
        for way in [text.clone(), text.replace(' ', ""), text.replace(' ', "-"), format!(" {text}\n")] {
            assert_eq!(way.parse(), Ok(print.clone()));
        }
        for wrong in ["", "12345", &text.replace(' ', "")[1..], &text.replacen(char::is_numeric, "x", 1)] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }
}
