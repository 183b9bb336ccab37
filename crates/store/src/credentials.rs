//! By what people sign in beside a password and a code: identities at providers, passkeys, recovery codes.
//!
//! Functions that change something work within a transaction, as those of [`crate::accounts`].

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::ids::AccountId;

use crate::{
    StoreError, accounts::subject, act::Act, audit::Action, error::DatabaseContext, transaction::Transaction,
};

/// Passkeys of one account: more than anybody has devices.
pub const PASSKEYS_MAX: u32 = 20;

/// A passkey as stored. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passkey {
    /// Its id.
    pub id: Vec<u8>,
    /// Whose.
    pub account: AccountId,
    /// Its public key (COSE).
    pub key: Vec<u8>,
    /// The last signature counter; 0: it has none.
    pub counter: u32,
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub created_at: i64,
    /// When it was last used.
    pub used_at: Option<i64>,
}

/// Whose identity this is.
pub fn account_of(
    connection: &Connection,
    issuer: &str,
    name: &str,
) -> Result<Option<AccountId>, StoreError> {
    connection
        .prepare_cached("SELECT account FROM identity WHERE issuer = ?1 AND subject = ?2")
        .and_then(|mut statement| {
            statement.query_row([issuer, name], |row| row.get(0).map(AccountId)).optional()
        })
        .doing("look an identity up")
}

/// The issuers at which somebody has an identity.
pub fn issuers(connection: &Connection, account: AccountId) -> Result<Vec<String>, StoreError> {
    connection
        .prepare_cached("SELECT issuer FROM identity WHERE account = ?1 ORDER BY issuer")
        .and_then(|mut statement| statement.query_map([account.0], |row| row.get(0))?.collect())
        .doing("read the identities of an account")
}

/// Links an identity to an account, which has one at each issuer; `false` when it is somebody else's.
pub fn link(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    account: AccountId,
    (issuer, name): (&str, &str),
) -> Result<bool, StoreError> {
    if account_of(transaction, issuer, name)?.is_some_and(|other| other != account) {
        return Ok(false);
    }
    transaction
        .execute("DELETE FROM identity WHERE account = ?1 AND issuer = ?2", params![account.0, issuer])
        .doing("link an identity")?;
    transaction
        .execute("INSERT INTO identity VALUES (?1,?2,?3,?4)", params![issuer, name, account.0, act.at])
        .doing("link an identity")?;
    act.audit(transaction, Action::IdentityLinked, &subject(account), issuer)?;
    Ok(true)
}

/// The passkey with this id.
pub fn passkey(connection: &Connection, id: &[u8]) -> Result<Option<Passkey>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM passkey WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id], from_row).optional())
        .doing("look a passkey up")
}

/// The passkeys of an account, the oldest first.
pub fn passkeys(connection: &Connection, account: AccountId) -> Result<Vec<Passkey>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM passkey WHERE account = ?1 ORDER BY created_at, id")
        .and_then(|mut statement| statement.query_map([account.0], from_row)?.collect())
        .doing("read the passkeys of an account")
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Passkey> {
    Ok(Passkey {
        id: row.get(0)?,
        account: AccountId(row.get(1)?),
        key: row.get(2)?,
        counter: row.get(3)?,
        name: row.get(4)?,
        created_at: row.get(5)?,
        used_at: row.get(6)?,
    })
}

/// Adds a passkey; `false` when it is there already, or there are too many.
pub fn add_passkey(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    passkey: &Passkey,
) -> Result<bool, StoreError> {
    if passkeys(transaction, passkey.account)?.len() >= PASSKEYS_MAX as usize {
        return Ok(false);
    }
    let added = transaction
        .execute(
            "INSERT OR IGNORE INTO passkey (id, account, key, counter, name, created_at) VALUES (?1,?2,?3,?4,?5,?6)",
            params![passkey.id, passkey.account.0, passkey.key, passkey.counter, passkey.name, act.at],
        )
        .doing("add a passkey")?;
    if added > 0 {
        act.audit(transaction, Action::PasskeyAdded, &subject(passkey.account), "")?;
    }
    Ok(added > 0)
}

/// Records that a passkey was used, with its counter.
pub fn use_passkey(
    transaction: &Transaction<'_>,
    id: &[u8],
    counter: u32,
    at: i64,
) -> Result<(), StoreError> {
    transaction
        .execute("UPDATE passkey SET counter = ?2, used_at = ?3 WHERE id = ?1", params![id, counter, at])
        .doing("record the use of a passkey")
        .map(|_| ())
}

/// Removes a passkey of this account; `false` when it has none by this id.
pub fn remove_passkey(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    account: AccountId,
    id: &[u8],
) -> Result<bool, StoreError> {
    let removed = transaction
        .execute("DELETE FROM passkey WHERE id = ?1 AND account = ?2", params![id, account.0])
        .doing("remove a passkey")?;
    if removed > 0 {
        act.audit(transaction, Action::PasskeyRemoved, &subject(account), "")?;
    }
    Ok(removed > 0)
}

