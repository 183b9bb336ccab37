//! A parcel as it stands in an envelope: one finding for one receiver.

use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_model::{
    hub::{FindingKeyOnLink, HubName, ParcelClass, ParcelId, Purpose},
    tlp::Tlp,
};
use serde_json::{Value, json};

use super::{
    fields::{Fields, time},
    message::exactly,
};

/// The largest parcel, in bytes of its line: the events of feeds are some hundreds, a sealed one with attachments some thousands.
pub const PARCEL_BYTES_MAX: usize = 128 << 10;

/// The longest host name, in bytes.
const TARGET_BYTES_MAX: usize = 253;

/// A parcel.
#[derive(Clone, PartialEq, Debug)]
pub struct Parcel {
    /// Its name; it is the envelope's id.
    pub id: ParcelId,
    /// How the finding is called on this link.
    pub key: FindingKeyOnLink,
    /// Grows with each parcel about the same finding on this link, from 1.
    pub revision: u32,
    /// How pressing it is.
    pub class: ParcelClass,
    /// The hub where it came into the chain.
    pub origin: HubName,
    /// The hubs it passed, the sender last.
    pub path: Vec<HubName>,
    /// How many hubs it may still pass, the receiver not counted.
    pub hop_limit: u8,
    /// Its marking.
    pub tlp: Tlp,
    /// What it may be used for.
    pub purposes: Vec<Purpose>,
    /// May those who are affected be told?
    pub may_notify: bool,
    /// May its addresses and names be looked up outside?
    pub may_look_up: bool,
    /// From then on it says nothing any more, in seconds since 1970.
    pub expires_at: i64,
    /// What made it the receiver's.
    pub asset: Option<ParcelAsset>,
    /// What it tells.
    pub content: Content,
}

/// The one asset that made a finding the receiver's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParcelAsset {
    /// Its kind, as in the files of the register.
    pub kind: String,
    /// Its value.
    pub value: String,
    /// In which role the receiver has it.
    pub role: String,
}

/// What a parcel tells.
#[derive(Clone, PartialEq, Debug)]
pub enum Content {
    /// One event in IntelMQ's data format, flat.
    Event(Value),
    /// One X-ARF report.
    Xarf(Value),
    /// One CSAF advisory about one machine.
    Csaf(Value),
    /// Such an event, for its final recipient alone.
    Sealed(SealedEvent),
}

/// An event that only its final recipient can read. Hubs between carry it by what stands beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SealedEvent {
    /// The fingerprint of the key that it is sealed to: capital hexadecimal digits.
    pub to: String,
    /// The address or host name that it is about: by this alone it finds its way.
    pub target: String,
    /// The event as JSON, encrypted (OpenPGP).
    pub message: Vec<u8>,
}

impl SealedEvent {
    fn to_json(&self) -> Value {
        json!({"to": self.to, "target": self.target, "message": STANDARD.encode(&self.message)})
    }

    fn read(value: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("what is sealed", value)?;
        let message =
            STANDARD.decode(fields.text("message")?).map_err(|_| "what is sealed is not in base64")?;
        let mut text = |name| fields.text(name).map(str::to_owned);
        let sealed = Self { to: text("to")?, target: text("target")?, message };
        fields.end()?;
        let is_fingerprint = matches!(sealed.to.len(), 40 | 64)
            && sealed.to.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
        match is_fingerprint && (1..=TARGET_BYTES_MAX).contains(&sealed.target.len()) {
            true => Ok(sealed),
            false => Err("what is sealed says neither for whom nor what it is about".to_owned()),
        }
    }
}

impl Parcel {
    /// What stands in the envelope's `data`.
    pub fn to_data(&self) -> Value {
        let mut data = json!({
            "findingKey": self.key.to_string(),
            "revision": self.revision,
            "class": self.class.as_str(),
            "origin": self.origin.as_str(),
            "path": self.path.iter().map(HubName::as_str).collect::<Vec<_>>(),
            "hopLimit": self.hop_limit,
            "tlp": self.tlp.as_str(),
            "purposes": self.purposes.iter().map(|purpose| purpose.as_str()).collect::<Vec<_>>(),
            "mayNotify": self.may_notify,
            "mayLookUp": self.may_look_up,
            "expiresAt": time(self.expires_at),
            "asset": self.asset.as_ref().map(|asset| {
                json!({"kind": asset.kind, "value": asset.value, "role": asset.role})
            }),
        });
        let (name, content) = match &self.content {
            Content::Event(payload) | Content::Xarf(payload) | Content::Csaf(payload) => {
                ("payload", payload.clone())
            }
            Content::Sealed(sealed) => ("sealed", sealed.to_json()),
        };
        if let Some(members) = data.as_object_mut() {
            members.insert(name.to_owned(), content);
        }
        data
    }

