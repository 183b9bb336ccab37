//! Chunks: what a few ten thousand rows have done, committed all or nothing. This transaction is the arbiter of what happened.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, Row, params};
use schakel_model::{
    asset::Role,
    assignment::{Assignee, AssignmentSet, End},
    fate::{Fate, Sums},
    ids::{FindingId, OrganisationId, RegisterVersion, ReportId},
    severity::Severity,
};

use crate::{
    Store, StoreError,
    error::DatabaseContext,
    findings::{self, NewFinding, NewKind},
    frames::FrameRef,
    id_list,
    outbox::withheld,
    transaction::Transaction,
    varint,
};

/// Bytes of a key kept for each finding: 80 bits, the rest of the key is implied by its place in the table in memory.
pub const STORED_KEY_BYTES: usize = 10;

/// Where a chunk stands in its report, and its sums.
#[derive(Clone, PartialEq, Debug)]
pub struct Chunk {
    /// Number in order of commit, from 1. 0 before it is committed.
    pub id: u32,
    /// Its report.
    pub report: ReportId,
    /// Which file in the report, from 0.
    pub member: u32,
    /// Its first row in the report, from 1.
    pub first_row: u32,
    /// How many rows.
    pub rows: u32,
    /// Physical line of its first record in the member, from 1.
    pub first_line: u64,
    /// Physical line behind its last record.
    pub end_line: u64,
    /// Does it begin inside a line longer than a record may be?
    pub starts_skipping: bool,
    /// Does it end inside such a line?
    pub ends_skipping: bool,
    /// Bytes of the member up to its end: where reading goes on after a crash.
    pub end_offset: u64,
    /// BLAKE3 of the member's bytes up to its end.
    pub prefix_hash: [u8; 32],
    /// Its raw bytes.
    pub frame: FrameRef,
    /// The register that attributed it.
    pub register_version: RegisterVersion,
    /// When it was committed, seconds since 1970.
    pub committed_at: i64,
    /// The sums. `fates` holds only what never changes: the count of `known`.
    pub sums: Sums,
    /// The first new finding.
    pub first_finding: FindingId,
    /// How many are new.
    pub new_findings: u32,
    /// Are its sightings in the sighting blocks?
    pub sightings_applied: bool,
}

/// The blobs of a chunk.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ChunkBlobs {
    /// [`STORED_KEY_BYTES`] for each new finding.
    pub keys: Vec<u8>,
    /// For each new finding the set of those told of it, as a varint.
    pub sets: Vec<u8>,
    /// Findings whose set of those told has grown: pairs of varints (finding, set).
    pub changes: Vec<u8>,
    /// See [`crate::fate_blob`].
    pub fates: Vec<u8>,
    /// How bad each new finding is, two bits each from the lowest. Empty with new findings: it was not kept when the chunk came.
    pub severities: Vec<u8>,
    /// Findings seen worse than ever before: pairs of varints (finding, severity).
    pub worse: Vec<u8>,
}

impl ChunkBlobs {
    /// Writes down how bad the next new finding is, the `nth` from 0.
    pub fn push_severity(&mut self, nth: usize, severity: Severity) {
        if nth.is_multiple_of(SEVERITIES_IN_BYTE) {
            self.severities.push(0);
        }
        if let Some(byte) = self.severities.last_mut() {
            *byte |= (severity as u8) << (2 * (nth % SEVERITIES_IN_BYTE));
        }
    }

    /// How bad the `nth` new finding is; critical when that was not kept, so that it never gets worse.
    pub fn severity(&self, nth: usize) -> Severity {
        let byte = self.severities.get(nth / SEVERITIES_IN_BYTE).copied().unwrap_or(u8::MAX);
        Severity::ALL[usize::from(byte >> (2 * (nth % SEVERITIES_IN_BYTE)) & 3)]
    }
}

/// Two bits each.
const SEVERITIES_IN_BYTE: usize = 4;

