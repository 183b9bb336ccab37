//! Rejected rows: grouped by reason and source, and read again after the way of reading was set right.
//!
//! What can be read now becomes a report of its own, of just those rows, from the same source. The rows of the first report count as
//! *replayed* from then on, and say which rows they are now. A whole report can be read again as well, when its rows were understood but
//! wrongly: its bytes come in anew, and the first reading is taken back.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::ensure;
use schakel_model::{
    event::Event,
    ids::{EventId, ReportId, SourceId},
    tlp::Terms,
};
use schakel_parse::Plan;
use schakel_store::{
    Reader,
    act::Act,
    chunks,
    fate_blob::{self, RowFate},
    ledger::Scope,
    replays,
    reports::{self, Member},
    sources,
};

use crate::{
    events::{self, ListedRow, Which},
    incoming::{Incoming, Origin},
    intake::{Ingested, Intake},
    parse_files::{RejectLine, RowSink, parse_incoming},
    pipeline::derive::{DerivedChunk, Deriver},
    raw,
    reading::{Reading, Received},
};

/// Rejected rows that are looked at together: what a person sets right at once. A report of which more is rejected was read in a wrong way
/// altogether: read the whole of it again.
pub const ROWS_MAX: usize = 100_000;

/// A document that was transcribed is read again whole, in memory.
const DOCUMENT_BYTES_MAX: u64 = 1 << 30;

/// Rejected rows of one source and file type that have the same reason.
#[derive(Clone, Debug)]
pub struct Group {
    /// The source's code; empty: nobody in particular.
    pub source: String,
    /// The feed.
    pub feed: String,
    /// Why: from the closed list.
    pub code: &'static str,
    /// How many.
    pub rows: u64,
    /// The reports they stand in.
    pub reports: Vec<ReportId>,
    /// The first of them.
    pub example: ListedRow,
}

/// The rejected rows of a scope that were not read again since, by source, feed and reason; the largest group first.
pub fn groups(reader: &Reader, scope: &Scope) -> anyhow::Result<Vec<Group>> {
    let known = reader.read(sources::list)?;
    let mut found: BTreeMap<(SourceId, String, &'static str), Group> = BTreeMap::new();
    let mut seen: HashMap<ReportId, (SourceId, Vec<Member>)> = HashMap::new();
    let mut feeds: HashMap<u32, String> = HashMap::new();
    for row in events::list(reader, scope, Which::Rejected, ROWS_MAX)? {
        let Ok(id) = row.id.parse::<EventId>() else { continue };
        let (source, members) = match seen.entry(id.report) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let report = reader.read(|connection| reports::get(connection, id.report))?;
                let members = reader.read(|connection| reports::members(connection, id.report))?;
                let source = report.map_or(SourceId(0), |report| report.source);
                entry.insert((source, members))
            }
        };
        let plan = members.iter().find(|member| member.path == row.file).map_or(0, |member| member.plan);
        let feed = match feeds.get(&plan) {
            Some(feed) => feed.clone(),
            None => {
                let definition = reader.read(|connection| reports::plan_definition(connection, plan))?;
                let feed = Plan::from_definition(&definition)?.feed().to_owned();
                feeds.entry(plan).or_insert(feed).clone()
            }
        };
        let code = row.code.unwrap_or("erased");
        let group = found.entry((*source, feed.clone(), code)).or_insert_with(|| Group {
            source: known
                .iter()
                .find(|one| one.id == *source)
                .map_or_else(String::new, |one| one.code.clone()),
            feed,
            code,
            rows: 0,
            reports: Vec::new(),
            example: row,
        });
        group.rows += 1;
        if group.reports.last() != Some(&id.report) {
            group.reports.push(id.report);
        }
    }
    let mut groups: Vec<Group> = found.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.rows));
    Ok(groups)
}

/// What reading the rejected rows of a report again comes to.
#[derive(Debug, Default)]
pub struct Planned {
    /// File by file.
    files: Vec<File>,
    /// Rows that can be read now.
    pub readable: u64,
    /// Rows that still cannot, with why: the first of them.
    pub rejected: Vec<RejectLine>,
    /// How many still cannot.
    pub still: u64,
}

#[derive(Debug)]
struct File {
    name: String,
    terms: Terms,
    rows: Vec<u32>,
    bytes: Vec<u8>,
}

