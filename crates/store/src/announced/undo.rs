//! Taking back an import of announced prefixes: a new version that gives each table back as it was before. Since a table is replaced
//! whole, only its newest import can be taken back; taking that back again brings the import again.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{announced::AnnouncedTable, ids::RegisterVersion};

use super::{Difference, Row, TableChange, note_import, number, read_country, read_start};
use crate::{
    Store, StoreError,
    act::Act,
    error::DatabaseContext,
    register::{self, RegisterChange},
};

/// What taking back an import does to one of its tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableUndo {
    /// What changes; nothing when a later import has replaced the table.
    pub change: TableChange,
    /// The version that replaced the table since, when one did.
    pub replaced_in: Option<RegisterVersion>,
}

/// What taking back a version would do to each table that it took in; nothing when it took in none.
pub fn undo_changes(connection: &Connection, version: RegisterVersion) -> Result<Vec<TableUndo>, StoreError> {
    tables(connection, version)?
        .into_iter()
        .map(|table| {
            let replaced_in = newest(connection, table).map(|newest| newest.filter(|at| *at > version))?;
            let change = match replaced_in {
                Some(_) => TableChange { table, added: 0, withdrawn: 0, unchanged: 0 },
                None => inverse(connection, table, version)?.counts(table),
            };
            Ok(TableUndo { change, replaced_in })
        })
        .collect()
}

impl Store {
    /// Gives the tables that a version took in back as they were, as a new version of the register. Tables that were replaced since stay;
    /// no version when all were.
    pub fn undo_announced(
        &mut self,
        act: &Act<'_>,
        version: RegisterVersion,
    ) -> Result<Option<RegisterVersion>, StoreError> {
        self.write(|transaction| {
            let mut differences = Vec::new();
            for table in tables(transaction, version)? {
                if newest(transaction, table)? == Some(version) {
                    differences.push((table, inverse(transaction, table, version)?));
                }
            }
            if differences.is_empty() {
                return Ok(None);
            }
            let next =
                register::apply(transaction, act.at, act.actor, act.reason, &RegisterChange::default())?;
            for (table, difference) in differences {
                difference.apply(transaction, next).doing("take back announced prefixes")?;
                // A table that was never there before is there with no prefixes, and then it has no date.
                let (as_of, source, prefixes) =
                    before(transaction, table, version)?.unwrap_or((act.at, String::new(), 0));
                note_import(transaction, next, table, as_of, &source, prefixes)?;
            }
            Ok(Some(next))
        })
    }
}

fn tables(connection: &Connection, version: RegisterVersion) -> Result<Vec<AnnouncedTable>, StoreError> {
    let taken: Vec<u8> = connection
        .prepare_cached("SELECT tab FROM announced_import WHERE version = ?1 ORDER BY tab")
        .and_then(|mut statement| statement.query_map([version.0], |row| row.get(0))?.collect())
        .doing("read which tables a version took in")?;
    Ok(AnnouncedTable::ALL.into_iter().filter(|table| taken.contains(&(*table as u8))).collect())
}

fn newest(connection: &Connection, table: AnnouncedTable) -> Result<Option<RegisterVersion>, StoreError> {
    connection
        .prepare_cached("SELECT max(version) FROM announced_import WHERE tab = ?1")
        .and_then(|mut statement| statement.query_row([table as u8], |row| row.get::<_, Option<u32>>(0)))
        .map(|version| version.map(RegisterVersion))
        .doing("read when a table was replaced")
}

/// Day, file and prefixes of a table as it stood before a version.
fn before(
    connection: &Connection,
    table: AnnouncedTable,
    version: RegisterVersion,
) -> Result<Option<(i64, String, i64)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT as_of, source, prefixes FROM announced_import WHERE tab = ?1 AND version < ?2
             ORDER BY version DESC LIMIT 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row(params![table as u8, version.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()
        })
        .doing("read the table before")
}

