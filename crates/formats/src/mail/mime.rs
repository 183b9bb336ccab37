//! The parts of a mail (MIME, RFC 2045–2049): where they begin and end, and what their header fields say of them.
//!
//! Header fields are read by a library; the parts are cut here, because a hostile mail nests them without end.

use std::borrow::Cow;

use mail_parser::{MessageParser, MimeHeaders};

use crate::containers::names;

/// Multiparts inside multiparts. Signed, forwarded and mixed mail has four.
pub const MULTIPART_DEPTH_MAX: usize = 16;

/// Header fields of a part beyond this are not looked at. Mails that went round half the world have 20 kB.
pub const HEADER_BYTES_MAX: usize = 256 << 10;

/// What the header fields of a part say of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// `text` of `text/csv`.
    pub kind: String,
    /// `csv` of `text/csv`.
    pub subtype: String,
    /// How text is written, as the part says.
    pub charset: Option<String>,
    /// What stands between parts of this part; use [`Part::parts_boundary`].
    pub boundary: Option<Vec<u8>>,
    /// Name as a file, without folders.
    pub name: Option<String>,
    /// How the body was made fit for mail.
    pub encoding: TransferEncoding,
    /// `report-type` of a multipart/report (RFC 6522), in lower case.
    pub report_type: String,
    /// `protocol` of a multipart/signed or /encrypted (RFC 1847), in lower case.
    pub protocol: String,
    /// `smime-type` (RFC 8551), in lower case.
    pub smime_type: String,
    /// It asks to be shown as a file, not as text.
    pub is_attached: bool,
    /// Its header fields hold those of the mail as well, so that a signature covers them (RFC 9788 and the draft before it).
    pub protects_fields: bool,
}

impl Part {
    /// Of the header fields in front of a part.
    pub fn read(head: &[u8]) -> Self {
        let fields = MessageParser::default().parse_headers(&head[..head.len().min(HEADER_BYTES_MAX)]);
        let root = fields.as_ref().and_then(|fields| fields.parts.first());
        let content_type = root.and_then(|root| root.content_type());
        let attribute = |name| content_type.and_then(|kind| kind.attribute(name));
        Self {
            kind: content_type.map_or("text".to_owned(), |kind| kind.c_type.to_ascii_lowercase()),
            subtype: content_type
                .map_or(Some("plain"), |kind| kind.c_subtype.as_deref())
                .unwrap_or_default()
                .to_ascii_lowercase(),
            charset: attribute("charset").map(str::to_owned),
            boundary: attribute("boundary")
                .filter(|text| !text.is_empty())
                .map(|text| text.as_bytes().to_vec()),
            name: root
                .and_then(|root| root.attachment_name())
                .map(|name| names::file_name(name.as_bytes()))
                .filter(|name| name != names::UNNAMED),
            encoding: TransferEncoding::named(root.and_then(|root| root.content_transfer_encoding())),
            report_type: attribute("report-type").unwrap_or_default().to_ascii_lowercase(),
            protocol: attribute("protocol").unwrap_or_default().to_ascii_lowercase(),
            smime_type: attribute("smime-type").unwrap_or_default().to_ascii_lowercase(),
            is_attached: root
                .and_then(|root| root.content_disposition())
                .is_some_and(|disposition| disposition.is_attachment()),
            protects_fields: attribute("hp").is_some() || attribute("protected-headers").is_some(),
        }
    }

    /// Is it of this type?
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// RFC 5965: text, the machine-readable part, and the mail it is about.
    pub fn is_feedback_report(&self) -> bool {
        self.report_type == "feedback-report"
    }

    /// The boundary, when it holds parts.
    pub fn parts_boundary(&self) -> Option<&[u8]> {
        (self.kind == "multipart").then_some(self.boundary.as_deref()).flatten()
    }

    /// `text/csv`.
    pub fn content_type(&self) -> String {
        format!("{}/{}", self.kind, self.subtype)
    }
}

