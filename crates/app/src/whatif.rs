//! What another register would have done with the events of the last days. Nothing is changed: the rows are read again and attributed
//! twice, under what stands and under a private copy with the change.
//!
//! Most changes touch few assets. A row whose values meet none of them is attributed alike by both, because attribution looks only at
//! the assets that a row's values meet: such rows are looked up once, in a table of the touched assets alone.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Mutex,
};

use foldhash::fast::RandomState;
use schakel_attribute::Snapshot;
use schakel_model::{
    asset::{Asset, AssetFlags, Proof, Role},
    assignment::{Assignee, AssignmentSet},
    ids::{EventId, FindingId, OrganisationId, ReportId},
    observation::Observation,
    register::Register,
    tlp::Tlp,
};
use schakel_rules::rerouting::{Change, ChangeKind, Concern, changes, told};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Chunk},
    reports,
};
use serde::Serialize;

use crate::{
    changed_register::{reach_alike, touched},
    events::target,
    explain::organisation_name,
    pipeline::{
        interner::Interner,
        replay::{Replayed, SetNumbers, replay},
        state::RegisterView,
    },
};

/// Examples of a group that are kept while looking; more than anybody reads.
pub const EXAMPLES_MAX: usize = 100;
/// Pairs of difference and finding are sorted and made unique at this many: 160 MB.
const PAIRS_MAX: usize = 20_000_000;

/// Which events are asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Span {
    /// What was taken in from this time on, seconds since 1970.
    Since(i64),
    /// One report.
    Report(ReportId),
}

/// The chunks of a span, in order of commit.
pub fn chunks_in(reader: &Reader, span: Span) -> Result<Vec<Chunk>, StoreError> {
    reader.read(|connection| match span {
        Span::Since(at) => chunks::committed_since(connection, at),
        Span::Report(report) => chunks::of_report(connection, report),
    })
}

/// What would be different. The names of the fields are a contract.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Difference {
    /// Events that were looked at.
    pub events: u64,
    /// Events for which something is different.
    pub events_changed: u64,
    /// Findings for which something is different.
    pub findings_changed: u64,
    /// Findings that would have been somebody's.
    pub becomes_routed: u64,
    /// Findings that would have been nobody's.
    pub becomes_unrouted: u64,
    /// By kind and pair of organisations, the largest first.
    pub groups: Vec<Group>,
    /// By organisation: of how many findings it would have been told more, and fewer.
    pub organisations: Vec<OrganisationDifference>,
}

/// The same difference for many findings.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Group {
    /// What kind.
    pub kind: &'static str,
    /// Whom they concerned; none is nobody.
    pub from: Option<Named>,
    /// Whom they would have concerned; none is nobody.
    pub to: Option<Named>,
    /// How many findings.
    pub findings: u64,
    /// How many events.
    pub events: u64,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// An organisation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Named {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// One of the findings of a group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Example {
    #[serde(skip)]
    order: (u32, u32),
    /// `17:4023`
    pub event: String,
    /// `F12`
    pub finding: String,
    /// What it is: the identifier of its kind.
    pub kind: String,
    /// Where it is: address and port, or name.
    pub target: String,
    /// When it was observed, RFC 3339.
    pub observed_at: String,
}

/// How much more or less an organisation would have been told.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OrganisationDifference {
    /// Which.
    #[serde(flatten)]
    pub organisation: Named,
    /// Findings it would have been told, and was not.
    pub more: u64,
    /// Findings it was told, and would not have been.
    pub fewer: u64,
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

/// A difference between what two sets of assignees come to, with one marking.
struct Met {
    changes: BTreeSet<Change>,
    more: BTreeSet<OrganisationId>,
    fewer: BTreeSet<OrganisationId>,
}

/// Two sets and a marking.
type Pair = (u32, u32, Tlp);

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
    /// Events and examples by difference.
    counted: Vec<(u64, Vec<Example>)>,
    /// Difference and finding.
    pairs: Vec<u64>,
}

