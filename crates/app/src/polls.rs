//! Reports that we fetch, each on a thread of its own: a slow server holds up nobody but itself. What is fetched goes through the same door
//! as what is sent to us.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;
use schakel_ingest::door::{Refusal, Spool, Upload};
use schakel_lookup::poll::{Polled, Poller, Version};
use schakel_model::{
    arrival::{Door, Envelope, Receipt},
    clock::Clock,
};
use schakel_store::data_dir::DataDir;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    config::{Config, PollConfig},
    doors::SpoolDoor,
    serve::Counters,
    shadowserver_client::ShadowserverClient,
};

/// A server is asked no more often than this, whatever the configuration says.
const EVERY_SECONDS_MIN: u64 = 60;

/// After a failure it is tried again after this long, and after twice as long each time it fails again.
const RETRY_SECONDS: u64 = 60;

/// It is tried again after this long at the latest, unless it is asked less often anyway.
const RETRY_SECONDS_MAX: u64 = 3_600;

/// How often it is looked whether something is due, or we are to stop.
const TICK: Duration = Duration::from_millis(200);

/// What is being fetched when we stop is dropped; who does not notice in this time is left behind.
const STOP_MAX: Duration = Duration::from_secs(2);

/// How the fetching goes, for metrics.
#[derive(Debug, Default)]
pub struct PollCounters(Mutex<BTreeMap<String, PollCount>>);

/// How the fetching of one thing goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PollCount {
    /// When its server last answered well, in seconds since 1970; 0 is never.
    pub succeeded_at: i64,
    /// How often it failed since the start.
    pub failures: u64,
}

impl PollCounters {
    /// By the names of what is fetched.
    pub fn all(&self) -> BTreeMap<String, PollCount> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut PollCount)) {
        change(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default());
    }
}

/// Something that is fetched.
pub(crate) trait Fetch: Send {
    /// What it is called in the log and in metrics.
    fn name(&self) -> &str;
    /// How often.
    fn every_seconds(&self) -> u64;
    /// When it last succeeded, in seconds since 1970, as it was kept.
    fn succeeded_at(&self) -> i64;
    /// Fetches what is new. Gives the receipts.
    fn fetch(&mut self, turn: &Turn<'_>) -> anyhow::Result<Vec<Receipt>>;
}

/// What a fetch is done with.
pub(crate) struct Turn<'a> {
    pub poller: &'a Poller,
    pub door: &'a SpoolDoor,
    pub now: i64,
    pub stop: &'a AtomicBool,
}

/// The threads that fetch.
pub(crate) struct Fetchers(Vec<JoinHandle<()>>);

impl Fetchers {
    /// Starts everything that is configured.
    pub fn start(
        data: &DataDir,
        config: &Config,
        door: &Arc<SpoolDoor>,
        clock: Clock,
        stop: &Arc<AtomicBool>,
        counters: &Arc<Counters>,
    ) -> anyhow::Result<Self> {
        let folder = data.spool().join("polls");
        let mut fetches: Vec<Box<dyn Fetch>> = Vec::new();
        for poll in &config.doors.poll {
            let poll = Poll::open(poll, config.doors.report_bytes_max, &folder)
                .with_context(|| format!("doors.poll: {}", poll.name))?;
            let is_new = fetches.iter().all(|other| other.name() != poll.name());
            anyhow::ensure!(is_new, "doors.poll: two have the name {}", poll.name());
            fetches.push(Box::new(poll));
        }
        if !config.doors.shadowserver.source.is_empty() {
            let client =
                ShadowserverClient::open(&config.doors.shadowserver, config.doors.report_bytes_max, &folder)
                    .context("doors.shadowserver")?;
            fetches.push(Box::new(client));
        }
        let mut threads = Vec::new();
        for fetch in fetches {
            let poller = Poller::new(&config.outgoing)?;
            let (door, stop, counters) = (Arc::clone(door), Arc::clone(stop), Arc::clone(counters));
            threads.push(thread::spawn(move || run(fetch, &poller, &door, clock, &stop, &counters.polls)));
        }
        Ok(Self(threads))
    }

    /// Waits until they have ended, which they do when they are to stop.
    pub fn end(self) {
        let since = Instant::now();
        while self.0.iter().any(|thread| !thread.is_finished()) && since.elapsed() < STOP_MAX {
            thread::sleep(TICK / 10);
        }
    }
}

