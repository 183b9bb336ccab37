//! The tables of announced prefixes over time. As the register, nothing is overwritten: an import is a new version of the register that
//! records what is new and withdraws what is gone.

use std::{cmp::Ordering, collections::HashMap, net::IpAddr};

use foldhash::fast::RandomState;
use ipnet::IpNet;
use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::{
    announced::{Announced, AnnouncedPrefix, AnnouncedTable, Origin, Relevant},
    asset::{Asset, AssetValue},
    country::CountryCode,
    ids::RegisterVersion,
};

use crate::{
    Store, StoreError,
    error::DatabaseContext,
    register::{self, RegisterChange},
    transaction::Transaction,
};

mod undo;

pub use undo::{TableUndo, undo_changes};

/// Tables as read from a file, with what is to be known about them.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// When this happens, seconds since 1970.
    pub at: i64,
    /// Who does it.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The file's name.
    pub source: &'a str,
    /// From when the tables are, seconds since 1970.
    pub as_of: i64,
    /// In any order; the tables that have a prefix here are replaced whole.
    pub prefixes: &'a [AnnouncedPrefix],
}

/// What an import changes in one table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableChange {
    /// Which table.
    pub table: AnnouncedTable,
    /// Prefixes that are new.
    pub added: u64,
    /// Prefixes that are gone.
    pub withdrawn: u64,
    /// Prefixes that stay as they are.
    pub unchanged: u64,
}

/// A line as stored. A table has one for each prefix and origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    table: AnnouncedTable,
    start: u128,
    length: u8,
    origin: u32,
    country: Option<CountryCode>,
}

const RECORDED: &str = "recorded_in <= ?2 AND (withdrawn_in IS NULL OR withdrawn_in > ?2)";

impl Row {
    fn start_blob(&self) -> Vec<u8> {
        start_blob(self.table, self.start)
    }
}

fn start_blob(table: AnnouncedTable, start: u128) -> Vec<u8> {
    match table {
        AnnouncedTable::AsnV4 | AnnouncedTable::HandleV4 => (start as u32).to_be_bytes().to_vec(),
        AnnouncedTable::AsnV6 | AnnouncedTable::HandleV6 => start.to_be_bytes().to_vec(),
    }
}

fn read_start(blob: &[u8]) -> Option<IpAddr> {
    match blob.len() {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(blob).ok()?)),
        16 => Some(IpAddr::from(<[u8; 16]>::try_from(blob).ok()?)),
        _ => None,
    }
}

