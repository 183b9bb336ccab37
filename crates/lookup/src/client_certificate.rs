//! The certificate with which we show who we are to a server that asks for one (mutual TLS). Its files are read for each connection, so that a renewed one needs no restart.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, parse_pem};

/// Where it lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientCertificate {
    certificate: PathBuf,
    key: PathBuf,
}

/// Why it cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ClientCertificateError {
    /// One without the other.
    #[error("set both client_certificate and client_key, or neither")]
    Half,
    /// A file.
    #[error("{path} cannot be read")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No certificate.
    #[error("client_certificate {0}: there is no certificate in it")]
    NoCertificate(PathBuf),
    /// No key.
    #[error("client_key {0}: there is no key in it")]
    NoKey(PathBuf),
}

impl ClientCertificate {
    /// From these files, which can be read now; `None` when neither is named.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Option<Self>, ClientCertificateError> {
        match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            _ => return Err(ClientCertificateError::Half),
        }
        let found = Self { certificate: certificate.to_owned(), key: key.to_owned() };
        found.read()?;
        Ok(Some(found))
    }

    /// As it lies there now.
    pub(crate) fn read(&self) -> Result<ClientCert, ClientCertificateError> {
        let pem = |path: &PathBuf| {
            fs::read(path).map_err(|source| ClientCertificateError::File { path: path.clone(), source })
        };
        let chain: Vec<Certificate<'static>> = parse_pem(&pem(&self.certificate)?)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if chain.is_empty() {
            return Err(ClientCertificateError::NoCertificate(self.certificate.clone()));
        }
        let key = PrivateKey::from_pem(&pem(&self.key)?)
            .map_err(|_| ClientCertificateError::NoKey(self.key.clone()))?;
        Ok(ClientCert::new_with_certs(&chain, key))
    }
}

#[cfg(test)]
mod tests {
    use schakel_testkit::server_tls::ServerTls;

    use super::*;

    #[test]
    fn what_cannot_be_used_is_said_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let made = ServerTls::for_localhost();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        fs::write(&certificate, &made.certificate_pem).unwrap();
        fs::write(&key, &made.key_pem).unwrap();
        let none = Path::new("");
        assert_eq!(ClientCertificate::from_files(none, none).unwrap(), None);
        let said = |certificate: &Path, key: &Path| {
            ClientCertificate::from_files(certificate, key).unwrap_err().to_string()
        };
        assert!(said(&certificate, none).contains("both client_certificate and client_key"));
        assert!(said(Path::new("/nonexistent"), &key).contains("/nonexistent cannot be read"));
        assert!(said(&key, &key).contains("no certificate"));
        assert!(said(&certificate, &certificate).contains("no key"));
        assert!(ClientCertificate::from_files(&certificate, &key).unwrap().is_some());
    }
}
