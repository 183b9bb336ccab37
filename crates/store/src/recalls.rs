//! Taking notifications back: what was told and is withdrawn, and the notices that say so.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::ids::{FindingId, NotificationId};

use crate::{
    Store, StoreError,
    error::DatabaseContext,
    id_list,
    outbox::{self, Message, NewNotification},
    transaction::Transaction,
};

/// A notification of which a part, or all, is to be taken back.
#[derive(Clone, PartialEq, Debug)]
pub struct Due {
    /// The first notification that told it, in any language.
    pub lead: NotificationId,
    /// The run of corrections that took it back.
    pub run: u32,
    /// The withdrawn blocks.
    pub blocks: Vec<i64>,
    /// Their findings, sorted.
    pub findings: Vec<FindingId>,
    /// Does anything of the notification still stand?
    pub rest_stands: bool,
}

/// A notice that takes a notification back, about to be stored.
pub struct NewRecall {
    /// The notice itself.
    pub notice: NewNotification,
    /// What it takes back.
    pub takes_back: NotificationId,
    /// The run of corrections that asked for it.
    pub run: Option<u32>,
    /// The breach that asked for it.
    pub breach: Option<u32>,
}

/// A stored notice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recall {
    /// The notice itself.
    pub notice: NotificationId,
    /// What it takes back.
    pub takes_back: NotificationId,
}

/// What was told, is withdrawn, and has no notice yet.
pub fn due(connection: &Connection) -> Result<Vec<Due>, StoreError> {
    let rows: Vec<(u32, i64, u32, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT w.told_by, w.block, c.run, b.findings FROM withdrawal w
             JOIN correction c ON c.id = w.correction JOIN assignment_block b ON b.id = w.block
             WHERE w.recall = 1 ORDER BY w.told_by, w.block",
        )
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
        })
        .doing("find what is to be taken back")?;
    let mut due: BTreeMap<u32, Due> = BTreeMap::new();
    for (lead, block, run, findings) in rows {
        let one = due.entry(lead).or_insert_with(|| Due {
            lead: NotificationId(lead),
            run,
            blocks: Vec::new(),
            findings: Vec::new(),
            rest_stands: false,
        });
        one.blocks.push(block);
        one.findings.extend(id_list::decode(&findings));
    }
    let mut due: Vec<Due> = due.into_values().collect();
    for one in &mut due {
        one.findings.sort_unstable();
        one.findings.dedup();
        one.rest_stands = stands(connection, one.lead)?;
    }
    Ok(due)
}

/// Is there a withdrawal of which somebody must hear?
pub fn any_due(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row("SELECT EXISTS (SELECT 1 FROM withdrawal WHERE recall = 1)", [], |row| row.get(0))
        .doing("find what is to be taken back")
}

/// Does a notification still tell anything?
pub fn stands(connection: &Connection, lead: NotificationId) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM assignment_block WHERE reference = ?1 AND fate IN (1, 2, 7))",
        )
        .and_then(|mut statement| statement.query_row([lead.0], |row| row.get(0)))
        .doing("look what a notification still tells")
}

/// The notices that take this notification back.
pub fn of_notification(
    connection: &Connection,
    takes_back: NotificationId,
) -> Result<Vec<Recall>, StoreError> {
    connection
        .prepare_cached("SELECT notification FROM recall_notice WHERE takes_back = ?1 ORDER BY notification")
        .and_then(|mut statement| {
            statement
                .query_map([takes_back.0], |row| {
                    Ok(Recall { notice: NotificationId(row.get(0)?), takes_back })
                })?
                .collect()
        })
        .doing("read what was taken back")
}

/// What a notification takes back, if it does.
pub fn taken_back_by(
    connection: &Connection,
    notice: NotificationId,
) -> Result<Option<NotificationId>, StoreError> {
    connection
        .prepare_cached("SELECT takes_back FROM recall_notice WHERE notification = ?1")
        .and_then(|mut statement| {
            statement.query_row([notice.0], |row| row.get(0).map(NotificationId)).optional()
        })
        .doing("read what was taken back")
}

impl Store {
    /// Stores notices with their messages, and notes that these blocks have theirs.
    pub fn store_recalls(
        &mut self,
        recalls: Vec<NewRecall>,
        blocks: &[i64],
        at: i64,
    ) -> Result<(), StoreError> {
        let (notices, whats): (Vec<_>, Vec<_>) = recalls
            .into_iter()
            .map(|recall| {
                let what = (recall.notice.notification.id, recall.takes_back, recall.run, recall.breach);
                (recall.notice, what)
            })
            .unzip();
        self.store_notifications_and(&notices, at, |transaction| {
            for (notice, takes_back, run, breach) in &whats {
                transaction
                    .prepare_cached("INSERT INTO recall_notice VALUES (?1,?2,?3,?4)")
                    .and_then(|mut statement| statement.execute(params![notice.0, takes_back.0, run, breach]))
                    .doing("record what is taken back")?;
            }
            mark_done(transaction, blocks)
        })
    }
}

fn mark_done(transaction: &Transaction<'_>, blocks: &[i64]) -> Result<(), StoreError> {
    for block in blocks {
        transaction
            .prepare_cached("UPDATE withdrawal SET recall = 2 WHERE block = ?1 AND recall = 1")
            .and_then(|mut statement| statement.execute([block]))
            .doing("record what is taken back")?;
    }
    Ok(())
}

/// The messages of a notification that may have been read: all but those that were refused, kept back or withheld.
pub fn may_have_arrived(
    connection: &Connection,
    notification: NotificationId,
) -> Result<Vec<Message>, StoreError> {
    let messages = outbox::of_notification(connection, notification)?;
    let left = |message: &Message| {
        !matches!(message.state, outbox::MessageState::GivenUp | outbox::MessageState::Withheld)
    };
    Ok(messages.into_iter().filter(left).collect())
}
