//! Proves corrections: applied in their place among the chunks they change those told as they say, and what each did follows again from
//! the rows, the register it was made under, and the same pure decision.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    fate::Fate,
    ids::{FindingId, ReportId},
    observation::ObservedAt,
    tlp::Terms,
};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Blocks, Chunk},
    corrections::{self, Correction, Item, Nobody, Shape},
    erase, id_list,
};

use crate::{
    pipeline::{
        digest::Shared,
        interner::Interner,
        key_table::KeyTable,
        replay::{SetNumbers, replay},
        state::{self, RegisterView},
    },
    verify::Verified,
    whatif::markings,
};

/// Corrections on their way into the table of those told.
pub(crate) struct InOrder {
    left: std::iter::Peekable<std::vec::IntoIter<Correction>>,
}

impl InOrder {
    /// All of them, none applied yet.
    pub fn new(reader: &Reader) -> Result<Self, StoreError> {
        Ok(Self { left: reader.read(corrections::list)?.into_iter().peekable() })
    }

    /// Applies those that were made before this chunk was committed.
    pub fn apply_before(
        &mut self,
        chunk: u32,
        reader: &Reader,
        table: &mut KeyTable,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        while let Some(correction) = self.left.next_if(|correction| correction.after_chunk < chunk) {
            let items = reader.read(|connection| corrections::items(connection, correction.id))?;
            let mut wrong = 0u64;
            for item in &items {
                if item.finding.0 >= table.len() || table.told(item.finding) != item.shape.told_before {
                    wrong += 1;
                    continue;
                }
                table.set_told(item.finding, item.shape.told_after);
            }
            if wrong > 0 {
                let detail = format!("{wrong} findings were told to others than it says");
                verified.wrong("corrections follow in their order", name(&correction), detail);
            }
        }
        Ok(())
    }

    /// Applies all that are left.
    pub fn apply_rest(
        &mut self,
        reader: &Reader,
        table: &mut KeyTable,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        self.apply_before(u32::MAX, reader, table, verified)
    }
}

fn name(correction: &Correction) -> String {
    format!("K{}", correction.id)
}

/// Derives every correction again.
pub(crate) fn check(reader: &Reader, shared: &Shared, verified: &mut Verified) -> Result<(), StoreError> {
    let mut withdrawn_blocks = BTreeSet::new();
    for correction in reader.read(corrections::list)? {
        verified.count("corrections", 1);
        let items = reader.read(|connection| corrections::items(connection, correction.id))?;
        verified.count("findings corrected", items.len() as u64);
        check_one(reader, shared, &correction, &items, verified)?;
        withdrawn_blocks.extend(check_withdrawn(reader, shared, &correction, &items, verified)?);
    }
    for block in reader.read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::Withdrawn)))? {
        if !withdrawn_blocks.contains(&block.id) {
            let about = format!("block {}", block.id);
            verified.wrong("what is withdrawn names its correction", about, "no correction took it back");
        }
    }
    Ok(())
}

/// Whom a finding concerned at its last sighting, who counts as told, and what was given.
fn check_one(
    reader: &Reader,
    shared: &Shared,
    correction: &Correction,
    items: &[Item],
    verified: &mut Verified,
) -> Result<(), StoreError> {
    let view = state::register_view(reader, correction.register_version)?;
    let touched = reader.read(erase::touched_reports)?;
    let mut chunks = Vec::new();
    for id in items.iter().map(|item| item.chunk).collect::<BTreeSet<_>>() {
        chunks.extend(reader.read(|connection| chunks::by_id(connection, id))?);
    }
    let readable: Vec<Chunk> =
        chunks.iter().filter(|chunk| touched.binary_search(&chunk.report).is_err()).cloned().collect();
    let concerned = concerned(reader, &view, &shared.sets, correction, items, &readable)?;
    let markings = markings(reader, &chunks)?;
    let places: HashMap<u32, (ReportId, Terms, bool)> = chunks
        .iter()
        .map(|chunk| {
            let terms = markings.get(&(chunk.report, chunk.member)).copied().unwrap_or(Terms::STRICTEST);
            let is_readable = touched.binary_search(&chunk.report).is_err();
            (chunk.id, (chunk.report, terms, is_readable))
        })
        .collect();
    let mut expected: BTreeMap<(u32, Option<Assignee>), Vec<FindingId>> = BTreeMap::new();
    let mut by_report: BTreeMap<u32, u64> = BTreeMap::new();
    let mut decided: HashMap<(Shape, Terms), AssignmentSet> = HashMap::new();
    let (mut elsewhere, mut otherwise) = (0u64, 0u64);
    for item in items {
        let Some(&(report, terms, is_readable)) = places.get(&item.chunk) else {
            verified.wrong("corrections can be derived again", name(correction), "a chunk is gone");
            continue;
        };
        if is_readable && concerned.get(&item.finding) != Some(&shared.sets.value(item.shape.concerned)) {
            elsewhere += 1;
        }
        let told = decided
            .entry((item.shape, terms))
            .or_insert_with(|| told_after(&view, &shared.sets, item.shape, terms, correction.at));
        otherwise += u64::from(*told != shared.sets.value(item.shape.told_after));
        let nobody = (item.shape.nobody == Nobody::Added).then_some(None);
        for assignee in shared.sets.value(item.shape.added).into_iter().map(Some).chain(nobody) {
            expected.entry((item.chunk, assignee)).or_default().push(item.finding);
            *by_report.entry(report.0).or_default() += 1;
        }
    }
    if elsewhere > 0 {
        let detail = format!("{elsewhere} findings concern others by the register of then");
        verified.wrong("corrections can be derived again", name(correction), detail);
    }
    if otherwise > 0 {
        let detail = format!("{otherwise} findings count as told to others than follows");
        verified.wrong("sets of those told can be derived again", name(correction), detail);
    }
    let mut found: BTreeMap<(u32, Option<Assignee>), Vec<FindingId>> = BTreeMap::new();
    for block in reader.read(|connection| chunks::blocks(connection, &Blocks::OfCorrection(correction.id)))? {
        found.entry((block.chunk, block.assignee)).or_default().extend(id_list::decode(&block.findings));
    }
    expected.values_mut().chain(found.values_mut()).for_each(|findings| findings.sort_unstable());
    if expected != found {
        let count = |map: &BTreeMap<_, Vec<_>>| map.values().map(Vec::len).sum::<usize>();
        let detail = format!("{} stored, {} derived", count(&found), count(&expected));
        verified.wrong("assignments can be derived again", name(correction), detail);
    }
    let stored = reader.read(|connection| corrections::added_by_report(connection, correction.id))?;
    if stored != by_report || correction.assignments != by_report.values().sum::<u64>() {
        let detail = format!("stored {stored:?}, derived {by_report:?}");
        verified.wrong("sums can be derived again", name(correction), detail);
    }
    Ok(())
}

