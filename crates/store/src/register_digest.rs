//! What a change of the register has changed, as one digest in the audit log.
//!
//! The digest is over the rows that a version recorded and the numbers of those it withdrew, table by table, in order of their numbers. It
//! can be computed again from the tables at any time. The name, mail address and phone number of a contact enter by a commitment with a
//! salt of their own: when a contact is erased, salt and texts go, the commitment stays, and the digest still holds.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params, types::ValueRef};
use schakel_model::ids::RegisterVersion;

use crate::{
    StoreError,
    audit::{self, Action, Entry, push_text, random_salt},
    error::DatabaseContext,
    transaction::Transaction,
};

/// Contexts keep these hashes apart from every other use of BLAKE3 (its `derive_key` mode).
const CHANGE_CONTEXT: &str = "schakel 2026 register change v1";
const PERSON_CONTEXT: &str = "schakel 2026 contact v1";

/// A table of the register and the columns that never change once a row is recorded.
struct Table {
    name: &'static str,
    columns: &'static str,
}

const TABLES: [Table; 4] = [
    Table { name: "organisation_state", columns: "organisation, name, kind, parent, language" },
    Table {
        name: "asset",
        columns: "organisation, kind, value, role, valid_from, valid_until, proof, flags, note",
    },
    Table {
        name: "contact",
        columns: "organisation, role, language, tlp_max, position, valid_from, valid_until, commitment",
    },
    Table {
        name: "relation",
        columns: "from_organisation, kind, to_organisation, mandate, scan_consent, valid_from, valid_until, note",
    },
];

/// The last row of each table before a change.
pub(crate) struct Ends([i64; TABLES.len()]);

impl Ends {
    /// As they are now.
    pub(crate) fn now(connection: &Connection) -> Result<Self, StoreError> {
        let mut ends = [0; TABLES.len()];
        for (end, table) in ends.iter_mut().zip(&TABLES) {
            *end = connection
                .query_row(&format!("SELECT coalesce(max(rowid), 0) FROM {}", table.name), [], |row| {
                    row.get(0)
                })
                .doing("look where the register ends")?;
        }
        Ok(Self(ends))
    }
}

/// What one version recorded and withdrew.
#[derive(Default)]
struct Change {
    recorded: [Part; TABLES.len()],
    withdrawn: [Part; TABLES.len()],
}

#[derive(Default)]
struct Part {
    rows: u64,
    hasher: blake3::Hasher,
}

