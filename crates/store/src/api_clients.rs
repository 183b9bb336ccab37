//! Clients of the API, what they prove themselves with, and what is kept of their requests.
//!
//! An API key has 256 random bits. Of it only a keyed hash is kept, under the installation's secret: a copy of the database alone says
//! neither the key nor whether a guessed one is right.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    api::{Client, ClientOf, Scope, read_scopes, scopes_text},
    ids::OrganisationId,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    data_dir::DataDir,
    error::DatabaseContext,
    open::writer_beside,
    transaction::{Transaction, in_transaction},
};

/// What stands before the random part of an API key, so that people and programs that look for lost secrets recognise it.
pub const KEY_PREFIX: &str = "schakel_api_";

/// Random bytes in an API key.
const KEY_BYTES: usize = 32;

/// Answers to requests are kept for this long: who has not tried again after a day does not.
pub const RESPONSES_KEPT_SECONDS: i64 = 86_400;

/// A client about to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewClient {
    /// What it is called.
    pub code: String,
    /// Whose it is, with the organisation's code for the log.
    pub of: ClientOf,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Requests in a minute.
    pub per_minute_max: u32,
    /// From when on it counts no more.
    pub expires_at: Option<i64>,
    /// Public keys, as JWK.
    pub public_keys: Vec<String>,
}

const COLUMNS: &str =
    "c.id, c.code, c.organisation, c.scopes, c.per_minute_max, c.created_at, c.expires_at, c.revoked_at";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Client> {
    let organisation: Option<u32> = row.get(2)?;
    let scopes: String = row.get(3)?;
    Ok(Client {
        id: row.get(0)?,
        code: row.get(1)?,
        of: organisation.map_or(ClientOf::Desk, |id| ClientOf::Member(OrganisationId(id))),
        // A word of the store that this program does not know permits nothing.
        scopes: scopes.split_ascii_whitespace().filter_map(|one| read_scopes(one).ok()).flatten().collect(),
        per_minute_max: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}

/// All clients by code, also those that count no more.
pub fn list(connection: &Connection) -> Result<Vec<Client>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM api_client c ORDER BY c.code"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read the clients of the API")
}

/// The client of this code.
pub fn by_code(connection: &Connection, code: &str) -> Result<Option<Client>, StoreError> {
    one(connection, "WHERE c.code = ?1", params![code])
}

/// The client of this number.
pub fn by_id(connection: &Connection, id: u32) -> Result<Option<Client>, StoreError> {
    one(connection, "WHERE c.id = ?1", params![id])
}

/// The client with this API key, as [`key_hash`] gives it, when the key counts at this time. Whether the client does is another question.
pub fn by_key(connection: &Connection, hash: &[u8; 32], now: i64) -> Result<Option<Client>, StoreError> {
    let condition =
        "JOIN api_key k ON k.client = c.id WHERE k.hash = ?1 AND (k.expires_at IS NULL OR k.expires_at > ?2)";
    one(connection, condition, params![hash, now])
}

fn one(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Option<Client>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM api_client c {condition}"))
        .and_then(|mut statement| statement.query_row(arguments, from_row).optional())
        .doing("look a client of the API up")
}

/// The public keys of a client, as JWK.
pub fn public_keys(connection: &Connection, client: u32) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached("SELECT jwk FROM api_public_key WHERE client = ?1 ORDER BY id")
        .and_then(|mut statement| statement.query_map([client], |row| row.get(0))?.collect())
        .doing("read the public keys of a client")
}

/// How many API keys of a client count at this time.
pub fn keys_count(connection: &Connection, client: u32, now: i64) -> Result<u32, StoreError> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM api_key WHERE client = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
        )
        .and_then(|mut statement| statement.query_row(params![client, now], |row| row.get(0)))
        .doing("count the keys of a client")
}

/// The hash by which an API key is known.
pub fn key_hash(secret: &[u8; 32], key: &str) -> [u8; 32] {
    let secret = blake3::derive_key("schakel 2026 api key v1", secret);
    *blake3::keyed_hash(&secret, key.as_bytes()).as_bytes()
}

