//! An authenticator of our own, and everything that is wrong with what it makes.

use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use rsa::{pkcs1::EncodeRsaPrivateKey, traits::PublicKeyParts};
use serde_json::json;

use super::*;

const ASKED: Asked<'static> =
    Asked { challenge: &[7; 32], origin: "https://portal.example:8443", host: "portal.example" };

fn client(kind: &str) -> serde_json::Value {
    json!({ "type": kind, "challenge": URL_SAFE_NO_PAD.encode([7; 32]), "origin": ASKED.origin, "crossOrigin": false })
}

fn bytes(value: &serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn cose_ed25519(public: &[u8]) -> Vec<u8> {
    [&[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20][..], public].concat()
}

/// Flags, counter, and a key when one is made.
fn data(host: &str, flags: u8, counter: u32, key: Option<&[u8]>) -> Vec<u8> {
    let mut data = digest::digest(&digest::SHA256, host.as_bytes()).as_ref().to_vec();
    data.push(flags);
    data.extend(counter.to_be_bytes());
    if let Some(key) = key {
        data.extend([0; 16]);
        data.extend([0, 3, 1, 2, 3]);
        data.extend(key);
    }
    data
}

/// `{"fmt": "none", "attStmt": {}, "authData": …}`
fn attestation(data: &[u8]) -> Vec<u8> {
    let mut object = vec![0xa3, 0x63];
    object.extend(b"fmt");
    object.push(0x64);
    object.extend(b"none");
    object.push(0x67);
    object.extend(b"attStmt");
    object.push(0xa0);
    object.push(0x68);
    object.extend(b"authData");
    object.push(0x59);
    object.extend((data.len() as u16).to_be_bytes());
    object.extend(data);
    object
}

const ALL: u8 = USER_PRESENT | USER_VERIFIED | HAS_CREDENTIAL;
const BOTH: u8 = USER_PRESENT | USER_VERIFIED;

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap()
}

/// Signs in with the Ed25519 key.
fn sign_in(
    client: &serde_json::Value,
    data: &[u8],
    counter: u32,
    change: impl Fn(&mut Vec<u8>),
) -> Result<u32, Refused> {
    let pair = pair();
    let client = bytes(client);
    let message = [data, digest::digest(&digest::SHA256, &client).as_ref()].concat();
    let mut signed = pair.sign(&message).as_ref().to_vec();
    change(&mut signed);
    used(&client, data, &signed, (&cose_ed25519(pair.public_key().as_ref()), counter), ASKED)
}

#[test]
fn one_is_made_and_used() {
    let pair = pair();
    let key = cose_ed25519(pair.public_key().as_ref());
    let object = attestation(&data(ASKED.host, ALL, 0, Some(&key)));
    let made = made(&bytes(&client("webauthn.create")), &object, ASKED).unwrap();
    assert_eq!(made, Made { id: vec![1, 2, 3], key, counter: 0 });
    let get = client("webauthn.get");
    assert_eq!(sign_in(&get, &data(ASKED.host, BOTH, 0, None), 0, |_| ()), Ok(0));
    assert_eq!(sign_in(&get, &data(ASKED.host, BOTH, 8, None), 7, |_| ()), Ok(8));
}

