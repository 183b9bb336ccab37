//! Notifications and their frozen messages: composed in one transaction, an attempt recorded before it is made.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    answer::NotificationKind,
    fate::Fate,
    ids::{NotificationId, OrganisationId, OverviewId},
    language::Language,
    tlp::Tlp,
};
use schakel_rules::{confidential::Wish, tlp_gate::Pass};

use crate::{
    Store, StoreError,
    error::DatabaseContext,
    follow_ups::{self, Holds, Tells},
    frames::FrameRef,
    mailboxes::{self, Failure},
    overviews,
    transaction::{Transaction, in_transaction},
};

pub(crate) mod carried;
pub use carried::told_with;
pub mod withheld;

/// How far a message has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessageState {
    /// Waiting for its (next) attempt.
    Waiting,
    /// An attempt was started; after a crash nobody knows how it ended, and it is made again with the same bytes.
    Attempting,
    /// The other side took it.
    Accepted,
    /// Given up; the outcome says why.
    GivenUp,
    /// It may not leave as it is: it is confidential, and there is no way to keep it so. The outcome says why.
    Withheld,
}

impl MessageState {
    /// The word shown to people and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Attempting => "unknown",
            Self::Accepted => "accepted",
            Self::GivenUp => "given_up",
            Self::Withheld => "withheld",
        }
    }

    fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Waiting,
            1 => Self::Attempting,
            2 => Self::Accepted,
            4 => Self::Withheld,
            _ => Self::GivenUp,
        }
    }
}

/// A notification as stored.
#[derive(Clone, PartialEq, Debug)]
pub struct Notification {
    /// Its number.
    pub id: NotificationId,
    /// How often the installation had been restored from a backup.
    pub epoch: u32,
    /// To whom.
    pub organisation: OrganisationId,
    /// In which language.
    pub language: Language,
    /// When, in seconds since 1970.
    pub created_at: i64,
    /// Its marking.
    pub tlp: Tlp,
    /// How many findings it tells.
    pub findings: u64,
    /// Its subject.
    pub subject: String,
    /// The first notification that tells the same assignments, in another language; itself when there is no other.
    pub lead: NotificationId,
    /// What it is.
    pub kind: NotificationKind,
    /// The notification that it goes on about.
    pub thread: Option<NotificationId>,
    /// What was asked beside its marking: as much is asked of whatever goes on about it.
    pub wish: Wish,
}

/// A message about to be stored. It goes where its pass says, and there is none without.
pub struct NewMessage {
    pass: Pass,
    role: String,
    message_id: String,
    bytes: Vec<u8>,
    withheld: Option<String>,
    /// The Message-ID of the mail that carries it.
    bearer: Option<String>,
    not_before: Option<i64>,
}

impl NewMessage {
    /// `role`: the contact's, as the outbox shows it; `message_id`: stable over all attempts; `bytes`: the final ones.
    pub fn new(pass: Pass, role: String, message_id: String, bytes: Vec<u8>) -> Self {
        Self { pass, role, message_id, bytes, withheld: None, bearer: None, not_before: None }
    }

    /// The same, but it may not leave as it is, for this reason: its bytes are still to be protected.
    pub fn withheld(self, why: String) -> Self {
        Self { withheld: Some(why), ..self }
    }

    /// Another mail tells it to this address as well: that of `bearer`, its Message-ID, of a notification that is stored before.
    pub fn carried(pass: Pass, role: String, message_id: String, bearer: String) -> Self {
        Self { bearer: Some(bearer), ..Self::new(pass, role, message_id, Vec::new()) }
    }

    /// The same, but its reader wants it at this time, in seconds since 1970.
    pub fn not_before(self, at: Option<i64>) -> Self {
        Self { not_before: at, ..self }
    }

    /// Its name for ever.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// May it not leave as it is?
    pub fn is_withheld(&self) -> bool {
        self.withheld.is_some()
    }
}

