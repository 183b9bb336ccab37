//! Corrections: assignments that are taken back and given anew, because the register says something else now than when they were made.
//!
//! A correction is to assignments what a chunk is to rows: one transaction, all of it or nothing, numbered in order of commit. It knows
//! the last chunk before it, so that the table of those told is rebuilt, and proved, in the order in which things happened. A command
//! that corrects much makes several, which share the number of the first (`run`).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    assignment::AssignmentSet,
    fate::Fate,
    ids::{FindingId, NotificationId, RegisterVersion, ReportId},
};

use crate::{
    Store, StoreError,
    audit::{self, Action},
    chunks::{self, NewBlock},
    error::DatabaseContext,
    findings, id_list, outbox,
    transaction::Transaction,
    varint,
};

/// What happens to a finding, as numbers of assignment sets. Few are different, so a correction stores each once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Shape {
    /// Those told before.
    pub told_before: u32,
    /// Those told afterwards.
    pub told_after: u32,
    /// Those concerned by the register of now, at the finding's last sighting.
    pub concerned: u32,
    /// Whose assignments are taken back.
    pub withdrawn: u32,
    /// Who gets a new one.
    pub added: u32,
    /// What happens to the assignments of nobody.
    pub nobody: Nobody,
}

/// What happens to a finding's assignments to nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Nobody {
    /// Nothing.
    Stays,
    /// They are taken back: it is somebody's now.
    Withdrawn,
    /// One is added: it is nobody's now.
    Added,
}

/// A finding that is corrected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Item {
    /// The chunk of its last sighting, by which it was attributed anew.
    pub chunk: u32,
    /// The finding.
    pub finding: FindingId,
    /// What happens to it.
    pub shape: Shape,
}

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

/// A correction about to be committed.
pub struct NewCorrection<'a> {
    /// The first correction of the same command; none for the first itself.
    pub run: Option<u32>,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The register that attributed anew.
    pub register_version: RegisterVersion,
    /// The findings, sorted.
    pub items: Vec<Item>,
    /// Assignment sets that are not stored yet, with their numbers.
    pub sets: Vec<(u32, AssignmentSet)>,
    /// What is taken back.
    pub withdrawals: Vec<Withdrawal>,
    /// What is added.
    pub blocks: Vec<AddedBlock>,
}

/// A block, or a part of one, that is taken back.
#[derive(Clone, PartialEq, Debug)]
pub struct Withdrawal {
    /// Which block.
    pub block: i64,
    /// Which of its findings.
    pub findings: Vec<FindingId>,
    /// Must whoever was told hear of it? Not when the same organisation goes on under another name.
    pub recall: Recall,
}

/// Must a withdrawal be told?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recall {
    /// To whoever was told.
    IfTold,
    /// To nobody.
    NotNeeded,
}

/// New assignments that come with a correction.
#[derive(Clone, PartialEq, Debug)]
pub struct AddedBlock {
    /// The chunk by which the findings were attributed anew.
    pub chunk: u32,
    /// Its report.
    pub report: ReportId,
    /// Who, with which fate, of which findings.
    pub block: NewBlock,
}

/// Where the recall of a withdrawn block stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RecallState {
    NobodyTold = 0,
    Due = 1,
    NotNeeded = 3,
}

impl Store {
    /// Commits a correction: all of it, or nothing. Gives its number.
    pub fn commit_correction(&mut self, new: &NewCorrection<'_>) -> Result<u32, StoreError> {
        self.write(|transaction| {
            findings::insert_sets(transaction, &new.sets)?;
            let id = insert(transaction, new)?;
            let mut leads = BTreeSet::new();
            let mut withdrawn = 0;
            for withdrawal in &new.withdrawals {
                let (told_by, count) = withdraw(transaction, id, new, withdrawal)?;
                leads.extend(told_by);
                withdrawn += count;
            }
            transaction
                .execute("UPDATE correction SET withdrawn = ?2 WHERE id = ?1", params![id, withdrawn as i64])
                .doing("count what a correction takes back")?;
            add_blocks(transaction, id, &new.blocks)?;
            leads.into_iter().try_for_each(|lead| cancel_unsent(transaction, new.at, lead))?;
            audit::append(
                transaction,
                &audit::Entry {
                    at: new.at,
                    actor: new.actor,
                    action: Action::Reattributed,
                    subject: &format!("correction:{id}"),
                    reason: new.reason,
                    detail: "",
                },
            )?;
            Ok(id)
        })
    }
}

