//! One line of the wire: a signed message from one hub to another.
//!
//! ```text
//! {"envelope":{…},"keyId":"<16 hexadecimal digits>","signature":"<base64url, no padding>"}
//! ```
//!
//! All of it is canonical JSON. The signature (Ed25519) is over [`SIGNED_PREFIX`] and the canonical envelope. The envelope has the attributes of
//! CloudEvents 1.0, and `recipient`: a line for another hub says nothing here.

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schakel_model::hub::HubName;
use serde_json::{Map, Value, json};

use super::{
    fields::{Fields, time},
    jcs,
};

/// What stands before the envelope in what is signed, so that a signature is one over a message and nothing else.
pub const SIGNED_PREFIX: &[u8] = b"schakel-hub-v1\n";

/// The longest line, in bytes: claims of a large hub; a parcel is shorter still.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// The longest identifier, in bytes.
const ID_BYTES_MAX: usize = 100;

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A finding for the receiver.
    Parcel,
    /// What became of a parcel when it came in.
    Receipt,
    /// How far a finding came.
    Status,
    /// How far findings came, as counts.
    StatusCount,
    /// What a hub says is its own.
    Claims,
    /// The keys by which a hub signs from now on.
    Keys,
    /// What was sent and taken in, as digests.
    Digest,
    /// A closer look at a digest.
    DigestAsk,
    /// A question of blind matching.
    Question,
    /// The answer to a question.
    Answer,
    /// A question about one address or name.
    WhoseAsk,
    /// Its answer.
    WhoseAnswer,
    /// What was handed over is not theirs, or its source took it back.
    Withdrawn,
    /// The key that a hub wants to be sealed to from now on.
    SealKey,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Parcel,
        Self::Receipt,
        Self::Status,
        Self::StatusCount,
        Self::Claims,
        Self::Keys,
        Self::Digest,
        Self::DigestAsk,
        Self::Question,
        Self::Answer,
        Self::WhoseAsk,
        Self::WhoseAnswer,
        Self::Withdrawn,
        Self::SealKey,
    ];

    /// The envelope's `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parcel => "org.schakel.parcel.v1",
            Self::SealKey => "org.schakel.seal-key.v1",
            Self::Receipt => "org.schakel.receipt.v1",
            Self::Status => "org.schakel.status.v1",
            Self::StatusCount => "org.schakel.status-count.v1",
            Self::Claims => "org.schakel.claims.v1",
            Self::Keys => "org.schakel.keys.v1",
            Self::Digest => "org.schakel.digest.v1",
            Self::DigestAsk => "org.schakel.digest-ask.v1",
            Self::Question => "org.schakel.question.v1",
            Self::Answer => "org.schakel.answer.v1",
            Self::WhoseAsk => "org.schakel.whose.v1",
            Self::WhoseAnswer => "org.schakel.whose-answer.v1",
            Self::Withdrawn => "org.schakel.withdrawn.v1",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no kind of message that is known here"))
    }
}

/// A message without its signature.
#[derive(Clone, PartialEq, Debug)]
pub struct Envelope {
    /// Its name, unique for its sender.
    pub id: String,
    /// Who sends it.
    pub source: HubName,
    /// Whom it is for.
    pub recipient: HubName,
    /// What it is.
    pub kind: Kind,
    /// When it was made, in seconds since 1970.
    pub time: i64,
    /// What it is about, where that is something with a name.
    pub subject: Option<String>,
    /// What it says.
    pub data: Value,
}

/// A message as it was read. That its signature holds is still to be checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Signed {
    /// What it says.
    pub envelope: Envelope,
    /// The id of the key.
    pub key_id: String,
    /// The signature.
    pub signature: [u8; 64],
    /// The bytes that it is over.
    pub signed: Vec<u8>,
}

/// Why a line is no message.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// Too long.
    #[error("a line has at most {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// Not canonical JSON.
    #[error(transparent)]
    Json(#[from] jcs::NotCanonical),
    /// Something in it is not as it should be.
    #[error("{0}")]
    Schema(String),
}

/// A message as one line, without a line end. `sign` makes an Ed25519 signature by the key with this id.
pub fn write(
    envelope: &Envelope,
    key_id: &str,
    sign: &dyn Fn(&[u8]) -> Vec<u8>,
) -> Result<Vec<u8>, jcs::NoCanonicalForm> {
    let canonical = jcs::write(&envelope.to_json())?;
    let signature = sign(&[SIGNED_PREFIX, &canonical].concat());
    let mut line = Vec::with_capacity(canonical.len() + 160);
    line.extend(b"{\"envelope\":");
    line.extend(&canonical);
    let rest = format!(",\"keyId\":\"{key_id}\",\"signature\":\"{}\"}}", URL_SAFE_NO_PAD.encode(signature));
    line.extend(rest.as_bytes());
    Ok(line)
}

