//! A source takes back what it reported: what only those reports show is taken back from whoever it was given to.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::Arc,
};

use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    fate::Fate,
    ids::{FindingId, ReportId},
};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Block, Blocks},
    corrections::{Item, Nobody, Recall, Shape},
    fate_blob::{self, RowFate},
    id_list, replays, reports,
};

use super::{
    Look, Part, Planned, Wanted,
    doubts::{Doubtful, Last},
    worker::Gone,
};
use crate::{
    difference::Difference,
    pipeline::{
        digest::Shared,
        state::{self, RegisterView},
    },
};

/// These reports, and those that their rejected rows became when they were read again.
pub fn with_replays(reader: &Reader, reports: &[ReportId]) -> Result<Vec<ReportId>, StoreError> {
    let mut all = reports.to_vec();
    let mut looked_at = 0;
    while let Some(report) = all.get(looked_at).copied() {
        for replay in reader.read(|connection| replays::reports_of(connection, report))? {
            if !all.contains(&replay) {
                all.push(replay);
            }
        }
        looked_at += 1;
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// What a finding was given to, block by block.
type Given = Vec<(Option<Assignee>, i64)>;

/// Says what taking these reports back comes to. A finding that another report shows stays as it is. What was taken back before stays so.
pub fn plan_withdrawal(
    reader: &Reader,
    view: &RegisterView,
    taken_back: &[ReportId],
    now: i64,
    examples: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Planned, StoreError> {
    let shared = Arc::new(state::shared(reader)?);
    let table = state::decision_state(reader)?.table;
    let mut gone = reader.read(reports::withdrawn)?;
    gone.extend(taken_back);
    gone.sort_unstable();
    gone.dedup();
    let stays = shown_by_others(reader, &gone, table.len())?;
    let given = given(reader, &gone, &stays)?;
    let mut chunks = Vec::new();
    for report in &gone {
        chunks.extend(reader.read(|connection| chunks::of_report(connection, *report))?);
    }
    chunks.sort_unstable_by_key(|chunk| chunk.id);
    let wanted = Wanted { since: 0, organisation: None, now, examples };
    // All of it is taken back: there is nothing to pass over.
    let none = Gone::new();
    let look = Look { reader, view, wanted: &wanted, sets: &shared.sets, table: &table, gone: &none };
    let (parts, difference) = look.taken_back(&given, &chunks, progress)?;
    Ok(planned(parts, difference, shared))
}

/// Says what taking these findings back comes to, of which the hubs that handed them over say that they are nothing: these rows count no more. A finding that
/// another row shows stays as it is. Gives those as well.
pub fn plan_take_back(
    reader: &Reader,
    view: &RegisterView,
    findings: &BTreeSet<FindingId>,
    rows: &Gone,
    now: i64,
) -> Result<(Planned, BTreeSet<FindingId>), StoreError> {
    let shared = Arc::new(state::shared(reader)?);
    let table = state::decision_state(reader)?.table;
    let reports_gone = reader.read(reports::withdrawn)?;
    let (mut stay, mut seen_in) = (BTreeSet::new(), BTreeSet::new());
    reader.read(|connection| {
        chunks::for_each_fates(connection, 0, |chunk, fates| {
            let gone = rows.get(&chunk.report);
            let is_gone = reports_gone.binary_search(&chunk.report).is_ok();
            for (row, fate) in (chunk.first_row..).zip(fate_blob::read(fates)) {
                let Ok(RowFate::Event(finding)) = fate else { continue };
                if !findings.contains(&finding) {
                    continue;
                }
                seen_in.insert(chunk.id);
                if !is_gone && gone.is_none_or(|gone| !gone.contains(&row)) {
                    stay.insert(finding);
                }
            }
            ControlFlow::Continue(())
        })
    })?;
    let mut given: BTreeMap<FindingId, Given> = BTreeMap::new();
    let mut chunks = Vec::new();
    for id in seen_in {
        chunks.extend(reader.read(|connection| chunks::by_id(connection, id))?);
        let blocks = reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(id)))?;
        gather(&mut given, blocks, |finding| findings.contains(&finding) && !stay.contains(&finding));
    }
    let wanted = Wanted { since: 0, organisation: None, now, examples: 0 };
    let none = Gone::new();
    let look = Look { reader, view, wanted: &wanted, sets: &shared.sets, table: &table, gone: &none };
    let (parts, difference) = look.taken_back(&given, &chunks, &|_| ())?;
    Ok((planned(parts, difference, shared), stay))
}

fn planned(parts: Vec<Part>, difference: Difference, shared: Arc<Shared>) -> Planned {
    Planned {
        difference,
        withdrawn: parts.iter().map(|part| part.withdrawn.len() as u64).sum(),
        added: 0,
        parts,
        shared,
    }
}

/// For each finding: does a report that is not taken back show it?
fn shown_by_others(reader: &Reader, gone: &[ReportId], findings: u32) -> Result<Vec<bool>, StoreError> {
    let mut shown = vec![false; findings as usize];
    for chunk in reader.read(|connection| chunks::committed_since(connection, i64::MIN))? {
        if gone.binary_search(&chunk.report).is_ok() {
            continue;
        }
        let fates = reader.read(|connection| chunks::fates(connection, chunk.id))?;
        for fate in fate_blob::read(&fates) {
            if let Ok(RowFate::Event(finding)) = fate
                && let Some(shown) = shown.get_mut(finding.0 as usize)
            {
                *shown = true;
            }
        }
    }
    Ok(shown)
}

/// The assignments that stand of the findings that nothing else shows.
fn given(
    reader: &Reader,
    gone: &[ReportId],
    stays: &[bool],
) -> Result<BTreeMap<FindingId, Given>, StoreError> {
    let mut given: BTreeMap<FindingId, Given> = BTreeMap::new();
    for report in gone {
        let blocks = reader.read(|connection| chunks::blocks(connection, &Blocks::OfReport(*report)))?;
        gather(&mut given, blocks, |finding| !stays[finding.0 as usize]);
    }
    Ok(given)
}

/// Adds what these blocks give of the findings that are wanted.
fn gather(given: &mut BTreeMap<FindingId, Given>, blocks: Vec<Block>, is_wanted: impl Fn(FindingId) -> bool) {
    for block in blocks.into_iter().filter(|block| block.fate != Fate::Withdrawn) {
        for finding in id_list::decode(&block.findings).filter(|finding| is_wanted(*finding)) {
            let given = given.entry(finding).or_default();
            // A finding can stand in a block twice.
            if !given.contains(&(block.assignee, block.id)) {
                given.push((block.assignee, block.id));
            }
        }
    }
}

impl Look<'_> {
    /// What happens to findings of which all is taken back.
    fn taken_back(
        &self,
        given: &BTreeMap<FindingId, Given>,
        chunks: &[chunks::Chunk],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(Vec<Part>, Difference), StoreError> {
        let last = self.last_sightings(chunks, progress)?;
        let mut parts: Vec<Part> = given
            .iter()
            .filter_map(|(finding, given)| {
                self.take_back(*finding, last.get(finding.0 as usize)?, given, chunks)
            })
            .collect();
        parts.sort_unstable_by_key(|part| part.item);
        let difference = self.report(&parts, &Doubtful::default())?;
        let events = chunks.iter().map(|chunk| chunk.sums.events).sum();
        Ok((parts, Difference { events, ..difference }))
    }

    /// What happens to a finding of which all is taken back.
    fn take_back(
        &self,
        finding: FindingId,
        last: &Last,
        given: &Given,
        chunks: &[chunks::Chunk],
    ) -> Option<Part> {
        let chunk = chunks.binary_search_by_key(&last.chunk, |chunk| chunk.id).ok()?;
        let mut withdrawn: AssignmentSet = given.iter().filter_map(|(assignee, _)| *assignee).collect();
        withdrawn.sort_unstable();
        withdrawn.dedup();
        let told_before = self.table.told(finding);
        let mut told = self.sets.value(told_before);
        told.retain(|assignee| !withdrawn.contains(assignee));
        let of_nobody = given.iter().any(|(assignee, _)| assignee.is_none());
        let shape = Shape {
            told_before,
            told_after: self.sets.number(&told),
            concerned: last.concerned,
            withdrawn: self.sets.number(&withdrawn),
            added: self.sets.number(&AssignmentSet::new()),
            nobody: if of_nobody { Nobody::Withdrawn } else { Nobody::Stays },
        };
        let recall = |assignee: &Option<Assignee>| match assignee {
            Some(_) => Recall::IfTold,
            None => Recall::NotNeeded,
        };
        Some(Part {
            item: Item { chunk: last.chunk, finding, shape },
            report: chunks[chunk].report,
            added: Vec::new(),
            withdrawn: given.iter().map(|(assignee, block)| (*block, recall(assignee))).collect(),
        })
    }
}
