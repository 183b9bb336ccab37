//! Stored chunks read again by worker threads, for questions over many of them: what would have become of the events.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    thread,
};

use foldhash::fast::RandomState;
use schakel_attribute::{Scratch, Snapshot};
use schakel_model::{
    assignment::AssignmentSet,
    ids::{EventId, FindingId},
    observation::Observation,
};
use schakel_parse::Plan;
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Chunk},
    fate_blob::{self, RowFate},
};

use super::{
    derive::{DerivedChunk, Deriver},
    interner::Interner,
};

/// A chunk that was read again.
pub struct Replayed<'a> {
    /// Where it stands.
    pub chunk: &'a Chunk,
    /// A reader of the thread's own.
    pub reader: &'a Reader,
    plan: &'a Plan,
    derived: &'a DerivedChunk,
    fates: Vec<u8>,
    /// Rows of the report were blanked.
    touched: bool,
}

impl Replayed<'_> {
    /// Calls `visit` with each event: its name, its finding, and what was observed. Other rows are not even read.
    pub fn for_each_event(
        &self,
        mut visit: impl FnMut(EventId, FindingId, &Observation<'_>),
    ) -> Result<(), StoreError> {
        for (at, fate) in fate_blob::read(&self.fates).enumerate() {
            let damaged = |what| StoreError::Damaged { what: format!("chunk {}: {what}", self.chunk.id) };
            let RowFate::Event(finding) = fate.map_err(damaged)? else { continue };
            let event = EventId { report: self.chunk.report, row: self.chunk.first_row + at as u32 };
            let observed = self.derived.record(at).and_then(|record| self.plan.observe(record).ok());
            if observed.is_none() && self.touched {
                continue;
            }
            let observation =
                observed.ok_or_else(|| damaged(format!("row {event} was an event and cannot be read")))?;
            visit(event, finding, &observation);
        }
        Ok(())
    }
}

/// Numbers for sets of assignees: a cache of the thread's own before the shared numbers.
#[derive(Default)]
pub struct SetNumbers {
    scratch: Scratch,
    known: HashMap<AssignmentSet, u32, RandomState>,
    last: (AssignmentSet, u32),
}

impl SetNumbers {
    /// The number of the set of those an observation concerns; 0 is nobody when `sets` begins with the empty set.
    pub fn number(
        &mut self,
        snapshot: &Snapshot,
        sets: &Interner<AssignmentSet>,
        observation: &Observation<'_>,
    ) -> u32 {
        let assignees = snapshot.assign(observation, &mut self.scratch);
        if self.last.0 == assignees && !assignees.is_empty() {
            return self.last.1;
        }
        let number = match self.known.get(assignees) {
            Some(number) => *number,
            None => {
                let set = assignees.to_vec();
                let number = sets.number(&set);
                self.known.insert(set, number);
                number
            }
        };
        self.last.0.clear();
        self.last.0.extend_from_slice(assignees);
        self.last.1 = number;
        number
    }

    /// Does the table hold anything for this observation?
    pub fn concerns_anybody(&mut self, snapshot: &Snapshot, observation: &Observation<'_>) -> bool {
        !snapshot.assign(observation, &mut self.scratch).is_empty()
    }
}

/// Reads chunks again on all cores. Each worker has a state of its own, made by `make` and given back at the end; it gets its chunks in
/// their order. `progress` hears how many rows were read.
pub fn replay<W: Send>(
    reader: &Reader,
    chunks: &[Chunk],
    make: impl Fn() -> W + Sync,
    act: impl Fn(&mut W, &Replayed<'_>) -> Result<(), StoreError> + Sync,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<W>, StoreError> {
    let workers = thread::available_parallelism().map_or(2, usize::from).clamp(1, 8);
    let (next, rows, failed) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let data = reader.data();
    let work = || -> Result<W, StoreError> {
        let mut state = make();
        let own = Reader::open(data)?;
        let mut deriver = Deriver::new(Reader::open(data)?)?;
        let mut derived = DerivedChunk::default();
        while let Some(chunk) = chunks.get(next.fetch_add(1, Relaxed)) {
            if failed.load(Relaxed) {
                break;
            }
            if chunk.sums.events > 0 && !deriver.is_erased(chunk.report) {
                let touched = deriver.is_touched(chunk.report);
                let plan = deriver.chunk(chunk, &mut derived)?;
                let fates = own.read(|connection| chunks::fates(connection, chunk.id))?;
                act(
                    &mut state,
                    &Replayed { chunk, reader: &own, plan: &plan, derived: &derived, fates, touched },
                )?;
            }
            progress(rows.fetch_add(u64::from(chunk.rows), Relaxed) + u64::from(chunk.rows));
        }
        Ok(state)
    };
    thread::scope(|scope| {
        let noted = || work().inspect_err(|_| failed.store(true, Relaxed));
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(noted)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a replaying thread does not panic")).collect()
    })
}
