//! Sealed mail: opened with our keys before it is read. The mail is kept as it came.

use std::io::{Read, Seek};

use jiff::Timestamp;
use schakel_formats::containers::{Container, MAIL_BYTES_MAX, sniff};
use schakel_seal::{
    keys::Keys,
    open::open,
    problem::Problem,
    signature::{Signature, Standard},
};

use crate::incoming::Incoming;

/// Of a mail this much is looked at to see whether it is sealed: its fields, and the beginning of its text.
const LOOK_BYTES: u64 = 1 << 20;

/// What a mail's seals were.
#[derive(Clone, Debug, Default)]
pub struct Seals {
    /// How it was encrypted, when it was.
    pub encrypted: Option<Standard>,
    /// Could it be opened, when it was encrypted?
    pub opened: bool,
    /// Who signed, and whether that is right.
    pub signature: Signature,
    /// What stood in the way, and warnings.
    pub problems: Vec<Problem>,
}

impl Seals {
    /// Encrypted, and not to be read.
    pub fn is_closed(&self) -> bool {
        self.encrypted.is_some() && !self.opened
    }

    /// Does a right signature of a believed key say that it is from this address?
    pub fn vouch_for(&self, address: &str) -> bool {
        self.signature.vouches_for(address) && !self.problems.contains(&Problem::OtherSender)
    }

    /// In words, for the desk.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(standard) = self.encrypted {
            let opened = if self.opened { "opened with our key" } else { "not opened" };
            words.push(format!("encrypted ({}), {opened}", standard.as_str()));
        }
        let by = |signer: &schakel_seal::signature::Signer| {
            format!("{} ({} {})", signer.name, signer.standard.as_str(), signer.fingerprint)
        };
        match &self.signature {
            Signature::None => {}
            Signature::Valid { by: signer, .. } => {
                let believed = match self.signature.trusted_signer() {
                    Some(_) => "",
                    None => ", whom nobody vouches for",
                };
                words.push(format!("signed by {}{believed}", by(signer)));
            }
            Signature::Partial { by: signer } => {
                words.push(format!("a part of it is signed by {}", by(signer)))
            }
            Signature::Invalid { why } => {
                words.push(format!("the signature is wrong ({why:?})").to_lowercase())
            }
            Signature::UnknownKey { key } => {
                words.push(format!("signed by the key {key}, which we do not have"))
            }
            Signature::ExpiredKey { by: signer } => {
                words.push(format!("signed by {}, whose key is not valid at this time", by(signer)));
            }
            Signature::RevokedKey { by: signer } => {
                words.push(format!("signed by {}, whose key was revoked", by(signer)));
            }
        }
        words.extend(self.problems.iter().map(ToString::to_string));
        words
    }
}

/// Opens what is sealed, so that it is read as it is inside. What is no sealed mail is left alone: `None`.
pub fn unseal(incoming: &mut Incoming, keys: &Keys, now: Timestamp) -> std::io::Result<Option<Seals>> {
    let mut head = Vec::new();
    incoming.by_ref().take(LOOK_BYTES).read_to_end(&mut head)?;
    incoming.rewind()?;
    if sniff(&incoming.name, &head) != Container::Mail
        || !may_be_sealed(&head)
        || incoming.size() > MAIL_BYTES_MAX
    {
        return Ok(None);
    }
    let mut mail = Vec::new();
    incoming.read_to_end(&mut mail)?;
    incoming.rewind()?;
    let opened = open(&mail, keys, now);
    if opened.encrypted.is_none() && opened.signature == Signature::None && opened.problems.is_empty() {
        return Ok(None);
    }
    let seals = Seals {
        encrypted: opened.encrypted,
        opened: opened.inner.is_some(),
        signature: opened.signature,
        problems: opened.problems,
    };
    if let Some(inner) = opened.inner {
        incoming.read_as(inner);
    }
    Ok(Some(seals))
}

/// Is there anything that a seal leaves in a mail?
fn may_be_sealed(head: &[u8]) -> bool {
    const SIGNS: [&[u8]; 6] =
        [b"multipart/encrypted", b"multipart/signed", b"pkcs7-mime", b"pgp-encrypted", b"begin pgp", b".pgp"];
    let lower = head.to_ascii_lowercase();
    SIGNS.iter().any(|sign| memchr::memmem::find(&lower, sign).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mail_is_opened_whatever_stands_in_other_files() {
        let block = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\ntext\n-----BEGIN PGP SIGNATURE-----\n\nxxxx\n-----END PGP SIGNATURE-----\n";
        let seals = |name: &str, text: String| {
            let mut incoming = Incoming::memory(name, text.clone().into_bytes());
            let seals = unseal(&mut incoming, &Keys::default(), Timestamp::UNIX_EPOCH).unwrap();
            let mut read = String::new();
            incoming.content().unwrap().read_to_string(&mut read).unwrap();
            (seals.is_some(), read == text)
        };
        let line = format!("{{\"event_description.text\":{}}}\n", serde_json::Value::from(block));
        assert_eq!(seals("events.jsonl", line), (false, true));
        assert_eq!(seals("list.csv", format!("time: seen,text\n1,\"{block}\"\n")), (false, true));
        let mail = format!("From: a@b.example\nSubject: x\nDate: Fri, 20 Nov 2026 03:00:00 +0000\n\n{block}");
        assert!(seals("report.eml", mail).0);
    }
}
