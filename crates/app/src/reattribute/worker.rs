//! What a thread does with the rows of a chunk: whom each concerns now, and which assignments in doubt they bear out.

use std::collections::{BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;
use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    ids::{FindingId, ReportId},
    observation::ObservedAt,
};
use schakel_store::StoreError;

use crate::pipeline::{
    interner::Interner,
    replay::{Replayed, SetNumbers},
    state::RegisterView,
};

/// Numbers of sets after whoever took over has come in the place of the one that the register names.
struct InPlace<'a> {
    view: &'a RegisterView,
    sets: &'a Interner<AssignmentSet>,
    now: i64,
    known: HashMap<u32, u32, RandomState>,
}

/// Rows that count no more, by report: the hub that handed them over took them back.
pub(super) type Gone = HashMap<ReportId, BTreeSet<u32>>;

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
pub(super) struct Members<'a> {
    sets: &'a Interner<AssignmentSet>,
    known: HashMap<(u32, Assignee), bool, RandomState>,
}

impl<'a> Members<'a> {
    pub(super) fn new(sets: &'a Interner<AssignmentSet>) -> Self {
        Self { sets, known: HashMap::default() }
    }

    pub(super) fn has(&mut self, set: u32, assignee: Assignee) -> bool {
        let sets = self.sets;
        set != NOBODY
            && *self.known.entry((set, assignee)).or_insert_with(|| sets.value(set).contains(&assignee))
    }
}

/// The number of the empty set.
pub(super) const NOBODY: u32 = 0;

/// What a worker has of its own.
pub(super) struct Worker<'a> {
    numbers: SetNumbers,
    in_place: InPlace<'a>,
    members: Members<'a>,
    gone: &'a Gone,
    /// Findings of the chunk at hand, with those whom their rows concern.
    pub(super) rows: Vec<(FindingId, ObservedAt, u32)>,
    /// Assignments that some sighting bears out.
    pub(super) right: Vec<(FindingId, Assignee)>,
    /// Assignments that none does, by block.
    pub(super) wrong: Vec<(FindingId, Option<Assignee>, i64)>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        view: &'a RegisterView,
        sets: &'a Interner<AssignmentSet>,
        now: i64,
        gone: &'a Gone,
    ) -> Self {
        Self {
            gone,
            numbers: SetNumbers::default(),
            in_place: InPlace { view, sets, now, known: HashMap::default() },
            members: Members::new(sets),
            rows: Vec::new(),
            right: Vec::new(),
            wrong: Vec::new(),
        }
    }

    pub(super) fn read(&mut self, replayed: &Replayed<'_>) -> Result<(), StoreError> {
        self.rows.clear();
        let Self { numbers, in_place, rows, gone, .. } = self;
        let gone = gone.get(&replayed.chunk.report);
        let (mut taken_back, mut standing) = (HashSet::new(), HashSet::new());
        replayed.for_each_event(|event, finding, observation| {
            if let Some(gone) = gone {
                let which = if gone.contains(&event.row) { &mut taken_back } else { &mut standing };
                which.insert(finding);
            }
            let set = numbers.number(&in_place.view.snapshot, in_place.sets, observation);
            rows.push((finding, observation.observed_at, in_place.of(set)));
        })?;
        // What the chunk shows by another row as well stays.
        rows.retain(|(finding, ..)| !taken_back.contains(finding) || standing.contains(finding));
        Ok(())
    }

    /// Weighs the assignments in doubt of a chunk that was read.
    pub(super) fn weigh(&mut self, doubts: &[Doubt]) {
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
pub(super) struct Doubt {
    pub(super) finding: FindingId,
    pub(super) assignee: Option<Assignee>,
    pub(super) block: i64,
}
