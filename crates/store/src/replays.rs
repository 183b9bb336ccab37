//! Rejected rows that were read again, and what they are now.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::ids::{EventId, ReportId};

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext};

/// The rows of a report that were read again, in order.
pub fn rows(connection: &Connection, report: ReportId) -> Result<Vec<u32>, StoreError> {
    connection
        .prepare_cached("SELECT row FROM replay WHERE report = ?1 ORDER BY row")
        .and_then(|mut statement| statement.query_map([report.0], |row| row.get(0))?.collect())
        .doing("read which rows were read again")
}

/// The row that a rejected row is now.
pub fn of(connection: &Connection, row: EventId) -> Result<Option<EventId>, StoreError> {
    connection
        .prepare_cached("SELECT as_report, as_row FROM replay WHERE report = ?1 AND row = ?2")
        .and_then(|mut statement| {
            statement
                .query_row(params![row.report.0, row.row], |found| {
                    Ok(EventId { report: ReportId(found.get(0)?), row: found.get(1)? })
                })
                .optional()
        })
        .doing("read whether a row was read again")
}

/// The reports that rejected rows of this one became.
pub fn reports_of(connection: &Connection, report: ReportId) -> Result<Vec<ReportId>, StoreError> {
    connection
        .prepare_cached("SELECT DISTINCT as_report FROM replay WHERE report = ?1 ORDER BY as_report")
        .and_then(|mut statement| statement.query_map([report.0], |row| row.get(0).map(ReportId))?.collect())
        .doing("read what rejected rows became")
}

/// Chunks that count another number of replayed rows than there are, or more than were rejected.
pub fn miscounted(connection: &Connection) -> Result<Vec<u32>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id FROM chunk c WHERE replayed > rejected OR replayed <>
                (SELECT count(*) FROM replay r WHERE r.report = c.report AND r.row >= c.first_row AND r.row < c.first_row + c.rows)",
        )
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .doing("count the rows that were read again")
}

impl Store {
    /// Records that rejected rows of a report are rows of another one now: the first of them its row 1, and so on. Said twice, after a
    /// crash, it counts once.
    pub fn record_replay(
        &mut self,
        act: Act<'_>,
        report: ReportId,
        rows: &[u32],
        as_report: ReportId,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (row, as_row) in rows.iter().zip(1u32..) {
                let new = transaction
                    .prepare_cached("INSERT OR IGNORE INTO replay VALUES (?1,?2,?3,?4)")
                    .and_then(|mut statement| statement.execute(params![report.0, row, as_report.0, as_row]))
                    .doing("record that a row was read again")?;
                transaction
                    .prepare_cached(
                        "UPDATE chunk SET replayed = replayed + ?3
                         WHERE report = ?1 AND first_row <= ?2 AND ?2 < first_row + rows",
                    )
                    .and_then(|mut statement| statement.execute(params![report.0, row, new as i64]))
                    .doing("count a row that was read again")?;
            }
            let detail = format!(r#"{{"rows":{},"as_report":{as_report}}}"#, rows.len());
            act.audit(transaction, Action::RejectsReplayed, &format!("report:{report}"), &detail)
        })
    }
}
