//! What the policy keeps from being told, and until when. Every change is one transaction, so that each assignment has one fate at every
//! moment; the end of a keeping is any other change of its fate.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    fate::Fate,
    ids::{FindingId, OrganisationId, OverviewId, ReportId, SourceId},
    keeping::Keeps,
};

use crate::{
    Store, StoreError,
    act::{Act, json},
    audit::Action,
    chunks::{self, Block},
    error::DatabaseContext,
    id_list,
    outbox::{NewNotification, set_fate},
    overviews,
    register_rows::word,
    split::split,
    transaction::Transaction,
};

/// What is decided about a part of a block.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// It is told now.
    Told,
    /// It waits for an overview.
    Overview {
        /// Of whom.
        organisation: OrganisationId,
        /// How often, in the words of the policy.
        rhythm: String,
        /// When it is told, in seconds since 1970.
        due_at: i64,
        /// The rule that says so, from 1; 0 is none.
        rule: u32,
        /// In the history.
        reason: String,
    },
    /// It stays as it is: nobody can be told, and no link carries it.
    Left,
    /// Another hub was told of it before.
    HandedOver {
        /// By which notification.
        by: u32,
    },
    /// It is not told now.
    Kept {
        /// Why.
        keeps: Keeps,
        /// The rule that says so, from 1; 0 is none.
        rule: u32,
        /// When it is decided again, in seconds since 1970.
        until: Option<i64>,
        /// In the history.
        reason: String,
    },
}

/// A block about which it was decided.
#[derive(Clone, PartialEq, Debug)]
pub struct Decided {
    /// Which.
    pub block: i64,
    /// What becomes of which of its findings: together all of them.
    pub parts: Vec<(Vec<FindingId>, Verdict)>,
}

/// The first load of a source and kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Baseline {
    /// Whose.
    pub source: SourceId,
    /// The kind: a report type.
    pub kind: String,
    /// The report.
    pub report: ReportId,
    /// When it was kept, in seconds since 1970.
    pub at: i64,
    /// When the desk released it.
    pub released_at: Option<i64>,
}

/// A block that is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Which.
    pub block: i64,
    /// Why.
    pub keeps: Keeps,
    /// The policy that decided it.
    pub version: u32,
    /// The rule, from 1; 0 is none.
    pub rule: u32,
    /// When it is decided again, in seconds since 1970.
    pub until: Option<i64>,
    /// Whom it concerns.
    pub organisation: OrganisationId,
    /// The report it came with.
    pub report: ReportId,
    /// How many assignments.
    pub count: u64,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        block: row.get(0)?,
        keeps: word(row, 1)?,
        version: row.get(2)?,
        rule: row.get(3)?,
        until: row.get(4)?,
        organisation: OrganisationId(row.get(5)?),
        report: ReportId(row.get(6)?),
        count: row.get::<_, i64>(7)? as u64,
    })
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Kept>, StoreError> {
    connection
        .prepare_cached(&format!(
            "SELECT k.block, k.keeps, k.version, k.rule, k.until, b.organisation, b.report, b.count
             FROM kept_block k JOIN assignment_block b ON b.id = k.block WHERE {condition} ORDER BY k.block"
        ))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read what is kept")
}

/// Everything that is kept, and what was released and is not told yet.
pub fn all(connection: &Connection) -> Result<Vec<Kept>, StoreError> {
    select(connection, "1", [])
}

/// Which rows are to be decided again: their time has come, or another policy than theirs (`?1`) is in force.
const TO_DECIDE: &str =
    "(until <= ?2 OR (version < ?1 AND keeps IN ('overview', 'held', 'suppressed', 'nobody')))";

/// What is to be decided again at this time (seconds since 1970), under this version of the policy.
pub fn to_decide(connection: &Connection, version: u32, now: i64) -> Result<Vec<Kept>, StoreError> {
    select(connection, TO_DECIDE, params![version, now])
}

