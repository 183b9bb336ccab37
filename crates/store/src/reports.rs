//! Reports, their members, and the bytes of containers as they came.

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    arrival::Receipt,
    ids::{CampaignId, ReportId, SourceId},
    tlp::{Terms, Tlp},
};

use crate::{
    Store, StoreError,
    act::Act,
    audit::Action,
    campaigns,
    error::DatabaseContext,
    frames::FrameRef,
    parcels_in::{self, NewParcelIn},
};

/// How far a report has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportState {
    /// Being taken in, or broken off by a crash.
    Taking,
    /// All of it was read.
    Complete,
    /// It was read as far as it could be; `failure` says what stopped it.
    Failed,
}

/// A report as stored.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// Its number.
    pub id: ReportId,
    /// The file name it came under.
    pub name: String,
    /// When, in seconds since 1970.
    pub received_at: i64,
    /// The day of receipt in Europe/Amsterdam, `2026-11-21`.
    pub received_day: String,
    /// Bytes.
    pub size: u64,
    /// BLAKE3 of the first MiB.
    pub head_hash: [u8; 32],
    /// BLAKE3 of all of it; not known while it is being taken in.
    pub content_hash: Option<[u8; 32]>,
    /// How far it has come.
    pub state: ReportState,
    /// What went wrong, in a sentence.
    pub failure: Option<String>,
    /// Who sent it; 0 is nobody in particular.
    pub source: SourceId,
    /// The number it got at a door; `None` when it came by another way.
    pub receipt: Option<Receipt>,
    /// When its source took it back, in seconds since 1970.
    pub withdrawn_at: Option<i64>,
}

const COLUMNS: &str = "id, name, received_at, received_day, size, head_hash, content_hash, state, failure, source, receipt, withdrawn_at";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Report> {
    let state: u8 = row.get(7)?;
    Ok(Report {
        id: ReportId(row.get(0)?),
        name: row.get(1)?,
        received_at: row.get(2)?,
        received_day: row.get(3)?,
        size: row.get::<_, i64>(4)? as u64,
        head_hash: row.get(5)?,
        content_hash: row.get(6)?,
        state: match state {
            0 => ReportState::Taking,
            1 => ReportState::Complete,
            _ => ReportState::Failed,
        },
        failure: row.get(8)?,
        source: SourceId(row.get(9)?),
        receipt: row.get::<_, Option<i64>>(10)?.map(|number| Receipt(number as u64)),
        withdrawn_at: row.get(11)?,
    })
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Report>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM report WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read reports")
}

/// One report.
pub fn get(connection: &Connection, id: ReportId) -> Result<Option<Report>, StoreError> {
    Ok(select(connection, "id = ?1", [id.0])?.pop())
}

/// The reports received on a day, or all; the newest first.
pub fn list(connection: &Connection, day: Option<&str>) -> Result<Vec<Report>, StoreError> {
    match day {
        Some(day) => select(connection, "received_day = ?1 ORDER BY id DESC", [day]),
        None => select(connection, "1 ORDER BY id DESC", []),
    }
}

/// The newest report with the same bytes that came after this one and was not taken back: its second reading.
pub fn second_reading(connection: &Connection, report: ReportId) -> Result<Option<ReportId>, StoreError> {
    let condition = "content_hash = (SELECT content_hash FROM report WHERE id = ?1) AND id > ?1 AND state > 0
         AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1";
    Ok(select(connection, condition, [report.0])?.pop().map(|report| report.id))
}

/// The reports that their sources took back, in order.
pub fn withdrawn(connection: &Connection) -> Result<Vec<ReportId>, StoreError> {
    connection
        .prepare_cached("SELECT id FROM report WHERE withdrawn_at IS NOT NULL ORDER BY id")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0).map(ReportId))?.collect())
        .doing("read the reports that were taken back")
}

/// By what a report may be the same as one that came in before.
#[derive(Clone, Copy, Debug)]
pub enum Same<'a> {
    /// Its bytes, and BLAKE3 of the first of them.
    Head {
        /// How many there are.
        size: u64,
        /// The hash.
        hash: &'a [u8; 32],
    },
    /// BLAKE3 of all its bytes. Only reports that were taken in to their end.
    Content(&'a [u8; 32]),
}

