//! What goes from hub to hub: one line for each message.
//!
//! - [`jcs`]: JSON in the one way that can be signed (RFC 8785),
//! - [`message`]: the signed line with its envelope,
//! - [`parcel`], [`receipt`], [`status`]: what stands in the envelope,
//! - [`invitation`]: how two hubs agree on a link; [`keys`]: how a hub says that it has a new one,
//! - [`question`]: blind matching; [`whose`]: a question about one address or name,
//! - [`mail`]: lines in a mail,
//! - [`withdrawn`]: what is taken back,
//! - [`fingerprint`]: a key in digits that can be read aloud.

pub mod claims;
pub mod digest;
pub mod fingerprint;
pub mod invitation;
pub mod jcs;
pub mod keys;
pub mod mail;
pub mod message;
pub mod parcel;
pub mod question;
pub mod receipt;
pub mod seal_key;
pub mod status;
pub mod whose;
pub mod withdrawn;

mod fields;
mod jcs_reader;
