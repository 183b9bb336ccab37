//! A mail (RFC 5322 with MIME, RFC 2045–2049): its attachments, or the table in its text.
//!
//! Header fields are read by a library; the parts are cut here, because a hostile mail nests them without end.
//! Bytes are handed over as they were sent: undone from base64 or quoted-printable, in the character set they were in.

use std::io::Read;

use mail_parser::{Message, MessageParser, MimeHeaders};

use super::{
    ContainerError, Member, SkipReason, Stop, Walker,
    names::{self, without_extension},
    source::Source,
    table,
};

/// Multiparts inside multiparts. Signed, forwarded and mixed mail has four.
const MULTIPART_DEPTH_MAX: usize = 16;

/// Header fields of a part beyond this are not looked at. Mails that went round half the world have 20 kB.
const HEADER_BYTES_MAX: usize = 256 << 10;

/// Extensions of what reports come in, inside a mail.
const REPORT_EXTENSIONS: [&str; 9] = ["csv", "tsv", "json", "jsonl", "ndjson", "zip", "gz", "gzip", "eml"];

/// Hands over what may be a report in the mail `source`.
pub fn walk(
    walker: &mut Walker<'_, '_>,
    source: &mut Source<'_>,
    container: &Member,
    depth: usize,
) -> Result<(), Stop> {
    let bytes_max = walker.shared.caps.mail_bytes_max;
    let mut raw = Vec::new();
    // What breaks off was recorded below; the parts before the break are still good.
    let complete = source.take(bytes_max.saturating_add(1)).read_to_end(&mut raw).is_ok();
    if raw.len() as u64 > bytes_max {
        walker.shared.record(ContainerError::TooLarge { path: container.path.clone(), bytes_max });
        return Ok(());
    }
    // A mailbox file has a line in front that is no header field.
    let start = if raw.starts_with(b"From ") { line_end(&raw, 0) } else { 0 };
    let mut mail = Mail { walker, container, depth };
    mail.entity(&raw[start..], 0, Within::Mail)?;
    if complete { Ok(()) } else { Err(Stop::Broken) }
}

struct Mail<'m, 'w, 'v> {
    walker: &'m mut Walker<'w, 'v>,
    container: &'m Member,
    depth: usize,
}

/// What a part stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Mail,
    /// RFC 5965: text, the machine-readable part, and the mail it is about.
    FeedbackReport,
}

impl Mail<'_, '_, '_> {
    /// A mail or a part of one: header fields, an empty line, a body.
    fn entity(&mut self, raw: &[u8], multipart_depth: usize, within: Within) -> Result<(), Stop> {
        let (head, body) = split_head(raw);
        let fields = MessageParser::default().parse_headers(&head[..head.len().min(HEADER_BYTES_MAX)]);
        let part = Part::read(fields.as_ref());
        if part.kind == "multipart"
            && let Some(boundary) = &part.boundary
        {
            let (parts, closed) = split_parts(body, boundary);
            if !closed {
                self.walker.shared.record(ContainerError::Truncated {
                    path: self.container.path.clone(),
                    unpacked_bytes: raw.len() as u64,
                });
            }
            if !parts.is_empty() && multipart_depth >= MULTIPART_DEPTH_MAX {
                self.walker.shared.record(ContainerError::TooDeep {
                    path: self.container.path.clone(),
                    depth_max: MULTIPART_DEPTH_MAX,
                });
                return Ok(());
            }
            let within = if part.is_feedback_report { Within::FeedbackReport } else { Within::Mail };
            for inner in parts {
                if !self.walker.may_enter(self.container) {
                    return Ok(());
                }
                self.entity(inner, multipart_depth + 1, within)?;
            }
            return Ok(());
        }
        self.leaf(&part, body, within)
    }

    fn leaf(&mut self, part: &Part, body: &[u8], within: Within) -> Result<(), Stop> {
        if part.is("message", "rfc822") && within == Within::FeedbackReport {
            return self.skip(part, SkipReason::Evidence);
        }
        let bytes = part.encoding.undo(body);
        let (name, bytes) = match self.report_in(part, &bytes) {
            Ok(found) => found,
            Err(reason) => return self.skip(part, reason),
        };
        let member = self.walker.member(self.container, name.as_bytes());
        let shared = self.walker.shared;
        let mut bytes = bytes;
        match self.walker.open(
            &mut Source::outermost(&mut bytes, shared, &member.path),
            &member,
            self.depth + 1,
        ) {
            // What was broken in this part says nothing of the next.
            Ok(()) | Err(Stop::Broken) => Ok(()),
            Err(Stop::Visitor) => Err(Stop::Visitor),
        }
    }

    fn skip(&mut self, part: &Part, reason: SkipReason) -> Result<(), Stop> {
        let name = part.name.clone().unwrap_or_else(|| format!("{}/{}", part.kind, part.subtype));
        let path = format!("{}/{}", self.container.path, name.replace(['/', '\\'], "-"));
        self.walker.skip(path, reason);
        Ok(())
    }

    /// The name and the bytes of the report in a part, or why there is none.
    fn report_in<'b>(&self, part: &Part, bytes: &'b [u8]) -> Result<(String, &'b [u8]), SkipReason> {
        let name = part.name.as_deref().unwrap_or_default();
        if REPORT_EXTENSIONS.iter().any(|extension| without_extension(name, extension).is_some()) {
            return Ok((name.to_owned(), bytes));
        }
        if let Some(extension) = part.report_extension() {
            return Ok((self.name_with(part, extension), bytes));
        }
        let unnamed = !name.contains('.');
        if unnamed && bytes.starts_with(b"PK\x03\x04") {
            return Ok((self.name_with(part, "zip"), bytes));
        }
        if unnamed && bytes.starts_with(b"\x1f\x8b") {
            return Ok((self.name_with(part, "gz"), bytes));
        }
        if !part.is("text", "plain") && without_extension(name, "txt").is_none() {
            return Err(SkipReason::NotAReport);
        }
        let found = table::find(bytes).ok_or(SkipReason::TextWithoutTable)?;
        let is_json = matches!(found.trim_ascii_start().first(), Some(b'{' | b'['));
        Ok((self.name_with(part, if is_json { "json" } else { "csv" }), found))
    }

    /// The part's own name, else that of the mail, with this extension.
    fn name_with(&self, part: &Part, extension: &str) -> String {
        let mail = without_extension(&self.container.name, "eml").unwrap_or(&self.container.name);
        let stem = match &part.name {
            Some(name) => without_extension(name, "txt").unwrap_or(name),
            None => mail,
        };
        match without_extension(stem, extension) {
            Some(_) => stem.to_owned(),
            None => format!("{stem}.{extension}"),
        }
    }
}

