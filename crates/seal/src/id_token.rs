//! Who somebody is, as a provider of OpenID Connect says it and signs it (OpenID Connect Core 1.0, section 3.1.3.7).
//!
//! The keys of the provider say which algorithm counts, never the token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde_json::{Map, Value};

use crate::assertion::{PublicKey, Refused as NotSigned, SKEW_SECONDS, seconds, signed_claims, text};

/// Section 2: a subject has at most 255 characters.
const SUBJECT_BYTES_MAX: usize = 255;

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who says it.
    pub issuer: &'a str,
    /// Under which name it knows us.
    pub client: &'a str,
    /// What we gave along.
    pub nonce: &'a str,
    /// Ways to sign in that count (`acr`): one of these, or of the next.
    pub acr: &'a [String],
    /// Means that count (`amr`).
    pub amr: &'a [String],
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// Why a token does not count. For our log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// It is not signed by the provider.
    #[error("the token is not signed by the provider: {0}")]
    NotSigned(#[from] NotSigned),
    /// Another provider says it.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the token is meant for another client")]
    Audience,
    /// It has run out, or is not valid yet.
    #[error("the token does not count at this time: do both clocks go right?")]
    Time,
    /// It answers another question, or was used before.
    #[error("the token answers another request")]
    Nonce,
    /// It does not say who it is.
    #[error("the token does not say who it is")]
    Subject,
    /// They did not show a second factor, or it does not say so.
    #[error("the token does not say that a second factor was shown: see acr and amr of this provider")]
    Factors,
}

/// What a provider is told of a secret that it is shown later (S256: RFC 7636, section 4.2).
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// Who it is at the provider: what never changes there.
pub fn check(token: &str, keys: &[PublicKey], expected: &Expected<'_>) -> Result<String, Refused> {
    let claims = signed_claims(token, keys)?;
    if text(&claims, "iss") != Some(expected.issuer) {
        return Err(Refused::Issuer);
    }
    if !is_for(&claims, expected.client) {
        return Err(Refused::Audience);
    }
    let (until, from) = (seconds(&claims, "exp"), seconds(&claims, "iat"));
    let counts = until.is_some_and(|until| expected.now < until.saturating_add(SKEW_SECONDS))
        && from.is_some_and(|from| from <= expected.now.saturating_add(SKEW_SECONDS))
        && seconds(&claims, "nbf").is_none_or(|from| from <= expected.now.saturating_add(SKEW_SECONDS));
    if !counts {
        return Err(Refused::Time);
    }
    if text(&claims, "nonce") != Some(expected.nonce) || expected.nonce.is_empty() {
        return Err(Refused::Nonce);
    }
    if !shows_factors(&claims, expected) {
        return Err(Refused::Factors);
    }
    let subject = text(&claims, "sub").filter(|subject| (1..=SUBJECT_BYTES_MAX).contains(&subject.len()));
    subject.map(str::to_owned).ok_or(Refused::Subject)
}

/// For us, and for nobody beside us unless it says that we are the one it was given to.
fn is_for(claims: &Map<String, Value>, client: &str) -> bool {
    let names = match claims.get("aud") {
        Some(Value::String(one)) => one == client,
        Some(Value::Array(several)) => {
            several.iter().any(|one| one == client)
                && (several.len() == 1 || text(claims, "azp") == Some(client))
        }
        _ => false,
    };
    names && text(claims, "azp").is_none_or(|party| party == client)
}

