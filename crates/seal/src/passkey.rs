//! Passkeys (Web Authentication Level 3, <https://www.w3.org/TR/webauthn-3/>, sections 7.1 and 7.2): what a browser brings when one is made, and when
//! somebody signs in by it. The device must have checked who uses it, so that one counts as two factors. We ask for no attestation and look at none.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest,
    signature::{self, RsaPublicKeyComponents, UnparsedPublicKey},
};
use schakel_formats::{
    cbor::{self, Value},
    strict_json,
};

/// What a browser brings, in bytes.
const BYTES_MAX: usize = 16 << 10;

/// Section 4: an id of a credential is not longer.
const ID_BYTES_MAX: usize = 1023;

/// Bits of the flags: section 6.1.
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// RSA keys shorter than this are none any more (NIST SP 800-131A), in bytes.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Whom a passkey is for, and what was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The challenge, as random bytes.
    pub challenge: &'a [u8],
    /// The origin of our pages: `https://portal.example`.
    pub origin: &'a str,
    /// The host in it, without port.
    pub host: &'a str,
}

/// A new passkey.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// Its id.
    pub id: Vec<u8>,
    /// Its public key, as it is kept (COSE).
    pub key: Vec<u8>,
    /// Its counter; 0: it has none.
    pub counter: u32,
}

/// Why a passkey does not count. For our log: who uses it learns only that it does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// It is damaged, or too long.
    #[error("what the browser sent cannot be read")]
    Form,
    /// It is the answer to something else.
    #[error("it answers another question")]
    Challenge,
    /// It was made on another site, or inside a page of one.
    #[error("it is for another site")]
    Site,
    /// Nobody touched the device, or it did not check who did.
    #[error("the device did not check who uses it")]
    User,
    /// The key is of a kind we did not ask for, or weak.
    #[error("its key cannot be used")]
    Key,
    /// The signature is not right.
    #[error("its signature is not right")]
    Signature,
    /// Its counter went back: there may be two of it.
    #[error("its counter went back, there may be a copy of it")]
    Counter,
}

/// A passkey that was made just now: what the browser says, and what the authenticator says.
pub fn made(client: &[u8], attestation: &[u8], asked: Asked<'_>) -> Result<Made, Refused> {
    if attestation.len() > BYTES_MAX {
        return Err(Refused::Form);
    }
    check_client(client, "webauthn.create", asked)?;
    let (object, rest) = cbor::read(attestation).ok_or(Refused::Form)?;
    let data = object.at("authData").and_then(Value::as_bytes).filter(|_| rest.is_empty());
    let data = Data::read(data.ok_or(Refused::Form)?, asked.host)?;
    let (id, key) = data.credential.ok_or(Refused::Form)?;
    Key::read(&key)?;
    Ok(Made { id, key, counter: data.counter })
}

/// Somebody signs in by a passkey with this key and counter. Gives its counter.
pub fn used(
    client: &[u8],
    authenticator: &[u8],
    signed: &[u8],
    (key, counter): (&[u8], u32),
    asked: Asked<'_>,
) -> Result<u32, Refused> {
    if authenticator.len() > BYTES_MAX || signed.len() > BYTES_MAX {
        return Err(Refused::Form);
    }
    check_client(client, "webauthn.get", asked)?;
    let data = Data::read(authenticator, asked.host)?;
    let message = [authenticator, digest::digest(&digest::SHA256, client).as_ref()].concat();
    if !Key::read(key)?.has_signed(&message, signed) {
        return Err(Refused::Signature);
    }
    // Section 7.2, step 22: zero on both sides is one that does not count.
    if (data.counter > 0 || counter > 0) && data.counter <= counter {
        return Err(Refused::Counter);
    }
    Ok(data.counter)
}

