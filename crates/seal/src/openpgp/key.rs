//! Public keys of others.

use std::fmt;

use jiff::Timestamp;
use pgp::{
    composed::{ArmorOptions, PublicOrSecret, SignedPublicKey, SignedPublicSubKey},
    packet,
    ser::Serialize,
    types::{Fingerprint, KeyDetails},
};

use super::policy;
pub use super::policy::KeyState;
use crate::limits::{KEY_BYTES_MAX, KEYS_MAX};

/// Why there is no key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// More bytes than a key has.
    #[error("a key has at most {KEY_BYTES_MAX} bytes")]
    TooBig,
    /// No key at all.
    #[error("this is no OpenPGP key, neither in letters (`-----BEGIN PGP …`) nor in bytes")]
    Unreadable,
    /// A private key where a public one is meant.
    #[error("this is a PRIVATE key. Ask for the public one, and tell its owner to make a new key")]
    Private,
    /// A public key where a private one is meant.
    #[error("this is a public key; the private one is needed here")]
    Public,
    /// The passphrase does not open it.
    #[error("the passphrase does not open this key")]
    WrongPassphrase,
    /// It could not be made.
    #[error("the key could not be made: {0}")]
    Make(String),
}

/// A public key with its subkeys and what it says of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) inner: SignedPublicKey,
}

/// The part of a key that does something.
#[derive(Clone, Copy)]
pub(super) enum Component<'k> {
    Primary(&'k packet::PublicKey),
    Sub(&'k SignedPublicSubKey),
}

impl Component<'_> {
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Primary(key) => key.fingerprint(),
            Self::Sub(key) => key.key.fingerprint(),
        }
    }
}

impl PublicKey {
    /// All keys in a file, armoured or binary. Nothing is said of whether they can be used: see [`PublicKey::state`].
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, KeyError> {
        let keys = read_any(bytes)?;
        keys.into_iter()
            .map(|key| match key {
                PublicOrSecret::Public(inner) => Ok(Self { inner }),
                PublicOrSecret::Secret(_) => Err(KeyError::Private),
            })
            .collect()
    }

    /// The first key in a file.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::read_all(bytes)?.into_iter().next().ok_or(KeyError::Unreadable)
    }

    /// Of the primary key, in upper case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        hex(self.inner.primary_key.fingerprint().as_bytes())
    }

    /// Can it be used?
    pub fn state(&self, now: Timestamp) -> KeyState {
        policy::key_state(&self.inner, seconds(now))
    }

    /// Can a message be encrypted to it? A good key may have no part for that, or only one that is over.
    pub fn can_be_encrypted_to(&self, now: Timestamp) -> bool {
        self.encryption_component(now).is_some()
    }

    /// Whose it says it is, the primary name first.
    pub fn user_ids(&self, now: Timestamp) -> Vec<String> {
        policy::user_ids(&self.inner, seconds(now))
    }

    /// The mail addresses in its user ids, in lower case.
    pub fn addresses(&self, now: Timestamp) -> Vec<String> {
        addresses(&self.user_ids(now))
    }

    /// In bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.inner.to_bytes().expect("writing into memory does not fail")
    }

    /// For others to read.
    pub fn to_armoured(&self) -> String {
        self.inner.to_armored_string(ArmorOptions::default()).expect("writing into memory does not fail")
    }

    /// What a message is encrypted to: the newest subkey that is good for it, or the primary key.
    pub(super) fn encryption_component(&self, now: Timestamp) -> Option<Component<'_>> {
        let at = seconds(now);
        let subkey = self
            .inner
            .public_subkeys
            .iter()
            .filter(|subkey| {
                let (state, binding) = policy::subkey_state(&self.inner, subkey, at);
                state == KeyState::Good
                    && binding.is_some_and(|binding| policy::subkey_may_encrypt(subkey, binding))
            })
            .max_by_key(|subkey| subkey.key.created_at());
        match subkey {
            Some(subkey) => Some(Component::Sub(subkey)),
            None if self.state(now) == KeyState::Good && policy::primary_may_encrypt(&self.inner, at) => {
                Some(Component::Primary(&self.inner.primary_key))
            }
            None => None,
        }
    }

    pub(super) fn components(&self) -> impl Iterator<Item = Component<'_>> {
        let primary = std::iter::once(Component::Primary(&self.inner.primary_key));
        primary.chain(self.inner.public_subkeys.iter().map(Component::Sub))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

/// Keys of either kind.
pub(super) fn read_any(bytes: &[u8]) -> Result<Vec<PublicOrSecret>, KeyError> {
    if bytes.len() > KEY_BYTES_MAX {
        return Err(KeyError::TooBig);
    }
    let is_binary = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let read = if is_binary {
        PublicOrSecret::from_bytes_many(bytes)
    } else {
        PublicOrSecret::from_armor_many_buf(bytes).map(|(keys, _)| keys)
    };
    let keys: Vec<PublicOrSecret> =
        read.map_err(|_| KeyError::Unreadable)?.take(KEYS_MAX).filter_map(Result::ok).collect();
    if keys.is_empty() { Err(KeyError::Unreadable) } else { Ok(keys) }
}

/// Upper case, without spaces.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// OpenPGP counts seconds since 1970 in 32 bits.
pub(super) fn seconds(at: Timestamp) -> pgp::types::Timestamp {
    let seconds = at.as_second().clamp(0, i64::from(u32::MAX));
    pgp::types::Timestamp::from_secs(u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// Every address once.
pub(super) fn addresses(user_ids: &[String]) -> Vec<String> {
    let mut addresses: Vec<String> = Vec::new();
    for address in user_ids.iter().filter_map(|id| address_in(id)) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// The address in `Name <user@host>`, or all of it, in lower case.
pub(crate) fn address_in(text: &str) -> Option<String> {
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => text,
    };
    let address = address.trim().to_lowercase();
    let is_one = address.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !address.contains(char::is_whitespace)
    });
    is_one.then_some(address)
}
