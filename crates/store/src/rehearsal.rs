//! A rehearsal: what is done to a store, seen by who does it and by nobody else, and gone with the store.

use rusqlite::Connection;

use crate::{Store, StoreError, audit, error::DatabaseContext};

/// Where a rehearsal began.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal {
    audit: u64,
    message: i64,
}

/// A mail that would be put into the outbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RehearsedMail {
    /// To whom.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
}

/// What a rehearsal did.
#[derive(Clone, PartialEq, Debug)]
pub struct Rehearsed {
    /// The entries of the audit log: every change has one.
    pub changes: Vec<audit::Recorded>,
    /// Mails that would go.
    pub mails: Vec<RehearsedMail>,
}

impl Store {
    /// From here on nothing that is done to this store is kept: it is undone by [`Store::undo_rehearsal`], and when the store is closed.
    pub fn rehearse(&mut self) -> Result<Rehearsal, StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE").doing("begin a rehearsal")?;
        let last = |table: &str| {
            self.connection
                .query_row(&format!("SELECT coalesce(max(rowid), 0) FROM {table}"), [], |row| row.get(0))
                .doing("begin a rehearsal")
        };
        Ok(Rehearsal { audit: last("audit")? as u64, message: last("message")? })
    }
}

impl Store {
    /// Ends a rehearsal. The store goes on as if nothing had been done; raw bytes that were written are written over.
    pub fn undo_rehearsal(&mut self) -> Result<(), StoreError> {
        // SQLite rolls back by itself after some errors (a full disk).
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK").doing("end a rehearsal")?;
        }
        let last = crate::chunks::last_frame(&self.connection)?;
        self.frames = crate::frames::FrameWriter::open(&self.data().raw(), last)?;
        Ok(())
    }
}

/// Is what was done kept?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// It is, when all of it goes well.
    All,
    /// It is only looked at.
    Nothing,
}

impl Store {
    /// Does several things as one: either all of them are kept, or nothing. Gives what was done as well. Not for what touches files.
    pub fn as_one<T, E: From<StoreError>>(
        &mut self,
        keep: Keep,
        act: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(T, Rehearsed), E> {
        let since = self.rehearse()?;
        let done = act(self).and_then(|done| Ok((done, rehearsed(&self.connection, since)?)));
        let end = match (&done, keep) {
            (Ok(_), Keep::All) => "COMMIT",
            (Ok(_), Keep::Nothing) | (Err(_), _) => "ROLLBACK",
        };
        // SQLite rolls back by itself after some errors (a full disk).
        if !self.connection.is_autocommit() {
            self.connection.execute_batch(end).doing("end what is done as one")?;
        }
        done
    }
}

/// What was done since a rehearsal began.
pub fn rehearsed(connection: &Connection, since: Rehearsal) -> Result<Rehearsed, StoreError> {
    let mails = connection
        .prepare(
            "SELECT m.recipient, n.subject FROM message m JOIN notification n ON n.id = m.notification
             WHERE m.rowid > ?1 ORDER BY m.rowid",
        )
        .and_then(|mut statement| {
            statement
                .query_map([since.message], |row| {
                    Ok(RehearsedMail { recipient: row.get(0)?, subject: row.get(1)? })
                })?
                .collect()
        })
        .doing("read what would be sent")?;
    let mut changes = Vec::new();
    for id in since.audit + 1.. {
        let Some(entry) = audit::get(connection, id)? else { break };
        changes.push(entry);
    }
    Ok(Rehearsed { changes, mails })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data_dir::DataDir, users};

    fn names(store: &Store) -> Vec<String> {
        store.read(users::list).unwrap().into_iter().map(|user| user.name).collect()
    }

    #[test]
    fn what_is_rehearsed_is_seen_until_the_store_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let mut store = Store::open(&data).unwrap();
        store.add_user(1, "desk", "jan", "Jan").unwrap();
        let since = store.rehearse().unwrap();
        store.add_user(2, "desk", "piet", "Piet").unwrap();
        let failed: Result<(), StoreError> = store.write(|transaction| {
            transaction.execute("DELETE FROM desk_user", []).doing("forget all")?;
            Err(StoreError::NoStore { path: folder.path().to_owned() })
        });
        assert!(failed.is_err());
        store.add_user(3, "desk", "klaas", "Klaas").unwrap();
        assert_eq!(names(&store), ["jan", "piet", "klaas"]);
        let rehearsed = store.read(|connection| rehearsed(connection, since)).unwrap();
        let subjects: Vec<_> = rehearsed.changes.iter().map(|entry| entry.subject.as_str()).collect();
        assert_eq!((subjects, rehearsed.mails), (vec!["user:2", "user:3"], Vec::new()));
        drop(store);
        assert_eq!(names(&Store::open(&data).unwrap()), ["jan"]);
    }

    #[test]
    fn what_is_done_as_one_is_kept_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let two = |store: &mut Store| -> Result<(), StoreError> {
            store.add_user(1, "desk", "jan", "Jan")?;
            store.add_user(1, "desk", "piet", "Piet").map(|_| ())
        };
        let (_, seen) = store.as_one(Keep::Nothing, two).unwrap();
        assert_eq!((seen.changes.len(), names(&store).len()), (2, 0));
        let failed = store.as_one(Keep::All, |store| {
            two(store)?;
            Err::<(), _>(StoreError::NoStore { path: folder.path().to_owned() })
        });
        assert!(failed.is_err() && names(&store).is_empty());
        store.as_one(Keep::All, two).unwrap();
        drop(store);
        assert_eq!(names(&Store::open(&DataDir::new(folder.path())).unwrap()), ["jan", "piet"]);
    }

    #[test]
    fn a_transaction_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store.add_user(1, "desk", "jan", "Jan").unwrap();
        let failed: Result<(), StoreError> = store.write(|transaction| {
            transaction.execute("DELETE FROM desk_user", []).doing("forget all")?;
            Err(StoreError::NoStore { path: folder.path().to_owned() })
        });
        assert!(failed.is_err());
        assert_eq!(names(&store), ["jan"]);
    }
}
