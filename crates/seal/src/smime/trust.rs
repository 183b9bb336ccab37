//! Whom to believe: pinned certificates, and paths to authorities.

use std::time::Duration;

use jiff::Timestamp;
use pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, KeyUsage, anchor_from_trusted_cert,
    ring::{
        ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384, ED25519,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RSA_PSS_2048_8192_SHA256_LEGACY_KEY, RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    },
};

use super::{certificate::Certificate, oid};
use crate::{limits::CERTIFICATES_MAX, signature::Trust};

/// What signs certificates today. Nothing with SHA-1, nothing below 2048 bits.
const ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
    ED25519,
];

/// Whose certificates are believed.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Certificates of others that we know. They are believed as they are, and found when a message does not bring its own.
    pub certificates: Vec<Certificate>,
    /// Fingerprints (SHA-256, upper case) of certificates that are believed though we do not have them.
    pub fingerprints: Vec<String>,
    /// Authorities: whoever they certify for mail is believed.
    pub authorities: Vec<Certificate>,
}

impl Trusted {
    /// Why this certificate should be believed at this time. `others` came with the message and may be on the path. Nobody is asked whether
    /// a certificate on the path was taken back: no look-ups here.
    pub(crate) fn trust(&self, certificate: &Certificate, others: &[Certificate], now: Timestamp) -> Trust {
        if self.certificates.contains(certificate) || self.fingerprints.contains(&certificate.fingerprint()) {
            return Trust::Known;
        }
        if self.has_path(certificate, others, now) { Trust::Path } else { Trust::Nobody }
    }

    fn has_path(&self, certificate: &Certificate, others: &[Certificate], now: Timestamp) -> bool {
        let end = CertificateDer::from(certificate.der());
        let Ok(end) = EndEntityCert::try_from(&end) else { return false };
        let authorities: Vec<CertificateDer<'_>> =
            self.authorities.iter().map(|authority| CertificateDer::from(authority.der())).collect();
        let anchors: Vec<TrustAnchor<'_>> =
            authorities.iter().filter_map(|authority| anchor_from_trusted_cert(authority).ok()).collect();
        let between: Vec<CertificateDer<'_>> =
            others.iter().take(CERTIFICATES_MAX).map(|other| CertificateDer::from(other.der())).collect();
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        end.verify_for_usage(
            ALGORITHMS,
            &anchors,
            &between,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            KeyUsage::required_if_present(oid::EMAIL_PROTECTION),
            None,
            None,
        )
        .is_ok()
    }
}
