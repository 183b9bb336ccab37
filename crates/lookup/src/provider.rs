//! Asks a provider of OpenID Connect: what it offers, its keys, and who somebody is. It stands in the configuration, and still the rule for what may
//! be reached counts: its documents name other addresses.

use std::time::Duration;

use crate::{
    dns::Resolver,
    https::{Asked, FetchError, Https, failure},
    settings::{self, OutgoingSettings, SettingsError},
};

/// What a provider says of itself, and its keys, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 256 << 10;

/// Somebody waits at a browser for this.
const TIME_MAX: Duration = Duration::from_secs(10);

/// One who asks.
#[derive(Debug)]
pub struct ProviderClient {
    resolver: Resolver,
    https: Https,
}

impl ProviderClient {
    /// As configured. Reads the system's resolvers and the certificates to trust; asks nothing yet.
    pub fn new(settings: &OutgoingSettings) -> Result<Self, SettingsError> {
        let most = Duration::from_secs(settings.timeout_seconds.clamp(1, settings::TIMEOUT_SECONDS_MAX));
        let timeout = most.min(TIME_MAX);
        let resolver = Resolver::new(settings.resolvers()?, timeout);
        let https = Https::new(settings.rule()?, settings.certificates()?, timeout).plain_to_loopback();
        Ok(Self { resolver, https })
    }

    /// A document of the provider.
    pub fn document(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.https.get(&self.resolver, url, "application/json", DOCUMENT_BYTES_MAX)
    }

    /// Posts a form; `authorization`: how we prove who we are. Gives the status and what was answered.
    pub fn post(&self, url: &str, form: &str, authorization: &str) -> Result<(u16, Vec<u8>), FetchError> {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        if !authorization.is_empty() {
            headers.push(("authorization", authorization));
        }
        let asked = Asked { url, accept: "application/json", headers: &headers, body: Some(form.as_bytes()) };
        let (at, mut answer) = self.https.ask(&self.resolver, &asked)?;
        let body = answer.body_mut().with_config().limit(DOCUMENT_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| failure(&at, DOCUMENT_BYTES_MAX, error))?;
        Ok((answer.status().as_u16(), body))
    }
}
