//! Lines for another hub as the attachment of a mail, for when nothing else works.

use crate::mail::mime::{MULTIPART_DEPTH_MAX, Part, split_head, split_parts};

/// What the attachment is called: lines, packed by zstd.
pub const PACKED: &str = "schakel-hub.ndjson.zst";

/// What it is called when those are sealed to the reader (OpenPGP).
pub const SEALED: &str = "schakel-hub.ndjson.zst.pgp";

/// An attachment for a hub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Attached {
    /// Packed.
    Packed(Vec<u8>),
    /// Packed and sealed.
    Sealed(Vec<u8>),
}

/// The attachment for a hub in a mail, the first; `None`: this is a mail like any other.
pub fn attachment(raw: &[u8]) -> Option<Attached> {
    part(raw, 0)
}

fn part(raw: &[u8], depth: usize) -> Option<Attached> {
    let (head, body) = split_head(raw);
    let read = Part::read(head);
    if let Some(boundary) = read.parts_boundary() {
        let (parts, _) = split_parts(body, boundary);
        return match depth < MULTIPART_DEPTH_MAX {
            true => parts.into_iter().find_map(|inner| part(inner, depth + 1)),
            false => None,
        };
    }
    let bytes = || read.encoding.undo(body).into_owned();
    match read.name.as_deref() {
        Some(PACKED) => Some(Attached::Packed(bytes())),
        Some(SEALED) => Some(Attached::Sealed(bytes())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(name: &str) -> String {
        format!(
            "From: hub@a.example\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n\
             --b\r\nContent-Type: application/zstd; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\nbGluZXM=\r\n--b--\r\n"
        )
    }

    #[test]
    fn what_is_for_a_hub_is_found_by_its_name_alone() {
        assert_eq!(attachment(mail(PACKED).as_bytes()), Some(Attached::Packed(b"lines".to_vec())));
        assert_eq!(attachment(mail(SEALED).as_bytes()), Some(Attached::Sealed(b"lines".to_vec())));
        assert_eq!(attachment(mail("report.csv").as_bytes()), None);
        assert_eq!(attachment(b""), None);
        let nested = (0..MULTIPART_DEPTH_MAX + 2).fold(mail(PACKED), |inner, at| {
            format!(
                "Content-Type: multipart/mixed; boundary=\"x{at}\"\r\n\r\n--x{at}\r\n{inner}\r\n--x{at}--\r\n"
            )
        });
        assert_eq!(attachment(nested.as_bytes()), None, "too deep");
    }
}
