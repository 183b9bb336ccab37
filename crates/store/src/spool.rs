//! The spool: what reached a door, until it is in the store or was put aside.
//!
//! It is a database of its own, so that doors go on while the store is busy or lent to a command. Small reports lie in its rows, large ones
//! in files beside it. Many reports become durable by one sync: the doors' side hands them to one thread, and whatever waits there goes
//! into one transaction.
//!
//! ```text
//! DATA/spool/spool.sqlite    what is kept
//! DATA/spool/*.upload        the bytes of large reports
//! ```
//!
//! A report leaves the spool after the store has it. When a crash comes between the two it is taken in again, and known by its bytes.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::arrival::{Door, Envelope, Receipt};

use crate::{
    StoreError,
    data_dir::DataDir,
    error::{DatabaseContext, FileContext},
};

/// "SCHS": says that a database is a spool of ours.
const APPLICATION_ID: i64 = 0x5343_4853;

/// The layout of the spool's database.
const LAYOUT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE kept (
        receipt INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, priority INTEGER NOT NULL, door TEXT NOT NULL,
        source TEXT NOT NULL, received_at INTEGER NOT NULL, name TEXT NOT NULL, sender TEXT NOT NULL, peer TEXT NOT NULL,
        size INTEGER NOT NULL, reason TEXT NOT NULL, bytes BLOB, file TEXT
    );
    CREATE INDEX kept_next ON kept (state, priority, receipt);
";

/// A report up to this size lies in the database: a mail or a small report. Larger ones are files, so that memory does not grow with them.
const INLINE_BYTES_MAX: usize = 1 << 20;

/// Reports in one transaction at most: a bound on how long the first of them waits.
const BATCH_MAX: usize = 1_000;

/// How long a connection waits for another one's transaction. Each is short.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What is kept, and why it still is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nobody has looked at it yet: it is next.
    Waiting = 0,
    /// It waits for a person.
    Held = 1,
    /// It was refused or is no report: kept as evidence for a while.
    Aside = 2,
}

/// Something in the spool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its number.
    pub receipt: Receipt,
    /// Why it is still here.
    pub state: State,
    /// What its door knew.
    pub envelope: Envelope,
    /// Bytes.
    pub size: u64,
    /// Why it is held or was put aside.
    pub reason: String,
    /// The file its bytes lie in, when they are not in the database.
    pub file: Option<String>,
}

/// The bytes of something kept.
#[derive(Debug)]
pub enum Content {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file.
    File(PathBuf),
}

/// Why the spool did not keep something.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// More bytes than allowed.
    #[error("larger than {bytes_max} bytes")]
    TooLarge {
        /// How many are.
        bytes_max: u64,
    },
    /// It could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that writes has stopped, or said why it could not.
    #[error("{0}")]
    NotKept(String),
}

/// The doors' side: shared by all of them, in the process that serves.
pub struct Spool {
    jobs: SyncSender<Job>,
    folder: PathBuf,
    asking: Mutex<Asking>,
}

/// What is used. A count goes through everything that is kept, so it is taken now and then only; in between, what is kept is added to it.
struct Asking {
    connection: Connection,
    counted_at: Option<Instant>,
    total: u64,
    by_source: HashMap<String, u64>,
}

/// What has left the spool counts for this much longer at most.
const COUNTED_FOR: Duration = Duration::from_millis(500);

struct Job {
    envelope: Envelope,
    priority: u8,
    size: u64,
    body: Body,
    answer: Sender<Result<Receipt, String>>,
}

enum Body {
    Bytes(Vec<u8>),
    File(String),
}

impl Spool {
    /// Opens the spool and removes what unfinished uploads have left. Only the process that serves may. Numbers go on after `highest`, the
    /// highest the store knows.
    pub fn open(data: &DataDir, highest: Receipt) -> Result<Self, StoreError> {
        let folder = folder(data)?;
        let connection = connect(&folder)?;
        remove_leftovers(&connection, &folder)?;
        Self::with(connection, folder, highest)
    }

