//! Certificates (RFC 5280): whose, until when, for what key.

use std::fmt;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use ring::digest::{SHA256, digest};

use super::{
    asn1::{Element, INTEGER, OCTET_STRING, Reader, SEQUENCE, SET, Unreadable},
    oid, pem,
};
use crate::{
    limits::{CERTIFICATES_MAX, KEY_BYTES_MAX, RSA_BITS_MIN},
    openpgp::key::hex,
};

/// Why there is no certificate or key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CertificateError {
    /// More bytes than it has.
    #[error("a certificate or key has at most {KEY_BYTES_MAX} bytes")]
    TooBig,
    /// No certificate.
    #[error("there is no certificate in it, neither in letters (`-----BEGIN CERTIFICATE-----`) nor in bytes")]
    NoCertificate,
    /// No key.
    #[error("there is no private key in it (`-----BEGIN PRIVATE KEY-----`)")]
    NoKey,
    /// A key behind a passphrase.
    #[error("the private key is locked by a passphrase; take it off first: openssl pkey -in FILE -out FILE")]
    Locked,
    /// A kind of key that is not supported.
    #[error("the private key is neither RSA nor on the curve P-256")]
    Unsupported,
    /// They do not belong together.
    #[error("the certificate is for another key")]
    OtherKey,
}

/// A certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    facts: Facts,
}

/// What it says.
#[derive(Clone, PartialEq, Eq)]
struct Facts {
    /// Issuer and serial number: how messages name it.
    issuer: Vec<u8>,
    serial: Vec<u8>,
    name: String,
    addresses: Vec<String>,
    not_before: Timestamp,
    not_after: Timestamp,
    key: PublicKey,
    key_identifier: Option<Vec<u8>>,
    usage: Option<u8>,
}

/// The key in a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum PublicKey {
    /// The structure RSAPublicKey.
    Rsa(Vec<u8>),
    /// A point.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
    Other,
}

/// Can a certificate be used?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CertificateState {
    /// Yes, as far as it says itself.
    Good,
    /// It begins later.
    NotYet,
    /// It is over.
    Expired,
    /// Its key can be broken.
    Weak,
}

/// Bits of the key usage (RFC 5280, 4.2.1.3), in the first byte.
const DIGITAL_SIGNATURE: u8 = 0x80;
const NON_REPUDIATION: u8 = 0x40;
const KEY_ENCIPHERMENT: u8 = 0x20;
const KEY_AGREEMENT: u8 = 0x08;

impl Certificate {
    /// All certificates in a file, in letters or in bytes.
    pub fn read_all(file: &[u8]) -> Result<Vec<Self>, CertificateError> {
        if file.len() > KEY_BYTES_MAX {
            return Err(CertificateError::TooBig);
        }
        let certificates: Vec<Self> = if file.first() == Some(&SEQUENCE) {
            Self::from_der(file).into_iter().collect()
        } else {
            let blocks = pem::blocks(file).into_iter();
            let is_one =
                |label: &str| ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"].contains(&label);
            blocks
                .filter(|block| is_one(&block.label))
                .take(CERTIFICATES_MAX)
                .filter_map(|block| Self::from_der(&block.bytes))
                .collect()
        };
        if certificates.is_empty() { Err(CertificateError::NoCertificate) } else { Ok(certificates) }
    }

