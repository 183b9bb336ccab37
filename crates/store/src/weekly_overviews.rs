//! Weekly overviews: which were made, and what they say: what was sent to an organisation, what was not told and why, and what is open.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{
    answer::{NotificationKind, RecipientState},
    fate::Fate,
    ids::{KindId, NotificationId, OrganisationId},
    severity::Severity,
    tlp::Tlp,
};

use crate::{
    Store, StoreError,
    error::DatabaseContext,
    outbox::{MessageState, NewNotification},
};

/// A notification that was sent to an organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Its number.
    pub id: NotificationId,
    /// How often the installation had been restored.
    pub epoch: u32,
    /// When, in seconds since 1970.
    pub at: i64,
    /// What it is.
    pub kind: NotificationKind,
    /// Its marking.
    pub tlp: Tlp,
    /// How many findings it tells.
    pub findings: u64,
    /// Its subject.
    pub subject: String,
    /// Does the policy ask for it to be encrypted, whatever its marking?
    pub confidential: bool,
    /// To which roles, and how far each message has come.
    pub messages: Vec<(String, MessageState)>,
}

/// Assignments that are not told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotTold {
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// Why, as the ledger has it.
    pub fate: Fate,
    /// Why, in words; may be empty.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// How many of them came in the period.
    pub new: u64,
}

/// Findings that an organisation was told of and that are open, of one kind and one age.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// What they are.
    pub kind: KindId,
    /// How bad they were when they were last told.
    pub severity: Severity,
    /// The highest marking under which they were told.
    pub tlp: Tlp,
    /// For how many days they are open, in whole days.
    pub days: u32,
    /// What the recipient says.
    pub state: RecipientState,
    /// Does the policy ask for it to be encrypted, whatever its marking?
    pub confidential: bool,
    /// How many.
    pub count: u64,
}

impl Store {
    /// Stores an overview, once: gives whether it was, or had been made already by whoever was quicker.
    pub fn store_weekly_overview(
        &mut self,
        new: &[NewNotification],
        organisation: OrganisationId,
        until: i64,
        at: i64,
    ) -> Result<bool, StoreError> {
        if self.read(|connection| made(connection, organisation, until))?.is_some() {
            return Ok(false);
        }
        let lead = new.first().map_or(0, |first| first.notification.id.0);
        self.store_notifications_and(new, at, |transaction| {
            transaction
                .prepare_cached("INSERT INTO weekly_overview VALUES (?1,?2,?3)")
                .and_then(|mut statement| statement.execute(params![organisation.0, until, lead]))
                .doing("record a weekly overview")
                .map(|_| ())
        })?;
        Ok(true)
    }
}

fn made(
    connection: &Connection,
    organisation: OrganisationId,
    until: i64,
) -> Result<Option<u32>, StoreError> {
    connection
        .query_row(
            "SELECT notification FROM weekly_overview WHERE organisation = ?1 AND until = ?2",
            params![organisation.0, until],
            |row| row.get(0),
        )
        .optional()
        .doing("look for a weekly overview")
}

/// The end of the last overview of each organisation, in seconds since 1970.
pub fn last(connection: &Connection) -> Result<HashMap<OrganisationId, i64>, StoreError> {
    connection
        .prepare_cached("SELECT organisation, max(until) FROM weekly_overview GROUP BY organisation")
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((OrganisationId(row.get(0)?), row.get(1)?)))?.collect()
        })
        .doing("read weekly overviews")
}

/// The overviews of an organisation: until when, and the notification; the newest first.
pub fn of_organisation(
    connection: &Connection,
    organisation: OrganisationId,
) -> Result<Vec<(i64, NotificationId)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT until, notification FROM weekly_overview WHERE organisation = ?1 ORDER BY until DESC",
        )
        .and_then(|mut statement| {
            statement
                .query_map([organisation.0], |row| Ok((row.get(0)?, NotificationId(row.get(1)?))))?
                .collect()
        })
        .doing("read weekly overviews")
}

/// When each organisation was first recorded in the register, in seconds since 1970.
pub fn known_since(connection: &Connection) -> Result<HashMap<OrganisationId, i64>, StoreError> {
    connection
        .prepare_cached(
            "SELECT o.organisation, min(v.at) FROM organisation_state o JOIN register_version v ON v.version = o.recorded_in
             GROUP BY o.organisation",
        )
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((OrganisationId(row.get(0)?), row.get(1)?)))?.collect()
        })
        .doing("read since when organisations are known")
}