/// A notification about to be stored, with the assignments it tells.
pub struct NewNotification {
    /// The notification; its `id` must be [`next_notification`].
    pub notification: Notification,
    /// Its messages.
    pub messages: Vec<NewMessage>,
    /// The assignment blocks it tells; only with the leading one.
    pub blocks: Vec<i64>,
    /// The findings it tells; only with the leading one.
    pub tells: Vec<Tells>,
}

/// A stored message.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// Of which notification.
    pub notification: NotificationId,
    /// One mail address.
    pub recipient: String,
    /// The contact's role.
    pub role: String,
    /// Stable over all attempts.
    pub message_id: String,
    /// Where its bytes are.
    pub frame: FrameRef,
    /// How far it has come.
    pub state: MessageState,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// Attempts made.
    pub attempts: u32,
    /// When the next attempt is due, in seconds since 1970.
    pub next_at: i64,
    /// When its recipient wants it at the earliest, in seconds since 1970.
    pub not_before: Option<i64>,
    /// When it was accepted or given up.
    pub finished_at: Option<i64>,
    /// What the other side last said.
    pub outcome: Option<String>,
}

/// How an attempt ended, as decided by the rules.
pub struct AttemptResult {
    /// Which message.
    pub message: i64,
    /// Where it goes from here.
    pub state: MessageState,
    /// When the next attempt is due; only for [`MessageState::Waiting`].
    pub next_at: i64,
    /// What the other side said.
    pub outcome: String,
    /// What that says of the mailbox.
    pub failure: Option<Failure>,
}

/// The number the next notification gets.
pub fn next_notification(connection: &Connection) -> Result<NotificationId, StoreError> {
    connection
        .query_row("SELECT coalesce(max(id), 0) + 1 FROM notification", [], |row| row.get(0))
        .map(NotificationId)
        .doing("number a notification")
}

/// The epoch: how often the installation was restored from a backup.
pub fn epoch(connection: &Connection) -> Result<u32, StoreError> {
    Ok(meta(connection, "epoch")?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Is sending paused (after a restore), and why?
pub fn paused(connection: &Connection) -> Result<Option<String>, StoreError> {
    meta(connection, "outbox_paused")
}

pub(crate) fn meta(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    connection
        .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
        .optional()
        .doing("read a setting of the store")
}

impl Store {
    /// Records how messages ended that nobody sends: as [`OutboxWriter::finish_attempts`], through the store's own connection.
    pub fn finish_attempts(&mut self, at: i64, results: &[AttemptResult]) -> Result<(), StoreError> {
        self.write(|transaction| finish_attempts(transaction, at, results))
    }

    /// Packs, stores and syncs the messages, then ties notification, messages and assignments together in one transaction.
    pub fn store_notifications(&mut self, new: &[NewNotification], at: i64) -> Result<(), StoreError> {
        self.store_notifications_and(new, at, |_| Ok(()))
    }

    /// The same, with something else in that transaction.
    pub(crate) fn store_notifications_and(
        &mut self,
        new: &[NewNotification],
        at: i64,
        also: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let before = self.frames.position();
        let result = self.try_store_notifications(new, at, also);
        if result.is_err() {
            self.frames.rewind(before)?;
        }
        result
    }

    fn try_store_notifications(
        &mut self,
        new: &[NewNotification],
        at: i64,
        also: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut packer = crate::frames::Packer::new().map_err(|cause| StoreError::File {
            action: "pack a message for",
            path: self.data().raw(),
            cause,
        })?;
        let mut frames = Vec::new();
        let own = |message: &&NewMessage| message.bearer.is_none();
        for message in new.iter().flat_map(|notification| &notification.messages).filter(own) {
            let packed = packer.pack(&message.bytes).map_err(|cause| StoreError::File {
                action: "pack a message for",
                path: self.data().raw(),
                cause,
            })?;
            frames.push(self.frames.append(&packed, message.bytes.len())?);
        }
        self.frames.sync()?;
        let mut frames = frames.into_iter();
        self.write(|transaction| {
            for one in new {
                insert_notification(transaction, &one.notification).doing("store a notification")?;
                for message in &one.messages {
                    if let Some(bearer) = &message.bearer {
                        carried::insert(transaction, one.notification.id.0, (message, bearer), at)?;
                        continue;
                    }
                    let frame = frames.next().expect("one frame was written for each message");
                    insert_message(transaction, one.notification.id, message, frame, at)
                        .doing("store a message")?;
                }
                let Notification { id, organisation, .. } = one.notification;
                let holds = if one.blocks.is_empty() { Holds::Nothing } else { Holds::Assignments };
                follow_ups::tell(transaction, organisation, (id, holds), at, &one.tells)?;
                one.blocks.iter().try_for_each(|block| tie(transaction, at, *block, id))?;
            }
            withheld::hold(transaction, new, at)?;
            also(transaction)
        })
    }

    /// Changes the fate of assignment blocks, with the reason in the history.
    pub fn change_fate(
        &mut self,
        at: i64,
        blocks: &[i64],
        fate: Fate,
        reference: Option<u32>,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            blocks.iter().try_for_each(|block| set_fate(transaction, at, *block, fate, reference, reason))
        })
    }

    /// Sets or clears a setting of the store itself.
    pub(crate) fn set_meta(&mut self, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.write(|transaction| {
            match value {
                Some(value) => {
                    transaction.execute("INSERT OR REPLACE INTO meta VALUES (?1,?2)", params![key, value])
                }
                None => transaction.execute("DELETE FROM meta WHERE key = ?1", [key]),
            }
            .doing("change a setting of the store")
            .map(|_| ())
        })
    }
}

