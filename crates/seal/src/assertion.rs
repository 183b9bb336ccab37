//! A client signs who it is: a JWT as RFC 7523 has it, with a private key of which we hold the public half (a JWK, RFC 7517).
//!
//! The key says which algorithm counts, never the token: so neither `none` nor a public key taken for a shared secret gets anybody in.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use schakel_formats::strict_json;
use serde_json::{Map, Value};

/// A JWT of a client has a few claims.
pub const BYTES_MAX: usize = 8 << 10;

/// The clock of a client may differ from ours by this much, in seconds.
pub(crate) const SKEW_SECONDS: i64 = 60;

/// What is signed to be used at once need not live longer, in seconds.
const LIFETIME_SECONDS_MAX: i64 = 600;

/// RSA keys shorter than this are none any more (NIST SP 800-131A), in bytes.
const RSA_BYTES_MIN: usize = 256;

/// Longer ones only cost time.
const RSA_BYTES_MAX: usize = 1024;

/// The longest id of an assertion, in bytes.
const ID_BYTES_MAX: usize = 256;

/// A public key of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey {
    id: Option<String>,
    material: Material,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Material {
    Ed25519(Vec<u8>),
    P256(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// Why a key is none that can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyProblem {
    /// It is no JSON object.
    #[error("it is no JSON Web Key (RFC 7517)")]
    NotAKey,
    /// A private key belongs with its owner only.
    #[error("it is a private key: give us the public half only, and make a new pair")]
    Private,
    /// Another kind.
    #[error("use a key for Ed25519, P-256 or RSA")]
    Kind,
    /// It is damaged or too short.
    #[error("its numbers are not right; an RSA key has 2048 to 8192 bits")]
    Numbers,
}

/// Why an assertion does not count. For our log: who sent it learns only that it does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// It is no JWT, or one that says things we do not know how to heed.
    #[error("it is no signed JWT as RFC 7523 has it")]
    Form,
    /// The algorithm is not that of any key of the client.
    #[error("its algorithm is that of no key of this client")]
    Algorithm,
    /// The signature is not right.
    #[error("it is not signed by a key of this client")]
    Signature,
    /// `iss` or `sub` is another.
    #[error("it is about somebody else")]
    Subject,
    /// `aud` is another.
    #[error("it is meant for somebody else")]
    Audience,
    /// It has run out, is not valid yet, or would live for too long.
    #[error("it does not count at this time")]
    Time,
    /// There is no `jti`, or none that can be kept.
    #[error("it has no usable id")]
    Id,
}

/// An assertion that counts, if its id was not seen before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asserted {
    /// Its id (`jti`).
    pub id: String,
    /// Until when it must be remembered, in seconds since 1970.
    pub until: i64,
}

impl PublicKey {
    /// Reads a JWK. What it is not for (`use`, `key_ops`) is the client's own to watch.
    pub fn read(jwk: &[u8]) -> Result<Self, KeyProblem> {
        let Ok(Value::Object(fields)) = strict_json::read(jwk) else { return Err(KeyProblem::NotAKey) };
        if ["d", "p", "q", "k"].iter().any(|name| fields.contains_key(*name)) {
            return Err(KeyProblem::Private);
        }
        let number = |name: &str, length: Option<usize>| {
            let text = text(&fields, name).ok_or(KeyProblem::Numbers)?;
            let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyProblem::Numbers)?;
            let is_right = length.is_none_or(|length| bytes.len() == length);
            if is_right { Ok(bytes) } else { Err(KeyProblem::Numbers) }
        };
        let material = match (text(&fields, "kty"), text(&fields, "crv")) {
            (Some("OKP"), Some("Ed25519")) => Material::Ed25519(number("x", Some(32))?),
            (Some("EC"), Some("P-256")) => {
                let point = [vec![4], number("x", Some(32))?, number("y", Some(32))?].concat();
                p256::PublicKey::from_sec1_bytes(&point).map_err(|_| KeyProblem::Numbers)?;
                Material::P256(point)
            }
            (Some("RSA"), None) => {
                let (n, e) = (number("n", None)?, number("e", None)?);
                if !(RSA_BYTES_MIN..=RSA_BYTES_MAX).contains(&n.len()) || n.first() == Some(&0) {
                    return Err(KeyProblem::Numbers);
                }
                Material::Rsa { n, e }
            }
            _ => return Err(KeyProblem::Kind),
        };
        Ok(Self { id: text(&fields, "kid").map(str::to_owned), material })
    }

    /// The one algorithm that it is for.
    pub fn algorithm(&self) -> &'static str {
        match self.material {
            Material::Ed25519(_) => "EdDSA",
            Material::P256(_) => "ES256",
            Material::Rsa { .. } => "RS256",
        }
    }

    fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Ed25519(key) => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(bytes, signature)
            }
            Material::P256(key) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, key).verify(bytes, signature)
            }
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                bytes,
                signature,
            ),
        }
        .is_ok()
    }
}

