//! The events behind a number of the ledger, and the rows of a finding: read again from the raw reports.

use std::{collections::HashSet, ops::ControlFlow};

use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_model::{
    event::Event,
    fate::Fate,
    ids::{EventId, FindingId, ReportId},
    reject::{Reject, RejectCode},
};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Blocks, Chunk, FatesOf},
    erase::{self, ErasedBy},
    fate_blob::{self, Needle, RowFate},
    id_list,
    ledger::Scope,
    replays, reports,
};
use serde::Serialize;

use crate::pipeline::derive::{DerivedChunk, Deriver};

/// Which rows to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// Those that could not be read.
    Rejected,
    /// Those that could not be read, and are rows of another report since.
    Replayed,
    /// Those the report has given before.
    Duplicates,
    /// Negative observations.
    Clears,
    /// All that became events.
    Events,
    /// Events with an assignment of this fate.
    Fate(Fate),
}

impl std::str::FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "rejected" => Ok(Self::Rejected),
            "replayed" => Ok(Self::Replayed),
            "duplicates" => Ok(Self::Duplicates),
            "clears" => Ok(Self::Clears),
            "events" => Ok(Self::Events),
            _ => text.parse().map(Self::Fate).map_err(|_| {
                let fates: Vec<_> = Fate::ALL.iter().map(|fate| fate.as_str()).collect();
                format!(
                    "`{text}` is nothing the ledger counts: use rejected, replayed, duplicates, clears, events, {}",
                    fates.join(", ")
                )
            }),
        }
    }
}

/// One row of a report.
#[derive(Clone, Debug, Serialize)]
pub struct ListedRow {
    /// `report:row`.
    pub id: String,
    /// The file it stands in.
    pub file: String,
    /// Its physical line.
    pub line: u64,
    /// The finding, when it is an event.
    pub finding: Option<String>,
    /// When it was observed, when it could be read.
    pub observed_at: Option<String>,
    /// The source end in a word: address and port, or name.
    pub target: Option<String>,
    /// The identifier of its kind.
    pub kind: Option<String>,
    /// Why it could not be read: code.
    pub code: Option<&'static str>,
    /// Why it could not be read: a sentence.
    pub message: Option<String>,
    /// Its raw bytes when it could not be read.
    pub raw_base64: Option<String>,
}

/// Lists rows of a scope, at most `limit`.
pub fn list(
    reader: &Reader,
    scope: &Scope,
    which: Which,
    limit: usize,
) -> Result<Vec<ListedRow>, StoreError> {
    let mut rows = Vec::new();
    let mut deriver = Deriver::new(Reader::open(reader.data())?)?;
    let mut derived = DerivedChunk::default();
    for report in reports_in(reader, scope)? {
        let members = reader.read(|connection| reports::members(connection, report))?;
        for chunk in reader.read(|connection| chunks::of_report(connection, report))? {
            let Some(wanted) = wanted_rows(reader, &chunk, which, limit - rows.len())? else { continue };
            let file =
                members.iter().find(|member| member.seq == chunk.member).map_or("", |member| &member.path);
            if deriver.is_erased(report) {
                rows.extend(wanted.into_iter().map(|(at, fate)| {
                    let id = EventId { report, row: chunk.first_row + at as u32 };
                    ListedRow { message: Some("erased".to_owned()), ..unread(id, file, 0, fate) }
                }));
                if rows.len() >= limit {
                    return Ok(rows);
                }
                continue;
            }
            let plan = deriver.chunk(&chunk, &mut derived)?;
            for (at, fate) in wanted {
                let Some(record) = derived.record(at) else { continue };
                let id = EventId { report, row: chunk.first_row + at as u32 };
                rows.push(listed(&plan, record, id, file, fate));
            }
            if rows.len() >= limit {
                return Ok(rows);
            }
        }
    }
    Ok(rows)
}

fn reports_in(reader: &Reader, scope: &Scope) -> Result<Vec<ReportId>, StoreError> {
    let mut ids: Vec<ReportId> = match scope {
        Scope::Report(report) => vec![*report],
        Scope::Day(day) => reader
            .read(|connection| reports::list(connection, Some(day)))?
            .iter()
            .map(|report| report.id)
            .collect(),
        Scope::All => reader
            .read(|connection| reports::list(connection, None))?
            .iter()
            .map(|report| report.id)
            .collect(),
    };
    ids.sort_unstable();
    Ok(ids)
}

