//! Sets assignments right after the register was: finds the findings whose assignments say something else than the register says now, and
//! corrects them.
//!
//! Two passes over the stored rows. The first reads what was taken in since a time and attributes it under the register of now: for each
//! finding its last sighting counts. The second reads only the chunks that gave the assignments in doubt: one that some sighting in
//! that chunk still bears out was right when it was made, and stays.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex},
};

use foldhash::fast::RandomState;
use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    fate::Fate,
    ids::{FindingId, OrganisationId, ReportId},
    observation::{Endpoint, ObservedAt},
    tlp::Tlp,
};
use schakel_rules::{
    correction::{Corrected, Standing, correct},
    rerouting::Concern,
};
use schakel_store::{
    Reader, Store, StoreError,
    chunks::{self, Block, Blocks, Chunk, NewBlock},
    corrections::{AddedBlock, Item, NewCorrection, Nobody, Recall, Shape, Withdrawal},
    findings, id_list,
};

use crate::{
    difference::{Difference, Example, Met, Named, Tally, report},
    events::target,
    explain::organisation_name,
    pipeline::{
        digest::Shared,
        interner::Interner,
        key_table::KeyTable,
        replay::{Replayed, SetNumbers, replay},
        state::{self, RegisterView},
    },
    whatif::markings,
};

/// Findings in one correction: a transaction of a second or two.
pub const FINDINGS_IN_CORRECTION: usize = 50_000;

/// What is to be corrected.
pub struct Wanted {
    /// What was taken in from this time on is looked at, seconds since 1970.
    pub since: i64,
    /// Only what this organisation loses or gets.
    pub organisation: Option<OrganisationId>,
    /// Now, in seconds since 1970.
    pub now: i64,
    /// Examples of each group in the report.
    pub examples: usize,
}

/// What will be done.
pub struct Planned {
    /// What is different.
    pub difference: Difference,
    /// Assignments that are taken back.
    pub withdrawn: u64,
    /// Assignments that are given.
    pub added: u64,
    parts: Vec<Part>,
    shared: Arc<Shared>,
}

/// What happens to one finding.
struct Part {
    item: Item,
    report: ReportId,
    /// New assignments, with their fates.
    added: Vec<(Option<Assignee>, Fate)>,
    /// Blocks in which it is taken back.
    withdrawn: Vec<(i64, Recall)>,
}

/// The last sighting of a finding among the rows that were looked at.
#[derive(Clone, Copy, Default)]
struct Last {
    observed_at: ObservedAt,
    /// 0: not seen.
    chunk: u32,
    /// Those concerned.
    concerned: u32,
}

/// Numbers of sets after whoever took over has come in the place of the one that the register names.
struct InPlace<'a> {
    view: &'a RegisterView,
    sets: &'a Interner<AssignmentSet>,
    now: i64,
    known: HashMap<u32, u32, RandomState>,
}

impl InPlace<'_> {
    fn of(&mut self, set: u32) -> u32 {
        let Self { view, sets, now, .. } = *self;
        *self.known.entry(set).or_insert_with(|| {
            let mut placed = sets.value(set);
            for assignee in &mut placed {
                assignee.organisation = view.successors.at(assignee.organisation, now);
            }
            placed.sort_unstable();
            placed.dedup();
            sets.number(&placed)
        })
    }
}

/// Who is in which set: asked for every assignment, so that a cache of the thread's own stands before the shared numbers.
struct Members<'a> {
    sets: &'a Interner<AssignmentSet>,
    known: HashMap<(u32, Assignee), bool, RandomState>,
}

impl<'a> Members<'a> {
    fn new(sets: &'a Interner<AssignmentSet>) -> Self {
        Self { sets, known: HashMap::default() }
    }

    fn has(&mut self, set: u32, assignee: Assignee) -> bool {
        let sets = self.sets;
        set != NOBODY
            && *self.known.entry((set, assignee)).or_insert_with(|| sets.value(set).contains(&assignee))
    }
}

