//! What a client of Shadowserver's API signs its questions with.

use ring::hmac;

/// The header `HMAC2` for a question: the HMAC-SHA256 of its bytes under the secret, in hexadecimal.
pub fn hmac2(secret: &str, question: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, question.as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
