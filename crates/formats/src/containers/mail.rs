//! A mail (RFC 5322 with MIME, RFC 2045–2049): its attachments, or the table in its text, or else the mail itself.
//!
//! Bytes are handed over as they were sent: undone from base64 or quoted-printable, in the character set they were in.

use std::io::Read;

use super::{
    ContainerError, Member, SkipReason, Stop, Walker, names::without_extension, source::Source, table,
};
use crate::mail::mime::{MULTIPART_DEPTH_MAX, Part, line_end, split_head, split_parts};

/// The extension of a mail that is handed over whole: a report in itself, to be read as one.
pub const WHOLE_MAIL_EXTENSION: &str = "mail";

/// The start of the name of AbuseHUB's table. The file that it was made from stands beside it.
const ABUSEHUB_TABLE: &str = "abusehubcsv-";

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
    let mut mail = Mail { walker, container, depth, found: 0 };
    mail.entity(&raw[start..], 0, Within::Mail)?;
    if mail.found == 0 && depth < walker.shared.caps.depth_max {
        let stem = without_extension(&container.name, "eml").unwrap_or(&container.name);
        let member = walker.member(container, format!("{stem}.{WHOLE_MAIL_EXTENSION}").as_bytes());
        let mut bytes = &raw[start..];
        walker.hand_over(&mut bytes, &member)?;
    }
    if complete { Ok(()) } else { Err(Stop::Broken) }
}

struct Mail<'m, 'w, 'v> {
    walker: &'m mut Walker<'w, 'v>,
    container: &'m Member,
    depth: usize,
    /// Parts that were taken for reports.
    found: usize,
}

/// What a part stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Mail,
    /// RFC 5965: text, the machine-readable part, and the mail it is about.
    FeedbackReport,
    /// Beside AbuseHUB's table.
    AbuseHub,
}

impl Mail<'_, '_, '_> {
    /// A mail or a part of one: header fields, an empty line, a body.
    fn entity(&mut self, raw: &[u8], multipart_depth: usize, within: Within) -> Result<(), Stop> {
        let (head, body) = split_head(raw);
        let part = Part::read(head);
        if let Some(boundary) = part.parts_boundary() {
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
            let within = if part.is_feedback_report() {
                Within::FeedbackReport
            } else if parts.iter().any(|inner| is_abusehub_table(&Part::read(split_head(inner).0))) {
                Within::AbuseHub
            } else {
                Within::Mail
            };
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
        if part.is("text", "csv") && within == Within::AbuseHub && !is_abusehub_table(part) {
            return self.skip(part, SkipReason::MadeFrom);
        }
        let bytes = part.encoding.undo(body);
        let (name, bytes) = match self.report_in(part, &bytes) {
            Ok(found) => found,
            Err(reason) => return self.skip(part, reason),
        };
        self.found += 1;
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
        let is_report = |extension: &&str| without_extension(name, extension).is_some();
        if REPORT_EXTENSIONS.iter().any(is_report) || (self.walker.shared.wanted)(name) {
            return Ok((name.to_owned(), bytes));
        }
        if let Some(extension) = report_extension(part) {
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

fn is_abusehub_table(part: &Part) -> bool {
    part.name.as_deref().is_some_and(|name| name.starts_with(ABUSEHUB_TABLE))
}

/// The extension of a report of this type.
fn report_extension(part: &Part) -> Option<&'static str> {
    match (part.kind.as_str(), part.subtype.as_str()) {
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
