//! Our own key with its certificate.

use std::fmt;

use p256::pkcs8::DecodePrivateKey;
use ring::{
    digest::{SHA256, digest},
    hmac,
};
use rsa::{
    RsaPrivateKey,
    pkcs1::{DecodeRsaPrivateKey, EncodeRsaPublicKey},
    traits::PrivateKeyParts,
};

use super::{
    certificate::{Certificate, CertificateError, PublicKey},
    pem,
};
use crate::limits::KEY_BYTES_MAX;

/// A private key, and the certificate that says whose it is.
#[derive(Clone)]
pub struct Identity {
    certificate: Certificate,
    /// Certificates between ours and an authority: sent along with signatures.
    path: Vec<Certificate>,
    key: PrivateKey,
}

#[derive(Clone)]
pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    P256(Box<p256::SecretKey>),
}

impl Identity {
    /// From a PEM file with the private key (PKCS#8, or the older kinds), its certificate, and those on the path to the authority. A PKCS#12
    /// file becomes one by `openssl pkcs12 -in FILE -nodes`.
    pub fn read(file: &[u8]) -> Result<Self, CertificateError> {
        if file.len() > KEY_BYTES_MAX {
            return Err(CertificateError::TooBig);
        }
        let key = private_key(file)?;
        let certificates = Certificate::read_all(file)?;
        let own = certificates
            .iter()
            .position(|certificate| *certificate.key() == key.public())
            .ok_or(CertificateError::OtherKey)?;
        let mut path = certificates;
        let certificate = path.remove(own);
        Ok(Self { certificate, path, key })
    }

    /// What others may have.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(super) fn path(&self) -> &[Certificate] {
        &self.path
    }

    pub(super) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Bytes that only who has the key can know, and that are the same for the same message.
    pub(super) fn secret_bytes(&self, purpose: &[u8], message: &[u8]) -> [u8; 32] {
        let secret = match &self.key {
            PrivateKey::Rsa(key) => digest(&SHA256, &key.d().to_bytes_be()),
            PrivateKey::P256(key) => digest(&SHA256, &key.to_bytes()),
        };
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref()));
        context.update(purpose);
        context.update(message);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        bytes
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({:?})", self.certificate)
    }
}

impl PrivateKey {
    fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(key) => key
                .to_public_key()
                .to_pkcs1_der()
                .map_or(PublicKey::Other, |der| PublicKey::Rsa(der.as_bytes().to_vec())),
            Self::P256(key) => PublicKey::P256(key.public_key().to_sec1_bytes().into_vec()),
        }
    }
}

fn private_key(file: &[u8]) -> Result<PrivateKey, CertificateError> {
    let mut error = CertificateError::NoKey;
    for block in pem::blocks(file) {
        let bytes = &block.bytes[..];
        let rsa = |key: RsaPrivateKey| PrivateKey::Rsa(Box::new(key));
        let p256 = |key: p256::SecretKey| PrivateKey::P256(Box::new(key));
        let key = match block.label.as_str() {
            "PRIVATE KEY" => RsaPrivateKey::from_pkcs8_der(bytes)
                .map(rsa)
                .ok()
                .or_else(|| p256::SecretKey::from_pkcs8_der(bytes).map(p256).ok()),
            "RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_der(bytes).map(rsa).ok(),
            "EC PRIVATE KEY" => p256::SecretKey::from_sec1_der(bytes).map(p256).ok(),
            "ENCRYPTED PRIVATE KEY" => {
                error = CertificateError::Locked;
                continue;
            }
            _ => continue,
        };
        match key {
            Some(key) => return Ok(key),
            None => error = CertificateError::Unsupported,
        }
    }
    Err(error)
}
