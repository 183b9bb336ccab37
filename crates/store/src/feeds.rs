//! What came of each feed, and when.

use rusqlite::Connection;
use schakel_model::ids::{ReportId, SourceId};

use crate::{StoreError, error::DatabaseContext};

/// A file of a report, as far as it says something about its feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedFile {
    /// Who sent it; 0 is nobody in particular.
    pub source: SourceId,
    /// The plan by which it was read: [`plan_definition`](crate::reports::plan_definition) says of which feed.
    pub plan: u32,
    /// When its report came in, in seconds since 1970.
    pub received_at: i64,
    /// Rows in it.
    pub rows: u64,
}

/// The files of the reports that came in since a time (seconds since 1970), in order of receipt.
pub fn files_since(connection: &Connection, since: i64) -> Result<Vec<FeedFile>, StoreError> {
    connection
        .prepare_cached(
            "SELECT r.source, m.plan, r.received_at, coalesce(sum(c.rows), 0)
             FROM report r JOIN member m ON m.report = r.id LEFT JOIN chunk c ON c.report = r.id AND c.member = m.seq
             WHERE r.received_at >= ?1 AND r.state > 0
             GROUP BY r.id, m.seq ORDER BY r.received_at, r.id, m.seq",
        )
        .and_then(|mut statement| {
            statement
                .query_map([since], |row| {
                    Ok(FeedFile {
                        source: SourceId(row.get(0)?),
                        plan: row.get(1)?,
                        received_at: row.get(2)?,
                        rows: row.get::<_, i64>(3)? as u64,
                    })
                })?
                .collect()
        })
        .doing("read what came of each feed")
}

/// The first report of a source for each plan by which its files were read. What the source has taken back does not count.
pub fn first_reports(connection: &Connection, source: SourceId) -> Result<Vec<(u32, ReportId)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT m.plan, min(r.id) FROM report r JOIN member m ON m.report = r.id
             WHERE r.source = ?1 AND r.state > 0 AND r.withdrawn_at IS NULL GROUP BY m.plan",
        )
        .and_then(|mut statement| {
            statement.query_map([source.0], |row| Ok((row.get(0)?, ReportId(row.get(1)?))))?.collect()
        })
        .doing("read what came first of each feed")
}
