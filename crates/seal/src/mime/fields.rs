//! Header fields as they stand, to be carried from one mail to another unchanged.

use schakel_formats::mail::mime::{HEADER_BYTES_MAX, line_end};

/// One header field with its folded lines and the line break at its end.
#[derive(Clone, Copy, Debug)]
pub struct RawField<'h> {
    pub name: &'h str,
    pub bytes: &'h [u8],
}

impl RawField<'_> {
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// It tells of the body, not of the mail.
    pub fn is_of_the_body(&self) -> bool {
        let starts =
            |start: &str| self.name.get(..start.len()).is_some_and(|front| front.eq_ignore_ascii_case(start));
        starts("content-") || self.is("mime-version")
    }

    /// What stands behind the colon, unfolded.
    pub fn value(&self) -> String {
        let behind = self.bytes.get(self.name.len() + 1..).unwrap_or_default();
        let text = String::from_utf8_lossy(behind);
        text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// The fields of a head. What is no field is passed over, with the lines that belong to it.
pub fn raw_fields(head: &[u8]) -> Vec<RawField<'_>> {
    let head = &head[..head.len().min(HEADER_BYTES_MAX)];
    let mut fields = Vec::new();
    let mut at = 0;
    while at < head.len() {
        let from = at;
        at = line_end(head, at);
        while matches!(head.get(at), Some(b' ' | b'\t')) {
            at = line_end(head, at);
        }
        let bytes = &head[from..at];
        let Some(colon) = memchr::memchr(b':', bytes) else { continue };
        let name = &bytes[..colon];
        if let Ok(name) = std::str::from_utf8(name)
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_graphic())
        {
            fields.push(RawField { name, bytes });
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_folds() {
        let head =
            b"From: a@b.example\r\nno field\r\n of it\r\nSubject: one\r\n two\r\nContent-Type: text/plain\r\n\r\n";
        let fields = raw_fields(head);
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        assert_eq!(names, ["From", "Subject", "Content-Type"]);
        assert_eq!(fields[1].bytes, b"Subject: one\r\n two\r\n");
        assert_eq!(fields[1].value(), "one two");
        assert!(fields[2].is_of_the_body() && !fields[0].is_of_the_body());
    }
}