/// How the body was made fit for mail (RFC 2045 section 6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransferEncoding {
    /// Not at all.
    None,
    /// RFC 2045 section 6.8.
    Base64,
    /// RFC 2045 section 6.7.
    QuotedPrintable,
}

impl TransferEncoding {
    /// By its name; an unknown one is none.
    pub fn named(name: Option<&str>) -> Self {
        match name.map(str::trim) {
            Some(name) if name.eq_ignore_ascii_case("base64") => Self::Base64,
            Some(name) if name.eq_ignore_ascii_case("quoted-printable") => Self::QuotedPrintable,
            _ => Self::None,
        }
    }

    /// The bytes as they were before. Lenient: what is no part of the encoding is passed over.
    pub fn undo(self, body: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::None => body.into(),
            Self::Base64 => undo_base64(body).into(),
            Self::QuotedPrintable => undo_quoted_printable(body).into(),
        }
    }
}

fn undo_base64(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

fn undo_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'=', rest) {
        bytes.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let hex = |byte: u8| char::from(byte).to_digit(16);
        rest = match rest {
            [b'=', b'\r', b'\n', after @ ..] | [b'=', b'\n', after @ ..] => after,
            [b'=', high, low, after @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push((hex(*high).unwrap_or(0) * 16 + hex(*low).unwrap_or(0)) as u8);
                after
            }
            [_, after @ ..] => {
                bytes.push(b'=');
                after
            }
            [] => rest,
        };
    }
    bytes.extend_from_slice(rest);
    bytes
}

/// The header fields with their empty line, and the body.
pub fn split_head(raw: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < raw.len() {
        let next = line_end(raw, at);
        if raw[at..next].trim_ascii().is_empty() && !matches!(raw[at], b' ' | b'\t') {
            return raw.split_at(next);
        }
        at = next;
    }
    (raw, &[])
}

/// The parts between the lines of `boundary`, and whether the last line stood there (RFC 2046 section 5.1.1).
pub fn split_parts<'r>(body: &'r [u8], boundary: &[u8]) -> (Vec<&'r [u8]>, bool) {
    let delimiter = [b"--", boundary].concat();
    let mut parts = Vec::new();
    let mut part_from = None;
    for at in memchr::memmem::find_iter(body, &delimiter) {
        if at > 0 && body[at - 1] != b'\n' {
            continue;
        }
        let next = line_end(body, at);
        let after = body[at + delimiter.len()..next].trim_ascii_end();
        if !matches!(after, b"" | b"--") {
            continue;
        }
        if let Some(from) = part_from {
            parts.push(without_line_break(&body[from..at]));
        }
        if after == b"--" {
            return (parts, true);
        }
        part_from = Some(next);
    }
    if let Some(from) = part_from {
        parts.push(&body[from..]);
    }
    (parts, false)
}

/// The line break before a boundary belongs to the boundary.
fn without_line_break(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

/// Just past the line that starts at `at`.
pub fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfer_encodings_are_undone_leniently() {
        assert_eq!(undo_base64(b"aGVs\r\nbG8="), b"hello");
        assert_eq!(undo_base64(b"aGVsbG"), b"hell");
        assert_eq!(undo_quoted_printable(b"a=3D1,=\r\nb=FF=zz="), b"a=1,b\xff=zz=");
    }

    #[test]
    fn parts_are_cut_at_whole_boundary_lines() {
        let body = b"preamble\r\n--b\r\none\r\n--bb\r\n--b  \r\ntwo\r\n--b--\r\nepilogue";
        assert_eq!(split_parts(body, b"b"), (vec![&b"one\r\n--bb"[..], b"two"], true));
        assert_eq!(split_parts(b"--b\nrest", b"b"), (vec![&b"rest"[..]], false));
        assert_eq!(split_parts(b"nothing", b"b"), (vec![], false));
    }
}
