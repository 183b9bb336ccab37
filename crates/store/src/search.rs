//! The index of words in findings: a database of its own (`DATA/search.sqlite`, SQLite's FTS5), so that filling it holds up nobody who writes in the store. All of it can be
//! derived again: what is not in it yet is looked at row by row, a damaged one is made anew, a backup leaves it out.
//!
//! It holds words and the numbers of findings, not the texts. What is erased in the store is taken out at once, and its words are gone from the file: the index is merged, and
//! freed pages are overwritten.

use std::{collections::HashMap, fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::ids::{FindingId, KindId, ReportId};

use crate::{
    Reader, Store, StoreError, chunks,
    data_dir::DataDir,
    erase::{self, Kind},
    error::{DatabaseContext, FileContext},
    findings::{self, NewFinding},
    outbox,
};

/// The layout of the index; another one is made anew.
const LAYOUT: i64 = 2;

/// How long a writer of the index waits for another: each transaction is short, but for one that takes words out.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Keeps this hash apart from every other use of BLAKE3.
const CONTEXT: &str = "schakel 2026 search index v1";

/// Many findings come at once: their words are sorted in memory (16 MiB instead of 1) and parts of the index merged by sixteen instead of four, which takes half of the time.
const SCHEMA: &str = "
    CREATE VIRTUAL TABLE finding_text USING fts5(
        text, content = '', contentless_delete = 1, tokenize = \"unicode61 remove_diacritics 2\"
    );
    INSERT INTO finding_text (finding_text, rank) VALUES ('hashsize', 16777216), ('automerge', 0);
    CREATE TABLE mark (chunk INTEGER NOT NULL, upto INTEGER NOT NULL, erased INTEGER NOT NULL, store BLOB NOT NULL);
";

/// How far the index is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mark {
    /// The last chunk whose findings are in it.
    pub chunk: u32,
    /// Findings below this number are in it.
    pub upto: u32,
    /// The last erasure that it follows: an entry of the audit log.
    pub erased: u64,
}

/// The one who writes the index.
pub struct SearchIndex {
    connection: Connection,
}

impl DataDir {
    /// The index of words in findings.
    pub fn search(&self) -> PathBuf {
        self.root().join("search.sqlite")
    }
}

/// Says of which store an index is: another installation, or one that was restored, has another.
fn store_of(secret: &[u8; 32], connection: &Connection) -> Result<Vec<u8>, StoreError> {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(secret);
    hasher.update(&outbox::epoch(connection)?.to_le_bytes());
    Ok(hasher.finalize().as_bytes()[..8].to_vec())
}

fn last_erasure(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(entry), 0) FROM erasure")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
        .map(|entry| entry as u64)
        .doing("look what was erased last")
}

impl SearchIndex {
    /// Opens the index of this store, and makes it when there is none, or one of another store or another layout. What was erased since is taken out.
    pub fn open(reader: &Reader) -> Result<Self, StoreError> {
        Self::of(reader.data(), &reader.secret(), &reader.connection)
    }