/// The rows of a chunk that are wanted, counted from 0; `None` when the sums say there are none.
fn wanted_rows(
    reader: &Reader,
    chunk: &Chunk,
    which: Which,
    limit: usize,
) -> Result<Option<Vec<(usize, RowFate)>>, StoreError> {
    let sums = &chunk.sums;
    let count = match which {
        Which::Rejected | Which::Replayed => sums.rejected,
        Which::Duplicates => sums.duplicates,
        Which::Clears => sums.clears,
        Which::Events => sums.events,
        Which::Fate(Fate::Known) => sums.fate(Fate::Known),
        // A correction may have added some that are not in the chunk's own sums.
        Which::Fate(_) => sums.events,
    };
    if count == 0 {
        return Ok(None);
    }
    let with_fate: HashSet<FindingId> = match which {
        Which::Fate(fate) => {
            let blocks = reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(chunk.id)))?;
            // A known sighting is one that brought no assignment with this chunk.
            let matching = blocks.iter().filter(|block| match fate {
                Fate::Known => block.correction.is_none(),
                _ => block.fate == fate,
            });
            matching.flat_map(|block| id_list::decode(&block.findings)).collect()
        }
        _ => HashSet::new(),
    };
    if with_fate.is_empty() && matches!(which, Which::Fate(fate) if fate != Fate::Known) {
        return Ok(None);
    }
    let fates = reader.read(|connection| chunks::fates(connection, chunk.id))?;
    let wanted = |fate: &RowFate| match (which, fate) {
        (Which::Rejected | Which::Replayed, RowFate::Rejected(_))
        | (Which::Duplicates, RowFate::Duplicate)
        | (Which::Clears, RowFate::Clear)
        | (Which::Events, RowFate::Event(_)) => true,
        (Which::Fate(Fate::Known), RowFate::Event(finding)) => !with_fate.contains(finding),
        (Which::Fate(_), RowFate::Event(finding)) => with_fate.contains(finding),
        _ => false,
    };
    let rows = fate_blob::read(&fates).enumerate().filter_map(|(at, fate)| Some((at, fate.ok()?)));
    let rows = rows.filter(|(_, fate)| wanted(fate));
    Ok(Some(match which {
        Which::Rejected | Which::Replayed => {
            let replayed = reader.read(|connection| replays::rows(connection, chunk.report))?;
            let is_replayed = |at: usize| replayed.binary_search(&(chunk.first_row + at as u32)).is_ok();
            rows.filter(|(at, _)| is_replayed(*at) == (which == Which::Replayed)).take(limit).collect()
        }
        _ => rows.take(limit).collect(),
    }))
}

fn listed(
    plan: &schakel_parse::Plan,
    record: schakel_parse::Record<'_>,
    id: EventId,
    file: &str,
    fate: RowFate,
) -> ListedRow {
    let mut row = unread(id, file, record.line(), fate);
    match plan.observe(record) {
        Ok(observation) => {
            row.observed_at = Some(observation.observed_at.timestamp().to_string());
            row.target = Some(target(&observation.source));
            row.kind = Some(observation.identifier.into_owned());
        }
        Err(reject) => {
            row.code = Some(reject.code.as_str());
            row.message = Some(reject.message.into_owned());
            row.raw_base64 = Some(STANDARD.encode(plan.reject_bytes(record)));
        }
    }
    row
}

/// What is known of a row without its bytes.
fn unread(id: EventId, file: &str, line: u64, fate: RowFate) -> ListedRow {
    ListedRow {
        id: id.to_string(),
        file: file.to_owned(),
        line,
        finding: match fate {
            RowFate::Event(finding) => Some(format!("F{finding}")),
            _ => None,
        },
        observed_at: None,
        target: None,
        kind: None,
        code: None,
        message: None,
        raw_base64: None,
    }
}

/// An end of an event in a word.
pub fn target(endpoint: &schakel_model::observation::Endpoint<'_>) -> String {
    let name = [&endpoint.fqdn, &endpoint.url, &endpoint.account, &endpoint.reverse_dns]
        .into_iter()
        .find(|name| !name.is_empty());
    match (endpoint.ip, name, endpoint.port) {
        (Some(ip), _, 0) => ip.to_string(),
        (Some(ip), _, port) if ip.is_ipv6() => format!("[{ip}]:{port}"),
        (Some(ip), _, port) => format!("{ip}:{port}"),
        (None, Some(name), _) => name.to_string(),
        (None, None, _) => String::new(),
    }
}

/// What a finding is about, as its first event showed it, in a word.
pub fn target_of(first: schakel_store::findings::NewFinding) -> String {
    target(&schakel_model::observation::Endpoint {
        ip: first.ip,
        port: first.port,
        fqdn: first.name.unwrap_or_default().into(),
        ..Default::default()
    })
}

/// The rows of one finding over all reports, in order of commit.
pub fn of_finding(reader: &Reader, finding: FindingId) -> Result<Vec<EventId>, StoreError> {
    let mut rows = Vec::new();
    for_each_chunk_with(reader, finding, |chunk, fates| {
        rows.extend(rows_of(finding, &chunk, fates));
    })?;
    Ok(rows)
}

/// A part of the events of a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventPage {
    /// They, in the order in which they came in.
    pub events: Vec<EventId>,
    /// The next page holds those of chunks behind this one; none: this was the last.
    pub next: Option<u32>,
}

