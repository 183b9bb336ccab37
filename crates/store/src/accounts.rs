//! People who sign in to the portal: who they are, what they know and have, and how they were invited.
//!
//! Functions that change something work within a transaction: of the [`crate::Store`], or [`beside`] it for whoever is at a browser.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    account::{Account, PortalRole},
    ids::AccountId,
};

use crate::{
    StoreError,
    act::{Act, json},
    audit::Action,
    data_dir::DataDir,
    error::DatabaseContext,
    open::writer_beside,
    transaction::{Transaction, in_transaction},
};

/// What is known to prove somebody.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Proofs {
    /// The hash of the password; empty: not set yet.
    pub password: String,
    /// The secret of codes, closed; `None`: not set yet.
    pub one_time: Option<Vec<u8>>,
    /// The last step of codes that was used.
    pub one_time_used: Option<i64>,
    /// Wrong tries since the last right one.
    pub failures: u32,
    /// Until when nothing is tried, in seconds since 1970.
    pub locked_until: Option<i64>,
}

impl std::fmt::Debug for Proofs {
    /// Without what proves anything.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proofs").field("failures", &self.failures).finish_non_exhaustive()
    }
}

/// An invitation as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    /// For whom.
    pub account: AccountId,
    /// Until when it is good, in seconds since 1970.
    pub expires_at: i64,
    /// When it was used.
    pub used_at: Option<i64>,
}

/// Does something beside the one writer, in one transaction.
pub fn beside<T>(
    data: &DataDir,
    act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    in_transaction(&mut writer_beside(data)?, act)
}

/// Every account, in order of names.
pub fn list(connection: &Connection) -> Result<Vec<Account>, StoreError> {
    select(connection, "1 ORDER BY organisation, name", [])
}

/// An account by its number.
pub fn get(connection: &Connection, id: AccountId) -> Result<Option<Account>, StoreError> {
    Ok(select(connection, "id = ?1", [id.0])?.pop())
}

/// An account by the name it signs in with, in any case.
pub fn by_name(connection: &Connection, name: &str) -> Result<Option<Account>, StoreError> {
    Ok(select(connection, "name = ?1", [name])?.pop())
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Account>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT id, name, display_name, organisation, roles, language, disabled_at FROM account WHERE {condition}"
        ))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read the accounts")
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Account> {
    let roles: String = row.get(4)?;
    let language: String = row.get(5)?;
    Ok(Account {
        id: AccountId(row.get(0)?),
        name: row.get(1)?,
        display_name: row.get(2)?,
        organisation: row.get(3)?,
        roles: roles.split(' ').filter_map(|word| word.parse().ok()).collect(),
        language: language.parse().unwrap_or_default(),
        disabled_at: row.get(6)?,
    })
}

/// What proves an account.
pub fn proofs(connection: &Connection, id: AccountId) -> Result<Proofs, StoreError> {
    connection
        .prepare_cached(
            "SELECT password, one_time, one_time_used, failures, locked_until FROM account WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.query_row([id.0], |row| {
                Ok(Proofs {
                    password: row.get(0)?,
                    one_time: row.get(1)?,
                    one_time_used: row.get(2)?,
                    failures: row.get(3)?,
                    locked_until: row.get(4)?,
                })
            })
        })
        .optional()
        .map(Option::unwrap_or_default)
        .doing("read what proves an account")
}

/// The invitation with this hash of its token.
pub fn invitation(connection: &Connection, token: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
    connection
        .prepare_cached("SELECT account, expires_at, used_at FROM invitation WHERE token = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([token], |row| {
                    Ok(Invitation {
                        account: AccountId(row.get(0)?),
                        expires_at: row.get(1)?,
                        used_at: row.get(2)?,
                    })
                })
                .optional()
        })
        .doing("look an invitation up")
}