/// New assignments of a chunk that share organisation, role, end and fate.
#[derive(Clone, PartialEq, Debug)]
pub struct NewBlock {
    /// Who; `None` is nobody.
    pub assignee: Option<Assignee>,
    /// The fate they start with.
    pub fate: Fate,
    /// The findings, sorted; one stands twice when two rows of it are in the chunk.
    pub findings: Vec<FindingId>,
}

/// A chunk about to be committed.
pub struct NewChunk {
    /// Place and sums; `id` and `frame` are filled in by the commit.
    pub chunk: Chunk,
    /// The packed raw bytes.
    pub packed: Vec<u8>,
    /// The blobs.
    pub blobs: ChunkBlobs,
    /// The new findings, in order of their ids.
    pub findings: Vec<NewFinding>,
    /// Kinds first seen in this chunk.
    pub kinds: Vec<NewKind>,
    /// Assignment sets first seen in this chunk, with their numbers.
    pub sets: Vec<(u32, AssignmentSet)>,
    /// The new assignments.
    pub blocks: Vec<NewBlock>,
}

impl Store {
    /// Commits chunks: frames written and synced first, then one transaction for all of them. Fills in ids and frames.
    /// On an error nothing has happened.
    pub fn commit_chunks(&mut self, chunks: &mut [NewChunk]) -> Result<(), StoreError> {
        let before = self.frames.position();
        let result = self.append_frames(chunks).and_then(|()| {
            self.write(|transaction| chunks.iter_mut().try_for_each(|chunk| insert(transaction, chunk)))
        });
        if result.is_err() {
            self.frames.rewind(before)?;
        }
        result
    }

    fn append_frames(&mut self, chunks: &mut [NewChunk]) -> Result<(), StoreError> {
        for new in chunks {
            new.chunk.frame = self.frames.append(&new.packed, new.chunk.frame.raw_length as usize)?;
        }
        self.frames.sync()
    }
}

fn insert(transaction: &Transaction<'_>, new: &mut NewChunk) -> Result<(), StoreError> {
    findings::insert_kinds(transaction, &new.kinds)?;
    findings::insert_sets(transaction, &new.sets)?;
    let (chunk, blobs) = (&mut new.chunk, &new.blobs);
    transaction
        .prepare_cached(
            "INSERT INTO chunk (report, member, first_row, rows, first_line, end_line, skipping, end_offset, prefix_hash,
                segment, offset, length, raw_length, register_version, committed_at, rejected, duplicates, clears, events,
                assignments, known, first_finding, new_findings, keys, sets, changes, fates, severities, worse)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29)",
        )
        .and_then(|mut statement| {
            statement.insert(params![
                chunk.report.0,
                chunk.member,
                chunk.first_row,
                chunk.rows,
                chunk.first_line as i64,
                chunk.end_line as i64,
                u8::from(chunk.starts_skipping) | (u8::from(chunk.ends_skipping) << 1),
                chunk.end_offset as i64,
                chunk.prefix_hash,
                chunk.frame.segment,
                chunk.frame.offset as i64,
                chunk.frame.length,
                chunk.frame.raw_length,
                chunk.register_version.0,
                chunk.committed_at,
                chunk.sums.rejected as i64,
                chunk.sums.duplicates as i64,
                chunk.sums.clears as i64,
                chunk.sums.events as i64,
                chunk.sums.assignments as i64,
                chunk.sums.fate(Fate::Known) as i64,
                chunk.first_finding.0,
                chunk.new_findings,
                blobs.keys,
                blobs.sets,
                blobs.changes,
                blobs.fates,
                blobs.severities,
                Some(&blobs.worse).filter(|worse| !worse.is_empty()),
            ])
        })
        .map(|id| chunk.id = id as u32)
        .doing("store a chunk")?;
    findings::insert(transaction, chunk.first_finding, &new.findings)?;
    insert_blocks(transaction, chunk, &new.blocks)
}

