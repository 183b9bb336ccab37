//! The versions of the policy. The newest is in force; before the first the built-in one is, as version 0.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
};

/// A version of the policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyVersion {
    /// Its number, from 1.
    pub version: u32,
    /// When it was set, in seconds since 1970.
    pub at: i64,
    /// By whom.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The document.
    pub text: String,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<PolicyVersion> {
    Ok(PolicyVersion {
        version: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        reason: row.get(3)?,
        text: row.get(4)?,
    })
}

/// The version in force.
pub fn newest(connection: &Connection) -> Result<Option<PolicyVersion>, StoreError> {
    connection
        .prepare_cached(
            "SELECT version, at, actor, reason, text FROM policy_version ORDER BY version DESC LIMIT 1",
        )
        .and_then(|mut statement| statement.query_row([], from_row).optional())
        .doing("read the policy")
}

/// The number of the version in force; 0 is the built-in one.
pub fn version(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(version), 0) FROM policy_version")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .doing("read the version of the policy")
}

/// All versions, the newest first.
pub fn history(connection: &Connection) -> Result<Vec<PolicyVersion>, StoreError> {
    connection
        .prepare_cached("SELECT version, at, actor, reason, text FROM policy_version ORDER BY version DESC")
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read the versions of the policy")
}

impl Store {
    /// Puts a document in force. Gives its version.
    pub fn set_policy(&mut self, act: &Act<'_>, text: &str) -> Result<u32, StoreError> {
        self.write(|transaction| {
            let before = version(transaction)?;
            transaction
                .execute(
                    "INSERT INTO policy_version VALUES (?1,?2,?3,?4,?5)",
                    params![before + 1, act.at, act.actor, act.reason, text],
                )
                .doing("set the policy")?;
            let detail = format!(r#"{{"before":{before},"text":{}}}"#, json(text));
            act.audit(transaction, Action::PolicySet, &format!("policy:{}", before + 1), &detail)?;
            Ok(before + 1)
        })
    }
}