/// Nothing that counts in the configuration is nobody, never everybody.
fn shows_factors(claims: &Map<String, Value>, expected: &Expected<'_>) -> bool {
    let way = text(claims, "acr").is_some_and(|way| expected.acr.iter().any(|one| one == way));
    let means = claims.get("amr").and_then(Value::as_array).is_some_and(|means| {
        means.iter().any(|one| expected.amr.iter().any(|known| one.as_str() == Some(known)))
    });
    way || means
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn encode(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn checked(head: &Value, change: impl Fn(&mut Value)) -> Result<String, Refused> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()), "kid": "1" });
        let key = PublicKey::read(jwk.to_string().as_bytes()).unwrap();
        let mut claims = json!({ "iss": "https://idp.example", "aud": "schakel", "sub": "u-1", "nonce": "n", "exp": NOW + 300,
            "iat": NOW, "amr": ["pwd", "mfa"], "email": "jan@a.example" });
        change(&mut claims);
        let signed = format!("{}.{}", encode(head.to_string()), encode(claims.to_string()));
        let signature = match head["alg"].as_str() {
            Some("none") => String::new(),
            _ => encode(pair.sign(signed.as_bytes())),
        };
        let (acr, amr) = (["high".to_owned()], ["mfa".to_owned()]);
        let expected = Expected {
            issuer: "https://idp.example",
            client: "schakel",
            nonce: "n",
            acr: &acr,
            amr: &amr,
            now: NOW,
        };
        check(&format!("{signed}.{signature}"), &[key], &expected)
    }

    #[test]
    fn only_what_the_provider_says_of_this_sign_in_counts() {
        let good = json!({ "alg": "EdDSA", "kid": "1" });
        assert_eq!(checked(&good, |_| ()), Ok("u-1".into()));
        assert_eq!(checked(&good, |claims| claims["aud"] = json!(["schakel"])), Ok("u-1".into()));
        type Change = fn(&mut Value);
        let cases: &[(Change, Refused)] = &[
            (|claims| claims["iss"] = "https://evil.example".into(), Refused::Issuer),
            (|claims| claims["iss"] = "https://idp.example/".into(), Refused::Issuer),
            (|claims| claims["aud"] = "another".into(), Refused::Audience),
            (|claims| claims["aud"] = json!(["schakel", "another"]), Refused::Audience),
            (|claims| claims["azp"] = "another".into(), Refused::Audience),
            (|claims| claims["aud"] = Value::Null, Refused::Audience),
            (|claims| claims["exp"] = (NOW - 60).into(), Refused::Time),
            (|claims| claims["exp"] = Value::Null, Refused::Time),
            (|claims| claims["iat"] = (NOW + 61).into(), Refused::Time),
            (|claims| claims["nbf"] = (NOW + 61).into(), Refused::Time),
            (|claims| claims["nonce"] = "m".into(), Refused::Nonce),
            (|claims| claims["nonce"] = Value::Null, Refused::Nonce),
            (|claims| claims["amr"] = json!(["pwd"]), Refused::Factors),
            (|claims| claims["amr"] = Value::Null, Refused::Factors),
            (|claims| claims["amr"] = "mfa".into(), Refused::Factors),
            (|claims| claims["sub"] = "".into(), Refused::Subject),
            (|claims| claims["sub"] = 7.into(), Refused::Subject),
        ];
        for (nth, (change, refused)) in cases.iter().enumerate() {
            assert_eq!(checked(&good, change), Err(*refused), "case {nth}");
        }
        assert_eq!(
            checked(&good, |claims| {
                claims["amr"] = Value::Null;
                claims["acr"] = "high".into();
            }),
            Ok("u-1".into())
        );
    }

    #[test]
    fn a_challenge_is_that_of_the_rfc() {
        let challenge = code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn what_is_not_signed_says_nothing() {
        for (head, refused) in [
            (json!({ "alg": "none" }), NotSigned::Algorithm),
            (json!({ "alg": "HS256" }), NotSigned::Algorithm),
            (json!({ "alg": "EdDSA", "kid": "2" }), NotSigned::Algorithm),
            (json!({ "alg": "EdDSA", "crit": ["x"] }), NotSigned::Form),
        ] {
            assert_eq!(checked(&head, |_| ()), Err(Refused::NotSigned(refused)), "{head}");
        }
    }
}
