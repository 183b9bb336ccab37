//! TLS of our own: a certificate and its key from files, read again when they change, so that a renewed one needs no restart.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

/// How often it is looked whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The files, and what was read from them.
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    changed_at: [Option<SystemTime>; 2],
    looked_at: Instant,
}

impl Tls {
    /// From these files; `None` when neither is named.
    pub fn from_files(certificate: &Path, key: &Path) -> anyhow::Result<Option<Self>> {
        match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            _ => anyhow::bail!("set both doors.api.tls_certificate and doors.api.tls_key, or neither"),
        }
        let changed_at = [changed_at(certificate), changed_at(key)];
        let current = Current { config: read(certificate, key)?, changed_at, looked_at: Instant::now() };
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Some(Self { certificate, key, current: Mutex::new(current) }))
    }

    /// What a new connection speaks. Files that cannot be used now leave what was.
    pub fn acceptor(&self) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked_at.elapsed() >= LOOK_EVERY {
            current.looked_at = Instant::now();
            self.follow(&mut current);
        }
        TlsAcceptor::from(Arc::clone(&current.config))
    }

    fn follow(&self, current: &mut Current) {
        let changed_at = [changed_at(&self.certificate), changed_at(&self.key)];
        if changed_at == current.changed_at {
            return;
        }
        match read(&self.certificate, &self.key) {
            Ok(config) => {
                tracing::info!("read the changed certificate");
                current.config = config;
                current.changed_at = changed_at;
            }
            // Perhaps only one of the two is new yet: it is tried again.
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "the changed certificate cannot be used");
            }
        }
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|found| found.modified()).ok()
}

fn read(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot read doors.api.tls_certificate {}", certificate.display()))?;
    anyhow::ensure!(!chain.is_empty(), "there is no certificate in {}", certificate.display());
    let private = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read doors.api.tls_key {}", key.display()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .with_context(|| format!("{} and {} do not belong together", certificate.display(), key.display()))?;
    Ok(Arc::new(config))
}