    /// Opens the spool beside the process that serves, whose uploads are left alone.
    pub fn beside(data: &DataDir, highest: Receipt) -> Result<Self, StoreError> {
        let folder = folder(data)?;
        Self::with(connect(&folder)?, folder, highest)
    }

    fn with(connection: Connection, folder: PathBuf, highest: Receipt) -> Result<Self, StoreError> {
        go_on_after(&connection, highest)?;
        let (jobs, waiting) = sync_channel(BATCH_MAX);
        let connection_to_ask = connect(&folder)?;
        let asking = Mutex::new(Asking {
            connection: connection_to_ask,
            counted_at: None,
            total: 0,
            by_source: HashMap::new(),
        });
        thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || keep_all(connection, &waiting))
            .on("start the thread of", &folder)?;
        Ok(Self { jobs, folder, asking })
    }

    /// Bytes in the spool: of everybody, and of this source.
    pub fn used(&self, source: &str) -> Result<(u64, u64), StoreError> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if asking.counted_at.is_none_or(|at| at.elapsed() >= COUNTED_FOR) {
            asking.count()?;
        }
        Ok((asking.total, asking.by_source.get(source).copied().unwrap_or(0)))
    }

    /// Begins to keep a report that comes in pieces. `priority`: 0 goes before 1.
    pub fn begin(self: &Arc<Self>, envelope: Envelope, priority: u8, bytes_max: u64) -> Uploading {
        Uploading {
            spool: Arc::clone(self),
            envelope,
            priority,
            bytes_max,
            size: 0,
            buffer: Vec::new(),
            file: None,
        }
    }

    /// Keeps a file as a report: it is moved into the spool's folder, which must be on the same file system.
    pub fn keep_file(&self, envelope: Envelope, priority: u8, path: &Path) -> Result<Receipt, SpoolError> {
        let name = random_name()?;
        let file = File::open(path).on("open", path)?;
        let size = file.metadata().on("look at", path)?.len();
        file.sync_all().on("sync", path)?;
        let target = self.folder.join(&name);
        fs::rename(path, &target).on("move into the spool", path)?;
        sync_folder(&self.folder)?;
        self.keep(envelope, priority, size, Body::File(name))
    }

    fn keep(&self, envelope: Envelope, priority: u8, size: u64, body: Body) -> Result<Receipt, SpoolError> {
        let stopped = || SpoolError::NotKept("the spool has stopped".to_owned());
        let (answer, answered) = channel();
        let source = envelope.source.clone();
        self.jobs.send(Job { envelope, priority, size, body, answer }).map_err(|_| stopped())?;
        let receipt = answered.recv().map_err(|_| stopped())?.map_err(SpoolError::NotKept)?;
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        asking.total += size;
        *asking.by_source.entry(source).or_default() += size;
        Ok(receipt)
    }
}

impl Asking {
    fn count(&mut self) -> Result<(), StoreError> {
        let counted: HashMap<String, u64> = self
            .connection
            .prepare_cached("SELECT source, sum(size) FROM kept GROUP BY source")
            .and_then(|mut statement| {
                let of_source = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64));
                statement.query_map([], of_source)?.collect()
            })
            .doing("say what lies in the spool")?;
        self.total = counted.values().sum();
        self.by_source = counted;
        self.counted_at = Some(Instant::now());
        Ok(())
    }
}

/// A report on its way into the spool. Dropped unfinished, nothing of it stays.
pub struct Uploading {
    spool: Arc<Spool>,
    envelope: Envelope,
    priority: u8,
    bytes_max: u64,
    size: u64,
    buffer: Vec<u8>,
    file: Option<(File, PathBuf)>,
}

