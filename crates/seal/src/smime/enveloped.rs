//! Encrypted content: EnvelopedData (RFC 5652) and AuthEnvelopedData (RFC 5083).

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit, block_padding::Pkcs7};
use des::TdesEde3;
use jiff::Timestamp;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{
    asn1::{Element, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, Unreadable, algorithm, element, set},
    certificate::{Certificate, CertificateState, PublicKey},
    identity::{Identity, PrivateKey},
    key_agreement::{self, Agreement},
    key_transport, oid,
};
use crate::{
    limits::RECIPIENTS_MAX,
    openpgp::key::hex,
    problem::Problem,
    protect::{ProtectError, Unfit},
    random::Random,
};

/// What was in it.
pub(crate) struct Decrypted {
    pub bytes: Vec<u8>,
    /// Could somebody have changed it on the way without our noticing?
    pub is_checked: bool,
    /// Only warnings.
    pub warnings: Vec<Problem>,
}

/// A cipher that content may be encrypted with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes128Cbc,
    Aes192Cbc,
    Aes256Cbc,
    TripleDesCbc,
    Aes128Gcm,
    Aes256Gcm,
}

impl Cipher {
    fn named(oid: &[u8]) -> Option<Self> {
        Some(match oid {
            oid::AES128_CBC => Self::Aes128Cbc,
            oid::AES192_CBC => Self::Aes192Cbc,
            oid::AES256_CBC => Self::Aes256Cbc,
            oid::TRIPLE_DES_CBC => Self::TripleDesCbc,
            oid::AES128_GCM => Self::Aes128Gcm,
            oid::AES256_GCM => Self::Aes256Gcm,
            _ => return None,
        })
    }

    fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes128Gcm => 16,
            Self::Aes192Cbc | Self::TripleDesCbc => 24,
            Self::Aes256Cbc | Self::Aes256Gcm => 32,
        }
    }
}

const MALFORMED: Problem = Problem::Malformed { what: "an encrypted S/MIME message" };

/// Decrypts with the first of our keys that it is for.
pub(crate) fn open(
    kind: &[u8],
    data: Element<'_>,
    identities: &[Identity],
    now: Timestamp,
) -> Result<Decrypted, Problem> {
    let is_checked = kind == oid::AUTH_ENVELOPED_DATA;
    let message = read(data, is_checked).map_err(|Unreadable| MALFORMED)?;
    let Some(cipher) = Cipher::named(message.cipher) else {
        return Err(Problem::Unsupported { what: oid::dotted(message.cipher) });
    };
    if is_checked != matches!(cipher, Cipher::Aes128Gcm | Cipher::Aes256Gcm) {
        return Err(MALFORMED);
    }
    let recipients = message.recipients.all().map_err(|Unreadable| MALFORMED)?;
    if recipients.len() > RECIPIENTS_MAX {
        return Err(Problem::TooMany { of: "recipients", max: RECIPIENTS_MAX });
    }
    let mut named = Vec::new();
    let mut is_ours = false;
    for recipient in recipients {
        // A kind of recipient that cannot be read is somebody else's.
        let Ok(keys) = keys_of(recipient) else { continue };
        for key in keys {
            let Some(identity) = identities.iter().find(|own| own.certificate().is_named_by(&key.for_whom))
            else {
                named.push(hex(serial(&key.for_whom)));
                continue;
            };
            is_ours = true;
            let content_key = match (identity.key(), &key.way) {
                (PrivateKey::Rsa(private), Way::Transport(way)) => {
                    key_transport::decrypt(identity, private, *way, key.encrypted, cipher.key_bytes())
                }
                (PrivateKey::P256(private), Way::Agreement(agreement)) => {
                    key_agreement::decrypt(private, agreement, key.encrypted)
                        .filter(|content_key| content_key.len() == cipher.key_bytes())
                }
                _ => None,
            };
            let Some(content_key) = content_key else { continue };
            let bytes = decrypt(cipher, &content_key, &message).ok_or(Problem::Damaged)?;
            let mut warnings = Vec::new();
            if cipher == Cipher::TripleDesCbc {
                warnings.push(Problem::WeakCipher { what: "3DES" });
            }
            if identity.certificate().state(now) != CertificateState::Good {
                warnings.push(Problem::OurKeyIsOld { fingerprint: identity.certificate().fingerprint() });
            }
            return Ok(Decrypted { bytes, is_checked, warnings });
        }
    }
    Err(if is_ours { Problem::Damaged } else { Problem::NoKey { to: named } })
}

