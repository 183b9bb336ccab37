//! Walks through the parts of a mail and takes off the seals.

use std::borrow::Cow;

use jiff::Timestamp;
use schakel_formats::mail::mime::{MULTIPART_DEPTH_MAX, Part, split_head, split_parts};

use super::attachment;
use crate::{
    keys::Keys,
    limits::{LAYERS_MAX, PARTS_MAX, PLAIN_BYTES_MAX, UNPACK_RATIO_FREE_BYTES, UNPACK_RATIO_MAX},
    mime::write::{base64_lines, boundary, canonical, multipart},
    openpgp,
    problem::Problem,
    signature::{Signature, Standard},
};

/// A part without its seal.
pub(super) struct Unsealed {
    /// Head and body.
    pub entity: Vec<u8>,
    /// Over all of it.
    pub signature: Signature,
}

/// On its way through a mail.
pub(super) struct Opener<'k> {
    pub keys: &'k Keys,
    pub now: Timestamp,
    /// Was anything encrypted? The outermost counts.
    pub encrypted: Option<Standard>,
    pub problems: Vec<Problem>,
    bytes_left: usize,
    parts_left: usize,
}

/// Where a part is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Seals around it.
    layers: usize,
    /// Multiparts around it.
    depth: usize,
}

impl<'k> Opener<'k> {
    pub fn new(keys: &'k Keys, now: Timestamp) -> Self {
        Self {
            keys,
            now,
            encrypted: None,
            problems: Vec::new(),
            bytes_left: PLAIN_BYTES_MAX,
            parts_left: PARTS_MAX,
        }
    }

    /// Opens a mail or a part. `None` when nothing in it changed.
    pub fn open(&mut self, entity: &[u8]) -> Option<Unsealed> {
        self.part(entity, Place { layers: 0, depth: 0 })
    }

    fn part(&mut self, entity: &[u8], place: Place) -> Option<Unsealed> {
        let (head, body) = split_head(entity);
        let part = Part::read(head);
        let kind = Seal::of(&part);
        if kind != Seal::None && place.layers >= LAYERS_MAX {
            self.problem(Problem::TooDeep);
            return None;
        }
        match kind {
            Seal::PgpEncrypted => self.pgp_encrypted(&part, body, place),
            Seal::PgpSigned => self.pgp_signed(&part, body, place),
            Seal::SMime => self.smime(&part, body, place),
            Seal::SMimeSigned => self.smime_signed(&part, body, place),
            Seal::None if part.parts_boundary().is_some() => self.several(&part, body, place),
            Seal::None if part.is("text", "plain") && !part.is_attached => self.text(&part, body),
            Seal::None => self.attached(&part, body),
        }
    }

    /// RFC 3156 section 4.
    fn pgp_encrypted(&mut self, part: &Part, body: &[u8], place: Place) -> Option<Unsealed> {
        self.note_encrypted(Standard::OpenPgp);
        let (parts, _) = split_parts(body, part.parts_boundary().unwrap_or_default());
        let Some(message) = parts.get(1) else {
            self.problem(Problem::Malformed { what: "an encrypted mail" });
            return None;
        };
        self.pgp_message(message, place)
    }

    /// The part that holds the message → what the message holds, which is a part again.
    fn pgp_message(&mut self, message: &[u8], place: Place) -> Option<Unsealed> {
        let (head, body) = split_head(message);
        let body = Part::read(head).encoding.undo(body).into_owned();
        let armoured = from_armour(&body);
        let limit = self.limit(armoured.len());
        let keys = self.keys;
        match openpgp::message::open(armoured, &keys.openpgp_secret, &keys.openpgp_public, self.now, limit) {
            Ok(content) => {
                self.spend(content.bytes.len());
                self.problems.extend(content.warnings);
                Some(self.within(content.bytes, content.signature, place))
            }
            Err(problem) => {
                self.problem(problem);
                None
            }
        }
    }

