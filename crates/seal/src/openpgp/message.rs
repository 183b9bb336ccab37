//! An OpenPGP message: encrypted, compressed, signed, in any order; to its content.
//!
//! Each layer is taken off whole and counted before the library sees what was in it: it keeps something for each packet in front of the
//! content, and a few kB can unpack to millions of those.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use jiff::Timestamp;
use pgp::{armor::Dearmor, composed::Message};

use super::{
    decrypt,
    key::{Component, PublicKey},
    packets,
    secret::SecretKey,
    verify::judge,
};
use crate::{
    limits::{PACKET_LAYERS_MAX, SIGNATURES_MAX},
    problem::Problem,
    signature::{Flaw, Signature},
};

/// What a message held.
#[derive(Debug)]
pub(crate) struct Content {
    pub bytes: Vec<u8>,
    pub was_encrypted: bool,
    pub signature: Signature,
    /// Only warnings.
    pub warnings: Vec<Problem>,
}

const MALFORMED: Problem = Problem::Malformed { what: "an OpenPGP message" };

/// Opens a message, armoured or binary. `bytes_max` is what it may unpack to.
pub(crate) fn open(
    message: &[u8],
    secret: &[SecretKey],
    public: &[PublicKey],
    now: Timestamp,
    bytes_max: usize,
) -> Result<Content, Problem> {
    let mut bytes = without_armour(message)?;
    let mut opening = Opening { secret, public, now, bytes_max, was_encrypted: false, warnings: Vec::new() };
    for _ in 0..PACKET_LAYERS_MAX {
        packets::few_in_front(&bytes)?;
        match opening.layer(&bytes)? {
            Layer::Inside(inside) => bytes = Cow::Owned(inside),
            Layer::Content { bytes, signature } => {
                let Opening { was_encrypted, warnings, .. } = opening;
                return Ok(Content { bytes, was_encrypted, signature, warnings });
            }
        }
    }
    Err(Problem::TooDeep)
}

struct Opening<'k> {
    secret: &'k [SecretKey],
    public: &'k [PublicKey],
    now: Timestamp,
    bytes_max: usize,
    was_encrypted: bool,
    warnings: Vec<Problem>,
}

/// What is under a layer.
enum Layer {
    /// Another message.
    Inside(Vec<u8>),
    Content {
        bytes: Vec<u8>,
        signature: Signature,
    },
}

impl Opening<'_> {
    fn layer(&mut self, bytes: &[u8]) -> Result<Layer, Problem> {
        let message = Message::from_bytes(bytes).map_err(|_| self.spoilt())?;
        match message {
            Message::Encrypted { esk, edata, .. } => {
                let inside =
                    decrypt::decrypt(&esk, edata, self.secret, self.now, self.bytes_max, &mut self.warnings)?;
                self.was_encrypted = true;
                Ok(Layer::Inside(inside))
            }
            Message::Compressed { reader, .. } => {
                let reader = reader.decompress().map_err(|_| self.spoilt())?;
                read_all(reader, self.bytes_max)?.map(Layer::Inside).map_err(|_| self.spoilt())
            }
            Message::Signed { ref reader, .. } if !reader.get_ref().is_literal() => {
                Err(Problem::Unsupported { what: "compressed or encrypted inside its signature".to_owned() })
            }
            mut content @ (Message::Signed { .. } | Message::Literal { .. }) => {
                let bytes = read_all(&mut content, self.bytes_max)?.map_err(|_| self.spoilt())?;
                let signature = signature(&content, self.public, self.now);
                Ok(Layer::Content { bytes, signature })
            }
        }
    }

    /// What is wrong inside an encryption is told like a failed decryption: it depends on the key.
    fn spoilt(&self) -> Problem {
        if self.was_encrypted { Problem::Damaged } else { MALFORMED }
    }
}

fn without_armour(message: &[u8]) -> Result<Cow<'_, [u8]>, Problem> {
    if message.first().is_some_and(|byte| byte & 0x80 != 0) {
        return Ok(Cow::Borrowed(message));
    }
    let mut bytes = Vec::with_capacity(message.len() / 4 * 3);
    Dearmor::new(message).read_to_end(&mut bytes).map_err(|_| MALFORMED)?;
    Ok(Cow::Owned(bytes))
}

/// Everything, or it is too much.
pub(super) fn read_all(mut reader: impl Read, bytes_max: usize) -> Result<io::Result<Vec<u8>>, Problem> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if let Err(error) = reader.by_ref().take(limit).read_to_end(&mut bytes) {
        return Ok(Err(error));
    }
    if bytes.len() > bytes_max { Err(Problem::TooBig) } else { Ok(Ok(bytes)) }
}

/// Of a message that was read to its end.
fn signature(message: &Message<'_>, public: &[PublicKey], now: Timestamp) -> Signature {
    let Message::Signed { reader, .. } = message else { return Signature::None };
    let signatures = (0..reader.num_signatures().min(SIGNATURES_MAX))
        .filter_map(|index| Some((index, reader.signature(index)?)));
    signatures
        .map(|(index, signature)| {
            judge(signature, public, now, |component| match component {
                Component::Primary(key) => message.verify_nested_explicit(index, key).is_ok(),
                Component::Sub(key) => message.verify_nested_explicit(index, &key.key).is_ok(),
            })
        })
        .reduce(Signature::better)
        .unwrap_or(Signature::Invalid { why: Flaw::Malformed })
}
