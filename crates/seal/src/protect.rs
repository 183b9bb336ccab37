//! A mail that goes out, signed, encrypted or both.
//!
//! The header fields of the mail stay in front. Those that a reader sees (From, To, Subject, Date and the like) are repeated inside, where
//! the signature covers them (RFC 9788); a reader that does not know this sees the mail as ever.

use jiff::Timestamp;
use schakel_formats::mail::mime::{Part, split_head};

use crate::{
    mime::{
        fields::{RawField, raw_fields},
        write::{base64_lines, boundary, canonical, multipart},
    },
    openpgp::{
        self,
        key::{KeyState, PublicKey},
        secret::SecretKey,
    },
    random::Random,
    smime::{
        self,
        certificate::{Certificate, CertificateState},
        identity::Identity,
    },
};

/// Fields that are repeated where the signature covers them.
const PROTECTED: [&str; 9] =
    ["From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"];

/// What stands outside for a subject that only the recipient may read (RFC 9788 section 3.2.1).
const HIDDEN_SUBJECT: &str = "[...]";

/// By whom a mail is signed and to whom it is encrypted.
#[derive(Clone, Copy, Debug)]
pub enum Protection<'k> {
    /// PGP/MIME, RFC 3156.
    OpenPgp {
        /// Who signs; nobody when it is only encrypted.
        signer: Option<&'k SecretKey>,
        /// Who can read it; empty when it is only signed.
        to: &'k [PublicKey],
    },
    /// RFC 8551. Sign what is encrypted: the encryption by itself does not protect against changes.
    SMime {
        /// Who signs; nobody when it is only encrypted.
        signer: Option<&'k Identity>,
        /// Who can read it; empty when it is only signed.
        to: &'k [Certificate],
    },
}

/// What an encrypted mail shows of its subject on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject<'a> {
    /// All of it.
    Shown,
    /// Nothing: it is inside.
    Hidden,
    /// This instead: what may be known on the way, in ASCII. All of it is inside.
    Instead(&'a str),
}

/// Why a key does not do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// It begins later.
    #[error("it is not valid yet")]
    NotYet,
    /// It is over.
    #[error("it has expired")]
    Expired,
    /// Its owner took it back.
    #[error("it was revoked")]
    Revoked,
    /// It can be broken.
    #[error("it is too weak")]
    Weak,
    /// Nothing in it can be believed, or it cannot be read.
    #[error("it is damaged")]
    Damaged,
    /// It says that it is for something else, or has no part for this.
    #[error("it is not made for this")]
    OtherUse,
    /// A kind that we do not write.
    #[error("its kind is not supported")]
    Unsupported,
}

impl Unfit {
    /// Of an OpenPGP key that has no part for what it should do.
    pub(crate) fn of_key(state: KeyState) -> Self {
        match state {
            KeyState::Good => Self::OtherUse,
            KeyState::NotYet => Self::NotYet,
            KeyState::Expired => Self::Expired,
            KeyState::Revoked => Self::Revoked,
            KeyState::Weak => Self::Weak,
            KeyState::Unbound => Self::Damaged,
        }
    }

    /// Of a certificate; nothing when it is good.
    pub(crate) fn of_certificate(state: CertificateState) -> Option<Self> {
        match state {
            CertificateState::Good => None,
            CertificateState::NotYet => Some(Self::NotYet),
            CertificateState::Expired => Some(Self::Expired),
            CertificateState::Weak => Some(Self::Weak),
        }
    }
}

/// Why a mail cannot be protected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProtectError {
    /// Neither a signer nor a recipient.
    #[error("there is nobody to sign it, and nobody to encrypt it to")]
    Nothing,
    /// A key that nothing can be encrypted to.
    #[error("nothing can be encrypted to the key {key}: {why}")]
    Recipient {
        /// Its fingerprint.
        key: String,
        /// What is wrong with it.
        why: Unfit,
    },
    /// Our own key does not sign.
    #[error("our key {key} cannot sign: {why}")]
    Signer {
        /// Its fingerprint.
        key: String,
        /// What is wrong with it.
        why: Unfit,
    },
    /// A signature over bytes that servers on the way may change.
    #[error("a mail that is signed and not encrypted has to be plain ASCII: use quoted-printable or base64")]
    EightBit,
    /// The library could not do it.
    #[error("it could not be signed or encrypted: {0}")]
    Failed(String),
}

