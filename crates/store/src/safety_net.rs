//! What the safety net told of that which is nobody's: the fates of assignments to nobody.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use rusqlite::{Connection, Row};
use schakel_model::{
    fate::Fate,
    ids::{FindingId, NotificationId},
};

use crate::{
    Store, StoreError, chunks,
    error::DatabaseContext,
    id_list,
    outbox::{self, NewNotification},
    split::split,
    transaction::Transaction,
};

/// A part of a block of assignments to nobody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The block.
    pub block: i64,
    /// Which of its findings.
    pub findings: HashSet<FindingId, RandomState>,
}

/// When the safety net told a finding last, and by which notification.
pub type Told = HashMap<FindingId, (i64, NotificationId), RandomState>;

/// What the safety net told since a time (seconds since 1970), the last time of each finding.
pub fn told(connection: &Connection, since: i64) -> Result<Told, StoreError> {
    let mut told = Told::default();
    let mut read = || {
        let mut statement = connection.prepare_cached(
            "SELECT b.findings, n.id, n.created_at FROM assignment_block b JOIN notification n ON n.id = b.reference
             WHERE b.organisation = 0 AND b.fate IN (1, 6, 7) AND n.kind = 'safety_net' AND n.created_at > ?1 ORDER BY n.id",
        )?;
        let mut rows = statement.query([since])?;
        while let Some(row) = rows.next()? {
            let (notification, at) = (NotificationId(row.get(1)?), row.get(2)?);
            let findings = row.get_ref(0)?.as_blob()?;
            told.extend(id_list::decode(findings).map(|finding| (finding, (at, notification))));
        }
        Ok(())
    };
    read().doing("read what the safety net told")?;
    Ok(told)
}

/// To whom the safety net wrote since a time, each address once for each mail.
pub fn desks_since(connection: &Connection, since: i64) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached(
            "SELECT m.recipient FROM message m JOIN notification n ON n.id = m.notification
             WHERE n.kind = 'safety_net' AND n.created_at > ?1",
        )
        .and_then(|mut statement| statement.query_map([since], |row: &Row<'_>| row.get(0))?.collect())
        .doing("read to whom the safety net wrote")
}

impl Store {
    /// Stores a notification of the safety net and ties what it tells to it.
    pub fn store_safety_net(
        &mut self,
        new: NewNotification,
        parts: &[Part],
        at: i64,
    ) -> Result<(), StoreError> {
        let id = new.notification.id;
        self.store_notifications_and(&[new], at, |transaction| {
            parts.iter().try_for_each(|part| {
                let block = part_of_block(transaction, part)?;
                outbox::set_fate(transaction, at, block, Fate::Queued, Some(id.0), "safety net")
            })
        })
    }

    /// New sightings of what was told less than a month ago share the fate of what was told.
    pub fn follow_safety_net(&mut self, parts: &[(Part, NotificationId)], at: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (part, notification) in parts {
                let messages = outbox::of_notification(transaction, *notification)?;
                let is = |state| messages.iter().any(|message| message.state == state);
                let fate = if is(outbox::MessageState::Accepted) {
                    Fate::SafetyNet
                } else if is(outbox::MessageState::Waiting) || is(outbox::MessageState::Attempting) {
                    Fate::Queued
                } else {
                    Fate::Undeliverable
                };
                let block = part_of_block(transaction, part)?;
                outbox::set_fate(transaction, at, block, fate, Some(notification.0), "told before")?;
            }
            Ok(())
        })
    }
}

/// The block that holds these findings and no others: the block itself, or a part split off from it.
fn part_of_block(transaction: &Transaction<'_>, part: &Part) -> Result<i64, StoreError> {
    let damaged = |what: &str| StoreError::Damaged { what: format!("the block {} {what}", part.block) };
    let block = chunks::block(transaction, part.block)?.ok_or_else(|| damaged("is gone"))?;
    if block.fate != Fate::Unrouted {
        return Err(damaged("is not nobody's"));
    }
    let (taken, left): (Vec<_>, Vec<_>) =
        id_list::decode(&block.findings).partition(|finding| part.findings.contains(finding));
    if taken.is_empty() {
        return Err(damaged("does not hold what is told"));
    }
    if left.is_empty() { Ok(block.id) } else { split(transaction, block.id, &taken, &left) }
}