    fn of(data: &DataDir, secret: &[u8; 32], store: &Connection) -> Result<Self, StoreError> {
        let mut index = match Self::connect(data) {
            Ok(index) => index,
            // It is damaged: everything in it can be found out again.
            Err(_) => {
                remove(data)?;
                Self::connect(data)?
            }
        };
        let is_of_this = store_of(secret, store)?;
        let known: Option<(i64, Vec<u8>)> = index
            .connection
            .query_row("SELECT upto, store FROM mark", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .doing("read how far the search index is")?;
        let count = i64::from(findings::count(store)?);
        if !known.is_some_and(|(upto, of)| of == is_of_this && upto <= count) {
            index.begin_anew(&is_of_this, last_erasure(store)?)?;
        }
        index.forget(store)?;
        Ok(index)
    }

    fn connect(data: &DataDir) -> Result<Self, StoreError> {
        let path = data.search();
        let connection = Connection::open(&path).doing("open the search index")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).on("make private", &path)?;
        connection.busy_timeout(BUSY_TIMEOUT).doing("set the time to wait")?;
        let layout: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .doing("read the layout of the search index")?;
        if layout == 0 {
            connection.pragma_update(None, "page_size", 8_192).doing("set how it writes")?;
        }
        connection.pragma_update(None, "journal_mode", "WAL").doing("set how it writes")?;
        // After a power cut it is older, never wrong.
        connection.pragma_update(None, "synchronous", "NORMAL").doing("set how it writes")?;
        connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(())).doing("set how it deletes")?;
        if layout != LAYOUT {
            if layout != 0 {
                drop(connection);
                remove(data)?;
                return Self::connect(data);
            }
            let stamp = format!("PRAGMA user_version = {LAYOUT};");
            connection
                .execute_batch(&format!("BEGIN IMMEDIATE; {SCHEMA} {stamp} COMMIT;"))
                .doing("make the search index")?;
        }
        Ok(Self { connection })
    }

    fn begin_anew(&mut self, store: &[u8], erased: u64) -> Result<(), StoreError> {
        let transaction = self.connection.transaction().doing("empty the search index")?;
        transaction
            .execute_batch("INSERT INTO finding_text (finding_text) VALUES ('delete-all'); DELETE FROM mark;")
            .doing("empty the search index")?;
        transaction
            .execute("INSERT INTO mark VALUES (0, 0, ?1, ?2)", params![erased as i64, store])
            .doing("empty the search index")?;
        transaction.commit().doing("empty the search index")
    }

    /// How far it is.
    pub fn mark(&self) -> Result<Mark, StoreError> {
        mark(&self.connection, "main")
    }

    /// Adds the texts of the findings up to this mark. Says whether it was done: what was erased after the texts were read must not come in, so then they are read again.
    pub fn put(&mut self, texts: &[(FindingId, String)], upto: Mark) -> Result<bool, StoreError> {
        let known = self.mark()?;
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .doing("fill the search index")?;
        if mark(&transaction, "main")? != known || known.erased != upto.erased {
            return Ok(false);
        }
        {
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO finding_text (rowid, text) VALUES (?1, ?2)")
                .doing("fill the search index")?;
            for (finding, text) in texts {
                insert.execute(params![finding.0, text]).doing("fill the search index")?;
            }
        }
        transaction
            .execute("UPDATE mark SET chunk = ?1, upto = ?2", params![upto.chunk, upto.upto])
            .doing("fill the search index")?;
        transaction.commit().doing("fill the search index")?;
        Ok(true)
    }

    /// Takes out what was erased in the store since, and overwrites its words.
    fn forget(&mut self, store: &Connection) -> Result<(), StoreError> {
        let known = self.mark()?;
        let erased = last_erasure(store)?;
        if erased <= known.erased {
            return Ok(());
        }
        let gone = gone(store, &known)?;
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .doing("take words out of the search index")?;
        {
            let mut delete = transaction
                .prepare_cached("DELETE FROM finding_text WHERE rowid = ?1")
                .doing("take words out of the search index")?;
            let mut again = transaction
                .prepare_cached("INSERT OR REPLACE INTO finding_text (rowid, text) VALUES (?1, ?2)")
                .doing("take words out of the search index")?;
            for (finding, text) in &gone {
                match text {
                    None => delete.execute([finding.0]),
                    Some(text) => again.execute(params![finding.0, text]),
                }
                .doing("take words out of the search index")?;
            }
        }
        if !gone.is_empty() {
            // Only merging drops the words themselves.
            transaction
                .execute("INSERT INTO finding_text (finding_text) VALUES ('optimize')", [])
                .doing("merge the search index")?;
        }
        transaction
            .execute("UPDATE mark SET erased = ?1", [erased as i64])
            .doing("take words out of the search index")?;
        transaction.commit().doing("take words out of the search index")?;
        if !gone.is_empty() {
            self.connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .doing("empty the log of the search index")?;
        }
        Ok(())
    }
}

/// Findings in the index of which something was erased since, each with what is left of it; none: nothing.
fn gone(store: &Connection, known: &Mark) -> Result<Vec<(FindingId, Option<String>)>, StoreError> {
    let mut gone = Vec::new();
    let is_in = |finding: u32| finding < known.upto;
    let since = |kind| erase::erased_since(store, kind, known.erased);
    for finding in since(Kind::Finding.as_str())?.iter().flat_map(|numbers| erase::decode(numbers)) {
        if is_in(finding) {
            gone.push((FindingId(finding), None));
        }
    }
    for report in since(Kind::Report.as_str())?.iter().flat_map(|numbers| erase::decode(numbers)) {
        for chunk in chunks::of_report(store, ReportId(report))? {
            let mut left: HashMap<FindingId, String> =
                base_texts(store, chunk.first_finding, chunk.new_findings)?.into_iter().collect();
            for finding in
                (chunk.first_finding.0..).take(chunk.new_findings as usize).filter(|one| is_in(*one))
            {
                gone.push((FindingId(finding), left.remove(&FindingId(finding))));
            }
        }
    }
    for numbers in since("row")? {
        let Some((report, rows)) = erase::decode_rows(&numbers) else { continue };
        for row in rows {
            let Some(chunk) = chunks::of_row(store, report, row)? else { continue };
            let made: Vec<u32> = store
                .prepare_cached("SELECT id FROM finding WHERE id >= ?1 AND id < ?2 AND row = ?3")
                .and_then(|mut statement| {
                    let (first, count) = (chunk.first_finding.0, chunk.new_findings);
                    statement.query_map(params![first, first + count, row], |row| row.get(0))?.collect()
                })
                .doing("find what a row showed")?;
            for finding in made.into_iter().filter(|finding| is_in(*finding)) {
                gone.push((FindingId(finding), base_text(store, FindingId(finding))?));
            }
        }
    }
    Ok(gone)
}