/// Is there any of it?
pub fn any_to_decide(connection: &Connection, version: u32, now: i64) -> Result<bool, StoreError> {
    connection
        .prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM kept_block WHERE {TO_DECIDE})"))
        .and_then(|mut statement| statement.query_row(params![version, now], |row| row.get(0)))
        .doing("look whether something is to be decided again")
}

/// Blocks that were released and are not told yet.
pub fn released(connection: &Connection) -> Result<Vec<i64>, StoreError> {
    let kept = select(connection, "k.keeps = 'released'", [])?;
    Ok(kept.into_iter().map(|kept| kept.block).collect())
}

/// The first loads that were kept.
pub fn baselines(connection: &Connection) -> Result<Vec<Baseline>, StoreError> {
    connection
        .prepare_cached("SELECT source, kind, report, at, released_at FROM baseline ORDER BY source, kind")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(Baseline {
                        source: SourceId(row.get(0)?),
                        kind: row.get(1)?,
                        report: ReportId(row.get(2)?),
                        at: row.get(3)?,
                        released_at: row.get(4)?,
                    })
                })?
                .collect()
        })
        .doing("read the first loads")
}

impl Store {
    /// Carries out what was decided under this version of the policy: blocks of which parts become different things are split. Gives the
    /// blocks of each part, in order. All of it, or nothing.
    pub fn keep(
        &mut self,
        at: i64,
        version: u32,
        decided: &[Decided],
        baselines: &[Baseline],
    ) -> Result<Vec<Vec<i64>>, StoreError> {
        self.write(|transaction| keep(transaction, at, version, decided, baselines))
    }

    /// Stores mails that go to the desk in the place of a recipient, and keeps what they would have told.
    pub fn store_for_desk(
        &mut self,
        new: &[NewNotification],
        at: i64,
        version: u32,
        decided: &[Decided],
    ) -> Result<(), StoreError> {
        self.store_notifications_and(new, at, |transaction| {
            keep(transaction, at, version, decided, &[]).map(|_| ())
        })
    }

    /// Lets what is kept be told, at the next turn; `what` says which, for the audit log.
    pub fn release(
        &mut self,
        act: &Act<'_>,
        what: &str,
        blocks: &[i64],
        baseline: Option<(SourceId, &str)>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let reason = format!("released by {}: {}", act.actor, act.reason);
            for block in blocks {
                set_fate(transaction, act.at, *block, Fate::Queued, None, &reason)?;
                note(transaction, *block, (Keeps::Released, 0, 0, None))?;
            }
            if let Some((source, kind)) = baseline {
                transaction
                    .execute(
                        "UPDATE baseline SET released_at = ?3, actor = ?4 WHERE source = ?1 AND kind = ?2",
                        params![source.0, kind, act.at, act.actor],
                    )
                    .doing("release a first load")?;
            }
            let detail = format!(r#"{{"what":{},"blocks":{}}}"#, json(what), blocks.len());
            act.audit(transaction, Action::KeptReleased, "policy", &detail)
        })
    }

    /// Closes overviews that are due and for which nothing waits any more.
    pub fn close_empty_overviews(&mut self, now: i64) -> Result<(), StoreError> {
        self.write(|transaction| overviews::close_empty(transaction, now))
    }
}

fn keep(
    transaction: &Transaction<'_>,
    at: i64,
    version: u32,
    decided: &[Decided],
    baselines: &[Baseline],
) -> Result<Vec<Vec<i64>>, StoreError> {
    for baseline in baselines {
        transaction
            .execute(
                "INSERT OR IGNORE INTO baseline (source, kind, report, at) VALUES (?1,?2,?3,?4)",
                params![baseline.source.0, baseline.kind, baseline.report.0, baseline.at],
            )
            .doing("note the first load of a source and kind")?;
    }
    decided.iter().map(|one| keep_block(transaction, at, version, one)).collect()
}

