//! Erasing for real: raw bytes, findings, messages, contacts and details of the audit log.
//!
//! One transaction says what was erased, blanks it in the database and notes the frames that nobody names any more; then those are
//! overwritten ([`crate::wipe`]) and SQLite's log is folded back and emptied. Numbers, sums and fates stay, so the ledger balances as before,
//! and the audit chain holds: the entry that erased has a digest over the numbers of what it erased.

use rusqlite::{Connection, OptionalExtension, params};
use schakel_model::ids::{FindingId, ReportId};

use crate::{
    Store, StoreError,
    audit::{self, Entry, push_text},
    chunks::STORED_KEY_BYTES,
    error::DatabaseContext,
    frames::{FrameRef, Packer},
    hub_proofs, look_ups, parcels_out,
    privacy::{Place, Remedy},
    transaction::Transaction,
    varint, wipe,
};

/// What stands where something was erased.
pub const ERASED: &str = "erased";

/// A mail address that was erased: there was one, so that a past decision is derived as it was taken, and nothing can reach it
/// (RFC 2606: `invalid` is nobody's).
const ERASED_ADDRESS: &str = "erased@erased.invalid";

/// Contexts keep these hashes apart from every other use of BLAKE3 (its `derive_key` mode).
const CONTEXT: &str = "schakel 2026 erasure v1";

/// How often the log is tried to be emptied while somebody reads, and how long between two tries.
const CHECKPOINT_TRIES: u32 = 20;
const CHECKPOINT_WAIT: std::time::Duration = std::time::Duration::from_millis(100);

/// A kind of thing that can be erased.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// The raw bytes of a report.
    Report,
    /// Address and name of a finding.
    Finding,
    /// The bytes of a message and its recipient.
    Message,
    /// Name, mail address and phone number of a contact.
    Contact,
    /// Reason, before and after in the audit log.
    Detail,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Report, Self::Finding, Self::Message, Self::Contact, Self::Detail];

    /// As it stands in the store and in subjects: `report:17`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Finding => "finding",
            Self::Message => "message",
            Self::Contact => "contact",
            Self::Detail => "detail",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no kind of thing that is erased"))
    }
}

/// Rows of a chunk that are blanked: the chunk's bytes with those rows overwritten.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redaction {
    /// The chunk.
    pub chunk: u32,
    /// Its report.
    pub report: ReportId,
    /// The rows, counted in the report from 1.
    pub rows: Vec<u32>,
    /// All bytes of the chunk, as many as before.
    pub bytes: Vec<u8>,
}

/// A text of another table that is replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// Where.
    pub place: Place,
    /// Its row, by the place's key.
    pub row: String,
}

/// What is to be erased; numbers sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ToErase {
    /// Reports whose raw bytes go.
    pub reports: Vec<u32>,
    /// Findings whose address, name and key go.
    pub findings: Vec<u32>,
    /// Messages whose bytes and recipient go.
    pub messages: Vec<u32>,
    /// Withdrawn contacts whose name, address and phone go.
    pub contacts: Vec<u32>,
    /// Audit entries whose detail goes.
    pub details: Vec<u32>,
    /// Rows that are blanked.
    pub redactions: Vec<Redaction>,
    /// Other texts.
    pub texts: Vec<Text>,
}

impl ToErase {
    /// Is there nothing to do?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn of(&self, kind: Kind) -> &[u32] {
        match kind {
            Kind::Report => &self.reports,
            Kind::Finding => &self.findings,
            Kind::Message => &self.messages,
            Kind::Contact => &self.contacts,
            Kind::Detail => &self.details,
        }
    }

    /// The rows of the table `erasure`: kind and numbers.
    fn numbers(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut all: Vec<_> = Kind::ALL
            .iter()
            .filter(|kind| !self.of(**kind).is_empty())
            .map(|kind| (kind.as_str(), encode(self.of(*kind))))
            .collect();
        for redaction in &self.redactions {
            let mut rows = Vec::new();
            varint::push(&mut rows, redaction.report.0);
            rows.extend(encode(&redaction.rows));
            all.push(("row", rows));
        }
        all.sort();
        all
    }
}

