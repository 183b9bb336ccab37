//! The key of a message, encrypted with RSA.
//!
//! What fails here must not be told apart from outside (RFC 3218; the attacks of Bleichenbacher and "Marvin"): a key that cannot be
//! decrypted is replaced by one that only we could compute, and the content then fails by itself. Time is blinded as well, and our
//! answers do not come at the moment of decryption.

use ring::digest::{SHA256, digest};
use rsa::{
    Oaep, Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey,
    pkcs1::DecodeRsaPublicKey,
    rand_core::SeedableRng,
    sha2::{Sha256, Sha384, Sha512},
};
use sha1::Sha1;

use super::{
    asn1::{Element, NULL, SEQUENCE, Unreadable, algorithm, element},
    identity::Identity,
    oid,
};
use crate::random::Random;

/// The key for the content, as long as its cipher wants it. `None` when the way is not known.
pub(super) fn decrypt(
    identity: &Identity,
    private: &RsaPrivateKey,
    way: Element<'_>,
    encrypted: &[u8],
    key_bytes: usize,
) -> Option<Vec<u8>> {
    let mut blinding = rand_chacha::ChaCha20Rng::from_seed(identity.secret_bytes(b"blinding", encrypted));
    let mut reader = way.inside();
    let decrypted = match reader.oid().ok()? {
        oid::RSA => private.decrypt_blinded(&mut blinding, Pkcs1v15Encrypt, encrypted),
        oid::RSA_OAEP => {
            let parameters = if reader.is_at_end() { None } else { reader.element(SEQUENCE).ok() };
            private.decrypt_blinded(&mut blinding, oaep(parameters)?, encrypted)
        }
        _ => return None,
    };
    let other = digest(&SHA256, &identity.secret_bytes(b"instead", encrypted)).as_ref().to_vec();
    match decrypted {
        Ok(key) if key.len() == key_bytes => Some(key),
        _ => Some(other.into_iter().take(key_bytes).collect()),
    }
}

/// The hashes of OAEP (RFC 8017, A.2.1): SHA-1 when nothing is said.
fn oaep(parameters: Option<Element<'_>>) -> Option<Oaep> {
    let (mut hash, mut mask) = (oid::SHA1.to_vec(), oid::SHA1.to_vec());
    for parameter in parameters.map(|all| all.all()).transpose().ok()?.unwrap_or_default() {
        let mut algorithm = parameter.inside().element(SEQUENCE).ok()?.inside();
        match parameter.tag {
            0xa0 => hash = algorithm.oid().ok()?.to_vec(),
            0xa1 => {
                algorithm.oid().ok()?;
                mask = algorithm.element(SEQUENCE).ok()?.inside().oid().ok()?.to_vec();
            }
            // A label: nobody uses one.
            _ => return None,
        }
    }
    Some(match (hash.as_slice(), mask.as_slice()) {
        (oid::SHA1, oid::SHA1) => Oaep::new::<Sha1>(),
        (oid::SHA256, oid::SHA256) => Oaep::new::<Sha256>(),
        (oid::SHA256, oid::SHA1) => Oaep::new_with_mgf_hash::<Sha256, Sha1>(),
        (oid::SHA384, oid::SHA384) => Oaep::new::<Sha384>(),
        (oid::SHA512, oid::SHA512) => Oaep::new::<Sha512>(),
        _ => return None,
    })
}

/// The algorithm and the key, encrypted as every mail program reads it (RFC 8551 section 2.3).
pub(super) fn encrypt(
    public: &[u8],
    key: &[u8],
    random: &mut Random,
) -> Result<(Vec<u8>, Vec<u8>), Unreadable> {
    let public = RsaPublicKey::from_pkcs1_der(public).map_err(|_| Unreadable)?;
    let encrypted = public.encrypt(random.rng(), Pkcs1v15Encrypt, key).map_err(|_| Unreadable)?;
    Ok((algorithm(oid::RSA, &element(NULL, &[])), encrypted))
}