fn keep_block(
    transaction: &Transaction<'_>,
    at: i64,
    version: u32,
    decided: &Decided,
) -> Result<Vec<i64>, StoreError> {
    let missing = || StoreError::Damaged { what: format!("the assignment block {} is gone", decided.block) };
    let mut block = chunks::block(transaction, decided.block)?.ok_or_else(missing)?;
    let mut left: Vec<FindingId> = id_list::decode(&block.findings).collect();
    let mut ids = Vec::with_capacity(decided.parts.len());
    for (findings, verdict) in decided.parts.iter().skip(1) {
        let wanted: std::collections::HashSet<FindingId> = findings.iter().copied().collect();
        let (taken, rest) = left.into_iter().partition::<Vec<_>, _>(|finding| wanted.contains(finding));
        left = rest;
        let part = Block { id: split(transaction, block.id, &taken, &left)?, ..block.clone() };
        ids.push(part.id);
        carry_out(transaction, at, version, &part, verdict)?;
    }
    if let Some((_, verdict)) = decided.parts.first() {
        ids.insert(0, block.id);
        block.count = left.len() as u64;
        carry_out(transaction, at, version, &block, verdict)?;
    }
    Ok(ids)
}

/// The fate changes only when something is different: what is decided again as before leaves no trace in the history.
fn carry_out(
    transaction: &Transaction<'_>,
    at: i64,
    version: u32,
    block: &Block,
    verdict: &Verdict,
) -> Result<(), StoreError> {
    let before = transaction
        .prepare_cached("SELECT keeps, rule FROM kept_block WHERE block = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([block.id], |row| Ok((word::<Keeps>(row, 0)?, row.get::<_, u32>(1)?)))
                .optional()
        })
        .doing("read what is kept")?;
    match verdict {
        // An overview's blocks stay its own until the notification that tells them has its place.
        Verdict::Told if matches!(block.fate, Fate::Queued | Fate::Digest) => Ok(()),
        Verdict::Told => {
            set_fate(transaction, at, block.id, Fate::Queued, None, "the policy lets it be told")
        }
        Verdict::Left => Ok(()),
        Verdict::HandedOver { by } => {
            set_fate(transaction, at, block.id, Fate::HandedOver, Some(*by), "it was handed over before")
        }
        Verdict::Overview { organisation, rhythm, due_at, rule, reason } => {
            let standing = match (block.fate, block.reference) {
                (Fate::Digest, Some(id)) => overviews::get(transaction, OverviewId(id))?,
                _ => None,
            };
            let same = standing.filter(|one| {
                one.organisation == *organisation
                    && one.rhythm == *rhythm
                    && one.due_at > at
                    && one.made_at.is_none()
            });
            let due_at = match same {
                Some(same) => same.due_at,
                None => {
                    let id = overviews::waiting_for(transaction, *organisation, rhythm, *due_at)?;
                    set_fate(transaction, at, block.id, Fate::Digest, Some(id.0), reason)?;
                    *due_at
                }
            };
            note(transaction, block.id, (Keeps::Overview, version, *rule, Some(due_at)))
        }
        Verdict::Kept { keeps, rule, until, reason } => {
            let fate = if *keeps == Keeps::Suppressed { Fate::Suppressed } else { Fate::Held };
            if before != Some((*keeps, *rule)) || block.fate != fate {
                let reference = (fate == Fate::Suppressed).then_some(*rule);
                set_fate(transaction, at, block.id, fate, reference, reason)?;
            }
            note(transaction, block.id, (*keeps, version, *rule, *until))
        }
    }
}

fn note(
    transaction: &Transaction<'_>,
    block: i64,
    (keeps, version, rule, until): (Keeps, u32, u32, Option<i64>),
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO kept_block VALUES (?1,?2,?3,?4,?5)")
        .and_then(|mut statement| statement.execute(params![block, keeps.as_str(), version, rule, until]))
        .doing("note what is kept")
        .map(|_| ())
}
