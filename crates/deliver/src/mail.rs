//! The final bytes of a mail to one recipient.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::{
    address::AddressError,
    message::{
        Attachment, Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use schakel_model::tlp::Tlp;
use schakel_render::{clean, message::Message, notice::Reference};

use crate::message_id::MessageId;

/// A name in front of an address is cut after this many characters.
const NAME_CHARS_MAX: usize = 120;

/// The lines above the text.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// Who sends it: `Meldpunt <meldpunt@mail.example>`.
    pub from: &'a str,
    /// Where answers go; empty when that is `from`.
    pub reply_to: &'a str,
    /// Name of the recipient; may be empty.
    pub to_name: &'a str,
    /// Address of the recipient.
    pub to: &'a str,
    /// Its name for ever.
    pub message_id: &'a MessageId,
    /// The time it bears.
    pub date: Timestamp,
    /// The notification.
    pub reference: Reference,
    /// Its marking.
    pub tlp: Tlp,
    /// The host that sends notifications: the list that they are (RFC 2919) is named after it.
    pub host: &'a str,
    /// The earlier mail to this recipient that it goes on about.
    pub thread: Option<&'a MessageId>,
}

/// Why no mail can be made.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// An address that is none.
    #[error("`{address}` is no mail address ({in_field})")]
    Address {
        /// Which field.
        in_field: &'static str,
        /// What stood there.
        address: String,
        /// What is wrong with it.
        #[source]
        source: AddressError,
    },
    /// Something that cannot be put into a mail.
    #[error("the mail cannot be built")]
    Build(#[source] lettre::error::Error),
}

/// The final bytes of the mail. The same input gives the same bytes, on every machine.
pub fn freeze(message: &Message, head: &Head<'_>) -> Result<Vec<u8>, MailError> {
    let from = mailbox("from", head.from)?;
    let to = Mailbox::new(name(head.to_name), mailbox("to", head.to)?.email);
    let mut builder = lettre::Message::builder()
        .from(from)
        .to(to)
        .subject(clean::line(&message.subject, usize::MAX))
        .date(system_time(head.date))
        .message_id(Some(head.message_id.to_string()));
    if !head.reply_to.is_empty() {
        builder = builder.reply_to(mailbox("reply_to", head.reply_to)?);
    }
    if let Some(earlier) = head.thread {
        builder = builder.in_reply_to(earlier.to_string()).references(earlier.to_string());
    }
    for (field, value) in [
        ("List-Id", format!("<notifications.{}>", head.host)),
        // RFC 3834: no out-of-office answers, please; the second is how Exchange is asked.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("X-Schakel-Number", head.reference.to_string()),
        ("X-TLP", head.tlp.to_string()),
    ] {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(field), value));
    }
    let boundary = boundary(head.message_id);
    let mut parts = MultiPart::mixed().boundary(&boundary).singlepart(text_part(&message.text, &boundary));
    for attachment in &message.attachments {
        let content_type = ContentType::parse(attachment.content_type)
            .unwrap_or_else(|_| panic!("{} is a media type", attachment.content_type));
        // Base64 keeps every byte: a bare line feed on the wire is refused by careful servers.
        let body = Body::new_with_encoding(attachment.bytes.clone(), ContentTransferEncoding::Base64)
            .expect("all bytes can be base64");
        parts = parts.singlepart(Attachment::new(attachment.name.clone()).body(body, content_type));
    }
    Ok(builder.multipart(parts).map_err(MailError::Build)?.formatted())
}

/// The address without name, as it stands in the envelope.
pub fn address(in_field: &'static str, mailbox_text: &str) -> Result<String, MailError> {
    Ok(mailbox(in_field, mailbox_text)?.email.to_string())
}

fn mailbox(in_field: &'static str, text: &str) -> Result<Mailbox, MailError> {
    let line = clean::line(text, usize::MAX);
    line.parse::<Mailbox>()
        .map(|mailbox| Mailbox::new(mailbox.name.as_deref().and_then(name), mailbox.email))
        .map_err(|source| MailError::Address { in_field, address: text.to_owned(), source })
}

fn name(text: &str) -> Option<String> {
    let name = clean::line(text, NAME_CHARS_MAX).into_owned();
    (!name.is_empty()).then_some(name)
}

