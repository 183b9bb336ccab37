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
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;
use schakel_model::arrival::{Envelope, Receipt};

use crate::{
    StoreError,
    data_dir::DataDir,
    error::{DatabaseContext, FileContext},
};

mod desk;
mod door;

pub use desk::SpoolDesk;
pub use door::{Spool, Uploading};

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

/// The ending of a file with the bytes of a large report.
const UPLOAD: &str = ".upload";

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use schakel_model::arrival::Door;

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
    fn a_file_is_the_spools_only_once_the_spool_names_it() {
        let root = tempfile::tempdir().unwrap();
        let data = DataDir::new(root.path());
        let spool = Arc::new(Spool::open(&data, Receipt(0)).unwrap());
        let file = root.path().join("report.csv");
        fs::write(&file, "rows").unwrap();
        let receipt = spool.keep_file(envelope("feed"), 1, &file).unwrap();
        assert!(!file.exists());
        let desk = SpoolDesk::open(&data).unwrap();
        let kept = desk.get(receipt).unwrap().unwrap();
        let Content::File(path) = desk.content(&kept).unwrap() else { panic!("a file stays a file") };
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), kept.size), ("rows", 4));
        // The spool cannot name it: it stays where it was, and nothing of it is left here.
        fs::write(&file, "more").unwrap();
        Connection::open(data.spool().join(DATABASE)).unwrap().execute_batch("DROP TABLE kept").unwrap();
        assert!(spool.keep_file(envelope("feed"), 1, &file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "more");
        let uploads = fs::read_dir(data.spool()).unwrap().flatten();
        assert_eq!(
            uploads.filter(|one| one.path().extension().is_some_and(|end| end == "upload")).count(),
            1
        );
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
