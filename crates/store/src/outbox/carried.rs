//! One mail that tells the findings of several organisations to a mailbox they share. It belongs to the notification of one of them, its bearer; for
//! each of the others stands a message that is *carried* by it: never sent itself, the same bytes, the same end. So each organisation has its own
//! notification, and the fates of its assignments follow as for any other.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::ids::NotificationId;

use super::NewMessage;
use crate::{StoreError, error::DatabaseContext, follow_ups, transaction::Transaction};

/// Stores a message that is carried by the one with this Message-ID, which is stored already.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    notification: u32,
    (message, bearer): (&NewMessage, &str),
    at: i64,
) -> Result<(), StoreError> {
    let stored = transaction
        .prepare_cached(
            "INSERT INTO message (notification, recipient, role, message_id, segment, offset, length, raw_length, state,
                attempts, next_at, created_at, outcome, carried_by)
             SELECT ?1, ?2, ?3, ?6, segment, offset, length, raw_length, state, attempts, next_at, ?5, outcome, id
             FROM message WHERE message_id = ?4 AND carried_by IS NULL ORDER BY id DESC LIMIT 1",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                notification,
                message.pass.address(),
                message.role,
                bearer,
                at,
                message.message_id
            ])
        })
        .doing("store a message")?;
    match stored {
        1 => Ok(()),
        _ => Err(StoreError::Damaged { what: format!("there is no {bearer} to carry a message") }),
    }
}

/// The notifications that a mail of this one told as well: the mail to this address, or the one whose Message-ID begins like this
/// (`<17.0.3@`).
pub fn told_with(
    connection: &Connection,
    notification: NotificationId,
    (address, message_id): (&str, &str),
) -> Result<Vec<NotificationId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT DISTINCT c.notification FROM message m JOIN message c ON c.carried_by = m.id
             WHERE m.notification = ?1 AND (lower(m.recipient) = lower(?2) OR substr(m.message_id, 1, length(?3)) = ?3)
             ORDER BY 1",
        )
        .and_then(|mut statement| {
            let rows = statement.query_map(params![notification.0, address, message_id], |row| row.get(0))?;
            rows.map(|id| id.map(NotificationId)).collect()
        })
        .doing("find what a mail told as well")
}

/// The messages that one carries.
pub(super) fn by(transaction: &Transaction<'_>, message: i64) -> Result<Vec<i64>, StoreError> {
    transaction
        .prepare_cached("SELECT id FROM message WHERE carried_by = ?1 ORDER BY id")
        .and_then(|mut statement| statement.query_map([message], |row| row.get(0))?.collect())
        .doing("find what a message carries")
}

/// A message must not leave, and was never tried: no other that goes with it leaves either, since it says the same. What those told waits to be told
/// again, unless somebody else was written to already.
pub(crate) fn dissolve(transaction: &Transaction<'_>, at: i64, message: i64) -> Result<(), StoreError> {
    let bearer: Option<i64> = transaction
        .prepare_cached(
            "SELECT coalesce(carried_by, id) FROM message WHERE id = ?1
                AND (carried_by IS NOT NULL OR EXISTS (SELECT 1 FROM message c WHERE c.carried_by = ?1))",
        )
        .and_then(|mut statement| statement.query_row([message], |row| row.get(0)).optional())
        .doing("find what goes with a message")?;
    let Some(bearer) = bearer else { return Ok(()) };
    let leads: Vec<u32> = transaction
        .prepare_cached(
            "UPDATE message SET state = 3, finished_at = ?2, outcome = 'made again without an organisation that it must not name'
             WHERE (id = ?1 OR carried_by = ?1) AND state IN (0, 4) AND attempts = 0
             RETURNING (SELECT n.lead FROM notification n WHERE n.id = message.notification)",
        )
        .and_then(|mut statement| statement.query_map(params![bearer, at], |row| row.get(0))?.collect())
        .doing("keep a message from leaving")?;
    for lead in leads {
        let was_tried: bool = transaction
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM message WHERE (attempts > 0 OR state IN (1, 2))
                    AND notification IN (SELECT id FROM notification WHERE lead = ?1))",
            )
            .and_then(|mut statement| statement.query_row([lead], |row| row.get(0)))
            .doing("look whether mails have left")?;
        // Somebody else has heard it, or will: telling all of them again would be once too often.
        if was_tried {
            continue;
        }
        let others: Vec<i64> = transaction
            .prepare_cached(
                "UPDATE message SET state = 3, finished_at = ?2, outcome = 'made again' WHERE state IN (0, 4)
                    AND notification IN (SELECT id FROM notification WHERE lead = ?1) RETURNING id",
            )
            .and_then(|mut statement| statement.query_map(params![lead, at], |row| row.get(0))?.collect())
            .doing("keep a message from leaving")?;
        transaction
            .prepare_cached("UPDATE assignment_block SET reference = NULL WHERE reference = ?1 AND fate = 1")
            .and_then(|mut statement| statement.execute([lead]))
            .doing("have assignments told again")?;
        follow_ups::forget(transaction, lead)?;
        others.iter().try_for_each(|message| dissolve(transaction, at, *message))?;
    }
    Ok(())
}
