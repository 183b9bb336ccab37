//! A transaction: all of it happens, or nothing. And a rehearsal, of which nothing happens in the end.

use std::ops::Deref;

use rusqlite::Connection;

use crate::{StoreError, error::DatabaseContext};

/// A transaction under way. Dropped before its end it leaves nothing.
///
/// It is not SQLite's own, for those do not nest: within a rehearsal it is a savepoint of it.
#[derive(Debug)]
pub struct Transaction<'c> {
    connection: &'c Connection,
    kind: Kind,
    is_over: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Own,
    WithinRehearsal,
}

impl Kind {
    fn begin(self) -> &'static str {
        match self {
            Self::Own => "BEGIN IMMEDIATE",
            Self::WithinRehearsal => "SAVEPOINT act",
        }
    }

    fn keep(self) -> &'static str {
        match self {
            Self::Own => "COMMIT",
            Self::WithinRehearsal => "RELEASE act",
        }
    }

    fn undo(self) -> &'static str {
        match self {
            Self::Own => "ROLLBACK",
            Self::WithinRehearsal => "ROLLBACK TO act; RELEASE act",
        }
    }
}

impl<'c> Transaction<'c> {
    fn begin(connection: &'c mut Connection) -> Result<Self, StoreError> {
        let kind = if connection.is_autocommit() { Kind::Own } else { Kind::WithinRehearsal };
        connection.execute_batch(kind.begin()).doing("begin a transaction")?;
        Ok(Self { connection, kind, is_over: false })
    }

    fn commit(mut self) -> Result<(), StoreError> {
        self.connection.execute_batch(self.kind.keep()).doing("commit")?;
        self.is_over = true;
        Ok(())
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // SQLite rolls back by itself after some errors (a full disk), so that there may be nothing left to undo.
        if !self.is_over && !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch(self.kind.undo());
        }
    }
}

/// Runs a closure in one transaction.
pub(crate) fn in_transaction<T>(
    connection: &mut Connection,
    act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = Transaction::begin(connection)?;
    let done = act(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// Reads in one transaction, so that everything read is of one state, also while others write.
pub(crate) fn reading<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    // Within another one it is one state already.
    if !connection.is_autocommit() {
        return read(connection);
    }
    connection
        .prepare_cached("BEGIN")
        .and_then(|mut statement| statement.execute([]))
        .doing("begin to read")?;
    let _ends = Reading(connection);
    read(connection)
}

/// Ends when it is dropped.
struct Reading<'c>(&'c Connection);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        // Nothing was written, so there is nothing to undo, and nothing that can fail.
        let _ = self.0.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
    }
}
