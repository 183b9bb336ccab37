//! A self-signed certificate for a server on loopback, made afresh for each test.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// The server's side and what a client must trust.
#[derive(Clone, Debug)]
pub struct ServerTls {
    /// The certificate as PEM, for the client's `ca_file`.
    pub certificate_pem: String,
    /// Its key as PEM, for a server of ours.
    pub key_pem: String,
    /// For the server.
    pub config: Arc<ServerConfig>,
}

impl ServerTls {
    /// For `localhost` and `127.0.0.1`.
    pub fn for_localhost() -> Self {
        Self::for_names(&["localhost", "127.0.0.1"])
    }

    /// For these names and addresses.
    pub fn for_names(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate can be made");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("the key is that of the certificate");
        let (certificate_pem, key_pem) = (made.cert.pem(), made.signing_key.serialize_pem());
        Self { certificate_pem, key_pem, config: Arc::new(config) }
    }
}