fn insert_blocks(
    transaction: &Transaction<'_>,
    chunk: &Chunk,
    blocks: &[NewBlock],
) -> Result<(), StoreError> {
    blocks.iter().try_for_each(|block| insert_block(transaction, chunk.id, chunk.report, block, None))
}

pub(crate) fn insert_block(
    transaction: &Transaction<'_>,
    chunk: u32,
    report: ReportId,
    block: &NewBlock,
    correction: Option<u32>,
) -> Result<(), StoreError> {
    let (organisation, role, end) = block
        .assignee
        .map_or((0, 0, 0), |assignee| (assignee.organisation.0, assignee.role as u8, assignee.end as u8));
    transaction
        .prepare_cached(
            "INSERT INTO assignment_block (chunk, report, organisation, role, end, count, fate, findings, correction)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                chunk,
                report.0,
                organisation,
                role,
                end,
                block.findings.len() as i64,
                block.fate as u8,
                id_list::encode(&block.findings),
                correction,
            ])
        })
        .doing("store assignments")
        .map(|_| ())
}

const COLUMNS: &str = "id, report, member, first_row, rows, first_line, end_line, end_offset, prefix_hash, segment, offset, length,
    raw_length, register_version, committed_at, rejected, duplicates, clears, events, assignments, known, first_finding,
    new_findings, sightings_applied, skipping";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Chunk> {
    let number = |column: usize| row.get::<_, i64>(column).map(|value| value as u64);
    let rows = row.get(4)?;
    let skipping: u8 = row.get(24)?;
    let mut sums = Sums {
        rows: u64::from(rows),
        rejected: number(15)?,
        duplicates: number(16)?,
        clears: number(17)?,
        events: number(18)?,
        assignments: number(19)?,
        ..Sums::default()
    };
    sums.add_fate(Fate::Known, number(20)?);
    Ok(Chunk {
        id: row.get(0)?,
        report: ReportId(row.get(1)?),
        member: row.get(2)?,
        first_row: row.get(3)?,
        rows,
        first_line: number(5)?,
        end_line: number(6)?,
        starts_skipping: skipping & 1 != 0,
        ends_skipping: skipping & 2 != 0,
        end_offset: number(7)?,
        prefix_hash: row.get(8)?,
        frame: FrameRef {
            segment: row.get(9)?,
            offset: number(10)?,
            length: row.get(11)?,
            raw_length: row.get(12)?,
        },
        register_version: RegisterVersion(row.get(13)?),
        committed_at: row.get(14)?,
        sums,
        first_finding: FindingId(row.get(21)?),
        new_findings: row.get(22)?,
        sightings_applied: row.get(23)?,
    })
}

fn select(
    connection: &Connection,
    condition: &str,
    arguments: impl rusqlite::Params,
) -> Result<Vec<Chunk>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM chunk WHERE {condition}"))
        .and_then(|mut statement| statement.query_map(arguments, from_row)?.collect())
        .doing("read chunks")
}

/// All chunks of a report, in row order.
pub fn of_report(connection: &Connection, report: ReportId) -> Result<Vec<Chunk>, StoreError> {
    select(connection, "report = ?1 ORDER BY first_row, id", params![report.0])
}

/// The chunk that holds this row of the report.
pub fn of_row(connection: &Connection, report: ReportId, row: u32) -> Result<Option<Chunk>, StoreError> {
    let found = select(
        connection,
        "report = ?1 AND first_row <= ?2 AND rows > 0 ORDER BY first_row DESC LIMIT 1",
        params![report.0, row],
    )?;
    Ok(found.into_iter().find(|chunk| row < chunk.first_row + chunk.rows))
}

/// The chunks after this one in order of commit, at most `limit`.
pub fn after(connection: &Connection, id: u32, limit: usize) -> Result<Vec<Chunk>, StoreError> {
    select(connection, "id > ?1 ORDER BY id LIMIT ?2", params![id, limit as i64])
}