    /// The two parts of a multipart/signed (RFC 1847): the content as it was signed, and the signature.
    pub(super) fn signed_parts<'b>(
        &mut self,
        part: &Part,
        body: &'b [u8],
    ) -> Option<(Cow<'b, [u8]>, Vec<u8>)> {
        let (parts, _) = split_parts(body, part.parts_boundary().unwrap_or_default());
        let [content, signature, ..] = parts[..] else {
            self.problem(Problem::Malformed { what: "a signed mail" });
            return None;
        };
        let (head, body) = split_head(signature);
        Some((canonical(content), Part::read(head).encoding.undo(body).into_owned()))
    }

    /// RFC 3156 section 5.
    fn pgp_signed(&mut self, part: &Part, body: &[u8], place: Place) -> Option<Unsealed> {
        let (content, signature) = self.signed_parts(part, body)?;
        let signature =
            openpgp::verify::detached(from_armour(&signature), &content, &self.keys.openpgp_public, self.now);
        Some(self.within(content.into_owned(), signature, place))
    }

    /// Looks into what came out of a seal. The innermost signature counts.
    pub(super) fn within(&mut self, entity: Vec<u8>, signature: Signature, place: Place) -> Unsealed {
        let place = Place { layers: place.layers + 1, depth: place.depth };
        match self.part(&entity, place) {
            Some(inner) if inner.signature == Signature::None => Unsealed { entity: inner.entity, signature },
            Some(inner) => inner,
            None => Unsealed { entity, signature },
        }
    }

    /// Parts beside each other: each is opened in its place.
    fn several(&mut self, part: &Part, body: &[u8], place: Place) -> Option<Unsealed> {
        if place.depth >= MULTIPART_DEPTH_MAX {
            return None;
        }
        let (parts, _) = split_parts(body, part.parts_boundary()?);
        if let Some(message) = broken_pgp_mime(&parts) {
            self.note_encrypted(Standard::OpenPgp);
            return self.pgp_message(message, place);
        }
        let place = Place { layers: place.layers, depth: place.depth + 1 };
        let mut signature = Signature::None;
        let (mut is_changed, mut others) = (false, 0);
        // Encrypted content, and text beside it that anybody may have put there.
        let (mut has_secret, mut has_open) = (false, false);
        let mut written: Vec<std::borrow::Cow<'_, [u8]>> = Vec::with_capacity(parts.len().min(PARTS_MAX));
        for entity in parts {
            if self.parts_left == 0 {
                self.problem(Problem::TooMany { of: "parts", max: PARTS_MAX });
                return None;
            }
            self.parts_left -= 1;
            match self.part(entity, place) {
                Some(unsealed) => {
                    others += usize::from(unsealed.signature == Signature::None);
                    signature = match (signature, unsealed.signature) {
                        (Signature::None, new) => new,
                        (old, Signature::None) => old,
                        (old, new) => old.better(new).of_a_part(),
                    };
                    is_changed = true;
                    has_secret |= matches!(
                        Seal::of(&Part::read(split_head(entity).0)),
                        Seal::PgpEncrypted | Seal::SMime
                    );
                    written.push(unsealed.entity.into());
                }
                None => {
                    others += usize::from(!is_blank(entity));
                    has_open |= !is_blank(entity);
                    written.push(entity.into());
                }
            }
        }
        if !is_changed {
            return None;
        }
        if others > 0 && signature != Signature::None {
            signature = signature.of_a_part();
            self.problem(Problem::TextAround);
        } else if has_secret && has_open {
            self.problem(Problem::TextAround);
        }
        let parts: Vec<&[u8]> = written.iter().map(|part| &**part).collect();
        let boundary = boundary(&parts);
        let subtype = if part.subtype.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            part.subtype.as_str()
        } else {
            "mixed"
        };
        let head = format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n\r\n");
        Some(Unsealed { entity: [head.as_bytes(), &multipart(&boundary, &parts)].concat(), signature })
    }

    /// OpenPGP in the text itself.
    fn text(&mut self, part: &Part, body: &[u8]) -> Option<Unsealed> {
        let text = part.encoding.undo(body);
        if !openpgp::inline::has_block(&text) {
            return None;
        }
        let limit = self.limit(text.len());
        let keys = self.keys;
        let opened =
            openpgp::inline::open(&text, &keys.openpgp_secret, &keys.openpgp_public, self.now, limit)?;
        self.spend(opened.text.len());
        if opened.was_encrypted {
            self.note_encrypted(Standard::OpenPgp);
        }
        self.problems.extend(opened.problems);
        if !opened.was_changed {
            return None;
        }
        let charset = match (std::str::from_utf8(&opened.text), &part.charset) {
            (Ok(_), _) => "utf-8",
            (Err(_), Some(charset))
                if charset.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) =>
            {
                charset.as_str()
            }
            _ => "windows-1252",
        };
        let entity = format!(
            "Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            base64_lines(&opened.text)
        );
        Some(Unsealed { entity: entity.into_bytes(), signature: opened.signature })
    }

    /// A file that was encrypted by itself.
    fn attached(&mut self, part: &Part, body: &[u8]) -> Option<Unsealed> {
        let file = attachment::Sealed::of(part, body)?;
        self.note_encrypted(Standard::OpenPgp);
        let message = from_armour(&file.message);
        let limit = self.limit(message.len());
        let keys = self.keys;
        match openpgp::message::open(message, &keys.openpgp_secret, &keys.openpgp_public, self.now, limit) {
            Ok(content) => {
                self.spend(content.bytes.len());
                self.problems.extend(content.warnings);
                // A file is never all of a mail.
                Some(Unsealed {
                    entity: file.opened(&content.bytes),
                    signature: content.signature.of_a_part(),
                })
            }
            Err(problem) => {
                self.problem(problem);
                None
            }
        }
    }

    pub(super) fn note_encrypted(&mut self, standard: Standard) {
        self.encrypted.get_or_insert(standard);
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// What so many bytes may become.
    fn limit(&self, bytes: usize) -> usize {
        let by_ratio = bytes.saturating_mul(UNPACK_RATIO_MAX).max(UNPACK_RATIO_FREE_BYTES);
        by_ratio.min(self.bytes_left)
    }

    pub(super) fn spend(&mut self, bytes: usize) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
    }
}