/// Records attempts, from a thread of its own beside the [`Store`] it came from, so that a slow mail server holds up nothing else.
pub struct OutboxWriter {
    connection: Connection,
    secret: [u8; 32],
}

impl OutboxWriter {
    pub(crate) fn new(connection: Connection, secret: [u8; 32]) -> Self {
        Self { connection, secret }
    }

    /// The installation's secret.
    pub fn secret(&self) -> [u8; 32] {
        self.secret
    }

    /// Looks something up.
    pub fn read<T>(&self, act: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        act(&self.connection)
    }

    fn write<T>(
        &mut self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        in_transaction(&mut self.connection, act)
    }

    /// Records that attempts start now, before anything is sent. An attempt that a crash cut off is made again, not counted again: how
    /// often we crash says nothing about the other side, and must not make its mail wait longer. Gives those that may be sent: one that
    /// was withdrawn meanwhile, because its recipient left, may not.
    pub fn start_attempts(&mut self, messages: &[i64]) -> Result<Vec<i64>, StoreError> {
        self.write(|transaction| {
            let mut started = Vec::with_capacity(messages.len());
            for message in messages {
                let changed = transaction
                    .prepare_cached(
                        "UPDATE message SET attempts = attempts + (state = 0), state = 1
                         WHERE (id = ?1 OR carried_by = ?1) AND state < 2",
                    )
                    .and_then(|mut statement| statement.execute([message]))
                    .doing("record the start of an attempt")?;
                started.extend((changed > 0).then_some(*message));
            }
            Ok(started)
        })
    }

    /// Records how attempts ended. The first acceptance makes a notification's assignments *notified* (those of nobody *safety_net*); when every message is given up
    /// they are *undeliverable*.
    pub fn finish_attempts(&mut self, at: i64, results: &[AttemptResult]) -> Result<(), StoreError> {
        self.write(|transaction| finish_attempts(transaction, at, results))
    }

    /// Postpones messages (the storm brake), without counting an attempt.
    pub fn postpone(&mut self, messages: &[(i64, i64)]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (message, until) in messages {
                transaction
                    .prepare_cached("UPDATE message SET next_at = ?2 WHERE id = ?1 AND state < 2")
                    .and_then(|mut statement| statement.execute(params![message, until]))
                    .doing("postpone a message")?;
            }
            Ok(())
        })
    }
}

fn finish_attempts(
    transaction: &Transaction<'_>,
    at: i64,
    results: &[AttemptResult],
) -> Result<(), StoreError> {
    for result in results {
        finish_attempt(transaction, at, result)?;
        for message in carried::by(transaction, result.message)? {
            finish_attempt(
                transaction,
                at,
                &AttemptResult { message, outcome: result.outcome.clone(), ..*result },
            )?;
        }
    }
    Ok(())
}

