//! Corrections: assignments that are taken back and given anew, because the register says something else now than when they were made.
//!
//! A correction is to assignments what a chunk is to rows: one transaction, all of it or nothing, numbered in order of commit. It knows
//! the last chunk before it, so that the table of those told is rebuilt, and proved, in the order in which things happened. A command
//! that corrects much makes several, which share the number of the first (`run`).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::params;
use schakel_model::{
    assignment::AssignmentSet,
    fate::Fate,
    ids::{FindingId, NotificationId, RegisterVersion, ReportId},
};

use crate::{
    Store, StoreError,
    audit::{self, Action},
    chunks::{self, Blocks, NewBlock},
    error::DatabaseContext,
    findings, follow_ups, handovers, id_list, outbox,
    split::split,
    transaction::Transaction,
};

mod items;
mod read;

pub(crate) use read::changes;
pub use {
    items::{Item, Nobody, Shape},
    read::{Correction, Withdrawn, added_by_report, chunks_of_finding, get, items, list, told_by, withdrawn},
};

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
                items::encode(&new.items),
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
        Fate::Queued | Fate::Notified | Fate::Undeliverable | Fate::NoContact | Fate::HandedOver => {
            block.reference
        }
        Fate::Held if outbox::withheld::holds(transaction, block.id)? => block.reference,
        _ => None,
    };
    let recall = match (told_by, withdrawal.recall) {
        (None, _) => RecallState::NobodyTold,
        // Another hub tells whoever it told: there is nobody whom we wrote to.
        (Some(_), _) if block.fate == Fate::HandedOver => RecallState::NotNeeded,
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
    if let Some(lead) = told_by {
        // What is still told in another role stays.
        let others = chunks::blocks(transaction, &Blocks::OfNotification(lead))?;
        let still: HashSet<FindingId> =
            others.iter().flat_map(|block| id_list::decode(&block.findings)).collect();
        let gone: Vec<FindingId> = found.difference(&still).copied().collect();
        follow_ups::withdraw(transaction, NotificationId(lead), new.at, &gone)?;
        handovers::take_back(transaction, NotificationId(lead), &gone)?;
    }
    Ok((told_by, taken.len() as u64))
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
            &format!(
                "SELECT EXISTS (SELECT 1 FROM assignment_block WHERE reference = ?1 AND (fate IN (1, 2, 7) OR {}))
                     OR EXISTS (SELECT 1 FROM message WHERE (attempts > 0 OR state NOT IN (0, 4))
                        AND notification IN (SELECT id FROM notification WHERE lead = ?1))",
                outbox::withheld::HELD
            ),
        )
        .and_then(|mut statement| statement.query_row([lead], |row| row.get(0)))
        .doing("look whether mails have left")?;
    if needed {
        return Ok(());
    }
    let cancelled: Vec<i64> = transaction
        .prepare_cached(
            "UPDATE message SET state = 3, finished_at = ?2, outcome = 'withdrawn before it was sent'
             WHERE notification IN (SELECT id FROM notification WHERE lead = ?1) RETURNING id",
        )
        .and_then(|mut statement| statement.query_map(params![lead, at], |row| row.get(0))?.collect())
        .doing("keep mails from leaving")?;
    cancelled.iter().try_for_each(|message| outbox::carried::dissolve(transaction, at, *message))?;
    transaction
        .prepare_cached("UPDATE withdrawal SET recall = 3 WHERE told_by = ?1 AND recall = 1")
        .and_then(|mut statement| statement.execute([lead]))
        .doing("keep mails from leaving")
        .map(|_| ())
}
