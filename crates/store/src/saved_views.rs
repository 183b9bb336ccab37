//! Lists that somebody keeps under a name: what stands behind the question mark of a page.

use rusqlite::{Connection, params};
use schakel_model::ids::AccountId;

use crate::{StoreError, error::DatabaseContext, transaction::Transaction};

/// A list that somebody keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedView {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What stands behind the question mark.
    pub query: String,
}

/// Those of an account, in order of names.
pub fn of(connection: &Connection, account: AccountId) -> Result<Vec<SavedView>, StoreError> {
    connection
        .prepare_cached("SELECT id, name, query FROM saved_view WHERE account = ?1 ORDER BY name")
        .and_then(|mut statement| {
            statement
                .query_map([account.0], |row| {
                    Ok(SavedView { id: row.get(0)?, name: row.get(1)?, query: row.get(2)? })
                })?
                .collect()
        })
        .doing("read the lists that somebody keeps")
}

/// Keeps a list; one of the same name is replaced.
pub fn keep(
    transaction: &Transaction<'_>,
    account: AccountId,
    name: &str,
    query: &str,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO saved_view (account, name, query) VALUES (?1,?2,?3) ON CONFLICT (account, name) DO UPDATE SET query = ?3",
            params![account.0, name, query],
        )
        .doing("keep a list")
        .map(|_| ())
}

/// Forgets one of this account.
pub fn forget(transaction: &Transaction<'_>, account: AccountId, id: i64) -> Result<(), StoreError> {
    transaction
        .execute("DELETE FROM saved_view WHERE account = ?1 AND id = ?2", params![account.0, id])
        .doing("forget a list")
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, data_dir::DataDir};

    #[test]
    fn everybody_has_lists_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let (anna, bram) = (AccountId(1), AccountId(2));
        store.write(|transaction| keep(transaction, anna, "mine", "open=yes")).unwrap();
        store.write(|transaction| keep(transaction, anna, "mine", "open=no")).unwrap();
        store.write(|transaction| keep(transaction, bram, "mine", "")).unwrap();
        let of = |store: &Store, who| store.read(|connection| of(connection, who)).unwrap();
        let (annas, brams) = (of(&store, anna), of(&store, bram));
        assert_eq!((annas.len(), annas[0].query.as_str()), (1, "open=no"));
        store.write(|transaction| forget(transaction, anna, brams[0].id)).unwrap();
        assert_eq!(of(&store, bram).len(), 1, "nobody forgets another's");
        store.write(|transaction| forget(transaction, anna, annas[0].id)).unwrap();
        assert!(of(&store, anna).is_empty());
    }
}
