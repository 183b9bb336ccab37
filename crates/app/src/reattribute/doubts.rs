//! The two passes over the stored rows: the last sighting of each finding, and the assignments that it does not bear out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Mutex,
};

use foldhash::fast::RandomState;
use schakel_model::{assignment::Assignee, fate::Fate, ids::FindingId, observation::ObservedAt};
use schakel_store::{
    StoreError,
    chunks::{self, Block, Blocks, Chunk},
    id_list,
};

use super::{
    Look,
    worker::{Doubt, Members, NOBODY, Worker},
};
use crate::pipeline::replay::{Replayed, replay};

/// The last sighting of a finding among the rows that were looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct Last {
    pub(super) observed_at: ObservedAt,
    /// 0: not seen.
    pub(super) chunk: u32,
    /// Those concerned.
    pub(super) concerned: u32,
}

/// Assignments in doubt, by chunk, and those that stand beside what counts as told.
#[derive(Default)]
pub(super) struct Doubtful {
    pub(super) doubts: BTreeMap<u32, Vec<Doubt>>,
    /// Assigned, and not told: nobody could be.
    pub(super) untold: HashMap<FindingId, Vec<Assignee>, RandomState>,
}

/// What was found out about the assignments in doubt.
#[derive(Default)]
pub(super) struct Weighed {
    /// By finding: who has nothing but wrong assignments, with their blocks.
    pub(super) wrong: HashMap<FindingId, Vec<(Assignee, i64)>, RandomState>,
    /// Blocks of nobody that are wrong for this finding.
    pub(super) nobody: HashMap<FindingId, Vec<i64>, RandomState>,
}

impl<'a> Look<'a> {
    /// What makes workers; none of it is the reader, which stays with its thread.
    fn workers(&self) -> impl Fn() -> Worker<'a> + Sync + use<'a> {
        let (view, sets, now, gone) = (self.view, self.sets, self.wanted.now, self.gone);
        move || Worker::new(view, sets, now, gone)
    }

    /// For each finding seen in these chunks its last sighting.
    pub(super) fn last_sightings(
        &self,
        chunks: &[Chunk],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Last>, StoreError> {
        let last = Mutex::new(vec![Last::default(); self.table.len() as usize]);
        let act = |worker: &mut Worker<'_>, replayed: &Replayed<'_>| {
            worker.read(replayed)?;
            let chunk = replayed.chunk.id;
            let mut last = last.lock().expect("no thread panics while it holds this lock");
            for (finding, observed_at, concerned) in worker.rows.drain(..) {
                let known = last.get_mut(finding.0 as usize).ok_or_else(|| StoreError::Damaged {
                    what: format!("chunk {chunk} names the finding F{finding}, which does not exist"),
                })?;
                // Of two at the same time the one that came in later counts.
                if (observed_at, chunk) >= (known.observed_at, known.chunk) {
                    *known = Last { observed_at, chunk, concerned };
                }
            }
            Ok(())
        };
        replay(self.reader, chunks, self.workers(), act, progress)?;
        Ok(last.into_inner().expect("no thread panics while it holds this lock"))
    }

    /// The assignments that the last sighting does not bear out.
    pub(super) fn doubtful(&self, chunks: &[Chunk], last: &[Last]) -> Result<Doubtful, StoreError> {
        let mut doubtful = Doubtful::default();
        // Pairs of sets are few: whom of those told the last sighting does not concern.
        let mut gone: HashMap<(u32, u32), Vec<Assignee>, RandomState> = HashMap::default();
        let mut pairs: HashSet<(FindingId, Assignee), RandomState> = HashSet::default();
        for (finding, last) in (0..).map(FindingId).zip(last).filter(|(_, last)| last.chunk > 0) {
            let told = self.table.told(finding);
            if told == last.concerned {
                continue;
            }
            let gone = gone.entry((told, last.concerned)).or_insert_with(|| {
                let concerned = self.sets.value(last.concerned);
                self.sets.value(told).into_iter().filter(|assignee| !concerned.contains(assignee)).collect()
            });
            pairs.extend(gone.iter().map(|assignee| (finding, *assignee)));
        }
        let mut members = Members::new(self.sets);
        let mut doubt = |block: &Block, finding| {
            let doubt = Doubt { finding, assignee: block.assignee, block: block.id };
            doubtful.doubts.entry(block.chunk).or_default().push(doubt);
        };
        for chunk in chunks {
            for block in
                self.reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(chunk.id)))?
            {
                if block.fate == Fate::Withdrawn {
                    continue;
                }
                let findings: BTreeSet<FindingId> = id_list::decode(&block.findings).collect();
                for finding in findings {
                    let Some(last) = last.get(finding.0 as usize).filter(|last| last.chunk > 0) else {
                        continue;
                    };
                    match block.assignee {
                        None if last.concerned == NOBODY => {}
                        None => doubt(&block, finding),
                        Some(assignee) if members.has(self.table.told(finding), assignee) => {}
                        Some(assignee) => {
                            let untold = doubtful.untold.entry(finding).or_default();
                            if !untold.contains(&assignee) {
                                untold.push(assignee);
                            }
                            if !members.has(last.concerned, assignee) {
                                pairs.insert((finding, assignee));
                            }
                        }
                    }
                }
            }
        }
        if pairs.is_empty() {
            return Ok(doubtful);
        }
        // Who was told long ago is told by a block from before: one walk over all blocks finds them.
        let assignees: HashSet<Assignee, RandomState> = pairs.iter().map(|(_, assignee)| *assignee).collect();
        self.reader.read(|connection| {
            chunks::for_each_block(connection, |block| {
                let Some(assignee) = block.assignee.filter(|assignee| assignees.contains(assignee)) else {
                    return;
                };
                let findings: BTreeSet<FindingId> = id_list::decode(&block.findings).collect();
                for finding in findings.into_iter().filter(|finding| pairs.contains(&(*finding, assignee))) {
                    doubt(&block, finding);
                }
            })
        })?;
        Ok(doubtful)
    }

    /// Reads the chunks that gave the assignments in doubt.
    pub(super) fn weigh(&self, doubts: &BTreeMap<u32, Vec<Doubt>>) -> Result<Weighed, StoreError> {
        let mut chunks = Vec::new();
        for id in doubts.keys() {
            chunks.extend(self.reader.read(|connection| chunks::by_id(connection, *id))?);
        }
        let act = |worker: &mut Worker<'_>, replayed: &Replayed<'_>| {
            worker.read(replayed)?;
            worker.weigh(&doubts[&replayed.chunk.id]);
            Ok(())
        };
        let workers = replay(self.reader, &chunks, self.workers(), act, &|_| ())?;
        let right: HashSet<(FindingId, Assignee), RandomState> =
            workers.iter().flat_map(|worker| worker.right.iter().copied()).collect();
        let mut weighed = Weighed::default();
        for (finding, assignee, block) in workers.into_iter().flat_map(|worker| worker.wrong) {
            match assignee {
                None => weighed.nobody.entry(finding).or_default().push(block),
                Some(assignee) if right.contains(&(finding, assignee)) => {}
                Some(assignee) => weighed.wrong.entry(finding).or_default().push((assignee, block)),
            }
        }
        Ok(weighed)
    }
}