    /// From the envelope's id and `data`.
    pub fn read(id: &str, data: &Value) -> Result<Self, String> {
        let mut fields = Fields::of("a parcel", data)?;
        let asset = match fields.value("asset")? {
            Value::Null => None,
            asset => {
                let mut fields = Fields::of("an asset", asset)?;
                let mut text = |name| fields.text(name).map(str::to_owned);
                let asset = ParcelAsset { kind: text("kind")?, value: text("value")?, role: text("role")? };
                fields.end()?;
                Some(asset)
            }
        };
        let content = match (fields.any("payload"), fields.any("sealed")) {
            (Some(report), None) if is_xarf(report) => Content::Xarf(report.clone()),
            (Some(advisory), None) if is_csaf(advisory) => Content::Csaf(advisory.clone()),
            (Some(event), None) => Content::Event(event_of(event)?.clone()),
            (None, Some(sealed)) => Content::Sealed(SealedEvent::read(sealed)?),
            _ => return Err("a parcel has either a payload or what is sealed".to_owned()),
        };
        let mut path = Vec::new();
        for hub in fields.list("path")? {
            path.push(exactly(hub.as_str().ok_or("the path holds what is no text")?)?);
        }
        let parcel = Self {
            id: id.parse()?,
            key: fields.read("findingKey")?,
            revision: fields.number("revision")?,
            class: fields.read("class")?,
            origin: exactly(fields.text("origin")?)?,
            path,
            hop_limit: fields.number("hopLimit")?,
            tlp: fields.read("tlp")?,
            purposes: fields.words("purposes")?,
            may_notify: fields.flag("mayNotify")?,
            may_look_up: fields.flag("mayLookUp")?,
            expires_at: fields.time("expiresAt")?,
            asset,
            content,
        };
        fields.end()?;
        match parcel.revision {
            0 => Err("revisions begin at 1".to_owned()),
            _ => Ok(parcel),
        }
    }
}

/// Is it an X-ARF report, of version 4 or 3? An event has no such members.
fn is_xarf(payload: &Value) -> bool {
    payload.get("xarf_version").is_some() || payload.get("ReporterInfo").is_some()
}

/// Is it a CSAF advisory? What is in an event is flat.
fn is_csaf(payload: &Value) -> bool {
    payload.pointer("/document/csaf_version").is_some()
}

/// An event: a flat object that says when, and what.
pub fn event_of(event: &Value) -> Result<&Value, String> {
    let members = event.as_object().ok_or("the payload is no object")?;
    let says = |field: &str| members.get(field).is_some_and(Value::is_string);
    match says("time.source") && says("classification.type") {
        true => Ok(event),
        false => Err("the payload has no time.source or no classification.type".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel() -> Parcel {
        Parcel {
            id: ParcelId([1; 16]),
            key: FindingKeyOnLink([2; 16]),
            revision: 3,
            class: ParcelClass::Critical,
            origin: "a.example".parse().unwrap(),
            path: vec!["a.example".parse().unwrap(), "b.example".parse().unwrap()],
            hop_limit: 6,
            tlp: Tlp::AmberStrict,
            purposes: vec![Purpose::Notify, Purpose::Statistics],
            may_notify: true,
            may_look_up: false,
            expires_at: 1_773_558_000,
            asset: Some(ParcelAsset {
                kind: "prefix".into(),
                value: "192.0.2.0/24".into(),
                role: "owner".into(),
            }),
            content: Content::Event(json!({
                "classification.type": "vulnerable-system", "source.ip": "192.0.2.1", "time.source": "2026-03-15T00:00:00Z",
            })),
        }
    }

    #[test]
    fn a_parcel_reads_back() {
        let id = ParcelId([1; 16]).to_string();
        for parcel in [
            parcel(),
            Parcel { asset: None, ..parcel() },
            Parcel { content: Content::Sealed(sealed()), ..parcel() },
            Parcel { content: Content::Xarf(json!({"xarf_version": "4.2.0"})), ..parcel() },
            Parcel { content: Content::Csaf(json!({"document": {"csaf_version": "2.0"}})), ..parcel() },
        ] {
            assert_eq!(Parcel::read(&id, &parcel.to_data()), Ok(parcel));
        }
    }

    fn sealed() -> SealedEvent {
        SealedEvent { to: "0F".repeat(20), target: "192.0.2.1".into(), message: b"message".to_vec() }
    }

    #[test]
    fn what_is_sealed_says_for_whom_and_what_it_is_about() {
        let id = ParcelId([1; 16]).to_string();
        let good = Parcel { content: Content::Sealed(sealed()), ..parcel() }.to_data();
        assert!(good.get("payload").is_none());
        for (member, value) in [
            ("to", json!("0f".repeat(20))),
            ("to", json!("0F")),
            ("target", json!("")),
            ("target", json!("a".repeat(254))),
            ("message", json!("no base64")),
            ("payload", json!({"source.ip": "192.0.2.1"})),
        ] {
            let mut wrong = good.clone();
            wrong["sealed"][member] = value;
            assert!(Parcel::read(&id, &wrong).is_err(), "{member}");
        }
    }

    #[test]
    fn what_is_no_parcel_is_refused() {
        let id = ParcelId([1; 16]).to_string();
        let data = parcel().to_data();
        assert!(Parcel::read("x", &data).is_err());
        for (member, value) in [
            ("findingKey", json!("00")),
            ("revision", json!(0)),
            ("revision", json!(-1)),
            ("revision", json!(1u64 << 40)),
            ("class", json!("urgent")),
            ("path", json!("a.example")),
            ("path", json!(["A.example"])),
            ("path", json!([1])),
            ("hopLimit", json!(256)),
            ("tlp", json!("PINK")),
            ("purposes", json!(["sell"])),
            ("mayNotify", json!("yes")),
            ("expiresAt", json!("2026-03-15")),
            ("asset", json!({"kind": "prefix"})),
            ("payload", json!([])),
            ("payload", json!({"source.ip": "192.0.2.1"})),
            ("sealed", json!("eA==")),
            ("totals", json!(7)),
        ] {
            let mut wrong = data.clone();
            wrong[member] = value.clone();
            assert!(Parcel::read(&id, &wrong).is_err(), "{member} = {value}");
            let mut without = data.clone();
            without.as_object_mut().unwrap().remove(member);
            if data.get(member).is_some() {
                assert!(Parcel::read(&id, &without).is_err(), "without {member}");
            }
        }
    }
}