/// The number of the empty set.
const NOBODY: u32 = 0;

/// What a worker has of its own.
struct Worker<'a> {
    numbers: SetNumbers,
    in_place: InPlace<'a>,
    members: Members<'a>,
    /// Findings of the chunk at hand, with those whom their rows concern.
    rows: Vec<(FindingId, ObservedAt, u32)>,
    /// Assignments that some sighting bears out.
    right: Vec<(FindingId, Assignee)>,
    /// Assignments that none does, by block.
    wrong: Vec<(FindingId, Option<Assignee>, i64)>,
}

impl<'a> Worker<'a> {
    fn new(view: &'a RegisterView, sets: &'a Interner<AssignmentSet>, now: i64) -> Self {
        Self {
            numbers: SetNumbers::default(),
            in_place: InPlace { view, sets, now, known: HashMap::default() },
            members: Members::new(sets),
            rows: Vec::new(),
            right: Vec::new(),
            wrong: Vec::new(),
        }
    }

    fn read(&mut self, replayed: &Replayed<'_>) -> Result<(), StoreError> {
        self.rows.clear();
        let Self { numbers, in_place, rows, .. } = self;
        replayed.for_each_event(|_, finding, observation| {
            let set = numbers.number(&in_place.view.snapshot, in_place.sets, observation);
            rows.push((finding, observation.observed_at, in_place.of(set)));
        })
    }

    /// Weighs the assignments in doubt of a chunk that was read.
    fn weigh(&mut self, doubts: &[Doubt]) {
        self.rows.sort_unstable();
        for doubt in doubts {
            let first = self.rows.partition_point(|row| row.0 < doubt.finding);
            let mut rows = self.rows[first..].iter().take_while(|row| row.0 == doubt.finding);
            let members = &mut self.members;
            let borne_out = rows.any(|(_, _, set)| {
                doubt.assignee.map_or(*set == NOBODY, |assignee| members.has(*set, assignee))
            });
            match (borne_out, doubt.assignee) {
                (true, Some(assignee)) => self.right.push((doubt.finding, assignee)),
                (true, None) => {}
                (false, assignee) => self.wrong.push((doubt.finding, assignee, doubt.block)),
            }
        }
    }
}

/// An assignment that may be wrong.
#[derive(Clone, Copy)]
struct Doubt {
    finding: FindingId,
    assignee: Option<Assignee>,
    block: i64,
}

/// Looks at what was taken in since the time, and says what is to be done. `progress` hears how many rows were read.
pub fn plan(
    reader: &Reader,
    view: &RegisterView,
    wanted: &Wanted,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Planned, StoreError> {
    let shared = Arc::new(state::shared(reader)?);
    let table = state::decision_state(reader)?.table;
    let chunks = reader.read(|connection| chunks::committed_since(connection, wanted.since))?;
    let look = Look { reader, view, wanted, sets: &shared.sets, table: &table };
    let last = look.last_sightings(&chunks, progress)?;
    let doubtful = look.doubtful(&chunks, &last)?;
    let weighed = look.weigh(&doubtful.doubts)?;
    let parts = look.parts(&chunks, &last, &doubtful, &weighed)?;
    let difference = look.report(&parts, &doubtful)?;
    let events = chunks.iter().map(|chunk| chunk.sums.events).sum();
    Ok(Planned {
        difference: Difference { events, ..difference },
        withdrawn: parts.iter().map(|part| part.withdrawn.len() as u64).sum(),
        added: parts.iter().map(|part| part.added.len() as u64).sum(),
        parts,
        shared,
    })
}

/// Assignments in doubt, by chunk, and those that stand beside what counts as told.
#[derive(Default)]
struct Doubtful {
    doubts: BTreeMap<u32, Vec<Doubt>>,
    /// Assigned, and not told: nobody could be.
    untold: HashMap<FindingId, Vec<Assignee>, RandomState>,
}

/// What was found out about the assignments in doubt.
#[derive(Default)]
struct Weighed {
    /// By finding: who has nothing but wrong assignments, with their blocks.
    wrong: HashMap<FindingId, Vec<(Assignee, i64)>, RandomState>,
    /// Blocks of nobody that are wrong for this finding.
    nobody: HashMap<FindingId, Vec<i64>, RandomState>,
}

struct Look<'a> {
    reader: &'a Reader,
    view: &'a RegisterView,
    wanted: &'a Wanted,
    sets: &'a Interner<AssignmentSet>,
    table: &'a KeyTable,
}