/// The last one that was committed; 0 without any.
pub fn last(connection: &Connection) -> Result<u32, StoreError> {
    connection
        .query_row("SELECT coalesce(max(id), 0) FROM chunk", [], |row| row.get(0))
        .doing("find the last chunk")
}

/// One chunk.
pub fn by_id(connection: &Connection, id: u32) -> Result<Option<Chunk>, StoreError> {
    Ok(select(connection, "id = ?1", params![id])?.pop())
}

/// The chunks committed at this time (seconds since 1970) or later, in order of commit.
pub fn committed_since(connection: &Connection, at: i64) -> Result<Vec<Chunk>, StoreError> {
    select(connection, "committed_at >= ?1 ORDER BY id", [at])
}

/// Chunks whose sightings are not in the sighting blocks yet, in order of commit.
pub fn unapplied(connection: &Connection) -> Result<Vec<Chunk>, StoreError> {
    select(connection, "sightings_applied = 0 ORDER BY id", [])
}

/// The blobs of a chunk.
pub fn blobs(connection: &Connection, id: u32) -> Result<ChunkBlobs, StoreError> {
    connection
        .prepare_cached("SELECT keys, sets, changes, fates, severities, worse FROM chunk WHERE id = ?1")
        .and_then(|mut statement| {
            statement.query_row([id], |row| {
                Ok(ChunkBlobs {
                    keys: row.get(0)?,
                    sets: row.get(1)?,
                    changes: row.get(2)?,
                    fates: row.get(3)?,
                    severities: row.get::<_, Option<_>>(4)?.unwrap_or_default(),
                    worse: row.get::<_, Option<_>>(5)?.unwrap_or_default(),
                })
            })
        })
        .doing("read a chunk's blobs")
}

/// Findings that were seen worse than when they were new, with how bad they are now.
pub fn worse(connection: &Connection) -> Result<Vec<(FindingId, Severity)>, StoreError> {
    let blobs: Vec<Vec<u8>> = connection
        .prepare_cached("SELECT worse FROM chunk WHERE worse IS NOT NULL ORDER BY id")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .doing("read what got worse")?;
    let mut found = Vec::new();
    for blob in &blobs {
        each_worse(blob, |finding, severity| found.push((finding, severity)))
            .ok_or_else(|| StoreError::Damaged { what: "findings that got worse".to_owned() })?;
    }
    Ok(found)
}

/// Walks over [`ChunkBlobs::worse`]; `None` when it is damaged.
pub fn each_worse(blob: &[u8], mut visit: impl FnMut(FindingId, Severity)) -> Option<()> {
    let mut at = 0;
    while at < blob.len() {
        let finding = varint::read(blob, &mut at)?;
        let severity = varint::read(blob, &mut at)? as usize;
        visit(FindingId(finding), *Severity::ALL.get(severity)?);
    }
    Some(())
}

/// The fates of a chunk, see [`crate::fate_blob`].
pub fn fates(connection: &Connection, id: u32) -> Result<Vec<u8>, StoreError> {
    connection
        .prepare_cached("SELECT fates FROM chunk WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)))
        .doing("read a chunk's fates")
}

/// Whose fates they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FatesOf {
    /// The chunk.
    pub id: u32,
    /// Its report.
    pub report: ReportId,
    /// Its first row in the report.
    pub first_row: u32,
}

/// Walks over the fates of all chunks from this one on, in order of commit, until it is told to stop.
pub fn for_each_fates(
    connection: &Connection,
    first: u32,
    mut visit: impl FnMut(FatesOf, &[u8]) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT id, report, first_row, fates FROM chunk WHERE id >= ?1 AND events > 0 ORDER BY id",
        )
        .doing("read fates")?;
    let mut rows = statement.query([first]).doing("read fates")?;
    while let Some(row) = rows.next().doing("read fates")? {
        let mut read = |row: &Row<'_>| -> rusqlite::Result<ControlFlow<()>> {
            let of = FatesOf { id: row.get(0)?, report: ReportId(row.get(1)?), first_row: row.get(2)? };
            Ok(visit(of, row.get_ref(3)?.as_blob()?))
        };
        if read(row).doing("read fates")?.is_break() {
            break;
        }
    }
    Ok(())
}

