//! Parcels that we hand over, on their way: waiting for their turn, sent, and kept for a while.
//!
//! How they come here and what their receipts come to is in [`crate::handovers`]. The bytes of a parcel are those that are sent, each time.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    hub::{ParcelClass, ParcelId},
    ids::LinkId,
};

use crate::{StoreError, error::DatabaseContext, transaction::Transaction};

/// A parcel that is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueParcel {
    /// Its number here.
    pub row: i64,
    /// Its name.
    pub id: ParcelId,
    /// How pressing it is.
    pub class: ParcelClass,
    /// The line that is sent.
    pub body: Vec<u8>,
}

/// The parcels of a link and a class that are due, the oldest first.
pub fn due(
    connection: &Connection,
    link: LinkId,
    class: ParcelClass,
    now: i64,
    limit: usize,
) -> Result<Vec<DueParcel>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, parcel, body FROM parcel_out
             WHERE link = ?1 AND class = ?2 AND next_at <= ?3 AND state = 0 AND withheld IS NULL ORDER BY next_at, id LIMIT ?4",
        )
        .and_then(|mut statement| {
            let due = |row: &Row<'_>| {
                Ok(DueParcel { row: row.get(0)?, id: ParcelId(row.get(1)?), class, body: row.get(2)? })
            };
            statement.query_map(params![link.0, class as u8, now, limit as i64], due)?.collect()
        })
        .doing("read the parcels that are due")
}

/// When a parcel was last made for a link.
pub fn last_made(connection: &Connection, link: LinkId) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT max(created_at) FROM parcel_out WHERE link = ?1")
        .and_then(|mut statement| statement.query_row([link.0], |row| row.get(0)))
        .doing("look when something was last handed over")
}

/// The signed lines of a parcel as they are kept; empty: not any more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SignedLines {
    /// The one that is sent.
    pub sent: Vec<u8>,
    /// Its receipt.
    pub receipt: Vec<u8>,
}

/// The signed lines of a parcel.
pub fn lines(
    connection: &Connection,
    link: LinkId,
    parcel: ParcelId,
) -> Result<Option<SignedLines>, StoreError> {
    connection
        .prepare_cached("SELECT body, receipt FROM parcel_out WHERE link = ?1 AND parcel = ?2")
        .and_then(|mut statement| {
            let lines = |row: &Row<'_>| {
                Ok(SignedLines {
                    sent: row.get(0)?,
                    receipt: row.get::<_, Option<_>>(1)?.unwrap_or_default(),
                })
            };
            statement.query_row(params![link.0, parcel.0], lines).optional()
        })
        .doing("read the lines of a parcel")
}

/// Records that the other side has these on its disk.
pub fn sent(transaction: &Transaction<'_>, parcels: &[DueParcel], at: i64) -> Result<(), StoreError> {
    for parcel in parcels {
        transaction
            .prepare_cached(
                "UPDATE parcel_out SET state = 1, attempts = attempts + 1, sent_at = ?2 WHERE id = ?1 AND state = 0",
            )
            .and_then(|mut statement| statement.execute(params![parcel.row, at]))
            .doing("record that a parcel was sent")?;
    }
    Ok(())
}

/// Sends again what was sent before this time and has no receipt: it may be lost. Gives how many.
pub fn send_again(
    transaction: &Transaction<'_>,
    link: LinkId,
    sent_before: i64,
    now: i64,
) -> Result<usize, StoreError> {
    transaction
        .prepare_cached(
            "UPDATE parcel_out SET state = 0, next_at = ?3 WHERE link = ?1 AND state = 1 AND sent_at < ?2",
        )
        .and_then(|mut statement| statement.execute(params![link.0, sent_before, now]))
        .doing("send parcels again")
}

/// Erases what parcels about a finding say. What was not sent yet will not be.
pub(crate) fn erase(transaction: &Transaction<'_>, finding: u32) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE parcel_out SET body = zeroblob(0), state = CASE WHEN state IN (0, 1) THEN 3 ELSE state END WHERE finding = ?1",
        )
        .and_then(|mut statement| statement.execute([finding]))
        .doing("erase parcels")
        .map(|_| ())
}

