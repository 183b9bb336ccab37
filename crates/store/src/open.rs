//! Opening the store: the one writer, and readers beside it.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use crate::{
    StoreError,
    data_dir::{DataDir, Lock},
    error::{DatabaseContext, FileContext},
    frames::{FrameReader, FrameWriter},
    outbox::OutboxWriter,
    transaction::{Transaction, in_transaction, reading},
};

/// "SCHK": says that a database is ours.
const APPLICATION_ID: i64 = 0x5343_484B;

/// Every layout, in order; `user_version` counts those applied.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/001.sql"),
    include_str!("../migrations/002.sql"),
    include_str!("../migrations/003.sql"),
    include_str!("../migrations/004.sql"),
    include_str!("../migrations/005.sql"),
    include_str!("../migrations/006.sql"),
    include_str!("../migrations/007.sql"),
    include_str!("../migrations/008.sql"),
    include_str!("../migrations/009.sql"),
    include_str!("../migrations/010.sql"),
    include_str!("../migrations/011.sql"),
    include_str!("../migrations/012.sql"),
    include_str!("../migrations/013.sql"),
    include_str!("../migrations/014.sql"),
    include_str!("../migrations/015.sql"),
    include_str!("../migrations/016.sql"),
    include_str!("../migrations/017.sql"),
    include_str!("../migrations/018.sql"),
    include_str!("../migrations/019.sql"),
    include_str!("../migrations/020.sql"),
    include_str!("../migrations/021.sql"),
];

/// A reader waits this long for the writer's short exclusive moments.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// 8 KiB pages: fewer levels and less overhead for append-only tables than the default 4 KiB.
const PAGE_BYTES: u32 = 8192;

/// The write-ahead log is folded back at 64 MiB (in pages): fewer rewrites of the same page.
const WAL_PAGES: u32 = (64 << 20) / PAGE_BYTES;

/// The one writer of a data directory.
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) frames: FrameWriter,
    data: DataDir,
    secret: [u8; 32],
    _lock: Lock,
}

/// A reader beside the writer.
pub struct Reader {
    pub(crate) connection: Connection,
    data: DataDir,
    secret: [u8; 32],
}

impl Store {
    /// Opens the store in this directory, making it when there is none, and takes the lock.
    pub fn open(data: &DataDir) -> Result<Self, StoreError> {
        data.create()?;
        let lock = data.lock()?;
        let secret = data.read_or_make_secret()?;
        let connection =
            connect(&data.database(), OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        prepare(&connection, data)?;
        // What a crash kept from being overwritten.
        crate::wipe::finish(&connection, &data.raw())?;
        let last = crate::chunks::last_frame(&connection)?;
        let frames = FrameWriter::open(&data.raw(), last)?;
        let store = Self { connection, frames, data: data.clone(), secret, _lock: lock };
        // One that cannot be opened keeps nobody from their work: it is asked by nobody, and whoever fills it says what is wrong.
        let _ = store.forget_in_search();
        Ok(store)
    }

    /// A reader beside this writer.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::open(&self.data)
    }

    /// Where it lives.
    pub fn data(&self) -> &DataDir {
        &self.data
    }

    /// The secret under the keys of findings.
    pub fn secret(&self) -> [u8; 32] {
        self.secret
    }

    /// Runs a closure in one transaction: all of it happens, or nothing.
    pub fn write<T>(
        &mut self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        in_transaction(&mut self.connection, act)
    }

    /// A second connection that records attempts to send. It lives under this store's lock and must not outlive it.
    pub fn outbox_writer(&self) -> Result<OutboxWriter, StoreError> {
        let connection = connect(&self.data.database(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "synchronous", "FULL").doing("set how it writes")?;
        connection.query_row("PRAGMA secure_delete = FAST", [], |_| Ok(())).doing("set how it deletes")?;
        Ok(OutboxWriter::new(connection, self.secret()))
    }

    /// Looks something up through the writer's own connection, in one state of the store.
    pub fn read<T>(&self, act: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        reading(&self.connection, act)
    }
}

impl Reader {
    /// Opens the store read-only, without the lock. A store of an older program is brought to the new layout first, when nobody writes in it.
    pub fn open(data: &DataDir) -> Result<Self, StoreError> {
        if !data.has_store() {
            return Err(StoreError::NoStore { path: data.root().to_owned() });
        }
        let secret = data.read_or_make_secret()?;
        let mut connection = connect_to_read(data)?;
        let known = MIGRATIONS.len() as i64;
        let found = check_layout(&connection, &data.database())?;
        if found < known {
            drop(connection);
            Store::open(data).map_err(|error| match error {
                StoreError::Locked { .. } => StoreError::Older { found, known },
                other => other,
            })?;
            connection = connect_to_read(data)?;
        }
        Ok(Self { connection, data: data.clone(), secret })
    }

