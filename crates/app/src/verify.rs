//! Proves the store: every row of every report is read, attributed and decided again, in the order of commit, under the register and
//! plan that were recorded, and must give what is stored.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    thread,
};

use crossbeam_channel::{Receiver, bounded};
use schakel_model::{
    assignment::Assignee,
    fate::{Fate, Sums},
    finding::KeyMaker,
    ids::{FindingId, ReportId},
    severity::Severity,
    tlp::Terms,
};
use schakel_parse::{Plan, Records};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Block, Blocks, Chunk, ChunkBlobs},
    erase,
    fate_blob::{self, RowFate},
    findings, handovers, id_list, outbox, overviews, replays,
    reports::{self, ReportState},
    sightings::{self, Sighting},
};

use crate::{
    handover,
    pipeline::{
        decide::State,
        derive::{DerivedChunk, Deriver},
        digest::{Digest, Digester, Shared},
        state::{self, RegisterView},
    },
    verify_corrections,
};

/// More violations than this are counted and not listed.
const LISTED_MAX: usize = 1_000;
/// Chunks read ahead of the decision.
const IN_FLIGHT: usize = 4;

/// Something that should hold and does not.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Violation {
    /// The name of what should hold.
    pub invariant: &'static str,
    /// What it is about: `chunk 3`, `F12`, `N4`.
    pub id: String,
    /// What was found.
    pub detail: String,
}

/// What was checked, and what was wrong.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Verified {
    /// Nothing is wrong.
    pub ok: bool,
    /// How many of each thing were checked.
    pub checked: BTreeMap<&'static str, u64>,
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// Violations beyond those listed.
    pub not_listed: u64,
}

impl Verified {
    pub(crate) fn count(&mut self, what: &'static str, count: u64) {
        *self.checked.entry(what).or_default() += count;
    }

    pub(crate) fn wrong(&mut self, invariant: &'static str, id: impl ToString, detail: impl ToString) {
        if self.violations.len() < LISTED_MAX {
            self.violations.push(Violation { invariant, id: id.to_string(), detail: detail.to_string() });
        } else {
            self.not_listed += 1;
        }
    }
}

/// Checks the whole store. `progress` hears how many rows were checked.
pub fn verify(reader: &Reader, progress: &(dyn Fn(u64) + Sync)) -> Result<Verified, StoreError> {
    let mut verified = Verified::default();
    check_rows(reader, &mut verified, progress)?;
    check_reports(reader, &mut verified)?;
    check_notifications(reader, &mut verified)?;
    check_audit(reader, &mut verified)?;
    verified.ok = verified.violations.is_empty() && verified.not_listed == 0;
    Ok(verified)
}

/// A chunk read again by the reading thread.
struct Reread {
    chunk: Chunk,
    blobs: ChunkBlobs,
    view: Arc<RegisterView>,
    terms: Terms,
    /// The rows and their bytes; `None` when they were erased, or some of them: then what was decided is taken over as it is stored.
    read: Result<Option<(Digest, Vec<u8>)>, String>,
}