/// The chunk in which a finding was new; the last one when it does not exist.
pub fn that_made(connection: &Connection, finding: FindingId) -> Result<u32, StoreError> {
    let made = select(
        connection,
        "report = (SELECT report FROM finding WHERE id = ?1) AND first_row <= (SELECT row FROM finding WHERE id = ?1)
         ORDER BY first_row DESC LIMIT 1",
        [finding.0],
    )?;
    Ok(made.first().map_or(u32::MAX, |chunk| chunk.id))
}

/// The last frame that a transaction names, of a chunk, an original or a message.
pub(crate) fn last_frame(connection: &Connection) -> Result<Option<FrameRef>, StoreError> {
    let mut last: Option<FrameRef> = None;
    for table in ["chunk", "original", "message"] {
        let sql = format!(
            "SELECT segment, offset, length, raw_length FROM {table} {} DESC LIMIT 1",
            match table {
                "original" => "ORDER BY segment DESC, offset",
                // Those that are carried name the frame of another.
                "message" => "WHERE carried_by IS NULL ORDER BY id",
                _ => "ORDER BY id",
            }
        );
        let frame = connection
            .query_row(&sql, [], |row| {
                let offset: i64 = row.get(1)?;
                Ok(FrameRef {
                    segment: row.get(0)?,
                    offset: offset as u64,
                    length: row.get(2)?,
                    raw_length: row.get(3)?,
                })
            })
            .optional()
            .doing("find the last frame")?;
        last = [last, frame].into_iter().flatten().max_by_key(|frame| (frame.segment, frame.offset));
    }
    let moved = crate::erase::moved_frame(connection)?;
    Ok([last, moved].into_iter().flatten().max_by_key(|frame| (frame.segment, frame.offset)))
}

/// A block of assignments as it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// Its number.
    pub id: i64,
    /// The chunk it came with.
    pub chunk: u32,
    /// The report it came with.
    pub report: ReportId,
    /// Who; `None` is nobody.
    pub assignee: Option<Assignee>,
    /// How many assignments.
    pub count: u64,
    /// Their current fate.
    pub fate: Fate,
    /// What the fate names: a notification, an overview, a rule.
    pub reference: Option<u32>,
    /// The findings, see [`id_list`].
    pub findings: Vec<u8>,
    /// The correction that made it; none when it came with its chunk.
    pub correction: Option<u32>,
}

fn block_from_row(row: &Row<'_>) -> rusqlite::Result<Block> {
    let organisation: u32 = row.get(3)?;
    let role: u8 = row.get(4)?;
    let end: u8 = row.get(5)?;
    let assignee = (organisation != 0).then(|| Assignee {
        organisation: OrganisationId(organisation),
        role: Role::ALL.get(usize::from(role)).copied().unwrap_or(Role::Monitor),
        end: if end == 0 { End::Source } else { End::Target },
    });
    let fate: u8 = row.get(7)?;
    Ok(Block {
        id: row.get(0)?,
        chunk: row.get(1)?,
        report: ReportId(row.get(2)?),
        assignee,
        count: row.get::<_, i64>(6)? as u64,
        fate: Fate::from_code(fate).ok_or(rusqlite::Error::IntegralValueOutOfRange(7, i64::from(fate)))?,
        reference: row.get(8)?,
        findings: row.get(9)?,
        correction: row.get(10)?,
    })
}

/// Which blocks to list.
pub enum Blocks {
    /// Those of a chunk.
    OfChunk(u32),
    /// Those of a report.
    OfReport(ReportId),
    /// Those waiting to be composed into a notification, by organisation.
    ToTell,
    /// Those a notification tells.
    OfNotification(u32),
    /// All with this fate.
    WithFate(Fate),
    /// Those of an organisation; 0 is nobody.
    OfOrganisation(u32),
    /// Those a correction has made.
    OfCorrection(u32),
}