impl Store {
    /// Makes a client. Gives its API key, which is nowhere else; none for one that signs who it is.
    pub fn add_api_client(&mut self, act: Act<'_>, new: &NewClient) -> Result<Option<String>, StoreError> {
        let key = if new.public_keys.is_empty() { Some(random_key()?) } else { None };
        let hash = key.as_ref().map(|key| key_hash(&self.secret(), key));
        let organisation = match new.of {
            ClientOf::Desk => None,
            ClientOf::Member(id) => Some(id.0),
        };
        let scopes = scopes_text(&new.scopes);
        self.write(|transaction| {
            let client = transaction
                .prepare_cached(
                    "INSERT INTO api_client (code, organisation, scopes, per_minute_max, created_at, expires_at) VALUES (?1,?2,?3,?4,?5,?6)",
                )
                .and_then(|mut statement| {
                    statement.insert(params![
                        new.code, organisation, scopes, new.per_minute_max, act.at, new.expires_at
                    ])
                })
                .doing("make a client of the API")?;
            if let Some(hash) = &hash {
                insert_key(transaction, client, hash, act.at)?;
            }
            insert_public_keys(transaction, client, &new.public_keys, act.at)?;
            let detail = format!(
                "{{\"of\":{},\"organisation\":{},\"scopes\":{},\"expires_at\":{}}}",
                json(&new.of.to_string()),
                number(organisation.map(i64::from)),
                json(&scopes),
                number(new.expires_at)
            );
            act.audit(transaction, Action::ApiClientAdded, &subject(&new.code), &detail)
        })?;
        Ok(key)
    }

    /// Gives a client a new API key, or other public keys; those before count until `until`. Gives the new API key, if it is one.
    pub fn rotate_api_client(
        &mut self,
        act: Act<'_>,
        client: &Client,
        public_keys: &[String],
        until: i64,
    ) -> Result<Option<String>, StoreError> {
        let key = if public_keys.is_empty() { Some(random_key()?) } else { None };
        let hash = key.as_ref().map(|key| key_hash(&self.secret(), key));
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE api_key SET expires_at = ?2 WHERE client = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
                    params![client.id, until],
                )
                .doing("end the keys of a client")?;
            match &hash {
                Some(hash) => insert_key(transaction, i64::from(client.id), hash, act.at)?,
                None => {
                    // What is signed lives for minutes, so public keys need no overlap.
                    transaction
                        .execute("DELETE FROM api_public_key WHERE client = ?1", [client.id])
                        .doing("end the public keys of a client")?;
                    insert_public_keys(transaction, i64::from(client.id), public_keys, act.at)?;
                }
            }
            let detail = format!("{{\"before_until\":{until}}}");
            act.audit(transaction, Action::ApiClientRotated, &subject(&client.code), &detail)
        })?;
        Ok(key)
    }

    /// Lets a client count no more, and forgets its keys.
    pub fn revoke_api_client(&mut self, act: Act<'_>, client: &Client) -> Result<(), StoreError> {
        self.write(|transaction| {
            for sql in [
                "UPDATE api_client SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                "UPDATE api_key SET expires_at = ?2 WHERE client = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
            ] {
                transaction
                    .execute(sql, params![client.id, act.at])
                    .doing("revoke a client of the API")?;
            }
            transaction
                .execute("DELETE FROM api_public_key WHERE client = ?1", [client.id])
                .doing("revoke a client of the API")?;
            act.audit(transaction, Action::ApiClientRevoked, &subject(&client.code), "")
        })
    }
}

fn subject(code: &str) -> String {
    format!("api_client:{code}")
}