impl Uploading {
    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        self.size += bytes.len() as u64;
        if self.size > self.bytes_max {
            return Err(SpoolError::TooLarge { bytes_max: self.bytes_max });
        }
        if self.file.is_none() && self.buffer.len() + bytes.len() > INLINE_BYTES_MAX {
            let path = self.spool.folder.join(random_name()?);
            let mut file =
                OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path).on("make", &path)?;
            file.write_all(&self.buffer).on("write", &path)?;
            self.buffer = Vec::new();
            self.file = Some((file, path));
        }
        match &mut self.file {
            Some((file, path)) => file.write_all(bytes).on("write", path)?,
            None => self.buffer.extend_from_slice(bytes),
        }
        Ok(())
    }

    /// Makes it durable.
    pub fn finish(mut self) -> Result<Receipt, SpoolError> {
        let body = match &self.file {
            Some((file, path)) => {
                file.sync_all().on("sync", path)?;
                sync_folder(&self.spool.folder)?;
                Body::File(path.file_name().unwrap_or_default().to_string_lossy().into_owned())
            }
            None => Body::Bytes(std::mem::take(&mut self.buffer)),
        };
        let receipt = self.spool.keep(self.envelope.clone(), self.priority, self.size, body)?;
        // It is the spool's now.
        self.file = None;
        Ok(receipt)
    }
}

impl Drop for Uploading {
    fn drop(&mut self) {
        if let Some((_, path)) = self.file.take() {
            // What stays is removed when the spool is opened.
            let _ = fs::remove_file(path);
        }
    }
}

/// Keeps what comes, as many in one transaction as are waiting.
fn keep_all(mut connection: Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(job) = waiting.try_recv()
        {
            batch.push(job);
        }
        let kept = insert(&mut connection, &batch);
        for (number, job) in batch.iter().enumerate() {
            let answer = match &kept {
                Ok(receipts) => Ok(receipts[number]),
                Err(error) => Err(error.to_string()),
            };
            // Whoever has gone meanwhile sends it again, and it is known by its bytes.
            let _ = job.answer.send(answer);
        }
    }
}

fn insert(connection: &mut Connection, batch: &[Job]) -> Result<Vec<Receipt>, StoreError> {
    let mut insert = || {
        let transaction = connection.transaction()?;
        let mut receipts = Vec::with_capacity(batch.len());
        {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO kept (state, priority, door, source, received_at, name, sender, peer, size, reason, bytes, file)
                 VALUES (0,?1,?2,?3,?4,?5,?6,?7,?8,'',?9,?10)",
            )?;
            for job in batch {
                let envelope = &job.envelope;
                let (bytes, file) = match &job.body {
                    Body::Bytes(bytes) => (Some(bytes), None),
                    Body::File(file) => (None, Some(file)),
                };
                let receipt = statement.insert(params![
                    job.priority,
                    envelope.door.as_str(),
                    envelope.source,
                    envelope.received_at,
                    envelope.name,
                    envelope.sender,
                    envelope.peer.map(|peer| peer.to_string()).unwrap_or_default(),
                    job.size as i64,
                    bytes,
                    file,
                ])?;
                receipts.push(Receipt(receipt as u64));
            }
        }
        transaction.commit()?;
        Ok(receipts)
    };
    insert().doing("keep what reached a door")
}

/// The desk's side: what is kept, and what becomes of it. Any process may open it.
pub struct SpoolDesk {
    connection: Connection,
    folder: PathBuf,
}

const COLUMNS: &str = "receipt, state, door, source, received_at, name, sender, peer, size, reason, file";

impl SpoolDesk {
    /// Opens the spool; makes it when there is none.
    pub fn open(data: &DataDir) -> Result<Self, StoreError> {
        let folder = folder(data)?;
        Ok(Self { connection: connect(&folder)?, folder })
    }

    /// What is next: what is critical before the rest, then in the order it came.
    pub fn next(&self) -> Result<Option<Kept>, StoreError> {
        self.select_one("state = 0 ORDER BY priority, receipt LIMIT 1", [])
    }

    /// One by its number.
    pub fn get(&self, receipt: Receipt) -> Result<Option<Kept>, StoreError> {
        self.select_one("receipt = ?1", [receipt.0 as i64])
    }

