//! The name of a mail that never changes: whoever gets it twice can see that it is the same.

use std::{fmt, str::FromStr};

/// A host name longer than this is none (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// `<17.0.3@mail.example>`: notification 17, epoch 0 (never restored), third recipient.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageId {
    number: u64,
    epoch: u32,
    recipient: u32,
    host: String,
}

/// Why a text is no Message-ID of ours.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MessageIdError {
    /// The part behind the `@`.
    #[error("`{0}` is no host name: use letters, digits, dots and hyphens")]
    Host(String),
    /// Something else.
    #[error("`{0}` is no Message-ID of Schakel: those look like <17.0.3@mail.example>")]
    Form(String),
}

impl MessageId {
    /// For the `recipient`th recipient of a notification, at the host that sends it.
    pub fn new(number: u64, epoch: u32, recipient: u32, host: &str) -> Result<Self, MessageIdError> {
        let valid = !host.is_empty()
            && host.len() <= HOST_BYTES_MAX
            && !host.starts_with(['.', '-'])
            && !host.ends_with(['.', '-'])
            && !host.contains("..")
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-');
        if !valid {
            return Err(MessageIdError::Host(host.into()));
        }
        Ok(Self { number, epoch, recipient, host: host.to_ascii_lowercase() })
    }

    /// Notification, epoch and recipient.
    pub fn numbers(&self) -> (u64, u32, u32) {
        (self.number, self.epoch, self.recipient)
    }

    /// Without the angle brackets: also good as a file name on any system.
    pub fn bare(&self) -> String {
        format!("{}.{}.{}@{}", self.number, self.epoch, self.recipient, self.host)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.bare())
    }
}

impl FromStr for MessageId {
    type Err = MessageIdError;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || MessageIdError::Form(text.into());
        let bare = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).ok_or_else(form)?;
        let (numbers, host) = bare.split_once('@').ok_or_else(form)?;
        let mut numbers = numbers.split('.');
        let mut next = || numbers.next().ok_or_else(form);
        let (number, epoch, recipient) = (next()?, next()?, next()?);
        if numbers.next().is_some() {
            return Err(form());
        }
        Self::new(
            number.parse().map_err(|_| form())?,
            epoch.parse().map_err(|_| form())?,
            recipient.parse().map_err(|_| form())?,
            host,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_it_writes_and_nothing_else() {
        let id = MessageId::new(17, 0, 3, "Mail.example").unwrap();
        assert_eq!(id.to_string(), "<17.0.3@mail.example>");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "17.0.3@x", "<17.0@x>", "<17.0.3.4@x>", "<a.0.3@x>", "<1.0.3@../x>", "<1.0.3@>"] {
            assert!(text.parse::<MessageId>().is_err(), "{text}");
        }
        for host in ["", "a/b", "a b", "a\r\nBcc: x", ".a", "a..b", "a>"] {
            assert!(MessageId::new(1, 0, 1, host).is_err(), "{host}");
        }
    }
}