/// What the header fields of a part say.
struct Part {
    kind: String,
    subtype: String,
    boundary: Option<Vec<u8>>,
    name: Option<String>,
    encoding: TransferEncoding,
    is_feedback_report: bool,
}

impl Part {
    fn read(fields: Option<&Message<'_>>) -> Self {
        let root = fields.and_then(|fields| fields.parts.first());
        let content_type = root.and_then(|root| root.content_type());
        let attribute = |name| content_type.and_then(|kind| kind.attribute(name));
        Self {
            kind: content_type.map_or("text".to_owned(), |kind| kind.c_type.to_ascii_lowercase()),
            subtype: content_type
                .map_or(Some("plain"), |kind| kind.c_subtype.as_deref())
                .unwrap_or_default()
                .to_ascii_lowercase(),
            boundary: attribute("boundary")
                .filter(|text| !text.is_empty())
                .map(|text| text.as_bytes().to_vec()),
            name: root
                .and_then(|root| root.attachment_name())
                .map(|name| names::file_name(name.as_bytes()))
                .filter(|name| name != names::UNNAMED),
            encoding: TransferEncoding::named(root.and_then(|root| root.content_transfer_encoding())),
            is_feedback_report: attribute("report-type")
                .is_some_and(|kind| kind.eq_ignore_ascii_case("feedback-report")),
        }
    }

    fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// The extension of a report of this type.
    fn report_extension(&self) -> Option<&'static str> {
        match (self.kind.as_str(), self.subtype.as_str()) {
            ("text" | "application", "csv" | "comma-separated-values" | "x-csv") => Some("csv"),
            ("text", "tab-separated-values") => Some("tsv"),
            ("text" | "application", "json") => Some("json"),
            ("application", "x-ndjson" | "jsonl" | "x-jsonlines") => Some("jsonl"),
            ("application", "zip" | "x-zip" | "x-zip-compressed") => Some("zip"),
            ("application", "gzip" | "x-gzip") => Some("gz"),
            ("message", "rfc822") => Some("eml"),
            _ => None,
        }
    }
}

/// How the body was made fit for mail (RFC 2045 section 6).
#[derive(Clone, Copy)]
enum TransferEncoding {
    None,
    Base64,
    QuotedPrintable,
}

impl TransferEncoding {
    fn named(name: Option<&str>) -> Self {
        match name.map(str::trim) {
            Some(name) if name.eq_ignore_ascii_case("base64") => Self::Base64,
            Some(name) if name.eq_ignore_ascii_case("quoted-printable") => Self::QuotedPrintable,
            _ => Self::None,
        }
    }

    /// The bytes as they were before. Lenient: what is no part of the encoding is passed over.
    fn undo(self, body: &[u8]) -> std::borrow::Cow<'_, [u8]> {
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
fn split_head(raw: &[u8]) -> (&[u8], &[u8]) {
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
fn split_parts<'r>(body: &'r [u8], boundary: &[u8]) -> (Vec<&'r [u8]>, bool) {
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
fn line_end(bytes: &[u8], at: usize) -> usize {
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