/// Invites somebody: makes their account or changes it, lets them in again, and makes every earlier invitation of theirs void.
pub fn invite(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    account: &Account,
    token: &[u8; 32],
    expires_at: i64,
) -> Result<AccountId, StoreError> {
    let id = transaction
        .query_row(
            "INSERT INTO account (name, display_name, organisation, roles, language, created_at) VALUES (?1,?2,?3,?4,?5,?6)
             ON CONFLICT (name) DO UPDATE SET display_name = ?2, organisation = ?3, roles = ?4, language = ?5, disabled_at = NULL
             RETURNING id",
            params![
                account.name,
                account.display_name,
                account.organisation,
                words(&account.roles),
                account.language.as_str(),
                act.at
            ],
            |row| row.get(0),
        )
        .map(AccountId)
        .doing("invite somebody")?;
    transaction
        .execute("DELETE FROM invitation WHERE account = ?1 AND used_at IS NULL", [id.0])
        .doing("invite somebody")?;
    transaction
        .execute(
            "INSERT INTO invitation (token, account, expires_at) VALUES (?1,?2,?3)",
            params![token, id.0, expires_at],
        )
        .doing("invite somebody")?;
    act.audit(transaction, Action::AccountInvited, &subject(id), &words(&account.roles))?;
    Ok(id)
}

/// Sets what proves an account and uses its invitation up; `false` when that was used meanwhile.
pub fn make_ready(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    id: AccountId,
    token: &[u8; 32],
    proofs: &Proofs,
) -> Result<bool, StoreError> {
    let used = transaction
        .execute(
            "UPDATE invitation SET used_at = ?2 WHERE token = ?1 AND used_at IS NULL AND expires_at > ?2",
            params![token, act.at],
        )
        .doing("use an invitation")?;
    if used == 0 {
        return Ok(false);
    }
    transaction
        .execute(
            "UPDATE account SET password = ?2, one_time = ?3, one_time_used = ?4, failures = 0, locked_until = NULL WHERE id = ?1",
            params![id.0, proofs.password, proofs.one_time, proofs.one_time_used],
        )
        .doing("set up an account")?;
    crate::credentials::forget(transaction, id)?;
    crate::sessions::end_all(transaction, id, act.at)?;
    act.audit(transaction, Action::AccountReady, &subject(id), "")?;
    Ok(true)
}

/// Gives an account other proofs than it had, which keeps it open; `false` when those changed meanwhile.
pub fn renew(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    id: AccountId,
    (before, after): (&Proofs, &Proofs),
) -> Result<bool, StoreError> {
    let renewed = transaction
        .execute(
            "UPDATE account SET password = ?2, one_time = ?3, one_time_used = ?4, failures = 0, locked_until = NULL
             WHERE id = ?1 AND password = ?5 AND one_time IS ?6",
            params![
                id.0,
                after.password,
                after.one_time,
                after.one_time_used,
                before.password,
                before.one_time
            ],
        )
        .doing("renew what proves an account")?;
    if renewed == 0 {
        return Ok(false);
    }
    let what = [("password", before.password != after.password), ("app", before.one_time != after.one_time)];
    let words: Vec<&str> = what.into_iter().filter(|(_, changed)| *changed).map(|(word, _)| word).collect();
    act.audit(transaction, Action::AccountChanged, &subject(id), &json(&words.join(" ")))?;
    Ok(true)
}

/// Records a wrong try.
pub fn failed(
    transaction: &Transaction<'_>,
    id: AccountId,
    failures: u32,
    locked_until: Option<i64>,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE account SET failures = ?2, locked_until = ?3 WHERE id = ?1",
            params![id.0, failures, locked_until],
        )
        .doing("record a wrong try")
        .map(|_| ())
}

/// Records that a code was used; `false` when this one, or a later one, was used meanwhile.
pub fn use_code(transaction: &Transaction<'_>, id: AccountId, step: i64) -> Result<bool, StoreError> {
    let used = transaction
        .execute(
            "UPDATE account SET one_time_used = ?2, failures = 0, locked_until = NULL
             WHERE id = ?1 AND (one_time_used IS NULL OR one_time_used < ?2)",
            params![id.0, step],
        )
        .doing("record a code")?;
    Ok(used > 0)
}