/// What was sent to an organisation from `since` and before `until`, in order.
pub fn sent(
    connection: &Connection,
    organisation: OrganisationId,
    (since, until): (i64, i64),
) -> Result<Vec<Sent>, StoreError> {
    let mut sent: Vec<Sent> = connection
        .prepare_cached(
            "SELECT id, epoch, created_at, kind, tlp, findings, subject, confidential FROM notification
             WHERE organisation = ?1 AND created_at >= ?2 AND created_at < ?3 ORDER BY id",
        )
        .and_then(|mut statement| {
            statement
                .query_map(params![organisation.0, since, until], |row| {
                    let kind: String = row.get(3)?;
                    Ok(Sent {
                        id: NotificationId(row.get(0)?),
                        epoch: row.get(1)?,
                        at: row.get(2)?,
                        kind: kind.parse().unwrap_or(NotificationKind::Letter),
                        tlp: tlp(row.get(4)?),
                        findings: row.get::<_, i64>(5)? as u64,
                        subject: row.get(6)?,
                        confidential: row.get(7)?,
                        messages: Vec::new(),
                    })
                })?
                .collect()
        })
        .doing("read what was sent")?;
    for one in &mut sent {
        let messages = crate::outbox::of_notification(connection, one.id)?;
        one.messages = messages.into_iter().map(|message| (message.role, message.state)).collect();
    }
    Ok(sent)
}

/// What is not told at present, of all organisations. `new` counts what came, or got its fate, since then.
pub fn not_told(connection: &Connection, since: i64) -> Result<Vec<NotTold>, StoreError> {
    // Nobody's (organisation 0) is on the onboarding list; what was withdrawn was somebody else's.
    let fates = [Fate::Held, Fate::Suppressed, Fate::NoContact, Fate::Digest, Fate::Undeliverable];
    let wanted = fates.map(|fate| (fate as u8).to_string()).join(",");
    connection
        .prepare_cached(&format!(
            "SELECT b.organisation, b.fate, coalesce(f.reason, ''), sum(b.count),
                sum(CASE WHEN coalesce(f.at, c.committed_at) >= ?1 THEN b.count ELSE 0 END)
             FROM assignment_block b JOIN chunk c ON c.id = b.chunk
             LEFT JOIN fate_change f ON f.id = (SELECT max(id) FROM fate_change WHERE block = b.id)
             WHERE b.organisation > 0 AND b.fate IN ({wanted}) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ))
        .and_then(|mut statement| {
            statement
                .query_map([since], |row| {
                    Ok(NotTold {
                        organisation: OrganisationId(row.get(0)?),
                        fate: Fate::from_code(row.get(1)?).unwrap_or(Fate::Held),
                        reason: row.get(2)?,
                        count: row.get::<_, i64>(3)? as u64,
                        new: row.get::<_, i64>(4)? as u64,
                    })
                })?
                .collect()
        })
        .doing("count what is not told")
}

/// What is open at an organisation at this time (seconds since 1970).
pub fn open(
    connection: &Connection,
    organisation: OrganisationId,
    now: i64,
) -> Result<Vec<Open>, StoreError> {
    connection
        .prepare_cached(
            "SELECT f.kind, u.severity, max(t.tlp, coalesce(n.tlp, 0)), max(0, (?2 - u.first_told_at) / 86400), u.state,
                max(t.confidential, coalesce(n.confidential, 0)), count(*)
             FROM follow_up u JOIN finding f ON f.id = u.finding
             JOIN notification t ON t.id = u.told_by LEFT JOIN notification n ON n.id = u.first_told_by
             WHERE u.organisation = ?1 AND u.closed_at IS NULL GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6",
        )
        .and_then(|mut statement| {
            statement
                .query_map(params![organisation.0, now], |row| {
                    let severity: u8 = row.get(1)?;
                    Ok(Open {
                        kind: KindId(row.get(0)?),
                        severity: Severity::from_code(severity).unwrap_or_default(),
                        tlp: tlp(row.get(2)?),
                        days: row.get::<_, i64>(3)?.try_into().unwrap_or(u32::MAX),
                        state: RecipientState::from_code(row.get(4)?).unwrap_or(RecipientState::Told),
                        confidential: row.get(5)?,
                        count: row.get::<_, i64>(6)? as u64,
                    })
                })?
                .collect()
        })
        .doing("count what is open")
}

fn tlp(code: u8) -> Tlp {
    Tlp::ALL.get(usize::from(code)).copied().unwrap_or(Tlp::Red)
}