fn run(
    mut fetch: Box<dyn Fetch>,
    poller: &Poller,
    door: &SpoolDoor,
    clock: Clock,
    stop: &AtomicBool,
    counters: &PollCounters,
) {
    let name = fetch.name().to_owned();
    let every = fetch.every_seconds().max(EVERY_SECONDS_MIN);
    let (mut failures, mut due_at) = (0, fetch.succeeded_at().saturating_add_unsigned(every));
    counters.change(&name, |count| count.succeeded_at = fetch.succeeded_at());
    while !stop.load(Relaxed) {
        let now = clock.now_seconds();
        // After a clock was set back it is not waited for longer than usual.
        if now < due_at && due_at - now <= i64::try_from(every).unwrap_or(i64::MAX) {
            thread::sleep(TICK);
            continue;
        }
        let fetched = fetch.fetch(&Turn { poller, door, now, stop });
        if stop.load(Relaxed) {
            return;
        }
        let wait = match fetched {
            Ok(receipts) => {
                for receipt in receipts {
                    tracing::info!(name, %receipt, "fetched a report");
                }
                failures = 0;
                counters.change(&name, |count| count.succeeded_at = now);
                every
            }
            Err(error) => {
                let wait = retry_seconds(failures, every);
                tracing::warn!(name, error = %format!("{error:#}"), again_in_seconds = wait, "cannot fetch");
                failures += 1;
                counters.change(&name, |count| count.failures += 1);
                wait
            }
        };
        due_at = now.saturating_add_unsigned(wait);
    }
}

/// How long to wait after one more failure than these.
fn retry_seconds(failures: u32, every: u64) -> u64 {
    let doubled = RETRY_SECONDS.saturating_mul(1 << failures.min(20));
    doubled.min(RETRY_SECONDS_MAX.max(every))
}

/// A report at a web address.
struct Poll {
    name: String,
    url: String,
    source: String,
    every_seconds: u64,
    header: Option<(String, String)>,
    bytes_max: u64,
    file: PathBuf,
    known: Checkpoint,
}

/// What was fetched last, so that it is not taken for new.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Checkpoint {
    url: String,
    etag: String,
    last_modified: String,
    hash: String,
    succeeded_at: i64,
}

impl Poll {
    fn open(config: &PollConfig, bytes_max: u64, folder: &Path) -> anyhow::Result<Self> {
        let name = &config.name;
        let is_plain = *name == Envelope::clean_name(name) && !name.starts_with('.');
        anyhow::ensure!(is_plain, "`name` must be a file name, for example urlhaus.csv");
        anyhow::ensure!(config.url.starts_with("https://"), "`url` must begin with https://");
        anyhow::ensure!(!config.source.is_empty(), "`source` is empty: say whose reports these are");
        let header = match (config.header.as_str(), config.header_env.as_str()) {
            ("", "") => None,
            (header, variable) if !header.is_empty() && !variable.is_empty() => {
                let value = env::var(variable)
                    .with_context(|| format!("the environment variable {variable} is not set"))?;
                Some((header.to_owned(), value))
            }
            _ => anyhow::bail!("set both `header` and `header_env`, or neither"),
        };
        let file = folder.join(format!("{name}.json"));
        let known = read_checkpoint::<Checkpoint>(&file)?.filter(|known| known.url == config.url);
        Ok(Self {
            name: name.clone(),
            url: config.url.clone(),
            source: config.source.clone(),
            every_seconds: config.every_seconds,
            header,
            bytes_max,
            file,
            known: known.unwrap_or_default(),
        })
    }
}

impl Fetch for Poll {
    fn name(&self) -> &str {
        &self.name
    }

    fn every_seconds(&self) -> u64 {
        self.every_seconds
    }

    fn succeeded_at(&self) -> i64 {
        self.known.succeeded_at
    }

    fn fetch(&mut self, turn: &Turn<'_>) -> anyhow::Result<Vec<Receipt>> {
        let mut coming = Coming::begin(turn, Door::Poll, &self.source, &self.name)?;
        let version =
            Version { etag: self.known.etag.clone(), last_modified: self.known.last_modified.clone() };
        let header = self.header.as_ref().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut kept = Vec::new();
        match turn.poller.poll(&self.url, header, &version, self.bytes_max, &mut coming)? {
            Polled::Unchanged => {}
            Polled::Written(version) => {
                let hash = coming.hash();
                // Not every server says that nothing has changed.
                if hash != self.known.hash && !coming.is_empty() {
                    kept.push(coming.finish()?);
                }
                let Version { etag, last_modified } = version;
                self.known = Checkpoint { url: self.url.clone(), etag, last_modified, hash, succeeded_at: 0 };
            }
        }
        self.known.succeeded_at = turn.now;
        write_checkpoint(&self.file, &self.known)?;
        Ok(kept)
    }
}