    /// All in this state, in the order they came.
    pub fn list(&self, state: State) -> Result<Vec<Kept>, StoreError> {
        self.select("state = ?1 ORDER BY receipt", [state as i64])
    }

    /// All, in the order they came.
    pub fn all(&self) -> Result<Vec<Kept>, StoreError> {
        self.select("1 ORDER BY receipt", [])
    }

    /// How many are in this state, and when the first of them came, in seconds since 1970.
    pub fn count(&self, state: State) -> Result<(u64, Option<i64>), StoreError> {
        self.connection
            .prepare_cached("SELECT count(*), min(received_at) FROM kept WHERE state = ?1")
            .and_then(|mut statement| {
                statement.query_row([state as i64], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))
            })
            .doing("count what lies in the spool")
    }

    /// The bytes.
    pub fn content(&self, kept: &Kept) -> Result<Content, StoreError> {
        if let Some(file) = &kept.file {
            return Ok(Content::File(self.folder.join(file)));
        }
        self.connection
            .query_row("SELECT bytes FROM kept WHERE receipt = ?1", [kept.receipt.0 as i64], |row| row.get(0))
            .map(Content::Bytes)
            .doing("read what lies in the spool")
    }

    /// Moves it to another state, and says why.
    pub fn set_state(&self, receipt: Receipt, state: State, reason: &str) -> Result<(), StoreError> {
        self.connection
            .execute(
                "UPDATE kept SET state = ?2, reason = ?3 WHERE receipt = ?1",
                params![receipt.0 as i64, state as i64, reason],
            )
            .map(|_| ())
            .doing("change what lies in the spool")
    }

    /// Removes it, with its file.
    pub fn remove(&self, kept: &Kept) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM kept WHERE receipt = ?1", [kept.receipt.0 as i64])
            .doing("remove from the spool")?;
        match &kept.file {
            // A file that is left behind is removed when the spool is opened.
            Some(file) => match fs::remove_file(self.folder.join(file)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(error).on("remove", &self.folder.join(file))
                }
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }

    /// Removes what was put aside and came before a time, in seconds since 1970. Gives how many.
    pub fn remove_aside(&self, before: i64) -> Result<usize, StoreError> {
        let old = self.select("state = 2 AND received_at < ?1", [before])?;
        for kept in &old {
            self.remove(kept)?;
        }
        Ok(old.len())
    }

    /// Copies the spool into this folder, for a backup. What leaves the spool meanwhile is in the store, which is copied afterwards.
    pub fn copy_into(&self, target: &Path) -> Result<(), StoreError> {
        let copy = target.join(DATABASE);
        let mut connection = Connection::open(&copy).doing("make a copy of the spool")?;
        rusqlite::backup::Backup::new(&self.connection, &mut connection)
            .and_then(|backup| backup.run_to_completion(4096, Duration::ZERO, None))
            .doing("copy the spool")?;
        drop(connection);
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).on("make private", &copy)?;
        for file in self.all()?.into_iter().filter_map(|kept| kept.file) {
            match fs::copy(self.folder.join(&file), target.join(&file)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).on("copy", &self.folder.join(&file));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn select_one(
        &self,
        condition: &str,
        arguments: impl rusqlite::Params,
    ) -> Result<Option<Kept>, StoreError> {
        self.connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM kept WHERE {condition}"))
            .and_then(|mut statement| statement.query_row(arguments, from_row).optional())
            .doing("read what lies in the spool")
    }

    fn select(&self, condition: &str, arguments: impl rusqlite::Params) -> Result<Vec<Kept>, StoreError> {
        self.connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM kept WHERE {condition}"))
            .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
            .doing("read what lies in the spool")
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        receipt: Receipt(row.get::<_, i64>(0)? as u64),
        state: match row.get(1)? {
            0 => State::Waiting,
            1 => State::Held,
            _ => State::Aside,
        },
        envelope: Envelope {
            // A door that this program does not know is one that needs a source.
            door: row.get::<_, String>(2)?.parse().unwrap_or(Door::Api),
            source: row.get(3)?,
            received_at: row.get(4)?,
            name: row.get(5)?,
            sender: row.get(6)?,
            peer: row.get::<_, String>(7)?.parse().ok(),
        },
        size: row.get::<_, i64>(8)? as u64,
        reason: row.get(9)?,
        file: row.get(10)?,
    })
}

