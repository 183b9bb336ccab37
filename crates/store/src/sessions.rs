//! Who is at a browser now, by the hash of the cookie that it has.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::ids::AccountId;

use crate::{
    StoreError, accounts::subject, act::Act, audit::Action, error::DatabaseContext, transaction::Transaction,
};

/// The hash of a cookie.
pub type Token = [u8; 32];

/// A session as stored. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The hash of its cookie.
    pub token: Token,
    /// Whose.
    pub account: AccountId,
    /// Was the second factor shown too?
    pub proven: bool,
    /// Since when.
    pub created_at: i64,
    /// When it was last used, to a minute.
    pub used_at: i64,
    /// What the browser says it is.
    pub agent: String,
    /// When it ended.
    pub ended_at: Option<i64>,
}

/// The session with this hash of its cookie.
pub fn get(connection: &Connection, token: &Token) -> Result<Option<Session>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM session WHERE token = ?1")
        .and_then(|mut statement| statement.query_row([token], from_row).optional())
        .doing("look a session up")
}

/// The sessions of an account that did not end, the last used first.
pub fn of(connection: &Connection, account: AccountId) -> Result<Vec<Session>, StoreError> {
    connection
        .prepare_cached(
            "SELECT * FROM session WHERE account = ?1 AND ended_at IS NULL AND proven ORDER BY used_at DESC",
        )
        .and_then(|mut statement| statement.query_map([account.0], from_row)?.collect())
        .doing("read the sessions")
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        token: row.get(0)?,
        account: AccountId(row.get(1)?),
        proven: row.get(2)?,
        created_at: row.get(3)?,
        used_at: row.get(4)?,
        agent: row.get(5)?,
        ended_at: row.get(6)?,
    })
}

/// Begins a session in the place of another one, which ends: each step of signing in has a cookie of its own.
pub fn begin(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    session: &Session,
    instead_of: Option<&Token>,
) -> Result<(), StoreError> {
    if let Some(old) = instead_of {
        end(transaction, old, act.at)?;
    }
    transaction
        .execute(
            "INSERT INTO session (token, account, proven, created_at, used_at, agent) VALUES (?1,?2,?3,?4,?4,?5)",
            params![session.token, session.account.0, session.proven, act.at, session.agent],
        )
        .doing("begin a session")?;
    if session.proven {
        act.audit(transaction, Action::SignedIn, &subject(session.account), "")?;
    }
    Ok(())
}

/// Records that a session is used.
pub fn touch(transaction: &Transaction<'_>, token: &Token, at: i64) -> Result<(), StoreError> {
    transaction
        .execute("UPDATE session SET used_at = ?2 WHERE token = ?1 AND used_at < ?2", params![token, at])
        .doing("note that a session is used")
        .map(|_| ())
}

/// Ends a session.
pub fn end(transaction: &Transaction<'_>, token: &Token, at: i64) -> Result<(), StoreError> {
    transaction
        .execute("UPDATE session SET ended_at = ?2 WHERE token = ?1 AND ended_at IS NULL", params![token, at])
        .doing("end a session")
        .map(|_| ())
}

/// Ends every session of an account.
pub fn end_all(transaction: &Transaction<'_>, account: AccountId, at: i64) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE session SET ended_at = ?2 WHERE account = ?1 AND ended_at IS NULL",
            params![account.0, at],
        )
        .doing("end the sessions of an account")
        .map(|_| ())
}

/// Ends every other session of the account of this one.
pub fn end_others(transaction: &Transaction<'_>, this: &Session, at: i64) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE session SET ended_at = ?3 WHERE account = ?1 AND token <> ?2 AND ended_at IS NULL",
            params![this.account.0, this.token, at],
        )
        .doing("end the other sessions of an account")
        .map(|_| ())
}

/// Forgets sessions and invitations that are over since this time.
pub fn forget(transaction: &Transaction<'_>, before: i64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM session WHERE coalesce(ended_at, used_at) < ?1",
        "DELETE FROM invitation WHERE expires_at < ?1",
    ] {
        transaction.execute(sql, [before]).doing("forget old sessions")?;
    }
    Ok(())
}
