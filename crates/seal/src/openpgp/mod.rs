//! OpenPGP: RFC 9580 and RFC 4880, in mail by RFC 3156 or in the text itself.
//!
//! - [`key`]: public keys, and whether they can be used at a time,
//! - [`secret`]: our own keys.
//!
//! What the library checks and what we check: it does the cryptography and reads packets; whether a key or a signature counts (time,
//! revocation, what a key is for, weak hashes) is decided here, since the library takes no clock and keeps no policy.

pub mod key;
pub mod secret;

mod decrypt;
pub(crate) mod inline;
pub(crate) mod message;
mod packets;
mod policy;
pub(crate) mod verify;
pub(crate) mod write;
