//! Signed content: SignedData (RFC 5652), with the content in it or apart.

use std::borrow::Cow;

use jiff::Timestamp;
use p256::ecdsa::signature::Signer as _;
use ring::{
    digest::{Algorithm, SHA256, SHA384, SHA512, digest},
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
        ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use rsa::{
    pkcs1v15::SigningKey,
    sha2::Sha256,
    signature::{RandomizedSigner, SignatureEncoding},
};

use super::{
    asn1::{Element, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, SET, Unreadable, algorithm, element, set},
    certificate::{Certificate, CertificateState, PublicKey, time, time_der},
    identity::{Identity, PrivateKey},
    oid,
    trust::Trusted,
};
use crate::{
    limits::{CERTIFICATES_MAX, CLOCK_AHEAD_SECONDS, SIGNATURES_MAX},
    openpgp::key::hex,
    problem::Problem,
    protect::{ProtectError, Unfit},
    random::Random,
    signature::{Flaw, Signature, Signer, Standard},
};

/// What a signed message says.
pub(crate) struct Checked<'m> {
    /// The content, when it stands in the message.
    pub content: Option<Cow<'m, [u8]>>,
    /// None when nobody signed: such messages carry certificates.
    pub signature: Signature,
}

/// Checks every signature over the content: the one in the message, or else the one given.
pub(crate) fn check<'m>(
    data: Element<'m>,
    detached: Option<&[u8]>,
    trusted: &Trusted,
    now: Timestamp,
) -> Result<Checked<'m>, Problem> {
    let malformed = |Unreadable| Problem::Malformed { what: "a signed S/MIME message" };
    let message = read(data).map_err(malformed)?;
    if message.signers.len() > SIGNATURES_MAX {
        return Err(Problem::TooMany { of: "signatures", max: SIGNATURES_MAX });
    }
    let content = match (&message.content, detached) {
        (Some(content), _) => content,
        (None, Some(content)) => content,
        (None, None) => return Ok(Checked { content: None, signature: Signature::None }),
    };
    let signature = message
        .signers
        .iter()
        .map(|signer| {
            judge(*signer, &message, content, trusted, now)
                .unwrap_or(Signature::Invalid { why: Flaw::Malformed })
        })
        .reduce(Signature::better)
        .unwrap_or_default();
    Ok(Checked { signature, content: message.content })
}

/// The parts of the structure.
struct Message<'m> {
    content_type: &'m [u8],
    content: Option<Cow<'m, [u8]>>,
    certificates: Vec<Certificate>,
    signers: Vec<Element<'m>>,
}

