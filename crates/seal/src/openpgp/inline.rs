//! OpenPGP in the text of a mail, as programs did before RFC 3156 and some still do.

use jiff::Timestamp;
use pgp::composed::CleartextSignedMessage;

use super::{
    key::{Component, PublicKey},
    message,
    secret::SecretKey,
    verify::judge,
};
use crate::{
    limits::{BLOCKS_MAX, SIGNATURES_MAX},
    mime::write::canonical,
    problem::Problem,
    signature::{Flaw, Signature},
};

const MESSAGE: Marks = Marks { begin: b"-----BEGIN PGP MESSAGE-----", end: b"-----END PGP MESSAGE-----" };
const SIGNED: Marks =
    Marks { begin: b"-----BEGIN PGP SIGNED MESSAGE-----", end: b"-----END PGP SIGNATURE-----" };

/// The lines around a block.
struct Marks {
    begin: &'static [u8],
    end: &'static [u8],
}

/// A text of which blocks were opened.
#[derive(Debug)]
pub(crate) struct OpenedText {
    /// With the content of each block in its place.
    pub text: Vec<u8>,
    pub was_encrypted: bool,
    /// Some block was opened.
    pub was_changed: bool,
    pub signature: Signature,
    pub problems: Vec<Problem>,
}

/// Could this text hold a block?
pub(crate) fn has_block(text: &[u8]) -> bool {
    memchr::memmem::find(text, MESSAGE.begin).is_some() || memchr::memmem::find(text, SIGNED.begin).is_some()
}

/// Opens every block of a text. `None` when there is none at the start of a line.
pub(crate) fn open(
    text: &[u8],
    secret: &[SecretKey],
    public: &[PublicKey],
    now: Timestamp,
    bytes_max: usize,
) -> Option<OpenedText> {
    let mut opened = OpenedText {
        text: Vec::with_capacity(text.len()),
        was_encrypted: false,
        was_changed: false,
        signature: Signature::None,
        problems: Vec::new(),
    };
    let (mut blocks, mut has_other_text) = (0, false);
    let mut rest = text;
    while let Some((from, marks)) = next_begin(rest) {
        let Some(length) = memchr::memmem::find(&rest[from..], marks.end) else { break };
        if blocks == BLOCKS_MAX {
            opened.problems.push(Problem::TooMany { of: "blocks of OpenPGP", max: BLOCKS_MAX });
            break;
        }
        blocks += 1;
        let to = from + length + marks.end.len();
        let (before, block) = (&rest[..from], &rest[from..to]);
        has_other_text |= !before.trim_ascii().is_empty();
        opened.text.extend_from_slice(before);
        let left = bytes_max.saturating_sub(opened.text.len());
        let content = if marks.begin == MESSAGE.begin {
            message::open(block, secret, public, now, left)
        } else {
            clearsigned(block, public, now)
        };
        match content {
            Ok(content) => {
                opened.was_changed = true;
                opened.text.extend_from_slice(&content.bytes);
                opened.was_encrypted |= content.was_encrypted;
                opened.problems.extend(content.warnings);
                opened.signature = if blocks == 1 {
                    content.signature
                } else {
                    // Several blocks are several texts: none of them is all of it.
                    has_other_text = true;
                    opened.signature.better(content.signature)
                };
            }
            Err(problem) => {
                has_other_text = true;
                opened.was_encrypted |= marks.begin == MESSAGE.begin;
                opened.text.extend_from_slice(block);
                opened.problems.push(problem);
            }
        }
        rest = &rest[to..];
    }
    if blocks == 0 {
        return None;
    }
    has_other_text |= !rest.trim_ascii().is_empty();
    opened.text.extend_from_slice(rest);
    if has_other_text {
        opened.signature = opened.signature.of_a_part();
        opened.problems.push(Problem::TextAround);
    }
    Some(opened)
}

fn next_begin(text: &[u8]) -> Option<(usize, Marks)> {
    let find = |marks: Marks| {
        let at = memchr::memmem::find_iter(text, marks.begin).find(|at| *at == 0 || text[at - 1] == b'\n')?;
        Some((at, marks))
    };
    match (find(MESSAGE), find(SIGNED)) {
        (Some(one), Some(other)) => Some(if one.0 < other.0 { one } else { other }),
        (one, other) => one.or(other),
    }
}

fn clearsigned(block: &[u8], public: &[PublicKey], now: Timestamp) -> Result<message::Content, Problem> {
    let malformed = || Problem::Malformed { what: "a signed text" };
    let (signed, _) = CleartextSignedMessage::from_armor(block).map_err(|_| malformed())?;
    if signed.signatures().len() > SIGNATURES_MAX {
        return Err(Problem::TooMany { of: "signatures", max: SIGNATURES_MAX });
    }
    let text = signed.signed_text();
    let signature = signed
        .signatures()
        .iter()
        .map(|signature| {
            judge(signature, public, now, |component| match component {
                Component::Primary(key) => signature.verify(key, text.as_bytes()).is_ok(),
                Component::Sub(key) => signature.verify(&key.key, text.as_bytes()).is_ok(),
            })
        })
        .reduce(Signature::better)
        .unwrap_or(Signature::Invalid { why: Flaw::Malformed });
    let bytes = canonical(text.as_bytes()).into_owned();
    Ok(message::Content { bytes, was_encrypted: false, signature, warnings: Vec::new() })
}