/// Reads the rejected rows of a report again and says what can be read now.
pub fn plan(reader: &Reader, report: ReportId, reading: &Reading, now: i64) -> anyhow::Result<Planned> {
    let known = reader.read(|connection| reports::get(connection, report))?;
    let known =
        known.ok_or_else(|| anyhow::anyhow!("there is no report {report}. `schakel reports` lists them"))?;
    ensure!(known.withdrawn_at.is_none(), "report {report} was taken back by its source");
    let mut deriver = Deriver::new(Reader::open(reader.data())?)?;
    ensure!(!deriver.is_erased(report), "the raw bytes of report {report} were erased");
    let replayed: HashSet<u32> =
        reader.read(|connection| replays::rows(connection, report))?.into_iter().collect();
    let members = reader.read(|connection| reports::members(connection, report))?;
    let mut derived = DerivedChunk::default();
    let mut planned = Planned::default();
    let mut lines = Documents::default();
    for member in &members {
        let mut file = File {
            name: member.path.rsplit('/').next().unwrap_or_default().to_owned(),
            terms: member.terms,
            rows: Vec::new(),
            bytes: member.head.clone(),
        };
        let mut first_row = None;
        for chunk in reader.read(|connection| chunks::of_report(connection, report))? {
            if chunk.member != member.seq {
                continue;
            }
            let first_row = *first_row.get_or_insert(chunk.first_row);
            if chunk.sums.rejected == 0 {
                continue;
            }
            let plan = deriver.chunk(&chunk, &mut derived)?;
            let fates = reader.read(|connection| chunks::fates(connection, chunk.id))?;
            for (at, fate) in fate_blob::read(&fates).enumerate() {
                let row = chunk.first_row + at as u32;
                if !matches!(fate, Ok(RowFate::Rejected(_))) || replayed.contains(&row) {
                    continue;
                }
                let Some(record) = derived.record(at) else { continue };
                ensure!(
                    file.rows.len() + planned.still as usize <= ROWS_MAX,
                    "more than {ROWS_MAX} rows of report {report} were rejected: read the whole of it again with --whole"
                );
                let transcribed = plan.definition() == Plan::transcribed().definition();
                let bytes = match transcribed {
                    true => lines.line(
                        reader,
                        report,
                        member,
                        reading,
                        known.received_at,
                        (row - first_row) as usize,
                    )?,
                    false => Some(record.raw().to_vec()),
                };
                // A document that gives another number of lines now cannot be matched line by line.
                let Some(mut bytes) = bytes else {
                    planned.still += 1;
                    continue;
                };
                if !bytes.ends_with(b"\n") {
                    bytes.push(b'\n');
                }
                match read_alone(&file.name, transcribed, &member.head, &bytes, reading, now) {
                    Ok(()) => {
                        file.rows.push(row);
                        file.bytes.extend_from_slice(&bytes);
                    }
                    Err(reject) => {
                        planned.still += 1;
                        if let Some(reject) = reject
                            && planned.rejected.len() < crate::preview::SHOWN_MAX
                        {
                            planned.rejected.push(RejectLine { row: u64::from(row), ..*reject });
                        }
                    }
                }
            }
            if plan.definition() == Plan::transcribed().definition() {
                file.name = format!("{}.jsonl", file.name.trim_end_matches(".jsonl"));
            }
        }
        if !file.rows.is_empty() {
            planned.readable += file.rows.len() as u64;
            planned.files.push(file);
        }
    }
    Ok(planned)
}

/// Can a row be read by itself? Else why not, where that is known.
fn read_alone(
    name: &str,
    transcribed: bool,
    head: &[u8],
    row: &[u8],
    reading: &Reading,
    now: i64,
) -> Result<(), Option<Box<RejectLine>>> {
    struct One {
        events: u32,
        reject: Option<Box<RejectLine>>,
    }
    impl RowSink for One {
        fn event(&mut self, _: &Event) -> anyhow::Result<()> {
            self.events += 1;
            Ok(())
        }
        fn reject(&mut self, reject: &RejectLine) -> anyhow::Result<()> {
            self.reject = Some(Box::new(reject.clone()));
            Ok(())
        }
    }
    let mut sink = One { events: 0, reject: None };
    let name = if transcribed { "row.jsonl" } else { name };
    let mut incoming = Incoming::memory(name, [head, row].concat());
    match parse_incoming(&mut incoming, name, reading, now, &mut sink) {
        Ok(_) if sink.events == 1 && sink.reject.is_none() => Ok(()),
        _ => Err(sink.reject),
    }
}

