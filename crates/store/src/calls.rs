//! The calling list. Entries are a notification each; the desk calls an organisation about all of them at once.

use rusqlite::{Connection, Row, params};
use schakel_model::{
    call::{Call, CallReason, CallResult},
    ids::{CallId, NotificationId, OrganisationId},
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    transaction::Transaction,
};

/// An organisation that is to be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewCall {
    /// Whom.
    pub organisation: OrganisationId,
    /// About which notification.
    pub notification: NotificationId,
    /// Why.
    pub why: CallReason,
}

/// What came of calling an organisation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Called<'a> {
    /// Whom.
    pub organisation: OrganisationId,
    /// What came of it.
    pub result: CallResult,
    /// What the caller noted.
    pub note: &'a str,
    /// When to call again, in seconds since 1970; only for a result that does not end it.
    pub next_at: Option<i64>,
}

impl Store {
    /// Puts organisations on the list. One that is on it already about the same notification stays as it is.
    pub fn add_calls(&mut self, at: i64, calls: &[NewCall]) -> Result<(), StoreError> {
        self.write(|transaction| calls.iter().try_for_each(|call| add(transaction, at, call)))
    }

    /// Says who is calling an organisation, or with `None` that nobody is. Gives who held it at this time, if that was another.
    pub fn lock_calls(
        &mut self,
        act: &Act<'_>,
        organisation: OrganisationId,
        caller: Option<&str>,
        free_since: i64,
    ) -> Result<Option<String>, StoreError> {
        self.write(|transaction| {
            let held = of_organisation(transaction, organisation)?
                .into_iter()
                .filter_map(|call| call.locked)
                .find(|(by, since)| by != act.actor && *since > free_since);
            if let Some((by, _)) = held {
                return Ok(Some(by));
            }
            transaction
                .prepare_cached(
                    "UPDATE call SET locked_by = ?2, locked_at = ?3 WHERE organisation = ?1 AND ended_at IS NULL",
                )
                .and_then(|mut statement| {
                    statement.execute(params![organisation.0, caller, caller.map(|_| act.at)])
                })
                .doing("say who is calling")?;
            Ok(None)
        })
    }

    /// Records what came of calling an organisation, about everything it is on the list for. Gives the entries as they were.
    pub fn record_call(&mut self, act: &Act<'_>, called: &Called<'_>) -> Result<Vec<Call>, StoreError> {
        self.write(|transaction| {
            let before = of_organisation(transaction, called.organisation)?;
            transaction
                .prepare_cached(
                    "UPDATE call SET result = ?2, note = ?3, next_at = ?4, ended_at = ?5, actor = ?6, locked_by = NULL,
                        locked_at = NULL WHERE organisation = ?1 AND ended_at IS NULL",
                )
                .and_then(|mut statement| {
                    statement.execute(params![
                        called.organisation.0,
                        called.result.as_str(),
                        called.note,
                        called.next_at.filter(|_| !called.result.ends()),
                        called.result.ends().then_some(act.at),
                        act.actor
                    ])
                })
                .doing("record a call")?;
            let detail = format!(r#"{{"result":"{}","note":{}}}"#, called.result, json(called.note));
            let subject = format!("organisation:{}", called.organisation);
            act.audit(transaction, Action::OrganisationCalled, &subject, &detail)?;
            Ok(before)
        })
    }
}

pub(crate) fn add(transaction: &Transaction<'_>, at: i64, call: &NewCall) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO call (organisation, notification, why, added_at, note, actor) VALUES (?1,?2,?3,?4,'','')",
        )
        .and_then(|mut statement| {
            statement.execute(params![call.organisation.0, call.notification.0, call.why.as_str(), at])
        })
        .doing("put somebody on the calling list")
        .map(|_| ())
}

/// Takes what was answered off the list, without a call.
pub(crate) fn end(
    transaction: &Transaction<'_>,
    at: i64,
    notification: NotificationId,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE call SET ended_at = ?2, result = ?3, locked_by = NULL, locked_at = NULL
             WHERE notification = ?1 AND ended_at IS NULL",
        )
        .and_then(|mut statement| {
            statement.execute(params![notification.0, at, CallResult::NotNeeded.as_str()])
        })
        .doing("take somebody off the calling list")
        .map(|_| ())
}

const COLUMNS: &str = "id, organisation, notification, why, added_at, locked_by, locked_at, result, note, next_at, ended_at, actor";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Call> {
    let (why, result): (String, Option<String>) = (row.get(3)?, row.get(7)?);
    let (by, since): (Option<String>, Option<i64>) = (row.get(5)?, row.get(6)?);
    Ok(Call {
        id: CallId(row.get(0)?),
        organisation: OrganisationId(row.get(1)?),
        notification: NotificationId(row.get(2)?),
        why: why.parse().unwrap_or(CallReason::NoReaction),
        added_at: row.get(4)?,
        locked: by.zip(since),
        result: result.and_then(|word| word.parse().ok()),
        note: row.get(8)?,
        next_at: row.get(9)?,
        ended_at: row.get(10)?,
        actor: row.get(11)?,
    })
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Call>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM call WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read the calling list")
}

/// Everything on the list, the longest waiting first.
pub fn open(connection: &Connection) -> Result<Vec<Call>, StoreError> {
    select(connection, "ended_at IS NULL ORDER BY added_at, id", [])
}

/// What an organisation is on the list for.
pub fn of_organisation(
    connection: &Connection,
    organisation: OrganisationId,
) -> Result<Vec<Call>, StoreError> {
    select(connection, "organisation = ?1 AND ended_at IS NULL ORDER BY added_at, id", [organisation.0])
}

/// All calls about a notification, also those that ended.
pub fn of_notification(
    connection: &Connection,
    notification: NotificationId,
) -> Result<Vec<Call>, StoreError> {
    select(connection, "notification = ?1 ORDER BY id", [notification.0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    const ACT: Act<'_> = Act { at: 100, actor: "anne", reason: "" };

    fn call(organisation: u32, notification: u32) -> NewCall {
        NewCall {
            organisation: OrganisationId(organisation),
            notification: NotificationId(notification),
            why: CallReason::NoReaction,
        }
    }

    #[test]
    fn an_organisation_is_called_by_one_about_everything() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store.add_calls(10, &[call(1, 7), call(1, 8), call(2, 9), call(1, 7)]).unwrap();
        assert_eq!(store.read(open).unwrap().len(), 3, "the same twice is on the list once");

        let one = OrganisationId(1);
        assert_eq!(store.lock_calls(&ACT, one, Some("anne"), 0).unwrap(), None);
        let bram = Act { actor: "bram", ..ACT };
        assert_eq!(store.lock_calls(&bram, one, Some("bram"), 0).unwrap(), Some("anne".to_owned()));
        assert_eq!(store.lock_calls(&bram, one, Some("bram"), 100).unwrap(), None, "a lock gets old");

        let called = |result| Called { organisation: one, result, note: "mailbox full", next_at: Some(500) };
        store.record_call(&ACT, &called(CallResult::NoAnswer)).unwrap();
        let open_calls = store.read(|connection| of_organisation(connection, one)).unwrap();
        assert!(open_calls.iter().all(|call| call.next_at == Some(500) && call.locked.is_none()));
        assert_eq!(store.record_call(&ACT, &called(CallResult::Reached)).unwrap().len(), 2);
        let left = store.read(open).unwrap();
        assert_eq!(left.iter().map(|call| call.organisation.0).collect::<Vec<_>>(), [2]);
        store.add_calls(20, &[call(1, 7)]).unwrap();
        assert_eq!(store.read(open).unwrap().len(), 2, "it can come back");
    }
}
