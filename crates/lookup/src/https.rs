//! A file over HTTPS: few redirects, few bytes, little time, and only from addresses that may be reached.
//!
//! A name is resolved once for each hop. The addresses are checked, and the connection goes to a checked one: a name that resolves to
//! something else a moment later gains nothing.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use ureq::{
    Agent, Body,
    config::Config,
    http::{Request, Response, Uri},
    tls::{RootCerts, TlsConfig},
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver as UreqResolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use url::{Host, Url};

use crate::{
    client_certificate::{ClientCertificate, ClientCertificateError},
    dns::{DnsError, Resolver},
    outgoing::{Outgoing, Refused},
};

/// A file with a token is some tens of bytes.
pub const FILE_BYTES_MAX: u64 = 4 << 10;

/// Redirects that are followed: to `www.`, and perhaps once more.
pub const REDIRECTS_MAX: usize = 3;

/// The head of an answer.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Addresses of a name that are tried; one that lists more is not honest.
const ADDRESSES_MAX: usize = 4;

/// Why a file could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No URL that can be fetched.
    #[error("`{0}` is no URL that can be fetched")]
    Url(String),
    /// Not over TLS.
    #[error("{0} is not https")]
    NotHttps(String),
    /// The name.
    #[error(transparent)]
    Dns(#[from] DnsError),
    /// The name has no address.
    #[error("{0} has no address")]
    NoAddress(String),
    /// The rule.
    #[error("{host} may not be reached: {refused}")]
    Refused {
        /// Which host.
        host: String,
        /// Why.
        refused: Refused,
    },
    /// Too many redirects.
    #[error("{0} redirects more than {REDIRECTS_MAX} times")]
    Redirects(String),
    /// Not there.
    #[error("{url} answers {status}")]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// Above the limit.
    #[error("{url} has more than {most} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The limit.
        most: u64,
    },
    /// What shows who we are.
    #[error(transparent)]
    ClientCertificate(#[from] ClientCertificateError),
    /// Took too long.
    #[error("{0} did not answer in time")]
    Timeout(String),
    /// TLS, the connection, or something that is no HTTP.
    #[error("{url} cannot be fetched: {why}")]
    Failed {
        /// What was asked.
        url: String,
        /// Why.
        why: String,
    },
}

/// Fetches files.
#[derive(Debug)]
pub struct Https {
    rule: Outgoing,
    trust: RootCerts,
    timeout: Duration,
    plain_to_loopback: bool,
    shown: Option<ClientCertificate>,
}

/// Is it plain HTTP to an address of this very machine, written as such? Nobody else sees what goes there.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let to_itself = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    url.scheme() == "http" && to_itself
}

impl Https {
    /// Under this rule, trusting these certificates; a fetch takes at most this long, redirects and all.
    pub fn new(rule: Outgoing, trust: RootCerts, timeout: Duration) -> Self {
        Self { rule, trust, timeout, plain_to_loopback: false, shown: None }
    }

    /// The same, and without TLS to an address of this very machine, when the rule lets it be reached.
    pub(crate) fn plain_to_loopback(self) -> Self {
        Self { plain_to_loopback: true, ..self }
    }

    /// The same, and shows this certificate to servers that ask for one.
    pub(crate) fn showing(self, shown: Option<ClientCertificate>) -> Self {
        Self { shown, ..self }
    }

    /// The body of what lies at a URL.
    pub fn get(
        &self,
        resolver: &Resolver,
        url: &str,
        accept: &str,
        most: u64,
    ) -> Result<Vec<u8>, FetchError> {
        let asked = Asked { url, accept, headers: &[], body: None };
        let (at, mut answer) = self.ask(resolver, &asked)?;
        if answer.status() != 200 {
            return Err(FetchError::Status { url: at.to_string(), status: answer.status().as_u16() });
        }
        let body = answer.body_mut().with_config().limit(most).read_to_vec();
        body.map_err(|error| failure(&at, most, error))
    }

    /// Asks, and follows redirects. Gives where the answer came from, and the answer, whose body is not read yet.
    pub(crate) fn ask(
        &self,
        resolver: &Resolver,
        asked: &Asked<'_>,
    ) -> Result<(Url, Response<Body>), FetchError> {
        let deadline = Instant::now() + self.timeout;
        let first = Url::parse(asked.url).map_err(|_| FetchError::Url(asked.url.to_owned()))?;
        let mut at = first.clone();
        for _ in 0..=REDIRECTS_MAX {
            // What proves who we are is for the one that was asked, not for where it sends us.
            let headers = if at.origin() == first.origin() { asked.headers } else { &[] };
            match self.hop(resolver, &at, &Asked { headers, ..*asked }, deadline)? {
                Hop::Answer(answer) => return Ok((at, answer)),
                Hop::Redirect(to) => at = to,
            }
        }
        Err(FetchError::Redirects(asked.url.to_owned()))
    }