    /// The first certificate in a file.
    pub fn read(file: &[u8]) -> Result<Self, CertificateError> {
        Self::read_all(file)?.into_iter().next().ok_or(CertificateError::NoCertificate)
    }

    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let whole = Reader::new(der).element(SEQUENCE).ok()?;
        let facts = facts(whole).ok()?;
        Some(Self { der: whole.whole.to_vec(), facts })
    }

    /// By SHA-256, in upper case hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        hex(digest(&SHA256, &self.der).as_ref())
    }

    /// The common name of its owner.
    pub fn name(&self) -> &str {
        &self.facts.name
    }

    /// Mail addresses it is for, in lower case.
    pub fn addresses(&self) -> &[String] {
        &self.facts.addresses
    }

    /// Until when it is valid.
    pub fn not_after(&self) -> Timestamp {
        self.facts.not_after
    }

    /// Can it be used?
    pub fn state(&self, now: Timestamp) -> CertificateState {
        if now < self.facts.not_before {
            CertificateState::NotYet
        } else if now > self.facts.not_after {
            CertificateState::Expired
        } else if self.is_weak() {
            CertificateState::Weak
        } else {
            CertificateState::Good
        }
    }

    /// Its bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.facts.key
    }

    /// IssuerAndSerialNumber, as messages name a certificate.
    pub(crate) fn issuer_and_serial(&self) -> Vec<u8> {
        super::asn1::element(SEQUENCE, &[&self.facts.issuer, &self.facts.serial])
    }

    /// Does this element of a message name this certificate?
    pub(crate) fn is_named_by(&self, identifier: &Element<'_>) -> bool {
        match identifier.tag {
            SEQUENCE => identifier.content == [&self.facts.issuer[..], &self.facts.serial].concat(),
            // [0] SubjectKeyIdentifier, which stands there bare or, from some, as an octet string.
            0x80 | 0xa0 => self.facts.key_identifier.as_deref().is_some_and(|own| {
                let inner = identifier.inside().element(OCTET_STRING);
                identifier.content == own
                    || (identifier.tag == 0xa0 && inner.is_ok_and(|inner| inner.content == own))
            }),
            _ => false,
        }
    }

    pub(crate) fn may_sign(&self) -> bool {
        self.facts.usage.is_none_or(|usage| usage & (DIGITAL_SIGNATURE | NON_REPUDIATION) != 0)
    }

    pub(crate) fn may_be_encrypted_to(&self) -> bool {
        let bit = if matches!(self.facts.key, PublicKey::Rsa(_)) { KEY_ENCIPHERMENT } else { KEY_AGREEMENT };
        self.facts.usage.is_none_or(|usage| usage & bit != 0)
    }

    fn is_weak(&self) -> bool {
        let PublicKey::Rsa(key) = &self.facts.key else { return false };
        let modulus = Reader::new(key).element(SEQUENCE).and_then(|key| key.inside().element(INTEGER));
        let Ok(modulus) = modulus else { return true };
        let digits = modulus.content.iter().skip_while(|digit| **digit == 0);
        digits.count() * 8 < RSA_BITS_MIN
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} {})", self.facts.name, self.fingerprint())
    }
}

fn facts(certificate: Element<'_>) -> Result<Facts, Unreadable> {
    let mut tbs = certificate.inside().element(SEQUENCE)?.inside();
    tbs.optional(0xa0)?;
    let serial = tbs.element(INTEGER)?.whole.to_vec();
    tbs.element(SEQUENCE)?;
    let issuer = tbs.element(SEQUENCE)?.whole.to_vec();
    let mut validity = tbs.element(SEQUENCE)?.inside();
    let (not_before, not_after) = (time(validity.any()?)?, time(validity.any()?)?);
    let subject = tbs.element(SEQUENCE)?;
    let info = tbs.element(SEQUENCE)?;
    let mut facts = Facts {
        issuer,
        serial,
        name: String::new(),
        addresses: Vec::new(),
        not_before,
        not_after,
        key: public_key(info)?,
        key_identifier: None,
        usage: None,
    };
    tbs.optional(0x81)?;
    tbs.optional(0x82)?;
    if let Some(extensions) = tbs.optional(0xa3)? {
        for extension in extensions.inside().element(SEQUENCE)?.all()? {
            facts.read_extension(extension)?;
        }
    }
    for part in subject.all()?.iter().filter(|part| part.tag == SET) {
        for attribute in part.all()? {
            let mut reader = attribute.inside();
            let kind = reader.oid()?;
            let text = String::from_utf8_lossy(reader.any()?.content).into_owned();
            if kind == oid::COMMON_NAME && facts.name.is_empty() {
                facts.name = text;
            } else if kind == oid::EMAIL_ADDRESS {
                facts.add_address(&text);
            }
        }
    }
    if facts.name.is_empty() {
        facts.name = facts.addresses.first().cloned().unwrap_or_default();
    }
    Ok(facts)
}