fn read_country(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<CountryCode>> {
    Ok(row.get_ref(column)?.as_str_or_null()?.and_then(CountryCode::read))
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// What attribution needs of the tables as recorded at a version: the prefixes of the AS numbers and handles among these assets, and the
/// more specific ones of others that cut holes in them.
pub fn load(
    connection: &Connection,
    version: RegisterVersion,
    assets: &[Asset],
) -> Result<Announced, StoreError> {
    let mut asns: HashMap<u32, (), RandomState> = HashMap::default();
    let mut handles: HashMap<u32, String, RandomState> = HashMap::default();
    for asset in assets {
        match &asset.value {
            AssetValue::Asn(asn) => drop(asns.insert(*asn, ())),
            AssetValue::RipeHandle(handle) => {
                if let Some(id) = handle_number(connection, handle)? {
                    handles.insert(id, handle.clone());
                }
            }
            _ => {}
        }
    }
    let mut announced = Announced { prefixes: Vec::new(), dates: dates(connection, version)? };
    for table in AnnouncedTable::ALL {
        let is_registered = |origin: u32| match table {
            AnnouncedTable::AsnV4 | AnnouncedTable::AsnV6 => asns.contains_key(&origin),
            AnnouncedTable::HandleV4 | AnnouncedTable::HandleV6 => handles.contains_key(&origin),
        };
        let nobody = match table {
            AnnouncedTable::AsnV4 | AnnouncedTable::AsnV6 => asns.is_empty(),
            AnnouncedTable::HandleV4 | AnnouncedTable::HandleV6 => handles.is_empty(),
        };
        if nobody {
            continue;
        }
        let mut relevant = Relevant::default();
        let mut others: Vec<(IpNet, u32, Option<CountryCode>)> = Vec::new();
        for_each(connection, table, version, |net, origin, country| {
            if relevant.keep(net, is_registered(origin)) {
                others.push((net, origin, country));
            }
        })?;
        for (net, origin, country) in others {
            let origin = match table {
                AnnouncedTable::AsnV4 | AnnouncedTable::AsnV6 => Origin::Asn(origin),
                AnnouncedTable::HandleV4 | AnnouncedTable::HandleV6 => match handles.get(&origin) {
                    Some(handle) => Origin::Handle(handle.clone()),
                    None => Origin::Handle(handle_text(connection, origin)?),
                },
            };
            announced.prefixes.push(AnnouncedPrefix { net, origin, country });
        }
    }
    Ok(announced)
}

/// Every prefix around these addresses as recorded at a version, whoever announces it.
pub fn around(
    connection: &Connection,
    version: RegisterVersion,
    addresses: &[IpAddr],
) -> Result<Announced, StoreError> {
    let mut announced = Announced { prefixes: Vec::new(), dates: dates(connection, version)? };
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT origin, country FROM announced WHERE tab = ?1 AND start = ?3 AND length = ?4 AND {RECORDED}"
        ))
        .doing("read announced prefixes")?;
    for &ip in addresses {
        let (tables, width) = match ip {
            IpAddr::V4(_) => ([AnnouncedTable::AsnV4, AnnouncedTable::HandleV4], 32),
            IpAddr::V6(_) => ([AnnouncedTable::AsnV6, AnnouncedTable::HandleV6], 128),
        };
        for table in tables.into_iter().filter(|table| announced.dates[*table as usize].is_some()) {
            for length in 0..=width {
                let Ok(net) = IpNet::new(ip, length) else { continue };
                let net = net.trunc();
                let start = start_blob(table, number(net.addr()));
                let origins: Vec<(u32, Option<CountryCode>)> = statement
                    .query_map(params![table as u8, version.0, start, length], |row| {
                        Ok((row.get(0)?, read_country(row, 1)?))
                    })
                    .and_then(Iterator::collect)
                    .doing("read announced prefixes")?;
                for (origin, country) in origins {
                    let origin = match table {
                        AnnouncedTable::AsnV4 | AnnouncedTable::AsnV6 => Origin::Asn(origin),
                        _ => Origin::Handle(handle_text(connection, origin)?),
                    };
                    announced.prefixes.push(AnnouncedPrefix { net, origin, country });
                }
            }
        }
    }
    Ok(announced)
}

fn dates(
    connection: &Connection,
    version: RegisterVersion,
) -> Result<[Option<i64>; AnnouncedTable::ALL.len()], StoreError> {
    let mut dates = [None; AnnouncedTable::ALL.len()];
    let mut statement = connection
        .prepare_cached(
            "SELECT CASE WHEN prefixes > 0 THEN as_of END FROM announced_import WHERE tab = ?1 AND version <= ?2
             ORDER BY version DESC LIMIT 1",
        )
        .doing("read when tables were imported")?;
    for table in AnnouncedTable::ALL {
        dates[table as usize] = statement
            .query_row(params![table as u8, version.0], |row| row.get(0))
            .optional()
            .map(Option::flatten)
            .doing("read when tables were imported")?;
    }
    Ok(dates)
}

/// The file that a table came from, as a version has it.
pub fn file_of(
    connection: &Connection,
    version: RegisterVersion,
    table: AnnouncedTable,
) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached(
            "SELECT source FROM announced_import WHERE tab = ?1 AND version <= ?2 ORDER BY version DESC LIMIT 1",
        )
        .and_then(|mut statement| statement.query_row(params![table as u8, version.0], |row| row.get(0)).optional())
        .doing("read when tables were imported")
}

/// Calls `visit` with each line of a table as recorded at a version, sorted by prefix.
fn for_each(
    connection: &Connection,
    table: AnnouncedTable,
    version: RegisterVersion,
    mut visit: impl FnMut(IpNet, u32, Option<CountryCode>),
) -> Result<(), StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT start, length, origin, country FROM announced WHERE tab = ?1 AND {RECORDED}
             ORDER BY start, length, origin"
        ))
        .and_then(|mut statement| {
            let mut rows = statement.query(params![table as u8, version.0])?;
            while let Some(row) = rows.next()? {
                let start = read_start(row.get_ref(0)?.as_blob()?);
                if let Some(Ok(net)) = start.map(|start| row.get(1).map(|length| IpNet::new(start, length)))
                    && let Ok(net) = net
                {
                    visit(net, row.get(2)?, read_country(row, 3)?);
                }
            }
            Ok(())
        })
        .doing("read announced prefixes")
}

