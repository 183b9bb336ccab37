//! The rows that tell findings: the first of each in a chunk.

use std::collections::HashSet;

use schakel_model::{
    event::Event,
    ids::{EventId, FindingId},
    observation::Observation,
};
use schakel_parse::{Plan, Record};
use schakel_store::{
    Reader,
    chunks::{self, Chunk},
    fate_blob::{self, RowFate},
};

use crate::pipeline::derive::{DerivedChunk, Deriver};

/// A row that shows a finding.
pub(crate) struct Row<'a> {
    pub finding: FindingId,
    pub id: EventId,
    pub observation: &'a Observation<'a>,
    pub plan: &'a Plan,
    record: Record<'a>,
}

impl Row<'_> {
    /// The row with all its fields; costs more than the observation.
    pub fn event(&self) -> Event {
        self.plan.event(self.record).unwrap_or_default()
    }

    /// Calls `visit` with its fields that are text ([`Plan::for_each_text`]).
    pub fn for_each_text(&self, visit: &mut dyn FnMut(&str, &str)) {
        // A row that cannot be read shows no finding.
        let _ = self.plan.for_each_text(self.record, visit);
    }
}

/// Calls `visit` with the first row of each of these findings in the chunk. What was erased, or cannot be read, is left out.
pub(crate) fn first_rows(
    reader: &Reader,
    (deriver, derived): (&mut Deriver, &mut DerivedChunk),
    chunk: &Chunk,
    mut wanted: HashSet<FindingId>,
    mut visit: impl FnMut(&Row<'_>),
) -> anyhow::Result<()> {
    // What was erased can be told no more.
    if deriver.is_erased(chunk.report) {
        return Ok(());
    }
    let plan = deriver.chunk(chunk, derived)?;
    let fates = reader.read(|connection| chunks::fates(connection, chunk.id))?;
    for (at, fate) in fate_blob::read(&fates).enumerate() {
        let Ok(RowFate::Event(finding)) = fate else { continue };
        if !wanted.remove(&finding) {
            continue;
        }
        let Some(record) = derived.record(at) else { continue };
        let Ok(observation) = plan.observe(record) else { continue };
        let id = EventId { report: chunk.report, row: chunk.first_row + at as u32 };
        visit(&Row { finding, id, observation: &observation, plan: &plan, record });
    }
    Ok(())
}
