//! What only the reader of one of our mails has: the address that it is answered at, the one that it comes back to, and the link of its page.
//!
//! ```text
//! desk+17.0.3.b6h2m4kq7xw2zt5c@host      answers to notification 17, epoch 0, third recipient
//! bounce+17.0.3.b6h2m4kq7xw2zt5c@host    what could not be delivered
//! 17.0.3.1790000000.…                    the page, until that time
//! ```
//!
//! The end is a keyed hash over the rest, so nothing is stored for it, and nobody can make one up who has not got the mail.

use schakel_deliver::message_id::MessageId;

/// Characters of the hash in an address: 80 bits, and an address part stays below its 64 characters.
const ADDRESS_HASH_CHARS: usize = 16;

/// Characters of the hash in a link: 130 bits.
const LINK_HASH_CHARS: usize = 26;

/// Longer is nothing of ours.
pub const TOKEN_CHARS_MAX: usize = 96;

/// In small letters, for mail addresses come back in any case; without 0, 1, i and o, which people mix up.
const ALPHABET: &[u8; 32] = b"abcdefghjklmnpqrstuvwxyz23456789";

/// One message of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// The notification.
    pub number: u64,
    /// How often the store had been restored from a backup.
    pub epoch: u32,
    /// Its recipient, from 1.
    pub recipient: u32,
}

impl From<&MessageId> for Token {
    fn from(id: &MessageId) -> Self {
        let (number, epoch, recipient) = id.numbers();
        Self { number, epoch, recipient }
    }
}

/// What a token is for: one for the one is nothing for the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// The address that is answered at.
    Reply,
    /// The address that it comes back to.
    Return,
    /// The page.
    Page,
}

impl Use {
    fn word(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Return => "return",
            Self::Page => "page",
        }
    }
}

/// The address `base` with a token in it: `desk@host` becomes `desk+17.0.3.…@host`. As it is when there is no `@` in it.
pub fn address(secret: &[u8; 32], purpose: Use, token: Token, base: &str) -> String {
    match base.trim().rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split('+').next().unwrap_or(user);
            let numbers = numbers(token);
            let hash = hash(secret, purpose, &numbers, ADDRESS_HASH_CHARS);
            format!("{user}+{numbers}.{hash}@{host}")
        }
        None => base.to_owned(),
    }
}

/// The token in an address, when it is one of ours for this use. What stands in front of the `+` and behind the `@` does not matter: the hash
/// says that it is ours.
pub fn read_address(secret: &[u8; 32], purpose: Use, address: &str) -> Option<Token> {
    let (user, _) = address.trim().rsplit_once('@')?;
    let (_, token) = user.rsplit_once('+')?;
    let token = token.to_ascii_lowercase();
    let (numbers, found) = checked(&token)?;
    is_same(found, &hash(secret, purpose, numbers, ADDRESS_HASH_CHARS)).then(|| parse(numbers))?
}

/// The token of a page that is good until a time, in seconds since 1970.
pub fn link(secret: &[u8; 32], token: Token, until: i64) -> String {
    let numbers = format!("{}.{until}", numbers(token));
    let hash = hash(secret, Use::Page, &numbers, LINK_HASH_CHARS);
    format!("{numbers}.{hash}")
}

/// The token of a page that is good still.
pub fn read_link(secret: &[u8; 32], text: &str, now: i64) -> Option<Token> {
    let (numbers, found) = checked(text)?;
    if !is_same(found, &hash(secret, Use::Page, numbers, LINK_HASH_CHARS)) {
        return None;
    }
    let (numbers, until) = numbers.rsplit_once('.')?;
    (until.parse::<i64>().ok()? > now).then(|| parse(numbers))?
}

fn checked(text: &str) -> Option<(&str, &str)> {
    (text.len() <= TOKEN_CHARS_MAX).then(|| text.rsplit_once('.'))?
}

fn numbers(token: Token) -> String {
    format!("{}.{}.{}", token.number, token.epoch, token.recipient)
}

fn parse(numbers: &str) -> Option<Token> {
    let mut numbers = numbers.split('.');
    let token = Token {
        number: numbers.next()?.parse().ok()?,
        epoch: numbers.next()?.parse().ok()?,
        recipient: numbers.next()?.parse().ok()?,
    };
    numbers.next().is_none().then_some(token)
}

fn hash(secret: &[u8; 32], purpose: Use, numbers: &str, chars: usize) -> String {
    let key = blake3::derive_key("schakel 2026 token in a mail v1", secret);
    let mut hasher = blake3::Hasher::new_keyed(&key);
    hasher.update(purpose.word().as_bytes()).update(&[0]).update(numbers.as_bytes());
    let bytes = hasher.finalize();
    bytes.as_bytes().iter().take(chars).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

/// Without telling by its time how much of it was right.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: [u8; 32] = [7; 32];
    const TOKEN: Token = Token { number: 17, epoch: 0, recipient: 3 };

    #[test]
    fn an_address_is_read_back_and_only_for_its_use() {
        let made = address(&SECRET, Use::Reply, TOKEN, "desk@host.example");
        assert!(made.starts_with("desk+17.0.3.") && made.ends_with("@host.example"), "{made}");
        assert_eq!(read_address(&SECRET, Use::Reply, &made.to_uppercase()), Some(TOKEN));
        assert_eq!(read_address(&SECRET, Use::Return, &made), None);
        assert_eq!(read_address(&[8; 32], Use::Reply, &made), None);
        let longest = Token { number: 99_999_999_999, epoch: 4_000_000_000, recipient: 4_000_000_000 };
        let long = address(&SECRET, Use::Return, longest, "bounce@h.example");
        assert!(long.split('@').next().unwrap().len() <= 64, "{long}");
        assert_eq!(read_address(&SECRET, Use::Return, &long), Some(longest));
    }

    #[test]
    fn what_is_made_up_or_changed_is_nothing() {
        let made = address(&SECRET, Use::Reply, TOKEN, "desk@h.example");
        for forged in [
            made.replace("17.0.3", "18.0.3"),
            made.replace("17.0.3", "17.0.4"),
            "desk+17.0.3@h.example".to_owned(),
            "desk+17.0.3.aaaaaaaaaaaaaaaa@h.example".to_owned(),
            "desk@h.example".to_owned(),
            String::new(),
        ] {
            assert_eq!(read_address(&SECRET, Use::Reply, &forged), None, "{forged}");
        }
        assert_eq!(address(&SECRET, Use::Reply, TOKEN, "nothing"), "nothing");
    }

    #[test]
    fn a_link_is_good_until_its_end() {
        let made = link(&SECRET, TOKEN, 1_000);
        assert_eq!(read_link(&SECRET, &made, 999), Some(TOKEN));
        assert_eq!(read_link(&SECRET, &made, 1_000), None);
        assert_eq!(read_link(&SECRET, &made.replace("1000", "9000"), 999), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_without_panic(text in "\\PC{0,120}", now in any::<i64>()) {
            prop_assert_eq!(read_link(&SECRET, &text, now), None);
            prop_assert_eq!(read_address(&SECRET, Use::Reply, &text), None);
        }

        #[test]
        fn every_token_is_read_back(number in any::<u64>(), epoch in any::<u32>(), recipient in any::<u32>()) {
            let token = Token { number, epoch, recipient };
            let made = address(&SECRET, Use::Reply, token, "desk@h.example");
            prop_assert_eq!(read_address(&SECRET, Use::Reply, &made), Some(token));
        }
    }
}
