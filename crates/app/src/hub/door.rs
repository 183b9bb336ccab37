//! Who may bring something to this hub, or fetch what waits for it. A request is signed by a key that is pinned for a link; to anybody else every
//! answer is the same.

use std::{
    collections::{HashMap, VecDeque},
    io::Read,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use memchr::memmem;
use schakel_formats::{
    http_signature::{self, Given, Posted},
    hub::message::{self, Kind, LINE_BYTES_MAX},
};
use schakel_ingest::door::Refusal;
use schakel_model::{
    arrival::{Door, Envelope},
    hub::{Link, LinkState, ParcelClass},
    ids::LinkId,
};
use schakel_rules::hub::{CLOCKS_APART, hourly};
use schakel_seal::ed25519;
use schakel_store::{
    Reader, StoreError,
    data_dir::DataDir,
    hub_messages::HubWriter,
    hubs::{self, PinnedKey},
};

use super::sending::{Batch, May, batch, taken};
use crate::{config::Config, doors::SpoolDoor};

/// Where messages are brought, and where they are fetched.
pub const MESSAGES: &str = "/hub/v1/messages";
/// See [`MESSAGES`].
pub const FETCH: &str = "/hub/v1/fetch";

/// The media type of lines of messages, and of a question for them.
pub const LINES_TYPE: &str = "application/x-ndjson";
/// See [`LINES_TYPE`].
pub const JSON_TYPE: &str = "application/json";

/// The field of an answer that says what to give as `after` the next time.
pub const CURSOR: &str = "hub-cursor";

/// A request, in bytes as they come: what is sent together is at most [`super::sending::BATCH_BYTES`].
pub const BODY_BYTES_MAX: usize = 8 << 20;

/// The same, unpacked.
const LINES_BYTES_MAX: u64 = 32 << 20;

/// Lines of one request: what is sent together is fewer.
const LINES_MAX: usize = 10_000;

/// The window of the compression, as a power of two: eight MiB of memory for each request that is unpacked.
const WINDOW_LOG_MAX: u32 = 23;

/// Requests of one hub that are remembered, so that none comes twice. A hub that sends more in the window waits.
const NONCES_MAX: usize = 50_000;

/// The time over which parcels are counted, in seconds.
const HOUR: i64 = 3_600;

/// A link that was paused, or a quota that was used up, is asked again after so many seconds.
const LATER_SECONDS: u32 = 60;

/// A parcel in the spool, in bytes, for the credit that is left.
const PARCEL_BYTES: u64 = 1 << 10;

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its fields.
    pub content_type: &'a str,
    /// See `content_type`.
    pub content_encoding: &'a str,
    /// See `content_type`.
    pub content_digest: &'a str,
    /// See `content_type`.
    pub signature_input: &'a str,
    /// See `content_type`.
    pub signature: &'a str,
    /// Its content.
    pub body: &'a [u8],
    /// Where it came from.
    pub peer: Option<IpAddr>,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// Why a request has no effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotServed {
    /// Nobody whom we know, or nothing proves it.
    Unknown,
    /// Not as it has to be.
    Bad(&'static str),
    /// Larger than may be.
    TooLarge,
    /// Try again after so many seconds.
    Later(u32),
    /// Something is wrong here; for our log.
    Trouble(String),
}

impl From<Refusal> for NotServed {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Later { after_seconds } => Self::Later(after_seconds),
            Refusal::TooLarge { .. } => Self::TooLarge,
            Refusal::Blocked => Self::Unknown,
            Refusal::Trouble(text) => Self::Trouble(text),
        }
    }
}

impl From<StoreError> for NotServed {
    fn from(error: StoreError) -> Self {
        Self::Trouble(error.to_string())
    }
}

/// What was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Lines that are on our disk now.
    pub taken: usize,
    /// Parcels that there is room for.
    pub credit: u64,
}

/// What waits for a hub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetched {
    /// The lines.
    pub lines: Vec<u8>,
    /// What to say the next time, as a sign that these have arrived.
    pub cursor: String,
}

