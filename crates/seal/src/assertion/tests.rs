//! What a client signed, and what it did not.

use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;
const US: &str = "https://schakel.example/oauth2/token";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ed25519() -> (Ed25519KeyPair, PublicKey) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()), "kid": "1" });
    (pair, PublicKey::read(jwk.to_string().as_bytes()).unwrap())
}

fn claims() -> Value {
    json!({ "iss": "siem", "sub": "siem", "aud": US, "exp": NOW + 300, "iat": NOW, "jti": "a" })
}

fn token(head: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", encode(head.to_string()), encode(claims.to_string()));
    format!("{signed}.{}", encode(sign(signed.as_bytes())))
}

fn checked(claims: &Value) -> Result<Asserted, Refused> {
    let (pair, key) = ed25519();
    let token = token(&json!({ "alg": "EdDSA" }), claims, |bytes| pair.sign(bytes).as_ref().to_vec());
    check(&token, &[key], "siem", &[US], NOW)
}

#[test]
fn what_a_client_signed_counts() {
    assert_eq!(checked(&claims()), Ok(Asserted { id: "a".into(), until: NOW + 360 }));
    let (pair, _) = ed25519();
    let token = token(&json!({ "alg": "EdDSA" }), &claims(), |bytes| pair.sign(bytes).as_ref().to_vec());
    assert_eq!(claimed_subject(&token).as_deref(), Some("siem"));
}

#[test]
fn a_key_on_p256_counts_as_well() {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) });
    let key = PublicKey::read(jwk.to_string().as_bytes()).unwrap();
    let token = token(&json!({ "alg": "ES256" }), &claims(), |bytes| {
        pair.sign(&random, bytes).unwrap().as_ref().to_vec()
    });
    assert!(check(&token, std::slice::from_ref(&key), "siem", &[US], NOW).is_ok());
    assert_eq!(check(&token, &[ed25519().1], "siem", &[US], NOW), Err(Refused::Algorithm));
    assert_eq!(key.algorithm(), "ES256");
}

#[test]
fn the_token_does_not_choose_how_it_is_checked() {
    let (pair, key) = ed25519();
    let keys = [key];
    let with = |head: Value, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        check(&token(&head, &claims(), sign), &keys, "siem", &[US], NOW)
    };
    let right = |bytes: &[u8]| pair.sign(bytes).as_ref().to_vec();
    // The public key as the secret of an HMAC.
    let confused = |bytes: &[u8]| {
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, pair.public_key().as_ref());
        ring::hmac::sign(&secret, bytes).as_ref().to_vec()
    };
    assert_eq!(with(json!({ "alg": "none" }), &|_| Vec::new()), Err(Refused::Algorithm));
    assert_eq!(with(json!({ "alg": "None" }), &right), Err(Refused::Algorithm));
    assert_eq!(with(json!({ "alg": "HS256" }), &confused), Err(Refused::Algorithm));
    assert_eq!(with(json!({ "alg": "EdDSA" }), &confused), Err(Refused::Signature));
    assert_eq!(with(json!({ "alg": "EdDSA", "kid": "2" }), &right), Err(Refused::Algorithm));
    assert_eq!(with(json!({ "alg": "EdDSA", "crit": ["b64"] }), &right), Err(Refused::Form));
    assert_eq!(with(json!({}), &right), Err(Refused::Form));
    assert!(with(json!({ "alg": "EdDSA", "kid": "1", "jwk": { "kty": "oct" } }), &right).is_ok());
}

#[test]
fn every_claim_is_checked() {
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        checked(&claims)
    };
    for name in ["iss", "sub"] {
        assert_eq!(with(name, json!("other")), Err(Refused::Subject));
        assert_eq!(with(name, Value::Null), Err(Refused::Subject));
    }
    for audience in [json!("https://other.example"), json!([US, "https://other.example"]), Value::Null] {
        assert_eq!(with("aud", audience), Err(Refused::Audience));
    }
    for wrong in [json!(NOW - 60), json!(NOW + 661), json!("soon"), Value::Null, json!(i64::MAX)] {
        assert_eq!(with("exp", wrong), Err(Refused::Time));
    }
    assert!(with("exp", json!(NOW - 59)).is_ok(), "a clock that is slow");
    assert_eq!(with("nbf", json!(NOW + 61)), Err(Refused::Time));
    assert_eq!(with("iat", json!(NOW + 61)), Err(Refused::Time));
    for wrong in [Value::Null, json!(""), json!(7), json!("x".repeat(300))] {
        assert_eq!(with("jti", wrong), Err(Refused::Id));
    }
}

#[test]
fn what_is_no_jwt_is_refused() {
    let (pair, key) = ed25519();
    let right = token(&json!({ "alg": "EdDSA" }), &claims(), |bytes| pair.sign(bytes).as_ref().to_vec());
    let keys = [key];
    let twice = {
        let signed =
            format!("{}.{}", encode(r#"{"alg":"EdDSA"}"#), encode(r#"{"iss":"siem","iss":"other"}"#));
        format!("{signed}.{}", encode(pair.sign(signed.as_bytes())))
    };
    let five = format!("{right}.a.b");
    let long = "a".repeat(BYTES_MAX + 1);
    for wrong in ["", ".", "..", "a.b.c", five.as_str(), &right[..right.len() - 90], &twice, &long] {
        assert!(check(wrong, &keys, "siem", &[US], NOW).is_err(), "{wrong}");
    }
    let mut changed = right.into_bytes();
    let middle = changed.iter().position(|byte| *byte == b'.').unwrap() + 20;
    changed[middle] ^= 1;
    assert!(check(&String::from_utf8(changed).unwrap(), &keys, "siem", &[US], NOW).is_err());
}

#[test]
fn keys_that_cannot_be_used_say_why() {
    let read = |jwk: Value| PublicKey::read(jwk.to_string().as_bytes()).unwrap_err();
    assert_eq!(read(json!([])), KeyProblem::NotAKey);
    assert_eq!(read(json!({ "kty": "oct", "k": "AAAA" })), KeyProblem::Private);
    let private = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode([1; 32]), "d": encode([1; 32]) });
    assert_eq!(read(private), KeyProblem::Private);
    assert_eq!(read(json!({ "kty": "EC", "crv": "P-521" })), KeyProblem::Kind);
    let short = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode([1; 31]) });
    assert_eq!(read(short), KeyProblem::Numbers);
    let off_the_curve = json!({ "kty": "EC", "crv": "P-256", "x": encode([1; 32]), "y": encode([1; 32]) });
    assert_eq!(read(off_the_curve), KeyProblem::Numbers);
    let weak = json!({ "kty": "RSA", "n": encode([255; 128]), "e": "AQAB" });
    assert_eq!(read(weak), KeyProblem::Numbers);
    let strong = json!({ "kty": "RSA", "n": encode([255; 256]), "e": "AQAB" });
    assert_eq!(PublicKey::read(strong.to_string().as_bytes()).unwrap().algorithm(), "RS256");
}
