//! Setting assignments right: what is taken back and what is given anew for a finding, when the register says something else now than
//! when the finding was assigned.

use schakel_model::assignment::{Assignee, AssignmentSet};

/// How a finding stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Standing<'a> {
    /// Those who count as told.
    pub told: &'a [Assignee],
    /// Those with an assignment that stands, told or not.
    pub assigned: &'a [Assignee],
    /// Those of them who have it by mistake: no sighting that gave it to them concerns them by the register of now.
    pub wrong: &'a [Assignee],
    /// The same of assignments to nobody: each sighting that was nobody's concerns somebody now.
    pub nobody_wrong: bool,
    /// Those concerned at the last sighting, by the register of now.
    pub concerned: &'a [Assignee],
}

/// What happens to a finding.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Corrected {
    /// Whose assignments are taken back.
    pub withdrawn: AssignmentSet,
    /// Who gets a new one.
    pub added: AssignmentSet,
    /// Are its assignments to nobody taken back?
    pub nobody_withdrawn: bool,
    /// Is it nobody's now?
    pub nobody_added: bool,
}

impl Corrected {
    /// Does anything happen?
    pub fn is_empty(&self) -> bool {
        self.withdrawn.is_empty() && self.added.is_empty() && !self.nobody_withdrawn
    }

    /// Who counts as told afterwards. `reached` says of a new assignment whether somebody may be told: whom nobody can tell is
    /// tried again at the next sighting, as ever.
    pub fn told(&self, before: &[Assignee], reached: impl Fn(&Assignee) -> bool) -> AssignmentSet {
        let kept = before.iter().filter(|assignee| !self.withdrawn.contains(assignee));
        let mut told: AssignmentSet =
            kept.chain(self.added.iter().filter(|new| reached(new))).copied().collect();
        told.sort_unstable();
        told.dedup();
        told
    }
}

/// Decides for one finding.
///
/// Whoever was rightly told of an earlier sighting keeps that: an address that changed hands on a day does not make what the old holder
/// was told before that day wrong. Whoever is concerned by the last sighting keeps everything.
pub fn correct(standing: &Standing<'_>) -> Corrected {
    let &Standing { told, assigned, wrong, nobody_wrong, concerned } = standing;
    let withdrawn: AssignmentSet =
        wrong.iter().filter(|assignee| !concerned.contains(assignee)).copied().collect();
    let new = |assignee: &&Assignee| !told.contains(assignee) && !assigned.contains(assignee);
    let added: AssignmentSet = concerned.iter().filter(new).copied().collect();
    let nothing_left = assigned.iter().chain(told).all(|assignee| withdrawn.contains(assignee));
    Corrected {
        nobody_withdrawn: nobody_wrong && !concerned.is_empty(),
        nobody_added: concerned.is_empty() && !withdrawn.is_empty() && nothing_left,
        withdrawn,
        added,
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{asset::Role, assignment::End, ids::OrganisationId};

    use super::*;

    fn set(organisations: &[u32]) -> AssignmentSet {
        let assignee =
            |id: &u32| Assignee { organisation: OrganisationId(*id), role: Role::Owner, end: End::Source };
        organisations.iter().map(assignee).collect()
    }

    fn ids(set: &[Assignee]) -> Vec<u32> {
        set.iter().map(|assignee| assignee.organisation.0).collect()
    }

    /// told, assigned, wrong, is nobody wrong, concerned; withdrawn, added, nobody withdrawn, nobody added, told afterwards (all but 9
    /// can be told).
    type Case<'a> =
        ((&'a [u32], &'a [u32], &'a [u32], bool, &'a [u32]), (&'a [u32], &'a [u32], bool, bool, &'a [u32]));

    #[test]
    fn what_is_wrong_goes_what_is_missing_comes_and_what_was_right_stays() {
        let cases: &[(&str, Case<'_>)] = &[
            ("all is well", ((&[1], &[1], &[], false, &[1]), (&[], &[], false, false, &[1]))),
            ("another owner", ((&[1], &[1], &[1], false, &[2]), (&[1], &[2], false, false, &[2]))),
            ("one of two", ((&[1, 3], &[1, 3], &[1], false, &[2, 3]), (&[1], &[2], false, false, &[2, 3]))),
            ("one more", ((&[1], &[1], &[], false, &[1, 2]), (&[], &[2], false, false, &[1, 2]))),
            ("nobody's, now somebody's", ((&[], &[], &[], true, &[2]), (&[], &[2], true, false, &[2]))),
            ("somebody's, now nobody's", ((&[1], &[1], &[1], false, &[]), (&[1], &[], false, true, &[]))),
            ("nobody's, but for another reason", ((&[], &[], &[], true, &[]), (&[], &[], false, false, &[]))),
            (
                "rightly told before it moved",
                ((&[1], &[1], &[], false, &[2]), (&[], &[2], false, false, &[1, 2])),
            ),
            (
                "rightly told, and nobody's since",
                ((&[1], &[1], &[], false, &[]), (&[], &[], false, false, &[1])),
            ),
            ("wrong then, right now", ((&[1], &[1], &[1], false, &[1]), (&[], &[], false, false, &[1]))),
            ("an owner without contact", ((&[], &[9], &[9], false, &[2]), (&[9], &[2], false, false, &[2]))),
            (
                "to an owner without contact",
                ((&[1], &[1], &[1], false, &[9]), (&[1], &[9], false, false, &[])),
            ),
            (
                "assigned already, nobody could be told",
                ((&[], &[9], &[], false, &[9]), (&[], &[], false, false, &[])),
            ),
        ];
        for (what, ((told, assigned, wrong, nobody_wrong, concerned), expected)) in cases {
            let (told, assigned, wrong, concerned) = (set(told), set(assigned), set(wrong), set(concerned));
            let standing = Standing {
                told: &told,
                assigned: &assigned,
                wrong: &wrong,
                nobody_wrong: *nobody_wrong,
                concerned: &concerned,
            };
            let corrected = correct(&standing);
            let after = corrected.told(&told, |assignee| assignee.organisation.0 != 9);
            assert_eq!(ids(&corrected.withdrawn), expected.0, "{what}");
            assert_eq!(ids(&corrected.added), expected.1, "{what}");
            assert_eq!(
                (corrected.nobody_withdrawn, corrected.nobody_added),
                (expected.2, expected.3),
                "{what}"
            );
            assert_eq!(ids(&after), expected.4, "{what}");
        }
    }
}
