//! Possible data breaches: what was told to the wrong party, since when that is known, and what was decided.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::ids::NotificationId;

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext};

/// What was decided about a breach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Nothing yet: the clock runs.
    Open,
    /// It was reported to the supervisor.
    Reported,
    /// It need not be reported.
    NotReported,
}

impl Decision {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Reported => "reported",
            Self::NotReported => "not_reported",
        }
    }

    fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Open,
            1 => Self::Reported,
            _ => Self::NotReported,
        }
    }
}

/// A possible data breach.
#[derive(Clone, PartialEq, Debug)]
pub struct Breach {
    /// Its number, from 1.
    pub id: u32,
    /// When it was discovered, in seconds since 1970.
    pub discovered_at: i64,
    /// When it was opened here.
    pub opened_at: i64,
    /// By whom.
    pub opened_by: String,
    /// What it is about: `F12`, `N3`, `K1`.
    pub subject: String,
    /// Why it was opened.
    pub reason: String,
    /// What was decided.
    pub decision: Decision,
    /// When, by whom and why; none while it is open.
    pub closed: Option<Closed>,
}

/// How a breach was closed.
#[derive(Clone, PartialEq, Debug)]
pub struct Closed {
    /// When, in seconds since 1970.
    pub at: i64,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Opens a breach about these notifications. Gives its number.
    pub fn open_breach(
        &mut self,
        act: &Act<'_>,
        discovered_at: i64,
        subject: &str,
        notifications: &[NotificationId],
    ) -> Result<u32, StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO breach (discovered_at, opened_at, opened_by, subject, reason) VALUES (?1,?2,?3,?4,?5)",
                    params![discovered_at, act.at, act.actor, subject, act.reason],
                )
                .doing("open a breach")?;
            let id = transaction.last_insert_rowid() as u32;
            for notification in notifications {
                transaction
                    .prepare_cached("INSERT OR IGNORE INTO breach_notification VALUES (?1,?2)")
                    .and_then(|mut statement| statement.execute(params![id, notification.0]))
                    .doing("open a breach")?;
            }
            act.audit(transaction, Action::BreachOpened, &format!("breach:{id}"), "")?;
            Ok(id)
        })
    }

    /// Closes a breach that is open. False when it is closed already, or does not exist.
    pub fn close_breach(&mut self, act: &Act<'_>, id: u32, decision: Decision) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let closed = transaction
                .execute(
                    "UPDATE breach SET decision = ?2, closed_at = ?3, closed_by = ?4, closed_reason = ?5
                     WHERE id = ?1 AND decision = 0",
                    params![id, decision as u8, act.at, act.actor, act.reason],
                )
                .doing("close a breach")?;
            if closed > 0 {
                act.audit(transaction, Action::BreachClosed, &format!("breach:{id}"), "")?;
            }
            Ok(closed > 0)
        })
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Breach> {
    let closed: Option<i64> = row.get(7)?;
    Ok(Breach {
        id: row.get(0)?,
        discovered_at: row.get(1)?,
        opened_at: row.get(2)?,
        opened_by: row.get(3)?,
        subject: row.get(4)?,
        reason: row.get(5)?,
        decision: Decision::from_code(row.get(6)?),
        closed: match closed {
            Some(at) => Some(Closed { at, by: row.get(8)?, reason: row.get(9)? }),
            None => None,
        },
    })
}

const COLUMNS: &str =
    "id, discovered_at, opened_at, opened_by, subject, reason, decision, closed_at, closed_by, closed_reason";

/// All breaches, the newest first.
pub fn list(connection: &Connection) -> Result<Vec<Breach>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM breach ORDER BY id DESC"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read breaches")
}

/// Those that are not decided.
pub fn undecided(connection: &Connection) -> Result<Vec<Breach>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM breach WHERE decision = 0 ORDER BY discovered_at"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read breaches")
}

/// One breach.
pub fn get(connection: &Connection, id: u32) -> Result<Option<Breach>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM breach WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id], from_row).optional())
        .doing("read a breach")
}

/// The notifications a breach is about: the first in any language of each.
pub fn notifications(connection: &Connection, id: u32) -> Result<Vec<NotificationId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT notification FROM breach_notification WHERE breach = ?1 ORDER BY notification",
        )
        .and_then(|mut statement| statement.query_map([id], |row| row.get(0).map(NotificationId))?.collect())
        .doing("read a breach")
}
