//! Raw bytes to a [`MailDocument`].

use super::{
    attachment::{Attachment, AttachmentKind, sha256},
    fields::{self, Field, Fields, HeadEnd, Mailbox},
    mime::{HEADER_BYTES_MAX, MULTIPART_DEPTH_MAX, Part, line_end, split_head, split_parts},
    text::{self, Text, TextKind},
};
use crate::containers::{MAIL_BYTES_MAX, names};

/// Parts of one mail that are looked at. A batch of reports has some hundred.
pub const PARTS_MAX: usize = 1_000;

/// Bytes of all texts of a mail together, attached ones too. What people write is under 100 kB; logs are attached.
pub const TEXT_BYTES_MAX: usize = 8 << 20;

/// Times of servers on the way that are kept.
const RECEIVED_MAX: usize = 100;

/// Fields that may stand once (RFC 5322, 3.6) and that decide something here.
const SINGLE_FIELDS: [&str; 9] =
    ["From", "Sender", "Reply-To", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"];

/// A mail, as far as it can be read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MailDocument {
    /// The header fields.
    pub fields: Fields,
    /// On one line, encoded words undone, nothing in it that could begin a header field where it is quoted.
    pub subject: String,
    /// Its own Message-ID, without angle brackets; empty when it has none.
    pub message_id: String,
    /// The mails that it says it answers.
    pub in_reply_to: Vec<String>,
    /// The mails before it.
    pub references: Vec<String>,
    /// Who wrote it.
    pub from: Vec<Mailbox>,
    /// Where answers go.
    pub reply_to: Vec<Mailbox>,
    /// Whom it was sent to.
    pub to: Vec<Mailbox>,
    /// Where bounces go; `Some("")` for `<>`, which wants none.
    pub return_path: Option<String>,
    /// The time it bears, in seconds since 1970.
    pub date: Option<i64>,
    /// When the servers on its way had it, the last one first.
    pub received_at: Vec<i64>,
    /// Its texts in the order they stand; of alternatives all of them.
    pub texts: Vec<Text>,
    /// The machine-readable parts of feedback reports (RFC 5965).
    pub feedback_reports: Vec<Fields>,
    /// The machine-readable part of a delivery report (RFC 3464).
    pub delivery_status: Option<Fields>,
    /// What kind of multipart/report it is, in lower case (RFC 6522); else empty.
    pub report_type: String,
    /// The header fields of the mail that a report is about.
    pub evidence: Option<Fields>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// How it is sealed or signed.
    pub protection: Protection,
    /// What was wrong with it.
    pub problems: Vec<MailProblem>,
}

/// How a mail is sealed or signed, by its looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Protection {
    /// It is not.
    #[default]
    None,
    /// OpenPGP around the text (RFC 9580, 7), readable.
    PgpTextSigned,
    /// OpenPGP in the text.
    PgpTextEncrypted,
    /// PGP/MIME (RFC 3156), readable.
    PgpSigned,
    /// PGP/MIME.
    PgpEncrypted,
    /// S/MIME (RFC 8551) with a signature.
    SmimeSigned,
    /// S/MIME.
    SmimeEncrypted,
}

impl Protection {
    /// Is there nothing to read without a key?
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::PgpTextEncrypted | Self::PgpEncrypted | Self::SmimeEncrypted)
    }
}

/// What was wrong with a mail. What is not named here was read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MailProblem {
    /// More than is read of one mail.
    #[error(
        "the mail is larger than {bytes_max} bytes and only its head was read. Send the report in another way"
    )]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// Its head goes on and on.
    #[error("the mail has more header fields than are looked at")]
    HeadTooLarge,
    /// A field that may stand once stands more often: the first counts.
    #[error("the mail has {count} fields {name}; the first counts")]
    Duplicate {
        /// The field.
        name: &'static str,
        /// How often it stands there.
        count: usize,
    },
    /// Parts in parts beyond the limit.
    #[error("the mail has parts more than {depth_max} deep; those are not looked at")]
    TooDeep {
        /// The limit.
        depth_max: usize,
    },
    /// More parts than are looked at.
    #[error("the mail has more than {parts_max} parts; the rest are not looked at")]
    TooManyParts {
        /// The limit.
        parts_max: usize,
    },
    /// More text than is looked at.
    #[error("the mail has more than {bytes_max} bytes of text; the rest is not looked at")]
    TooMuchText {
        /// The limit.
        bytes_max: usize,
    },
    /// A part without its end.
    #[error("the mail is cut off: its last part has no end")]
    CutOff,
    /// There is nothing to read without a key.
    #[error("the mail is encrypted, and was not opened")]
    Encrypted,
}

