//! TLS of our own: a certificate and its key from files, read again when they change, so that a renewed one needs no restart.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use tokio_rustls::TlsAcceptor;

/// How often it is looked whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The files, and what was read from them.
pub(crate) struct Tls {
    files: Files,
    current: Mutex<Current>,
}

/// Where they lie.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    /// Those that sign the certificates of clients; empty: a client needs none.
    client_ca: PathBuf,
}

struct Current {
    config: Arc<ServerConfig>,
    changed_at: [Option<SystemTime>; 3],
    looked_at: Instant,
}

impl Tls {
    /// From these files; `None` when neither is named.
    pub fn from_files(certificate: &Path, key: &Path) -> anyhow::Result<Option<Self>> {
        Self::for_known(certificate, key, Path::new(""))
    }

    /// The same, for clients with a certificate that one in `client_ca` has signed, and for no others; for everybody when no such file is named.
    pub fn for_known(certificate: &Path, key: &Path, client_ca: &Path) -> anyhow::Result<Option<Self>> {
        let is_named = |path: &Path| !path.as_os_str().is_empty();
        match (is_named(certificate), is_named(key)) {
            (false, false) if is_named(client_ca) => {
                anyhow::bail!("tls_client_ca needs tls_certificate and tls_key")
            }
            (false, false) => return Ok(None),
            (true, true) => {}
            _ => anyhow::bail!("set both tls_certificate and tls_key, or neither"),
        }
        let files = Files {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            client_ca: client_ca.to_owned(),
        };
        let changed_at = files.changed_at();
        let current = Current { config: files.read()?, changed_at, looked_at: Instant::now() };
        Ok(Some(Self { files, current: Mutex::new(current) }))
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
        let changed_at = self.files.changed_at();
        if changed_at == current.changed_at {
            return;
        }
        match self.files.read() {
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

impl Files {
    fn changed_at(&self) -> [Option<SystemTime>; 3] {
        [&self.certificate, &self.key, &self.client_ca]
            .map(|path| fs::metadata(path).and_then(|found| found.modified()).ok())
    }

    fn read(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let Self { certificate, key, client_ca } = self;
        let chain = certificates("tls_certificate", certificate)?;
        let private = PrivateKeyDer::from_pem_file(key)
            .with_context(|| format!("cannot read tls_key {}", key.display()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = match client_ca.as_os_str().is_empty() {
            true => WebPkiClientVerifier::no_client_auth(),
            false => {
                let mut roots = RootCertStore::empty();
                for root in certificates("tls_client_ca", client_ca)? {
                    roots.add(root).with_context(|| format!("tls_client_ca {}", client_ca.display()))?;
                }
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .with_context(|| format!("tls_client_ca {}", client_ca.display()))?
            }
        };
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_client_cert_verifier(clients).with_single_cert(chain, private))
            .with_context(|| {
                format!("{} and {} do not belong together", certificate.display(), key.display())
            })?;
        Ok(Arc::new(config))
    }
}

fn certificates(setting: &str, path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot read {setting} {}", path.display()))?;
    anyhow::ensure!(!found.is_empty(), "there is no certificate in {}", path.display());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::{SocketAddr, TcpStream},
    };

    use axum::{
        Router,
        routing::{get, post},
    };
    use rustls::{ClientConfig, ClientConnection, StreamOwned};
    use schakel_lookup::{
        client_certificate::ClientCertificate,
        post::{Posted, Poster},
        settings::OutgoingSettings,
    };
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
    fn where_a_certificate_is_asked_for_only_those_who_have_one_are_let_in() {
        let (ours, theirs) = (ServerTls::for_localhost(), ServerTls::for_localhost());
        let (_folder, certificate, key) = files(&ours);
        let (folder, their_certificate, their_key) = files(&theirs);
        let tls = Tls::for_known(&certificate, &key, &their_certificate).unwrap();
        let router = Router::new().route("/", post(async || "hello"));
        let handle = listener::start("127.0.0.1:0", "test", tls, router).unwrap();
        let url = format!("https://{}/", handle.address().unwrap());
        let settings = OutgoingSettings {
            allow: vec!["127.0.0.0/8".to_owned()],
            ca_file: certificate.clone(),
            ..OutgoingSettings::default()
        };
        let posted = |certificate: &Path, key: &Path| {
            let shown = ClientCertificate::from_files(certificate, key).unwrap();
            Poster::for_hubs(&settings, shown, Duration::from_secs(10)).unwrap().post(&url, &[], b"x")
        };
        let is_let_in = |posted: Posted| matches!(posted, Posted::Answered { status: 200, .. });
        assert!(is_let_in(posted(&their_certificate, &their_key)));
        assert!(!is_let_in(posted(Path::new(""), Path::new(""))), "who shows none");
        assert!(!is_let_in(posted(&certificate, &key)), "one that nobody here has signed");
        // A renewed one is shown at the next connection.
        let (shown, again) = (folder.path().join("shown.pem"), folder.path().join("shown-key.pem"));
        fs::copy(&certificate, &shown).unwrap();
        fs::copy(&key, &again).unwrap();
        let poster = Poster::for_hubs(
            &settings,
            ClientCertificate::from_files(&shown, &again).unwrap(),
            Duration::from_secs(10),
        )
        .unwrap();
        assert!(!is_let_in(poster.post(&url, &[], b"x")));
        fs::copy(&their_certificate, &shown).unwrap();
        fs::copy(&their_key, &again).unwrap();
        assert!(is_let_in(poster.post(&url, &[], b"x")));
        handle.stop();
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
        let error = |certificate: &Path, key: &Path, client_ca: &Path| {
            format!("{:#}", Tls::for_known(certificate, key, client_ca).err().unwrap())
        };
        assert!(error(&certificate, &key, Path::new("/nonexistent")).contains("tls_client_ca /nonexistent"));
        assert!(error(&certificate, &key, &key).contains("no certificate in"));
        assert!(error(Path::new(""), Path::new(""), &certificate).contains("tls_client_ca needs"));
    }
}
