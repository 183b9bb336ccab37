//! What is known about the signature of a mail.

use jiff::Timestamp;

/// The two ways to seal a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standard {
    /// OpenPGP, RFC 9580 and before.
    OpenPgp,
    /// S/MIME, RFC 8551 and before.
    SMime,
}

impl Standard {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenPgp => "OpenPGP",
            Self::SMime => "S/MIME",
        }
    }
}

/// Who signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// In which way.
    pub standard: Standard,
    /// Of the primary key (OpenPGP) or, by SHA-256, of the certificate (S/MIME), in upper case hexadecimal digits.
    pub fingerprint: String,
    /// As the key says: a user id, or the name in the certificate.
    pub name: String,
    /// Mail addresses that the key says are its owner's, in lower case.
    pub addresses: Vec<String>,
    /// Why this key should be believed.
    pub trust: Trust,
}

/// Why a key is believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// The caller handed over this very key, or pinned its fingerprint.
    Known,
    /// A path of certificates leads to an authority that the caller trusts.
    Path,
    /// It came with the mail, and nobody vouches for it.
    Nobody,
}

/// What is wrong with a signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// It is over other bytes than these, or not made by this key.
    Mismatch,
    /// It cannot be read.
    Malformed,
    /// It rests on MD5, SHA-1 or the like, or on a key that is too short.
    Weak,
    /// It is made in a way that we do not know.
    Unsupported,
    /// It was made later than now.
    InTheFuture,
    /// It says itself that it is too old.
    Expired,
    /// The key is not meant for signing.
    KeyMayNotSign,
}

/// The state of a signature. Where several lie around each other, the innermost counts: it is over the content itself. Where several stand
/// beside each other, the best one counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Signature {
    /// There is none.
    #[default]
    None,
    /// Right, over all of the content. The header fields of the mail are not covered, except for those protected by the signature.
    Valid {
        /// By whom; see [`Signer::trust`].
        by: Signer,
        /// When, as the signer says.
        made: Option<Timestamp>,
    },
    /// Right, but over a part of what the mail shows. What stands around it, anybody may have written.
    Partial {
        /// By whom.
        by: Signer,
    },
    /// Wrong.
    Invalid {
        /// In which way.
        why: Flaw,
    },
    /// By a key that was not handed over.
    UnknownKey {
        /// Its fingerprint or, in old messages, its short number.
        key: String,
    },
    /// Right, by a key that is not valid any more (or not yet).
    ExpiredKey {
        /// Whose.
        by: Signer,
    },
    /// Right, by a key that its owner has revoked.
    RevokedKey {
        /// Whose.
        by: Signer,
    },
}

impl Signature {
    /// The signer of all of the content, when the signature is right and the key is believed.
    pub fn trusted_signer(&self) -> Option<&Signer> {
        match self {
            Self::Valid { by, .. } if by.trust != Trust::Nobody => Some(by),
            _ => None,
        }
    }

    /// Is all of the content signed by a believed key that says it belongs to this mail address?
    pub fn vouches_for(&self, address: &str) -> bool {
        let address = address.trim().to_lowercase();
        self.trusted_signer().is_some_and(|signer| signer.addresses.contains(&address))
    }

    /// Only a part of what is shown is covered.
    pub(crate) fn of_a_part(self) -> Self {
        match self {
            Self::Valid { by, .. } => Self::Partial { by },
            other => other,
        }
    }

    /// Of signatures beside each other the one with the most to say.
    pub(crate) fn better(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    fn weight(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::UnknownKey { .. } => 1,
            Self::Invalid { .. } => 2,
            Self::ExpiredKey { .. } => 3,
            Self::RevokedKey { .. } => 4,
            Self::Partial { .. } => 5,
            Self::Valid { by, .. } => match by.trust {
                Trust::Nobody => 6,
                Trust::Path => 7,
                Trust::Known => 8,
            },
        }
    }
}
