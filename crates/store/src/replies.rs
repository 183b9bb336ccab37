//! What the desk wrote in a conversation: a notification that goes on about another one, with its words.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::ids::NotificationId;

use crate::{Store, StoreError, act::Act, audit::Action, error::DatabaseContext, outbox::NewNotification};

/// The words of a reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// Who wrote it: the name they act under.
    pub actor: String,
    /// What.
    pub text: String,
}

impl Store {
    /// Puts a reply into the outbox and keeps its words, with an audit entry that says to whom in `detail` (JSON).
    pub fn store_reply(
        &mut self,
        act: &Act<'_>,
        new: &NewNotification,
        text: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        let id = new.notification.id;
        self.store_notifications_and(std::slice::from_ref(new), act.at, |transaction| {
            transaction
                .execute("INSERT INTO reply VALUES (?1,?2,?3)", params![id.0, act.actor, text])
                .doing("keep the words of a reply")?;
            act.audit(transaction, Action::ReplySent, &format!("notification:{id}"), detail)
        })
    }
}

/// The words of a notification that is a reply.
pub fn of_notification(connection: &Connection, id: NotificationId) -> Result<Option<Reply>, StoreError> {
    connection
        .prepare_cached("SELECT actor, text FROM reply WHERE notification = ?1")
        .and_then(|mut statement| {
            statement.query_row([id.0], |row| Ok(Reply { actor: row.get(0)?, text: row.get(1)? })).optional()
        })
        .doing("read the words of a reply")
}