fn check_rows(
    reader: &Reader,
    verified: &mut Verified,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), StoreError> {
    let shared = Arc::new(state::shared(reader)?);
    let mut replay = Replay {
        state: State::default(),
        shared: Arc::clone(&shared),
        seen: Vec::new(),
        untimed: HashSet::new(),
        member: (ReportId(0), 0),
        prefix: blake3::Hasher::new(),
    };
    let mut corrections = verify_corrections::InOrder::new(reader)?;
    let workers = thread::available_parallelism().map_or(2, usize::from).clamp(1, 4);
    thread::scope(|scope| -> Result<(), StoreError> {
        let (work, queue) = bounded::<Task>(1);
        let (order, answers) = bounded::<Receiver<Result<Reread, StoreError>>>(IN_FLIGHT);
        for _ in 0..workers {
            let deriver = Deriver::new(Reader::open(reader.data())?)?;
            let (queue, shared) = (queue.clone(), &shared);
            scope.spawn(move || reread_all(deriver, shared, &queue));
        }
        drop(queue);
        let source = Reader::open(reader.data())?;
        let feeding = scope.spawn(move || feed(&source, &work, &order));
        let mut rows = 0;
        while let Ok(answer) = answers.recv() {
            let Ok(reread) = answer.recv() else { break };
            let reread = reread?;
            corrections.apply_before(reread.chunk.id, reader, &mut replay.state.table, verified)?;
            rows += u64::from(reread.chunk.rows);
            replay.check(reader, reread, verified)?;
            progress(rows);
        }
        feeding.join().expect("the feeding thread does not panic")
    })?;
    corrections.apply_rest(reader, &mut replay.state.table, verified)?;
    verify_corrections::check(reader, &shared, verified)?;
    for chunk in reader.read(replays::miscounted)? {
        verified.wrong(
            "replayed rows are counted",
            format!("chunk {chunk}"),
            "another number than there are",
        );
    }
    replay.check_findings(reader, verified)
}

struct Task {
    chunk: Chunk,
    view: Arc<RegisterView>,
    terms: Terms,
    answer: crossbeam_channel::Sender<Result<Reread, StoreError>>,
}

fn feed(
    reader: &Reader,
    work: &crossbeam_channel::Sender<Task>,
    order: &crossbeam_channel::Sender<Receiver<Result<Reread, StoreError>>>,
) -> Result<(), StoreError> {
    let mut last = 0;
    let mut view: Option<Arc<RegisterView>> = None;
    let mut member: Option<(ReportId, u32, Terms)> = None;
    loop {
        let next = reader.read(|connection| chunks::after(connection, last, 256))?;
        let Some(end) = next.last() else { return Ok(()) };
        last = end.id;
        for chunk in next {
            let version = chunk.register_version;
            let current = match &view {
                Some(view) if view.register.version == version => Arc::clone(view),
                _ => state::register_view(reader, version)?,
            };
            view = Some(Arc::clone(&current));
            let terms = match member {
                Some((report, seq, terms)) if (report, seq) == (chunk.report, chunk.member) => terms,
                _ => reader.read(|connection| reports::terms(connection, chunk.report, chunk.member))?,
            };
            member = Some((chunk.report, chunk.member, terms));
            let (answer, answers) = bounded(1);
            if order.send(answers).is_err()
                || work.send(Task { chunk, view: current, terms, answer }).is_err()
            {
                return Ok(());
            }
        }
    }
}

fn reread_all(mut deriver: Deriver, shared: &Shared, queue: &Receiver<Task>) {
    let keys: KeyMaker = deriver.key_maker();
    let Ok(mut digester) = Digester::new(keys) else { return };
    let mut derived = DerivedChunk::default();
    while let Ok(Task { chunk, view, terms, answer }) = queue.recv() {
        let reread = deriver.reader().read(|connection| chunks::blobs(connection, chunk.id)).map(|blobs| {
            let read = if deriver.is_touched(chunk.report) {
                Ok(None)
            } else {
                reread(&mut deriver, &mut digester, &mut derived, &chunk, &view, shared).map(Some)
            };
            Reread { chunk, blobs, view, terms, read: read.map_err(|error| error.to_string()) }
        });
        // Nobody waits any more when the check has stopped with an error.
        let _ = answer.send(reread);
    }
}

fn reread(
    deriver: &mut Deriver,
    digester: &mut Digester,
    derived: &mut DerivedChunk,
    chunk: &Chunk,
    view: &RegisterView,
    shared: &Shared,
) -> Result<(Digest, Vec<u8>), StoreError> {
    let plan: Arc<Plan> = deriver.chunk(chunk, derived)?;
    let records: &Records = &derived.records;
    let digest = digester.digest(&plan, &view.snapshot, shared, &derived.bytes, records);
    Ok((digest, std::mem::take(&mut derived.bytes)))
}