/// The door for other hubs.
pub struct HubDoor {
    url: String,
    spool: Arc<SpoolDoor>,
    reader: Mutex<Reader>,
    writer: Mutex<HubWriter>,
    seen: Mutex<HashMap<LinkId, Seen>>,
}

/// What is remembered of a link. Nothing of it is needed after a restart: what comes again is known by its name.
#[derive(Default)]
struct Seen {
    nonces: HashMap<String, i64>,
    parcels: VecDeque<(i64, u64)>,
    given: Option<(String, Batch)>,
}

impl HubDoor {
    /// Beside the store of this data directory.
    pub fn open(data: &DataDir, config: &Config, spool: Arc<SpoolDoor>) -> Result<Self, StoreError> {
        Ok(Self {
            url: config.hub.url.trim_end_matches('/').to_owned(),
            spool,
            reader: Mutex::new(Reader::open(data)?),
            writer: Mutex::new(HubWriter::open(data)?),
            seen: Mutex::default(),
        })
    }

    /// May a request with this field be read at all? Whoever names a key that we know may send a body.
    pub fn knows(&self, signature_input: &str) -> Result<bool, NotServed> {
        let Some(key_id) = http_signature::key_id(signature_input) else { return Ok(false) };
        let found = lock(&self.reader).read(|connection| hubs::by_key_id(connection, key_id))?;
        Ok(found.is_some())
    }

    /// Takes messages. They are on our disk when this returns.
    pub fn messages(&self, asked: &Asked<'_>) -> Result<Taken, NotServed> {
        let link = self.caller(asked, LINES_TYPE)?;
        let lines = unpacked(asked)?;
        let all = split(&lines)?;
        let kind = format!("\"type\":\"{}\"", Kind::Parcel.as_str());
        let is_parcel = memmem::Finder::new(kind.as_bytes());
        let parcels = all.iter().filter(|line| is_parcel.find(line).is_some()).count() as u64;
        let is_critical = message::read(all[0]).is_ok_and(|first| {
            first.envelope.data.get("class").and_then(|class| class.as_str())
                == Some(ParcelClass::Critical.as_str())
        });
        let class = if is_critical { ParcelClass::Critical } else { ParcelClass::Normal };
        self.is_within_quota(&link, asked.now, parcels, class)?;
        let source = hubs::source_code(&link.peer);
        let envelope = Envelope {
            door: Door::Hub,
            source: source.clone(),
            received_at: asked.now,
            name: format!("{source}.jsonl"),
            sender: String::new(),
            peer: asked.peer,
        };
        self.spool.keep_from_hub(&envelope, &lines, is_critical)?;
        lock(&self.seen).entry(link.id).or_default().parcels.push_back((asked.now, parcels));
        let waiting = self.spool.waiting_bytes(&source)? / PARCEL_BYTES;
        Ok(Taken { taken: all.len(), credit: u64::from(link.terms.credit).saturating_sub(waiting) })
    }

