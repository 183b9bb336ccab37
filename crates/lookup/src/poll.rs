//! A report that is fetched now and then: read to its end only when it has changed since.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use crate::{
    dns::Resolver,
    https::{Asked, FetchError, Https, failure},
    settings::{OutgoingSettings, SettingsError},
};

/// A report is a large file, perhaps over a slow line: from the first byte asked to the last one read.
pub const FETCH_TIME_MAX: Duration = Duration::from_secs(900);

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 << 10;

/// Longer words of a server about a version are not sent back to it.
const VERSION_BYTES_MAX: usize = 1 << 10;

/// Which version of it a server has given, in its own words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Version {
    /// Its `ETag`; empty when it says none.
    pub etag: String,
    /// Its `Last-Modified`; empty when it says none.
    pub last_modified: String,
}

/// What a server answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Polled {
    /// It is as it was.
    Unchanged,
    /// It was written; this is its version.
    Written(Version),
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// It could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It could not be written where it was to go.
    #[error("it cannot be kept: {0}")]
    Write(#[source] io::Error),
}

/// Fetches reports. As everything that goes out, by the one rule for what may be reached.
#[derive(Debug)]
pub struct Poller {
    resolver: Resolver,
    https: Https,
}

impl Poller {
    /// As configured; asks nothing yet.
    pub fn new(settings: &OutgoingSettings) -> Result<Self, SettingsError> {
        let timeout =
            Duration::from_secs(settings.timeout_seconds.clamp(1, crate::settings::TIMEOUT_SECONDS_MAX));
        let resolver = Resolver::new(settings.resolvers()?, timeout);
        Ok(Self { resolver, https: Https::new(settings.rule()?, settings.certificates()?, FETCH_TIME_MAX) })
    }

    /// Writes what lies at a URL, unless it is the version that is known. `header`: its name and value, for a key.
    pub fn poll(
        &self,
        url: &str,
        header: Option<(&str, &str)>,
        known: &Version,
        most: u64,
        to: &mut dyn Write,
    ) -> Result<Polled, PollError> {
        let mut headers: Vec<(&str, &str)> = header.into_iter().collect();
        for (name, value) in [("if-none-match", &known.etag), ("if-modified-since", &known.last_modified)] {
            if !value.is_empty() {
                headers.push((name, value));
            }
        }
        self.fetch(&Asked { url, accept: "*/*", headers: &headers, body: None }, most, to)
    }

    pub(crate) fn fetch(
        &self,
        asked: &Asked<'_>,
        most: u64,
        to: &mut dyn Write,
    ) -> Result<Polled, PollError> {
        let (at, mut answer) = self.https.ask(&self.resolver, asked)?;
        match answer.status().as_u16() {
            200 => {}
            304 => return Ok(Polled::Unchanged),
            status => return Err(FetchError::Status { url: at.to_string(), status }.into()),
        }
        let word = |name| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.filter(|value| value.len() <= VERSION_BYTES_MAX).unwrap_or_default().to_owned()
        };
        let version = Version { etag: word("etag"), last_modified: word("last-modified") };
        let mut body = answer.body_mut().with_config().limit(most).reader();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = body.read(&mut piece).map_err(|error| failure(&at, most, ureq::Error::from(error)))?;
            if read == 0 {
                return Ok(Polled::Written(version));
            }
            to.write_all(&piece[..read]).map_err(PollError::Write)?;
        }
    }
}
