//! Corrections as they are stored.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row};
use schakel_model::{
    fate::Fate,
    ids::{FindingId, NotificationId, RegisterVersion},
};

use super::items::{Item, decode};
use crate::{StoreError, error::DatabaseContext, varint};

/// A correction as stored.
#[derive(Clone, PartialEq, Debug)]
pub struct Correction {
    /// Its number, from 1, in order of commit.
    pub id: u32,
    /// The first correction of the same command.
    pub run: u32,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The last chunk that was committed before it; 0 when there was none.
    pub after_chunk: u32,
    /// The register that attributed anew.
    pub register_version: RegisterVersion,
    /// How many findings.
    pub findings: u32,
    /// How many assignments were taken back.
    pub withdrawn: u64,
    /// How many assignments were added.
    pub assignments: u64,
}

const COLUMNS: &str =
    "id, run, at, actor, reason, after_chunk, register_version, findings, withdrawn, assignments";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Correction> {
    Ok(Correction {
        id: row.get(0)?,
        run: row.get(1)?,
        at: row.get(2)?,
        actor: row.get(3)?,
        reason: row.get(4)?,
        after_chunk: row.get(5)?,
        register_version: RegisterVersion(row.get(6)?),
        findings: row.get(7)?,
        withdrawn: row.get::<_, i64>(8)? as u64,
        assignments: row.get::<_, i64>(9)? as u64,
    })
}

/// All corrections, in order of commit.
pub fn list(connection: &Connection) -> Result<Vec<Correction>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM correction ORDER BY id"))
        .and_then(|mut statement| statement.query_map([], from_row)?.collect())
        .doing("read corrections")
}

/// One correction.
pub fn get(connection: &Connection, id: u32) -> Result<Option<Correction>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM correction WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id], from_row).optional())
        .doing("read a correction")
}

/// What a correction did to its findings, sorted.
pub fn items(connection: &Connection, id: u32) -> Result<Vec<Item>, StoreError> {
    let blob: Vec<u8> = connection
        .prepare_cached("SELECT items FROM correction WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)))
        .doing("read what a correction did")?;
    decode(&blob)
        .ok_or_else(|| StoreError::Damaged { what: format!("what correction {id} did makes no sense") })
}

/// The assignments a correction has added, by report.
pub fn added_by_report(connection: &Connection, id: u32) -> Result<BTreeMap<u32, u64>, StoreError> {
    connection
        .prepare_cached("SELECT report, assignments FROM correction_report WHERE correction = ?1")
        .and_then(|mut statement| {
            statement.query_map([id], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?.collect()
        })
        .doing("read what a correction adds")
}

/// The chunks in which corrections gave this finding new assignments.
pub fn chunks_of_finding(connection: &Connection, finding: FindingId) -> Result<Vec<u32>, StoreError> {
    let mut chunks = Vec::new();
    for correction in list(connection)? {
        let items = items(connection, correction.id)?;
        chunks.extend(items.iter().filter(|item| item.finding == finding).map(|item| item.chunk));
    }
    Ok(chunks)
}

/// The changes of those told, as the chunks store theirs: pairs of varints (finding, set).
pub(crate) fn changes(connection: &Connection, id: u32) -> Result<Vec<u8>, StoreError> {
    let mut changes = Vec::new();
    for item in items(connection, id)? {
        if item.shape.told_before != item.shape.told_after {
            varint::push(&mut changes, item.finding.0);
            varint::push(&mut changes, item.shape.told_after);
        }
    }
    Ok(changes)
}

/// A withdrawn block, with how it stood before.
#[derive(Clone, PartialEq, Debug)]
pub struct Withdrawn {
    /// The block.
    pub block: i64,
    /// The correction that took it back.
    pub correction: u32,
    /// Its fate before.
    pub fate: Fate,
    /// The notification that told it.
    pub told_by: Option<NotificationId>,
    recall: u8,
}

impl Withdrawn {
    /// Does, or will, whoever was told hear of it?
    pub fn is_recalled(&self) -> bool {
        matches!(self.recall, 1 | 2)
    }
}

/// What a correction took back.
pub fn withdrawn(connection: &Connection, correction: u32) -> Result<Vec<Withdrawn>, StoreError> {
    connection
        .prepare_cached(
            "SELECT block, correction, fate, told_by, recall FROM withdrawal WHERE correction = ?1 ORDER BY block",
        )
        .and_then(|mut statement| {
            statement
                .query_map([correction], |row| {
                    let fate: u8 = row.get(2)?;
                    Ok(Withdrawn {
                        block: row.get(0)?,
                        correction: row.get(1)?,
                        fate: Fate::from_code(fate)
                            .ok_or(rusqlite::Error::IntegralValueOutOfRange(2, i64::from(fate)))?,
                        told_by: row.get::<_, Option<u32>>(3)?.map(NotificationId),
                        recall: row.get(4)?,
                    })
                })?
                .collect()
        })
        .doing("read what was taken back")
}

/// The notification that had told a block before it was taken back.
pub fn told_by(connection: &Connection, block: i64) -> Result<Option<NotificationId>, StoreError> {
    let told_by: Option<Option<u32>> = connection
        .prepare_cached("SELECT told_by FROM withdrawal WHERE block = ?1")
        .and_then(|mut statement| statement.query_row([block], |row| row.get(0)).optional())
        .doing("read what was taken back")?;
    Ok(told_by.flatten().map(NotificationId))
}
