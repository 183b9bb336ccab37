//! A notification for a program: one CloudEvent (1.0, structured mode, <https://github.com/cloudevents/spec>) in JSON.

use jiff::Timestamp;
use schakel_deliver::message_id::MessageId;
use schakel_model::{answer::NotificationKind, tlp::Tlp};
use schakel_render::{message::Message, notice::Reference};
use serde::Serialize;

/// What a program is told beside the message itself.
pub(crate) struct About<'a> {
    pub kind: NotificationKind,
    pub reference: Reference,
    pub tlp: Tlp,
    /// The code of the organisation.
    pub organisation: &'a str,
    /// The host that sends.
    pub host: &'a str,
    pub now: Timestamp,
}

/// The names of the fields are a contract: `docs/manual/delivery.md`.
#[derive(Serialize)]
struct Event<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    time: String,
    subject: &'a str,
    datacontenttype: &'static str,
    /// An extension attribute: a receiver can route by it without reading the rest.
    tlp: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    number: String,
    subject: &'a str,
    text: &'a str,
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    name: &'a str,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// The event. The same input gives the same bytes.
pub(crate) fn event(message: &Message, about: &About<'_>, id: &MessageId) -> anyhow::Result<Vec<u8>> {
    let attachments = message.attachments.iter().map(|one| {
        let text = std::str::from_utf8(&one.bytes).ok();
        let base64 = text
            .is_none()
            .then(|| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &one.bytes));
        Attachment { name: &one.name, content_type: one.content_type, text, base64 }
    });
    let event = Event {
        specversion: "1.0",
        id: id.bare(),
        source: format!("https://{}", about.host),
        kind: format!("schakel.notification.{}", about.kind),
        time: about.now.to_string(),
        subject: about.organisation,
        datacontenttype: "application/json",
        tlp: about.tlp.as_str(),
        data: Data {
            number: about.reference.to_string(),
            subject: &message.subject,
            text: &message.text,
            attachments: attachments.collect(),
        },
    };
    Ok(serde_json::to_vec(&event)?)
}

#[cfg(test)]
mod tests {
    use schakel_render::message;

    use super::*;

    #[test]
    fn an_event_has_the_attributes_of_cloudevents() {
        let attachment = |name: &str, bytes: &[u8]| message::Attachment {
            name: name.into(),
            content_type: "text/csv; charset=utf-8",
            bytes: bytes.to_vec(),
        };
        let message = Message {
            subject: "[Schakel #17] TLP:GREEN 1 finding".into(),
            text: "één".into(),
            attachments: vec![attachment("a.csv", b"ip\n192.0.2.1\n"), attachment("b.zip", b"\xff")],
        };
        let about = About {
            kind: NotificationKind::Findings,
            reference: Reference { number: 17, epoch: 0 },
            tlp: Tlp::Green,
            organisation: "GM1",
            host: "mail.example",
            now: Timestamp::constant(1_773_558_000, 0),
        };
        let id = MessageId::new(17, 0, 3, "mail.example").unwrap();
        let bytes = event(&message, &about, &id).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        for (name, value) in [
            ("specversion", "1.0"),
            ("id", "17.0.3@mail.example"),
            ("source", "https://mail.example"),
            ("type", "schakel.notification.findings"),
            ("time", "2026-03-15T07:00:00Z"),
            ("subject", "GM1"),
            ("tlp", "GREEN"),
        ] {
            assert_eq!(read[name], value);
        }
        assert_eq!(read["data"]["attachments"][0]["text"], "ip\n192.0.2.1\n");
        assert_eq!(read["data"]["attachments"][1]["base64"], "/w==");
        assert_eq!(bytes, event(&message, &about, &id).unwrap());
    }
}