/// The final bytes of a mail, protected. The same mail, keys, time and randomness give the same bytes.
pub fn protect(
    mail: &[u8],
    with: &Protection<'_>,
    subject: Subject<'_>,
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    let mail = canonical(mail);
    let (head, body) = split_head(&mail);
    let (of_the_body, outer): (Vec<_>, Vec<_>) =
        raw_fields(head).into_iter().partition(RawField::is_of_the_body);
    let entity = entity(&of_the_body, &outer, body);
    let is_only_signed =
        matches!(with, Protection::OpenPgp { to: [], .. } | Protection::SMime { to: [], .. });
    if is_only_signed && !entity.is_ascii() {
        return Err(ProtectError::EightBit);
    }
    let (content, is_encrypted) = match with {
        Protection::OpenPgp { signer: None, to: [] } | Protection::SMime { signer: None, to: [] } => {
            return Err(ProtectError::Nothing);
        }
        Protection::OpenPgp { signer: Some(signer), to: [] } => {
            (openpgp_signed(&entity, signer, now, random)?, false)
        }
        Protection::OpenPgp { signer, to } => (openpgp_encrypted(&entity, *signer, to, now, random)?, true),
        Protection::SMime { signer: Some(signer), to: [] } => {
            (smime_signed(&entity, signer, now, random)?, false)
        }
        Protection::SMime { signer: Some(signer), to } => {
            let signed = smime_signed(&entity, signer, now, random)?;
            (smime_encrypted(&signed, to, now, random)?, true)
        }
        Protection::SMime { signer: None, to } => (smime_encrypted(&entity, to, now, random)?, true),
    };
    let mut protected = Vec::with_capacity(content.len() + head.len() + 64);
    for field in outer {
        let instead = match subject {
            _ if !is_encrypted || !field.is("Subject") => None,
            Subject::Shown => None,
            Subject::Hidden => Some(HIDDEN_SUBJECT),
            Subject::Instead(text) => Some(text),
        };
        match instead {
            Some(text) => protected.extend_from_slice(format!("Subject: {text}\r\n").as_bytes()),
            None => protected.extend_from_slice(field.bytes),
        }
    }
    protected.extend_from_slice(b"MIME-Version: 1.0\r\n");
    protected.extend_from_slice(&content);
    Ok(protected)
}

/// What is signed: the fields of the body, those to be protected, and the body.
fn entity(of_the_body: &[RawField<'_>], outer: &[RawField<'_>], body: &[u8]) -> Vec<u8> {
    let mut entity = Vec::with_capacity(body.len() + 1024);
    let mut has_type = false;
    for field in of_the_body.iter().filter(|field| !field.is("MIME-Version")) {
        if field.is("Content-Type") {
            has_type = true;
            let is_marked = Part::read(field.bytes).protects_fields;
            entity.extend_from_slice(field.bytes.trim_ascii_end());
            if !is_marked {
                entity.extend_from_slice(b";\r\n protected-headers=\"v1\"");
            }
            entity.extend_from_slice(b"\r\n");
        } else {
            entity.extend_from_slice(field.bytes);
        }
    }
    if !has_type {
        entity.extend_from_slice(b"Content-Type: text/plain; charset=us-ascii; protected-headers=\"v1\"\r\n");
    }
    for field in outer.iter().filter(|field| PROTECTED.iter().any(|name| field.is(name))) {
        entity.extend_from_slice(field.bytes);
    }
    entity.extend_from_slice(b"\r\n");
    entity.extend_from_slice(body);
    entity
}

fn openpgp_signed(
    entity: &[u8],
    signer: &SecretKey,
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    let (signature, micalg) = openpgp::write::sign(entity, signer, now, random)?;
    let signature = [
        b"Content-Type: application/pgp-signature; name=\"signature.asc\"\r\n\
          Content-Disposition: attachment; filename=\"signature.asc\"\r\n\r\n",
        &*canonical(signature.as_bytes()),
    ]
    .concat();
    let parts = [entity, &signature];
    let boundary = boundary(&parts);
    let head = format!(
        "Content-Type: multipart/signed; micalg={micalg};\r\n protocol=\"application/pgp-signature\";\r\n \
         boundary=\"{boundary}\"\r\n\r\n"
    );
    Ok([head.as_bytes(), &multipart(&boundary, &parts)].concat())
}

fn openpgp_encrypted(
    entity: &[u8],
    signer: Option<&SecretKey>,
    to: &[PublicKey],
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    let message = openpgp::write::encrypt(entity, signer, to, now, random)?;
    let version = b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";
    let message = [
        b"Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n\
          Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n",
        &*canonical(message.as_bytes()),
    ]
    .concat();
    let parts = [&version[..], &message];
    let boundary = boundary(&parts);
    let head = format!(
        "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=\"{boundary}\"\r\n\r\n"
    );
    Ok([head.as_bytes(), &multipart(&boundary, &parts)].concat())
}

fn smime_signed(
    entity: &[u8],
    signer: &Identity,
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    let signature = smime::signed::sign(entity, signer, now, random)?;
    let signature = format!(
        "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n{}",
        base64_lines(&signature)
    );
    let parts = [entity, signature.as_bytes()];
    let boundary = boundary(&parts);
    let head = format!(
        "Content-Type: multipart/signed; micalg=sha-256;\r\n protocol=\"application/pkcs7-signature\";\r\n \
         boundary=\"{boundary}\"\r\n\r\n"
    );
    Ok([head.as_bytes(), &multipart(&boundary, &parts)].concat())
}

fn smime_encrypted(
    entity: &[u8],
    to: &[Certificate],
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    let message = smime::enveloped::seal(entity, to, now, random)?;
    let head = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\n\
                Content-Transfer-Encoding: base64\r\n\
                Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n";
    Ok([head.as_bytes(), base64_lines(&message).as_bytes()].concat())
}