impl MailDocument {
    /// Reads what can be read.
    pub fn read(raw: &[u8]) -> Self {
        let mut document = Self::default();
        // A mailbox file has a line in front that is no header field.
        let start = if raw.starts_with(b"From ") { line_end(raw, 0) } else { 0 };
        let raw = &raw[start..];
        if raw.len() as u64 > MAIL_BYTES_MAX {
            // The head says at least who sent it.
            document.read_head(split_head(&raw[..HEADER_BYTES_MAX]).0);
            document.problem(MailProblem::TooLarge { bytes_max: MAIL_BYTES_MAX });
            return document;
        }
        document.read_head(split_head(raw).0);
        let mut reading = Reading { document, parts: 0, text_bytes: 0 };
        reading.entity(raw, 0, Within::Mail);
        let mut document = reading.document;
        if document.protection.is_encrypted() {
            document.problem(MailProblem::Encrypted);
        }
        document
    }

    fn read_head(&mut self, head: &[u8]) {
        let (fields, end) = Fields::read(head);
        if end == HeadEnd::CutAtLimit {
            self.problem(MailProblem::HeadTooLarge);
        }
        for name in SINGLE_FIELDS {
            let count = fields.all(name).count();
            if count > 1 {
                self.problem(MailProblem::Duplicate { name, count });
            }
        }
        let mailboxes = |name| fields.first(name).map(Field::mailboxes).unwrap_or_default();
        let ids = |name| fields.first(name).map(Field::ids).unwrap_or_default();
        self.subject = fields.text("Subject");
        self.message_id = ids("Message-ID").into_iter().next().unwrap_or_default();
        self.in_reply_to = ids("In-Reply-To");
        self.references = ids("References");
        self.from = mailboxes("From");
        self.reply_to = mailboxes("Reply-To");
        self.to = mailboxes("To");
        self.return_path =
            fields.first("Return-Path").map(|field| field.raw.trim_matches(['<', '>', ' ']).to_owned());
        self.date = fields.first("Date").and_then(|field| fields::date(&field.raw));
        self.received_at = fields.all("Received").take(RECEIVED_MAX).filter_map(Field::date).collect();
        self.fields = fields;
    }

    /// Where it seems to come from: the domain of `From`; empty when there is none. Not proven: see
    /// [`authentication`](super::authentication).
    pub fn sender_domain(&self) -> &str {
        self.from.first().map_or("", Mailbox::domain)
    }

    /// When it was sent: `Date`, unless that lies after the first server had it.
    pub fn sent_at(&self) -> Option<i64> {
        let received = self.received_at.last().copied();
        match (self.date, received) {
            (Some(date), Some(received)) => Some(date.min(received)),
            (date, received) => date.or(received),
        }
    }

    /// The text that a person reads: the plain ones, or else those of HTML.
    pub fn body(&self) -> String {
        let of = |kind| -> Vec<&str> {
            self.texts.iter().filter(|text| text.kind == kind).map(|text| text.text.trim_end()).collect()
        };
        let plain = of(TextKind::Plain);
        let texts = if plain.iter().all(|text| text.trim().is_empty()) { of(TextKind::Html) } else { plain };
        texts.join("\n\n")
    }

    fn problem(&mut self, problem: MailProblem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// What a part stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Mail,
    /// A multipart/report: a mail in it is what it is about.
    Report,
}

struct Reading {
    document: MailDocument,
    parts: usize,
    text_bytes: usize,
}

impl Reading {
    /// The mail, or a part of it.
    fn entity(&mut self, raw: &[u8], depth: usize, within: Within) {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return self.document.problem(MailProblem::TooManyParts { parts_max: PARTS_MAX });
        }
        let (head, body) = split_head(raw);
        let part = Part::read(head);
        self.note_protection(&part);
        let Some(boundary) = part.parts_boundary() else {
            return self.leaf(&part, body, within);
        };
        let (inner, closed) = split_parts(body, boundary);
        if !closed {
            self.document.problem(MailProblem::CutOff);
        }
        if !inner.is_empty() && depth >= MULTIPART_DEPTH_MAX {
            return self.document.problem(MailProblem::TooDeep { depth_max: MULTIPART_DEPTH_MAX });
        }
        let mut within = within;
        if part.subtype == "report" {
            within = Within::Report;
            if self.document.report_type.is_empty() {
                self.document.report_type.clone_from(&part.report_type);
            }
        }
        for inner in inner {
            self.entity(inner, depth + 1, within);
            if self.parts > PARTS_MAX {
                return;
            }
        }
    }