/// Whom an assertion says it is from (`sub`), before anything of it is checked: to find the keys it is to be checked with.
pub fn claimed_subject(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1).filter(|_| token.len() <= BYTES_MAX)?;
    text(&object(payload)?, "sub").map(str::to_owned)
}

/// Checks an assertion of this client at this time, in seconds since 1970. `audiences`: the names under which we are known.
pub fn check(
    token: &str,
    keys: &[PublicKey],
    client: &str,
    audiences: &[&str],
    now: i64,
) -> Result<Asserted, Refused> {
    let claims = signed_claims(token, keys)?;
    if ["iss", "sub"].iter().any(|name| text(&claims, name) != Some(client)) {
        return Err(Refused::Subject);
    }
    // One audience: an assertion for several could be passed on by one of them (RFC 7523bis).
    if !text(&claims, "aud").is_some_and(|named| audiences.contains(&named)) {
        return Err(Refused::Audience);
    }
    let until = seconds(&claims, "exp").ok_or(Refused::Time)?;
    let from = ["nbf", "iat"].iter().filter_map(|name| seconds(&claims, name)).max();
    let counts = now < until.saturating_add(SKEW_SECONDS)
        && until <= now.saturating_add(LIFETIME_SECONDS_MAX + SKEW_SECONDS)
        && from.is_none_or(|from| from <= now.saturating_add(SKEW_SECONDS));
    if !counts {
        return Err(Refused::Time);
    }
    let id = text(&claims, "jti").filter(|id| (1..=ID_BYTES_MAX).contains(&id.len())).ok_or(Refused::Id)?;
    Ok(Asserted { id: id.to_owned(), until: until.saturating_add(SKEW_SECONDS) })
}

/// What a JWT claims that one of these keys has signed.
pub(crate) fn signed_claims(token: &str, keys: &[PublicKey]) -> Result<Map<String, Value>, Refused> {
    if token.len() > BYTES_MAX {
        return Err(Refused::Form);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refused::Form);
    };
    let (head, claims) = object(header).zip(object(payload)).ok_or(Refused::Form)?;
    // What must be understood and is not: RFC 7515, section 4.1.11.
    if head.contains_key("crit") {
        return Err(Refused::Form);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::Form)?;
    let algorithm = text(&head, "alg").ok_or(Refused::Form)?;
    let named = text(&head, "kid");
    let may_be = |key: &&PublicKey| {
        key.algorithm() == algorithm && (named.is_none() || key.id.is_none() || named == key.id.as_deref())
    };
    let candidates: Vec<&PublicKey> = keys.iter().filter(may_be).collect();
    if candidates.is_empty() {
        return Err(Refused::Algorithm);
    }
    let signed = &token.as_bytes()[..header.len() + 1 + payload.len()];
    if !candidates.iter().any(|key| key.has_signed(signed, &signature)) {
        return Err(Refused::Signature);
    }
    Ok(claims)
}

fn object(part: &str) -> Option<Map<String, Value>> {
    match strict_json::read(&URL_SAFE_NO_PAD.decode(part).ok()?) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

pub(crate) fn text<'f>(fields: &'f Map<String, Value>, name: &str) -> Option<&'f str> {
    fields.get(name)?.as_str()
}

/// A NumericDate (RFC 7519): seconds, perhaps with a fraction.
pub(crate) fn seconds(fields: &Map<String, Value>, name: &str) -> Option<i64> {
    let value = fields.get(name)?;
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

#[cfg(test)]
mod tests;
