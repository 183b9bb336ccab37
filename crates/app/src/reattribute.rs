//! Sets assignments right after the register was: finds the findings whose assignments say something else than the register says now, and
//! corrects them.
//!
//! Two passes over the stored rows. The first reads what was taken in since a time and attributes it under the register of now: for each
//! finding its last sighting counts. The second reads only the chunks that gave the assignments in doubt: one that some sighting in
//! that chunk still bears out was right when it was made, and stays.

use std::{collections::BTreeSet, sync::Arc};

use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    fate::Fate,
    ids::{FindingId, OrganisationId, ReportId},
};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Chunk},
    corrections::{Item, Recall},
    hub_taken_back, reports,
};

use crate::{
    difference::Difference,
    events::chunks_of_finding,
    pipeline::{
        digest::Shared,
        interner::Interner,
        key_table::KeyTable,
        state::{self, RegisterView},
    },
    whatif::{Span, chunks_in},
};

mod carry_out;
mod doubts;
mod parts;
mod report;
mod withdrawal;
mod worker;

use doubts::Last;
use worker::Gone;

pub use carry_out::{Correcting, Done};
pub use withdrawal::{plan_take_back, plan_withdrawal, with_replays};

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

/// Looks at what was taken in since the time, and says what is to be done. `progress` hears how many rows were read.
pub fn plan(
    reader: &Reader,
    view: &RegisterView,
    wanted: &Wanted,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Planned, StoreError> {
    let chunks = chunks_in(reader, Span::Since(wanted.since))?;
    plan_chunks(reader, view, wanted, &chunks, None, progress)
}

/// Says what is to be done about these findings only, whenever they were seen.
pub fn plan_findings(
    reader: &Reader,
    view: &RegisterView,
    findings: &BTreeSet<FindingId>,
    now: i64,
) -> Result<Planned, StoreError> {
    let mut ids: BTreeSet<u32> = BTreeSet::new();
    for finding in findings {
        ids.extend(chunks_of_finding(reader, *finding)?);
    }
    let mut chunks = Vec::new();
    for id in ids {
        chunks.extend(reader.read(|connection| chunks::by_id(connection, id))?);
    }
    let taken_back = reader.read(reports::withdrawn)?;
    chunks.retain(|chunk: &Chunk| !taken_back.contains(&chunk.report));
    let wanted = Wanted { since: i64::MIN, organisation: None, now, examples: 0 };
    plan_chunks(reader, view, &wanted, &chunks, Some(findings), &|_| ())
}

fn plan_chunks(
    reader: &Reader,
    view: &RegisterView,
    wanted: &Wanted,
    chunks: &[Chunk],
    only: Option<&BTreeSet<FindingId>>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Planned, StoreError> {
    let shared = Arc::new(state::shared(reader)?);
    let table = state::decision_state(reader)?.table;
    let gone = reader.read(hub_taken_back::rows)?;
    let look = Look { reader, view, wanted, sets: &shared.sets, table: &table, gone: &gone };
    let mut last = look.last_sightings(chunks, progress)?;
    // Of the others this may not be the last sighting.
    if let Some(only) = only {
        for (finding, last) in (0..).map(FindingId).zip(&mut last) {
            if !only.contains(&finding) {
                *last = Last::default();
            }
        }
    }
    let doubtful = look.doubtful(chunks, &last)?;
    let weighed = look.weigh(&doubtful.doubts)?;
    let parts = look.parts(chunks, &last, &doubtful, &weighed)?;
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

/// What both passes look at.
struct Look<'a> {
    reader: &'a Reader,
    view: &'a RegisterView,
    wanted: &'a Wanted,
    sets: &'a Interner<AssignmentSet>,
    table: &'a KeyTable,
    /// Rows that say nothing any more.
    gone: &'a Gone,
}