#[test]
fn what_is_wrong_with_one_is_found() {
    let get = client("webauthn.get");
    let with = |name: &str, value: serde_json::Value| {
        let mut client = client("webauthn.get");
        client[name] = value;
        client
    };
    let good = data(ASKED.host, BOTH, 5, None);
    for (why, client, data, counter, expected) in [
        ("another challenge", with("challenge", "AAAA".into()), good.clone(), 0, Refused::Challenge),
        ("another origin", with("origin", "https://evil.example".into()), good.clone(), 0, Refused::Site),
        ("another port", with("origin", "https://portal.example".into()), good.clone(), 0, Refused::Site),
        ("in a frame", with("crossOrigin", true.into()), good.clone(), 0, Refused::Site),
        ("made, not used", client("webauthn.create"), good.clone(), 0, Refused::Form),
        ("another host", get.clone(), data("evil.example", BOTH, 5, None), 0, Refused::Site),
        ("nobody there", get.clone(), data(ASKED.host, USER_VERIFIED, 5, None), 0, Refused::User),
        ("not checked who", get.clone(), data(ASKED.host, USER_PRESENT, 5, None), 0, Refused::User),
        ("counter stands", get.clone(), good.clone(), 5, Refused::Counter),
        ("counter went back", get.clone(), data(ASKED.host, BOTH, 0, None), 5, Refused::Counter),
        ("cut off", get.clone(), good[..36].to_vec(), 0, Refused::Form),
    ] {
        assert_eq!(sign_in(&client, &data, counter, |_| ()), Err(expected), "{why}");
    }
    assert_eq!(sign_in(&get, &good, 0, |signed| signed[3] ^= 1), Err(Refused::Signature));
    assert_eq!(sign_in(&get, &good, 0, Vec::clear), Err(Refused::Signature));
    let none = used(b"{}", &good, &[], (&[], 0), ASKED);
    assert_eq!(none, Err(Refused::Form));
    let twice = used(br#"{"type":"webauthn.get","type":"webauthn.get"}"#, &good, &[], (&[], 0), ASKED);
    assert_eq!(twice, Err(Refused::Form), "a name that stands twice is read by nobody");
}

#[test]
fn what_is_made_must_have_a_key_that_we_asked_for() {
    let create = bytes(&client("webauthn.create"));
    let try_key = |key: &[u8]| made(&create, &attestation(&data(ASKED.host, ALL, 0, Some(key))), ASKED);
    // The curve of bitcoin, a symmetric key, a point that is none, a key with something behind it.
    let secp256k1 = [
        &[0xa5, 1, 2, 3, 0x38, 0x2e, 0x20, 8, 0x21, 0x58, 0x20][..],
        &[1; 32],
        &[0x22, 0x58, 0x20],
        &[1; 32],
    ];
    assert_eq!(try_key(&secp256k1.concat()), Err(Refused::Key));
    assert_eq!(try_key(&[0xa2, 1, 4, 3, 5]), Err(Refused::Key));
    let no_point =
        [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20][..], &[1; 32], &[0x22, 0x58, 0x20], &[1; 32]];
    assert_eq!(try_key(&no_point.concat()), Err(Refused::Key));
    assert_eq!(try_key(&[0xff]), Err(Refused::Form));
    let object = attestation(&data(ASKED.host, BOTH, 0, None));
    assert_eq!(made(&create, &object, ASKED), Err(Refused::Form), "no key at all");
    let object = attestation(&data(ASKED.host, ALL, 0, Some(&cose_ed25519(&[1; 32]))));
    assert_eq!(made(&create, &[object, vec![0]].concat(), ASKED), Err(Refused::Form));
    for length in 0..60 {
        let object = attestation(&data(ASKED.host, ALL, 0, Some(&cose_ed25519(&[1; 32]))));
        assert!(made(&create, &object[..length], ASKED).is_err());
    }
}

#[test]
fn keys_of_p256_and_rsa_count_as_well() {
    let random = SystemRandom::new();
    let client = bytes(&client("webauthn.get"));
    let data = data(ASKED.host, BOTH, 1, None);
    let message = [&data[..], digest::digest(&digest::SHA256, &client).as_ref()].concat();

    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let head = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20];
    let key = [&head[..], &point[1..33], &[0x22, 0x58, 0x20], &point[33..]].concat();
    let signed = pair.sign(&random, &message).unwrap();
    assert_eq!(used(&client, &data, signed.as_ref(), (&key, 0), ASKED), Ok(1));

    let private = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let pair = RsaKeyPair::from_der(private.to_pkcs1_der().unwrap().as_bytes()).unwrap();
    let n = private.n().to_bytes_be();
    let key = [&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0][..], &n, &[0x21, 0x43, 1, 0, 1]].concat();
    let mut signed = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signed).unwrap();
    assert_eq!(used(&client, &data, &signed, (&key, 0), ASKED), Ok(1));
    signed[9] ^= 1;
    assert_eq!(used(&client, &data, &signed, (&key, 0), ASKED), Err(Refused::Signature));
}