/// Derived, not random, so that the bytes are always the same. `=_` occurs in no quoted-printable or base64 text (RFC 2045, 6.7).
fn boundary(message_id: &MessageId) -> String {
    let bare = message_id.bare();
    let numbers = bare.split('@').next().unwrap_or_default();
    format!("=_schakel_{numbers}")
}

fn text_part(text: &str, boundary: &str) -> SinglePart {
    let text = text.to_owned();
    // Plain where it can be, so that the source of the mail reads well.
    let body = match text.contains(boundary) {
        true => Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable)
            .expect("every text can be quoted-printable"),
        false => Body::new(text),
    };
    SinglePart::builder().content_type(ContentType::TEXT_PLAIN).body(body)
}

/// For lettre's `Date`, which knows whole seconds since 1970.
fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(at.as_second().max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use schakel_render::message::Attachment;

    use super::*;

    fn message() -> Message {
        Message {
            subject: "[Schakel #17] TLP:AMBER 3 bevindingen bij Súdwest-Fryslân".into(),
            text: "TLP:AMBER\n\nBeste lezer,\n.\nFrom nu af aan: één\n".into(),
            attachments: vec![Attachment {
                name: "schakel-17.csv".into(),
                content_type: "text/csv; charset=utf-8",
                bytes: b"timestamp,ip\n2026-03-14 06:45:30,192.0.2.1\n".to_vec(),
            }],
        }
    }

    fn id() -> MessageId {
        MessageId::new(17, 0, 3, "mail.example").unwrap()
    }

    fn head(message_id: &MessageId) -> Head<'_> {
        Head {
            from: "Meldpunt Voorbeeld <meldpunt@mail.example>",
            reply_to: "",
            to_name: "Zoë de Vries",
            to: "zoe@gemeente.example",
            message_id,
            date: Timestamp::constant(1_773_558_000, 0),
            reference: Reference { number: 17, epoch: 0 },
            tlp: Tlp::AmberStrict,
            host: "mail.example",
            thread: None,
        }
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn a_mail_looks_like_this() {
        let bytes = freeze(&message(), &head(&id())).unwrap();
        let mail = std::str::from_utf8(&bytes).unwrap();
        assert!(mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 998));
        assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "a bare line break");
        insta::assert_snapshot!(text(bytes));
    }

    #[test]
    fn a_mail_that_goes_on_about_another_names_it() {
        let (earlier, id) = (MessageId::new(9, 0, 3, "mail.example").unwrap(), id());
        let mail = text(freeze(&message(), &Head { thread: Some(&earlier), ..head(&id) }).unwrap());
        for field in ["In-Reply-To", "References"] {
            assert!(mail.contains(&format!("\n{field}: <9.0.3@mail.example>\n")), "{mail}");
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        assert_eq!(freeze(&message(), &head(&id())).unwrap(), freeze(&message(), &head(&id())).unwrap());
    }

    #[test]
    fn nothing_that_is_put_in_becomes_a_header() {
        let id = id();
        let mut evil = message();
        evil.subject = "a\r\nBcc: all@example.org\r\n\r\nbody".into();
        let head = Head { to_name: "x\r\nBcc: all@example.org", ..head(&id) };
        let mail = text(freeze(&evil, &head).unwrap());
        assert!(!mail.lines().any(|line| line.starts_with("Bcc")), "{mail}");
        assert!(
            freeze(&evil, &Head { reply_to: "Desk\nBcc: y <desk@mail.example>", ..head.clone() }).is_err()
        );
        for to in ["a@b\r\nBcc: c@d", "no address", "", "a@b>, <c@d"] {
            assert!(freeze(&message(), &Head { to, ..head.clone() }).is_err(), "{to:?}");
        }
    }

    #[test]
    fn a_text_that_knows_the_boundary_cannot_end_its_part() {
        let mut evil = message();
        evil.text = "a\n--=_schakel_17.0.3--\nb\n".into();
        let mail = text(freeze(&evil, &head(&id())).unwrap());
        assert_eq!(mail.matches("\n--=_schakel_17.0.3").count(), 3, "{mail}");
    }

    #[test]
    fn the_envelope_has_the_bare_address() {
        assert_eq!(address("from", "Meldpunt <m@mail.example>").unwrap(), "m@mail.example");
    }
}
