//! Parcels that had their effect here: each is a row of a report of its link's source.
//!
//! They are put here in the transaction that begins the report, so that a parcel has its effect once, whatever is sent again and wherever it
//! breaks off: the report that was begun is the one that is taken up again.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    arrival::Receipt,
    hub::{FindingKeyOnLink, HubName, ParcelId, ReceiptOutcome},
    ids::{LinkId, ReportId},
};

use crate::{StoreError, error::DatabaseContext, transaction::Transaction};

/// A parcel about to have its effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewParcelIn {
    /// Over which link it came.
    pub link: LinkId,
    /// Its name.
    pub id: ParcelId,
    /// How its finding is called on the link.
    pub key: FindingKeyOnLink,
    /// The how manieth about it.
    pub revision: u32,
    /// The row of its report that it is.
    pub row: u32,
    /// The hubs it passed, the sender last.
    pub path: Vec<HubName>,
    /// When its sender made it, in seconds since 1970.
    pub made_at: i64,
}

/// A parcel that had its effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParcelIn {
    /// Its number here: a cursor for what looks at all of them.
    pub id: i64,
    /// Over which link it came.
    pub link: LinkId,
    /// Its name.
    pub parcel: ParcelId,
    /// How its finding is called on the link.
    pub key: FindingKeyOnLink,
    /// The how manieth about it.
    pub revision: u32,
    /// The report it is in.
    pub report: ReportId,
    /// And the row.
    pub row: u32,
    /// The hubs it passed, the sender last.
    pub path: Vec<HubName>,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What was said of it.
    pub outcome: ReceiptOutcome,
    /// What was last said of how far it came; 0: nothing.
    pub status: u8,
}

/// Ties parcels to the report that is begun.
pub(crate) fn begin(
    transaction: &Transaction<'_>,
    report: ReportId,
    parcels: &[NewParcelIn],
    at: i64,
) -> Result<(), StoreError> {
    for parcel in parcels {
        let path: Vec<&str> = parcel.path.iter().map(HubName::as_str).collect();
        transaction
            .prepare_cached(
                "INSERT INTO parcel_in (link, parcel, key, revision, report, row, path, at, outcome, reason, status, made_at)
                 VALUES (?1,?2,?3,?4,?5,?6,?7,?8,'accepted','',0,?9)",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    parcel.link.0,
                    parcel.id.0,
                    parcel.key.0,
                    parcel.revision,
                    report.0,
                    parcel.row,
                    path.join(" "),
                    at,
                    parcel.made_at
                ])
            })
            .doing("take a parcel in")?;
    }
    Ok(())
}

const COLUMNS: &str =
    "p.id, p.link, p.parcel, p.key, p.revision, p.report, p.row, p.path, p.at, p.outcome, p.reason, p.status";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ParcelIn> {
    let (outcome, reason): (String, String) = (row.get(9)?, row.get(10)?);
    Ok(ParcelIn {
        id: row.get(0)?,
        link: LinkId(row.get(1)?),
        parcel: ParcelId(row.get(2)?),
        key: FindingKeyOnLink(row.get(3)?),
        revision: row.get(4)?,
        report: ReportId(row.get(5)?),
        row: row.get(6)?,
        path: row.get::<_, String>(7)?.split(' ').filter_map(|hub| hub.parse().ok()).collect(),
        at: row.get(8)?,
        outcome: ReceiptOutcome::read(&outcome, &reason).unwrap_or(ReceiptOutcome::Accepted),
        status: row.get(11)?,
    })
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<ParcelIn>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM parcel_in p WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read the parcels that came in")
}

/// A parcel that had its effect, by its name, or by the key and revision of what it told.
pub fn known(
    connection: &Connection,
    link: LinkId,
    parcel: ParcelId,
    key: FindingKeyOnLink,
    revision: u32,
) -> Result<Option<ParcelIn>, StoreError> {
    let by_name = by_name(connection, link, parcel)?;
    if by_name.is_some() {
        return Ok(by_name);
    }
    let condition = "p.link = ?1 AND p.key = ?2 AND p.revision = ?3";
    Ok(select(connection, condition, params![link.0, key.0, revision])?.pop())
}

/// A parcel that had its effect, by its name.
pub fn by_name(
    connection: &Connection,
    link: LinkId,
    parcel: ParcelId,
) -> Result<Option<ParcelIn>, StoreError> {
    Ok(select(connection, "p.link = ?1 AND p.parcel = ?2", params![link.0, parcel.0])?.pop())
}

