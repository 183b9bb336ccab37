//! Runs the threads: the caller reads and cuts, workers digest, one thread decides and commits in order.

use std::{
    io::Read,
    sync::Arc,
    thread::{self, available_parallelism},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use schakel_model::{
    fate::Sums,
    finding::KeyMaker,
    ids::{FindingId, ReportId},
    tlp::Terms,
};
use schakel_parse::Plan;
use schakel_store::{
    Store, StoreError,
    chunks::{Chunk, NewChunk},
    frames::FrameRef,
    sightings::Mark,
};

use super::{
    decide::State,
    digest::{Digest, Digester, Shared},
    read::{ChunkReader, Cut},
    state::RegisterView,
    views::Views,
};

/// Chunks committed together when they are ready at the same moment: one sync for all.
const COMMIT_CHUNKS_MAX: usize = 6;
/// Chunks between the reader and the commit. Bounds memory: about twice [`super::read::CHUNK_BYTES`] each.
const IN_FLIGHT: usize = 2;
/// Marks are applied in one sorted pass at this many: 40 MB. In a shuffled report every pass writes all blocks: with half as many marks a
/// repeat of ten million rows writes 100 MB more.
pub const MARKS_MAX: usize = 5_000_000;
/// Marks that lie close together are applied at this many already: their blocks are written once either way, and 32 MB are saved.
const DENSE_MARKS: usize = 1_000_000;

/// The span of no marks.
pub const NO_SPAN: (FindingId, FindingId) = (FindingId(u32::MAX), FindingId(0));

/// What the data plane works with.
pub struct DataPlane {
    /// The one writer.
    pub store: Store,
    /// Findings in memory.
    pub state: State,
    /// Kinds and sets.
    pub shared: Arc<Shared>,
    /// The register in force, which may change while a report is taken in.
    pub views: Arc<Views>,
    /// Sightings not applied yet, and the chunks they came from.
    pub marks: Vec<Mark>,
    /// The lowest and the highest finding among those of this run.
    pub marks_span: (FindingId, FindingId),
    /// See [`DataPlane::marks`].
    pub mark_chunks: Vec<u32>,
}

/// Which member of which report is read, and how.
pub struct MemberJob<'a> {
    /// The report.
    pub report: ReportId,
    /// Which of its members.
    pub member: u32,
    /// How its rows are read.
    pub plan: Arc<Plan>,
    /// The number of its first row in the report.
    pub first_row: u32,
    /// The terms of what comes out.
    pub terms: Terms,
    /// When this happens, seconds since 1970.
    pub now: i64,
    /// Called after each commit.
    pub progress: &'a (dyn Fn(&Progress) + Sync),
}

/// How far a member has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Sums so far, with the fates that were given.
    pub sums: Sums,
    /// Findings that are new.
    pub new_findings: u64,
    /// Bytes of the member that are committed.
    pub bytes: u64,
}

impl Progress {
    /// Adds another part of the same report.
    pub fn add(&mut self, other: &Self) {
        self.sums.add(&other.sums);
        self.new_findings += other.new_findings;
        self.bytes += other.bytes;
    }
}

/// Why a run ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store refused a chunk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A chunk could not be packed.
    #[error("cannot pack raw rows: {0}")]
    Pack(#[source] std::io::Error),
    /// The system gave no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] std::io::Error),
    /// More rows than a report can number.
    #[error("the report has more than {} rows. Split it and take the parts in one by one", u32::MAX)]
    TooManyRows,
}

struct Digested {
    cut: Cut,
    first_row: u32,
    view: Arc<RegisterView>,
    packed: Vec<u8>,
    digest: Digest,
}

struct Job {
    cut: Cut,
    first_row: u32,
    /// The register that was in force when it was cut.
    view: Arc<RegisterView>,
    reply: Sender<Result<Digested, RunError>>,
}