/// What undoes the newest import of a table: what it recorded goes, what it withdrew comes back.
fn inverse(
    connection: &Connection,
    table: AnnouncedTable,
    version: RegisterVersion,
) -> Result<Difference, StoreError> {
    let added = lines(connection, table, version, "withdrawn_in")?;
    let withdrawn = lines(connection, table, version, "recorded_in")?;
    let stood: i64 = connection
        .query_row(
            "SELECT prefixes FROM announced_import WHERE version = ?1 AND tab = ?2",
            params![version.0, table as u8],
            |row| row.get(0),
        )
        .doing("read how long a table is")?;
    Ok(Difference { unchanged: (stood as u64).saturating_sub(withdrawn.len() as u64), added, withdrawn })
}

fn lines(
    connection: &Connection,
    table: AnnouncedTable,
    version: RegisterVersion,
    column: &str,
) -> Result<Vec<Row>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT start, length, origin, country FROM announced WHERE tab = ?1 AND {column} = ?2"
        ))
        .and_then(|mut statement| {
            let mut lines = Vec::new();
            let mut rows = statement.query(params![table as u8, version.0])?;
            while let Some(row) = rows.next()? {
                if let Some(start) = read_start(row.get_ref(0)?.as_blob()?) {
                    let (length, origin, country) = (row.get(1)?, row.get(2)?, read_country(row, 3)?);
                    lines.push(Row { table, start: number(start), length, origin, country });
                }
            }
            Ok(lines)
        })
        .doing("read announced prefixes")
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        announced::{AnnouncedPrefix, Origin},
        country::CountryCode,
    };

    use super::*;
    use crate::{announced::Import, data_dir::DataDir, register_history};

    fn act(at: i64) -> Act<'static> {
        Act { at, actor: "test", reason: "undo" }
    }

    fn take_in(store: &mut Store, at: i64, lines: &[(&str, u32)]) -> RegisterVersion {
        let lines: Vec<_> = lines.iter().map(|&(net, asn)| (net, asn, "")).collect();
        take_in_countries(store, at, &lines)
    }

    fn take_in_countries(store: &mut Store, at: i64, lines: &[(&str, u32, &str)]) -> RegisterVersion {
        let line = |&(net, asn, country): &(&str, u32, &str)| AnnouncedPrefix {
            net: net.parse().unwrap(),
            origin: Origin::Asn(asn),
            country: CountryCode::read(country),
        };
        let prefixes: Vec<_> = lines.iter().map(line).collect();
        let source = format!("{at}.tsv");
        let import =
            Import { at, actor: "test", reason: "", source: &source, as_of: at, prefixes: &prefixes };
        store.import_announced(&import).unwrap().0.unwrap()
    }

    /// The prefixes around the addresses of the tests at a version, and the days of both tables.
    fn stands(store: &Store, version: RegisterVersion) -> (Vec<String>, [Option<i64>; 2]) {
        let asked = ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"].map(|ip| ip.parse().unwrap());
        let found = store.read(|connection| super::super::around(connection, version, &asked)).unwrap();
        let line = |prefix: &AnnouncedPrefix| match (&prefix.origin, prefix.country) {
            (Origin::Asn(asn), Some(country)) => format!("{} {asn} {country}", prefix.net),
            (Origin::Asn(asn), None) => format!("{} {asn}", prefix.net),
            (Origin::Handle(_), _) => unreachable!("the tests have none"),
        };
        (found.prefixes.iter().map(line).collect(), [found.dates[0], found.dates[1]])
    }

    #[test]
    fn an_import_is_taken_back_and_brought_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let one = take_in(&mut store, 100, &[("192.0.2.0/24", 64_496), ("198.51.100.0/24", 64_496)]);
        let two = take_in(
            &mut store,
            200,
            &[("192.0.2.0/24", 64_496), ("203.0.113.0/24", 64_500), ("2001:db8::/32", 64_496)],
        );
        let [at_one, at_two] = [one, two].map(|version| stands(&store, version));

        let changes = store.read(|connection| undo_changes(connection, two)).unwrap();
        let change = |table, added, withdrawn, unchanged| TableUndo {
            change: TableChange { table, added, withdrawn, unchanged },
            replaced_in: None,
        };
        let expected = [change(AnnouncedTable::AsnV4, 1, 1, 1), change(AnnouncedTable::AsnV6, 0, 1, 0)];
        assert_eq!(changes, expected);
        let three = store.undo_announced(&act(300), two).unwrap().unwrap();
        assert_eq!(stands(&store, three), at_one, "the day of the table is that of the first again");
        assert_eq!(at_one.1, [Some(100), None]);
        // Taking the undo back brings the import again, and so on.
        let four = store.undo_announced(&act(400), three).unwrap().unwrap();
        assert_eq!(stands(&store, four), at_two);
        let five = store.undo_announced(&act(500), four).unwrap().unwrap();
        assert_eq!(stands(&store, five), at_one);
        assert_eq!(stands(&store, two), at_two, "what was known then stays as it was");

        let history = store.read(|connection| register_history::versions(connection, 10)).unwrap();
        let told: Vec<_> = history.iter().map(|version| version.prefixes).collect();
        let tally = |recorded, withdrawn| register_history::Tally { recorded, withdrawn };
        assert_eq!(told, [tally(1, 2), tally(2, 1), tally(1, 2), tally(2, 1), tally(2, 0)]);
        assert!(store.read(crate::register_digest::changed_versions).unwrap().is_empty());
    }

    #[test]
    fn the_country_of_a_prefix_is_of_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let lines = [
            ("192.0.2.0/24", 64_496, "NL"),
            ("198.51.100.0/24", 64_496, ""),
            // Twice the same line: what one says and the other not, and what they contradict each other in.
            ("203.0.113.0/24", 64_496, ""),
            ("203.0.113.0/24", 64_496, "BE"),
            ("2001:db8::/32", 64_496, "DE"),
            ("2001:db8::/32", 64_496, "NL"),
            ("2001:db8::/32", 64_496, "NL"),
        ];
        let one = take_in_countries(&mut store, 100, &lines);
        let at_one = ["192.0.2.0/24 64496 NL", "198.51.100.0/24 64496", "203.0.113.0/24 64496 BE"];
        let at_one = [&at_one[..], &["2001:db8::/32 64496"]].concat();
        assert_eq!(stands(&store, one).0, at_one);

        // Another country, one that is new, and one that is gone.
        let lines = [("192.0.2.0/24", "DE"), ("198.51.100.0/24", "NL"), ("203.0.113.0/24", "")];
        let two = take_in_countries(&mut store, 200, &lines.map(|(net, country)| (net, 64_496, country)));
        let at_two = ["192.0.2.0/24 64496 DE", "198.51.100.0/24 64496 NL", "203.0.113.0/24 64496"];
        let at_two = [&at_two[..], &["2001:db8::/32 64496"]].concat();
        assert_eq!(stands(&store, two).0, at_two);
        assert_eq!(stands(&store, one).0, at_one, "what was known then stays as it was");
        let three = store.undo_announced(&act(300), two).unwrap().unwrap();
        assert_eq!(stands(&store, three).0, at_one);
        let four = store.undo_announced(&act(400), three).unwrap().unwrap();
        assert_eq!(stands(&store, four).0, at_two);
    }

    #[test]
    fn a_table_that_was_replaced_since_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let one = take_in(&mut store, 100, &[("192.0.2.0/24", 64_496), ("2001:db8::/32", 64_496)]);
        let two = take_in(&mut store, 200, &[("192.0.2.0/24", 64_500)]);
        let changes = store.read(|connection| undo_changes(connection, one)).unwrap();
        let told: Vec<_> = changes.iter().map(|undo| (undo.change.withdrawn, undo.replaced_in)).collect();
        assert_eq!(told, [(0, Some(two)), (1, None)]);
        let three = store.undo_announced(&act(300), one).unwrap().unwrap();
        let expected = (vec!["192.0.2.0/24 64500".to_owned()], [Some(200), None]);
        assert_eq!(stands(&store, three), expected);
        // Nothing of the first is left to take back.
        assert_eq!(store.undo_announced(&act(400), one).unwrap(), None);
        assert_eq!(store.read(register::version).unwrap(), three);
        // A version that took no table in.
        let none = store.read(|connection| undo_changes(connection, RegisterVersion(9))).unwrap();
        assert_eq!(none, []);
    }
}