fn insert_notification(transaction: &Transaction<'_>, one: &Notification) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached("INSERT INTO notification VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)")?
        .execute(params![
            one.id.0,
            one.epoch,
            one.organisation.0,
            one.language.as_str(),
            one.created_at,
            one.tlp as u8,
            one.findings as i64,
            one.subject,
            one.lead.0,
            one.kind.as_str(),
            one.thread.map(|thread| thread.0),
            one.wish == Wish::Confidential
        ])
}

/// Ties assignments to the notification that tells them. Those of an overview have waited for it until now.
fn tie(
    transaction: &Transaction<'_>,
    at: i64,
    block: i64,
    notification: NotificationId,
) -> Result<(), StoreError> {
    let overview: Option<u32> = transaction
        .prepare_cached("SELECT reference FROM assignment_block WHERE id = ?1 AND fate = ?2")
        .and_then(|mut statement| {
            statement.query_row(params![block, Fate::Digest as u8], |row| row.get(0)).optional()
        })
        .doing("look for the overview of assignments")?;
    match overview {
        Some(overview) => {
            overviews::made(transaction, OverviewId(overview), at, Some(notification))?;
            set_fate(transaction, at, block, Fate::Queued, Some(notification.0), "its overview was made")
        }
        None => transaction
            .prepare_cached("UPDATE assignment_block SET reference = ?2 WHERE id = ?1")
            .and_then(|mut statement| statement.execute(params![block, notification.0]))
            .doing("tie assignments to a notification")
            .map(|_| ()),
    }
}

fn insert_message(
    transaction: &Transaction<'_>,
    notification: NotificationId,
    message: &NewMessage,
    frame: FrameRef,
    at: i64,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "INSERT INTO message (notification, recipient, role, message_id, segment, offset, length, raw_length, state,
                attempts, next_at, created_at, outcome, not_before) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?10,0,?9,?9,?11,?12)",
        )?
        .execute(params![
            notification.0,
            message.pass.address(),
            message.role,
            message.message_id,
            frame.segment,
            frame.offset as i64,
            frame.length,
            frame.raw_length,
            at,
            if message.withheld.is_some() { 4 } else { 0 },
            message.withheld,
            message.not_before,
        ])
}

