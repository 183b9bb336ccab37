//! DKIM (RFC 6376, RFC 8463): a domain vouches for a mail.
//!
//! Relaxed/relaxed, SHA-256. The fields that a reader sees are named once more than they occur, so that none can be added on the way (RFC
//! 6376 section 8.15). There is no end to the signature: what waited in an outbox for two days has to be good as well; a key is withdrawn by
//! its record.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use rsa::{
    RsaPrivateKey,
    pkcs1v15::SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey},
    sha2::Sha256,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use schakel_formats::mail::mime::split_head;

use crate::{
    limits::{KEY_BYTES_MAX, RSA_BITS_MIN},
    mime::{
        fields::{RawField, raw_fields},
        write::{base64_lines, canonical},
    },
    random::Random,
    smime::pem,
};

/// What RFC 8301 asks for. A longer key does not fit into one string of a TXT record and gains nothing while keys are changed.
const RSA_BITS: usize = 2048;

/// Fields that are signed where they stand, and that nobody may add.
const SEALED: [&str; 13] = [
    "From",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
];

/// Fields that are signed where they stand.
const SIGNED: [&str; 5] =
    ["Auto-Submitted", "List-Id", "X-Schakel-Number", "X-TLP", "X-Auto-Response-Suppress"];

/// A line of a signature is folded behind this many characters.
const LINE_CHARS: usize = 72;

/// The bytes in front of an Ed25519 seed in PKCS #8 (RFC 8410 section 7).
const ED25519_PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// A kind of key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// RSA, 2048 bits: every mail server can check it.
    Rsa,
    /// Ed25519 (RFC 8463): short; not every mail server can check it yet, so it goes beside an RSA key.
    Ed25519,
}

/// A key that signs for a domain.
pub enum DkimKey {
    /// RSA.
    Rsa(Box<RsaPrivateKey>),
    /// Ed25519.
    Ed25519(Ed25519KeyPair),
}

/// Why a file holds no key that can sign.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DkimKeyError {
    /// Not a file of ours, nor of OpenSSL.
    #[error("there is no private key in it: it needs an RSA or Ed25519 key in PEM (PKCS #8)")]
    NoKey,
    /// Too short to be believed.
    #[error("an RSA key for DKIM has at least {RSA_BITS_MIN} bits (RFC 8301), this one has {0}")]
    Short(usize),
    /// It could not be made.
    #[error("the key could not be made: {0}")]
    Make(String),
}

impl fmt::Debug for DkimKey {
    /// Without anything secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DkimKey({:?})", self.algorithm())
    }
}

impl DkimKey {
    /// From a PEM file with a key in PKCS #8.
    pub fn read(file: &[u8]) -> Result<Self, DkimKeyError> {
        if file.len() > KEY_BYTES_MAX {
            return Err(DkimKeyError::NoKey);
        }
        let der = pem::blocks(file)
            .into_iter()
            .find(|block| block.label == "PRIVATE KEY")
            .ok_or(DkimKeyError::NoKey)?
            .bytes;
        if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
            return Ok(Self::Ed25519(key));
        }
        let key = RsaPrivateKey::from_pkcs8_der(&der).map_err(|_| DkimKeyError::NoKey)?;
        let bits = key.n().bits();
        if bits < RSA_BITS_MIN {
            return Err(DkimKeyError::Short(bits));
        }
        Ok(Self::Rsa(Box::new(key)))
    }

    /// A new key, as a PEM file.
    pub fn generate(algorithm: Algorithm, random: &mut Random) -> Result<String, DkimKeyError> {
        let der = match algorithm {
            Algorithm::Rsa => {
                let make = |error: &dyn fmt::Display| DkimKeyError::Make(error.to_string());
                let key = RsaPrivateKey::new(random.rng(), RSA_BITS).map_err(|error| make(&error))?;
                key.to_pkcs8_der().map_err(|error| make(&error))?.as_bytes().to_vec()
            }
            Algorithm::Ed25519 => [&ED25519_PKCS8[..], &random.bytes::<32>()].concat(),
        };
        let lines = base64_lines(&der).replace('\r', "");
        Ok(format!("-----BEGIN PRIVATE KEY-----\n{lines}-----END PRIVATE KEY-----\n"))
    }

    /// Its kind.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rsa,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// What the TXT record `SELECTOR._domainkey.DOMAIN` has to say.
    pub fn record(&self) -> String {
        match self {
            Self::Rsa(key) => {
                let der =
                    key.to_public_key().to_public_key_der().expect("an RSA key that was read can be written");
                format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(der.as_bytes()))
            }
            Self::Ed25519(key) => {
                format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(key.public_key().as_ref()))
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => SigningKey::<Sha256>::new((**key).clone()).sign(text).to_vec(),
            // RFC 8463 section 3: what is signed is the hash.
            Self::Ed25519(key) => key.sign(digest(&SHA256, text).as_ref()).as_ref().to_vec(),
        }
    }
}

/// A key, and for which domain it stands under which name.
#[derive(Clone, Copy, Debug)]
pub struct DkimSigner<'k> {
    /// The domain that vouches.
    pub domain: &'k str,
    /// The name of the key: its record stands at `SELECTOR._domainkey.DOMAIN`.
    pub selector: &'k str,
    /// The key.
    pub key: &'k DkimKey,
}