    fn hop(
        &self,
        resolver: &Resolver,
        url: &Url,
        asked: &Asked<'_>,
        deadline: Instant,
    ) -> Result<Hop, FetchError> {
        let is_plain = self.plain_to_loopback && is_loopback(url);
        if url.scheme() != "https" && !is_plain {
            return Err(FetchError::NotHttps(url.to_string()));
        }
        let addresses = self.addresses(resolver, url)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchError::Timeout(url.to_string()));
        }
        let agent = self.agent(addresses, left, !is_plain)?;
        let mut request = Request::builder().uri(url.as_str()).header("accept", asked.accept);
        for (name, value) in asked.headers {
            request = request.header(*name, *value);
        }
        let failed = |error| failure(url, 0, error);
        let no_request = |error: ureq::http::Error| failed(ureq::Error::Http(error));
        let response = match asked.body {
            None => agent.run(request.body(()).map_err(no_request)?).map_err(failed)?,
            Some(body) => {
                agent.run(request.method("POST").body(body).map_err(no_request)?).map_err(failed)?
            }
        };
        let status = response.status();
        // 304 is the answer to a question whether something has changed.
        if !status.is_redirection() || status == 304 {
            return Ok(Hop::Answer(response));
        }
        let target = response.headers().get("location").and_then(|value| value.to_str().ok());
        // What was posted is posted nowhere else.
        let target = target.filter(|_| asked.body.is_none()).and_then(|target| url.join(target).ok());
        target
            .map(Hop::Redirect)
            .ok_or_else(|| FetchError::Status { url: url.to_string(), status: status.as_u16() })
    }

    /// The addresses of a URL's host that may be reached; at least one.
    fn addresses(&self, resolver: &Resolver, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let no_url = || FetchError::Url(url.to_string());
        let port = url.port_or_known_default().ok_or_else(no_url)?;
        let (host, found) = match url.host().ok_or_else(no_url)? {
            Host::Domain(name) => (name.to_owned(), resolver.addresses(name)?),
            Host::Ipv4(address) => (address.to_string(), vec![IpAddr::V4(address)]),
            Host::Ipv6(address) => (address.to_string(), vec![IpAddr::V6(address)]),
        };
        let mut refusal = None;
        let mut addresses = Vec::new();
        for address in found {
            match self.rule.check(address) {
                Ok(()) => addresses.push(SocketAddr::new(address, port)),
                Err(refused) => refusal = Some(refused),
            }
        }
        addresses.truncate(ADDRESSES_MAX);
        match refusal {
            _ if !addresses.is_empty() => Ok(addresses),
            Some(refused) => Err(FetchError::Refused { host, refused }),
            None => Err(FetchError::NoAddress(host)),
        }
    }

    fn agent(
        &self,
        addresses: Vec<SocketAddr>,
        left: Duration,
        https_only: bool,
    ) -> Result<Agent, FetchError> {
        let tls = TlsConfig::builder()
            .root_certs(self.trust.clone())
            .client_cert(self.shown.as_ref().map(ClientCertificate::read).transpose()?)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .https_only(https_only)
            // Proxies are for people's browsers; through one, the rule would mean nothing.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(left))
            .max_response_header_size(HEAD_BYTES_MAX)
            .user_agent(concat!("schakel/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Ok(Agent::with_parts(config, DefaultConnector::new(), Checked(addresses)))
    }
}

/// What is asked.
pub(crate) struct Asked<'a> {
    pub url: &'a str,
    pub accept: &'a str,
    /// Sent to the server that is asked, and to no other it redirects to.
    pub headers: &'a [(&'a str, &'a str)],
    /// What is posted; `None`: it is a `GET`.
    pub body: Option<&'a [u8]>,
}

enum Hop {
    Answer(Response<Body>),
    Redirect(Url),
}

/// Resolves nothing: the addresses were found and checked before.
#[derive(Debug)]
struct Checked(Vec<SocketAddr>);

impl UreqResolver for Checked {
    fn resolve(
        &self,
        _uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        self.0.iter().for_each(|address| addresses.push(*address));
        Ok(addresses)
    }
}

pub(crate) fn failure(url: &Url, most: u64, error: ureq::Error) -> FetchError {
    let url = url.to_string();
    match error {
        ureq::Error::Timeout(_) => FetchError::Timeout(url),
        ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge { url, most },
        error => FetchError::Failed { url, why: error.to_string() },
    }
}
