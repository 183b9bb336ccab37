//! Signing and encrypting.

use jiff::Timestamp;
use pgp::{
    composed::{
        ArmorOptions, DetachedSignature, DummyReader, EncryptionSeipdV1, MessageBuilder, SubpacketConfig,
    },
    crypto::{hash::HashAlgorithm, sym::SymmetricKeyAlgorithm},
    errors::Error,
    types::Password,
};

use super::{
    key::{Component, PublicKey, seconds},
    secret::{SecretKey, SigningPart, subpackets},
};
use crate::{
    protect::{ProtectError, Unfit},
    random::Random,
};

/// A signature apart from its content, and the name of its hash for `micalg` (RFC 3156 section 5).
pub(crate) fn sign(
    content: &[u8],
    signer: &SecretKey,
    now: Timestamp,
    random: &mut Random,
) -> Result<(String, &'static str), ProtectError> {
    let part = signing_part(signer, now)?;
    let (hashed, unhashed) = subpackets(part.key(), seconds(now), Vec::new()).map_err(failed)?;
    let subpackets = SubpacketConfig::UserDefined { hashed, unhashed };
    let (hash, none) = (part.hash(), Password::empty());
    let signature = match part {
        SigningPart::Primary(key) => DetachedSignature::sign_binary_data_with_subpackets(
            random.rng(),
            key,
            &none,
            hash,
            content,
            subpackets,
        ),
        SigningPart::Sub(key) => DetachedSignature::sign_binary_data_with_subpackets(
            random.rng(),
            key,
            &none,
            hash,
            content,
            subpackets,
        ),
    };
    let armoured = signature
        .and_then(|signature| signature.to_armored_string(ArmorOptions::default()))
        .map_err(failed)?;
    Ok((armoured, micalg(hash)))
}

type Encrypting<'k> = MessageBuilder<'k, DummyReader, EncryptionSeipdV1>;

/// One message, signed when there is a signer, encrypted to every key and to nobody else: AES-256 with a check against changes that
/// every program of the last twenty years knows (SEIPD version 1).
pub(crate) fn encrypt(
    content: &[u8],
    signer: Option<&SecretKey>,
    to: &[PublicKey],
    now: Timestamp,
    random: &mut Random,
) -> Result<String, ProtectError> {
    encrypting(content, signer, to, now, random)?
        .to_armored_string(random.rng(), ArmorOptions::default())
        .map_err(failed)
}

/// The same, in bytes and without a signature.
pub(crate) fn encrypt_to_bytes(
    content: &[u8],
    to: &[PublicKey],
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    encrypting(content, None, to, now, random)?.to_vec(random.rng()).map_err(failed)
}

fn encrypting<'k>(
    content: &[u8],
    signer: Option<&'k SecretKey>,
    to: &[PublicKey],
    now: Timestamp,
    random: &mut Random,
) -> Result<Encrypting<'k>, ProtectError> {
    let mut builder = MessageBuilder::from_bytes("", content.to_vec())
        .seipd_v1(random.rng(), SymmetricKeyAlgorithm::AES256);
    for key in to {
        let component = key.encryption_component(now).ok_or_else(|| ProtectError::Recipient {
            key: key.fingerprint(),
            why: Unfit::of_key(key.state(now)),
        })?;
        match component {
            Component::Primary(key) => builder.encrypt_to_key(random.rng(), &key).map(drop),
            Component::Sub(key) => builder.encrypt_to_key(random.rng(), &key.key).map(drop),
        }
        .map_err(failed)?;
    }
    if let Some(signer) = signer {
        let part = signing_part(signer, now)?;
        let (hashed, unhashed) = subpackets(part.key(), seconds(now), Vec::new()).map_err(failed)?;
        builder.sign_with_subpackets(
            part.key(),
            Password::empty(),
            part.hash(),
            SubpacketConfig::UserDefined { hashed, unhashed },
        );
    }
    Ok(builder)
}

fn signing_part(signer: &SecretKey, now: Timestamp) -> Result<SigningPart<'_>, ProtectError> {
    signer.signing_part(now).ok_or_else(|| ProtectError::Signer {
        key: signer.fingerprint(),
        why: Unfit::of_key(signer.public().state(now)),
    })
}

fn failed(error: Error) -> ProtectError {
    ProtectError::Failed(error.to_string())
}

fn micalg(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha224 => "pgp-sha224",
        HashAlgorithm::Sha384 => "pgp-sha384",
        HashAlgorithm::Sha512 => "pgp-sha512",
        _ => "pgp-sha256",
    }
}
