//! Parcels that we hand over: waiting for their turn, sent, answered.
//!
//! A parcel is put here in the transaction that gives its finding the fate that it has (the caller's). Its bytes are those that are sent, each
//! time. What a receipt means for the fate is the caller's as well, in the transaction of [`answer`].

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    hub::{FindingKeyOnLink, OutgoingParcel, ParcelClass, ParcelId, ParcelState, ReceiptOutcome},
    ids::{FindingId, LinkId, NotificationId},
};

use crate::{StoreError, error::DatabaseContext, transaction::Transaction};

/// Puts parcels where they wait to be sent.
pub fn queue(transaction: &Transaction<'_>, parcels: &[OutgoingParcel]) -> Result<(), StoreError> {
    for parcel in parcels {
        transaction
            .prepare_cached(
                "INSERT INTO parcel_out (link, parcel, class, finding, key, revision, notification, body, created_at, state, attempts, next_at)
                 VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,0,0,?9)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    parcel.link.0,
                    parcel.id.0,
                    parcel.class as u8,
                    parcel.finding.0,
                    parcel.key.0,
                    parcel.revision,
                    parcel.notification.0,
                    parcel.body,
                    parcel.created_at,
                ])
            })
            .doing("hand over a parcel")?;
    }
    Ok(())
}

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
    /// How often it was tried.
    pub attempts: u32,
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
            "SELECT id, parcel, body, attempts FROM parcel_out
             WHERE link = ?1 AND class = ?2 AND next_at <= ?3 AND state = 0 ORDER BY next_at, id LIMIT ?4",
        )
        .and_then(|mut statement| {
            let due = |row: &Row<'_>| {
                Ok(DueParcel {
                    row: row.get(0)?,
                    id: ParcelId(row.get(1)?),
                    class,
                    body: row.get(2)?,
                    attempts: row.get(3)?,
                })
            };
            statement.query_map(params![link.0, class as u8, now, limit as i64], due)?.collect()
        })
        .doing("read the parcels that are due")
}

/// Does a parcel of a link wait at all, and of which classes? Also those that are not due yet.
pub fn waiting(connection: &Connection, link: LinkId) -> Result<Vec<(ParcelClass, u64)>, StoreError> {
    let mut counts = Vec::new();
    for class in ParcelClass::ALL {
        let count: i64 = connection
            .prepare_cached("SELECT count(*) FROM parcel_out WHERE link = ?1 AND class = ?2 AND state = 0")
            .and_then(|mut statement| statement.query_row(params![link.0, *class as u8], |row| row.get(0)))
            .doing("count the parcels that wait")?;
        counts.push((*class, count as u64));
    }
    Ok(counts)
}

/// Parcels of a link that were sent and have no receipt, and since when the oldest.
pub fn without_receipt(connection: &Connection, link: LinkId) -> Result<(u64, Option<i64>), StoreError> {
    connection
        .prepare_cached("SELECT count(*), min(sent_at) FROM parcel_out WHERE link = ?1 AND state = 1")
        .and_then(|mut statement| {
            statement.query_row([link.0], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))
        })
        .doing("count the parcels without a receipt")
}

/// Records that the other side has these on its disk, or that they are tried again at `next_at`.
pub fn tried(
    transaction: &Transaction<'_>,
    parcels: &[DueParcel],
    now: i64,
    next_at: Option<i64>,
) -> Result<(), StoreError> {
    let (state, sent_at) = match next_at {
        None => (ParcelState::Sent, Some(now)),
        Some(_) => (ParcelState::Waiting, None),
    };
    for parcel in parcels {
        transaction
            .prepare_cached(
                "UPDATE parcel_out SET state = ?2, attempts = attempts + 1, sent_at = coalesce(?3, sent_at), next_at = coalesce(?4, next_at)
                 WHERE id = ?1 AND state = 0",
            )
            .and_then(|mut statement| {
                statement.execute(params![parcel.row, state as u8, sent_at, next_at])
            })
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

/// A parcel that a receipt is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfReceipt {
    /// Its number here.
    pub row: i64,
    /// What it told.
    pub finding: FindingId,
    /// How that is called on the link.
    pub key: FindingKeyOnLink,
    /// The how manieth about it.
    pub revision: u32,
    /// The notification that handed it over.
    pub notification: NotificationId,
    /// How far it had come before the receipt.
    pub state: ParcelState,
}

/// A parcel by its name.
pub fn by_name(
    connection: &Connection,
    link: LinkId,
    parcel: ParcelId,
) -> Result<Option<OfReceipt>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, finding, key, revision, notification, state FROM parcel_out WHERE link = ?1 AND parcel = ?2",
        )
        .and_then(|mut statement| {
            statement
                .query_row(params![link.0, parcel.0], |row| {
                    let state: u8 = row.get(5)?;
                    Ok(OfReceipt {
                        row: row.get(0)?,
                        finding: FindingId(row.get(1)?),
                        key: FindingKeyOnLink(row.get(2)?),
                        revision: row.get(3)?,
                        notification: NotificationId(row.get(4)?),
                        state: ParcelState::ALL.get(usize::from(state)).copied().unwrap_or(ParcelState::Waiting),
                    })
                })
                .optional()
        })
        .doing("look a parcel up")
}

