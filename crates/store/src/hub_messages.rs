//! What goes to another hub beside parcels: receipts, status, claims, questions. Each waits until the other side has it on its disk.

use rusqlite::{Connection, Row, params};
use schakel_model::ids::LinkId;

use crate::{
    Store, StoreError,
    data_dir::DataDir,
    error::DatabaseContext,
    open::writer_beside,
    outbox::NewNotification,
    parcels_out::{self, DueParcel},
    transaction::{Transaction, in_transaction},
};

/// A message that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueMessage {
    /// Its number.
    pub row: i64,
    /// What it is: the envelope's `type`.
    pub kind: String,
    /// The line that is sent.
    pub body: Vec<u8>,
}

/// Puts a message where it waits to be sent. `kind`: the envelope's `type`; `body`: the signed line.
pub fn queue(
    transaction: &Transaction<'_>,
    link: LinkId,
    kind: &str,
    body: &[u8],
    at: i64,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("INSERT INTO hub_message (link, kind, body, created_at) VALUES (?1,?2,?3,?4)")
        .and_then(|mut statement| statement.execute(params![link.0, kind, body, at]))
        .doing("queue a message to another hub")
        .map(|_| ())
}

/// The messages of a link that wait, the oldest first.
pub fn due(connection: &Connection, link: LinkId, limit: usize) -> Result<Vec<DueMessage>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, kind, body FROM hub_message WHERE link = ?1 AND sent_at IS NULL ORDER BY id LIMIT ?2",
        )
        .and_then(|mut statement| {
            let due =
                |row: &Row<'_>| Ok(DueMessage { row: row.get(0)?, kind: row.get(1)?, body: row.get(2)? });
            statement.query_map(params![link.0, limit as i64], due)?.collect()
        })
        .doing("read the messages to another hub")
}

/// How many wait for a link.
pub fn count_waiting(connection: &Connection, link: LinkId) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT count(*) FROM hub_message WHERE link = ?1 AND sent_at IS NULL")
        .and_then(|mut statement| statement.query_row([link.0], |row| row.get::<_, i64>(0)))
        .doing("count the messages to another hub")
        .map(|count| count as u64)
}

/// Records that the other side has these.
pub fn sent(transaction: &Transaction<'_>, messages: &[i64], at: i64) -> Result<(), StoreError> {
    for message in messages {
        transaction
            .prepare_cached("UPDATE hub_message SET sent_at = ?2 WHERE id = ?1 AND sent_at IS NULL")
            .and_then(|mut statement| statement.execute(params![message, at]))
            .doing("record that a message was sent")?;
    }
    Ok(())
}

/// When the newest message of a kind was taken by the other side; `None`: never, or a newer one waits.
pub fn last_taken(connection: &Connection, link: LinkId, kind: &str) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached(
            "SELECT (SELECT sent_at FROM hub_message WHERE link = ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1)",
        )
        .and_then(|mut statement| statement.query_row(params![link.0, kind], |row| row.get(0)))
        .doing("look up the last message of a kind")
}

/// Forgets what was taken before this time, and what a link that has ended left waiting.
pub fn forget(transaction: &Transaction<'_>, link: LinkId, sent_before: i64) -> Result<usize, StoreError> {
    transaction
        .prepare_cached(
            "DELETE FROM hub_message WHERE link = ?1 AND coalesce(sent_at, created_at) < ?2
                AND (sent_at IS NOT NULL OR (SELECT ended_at IS NOT NULL FROM hub_link WHERE id = ?1))",
        )
        .and_then(|mut statement| statement.execute(params![link.0, sent_before]))
        .doing("forget messages to another hub")
}

impl Store {
    /// Puts a mail with lines for another hub into the outbox, and notes those as sent and when it was mailed, in one transaction.
    pub fn mail_to_hub(
        &mut self,
        mail: NewNotification,
        (parcels, messages): (&[DueParcel], &[DueMessage]),
        mark: (&str, i64),
        at: i64,
    ) -> Result<(), StoreError> {
        let rows: Vec<i64> = messages.iter().map(|message| message.row).collect();
        self.store_notifications_and(&[mail], at, |transaction| {
            parcels_out::sent(transaction, parcels, at)?;
            sent(transaction, &rows, at)?;
            transaction
                .prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1,?2)")
                .and_then(|mut statement| statement.execute(params![mark.0, mark.1.to_string()]))
                .doing("note when a hub was mailed")
                .map(|_| ())
        })
    }
}

/// A second connection for what sends to other hubs: it records what was taken. It needs neither the raw files nor what the writer keeps in
/// memory.
pub struct HubWriter(Connection);

impl HubWriter {
    /// Beside the one writer.
    pub fn open(data: &DataDir) -> Result<Self, StoreError> {
        writer_beside(data).map(Self)
    }

    /// Looks something up.
    pub fn read<T>(&self, act: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        act(&self.0)
    }

    /// Runs a closure in one transaction: all of it happens, or nothing.
    pub fn write<T>(
        &mut self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        in_transaction(&mut self.0, act)
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::hub::{Link, LinkState};

    use super::*;
    use crate::{
        audit::Action,
        hubs::tests::{ACT, linked},
    };

    #[test]
    fn a_message_waits_until_it_is_taken_and_is_forgotten_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let link = linked(&mut store, "a.example");
        for (kind, at) in [("keys", 10), ("receipt", 20)] {
            store.write(|transaction| queue(transaction, link.id, kind, b"line", at)).unwrap();
        }
        let due = store.read(|connection| due(connection, link.id, 10)).unwrap();
        assert_eq!(due.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), ["keys", "receipt"]);
        let taken =
            |store: &Store, kind| store.read(|connection| last_taken(connection, link.id, kind)).unwrap();
        assert_eq!(taken(&store, "keys"), None);
        store.write(|transaction| sent(transaction, &[due[0].row], 30)).unwrap();
        assert_eq!((taken(&store, "keys"), taken(&store, "receipt")), (Some(30), None));
        store.write(|transaction| queue(transaction, link.id, "keys", b"newer", 40)).unwrap();
        assert_eq!(taken(&store, "keys"), None, "a newer one waits");
        let forget =
            |store: &mut Store| store.write(|transaction| forget(transaction, link.id, 100)).unwrap();
        assert_eq!(forget(&mut store), 1);
        assert_eq!(store.read(|connection| count_waiting(connection, link.id)).unwrap(), 2);
        let ended = Link { state: LinkState::Ended, ended_at: Some(50), ..link.clone() };
        store.change_link(ACT, &ended, Action::HubLinkEnded).unwrap();
        assert_eq!(forget(&mut store), 2);
    }
}