/// The decisions taken again from the beginning.
struct Replay {
    state: State,
    shared: Arc<Shared>,
    seen: Vec<Sighting>,
    /// Findings of which a sighting was erased.
    untimed: HashSet<usize>,
    member: (ReportId, u32),
    /// The bytes of the member up to the chunk at hand.
    prefix: blake3::Hasher,
}

impl Replay {
    fn check(&mut self, reader: &Reader, reread: Reread, verified: &mut Verified) -> Result<(), StoreError> {
        let Reread { chunk, blobs, view, terms, read } = reread;
        let id = format!("chunk {} (report {}, from row {})", chunk.id, chunk.report, chunk.first_row);
        verified.count("chunks", 1);
        verified.count("rows", u64::from(chunk.rows));
        let (digest, bytes) = match read {
            Ok(Some(read)) => read,
            Ok(None) => return self.take_over(reader, &chunk, &blobs, verified),
            Err(error) => {
                verified.wrong("raw rows can be read again", &id, error);
                return Ok(());
            }
        };
        if self.member.0 != chunk.report {
            self.state.begin_report();
        }
        if self.member != (chunk.report, chunk.member) {
            self.member = (chunk.report, chunk.member);
            self.prefix = blake3::Hasher::new();
            let members = reader.read(|connection| reports::members(connection, chunk.report))?;
            members.iter().filter(|member| member.seq == chunk.member).for_each(|member| {
                self.prefix.update(&member.head);
            });
        }
        self.prefix.update(&bytes);
        if *self.prefix.finalize().as_bytes() != chunk.prefix_hash {
            verified.wrong("raw bytes hash to what was read", &id, "other bytes than were taken in");
        }
        self.state.forget_transitions();
        let fate_of = |assignee: Option<Assignee>, all: &[Assignee]| {
            view.fate_of(assignee, all, terms, chunk.committed_at)
        };
        let decision = self.state.decide(&digest, &self.shared, chunk.report, chunk.first_row, &fate_of);
        let mut compare = |invariant, holds: bool, detail: &dyn Fn() -> String| {
            if !holds {
                verified.wrong(invariant, &id, detail());
            }
        };
        compare("fates can be derived again", decision.blobs.fates == blobs.fates, &|| {
            first_difference(&decision.blobs.fates, &blobs.fates, chunk.first_row)
        });
        compare("keys can be derived again", decision.blobs.keys == blobs.keys, &|| "other keys".to_owned());
        compare("sets of those told can be derived again", decision.blobs.sets == blobs.sets, &|| {
            "other sets".to_owned()
        });
        compare(
            "changes of those told can be derived again",
            decision.blobs.changes == blobs.changes,
            &|| "other changes".to_owned(),
        );
        let kept = !blobs.severities.is_empty() || chunk.new_findings == 0;
        compare(
            "how bad findings are can be derived again",
            (!kept || decision.blobs.severities == blobs.severities) && decision.blobs.worse == blobs.worse,
            &|| "something else".to_owned(),
        );
        compare(
            "rows = rejected + duplicates + clears + events",
            chunk.sums.rows
                == chunk.sums.rejected + chunk.sums.duplicates + chunk.sums.clears + chunk.sums.events,
            &|| format!("{:?}", chunk.sums),
        );
        let known = Sums { fates: decision.sums.fates, ..decision.sums };
        compare(
            "sums can be derived again",
            without_fates(&known) == without_fates(&chunk.sums)
                && known.fate(Fate::Known) == chunk.sums.fate(Fate::Known),
            &|| format!("stored {:?}, derived {:?}", chunk.sums, decision.sums),
        );
        if !kept {
            // It was not kept then, and whoever took the chunk over since took them for the worst.
            let new = chunk.first_finding.0..chunk.first_finding.0 + chunk.new_findings;
            new.for_each(|finding| self.state.table.set_severity(FindingId(finding), Severity::Critical));
        }
        let stored = blocks_that_came_with(reader, chunk.id)?;
        verified.count("assignments", chunk.sums.assignments);
        check_blocks(&id, &decision.blocks, &stored, verified);
        for mark in &decision.marks {
            let at = mark.finding.0 as usize;
            if self.seen.len() <= at {
                self.seen.resize(at + 1, Sighting::default());
            }
            let sighting = &mut self.seen[at];
            sighting.count += 1;
            sighting.last_seen = sighting.last_seen.max(mark.observed_at);
        }
        if !chunk.sightings_applied {
            verified.count("chunks with sightings still to be applied", 1);
        }
        Ok(())
    }