impl Facts {
    fn read_extension(&mut self, extension: Element<'_>) -> Result<(), Unreadable> {
        let mut reader = extension.inside();
        let kind = reader.oid()?;
        reader.optional(0x01)?;
        let mut value = Reader::new(reader.element(OCTET_STRING)?.content);
        if kind == oid::SUBJECT_ALT_NAME {
            for name in value.element(SEQUENCE)?.all()?.iter().filter(|name| name.tag == 0x81) {
                self.add_address(&String::from_utf8_lossy(name.content));
            }
        } else if kind == oid::SUBJECT_KEY_IDENTIFIER {
            self.key_identifier = Some(value.element(OCTET_STRING)?.content.to_vec());
        } else if kind == oid::KEY_USAGE {
            self.usage = value.any()?.content.get(1).copied().or(Some(0));
        }
        Ok(())
    }

    fn add_address(&mut self, text: &str) {
        let address = text.trim().to_lowercase();
        if address.contains('@') && !self.addresses.contains(&address) {
            self.addresses.push(address);
        }
    }
}

fn public_key(info: Element<'_>) -> Result<PublicKey, Unreadable> {
    let mut reader = info.inside();
    let mut algorithm = reader.element(SEQUENCE)?.inside();
    let key = reader.any()?.bits()?.to_vec();
    let kind = algorithm.oid()?;
    Ok(match kind {
        oid::RSA | oid::RSA_PSS => PublicKey::Rsa(key),
        oid::ED25519 => PublicKey::Ed25519(key),
        oid::EC => match algorithm.oid() {
            Ok(oid::P256) => PublicKey::P256(key),
            Ok(oid::P384) => PublicKey::P384(key),
            _ => PublicKey::Other,
        },
        _ => PublicKey::Other,
    })
}

/// UTCTime `YYMMDDHHMMSSZ` or GeneralizedTime `YYYYMMDDHHMMSSZ`.
pub(crate) fn time(element: Element<'_>) -> Result<Timestamp, Unreadable> {
    let text = std::str::from_utf8(element.content).map_err(|_| Unreadable)?;
    let text = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let full = match (element.tag, text) {
        // RFC 5280, 4.1.2.5.1: 50 and later is 19xx.
        (0x17, Some(digits)) if digits.len() == 12 => {
            let century = if digits < "50" { "20" } else { "19" };
            format!("{century}{digits}")
        }
        (0x18, Some(digits)) if digits.len() == 14 => digits.to_owned(),
        _ => return Err(Unreadable),
    };
    DateTime::strptime("%Y%m%d%H%M%S", &full)
        .and_then(|civil| civil.to_zoned(TimeZone::UTC))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| Unreadable)
}

/// UTCTime until 2049, GeneralizedTime after.
pub(crate) fn time_der(at: Timestamp) -> Vec<u8> {
    let civil = TimeZone::UTC.to_datetime(at);
    if (1950..2050).contains(&civil.year()) {
        super::asn1::element(0x17, &[civil.strftime("%y%m%d%H%M%SZ").to_string().as_bytes()])
    } else {
        super::asn1::element(0x18, &[civil.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_both_kinds() {
        for (at, is) in [
            ("2026-11-22T12:00:00Z", &b"\x17\x0d261122120000Z"[..]),
            ("1950-01-01T00:00:00Z", b"\x17\x0d500101000000Z"),
            ("2050-01-01T00:00:00Z", b"\x18\x0f20500101000000Z"),
        ] {
            let at: Timestamp = at.parse().unwrap();
            assert_eq!(time_der(at), is);
            assert_eq!(time(Reader::new(is).any().unwrap()), Ok(at));
        }
        for wrong in [&b"\x17\x0d261322120000Z"[..], b"\x17\x0c261122120000", b"\x18\x04abcd"] {
            assert_eq!(time(Reader::new(wrong).any().unwrap()), Err(Unreadable));
        }
    }
}
