//! What clients sign: questions to Shadowserver's API, and who they are.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};

/// The header `HMAC2` for a question: the HMAC-SHA256 of its bytes under the secret, in hexadecimal.
pub fn hmac2(secret: &str, question: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, question.as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A client that signs who it is (RFC 7523) with a key for Ed25519.
pub struct SigningClient(Ed25519KeyPair);

impl SigningClient {
    /// Another number is another key.
    pub fn new(number: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[number; 32]).expect("a seed has 32 bytes"))
    }

    /// Its public key, as JWK.
    pub fn jwk(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#)
    }

    /// Claims, signed.
    pub fn sign(&self, claims: &impl ToString) -> String {
        self.sign_as("EdDSA", claims)
    }

    /// Claims, signed, with the name of whatever algorithm. `HS256`: with the public key taken for a secret; `none`: with nothing.
    pub fn sign_as(&self, algorithm: &str, claims: &impl ToString) -> String {
        let head = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}"}}"#));
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = match algorithm {
            "none" => Vec::new(),
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.public_key().as_ref());
                hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
            _ => self.0.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