/// The reports with the same, in the order in which they came in; by their content the first alone.
pub fn with_same(connection: &Connection, same: Same<'_>) -> Result<Vec<Report>, StoreError> {
    match same {
        Same::Head { size, hash } => {
            select(connection, "size = ?1 AND head_hash = ?2 ORDER BY id", params![size as i64, hash])
        }
        Same::Content(hash) => {
            select(connection, "content_hash = ?1 AND state > 0 ORDER BY id LIMIT 1", [hash])
        }
    }
}

/// A file inside a report.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// Which, from 0.
    pub seq: u32,
    /// The report's name, and inside a container the way to it: `a.zip/b.csv`.
    pub path: String,
    /// The plan by which its rows were read.
    pub plan: u32,
    /// The terms on which its items may be passed on.
    pub terms: Terms,
    /// The bytes before the first record: BOM and header.
    pub head: Vec<u8>,
}

/// The members of a report.
pub fn members(connection: &Connection, report: ReportId) -> Result<Vec<Member>, StoreError> {
    connection
        .prepare_cached(
            "SELECT seq, path, plan, head, tlp, may_notify FROM member WHERE report = ?1 ORDER BY seq",
        )
        .and_then(|mut statement| {
            statement
                .query_map([report.0], |row| {
                    Ok(Member {
                        seq: row.get(0)?,
                        path: row.get(1)?,
                        plan: row.get(2)?,
                        head: row.get(3)?,
                        terms: Terms {
                            // A marking that cannot be read is the strictest.
                            tlp: Tlp::ALL.get(usize::from(row.get::<_, u8>(4)?)).copied().unwrap_or(Tlp::Red),
                            may_notify: row.get(5)?,
                        },
                    })
                })?
                .collect()
        })
        .doing("read a report's members")
}

/// The marking of a member's items.
pub fn marking(connection: &Connection, report: ReportId, member: u32) -> Result<Tlp, StoreError> {
    Ok(terms(connection, report, member)?.tlp)
}

/// The terms on which a member's items may be passed on.
pub fn terms(connection: &Connection, report: ReportId, member: u32) -> Result<Terms, StoreError> {
    let members = members(connection, report)?;
    Ok(members.iter().find(|one| one.seq == member).map_or(Terms::STRICTEST, |member| member.terms))
}

