//! What another register would have done with the events of the last days. Nothing is changed: the rows are read again and attributed
//! twice, under what stands and under a private copy with the change.
//!
//! Most changes touch few assets. A row whose values meet none of them is attributed alike by both: such rows are looked up once, in a
//! table of the touched assets alone ([`near`]).

use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
};

use foldhash::fast::RandomState;
use schakel_attribute::Snapshot;
use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    ids::{EventId, FindingId, OrganisationId, ReportId},
    observation::Observation,
    tlp::Terms,
};
use schakel_rules::rerouting::Concern;
use schakel_store::{
    Reader, StoreError, announced,
    chunks::{self, Chunk},
    reports,
};

use crate::{
    difference::{Difference, Example, Met, Named, Tally, report},
    events::target,
    explain::organisation_name,
    pipeline::{
        interner::Interner,
        replay::{Replayed, SetNumbers, replay},
        state::RegisterView,
    },
};

mod near;

/// Examples of a group that are kept while looking; more than anybody reads.
pub const EXAMPLES_MAX: usize = 100;

/// Which events are asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Span {
    /// What was taken in from this time on, seconds since 1970.
    Since(i64),
    /// One report.
    Report(ReportId),
}

/// The chunks of a span, in order of commit. What its source has taken back is not among what came in since a time.
pub fn chunks_in(reader: &Reader, span: Span) -> Result<Vec<Chunk>, StoreError> {
    match span {
        Span::Since(at) => {
            let taken_back = reader.read(reports::withdrawn)?;
            let mut chunks = reader.read(|connection| chunks::committed_since(connection, at))?;
            chunks.retain(|chunk| !taken_back.contains(&chunk.report));
            Ok(chunks)
        }
        Span::Report(report) => reader.read(|connection| chunks::of_report(connection, report)),
    }
}

/// Two states of the register, and the time at which somebody would be told.
pub struct Question<'a> {
    /// What stands.
    pub standing: &'a RegisterView,
    /// What is asked about.
    pub changed: &'a RegisterView,
    /// Now, in seconds since 1970.
    pub now: i64,
    /// Examples of each group.
    pub examples: usize,
}

/// Two sets and a marking.
type Pair = (u32, u32, Terms);

/// The number of pairs in which nothing is different.
const ALIKE: u32 = u32::MAX;

/// What all workers share.
struct Shared {
    sets: Interner<AssignmentSet>,
    met: Mutex<(HashMap<Pair, u32, RandomState>, Vec<Met>)>,
}

/// What a worker gathers.
#[derive(Default)]
struct Worker {
    before: SetNumbers,
    after: SetNumbers,
    near: SetNumbers,
    known: HashMap<Pair, u32, RandomState>,
    last: Option<(Pair, u32)>,
    events: u64,
    tally: Tally,
}

/// Replays the chunks. `progress` hears how many rows were read.
pub fn whatif(
    reader: &Reader,
    chunks: &[Chunk],
    question: &Question<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Difference, StoreError> {
    let near = near_table(reader, question)?;
    let markings = markings(reader, chunks)?;
    let shared = Shared { sets: Interner::new(vec![Vec::new()]), met: Mutex::default() };
    let act = |worker: &mut Worker, replayed: &Replayed<'_>| {
        let terms = markings
            .get(&(replayed.chunk.report, replayed.chunk.member))
            .copied()
            .unwrap_or(Terms::STRICTEST);
        replayed.for_each_event(|event, finding, observation| {
            worker.look(question, &shared, near.as_ref(), terms, event, finding, observation);
        })?;
        worker.tally.keep_small();
        Ok(())
    };
    let workers = replay(reader, chunks, Worker::default, act, progress)?;
    let met = shared.met.into_inner().expect("no thread panics while it holds this lock").1;
    let events = workers.iter().map(|worker| worker.events).sum();
    let tallies = workers.into_iter().map(|worker| worker.tally).collect();
    let difference = report(&met, tallies, question.examples, &|id| name(question, id));
    Ok(Difference { events, ..difference })
}