fn insert(transaction: &Transaction<'_>, new: &NewCorrection<'_>) -> Result<u32, StoreError> {
    let after: u32 = transaction
        .query_row("SELECT coalesce(max(id), 0) FROM chunk", [], |row| row.get(0))
        .doing("find the last chunk")?;
    let next: u32 = transaction
        .query_row("SELECT coalesce(max(id), 0) + 1 FROM correction", [], |row| row.get(0))
        .doing("number a correction")?;
    let added: u64 = new.blocks.iter().map(|added| added.block.findings.len() as u64).sum();
    transaction
        .execute(
            "INSERT INTO correction (id, run, at, actor, reason, after_chunk, register_version, findings, withdrawn, assignments,
                items) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,0,?9,?10)",
            params![
                next,
                new.run.unwrap_or(next),
                new.at,
                new.actor,
                new.reason,
                after,
                new.register_version.0,
                new.items.len() as u32,
                added as i64,
                encode(&new.items),
            ],
        )
        .doing("record a correction")?;
    Ok(next)
}

/// Takes a block back, or splits off the part of it that is. Gives the notification that told it, and how many assignments it was.
fn withdraw(
    transaction: &Transaction<'_>,
    correction: u32,
    new: &NewCorrection<'_>,
    withdrawal: &Withdrawal,
) -> Result<(Option<u32>, u64), StoreError> {
    let block = chunks::block(transaction, withdrawal.block)?.ok_or_else(|| StoreError::Damaged {
        what: format!("the assignment block {} is gone", withdrawal.block),
    })?;
    let wanted: HashSet<FindingId> = withdrawal.findings.iter().copied().collect();
    let (taken, left): (Vec<_>, Vec<_>) =
        id_list::decode(&block.findings).partition(|finding| wanted.contains(finding));
    // A finding can stand in a block twice: all of it is taken.
    let found: HashSet<FindingId> = taken.iter().copied().collect();
    if found.len() != wanted.len() || block.fate == Fate::Withdrawn {
        let what = format!("the assignment block {} does not hold what is taken back", block.id);
        return Err(StoreError::Damaged { what });
    }
    let id = if left.is_empty() { block.id } else { split(transaction, block.id, &taken, &left)? };
    let told_by = match block.fate {
        Fate::Queued | Fate::Notified | Fate::Undeliverable => block.reference,
        _ => None,
    };
    let recall = match (told_by, withdrawal.recall) {
        (None, _) => RecallState::NobodyTold,
        (Some(_), Recall::IfTold) => RecallState::Due,
        (Some(_), Recall::NotNeeded) => RecallState::NotNeeded,
    };
    transaction
        .prepare_cached(
            "INSERT INTO withdrawal (block, correction, fate, told_by, recall) VALUES (?1,?2,?3,?4,?5)",
        )
        .and_then(|mut statement| {
            statement.execute(params![id, correction, block.fate as u8, told_by, recall as u8])
        })
        .doing("record a withdrawal")?;
    outbox::set_fate(transaction, new.at, id, Fate::Withdrawn, Some(correction), new.reason)?;
    Ok((told_by, taken.len() as u64))
}

/// Splits `taken` off a block. Both parts have the history up to now.
fn split(
    transaction: &Transaction<'_>,
    block: i64,
    taken: &[FindingId],
    left: &[FindingId],
) -> Result<i64, StoreError> {
    transaction
        .prepare_cached("UPDATE assignment_block SET count = ?2, findings = ?3 WHERE id = ?1")
        .and_then(|mut statement| statement.execute(params![block, left.len() as i64, id_list::encode(left)]))
        .doing("split assignments")?;
    let part = transaction
        .prepare_cached(
            "INSERT INTO assignment_block (chunk, report, organisation, role, end, count, fate, reference, findings, correction)
             SELECT chunk, report, organisation, role, end, ?2, fate, reference, ?3, correction
             FROM assignment_block WHERE id = ?1",
        )
        .and_then(|mut statement| {
            statement.insert(params![block, taken.len() as i64, id_list::encode(taken)])
        })
        .doing("split assignments")?;
    transaction
        .prepare_cached(
            "INSERT INTO fate_change (block, at, fate, reference, reason)
             SELECT ?2, at, fate, reference, reason FROM fate_change WHERE block = ?1 ORDER BY id",
        )
        .and_then(|mut statement| statement.execute(params![block, part]))
        .doing("split assignments")?;
    Ok(part)
}

fn add_blocks(
    transaction: &Transaction<'_>,
    correction: u32,
    added: &[AddedBlock],
) -> Result<(), StoreError> {
    let mut by_report: BTreeMap<u32, u64> = BTreeMap::new();
    for AddedBlock { chunk, report, block } in added {
        chunks::insert_block(transaction, *chunk, *report, block, Some(correction))?;
        *by_report.entry(report.0).or_default() += block.findings.len() as u64;
    }
    for (report, assignments) in by_report {
        transaction
            .prepare_cached("INSERT INTO correction_report VALUES (?1,?2,?3)")
            .and_then(|mut statement| statement.execute(params![correction, report, assignments as i64]))
            .doing("count what a correction adds")?;
    }
    Ok(())
}

