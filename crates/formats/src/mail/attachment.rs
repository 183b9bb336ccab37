//! What is attached to a mail: named, measured, never opened.

use ring::digest;

use super::mime::Part;

/// A file in a mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attachment {
    /// Its name without folders and controls; `unnamed` when it has none.
    pub name: String,
    /// What the sender says it is: `application/pdf`.
    pub content_type: String,
    /// Bytes as it was before it was made fit for mail.
    pub size_bytes: u64,
    /// SHA-256 of those.
    pub sha256: [u8; 32],
    /// What is done with it.
    pub kind: AttachmentKind,
    /// Its text, when it is one that is read.
    pub text: Option<String>,
}

/// What is done with an attachment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttachmentKind {
    /// A file of rows, or a container of those: read by the pipeline.
    Rows,
    /// Text, JSON, YAML or XML: looked at for a report.
    Document,
    /// The signature of the mail (OpenPGP, S/MIME).
    Signature,
    /// A mail inside the mail.
    Mail,
    /// Anything else. It stays in the sealed original and is not opened.
    Quarantined,
}

impl AttachmentKind {
    /// What a part is taken for, by its type and its name.
    pub(super) fn of(part: &Part, bytes: &[u8]) -> Self {
        let name = part.name.as_deref().unwrap_or_default().to_ascii_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            "csv" | "tsv" | "jsonl" | "ndjson" | "zip" | "gz" | "gzip" => return Self::Rows,
            "json" | "txt" | "log" | "yaml" | "yml" | "xml" => return Self::text_or_quarantined(bytes),
            "asc" | "sig" | "p7s" => return Self::Signature,
            "eml" => return Self::Mail,
            _ => {}
        }
        match (part.kind.as_str(), part.subtype.as_str()) {
            ("text", "csv" | "comma-separated-values" | "tab-separated-values")
            | ("application", "zip" | "x-zip-compressed" | "gzip" | "x-gzip" | "x-ndjson" | "jsonl") => {
                Self::Rows
            }
            ("text", "plain" | "json" | "xml" | "yaml" | "x-yaml")
            | ("application", "json" | "xml" | "yaml" | "x-yaml") => Self::text_or_quarantined(bytes),
            ("application", "pgp-signature" | "pkcs7-signature" | "x-pkcs7-signature") => Self::Signature,
            ("message", "rfc822") => Self::Mail,
            _ => Self::Quarantined,
        }
    }

    fn text_or_quarantined(bytes: &[u8]) -> Self {
        let binary =
            bytes.iter().any(|byte| *byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n' | 0x0c | 0x1b));
        // UTF-16 has zeroes, and is announced.
        if binary && !bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xfe\xff") {
            Self::Quarantined
        } else {
            Self::Document
        }
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}
