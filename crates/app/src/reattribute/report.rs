//! What a correction would change, as a report: the same as that of `schakel whatif`.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use schakel_model::{assignment::Assignee, fate::Fate, observation::Endpoint};
use schakel_rules::rerouting::Concern;
use schakel_store::{StoreError, corrections::Shape, findings};

use super::{Look, Part, doubts::Doubtful};
use crate::{
    difference::{Difference, Example, Met, Named, Tally, report},
    events::target,
    explain::organisation_name,
};

impl Look<'_> {
    /// What is different, grouped, with examples.
    pub(super) fn report(&self, parts: &[Part], doubtful: &Doubtful) -> Result<Difference, StoreError> {
        let kinds = self.reader.read(findings::kinds)?;
        let mut met: Vec<Met> = Vec::new();
        let mut known: HashMap<_, Option<u32>, RandomState> = HashMap::default();
        let mut tally = Tally::default();
        for part in parts {
            let (finding, shape) = (part.item.finding, part.item.shape);
            let untold = doubtful.untold.get(&finding).cloned().unwrap_or_default();
            let number = *known.entry((shape, untold.clone(), part.added.clone())).or_insert_with(|| {
                let (before, after) = self.concerns(shape, &untold, &part.added);
                // None when only what was nobody's is taken back, of a finding whose owner knows it since.
                Met::between(&before, &after).map(|different| {
                    met.push(different);
                    met.len() as u32 - 1
                })
            });
            let Some(number) = number else { continue };
            tally.count(number, finding, self.wanted.examples, || {
                let stored = self.reader.read(|connection| findings::get(connection, finding)).ok().flatten();
                example(part, stored, &kinds)
            });
        }
        Ok(report(&met, vec![tally], self.wanted.examples, &|id| {
            let (code, name) = organisation_name(&self.view.register, id);
            Named { code: code.to_owned(), name: name.to_owned() }
        }))
    }

    /// Whom a finding concerned by its assignments, and whom it concerns when they are corrected.
    fn concerns(
        &self,
        shape: Shape,
        untold: &[Assignee],
        added: &[(Option<Assignee>, Fate)],
    ) -> (Vec<Concern>, Vec<Concern>) {
        let told = |assignee| Concern { assignee, fate: Fate::Queued };
        let mut before: Vec<Concern> = self.sets.value(shape.told_before).into_iter().map(told).collect();
        before.extend(untold.iter().map(|assignee| Concern { assignee: *assignee, fate: Fate::NoContact }));
        let withdrawn = self.sets.value(shape.withdrawn);
        let kept = before.iter().filter(|concern| !withdrawn.contains(&concern.assignee)).copied();
        let new =
            added.iter().filter_map(|(assignee, fate)| Some(Concern { assignee: (*assignee)?, fate: *fate }));
        let after = kept.chain(new).collect();
        (before, after)
    }
}

fn example(part: &Part, stored: Option<findings::Finding>, kinds: &[findings::Kind]) -> Example {
    let finding = part.item.finding;
    let Some(stored) = stored.map(|stored| stored.first) else {
        return Example { finding: format!("F{finding}"), ..Example::default() };
    };
    let endpoint = Endpoint {
        ip: stored.ip,
        port: stored.port,
        fqdn: stored.name.unwrap_or_default().into(),
        ..Endpoint::default()
    };
    Example {
        order: (stored.event.report.0, stored.event.row),
        event: stored.event.to_string(),
        finding: format!("F{finding}"),
        kind: kinds.get(stored.kind.0 as usize).map(|kind| kind.identifier.clone()).unwrap_or_default(),
        target: target(&endpoint),
        observed_at: stored.first_seen.timestamp().to_string(),
    }
}
