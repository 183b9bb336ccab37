//! What became of what reached a door: one row for each receipt, once it has left the spool or is kept there only as evidence.

use rusqlite::{Connection, Row, params};
use schakel_model::{
    arrival::{Door, Receipt},
    ids::{ReportId, SourceId},
};

use crate::{Store, StoreError, error::DatabaseContext};

/// What became of an arrival.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Outcome {
    /// A report of the store.
    Taken,
    /// The bytes of a report that was there already.
    Known,
    /// Refused, by a rule or a person.
    Refused,
    /// A mail that is no report: an answer, an automatic reply, a bounce, our own.
    NoReport,
}

impl Outcome {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Taken, "taken"),
        (Self::Known, "known"),
        (Self::Refused, "refused"),
        (Self::NoReport, "no_report"),
    ];

    /// As it stands in the store.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(one, _)| *one == self).map_or("", |(_, word)| word)
    }

    fn from_word(word: &str) -> Self {
        Self::ALL.iter().find(|(_, one)| *one == word).map_or(Self::Refused, |(outcome, _)| *outcome)
    }
}

/// An arrival that has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// The number the notifier got.
    pub receipt: Receipt,
    /// The way it came.
    pub door: Door,
    /// Who sent it; 0 is nobody in particular.
    pub source: SourceId,
    /// When it came, in seconds since 1970.
    pub received_at: i64,
    /// The file name.
    pub name: String,
    /// Of a mail: who wrote it.
    pub sender: String,
    /// Bytes.
    pub size: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a sentence; may be empty.
    pub reason: String,
    /// The report it became, or that had the same bytes.
    pub report: Option<ReportId>,
    /// When it ended, in seconds since 1970.
    pub ended_at: i64,
    /// Who decided: a desk user's name, or a part of the program.
    pub actor: String,
}

const COLUMNS: &str =
    "receipt, door, source, received_at, name, sender, size, outcome, reason, report, ended_at, actor";

/// One arrival.
pub fn get(connection: &Connection, receipt: Receipt) -> Result<Option<Arrival>, StoreError> {
    Ok(select(connection, "receipt = ?1", [receipt.0 as i64])?.pop())
}

/// The last arrivals, the newest first.
pub fn last(connection: &Connection, count: usize) -> Result<Vec<Arrival>, StoreError> {
    select(connection, "1 ORDER BY receipt DESC LIMIT ?1", [count as i64])
}

/// The last arrivals by the doors for mail, the newest first.
pub fn by_mail(connection: &Connection, count: usize) -> Result<Vec<Arrival>, StoreError> {
    let doors: Vec<String> =
        Door::ALL.iter().filter(|door| door.is_mail()).map(|door| format!("'{door}'")).collect();
    let condition = format!("door IN ({}) ORDER BY receipt DESC LIMIT ?1", doors.join(","));
    select(connection, &condition, [count as i64])
}

/// The highest receipt; 0 when there is none.
pub fn highest(connection: &Connection) -> Result<Receipt, StoreError> {
    connection
        .query_row("SELECT coalesce(max(receipt), 0) FROM arrival", [], |row| row.get::<_, i64>(0))
        .map(|number| Receipt(number as u64))
        .doing("read the arrivals")
}

/// How many reports a source has sent since a time, in seconds since 1970.
pub fn count_since(connection: &Connection, source: SourceId, since: i64) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT count(*) FROM report WHERE source = ?1 AND received_at >= ?2")
        .and_then(|mut statement| statement.query_row(params![source.0, since], |row| row.get::<_, i64>(0)))
        .map(|count| count as u64)
        .doing("count the reports of a source")
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Arrival>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM arrival WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read the arrivals")
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Arrival> {
    Ok(Arrival {
        receipt: Receipt(row.get::<_, i64>(0)? as u64),
        door: row.get::<_, String>(1)?.parse().unwrap_or(Door::Api),
        source: SourceId(row.get(2)?),
        received_at: row.get(3)?,
        name: row.get(4)?,
        sender: row.get(5)?,
        size: row.get::<_, i64>(6)? as u64,
        outcome: Outcome::from_word(&row.get::<_, String>(7)?),
        reason: row.get(8)?,
        report: row.get::<_, Option<u32>>(9)?.map(ReportId),
        ended_at: row.get(10)?,
        actor: row.get(11)?,
    })
}

impl Store {
    /// Records what became of an arrival. Said twice, after a crash, it counts once.
    pub fn end_arrival(&mut self, arrival: &Arrival) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(&format!(
                    "INSERT OR REPLACE INTO arrival ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"
                ))
                .and_then(|mut statement| {
                    statement.execute(params![
                        arrival.receipt.0 as i64,
                        arrival.door.as_str(),
                        arrival.source.0,
                        arrival.received_at,
                        arrival.name,
                        arrival.sender,
                        arrival.size as i64,
                        arrival.outcome.as_str(),
                        arrival.reason,
                        arrival.report.map(|report| report.0),
                        arrival.ended_at,
                        arrival.actor,
                    ])
                })
                .map(|_| ())
                .doing("record what became of an arrival")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::DataDir;

    #[test]
    fn an_arrival_is_recorded_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&DataDir::new(folder.path())).unwrap();
        let arrival = Arrival {
            receipt: Receipt(7),
            door: Door::Mail,
            source: SourceId(2),
            received_at: 10,
            name: "a.eml".into(),
            sender: "m@x.example".into(),
            size: 5,
            outcome: Outcome::Taken,
            reason: String::new(),
            report: Some(ReportId(3)),
            ended_at: 11,
            actor: "schakel".into(),
        };
        for _ in 0..2 {
            store.end_arrival(&arrival).unwrap();
        }
        assert_eq!(store.read(|connection| get(connection, Receipt(7))).unwrap(), Some(arrival.clone()));
        assert_eq!(store.read(|connection| last(connection, 5)).unwrap(), [arrival]);
        assert_eq!(store.read(highest).unwrap(), Receipt(7));
    }
}