/// Replays the chunks. `progress` hears how many rows were read.
pub fn whatif(
    reader: &Reader,
    chunks: &[Chunk],
    question: &Question<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Difference, StoreError> {
    let near = near_table(question);
    let markings = markings(reader, chunks)?;
    let shared = Shared { sets: Interner::new(vec![Vec::new()]), met: Mutex::default() };
    let act = |worker: &mut Worker, replayed: &Replayed<'_>| {
        let tlp = markings.get(&(replayed.chunk.report, replayed.chunk.member)).copied().unwrap_or(Tlp::Red);
        replayed.for_each_event(|event, finding, observation| {
            worker.look(question, &shared, near.as_ref(), tlp, event, finding, observation);
        })?;
        worker.keep_small();
        Ok(())
    };
    let workers = replay(reader, chunks, Worker::default, act, progress)?;
    Ok(gather(question, workers, shared))
}

/// The touched assets as a table of their own, each at its widest; none when fates differ as well.
fn near_table(question: &Question<'_>) -> Option<Snapshot> {
    let (standing, changed) = (&question.standing.register, &question.changed.register);
    if !reach_alike(standing, changed) {
        return None;
    }
    let widest = |asset: &Asset| Asset {
        role: Role::Owner,
        valid_from: None,
        valid_until: None,
        proof: Proof::Asserted,
        flags: AssetFlags::default(),
        ..asset.clone()
    };
    let assets = touched(standing, changed).into_iter().map(widest).collect();
    Some(Snapshot::build(&Register { assets, announced: changed.announced.clone(), ..Register::default() }))
}