fn number(value: Option<i64>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

fn random_key() -> Result<String, StoreError> {
    Ok(format!("{KEY_PREFIX}{}", crate::member_keys::random_digits(KEY_BYTES)?))
}

fn insert_key(
    transaction: &Transaction<'_>,
    client: i64,
    hash: &[u8; 32],
    at: i64,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("INSERT INTO api_key (client, hash, created_at) VALUES (?1,?2,?3)")
        .and_then(|mut statement| statement.execute(params![client, hash, at]))
        .doing("keep the key of a client")
        .map(|_| ())
}

fn insert_public_keys(
    transaction: &Transaction<'_>,
    client: i64,
    keys: &[String],
    at: i64,
) -> Result<(), StoreError> {
    keys.iter().try_for_each(|key| {
        transaction
            .prepare_cached("INSERT INTO api_public_key (client, jwk, created_at) VALUES (?1,?2,?3)")
            .and_then(|mut statement| statement.execute(params![client, key, at]))
            .doing("keep the public key of a client")
            .map(|_| ())
    })
}

/// Takes what a client signed, beside the one writer. `false`: it was taken before. `until`: when it has run out by itself.
pub fn take_assertion(
    data: &DataDir,
    client: u32,
    id: &str,
    until: i64,
    now: i64,
) -> Result<bool, StoreError> {
    let hash = blake3::hash(id.as_bytes());
    let mut connection = writer_beside(data)?;
    in_transaction(&mut connection, |transaction| {
        transaction
            .execute("DELETE FROM api_assertion WHERE until < ?1", [now])
            .doing("forget what has run out")?;
        transaction
            .execute(
                "INSERT INTO api_assertion VALUES (?1,?2,?3) ON CONFLICT DO NOTHING",
                params![client, hash.as_bytes(), until],
            )
            .doing("take what a client signed")
            .map(|rows| rows > 0)
    })
}

/// What was answered to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptResponse {
    /// Of the request.
    pub digest: [u8; 32],
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

/// What was answered to the request with this key, if that is kept still.
pub fn response(
    connection: &Connection,
    client: u32,
    key: &str,
    now: i64,
) -> Result<Option<KeptResponse>, StoreError> {
    connection
        .prepare_cached(
            "SELECT digest, status, body FROM api_response WHERE client = ?1 AND key_hash = ?2 AND at > ?3",
        )
        .and_then(|mut statement| {
            let hash = blake3::hash(key.as_bytes());
            let wanted = params![client, hash.as_bytes(), now - RESPONSES_KEPT_SECONDS];
            let kept = |row: &Row<'_>| {
                Ok(KeptResponse { digest: row.get(0)?, status: row.get(1)?, body: row.get(2)? })
            };
            statement.query_row(wanted, kept).optional()
        })
        .doing("look up what was answered")
}

