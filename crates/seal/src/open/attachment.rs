//! Files that were encrypted by themselves and attached: `report.csv.pgp`.

use schakel_formats::mail::mime::Part;

use crate::mime::write::base64_lines;

/// Endings of such files.
const ENDINGS: [&str; 3] = [".pgp", ".gpg", ".asc"];

/// An attached file that holds an OpenPGP message.
pub(super) struct Sealed {
    /// Its name without the ending.
    name: String,
    /// Armoured or binary.
    pub message: Vec<u8>,
}

impl Sealed {
    /// `None` when it is another file. Keys and signatures have the same endings.
    pub fn of(part: &Part, body: &[u8]) -> Option<Self> {
        let name = part.name.as_deref()?;
        let ending = name.get(name.len().checked_sub(4)?..)?;
        if !ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) {
            return None;
        }
        let message = part.encoding.undo(body);
        let is_message = match message.first()? {
            // A packet with the key of the message for somebody: type 1 in the new or the old format.
            byte if byte & 0x80 != 0 => *byte == 0xc1 || byte & 0xfc == 0x84,
            _ => memchr::memmem::find(&message[..message.len().min(1024)], b"-----BEGIN PGP MESSAGE-----")
                .is_some(),
        };
        is_message.then(|| Self { name: name[..name.len() - 4].to_owned(), message: message.into_owned() })
    }

    /// The part with the file as it was before.
    pub fn opened(&self, content: &[u8]) -> Vec<u8> {
        let name: String = self
            .name
            .chars()
            .map(|c| if c.is_ascii_graphic() && !"\"\\".contains(c) { c } else { '_' })
            .collect();
        format!(
            "Content-Type: application/octet-stream; name=\"{name}\"\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}",
            base64_lines(content)
        )
        .into_bytes()
    }
}
