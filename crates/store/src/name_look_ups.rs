//! The last look-up of each name of the register.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, Row, params};
use schakel_model::name_look_up::{NameAnswer, NameLookUp};

use crate::{
    StoreError, data_dir::DataDir, error::DatabaseContext, open::writer_beside, transaction::in_transaction,
};

/// What is known of names.
pub type NameLookUps = HashMap<String, NameLookUp, RandomState>;

/// The last look-up of every name.
pub fn all(connection: &Connection) -> Result<NameLookUps, StoreError> {
    let look_up = |row: &Row<'_>| {
        let answer = NameAnswer::from_number(row.get(2)?).unwrap_or(NameAnswer::Unknown);
        let look_up =
            NameLookUp { looked_at: row.get(1)?, answer, gone_since: row.get(3)?, gone_at: row.get(4)? };
        Ok((row.get(0)?, look_up))
    };
    connection
        .prepare("SELECT name, looked_at, answer, gone_since, gone_at FROM name_look_up")
        .and_then(|mut statement| statement.query_map([], look_up)?.collect())
        .doing("read the look-ups of names")
}

/// Records what was found, and forgets names that the register has no longer. Beside the one writer: looking takes long, and the service goes
/// on meanwhile.
pub fn record(
    data: &DataDir,
    found: &[(String, NameAnswer)],
    forget: &[String],
    at: i64,
) -> Result<(), StoreError> {
    let mut connection = writer_beside(data)?;
    in_transaction(&mut connection, |transaction| {
        let before = all(transaction)?;
        let mut put = transaction
            .prepare_cached("REPLACE INTO name_look_up VALUES (?1,?2,?3,?4,?5)")
            .doing("record a look-up")?;
        for (name, answer) in found {
            let after = NameLookUp::after(before.get(name), *answer, at);
            put.execute(params![name, after.looked_at, after.answer as u8, after.gone_since, after.gone_at])
                .doing("record a look-up")?;
        }
        let mut remove = transaction
            .prepare_cached("DELETE FROM name_look_up WHERE name = ?1")
            .doing("forget a look-up")?;
        for name in forget {
            remove.execute([name]).doing("forget a look-up")?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn what_was_found_is_kept_until_the_name_goes() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let store = Store::open(&data).unwrap();
        let (a, b) = ("a.example".to_owned(), "b.example".to_owned());
        record(&data, &[(a.clone(), NameAnswer::Gone), (b.clone(), NameAnswer::Unknown)], &[], 10).unwrap();
        record(&data, &[(a.clone(), NameAnswer::Gone)], std::slice::from_ref(&b), 20).unwrap();
        let stands = store.read(all).unwrap();
        assert_eq!(stands.len(), 1);
        let expected =
            NameLookUp { looked_at: 20, answer: NameAnswer::Gone, gone_since: Some(10), gone_at: Some(20) };
        assert_eq!(stands[&a], expected);
    }
}