/// The parts of the structure.
struct Message<'m> {
    recipients: Element<'m>,
    cipher: &'m [u8],
    /// Of the cipher: where it starts from.
    parameters: Element<'m>,
    encrypted: std::borrow::Cow<'m, [u8]>,
    /// What is authenticated beside the content, and the proof.
    attributes: Vec<u8>,
    proof: &'m [u8],
}

fn read(data: Element<'_>, is_checked: bool) -> Result<Message<'_>, Unreadable> {
    let mut reader = data.inside();
    reader.element(INTEGER)?;
    reader.optional(0xa0)?;
    let recipients = reader.element(SET)?;
    let mut content = reader.element(SEQUENCE)?.inside();
    content.oid()?;
    let mut cipher = content.element(SEQUENCE)?.inside();
    let (name, parameters) = (cipher.oid()?, cipher.any()?);
    let encrypted = match content.optional(0x80)? {
        Some(whole) => whole,
        None => content.element(0xa0)?,
    };
    let mut message = Message {
        recipients,
        cipher: name,
        parameters,
        encrypted: encrypted.octets()?,
        attributes: Vec::new(),
        proof: &[],
    };
    if is_checked {
        if let Some(attributes) = reader.optional(0xa1)? {
            message.attributes = element(SET, &[attributes.content]);
        }
        message.proof = reader.element(OCTET_STRING)?.content;
    }
    Ok(message)
}

/// How one recipient gets the key.
struct RecipientKey<'m> {
    for_whom: Element<'m>,
    way: Way<'m>,
    encrypted: &'m [u8],
}

enum Way<'m> {
    Transport(Element<'m>),
    Agreement(Agreement<'m>),
}

fn keys_of(recipient: Element<'_>) -> Result<Vec<RecipientKey<'_>>, Unreadable> {
    let mut reader = recipient.inside();
    match recipient.tag {
        SEQUENCE => {
            reader.element(INTEGER)?;
            let for_whom = reader.any()?;
            let way = Way::Transport(reader.element(SEQUENCE)?);
            Ok(vec![RecipientKey { for_whom, way, encrypted: reader.element(OCTET_STRING)?.content }])
        }
        0xa1 => {
            reader.element(INTEGER)?;
            let originator = reader.element(0xa0)?.inside().any()?;
            let mixed_in = key_agreement::mixed_in(reader.optional(0xa1)?)?;
            let way = reader.element(SEQUENCE)?;
            let keys = reader.element(SEQUENCE)?.all()?;
            keys.into_iter()
                .map(|key| {
                    let mut reader = key.inside();
                    let for_whom = reader.any()?;
                    let way = Way::Agreement(Agreement { originator, mixed_in, way });
                    Ok(RecipientKey { for_whom, way, encrypted: reader.element(OCTET_STRING)?.content })
                })
                .collect()
        }
        _ => Err(Unreadable),
    }
}

/// The serial number in an IssuerAndSerialNumber, or what stands for it.
fn serial<'m>(for_whom: &Element<'m>) -> &'m [u8] {
    let number = for_whom.all().ok().and_then(|parts| parts.into_iter().find(|part| part.tag == INTEGER));
    number.map_or(for_whom.content, |number| number.content)
}