impl<'a> Look<'a> {
    /// What makes workers; none of it is the reader, which stays with its thread.
    fn workers(&self) -> impl Fn() -> Worker<'a> + Sync + use<'a> {
        let (view, sets, now) = (self.view, self.sets, self.wanted.now);
        move || Worker::new(view, sets, now)
    }

    /// For each finding seen in these chunks its last sighting.
    fn last_sightings(
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
    fn doubtful(&self, chunks: &[Chunk], last: &[Last]) -> Result<Doubtful, StoreError> {
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
    fn weigh(&self, doubts: &BTreeMap<u32, Vec<Doubt>>) -> Result<Weighed, StoreError> {
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

    /// What happens to each finding, by chunk and finding.
    fn parts(
        &self,
        chunks: &[Chunk],
        last: &[Last],
        doubtful: &Doubtful,
        weighed: &Weighed,
    ) -> Result<Vec<Part>, StoreError> {
        let markings = markings(self.reader, chunks)?;
        let places: HashMap<u32, (ReportId, Tlp), RandomState> = chunks
            .iter()
            .map(|chunk| {
                let tlp = markings.get(&(chunk.report, chunk.member)).copied().unwrap_or(Tlp::Red);
                (chunk.id, (chunk.report, tlp))
            })
            .collect();
        let mut parts = Vec::new();
        for (finding, last) in (0..).map(FindingId).zip(last).filter(|(_, last)| last.chunk > 0) {
            let told = self.table.told(finding);
            let wrong = weighed.wrong.get(&finding);
            let nobody = weighed.nobody.get(&finding);
            if told == last.concerned && wrong.is_none() && nobody.is_none() {
                continue;
            }
            let (report, tlp) = places[&last.chunk];
            let part =
                self.part(finding, last, told, wrong, nobody, doubtful.untold.get(&finding), report, tlp);
            parts.extend(part.filter(|part| self.is_wanted(part)));
        }
        parts.sort_unstable_by_key(|part| part.item);
        Ok(parts)
    }

    #[allow(clippy::too_many_arguments)] // All that is known of one finding.
    fn part(
        &self,
        finding: FindingId,
        last: &Last,
        told_before: u32,
        wrong: Option<&Vec<(Assignee, i64)>>,
        nobody: Option<&Vec<i64>>,
        untold: Option<&Vec<Assignee>>,
        report: ReportId,
        tlp: Tlp,
    ) -> Option<Part> {
        let told = self.sets.value(told_before);
        let concerned = self.sets.value(last.concerned);
        let assigned: AssignmentSet = told.iter().chain(untold.into_iter().flatten()).copied().collect();
        let wrong = wrong.map_or(&[][..], Vec::as_slice);
        let mut wrong_assignees: AssignmentSet = wrong.iter().map(|(assignee, _)| *assignee).collect();
        wrong_assignees.sort_unstable();
        wrong_assignees.dedup();
        let corrected = correct(&Standing {
            told: &told,
            assigned: &assigned,
            wrong: &wrong_assignees,
            nobody_wrong: nobody.is_some(),
            concerned: &concerned,
        });
        if corrected.is_empty() {
            return None;
        }
        let fate = |assignee: Option<Assignee>| self.view.fate_of(assignee, &concerned, tlp, self.wanted.now);
        let told_after = corrected.told(&told, |assignee| fate(Some(*assignee)) != Fate::NoContact);
        let mut added: Vec<_> =
            corrected.added.iter().map(|assignee| (Some(*assignee), fate(Some(*assignee)))).collect();
        if corrected.nobody_added {
            added.push((None, fate(None)));
        }
        let taken = wrong.iter().filter(|(assignee, _)| corrected.withdrawn.contains(assignee));
        let mut withdrawn: Vec<_> =
            taken.map(|(assignee, block)| (*block, self.recall(assignee, &concerned))).collect();
        if corrected.nobody_withdrawn {
            withdrawn.extend(nobody.into_iter().flatten().map(|block| (*block, Recall::NotNeeded)));
        }
        let Corrected { withdrawn: withdrawn_set, added: added_set, .. } = &corrected;
        let shape = Shape {
            told_before,
            told_after: self.sets.number(&told_after),
            concerned: last.concerned,
            withdrawn: self.sets.number(withdrawn_set),
            added: self.sets.number(added_set),
            nobody: match (corrected.nobody_withdrawn, corrected.nobody_added) {
                (true, _) => Nobody::Withdrawn,
                (false, true) => Nobody::Added,
                (false, false) => Nobody::Stays,
            },
        };
        Some(Part { item: Item { chunk: last.chunk, finding, shape }, report, added, withdrawn })
    }

    /// Whoever goes on under another name need not delete what it was told.
    fn recall(&self, assignee: &Assignee, concerned: &[Assignee]) -> Recall {
        let successor = self.view.successors.at(assignee.organisation, self.wanted.now);
        let goes_on = successor != assignee.organisation
            && concerned.iter().any(|concerned| concerned.organisation == successor);
        if goes_on { Recall::NotNeeded } else { Recall::IfTold }
    }

    fn is_wanted(&self, part: &Part) -> bool {
        let Some(organisation) = self.wanted.organisation else { return true };
        let has = |set| self.sets.value(set).iter().any(|assignee| assignee.organisation == organisation);
        has(part.item.shape.withdrawn) || has(part.item.shape.added)
    }

    /// The same report as that of `schakel whatif`.
    fn report(&self, parts: &[Part], doubtful: &Doubtful) -> Result<Difference, StoreError> {
        let kinds = self.reader.read(findings::kinds)?;
        let mut met: Vec<Met> = Vec::new();
        let mut known: HashMap<_, Option<u32>, RandomState> = HashMap::default();
        let mut tally = Tally::default();
        for part in parts {
            let (finding, shape) = (part.item.finding, part.item.shape);
            let untold = doubtful.untold.get(&finding).cloned().unwrap_or_default();
            let number = *known.entry((shape, untold.clone(), part.added.clone())).or_insert_with(|| {
                let (before, after) = self.concerns(shape, &untold, &part.added);
                // None when only what was nobody's is taken back, of a finding whose owner knows it since.
                Met::between(&before, &after).map(|different| {
                    met.push(different);
                    met.len() as u32 - 1
                })
            });
            let Some(number) = number else { continue };
            tally.count(number, finding, self.wanted.examples, || {
                let stored = self.reader.read(|connection| findings::get(connection, finding)).ok().flatten();
                example(part, stored, &kinds)
            });
        }
        Ok(report(&met, vec![tally], self.wanted.examples, &|id| {
            let (code, name) = organisation_name(&self.view.register, id);
            Named { code: code.to_owned(), name: name.to_owned() }
        }))
    }

    /// Whom a finding concerned by its assignments, and whom it concerns when they are corrected.
    fn concerns(
        &self,
        shape: Shape,
        untold: &[Assignee],
        added: &[(Option<Assignee>, Fate)],
    ) -> (Vec<Concern>, Vec<Concern>) {
        let told = |assignee| Concern { assignee, fate: Fate::Queued };
        let mut before: Vec<Concern> = self.sets.value(shape.told_before).into_iter().map(told).collect();
        before.extend(untold.iter().map(|assignee| Concern { assignee: *assignee, fate: Fate::NoContact }));
        let withdrawn = self.sets.value(shape.withdrawn);
        let kept = before.iter().filter(|concern| !withdrawn.contains(&concern.assignee)).copied();
        let new =
            added.iter().filter_map(|(assignee, fate)| Some(Concern { assignee: (*assignee)?, fate: *fate }));
        let after = kept.chain(new).collect();
        (before, after)
    }
}

fn example(part: &Part, stored: Option<findings::Finding>, kinds: &[findings::Kind]) -> Example {
    let finding = part.item.finding;
    let Some(stored) = stored.map(|stored| stored.first) else {
        return Example { finding: format!("F{finding}"), ..Example::default() };
    };
    let endpoint = Endpoint {
        ip: stored.ip,
        port: stored.port,
        fqdn: stored.name.unwrap_or_default().into(),
        ..Endpoint::default()
    };
    Example {
        order: (stored.event.report.0, stored.event.row),
        event: stored.event.to_string(),
        finding: format!("F{finding}"),
        kind: kinds.get(stored.kind.0 as usize).map(|kind| kind.identifier.clone()).unwrap_or_default(),
        target: target(&endpoint),
        observed_at: stored.first_seen.timestamp().to_string(),
    }
}

/// Who corrects, and why.
pub struct By<'a> {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// The first correction, which names the run.
    pub run: Option<u32>,
    /// How many corrections.
    pub corrections: u32,
    /// Findings that were corrected.
    pub findings: u64,
}

/// Does what was planned, correction by correction. Broken off, it goes on where it was when it is planned again.
pub fn carry_out(
    store: &mut Store,
    view: &RegisterView,
    planned: &Planned,
    by: &By<'_>,
    progress: &dyn Fn(u64),
) -> Result<Done, StoreError> {
    let mut done = Done::default();
    for parts in planned.parts.chunks(FINDINGS_IN_CORRECTION) {
        let new = NewCorrection {
            run: done.run,
            at: by.at,
            actor: by.actor,
            reason: by.reason,
            register_version: view.register.version,
            items: parts.iter().map(|part| part.item).collect(),
            sets: planned.shared.sets.take_new(),
            withdrawals: withdrawals(parts),
            blocks: blocks(parts),
        };
        let id = store.commit_correction(&new)?;
        done.run.get_or_insert(id);
        done.corrections += 1;
        done.findings += parts.len() as u64;
        progress(done.findings);
    }
    Ok(done)
}

fn withdrawals(parts: &[Part]) -> Vec<Withdrawal> {
    let mut by_block: BTreeMap<(i64, bool), Vec<FindingId>> = BTreeMap::new();
    for part in parts {
        for (block, recall) in &part.withdrawn {
            by_block.entry((*block, *recall == Recall::IfTold)).or_default().push(part.item.finding);
        }
    }
    let withdrawal = |((block, told), findings)| Withdrawal {
        block,
        findings,
        recall: if told { Recall::IfTold } else { Recall::NotNeeded },
    };
    by_block.into_iter().map(withdrawal).collect()
}

fn blocks(parts: &[Part]) -> Vec<AddedBlock> {
    let mut gathered: BTreeMap<(u32, ReportId, Option<Assignee>, Fate), Vec<FindingId>> = BTreeMap::new();
    for part in parts {
        for (assignee, fate) in &part.added {
            let key = (part.item.chunk, part.report, *assignee, *fate);
            gathered.entry(key).or_default().push(part.item.finding);
        }
    }
    let block = |((chunk, report, assignee, fate), mut findings): (_, Vec<FindingId>)| {
        findings.sort_unstable();
        AddedBlock { chunk, report, block: NewBlock { assignee, fate, findings } }
    };
    gathered.into_iter().map(block).collect()
}
