//! The newest of a list before a number, page by page, of some organisations or of all; and what came behind a number.

use rusqlite::{Connection, params};
use schakel_model::{
    fate::Fate,
    ids::{AnswerId, NotificationId, OrganisationId, ReportId},
};

use crate::{
    StoreError,
    answers::{self, Answer},
    error::DatabaseContext,
    outbox::{self, Notification},
    reports::{self, Report},
};

/// Notifications to these organisations, or to all.
pub fn notifications(
    connection: &Connection,
    of: Option<&[OrganisationId]>,
    before: Option<NotificationId>,
    limit: usize,
) -> Result<Vec<Notification>, StoreError> {
    let ids = newest(connection, "notification", of, before.map(|id| id.0), limit)?;
    let one = |id: u32| outbox::notification(connection, NotificationId(id));
    ids.into_iter().filter_map(|id| one(id).transpose()).collect()
}

/// Answers of these organisations, or of all.
pub fn answers(
    connection: &Connection,
    of: Option<&[OrganisationId]>,
    before: Option<AnswerId>,
    limit: usize,
) -> Result<Vec<Answer>, StoreError> {
    let ids = newest(connection, "answer", of, before.map(|id| id.0), limit)?;
    let one = |id: u32| answers::get(connection, AnswerId(id));
    ids.into_iter().filter_map(|id| one(id).transpose()).collect()
}

/// Reports.
pub fn reports(
    connection: &Connection,
    before: Option<ReportId>,
    limit: usize,
) -> Result<Vec<Report>, StoreError> {
    let ids = newest(connection, "report", None, before.map(|id| id.0), limit)?;
    let one = |id: u32| reports::get(connection, ReportId(id));
    ids.into_iter().filter_map(|id| one(id).transpose()).collect()
}

fn newest(
    connection: &Connection,
    table: &'static str,
    of: Option<&[OrganisationId]>,
    before: Option<u32>,
    limit: usize,
) -> Result<Vec<u32>, StoreError> {
    let sql = format!(
        "SELECT id FROM {table} WHERE id < ?1{} ORDER BY id DESC LIMIT ?2",
        of.map(within).unwrap_or_default()
    );
    let before = before.map_or(i64::MAX, i64::from);
    connection
        .prepare_cached(&sql)
        .and_then(|mut statement| {
            statement.query_map(params![before, limit as i64], |row| row.get(0))?.collect()
        })
        .doing("list the newest")
}

/// Numbers stand in the text: there are few of them.
fn within(organisations: &[OrganisationId]) -> String {
    let list: Vec<String> = organisations.iter().map(ToString::to_string).collect();
    format!(" AND organisation IN ({})", list.join(","))
}

/// How far each of the lists is that only grow: what is behind these numbers is new.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Positions {
    /// The last notification.
    pub notification: u32,
    /// The last answer.
    pub answer: u32,
    /// The last change of a fate.
    pub fate: i64,
}

/// Where the lists end now.
pub fn positions(connection: &Connection) -> Result<Positions, StoreError> {
    let last = |table: &str| {
        connection
            .prepare_cached(&format!("SELECT coalesce(max(id), 0) FROM {table}"))
            .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
            .doing("look where a list ends")
    };
    Ok(Positions {
        notification: last("notification")? as u32,
        answer: last("answer")? as u32,
        fate: last("fate_change")?,
    })
}

/// A change of the fate of assignments that belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FateChanged {
    /// Its number.
    pub id: i64,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Whose; `None` is nobody's.
    pub organisation: Option<OrganisationId>,
    /// How many assignments.
    pub count: u64,
    /// To what.
    pub fate: Fate,
    /// What it names: of most fates a notification.
    pub reference: Option<u32>,
}

/// Notifications behind a number, the oldest first.
pub fn notifications_after(
    connection: &Connection,
    of: Option<&[OrganisationId]>,
    after: u32,
    limit: usize,
) -> Result<Vec<Notification>, StoreError> {
    let ids = oldest(connection, "notification", of, after, limit)?;
    let one = |id: u32| outbox::notification(connection, NotificationId(id));
    ids.into_iter().filter_map(|id| one(id).transpose()).collect()
}

/// Answers behind a number, the oldest first.
pub fn answers_after(
    connection: &Connection,
    of: Option<&[OrganisationId]>,
    after: u32,
    limit: usize,
) -> Result<Vec<Answer>, StoreError> {
    let ids = oldest(connection, "answer", of, after, limit)?;
    let one = |id: u32| answers::get(connection, AnswerId(id));
    ids.into_iter().filter_map(|id| one(id).transpose()).collect()
}

fn oldest(
    connection: &Connection,
    table: &'static str,
    of: Option<&[OrganisationId]>,
    after: u32,
    limit: usize,
) -> Result<Vec<u32>, StoreError> {
    let of = of.map(within).unwrap_or_default();
    connection
        .prepare_cached(&format!("SELECT id FROM {table} WHERE id > ?1{of} ORDER BY id LIMIT ?2"))
        .and_then(|mut statement| {
            statement.query_map(params![after, limit as i64], |row| row.get(0))?.collect()
        })
        .doing("list what is new")
}

/// Changes of fates behind a number, the oldest first.
pub fn fates_after(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<FateChanged>, StoreError> {
    connection
        .prepare_cached(
            "SELECT c.id, c.at, b.organisation, b.count, c.fate, c.reference FROM fate_change c
             JOIN assignment_block b ON b.id = c.block WHERE c.id > ?1 ORDER BY c.id LIMIT ?2",
        )
        .and_then(|mut statement| {
            let changed = |row: &rusqlite::Row<'_>| {
                let organisation: u32 = row.get(2)?;
                Ok(FateChanged {
                    id: row.get(0)?,
                    at: row.get(1)?,
                    organisation: (organisation != 0).then_some(OrganisationId(organisation)),
                    count: row.get::<_, i64>(3)? as u64,
                    fate: Fate::from_code(row.get(4)?).unwrap_or(Fate::Held),
                    reference: row.get(5)?,
                })
            };
            statement.query_map(params![after, limit as i64], changed)?.collect()
        })
        .doing("list changes of fates")
}
