//! A mail as it came → a mail without its seals, and what they were.

mod attachment;
mod opener;
mod smime;

use jiff::Timestamp;
use schakel_formats::mail::mime::{Part, split_head};

use crate::{
    keys::Keys,
    mime::fields::{RawField, raw_fields},
    openpgp::key::address_in,
    problem::Problem,
    signature::{Signature, Standard},
};

/// Fields that count as they stand inside, when the sealed content has them (RFC 9788). Not the sender: the checks of mail servers are about
/// the one outside. Not the number of the mail: it is known by the one outside.
const TAKEN_FROM_INSIDE: [&str; 6] = ["Subject", "Date", "To", "Cc", "In-Reply-To", "References"];

/// What opening a mail gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The mail without its seals: the header fields of the mail, with those that its sealed content protects as they stand there, and the
    /// content decrypted. `None` when there was no seal, or none could be opened: then the mail is to be read as it came.
    pub inner: Option<Vec<u8>>,
    /// Was any of it encrypted? Also when it could not be opened.
    pub encrypted: Option<Standard>,
    /// Of the content, as in [`Opened::inner`] where that is there.
    pub signature: Signature,
    /// What stood in the way, and warnings.
    pub problems: Vec<Problem>,
}

/// Opens what is sealed in a mail: PGP/MIME, OpenPGP in its text or its attachments, S/MIME; layers around each other too.
/// Forwarded mails inside are left as they are.
pub fn open(mail: &[u8], keys: &Keys, now: Timestamp) -> Opened {
    let mut opener = opener::Opener::new(keys, now);
    let unsealed = opener.open(mail);
    let mut problems = opener.problems;
    let (inner, signature) = match unsealed {
        Some(unsealed) => (Some(with_fields(mail, &unsealed.entity, &mut problems)), unsealed.signature),
        None => (None, Signature::None),
    };
    Opened { inner, encrypted: opener.encrypted, signature, problems }
}

/// The fields of the mail in front of its content.
fn with_fields(mail: &[u8], entity: &[u8], problems: &mut Vec<Problem>) -> Vec<u8> {
    let (outer_head, _) = split_head(mail);
    let (inner_head, body) = split_head(entity);
    let outer: Vec<RawField<'_>> =
        raw_fields(outer_head).into_iter().filter(|field| !field.is_of_the_body()).collect();
    let inner = raw_fields(inner_head);
    let protects = Part::read(inner_head).protects_fields;
    let inside = |name: &str| inner.iter().find(|field| protects && field.is(name));

    let sender = |fields: &[RawField<'_>]| {
        fields.iter().find(|field| field.is("From")).and_then(|field| address_in(&field.value()))
    };
    if protects && sender(&inner).is_some_and(|inside| Some(inside) != sender(&outer)) {
        problems.push(Problem::OtherSender);
    }

    let mut whole = Vec::with_capacity(outer_head.len() + entity.len() + 64);
    let mut push = |field: &RawField<'_>| {
        whole.extend_from_slice(field.bytes.trim_ascii_end());
        whole.extend_from_slice(b"\r\n");
    };
    for field in &outer {
        if !TAKEN_FROM_INSIDE.iter().any(|name| field.is(name) && inside(name).is_some()) {
            push(field);
        }
    }
    TAKEN_FROM_INSIDE.iter().filter_map(|name| inside(name)).for_each(&mut push);
    inner.iter().filter(|field| field.is_of_the_body() && !field.is("MIME-Version")).for_each(&mut push);
    whole.extend_from_slice(b"MIME-Version: 1.0\r\n\r\n");
    whole.extend_from_slice(body);
    whole
}
