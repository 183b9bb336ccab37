//! Events to a web address of a member: CloudEvents in JSON, posted over HTTPS and signed in two ways.
//!
//! - HTTP message signatures (RFC 9421) with our Ed25519 key, over method, address, media type and the digest of the content (RFC 9530),
//! - a plain HMAC-SHA256 over the content, for whoever knows a shared secret.
//!
//! The content is frozen; the signature is made for each attempt, because receivers refuse one that is hours old.

use std::fmt;

use ring::hmac;
use schakel_formats::http_signature::{self, Parameters};
use schakel_render::clean;
use schakel_seal::ed25519::Ed25519Key;

use crate::{
    channel::Delivery,
    outcome::{Answer, Outcome},
};

/// The media type of what is posted (CloudEvents 1.0, structured mode).
pub const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// What a server says is cut after this many characters.
const SAID_CHARS_MAX: usize = 200;

/// Statuses that say that this content will never be taken: wrong, gone, too large, not understood. All others may change by what an
/// operator does, on either side.
const FOR_GOOD: [u16; 5] = [400, 410, 413, 415, 422];

/// What came of posting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Posted {
    /// An answer with this status, and what it said.
    Answered(u16, String),
    /// Nothing was sent, for this reason.
    NotSent(String),
    /// It may have arrived.
    Unknown(String),
}

/// Whatever posts: follows no redirects, reaches only what it may, and gives up in time.
pub trait Post: fmt::Debug + Send {
    /// Posts a body with these headers.
    fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Posted;
}

/// A web address of a member.
#[derive(Debug)]
pub struct WebhookChannel {
    url: String,
    key: Ed25519Key,
    secret: Secret,
    post: Box<dyn Post>,
}

