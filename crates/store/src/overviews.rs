//! What is told together at a later time: each organisation has at most one overview that waits for the same rhythm and time.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::ids::{NotificationId, OrganisationId, OverviewId};

use crate::{StoreError, error::DatabaseContext, transaction::Transaction};

/// An overview.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overview {
    /// Its number.
    pub id: OverviewId,
    /// Who is told.
    pub organisation: OrganisationId,
    /// How often, in the words of the policy.
    pub rhythm: String,
    /// When it is told, in seconds since 1970.
    pub due_at: i64,
    /// When it was.
    pub made_at: Option<i64>,
    /// The notification that it became: the first, when it became several.
    pub notification: Option<NotificationId>,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Overview> {
    Ok(Overview {
        id: OverviewId(row.get(0)?),
        organisation: OrganisationId(row.get(1)?),
        rhythm: row.get(2)?,
        due_at: row.get(3)?,
        made_at: row.get(4)?,
        notification: row.get::<_, Option<u32>>(5)?.map(NotificationId),
    })
}

const COLUMNS: &str = "id, organisation, rhythm, due_at, made_at, notification";

/// One overview.
pub fn get(connection: &Connection, id: OverviewId) -> Result<Option<Overview>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM overview WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id.0], from_row).optional())
        .doing("read an overview")
}

/// Those that wait, the first due first.
pub fn waiting(connection: &Connection) -> Result<Vec<Overview>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM overview WHERE made_at IS NULL ORDER BY due_at, id"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read the overviews that wait")
}

/// Is one due at this time (seconds since 1970)?
pub fn any_due(connection: &Connection, now: i64) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM overview WHERE made_at IS NULL AND due_at <= ?1)")
        .and_then(|mut statement| statement.query_row([now], |row| row.get(0)))
        .doing("look whether an overview is due")
}

/// The overview that waits for this rhythm and time; made when there is none.
pub(crate) fn waiting_for(
    transaction: &Transaction<'_>,
    organisation: OrganisationId,
    rhythm: &str,
    due_at: i64,
) -> Result<OverviewId, StoreError> {
    let found = transaction
        .prepare_cached(
            "SELECT id FROM overview WHERE made_at IS NULL AND due_at = ?3 AND organisation = ?1 AND rhythm = ?2",
        )
        .and_then(|mut statement| {
            statement.query_row(params![organisation.0, rhythm, due_at], |row| row.get(0)).optional()
        })
        .doing("find an overview")?;
    if let Some(id) = found {
        return Ok(OverviewId(id));
    }
    transaction
        .prepare_cached("INSERT INTO overview (organisation, rhythm, due_at) VALUES (?1,?2,?3)")
        .and_then(|mut statement| statement.insert(params![organisation.0, rhythm, due_at]))
        .map(|id| OverviewId(id as u32))
        .doing("begin an overview")
}

/// Notes that an overview was made; the first notification of it counts.
pub(crate) fn made(
    transaction: &Transaction<'_>,
    id: OverviewId,
    at: i64,
    notification: Option<NotificationId>,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE overview SET made_at = ?2, notification = ?3 WHERE id = ?1 AND made_at IS NULL",
        )
        .and_then(|mut statement| statement.execute(params![id.0, at, notification.map(|one| one.0)]))
        .doing("note that an overview was made")
        .map(|_| ())
}

/// Closes overviews that are due and for which nothing waits any more.
pub(crate) fn close_empty(transaction: &Transaction<'_>, now: i64) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE overview SET made_at = ?1 WHERE made_at IS NULL AND due_at <= ?1
             AND NOT EXISTS (SELECT 1 FROM assignment_block WHERE fate = 4 AND reference = overview.id)",
        )
        .and_then(|mut statement| statement.execute([now]))
        .doing("close overviews that nothing waits for")
        .map(|_| ())
}