/// The definition of a plan.
pub fn plan_definition(connection: &Connection, plan: u32) -> Result<Vec<u8>, StoreError> {
    connection
        .prepare_cached("SELECT definition FROM plan WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([plan], |row| row.get(0)))
        .doing("read how a report was read")
}

/// The blocks of a container's own bytes.
pub fn originals(connection: &Connection, report: ReportId) -> Result<Vec<FrameRef>, StoreError> {
    connection
        .prepare_cached(
            "SELECT segment, offset, length, raw_length FROM original WHERE report = ?1 ORDER BY seq",
        )
        .and_then(|mut statement| {
            statement
                .query_map([report.0], |row| {
                    Ok(FrameRef {
                        segment: row.get(0)?,
                        offset: row.get::<_, i64>(1)? as u64,
                        length: row.get(2)?,
                        raw_length: row.get(3)?,
                    })
                })?
                .collect()
        })
        .doing("read a container's bytes")
}

impl Store {
    /// Records that their source took reports back.
    pub fn withdraw_reports(&mut self, act: Act<'_>, reports: &[ReportId]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for report in reports {
                let taken_back = transaction
                    .prepare_cached(
                        "UPDATE report SET withdrawn_at = ?2 WHERE id = ?1 AND withdrawn_at IS NULL",
                    )
                    .and_then(|mut statement| statement.execute(params![report.0, act.at]))
                    .doing("take a report back")
                    .map(|changed| changed > 0)?;
                if !taken_back {
                    continue;
                }
                act.audit(transaction, Action::ReportWithdrawn, &format!("report:{report}"), "")?;
            }
            Ok(())
        })
    }

    /// Begins a report. Its `id` is given here. From its first row on it belongs to the campaign, if there is one, and the parcels of another hub
    /// have had their effect.
    pub fn begin_report(
        &mut self,
        report: &Report,
        campaign: Option<CampaignId>,
        parcels: &[NewParcelIn],
    ) -> Result<ReportId, StoreError> {
        self.write(|transaction| {
            let id = transaction
                .prepare_cached(
                    "INSERT INTO report (name, received_at, received_day, size, head_hash, content_hash, state, source, receipt)
                     VALUES (?1,?2,?3,?4,?5,?6,0,?7,?8)",
                )
                .and_then(|mut statement| {
                    statement.insert(params![
                        report.name,
                        report.received_at,
                        report.received_day,
                        report.size as i64,
                        report.head_hash,
                        report.content_hash,
                        report.source.0,
                        report.receipt.map(|receipt| receipt.0 as i64),
                    ])
                })
                .map(|id| ReportId(id as u32))
                .doing("begin a report")?;
            if let Some(campaign) = campaign {
                campaigns::attach(transaction, campaign, id)?;
            }
            parcels_in::begin(transaction, id, parcels, report.received_at)?;
            Ok(id)
        })
    }

    /// Stores a container's own bytes: packed blocks with their unpacked length.
    pub fn store_original(
        &mut self,
        report: ReportId,
        first_seq: u32,
        blocks: &[(Vec<u8>, usize)],
    ) -> Result<(), StoreError> {
        let mut frames = Vec::with_capacity(blocks.len());
        for (packed, raw_length) in blocks {
            frames.push(self.frames.append(packed, *raw_length)?);
        }
        self.frames.sync()?;
        self.write(|transaction| {
            for (seq, frame) in (first_seq..).zip(&frames) {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO original VALUES (?1,?2,?3,?4,?5,?6)")
                    .and_then(|mut statement| {
                        statement.execute(params![
                            report.0,
                            seq,
                            frame.segment,
                            frame.offset as i64,
                            frame.length,
                            frame.raw_length
                        ])
                    })
                    .doing("store a container's bytes")?;
            }
            Ok(())
        })
    }

    /// Adds a member with the plan it is read by.
    pub fn add_member(
        &mut self,
        report: ReportId,
        seq: u32,
        path: &str,
        head: &[u8],
        terms: Terms,
        plan_definition: &[u8],
    ) -> Result<(), StoreError> {
        let hash = blake3::hash(plan_definition);
        self.write(|transaction| {
            let known: Option<u32> = transaction
                .query_row("SELECT id FROM plan WHERE hash = ?1", [hash.as_bytes()], |row| row.get(0))
                .optional()
                .doing("look a plan up")?;
            let plan = match known {
                Some(plan) => plan,
                None => {
                    transaction
                        .execute(
                            "INSERT INTO plan (hash, definition) VALUES (?1,?2)",
                            params![hash.as_bytes(), plan_definition],
                        )
                        .doing("store a plan")?;
                    transaction.last_insert_rowid() as u32
                }
            };
            transaction
                .execute(
                    "INSERT OR REPLACE INTO member (report, seq, path, plan, tlp, head, may_notify) VALUES (?1,?2,?3,?4,?5,?6,?7)",
                    params![report.0, seq, path, plan, terms.tlp as u8, head, terms.may_notify],
                )
                .doing("add a member")
                .map(|_| ())
        })
    }

    /// Ends a report: its size and content are known now.
    pub fn end_report(
        &mut self,
        report: ReportId,
        size: u64,
        content_hash: &[u8; 32],
        failure: Option<&str>,
    ) -> Result<(), StoreError> {
        let state = if failure.is_some() { 2 } else { 1 };
        self.write(|transaction| {
            transaction
                .execute(
                    "UPDATE report SET size = ?2, content_hash = ?3, state = ?4, failure = ?5 WHERE id = ?1",
                    params![report.0, size as i64, content_hash, state, failure],
                )
                .doing("end a report")
                .map(|_| ())
        })
    }
}
