//! Something that is posted to a web address, once: by the one rule for what may be reached, and nowhere else when the server redirects.

use std::{io::Read, time::Duration};

use crate::{
    client_certificate::ClientCertificate,
    dns::Resolver,
    https::{self, Asked, FetchError, Https},
    settings::{OutgoingSettings, SettingsError},
};

/// What a server says of a refusal is read up to here.
const SAID_BYTES_MAX: u64 = 1 << 10;

/// Posts. A server that has not answered after `timeout` is left, however slowly it goes on talking.
#[derive(Debug)]
pub struct Poster {
    resolver: Resolver,
    https: Https,
}

/// What came of it.
#[derive(Debug)]
pub enum Posted {
    /// The server answered.
    Answered {
        /// With this status.
        status: u16,
        /// And the start of what it said, when it did not take it.
        said: String,
    },
    /// Nothing was sent.
    NotSent(FetchError),
    /// It may have arrived: no answer came in time, or the connection broke.
    Unknown(FetchError),
}

/// What a hub answered.
#[derive(Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// It asks to be left alone for so many seconds.
    pub retry_after: Option<u64>,
    /// Its field of this name, when the caller asked for one.
    pub field: Option<String>,
    /// What it said.
    pub body: Vec<u8>,
}

impl Poster {
    /// As [`Poster::new`], for other hubs: shows this certificate to those that ask for one, and speaks without TLS to an address of this very machine, where hubs
    /// are tried out.
    pub fn for_hubs(
        settings: &OutgoingSettings,
        shown: Option<ClientCertificate>,
        timeout: Duration,
    ) -> Result<Self, SettingsError> {
        let poster = Self::new(settings, timeout)?;
        Ok(Self { https: poster.https.plain_to_loopback().showing(shown), ..poster })
    }

    /// The address of a hub in its normal form, without a slash at its end. `None` when it is none that a hub may have.
    pub fn hub_address(url: &str) -> Option<String> {
        let parsed = url::Url::parse(url.trim()).ok()?;
        let is_plain = parsed.username().is_empty()
            && parsed.password().is_none()
            && parsed.query().is_none()
            && parsed.fragment().is_none()
            && parsed.host().is_some();
        (is_plain && (parsed.scheme() == "https" || https::is_loopback(&parsed)))
            .then(|| parsed.as_str().trim_end_matches('/').to_owned())
    }

    /// Posts a body, and reads what is answered, up to this many bytes. `field`: the name of one field of the answer that is wanted too.
    pub fn exchange(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        field: &str,
        most: u64,
    ) -> Result<Answered, FetchError> {
        let asked = Asked { url, accept: "*/*", headers, body: Some(body) };
        let (at, mut answer) = match self.https.ask(&self.resolver, &asked) {
            // A redirect: what is for a hub is for nobody else.
            Err(FetchError::Status { status, .. }) => {
                return Ok(Answered { status, retry_after: None, field: None, body: Vec::new() });
            }
            asked => asked?,
        };
        let text = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        let retry_after = text("retry-after").and_then(|seconds| seconds.trim().parse().ok());
        let field = text(field);
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(most).read_to_vec();
        let body = body.map_err(|error| https::failure(&at, most, error))?;
        Ok(Answered { status, retry_after, field, body })
    }

    /// As configured; asks nothing yet.
    pub fn new(settings: &OutgoingSettings, timeout: Duration) -> Result<Self, SettingsError> {
        let resolver = Resolver::new(settings.resolvers()?, timeout);
        Ok(Self { resolver, https: Https::new(settings.rule()?, settings.certificates()?, timeout) })
    }

    /// A web address as it is asked: in its normal form (`https://a.example` has the path `/`). `None` when it is none over HTTPS.
    pub fn address(url: &str) -> Option<String> {
        let url = url::Url::parse(url.trim()).ok()?;
        (url.scheme() == "https"
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none())
        .then(|| url.to_string())
    }

    /// Posts a body. `headers`: names and values, the media type too.
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Posted {
        let asked = Asked { url, accept: "*/*", headers, body: Some(body) };
        match self.https.ask(&self.resolver, &asked) {
            Ok((_, mut answer)) => {
                let status = answer.status().as_u16();
                let mut said = Vec::new();
                // What a server says when it took it matters to nobody: it is not waited for.
                if !(200..300).contains(&status) {
                    let mut body = answer.body_mut().with_config().limit(SAID_BYTES_MAX).reader();
                    let _ = body.read_to_end(&mut said);
                }
                Posted::Answered { status, said: String::from_utf8_lossy(&said).into_owned() }
            }
            // A redirect: the server did answer.
            Err(FetchError::Status { status, .. }) => Posted::Answered { status, said: String::new() },
            Err(error @ (FetchError::Timeout(_) | FetchError::Failed { .. })) => Posted::Unknown(error),
            Err(error) => Posted::NotSent(error),
        }
    }
}