/// Keeps what was answered, beside the one writer, and forgets what is a day old.
pub fn keep_response(
    data: &DataDir,
    client: u32,
    key: &str,
    kept: &KeptResponse,
    now: i64,
) -> Result<(), StoreError> {
    let mut connection = writer_beside(data)?;
    in_transaction(&mut connection, |transaction| {
        transaction
            .execute("DELETE FROM api_response WHERE at <= ?1", [now - RESPONSES_KEPT_SECONDS])
            .doing("forget what was answered")?;
        transaction
            .prepare_cached(
                "INSERT INTO api_response (client, key_hash, digest, status, body, at) VALUES (?1,?2,?3,?4,?5,?6)
                 ON CONFLICT (client, key_hash) DO NOTHING",
            )
            .and_then(|mut statement| {
                let hash = blake3::hash(key.as_bytes());
                statement.execute(params![client, hash.as_bytes(), kept.digest, kept.status, kept.body, now])
            })
            .doing("keep what was answered")
            .map(|_| ())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit;

    const ACT: Act<'static> = Act { at: 1_000, actor: "jan", reason: "" };

    fn new(code: &str, public_keys: &[&str]) -> NewClient {
        NewClient {
            code: code.into(),
            of: ClientOf::Member(OrganisationId(7)),
            scopes: vec![Scope::FindingsRead],
            per_minute_max: 60,
            expires_at: None,
            public_keys: public_keys.iter().map(|&key| key.to_owned()).collect(),
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::new(folder.path())).unwrap();
        (folder, store)
    }

    fn with(store: &Store, key: &str, now: i64) -> Option<Client> {
        let hash = key_hash(&store.secret(), key);
        store.read(|connection| by_key(connection, &hash, now)).unwrap()
    }

    #[test]
    fn a_key_counts_until_a_newer_one_takes_its_place_and_none_after_revocation() {
        let (_folder, mut store) = store();
        let first = store.add_api_client(ACT, &new("siem", &[])).unwrap().unwrap();
        let client = with(&store, &first, 1_000).unwrap();
        assert_eq!((client.code.as_str(), client.scopes.as_slice()), ("siem", &[Scope::FindingsRead][..]));
        assert_eq!(with(&store, "schakel_api_00", 1_000), None);
        let second = store.rotate_api_client(ACT, &client, &[], 2_000).unwrap().unwrap();
        assert!(with(&store, &first, 1_999).is_some() && with(&store, &first, 2_000).is_none());
        assert_eq!(store.read(|connection| keys_count(connection, client.id, 1_500)).unwrap(), 2);
        store.revoke_api_client(Act { at: 3_000, ..ACT }, &client).unwrap();
        assert!(with(&store, &second, 3_000).is_none());
        let revoked = store.read(|connection| by_code(connection, "siem")).unwrap().unwrap();
        assert!(!revoked.counts_at(3_000));
        let log = store.read(|connection| audit::list(connection, &audit::Filter::default(), 10)).unwrap();
        let words: Vec<&str> = log.iter().rev().map(|one| one.action.as_str()).collect();
        assert_eq!(words, ["api_client.add", "api_client.rotate", "api_client.revoke"]);
        let said = format!("{log:?}");
        assert!(!said.contains(&first) && !said.contains(&second), "a key is in no log");
    }

    #[test]
    fn a_copy_of_the_database_does_not_say_whether_a_key_is_right() {
        assert_ne!(key_hash(&[1; 32], "schakel_api_1"), key_hash(&[2; 32], "schakel_api_1"));
    }

    #[test]
    fn a_client_that_signs_has_public_keys_and_no_other() {
        let (_folder, mut store) = store();
        assert_eq!(store.add_api_client(ACT, &new("signs", &["{}"])).unwrap(), None);
        let client = store.read(|connection| by_code(connection, "signs")).unwrap().unwrap();
        let keys = |store: &Store| store.read(|connection| public_keys(connection, client.id)).unwrap();
        assert_eq!(keys(&store), ["{}"]);
        store.rotate_api_client(ACT, &client, &["[]".into()], 0).unwrap();
        assert_eq!(keys(&store), ["[]"]);
        store.revoke_api_client(ACT, &client).unwrap();
        assert!(keys(&store).is_empty());
    }

    #[test]
    fn what_was_signed_is_taken_once_and_forgotten_when_it_has_run_out() {
        let (folder, _store) = store();
        let data = DataDir::new(folder.path());
        assert!(take_assertion(&data, 1, "a", 100, 50).unwrap());
        assert!(!take_assertion(&data, 1, "a", 100, 60).unwrap());
        assert!(take_assertion(&data, 2, "a", 100, 60).unwrap(), "another client");
        assert!(take_assertion(&data, 1, "a", 300, 200).unwrap());
    }

    #[test]
    fn what_was_answered_is_kept_for_a_day() {
        let (folder, store) = store();
        let data = DataDir::new(folder.path());
        let kept = KeptResponse { digest: [1; 32], status: 201, body: "{}".into() };
        keep_response(&data, 1, "k", &kept, 1_000).unwrap();
        let found = |client, now| store.read(|connection| response(connection, client, "k", now)).unwrap();
        assert_eq!(found(1, 1_000), Some(kept.clone()));
        assert_eq!((found(2, 1_000), found(1, 1_000 + RESPONSES_KEPT_SECONDS)), (None, None));
        let other = KeptResponse { status: 500, ..kept.clone() };
        keep_response(&data, 1, "k", &other, 1_001).unwrap();
        assert_eq!(found(1, 1_001), Some(kept), "the first one stays");
    }
}