/// Reads a line, without its line end.
pub fn read(line: &[u8]) -> Result<Signed, NotRead> {
    if line.len() > LINE_BYTES_MAX {
        return Err(NotRead::TooLong);
    }
    let value = jcs::read(line)?;
    let signed = || {
        let mut fields = Fields::of("a message", &value)?;
        let envelope = fields.value("envelope")?;
        let key_id = fields.text("keyId")?.to_owned();
        let signature = URL_SAFE_NO_PAD.decode(fields.text("signature")?).ok();
        let signature = signature.and_then(|bytes| bytes.try_into().ok()).ok_or("the signature is none")?;
        fields.end()?;
        if key_id.len() != 16 || !key_id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err("keyId is no id of a key".to_owned());
        }
        let canonical = jcs::write(envelope).map_err(|error| error.to_string())?;
        let envelope = Envelope::from_json(envelope)?;
        Ok(Signed { envelope, key_id, signature, signed: [SIGNED_PREFIX, &canonical].concat() })
    };
    signed().map_err(NotRead::Schema)
}

/// The id of a key: the start of its public half, in hexadecimal.
pub fn key_id(key: &[u8; 32]) -> String {
    key[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Envelope {
    fn to_json(&self) -> Value {
        let mut json = json!({
            "specversion": "1.0",
            "id": self.id,
            "source": format!("https://{}", self.source),
            "recipient": self.recipient.as_str(),
            "type": self.kind.as_str(),
            "time": time(self.time),
            "datacontenttype": "application/json",
            "data": self.data,
        });
        if let (Some(subject), Some(members)) = (&self.subject, json.as_object_mut()) {
            members.insert("subject".to_owned(), Value::from(subject.as_str()));
        }
        json
    }

    fn from_json(value: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("an envelope", value)?;
        if fields.text("specversion")? != "1.0" || fields.text("datacontenttype")? != "application/json" {
            return Err("an envelope is a CloudEvent 1.0 with JSON in it".to_owned());
        }
        let source = fields.text("source")?.strip_prefix("https://").ok_or("the source is no hub")?;
        let envelope = Self {
            id: fields.text("id")?.to_owned(),
            source: exactly(source)?,
            recipient: exactly(fields.text("recipient")?)?,
            kind: fields.read("type")?,
            time: fields.time("time")?,
            subject: match fields.any("subject") {
                Some(subject) => Some(subject.as_str().ok_or("the subject is no text")?.to_owned()),
                None => None,
            },
            data: fields.value("data")?.clone(),
        };
        fields.end()?;
        if envelope.id.is_empty() || envelope.id.len() > ID_BYTES_MAX {
            return Err(format!("an id has 1 to {ID_BYTES_MAX} bytes"));
        }
        Ok(envelope)
    }
}

/// A name of a hub, written as we would.
pub(super) fn exactly(text: &str) -> Result<HubName, String> {
    let name: HubName = text.parse()?;
    match name.as_str() == text {
        true => Ok(name),
        false => Err(format!("`{text}` is not written in small letters")),
    }
}

/// An empty object, for data of nothing.
pub fn no_data() -> Value {
    Value::Object(Map::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            id: "00ff".into(),
            source: "a.example".parse().unwrap(),
            recipient: "b.example".parse().unwrap(),
            kind: Kind::Receipt,
            time: 1_773_558_000,
            subject: None,
            data: json!({"z": 1, "a": "é"}),
        }
    }

    const KEY_ID: &str = "0123456789abcdef";

    fn line() -> String {
        let written = write(&envelope(), KEY_ID, &|_| vec![7; 64]).unwrap();
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn a_line_reads_back_and_says_what_was_signed() {
        let line = line();
        assert!(line.starts_with(r#"{"envelope":{"data":{"a":"é","z":1},"datacontenttype":"#), "{line}");
        let read = read(line.as_bytes()).unwrap();
        assert_eq!((read.envelope, read.key_id.as_str(), read.signature), (envelope(), KEY_ID, [7; 64]));
        let between = line.strip_prefix("{\"envelope\":").unwrap().split(",\"keyId\"").next().unwrap();
        assert_eq!(read.signed, [SIGNED_PREFIX, between.as_bytes()].concat());
        let with = Envelope { subject: Some("x".into()), ..envelope() };
        let written = write(&with, KEY_ID, &|_| vec![7; 64]).unwrap();
        assert_eq!(super::read(&written).unwrap().envelope, with);
    }

    #[test]
    fn what_is_not_exactly_a_message_is_refused() {
        let line = line();
        for (from, to) in [
            ("\"a\":\"é\",", "\"a\":\"é\",\"a\":\"é\","),
            ("\"z\":1", "\"z\":1.0"),
            ("\"z\":1", "\"z\": 1"),
            ("\"keyId\"", "\"extra\":1,\"keyId\""),
            ("\"id\"", "\"hidden\":1,\"id\""),
            ("0123456789abcdef", "0123456789ABCDEF"),
            ("0123456789abcdef", "01"),
            ("https://a.example", "http://a.example"),
            ("https://a.example", "https://A.example"),
            ("\"b.example\"", "\"b\""),
            ("org.schakel.receipt.v1", "org.schakel.receipt.v2"),
            ("\"1.0\"", "\"0.3\""),
            ("2026-03-15T07:00:00Z", "2026-03-15T08:00:00+01:00"),
            ("2026-03-15T07:00:00Z", "yesterday"),
            ("00ff", ""),
            ("BwcH", "Bw=H"),
            ("BwcH", ""),
        ] {
            assert!(line.contains(from), "{from} is not in {line}");
            assert!(read(line.replacen(from, to, 1).as_bytes()).is_err(), "{from} -> {to}");
        }
        assert!(matches!(read(&vec![b' '; LINE_BYTES_MAX + 1]), Err(NotRead::TooLong)));
    }
}