fn read(data: Element<'_>) -> Result<Message<'_>, Unreadable> {
    let mut reader = data.inside();
    reader.element(INTEGER)?;
    reader.element(SET)?;
    let mut encapsulated = reader.element(SEQUENCE)?.inside();
    let content_type = encapsulated.oid()?;
    let content = match encapsulated.optional(0xa0)? {
        Some(tagged) => {
            let inner = tagged.inside().any()?;
            if inner.tag != OCTET_STRING {
                return Err(Unreadable);
            }
            Some(inner.octets()?)
        }
        None => None,
    };
    let certificates = match reader.optional(0xa0)? {
        Some(all) => all.all()?,
        None => Vec::new(),
    };
    reader.optional(0xa1)?;
    Ok(Message {
        content_type,
        content,
        certificates: certificates
            .iter()
            .take(CERTIFICATES_MAX)
            .filter_map(|certificate| Certificate::from_der(certificate.whole))
            .collect(),
        signers: reader.element(SET)?.all()?,
    })
}

/// What one signature is worth.
fn judge(
    signer: Element<'_>,
    message: &Message<'_>,
    content: &[u8],
    trusted: &Trusted,
    now: Timestamp,
) -> Result<Signature, Unreadable> {
    let invalid = |why| Ok(Signature::Invalid { why });
    let mut reader = signer.inside();
    reader.element(INTEGER)?;
    let for_whom = reader.any()?;
    let hash_name = reader.element(SEQUENCE)?.inside().oid()?;
    let attributes = reader.optional(0xa0)?;
    let algorithm = reader.element(SEQUENCE)?;
    let way = algorithm.inside().oid()?;
    let signature = reader.element(OCTET_STRING)?.content;

    let known = message.certificates.iter().chain(&trusted.certificates);
    let Some(certificate) = known.into_iter().find(|certificate| certificate.is_named_by(&for_whom)) else {
        let serial = for_whom.all().ok().and_then(|parts| parts.into_iter().find(|part| part.tag == INTEGER));
        return Ok(Signature::UnknownKey {
            key: hex(serial.map_or(for_whom.content, |serial| serial.content)),
        });
    };
    let Some(hash) = hash(hash_name) else {
        let is_weak = [oid::SHA1, oid::MD5].contains(&hash_name);
        return invalid(if is_weak { Flaw::Weak } else { Flaw::Unsupported });
    };
    if way == oid::RSA_SHA1 || certificate.state(now) == CertificateState::Weak {
        return invalid(Flaw::Weak);
    }
    if way == oid::RSA_PSS && pss_salt_bytes(algorithm)? != hash.output_len() {
        return invalid(Flaw::Unsupported);
    }
    let Some(verifier) = verifier(certificate.key(), way, hash) else { return invalid(Flaw::Unsupported) };
    let mut made = None;
    let signed = match attributes {
        None => Cow::Borrowed(content),
        Some(attributes) => {
            let said = Attributes::read(attributes)?;
            if said.digest != Some(digest(hash, content).as_ref())
                || said.content_type != Some(message.content_type)
            {
                return invalid(Flaw::Mismatch);
            }
            made = said.made;
            // Signed as a set of its own (RFC 5652 section 5.4).
            Cow::Owned(element(SET, &[attributes.content]))
        }
    };
    let key = match certificate.key() {
        PublicKey::Rsa(key) | PublicKey::P256(key) | PublicKey::P384(key) | PublicKey::Ed25519(key) => key,
        PublicKey::Other => return invalid(Flaw::Unsupported),
    };
    if UnparsedPublicKey::new(verifier, key).verify(&signed, signature).is_err() {
        return invalid(Flaw::Mismatch);
    }
    if made.is_some_and(|made: Timestamp| made.as_second() > now.as_second() + CLOCK_AHEAD_SECONDS) {
        return invalid(Flaw::InTheFuture);
    }
    if !certificate.may_sign() {
        return invalid(Flaw::KeyMayNotSign);
    }
    let by = Signer {
        standard: Standard::SMime,
        fingerprint: certificate.fingerprint(),
        name: certificate.name().to_owned(),
        addresses: certificate.addresses().to_vec(),
        trust: trusted.trust(certificate, &message.certificates, now),
    };
    Ok(match certificate.state(now) {
        CertificateState::Good => Signature::Valid { by, made },
        _ => Signature::ExpiredKey { by },
    })
}

/// What the signed attributes say.
#[derive(Default)]
struct Attributes<'m> {
    content_type: Option<&'m [u8]>,
    digest: Option<&'m [u8]>,
    made: Option<Timestamp>,
}

impl<'m> Attributes<'m> {
    fn read(set: Element<'m>) -> Result<Self, Unreadable> {
        let mut said = Self::default();
        for attribute in set.all()? {
            let mut reader = attribute.inside();
            let kind = reader.oid()?;
            let value = reader.element(SET)?.inside().any()?;
            match kind {
                oid::CONTENT_TYPE if value.tag == OID => said.content_type = Some(value.content),
                oid::MESSAGE_DIGEST if value.tag == OCTET_STRING => said.digest = Some(value.content),
                oid::SIGNING_TIME => said.made = time(value).ok(),
                _ => {}
            }
        }
        Ok(said)
    }
}

/// How much salt a signature has (RFC 4055 section 3.1): 20 bytes when it does not say. As much as the hash is what is asked for and usual.
fn pss_salt_bytes(algorithm: Element<'_>) -> Result<usize, Unreadable> {
    let mut reader = algorithm.inside();
    reader.oid()?;
    let parameters = reader.element(SEQUENCE)?.all()?;
    let Some(salt) = parameters.iter().find(|parameter| parameter.tag == 0xa2) else { return Ok(20) };
    let bytes = salt.inside().element(INTEGER)?.content;
    Ok(bytes
        .iter()
        .fold(0, |length: usize, digit| length.saturating_mul(256).saturating_add(usize::from(*digit))))
}

fn hash(name: &[u8]) -> Option<&'static Algorithm> {
    match name {
        oid::SHA256 => Some(&SHA256),
        oid::SHA384 => Some(&SHA384),
        oid::SHA512 => Some(&SHA512),
        _ => None,
    }
}