/// The table in which events are looked up first.
fn near_table(reader: &Reader, question: &Question<'_>) -> Result<Option<Snapshot>, StoreError> {
    let (standing, changed) = (&question.standing.register, &question.changed.register);
    let Some(assets) = near::touched_at_their_widest(standing, changed) else { return Ok(None) };
    let announced = reader.read(|connection| announced::load(connection, standing.version, &assets))?;
    Ok(Some(near::table(assets, announced)))
}

/// The markings of the members of all these chunks.
pub(crate) fn markings(
    reader: &Reader,
    chunks: &[Chunk],
) -> Result<HashMap<(ReportId, u32), Terms>, StoreError> {
    let reports: BTreeSet<ReportId> = chunks.iter().map(|chunk| chunk.report).collect();
    let mut markings = HashMap::new();
    for report in reports {
        for member in reader.read(|connection| reports::members(connection, report))? {
            markings.insert((report, member.seq), member.terms);
        }
    }
    Ok(markings)
}

impl Worker {
    #[allow(clippy::too_many_arguments)] // The parts of one event, and what it is compared under.
    fn look(
        &mut self,
        question: &Question<'_>,
        shared: &Shared,
        near: Option<&Snapshot>,
        terms: Terms,
        event: EventId,
        finding: FindingId,
        observation: &Observation<'_>,
    ) {
        self.events += 1;
        if near.is_some_and(|near| !self.near.concerns_anybody(near, observation)) {
            return;
        }
        let before = self.before.number(&question.standing.snapshot, &shared.sets, observation);
        let after = self.after.number(&question.changed.snapshot, &shared.sets, observation);
        if before == after && near.is_some() {
            return;
        }
        let met = self.met(question, shared, (before, after, terms));
        if met == ALIKE {
            return;
        }
        let examples = question.examples.min(EXAMPLES_MAX);
        self.tally.count(met, finding, examples, || example(event, finding, observation));
    }

    fn met(&mut self, question: &Question<'_>, shared: &Shared, pair: Pair) -> u32 {
        if let Some((last, met)) = self.last
            && last == pair
        {
            return met;
        }
        let met = *self.known.entry(pair).or_insert_with(|| shared.met(question, pair));
        self.last = Some((pair, met));
        met
    }
}

impl Shared {
    fn met(&self, question: &Question<'_>, pair: Pair) -> u32 {
        let mut met = self.met.lock().expect("no thread panics while it holds this lock");
        if let Some(number) = met.0.get(&pair) {
            return *number;
        }
        let (before, after, terms) = pair;
        let before = concerns(question.standing, &self.sets.value(before), terms, question.now);
        let after = concerns(question.changed, &self.sets.value(after), terms, question.now);
        let number = match Met::between(&before, &after) {
            None => ALIKE,
            Some(different) => {
                met.1.push(different);
                met.1.len() as u32 - 1
            }
        };
        met.0.insert(pair, number);
        number
    }
}

/// Whom a set concerns, in whose place whoever took over stands, and what becomes of it.
fn concerns(view: &RegisterView, set: &[Assignee], terms: Terms, now: i64) -> Vec<Concern> {
    let concern = |assignee: &Assignee| Concern {
        assignee: Assignee { organisation: view.successors.at(assignee.organisation, now), ..*assignee },
        fate: view.fate_of(Some(*assignee), set, terms, now),
    };
    set.iter().map(concern).collect()
}

fn example(event: EventId, finding: FindingId, observation: &Observation<'_>) -> Example {
    Example {
        order: (event.report.0, event.row),
        event: event.to_string(),
        finding: format!("F{finding}"),
        kind: observation.identifier.to_string(),
        target: target(&observation.source),
        observed_at: observation.observed_at.timestamp().to_string(),
    }
}

fn name(question: &Question<'_>, id: OrganisationId) -> Named {
    let standing = organisation_name(&question.standing.register, id);
    let (code, name) = match standing.0.is_empty() {
        true => organisation_name(&question.changed.register, id),
        false => standing,
    };
    Named { code: code.to_owned(), name: name.to_owned() }
}