/// The mail with a signature of each signer in front. The same input gives the same bytes.
pub fn sign(mail: &[u8], signers: &[DkimSigner<'_>], now: Timestamp) -> Vec<u8> {
    let mail = canonical(mail);
    let (head, body) = split_head(&mail);
    let fields = raw_fields(head);
    let body_hash = STANDARD.encode(digest(&SHA256, &relaxed_body(body)).as_ref());
    let (names, signed) = signed_fields(&fields);
    let mut whole = Vec::with_capacity(mail.len() + signers.len() * 1024);
    for signer in signers {
        let field = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n\ts={}; t={};\r\n\th={};\r\n\tbh={body_hash};\r\n\tb=",
            signer.key.name(),
            signer.domain,
            signer.selector,
            now.as_second(),
            folded_names(&names),
        );
        let own = relaxed_field("DKIM-Signature", field.split_once(':').map_or("", |(_, value)| value));
        let text = [&signed[..], own.trim_end().as_bytes()].concat();
        whole.extend_from_slice(field.as_bytes());
        let signature = base64_lines(&signer.key.sign(&text));
        whole.extend_from_slice(signature.trim_end().replace("\r\n", "\r\n\t ").as_bytes());
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(&mail);
    whole
}

/// The names of `h=`, and the fields as they are hashed: those of one name from the last to the first (RFC 6376 section 5.4.2).
fn signed_fields(fields: &[RawField<'_>]) -> (Vec<&'static str>, Vec<u8>) {
    let (mut names, mut text) = (Vec::new(), Vec::new());
    let known = SEALED.iter().map(|name| (name, 1)).chain(SIGNED.iter().map(|name| (name, 0)));
    for (name, more) in known {
        let found: Vec<&RawField<'_>> = fields.iter().rev().filter(|field| field.is(name)).collect();
        for field in &found {
            let value = String::from_utf8_lossy(&field.bytes[field.name.len() + 1..]).into_owned();
            text.extend_from_slice(relaxed_field(name, &value).as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        names.extend(std::iter::repeat_n(*name, found.len() + more));
    }
    (names, text)
}

fn folded_names(names: &[&str]) -> String {
    let mut text = String::new();
    let mut line = 0;
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            text.push(':');
            line += 1;
        }
        if line + name.len() > LINE_CHARS {
            text.push_str("\r\n\t ");
            line = 0;
        }
        text.push_str(name);
        line += name.len();
    }
    text
}

/// RFC 6376 section 3.4.2, without the line break at the end.
fn relaxed_field(name: &str, value: &str) -> String {
    let words: Vec<&str> = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    format!("{}:{}", name.to_ascii_lowercase(), words.join(" "))
}

/// RFC 6376 section 3.4.4.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut relaxed = Vec::with_capacity(body.len());
    let mut end = 0;
    let lines = body.strip_suffix(b"\r\n").unwrap_or(body);
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut space = false;
        for byte in line {
            if matches!(byte, b' ' | b'\t') {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) {
                relaxed.push(b' ');
            }
            relaxed.push(*byte);
            end = relaxed.len() + 2;
        }
        relaxed.extend_from_slice(b"\r\n");
    }
    relaxed.truncate(end);
    relaxed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of RFC 6376 section 3.4.5.
    #[test]
    fn white_space_is_relaxed_as_in_the_rfc() {
        let fields = raw_fields(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n");
        assert_eq!(relaxed_field(fields[0].name, " X\r\n"), "a:X");
        assert_eq!(relaxed_field("B", " Y\t\r\n\tZ  \r\n"), "b:Y Z");
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        for nothing in [&b""[..], b"\r\n", b"\r\n\r\n", b" \t\r\n \r\n"] {
            assert_eq!(relaxed_body(nothing), b"", "{nothing:?}");
        }
        assert_eq!(relaxed_body(b"a"), b"a\r\n");
    }

    #[test]
    fn nothing_can_be_added_that_a_reader_sees() {
        let fields = raw_fields(b"From: a@b.example\r\nSubject: x\r\nX-TLP: TLP:RED\r\nX-Other: y\r\n\r\n");
        let (names, text) = signed_fields(&fields);
        let count = |name: &str| names.iter().filter(|one| **one == name).count();
        assert_eq!(["From", "Subject", "Cc", "X-TLP", "X-Other"].map(count), [2, 2, 1, 1, 0]);
        assert_eq!(String::from_utf8(text).unwrap(), "from:a@b.example\r\nsubject:x\r\nx-tlp:TLP:RED\r\n");
    }

    #[test]
    fn keys_are_read_as_they_were_made_and_nothing_else_is() {
        let mut random = Random::from_seed([7; 32]);
        let key =
            DkimKey::read(DkimKey::generate(Algorithm::Ed25519, &mut random).unwrap().as_bytes()).unwrap();
        assert_eq!(key.algorithm(), Algorithm::Ed25519);
        assert!(key.record().starts_with("v=DKIM1; k=ed25519; p="), "{}", key.record());
        let certificate = b"-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n";
        let broken = b"-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n";
        for file in [&b""[..], b"hello", certificate, broken] {
            assert_eq!(DkimKey::read(file).err(), Some(DkimKeyError::NoKey));
        }
    }

    proptest! {
        /// A body hash that depends on how the transport breaks white space would not survive it.
        #[test]
        fn relaxing_twice_is_relaxing_once(body in "[a-c \t\n.]{0,80}") {
            let once = relaxed_body(&canonical(body.as_bytes()));
            prop_assert_eq!(relaxed_body(&once), once);
        }
    }
}
