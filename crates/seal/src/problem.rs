//! What stood in the way of opening a mail, or should be known about it.

/// A problem with a sealed mail. Some leave a part of it closed, others are warnings.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// Encrypted to others.
    #[error("it is encrypted, but not to a key of ours (to: {})", list(.to))]
    NoKey {
        /// The short numbers of the keys, or the issuers and serial numbers of the certificates.
        to: Vec<String>,
    },
    /// The integrity check failed, or the key of the message could not be had. Nothing of it is shown.
    #[error("it is encrypted to us, but it was damaged or changed on its way. Nothing of it is shown")]
    Damaged,
    /// OpenPGP of before 2007, without a check against changes.
    #[error("it is encrypted in an old way that does not protect against changes. Nothing of it is shown")]
    Unprotected,
    /// It decrypts or unpacks to too much.
    #[error("it unpacks to more than a mail may hold")]
    TooBig,
    /// Layers in layers.
    #[error("it is wrapped too many times")]
    TooDeep,
    /// Too many recipients, signatures, parts or blocks.
    #[error("it has more {of} than are looked at ({max})")]
    TooMany {
        /// Of what.
        of: &'static str,
        /// How many are looked at.
        max: usize,
    },
    /// It does not keep to its format.
    #[error("what should be {what} cannot be read")]
    Malformed {
        /// What it should be.
        what: &'static str,
    },
    /// A way of encrypting that we do not know.
    #[error("it is encrypted in a way that is not supported ({what})")]
    Unsupported {
        /// Which.
        what: String,
    },
    /// A warning: opened, but the cipher is an old one.
    #[error("it was opened, but its cipher is weak ({what})")]
    WeakCipher {
        /// Which.
        what: &'static str,
    },
    /// A warning: opened, but S/MIME as most programs write it does not show whether somebody changed it, and no signature does.
    #[error(
        "it was opened, but somebody on the way could have changed it: it has neither a check nor a right signature"
    )]
    Changeable,
    /// A warning: opened with a key that is over its time.
    #[error(
        "it is encrypted to our key {fingerprint}, which is no longer valid. The sender should get the new one"
    )]
    OurKeyIsOld {
        /// Which key.
        fingerprint: String,
    },
    /// A warning: the sender named inside is another than the one outside.
    #[error("the sealed content names another sender than the mail does")]
    OtherSender,
    /// A warning: other text around what was sealed.
    #[error("only a part of it was sealed, there is other text around it")]
    TextAround,
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "nobody that is named".to_owned() } else { items.join(", ") }
}