fn finish_attempt(transaction: &Transaction<'_>, at: i64, result: &AttemptResult) -> Result<(), StoreError> {
    let (code, finished_at) = match result.state {
        MessageState::Waiting => (0, None),
        MessageState::Attempting => (1, None),
        MessageState::Accepted => (2, Some(at)),
        MessageState::GivenUp => (3, Some(at)),
        MessageState::Withheld => (4, None),
    };
    let (lead, recipient): (u32, String) = transaction
        .prepare_cached(
            "UPDATE message SET state = ?2, next_at = ?3, finished_at = ?4, outcome = ?5 WHERE id = ?1
             RETURNING (SELECT n.lead FROM notification n WHERE n.id = message.notification), recipient",
        )
        .and_then(|mut statement| {
            statement.query_row(
                params![result.message, code, result.next_at, finished_at, result.outcome],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
        })
        .doing("record the end of an attempt")?;
    if let Some(failure) = result.failure {
        mailboxes::failed(transaction, at, &recipient, failure, &result.outcome)?;
    }
    let fate = match result.state {
        MessageState::Accepted => Fate::Notified,
        MessageState::GivenUp if any_hope(transaction, lead)? => return Ok(()),
        MessageState::GivenUp if withheld::any(transaction, lead)? => Fate::Held,
        MessageState::GivenUp => Fate::Undeliverable,
        _ => return Ok(()),
    };
    let blocks: Vec<(i64, u32)> = transaction
        .prepare_cached("SELECT id, organisation FROM assignment_block WHERE reference = ?1 AND fate = 1")
        .and_then(|mut statement| {
            statement.query_map([lead], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .doing("find the assignments of a notification")?;
    blocks.iter().try_for_each(|(block, organisation)| {
        // What is nobody's is told by the safety net only.
        let fate = if fate == Fate::Notified && *organisation == 0 { Fate::SafetyNet } else { fate };
        set_fate(transaction, at, *block, fate, Some(lead), &result.outcome)
    })
}

/// Is there a message that tells the same and was accepted or may still be?
pub(crate) fn any_hope(transaction: &Transaction<'_>, lead: u32) -> Result<bool, StoreError> {
    transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message WHERE state < 3
                AND notification IN (SELECT id FROM notification WHERE lead = ?1))",
        )
        .and_then(|mut statement| statement.query_row([lead], |row| row.get(0)))
        .doing("look at the messages of a notification")
}

pub(crate) fn set_fate(
    transaction: &Transaction<'_>,
    at: i64,
    block: i64,
    fate: Fate,
    reference: Option<u32>,
    reason: &str,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("UPDATE assignment_block SET fate = ?2, reference = ?3 WHERE id = ?1")
        .and_then(|mut statement| statement.execute(params![block, fate as u8, reference]))
        .doing("change a fate")?;
    // Whatever kept them, this is the end of it.
    transaction
        .prepare_cached("DELETE FROM kept_block WHERE block = ?1")
        .and_then(|mut statement| statement.execute([block]))
        .doing("end what kept assignments")?;
    transaction
        .prepare_cached(
            "INSERT INTO fate_change (block, at, fate, reference, reason) VALUES (?1,?2,?3,?4,?5)",
        )
        .and_then(|mut statement| statement.execute(params![block, at, fate as u8, reference, reason]))
        .doing("record a change of fate")
        .map(|_| ())
}

const MESSAGE_COLUMNS: &str =
    "id, notification, recipient, role, message_id, segment, offset, length, raw_length, state, attempts,
    next_at, finished_at, outcome, created_at, not_before";

fn message_from_row(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: row.get(0)?,
        notification: NotificationId(row.get(1)?),
        recipient: row.get(2)?,
        role: row.get(3)?,
        message_id: row.get(4)?,
        frame: FrameRef {
            segment: row.get(5)?,
            offset: row.get::<_, i64>(6)? as u64,
            length: row.get(7)?,
            raw_length: row.get(8)?,
        },
        state: MessageState::from_code(row.get(9)?),
        attempts: row.get(10)?,
        next_at: row.get(11)?,
        finished_at: row.get(12)?,
        outcome: row.get(13)?,
        created_at: row.get(14)?,
        not_before: row.get(15)?,
    })
}

pub(crate) fn messages(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Message>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, message_from_row)?.collect())
        .doing("read messages")
}

/// The longest wait there is, in seconds: that of the storm brake. One that seems longer was set before the clock was set back.
const WAIT_SECONDS_MAX: i64 = 86_400;

/// By which way messages go. They do not wait for each other: a program of a member that hangs holds up no mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    /// To people.
    Mail,
    /// To programs: roles `webhook` and `drop`.
    Machine,
}

/// Messages whose next attempt is due, at most `limit`, the longest due first.
pub fn due(connection: &Connection, lane: Lane, now: i64, limit: usize) -> Result<Vec<Message>, StoreError> {
    let of_lane = match lane {
        Lane::Mail => "role NOT IN ('webhook', 'drop')",
        Lane::Machine => "role IN ('webhook', 'drop')",
    };
    messages(
        connection,
        &format!(
            "carried_by IS NULL AND state < 2 AND (next_at <= ?1 OR next_at > ?2) AND coalesce(not_before, 0) <= ?1 AND {of_lane} ORDER BY next_at, id LIMIT ?3"
        ),
        params![now, now.saturating_add(WAIT_SECONDS_MAX), limit as i64],
    )
}

/// One message.
pub fn message(connection: &Connection, id: i64) -> Result<Option<Message>, StoreError> {
    Ok(messages(connection, "id = ?1", [id])?.pop())
}

/// All messages of a notification.
pub fn of_notification(
    connection: &Connection,
    notification: NotificationId,
) -> Result<Vec<Message>, StoreError> {
    messages(connection, "notification = ?1 ORDER BY id", [notification.0])
}