fn decrypt(cipher: Cipher, key: &[u8], message: &Message<'_>) -> Option<Vec<u8>> {
    let start = message.parameters.content;
    let encrypted = &*message.encrypted;
    match cipher {
        Cipher::Aes128Cbc => cbc::Decryptor::<Aes128>::new_from_slices(key, start)
            .ok()?
            .decrypt_padded_vec_mut::<Pkcs7>(encrypted)
            .ok(),
        Cipher::Aes192Cbc => cbc::Decryptor::<Aes192>::new_from_slices(key, start)
            .ok()?
            .decrypt_padded_vec_mut::<Pkcs7>(encrypted)
            .ok(),
        Cipher::Aes256Cbc => cbc::Decryptor::<Aes256>::new_from_slices(key, start)
            .ok()?
            .decrypt_padded_vec_mut::<Pkcs7>(encrypted)
            .ok(),
        Cipher::TripleDesCbc => cbc::Decryptor::<TdesEde3>::new_from_slices(key, start)
            .ok()?
            .decrypt_padded_vec_mut::<Pkcs7>(encrypted)
            .ok(),
        Cipher::Aes128Gcm | Cipher::Aes256Gcm => {
            let nonce = message.parameters.inside().element(OCTET_STRING).ok()?;
            let nonce = Nonce::try_assume_unique_for_key(nonce.content).ok()?;
            let gcm = if cipher == Cipher::Aes128Gcm { &AES_128_GCM } else { &AES_256_GCM };
            let key = LessSafeKey::new(UnboundKey::new(gcm, key).ok()?);
            let mut bytes = [encrypted, message.proof].concat();
            let length = key.open_in_place(nonce, Aad::from(&message.attributes), &mut bytes).ok()?.len();
            bytes.truncate(length);
            Some(bytes)
        }
    }
}

/// A ContentInfo with the content encrypted to every certificate: AES-256 in CBC, the only way that all mail programs read.
/// It does not protect against changes, so what is encrypted should be signed first.
pub(crate) fn seal(
    content: &[u8],
    to: &[Certificate],
    now: Timestamp,
    random: &mut Random,
) -> Result<Vec<u8>, ProtectError> {
    use rsa::rand_core::RngCore;
    let (mut key, mut start) = ([0; 32], [0; 16]);
    random.rng().fill_bytes(&mut key);
    random.rng().fill_bytes(&mut start);
    let mut recipients = Vec::with_capacity(to.len());
    let mut version = 0;
    for certificate in to {
        let refused = |why| ProtectError::Recipient { key: certificate.fingerprint(), why };
        if let Some(why) = Unfit::of_certificate(certificate.state(now)) {
            return Err(refused(why));
        }
        if !certificate.may_be_encrypted_to() {
            return Err(refused(Unfit::OtherUse));
        }
        let name = certificate.issuer_and_serial();
        let recipient = match certificate.key() {
            PublicKey::Rsa(public) => key_transport::encrypt(public, &key, random).map(|(way, encrypted)| {
                element(
                    SEQUENCE,
                    &[&element(INTEGER, &[&[0]]), &name, &way, &element(OCTET_STRING, &[&encrypted])],
                )
            }),
            PublicKey::P256(point) => {
                version = 2;
                key_agreement::encrypt(point, &name, &key, random)
            }
            _ => return Err(refused(Unfit::Unsupported)),
        };
        recipients.push(recipient.map_err(|Unreadable| refused(Unfit::Damaged))?);
    }
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key, &start)
        .map_err(|error| ProtectError::Failed(error.to_string()))?;
    let encrypted = cipher.encrypt_padded_vec_mut::<Pkcs7>(content);
    let info = element(
        SEQUENCE,
        &[
            &element(OID, &[oid::DATA]),
            &algorithm(oid::AES256_CBC, &element(OCTET_STRING, &[&start])),
            &element(0x80, &[&encrypted]),
        ],
    );
    let data = element(SEQUENCE, &[&element(INTEGER, &[&[version]]), &set(SET, recipients), &info]);
    Ok(element(SEQUENCE, &[&element(OID, &[oid::ENVELOPED_DATA]), &element(0xa0, &[&data])]))
}
