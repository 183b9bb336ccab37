//! Hubs from which no receipts come in time, as the desk was told: once for each link and outage.

use rusqlite::{Connection, params};
use schakel_model::ids::LinkId;

use crate::{Store, StoreError, error::DatabaseContext, outbox::NewNotification, transaction::Transaction};

/// A link over which no receipts come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outage {
    /// The link.
    pub link: LinkId,
    /// When the desk was told, in seconds since 1970.
    pub since: i64,
    /// When something was last late.
    pub late_at: i64,
}

/// All that last.
pub fn list(connection: &Connection) -> Result<Vec<Outage>, StoreError> {
    connection
        .prepare_cached("SELECT link, since, late_at FROM hub_outage ORDER BY link")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(Outage { link: LinkId(row.get(0)?), since: row.get(1)?, late_at: row.get(2)? })
                })?
                .collect()
        })
        .doing("read which hubs do not answer")
}

/// Something is still late.
pub fn goes_on(transaction: &Transaction<'_>, link: LinkId, at: i64) -> Result<(), StoreError> {
    transaction
        .prepare_cached("UPDATE hub_outage SET late_at = ?2 WHERE link = ?1")
        .and_then(|mut statement| statement.execute(params![link.0, at]))
        .doing("note that a hub does not answer")
        .map(|_| ())
}

/// It is over.
pub fn end(transaction: &Transaction<'_>, link: LinkId) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM hub_outage WHERE link = ?1")
        .and_then(|mut statement| statement.execute([link.0]))
        .doing("note that a hub answers again")
        .map(|_| ())
}

impl Store {
    /// The desk is told that a hub does not answer, with the letters that say so: both or neither.
    pub fn begin_outage(
        &mut self,
        link: LinkId,
        at: i64,
        letters: &[NewNotification],
    ) -> Result<(), StoreError> {
        self.store_notifications_and(letters, at, |transaction| {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO hub_outage VALUES (?1,?2,?2)")
                .and_then(|mut statement| statement.execute(params![link.0, at]))
                .doing("note that a hub does not answer")
                .map(|_| ())
        })
    }
}