/// All messages that tell the same: those of a notification and of its counterparts in other languages.
pub fn of_telling(connection: &Connection, lead: NotificationId) -> Result<Vec<Message>, StoreError> {
    messages(
        connection,
        "notification IN (SELECT id FROM notification WHERE lead = ?1) ORDER BY id",
        [lead.0],
    )
}

/// The Message-ID of what told the same as this notification to a recipient, for those that go on about it.
pub fn message_id_to(
    connection: &Connection,
    notification: NotificationId,
    recipient: &str,
) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached(
            "SELECT message_id FROM message WHERE state < 3 AND lower(recipient) = lower(?2) AND notification IN
                (SELECT id FROM notification WHERE lead = (SELECT lead FROM notification WHERE id = ?1)) ORDER BY id",
        )
        .and_then(|mut statement| {
            statement.query_row(params![notification.0, recipient], |row| row.get(0)).optional()
        })
        .doing("find an earlier message")
}

/// Messages in these states: those that wait by their turn, others the newest first.
pub fn in_states(
    connection: &Connection,
    states: &[MessageState],
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let waits = states.contains(&MessageState::Waiting);
    let order = if waits { "CASE WHEN state < 2 THEN next_at ELSE 0 END, id DESC" } else { "id DESC" };
    let states: Vec<String> = states.iter().map(|state| (*state as u8).to_string()).collect();
    messages(
        connection,
        &format!("carried_by IS NULL AND state IN ({}) ORDER BY {order} LIMIT ?1", states.join(",")),
        [limit as i64],
    )
}

/// Messages that are not finished.
pub fn unfinished(connection: &Connection) -> Result<Vec<Message>, StoreError> {
    messages(connection, "state < 2 AND carried_by IS NULL ORDER BY next_at, id", [])
}

/// When messages to this recipient were accepted since a time.
pub fn accepted_since(connection: &Connection, recipient: &str, since: i64) -> Result<Vec<i64>, StoreError> {
    connection
        .prepare_cached(
            "SELECT finished_at FROM message WHERE recipient = ?1 AND finished_at > ?2 AND state = 2 AND carried_by IS NULL ORDER BY finished_at",
        )
        .and_then(|mut statement| statement.query_map(params![recipient, since], |row| row.get(0))?.collect())
        .doing("count what a recipient got")
}

/// Notifications (leads) that told findings and of which every message was given up.
pub fn undeliverable(connection: &Connection) -> Result<Vec<NotificationId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT n.lead FROM notification n JOIN message m ON m.notification = n.id
             WHERE n.kind NOT IN ('letter', 'reply') GROUP BY n.lead HAVING min(m.state) = 3 AND max(m.state) = 3",
        )
        .and_then(|mut statement| statement.query_map([], |row| row.get(0).map(NotificationId))?.collect())
        .doing("find what could not be delivered")
}

/// Everybody who was written to by a notification (a lead), or by one that goes on about it.
pub fn recipients_of_thread(
    connection: &Connection,
    lead: NotificationId,
) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached(
            "SELECT DISTINCT m.recipient FROM message m JOIN notification n ON n.id = m.notification
             WHERE n.lead = ?1 OR n.thread = ?1 ORDER BY 1",
        )
        .and_then(|mut statement| statement.query_map([lead.0], |row| row.get(0))?.collect())
        .doing("find who was written to")
}

/// The notifications to an organisation, the newest first.
pub fn of_organisation(
    connection: &Connection,
    organisation: OrganisationId,
    limit: usize,
) -> Result<Vec<Notification>, StoreError> {
    select_notifications(
        connection,
        "organisation = ?1 ORDER BY id DESC LIMIT ?2",
        params![organisation.0, limit as i64],
    )
}

