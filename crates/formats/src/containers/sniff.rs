//! What a file is: by its first bytes, and by its name only where those leave it open.

use super::names::without_extension;

/// The kinds of container, and what is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Container {
    /// No container: a report.
    Plain,
    /// RFC 1952.
    Gzip,
    /// PKWARE APPNOTE.
    Zip,
    /// RFC 5322 with MIME.
    Mail,
}

/// How many of the first bytes decide.
pub const HEAD_BYTES: usize = 4096;

/// Documents that are zips inside. They are one thing, not a folder of reports.
const ZIPPED_DOCUMENTS: [&str; 8] = ["xlsx", "docx", "pptx", "ods", "odt", "odp", "jar", "apk"];

/// What the file is of which `head` are the first bytes.
pub fn sniff(name: &str, head: &[u8]) -> Container {
    if head.starts_with(b"\x1f\x8b") {
        return Container::Gzip;
    }
    if ZIPPED_DOCUMENTS.iter().any(|extension| without_extension(name, extension).is_some()) {
        return Container::Plain;
    }
    if head.starts_with(b"PK") && matches!(head.get(2..4), Some(b"\x03\x04" | b"\x05\x06" | b"\x07\x08")) {
        return Container::Zip;
    }
    if looks_like_mail(head) {
        return Container::Mail;
    }
    // A `.zip` or `.gz` that starts otherwise is damaged, unless it is text: some servers unpack on the way.
    let text = !head.is_empty() && !head.contains(&0);
    match extension_container(name) {
        Container::Mail if text => Container::Mail,
        Container::Zip if !text => Container::Zip,
        Container::Gzip if !text => Container::Gzip,
        _ => Container::Plain,
    }
}

/// What the name says.
fn extension_container(name: &str) -> Container {
    let is = |extension| without_extension(name, extension).is_some();
    if is("zip") {
        Container::Zip
    } else if is("gz") || is("gzip") {
        Container::Gzip
    } else if is("eml") {
        Container::Mail
    } else {
        Container::Plain
    }
}

/// Fields one of which every mail starts with, give or take `X-` ones.
const MAIL_FIELDS: [&str; 15] = [
    "received",
    "return-path",
    "delivered-to",
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "reply-to",
    "sender",
    "cc",
    "envelope-to",
    "x-original-to",
];

/// Two known header fields before anything that is no header. A CSV has none, JSON has none.
fn looks_like_mail(head: &[u8]) -> bool {
    let mut known = 0;
    for (number, line) in head.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.first() {
            None => break,
            Some(b' ' | b'\t') if number > 0 => continue,
            _ if number == 0 && (line.starts_with(b"From ") || line.starts_with(b">From ")) => continue,
            _ => {}
        }
        let Some(colon) = memchr::memchr(b':', line) else { break };
        let field = &line[..colon];
        if field.is_empty() || !field.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') {
            break;
        }
        if MAIL_FIELDS.iter().any(|known| field.eq_ignore_ascii_case(known.as_bytes())) {
            known += 1;
        }
    }
    known >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_before_the_name() {
        for (name, head, container) in [
            ("a.csv", &b"timestamp,ip\n1,2\n"[..], Container::Plain),
            ("a.csv", b"\x1f\x8b\x08\0", Container::Gzip),
            ("a.csv", b"PK\x03\x04....", Container::Zip),
            ("a.gz", b"timestamp,ip\n", Container::Plain),
            ("a.xlsx", b"PK\x03\x04....", Container::Plain),
            ("a.zip", b"PK\x05\x06\0\0", Container::Zip),
            ("a.zip", b"\0\0\0\0", Container::Zip),
            ("a.zip", b"", Container::Zip),
            ("a.GZ", b"\0\0", Container::Gzip),
            ("a", b"Date: today\r\nFrom: a@b.example\r\n\r\nhi", Container::Mail),
            ("a", b"From me Mon\nX-A: 1\nSubject: a\n b\nTo: x\n\n", Container::Mail),
            ("a", b"date:1\nno mail", Container::Plain),
            ("a.eml", b"X-Strange: yes\n\nbody", Container::Mail),
            ("a.json", b"{\"from\": 1,\n\"to\": 2}", Container::Plain),
            ("", b"", Container::Plain),
        ] {
            assert_eq!(sniff(name, head), container, "{name} {head:?}");
        }
    }
}
