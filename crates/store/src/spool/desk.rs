//! The desk's side of the spool: what is kept, and what becomes of it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::arrival::{Door, Envelope, Receipt};

use super::{Content, DATABASE, Kept, State, connect, folder};
use crate::{
    StoreError,
    data_dir::DataDir,
    error::{DatabaseContext, FileContext},
};

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