    /// A chunk whose rows, or some of them, were erased: what it did is taken over, and what can still be compared is.
    fn take_over(
        &mut self,
        reader: &Reader,
        chunk: &Chunk,
        blobs: &ChunkBlobs,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let id = format!("chunk {} (report {}, from row {})", chunk.id, chunk.report, chunk.first_row);
        verified.count("rows of reports with erased bytes", u64::from(chunk.rows));
        verified.count("assignments", chunk.sums.assignments);
        state::take_over(&mut self.state.table, blobs)?;
        let mut sums = Sums::default();
        for fate in fate_blob::read(&blobs.fates) {
            sums.rows += 1;
            match fate {
                Ok(RowFate::Rejected(_)) => sums.rejected += 1,
                Ok(RowFate::Duplicate) => sums.duplicates += 1,
                Ok(RowFate::Clear) => sums.clears += 1,
                Ok(RowFate::Event(finding)) => {
                    sums.events += 1;
                    let at = finding.0 as usize;
                    if self.seen.len() <= at {
                        self.seen.resize(at + 1, Sighting::default());
                    }
                    self.seen[at].count += 1;
                    self.untimed.insert(at);
                }
                Err(error) => verified.wrong("fates can be read", &id, error),
            }
        }
        let count = |sums: &Sums| [sums.rows, sums.rejected, sums.duplicates, sums.clears, sums.events];
        if count(&sums) != count(&chunk.sums) {
            verified.wrong("sums follow from the fates", &id, format!("stored {:?}", chunk.sums));
        }
        let stored = blocks_that_came_with(reader, chunk.id)?;
        check_counts(&id, &stored, verified);
        if !chunk.sightings_applied {
            verified.count("chunks with sightings still to be applied", 1);
        }
        Ok(())
    }

    /// Counts and times of all findings, and that there is a row for each.
    fn check_findings(&self, reader: &Reader, verified: &mut Verified) -> Result<(), StoreError> {
        let stored = reader.read(findings::count)?;
        verified.count("findings", u64::from(stored));
        if stored != self.state.table.len() {
            let detail = format!("{stored} stored, {} derived", self.state.table.len());
            verified.wrong("findings can be derived again", "findings", detail);
        }
        if verified.checked.contains_key("chunks with sightings still to be applied") {
            // An ingest is at work, or the next one will finish what a crash left; then this is checked.
            return Ok(());
        }
        let applied = reader.read(sightings::all)?;
        let pairs =
            self.seen.iter().zip(applied.iter().copied().chain(std::iter::repeat(Sighting::default())));
        for (at, (derived, applied)) in pairs.enumerate() {
            // When an erased row was observed is not known any more.
            let holds = if self.untimed.contains(&at) {
                derived.count == applied.count && derived.last_seen <= applied.last_seen
            } else {
                *derived == applied
            };
            if !holds {
                let detail = format!("stored {applied:?}, derived {derived:?}");
                verified.wrong("sightings can be derived again", format!("F{at}"), detail);
            }
        }
        if applied.iter().skip(self.seen.len()).any(|sighting| sighting.count > 0) {
            verified.wrong(
                "sightings can be derived again",
                "findings",
                "there are sightings of findings that do not exist",
            );
        }
        Ok(())
    }
}