impl Store {
    /// Erases, with an audit entry that says so; nothing is done when there is nothing to erase. Gives the entry's number.
    pub fn erase(&mut self, entry: &Entry<'_>, what: &ToErase) -> Result<Option<u64>, StoreError> {
        if what.is_empty() {
            return Ok(None);
        }
        let before = self.frames.position();
        let redacted = self.append_redacted(what)?;
        self.secure_delete("ON")?;
        let erased = self.write(|transaction| erase(transaction, entry, what, &redacted));
        if erased.is_err() {
            self.frames.rewind(before)?;
        }
        let entry = erased?;
        self.finish_erasing()?;
        self.forget_in_search()?;
        self.secure_delete("FAST")?;
        Ok(Some(entry))
    }

    /// Overwrites the frames that nobody names any more, and empties SQLite's log.
    fn finish_erasing(&mut self) -> Result<(), StoreError> {
        wipe::finish(&self.connection, &self.data().raw())?;
        for _ in 0..CHECKPOINT_TRIES {
            let busy: bool = self
                .connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
                .doing("empty its log")?;
            if !busy {
                break;
            }
            std::thread::sleep(CHECKPOINT_WAIT);
        }
        Ok(())
    }

    fn append_redacted(&mut self, what: &ToErase) -> Result<Vec<FrameRef>, StoreError> {
        let raw = self.data().raw();
        let failed = |cause| StoreError::File { action: "pack rows for", path: raw.clone(), cause };
        let mut packer = Packer::new().map_err(failed)?;
        let mut frames = Vec::new();
        for redaction in &what.redactions {
            let packed = packer.pack(&redaction.bytes).map_err(failed)?;
            frames.push(self.frames.append(&packed, redaction.bytes.len())?);
        }
        self.frames.sync()?;
        Ok(frames)
    }

    fn secure_delete(&self, mode: &str) -> Result<(), StoreError> {
        // The pragma answers with the mode it has now.
        self.connection
            .query_row(&format!("PRAGMA secure_delete = {mode}"), [], |_| Ok(()))
            .doing("set how it deletes")
    }
}

fn erase(
    transaction: &Transaction<'_>,
    entry: &Entry<'_>,
    what: &ToErase,
    redacted: &[FrameRef],
) -> Result<u64, StoreError> {
    let numbers = what.numbers();
    let id = audit::append_with_digest(transaction, entry, Some(digest(&numbers)))?;
    for (kind, numbers) in &numbers {
        execute(transaction, "INSERT INTO erasure VALUES (?1,?2,?3)", params![id as i64, kind, numbers])?;
    }
    for report in &what.reports {
        erase_report(transaction, *report, id)?;
    }
    erase_keys(transaction, &what.findings)?;
    for finding in &what.findings {
        look_ups::forget_of(transaction, *finding)?;
        parcels_out::erase(transaction, *finding)?;
        hub_proofs::erase(transaction, *finding)?;
        execute(transaction, "UPDATE finding SET ip = NULL, name = NULL WHERE id = ?1", [finding])?;
    }
    for message in &what.messages {
        erase_message(transaction, *message, id)?;
    }
    for contact in &what.contacts {
        execute(
            transaction,
            "UPDATE contact SET name = ?2, email = iif(email = '', '', ?3), phone = '', salt = NULL
             WHERE id = ?1 AND withdrawn_in IS NOT NULL",
            params![contact, ERASED, ERASED_ADDRESS],
        )?;
    }
    for detail in &what.details {
        execute(transaction, "DELETE FROM audit_detail WHERE entry = ?1", [detail])?;
    }
    for (redaction, frame) in what.redactions.iter().zip(redacted) {
        redact(transaction, redaction, frame, id)?;
    }
    what.texts.iter().try_for_each(|text| replace(transaction, text))?;
    Ok(id)
}

