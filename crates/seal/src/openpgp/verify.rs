//! Whether a signature counts, and whose it is.

use jiff::Timestamp;
use pgp::{
    composed::{Deserializable, DetachedSignature},
    packet::{Signature as SignaturePacket, SignatureType},
    types::KeyDetails,
};

use super::{
    key::{Component, PublicKey, addresses, hex, seconds},
    policy::{self, KeyState},
};
use crate::{
    limits::{CLOCK_AHEAD_SECONDS, SIGNATURES_MAX},
    signature::{Flaw, Signature, Signer, Standard, Trust},
};

/// Signatures that stand apart from what they sign.
pub(crate) fn detached(signatures: &[u8], content: &[u8], keys: &[PublicKey], now: Timestamp) -> Signature {
    let is_binary = signatures.first().is_some_and(|byte| byte & 0x80 != 0);
    let read = if is_binary {
        DetachedSignature::from_bytes_many(signatures)
    } else {
        DetachedSignature::from_armor_many_buf(signatures).map(|(list, _)| list)
    };
    let Ok(list) = read else { return Signature::Invalid { why: Flaw::Malformed } };
    list.take(SIGNATURES_MAX)
        .map(|read| match read {
            Ok(DetachedSignature { signature }) => {
                judge(&signature, keys, now, |component| match component {
                    Component::Primary(key) => signature.verify(key, content).is_ok(),
                    Component::Sub(key) => signature.verify(&key.key, content).is_ok(),
                })
            }
            Err(_) => Signature::Invalid { why: Flaw::Malformed },
        })
        .reduce(Signature::better)
        .unwrap_or(Signature::Invalid { why: Flaw::Malformed })
}

/// What one signature is worth. `verifies` does the arithmetic with one key.
pub(super) fn judge(
    signature: &SignaturePacket,
    keys: &[PublicKey],
    now: Timestamp,
    verifies: impl Fn(Component<'_>) -> bool,
) -> Signature {
    let invalid = |why| Signature::Invalid { why };
    let Some(config) = signature.config() else { return invalid(Flaw::Unsupported) };
    if !matches!(config.typ(), SignatureType::Binary | SignatureType::Text) {
        return invalid(Flaw::Malformed);
    }
    let Some((key, component)) = issuer(signature, keys) else {
        return Signature::UnknownKey { key: issuer_name(signature) };
    };
    if !policy::is_strong(config.hash_alg) {
        return invalid(Flaw::Weak);
    }
    if !policy::can_sign(config.pub_alg) || !verifies(component) {
        return invalid(Flaw::Mismatch);
    }
    let Some(made) = config.created() else { return invalid(Flaw::Malformed) };
    let (made, at) = (i64::from(made.as_secs()), now.as_second());
    if made > at + CLOCK_AHEAD_SECONDS {
        return invalid(Flaw::InTheFuture);
    }
    let lasts = signature.signature_expiration_time().map_or(0, |lasts| i64::from(lasts.as_secs()));
    if lasts > 0 && made + lasts <= at {
        return invalid(Flaw::Expired);
    }
    let (state, may_sign) = match component {
        Component::Primary(_) => (key.state(now), policy::primary_may_sign(&key.inner, seconds(now))),
        Component::Sub(subkey) => {
            let (state, binding) = policy::subkey_state(&key.inner, subkey, seconds(now));
            // Over its time, it is still known what it was for.
            let may = binding.is_none_or(|binding| policy::subkey_may_sign(&key.inner, subkey, binding));
            (state, may)
        }
    };
    let by = signer(key, now);
    match state {
        _ if !may_sign => invalid(Flaw::KeyMayNotSign),
        KeyState::Good => Signature::Valid { by, made: Timestamp::from_second(made).ok() },
        KeyState::NotYet | KeyState::Expired => Signature::ExpiredKey { by },
        KeyState::Revoked => Signature::RevokedKey { by },
        KeyState::Weak => invalid(Flaw::Weak),
        KeyState::Unbound => invalid(Flaw::KeyMayNotSign),
    }
}

fn signer(key: &PublicKey, now: Timestamp) -> Signer {
    let user_ids = key.user_ids(now);
    Signer {
        standard: Standard::OpenPgp,
        fingerprint: key.fingerprint(),
        addresses: addresses(&user_ids),
        name: user_ids.into_iter().next().unwrap_or_default(),
        trust: Trust::Known,
    }
}

/// The key that the signature names, by fingerprint where it has one.
fn issuer<'k>(signature: &SignaturePacket, keys: &'k [PublicKey]) -> Option<(&'k PublicKey, Component<'k>)> {
    let fingerprints = signature.issuer_fingerprint();
    let ids = signature.issuer_key_id();
    let is_named = |component: &Component<'_>| {
        if fingerprints.is_empty() {
            let id = match component {
                Component::Primary(key) => key.legacy_key_id(),
                Component::Sub(key) => key.key.legacy_key_id(),
            };
            ids.iter().any(|named| **named == id)
        } else {
            fingerprints.iter().any(|named| **named == component.fingerprint())
        }
    };
    keys.iter().find_map(|key| key.components().find(&is_named).map(|component| (key, component)))
}

fn issuer_name(signature: &SignaturePacket) -> String {
    let fingerprint = signature.issuer_fingerprint().first().map(|named| hex(named.as_bytes()));
    fingerprint.or_else(|| signature.issuer_key_id().first().map(|id| hex(id.as_ref()))).unwrap_or_default()
}
