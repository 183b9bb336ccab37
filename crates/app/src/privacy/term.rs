//! What is looked for, and how it stands in texts.

use std::net::IpAddr;

use memchr::memmem;

/// A shorter term occurs everywhere.
const TERM_BYTES_MIN: usize = 3;

/// What is looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Term {
    /// An address.
    Address(IpAddr),
    /// A name, mail address, phone number or other text, in lower case.
    Text(String),
}

impl std::str::FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        if text.len() < TERM_BYTES_MIN {
            return Err(format!("write at least {TERM_BYTES_MIN} letters: less occurs everywhere"));
        }
        Ok(Self::Text(text.to_lowercase()))
    }
}

impl Term {
    /// As it stands in texts: an IPv6 address has more than one way.
    pub(super) fn needles(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Address(IpAddr::V4(address)) => vec![address.to_string()],
            Self::Address(IpAddr::V6(address)) => {
                let full: Vec<String> = address.segments().iter().map(|part| format!("{part:04x}")).collect();
                let short: Vec<String> = address.segments().iter().map(|part| format!("{part:x}")).collect();
                let mut all = vec![address.to_string(), full.join(":"), short.join(":")];
                all.dedup();
                all
            }
        }
    }
}

/// Looks for a term in bytes.
pub(super) struct Needles {
    finders: Vec<memmem::Finder<'static>>,
    is_address: bool,
}

impl Needles {
    pub(super) fn of(term: &Term) -> Self {
        let needles = term.needles();
        let finders = needles.iter().map(|needle| memmem::Finder::new(needle.as_bytes()).into_owned());
        Self { finders: finders.collect(), is_address: matches!(term, Term::Address(_)) }
    }

    /// Is it in these bytes, which are in lower case? An address is not found inside another.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.finders.iter().any(|finder| {
            finder
                .find_iter(bytes)
                .any(|at| !self.is_address || is_whole_address(bytes, at, at + finder.needle().len()))
        })
    }
}

fn is_whole_address(bytes: &[u8], from: usize, to: usize) -> bool {
    let part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
    let before = from.checked_sub(1).map(|at| bytes[at]);
    let after = (bytes.get(to).copied(), bytes.get(to + 1).copied());
    // A dot goes on only before a digit: a sentence may end in an address.
    let goes_on = match after {
        (Some(b'.'), Some(next)) => next.is_ascii_digit(),
        // A port behind an IPv4 address.
        (Some(b':'), _) => bytes[from..to].contains(&b':'),
        (Some(byte), _) => part(byte),
        (None, _) => false,
    };
    !before.is_some_and(|byte| part(byte) || byte == b'.') && !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_not_found_inside_another() {
        let found = |term: &str, text: &str| {
            Needles::of(&term.parse().unwrap()).is_in(text.to_lowercase().as_bytes())
        };
        assert!(found("192.0.2.1", "at 192.0.2.1, port"));
        assert!(found("192.0.2.1", "192.0.2.1:443"));
        assert!(found("192.0.2.1", "It was 192.0.2.1."));
        assert!(!found("192.0.2.1", "192.0.2.10 and 1192.0.2.1 and 192.0.2.1.5"));
        assert!(found("2001:db8::1", "2001:0DB8:0000:0000:0000:0000:0000:0001"));
        assert!(!found("2001:db8::1", "2001:db8::1:2"));
        assert!(found("Jan Jansen", "van JAN JANSEN aan"));
        assert!("ab".parse::<Term>().is_err());
    }
}