/// How a part is sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Seal {
    None,
    PgpEncrypted,
    PgpSigned,
    /// Encrypted or signed: the message itself says.
    SMime,
    SMimeSigned,
}

impl Seal {
    fn of(part: &Part) -> Self {
        let has_parts = part.parts_boundary().is_some();
        match (part.kind.as_str(), part.subtype.as_str(), part.protocol.as_str()) {
            ("multipart", "encrypted", "application/pgp-encrypted") if has_parts => Self::PgpEncrypted,
            ("multipart", "signed", "application/pgp-signature") if has_parts => Self::PgpSigned,
            ("multipart", "signed", "application/pkcs7-signature" | "application/x-pkcs7-signature")
                if has_parts =>
            {
                Self::SMimeSigned
            }
            ("application", "pkcs7-mime" | "x-pkcs7-mime", _) => Self::SMime,
            // Some servers forget what it is (RFC 8551 section 3.9).
            ("application", "octet-stream", _)
                if part.name.as_deref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m")) =>
            {
                Self::SMime
            }
            _ => Self::None,
        }
    }
}

/// Armour may begin behind an empty line or a byte order mark.
fn from_armour(bytes: &[u8]) -> &[u8] {
    match memchr::memmem::find(&bytes[..bytes.len().min(1024)], b"-----BEGIN PGP ") {
        Some(at) => &bytes[at..],
        None => bytes,
    }
}

/// Some servers make multipart/mixed of multipart/encrypted and add an empty text.
fn broken_pgp_mime<'m>(parts: &[&'m [u8]]) -> Option<&'m [u8]> {
    let kind = |entity: &[u8]| {
        let (head, _) = split_head(entity);
        Part::read(head)
    };
    let filled: Vec<&'m [u8]> = parts.iter().take(4).copied().filter(|entity| !is_blank(entity)).collect();
    let [version, message] = filled[..] else { return None };
    (kind(version).is("application", "pgp-encrypted") && kind(message).is("application", "octet-stream"))
        .then_some(message)
}

fn is_blank(entity: &[u8]) -> bool {
    let (_, body) = split_head(entity);
    body.iter().all(u8::is_ascii_whitespace)
}