/// For the plain signature; empty when there is none.
struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl WebhookChannel {
    /// To this address, signed by this key, and by this secret unless it is empty.
    pub fn new(url: &str, key: Ed25519Key, secret: Vec<u8>, post: Box<dyn Post>) -> Self {
        Self { url: url.to_owned(), key, secret: Secret(secret), post }
    }

    /// Posts an event. See [`Outcome`] for what the answers mean.
    pub fn deliver(&self, delivery: &Delivery<'_>) -> Outcome {
        let headers = self.headers(delivery);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = |text: &str| clean::line(text, SAID_CHARS_MAX).into_owned();
        match self.post.post(&self.url, &headers, delivery.bytes) {
            Posted::Answered(status, said) => {
                let answer = Answer { code: Some(status), text: text(&said) };
                match status {
                    200..=299 => Outcome::Accepted(answer),
                    300..=399 => Outcome::Temporary(Answer {
                        text: "the webhook redirects, which is not followed: name the address it moved to"
                            .to_owned(),
                        ..answer
                    }),
                    _ if FOR_GOOD.contains(&status) => Outcome::Permanent(answer),
                    _ => Outcome::Temporary(answer),
                }
            }
            Posted::NotSent(why) => Outcome::Temporary(Answer { code: None, text: text(&why) }),
            Posted::Unknown(why) => Outcome::Unknown(Answer { code: None, text: text(&why) }),
        }
    }

    fn headers(&self, delivery: &Delivery<'_>) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("content-type", MEDIA_TYPE.to_owned()),
            // The same for every attempt: whoever gets an event twice can see that it is the same.
            ("idempotency-key", format!("\"{}\"", delivery.message_id.bare())),
        ];
        let posted =
            http_signature::Posted { target: &self.url, content_type: MEDIA_TYPE, body: delivery.bytes };
        let parameters =
            Parameters { created: delivery.now.as_second(), nonce: None, key_id: &self.key.id() };
        headers.extend(http_signature::fields(&posted, &parameters, &|bytes| self.key.sign(bytes)));
        if !self.secret.0.is_empty() {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.secret.0), delivery.bytes);
            let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            headers.push(("x-schakel-signature", format!("sha256={hex}")));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use base64::{Engine, engine::general_purpose::STANDARD};
    use jiff::Timestamp;
    use ring::signature::{ED25519, UnparsedPublicKey};
    use schakel_seal::random::Random;

    use super::*;
    use crate::message_id::MessageId;

    type Headers = Arc<Mutex<Vec<(String, String)>>>;

    #[derive(Debug)]
    struct Fake(Posted, Headers);

    impl Post for Fake {
        fn post(&self, _: &str, headers: &[(&str, &str)], _: &[u8]) -> Posted {
            *self.1.lock().unwrap() =
                headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            self.0.clone()
        }
    }

    fn key() -> Ed25519Key {
        let pem = Ed25519Key::generate(&mut Random::from_seed([3; 32])).unwrap();
        Ed25519Key::read(pem.as_bytes()).unwrap()
    }

    fn delivered(posted: Posted) -> (Outcome, Vec<(String, String)>) {
        let headers = Headers::default();
        let fake = Fake(posted, Arc::clone(&headers));
        let channel =
            WebhookChannel::new("https://siem.example/in", key(), b"a secret".to_vec(), Box::new(fake));
        let message_id = MessageId::new(17, 0, 3, "mail.example").unwrap();
        let outcome = channel.deliver(&Delivery {
            envelope_from: "",
            to: "webhook:siem",
            message_id: &message_id,
            bytes: b"{}",
            now: Timestamp::constant(1_773_558_000, 0),
        });
        let headers = headers.lock().unwrap().clone();
        (outcome, headers)
    }

    #[test]
    fn the_signature_is_over_what_the_rfc_says() {
        let (_, headers) = delivered(Posted::Answered(204, String::new()));
        let header = |name: &str| headers.iter().find(|(one, _)| one == name).unwrap().1.clone();
        // echo -n '{}' | openssl dgst -sha256 -binary | base64
        assert_eq!(header("content-digest"), "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:");
        // echo -n '{}' | openssl dgst -sha256 -hmac 'a secret'
        assert_eq!(header("x-schakel-signature"), format!("sha256={}", HMAC_OF_TWO_BRACES));
        let input = header("signature-input");
        let base = format!(
            "\"@method\": POST\n\"@target-uri\": https://siem.example/in\n\"content-type\": {}\n\"content-digest\": {}\n\"@signature-params\": {}",
            header("content-type"),
            header("content-digest"),
            input.strip_prefix("sig1=").unwrap()
        );
        let signature = header("signature");
        let signature = signature.strip_prefix("sig1=:").unwrap().strip_suffix(':').unwrap();
        let signature = STANDARD.decode(signature).unwrap();
        let pem = key().public_pem();
        let der = STANDARD.decode(pem.lines().nth(1).unwrap()).unwrap();
        UnparsedPublicKey::new(&ED25519, &der[12..]).verify(base.as_bytes(), &signature).unwrap();
        assert!(input.contains(";created=1773558000;"), "{input}");
    }

    /// `echo -n '{}' | openssl dgst -sha256 -hmac 'a secret'`
    const HMAC_OF_TWO_BRACES: &str = "c424c6f590d0d71e73c149cf3babaacf68709276ebdf98c4426975d5e07f9397";

    #[test]
    fn what_an_answer_means() {
        use schakel_rules::retry::Attempt::{Accepted, Permanent, Temporary, Unknown};
        let answered = |status| Posted::Answered(status, "said".into());
        for (posted, attempt) in [
            (answered(200), Accepted),
            (answered(204), Accepted),
            (answered(302), Temporary),
            (answered(400), Permanent),
            (answered(401), Temporary),
            (answered(404), Temporary),
            (answered(410), Permanent),
            (answered(429), Temporary),
            (answered(503), Temporary),
            (Posted::NotSent("refused".into()), Temporary),
            (Posted::Unknown("timeout".into()), Unknown),
        ] {
            assert_eq!(delivered(posted.clone()).0.attempt(), attempt, "{posted:?}");
        }
    }

    #[test]
    fn no_secret_shows_in_what_is_logged() {
        let channel = WebhookChannel::new(
            "https://siem.example/in",
            key(),
            b"a secret".to_vec(),
            Box::new(Fake(Posted::Answered(200, String::new()), Headers::default())),
        );
        assert!(!format!("{channel:?}").contains("a secret"));
    }
}
