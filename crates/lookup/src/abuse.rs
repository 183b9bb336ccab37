//! Whom to write to about an address or a site: its `security.txt` (RFC 9116), and what registries say (RDAP), found by IANA's bootstrap files
//! (RFC 9224).

use std::net::IpAddr;

use schakel_formats::rdap_abuse::{self, Abuse};
use schakel_model::asset::AssetValue;

use crate::{
    Lookup,
    https::FetchError,
    rdap::{ANSWER_BYTES_MAX, RdapError},
};

/// A `security.txt` has some lines; those with a signature and a policy in it reach a few kB.
pub const SECURITY_TXT_BYTES_MAX: u64 = 32 << 10;

/// The largest bootstrap file, that of the top-level domains, has 60 kB.
pub const BOOTSTRAP_BYTES_MAX: u64 = 2 << 20;

/// The bootstrap files.
pub const BOOTSTRAP_FILES: [&str; 3] = ["ipv4.json", "ipv6.json", "dns.json"];

impl Lookup {
    /// What a site says in its `security.txt`. `authority`: its host, with the port where that is not 443.
    pub fn security_txt(&self, authority: &str) -> Result<Vec<u8>, FetchError> {
        let url = format!("https://{authority}/.well-known/security.txt");
        self.https.get(&self.resolver, &url, "text/plain", SECURITY_TXT_BYTES_MAX)
    }

    /// The abuse contact of an address, as this registry says.
    pub fn abuse_of_address(&self, registry: &str, address: IpAddr) -> Result<Abuse, RdapError> {
        let answer = self.rdap_answer(&format!("{registry}/ip/{address}"))?;
        Ok(rdap_abuse::of_address(&answer, &AssetValue::Address(address))?)
    }

    /// The abuse contact of the registrar of a domain, as this registry says.
    pub fn abuse_of_domain(&self, registry: &str, domain: &str) -> Result<Abuse, RdapError> {
        let answer = self.rdap_answer(&format!("{registry}/domain/{domain}"))?;
        Ok(rdap_abuse::of_domain(&answer, domain)?)
    }

    fn rdap_answer(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.https.get(&self.resolver, url, "application/rdap+json", ANSWER_BYTES_MAX)
    }

    /// One of the bootstrap files.
    pub fn bootstrap_file(&self, name: &str) -> Result<Vec<u8>, FetchError> {
        let url = format!("{}/{name}", self.rdap_bootstrap);
        self.https.get(&self.resolver, &url, "application/json", BOOTSTRAP_BYTES_MAX)
    }
}
