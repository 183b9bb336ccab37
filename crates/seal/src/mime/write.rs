//! Parts of a mail, written.

use std::borrow::Cow;

use base64::Engine;

/// Characters of base64 on a line (RFC 2045 section 6.8 allows 76).
const BASE64_LINE_CHARS: usize = 64;

/// With CRLF at the end of every line, as signatures need it (RFC 3156 section 5, RFC 8551 section 3.1.1).
pub fn canonical(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_bare = |at: usize| at == 0 || bytes[at - 1] != b'\r';
    if !memchr::memchr_iter(b'\n', bytes).any(is_bare) {
        return Cow::Borrowed(bytes);
    }
    let mut canonical = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    let mut from = 0;
    for at in memchr::memchr_iter(b'\n', bytes) {
        if is_bare(at) {
            canonical.extend_from_slice(&bytes[from..at]);
            canonical.push(b'\r');
            from = at;
        }
    }
    canonical.extend_from_slice(&bytes[from..]);
    Cow::Owned(canonical)
}

/// Base64 in lines.
pub fn base64_lines(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / BASE64_LINE_CHARS * 2 + 2);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(BASE64_LINE_CHARS));
        lines.push_str(line);
        lines.push_str("\r\n");
        rest = after;
    }
    lines
}

/// A boundary that occurs in none of these parts (RFC 2046 section 5.1.1). `=_` cannot stand in quoted-printable or base64.
pub fn boundary(parts: &[&[u8]]) -> String {
    (0..)
        .map(|number: u32| format!("=_seal_{number}"))
        .find(|boundary| parts.iter().all(|part| memchr::memmem::find(part, boundary.as_bytes()).is_none()))
        .expect("a mail is shorter than the list of all boundaries")
}

/// The body of a multipart.
pub fn multipart(boundary: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut body = Vec::with_capacity(parts.iter().map(|part| part.len() + boundary.len() + 8).sum());
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_crlf() {
        for (bytes, is) in [
            (&b"a\nb\r\nc\n"[..], &b"a\r\nb\r\nc\r\n"[..]),
            (b"\n\n", b"\r\n\r\n"),
            (b"a\rb", b"a\rb"),
            (b"", b""),
        ] {
            assert_eq!(canonical(bytes), is);
        }
    }

    #[test]
    fn a_boundary_stands_in_no_part() {
        assert_eq!(boundary(&[b"nothing"]), "=_seal_0");
        assert_eq!(boundary(&[b"--=_seal_0--", b"=_seal_1"]), "=_seal_2");
        assert_eq!(multipart("b", &[b"x", b"y"]), b"--b\r\nx\r\n--b\r\ny\r\n--b--\r\n");
    }
}