/// When nothing is left to tell by a notification and none of its mails was ever tried, they do not leave, and nothing is recalled.
fn cancel_unsent(transaction: &Transaction<'_>, at: i64, lead: u32) -> Result<(), StoreError> {
    let needed: bool = transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM assignment_block WHERE reference = ?1 AND fate IN (1, 2, 7))
                 OR EXISTS (SELECT 1 FROM message WHERE (attempts > 0 OR state <> 0)
                    AND notification IN (SELECT id FROM notification WHERE lead = ?1))",
        )
        .and_then(|mut statement| statement.query_row([lead], |row| row.get(0)))
        .doing("look whether mails have left")?;
    if needed {
        return Ok(());
    }
    transaction
        .prepare_cached(
            "UPDATE message SET state = 3, finished_at = ?2, outcome = 'withdrawn before it was sent'
             WHERE notification IN (SELECT id FROM notification WHERE lead = ?1)",
        )
        .and_then(|mut statement| statement.execute(params![lead, at]))
        .doing("keep mails from leaving")?;
    transaction
        .prepare_cached("UPDATE withdrawal SET recall = 3 WHERE told_by = ?1 AND recall = 1")
        .and_then(|mut statement| statement.execute([lead]))
        .doing("keep mails from leaving")
        .map(|_| ())
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

/// Distinct shapes first, each six numbers; then for each chunk its number (as a difference), how many findings, and for each the
/// finding (as a difference) and its shape.
fn encode(items: &[Item]) -> Vec<u8> {
    let shapes: BTreeSet<Shape> = items.iter().map(|item| item.shape).collect();
    let numbers: BTreeMap<Shape, u32> = shapes.iter().copied().zip(0..).collect();
    let mut out = Vec::with_capacity(items.len() * 3 + shapes.len() * 8);
    varint::push(&mut out, shapes.len() as u32);
    for shape in &shapes {
        let Shape { told_before, told_after, concerned, withdrawn, added, nobody } = *shape;
        for number in [told_before, told_after, concerned, withdrawn, added, nobody as u32] {
            varint::push(&mut out, number);
        }
    }
    let mut last_chunk = 0;
    for group in items.chunk_by(|a, b| a.chunk == b.chunk) {
        varint::push(&mut out, group[0].chunk - last_chunk);
        last_chunk = group[0].chunk;
        varint::push(&mut out, group.len() as u32);
        let mut last = 0;
        for item in group {
            varint::push(&mut out, item.finding.0 - last);
            last = item.finding.0;
            varint::push(&mut out, numbers[&item.shape]);
        }
    }
    out
}

fn decode(blob: &[u8]) -> Option<Vec<Item>> {
    let mut at = 0;
    let mut next = || varint::read(blob, &mut at);
    let mut shapes = Vec::new();
    for _ in 0..next()? {
        shapes.push(Shape {
            told_before: next()?,
            told_after: next()?,
            concerned: next()?,
            withdrawn: next()?,
            added: next()?,
            nobody: match next()? {
                0 => Nobody::Stays,
                1 => Nobody::Withdrawn,
                2 => Nobody::Added,
                _ => return None,
            },
        });
    }
    let mut items = Vec::new();
    let mut chunk = 0u32;
    while at < blob.len() {
        let mut next = || varint::read(blob, &mut at);
        chunk = chunk.checked_add(next()?)?;
        let mut finding = 0u32;
        for _ in 0..next()? {
            finding = finding.checked_add(next()?)?;
            let shape = *shapes.get(next()? as usize)?;
            items.push(Item { chunk, finding: FindingId(finding), shape });
        }
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_back() {
        let shape = |number: u32, nobody| Shape {
            told_before: number,
            told_after: number + 1,
            concerned: 300,
            withdrawn: 0,
            added: 70_000,
            nobody,
        };
        let items: Vec<Item> = [
            (2, 0, shape(0, Nobody::Stays)),
            (2, 9, shape(1, Nobody::Withdrawn)),
            (2, 4_000_000_000, shape(0, Nobody::Stays)),
            (1_000_000, 3, shape(2, Nobody::Added)),
        ]
        .into_iter()
        .map(|(chunk, finding, shape)| Item { chunk, finding: FindingId(finding), shape })
        .collect();
        let blob = encode(&items);
        assert_eq!(decode(&blob), Some(items));
        assert_eq!(decode(&encode(&[])), Some(Vec::new()));
        for cut in 0..blob.len() {
            assert_ne!(decode(&blob[..cut]).map(|items| items.len()), Some(4), "cut at {cut}");
        }
        assert_eq!(decode(&[1, 0, 0, 0, 0, 0, 9]), None);
    }
}