impl DataPlane {
    /// Reads a member to its end, committing chunk by chunk.
    pub fn run(&mut self, job: &MemberJob<'_>, reader: &mut ChunkReader<'_>) -> Result<Progress, RunError> {
        let workers = available_parallelism().map_or(2, usize::from).clamp(2, 8);
        let (jobs, job_queue) = bounded::<Job>(1);
        let (order, replies) = bounded::<Receiver<Result<Digested, RunError>>>(IN_FLIGHT);
        let (spare_sender, spares) = bounded::<Vec<u8>>(IN_FLIGHT);
        let (views, shared) = (Arc::clone(&self.views), Arc::clone(&self.shared));
        let keys = KeyMaker::new(self.store.secret());
        thread::scope(|scope| {
            for _ in 0..workers {
                let (job_queue, shared, keys) = (job_queue.clone(), &shared, keys.clone());
                let work = move || work(&job.plan, shared, keys, &job_queue);
                spawn(scope, "digest", work)?;
            }
            drop(job_queue);
            let committer = spawn(scope, "commit", || self.commit_all(job, replies, spare_sender))?;
            let cut_all = cut_all(job, reader, &views, jobs, order, &spares);
            let committed = committer.join().expect("the committing thread does not panic");
            // The cause of a broken channel is on the other side: its error comes first.
            let progress = committed?;
            cut_all.map(|()| progress)
        })
    }

    fn commit_all(
        &mut self,
        job: &MemberJob<'_>,
        replies: Receiver<Receiver<Result<Digested, RunError>>>,
        spares: Sender<Vec<u8>>,
    ) -> Result<Progress, RunError> {
        let mut decided_by = None;
        let mut progress = Progress::default();
        let mut batch: Vec<NewChunk> = Vec::with_capacity(COMMIT_CHUNKS_MAX);
        let mut marks: Vec<Mark> = Vec::new();
        while let Ok(reply) = replies.recv() {
            let mut next = Some(reply);
            while let Some(reply) = next.take() {
                // The worker answers, or its thread has panicked and the scope will say so.
                let Ok(digested) = reply.recv() else { break };
                let digested = digested?;
                let version = digested.view.register.version;
                if decided_by.replace(version) != Some(version) {
                    self.state.forget_transitions();
                }
                let (chunk, new_marks, bytes) = self.decide(job, digested, &mut progress);
                marks.extend(new_marks);
                batch.push(chunk);
                // Nobody to take it is fine: the buffer is dropped.
                let _ = spares.try_send(bytes);
                if batch.len() < COMMIT_CHUNKS_MAX {
                    next = replies.try_recv().ok();
                }
            }
            self.commit(&mut batch, &mut marks)?;
            (job.progress)(&progress);
        }
        Ok(progress)
    }

    fn decide(
        &mut self,
        job: &MemberJob<'_>,
        digested: Digested,
        progress: &mut Progress,
    ) -> (NewChunk, Vec<Mark>, Vec<u8>) {
        let Digested { cut, first_row, view, packed, digest } = digested;
        let fate_of = |assignee, all: &[_]| view.fate_of(assignee, all, job.terms, job.now);
        let decision = self.state.decide(&digest, &self.shared, job.report, first_row, &fate_of);
        progress.sums.add(&decision.sums);
        progress.new_findings += decision.findings.len() as u64;
        progress.bytes = cut.end_offset;
        let chunk = Chunk {
            id: 0,
            report: job.report,
            member: job.member,
            first_row,
            rows: digest.rows.len() as u32,
            first_line: cut.first_line,
            end_line: cut.end_line,
            starts_skipping: cut.starts_skipping,
            ends_skipping: cut.ends_skipping,
            end_offset: cut.end_offset,
            prefix_hash: cut.prefix_hash,
            frame: FrameRef { segment: 0, offset: 0, length: 0, raw_length: cut.bytes.len() as u32 },
            register_version: view.register.version,
            committed_at: job.now,
            sums: decision.sums,
            first_finding: decision.first_finding,
            new_findings: decision.findings.len() as u32,
            sightings_applied: false,
        };
        let new = NewChunk {
            chunk,
            packed,
            blobs: decision.blobs,
            findings: decision.findings,
            kinds: Vec::new(),
            sets: Vec::new(),
            blocks: decision.blocks,
        };
        (new, decision.marks, cut.bytes)
    }

