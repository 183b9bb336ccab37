//! Whether a key counts at a time. Only what the key says of itself is looked at, by signatures of its primary key: nobody else's word.

use pgp::{
    composed::{SignedPublicKey, SignedPublicSubKey},
    crypto::{hash::HashAlgorithm, public_key::PublicKeyAlgorithm},
    packet::{KeyFlags, Signature, SignatureType, SubpacketData},
    types::{Duration, KeyDetails, PublicParams, Tag, Timestamp},
};
use rsa::traits::PublicKeyParts;

use crate::limits::RSA_BITS_MIN;

/// Can a key be used?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// Yes.
    Good,
    /// It says that it begins later.
    NotYet,
    /// It said until when, and that is over.
    Expired,
    /// Its owner took it back.
    Revoked,
    /// It can be broken: RSA below 2048 bits, DSA, Elgamal.
    Weak,
    /// Nothing in it is signed by itself, so nothing of it can be believed.
    Unbound,
}

/// Two states of a key and a part of it: what stands in the way first.
fn both(one: KeyState, other: KeyState) -> KeyState {
    if one == KeyState::Good { other } else { one }
}

/// The state of the whole key.
pub(super) fn key_state(key: &SignedPublicKey, now: Timestamp) -> KeyState {
    let primary = &key.primary_key;
    let is_revoked =
        key.details.revocation_signatures.iter().any(|signature| signature.verify_key(primary).is_ok());
    if is_revoked {
        return KeyState::Revoked;
    }
    if primary.created_at() > now {
        return KeyState::NotYet;
    }
    let Some(main) = main_signature(key, now) else { return KeyState::Unbound };
    let lasts = main.key_expiration_time().or_else(|| direct_signature(key, now)?.key_expiration_time());
    if is_over(primary.created_at(), lasts, now) {
        return KeyState::Expired;
    }
    strength(primary.public_params())
}

/// The state of a subkey, its key included, and the signature that binds it.
pub(super) fn subkey_state<'k>(
    key: &SignedPublicKey,
    subkey: &'k SignedPublicSubKey,
    now: Timestamp,
) -> (KeyState, Option<&'k Signature>) {
    let binds =
        |signature: &Signature| signature.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok();
    let is_revoked = subkey
        .signatures
        .iter()
        .any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation) && binds(signature));
    let binding = newest(&subkey.signatures, now, |signature| {
        signature.typ() == Some(SignatureType::SubkeyBinding) && binds(signature)
    });
    let own = match binding {
        _ if is_revoked => KeyState::Revoked,
        None => KeyState::Unbound,
        Some(_) if subkey.key.created_at() > now => KeyState::NotYet,
        Some(binding) if is_over(subkey.key.created_at(), binding.key_expiration_time(), now) => {
            KeyState::Expired
        }
        Some(_) => strength(subkey.key.public_params()),
    };
    (both(key_state(key, now), own), binding)
}

/// The user ids that the key claims now, the primary one first.
pub(super) fn user_ids(key: &SignedPublicKey, now: Timestamp) -> Vec<String> {
    let mut users = certified_users(key, now);
    users.sort_by_key(|(_, signature)| std::cmp::Reverse((signature.is_primary(), signature.created())));
    users.into_iter().map(|(id, _)| id).collect()
}

/// May a subkey sign? The subkey itself must agree (RFC 9580, 5.2.1.9), or one could adopt another's.
pub(super) fn subkey_may_sign(
    key: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    binding: &Signature,
) -> bool {
    binding.key_flags().sign()
        && binding
            .embedded_signature()
            .is_some_and(|back| back.verify_primary_key_binding(&subkey.key, &key.primary_key).is_ok())
}

/// May the primary key sign? Old keys say nothing of it.
pub(super) fn primary_may_sign(key: &SignedPublicKey, now: Timestamp) -> bool {
    flags(key, now).is_none_or(|flags| flags.sign())
}

/// May the primary key be encrypted to?
pub(super) fn primary_may_encrypt(key: &SignedPublicKey, now: Timestamp) -> bool {
    can_encrypt(key.primary_key.public_params())
        && flags(key, now).is_none_or(|flags| flags.encrypt_comms() || flags.encrypt_storage())
}

/// May this subkey be encrypted to?
pub(super) fn subkey_may_encrypt(subkey: &SignedPublicSubKey, binding: &Signature) -> bool {
    let flags = binding.key_flags();
    can_encrypt(subkey.key.public_params()) && (flags.encrypt_comms() || flags.encrypt_storage())
}

