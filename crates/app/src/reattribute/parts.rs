//! From what was found out to what happens to each finding.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use schakel_model::{
    assignment::{Assignee, AssignmentSet},
    fate::Fate,
    ids::{FindingId, ReportId},
    tlp::Terms,
};
use schakel_rules::correction::{Corrected, Standing, correct};
use schakel_store::{
    StoreError,
    chunks::Chunk,
    corrections::{Item, Nobody, Recall, Shape},
};

use super::{
    Look, Part,
    doubts::{Doubtful, Last, Weighed},
};
use crate::whatif::markings;

impl Look<'_> {
    /// What happens to each finding, by chunk and finding.
    pub(super) fn parts(
        &self,
        chunks: &[Chunk],
        last: &[Last],
        doubtful: &Doubtful,
        weighed: &Weighed,
    ) -> Result<Vec<Part>, StoreError> {
        let markings = markings(self.reader, chunks)?;
        let places: HashMap<u32, (ReportId, Terms), RandomState> = chunks
            .iter()
            .map(|chunk| {
                let terms = markings.get(&(chunk.report, chunk.member)).copied().unwrap_or(Terms::STRICTEST);
                (chunk.id, (chunk.report, terms))
            })
            .collect();
        let mut parts = Vec::new();
        for (finding, last) in (0..).map(FindingId).zip(last).filter(|(_, last)| last.chunk > 0) {
            let told = self.table.told(finding);
            let wrong = weighed.wrong.get(&finding);
            let nobody = weighed.nobody.get(&finding);
            if told == last.concerned && wrong.is_none() && nobody.is_none() {
                continue;
            }
            let (report, terms) = places[&last.chunk];
            let part =
                self.part(finding, last, told, wrong, nobody, doubtful.untold.get(&finding), report, terms);
            parts.extend(part.filter(|part| self.is_wanted(part)));
        }
        parts.sort_unstable_by_key(|part| part.item);
        Ok(parts)
    }

    #[allow(clippy::too_many_arguments)] // All that is known of one finding.
    fn part(
        &self,
        finding: FindingId,
        last: &Last,
        told_before: u32,
        wrong: Option<&Vec<(Assignee, i64)>>,
        nobody: Option<&Vec<i64>>,
        untold: Option<&Vec<Assignee>>,
        report: ReportId,
        terms: Terms,
    ) -> Option<Part> {
        let told = self.sets.value(told_before);
        let concerned = self.sets.value(last.concerned);
        let assigned: AssignmentSet = told.iter().chain(untold.into_iter().flatten()).copied().collect();
        let wrong = wrong.map_or(&[][..], Vec::as_slice);
        let mut wrong_assignees: AssignmentSet = wrong.iter().map(|(assignee, _)| *assignee).collect();
        wrong_assignees.sort_unstable();
        wrong_assignees.dedup();
        let corrected = correct(&Standing {
            told: &told,
            assigned: &assigned,
            wrong: &wrong_assignees,
            nobody_wrong: nobody.is_some(),
            concerned: &concerned,
        });
        if corrected.is_empty() {
            return None;
        }
        let fate =
            |assignee: Option<Assignee>| self.view.fate_of(assignee, &concerned, terms, self.wanted.now);
        let told_after = corrected.told(&told, |assignee| fate(Some(*assignee)) != Fate::NoContact);
        let mut added: Vec<_> =
            corrected.added.iter().map(|assignee| (Some(*assignee), fate(Some(*assignee)))).collect();
        if corrected.nobody_added {
            added.push((None, fate(None)));
        }
        let taken = wrong.iter().filter(|(assignee, _)| corrected.withdrawn.contains(assignee));
        let mut withdrawn: Vec<_> =
            taken.map(|(assignee, block)| (*block, self.recall(assignee, &concerned))).collect();
        if corrected.nobody_withdrawn {
            withdrawn.extend(nobody.into_iter().flatten().map(|block| (*block, Recall::NotNeeded)));
        }
        let Corrected { withdrawn: withdrawn_set, added: added_set, .. } = &corrected;
        let shape = Shape {
            told_before,
            told_after: self.sets.number(&told_after),
            concerned: last.concerned,
            withdrawn: self.sets.number(withdrawn_set),
            added: self.sets.number(added_set),
            nobody: match (corrected.nobody_withdrawn, corrected.nobody_added) {
                (true, _) => Nobody::Withdrawn,
                (false, true) => Nobody::Added,
                (false, false) => Nobody::Stays,
            },
        };
        Some(Part { item: Item { chunk: last.chunk, finding, shape }, report, added, withdrawn })
    }

    /// Whoever goes on under another name need not delete what it was told.
    fn recall(&self, assignee: &Assignee, concerned: &[Assignee]) -> Recall {
        let successor = self.view.successors.at(assignee.organisation, self.wanted.now);
        let goes_on = successor != assignee.organisation
            && concerned.iter().any(|concerned| concerned.organisation == successor);
        if goes_on { Recall::NotNeeded } else { Recall::IfTold }
    }

    fn is_wanted(&self, part: &Part) -> bool {
        let Some(organisation) = self.wanted.organisation else { return true };
        let has = |set| self.sets.value(set).iter().any(|assignee| assignee.organisation == organisation);
        has(part.item.shape.withdrawn) || has(part.item.shape.added)
    }
}