fn replace(transaction: &Transaction<'_>, text: &Text) -> Result<(), StoreError> {
    let Place { table, column, key, remedy, .. } = text.place;
    // A number is looked up by its index; other keys are of small tables.
    let (key, row) = match key {
        "rowid" => (key.to_owned(), "CAST(?1 AS INTEGER)"),
        _ => (format!("CAST({key} AS TEXT)"), "?1"),
    };
    if remedy == Remedy::Forget {
        return execute(transaction, &format!("DELETE FROM {table} WHERE {key} = {row}"), [&text.row]);
    }
    // The key of a contact names its owner inside.
    let also = if table == "contact_key" { ", fingerprint = ?2, bytes = zeroblob(0)" } else { "" };
    execute(
        transaction,
        &format!("UPDATE {table} SET {column} = ?2{also} WHERE {key} = {row}"),
        params![text.row, ERASED],
    )
}

fn execute(
    transaction: &Transaction<'_>,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .doing("erase")
        .map(|_| ())
}

fn erase_report(transaction: &Transaction<'_>, report: u32, entry: u64) -> Result<(), StoreError> {
    wipe::note(transaction, "SELECT segment, offset, length FROM chunk WHERE report = ?1", report.into())?;
    forget_original(transaction, report)?;
    execute(transaction, "UPDATE report SET erased = ?2 WHERE id = ?1", params![report, entry as i64])
}

/// The bytes of a container as they came.
fn forget_original(transaction: &Transaction<'_>, report: u32) -> Result<(), StoreError> {
    wipe::note(transaction, "SELECT segment, offset, length FROM original WHERE report = ?1", report.into())?;
    execute(transaction, "DELETE FROM original WHERE report = ?1", [report])
}

fn erase_message(transaction: &Transaction<'_>, message: u32, entry: u64) -> Result<(), StoreError> {
    wipe::note(transaction, "SELECT segment, offset, length FROM message WHERE id = ?1", message.into())?;
    execute(
        transaction,
        "UPDATE message SET recipient = ?2, outcome = iif(outcome IS NULL, NULL, ?2), erased = ?3
         WHERE id = ?1 OR carried_by = ?1 OR id = (SELECT carried_by FROM message WHERE id = ?1)
            OR carried_by = (SELECT carried_by FROM message WHERE id = ?1)",
        params![message, ERASED, entry as i64],
    )?;
    execute(
        transaction,
        "UPDATE reply SET text = ?2 WHERE notification = (SELECT notification FROM message WHERE id = ?1)",
        params![message, ERASED],
    )?;
    // What the mail server said stands in the history as well, and may name the recipient.
    execute(
        transaction,
        "UPDATE fate_change SET reason = ?2 WHERE reason <> '' AND block IN (
            SELECT b.id FROM assignment_block b JOIN notification n ON n.lead = b.reference
            WHERE n.id = (SELECT notification FROM message WHERE id = ?1) AND b.fate IN (2, 6, 7))",
        params![message, ERASED],
    )
}