/// Gives an account these recovery codes, by their hashes, in the place of those it had.
pub fn set_recovery_codes(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    account: AccountId,
    hashes: &[[u8; 32]],
) -> Result<(), StoreError> {
    transaction
        .execute("DELETE FROM recovery_code WHERE account = ?1", [account.0])
        .doing("set recovery codes")?;
    for hash in hashes {
        transaction
            .execute(
                "INSERT INTO recovery_code (hash, account, created_at) VALUES (?1,?2,?3)",
                params![hash, account.0, act.at],
            )
            .doing("set recovery codes")?;
    }
    act.audit(transaction, Action::RecoveryCodesMade, &subject(account), "")
}

/// How many recovery codes of an account are left.
pub fn recovery_codes_left(connection: &Connection, account: AccountId) -> Result<u32, StoreError> {
    connection
        .prepare_cached("SELECT count(*) FROM recovery_code WHERE account = ?1 AND used_at IS NULL")
        .and_then(|mut statement| statement.query_row([account.0], |row| row.get(0)))
        .doing("count recovery codes")
}

/// Uses a recovery code of this account up; `false` when it is none, or was used.
pub fn use_recovery_code(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    account: AccountId,
    hash: &[u8; 32],
) -> Result<bool, StoreError> {
    let used = transaction
        .execute(
            "UPDATE recovery_code SET used_at = ?3 WHERE hash = ?1 AND account = ?2 AND used_at IS NULL",
            params![hash, account.0, act.at],
        )
        .doing("use a recovery code")?;
    if used > 0 {
        act.audit(transaction, Action::RecoveryCodeUsed, &subject(account), "")?;
    }
    Ok(used > 0)
}

/// Takes all of it away: an account that is set up anew begins with nothing.
pub(crate) fn forget(transaction: &Transaction<'_>, account: AccountId) -> Result<(), StoreError> {
    for table in ["identity", "passkey", "recovery_code"] {
        transaction
            .execute(&format!("DELETE FROM {table} WHERE account = ?1"), [account.0])
            .doing("forget how somebody signed in")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, data_dir::DataDir};

    const ACT: Act<'static> = Act { at: 10, actor: "test", reason: "" };
    const JAN: AccountId = AccountId(1);
    const ANNA: AccountId = AccountId(2);

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DataDir::new(folder.path())).unwrap();
        (folder, store)
    }

    #[test]
    fn an_identity_is_one_account_and_an_account_has_one_at_an_issuer() {
        let (_folder, mut store) = store();
        let mut link = |account, name: &str| {
            store.write(|transaction| link(transaction, &ACT, account, ("https://a.example", name))).unwrap()
        };
        assert!(link(JAN, "1"));
        assert!(!link(ANNA, "1"), "it is Jan's");
        assert!(link(JAN, "2"), "in the place of the first");
        assert!(link(ANNA, "1"));
        let of =
            |name: &str| store.read(|connection| account_of(connection, "https://a.example", name)).unwrap();
        assert_eq!((of("1"), of("2"), of("3")), (Some(ANNA), Some(JAN), None));
        assert_eq!(store.read(|connection| account_of(connection, "https://b.example", "1")).unwrap(), None);
    }

    #[test]
    fn a_recovery_code_works_once_and_for_its_owner() {
        let (_folder, mut store) = store();
        let codes = [[1; 32], [2; 32]];
        store.write(|transaction| set_recovery_codes(transaction, &ACT, JAN, &codes)).unwrap();
        let mut used = |account, hash: u8| {
            store.write(|transaction| use_recovery_code(transaction, &ACT, account, &[hash; 32])).unwrap()
        };
        assert!(!used(ANNA, 1) && used(JAN, 1) && !used(JAN, 1) && !used(JAN, 3));
        assert_eq!(store.read(|connection| recovery_codes_left(connection, JAN)).unwrap(), 1);
        store.write(|transaction| set_recovery_codes(transaction, &ACT, JAN, &[[3; 32]])).unwrap();
        assert!(!store.write(|transaction| use_recovery_code(transaction, &ACT, JAN, &[2; 32])).unwrap());
    }

    #[test]
    fn a_passkey_is_somebodys_and_one_of_few() {
        let (_folder, mut store) = store();
        let passkey = |id: u8, account| Passkey {
            id: vec![id],
            account,
            key: vec![9],
            counter: 0,
            name: "phone".into(),
            created_at: 10,
            used_at: None,
        };
        let mut add = |one: Passkey| store.write(|transaction| add_passkey(transaction, &ACT, &one)).unwrap();
        assert!(add(passkey(1, JAN)) && !add(passkey(1, ANNA)), "an id is one passkey");
        for id in 2..=PASSKEYS_MAX as u8 {
            assert!(add(passkey(id, JAN)));
        }
        assert!(!add(passkey(99, JAN)), "enough");
        store.write(|transaction| remove_passkey(transaction, &ACT, ANNA, &[1])).unwrap();
        store.write(|transaction| use_passkey(transaction, &[1], 7, 20)).unwrap();
        let known = store.read(|connection| super::passkey(connection, &[1])).unwrap().unwrap();
        assert_eq!((known.counter, known.used_at), (7, Some(20)), "another's cannot be removed");
        store.write(|transaction| forget(transaction, JAN)).unwrap();
        assert_eq!(store.read(|connection| passkeys(connection, JAN)).unwrap(), []);
    }
}
