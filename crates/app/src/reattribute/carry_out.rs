//! Carrying out what was planned, correction by correction.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schakel_model::{
    assignment::Assignee,
    fate::Fate,
    ids::{FindingId, ReportId},
};
use schakel_store::{
    Reader, Store, StoreError,
    act::Act,
    chunks::NewBlock,
    corrections::{AddedBlock, NewCorrection, Recall, Withdrawal},
};

use super::{FINDINGS_IN_CORRECTION, Part, Planned};
use crate::{config::Config, pipeline::state::RegisterView, tell::Composer};

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

/// Whoever corrects, with what that needs.
pub struct Correcting<'a> {
    /// Where to read.
    pub reader: &'a Reader,
    /// The register by which it was planned.
    pub view: &'a RegisterView,
    /// Sender, addresses.
    pub config: &'a Config,
    /// When, who and why.
    pub act: Act<'a>,
}

impl Correcting<'_> {
    /// Does what was planned, and makes the notices for those who were told. Gives how many notices. `progress` hears how many findings
    /// were corrected.
    pub fn correct(
        &self,
        store: &mut Store,
        planned: &Planned,
        progress: &dyn Fn(u64),
    ) -> anyhow::Result<(Done, usize)> {
        let done = carry_out(store, self.view, planned, &self.act, progress)?;
        let templates = crate::templates::in_force(self.reader)?;
        let composer = Composer {
            reader: self.reader,
            view: self.view,
            config: self.config,
            templates: &templates,
            now: Timestamp::from_second(self.act.at)?,
        };
        Ok((done, composer.compose_recalls(store)?))
    }

    /// The same for reports that are taken back: from then on they count as that. Broken off, it is planned and done again.
    pub fn withdraw(
        &self,
        store: &mut Store,
        planned: &Planned,
        reports: &[ReportId],
        progress: &dyn Fn(u64),
    ) -> anyhow::Result<(Done, usize)> {
        let done = self.correct(store, planned, progress)?;
        store.withdraw_reports(self.act, reports)?;
        Ok(done)
    }
}

/// Does what was planned, correction by correction. Broken off, it goes on where it was when it is planned again.
fn carry_out(
    store: &mut Store,
    view: &RegisterView,
    planned: &Planned,
    by: &Act<'_>,
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