/// Records a receipt. `line`: the signed line, kept as proof. A parcel that is deferred waits until `again_at`. Gives the parcel when the receipt is
/// news: the first that ends it, or one that puts it off.
pub fn answer(
    transaction: &Transaction<'_>,
    link: LinkId,
    parcel: ParcelId,
    outcome: ReceiptOutcome,
    line: &[u8],
    at: i64,
    again_at: i64,
) -> Result<Option<OfReceipt>, StoreError> {
    let Some(found) = by_name(transaction, link, parcel)? else { return Ok(None) };
    if !matches!(found.state, ParcelState::Waiting | ParcelState::Sent) {
        return Ok(None);
    }
    let reason = match outcome {
        ReceiptOutcome::Rejected(reason) => reason.as_str(),
        _ => "",
    };
    let (state, next_at) = match outcome {
        ReceiptOutcome::Deferred => (ParcelState::Waiting, Some(again_at)),
        _ => (ParcelState::Answered, None),
    };
    transaction
        .prepare_cached(
            "UPDATE parcel_out SET state = ?2, outcome = ?3, reason = ?4, receipt = ?5, answered_at = ?6, next_at = coalesce(?7, next_at)
             WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.execute(params![found.row, state as u8, outcome.as_str(), reason, line, at, next_at])
        })
        .doing("record a receipt")?;
    Ok(Some(found))
}

/// The highest revision of a finding on a link; 0: it was never handed over.
pub fn last_revision(connection: &Connection, link: LinkId, finding: FindingId) -> Result<u32, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(revision), 0) FROM parcel_out WHERE link = ?1 AND finding = ?2")
        .and_then(|mut statement| statement.query_row(params![link.0, finding.0], |row| row.get(0)))
        .doing("look up the last parcel about a finding")
}

/// What a key of a finding on a link stands for.
pub fn finding_of(
    connection: &Connection,
    link: LinkId,
    key: FindingKeyOnLink,
) -> Result<Option<FindingId>, StoreError> {
    connection
        .prepare_cached("SELECT finding FROM parcel_out WHERE link = ?1 AND key = ?2 LIMIT 1")
        .and_then(|mut statement| {
            statement.query_row(params![link.0, key.0], |row| row.get(0).map(FindingId)).optional()
        })
        .doing("look a finding up by its key on a link")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, data_dir::DataDir, hubs::tests::linked};

    #[test]
    fn a_parcel_waits_is_sent_and_answered_once() {
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
        };
        let all = [
            parcel(1, ParcelClass::Normal),
            parcel(2, ParcelClass::Normal),
            parcel(3, ParcelClass::Critical),
        ];
        store.write(|transaction| queue(transaction, &all)).unwrap();
        let due = |store: &Store, now| {
            store.read(|connection| due(connection, link, ParcelClass::Normal, now, 10)).unwrap()
        };
        assert_eq!(due(&store, 99), []);
        let found = due(&store, 100);
        assert_eq!(found.iter().map(|one| one.id.0[0]).collect::<Vec<_>>(), [1, 2]);
        store.write(|transaction| tried(transaction, &found[..1], 110, Some(170))).unwrap();
        store.write(|transaction| tried(transaction, &found[1..], 110, None)).unwrap();
        assert_eq!(due(&store, 169), []);
        assert_eq!(due(&store, 170)[0].attempts, 1);
        assert_eq!(store.read(|connection| without_receipt(connection, link)).unwrap(), (1, Some(110)));

        let mut receive = |number: u8, outcome| {
            let id = ParcelId([number; 16]);
            store
                .write(|transaction| answer(transaction, link, id, outcome, b"line", 120, 300))
                .unwrap()
                .map(|found| found.finding.0)
        };
        assert_eq!(receive(2, ReceiptOutcome::Accepted), Some(2));
        assert_eq!(receive(2, ReceiptOutcome::Accepted), None, "the same receipt again is no news");
        assert_eq!(receive(1, ReceiptOutcome::Deferred), Some(1));
        assert_eq!(receive(9, ReceiptOutcome::Accepted), None);
        assert_eq!((due(&store, 299), due(&store, 300).len()), (vec![], 1));
        let critical =
            store.read(|connection| super::due(connection, link, ParcelClass::Critical, 100, 10)).unwrap();
        store.write(|transaction| tried(transaction, &critical, 110, None)).unwrap();
        assert_eq!(store.write(|transaction| send_again(transaction, link, 111, 500)).unwrap(), 1);
        assert_eq!(
            store.read(|connection| waiting(connection, link)).unwrap()[0],
            (ParcelClass::Critical, 1)
        );
        assert_eq!(store.read(|connection| last_revision(connection, link, FindingId(3))).unwrap(), 1);
        let key = FindingKeyOnLink([3; 16]);
        assert_eq!(store.read(|connection| finding_of(connection, link, key)).unwrap(), Some(FindingId(3)));
    }
}