    fn commit(&mut self, batch: &mut Vec<NewChunk>, marks: &mut Vec<Mark>) -> Result<(), StoreError> {
        let Some(first) = batch.first_mut() else { return Ok(()) };
        // What a later chunk refers to may be stored with an earlier one, never after.
        first.kinds = self
            .shared
            .kinds
            .take_new()
            .into_iter()
            .map(|(number, kind)| (schakel_model::ids::KindId(number), kind))
            .collect();
        first.sets = self.shared.sets.take_new();
        self.store.commit_chunks(batch)?;
        self.mark_chunks.extend(batch.drain(..).map(|new| new.chunk.id));
        for mark in marks.iter() {
            self.marks_span = (self.marks_span.0.min(mark.finding), self.marks_span.1.max(mark.finding));
        }
        self.marks.append(marks);
        let (first, last) = self.marks_span;
        let dense = self.marks.len() >= DENSE_MARKS && ((last.0 - first.0) as usize) < 2 * self.marks.len();
        if dense || self.marks.len() >= MARKS_MAX { self.apply_sightings() } else { Ok(()) }
    }

    /// Brings the sighting blocks up to date.
    pub fn apply_sightings(&mut self) -> Result<(), StoreError> {
        self.store.apply_sightings(&mut self.marks, &self.mark_chunks)?;
        self.marks.clear();
        self.marks_span = NO_SPAN;
        self.mark_chunks.clear();
        Ok(())
    }
}

/// A thread with a name, so that a profile can be read.
fn spawn<'scope, 'env, T: Send + 'scope>(
    scope: &'scope thread::Scope<'scope, 'env>,
    name: &str,
    act: impl FnOnce() -> T + Send + 'scope,
) -> Result<thread::ScopedJoinHandle<'scope, T>, RunError> {
    thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, act).map_err(RunError::Thread)
}

fn cut_all(
    job: &MemberJob<'_>,
    reader: &mut ChunkReader<'_>,
    views: &Views,
    jobs: Sender<Job>,
    order: Sender<Receiver<Result<Digested, RunError>>>,
    spares: &Receiver<Vec<u8>>,
) -> Result<(), RunError> {
    let mut first_row = job.first_row;
    while let Some(cut) = reader.next(spares.try_recv().unwrap_or_default()) {
        let rows = u32::try_from(cut.records.len()).map_err(|_| RunError::TooManyRows)?;
        let next_row = first_row.checked_add(rows).ok_or(RunError::TooManyRows)?;
        let (reply, answer) = bounded(1);
        // A closed channel means that the committing thread has stopped with an error, which the caller reports.
        let job = Job { cut, first_row, view: views.current(), reply };
        if order.send(answer).is_err() || jobs.send(job).is_err() {
            break;
        }
        first_row = next_row;
    }
    Ok(())
}

fn work(plan: &Plan, shared: &Shared, keys: KeyMaker, jobs: &Receiver<Job>) {
    let mut digester = match Digester::new(keys) {
        Ok(digester) => digester,
        Err(error) => {
            if let Ok(job) = jobs.recv() {
                let _ = job.reply.send(Err(RunError::Pack(error)));
            }
            return;
        }
    };
    while let Ok(Job { cut, first_row, view, reply }) = jobs.recv() {
        let digested = digester.pack(&cut.bytes).map_err(RunError::Pack).map(|packed| {
            let digest = digester.digest(plan, &view.snapshot, shared, &cut.bytes, &cut.records);
            Digested { cut, first_row, view, packed, digest }
        });
        // Nobody waits any more when the committing thread has stopped.
        let _ = reply.send(digested);
    }
}

/// Reads all of an input into BLAKE3: the name of its bytes.
pub fn hash_all(input: &mut dyn Read) -> std::io::Result<([u8; 32], u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            return Ok((*hasher.finalize().as_bytes(), length));
        }
        hasher.update(&buffer[..read]);
        length += read as u64;
    }
}