/// A report on its way from a server into the spool. Dropped unfinished, nothing of it stays.
pub(crate) struct Coming<'a> {
    upload: Box<dyn Upload>,
    hasher: blake3::Hasher,
    is_empty: bool,
    stop: &'a AtomicBool,
}

impl<'a> Coming<'a> {
    pub fn begin(turn: &Turn<'a>, door: Door, source: &str, name: &str) -> anyhow::Result<Self> {
        let envelope = Envelope {
            door,
            source: source.to_owned(),
            received_at: turn.now,
            name: name.to_owned(),
            sender: String::new(),
            peer: None,
        };
        let upload = turn.door.begin(&envelope).map_err(|refusal| explained(refusal, source))?;
        Ok(Self { upload, hasher: blake3::Hasher::new(), is_empty: true, stop: turn.stop })
    }

    pub fn hash(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }

    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    pub fn finish(self) -> anyhow::Result<Receipt> {
        self.upload.finish().map_err(|refusal| explained(refusal, ""))
    }
}

impl Write for Coming<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stop.load(Relaxed) {
            return Err(io::Error::other("the service stops"));
        }
        self.upload.write_all(bytes)?;
        self.hasher.update(bytes);
        self.is_empty &= bytes.is_empty();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn explained(refusal: Refusal, source: &str) -> anyhow::Error {
    match refusal {
        Refusal::Later { .. } => anyhow::anyhow!("the spool is full"),
        Refusal::TooLarge { bytes_max } => anyhow::anyhow!("it is larger than {bytes_max} bytes"),
        Refusal::Blocked => anyhow::anyhow!(
            "the source `{source}` is blocked, or there is none of this name: `schakel source add {source}`"
        ),
        Refusal::Trouble(text) => anyhow::anyhow!(text),
    }
}

/// What stands in a checkpoint, when there is one.
pub(crate) fn read_checkpoint<T: DeserializeOwned>(file: &Path) -> anyhow::Result<Option<T>> {
    match fs::read(file) {
        // One that cannot be read costs one report fetched twice, which is known by its bytes.
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Keeps a checkpoint: the old one or the new one, whatever happens.
pub(crate) fn write_checkpoint(file: &Path, known: &impl Serialize) -> anyhow::Result<()> {
    let write = || {
        let new = file.with_extension("new");
        fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
        let mut written = File::create(&new)?;
        written.write_all(&serde_json::to_vec(known)?)?;
        written.sync_all()?;
        fs::rename(&new, file)
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_fails_is_asked_less_and_less() {
        let waits: Vec<u64> = (0..9).map(|failures| retry_seconds(failures, 300)).collect();
        assert_eq!(waits, [60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
        assert_eq!(retry_seconds(30, 86_400), 86_400);
    }

    #[test]
    fn settings_that_cannot_be_used_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let good = PollConfig {
            name: "list.csv".into(),
            url: "https://feed.example/list.csv".into(),
            source: "feed".into(),
            ..PollConfig::default()
        };
        let open = |config: PollConfig| Poll::open(&config, 1, folder.path()).map(|poll| poll.known);
        open(good.clone()).unwrap();
        for (config, says) in [
            (PollConfig { name: "../x".into(), ..good.clone() }, "`name`"),
            (PollConfig { name: ".x".into(), ..good.clone() }, "`name`"),
            (PollConfig { url: "http://feed.example/".into(), ..good.clone() }, "https://"),
            (PollConfig { source: String::new(), ..good.clone() }, "`source`"),
            (PollConfig { header: "Auth-Key".into(), ..good.clone() }, "both"),
            (
                PollConfig {
                    header: "Auth-Key".into(),
                    header_env: "SCHAKEL_NOT_SET".into(),
                    ..good.clone()
                },
                "SCHAKEL_NOT_SET",
            ),
        ] {
            let error = open(config).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        // A checkpoint belongs to an address.
        let known = Checkpoint { url: good.url.clone(), etag: "\"1\"".into(), ..Checkpoint::default() };
        write_checkpoint(&folder.path().join("list.csv.json"), &known).unwrap();
        assert_eq!(open(good.clone()).unwrap().etag, "\"1\"");
        assert_eq!(open(PollConfig { url: "https://other.example/".into(), ..good }).unwrap().etag, "");
    }
}
