//! How far the ladders were climbed: one for each notification that waits for a reaction.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::ids::{NotificationId, OrganisationId};

use crate::{
    Store, StoreError,
    calls::{self, NewCall},
    error::DatabaseContext,
    follow_ups::{StateChange, change_state},
    handovers::{self, NewHandover},
    outbox::NewNotification,
    transaction::Transaction,
};

/// The ladder of a notification. Times are seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ladder {
    /// The notification (its lead).
    pub notification: NotificationId,
    /// Who was told.
    pub organisation: OrganisationId,
    /// Since when a reaction is missing.
    pub started_at: i64,
    /// Steps taken.
    pub steps: u32,
    /// When the last was.
    pub stepped_at: Option<i64>,
    /// When somebody reacted; none while it is climbed.
    pub ended_at: Option<i64>,
}

/// What is done at once when something is due: all of it, or nothing.
#[derive(Default)]
pub struct Turns {
    /// Notifications: what is told again, and to whom else somebody turned.
    pub notices: Vec<NewNotification>,
    /// What other hubs are told again.
    pub handovers: Vec<NewHandover>,
    /// Ladders as they stand from now on.
    pub ladders: Vec<Ladder>,
    /// Who is to be called.
    pub calls: Vec<NewCall>,
    /// Notifications about which nobody need be called any more.
    pub called_off: Vec<NotificationId>,
    /// What is closed.
    pub states: Vec<StateChange>,
}

impl Store {
    /// Carries out what is due.
    pub fn take_turns(&mut self, at: i64, turns: Turns) -> Result<(), StoreError> {
        let (handed_over, parcels): (Vec<_>, Vec<_>) =
            turns.handovers.into_iter().map(|one| (one.notice, one.parcels)).unzip();
        let notices: Vec<NewNotification> = turns.notices.into_iter().chain(handed_over).collect();
        self.store_notifications_and(&notices, at, |transaction| {
            parcels.iter().flatten().try_for_each(|parcel| handovers::insert(transaction, parcel))?;
            turns.ladders.iter().try_for_each(|ladder| put(transaction, ladder))?;
            turns.called_off.iter().try_for_each(|about| calls::end(transaction, at, *about))?;
            turns.calls.iter().try_for_each(|call| calls::add(transaction, at, call))?;
            turns.states.iter().try_for_each(|change| change_state(transaction, change))
        })
    }
}

fn put(transaction: &Transaction<'_>, ladder: &Ladder) -> Result<(), StoreError> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO ladder VALUES (?1,?2,?3,?4,?5,?6)")
        .and_then(|mut statement| {
            statement.execute(params![
                ladder.notification.0,
                ladder.organisation.0,
                ladder.started_at,
                ladder.steps,
                ladder.stepped_at,
                ladder.ended_at
            ])
        })
        .doing("record a step of a ladder")?;
    match ladder.ended_at {
        Some(at) => calls::end(transaction, at, ladder.notification),
        None => Ok(()),
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Ladder> {
    Ok(Ladder {
        notification: NotificationId(row.get(0)?),
        organisation: OrganisationId(row.get(1)?),
        started_at: row.get(2)?,
        steps: row.get(3)?,
        stepped_at: row.get(4)?,
        ended_at: row.get(5)?,
    })
}

/// The ladder of a notification (its lead).
pub fn of(connection: &Connection, notification: NotificationId) -> Result<Option<Ladder>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM ladder WHERE notification = ?1")
        .and_then(|mut statement| statement.query_row([notification.0], from_row).optional())
        .doing("read a ladder")
}

/// All ladders that are being climbed.
pub fn open(connection: &Connection) -> Result<Vec<Ladder>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM ladder WHERE ended_at IS NULL ORDER BY notification")
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read the ladders")
}
