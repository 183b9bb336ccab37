//! Carrying out what was planned, correction by correction.

use std::collections::BTreeMap;

use schakel_model::{
    assignment::Assignee,
    fate::Fate,
    ids::{FindingId, ReportId},
};
use schakel_store::{
    Store, StoreError,
    chunks::NewBlock,
    corrections::{AddedBlock, NewCorrection, Recall, Withdrawal},
};

use super::{FINDINGS_IN_CORRECTION, Part, Planned};
use crate::pipeline::state::RegisterView;

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
