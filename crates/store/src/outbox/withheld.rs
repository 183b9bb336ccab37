//! Messages that may not leave as they are: confidential, and no way to keep them so. They wait with their bytes as they were made, until a
//! key comes or the desk lets them go.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{fate::Fate, ids::NotificationId};

use super::{Message, NewNotification, messages, set_fate};
use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    transaction::Transaction,
    wipe,
};

/// How a message leaves that was withheld.
pub struct Release {
    /// Which.
    pub message: i64,
    /// Its final bytes.
    pub bytes: Vec<u8>,
    /// What lets it go, for the history: `a key was registered`.
    pub why: String,
}

/// All that are withheld, in order of their numbers.
pub fn list(connection: &Connection) -> Result<Vec<Message>, StoreError> {
    messages(connection, "state = 4 AND erased IS NULL ORDER BY id", [])
}

/// Those whose recipient was not told yet that something waits. The letter that says so goes on about the notification.
pub fn unannounced(connection: &Connection) -> Result<Vec<Message>, StoreError> {
    messages(
        connection,
        "state = 4 AND erased IS NULL AND NOT EXISTS (SELECT 1 FROM notification l JOIN message lm ON lm.notification = l.id
            WHERE l.thread = message.notification AND l.kind = 'letter' AND lm.recipient = message.recipient) ORDER BY id",
        [],
    )
}

/// What a look at withheld messages depends on: how many there are, and the newest key of a contact.
pub fn state(connection: &Connection) -> Result<(u64, i64), StoreError> {
    connection
        .prepare_cached(
            "SELECT (SELECT count(*) FROM message WHERE state = 4),
                coalesce((SELECT max(id) FROM contact_key WHERE withdrawn_at IS NULL), 0)",
        )
        .and_then(|mut statement| {
            statement.query_row([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)))
        })
        .doing("count what is withheld")
}

/// Is a message withheld that tells the same?
pub(crate) fn any(transaction: &Transaction<'_>, lead: u32) -> Result<bool, StoreError> {
    transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message WHERE state = 4
                AND notification IN (SELECT id FROM notification WHERE lead = ?1))",
        )
        .and_then(|mut statement| statement.query_row([lead], |row| row.get(0)))
        .doing("look at the messages of a notification")
}

/// Of a block that names a notification: it is held because that is withheld. What a campaign holds names the campaign.
pub(crate) const HELD: &str =
    "(fate = 9 AND report NOT IN (SELECT report FROM campaign WHERE sent_at IS NULL AND ended_at IS NULL))";

/// Is a block held because the notification that tells it is withheld?
pub(crate) fn holds(transaction: &Transaction<'_>, block: i64) -> Result<bool, StoreError> {
    transaction
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM assignment_block WHERE id = ?1 AND reference IS NOT NULL AND {HELD})"
        ))
        .and_then(|mut statement| statement.query_row([block], |row| row.get(0)))
        .doing("look why assignments are held")
}

/// What only withheld messages tell is held.
pub(crate) fn hold(
    transaction: &Transaction<'_>,
    new: &[NewNotification],
    at: i64,
) -> Result<(), StoreError> {
    let mut leaves: BTreeSet<NotificationId> = BTreeSet::new();
    for one in new.iter().filter(|one| one.messages.iter().any(|message| message.withheld.is_none())) {
        leaves.insert(one.notification.lead);
    }
    for one in new.iter().filter(|one| !leaves.contains(&one.notification.lead)) {
        let Some(why) = one.messages.iter().find_map(|message| message.withheld.as_deref()) else { continue };
        let lead = one.notification.id.0;
        one.blocks
            .iter()
            .try_for_each(|block| set_fate(transaction, at, *block, Fate::Held, Some(lead), why))?;
    }
    Ok(())
}

impl Store {
    /// Lets withheld messages go, with these bytes. What they tell is queued again. `act`: who decided it; `None`: a key has come.
    pub fn release_messages(
        &mut self,
        releases: &[Release],
        act: Option<&Act<'_>>,
        at: i64,
    ) -> Result<(), StoreError> {
        let mut packer = crate::frames::Packer::new().map_err(|cause| self.packing(cause))?;
        let before = self.frames.position();
        let mut stored = Vec::new();
        let result = (|| {
            for release in releases {
                let packed = packer.pack(&release.bytes).map_err(|cause| self.packing(cause))?;
                stored.push((release, self.frames.append(&packed, release.bytes.len())?));
            }
            self.frames.sync()?;
            self.write(|transaction| {
                for (release, frame) in &stored {
                    // What was readable is not kept beside what is not.
                    wipe::note(
                        transaction,
                        "SELECT segment, offset, length FROM message WHERE id = ?1 AND state = 4",
                        release.message,
                    )?;
                    let lead: Option<u32> = transaction
                        .prepare_cached(
                            "UPDATE message SET segment = ?2, offset = ?3, length = ?4, raw_length = ?5, state = 0, next_at = ?6,
                                outcome = ?7 WHERE id = ?1 AND state = 4
                             RETURNING (SELECT n.lead FROM notification n WHERE n.id = message.notification)",
                        )
                        .and_then(|mut statement| {
                            statement
                                .query_row(
                                    params![
                                        release.message,
                                        frame.segment,
                                        frame.offset as i64,
                                        frame.length,
                                        frame.raw_length,
                                        at,
                                        release.why
                                    ],
                                    |row| row.get(0),
                                )
                                .optional()
                        })
                        .doing("let a withheld message go")?;
                    let Some(lead) = lead else { continue };
                    crate::erase::note_moved_frame(transaction, *frame)?;
                    queue_again(transaction, lead, at, &release.why)?;
                    if let Some(act) = act {
                        let detail = format!("{{\"why\":{}}}", json(&release.why));
                        act.audit(
                            transaction,
                            Action::MessageReleased,
                            &format!("message:{}", release.message),
                            &detail,
                        )?;
                    }
                }
                Ok(())
            })
        })();
        if result.is_err() {
            self.frames.rewind(before)?;
        }
        result
    }

    fn packing(&self, cause: std::io::Error) -> StoreError {
        StoreError::File { action: "pack a message for", path: self.data().raw(), cause }
    }
}

fn queue_again(transaction: &Transaction<'_>, lead: u32, at: i64, why: &str) -> Result<(), StoreError> {
    let blocks: Vec<i64> = transaction
        .prepare_cached(&format!("SELECT id FROM assignment_block WHERE reference = ?1 AND {HELD}"))
        .and_then(|mut statement| statement.query_map([lead], |row| row.get(0))?.collect())
        .doing("find the assignments of a notification")?;
    blocks.iter().try_for_each(|block| set_fate(transaction, at, *block, Fate::Queued, Some(lead), why))
}