fn handle_number(connection: &Connection, handle: &str) -> Result<Option<u32>, StoreError> {
    connection
        .prepare_cached("SELECT id FROM announced_handle WHERE handle = ?1")
        .and_then(|mut statement| statement.query_row([handle], |row| row.get(0)).optional())
        .doing("read a handle")
}

fn handle_text(connection: &Connection, id: u32) -> Result<String, StoreError> {
    connection
        .prepare_cached("SELECT handle FROM announced_handle WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)))
        .doing("read a handle")
}

/// The lines of an import as they are stored, sorted, and the handles that are new.
struct Rows {
    rows: Vec<Row>,
    new_handles: Vec<(u32, String)>,
}

impl Rows {
    fn of(connection: &Connection, prefixes: &[AnnouncedPrefix]) -> Result<Self, StoreError> {
        let mut handles: HashMap<String, u32, RandomState> = HashMap::default();
        let mut new_handles = Vec::new();
        let mut next: u32 = connection
            .query_row("SELECT coalesce(max(id), 0) + 1 FROM announced_handle", [], |row| row.get(0))
            .doing("read handles")?;
        let mut rows = Vec::with_capacity(prefixes.len());
        for prefix in prefixes {
            let net = prefix.net.trunc();
            let origin = match &prefix.origin {
                Origin::Asn(asn) => *asn,
                Origin::Handle(handle) => match handles.get(handle) {
                    Some(id) => *id,
                    None => {
                        let id = match handle_number(connection, handle)? {
                            Some(id) => id,
                            None => {
                                new_handles.push((next, handle.clone()));
                                next += 1;
                                next - 1
                            }
                        };
                        handles.insert(handle.clone(), id);
                        id
                    }
                },
            };
            let start = number(net.addr());
            let (table, length, country) = (prefix.table(), net.prefix_len(), prefix.country);
            rows.push(Row { table, start, length, origin, country });
        }
        rows.sort_unstable();
        Ok(Self { rows: one_each(&rows), new_handles })
    }

    /// The lines of each table that has any.
    fn tables(&self) -> impl Iterator<Item = (AnnouncedTable, &[Row])> {
        self.rows.chunk_by(|one, other| one.table == other.table).map(|rows| (rows[0].table, rows))
    }
}

/// One line for each prefix and origin, of sorted ones. Lines that say different countries say none.
fn one_each(rows: &[Row]) -> Vec<Row> {
    let key = |row: &Row| (row.table, row.start, row.length, row.origin);
    let same = rows.chunk_by(|one, other| key(one) == key(other));
    same.map(|rows| {
        let mut said = rows.iter().filter_map(|row| row.country);
        let country = said.next().filter(|first| said.all(|other| other == *first));
        Row { country, ..rows[0] }
    })
    .collect()
}

/// What an import changes in one table, line by line.
struct Difference {
    added: Vec<Row>,
    withdrawn: Vec<Row>,
    unchanged: u64,
}

fn difference(
    connection: &Connection,
    table: AnnouncedTable,
    version: RegisterVersion,
    rows: &[Row],
) -> Result<Difference, StoreError> {
    let mut difference = Difference { added: Vec::new(), withdrawn: Vec::new(), unchanged: 0 };
    let mut new = rows.iter().copied().peekable();
    for_each(connection, table, version, |net, origin, country| {
        let standing = Row { table, start: number(net.addr()), length: net.prefix_len(), origin, country };
        while let Some(row) = new.next_if(|row| *row < standing) {
            difference.added.push(row);
        }
        match new.peek().map(|row| row.cmp(&standing)) {
            Some(Ordering::Equal) => {
                new.next();
                difference.unchanged += 1;
            }
            _ => difference.withdrawn.push(standing),
        }
    })?;
    difference.added.extend(new);
    Ok(difference)
}

impl Difference {
    fn counts(&self, table: AnnouncedTable) -> TableChange {
        TableChange {
            table,
            added: self.added.len() as u64,
            withdrawn: self.withdrawn.len() as u64,
            unchanged: self.unchanged,
        }
    }

    fn apply(&self, transaction: &Transaction<'_>, next: RegisterVersion) -> rusqlite::Result<()> {
        let mut withdraw = transaction.prepare_cached(
            "UPDATE announced SET withdrawn_in = ?5 WHERE tab = ?1 AND start = ?2 AND length = ?3 AND origin = ?4
             AND withdrawn_in IS NULL",
        )?;
        for row in &self.withdrawn {
            withdraw.execute(params![row.table as u8, row.start_blob(), row.length, row.origin, next.0])?;
        }
        let mut record =
            transaction.prepare_cached("INSERT INTO announced VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6)")?;
        for row in &self.added {
            let country = row.country.as_ref().map(CountryCode::as_str);
            record.execute(params![
                row.table as u8,
                row.start_blob(),
                row.length,
                row.origin,
                next.0,
                country
            ])?;
        }
        Ok(())
    }
}

/// What an import of these prefixes would change.
pub fn changes(
    connection: &Connection,
    prefixes: &[AnnouncedPrefix],
) -> Result<Vec<TableChange>, StoreError> {
    let version = register::version(connection)?;
    Rows::of(connection, prefixes)?
        .tables()
        .map(|(table, rows)| Ok(difference(connection, table, version, rows)?.counts(table)))
        .collect()
}

impl Store {
    /// Takes tables in as a new version of the register: all of it, or nothing. No version when nothing changes.
    pub fn import_announced(
        &mut self,
        import: &Import<'_>,
    ) -> Result<(Option<RegisterVersion>, Vec<TableChange>), StoreError> {
        self.write(|transaction| {
            let standing = register::version(transaction)?;
            let rows = Rows::of(transaction, import.prefixes)?;
            let mut changes = Vec::new();
            let mut differences = Vec::new();
            for (table, rows) in rows.tables() {
                let difference = difference(transaction, table, standing, rows)?;
                changes.push(difference.counts(table));
                differences.push((table, rows.len() as i64, difference));
            }
            if changes.iter().all(|change| change.added + change.withdrawn == 0) {
                return Ok((None, changes));
            }
            let Import { at, actor, reason, .. } = *import;
            let next = register::apply(transaction, at, actor, reason, &RegisterChange::default())?;
            for (id, handle) in &rows.new_handles {
                transaction
                    .prepare_cached("INSERT INTO announced_handle VALUES (?1, ?2)")
                    .and_then(|mut statement| statement.execute(params![id, handle]))
                    .doing("record a handle")?;
            }
            for (table, count, difference) in differences {
                difference.apply(transaction, next).doing("record announced prefixes")?;
                note_import(transaction, next, table, import.as_of, import.source, count)?;
            }
            Ok((Some(next), changes))
        })
    }
}

/// Notes from when, and by which file, a table is as a version has it.
fn note_import(
    transaction: &Transaction<'_>,
    version: RegisterVersion,
    table: AnnouncedTable,
    as_of: i64,
    source: &str,
    prefixes: i64,
) -> Result<(), StoreError> {
    transaction
        .execute(
            "INSERT INTO announced_import VALUES (?1, ?2, ?3, ?4, ?5)",
            params![version.0, table as u8, as_of, source, prefixes],
        )
        .map(|_| ())
        .doing("record an import of prefixes")
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        asset::{AssetFlags, Proof, Role},
        ids::{AssetId, OrganisationId},
    };

    use super::*;
    use crate::data_dir::DataDir;

    fn table(lines: &[(&str, &str)]) -> Vec<AnnouncedPrefix> {
        let line = |&(net, origin): &(&str, &str)| AnnouncedPrefix {
            net: net.parse().unwrap(),
            origin: match origin.strip_prefix("AS") {
                Some(asn) => Origin::Asn(asn.parse().unwrap()),
                None => Origin::Handle(origin.to_owned()),
            },
            country: None,
        };
        lines.iter().map(line).collect()
    }

    fn asset(value: AssetValue) -> Asset {
        Asset {
            id: AssetId(1),
            organisation: OrganisationId(1),
            value,
            role: Role::Owner,
            valid_from: None,
            valid_until: None,
            proof: Proof::Desk,
            flags: AssetFlags::default(),
            note: String::new(),
        }
    }

    fn import<'a>(at: i64, prefixes: &'a [AnnouncedPrefix]) -> Import<'a> {
        Import { at, actor: "test", reason: "test", source: "table.tsv", as_of: at, prefixes }
    }

    fn shown(announced: &Announced) -> Vec<String> {
        let line = |prefix: &AnnouncedPrefix| match &prefix.origin {
            Origin::Asn(asn) => format!("{} AS{asn}", prefix.net),
            Origin::Handle(handle) => format!("{} {handle}", prefix.net),
        };
        announced.prefixes.iter().map(line).collect()
    }

    #[test]
    fn an_import_is_a_version_and_older_versions_stay_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let assets =
            [asset(AssetValue::Asn(64_496)), asset(AssetValue::RipeHandle("ORG-EX1-RIPE".to_owned()))];
        let first = table(&[
            ("192.0.2.0/24", "AS64496"),
            ("192.0.2.128/25", "AS64500"),
            ("198.51.100.0/24", "AS64500"),
            ("2001:db8::/32", "AS64496"),
        ]);
        let (one, changes) = store.import_announced(&import(100, &first)).unwrap();
        let one = one.unwrap();
        assert_eq!(
            changes,
            [
                TableChange { table: AnnouncedTable::AsnV4, added: 3, withdrawn: 0, unchanged: 0 },
                TableChange { table: AnnouncedTable::AsnV6, added: 1, withdrawn: 0, unchanged: 0 },
            ]
        );
        // The same again changes nothing, also when a line stands twice and in another order.
        let mut again = first.clone();
        again.reverse();
        again.push(first[0].clone());
        assert_eq!(store.import_announced(&import(150, &again)).unwrap().0, None);

        // IPv4 only: IPv6 stays. Handles are tables of their own.
        let second = table(&[
            ("192.0.2.0/24", "AS64496"),
            ("203.0.113.0/24", "AS64496"),
            ("192.0.2.0/26", "ORG-EX1-RIPE"),
            ("192.0.2.0/27", "ORG-EX2-RIPE"),
        ]);
        assert_eq!(
            store.read(|connection| changes_of(connection, &second)).unwrap(),
            [(1, 2, 1), (2, 0, 0)],
            "a question changes nothing"
        );
        let (two, _) = store.import_announced(&import(200, &second)).unwrap();
        let two = two.unwrap();
        assert_eq!(two.0, one.0 + 1);

        let load_at = |version| store.read(|connection| load(connection, version, &assets)).unwrap();
        assert_eq!(
            shown(&load_at(one)),
            ["192.0.2.0/24 AS64496", "192.0.2.128/25 AS64500", "2001:db8::/32 AS64496"]
        );
        assert_eq!(load_at(one).dates, [Some(100), Some(100), None, None]);
        assert_eq!(
            shown(&load_at(two)),
            [
                "192.0.2.0/24 AS64496",
                "203.0.113.0/24 AS64496",
                "2001:db8::/32 AS64496",
                "192.0.2.0/26 ORG-EX1-RIPE",
                "192.0.2.0/27 ORG-EX2-RIPE"
            ]
        );
        assert_eq!(load_at(two).dates, [Some(200), Some(100), Some(200), None]);
        assert_eq!(load_at(RegisterVersion(0)), Announced::default());

        // Around an address: all of it, at both times.
        let around_at = |version, ip: &str| {
            shown(&store.read(|connection| around(connection, version, &[ip.parse().unwrap()])).unwrap())
        };
        assert_eq!(around_at(one, "192.0.2.200"), ["192.0.2.0/24 AS64496", "192.0.2.128/25 AS64500"]);
        assert_eq!(
            around_at(two, "192.0.2.1"),
            ["192.0.2.0/24 AS64496", "192.0.2.0/26 ORG-EX1-RIPE", "192.0.2.0/27 ORG-EX2-RIPE"]
        );
        assert_eq!(around_at(one, "198.51.100.1"), ["198.51.100.0/24 AS64500"]);
        assert!(around_at(two, "198.51.100.1").is_empty());
        let file = |version, table| store.read(|connection| file_of(connection, version, table)).unwrap();
        assert_eq!(file(two, AnnouncedTable::AsnV4).as_deref(), Some("table.tsv"));
        assert_eq!(file(two, AnnouncedTable::HandleV6), None);
        assert_eq!(around_at(two, "2001:db8::1"), ["2001:db8::/32 AS64496"]);
    }

    fn changes_of(
        connection: &Connection,
        prefixes: &[AnnouncedPrefix],
    ) -> Result<Vec<(u64, u64, u64)>, StoreError> {
        let counts = |change: TableChange| (change.added, change.withdrawn, change.unchanged);
        Ok(changes(connection, prefixes)?.into_iter().map(counts).collect())
    }
}