    /// Looks something up. Each call sees the newest committed state, and only that.
    pub fn read<T>(&self, act: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        reading(&self.connection, act)
    }

    /// A reader of raw frames.
    pub fn frames(&self) -> Result<FrameReader, StoreError> {
        FrameReader::new(&self.data.raw()).map_err(|cause| StoreError::File {
            action: "read frames from",
            path: self.data.raw(),
            cause,
        })
    }

    /// Where it lives.
    pub fn data(&self) -> &DataDir {
        &self.data
    }

    /// The secret under the keys of findings.
    pub fn secret(&self) -> [u8; 32] {
        self.secret
    }
}

/// A connection that writes beside the one writer, for what needs neither the raw files nor what the writer keeps in memory. SQLite lets one
/// transaction write at a time.
pub(crate) fn writer_beside(data: &DataDir) -> Result<Connection, StoreError> {
    if !data.has_store() {
        return Err(StoreError::NoStore { path: data.root().to_owned() });
    }
    let connection = connect(&data.database(), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let found = check_layout(&connection, &data.database())?;
    let known = MIGRATIONS.len() as i64;
    if found < known {
        return Err(StoreError::Older { found, known });
    }
    connection.pragma_update(None, "synchronous", "FULL").doing("set how it writes")?;
    connection.query_row("PRAGMA secure_delete = FAST", [], |_| Ok(())).doing("set how it deletes")?;
    Ok(connection)
}

/// Does the store lie, closed well, on a disk that nobody can write to? Then SQLite cannot make the files that readers share, and must be
/// told that it needs none.
fn is_closed_for_good(data: &DataDir) -> bool {
    let lock = OpenOptions::new().append(true).open(data.lock_file());
    lock.is_err_and(|error| error.kind() == ErrorKind::ReadOnlyFilesystem)
        && !data.database().with_extension("sqlite-wal").exists()
}

/// The database as a URI that says it does not change (<https://sqlite.org/uri.html>).
fn immutable(database: &Path) -> PathBuf {
    let path = database.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?immutable=1").into()
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).doing("open the store")?;
    connection.busy_timeout(BUSY_TIMEOUT).doing("set the time to wait")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn connect_to_read(data: &DataDir) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    if is_closed_for_good(data) {
        connect(&immutable(&data.database()), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        connect(&data.database(), flags)
    }
}

fn layout(connection: &Connection) -> Result<(i64, i64), StoreError> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    Ok((number("application_id").doing("read its layout")?, number("user_version").doing("read its layout")?))
}

fn check_layout(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let (application, version) = layout(connection)?;
    let empty = application == 0 && version == 0;
    if !empty && application != APPLICATION_ID {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let known = MIGRATIONS.len() as i64;
    if version > known {
        return Err(StoreError::Newer { found: version, known });
    }
    Ok(version)
}

fn prepare(connection: &Connection, data: &DataDir) -> Result<(), StoreError> {
    let version = check_layout(connection, &data.database())?;
    if version > 0 && version < MIGRATIONS.len() as i64 {
        copy_before_migration(connection, data, version)?;
    }
    let set = |pragma: &str, value: &dyn rusqlite::ToSql| {
        connection.pragma_update(None, pragma, value).doing("set how it writes")
    };
    if version == 0 {
        set("page_size", &PAGE_BYTES)?;
    }
    set("journal_mode", &"WAL")?;
    set("synchronous", &"FULL")?;
    set("wal_autocheckpoint", &WAL_PAGES)?;
    set("cache_size", &-4_096)?;
    set("temp_store", &"MEMORY")?;
    // What is deleted or moved is overwritten where it costs no writing; erasing asks for more.
    connection.query_row("PRAGMA secure_delete = FAST", [], |_| Ok(())).doing("set how it deletes")?;
    for (number, migration) in (1..).zip(MIGRATIONS).skip(version as usize) {
        // The number changes in the same transaction as the layout.
        let stamp = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};");
        connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {migration} {stamp} COMMIT;"))
            .doing("bring the store to the new layout")?;
    }
    Ok(())
}

/// Copies the database before its layout changes, so that an older program can go on with it if need be. A copy that is there already was made
/// by a migration that was cut off: the newer one replaces it, for the layout is the same.
fn copy_before_migration(connection: &Connection, data: &DataDir, version: i64) -> Result<(), StoreError> {
    let path = data.before_migration(version);
    let partial = path.with_extension("partial");
    if partial.exists() {
        std::fs::remove_file(&partial).on("remove", &partial)?;
    }
    let mut copy = Connection::open(&partial).doing("make a copy before its layout changes")?;
    rusqlite::backup::Backup::new(connection, &mut copy)
        .and_then(|backup| backup.run_to_completion(4096, Duration::ZERO, None))
        .doing("copy itself before its layout changes")?;
    drop(copy);
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&partial, private).on("make private", &partial)?;
    std::fs::File::open(&partial).and_then(|file| file.sync_all()).on("sync", &partial)?;
    std::fs::rename(&partial, &path).on("put in place", &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_store_and_a_foreign_one_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        drop(Store::open(&data).unwrap());
        let connection = Connection::open(data.database()).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Store::open(&data).err(), Some(StoreError::Newer { found: 99, .. })));
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection.pragma_update(None, "application_id", 7).unwrap();
        assert!(matches!(Store::open(&data).err(), Some(StoreError::Foreign { .. })));
    }

    #[test]
    fn what_is_read_is_of_one_state_while_others_write() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let mut store = Store::open(&data).unwrap();
        let reader = store.reader().unwrap();
        let count = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM audit", [], |row| row.get::<_, i64>(0)).doing("count")
        };
        let act = crate::act::Act { at: 1, actor: "test", reason: "" };
        let mut sign_in =
            || store.write(|transaction| act.audit(transaction, crate::audit::Action::SignedIn, "a", ""));
        let seen = reader.read(|connection| {
            let before = count(connection)?;
            sign_in()?;
            // Reading within reading is of the same state.
            Ok((before, count(connection)?, reader.read(count)?))
        });
        assert_eq!(seen.unwrap(), (0, 0, 0));
        assert_eq!(reader.read(count).unwrap(), 1, "the next one sees what is new");
        assert!(
            reader.read(|connection| connection.query_row("SELECT x", [], |_| Ok(())).doing("fail")).is_err()
        );
        sign_in().unwrap();
        assert_eq!(reader.read(count).unwrap(), 2, "also after one that failed");
    }

    #[test]
    fn a_copy_precedes_a_change_of_layout() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        data.create().unwrap();
        data.read_or_make_secret().unwrap();
        let old = Connection::open(data.database()).unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;"))
            .unwrap();
        old.execute_batch(
            "INSERT INTO contact VALUES (1, 1, 'acib', 'Jan', 'j@a.example', '', 'nl', 1, 1, NULL)",
        )
        .unwrap();
        drop(old);
        let store = Store::open(&data).unwrap();
        let known = MIGRATIONS.len() as i64;
        assert_eq!(store.read(|connection| Ok(layout(connection)?.1)).unwrap(), known);
        let name =
            |connection: &Connection| connection.query_row("SELECT name FROM contact", [], |row| row.get(0));
        let kept: String = store.read(|connection| name(connection).doing("read")).unwrap();
        let copy = Connection::open(folder.path().join("before-migration-1.sqlite")).unwrap();
        let copied: String = name(&copy).unwrap();
        assert_eq!((kept.as_str(), copied.as_str(), layout(&copy).unwrap().1), ("Jan", "Jan", 1));
        drop(store);
        Store::open(&data).unwrap();
        assert!(!data.before_migration(known).exists(), "a copy only when the layout changes");
    }

    #[test]
    fn a_reader_of_an_older_store_brings_it_to_the_new_layout_unless_somebody_writes() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        data.create().unwrap();
        data.read_or_make_secret().unwrap();
        let old = Connection::open(data.database()).unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        old.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;"))
            .unwrap();
        drop(old);
        let lock = data.lock().unwrap();
        assert!(matches!(Reader::open(&data).err(), Some(StoreError::Older { found: 1, .. })));
        drop(lock);
        let reader = Reader::open(&data).unwrap();
        assert_eq!(reader.read(|connection| Ok(layout(connection)?.1)).unwrap(), MIGRATIONS.len() as i64);
        assert!(data.before_migration(1).exists());
    }

    #[test]
    fn a_reader_of_nothing_says_how_to_begin() {
        let folder = tempfile::tempdir().unwrap();
        let error = Reader::open(&DataDir::new(folder.path())).err().unwrap();
        assert!(error.to_string().contains("schakel demo"));
    }
}