/// What the browser says of it (section 5.8.1).
fn check_client(client: &[u8], kind: &str, asked: Asked<'_>) -> Result<(), Refused> {
    if client.len() > BYTES_MAX {
        return Err(Refused::Form);
    }
    let Ok(serde_json::Value::Object(fields)) = strict_json::read(client) else { return Err(Refused::Form) };
    let text = |name: &str| fields.get(name).and_then(serde_json::Value::as_str);
    if text("type") != Some(kind) {
        return Err(Refused::Form);
    }
    if text("challenge") != Some(URL_SAFE_NO_PAD.encode(asked.challenge).as_str()) {
        return Err(Refused::Challenge);
    }
    let is_framed = fields.get("crossOrigin").is_some_and(|value| value != &serde_json::Value::Bool(false));
    if text("origin") != Some(asked.origin) || is_framed || fields.contains_key("topOrigin") {
        return Err(Refused::Site);
    }
    Ok(())
}

/// What the authenticator says (section 6.1).
struct Data {
    counter: u32,
    /// Id and key, when one was made.
    credential: Option<(Vec<u8>, Vec<u8>)>,
}

impl Data {
    fn read(bytes: &[u8], host: &str) -> Result<Self, Refused> {
        let (site, rest) = bytes.split_at_checked(32).ok_or(Refused::Form)?;
        let (flags, rest) = rest.split_first().ok_or(Refused::Form)?;
        let (counter, rest) = rest.split_first_chunk::<4>().ok_or(Refused::Form)?;
        if site != digest::digest(&digest::SHA256, host.as_bytes()).as_ref() {
            return Err(Refused::Site);
        }
        if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
            return Err(Refused::User);
        }
        let credential = match flags & HAS_CREDENTIAL {
            0 => None,
            _ => Some(credential(rest).ok_or(Refused::Form)?),
        };
        Ok(Self { counter: u32::from_be_bytes(*counter), credential })
    }
}

/// Section 6.5.1: which make it is, the length of the id, the id, the key.
fn credential(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (length, rest) = bytes.get(16..)?.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, rest) = rest.split_at_checked(length).filter(|_| (1..=ID_BYTES_MAX).contains(&length))?;
    let (_, after) = cbor::read(rest)?;
    Some((id.to_vec(), rest[..rest.len() - after.len()].to_vec()))
}

/// A public key (COSE, RFC 9053), of the three kinds that we ask for.
enum Key {
    Es256(Vec<u8>),
    Ed25519(Vec<u8>),
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

/// The names by which COSE calls the algorithms that we ask for.
pub const ALGORITHMS: [i64; 3] = [-8, -7, -257];

impl Key {
    fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let (map, rest) = cbor::read(bytes).ok_or(Refused::Key)?;
        let number = |label: i64| map.get(&Value::Int(label)).and_then(Value::as_int);
        let part = |label: i64, length: Option<usize>| {
            let bytes = map.get(&Value::Int(label)).and_then(Value::as_bytes).ok_or(Refused::Key)?;
            match length.is_none_or(|length| bytes.len() == length) && rest.is_empty() {
                true => Ok(bytes.to_vec()),
                false => Err(Refused::Key),
            }
        };
        // kty (1), alg (3), crv (-1).
        match (number(1), number(3), number(-1)) {
            (Some(1), Some(-8), Some(6)) => Ok(Self::Ed25519(part(-2, Some(32))?)),
            (Some(2), Some(-7), Some(1)) => {
                let point = [vec![4], part(-2, Some(32))?, part(-3, Some(32))?].concat();
                p256::PublicKey::from_sec1_bytes(&point).map_err(|_| Refused::Key)?;
                Ok(Self::Es256(point))
            }
            (Some(3), Some(-257), _) => {
                let (n, e) = (part(-1, None)?, part(-2, None)?);
                if !RSA_BYTES.contains(&n.len()) || n.first() == Some(&0) {
                    return Err(Refused::Key);
                }
                Ok(Self::Rs256 { n, e })
            }
            _ => Err(Refused::Key),
        }
    }

    fn has_signed(&self, message: &[u8], signed: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signed),
            Self::Es256(key) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, key).verify(message, signed)
            }
            Self::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                message,
                signed,
            ),
        }
        .is_ok()
    }
}

#[cfg(test)]
mod tests;
