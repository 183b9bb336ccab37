//! What is different between two ways of attributing, gathered by what kind of difference it is and between whom: the report of
//! `schakel whatif` and of `schakel reattribute`.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use schakel_model::ids::{FindingId, OrganisationId};
use schakel_rules::rerouting::{Change, ChangeKind, Concern, changes, told};
use serde::Serialize;

/// Pairs of difference and finding are sorted and made unique at this many: 160 MB.
const PAIRS_MAX: usize = 20_000_000;

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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Example {
    /// By which examples are sorted.
    #[serde(skip)]
    pub(crate) order: (u32, u32),
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

/// A difference that some findings share.
pub(crate) struct Met {
    changes: BTreeSet<Change>,
    more: BTreeSet<OrganisationId>,
    fewer: BTreeSet<OrganisationId>,
}

impl Met {
    /// Between what an event came to and what it comes to; none when nothing is different.
    pub(crate) fn between(before: &[Concern], after: &[Concern]) -> Option<Self> {
        let changes = changes(before, after);
        if changes.is_empty() {
            return None;
        }
        let (before, after) = (told(before), told(after));
        Some(Self {
            changes,
            more: after.difference(&before).copied().collect(),
            fewer: before.difference(&after).copied().collect(),
        })
    }
}

/// What a thread gathers, by the number of the difference.
#[derive(Default)]
pub(crate) struct Tally {
    /// Events and examples by difference.
    counted: Vec<(u64, Vec<Example>)>,
    /// Difference and finding.
    pairs: Vec<u64>,
}

impl Tally {
    /// Counts an event; `example` makes an example, asked for as long as there are fewer than `examples`.
    pub(crate) fn count(
        &mut self,
        met: u32,
        finding: FindingId,
        examples: usize,
        example: impl FnOnce() -> Example,
    ) {
        self.pairs.push(u64::from(met) << 32 | u64::from(finding.0));
        if self.counted.len() <= met as usize {
            self.counted.resize_with(met as usize + 1, Default::default);
        }
        let (events, kept) = &mut self.counted[met as usize];
        *events += 1;
        if kept.len() < examples {
            let example = example();
            if kept.iter().all(|known| known.finding != example.finding) {
                kept.push(example);
            }
        }
    }

    /// Keeps memory bounded: an event of a finding that was counted for the same difference adds nothing.
    pub(crate) fn keep_small(&mut self) {
        if self.pairs.len() > PAIRS_MAX {
            self.pairs.sort_unstable();
            self.pairs.dedup();
        }
    }
}

/// The report of what all threads have gathered.
pub(crate) fn report(
    met: &[Met],
    tallies: Vec<Tally>,
    examples_max: usize,
    name: &dyn Fn(OrganisationId) -> Named,
) -> Difference {
    let mut difference = Difference::default();
    let mut counted: Vec<(u64, Vec<Example>)> = (0..met.len()).map(|_| Default::default()).collect();
    let mut pairs: Vec<u64> = Vec::new();
    for mut tally in tallies {
        pairs.append(&mut tally.pairs);
        for (at, (events, examples)) in tally.counted.into_iter().enumerate() {
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
        examples.truncate(examples_max);
        let findings = count_where(&|met| met.changes.contains(&change));
        let named = |id: Option<OrganisationId>| id.map(name);
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
        organisations.insert(name(id), counts);
    }
    difference.organisations = organisations
        .into_iter()
        .map(|(organisation, (more, fewer))| OrganisationDifference { organisation, more, fewer })
        .collect();
    difference
}
