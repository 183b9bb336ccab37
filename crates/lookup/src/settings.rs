//! The part `[outgoing]` of the configuration. Every key with its default stands in [`DOCUMENTED`].

use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

use crate::{outgoing::Outgoing, resolv_conf};

/// The part as it is printed for a person: every key, what it means, its default.
pub const DOCUMENTED: &str = include_str!("settings.toml");

/// Nobody waits longer for one look-up.
pub const TIMEOUT_SECONDS_MAX: u64 = 120;

/// What may be looked up outside, and how.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutgoingSettings {
    /// Networks that may be reached beside public addresses.
    pub allow: Vec<String>,
    /// The name servers to ask; empty: the system's.
    pub resolvers: Vec<String>,
    /// For one look-up.
    pub timeout_seconds: u64,
    /// Certificates to trust instead of those that browsers trust; empty: those.
    pub ca_file: PathBuf,
    /// Where holders are looked up.
    pub rdap: String,
    /// Where the files lie that say which registry knows an address or a domain.
    pub rdap_bootstrap: String,
}

impl Default for OutgoingSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            resolvers: Vec::new(),
            timeout_seconds: 10,
            ca_file: PathBuf::new(),
            rdap: "https://rdap.db.ripe.net".to_owned(),
            rdap_bootstrap: "https://data.iana.org/rdap".to_owned(),
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No network.
    #[error("outgoing.allow: `{0}` is no network; write one such as 10.20.0.0/16")]
    Network(String),
    /// No name server.
    #[error("outgoing.resolvers: `{0}` is no name server; write an address, or address:port")]
    NameServer(String),
    /// The certificates.
    #[error("outgoing.ca_file = {path}: the file cannot be read")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file without certificates.
    #[error("outgoing.ca_file = {0}: there is no certificate in it")]
    NoCertificate(PathBuf),
}

impl OutgoingSettings {
    pub(crate) fn rule(&self) -> Result<Outgoing, SettingsError> {
        let net = |text: &String| {
            let text = text.trim();
            text.parse::<IpNet>()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| SettingsError::Network(text.to_owned()))
        };
        Ok(Outgoing::new(self.allow.iter().map(net).collect::<Result<_, _>>()?))
    }

    pub(crate) fn resolvers(&self) -> Result<Vec<SocketAddr>, SettingsError> {
        if self.resolvers.is_empty() {
            return Ok(resolv_conf::servers(&fs::read_to_string("/etc/resolv.conf").unwrap_or_default()));
        }
        let server = |text: &String| {
            let text = text.trim();
            text.parse::<SocketAddr>()
                .or_else(|_| text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53)))
                .map_err(|_| SettingsError::NameServer(text.to_owned()))
        };
        self.resolvers.iter().map(server).collect()
    }

    pub(crate) fn certificates(&self) -> Result<RootCerts, SettingsError> {
        if self.ca_file.as_os_str().is_empty() {
            return Ok(RootCerts::WebPki);
        }
        let path = || self.ca_file.clone();
        let pem = fs::read(&self.ca_file).map_err(|source| SettingsError::File { path: path(), source })?;
        let found: Vec<Certificate<'static>> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if found.is_empty() {
            return Err(SettingsError::NoCertificate(path()));
        }
        Ok(RootCerts::new_with_certs(&found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_settings_are_the_defaults_and_name_every_key() {
        let documented: OutgoingSettings = toml::from_str(DOCUMENTED).unwrap();
        assert_eq!(documented, OutgoingSettings::default());
        let written = toml::to_string(&OutgoingSettings::default()).unwrap();
        for key in written.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
            assert!(DOCUMENTED.contains(&format!("\n{key} = ")), "{key} is not documented");
        }
    }

    #[test]
    fn a_setting_that_cannot_be_used_is_said_by_its_name() {
        let with = |toml: &str| toml::from_str::<OutgoingSettings>(toml).unwrap();
        let error = with("allow = [\"here\"]").rule().unwrap_err().to_string();
        assert!(error.contains("outgoing.allow") && error.contains("`here`"), "{error}");
        let error = with("resolvers = [\"dns.example\"]").resolvers().unwrap_err().to_string();
        assert!(error.contains("outgoing.resolvers"), "{error}");
        let good = with("resolvers = [\"192.0.2.1\", \"[2001:db8::1]:5353\"]").resolvers().unwrap();
        assert_eq!(
            good.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["192.0.2.1:53", "[2001:db8::1]:5353"]
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        let settings = OutgoingSettings { ca_file: file.path().into(), ..OutgoingSettings::default() };
        assert!(settings.certificates().unwrap_err().to_string().contains("no certificate"));
    }
}