/// The blocks of a chunk without those that corrections have added to it.
fn blocks_that_came_with(reader: &Reader, chunk: u32) -> Result<Vec<Block>, StoreError> {
    let mut blocks = reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(chunk)))?;
    blocks.retain(|block| block.correction.is_none());
    Ok(blocks)
}

fn without_fates(sums: &Sums) -> Sums {
    Sums { fates: Sums::default().fates, ..*sums }
}

fn first_difference(derived: &[u8], stored: &[u8], first_row: u32) -> String {
    let rows = fate_blob::read(derived).zip(fate_blob::read(stored));
    match rows.enumerate().find(|(_, (derived, stored))| derived != stored) {
        Some((at, (derived, stored))) => {
            format!("row {}: stored {stored:?}, derived {derived:?}", first_row + at as u32)
        }
        None => format!("{} bytes stored, {} derived", stored.len(), derived.len()),
    }
}

/// The same findings for the same organisations; the fate may have moved on since.
fn check_blocks(id: &str, derived: &[chunks::NewBlock], stored: &[Block], verified: &mut Verified) {
    let mut expected: BTreeMap<Option<Assignee>, Vec<FindingId>> = BTreeMap::new();
    for block in derived {
        expected.entry(block.assignee).or_default().extend(&block.findings);
    }
    let mut found: BTreeMap<Option<Assignee>, Vec<FindingId>> = BTreeMap::new();
    check_counts(id, stored, verified);
    for block in stored {
        found.entry(block.assignee).or_default().extend(id_list::decode(&block.findings));
    }
    expected.values_mut().chain(found.values_mut()).for_each(|findings| findings.sort_unstable());
    if expected != found {
        let count = |map: &BTreeMap<_, Vec<_>>| map.values().map(Vec::len).sum::<usize>();
        let detail = format!("{} stored, {} derived", count(&found), count(&expected));
        verified.wrong("assignments can be derived again", id, detail);
    }
}

fn check_counts(id: &str, stored: &[Block], verified: &mut Verified) {
    for block in stored {
        let findings = id_list::decode(&block.findings).count();
        if findings as u64 != block.count {
            verified.wrong(
                "an assignment block counts its findings",
                format!("{id}, block {}", block.id),
                format!("count {} with {findings} findings", block.count),
            );
        }
    }
}

/// A complete report's rows follow each other without a gap, and its bytes hash to its name.
fn check_reports(reader: &Reader, verified: &mut Verified) -> Result<(), StoreError> {
    let touched = reader.read(erase::touched_reports)?;
    for report in reader.read(|connection| reports::list(connection, None))? {
        verified.count("reports", 1);
        let name = format!("report {}", report.id);
        let chunks = reader.read(|connection| chunks::of_report(connection, report.id))?;
        let mut next_row = 1;
        for chunk in &chunks {
            if chunk.first_row != next_row {
                verified.wrong(
                    "rows follow each other without a gap",
                    &name,
                    format!("row {} where {next_row} should be", chunk.first_row),
                );
            }
            next_row = chunk.first_row + chunk.rows;
        }
        if report.state == ReportState::Taking {
            verified.count("reports that were interrupted", 1);
            continue;
        }
        if touched.binary_search(&report.id).is_ok() {
            verified.count("reports with erased bytes", 1);
            continue;
        }
        let originals = reader.read(|connection| reports::originals(connection, report.id))?;
        let plain = originals.is_empty();
        let members = reader.read(|connection| reports::members(connection, report.id))?;
        let last_hash = match (chunks.last(), members.first()) {
            (Some(last), _) => Some(last.prefix_hash),
            (None, Some(member)) => Some(*blake3::hash(&member.head).as_bytes()),
            (None, None) => None,
        };
        if plain && last_hash != report.content_hash {
            verified.wrong(
                "a report's bytes hash to its name",
                &name,
                "its last chunk ends with another hash",
            );
        }
        let mut frames = reader.frames()?;
        let mut hasher = blake3::Hasher::new();
        let mut raw = Vec::new();
        for frame in &originals {
            frames.read(*frame, &mut raw)?;
            hasher.update(&raw);
        }
        if !plain && Some(*hasher.finalize().as_bytes()) != report.content_hash {
            verified.wrong(
                "a report's bytes hash to its name",
                &name,
                "the stored container hashes to something else",
            );
        }
    }
    Ok(())
}

