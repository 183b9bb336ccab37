//! S/MIME: RFC 8551 over RFC 5652 (CMS), with certificates of RFC 5280.
//!
//! - [`certificate`]: certificates, ours and others',
//! - [`identity`]: our own key with its certificate,
//! - [`trust`]: whom to believe.
//!
//! The structures are few and read here, from the bytes as they came: a signature is over bytes, and programs write them in BER as often as
//! in DER. Signatures and paths of certificates are verified by ring and webpki; see `docs/decisions/0005-sealed-mail.md`.

pub mod certificate;
pub mod identity;
pub mod trust;

mod asn1;
pub(crate) mod enveloped;
mod key_agreement;
mod key_transport;
mod oid;
pub(crate) mod pem;
pub(crate) mod signed;

use std::borrow::Cow;

use self::asn1::{Element, Reader, SEQUENCE};
pub(crate) use self::oid::dotted;

/// What a message is, and where its content begins. The bytes are in DER.
pub(crate) struct Info<'m> {
    pub kind: Kind,
    pub type_name: &'m [u8],
    pub data: Element<'m>,
}

/// Kinds of messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Signed,
    Encrypted,
    Other,
}

/// In DER; `None` when it is no such message.
pub(crate) fn to_der(message: &[u8]) -> Option<Cow<'_, [u8]>> {
    asn1::to_der(message).ok()
}

/// Reads ContentInfo.
pub(crate) fn info(der: &[u8]) -> Option<Info<'_>> {
    let mut reader = Reader::new(der).element(SEQUENCE).ok()?.inside();
    let type_name = reader.oid().ok()?;
    let data = reader.element(0xa0).ok()?.inside().element(SEQUENCE).ok()?;
    let kind = match type_name {
        oid::SIGNED_DATA => Kind::Signed,
        oid::ENVELOPED_DATA | oid::AUTH_ENVELOPED_DATA => Kind::Encrypted,
        _ => Kind::Other,
    };
    Some(Info { kind, type_name, data })
}
