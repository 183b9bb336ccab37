//! The signature of a posted request: HTTP message signatures (RFC 9421) over method, address, media type and the digest of the content
//! (RFC 9530), by an Ed25519 key. Only the text that is signed is made here; keys are the caller's.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

/// What is signed, in this order.
const COMPONENTS: &str = "(\"@method\" \"@target-uri\" \"content-type\" \"content-digest\")";

/// The name of our signature among those of a request.
const LABEL: &str = "sig1=";

/// The longest field that is read, in bytes.
const FIELD_BYTES_MAX: usize = 1_000;

/// The longest nonce, in bytes.
const NONCE_BYTES_MAX: usize = 64;

/// A request that is posted.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a> {
    /// Where to, as a whole address.
    pub target: &'a str,
    /// The media type.
    pub content_type: &'a str,
    /// The content, as it goes over the line.
    pub body: &'a [u8],
}

/// What is said of a signature.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a> {
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// What is different in each request, where the receiver wants each to come once.
    pub nonce: Option<&'a str>,
    /// The id of the key.
    pub key_id: &'a str,
}

/// The fields of a request that sign it. `sign` makes an Ed25519 signature.
pub fn fields(
    posted: &Posted<'_>,
    parameters: &Parameters<'_>,
    sign: &dyn Fn(&[u8]) -> Vec<u8>,
) -> Vec<(&'static str, String)> {
    let content_digest = content_digest(posted.body);
    let Parameters { created, nonce, key_id } = parameters;
    let nonce = nonce.map(|nonce| format!(";nonce=\"{nonce}\"")).unwrap_or_default();
    let said = format!("{COMPONENTS};created={created}{nonce};keyid=\"{key_id}\";alg=\"ed25519\"");
    let signature = sign(base(posted, &content_digest, &said).as_bytes());
    vec![
        ("content-digest", content_digest),
        ("signature-input", format!("{LABEL}{said}")),
        ("signature", format!("{LABEL}:{}:", STANDARD.encode(signature))),
    ]
}

/// A signature as it came with a request. That it holds is still to be checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// See [`Parameters::created`].
    pub created: i64,
    /// See [`Parameters::nonce`]; empty: there is none.
    pub nonce: String,
    /// See [`Parameters::key_id`].
    pub key_id: String,
    /// The signature.
    pub signature: [u8; 64],
    /// The bytes that it is over.
    pub signed: Vec<u8>,
}

/// Reads the fields of the same names. `None`: they are not as we write them, or the digest is that of another content.
pub fn read(
    posted: &Posted<'_>,
    content_digest_field: &str,
    signature_input: &str,
    signature: &str,
) -> Option<Given> {
    if [content_digest_field, signature_input, signature].iter().any(|field| field.len() > FIELD_BYTES_MAX)
        || content_digest_field != content_digest(posted.body)
    {
        return None;
    }
    let said = signature_input.strip_prefix(LABEL)?;
    let mut given = Given {
        created: 0,
        nonce: String::new(),
        key_id: String::new(),
        signature: STANDARD
            .decode(signature.strip_prefix(LABEL)?.strip_prefix(':')?.strip_suffix(':')?)
            .ok()?
            .try_into()
            .ok()?,
        signed: base(posted, content_digest_field, said).into_bytes(),
    };
    let quoted = |text: &str| Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    for parameter in said.strip_prefix(COMPONENTS)?.strip_prefix(';')?.split(';') {
        match parameter.split_once('=')? {
            ("created", number) if given.created == 0 => given.created = number.parse().ok()?,
            ("nonce", text) if given.nonce.is_empty() => given.nonce = quoted(text)?,
            ("keyid", text) if given.key_id.is_empty() => given.key_id = quoted(text)?,
            ("alg", "\"ed25519\"") => {}
            _ => return None,
        }
    }
    let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    (given.created > 0
        && !given.key_id.is_empty()
        && given.nonce.len() <= NONCE_BYTES_MAX
        && is_plain(&given.nonce)
        && is_plain(&given.key_id))
    .then_some(given)
}

/// The id of the key that a `signature-input` field names, before anything is checked.
pub fn key_id(signature_input: &str) -> Option<&str> {
    signature_input.split(';').find_map(|parameter| parameter.strip_prefix("keyid=\"")?.strip_suffix('"'))
}

fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest(&SHA256, body).as_ref()))
}

/// RFC 9421 section 2.5.
fn base(posted: &Posted<'_>, content_digest: &str, said: &str) -> String {
    let Posted { target, content_type, .. } = posted;
    format!(
        "\"@method\": POST\n\"@target-uri\": {target}\n\"content-type\": {content_type}\n\"content-digest\": {content_digest}\n\"@signature-params\": {said}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTED: Posted<'static> = Posted {
        target: "https://a.example/hub/v1/messages",
        content_type: "application/x-ndjson",
        body: b"{}",
    };

    fn signed() -> Vec<(&'static str, String)> {
        let parameters = Parameters { created: 1_773_558_000, nonce: Some("n1"), key_id: "0011223344556677" };
        fields(&POSTED, &parameters, &|_| vec![5; 64])
    }

    fn read_with(posted: &Posted<'_>, change: impl Fn(&'static str, &str) -> String) -> Option<Given> {
        let changed: Vec<String> = signed().iter().map(|(name, value)| change(name, value)).collect();
        read(posted, &changed[0], &changed[1], &changed[2])
    }

    #[test]
    fn what_is_signed_is_what_the_rfc_says() {
        let given = read_with(&POSTED, |_, value| value.to_owned()).unwrap();
        assert_eq!((given.created, given.nonce.as_str()), (1_773_558_000, "n1"));
        assert_eq!((given.key_id.as_str(), given.signature), ("0011223344556677", [5; 64]));
        // echo -n '{}' | openssl dgst -sha256 -binary | base64
        let base = "\"@method\": POST\n\"@target-uri\": https://a.example/hub/v1/messages\n\"content-type\": application/x-ndjson\n\
             \"content-digest\": sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:\n\
             \"@signature-params\": (\"@method\" \"@target-uri\" \"content-type\" \"content-digest\");created=1773558000;nonce=\"n1\";keyid=\"0011223344556677\";alg=\"ed25519\"";
        assert_eq!(String::from_utf8(given.signed).unwrap(), base);
    }

    #[test]
    fn another_body_or_another_form_is_refused() {
        assert_eq!(read_with(&Posted { body: b"{} ", ..POSTED }, |_, value| value.to_owned()), None);
        for (field, from, to) in [
            ("signature-input", "created=1773558000", "created=x"),
            ("signature-input", "created=1773558000;", ""),
            ("signature-input", "created=1773558000", "created=1;created=2"),
            ("signature-input", "\"@target-uri\" ", ""),
            ("signature-input", "ed25519", "hmac-sha256"),
            ("signature-input", "keyid=\"0011223344556677\";", ""),
            ("signature-input", "nonce=\"n1\"", "nonce=\"n 1\""),
            ("signature-input", "sig1=", "sig2="),
            ("signature", "sig1=:", "sig1="),
            ("signature", "sig1=:", "sig1=:AAAA"),
            ("content-digest", "sha-256", "sha-512"),
        ] {
            let found = read_with(&POSTED, |name, value| {
                if name == field { value.replacen(from, to, 1) } else { value.to_owned() }
            });
            assert_eq!(found, None, "{field}: {from} -> {to}");
        }
    }
}
