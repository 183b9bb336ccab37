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
            _ => anyhow::bail!("set both tls_certificate and tls_key, or neither"),
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
        .with_context(|| format!("cannot read tls_certificate {}", certificate.display()))?;
    anyhow::ensure!(!chain.is_empty(), "there is no certificate in {}", certificate.display());
    let private = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read tls_key {}", key.display()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .with_context(|| format!("{} and {} do not belong together", certificate.display(), key.display()))?;
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpStream},
    };

    use axum::{Router, routing::get};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
    use schakel_testkit::server_tls::ServerTls;
    use tempfile::TempDir;

    use super::*;
    use crate::listener;

    fn files(tls: &ServerTls) -> (TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        fs::write(&certificate, &tls.certificate_pem).unwrap();
        fs::write(&key, &tls.key_pem).unwrap();
        (folder, certificate, key)
    }

    /// The answer to one who trusts this certificate only.
    fn ask(address: SocketAddr, trusted: &ServerTls) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusted.certificate_pem.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn it_speaks_tls_with_the_certificate_in_the_file() {
        let ours = ServerTls::for_localhost();
        let (_folder, certificate, key) = files(&ours);
        let tls = Tls::from_files(&certificate, &key).unwrap();
        let router = Router::new().route("/", get(async || "hello"));
        let handle = listener::start("127.0.0.1:0", "test", tls, router).unwrap();
        let address = handle.address().unwrap();
        assert!(ask(address, &ours).unwrap().ends_with("hello"));
        assert!(ask(address, &ServerTls::for_localhost()).is_err(), "another certificate");
        // Who speaks no TLS is no trouble for the others.
        TcpStream::connect(address).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        assert!(ask(address, &ours).unwrap().ends_with("hello"));
        handle.stop();
    }

    #[test]
    fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
        let (_folder, certificate, key) = files(&ServerTls::for_localhost());
        let tls = Tls::from_files(&certificate, &key).unwrap().unwrap();
        let mut current = tls.current.lock().unwrap();
        let first = Arc::clone(&current.config);
        fs::write(&certificate, "half a cert").unwrap();
        tls.follow(&mut current);
        assert!(Arc::ptr_eq(&current.config, &first), "what was stays");
        let renewed = ServerTls::for_localhost();
        fs::write(&certificate, &renewed.certificate_pem).unwrap();
        tls.follow(&mut current);
        assert!(Arc::ptr_eq(&current.config, &first), "its key is not there yet");
        fs::write(&key, &renewed.key_pem).unwrap();
        tls.follow(&mut current);
        assert!(!Arc::ptr_eq(&current.config, &first));
        let second = Arc::clone(&current.config);
        tls.follow(&mut current);
        assert!(Arc::ptr_eq(&current.config, &second), "nothing changed");
    }

    #[test]
    fn what_cannot_be_used_is_said_by_its_name() {
        let (_folder, certificate, key) = files(&ServerTls::for_localhost());
        let error = |certificate: &Path, key: &Path| match Tls::from_files(certificate, key) {
            Err(error) => format!("{error:#}"),
            Ok(_) => panic!("it was taken"),
        };
        assert!(Tls::from_files(Path::new(""), Path::new("")).unwrap().is_none());
        assert!(error(&certificate, Path::new("")).contains("both tls_certificate and"));
        assert!(error(Path::new("/nonexistent"), &key).contains("tls_certificate /nonexistent"));
        assert!(error(&key, &key).contains("no certificate in"));
        assert!(error(&certificate, &certificate).contains("tls_key"));
    }
}
