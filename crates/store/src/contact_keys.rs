//! Public keys of contacts. A key belongs to a mail address of an organisation.

use std::fmt;

use rusqlite::{Connection, params};
use schakel_model::ids::OrganisationId;

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    register_rows::word,
    transaction::Transaction,
};

/// The kind of key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// OpenPGP (RFC 9580).
    OpenPgp,
    /// S/MIME: a certificate (RFC 5280).
    SMime,
}

impl KeyKind {
    /// The word in the store and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenPgp => "openpgp",
            Self::SMime => "smime",
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for KeyKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "openpgp" => Ok(Self::OpenPgp),
            "smime" => Ok(Self::SMime),
            _ => Err(format!("`{text}` is no kind of key: use openpgp or smime")),
        }
    }
}

/// A key about to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewKey {
    /// Its kind.
    pub kind: KeyKind,
    /// Its fingerprint, in hexadecimal without spaces.
    pub fingerprint: String,
    /// The public key as it was given.
    pub bytes: Vec<u8>,
}

/// A key as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactKey {
    /// Its number.
    pub id: i64,
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// For which mail address.
    pub email: String,
    /// The key.
    pub key: NewKey,
    /// Since when, in seconds since 1970.
    pub added_at: i64,
}

/// The keys in use, in order of their numbers.
pub fn list(connection: &Connection) -> Result<Vec<ContactKey>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, organisation, email, kind, fingerprint, bytes, added_at FROM contact_key
             WHERE withdrawn_at IS NULL ORDER BY id",
        )
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(ContactKey {
                        id: row.get(0)?,
                        organisation: OrganisationId(row.get(1)?),
                        email: row.get(2)?,
                        key: NewKey { kind: word(row, 3)?, fingerprint: row.get(4)?, bytes: row.get(5)? },
                        added_at: row.get(6)?,
                    })
                })?
                .collect()
        })
        .doing("read the keys of contacts")
}

impl Store {
    /// Keeps a key; one of the same kind for the same address is withdrawn.
    pub fn add_key(
        &mut self,
        act: &Act<'_>,
        organisation: OrganisationId,
        email: &str,
        key: &NewKey,
    ) -> Result<(), StoreError> {
        self.write(|transaction| insert_key(transaction, act, organisation, email, key))
    }
}

pub(crate) fn insert_key(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    organisation: OrganisationId,
    email: &str,
    key: &NewKey,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE contact_key SET withdrawn_at = ?4 WHERE organisation = ?1 AND lower(email) = lower(?2) AND kind = ?3
             AND withdrawn_at IS NULL",
            params![organisation.0, email, key.kind.as_str(), act.at],
        )
        .and_then(|_| {
            transaction.execute(
                "INSERT INTO contact_key (organisation, email, kind, fingerprint, bytes, added_at) VALUES (?1,?2,?3,?4,?5,?6)",
                params![organisation.0, email, key.kind.as_str(), key.fingerprint, key.bytes, act.at],
            )
        })
        .doing("keep a key")?;
    let detail = format!(
        "{{\"kind\":\"{}\",\"email\":{},\"fingerprint\":{}}}",
        key.kind,
        json(email),
        json(&key.fingerprint)
    );
    act.audit(transaction, Action::ContactKeyAdded, &format!("organisation:{}", organisation.0), &detail)
}
