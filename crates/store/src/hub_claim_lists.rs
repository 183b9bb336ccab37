//! Lists of claims that wait for a person, because they take much back.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{hub::Link, ids::LinkId};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    error::DatabaseContext,
    transaction::Transaction,
};

/// A list that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldList {
    /// Of which link.
    pub link: LinkId,
    /// Its number.
    pub version: u64,
    /// When it came, in seconds since 1970.
    pub came_at: i64,
    /// How many claims of the hub stand.
    pub standing: u64,
    /// How many of those are not on it.
    pub gone: u64,
    /// What it says: the `data` of its envelope.
    pub data: Vec<u8>,
}

/// Those that wait.
pub fn list(connection: &Connection) -> Result<Vec<HeldList>, StoreError> {
    let held = |row: &Row<'_>| {
        Ok(HeldList {
            link: LinkId(row.get(0)?),
            version: row.get::<_, i64>(1)? as u64,
            came_at: row.get(2)?,
            standing: row.get::<_, i64>(3)? as u64,
            gone: row.get::<_, i64>(4)? as u64,
            data: row.get(5)?,
        })
    };
    connection
        .prepare_cached(
            "SELECT link, version, came_at, standing, gone, data FROM hub_claim_list ORDER BY link",
        )
        .and_then(|mut statement| statement.query_map([], held)?.collect())
        .doing("read the lists that wait")
}

/// That of a link.
pub fn of_link(connection: &Connection, link: LinkId) -> Result<Option<HeldList>, StoreError> {
    Ok(list(connection)?.into_iter().find(|held| held.link == link))
}

impl Store {
    /// Lets a list wait, in the place of an earlier one of the same hub.
    pub fn hold_claim_list(&mut self, act: Act<'_>, link: &Link, held: &HeldList) -> Result<(), StoreError> {
        self.write(|transaction| {
            let waits: Option<i64> = transaction
                .query_row("SELECT version FROM hub_claim_list WHERE link = ?1", [link.id.0], |row| {
                    row.get(0)
                })
                .optional()
                .doing("look for a list that waits")?;
            transaction
                .prepare_cached("INSERT OR REPLACE INTO hub_claim_list VALUES (?1,?2,?3,?4,?5,?6)")
                .and_then(|mut statement| {
                    statement.execute(params![
                        link.id.0,
                        held.version as i64,
                        held.came_at,
                        held.standing as i64,
                        held.gone as i64,
                        held.data
                    ])
                })
                .doing("let a list of claims wait")?;
            // The same list comes again, and is the same.
            match waits == Some(held.version as i64) {
                true => Ok(()),
                false => audit(transaction, act, link, &format!("list {} waits for a person", held.version)),
            }
        })
    }

    /// Nothing of a hub waits any more. `version`: the list that counts from now on, or is passed over, under this name in the marks.
    pub fn end_claim_list(
        &mut self,
        act: Act<'_>,
        link: &Link,
        passed_over: Option<(&str, u64)>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let ended = transaction
                .execute("DELETE FROM hub_claim_list WHERE link = ?1", [link.id.0])
                .doing("end the wait of a list")?;
            if let Some((mark, version)) = passed_over {
                transaction
                    .execute("INSERT OR REPLACE INTO meta VALUES (?1,?2)", params![mark, version.to_string()])
                    .doing("note which list of claims is in force")?;
            }
            match (ended > 0, passed_over) {
                (true, Some((_, version))) => {
                    audit(transaction, act, link, &format!("list {version} refused"))
                }
                (true, None) => audit(transaction, act, link, "no list waits any more"),
                (false, _) => Ok(()),
            }
        })
    }
}

fn audit(transaction: &Transaction<'_>, act: Act<'_>, link: &Link, detail: &str) -> Result<(), StoreError> {
    act.audit(transaction, Action::HubClaims, &format!("hub:{}", link.peer), &json(detail))
}