/// The parcels that came by a door under this number, by report and row.
pub fn of_arrival(connection: &Connection, receipt: Receipt) -> Result<Vec<ParcelIn>, StoreError> {
    let condition = "p.report IN (SELECT id FROM report WHERE receipt = ?1) ORDER BY p.report, p.row";
    select(connection, condition, [receipt.0 as i64])
}

/// How many came over a link since this time, in seconds since 1970.
pub fn count_since(connection: &Connection, link: LinkId, since: i64) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT count(*) FROM parcel_in WHERE link = ?1 AND at >= ?2")
        .and_then(|mut statement| statement.query_row(params![link.0, since], |row| row.get::<_, i64>(0)))
        .optional()
        .doing("count the parcels of a link")
        .map(|count| count.unwrap_or(0) as u64)
}

/// Records what was said of a parcel.
pub fn set_outcome(
    transaction: &Transaction<'_>,
    id: i64,
    outcome: ReceiptOutcome,
) -> Result<(), StoreError> {
    let reason = match outcome {
        ReceiptOutcome::Rejected(reason) => reason.as_str(),
        _ => "",
    };
    transaction
        .prepare_cached("UPDATE parcel_in SET outcome = ?2, reason = ?3 WHERE id = ?1")
        .and_then(|mut statement| statement.execute(params![id, outcome.as_str(), reason]))
        .doing("record what was said of a parcel")
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use schakel_model::hub::Rejection;

    use super::*;
    use crate::{
        Store,
        data_dir::DataDir,
        hubs::tests::linked,
        reports::{Report, ReportState},
    };

    #[test]
    fn a_parcel_has_its_effect_once_by_name_and_by_what_it_tells() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let (link, other) = (linked(&mut store, "a.example").id, linked(&mut store, "b.example").id);
        let report = Report {
            id: ReportId(0),
            name: "hub.a.example".into(),
            received_at: 100,
            received_day: "1970-01-01".into(),
            size: 1,
            head_hash: [0; 32],
            content_hash: None,
            state: ReportState::Taking,
            failure: None,
            source: schakel_model::ids::SourceId(1),
            receipt: Some(Receipt(5)),
            withdrawn_at: None,
        };
        let parcel = |link, id: u8, key: u8, revision, row| NewParcelIn {
            link,
            id: ParcelId([id; 16]),
            key: FindingKeyOnLink([key; 16]),
            revision,
            row,
            path: vec!["top.example".parse().unwrap(), "a.example".parse().unwrap()],
            made_at: 90,
        };
        let first = [parcel(link, 1, 1, 1, 1), parcel(link, 2, 2, 1, 2)];
        let id = store.begin_report(&report, None, &first).unwrap();
        for twice in [parcel(link, 1, 9, 1, 1), parcel(link, 9, 2, 1, 1)] {
            let both = [parcel(link, 8, 8, 1, 1), twice];
            assert!(store.begin_report(&report, None, &both).is_err());
        }
        // Nothing of a report that was not begun is left, and what is new is new.
        let more = [parcel(link, 8, 2, 2, 1), parcel(other, 1, 1, 1, 2)];
        store.begin_report(&report, None, &more).unwrap();
        let all = store.read(|connection| of_arrival(connection, Receipt(5))).unwrap();
        let read: Vec<&ParcelIn> = all.iter().filter(|one| one.report == id).collect();
        assert_eq!(
            read.iter().map(|one| (one.parcel, one.row)).collect::<Vec<_>>(),
            [(ParcelId([1; 16]), 1), (ParcelId([2; 16]), 2)]
        );
        assert_eq!(read[0].path, first[0].path);
        assert_eq!(all.len(), 4);
        assert_eq!(store.read(|connection| count_since(connection, link, 100)).unwrap(), 3);
        let known = |id: u8, key: u8, revision| {
            let (id, key) = (ParcelId([id; 16]), FindingKeyOnLink([key; 16]));
            store.read(|connection| known(connection, link, id, key, revision)).unwrap().map(|one| one.row)
        };
        assert_eq!((known(2, 7, 7), known(7, 2, 1), known(7, 2, 3)), (Some(2), Some(2), None));
        let (row, outcome) = (read[0].id, ReceiptOutcome::Rejected(Rejection::Schema));
        store.write(|transaction| set_outcome(transaction, row, outcome)).unwrap();
        let again = store.read(|connection| of_arrival(connection, Receipt(5))).unwrap();
        assert_eq!(again[0].outcome, outcome);
    }
}
