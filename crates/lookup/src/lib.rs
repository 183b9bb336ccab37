//! Looking things up in the world outside: records in the DNS, files on web servers, holders in registries.
//!
//! What is looked up comes from people we do not know yet. So every look-up has limits (time, bytes, redirects, aliases), and one rule
//! says what may be reached at all: [`outgoing`]. It is checked after a name was resolved, for the address that is then connected to,
//! and again for every redirect.
//!
//! - [`settings`]: the part `[outgoing]` of the configuration,
//! - [`dns`]: a resolver that asks the name servers it is told,
//! - [`https`]: a file over HTTPS,
//! - [`rdap`]: who holds a prefix or an AS number; [`abuse`]: whom to write to about an address or a site,
//! - [`poll`]: a report that is fetched now and then, and only when it has changed,
//! - [`post`]: something that is posted to a web address,
//! - [`provider`]: who somebody is, at a provider of OpenID Connect,
//! - [`shadowserver`]: Shadowserver's API for reports.

pub mod abuse;
pub mod api;
pub mod client_certificate;
pub mod dns;
pub mod https;
pub mod outgoing;
pub mod poll;
pub mod post;
pub mod provider;
pub mod rdap;
pub mod settings;
pub mod shadowserver;

mod resolv_conf;

use std::{net::IpAddr, time::Duration};

use schakel_formats::{
    dns::TlsaRecord,
    rdap::{Holder, holders},
};
use schakel_model::asset::AssetValue;

use crate::{
    dns::{DnsError, Resolver},
    https::{FetchError, Https},
    outgoing::{Outgoing, Refused},
    rdap::RdapError,
    settings::{OutgoingSettings, SettingsError},
};

/// Everything that looks things up, with its limits.
#[derive(Debug)]
pub struct Lookup {
    resolver: Resolver,
    https: Https,
    rule: Outgoing,
    rdap: String,
    rdap_bootstrap: String,
}

impl Lookup {
    /// As configured. Reads the system's resolvers and the certificates to trust; asks nothing yet.
    pub fn new(settings: &OutgoingSettings) -> Result<Self, SettingsError> {
        let timeout = Duration::from_secs(settings.timeout_seconds.clamp(1, settings::TIMEOUT_SECONDS_MAX));
        let resolver = Resolver::new(settings.resolvers()?, timeout);
        let rule = settings.rule()?;
        let https = Https::new(rule.clone(), settings.certificates()?, timeout);
        let base = |url: &String| url.trim_end_matches('/').to_owned();
        let (rdap, rdap_bootstrap) = (base(&settings.rdap), base(&settings.rdap_bootstrap));
        Ok(Self { resolver, https, rule, rdap, rdap_bootstrap })
    }

    /// The texts of the TXT records of a name: each string by itself, and those of one record together.
    pub fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        self.resolver.txt(name)
    }

    /// Does a name resolve to an address?
    pub fn resolves(&self, name: &str) -> Result<bool, DnsError> {
        self.resolver.addresses(name).map(|addresses| !addresses.is_empty())
    }

    /// The addresses of a name, IPv4 and IPv6.
    pub fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        self.resolver.addresses(name)
    }

    /// The mail servers of a domain, the preferred ones first, and whether DNSSEC vouches for that.
    pub fn mail_servers(&self, domain: &str) -> Result<(Vec<String>, bool), DnsError> {
        self.resolver.mail_servers(domain)
    }

    /// The records for DANE of a name such as `_25._tcp.mx.example`, and whether DNSSEC vouches for them.
    pub fn tlsa(&self, name: &str) -> Result<(Vec<TlsaRecord>, bool), DnsError> {
        self.resolver.tlsa(name)
    }

    /// The names of an address (PTR), as whoever holds the address says.
    pub fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        self.resolver.names(address)
    }

    /// May it be asked outside about this address? Those of inner networks are nobody's business, unless the rule names them.
    pub fn may_ask_about(&self, address: IpAddr) -> Result<(), Refused> {
        self.rule.check(address)
    }

    /// A small file.
    pub fn file(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.https.get(&self.resolver, url, "text/plain", https::FILE_BYTES_MAX)
    }

    /// Who holds a prefix, an address or an AS number, as the registry says.
    pub fn holders(&self, value: &AssetValue) -> Result<Vec<Holder>, RdapError> {
        let url = rdap::question(&self.rdap, value)?;
        let answer = self.https.get(&self.resolver, &url, "application/rdap+json", rdap::ANSWER_BYTES_MAX)?;
        Ok(holders(&answer, value)?)
    }
}