/// Events of a finding in chunks behind this one: of whole chunks, until there are enough, or until `chunks_max` were looked at. So what one page
/// costs does not grow with the store, and a page may be empty and yet have a next.
pub fn page_of_finding(
    reader: &Reader,
    finding: FindingId,
    behind: Option<u32>,
    enough: usize,
    chunks_max: usize,
) -> Result<EventPage, StoreError> {
    let needle = Needle::new(finding);
    reader.read(|connection| {
        let first = match behind {
            Some(behind) => behind.saturating_add(1),
            None => chunks::that_made(connection, finding)?,
        };
        let mut page = EventPage { events: Vec::new(), next: None };
        let mut looked = 0;
        chunks::for_each_fates(connection, first, |chunk, fates| {
            looked += 1;
            if needle.is_in(fates) {
                page.events.extend(rows_of(finding, &chunk, fates));
            }
            let is_full = page.events.len() >= enough || looked >= chunks_max;
            page.next = is_full.then_some(chunk.id);
            if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(page)
    })
}

fn rows_of(finding: FindingId, chunk: &FatesOf, fates: &[u8]) -> impl Iterator<Item = EventId> {
    let (report, first_row) = (chunk.report, chunk.first_row);
    let ours = fate_blob::read(fates)
        .enumerate()
        .filter(move |(_, fate)| matches!(fate, Ok(RowFate::Event(id)) if *id == finding));
    ours.map(move |(at, _)| EventId { report, row: first_row + at as u32 })
}

/// An event in IDF.
pub fn idf(event: &Event) -> serde_json::Value {
    serde_json::from_str(&schakel_parse::idf::to_json(event)).unwrap_or_default()
}

/// The chunks in which a finding was seen.
pub fn chunks_of_finding(reader: &Reader, finding: FindingId) -> Result<Vec<u32>, StoreError> {
    let mut chunks = Vec::new();
    for_each_chunk_with(reader, finding, |chunk, _| chunks.push(chunk.id))?;
    Ok(chunks)
}

fn for_each_chunk_with(
    reader: &Reader,
    finding: FindingId,
    mut visit: impl FnMut(FatesOf, &[u8]),
) -> Result<(), StoreError> {
    let needle = Needle::new(finding);
    reader.read(|connection| {
        // It cannot stand before the chunk that gave it its number.
        let first = chunks::that_made(connection, finding)?;
        chunks::for_each_fates(connection, first, |chunk, fates| {
            if needle.is_in(fates) {
                visit(chunk, fates);
            }
            ControlFlow::Continue(())
        })
    })
}

/// One row read again: the record as text, the event, and the fate.
pub struct RereadRow {
    /// The record, decoded for people and masked.
    pub raw: String,
    /// Its line in the file.
    pub line: u64,
    /// The event, or why there is none.
    pub event: Result<Event, schakel_model::reject::Reject>,
    /// What became of it.
    pub fate: RowFate,
    /// The chunk it came with.
    pub chunk: Chunk,
    /// The question that attribution answered for it.
    pub query: Option<schakel_attribute::Query>,
    /// Its bytes were erased, or those of its whole report: then `raw` is empty.
    pub erased: Option<ErasedBy>,
}

/// Reads one row again. `None` when there is no such row.
pub fn reread(deriver: &mut Deriver, id: EventId) -> Result<Option<RereadRow>, StoreError> {
    let Some(chunk) = deriver.reader().read(|connection| chunks::of_row(connection, id.report, id.row))?
    else {
        return Ok(None);
    };
    let at = (id.row - chunk.first_row) as usize;
    let fates = deriver.reader().read(|connection| chunks::fates(connection, chunk.id))?;
    let fate = fate_blob::read(&fates)
        .nth(at)
        .ok_or_else(|| StoreError::Damaged { what: format!("row {id} has no fate") })?
        .map_err(|what| StoreError::Damaged { what })?;
    let erased = deriver.reader().read(|connection| {
        Ok(erase::report_erased(connection, id.report)?.or(erase::row_erased(connection, id.report, id.row)?))
    })?;
    if erased.is_some() {
        let reject = Reject { code: RejectCode::NotARecord, message: "erased".into() };
        let (raw, event) = (String::new(), Err(reject));
        return Ok(Some(RereadRow { raw, line: chunk.first_line, event, fate, query: None, chunk, erased }));
    }
    let mut derived = DerivedChunk::default();
    let plan = deriver.chunk(&chunk, &mut derived)?;
    let Some(record) = derived.record(at) else { return Ok(None) };
    Ok(Some(RereadRow {
        erased,
        raw: plan.text(record),
        line: record.line(),
        query: plan.observe(record).ok().map(|observation| schakel_attribute::Query::of(&observation)),
        event: plan.event(record),
        fate,
        chunk,
    }))
}
