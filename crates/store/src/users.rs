//! The desk users: the people who act, by name. Signing in is not here.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::ids::UserId;

use crate::{
    Store, StoreError,
    audit::{self, Action, Entry},
    error::DatabaseContext,
};

/// A desk user as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeskUser {
    /// Their number, from 1.
    pub id: UserId,
    /// The name they act under, unique.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
    /// Since when, in seconds since 1970.
    pub added_at: i64,
    /// Since when they may not act any more.
    pub disabled_at: Option<i64>,
}

/// All desk users in order of their numbers.
pub fn list(connection: &Connection) -> Result<Vec<DeskUser>, StoreError> {
    select(connection, "1 ORDER BY id", [])
}

/// The desk user of this name.
pub fn by_name(connection: &Connection, name: &str) -> Result<Option<DeskUser>, StoreError> {
    Ok(select(connection, "name = ?1", [name])?.pop())
}

/// The number of the desk user of this name; 0, the program, when there is none.
pub(crate) fn number_of(connection: &Connection, name: &str) -> Result<u32, StoreError> {
    connection
        .prepare_cached("SELECT id FROM desk_user WHERE name = ?1")
        .and_then(|mut statement| statement.query_row([name], |row| row.get(0)).optional())
        .map(Option::unwrap_or_default)
        .doing("look a desk user up")
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<DeskUser>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT id, name, display_name, added_at, disabled_at FROM desk_user WHERE {condition}"
        ))
        .and_then(|mut statement| {
            statement
                .query_map(arguments, |row| {
                    Ok(DeskUser {
                        id: UserId(row.get(0)?),
                        name: row.get(1)?,
                        display_name: row.get(2)?,
                        added_at: row.get(3)?,
                        disabled_at: row.get(4)?,
                    })
                })?
                .collect()
        })
        .doing("read the desk users")
}

impl Store {
    /// Adds a desk user, or lets a disabled one act again.
    pub fn add_user(
        &mut self,
        at: i64,
        actor: &str,
        name: &str,
        display_name: &str,
    ) -> Result<UserId, StoreError> {
        self.write(|transaction| {
            let id = transaction
                .query_row(
                    "INSERT INTO desk_user (name, display_name, added_at) VALUES (?1,?2,?3)
                     ON CONFLICT (name) DO UPDATE SET display_name = ?2, disabled_at = NULL RETURNING id",
                    params![name, display_name, at],
                    |row| row.get(0),
                )
                .map(UserId)
                .doing("add a desk user")?;
            let subject = format!("user:{id}");
            let detail = display_name;
            let entry = Entry { at, actor, action: Action::UserAdded, subject: &subject, reason: "", detail };
            audit::append(transaction, &entry)?;
            Ok(id)
        })
    }

    /// Keeps a desk user from acting from now on. What they did keeps their name.
    pub fn disable_user(
        &mut self,
        at: i64,
        actor: &str,
        user: UserId,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE desk_user SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL",
                    params![user.0, at],
                )
                .doing("disable a desk user")?;
            let subject = format!("user:{user}");
            let entry =
                Entry { at, actor, action: Action::UserDisabled, subject: &subject, reason, detail: "" };
            audit::append(transaction, &entry).map(|_| ())
        })
    }
}