    fn leaf(&mut self, part: &Part, body: &[u8], within: Within) {
        let bytes = part.encoding.undo(body);
        match (part.kind.as_str(), part.subtype.as_str()) {
            ("message", "feedback-report") => {
                self.document.feedback_reports.push(Fields::read(&bytes).0);
            }
            ("message", "delivery-status") if self.document.delivery_status.is_none() => {
                self.document.delivery_status = Some(Fields::read(&bytes).0);
            }
            ("message", "rfc822" | "rfc822-headers" | "global") | ("text", "rfc822-headers")
                if within == Within::Report && self.document.evidence.is_none() =>
            {
                let quoted = bytes.strip_prefix(b">").unwrap_or(&bytes);
                let start = if quoted.starts_with(b"From ") { line_end(&bytes, 0) } else { 0 };
                self.document.evidence = Some(Fields::read(split_head(&bytes[start..]).0).0);
            }
            ("text", "plain") if part.name.is_none() => self.text(part, &bytes, TextKind::Plain),
            ("text", "html") if part.name.is_none() || !part.is_attached => {
                self.text(part, &bytes, TextKind::Html);
            }
            _ => self.attachment(part, &bytes),
        }
    }

    fn text(&mut self, part: &Part, bytes: &[u8], kind: TextKind) {
        let Some(text) = self.decode(part, bytes) else { return };
        let text = match kind {
            TextKind::Html => text::of_html(&text),
            TextKind::Plain => self.opened(text),
        };
        self.document.texts.push(Text { kind, text });
    }

    /// The text; none when there was too much before.
    fn decode(&mut self, part: &Part, bytes: &[u8]) -> Option<String> {
        let room = TEXT_BYTES_MAX - self.text_bytes;
        if bytes.len() > room {
            self.document.problem(MailProblem::TooMuchText { bytes_max: TEXT_BYTES_MAX });
        }
        if room == 0 {
            return None;
        }
        let bytes = &bytes[..bytes.len().min(room)];
        self.text_bytes += bytes.len();
        Some(text::decode(bytes, part.charset.as_deref()))
    }

    /// What is inside an OpenPGP signature around the text.
    fn opened(&mut self, text: String) -> String {
        if text.lines().any(|line| line.trim_end() == "-----BEGIN PGP MESSAGE-----") {
            self.protect(Protection::PgpTextEncrypted);
            return text;
        }
        match clear_signed(&text) {
            Some(inside) => {
                self.protect(Protection::PgpTextSigned);
                inside
            }
            None => text,
        }
    }

    fn attachment(&mut self, part: &Part, bytes: &[u8]) {
        let kind = AttachmentKind::of(part, bytes);
        let text = if kind == AttachmentKind::Document { self.decode(part, bytes) } else { None };
        self.document.attachments.push(Attachment {
            name: part.name.clone().unwrap_or_else(|| names::UNNAMED.to_owned()),
            content_type: part.content_type(),
            size_bytes: bytes.len() as u64,
            sha256: sha256(bytes),
            kind,
            text,
        });
    }

    fn note_protection(&mut self, part: &Part) {
        self.protect(match (part.kind.as_str(), part.subtype.as_str()) {
            ("multipart", "encrypted") => Protection::PgpEncrypted,
            ("multipart", "signed") if part.protocol.contains("pkcs7") => Protection::SmimeSigned,
            ("multipart", "signed") => Protection::PgpSigned,
            ("application", "pkcs7-mime" | "x-pkcs7-mime") if part.smime_type == "signed-data" => {
                Protection::SmimeSigned
            }
            ("application", "pkcs7-mime" | "x-pkcs7-mime") => Protection::SmimeEncrypted,
            _ => return,
        });
    }

    /// The outermost counts; but what cannot be read without a key counts before all.
    fn protect(&mut self, protection: Protection) {
        let now = &mut self.document.protection;
        if *now == Protection::None || (protection.is_encrypted() && !now.is_encrypted()) {
            *now = protection;
        }
    }
}

/// Where a line stands, of a text with a cleartext signature (RFC 9580, 7).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Head,
    Signed,
    Signature,
}

/// The text inside a cleartext signature, with what stands in front of it and behind; the dashes that were put in front of
/// dashes are taken away.
fn clear_signed(text: &str) -> Option<String> {
    let mut inside = String::with_capacity(text.len());
    let mut place = Place::Outside;
    let mut found = false;
    for line in text.split_inclusive('\n') {
        match (place, line.trim_end()) {
            (Place::Outside, "-----BEGIN PGP SIGNED MESSAGE-----") => {
                found = true;
                place = Place::Head;
            }
            (Place::Head, "") => place = Place::Signed,
            (Place::Signed, "-----BEGIN PGP SIGNATURE-----") => place = Place::Signature,
            (Place::Signature, "-----END PGP SIGNATURE-----") => place = Place::Outside,
            (Place::Signed, _) => inside.push_str(line.strip_prefix("- ").unwrap_or(line)),
            (Place::Outside, _) => inside.push_str(line),
            (Place::Head | Place::Signature, _) => {}
        }
    }
    found.then_some(inside)
}

#[cfg(test)]
mod tests;
