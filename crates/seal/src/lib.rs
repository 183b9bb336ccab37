//! Sealed mail: what comes in encrypted or signed is opened and checked, what goes out is signed and encrypted. The only crate that touches
//! OpenPGP, S/MIME and DKIM. Also what people sign in with.
//!
//! It is pure: keys, the time and randomness are parameters, and nothing is read or written. Key servers, revocation lists and other
//! look-ups are not its business: a key counts because the caller hands it over.
//!
//! - [`open`]: a mail as it came → a mail that our own reader understands, and what was found about encryption and signature,
//! - [`protect`]: a mail that goes out → the same mail, signed, encrypted or both,
//! - [`dkim`]: a domain vouches for a mail (RFC 6376),
//! - [`ed25519`]: a signature on what is not mail; [`sealed`]: something that is not mail, for one reader,
//! - [`password`], [`one_time`]: what somebody knows and what somebody has, to sign in with,
//! - [`secret_box`]: a secret of ours at rest,
//! - [`keys`]: all keys that opening may use,
//! - [`openpgp`]: keys and messages of RFC 9580 and RFC 4880, and how they stand in a mail (RFC 3156, and in the text),
//! - [`smime`]: certificates and messages of RFC 5652, as RFC 8551 uses them,
//! - [`signature`], [`problem`]: what opening says,
//! - [`limits`]: how far it goes.
//!
//! Nothing of a message is handed out unless all of it could be read and its integrity, where the format has any, is right. Why a
//! decryption failed is said in one way for all reasons that depend on the secret key, so that nobody can learn from our answers.

pub mod assertion;
pub mod blind;
pub mod dkim;
pub mod ed25519;
pub mod id_token;
pub mod keys;
pub mod limits;
pub mod one_time;
pub mod open;
pub mod openpgp;
pub mod passkey;
pub mod password;
pub mod problem;
pub mod protect;
pub mod random;
pub mod sealed;
pub mod secret_box;
pub mod signature;
pub mod smime;

mod mime;
