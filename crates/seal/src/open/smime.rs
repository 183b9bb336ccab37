//! S/MIME on the way through a mail (RFC 8551 section 3).

use schakel_formats::mail::mime::Part;

use super::opener::{Opener, Place, Unsealed};
use crate::{
    problem::Problem,
    signature::{Flaw, Signature, Standard},
    smime::{Kind, enveloped, info, signed, to_der},
};

impl Opener<'_> {
    /// application/pkcs7-mime: encrypted, or signed with the content in the message.
    pub fn smime(&mut self, part: &Part, body: &[u8], place: Place) -> Option<Unsealed> {
        let message = part.encoding.undo(body);
        let der = to_der(&message);
        let Some(message) = der.as_deref().and_then(info) else {
            self.problem(Problem::Malformed { what: "an S/MIME message" });
            return None;
        };
        match message.kind {
            Kind::Encrypted => {
                self.note_encrypted(Standard::SMime);
                match enveloped::open(message.type_name, message.data, &self.keys.smime_own, self.now) {
                    Ok(decrypted) => {
                        self.spend(decrypted.bytes.len());
                        self.problems.extend(decrypted.warnings);
                        let unsealed = self.within(decrypted.bytes, Signature::None, place);
                        if !decrypted.is_checked && !is_right(&unsealed.signature) {
                            self.problem(Problem::Changeable);
                        }
                        Some(unsealed)
                    }
                    Err(problem) => {
                        self.problem(problem);
                        None
                    }
                }
            }
            Kind::Signed => match signed::check(message.data, None, &self.keys.smime_trusted, self.now) {
                Ok(checked) => {
                    // Without content it carries certificates, and is a file like others.
                    let content = checked.content?.into_owned();
                    self.spend(content.len());
                    Some(self.within(content, checked.signature, place))
                }
                Err(problem) => {
                    self.problem(problem);
                    None
                }
            },
            Kind::Other => {
                self.problem(Problem::Unsupported { what: crate::smime::dotted(message.type_name) });
                None
            }
        }
    }

    /// multipart/signed, the signature apart.
    pub fn smime_signed(&mut self, part: &Part, body: &[u8], place: Place) -> Option<Unsealed> {
        let (content, message) = self.signed_parts(part, body)?;
        let der = to_der(&message);
        let checked = match der.as_deref().and_then(info) {
            Some(message) if message.kind == Kind::Signed => {
                signed::check(message.data, Some(&content), &self.keys.smime_trusted, self.now)
            }
            _ => Err(Problem::Malformed { what: "a signature of S/MIME" }),
        };
        let signature = match checked {
            // One that brings a content of its own says nothing about this one.
            Ok(checked) if checked.content.as_deref().is_some_and(|own| *own != *content) => {
                Signature::Invalid { why: Flaw::Mismatch }
            }
            Ok(checked) => checked.signature,
            Err(problem) => {
                self.problem(problem);
                Signature::Invalid { why: Flaw::Malformed }
            }
        };
        Some(self.within(content.into_owned(), signature, place))
    }
}

fn is_right(signature: &Signature) -> bool {
    matches!(signature, Signature::Valid { .. })
}