/// Lists blocks.
pub fn blocks(connection: &Connection, which: &Blocks) -> Result<Vec<Block>, StoreError> {
    // On its way, told, with another hub, to nobody's abuse desk, given up, for the telephone, withheld.
    let of_notification = format!("reference = ?1 AND (fate IN (1, 2, 5, 6, 7, 10) OR {})", withheld::HELD);
    let (condition, argument) = match which {
        Blocks::OfChunk(chunk) => ("chunk = ?1", i64::from(*chunk)),
        Blocks::OfReport(report) => ("report = ?1", i64::from(report.0)),
        Blocks::ToTell => ("fate = 1 AND reference IS NULL AND organisation >= ?1", 0),
        Blocks::OfNotification(notification) => (of_notification.as_str(), i64::from(*notification)),
        Blocks::WithFate(fate) => ("fate = ?1", *fate as i64),
        Blocks::OfOrganisation(organisation) => ("organisation = ?1", i64::from(*organisation)),
        Blocks::OfCorrection(correction) => ("correction = ?1", i64::from(*correction)),
    };
    connection
        .prepare_cached(&format!(
            "SELECT {BLOCK_COLUMNS} FROM assignment_block WHERE {condition} ORDER BY organisation, chunk, id"
        ))
        .and_then(|mut statement| statement.query_map([argument], block_from_row)?.collect())
        .doing("read assignments")
}

/// Walks over all blocks that stand, in no order.
pub fn for_each_block(connection: &Connection, mut visit: impl FnMut(Block)) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {BLOCK_COLUMNS} FROM assignment_block WHERE fate <> ?1"))
        .doing("read assignments")?;
    let mut rows = statement.query([Fate::Withdrawn as u8]).doing("read assignments")?;
    while let Some(row) = rows.next().doing("read assignments")? {
        visit(block_from_row(row).doing("read assignments")?);
    }
    Ok(())
}

const BLOCK_COLUMNS: &str =
    "id, chunk, report, organisation, role, end, count, fate, reference, findings, correction";

/// One block.
pub fn block(connection: &Connection, id: i64) -> Result<Option<Block>, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {BLOCK_COLUMNS} FROM assignment_block WHERE id = ?1"))
        .and_then(|mut statement| statement.query_row([id], block_from_row).optional())
        .doing("read assignments")
}
/// What came in since a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Came {
    /// Reports.
    pub reports: u64,
    /// Rows in them.
    pub rows: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Events.
    pub events: u64,
    /// Findings that nobody knew.
    pub new_findings: u64,
}

/// What came in since this time, in seconds since 1970. Chunks are in order of time, so only those are read.
pub fn came_since(connection: &Connection, since: i64) -> Result<Came, StoreError> {
    let mut came = Came::default();
    let mut statement = connection
        .prepare_cached(
            "SELECT committed_at, report, rows, rejected, events, new_findings FROM chunk ORDER BY id DESC",
        )
        .doing("count what came in")?;
    let mut rows = statement.query([]).doing("count what came in")?;
    let mut reports = std::collections::HashSet::new();
    while let Some(row) = rows.next().doing("count what came in")? {
        let mut add = || -> rusqlite::Result<bool> {
            if row.get::<_, i64>(0)? < since {
                return Ok(false);
            }
            reports.insert(row.get::<_, u32>(1)?);
            came.rows += u64::from(row.get::<_, u32>(2)?);
            came.rejected += u64::from(row.get::<_, u32>(3)?);
            came.events += u64::from(row.get::<_, u32>(4)?);
            came.new_findings += u64::from(row.get::<_, u32>(5)?);
            Ok(true)
        };
        if !add().doing("count what came in")? {
            break;
        }
    }
    came.reports = reports.len() as u64;
    Ok(came)
}