/// Programs name the way with or without its hash; key, way and hash have to fit each other.
fn verifier(
    key: &PublicKey,
    way: &[u8],
    hash: &'static Algorithm,
) -> Option<&'static dyn VerificationAlgorithm> {
    let is = |other: &'static Algorithm| hash == other;
    Some(match (key, way) {
        (PublicKey::Rsa(_), oid::RSA | oid::RSA_SHA256) if is(&SHA256) => &RSA_PKCS1_2048_8192_SHA256,
        (PublicKey::Rsa(_), oid::RSA | oid::RSA_SHA384) if is(&SHA384) => &RSA_PKCS1_2048_8192_SHA384,
        (PublicKey::Rsa(_), oid::RSA | oid::RSA_SHA512) if is(&SHA512) => &RSA_PKCS1_2048_8192_SHA512,
        (PublicKey::Rsa(_), oid::RSA_PSS) if is(&SHA256) => &RSA_PSS_2048_8192_SHA256,
        (PublicKey::Rsa(_), oid::RSA_PSS) if is(&SHA384) => &RSA_PSS_2048_8192_SHA384,
        (PublicKey::Rsa(_), oid::RSA_PSS) if is(&SHA512) => &RSA_PSS_2048_8192_SHA512,
        (PublicKey::P256(_), oid::EC | oid::ECDSA_SHA256) if is(&SHA256) => &ECDSA_P256_SHA256_ASN1,
        (PublicKey::P256(_), oid::EC | oid::ECDSA_SHA384) if is(&SHA384) => &ECDSA_P256_SHA384_ASN1,
        (PublicKey::P384(_), oid::EC | oid::ECDSA_SHA256) if is(&SHA256) => &ECDSA_P384_SHA256_ASN1,
        (PublicKey::P384(_), oid::EC | oid::ECDSA_SHA384) if is(&SHA384) => &ECDSA_P384_SHA384_ASN1,
        (PublicKey::Ed25519(_), oid::ED25519) => &ED25519,
        _ => return None,
    })
}

/// A ContentInfo with a signature over content that stands apart, by SHA-256.
pub(crate) fn sign(
    content: &[u8],
    signer: &Identity,
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    let certificate = signer.certificate();
    let refused = |why| ProtectError::Signer { key: certificate.fingerprint(), why };
    if let Some(why) = Unfit::of_certificate(certificate.state(now)) {
        return Err(refused(why));
    }
    if !certificate.may_sign() {
        return Err(refused(Unfit::OtherUse));
    }
    let attribute =
        |kind: &[u8], value: Vec<u8>| element(SEQUENCE, &[&element(OID, &[kind]), &element(SET, &[&value])]);
    let attributes = vec![
        attribute(oid::CONTENT_TYPE, element(OID, &[oid::DATA])),
        attribute(oid::SIGNING_TIME, time_der(now)),
        attribute(oid::MESSAGE_DIGEST, element(OCTET_STRING, &[digest(&SHA256, content).as_ref()])),
    ];
    let signed = set(SET, attributes.clone());
    let (way, signature) = match signer.key() {
        PrivateKey::Rsa(key) => {
            let key = SigningKey::<Sha256>::new((**key).clone());
            let signature = key
                .try_sign_with_rng(random.rng(), &signed)
                .map_err(|error| ProtectError::Failed(error.to_string()))?;
            (algorithm(oid::RSA_SHA256, &element(NULL, &[])), signature.to_vec())
        }
        PrivateKey::P256(key) => {
            let signature: p256::ecdsa::DerSignature = p256::ecdsa::SigningKey::from(&**key).sign(&signed);
            (algorithm(oid::ECDSA_SHA256, &[]), signature.as_bytes().to_vec())
        }
    };
    let hash = algorithm(oid::SHA256, &[]);
    let info = element(
        SEQUENCE,
        &[
            &element(INTEGER, &[&[1]]),
            &certificate.issuer_and_serial(),
            &hash,
            &set(0xa0, attributes),
            &way,
            &element(OCTET_STRING, &[&signature]),
        ],
    );
    let certificates: Vec<Vec<u8>> =
        std::iter::once(certificate).chain(signer.path()).map(|one| one.der().to_vec()).collect();
    let data = element(
        SEQUENCE,
        &[
            &element(INTEGER, &[&[1]]),
            &element(SET, &[&hash]),
            &element(SEQUENCE, &[&element(OID, &[oid::DATA])]),
            &set(0xa0, certificates),
            &element(SET, &[&info]),
        ],
    );
    Ok(element(SEQUENCE, &[&element(OID, &[oid::SIGNED_DATA]), &element(0xa0, &[&data])]))
}
