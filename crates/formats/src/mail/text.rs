//! Bytes of a part as text: by its character set, never losing a byte; HTML as what a person reads.

use mail_parser::decoders::{charsets::map::charset_decoder, html::html_to_text};

/// How a text was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextKind {
    /// text/plain.
    Plain,
    /// text/html; [`Text::text`] is what is left without the mark-up.
    Html,
}

/// A text in a mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// How it was written.
    pub kind: TextKind,
    /// Lines end in `\n`.
    pub text: String,
}

/// The text of these bytes. A character set that is unknown, or that the bytes do not keep to, reads as UTF-8 or else as
/// Windows-1252, which has a character for every byte.
pub(super) fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let charset = charset.unwrap_or("utf-8").trim();
    let is_utf8 = charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8");
    let text = match charset_decoder(charset.as_bytes()) {
        _ if is_utf8 || bytes.is_ascii() && !is_shifting(charset) => lossless(bytes),
        Some(decode) => decode(bytes),
        None => lossless(bytes),
    };
    with_plain_lines(text)
}

/// Are ASCII bytes something else in this set?
fn is_shifting(charset: &str) -> bool {
    let lower = charset.to_ascii_lowercase();
    ["utf-7", "utf-16", "utf-32", "iso-2022", "hz-"].iter().any(|start| lower.starts_with(start))
}

/// UTF-8, or else a character for every byte.
pub(super) fn lossless(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let windows = charset_decoder(b"windows-1252");
            let read = |byte: u8| match (byte, windows) {
                (0x80..=0x9f, Some(decode)) => {
                    // Five bytes are nothing in that set.
                    decode(&[byte]).chars().next().filter(|c| *c != char::REPLACEMENT_CHARACTER)
                }
                _ => None,
            };
            bytes.iter().map(|byte| read(*byte).unwrap_or(char::from(*byte))).collect()
        }
    }
}

/// What a person reads of HTML.
pub(super) fn of_html(html: &str) -> String {
    // The library ends a line for `<br>` and `</p>` only; a row of a table or a list is a line as well.
    let mut lined = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        lined.push_str(&rest[..at]);
        rest = &rest[at..];
        let tag: String = rest[1..].chars().take(11).collect::<String>().to_ascii_lowercase();
        let ends = |name: &str| {
            tag.strip_prefix(name).is_some_and(|after| after.starts_with(['>', ' ', '/', '\n', '\r', '\t']))
        };
        if ["/tr", "/li", "/div", "/h1", "/h2", "/h3", "/h4", "/pre", "/table", "/blockquote", "hr"]
            .iter()
            .any(|name| ends(name))
        {
            lined.push_str("<br>");
        } else if ends("/td") || ends("/th") {
            lined.push(' ');
        }
        lined.push('<');
        rest = &rest[1..];
    }
    lined.push_str(rest);
    with_plain_lines(html_to_text(&lined))
}

fn with_plain_lines(text: String) -> String {
    if text.contains(['\r', '\0']) {
        text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', " ")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_character_set_loses_nothing() {
        for (bytes, charset, text) in [
            (&b"caf\xc3\xa9"[..], Some("utf-8"), "café"),
            (b"caf\xe9", Some("utf-8"), "café"),
            (b"caf\xe9", Some("iso-8859-1"), "café"),
            (b"caf\xc3\xa9", Some("no-such-set"), "café"),
            (b"caf\xe9", Some("no-such-set"), "café"),
            (b"caf\xe9 \x81", None, "café \u{81}"),
            (b"192.0.2.1\r\nx\rb\0c", Some("us-ascii"), "192.0.2.1\nx\nb c"),
            (b"\x31\x00\x32\x00", Some("utf-16le"), "12"),
            (b"a=ZY", Some("gb2312"), "a=ZY"),
        ] {
            assert_eq!(decode(bytes, charset), text, "{bytes:?} {charset:?}");
        }
    }

    #[test]
    fn html_is_what_a_person_reads() {
        let html = "<html><head><title>x</title><style>p{}</style></head><body><p>IP: 192.0.2.1</p>\
                    <table><tr><td>Port</td><td>80</td></tr><tr><td>a &amp; b</td></tr></table><!-- no --><script>no()</script>é";
        let text = of_html(html);
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, ["IP: 192.0.2.1", "Port 80", "a & b", "é"]);
        for broken in ["<", "a<b", "<é", "<a href=\"", "<!--", "&#x110000;", "</td"] {
            let _ = of_html(broken);
        }
    }
}