/// Puts zeros where the keys of these findings stand: the table in memory skips those, and the same problem seen later is a new finding.
fn erase_keys(transaction: &Transaction<'_>, findings: &[u32]) -> Result<(), StoreError> {
    if findings.is_empty() {
        return Ok(());
    }
    let chunks: Vec<(u32, u32, u32)> = transaction
        .prepare(
            "SELECT id, first_finding, new_findings FROM chunk WHERE new_findings > 0 ORDER BY first_finding",
        )
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .doing("find the keys of findings")?;
    for (chunk, first, count) in chunks {
        let from = findings.partition_point(|finding| *finding < first);
        let to = findings.partition_point(|finding| *finding < first + count);
        if from == to {
            continue;
        }
        let mut keys: Vec<u8> = transaction
            .prepare_cached("SELECT keys FROM chunk WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([chunk], |row| row.get(0)))
            .doing("read the keys of findings")?;
        for finding in &findings[from..to] {
            let at = (finding - first) as usize * STORED_KEY_BYTES;
            if let Some(key) = keys.get_mut(at..at + STORED_KEY_BYTES) {
                key.fill(0);
            }
        }
        execute(transaction, "UPDATE chunk SET keys = ?2 WHERE id = ?1", params![chunk, keys])?;
    }
    Ok(())
}

fn redact(
    transaction: &Transaction<'_>,
    redaction: &Redaction,
    frame: &FrameRef,
    entry: u64,
) -> Result<(), StoreError> {
    let Redaction { chunk, report, rows, .. } = redaction;
    forget_original(transaction, report.0)?;
    wipe::note(transaction, "SELECT segment, offset, length FROM chunk WHERE id = ?1", (*chunk).into())?;
    execute(
        transaction,
        "UPDATE chunk SET segment = ?2, offset = ?3, length = ?4, raw_length = ?5 WHERE id = ?1",
        params![chunk, frame.segment, frame.offset as i64, frame.length, frame.raw_length],
    )?;
    for row in rows {
        let values = params![report.0, row, entry as i64];
        execute(transaction, "INSERT OR IGNORE INTO redaction VALUES (?1,?2,?3)", values)?;
    }
    note_moved_frame(transaction, *frame)
}

/// A frame that was moved to the end may not be taken for a tail that was never committed.
pub(crate) fn note_moved_frame(transaction: &Transaction<'_>, frame: FrameRef) -> Result<(), StoreError> {
    execute(
        transaction,
        "INSERT OR REPLACE INTO meta VALUES ('moved_frame', ?1)",
        [format!("{} {} {} {}", frame.segment, frame.offset, frame.length, frame.raw_length)],
    )
}

/// The last frame that was moved to the end of the segments.
pub(crate) fn moved_frame(connection: &Connection) -> Result<Option<FrameRef>, StoreError> {
    let Some(text) = crate::outbox::meta(connection, "moved_frame")? else { return Ok(None) };
    let mut numbers = text.split(' ').map(str::parse::<u64>);
    let mut next = || numbers.next().and_then(Result::ok);
    let (segment, offset, length, raw_length) = (next(), next(), next(), next());
    Ok(match (segment, offset, length, raw_length) {
        (Some(segment), Some(offset), Some(length), Some(raw_length)) => Some(FrameRef {
            segment: segment as u32,
            offset,
            length: length as u32,
            raw_length: raw_length as u32,
        }),
        _ => None,
    })
}

/// By which entry something was erased.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ErasedBy {
    /// The audit entry.
    pub entry: u64,
    /// When, in seconds since 1970.
    pub at: i64,
}

fn erased_by(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<Option<ErasedBy>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement
                .query_row(values, |row| {
                    Ok(ErasedBy { entry: row.get::<_, i64>(0)? as u64, at: row.get(1)? })
                })
                .optional()
        })
        .doing("look what was erased")
}

/// Were the raw bytes of this report erased?
pub fn report_erased(connection: &Connection, report: ReportId) -> Result<Option<ErasedBy>, StoreError> {
    let sql = "SELECT a.id, a.at FROM report r JOIN audit a ON a.id = r.erased WHERE r.id = ?1";
    erased_by(connection, sql, [report.0])
}

/// Were the bytes of this message erased?
pub fn message_erased(connection: &Connection, message: i64) -> Result<Option<ErasedBy>, StoreError> {
    let sql = "SELECT a.id, a.at FROM message m JOIN audit a ON a.id = m.erased WHERE m.id = ?1";
    erased_by(connection, sql, [message])
}

/// Was this row blanked?
pub fn row_erased(
    connection: &Connection,
    report: ReportId,
    row: u32,
) -> Result<Option<ErasedBy>, StoreError> {
    let sql = "SELECT a.id, a.at FROM redaction r JOIN audit a ON a.id = r.entry WHERE r.report = ?1 AND r.row = ?2";
    erased_by(connection, sql, params![report.0, row])
}

/// Was this finding erased?
pub fn finding_erased(connection: &Connection, finding: FindingId) -> Result<Option<ErasedBy>, StoreError> {
    for (entry, _, numbers) in erasures(connection, Some(Kind::Finding))? {
        if decode(&numbers).any(|number| number == finding.0) {
            return erased_by(connection, "SELECT id, at FROM audit WHERE id = ?1", [entry as i64]);
        }
    }
    Ok(None)
}

