//! The doors' side of the spool: many reports become durable by one sync.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, Row, params};
use schakel_model::arrival::{Envelope, Receipt};

use super::{SpoolError, UPLOAD, connect, folder};
use crate::{
    StoreError,
    data_dir::DataDir,
    error::{DatabaseContext, FileContext},
};

/// A report up to this size lies in the database: a mail or a small report. Larger ones are files, so that memory does not grow with them.
const INLINE_BYTES_MAX: usize = 1 << 20;

/// Reports in one transaction at most: a bound on how long the first of them waits.
const BATCH_MAX: usize = 1_000;

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

    /// Keeps a file as a report: it is moved into the spool's folder. When it cannot be kept it stays where it is.
    pub fn keep_file(&self, envelope: Envelope, priority: u8, path: &Path) -> Result<Receipt, SpoolError> {
        let name = random_name()?;
        let file = File::open(path).on("open", path)?;
        let size = file.metadata().on("look at", path)?.len();
        file.sync_all().on("sync", path)?;
        let target = self.folder.join(&name);
        // It stays where it was until the spool names it: what a crash leaves in between is removed, and the file is still there.
        if fs::hard_link(path, &target).is_err() {
            // Not every file system has a second name for a file.
            fs::copy(path, &target).on("copy into the spool", path)?;
            File::open(&target).and_then(|copy| copy.sync_all()).on("sync", &target)?;
        }
        sync_folder(&self.folder)?;
        let kept = self.keep(envelope, priority, size, Body::File(name));
        // Of the two names one goes: the first when the spool has it, else the second.
        let over = if kept.is_ok() { path } else { &target };
        fs::remove_file(over).on("remove", over)?;
        kept
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