/// How many notifications were made since this time, in seconds since 1970.
pub fn count_since(connection: &Connection, since: i64) -> Result<u64, StoreError> {
    // In order of time, so only those are read.
    let mut statement = connection
        .prepare_cached("SELECT created_at FROM notification ORDER BY id DESC")
        .doing("count notifications")?;
    let mut rows = statement.query([]).doing("count notifications")?;
    let mut count = 0;
    while let Some(row) = rows.next().doing("count notifications")? {
        if row.get::<_, i64>(0).doing("count notifications")? < since {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// How many messages are in each state: waiting, unknown, accepted, given up, withheld.
pub fn counts(connection: &Connection) -> Result<[u64; 5], StoreError> {
    let rows: Vec<(u8, i64)> = connection
        .prepare_cached("SELECT state, count(*) FROM message WHERE carried_by IS NULL GROUP BY state")
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .doing("count messages")?;
    let mut counts = [0; 5];
    rows.into_iter().for_each(|(state, count)| counts[usize::from(state.min(4))] += count as u64);
    Ok(counts)
}

/// One notification.
pub fn notification(connection: &Connection, id: NotificationId) -> Result<Option<Notification>, StoreError> {
    Ok(select_notifications(connection, "id = ?1", [id.0])?.pop())
}

/// Those that tell the same: a notification and its counterparts in other languages.
pub fn tellings(connection: &Connection, lead: NotificationId) -> Result<Vec<Notification>, StoreError> {
    select_notifications(connection, "lead = ?1 ORDER BY id", [lead.0])
}

/// A notification (a lead), its counterparts and what went on about it, in the order they were made.
pub fn of_thread(connection: &Connection, lead: NotificationId) -> Result<Vec<Notification>, StoreError> {
    select_notifications(connection, "lead = ?1 OR thread = ?1 ORDER BY id", [lead.0])
}

/// Notifications, the newest first.
pub fn notifications(connection: &Connection, limit: usize) -> Result<Vec<Notification>, StoreError> {
    select_notifications(connection, "1 ORDER BY id DESC LIMIT ?1", [limit as i64])
}

fn select_notifications(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Notification>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT id, epoch, organisation, language, created_at, tlp, findings, subject, lead, kind, thread, confidential FROM notification WHERE {condition}"
        ))
        .and_then(|mut statement| {
            statement
                .query_map(arguments, |row| {
                    let language: String = row.get(3)?;
                    let kind: String = row.get(9)?;
                    Ok(Notification {
                        id: NotificationId(row.get(0)?),
                        epoch: row.get(1)?,
                        organisation: OrganisationId(row.get(2)?),
                        language: language.parse().unwrap_or_default(),
                        created_at: row.get(4)?,
                        tlp: Tlp::ALL.get(usize::from(row.get::<_, u8>(5)?)).copied().unwrap_or(Tlp::Red),
                        findings: row.get::<_, i64>(6)? as u64,
                        subject: row.get(7)?,
                        lead: NotificationId(row.get(8)?),
                        kind: kind.parse().unwrap_or(NotificationKind::Letter),
                        thread: row.get::<_, Option<u32>>(10)?.map(NotificationId),
                        wish: if row.get(11)? { Wish::Confidential } else { Wish::ByMarking },
                    })
                })?
                .collect()
        })
        .doing("read notifications")
}

/// A change of fate, from the history.
#[derive(Clone, PartialEq, Debug)]
pub struct FateChange {
    /// When, in seconds since 1970.
    pub at: i64,
    /// To what.
    pub fate: Fate,
    /// What it names.
    pub reference: Option<u32>,
    /// Why.
    pub reason: String,
}

/// The changes of fate of a block, the oldest first.
pub fn fate_changes(connection: &Connection, block: i64) -> Result<Vec<FateChange>, StoreError> {
    connection
        .prepare_cached(
            "SELECT at, fate, reference, coalesce(reason, '') FROM fate_change WHERE block = ?1 ORDER BY id",
        )
        .and_then(|mut statement| {
            statement
                .query_map([block], |row| {
                    Ok(FateChange {
                        at: row.get(0)?,
                        fate: Fate::from_code(row.get(1)?).unwrap_or(Fate::Held),
                        reference: row.get(2)?,
                        reason: row.get(3)?,
                    })
                })?
                .collect()
        })
        .doing("read changes of fate")
}
