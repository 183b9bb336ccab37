//! The key of a message, wrapped by a key that two keys on the curve P-256 agree on (RFC 5753).

use aes_kw::{KekAes128, KekAes256};
use p256::{PublicKey, SecretKey, ecdh::diffie_hellman};
use ring::digest::{Algorithm, Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};

use super::{
    asn1::{BIT_STRING, Element, OCTET_STRING, Reader, SEQUENCE, Unreadable, algorithm, element},
    oid,
};
use crate::random::Random;

/// The parts of a KeyAgreeRecipientInfo that make the key.
pub(super) struct Agreement<'m> {
    /// OriginatorIdentifierOrKey.
    pub originator: Element<'m>,
    /// Something both mix in.
    pub mixed_in: Option<&'m [u8]>,
    /// How to agree, and how to wrap.
    pub way: Element<'m>,
}

/// The key for the content. `None` when the way is not known or it does not unwrap.
pub(super) fn decrypt(private: &SecretKey, agreement: &Agreement<'_>, wrapped: &[u8]) -> Option<Vec<u8>> {
    // [1] OriginatorPublicKey { algorithm, key }: a key for this message only. Fixed keys are used by nobody.
    if agreement.originator.tag != 0xa1 {
        return None;
    }
    let mut reader = agreement.originator.inside();
    reader.element(SEQUENCE).ok()?;
    let point = reader.element(BIT_STRING).ok()?.bits().ok()?;
    let other = PublicKey::from_sec1_bytes(point).ok()?;
    let mut way = agreement.way.inside();
    let hash = hash(way.oid().ok()?)?;
    let wrap = way.element(SEQUENCE).ok()?;
    let shared = diffie_hellman(private.to_nonzero_scalar(), other.as_affine());
    let key_bytes = wrap_key_bytes(wrap.inside().oid().ok()?)?;
    let key = derive(hash, shared.raw_secret_bytes(), wrap.whole, agreement.mixed_in, key_bytes);
    unwrap(&key, wrapped)
}

/// The element `[1] KeyAgreeRecipientInfo` for one recipient.
pub(super) fn encrypt(
    recipient: &[u8],
    issuer_and_serial: &[u8],
    key: &[u8],
    random: &mut Random,
) -> Result<Vec<u8>, Unreadable> {
    let recipient = PublicKey::from_sec1_bytes(recipient).map_err(|_| Unreadable)?;
    let own = SecretKey::random(random.rng());
    let shared = diffie_hellman(own.to_nonzero_scalar(), recipient.as_affine());
    let wrap = algorithm(oid::AES256_WRAP, &[]);
    let kek = derive(&SHA256, shared.raw_secret_bytes(), &wrap, None, 32);
    let kek: [u8; 32] = kek.try_into().map_err(|_| Unreadable)?;
    let wrapped = KekAes256::from(kek).wrap_vec(key).map_err(|_| Unreadable)?;
    let point = [&[0][..], &own.public_key().to_sec1_bytes()].concat();
    let originator = element(0xa1, &[&algorithm(oid::EC, &[]), &element(BIT_STRING, &[&point])]);
    let keys =
        element(SEQUENCE, &[&element(SEQUENCE, &[issuer_and_serial, &element(OCTET_STRING, &[&wrapped])])]);
    Ok(element(
        0xa1,
        &[
            &element(0x02, &[&[3]]),
            &element(0xa0, &[&originator]),
            &algorithm(oid::ECDH_SHA256, &wrap),
            &keys,
        ],
    ))
}

fn hash(way: &[u8]) -> Option<&'static Algorithm> {
    Some(match way {
        oid::ECDH_SHA1 => &SHA1_FOR_LEGACY_USE_ONLY,
        oid::ECDH_SHA256 => &SHA256,
        oid::ECDH_SHA384 => &SHA384,
        oid::ECDH_SHA512 => &SHA512,
        _ => return None,
    })
}

fn wrap_key_bytes(wrap: &[u8]) -> Option<usize> {
    match wrap {
        oid::AES128_WRAP => Some(16),
        oid::AES256_WRAP => Some(32),
        _ => None,
    }
}

fn unwrap(key: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    match key.len() {
        16 => KekAes128::from(<[u8; 16]>::try_from(key).ok()?).unwrap_vec(wrapped).ok(),
        _ => KekAes256::from(<[u8; 32]>::try_from(key).ok()?).unwrap_vec(wrapped).ok(),
    }
}

/// The derivation of ANSI X9.63 over ECC-CMS-SharedInfo (RFC 5753 section 7.2).
fn derive(
    hash: &'static Algorithm,
    shared: &[u8],
    wrap: &[u8],
    mixed_in: Option<&[u8]>,
    bytes: usize,
) -> Vec<u8> {
    let bits = u32::try_from(bytes * 8).unwrap_or_default().to_be_bytes();
    let mixed_in =
        mixed_in.map(|bytes| element(0xa0, &[&element(OCTET_STRING, &[bytes])])).unwrap_or_default();
    let info = element(SEQUENCE, &[wrap, &mixed_in, &element(0xa2, &[&element(OCTET_STRING, &[&bits])])]);
    let mut key = Vec::with_capacity(64);
    let mut counter = 1_u32;
    while key.len() < bytes {
        let mut context = Context::new(hash);
        context.update(shared);
        context.update(&counter.to_be_bytes());
        context.update(&info);
        key.extend_from_slice(context.finish().as_ref());
        counter += 1;
    }
    key.truncate(bytes);
    key
}

/// The octets of user keying material.
pub(super) fn mixed_in<'m>(explicit: Option<Element<'m>>) -> Result<Option<&'m [u8]>, Unreadable> {
    explicit
        .map(|tagged| Reader::new(tagged.content).element(OCTET_STRING).map(|octets| octets.content))
        .transpose()
}