/// Keeps somebody from signing in, and ends what they are signed in with.
pub fn disable(transaction: &Transaction<'_>, act: &Act<'_>, id: AccountId) -> Result<(), StoreError> {
    transaction
        .execute(
            "UPDATE account SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL",
            params![id.0, act.at],
        )
        .doing("disable an account")?;
    transaction
        .execute("DELETE FROM invitation WHERE account = ?1 AND used_at IS NULL", [id.0])
        .doing("disable an account")?;
    crate::sessions::end_all(transaction, id, act.at)?;
    act.audit(transaction, Action::AccountChanged, &subject(id), "\"disabled\"")
}

/// Gives somebody these roles in the place of those they had.
pub fn set_roles(
    transaction: &Transaction<'_>,
    act: &Act<'_>,
    id: AccountId,
    roles: &[PortalRole],
) -> Result<(), StoreError> {
    let roles = words(roles);
    transaction
        .execute("UPDATE account SET roles = ?2 WHERE id = ?1", params![id.0, roles])
        .doing("change the roles of an account")?;
    act.audit(transaction, Action::AccountChanged, &subject(id), &json(&roles))
}

/// Can this account be signed in to? It was set up, with a password or at a provider, and is not shut out.
pub fn is_ready(connection: &Connection, id: AccountId) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM account WHERE id = ?1 AND disabled_at IS NULL AND (password <> ''
               OR EXISTS (SELECT 1 FROM identity WHERE account = ?1) OR EXISTS (SELECT 1 FROM passkey WHERE account = ?1)))",
        )
        .and_then(|mut statement| statement.query_row([id.0], |row| row.get(0)))
        .doing("look whether an account is set up")
}

/// Until when an invitation of this account can be used, when there is one.
pub fn invited_until(connection: &Connection, id: AccountId) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached("SELECT max(expires_at) FROM invitation WHERE account = ?1 AND used_at IS NULL")
        .and_then(|mut statement| statement.query_row([id.0], |row| row.get(0)))
        .doing("look for an invitation")
}

pub(crate) fn subject(id: AccountId) -> String {
    format!("account:{id}")
}

fn words(roles: &[PortalRole]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use schakel_model::language::Language;

    use super::*;
    use crate::Store;

    fn act(at: i64) -> Act<'static> {
        Act { at, actor: "test", reason: "" }
    }

    fn jan() -> Account {
        Account {
            id: AccountId(0),
            name: "Jan".into(),
            display_name: "Jan Jansen".into(),
            organisation: String::new(),
            roles: vec![PortalRole::Handler, PortalRole::Auditor],
            language: Language::Nl,
            disabled_at: None,
        }
    }

    #[test]
    fn an_invitation_is_used_once_and_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let mut store = Store::open(&data).unwrap();
        let id = store.write(|transaction| invite(transaction, &act(10), &jan(), &[1; 32], 100)).unwrap();
        let again = store.write(|transaction| invite(transaction, &act(11), &jan(), &[2; 32], 100)).unwrap();
        assert_eq!(id, again, "one account a name");
        let first = store.read(|connection| invitation(connection, &[1; 32])).unwrap();
        assert_eq!(first, None, "only the last invitation counts");
        let proofs = Proofs { password: "hash".into(), ..Proofs::default() };
        let ready = |at, token: [u8; 32]| {
            beside(&data, |transaction| make_ready(transaction, &act(at), id, &token, &proofs)).unwrap()
        };
        assert!(!ready(100, [2; 32]), "too late");
        assert!(ready(99, [2; 32]));
        assert!(!ready(99, [2; 32]), "used");
        let read = store.read(|connection| by_name(connection, "JAN")).unwrap().unwrap();
        assert_eq!(read, Account { id, ..jan() });
    }

    #[test]
    fn a_code_is_used_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let id = store.write(|transaction| invite(transaction, &act(10), &jan(), &[1; 32], 100)).unwrap();
        for (step, taken) in [(5, true), (5, false), (4, false), (6, true)] {
            assert_eq!(store.write(|transaction| use_code(transaction, id, step)).unwrap(), taken, "{step}");
        }
    }
}
