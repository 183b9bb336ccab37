//! The versions of the register: who changed it when and why, and how much.

use rusqlite::{Connection, Row};
use schakel_model::ids::RegisterVersion;

use crate::{StoreError, error::DatabaseContext};

/// A version of the register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// Its number.
    pub version: RegisterVersion,
    /// When it was recorded, in seconds since 1970.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Organisations, assets, contacts and relations.
    pub changes: [Tally; 4],
    /// Announced prefixes.
    pub prefixes: Tally,
}

/// How many rows a version recorded and withdrew. A changed row counts in both.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Tally {
    pub recorded: u64,
    pub withdrawn: u64,
}

const TABLES: [&str; 4] = ["organisation_state", "asset", "contact", "relation"];

/// The newest versions first, at most this many.
pub fn versions(connection: &Connection, limit: usize) -> Result<Vec<Version>, StoreError> {
    let mut versions: Vec<Version> = connection
        .prepare("SELECT version, at, actor, reason FROM register_version ORDER BY version DESC LIMIT ?1")
        .and_then(|mut statement| statement.query_map([limit as i64], version)?.collect())
        .doing("read the versions of the register")?;
    let Some(oldest) = versions.last().map(|version| version.version) else { return Ok(versions) };
    for (kind, table) in TABLES.into_iter().enumerate() {
        count(connection, table, oldest, &mut versions, |version| &mut version.changes[kind])?;
    }
    // The tables of prefixes are long, and seldom among the changes.
    let imports: bool = connection
        .query_row("SELECT EXISTS (SELECT 1 FROM announced_import WHERE version >= ?1)", [oldest.0], |row| {
            row.get(0)
        })
        .doing("look for imports of prefixes")?;
    if imports {
        count(connection, "announced", oldest, &mut versions, |version| &mut version.prefixes)?;
    }
    Ok(versions)
}

/// Counts what versions from the oldest on recorded and withdrew in a table.
fn count(
    connection: &Connection,
    table: &str,
    oldest: RegisterVersion,
    versions: &mut [Version],
    tally: impl Fn(&mut Version) -> &mut Tally,
) -> Result<(), StoreError> {
    for (column, recorded) in [("recorded_in", true), ("withdrawn_in", false)] {
        let sql = format!("SELECT {column}, count(*) FROM {table} WHERE {column} >= ?1 GROUP BY {column}");
        let counts: Vec<(u32, i64)> = connection
            .prepare(&sql)
            .and_then(|mut statement| {
                statement.query_map([oldest.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .doing("count the changes of the register")?;
        for (number, count) in counts {
            let Some(version) = versions.iter_mut().find(|version| version.version.0 == number) else {
                continue;
            };
            let tally = tally(version);
            *(if recorded { &mut tally.recorded } else { &mut tally.withdrawn }) = count as u64;
        }
    }
    Ok(())
}

/// One version, without its counts.
pub fn by_number(connection: &Connection, number: RegisterVersion) -> Result<Option<Version>, StoreError> {
    connection
        .prepare_cached("SELECT version, at, actor, reason FROM register_version WHERE version = ?1")
        .and_then(|mut statement| statement.query_map([number.0], version)?.next().transpose())
        .doing("read a version of the register")
}

/// What was known at a time: the newest version recorded at or before it (seconds since 1970); 0 when there was none yet.
pub fn version_at(connection: &Connection, at: i64) -> Result<RegisterVersion, StoreError> {
    connection
        .query_row("SELECT coalesce(max(version), 0) FROM register_version WHERE at <= ?1", [at], |row| {
            row.get(0)
        })
        .map(RegisterVersion)
        .doing("find a version of the register")
}

fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    Ok(Version {
        version: RegisterVersion(row.get(0)?),
        at: row.get(1)?,
        actor: row.get(2)?,
        reason: row.get(3)?,
        changes: Default::default(),
        prefixes: Tally::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Store,
        data_dir::DataDir,
        register::{RegisterChange, load_change},
        register_rows::examples::organisation,
    };

    fn named(code: &str, name: &str) -> RegisterChange {
        RegisterChange { organisations: vec![organisation(code, name)], ..RegisterChange::default() }
    }

    #[test]
    fn versions_are_counted_and_found_by_their_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        store.change_register(100, "ada", "first", &named("A", "Adorp")).unwrap();
        store.change_register(200, "bo", "renamed", &named("A", "Groot-Adorp")).unwrap();
        let versions = store.read(|connection| versions(connection, 10)).unwrap();
        let told: Vec<_> = versions
            .iter()
            .map(|one| (one.version.0, one.at, &*one.actor, &*one.reason, one.changes[0]))
            .collect();
        let tally = |recorded, withdrawn| Tally { recorded, withdrawn };
        assert_eq!(told, [(2, 200, "bo", "renamed", tally(1, 1)), (1, 100, "ada", "first", tally(1, 0))]);
        for (at, expected) in [(99, 0), (100, 1), (199, 1), (200, 2), (i64::MAX, 2)] {
            assert_eq!(store.read(|connection| version_at(connection, at)).unwrap().0, expected, "at {at}");
        }
        let (before, after) = store.read(|connection| load_change(connection, RegisterVersion(2))).unwrap();
        assert_eq!((&*before.organisations[0].name, &*after.organisations[0].name), ("Adorp", "Groot-Adorp"));
        assert_eq!(store.read(|connection| by_number(connection, RegisterVersion(3))).unwrap(), None);
    }
}