impl Change {
    fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key(CHANGE_CONTEXT);
        for part in self.recorded.iter().chain(&self.withdrawn) {
            hasher.update(&part.rows.to_le_bytes());
            hasher.update(part.hasher.finalize().as_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// Counts as JSON: what was recorded and withdrawn of each table.
    fn counts(&self) -> String {
        let counts = |parts: &[Part]| {
            let named =
                TABLES.iter().zip(parts).map(|(table, part)| format!("\"{}\":{}", table.name, part.rows));
            named.collect::<Vec<_>>().join(",")
        };
        format!("\"recorded\":{{{}}},\"withdrawn\":{{{}}}", counts(&self.recorded), counts(&self.withdrawn))
    }
}

/// Appends the entry of a version that was just recorded. `said` is when, by whom and why.
pub(crate) fn append_entry(
    transaction: &Transaction<'_>,
    before: &Ends,
    version: RegisterVersion,
    said: (i64, &str, &str),
) -> Result<(), StoreError> {
    commit_to_people(transaction, before.0[2])?;
    let mut change = Change::default();
    for (at, table) in TABLES.iter().enumerate() {
        let recorded =
            format!("SELECT {} FROM {} WHERE rowid > ?1 ORDER BY rowid", table.columns, table.name);
        each_row(transaction, &recorded, before.0[at], |row| change.recorded[at].add_row(row, 0))?;
        let withdrawn = format!("SELECT rowid FROM {} WHERE withdrawn_in = ?1 ORDER BY rowid", table.name);
        each_row(transaction, &withdrawn, i64::from(version.0), |row| change.withdrawn[at].add_row(row, 0))?;
    }
    let (at, actor, reason) = said;
    let subject = format!("register:{version}");
    let detail = format!("{{\"version\":{version},{}}}", change.counts());
    let entry =
        Entry { at, actor, action: Action::RegisterChanged, subject: &subject, reason, detail: &detail };
    audit::append_with_digest(transaction, &entry, Some(change.digest())).map(|_| ())
}

/// Computes the digest of every version again and gives the versions whose digest in the audit log is another.
pub fn changed_versions(connection: &Connection) -> Result<Vec<u32>, StoreError> {
    let mut versions: BTreeMap<i64, Change> = BTreeMap::new();
    for (at, table) in TABLES.iter().enumerate() {
        let recorded = format!(
            "SELECT recorded_in, {} FROM {} WHERE rowid > ?1 ORDER BY rowid",
            table.columns, table.name
        );
        each_row(connection, &recorded, 0, |row| {
            versions.entry(row.get(0)?).or_default().recorded[at].add_row(row, 1)
        })?;
        let withdrawn = format!(
            "SELECT withdrawn_in, rowid FROM {} WHERE withdrawn_in > ?1 ORDER BY withdrawn_in, rowid",
            table.name
        );
        each_row(connection, &withdrawn, 0, |row| {
            versions.entry(row.get(0)?).or_default().withdrawn[at].add_row(row, 1)
        })?;
    }
    let mut changed = Vec::new();
    let select = format!(
        "SELECT subject, digest FROM audit WHERE action = '{}' AND id > ?1 ORDER BY id",
        Action::RegisterChanged.as_str()
    );
    each_row(connection, &select, 0, |row| {
        let subject: String = row.get(0)?;
        let noted: Option<[u8; 32]> = row.get(1)?;
        let version = subject.strip_prefix("register:").and_then(|version| version.parse().ok());
        let digest = version
            .map(|version| versions.get(&version).map_or_else(|| Change::default().digest(), Change::digest));
        if noted.is_some() && digest != noted {
            changed.push(version.unwrap_or_default() as u32);
        }
        Ok(())
    })?;
    changed.extend(people_changed(connection)?);
    changed.sort_unstable();
    changed.dedup();
    Ok(changed)
}

/// Versions of contacts whose texts do not match their commitment any more.
fn people_changed(connection: &Connection) -> Result<Vec<u32>, StoreError> {
    let mut changed = Vec::new();
    let select = "SELECT recorded_in, salt, name, email, phone, commitment FROM contact WHERE id > ?1 AND salt IS NOT NULL";
    each_row(connection, select, 0, |row| {
        let texts = [row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?, row.get_ref(4)?.as_str()?];
        if person(&row.get(1)?, texts) != row.get::<_, [u8; 32]>(5)? {
            changed.push(row.get(0)?);
        }
        Ok(())
    })?;
    Ok(changed)
}

/// Gives the contacts behind this row their salts and commitments.
fn commit_to_people(transaction: &Transaction<'_>, after: i64) -> Result<(), StoreError> {
    let mut people = Vec::new();
    each_row(transaction, "SELECT id, name, email, phone FROM contact WHERE id > ?1", after, |row| {
        let texts: [String; 3] = [row.get(1)?, row.get(2)?, row.get(3)?];
        people.push((row.get::<_, i64>(0)?, texts));
        Ok(())
    })?;
    for (id, texts) in people {
        let salt = random_salt()?;
        let commitment = person(&salt, texts.each_ref().map(String::as_str));
        transaction
            .prepare_cached("UPDATE contact SET salt = ?2, commitment = ?3 WHERE id = ?1")
            .and_then(|mut statement| statement.execute(params![id, salt, commitment]))
            .doing("commit to a contact")?;
    }
    Ok(())
}

fn person(salt: &[u8; 32], texts: [&str; 3]) -> [u8; 32] {
    let mut bytes = salt.to_vec();
    texts.iter().for_each(|text| push_text(&mut bytes, text));
    blake3::derive_key(PERSON_CONTEXT, &bytes)
}

impl Part {
    /// Adds the columns of a row from `first` on, each with its type and length.
    fn add_row(&mut self, row: &Row<'_>, first: usize) -> rusqlite::Result<()> {
        let mut bytes = Vec::with_capacity(128);
        for column in first..row.as_ref().column_count() {
            match row.get_ref(column)? {
                ValueRef::Null => bytes.push(0),
                ValueRef::Integer(value) => {
                    bytes.push(1);
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
                ValueRef::Real(value) => {
                    bytes.push(2);
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
                ValueRef::Text(text) | ValueRef::Blob(text) => {
                    bytes.push(3);
                    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    bytes.extend_from_slice(text);
                }
            }
        }
        self.rows += 1;
        self.hasher.update(&bytes);
        Ok(())
    }
}

fn each_row(
    connection: &Connection,
    select: &str,
    argument: i64,
    mut act: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> Result<(), StoreError> {
    let mut read = || -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(select)?;
        let mut rows = statement.query([argument])?;
        while let Some(row) = rows.next()? {
            act(row)?;
        }
        Ok(())
    };
    read().doing("read the register")
}

#[cfg(test)]
mod tests {
    use schakel_model::ids::ContactId;

    use super::*;
    use crate::{
        Store,
        data_dir::DataDir,
        register::RegisterChange,
        register_rows::examples::{organisation, vcib},
    };

    fn two_versions() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let change = RegisterChange {
            organisations: vec![organisation("GM1", "Name")],
            contacts: vec![("GM1".to_owned(), vcib())],
            ..RegisterChange::default()
        };
        store.change_register(1, "jan", "first", &change).unwrap();
        let change = RegisterChange { withdrawn_contacts: vec![ContactId(1)], ..RegisterChange::default() };
        store.change_register(2, "jan", "second", &change).unwrap();
        (folder, store)
    }

    #[test]
    fn a_change_says_how_much_it_changed() {
        let (_folder, store) = two_versions();
        let entry = store.read(|connection| audit::get(connection, 2)).unwrap().unwrap();
        assert_eq!((entry.subject.as_str(), entry.digest.is_some()), ("register:2", true));
        assert_eq!(
            entry.detail.unwrap().detail,
            r#"{"version":2,"recorded":{"organisation_state":0,"asset":0,"contact":0,"relation":0},"withdrawn":{"organisation_state":0,"asset":0,"contact":1,"relation":0}}"#
        );
        assert!(store.read(changed_versions).unwrap().is_empty());
    }

    #[test]
    fn a_row_changed_behind_our_back_is_found() {
        for (sql, version) in [
            ("UPDATE organisation_state SET name = 'Other'", 1),
            ("UPDATE contact SET email = 'x@a.example'", 1),
            ("UPDATE contact SET tlp_max = 0", 1),
            ("UPDATE contact SET withdrawn_in = NULL", 2),
            ("DELETE FROM contact", 1),
        ] {
            let (_folder, store) = two_versions();
            store.connection.execute_batch(sql).unwrap();
            assert!(store.read(changed_versions).unwrap().contains(&version), "{sql}");
        }
    }

    #[test]
    fn an_erased_contact_leaves_the_digest_as_it_is() {
        let (_folder, store) = two_versions();
        let erase = "UPDATE contact SET name = '', email = '', phone = '', salt = NULL";
        store.connection.execute_batch(erase).unwrap();
        assert!(store.read(changed_versions).unwrap().is_empty());
    }
}