/// What the store itself says of a finding, to be searched: address, name and kind; none: all of it was erased.
pub fn base_text(store: &Connection, id: FindingId) -> Result<Option<String>, StoreError> {
    Ok(base_texts(store, id, 1)?.pop().map(|(_, text)| text))
}

/// The same of this many findings from one on; those of which all was erased are left out.
pub fn base_texts(
    store: &Connection,
    first: FindingId,
    count: u32,
) -> Result<Vec<(FindingId, String)>, StoreError> {
    let kinds: HashMap<KindId, String> = store
        .prepare_cached(
            "SELECT id, provider || ' ' || feed || ' ' || classification || ' ' || identifier FROM kind",
        )
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((KindId(row.get(0)?), row.get(1)?)))?.collect()
        })
        .doing("read the kinds of findings")?;
    let text = |found: NewFinding| {
        let kind = kinds.get(&found.kind).map_or("", String::as_str);
        match (found.ip, found.name) {
            (None, None) => None,
            (Some(ip), None) => Some(format!("{ip} {kind}")),
            (None, Some(name)) => Some(format!("{name} {kind}")),
            (Some(ip), Some(name)) => Some(format!("{ip} {name} {kind}")),
        }
    };
    let end = first.0.saturating_add(count);
    let found =
        findings::list(store, first, count as usize)?.into_iter().take_while(|found| found.id.0 < end);
    Ok(found.filter_map(|found| Some((found.id, text(found.first)?))).collect())
}

fn remove(data: &DataDir) -> Result<(), StoreError> {
    for end in ["", "-wal", "-shm"] {
        let mut path = data.search().into_os_string();
        path.push(end);
        let path = PathBuf::from(path);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::File { action: "remove", path, cause });
            }
            _ => {}
        }
    }
    Ok(())
}

fn mark(connection: &Connection, schema: &str) -> Result<Mark, StoreError> {
    connection
        .prepare_cached(&format!("SELECT chunk, upto, erased FROM {schema}.mark"))
        .and_then(|mut statement| {
            statement.query_row([], |row| {
                Ok(Mark { chunk: row.get(0)?, upto: row.get(1)?, erased: row.get::<_, i64>(2)? as u64 })
            })
        })
        .doing("read how far the search index is")
}

impl Reader {
    /// Puts the index beside what this reader reads (as `search`), and says up to which finding it can be asked: 0 when there is none that is of use, so that everything is
    /// looked at row by row.
    pub fn indexed_upto(&self) -> Result<u32, StoreError> {
        Ok(self.index_mark()?.map_or(0, |mark| mark.upto))
    }

    /// How far the index is; `None`: there is none that is of use.
    pub fn index_mark(&self) -> Result<Option<Mark>, StoreError> {
        let path = self.data().search();
        if !path.exists() {
            return Ok(None);
        }
        if !self.has_index()?
            && self.connection.execute("ATTACH DATABASE ?1 AS search", [path.to_string_lossy()]).is_err()
        {
            return Ok(None);
        }
        let layout: rusqlite::Result<i64> =
            self.connection.query_row("PRAGMA search.user_version", [], |row| row.get(0));
        let of: rusqlite::Result<Vec<u8>> =
            self.connection.query_row("SELECT store FROM search.mark", [], |row| row.get(0));
        let (Ok(LAYOUT), Ok(of)) = (layout, of) else { return Ok(None) };
        if of != store_of(&self.secret(), &self.connection)? {
            return Ok(None);
        }
        let mark = mark(&self.connection, "search")?;
        // What was erased in the store and not here yet is not to be found.
        let follows = mark.erased >= last_erasure(&self.connection)?;
        Ok((follows && mark.upto <= findings::count(&self.connection)?).then_some(mark))
    }

    fn has_index(&self) -> Result<bool, StoreError> {
        self.connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM pragma_database_list WHERE name = 'search')")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .doing("look for the search index")
    }

    /// Lets go of the index until it is asked for again: one that is made anew meanwhile is another file.
    pub(crate) fn let_go_of_index(&self) -> Result<(), StoreError> {
        if !self.has_index()? {
            return Ok(());
        }
        self.connection.execute("DETACH DATABASE search", []).doing("let go of the search index").map(|_| ())
    }

    /// The last erasure in the store, which texts that are read now follow.
    pub fn last_erasure(&self) -> Result<u64, StoreError> {
        last_erasure(&self.connection)
    }
}

impl Store {
    /// Takes out of the index what was just erased; an index that there is not is not made for it.
    pub(crate) fn forget_in_search(&self) -> Result<(), StoreError> {
        if !self.data().search().exists() {
            return Ok(());
        }
        SearchIndex::of(self.data(), &self.secret(), &self.connection).map(|_| ())
    }
}

/// Words as FTS5 is asked for them: in this order, the last one as far as it was typed. A zero would end the question for it.
pub(crate) fn phrase(words: &str) -> String {
    format!("\"{}\"*", words.replace(|sign: char| sign == '"' || sign.is_control(), " "))
}
