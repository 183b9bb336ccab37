//! A key that signs what is not mail: what is posted to programs of others (RFC 9421).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::{
    dkim::{Algorithm, DkimKey, DkimKeyError},
    random::Random,
};

/// The bytes in front of an Ed25519 public key in a SubjectPublicKeyInfo (RFC 8410 section 4).
const PUBLIC_DER: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// An Ed25519 key (RFC 8032).
pub struct Ed25519Key(Ed25519KeyPair);

impl fmt::Debug for Ed25519Key {
    /// Without anything secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Key({})", self.id())
    }
}

impl Ed25519Key {
    /// From a PEM file with a key in PKCS #8.
    pub fn read(file: &[u8]) -> Result<Self, DkimKeyError> {
        match DkimKey::read(file)? {
            DkimKey::Ed25519(key) => Ok(Self(key)),
            DkimKey::Rsa(_) => Err(DkimKeyError::NoKey),
        }
    }

    /// A new key, as a PEM file.
    pub fn generate(random: &mut Random) -> Result<String, DkimKeyError> {
        DkimKey::generate(Algorithm::Ed25519, random)
    }

    /// What others check signatures with, as a PEM file.
    pub fn public_pem(&self) -> String {
        let der = [&PUBLIC_DER[..], self.0.public_key().as_ref()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
    }

    /// Its public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes (RFC 8032)")
    }

    /// What it is known by: the start of its public half, in hexadecimal.
    pub fn id(&self) -> String {
        self.0.public_key().as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A signature; the same for the same bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }
}

/// Does a signature hold over these bytes, by this public key?
pub fn holds(public: &[u8; 32], bytes: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(bytes, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_over_its_bytes_and_by_its_key_only() {
        let key = |seed| {
            let pem = Ed25519Key::generate(&mut Random::from_seed([seed; 32])).unwrap();
            Ed25519Key::read(pem.as_bytes()).unwrap()
        };
        let (ours, other) = (key(1), key(2));
        let signature: [u8; 64] = ours.sign(b"text").try_into().unwrap();
        assert!(holds(&ours.public(), b"text", &signature));
        assert!(!holds(&ours.public(), b"texts", &signature));
        assert!(!holds(&other.public(), b"text", &signature));
        let mut changed = signature;
        changed[40] ^= 1;
        assert!(!holds(&ours.public(), b"text", &changed));
        assert!(!holds(&[0; 32], b"text", &signature));
    }
}
