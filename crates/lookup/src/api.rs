//! Asks a Schakel, for `schakel api`: the one that the operator names, so the rule for what may be reached does not count here. The key goes to that
//! one only: redirects are not followed, and in plain HTTP it goes no further than this machine.

use std::{io::Read, sync::Arc, time::Duration};

use ureq::{
    Agent,
    http::{Method, Request},
    tls::TlsConfig,
};
use url::{Host, Url};

use crate::settings::{OutgoingSettings, SettingsError};

/// A page of a list, or what changes in half a minute.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// A question whether something changes may take half a minute.
const TIME_MAX: Duration = Duration::from_secs(120);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address of the service.
    #[error("`{0}` cannot be asked: write https://, or http:// for a service on this machine")]
    Url(String),
    /// The settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The key has characters that no key has.
    #[error("the key cannot stand in a request: it has other characters than a key has")]
    Key,
    /// The way there.
    #[error("{url} cannot be asked: {why}")]
    Failed {
        /// Where.
        url: String,
        /// Why not.
        why: String,
    },
}

/// What came back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The path of the next page, when there is one.
    pub next: Option<String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// One who asks.
pub struct ApiClient {
    base: Url,
    token: String,
    agent: Agent,
}

impl ApiClient {
    /// For a service and a key.
    pub fn new(url: &str, token: &str, settings: &OutgoingSettings) -> Result<Self, ApiError> {
        let no_url = || ApiError::Url(url.to_owned());
        let base = Url::parse(url.trim()).map_err(|_| no_url())?;
        let is_here = match base.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err(no_url()),
        };
        if !(base.scheme() == "https" || (base.scheme() == "http" && is_here)) || !base.username().is_empty()
        {
            return Err(no_url());
        }
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ApiError::Key);
        }
        let tls = TlsConfig::builder()
            .root_certs(settings.certificates()?)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(TIME_MAX))
            .user_agent(concat!("schakel/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Ok(Self { base, token: token.to_owned(), agent: config.new_agent() })
    }

    /// Asks. `path`: below `/api/v1`, or from the root when it begins with that. `body`: what is posted.
    pub fn ask(&self, path: &str, body: Option<&[u8]>, key: Option<&str>) -> Result<Answer, ApiError> {
        let path = match path.strip_prefix("/api/") {
            Some(_) => path.to_owned(),
            None => format!("/api/v1/{}", path.trim_start_matches('/')),
        };
        let url = self.base.join(&path).map_err(|_| ApiError::Url(path.clone()))?;
        // A path that is a URL of its own (`//elsewhere/`) would carry the key there.
        if url.origin() != self.base.origin() {
            return Err(ApiError::Url(path));
        }
        let failed = |why: String| ApiError::Failed { url: url.to_string(), why };
        let mut request = Request::builder()
            .uri(url.as_str())
            .header("accept", "application/json")
            .header("authorization", format!("Bearer {}", self.token));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answered = match body {
            None => {
                let request = request.body(()).map_err(|error| failed(error.to_string()))?;
                self.agent.run(request)
            }
            Some(body) => {
                let request = request.method(Method::POST).header("content-type", "application/json");
                self.agent.run(request.body(body).map_err(|error| failed(error.to_string()))?)
            }
        };
        let mut answer = answered.map_err(|error| failed(error.to_string()))?;
        let link = answer.headers().get("link").and_then(|value| value.to_str().ok()).and_then(next);
        let mut bytes = Vec::new();
        let mut reader = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).reader();
        reader.read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
        Ok(Answer { status: answer.status().as_u16(), next: link, body: bytes })
    }
}

/// The path behind `rel="next"` (RFC 8288), as our own service writes it.
fn next(link: &str) -> Option<String> {
    let (target, relation) = link.split_once(';')?;
    let target = target.trim().strip_prefix('<')?.strip_suffix('>')?;
    (relation.trim() == "rel=\"next\"").then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_leaves_this_machine_in_tls_only_and_goes_nowhere_else() {
        let settings = OutgoingSettings::default();
        let client = |url: &str| ApiClient::new(url, "schakel_api_1", &settings);
        for right in ["https://api.example", "http://127.0.0.1:9620", "http://[::1]:1", "http://localhost:1"]
        {
            assert!(client(right).is_ok(), "{right}");
        }
        for wrong in [
            "http://api.example",
            "ftp://api.example",
            "api.example",
            "",
            "https://a:b@api.example",
            "http://127.0.0.1.example",
        ] {
            assert!(client(wrong).is_err(), "{wrong}");
        }
        assert!(matches!(
            ApiClient::new("https://a.example", "a\r\nb", &settings).err(),
            Some(ApiError::Key)
        ));
        let client = client("http://127.0.0.1:1").unwrap();
        let elsewhere = client.ask("/api/../..//elsewhere.example/", None, None);
        assert!(matches!(elsewhere, Err(ApiError::Url(_) | ApiError::Failed { .. })));
    }

    #[test]
    fn the_next_page_is_where_the_link_says() {
        assert_eq!(
            next("</api/v1/findings?cursor=a>; rel=\"next\"").as_deref(),
            Some("/api/v1/findings?cursor=a")
        );
        assert_eq!(next("</a>; rel=\"prev\""), None);
        assert_eq!(next("a"), None);
    }
}