/// Those concerned by the findings' last sighting in the chunk that was taken for it.
fn concerned(
    reader: &Reader,
    view: &RegisterView,
    sets: &Interner<AssignmentSet>,
    correction: &Correction,
    items: &[Item],
    chunks: &[Chunk],
) -> Result<HashMap<FindingId, AssignmentSet>, StoreError> {
    type Seen = HashMap<FindingId, (ObservedAt, u32)>;
    let make = || (SetNumbers::default(), Seen::new());
    let act = |(numbers, seen): &mut (SetNumbers, Seen), replayed: &crate::pipeline::replay::Replayed<'_>| {
        let first = items.partition_point(|item| item.chunk < replayed.chunk.id);
        let wanted: Vec<FindingId> = items[first..]
            .iter()
            .take_while(|item| item.chunk == replayed.chunk.id)
            .map(|item| item.finding)
            .collect();
        replayed.for_each_event(|_, finding, observation| {
            if wanted.binary_search(&finding).is_err() {
                return;
            }
            let set = numbers.number(&view.snapshot, sets, observation);
            let last = seen.entry(finding).or_insert((observation.observed_at, set));
            if observation.observed_at >= last.0 {
                *last = (observation.observed_at, set);
            }
        })
    };
    let workers = replay(reader, chunks, make, act, &|_| ())?;
    let placed = |set: u32| {
        let mut set = sets.value(set);
        for assignee in &mut set {
            assignee.organisation = view.successors.at(assignee.organisation, correction.at);
        }
        set.sort_unstable();
        set.dedup();
        set
    };
    Ok(workers
        .into_iter()
        .flat_map(|(_, seen)| seen)
        .map(|(finding, (_, set))| (finding, placed(set)))
        .collect())
}

fn told_after(
    view: &RegisterView,
    sets: &Interner<AssignmentSet>,
    shape: Shape,
    terms: Terms,
    at: i64,
) -> AssignmentSet {
    let (withdrawn, concerned) = (sets.value(shape.withdrawn), sets.value(shape.concerned));
    let mut told = sets.value(shape.told_before);
    told.retain(|assignee| !withdrawn.contains(assignee));
    let reached =
        |assignee: &Assignee| view.fate_of(Some(*assignee), &concerned, terms, at) != Fate::NoContact;
    told.extend(sets.value(shape.added).into_iter().filter(reached));
    told.sort_unstable();
    told.dedup();
    told
}

/// Exactly what the correction says is withdrawn, and names it. Gives the blocks.
fn check_withdrawn(
    reader: &Reader,
    shared: &Shared,
    correction: &Correction,
    items: &[Item],
    verified: &mut Verified,
) -> Result<Vec<i64>, StoreError> {
    let mut expected: BTreeSet<(FindingId, Option<Assignee>)> = BTreeSet::new();
    for item in items {
        let withdrawn = shared.sets.value(item.shape.withdrawn);
        expected.extend(withdrawn.into_iter().map(|assignee| (item.finding, Some(assignee))));
        if item.shape.nobody == Nobody::Withdrawn {
            expected.insert((item.finding, None));
        }
    }
    let mut found = BTreeSet::new();
    let mut count = 0;
    let mut blocks = Vec::new();
    for withdrawn in reader.read(|connection| corrections::withdrawn(connection, correction.id))? {
        let Some(block) = reader.read(|connection| chunks::block(connection, withdrawn.block))? else {
            verified.wrong(
                "what is withdrawn is there",
                name(correction),
                format!("block {}", withdrawn.block),
            );
            continue;
        };
        if block.fate != Fate::Withdrawn || block.reference != Some(correction.id) {
            let detail = format!("block {} is {}", block.id, block.fate);
            verified.wrong("what is withdrawn names its correction", name(correction), detail);
        }
        count += block.count;
        found.extend(id_list::decode(&block.findings).map(|finding| (finding, block.assignee)));
        blocks.push(block.id);
    }
    if found != expected || count != correction.withdrawn {
        let detail = format!(
            "{} taken back and {count} assignments, {} and {} by what it says",
            found.len(),
            expected.len(),
            correction.withdrawn
        );
        verified.wrong("withdrawals can be derived again", name(correction), detail);
    }
    Ok(blocks)
}
