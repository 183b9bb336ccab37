//! A source takes back what it reported: what only those reports show is taken back from whoever it was given to.

use std::{collections::BTreeMap, sync::Arc};

use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    ids::{FindingId, ReportId},
};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Blocks},
    corrections::{Item, Nobody, Recall, Shape},
    fate_blob::{self, RowFate},
    id_list, replays, reports,
};

use super::{
    Look, Part, Planned, Wanted,
    doubts::{Doubtful, Last},
};
use crate::{
    difference::Difference,
    pipeline::state::{self, RegisterView},
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
    let look = Look { reader, view, wanted: &wanted, sets: &shared.sets, table: &table };
    let last = look.last_sightings(&chunks, progress)?;
    let mut parts: Vec<Part> = given
        .iter()
        .filter_map(|(finding, given)| {
            look.take_back(*finding, last.get(finding.0 as usize)?, given, &chunks)
        })
        .collect();
    parts.sort_unstable_by_key(|part| part.item);
    let difference = look.report(&parts, &Doubtful::default())?;
    let events = chunks.iter().map(|chunk| chunk.sums.events).sum();
    Ok(Planned {
        difference: Difference { events, ..difference },
        withdrawn: parts.iter().map(|part| part.withdrawn.len() as u64).sum(),
        added: 0,
        parts,
        shared,
    })
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
        for block in reader.read(|connection| chunks::blocks(connection, &Blocks::OfReport(*report)))? {
            if block.fate == schakel_model::fate::Fate::Withdrawn {
                continue;
            }
            let alone = id_list::decode(&block.findings).filter(|finding| !stays[finding.0 as usize]);
            for finding in alone {
                given.entry(finding).or_default().push((block.assignee, block.id));
            }
        }
    }
    // A finding can stand in a block twice.
    given.values_mut().for_each(|given| {
        given.sort_unstable();
        given.dedup();
    });
    Ok(given)
}

impl Look<'_> {
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
