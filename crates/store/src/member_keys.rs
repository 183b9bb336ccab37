//! Keys with which members fetch their own rows: an API key that names a member, and a secret that signs what is asked.
//!
//! The secret itself is kept, because a signature (HMAC) cannot be checked with a hash of it. It is shown once, when it is made.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::ids::OrganisationId;

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
};

/// Random bytes in a key, which is no secret but should not be guessed either.
const KEY_BYTES: usize = 16;

/// Random bytes in a secret: as many as the hash has.
const SECRET_BYTES: usize = 32;

/// A key as stored; its secret is only read to check a signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberKey {
    /// Its number.
    pub id: u32,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The API key: 32 hexadecimal digits.
    pub key: String,
    /// What it is for, as the desk called it.
    pub label: String,
    /// When it was made, in seconds since 1970.
    pub created_at: i64,
    /// Since when it counts no more.
    pub revoked_at: Option<i64>,
}

impl MemberKey {
    /// Does it still count?
    pub fn counts(&self) -> bool {
        self.revoked_at.is_none()
    }
}

const COLUMNS: &str = "id, organisation, key, label, created_at, revoked_at";

fn from_row(row: &Row<'_>) -> rusqlite::Result<MemberKey> {
    Ok(MemberKey {
        id: row.get(0)?,
        organisation: OrganisationId(row.get(1)?),
        key: row.get(2)?,
        label: row.get(3)?,
        created_at: row.get(4)?,
        revoked_at: row.get(5)?,
    })
}

/// All keys, the oldest first.
pub fn list(connection: &Connection) -> Result<Vec<MemberKey>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM member_key ORDER BY id"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read the keys of members")
}

/// The key with this text that still counts, and its secret.
pub fn with_secret(connection: &Connection, key: &str) -> Result<Option<(MemberKey, Vec<u8>)>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, secret FROM member_key WHERE key = ?1 AND revoked_at IS NULL"
        ))
        .and_then(|mut statement| {
            statement.query_row([key], |row| Ok((from_row(row)?, row.get(6)?))).optional()
        })
        .doing("look the key of a member up")
}

impl Store {
    /// Makes a key for an organisation. Gives the key, and its secret, which nobody is shown again.
    pub fn add_member_key(
        &mut self,
        act: Act<'_>,
        (organisation, code): (OrganisationId, &str),
        label: &str,
    ) -> Result<(MemberKey, String), StoreError> {
        let (key, secret) = (random_digits(KEY_BYTES)?, random_digits(SECRET_BYTES)?);
        let id = self.write(|transaction| {
            let id = transaction
                .prepare_cached(
                    "INSERT INTO member_key (organisation, key, secret, label, created_at) VALUES (?1,?2,?3,?4,?5)",
                )
                .and_then(|mut statement| {
                    statement.insert(params![organisation.0, key, secret.as_bytes(), label, act.at])
                })
                .doing("make a key for a member")?;
            let detail = format!("{{\"key\":{},\"label\":{}}}", json(&key), json(label));
            act.audit(transaction, Action::MemberKeyAdded, &format!("organisation:{code}"), &detail)?;
            Ok(id as u32)
        })?;
        let label = label.to_owned();
        Ok((MemberKey { id, organisation, key, label, created_at: act.at, revoked_at: None }, secret))
    }

    /// Lets a key count no more, and forgets its secret. Was there such a key that still counted?
    pub fn revoke_member_key(
        &mut self,
        act: Act<'_>,
        key: &MemberKey,
        code: &str,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let revoked = transaction
                .execute(
                    "UPDATE member_key SET revoked_at = ?2, secret = x'' WHERE id = ?1 AND revoked_at IS NULL",
                    params![key.id, act.at],
                )
                .doing("revoke the key of a member")?;
            if revoked > 0 {
                let detail = format!("{{\"key\":{}}}", json(&key.key));
                act.audit(transaction, Action::MemberKeyRevoked, &format!("organisation:{code}"), &detail)?;
            }
            Ok(revoked > 0)
        })
    }
}

pub(crate) fn random_digits(bytes: usize) -> Result<String, StoreError> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|error| StoreError::Damaged {
        what: format!("the system gives no random bytes: {error}"),
    })?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit, data_dir::DataDir};

    const ACT: Act<'static> = Act { at: 1_700_000_000, actor: "jan", reason: "" };

    #[test]
    fn a_key_counts_until_it_is_revoked_and_its_secret_is_in_no_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let (key, secret) = store.add_member_key(ACT, (OrganisationId(7), "GM7"), "siem").unwrap();
        assert_eq!((key.key.len(), secret.len(), key.counts()), (32, 64, true));
        let found = |store: &Store| store.read(|connection| with_secret(connection, &key.key)).unwrap();
        assert_eq!(found(&store), Some((key.clone(), secret.clone().into_bytes())));
        assert!(store.revoke_member_key(ACT, &key, "GM7").unwrap());
        assert!(!store.revoke_member_key(ACT, &key, "GM7").unwrap());
        assert_eq!(found(&store), None);
        let listed = store.read(list).unwrap();
        assert_eq!((listed.len(), listed[0].revoked_at), (1, Some(ACT.at)));
        let kept: Vec<u8> = store
            .read(|connection| {
                connection
                    .query_row("SELECT secret FROM member_key", [], |row| row.get(0))
                    .doing("read a secret")
            })
            .unwrap();
        assert!(kept.is_empty(), "a secret that is of no use is not kept");
        let log = store.read(|connection| audit::list(connection, &audit::Filter::default(), 10)).unwrap();
        let words: Vec<&str> = log.iter().rev().map(|one| one.action.as_str()).collect();
        assert_eq!(words, ["member_key.add", "member_key.revoke"]);
        assert!(
            log.iter().all(|one| one.subject == "organisation:GM7" && !format!("{one:?}").contains(&secret))
        );
    }
}
