//! The encrypted layer of a message, taken off with a key of ours.

use jiff::Timestamp;
use pgp::{
    composed::{DecryptionOptions, Edata, Esk, PlainSessionKey},
    packet::PublicKeyEncryptedSessionKey,
    types::{DecryptionKey, EskType, Password, PkeskVersion, Seipdv1ReadMode},
};

use super::{key::hex, message::read_all, policy::KeyState, secret::SecretKey};
use crate::{limits::HIDDEN_RECIPIENTS_MAX, problem::Problem};

/// What was encrypted, when all of it could be had and nothing was changed.
pub(super) fn decrypt(
    esk: &[Esk],
    mut edata: Edata<'_>,
    secret: &[SecretKey],
    now: Timestamp,
    bytes_max: usize,
    warnings: &mut Vec<Problem>,
) -> Result<Vec<u8>, Problem> {
    let recipients: Vec<&PublicKeyEncryptedSessionKey> = esk
        .iter()
        .filter_map(|esk| match esk {
            Esk::PublicKeyEncryptedSessionKey(recipient) => Some(recipient),
            // By a password: we share none with anybody.
            Esk::SymKeyEncryptedSessionKey(_) => None,
        })
        .collect();
    if recipients.iter().filter(|recipient| is_hidden(recipient)).count() > HIDDEN_RECIPIENTS_MAX {
        return Err(Problem::TooMany { of: "hidden recipients", max: HIDDEN_RECIPIENTS_MAX });
    }
    let tries: Vec<(&PublicKeyEncryptedSessionKey, &SecretKey)> = recipients
        .iter()
        .flat_map(|recipient| secret.iter().map(|key| (*recipient, key)))
        .filter(|(recipient, key)| is_to(recipient, key))
        .collect();
    if tries.is_empty() {
        return Err(Problem::NoKey {
            to: recipients.iter().filter_map(|recipient| name(recipient)).collect(),
        });
    }
    if matches!(edata, Edata::SymEncryptedData { .. }) {
        return Err(Problem::Unprotected);
    }
    let (key, session_key) = tries
        .into_iter()
        .find_map(|(recipient, key)| session_key(recipient, key).map(|session_key| (key, session_key)))
        .ok_or(Problem::Damaged)?;
    let options = DecryptionOptions::new()
        .enable_gnupg_aead()
        .set_seipdv1_read_mode(Seipdv1ReadMode::CheckFirst { max_message_size: bytes_max });
    edata.decrypt_with_options(&session_key, options).map_err(|_| Problem::Damaged)?;
    let bytes = read_all(edata, bytes_max)?.map_err(|_| Problem::Damaged)?;
    if key.public().state(now) != KeyState::Good {
        warnings.push(Problem::OurKeyIsOld { fingerprint: key.fingerprint() });
    }
    Ok(bytes)
}

fn session_key(recipient: &PublicKeyEncryptedSessionKey, key: &SecretKey) -> Option<PlainSessionKey> {
    let kind = match recipient.version() {
        PkeskVersion::V3 => EskType::V3_4,
        PkeskVersion::V6 => EskType::V6,
        PkeskVersion::Other(_) => return None,
    };
    let values = recipient.values().ok()?;
    let none = Password::empty();
    let primary = &key.inner.primary_key;
    if is_to_primary(recipient, key)
        && let Ok(Ok(session_key)) = primary.decrypt(&none, values, kind)
    {
        return Some(session_key);
    }
    key.inner
        .secret_subkeys
        .iter()
        .filter(|subkey| recipient.match_identity(subkey.key.public_key()))
        .find_map(|subkey| subkey.key.decrypt(&none, values, kind).ok()?.ok())
}

fn is_hidden(recipient: &PublicKeyEncryptedSessionKey) -> bool {
    match recipient.id() {
        Ok(id) => id.is_wildcard(),
        Err(_) => matches!(recipient.fingerprint(), Ok(None)),
    }
}

fn is_to(recipient: &PublicKeyEncryptedSessionKey, key: &SecretKey) -> bool {
    is_to_primary(recipient, key)
        || key.inner.secret_subkeys.iter().any(|subkey| recipient.match_identity(subkey.key.public_key()))
}

fn is_to_primary(recipient: &PublicKeyEncryptedSessionKey, key: &SecretKey) -> bool {
    let primary = &key.inner.primary_key;
    !primary.secret_params().is_encrypted() && recipient.match_identity(primary.public_key())
}

fn name(recipient: &PublicKeyEncryptedSessionKey) -> Option<String> {
    match recipient.id() {
        Ok(id) => Some(hex(id.as_ref())),
        Err(_) => recipient.fingerprint().ok().flatten().map(|fingerprint| hex(fingerprint.as_bytes())),
    }
}