const DATABASE: &str = "spool.sqlite";

fn folder(data: &DataDir) -> Result<PathBuf, StoreError> {
    let folder = data.spool();
    fs::create_dir_all(&folder).on("make the folder", &folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).on("make private", &folder)?;
    Ok(folder)
}

fn connect(folder: &Path) -> Result<Connection, StoreError> {
    let path = folder.join(DATABASE);
    let mut connection = Connection::open(&path).doing("open the spool")?;
    connection.busy_timeout(BUSY_TIMEOUT).doing("set the time to wait")?;
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, layout) = (
        number("application_id").doing("read its layout")?,
        number("user_version").doing("read its layout")?,
    );
    match (application, layout) {
        (APPLICATION_ID, LAYOUT) | (0, 0) => {}
        (APPLICATION_ID, found) => return Err(StoreError::Newer { found, known: LAYOUT }),
        _ => return Err(StoreError::Foreign { path }),
    }
    connection.pragma_update(None, "journal_mode", "WAL").doing("set how it writes")?;
    connection.pragma_update(None, "synchronous", "FULL").doing("set how it writes")?;
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(())).doing("set how it deletes")?;
    if layout == 0 {
        let mut create = || {
            // Two processes may open it at the same moment: the second finds the table.
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if made == 0 {
                transaction.execute_batch(TABLES)?;
                transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
                transaction.pragma_update(None, "user_version", LAYOUT)?;
            }
            transaction.commit()
        };
        create().doing("make the spool")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).on("make private", &path)?;
    }
    Ok(connection)
}

/// A number that a notifier was given is never given again, not even when the spool was lost.
fn go_on_after(connection: &Connection, highest: Receipt) -> Result<(), StoreError> {
    let go_on = || {
        let known = connection.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'kept'",
            [highest.0 as i64],
        )?;
        if known == 0 {
            connection
                .execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('kept', ?1)", [highest.0 as i64])?;
        }
        Ok(())
    };
    go_on().doing("go on with the receipts")
}

fn remove_leftovers(connection: &Connection, folder: &Path) -> Result<(), StoreError> {
    let mut named: Vec<String> = connection
        .prepare("SELECT file FROM kept WHERE file IS NOT NULL")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .doing("read what lies in the spool")?;
    named.sort_unstable();
    for entry in fs::read_dir(folder).on("list", folder)? {
        let path = entry.on("list", folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(UPLOAD) && named.binary_search(&name).is_err() {
            fs::remove_file(&path).on("remove", &path)?;
        }
    }
    Ok(())
}

const UPLOAD: &str = ".upload";

fn random_name() -> Result<String, StoreError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| StoreError::Damaged {
        what: format!("the system gives no random bytes: {error}"),
    })?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + UPLOAD)
}

fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|file| file.sync_all()).on("sync", folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(source: &str) -> Envelope {
        Envelope {
            door: Door::Api,
            source: source.into(),
            received_at: 100,
            name: "a.json".into(),
            sender: String::new(),
            peer: Some([127, 0, 0, 1].into()),
        }
    }

    fn keep(spool: &Arc<Spool>, source: &str, priority: u8, bytes: &[u8]) -> Result<Receipt, SpoolError> {
        let mut uploading = spool.begin(envelope(source), priority, 4 << 20);
        for piece in bytes.chunks(300_000) {
            uploading.push(piece)?;
        }
        uploading.finish()
    }

    #[test]
    fn what_is_critical_comes_first_and_what_is_kept_is_read_back() {
        let root = tempfile::tempdir().unwrap();
        let data = DataDir::new(root.path());
        let spool = Arc::new(Spool::open(&data, Receipt(41)).unwrap());
        let large = vec![7; 2 << 20];
        assert_eq!(keep(&spool, "feed", 1, b"small").unwrap(), Receipt(42));
        assert_eq!(keep(&spool, "feed", 1, &large).unwrap(), Receipt(43));
        assert_eq!(keep(&spool, "cert", 0, b"urgent").unwrap(), Receipt(44));
        assert_eq!(spool.used("feed").unwrap(), (5 + (2 << 20) + 6, 5 + (2 << 20)));
        drop(spool);
        let desk = SpoolDesk::open(&data).unwrap();
        let first = desk.next().unwrap().unwrap();
        assert_eq!((first.receipt, first.envelope.clone()), (Receipt(44), envelope("cert")));
        desk.set_state(first.receipt, State::Held, "unknown").unwrap();
        assert_eq!(desk.list(State::Held).unwrap()[0].reason, "unknown");
        assert_eq!(desk.next().unwrap().unwrap().receipt, Receipt(42));
        let file = desk.get(Receipt(43)).unwrap().unwrap();
        let Content::File(path) = desk.content(&file).unwrap() else { panic!("a large report is a file") };
        assert_eq!(fs::read(&path).unwrap(), large);
        desk.remove(&file).unwrap();
        assert!(!path.exists());
        desk.set_state(Receipt(42), State::Aside, "no report").unwrap();
        assert_eq!((desk.remove_aside(100).unwrap(), desk.remove_aside(101).unwrap()), (0, 1));
        assert_eq!(desk.all().unwrap().len(), 1);
    }

    #[test]
    fn what_is_too_large_or_unfinished_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let data = DataDir::new(root.path());
        let spool = Arc::new(Spool::open(&data, Receipt(0)).unwrap());
        let uploads = || {
            fs::read_dir(data.spool())
                .unwrap()
                .filter(|one| one.as_ref().unwrap().path().extension().is_some_and(|e| e == "upload"))
                .count()
        };
        let refused = keep(&spool, "feed", 1, &vec![0; 5 << 20]);
        assert!(matches!(refused, Err(SpoolError::TooLarge { bytes_max: 4_194_304 })));
        let mut uploading = spool.begin(envelope("feed"), 1, 4 << 20);
        uploading.push(&vec![0; 2 << 20]).unwrap();
        assert_eq!(uploads(), 1);
        drop(uploading);
        assert_eq!(uploads(), 0);
        // A crash leaves a file behind.
        fs::write(data.spool().join("00.upload"), "half").unwrap();
        drop(Spool::open(&data, Receipt(0)).unwrap());
        assert_eq!(uploads(), 0);
        assert_eq!(SpoolDesk::open(&data).unwrap().next().unwrap(), None);
    }

    #[test]
    fn numbers_go_on_and_many_at_once_get_one_each() {
        let root = tempfile::tempdir().unwrap();
        let data = DataDir::new(root.path());
        let spool = Arc::new(Spool::open(&data, Receipt(0)).unwrap());
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let spool = Arc::clone(&spool);
                thread::spawn(move || {
                    (0..20).map(|_| keep(&spool, "feed", 1, b"x").unwrap()).collect::<Vec<_>>()
                })
            })
            .collect();
        let mut receipts: Vec<Receipt> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        receipts.sort_unstable();
        assert_eq!(receipts, (1..=160).map(Receipt).collect::<Vec<_>>());
        drop(spool);
        let desk = SpoolDesk::open(&data).unwrap();
        for kept in desk.all().unwrap() {
            desk.remove(&kept).unwrap();
        }
        let spool = Arc::new(Spool::open(&data, Receipt(3)).unwrap());
        assert_eq!(keep(&spool, "feed", 1, b"x").unwrap(), Receipt(161));
    }
}