    /// Gives what waits for the one who asks. What was given before counts as taken when its cursor is said.
    pub fn fetch(&self, asked: &Asked<'_>) -> Result<Fetched, NotServed> {
        let link = self.caller(asked, JSON_TYPE)?;
        let bad =
            || NotServed::Bad("A question is {\"after\": the last hub-cursor or \"\", \"limit\": a number}.");
        let question: serde_json::Value = serde_json::from_slice(asked.body).map_err(|_| bad())?;
        let after = question.get("after").and_then(serde_json::Value::as_str).ok_or_else(bad)?;
        let limit = question.get("limit").and_then(serde_json::Value::as_u64).ok_or_else(bad)?;
        let mut writer = lock(&self.writer);
        let given = lock(&self.seen).entry(link.id).or_default().given.take();
        if let Some((cursor, given)) = given
            && cursor == after
        {
            writer.write(|transaction| taken(transaction, &given, asked.now))?;
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let batch = batch(&writer, &link, &mut Default::default(), asked.now, (May::All, limit))?;
        let cursor = super::ours::new_id_text().map_err(|error| NotServed::Trouble(error.to_string()))?;
        let lines = batch.lines();
        lock(&self.seen).entry(link.id).or_default().given = Some((cursor.clone(), batch));
        Ok(Fetched { lines, cursor })
    }

    /// The link whose hub has signed a request, just now and not before.
    fn caller(&self, asked: &Asked<'_>, content_type: &str) -> Result<Link, NotServed> {
        if asked.content_type != content_type {
            return Err(NotServed::Unknown);
        }
        let target = format!("{}{}", self.url, asked.path);
        let posted = Posted { target: &target, content_type, body: asked.body };
        let given =
            http_signature::read(&posted, asked.content_digest, asked.signature_input, asked.signature);
        let given = given.ok_or(NotServed::Unknown)?;
        let found = lock(&self.reader).read(|connection| hubs::by_key_id(connection, &given.key_id))?;
        let (link, key) = found.ok_or(NotServed::Unknown)?;
        if !is_fresh(&given, &key, asked.now) || !self.is_first(&link, &given, asked.now)? {
            return Err(NotServed::Unknown);
        }
        match link.state {
            LinkState::Active => Ok(link),
            LinkState::Paused | LinkState::Invited => Err(NotServed::Later(LATER_SECONDS)),
            LinkState::Ended => Err(NotServed::Unknown),
        }
    }

    fn is_first(&self, link: &Link, given: &Given, now: i64) -> Result<bool, NotServed> {
        let mut seen = lock(&self.seen);
        let nonces = &mut seen.entry(link.id).or_default().nonces;
        if nonces.len() >= NONCES_MAX {
            nonces.retain(|_, created| *created >= now - CLOCKS_APART);
        }
        if nonces.len() >= NONCES_MAX {
            return Err(NotServed::Later(LATER_SECONDS));
        }
        Ok(!given.nonce.is_empty() && nonces.insert(given.nonce.clone(), given.created).is_none())
    }

    /// Parcels beyond what was agreed for an hour wait.
    fn is_within_quota(
        &self,
        link: &Link,
        now: i64,
        parcels: u64,
        class: ParcelClass,
    ) -> Result<(), NotServed> {
        let mut seen = lock(&self.seen);
        let counted = &mut seen.entry(link.id).or_default().parcels;
        while counted.front().is_some_and(|(at, _)| *at <= now - HOUR) {
            counted.pop_front();
        }
        let last_hour: u64 = counted.iter().map(|(_, count)| count).sum();
        match parcels > 0 && last_hour + parcels > hourly(&link.terms, class) {
            true => Err(NotServed::Later(LATER_SECONDS)),
            false => Ok(()),
        }
    }
}

fn is_fresh(given: &Given, key: &PinnedKey, now: i64) -> bool {
    key.counts(now)
        && (given.created - now).abs() <= CLOCKS_APART
        && ed25519::holds(&key.key, &given.signed, &given.signature)
}

fn unpacked(asked: &Asked<'_>) -> Result<Vec<u8>, NotServed> {
    match asked.content_encoding {
        "" | "identity" => Ok(asked.body.to_vec()),
        "zstd" => unpack(asked.body),
        _ => {
            Err(NotServed::Bad("The content is encoded in a way that is not known here: use zstd, or none."))
        }
    }
}

/// The lines, when there are some and not too many or too long ones.
pub(super) fn split(lines: &[u8]) -> Result<Vec<&[u8]>, NotServed> {
    let all: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    if all.is_empty() {
        return Err(NotServed::Bad("There is no message in it."));
    }
    if all.len() > LINES_MAX || all.iter().any(|line| line.len() > LINE_BYTES_MAX) {
        return Err(NotServed::TooLarge);
    }
    Ok(all)
}

/// Lines that were packed by zstd, as far as they may be.
pub(super) fn unpack(packed: &[u8]) -> Result<Vec<u8>, NotServed> {
    let bad = |_| NotServed::Bad("It cannot be unpacked.");
    let mut decoder = zstd::stream::read::Decoder::new(packed).map_err(bad)?;
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(bad)?;
    let mut lines = Vec::new();
    decoder.take(LINES_BYTES_MAX + 1).read_to_end(&mut lines).map_err(bad)?;
    match lines.len() as u64 > LINES_BYTES_MAX {
        true => Err(NotServed::TooLarge),
        false => Ok(lines),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