/// The lines that the documents of a report become today.
#[derive(Default)]
struct Documents {
    lines: HashMap<String, Vec<Vec<u8>>>,
    read: bool,
}

impl Documents {
    /// One line of a member, from 0.
    fn line(
        &mut self,
        reader: &Reader,
        report: ReportId,
        member: &Member,
        reading: &Reading,
        received_at: i64,
        at: usize,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        if !self.read {
            self.read = true;
            self.read_all(reader, report, reading, received_at)?;
        }
        let rows: u64 = reader
            .read(|connection| chunks::of_report(connection, report))?
            .iter()
            .filter(|chunk| chunk.member == member.seq)
            .map(|chunk| u64::from(chunk.rows))
            .sum();
        let lines = self.lines.get(&member.path).filter(|lines| lines.len() as u64 == rows);
        Ok(lines.and_then(|lines| lines.get(at)).cloned())
    }

    fn read_all(
        &mut self,
        reader: &Reader,
        report: ReportId,
        reading: &Reading,
        received_at: i64,
    ) -> anyhow::Result<()> {
        let (name, bytes) = whole(reader, report)?;
        let mut incoming = Incoming::memory(&name, bytes);
        let received = Received { at: received_at, secret: Some(reader.secret()), ..Received::default() };
        reading.unseal(&mut incoming, jiff::Timestamp::from_second(received_at)?)?;
        reading.walk(&name, &mut incoming.content()?, &mut |member, input| {
            if let Ok(mut opened) = reading.open(&member.name, input, received) {
                let mut text = opened.head.clone();
                opened.input.read_to_end(&mut text)?;
                let lines = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                self.lines.insert(member.path.clone(), lines);
            }
            anyhow::Ok(())
        })?;
        Ok(())
    }
}

/// A report's name and bytes.
fn whole(reader: &Reader, report: ReportId) -> anyhow::Result<(String, Vec<u8>)> {
    let known = reader.read(|connection| reports::get(connection, report))?;
    let known =
        known.ok_or_else(|| anyhow::anyhow!("there is no report {report}. `schakel reports` lists them"))?;
    ensure!(
        known.size <= DOCUMENT_BYTES_MAX,
        "report {report} is larger than {DOCUMENT_BYTES_MAX} bytes: write it to a file with `schakel reports --raw {report}`, take that in, and take \
         the first one back with `schakel report withdraw {report}`"
    );
    let mut bytes = Vec::new();
    raw::write(reader, report, &mut bytes)?;
    Ok((known.name, bytes))
}

/// Takes in what can be read now, file by file. Gives the new reports.
pub fn carry_out(
    intake: &mut Intake,
    reader: &Reader,
    report: ReportId,
    planned: Planned,
    reading: &Reading,
    act: Act<'_>,
) -> anyhow::Result<Vec<Ingested>> {
    let source =
        reader.read(|connection| reports::get(connection, report))?.map_or(SourceId(0), |known| known.source);
    let mut taken = Vec::new();
    for file in planned.files {
        let origin =
            Origin { source, tlp: Some(file.terms.tlp), untold: !file.terms.may_notify, ..Origin::default() };
        let incoming = Incoming::memory("", file.bytes).from(&file.name, origin);
        let ingested = intake.take(incoming, reading, &|_| ())?;
        intake.store().record_replay(act, report, &file.rows, ingested.report)?;
        taken.push(ingested);
    }
    Ok(taken)
}

/// Takes the bytes of a report in anew, as if they had never come in; once only, for the first reading may not have been taken back when
/// it was broken off before.
pub fn take_again(
    intake: &mut Intake,
    reader: &Reader,
    report: ReportId,
    reading: &Reading,
) -> anyhow::Result<Ingested> {
    let source =
        reader.read(|connection| reports::get(connection, report))?.map_or(SourceId(0), |known| known.source);
    if let Some(again) = reader.read(|connection| reports::second_reading(connection, report))? {
        return Ok(Ingested { report: again, report_known: true, ..Ingested::default() });
    }
    let members = reader.read(|connection| reports::members(connection, report))?;
    let terms = members.first().map(|member| member.terms);
    let (name, bytes) = whole(reader, report)?;
    let untold = terms.is_some_and(|terms| !terms.may_notify);
    let origin =
        Origin { source, tlp: terms.map(|terms| terms.tlp), untold, again: true, ..Origin::default() };
    intake.take(Incoming::memory("", bytes).from(&name, origin), reading, &|_| ())
}
