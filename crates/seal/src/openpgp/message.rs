//! An OpenPGP message: encrypted, compressed, signed, in any order; to its content.

use std::io::{BufReader, Read};

use jiff::Timestamp;
use pgp::{
    composed::{DecryptionOptions, Esk, Message, TheRing},
    errors::Error,
    types::Seipdv1ReadMode,
};

use super::{
    key::{Component, PublicKey, hex},
    policy::KeyState,
    secret::SecretKey,
    verify::judge,
};
use crate::{
    limits::{HIDDEN_RECIPIENTS_MAX, PACKET_LAYERS_MAX, RECIPIENTS_MAX, SIGNATURES_MAX},
    problem::Problem,
    signature::{Flaw, Signature},
};

/// What a message held.
#[derive(Debug)]
pub(crate) struct Content {
    pub bytes: Vec<u8>,
    pub was_encrypted: bool,
    pub signature: Signature,
    /// Only warnings.
    pub warnings: Vec<Problem>,
}

/// Opens a message, armoured or binary. `bytes_max` is what it may unpack to.
pub(crate) fn open(
    message: &[u8],
    secret: &[SecretKey],
    public: &[PublicKey],
    now: Timestamp,
    bytes_max: usize,
) -> Result<Content, Problem> {
    let malformed = Problem::Malformed { what: "an OpenPGP message" };
    let is_binary = message.first().is_some_and(|byte| byte & 0x80 != 0);
    let read = if is_binary {
        Message::from_bytes(message)
    } else {
        Message::from_armor(message).map(|(message, _)| message)
    };
    let mut message = read.map_err(|_| malformed.clone())?;
    let mut was_encrypted = false;
    let mut warnings = Vec::new();
    for _ in 0..PACKET_LAYERS_MAX {
        message = match message {
            Message::Encrypted { .. } => {
                was_encrypted = true;
                decrypt(message, secret, now, bytes_max, &mut warnings)?
            }
            Message::Compressed { .. } => message.decompress().map_err(|_| spoilt(was_encrypted))?,
            Message::Signed { ref reader, .. } if reader.get_ref().is_compressed() => {
                message.decompress().map_err(|_| spoilt(was_encrypted))?
            }
            Message::Literal { .. } => break,
            Message::Signed { ref reader, .. } if reader.get_ref().is_literal() => break,
            Message::Signed { .. } => return Err(malformed),
        };
    }
    let is_content = match &message {
        Message::Literal { .. } => true,
        Message::Signed { reader, .. } => reader.get_ref().is_literal(),
        _ => false,
    };
    if !is_content {
        return Err(Problem::TooDeep);
    }
    if let Message::Signed { reader, .. } = &message
        && reader.num_signatures() > SIGNATURES_MAX
    {
        return Err(Problem::TooMany { of: "signatures", max: SIGNATURES_MAX });
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    BufReader::new(&mut message).take(limit).read_to_end(&mut bytes).map_err(|_| spoilt(was_encrypted))?;
    if bytes.len() > bytes_max {
        return Err(Problem::TooBig);
    }
    Ok(Content { signature: signature(&message, public, now), bytes, was_encrypted, warnings })
}

/// An error in what came out of a decryption is told like a failed decryption: it depends on the key.
fn spoilt(was_encrypted: bool) -> Problem {
    if was_encrypted { Problem::Damaged } else { Problem::Malformed { what: "an OpenPGP message" } }
}

fn decrypt<'m>(
    message: Message<'m>,
    secret: &[SecretKey],
    now: Timestamp,
    bytes_max: usize,
    warnings: &mut Vec<Problem>,
) -> Result<Message<'m>, Problem> {
    let Message::Encrypted { esk, .. } = &message else { return Ok(message) };
    if esk.len() > RECIPIENTS_MAX {
        return Err(Problem::TooMany { of: "recipients", max: RECIPIENTS_MAX });
    }
    if esk.iter().filter(|esk| is_hidden(esk)).count() > HIDDEN_RECIPIENTS_MAX {
        return Err(Problem::TooMany { of: "hidden recipients", max: HIDDEN_RECIPIENTS_MAX });
    }
    let ours: Vec<&SecretKey> = secret.iter().filter(|key| esk.iter().any(|esk| is_to(esk, key))).collect();
    if ours.is_empty() {
        return Err(Problem::NoKey { to: esk.iter().filter_map(recipient).collect() });
    }
    if !esk.iter().any(is_hidden) {
        warnings.extend(
            ours.iter()
                .filter(|key| key.public().state(now) != KeyState::Good)
                .map(|key| Problem::OurKeyIsOld { fingerprint: key.fingerprint() }),
        );
    }
    let ring = TheRing {
        secret_keys: ours.iter().map(|key| &key.inner).collect(),
        decrypt_options: DecryptionOptions::new()
            .enable_gnupg_aead()
            .set_seipdv1_read_mode(Seipdv1ReadMode::CheckFirst { max_message_size: bytes_max }),
        ..TheRing::default()
    };
    match message.decrypt_the_ring(ring, true) {
        Ok((message, _)) => Ok(message),
        Err(Error::Unsupported { message, .. }) if message.contains("SED") => Err(Problem::Unprotected),
        Err(_) => Err(Problem::Damaged),
    }
}

fn is_hidden(esk: &Esk) -> bool {
    match esk {
        Esk::PublicKeyEncryptedSessionKey(key) => match key.id() {
            Ok(id) => id.is_wildcard(),
            Err(_) => matches!(key.fingerprint(), Ok(None)),
        },
        Esk::SymKeyEncryptedSessionKey(_) => false,
    }
}

fn is_to(esk: &Esk, key: &SecretKey) -> bool {
    let Esk::PublicKeyEncryptedSessionKey(esk) = esk else { return false };
    let primary = &key.inner.primary_key;
    (!primary.secret_params().is_encrypted() && esk.match_identity(primary.public_key()))
        || key.inner.secret_subkeys.iter().any(|subkey| esk.match_identity(subkey.key.public_key()))
}

fn recipient(esk: &Esk) -> Option<String> {
    let Esk::PublicKeyEncryptedSessionKey(key) = esk else { return None };
    match key.id() {
        Ok(id) => Some(hex(id.as_ref())),
        Err(_) => key.fingerprint().ok().flatten().map(|fingerprint| hex(fingerprint.as_bytes())),
    }
}

/// Of a message that was read to its end.
fn signature(message: &Message<'_>, public: &[PublicKey], now: Timestamp) -> Signature {
    let Message::Signed { reader, .. } = message else { return Signature::None };
    let signatures = (0..reader.num_signatures()).filter_map(|index| Some((index, reader.signature(index)?)));
    signatures
        .map(|(index, signature)| {
            judge(signature, public, now, |component| match component {
                Component::Primary(key) => message.verify_nested_explicit(index, key).is_ok(),
                Component::Sub(key) => message.verify_nested_explicit(index, &key.key).is_ok(),
            })
        })
        .reduce(Signature::better)
        .unwrap_or(Signature::Invalid { why: Flaw::Malformed })
}