/// The markings of the members of all these chunks.
fn markings(reader: &Reader, chunks: &[Chunk]) -> Result<HashMap<(ReportId, u32), Tlp>, StoreError> {
    let reports: BTreeSet<ReportId> = chunks.iter().map(|chunk| chunk.report).collect();
    let mut markings = HashMap::new();
    for report in reports {
        for member in reader.read(|connection| reports::members(connection, report))? {
            markings.insert((report, member.seq), member.tlp);
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
        tlp: Tlp,
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
        let met = self.met(question, shared, (before, after, tlp));
        if met == ALIKE {
            return;
        }
        self.pairs.push(u64::from(met) << 32 | u64::from(finding.0));
        if self.counted.len() <= met as usize {
            self.counted.resize_with(met as usize + 1, Default::default);
        }
        let (events, examples) = &mut self.counted[met as usize];
        *events += 1;
        if examples.len() < question.examples.min(EXAMPLES_MAX) {
            let example = example(event, finding, observation);
            if examples.iter().all(|known| known.finding != example.finding) {
                examples.push(example);
            }
        }
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

    fn keep_small(&mut self) {
        if self.pairs.len() > PAIRS_MAX {
            self.pairs.sort_unstable();
            self.pairs.dedup();
        }
    }
}

impl Shared {
    fn met(&self, question: &Question<'_>, pair: Pair) -> u32 {
        let mut met = self.met.lock().expect("no thread panics while it holds this lock");
        if let Some(number) = met.0.get(&pair) {
            return *number;
        }
        let (before, after, tlp) = pair;
        let before = concerns(question.standing, &self.sets.value(before), tlp, question.now);
        let after = concerns(question.changed, &self.sets.value(after), tlp, question.now);
        let changes = changes(&before, &after);
        let number = if changes.is_empty() { ALIKE } else { met.1.len() as u32 };
        if number != ALIKE {
            let (before, after) = (told(&before), told(&after));
            met.1.push(Met {
                changes,
                more: after.difference(&before).copied().collect(),
                fewer: before.difference(&after).copied().collect(),
            });
        }
        met.0.insert(pair, number);
        number
    }
}

/// Whom a set concerns, in whose place whoever took over stands, and what becomes of it.
fn concerns(view: &RegisterView, set: &[Assignee], tlp: Tlp, now: i64) -> Vec<Concern> {
    let concern = |assignee: &Assignee| Concern {
        assignee: Assignee { organisation: view.successors.at(assignee.organisation, now), ..*assignee },
        fate: view.fate_of(Some(*assignee), set, tlp, now),
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

fn gather(question: &Question<'_>, workers: Vec<Worker>, shared: Shared) -> Difference {
    let met = shared.met.into_inner().expect("no thread panics while it holds this lock").1;
    let mut difference = Difference::default();
    let mut counted: Vec<(u64, Vec<Example>)> = (0..met.len()).map(|_| Default::default()).collect();
    let mut pairs: Vec<u64> = Vec::new();
    for mut worker in workers {
        difference.events += worker.events;
        pairs.append(&mut worker.pairs);
        for (at, (events, examples)) in worker.counted.into_iter().enumerate() {
            counted[at].0 += events;
            counted[at].1.extend(examples);
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    difference.events_changed = counted.iter().map(|(events, _)| events).sum();
    let of_met: Vec<&[u64]> = (0..met.len() as u64)
        .map(|number| {
            let first = pairs.partition_point(|pair| pair >> 32 < number);
            &pairs[first..pairs.partition_point(|pair| pair >> 32 <= number)]
        })
        .collect();
    // A finding with events of two differences counts once.
    let count_where =
        |wanted: &dyn Fn(&Met) -> bool| match met.iter().zip(&of_met).filter(|(met, _)| wanted(met)) {
            mut matching if met.iter().filter(|met| wanted(met)).count() <= 1 => {
                matching.next().map_or(0, |(_, pairs)| pairs.len() as u64)
            }
            matching => {
                let mut findings: Vec<u32> =
                    matching.flat_map(|(_, pairs)| pairs.iter().map(|pair| *pair as u32)).collect();
                findings.sort_unstable();
                findings.dedup();
                findings.len() as u64
            }
        };
    let of_kind = |kind| count_where(&|met: &Met| met.changes.iter().any(|change| change.kind == kind));
    difference.findings_changed = count_where(&|_| true);
    difference.becomes_routed = of_kind(ChangeKind::BecomesRouted);
    difference.becomes_unrouted = of_kind(ChangeKind::BecomesUnrouted);
    let all_changes: BTreeSet<Change> = met.iter().flat_map(|met| met.changes.iter().copied()).collect();
    for change in all_changes {
        let mut events = 0;
        let mut examples = Vec::new();
        for (met, (count, some)) in met.iter().zip(&counted) {
            if met.changes.contains(&change) {
                events += count;
                examples.extend(some.iter().cloned());
            }
        }
        examples.sort();
        let mut seen = BTreeSet::new();
        examples.retain(|example| seen.insert(example.finding.clone()));
        examples.truncate(question.examples);
        let findings = count_where(&|met| met.changes.contains(&change));
        let named = |id: Option<OrganisationId>| id.map(|id| name(question, id));
        let (from, to) = (named(change.from), named(change.to));
        difference.groups.push(Group { kind: change.kind.as_str(), from, to, findings, events, examples });
    }
    difference
        .groups
        .sort_by_key(|group| (Reverse(group.findings), group.kind, group.from.clone(), group.to.clone()));
    let concerned: BTreeSet<OrganisationId> =
        met.iter().flat_map(|met| met.more.iter().chain(&met.fewer).copied()).collect();
    let mut organisations: BTreeMap<Named, (u64, u64)> = BTreeMap::new();
    for id in concerned {
        let counts =
            (count_where(&|met| met.more.contains(&id)), count_where(&|met| met.fewer.contains(&id)));
        organisations.insert(name(question, id), counts);
    }
    difference.organisations = organisations
        .into_iter()
        .map(|(organisation, (more, fewer))| OrganisationDifference { organisation, more, fewer })
        .collect();
    difference
}

fn name(question: &Question<'_>, id: OrganisationId) -> Named {
    let standing = organisation_name(&question.standing.register, id);
    let (code, name) = match standing.0.is_empty() {
        true => organisation_name(&question.changed.register, id),
        false => standing,
    };
    Named { code: code.to_owned(), name: name.to_owned() }
}
