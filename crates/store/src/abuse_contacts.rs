//! Whom the outside world names for what is nobody's, as it was last answered; and the files that say which registry to ask.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::abuse_contact::{AbuseContact, Means};

use crate::{
    StoreError, data_dir::DataDir, error::DatabaseContext, open::writer_beside, transaction::in_transaction,
};

/// An answer that nobody asked for again is forgotten after this time: it may name a person.
const KEPT_SECONDS: i64 = 90 * 86_400;

const COLUMNS: &str = "subject, means, found, holder, asked_at, answered_at, until";

fn from_row(row: &Row<'_>) -> rusqlite::Result<AbuseContact> {
    let (means, found): (String, String) = (row.get(1)?, row.get(2)?);
    Ok(AbuseContact {
        subject: row.get(0)?,
        means: means.parse().unwrap_or(Means::Registrar),
        found: found.lines().map(str::to_owned).collect(),
        holder: row.get(3)?,
        asked_at: row.get(4)?,
        answered_at: row.get(5)?,
        until: row.get(6)?,
    })
}

/// What one means said of one subject.
pub fn get(connection: &Connection, means: Means, subject: &str) -> Result<Option<AbuseContact>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM abuse_contact WHERE subject = ?1 AND means = ?2"))
        .and_then(|mut statement| statement.query_row([subject, means.as_str()], from_row).optional())
        .doing("read an abuse contact")
}

/// All that is known, by subject.
pub fn all(connection: &Connection) -> Result<Vec<AbuseContact>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM abuse_contact ORDER BY subject, means"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read abuse contacts")
}

/// Records what was asked. Silence takes nothing back. Beside the one writer: asking takes long, and the service goes on meanwhile.
pub fn record(data: &DataDir, asked: &[AbuseContact], at: i64) -> Result<(), StoreError> {
    let mut connection = writer_beside(data)?;
    in_transaction(&mut connection, |transaction| {
        let mut put = transaction
            .prepare_cached(
                "INSERT INTO abuse_contact (subject, means, found, holder, asked_at, answered_at, until) VALUES (?1,?2,?3,?4,?5,?6,?7)
                 ON CONFLICT (subject, means) DO UPDATE SET asked_at = ?5,
                    found = iif(?6 IS NULL, found, ?3), holder = iif(?6 IS NULL, holder, ?4),
                    until = iif(?6 IS NULL, until, ?7), answered_at = coalesce(?6, answered_at)",
            )
            .doing("record an abuse contact")?;
        for one in asked {
            let found = one.found.join("\n");
            put.execute(params![
                one.subject,
                one.means.as_str(),
                found,
                one.holder,
                one.asked_at,
                one.answered_at,
                one.until
            ])
            .doing("record an abuse contact")?;
        }
        transaction
            .execute("DELETE FROM abuse_contact WHERE asked_at < ?1", [at.saturating_sub(KEPT_SECONDS)])
            .doing("forget abuse contacts")
            .map(|_| ())
    })
}

/// A file that says which registry to ask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BootstrapFile {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// When it was fetched, in seconds since 1970.
    pub fetched_at: i64,
}

/// The files as they were last fetched.
pub fn bootstrap(connection: &Connection) -> Result<Vec<BootstrapFile>, StoreError> {
    connection
        .prepare_cached("SELECT name, bytes, fetched_at FROM rdap_bootstrap ORDER BY name")
        .and_then(|mut statement| {
            let file = |row: &Row<'_>| {
                Ok(BootstrapFile { name: row.get(0)?, bytes: row.get(1)?, fetched_at: row.get(2)? })
            };
            statement.query_map([], file)?.collect()
        })
        .doing("read which registry to ask")
}

/// Keeps a file.
pub fn put_bootstrap(data: &DataDir, file: &BootstrapFile) -> Result<(), StoreError> {
    let mut connection = writer_beside(data)?;
    in_transaction(&mut connection, |transaction| {
        transaction
            .execute(
                "REPLACE INTO rdap_bootstrap VALUES (?1,?2,?3)",
                params![file.name, file.bytes, file.fetched_at],
            )
            .doing("keep which registry to ask")
            .map(|_| ())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn silence_takes_nothing_back_and_what_nobody_asks_goes() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let store = Store::open(&data).unwrap();
        let contact = |subject: &str, found: &[&str], asked_at, answered_at| AbuseContact {
            subject: subject.to_owned(),
            means: Means::Network,
            found: found.iter().map(|one| (*one).to_owned()).collect(),
            holder: "ISP".to_owned(),
            asked_at,
            answered_at,
            until: None,
        };
        let said = contact("192.0.2.1", &["a@isp.example", "b@isp.example"], 10, Some(10));
        record(&data, std::slice::from_ref(&said), 10).unwrap();
        let get = |subject: &str| store.read(|connection| get(connection, Means::Network, subject)).unwrap();
        assert_eq!(get("192.0.2.1"), Some(said.clone()));
        record(&data, &[contact("192.0.2.1", &[], 20, None)], 20).unwrap();
        assert_eq!(get("192.0.2.1"), Some(AbuseContact { asked_at: 20, ..said }));
        record(&data, &[contact("192.0.2.1", &[], 30, Some(30))], 30).unwrap();
        assert_eq!(get("192.0.2.1").unwrap().found, [""; 0], "it names nobody any more");
        record(&data, &[contact("192.0.2.2", &[], 31 + KEPT_SECONDS, None)], 31 + KEPT_SECONDS).unwrap();
        assert_eq!(get("192.0.2.1"), None);
        assert_eq!(store.read(all).unwrap().len(), 1);
        let file = BootstrapFile { name: "ipv4.json".into(), bytes: b"{}".to_vec(), fetched_at: 5 };
        put_bootstrap(&data, &file).unwrap();
        assert_eq!(store.read(bootstrap).unwrap(), [file]);
    }
}