/// Hashes under which nobody can make another text with the same signature.
pub(super) fn is_strong(hash: HashAlgorithm) -> bool {
    !matches!(hash, HashAlgorithm::None | HashAlgorithm::Md5 | HashAlgorithm::Sha1 | HashAlgorithm::Ripemd160)
        && hash.digest_size().is_some()
}

/// The signature that says most of the key: over its primary user id, or over the key itself.
fn main_signature(key: &SignedPublicKey, now: Timestamp) -> Option<&Signature> {
    certified_users(key, now)
        .into_iter()
        .map(|(_, signature)| signature)
        .max_by_key(|signature| (signature.is_primary(), signature.created()))
        .or_else(|| direct_signature(key, now))
}

fn direct_signature(key: &SignedPublicKey, now: Timestamp) -> Option<&Signature> {
    newest(&key.details.direct_signatures, now, |signature| {
        signature.typ() == Some(SignatureType::Key) && signature.verify_key(&key.primary_key).is_ok()
    })
}

/// User ids with the newest signature of the key over each. One that was revoked after it does not count.
fn certified_users(key: &SignedPublicKey, now: Timestamp) -> Vec<(String, &Signature)> {
    key.details
        .users
        .iter()
        .filter_map(|user| {
            let verified = |signature: &Signature| {
                signature.verify_certification(&key.primary_key, Tag::UserId, &user.id).is_ok()
            };
            let is_revocation =
                |signature: &Signature| signature.typ() == Some(SignatureType::CertRevocation);
            let certification =
                newest(&user.signatures, now, |signature| !is_revocation(signature) && verified(signature))?;
            let is_revoked = user.signatures.iter().any(|signature| {
                is_revocation(signature)
                    && signature.created() >= certification.created()
                    && verified(signature)
            });
            let id = String::from_utf8_lossy(user.id.id()).into_owned();
            (!is_revoked).then_some((id, certification))
        })
        .collect()
}

/// What the primary key is for; nothing when it does not say.
fn flags(key: &SignedPublicKey, now: Timestamp) -> Option<KeyFlags> {
    let said = |signature: &Signature| {
        let mut subpackets = signature.config()?.hashed_subpackets();
        subpackets
            .any(|packet| matches!(packet.data, SubpacketData::KeyFlags(_)))
            .then(|| signature.key_flags())
    };
    main_signature(key, now).and_then(said).or_else(|| direct_signature(key, now).and_then(said))
}

/// The newest signature that has begun, is not over, and passes.
fn newest(
    signatures: &[Signature],
    now: Timestamp,
    passes: impl Fn(&Signature) -> bool,
) -> Option<&Signature> {
    let counts = |signature: &&Signature| {
        signature.created().is_some_and(|created| {
            created <= now && !is_over(created, signature.signature_expiration_time(), now)
        })
    };
    let mut counting: Vec<&Signature> = signatures.iter().filter(counts).collect();
    counting.sort_by_key(|signature| std::cmp::Reverse(signature.created()));
    counting.into_iter().find(|signature| passes(signature))
}

/// Zero seconds means for ever (RFC 9580, 5.2.3.13).
fn is_over(from: Timestamp, lasts: Option<Duration>, now: Timestamp) -> bool {
    lasts.is_some_and(|lasts| {
        lasts.as_secs() > 0
            && u64::from(from.as_secs()) + u64::from(lasts.as_secs()) <= u64::from(now.as_secs())
    })
}

fn strength(params: &PublicParams) -> KeyState {
    match params {
        PublicParams::RSA(rsa) if rsa.key.n().bits() < RSA_BITS_MIN => KeyState::Weak,
        PublicParams::DSA(_) | PublicParams::Elgamal(_) => KeyState::Weak,
        _ => KeyState::Good,
    }
}

fn can_encrypt(params: &PublicParams) -> bool {
    matches!(
        params,
        PublicParams::RSA(_) | PublicParams::ECDH(_) | PublicParams::X25519(_) | PublicParams::X448(_)
    )
}

/// Algorithms that only encrypt cannot have made a signature.
pub(super) fn can_sign(algorithm: PublicKeyAlgorithm) -> bool {
    !matches!(
        algorithm,
        PublicKeyAlgorithm::ECDH
            | PublicKeyAlgorithm::X25519
            | PublicKeyAlgorithm::X448
            | PublicKeyAlgorithm::RSAEncrypt
            | PublicKeyAlgorithm::ElgamalEncrypt
    )
}