/// Forgets what parcels of a link said, and the receipts that came for them, when they ended before this time. That there were such parcels stays.
pub fn forget(transaction: &Transaction<'_>, link: LinkId, ended_before: i64) -> Result<usize, StoreError> {
    transaction
        .prepare_cached(
            "UPDATE parcel_out SET body = zeroblob(0), receipt = NULL
             WHERE link = ?1 AND state IN (2, 3) AND coalesce(answered_at, created_at) < ?2 AND length(body) > 0",
        )
        .and_then(|mut statement| statement.execute(params![link.0, ended_before]))
        .doing("forget parcels")
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        hub::{FindingKeyOnLink, OutgoingParcel},
        ids::{FindingId, NotificationId},
    };

    use super::*;
    use crate::{Store, data_dir::DataDir, handovers, hubs::tests::linked, parcel_queues};

    #[test]
    fn a_parcel_waits_its_turn_is_sent_again_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let link = linked(&mut store, "a.example").id;
        let parcel = |number: u8, class| OutgoingParcel {
            link,
            id: ParcelId([number; 16]),
            class,
            finding: FindingId(u32::from(number)),
            key: FindingKeyOnLink([number; 16]),
            revision: 1,
            notification: NotificationId(7),
            body: vec![number],
            created_at: 100,
            withheld: None,
        };
        let (normal, critical) = (ParcelClass::Normal, ParcelClass::Critical);
        for parcel in [parcel(1, normal), parcel(2, normal), parcel(3, critical)] {
            store.write(|transaction| handovers::insert(transaction, &parcel)).unwrap();
        }
        let due = |store: &Store, class, now| {
            store.read(|connection| due(connection, link, class, now, 10)).unwrap()
        };
        assert_eq!(due(&store, normal, 99), []);
        let found = due(&store, normal, 100);
        assert_eq!(found.iter().map(|one| one.body[0]).collect::<Vec<_>>(), [1, 2]);
        store.write(|transaction| sent(transaction, &found[..1], 110)).unwrap();
        assert_eq!(due(&store, normal, 100).len(), 1);
        assert_eq!(store.read(|connection| parcel_queues::without_receipt(connection, link)).unwrap(), 1);
        assert_eq!(store.write(|transaction| send_again(transaction, link, 110, 500)).unwrap(), 0);
        assert_eq!(store.write(|transaction| send_again(transaction, link, 111, 500)).unwrap(), 1);
        assert_eq!(due(&store, normal, 500).len(), 2);
        let waiting = store.read(|connection| parcel_queues::waiting(connection, link)).unwrap();
        let of = |class, count: u64, oldest_at| parcel_queues::Waiting { class, count, oldest_at };
        assert_eq!(
            waiting,
            [of(critical, 1, Some(100)), of(normal, 2, Some(100)), of(ParcelClass::Bulk, 0, None)]
        );
        // An erased finding takes its parcels along; what has ended is forgotten in time.
        store.write(|transaction| erase(transaction, 3)).unwrap();
        assert_eq!(due(&store, critical, 500), []);
        assert_eq!(store.write(|transaction| forget(transaction, link, 1_000)).unwrap(), 0);
        store
            .write(|transaction| {
                transaction
                    .execute("UPDATE parcel_out SET state = 2, answered_at = 600 WHERE finding = 1", [])
                    .doing("end")
            })
            .unwrap();
        assert_eq!(store.write(|transaction| forget(transaction, link, 600)).unwrap(), 0);
        assert_eq!(store.write(|transaction| forget(transaction, link, 601)).unwrap(), 1);
        // When it was made stays.
        let again = OutgoingParcel {
            id: ParcelId([9; 16]),
            finding: FindingId(1),
            revision: 2,
            created_at: 5_000,
            ..parcel(9, normal)
        };
        store.write(|transaction| handovers::insert(transaction, &again)).unwrap();
        let made =
            |finding| store.read(|connection| handovers::made(connection, link, FindingId(finding))).unwrap();
        assert_eq!((made(1), made(4)), (vec![(1, 100), (2, 5_000)], vec![]));
    }
}