/// Told assignments name a notification that exists, and its messages say the same.
fn check_notifications(reader: &Reader, verified: &mut Verified) -> Result<(), StoreError> {
    let mut frames = reader.frames()?;
    let mut raw = Vec::new();
    let handed_over = reader.read(handovers::notifications)?;
    for fate in [Fate::Notified, Fate::SafetyNet, Fate::Undeliverable, Fate::Queued, Fate::HandedOver] {
        for block in reader.read(|connection| chunks::blocks(connection, &Blocks::WithFate(fate)))? {
            let Some(reference) = block.reference else {
                if fate != Fate::Queued {
                    verified.wrong(
                        "who was told names the notification",
                        format!("block {}", block.id),
                        fate,
                    );
                }
                continue;
            };
            let id = schakel_model::ids::NotificationId(reference);
            if handed_over.contains(&id) || fate == Fate::HandedOver {
                let parcels = reader.read(|connection| handovers::of_notification(connection, id))?;
                if !handover::agrees(&block, &parcels) {
                    let what = format!("block {} is {fate}", block.id);
                    verified.wrong("a fate agrees with the parcels", format!("N{reference}"), what);
                }
                continue;
            }
            let messages = reader.read(|connection| outbox::of_telling(connection, id))?;
            let accepted = messages.iter().any(|message| message.state == outbox::MessageState::Accepted);
            let unfinished = messages.iter().any(|message| message.finished_at.is_none());
            let holds = match fate {
                Fate::Notified | Fate::SafetyNet => accepted,
                Fate::Undeliverable => !accepted && !unfinished && !messages.is_empty(),
                _ => unfinished && !accepted,
            };
            if !holds {
                verified.wrong(
                    "a fate agrees with the messages",
                    format!("N{reference}"),
                    format!("block {} is {fate}", block.id),
                );
            }
        }
    }
    for block in reader.read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::Digest)))? {
        let overview = block.reference.map(schakel_model::ids::OverviewId);
        let stands = match overview {
            Some(id) => reader.read(|connection| overviews::get(connection, id))?.is_some(),
            None => false,
        };
        if !stands {
            verified.wrong(
                "what waits for an overview names it",
                format!("block {}", block.id),
                "no overview",
            );
        }
    }
    for notification in reader.read(|connection| outbox::notifications(connection, usize::MAX >> 1))? {
        verified.count("notifications", 1);
        for message in reader.read(|connection| outbox::of_notification(connection, notification.id))? {
            verified.count("messages", 1);
            if reader.read(|connection| erase::message_erased(connection, message.id))?.is_some() {
                verified.count("messages that were erased", 1);
                continue;
            }
            if let Err(error) = frames.read(message.frame, &mut raw) {
                verified.wrong("a message's bytes can be read", &message.message_id, error);
            }
        }
    }
    Ok(())
}

/// The audit log is a chain, and the register's versions are as it says.
fn check_audit(reader: &Reader, verified: &mut Verified) -> Result<(), StoreError> {
    let audited = crate::audit::verify(reader, None)?;
    verified.count("audit entries", audited.entries);
    for (about, what) in audited.problems {
        verified.wrong("the audit log is whole", about, what);
    }
    Ok(())
}