/// Reports that are not as they came any more: all of their bytes were erased, or single rows.
pub fn touched_reports(connection: &Connection) -> Result<Vec<ReportId>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id FROM report WHERE erased IS NOT NULL UNION SELECT report FROM redaction ORDER BY 1",
        )
        .and_then(|mut statement| statement.query_map([], |row| row.get(0).map(ReportId))?.collect())
        .doing("look what was erased")
}

/// Reports whose bytes were erased.
pub fn erased_reports(connection: &Connection) -> Result<Vec<ReportId>, StoreError> {
    connection
        .prepare_cached("SELECT id FROM report WHERE erased IS NOT NULL ORDER BY id")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0).map(ReportId))?.collect())
        .doing("look what was erased")
}

/// All erased things of a kind, or all: entry, kind and numbers.
fn erasures(connection: &Connection, kind: Option<Kind>) -> Result<Vec<(u64, String, Vec<u8>)>, StoreError> {
    connection
        .prepare_cached("SELECT entry, kind, numbers FROM erasure WHERE ?1 IS NULL OR kind = ?1 ORDER BY entry, kind, numbers")
        .and_then(|mut statement| {
            statement
                .query_map([kind.map(Kind::as_str)], |row| {
                    Ok((row.get::<_, i64>(0)? as u64, row.get(1)?, row.get(2)?))
                })?
                .collect()
        })
        .doing("look what was erased")
}

/// What was erased after this entry of the audit log, of a kind by its word (`row`: rows that were blanked): numbers as they are stored.
pub(crate) fn erased_since(
    connection: &Connection,
    kind: &str,
    entry: u64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    connection
        .prepare_cached("SELECT numbers FROM erasure WHERE entry > ?1 AND kind = ?2")
        .and_then(|mut statement| {
            statement.query_map(params![entry as i64, kind], |row| row.get(0))?.collect()
        })
        .doing("look what was erased")
}

/// The numbers of everything of a kind that was erased, with the entry that says so.
pub fn erased_numbers(connection: &Connection, kind: Kind) -> Result<Vec<(u64, u32)>, StoreError> {
    let erasures = erasures(connection, Some(kind))?;
    Ok(erasures
        .iter()
        .flat_map(|(entry, _, numbers)| decode(numbers).map(|number| (*entry, number)))
        .collect())
}

/// Entries whose digest is not over what stands as erased by them.
pub fn changed_erasures(connection: &Connection) -> Result<Vec<u64>, StoreError> {
    let mut changed = Vec::new();
    for of_entry in erasures(connection, None)?.chunk_by(|a, b| a.0 == b.0) {
        let numbers: Vec<_> =
            of_entry.iter().map(|(_, kind, numbers)| (kind.as_str(), numbers.clone())).collect();
        let entry = audit::get(connection, of_entry[0].0)?;
        if entry.and_then(|entry| entry.digest) != Some(digest(&numbers)) {
            changed.push(of_entry[0].0);
        }
    }
    Ok(changed)
}

fn digest(numbers: &[(&str, Vec<u8>)]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for (kind, numbers) in numbers {
        push_text(&mut bytes, kind);
        bytes.extend_from_slice(&(numbers.len() as u64).to_le_bytes());
        bytes.extend_from_slice(numbers);
    }
    blake3::derive_key(CONTEXT, &bytes)
}

/// Sorted numbers as differences.
fn encode(sorted: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut previous = 0;
    for number in sorted {
        varint::push(&mut out, number - previous);
        previous = *number;
    }
    out
}

/// The report and the rows of it that an erasure of rows names.
pub(crate) fn decode_rows(bytes: &[u8]) -> Option<(ReportId, Vec<u32>)> {
    let mut at = 0;
    let report = varint::read(bytes, &mut at)?;
    Some((ReportId(report), decode(&bytes[at..]).collect()))
}

pub(crate) fn decode(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let (mut at, mut previous) = (0, 0u32);
    std::iter::from_fn(move || {
        previous = previous.checked_add(varint::read(bytes, &mut at)?)?;
        Some(previous)
    })
}
