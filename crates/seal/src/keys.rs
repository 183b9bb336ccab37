//! All keys that opening a mail may use.

use crate::{
    openpgp::{key::PublicKey, secret::SecretKey},
    smime::{identity::Identity, trust::Trusted},
};

/// Our own keys, and those of others that we know. Who vouches for a key is the caller's business: what stands here is believed.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Our OpenPGP keys: they decrypt. Old ones stay, for old mails.
    pub openpgp_secret: Vec<SecretKey>,
    /// OpenPGP keys of others: they verify.
    pub openpgp_public: Vec<PublicKey>,
    /// Our S/MIME keys with their certificates: they decrypt. Old ones stay, for old mails.
    pub smime_own: Vec<Identity>,
    /// Whose S/MIME certificates are believed.
    pub smime_trusted: Trusted,
}
