//! Who said when that a contact is still right, and the links that were sent to ask.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::ids::{ContactId, RegisterVersion};

use crate::{
    Store, StoreError,
    act::Act,
    audit::Action,
    data_dir::DataDir,
    error::DatabaseContext,
    open::writer_beside,
    transaction::{Transaction, in_transaction},
};

/// How fresh a contact is, in seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Freshness {
    /// When it was recorded as it is, or last confirmed.
    pub confirmed_at: i64,
    /// When a reminder was last sent.
    pub reminded_at: Option<i64>,
}

/// How fresh every contact is that stands at a version.
pub fn freshness(
    connection: &Connection,
    version: RegisterVersion,
) -> Result<HashMap<ContactId, Freshness, RandomState>, StoreError> {
    connection
        .prepare_cached(
            "SELECT c.id, max(v.at, coalesce((SELECT max(at) FROM contact_confirmation f WHERE f.contact = c.id), v.at)),
                (SELECT max(sent_at) FROM confirmation_request r WHERE r.contact = c.id)
             FROM contact c JOIN register_version v ON v.version = c.recorded_in
             WHERE c.recorded_in <= ?1 AND (c.withdrawn_in IS NULL OR c.withdrawn_in > ?1)",
        )
        .and_then(|mut statement| {
            statement
                .query_map([version.0], |row| {
                    let freshness = Freshness { confirmed_at: row.get(1)?, reminded_at: row.get(2)? };
                    Ok((ContactId(row.get(0)?), freshness))
                })?
                .collect()
        })
        .doing("read when contacts were confirmed")
}

/// A link that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// For which contact.
    pub contact: ContactId,
    /// Until when it is good, in seconds since 1970.
    pub expires_at: i64,
    /// When it was used.
    pub used_at: Option<i64>,
}

/// The link whose token has this hash.
pub fn request(connection: &Connection, token_hash: &[u8; 32]) -> Result<Option<Request>, StoreError> {
    connection
        .prepare_cached("SELECT contact, expires_at, used_at FROM confirmation_request WHERE token_hash = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([token_hash], |row| {
                    Ok(Request {
                        contact: ContactId(row.get(0)?),
                        expires_at: row.get(1)?,
                        used_at: row.get(2)?,
                    })
                })
                .optional()
        })
        .doing("look a link up")
}

impl Store {
    /// Records that the desk asked a contact and they are still right.
    pub fn confirm_contact(&mut self, act: &Act<'_>, contact: ContactId) -> Result<(), StoreError> {
        self.write(|transaction| confirm(transaction, act, contact))
    }

    /// Records that a link was sent.
    pub fn add_request(
        &mut self,
        act: &Act<'_>,
        token_hash: &[u8; 32],
        contact: ContactId,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute(
                    "INSERT INTO confirmation_request (token_hash, contact, sent_at, expires_at) VALUES (?1,?2,?3,?4)",
                    params![token_hash, contact.0, act.at, expires_at],
                )
                .doing("record a link that is sent")?;
            act.audit(transaction, Action::ContactReminded, &format!("contact:{contact}"), "")
        })
    }
}

/// Uses a link: once, and not after its end. Beside the one writer, so that the page answers while reports are taken in.
pub fn use_request(
    data: &DataDir,
    act: &Act<'_>,
    token_hash: &[u8; 32],
) -> Result<Option<ContactId>, StoreError> {
    let mut connection = writer_beside(data)?;
    in_transaction(&mut connection, |transaction| {
        let contact: Option<u32> = transaction
            .prepare_cached(
                "UPDATE confirmation_request SET used_at = ?2 WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2
                 RETURNING contact",
            )
            .and_then(|mut statement| {
                statement.query_row(params![token_hash, act.at], |row| row.get(0)).optional()
            })
            .doing("use a link")?;
        let Some(contact) = contact.map(ContactId) else { return Ok(None) };
        confirm(transaction, act, contact)?;
        Ok(Some(contact))
    })
}

fn confirm(transaction: &Transaction<'_>, act: &Act<'_>, contact: ContactId) -> Result<(), StoreError> {
    transaction
        .execute("INSERT INTO contact_confirmation VALUES (?1,?2,?3)", params![contact.0, act.at, act.actor])
        .doing("record that a contact is still right")?;
    act.audit(transaction, Action::ContactConfirmed, &format!("contact:{contact}"), "")
}
