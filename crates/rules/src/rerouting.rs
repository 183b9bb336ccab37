//! What another state of the register changes for an event: who is concerned instead of whom, and who is told more or less.

use std::collections::BTreeSet;

use schakel_model::{
    asset::Role,
    assignment::{Assignee, End},
    fate::Fate,
    ids::OrganisationId,
};

/// Somebody whom an event concerns, and what becomes of that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Concern {
    /// Who: the one who stands in the place of the organisation that the register names.
    pub assignee: Assignee,
    /// The fate of a new assignment to them.
    pub fate: Fate,
}

/// What kind of change it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeKind {
    /// Another organisation in the same role.
    Moves,
    /// It was nobody's.
    BecomesRouted,
    /// It is nobody's.
    BecomesUnrouted,
    /// One more is concerned, beside others.
    AlsoConcerns,
    /// One fewer is concerned; others still are.
    NoLongerConcerns,
    /// The same is concerned, and can be told.
    CanBeTold,
    /// The same is concerned, and cannot be told.
    CannotBeTold,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Moves,
        Self::BecomesRouted,
        Self::BecomesUnrouted,
        Self::AlsoConcerns,
        Self::NoLongerConcerns,
        Self::CanBeTold,
        Self::CannotBeTold,
    ];

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moves => "moves",
            Self::BecomesRouted => "becomes_routed",
            Self::BecomesUnrouted => "becomes_unrouted",
            Self::AlsoConcerns => "also_concerns",
            Self::NoLongerConcerns => "no_longer_concerns",
            Self::CanBeTold => "can_be_told",
            Self::CannotBeTold => "cannot_be_told",
        }
    }
}

/// A change, from one organisation to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Change {
    /// What kind.
    pub kind: ChangeKind,
    /// Whom it concerned; `None` is nobody, or nobody in that role.
    pub from: Option<OrganisationId>,
    /// Whom it concerns; `None` is nobody, or nobody in that role.
    pub to: Option<OrganisationId>,
}

/// What is different for an event. Empty when nothing is.
pub fn changes(before: &[Concern], after: &[Concern]) -> BTreeSet<Change> {
    let mut changes = BTreeSet::new();
    let places: BTreeSet<(Role, End)> = before.iter().chain(after).map(place).collect();
    for at in places {
        let in_place = |concerns: &[Concern]| -> BTreeSet<OrganisationId> {
            let there = concerns.iter().filter(|concern| place(concern) == at);
            there.map(|concern| concern.assignee.organisation).collect()
        };
        let (old, new) = (in_place(before), in_place(after));
        let gone: Vec<_> = old.difference(&new).copied().collect();
        let come: Vec<_> = new.difference(&old).copied().collect();
        for from in &gone {
            let kind = match (come.is_empty(), after.is_empty()) {
                (true, true) => ChangeKind::BecomesUnrouted,
                (true, false) => ChangeKind::NoLongerConcerns,
                (false, _) => continue,
            };
            changes.insert(Change { kind, from: Some(*from), to: None });
        }
        for to in come {
            let kind = match (gone.is_empty(), before.is_empty()) {
                (true, true) => ChangeKind::BecomesRouted,
                (true, false) => ChangeKind::AlsoConcerns,
                (false, _) => {
                    let moves = |from: &OrganisationId| Change {
                        kind: ChangeKind::Moves,
                        from: Some(*from),
                        to: Some(to),
                    };
                    changes.extend(gone.iter().map(moves));
                    continue;
                }
            };
            changes.insert(Change { kind, from: None, to: Some(to) });
        }
    }
    for old in before {
        let Some(new) = after.iter().find(|new| new.assignee == old.assignee) else { continue };
        let kind = match (is_told(old), is_told(new)) {
            (false, true) => ChangeKind::CanBeTold,
            (true, false) => ChangeKind::CannotBeTold,
            _ => continue,
        };
        let organisation = Some(old.assignee.organisation);
        changes.insert(Change { kind, from: organisation, to: organisation });
    }
    changes
}

/// The organisations that are told of an event.
pub fn told(concerns: &[Concern]) -> BTreeSet<OrganisationId> {
    concerns.iter().filter(|concern| is_told(concern)).map(|concern| concern.assignee.organisation).collect()
}

fn is_told(concern: &Concern) -> bool {
    concern.fate == Fate::Queued
}

fn place(concern: &Concern) -> (Role, End) {
    (concern.assignee.role, concern.assignee.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concern(organisation: u32, role: Role, fate: Fate) -> Concern {
        let assignee = Assignee { organisation: OrganisationId(organisation), role, end: End::Source };
        Concern { assignee, fate }
    }

    fn owner(organisation: u32) -> Concern {
        concern(organisation, Role::Owner, Fate::Queued)
    }

    fn shown(before: &[Concern], after: &[Concern]) -> Vec<String> {
        let id = |id: Option<OrganisationId>| id.map_or("-".to_owned(), |id| id.to_string());
        let change =
            |change: Change| format!("{} {}>{}", change.kind.as_str(), id(change.from), id(change.to));
        changes(before, after).into_iter().map(change).collect()
    }

    #[test]
    fn each_difference_has_its_name() {
        let operator = concern(7, Role::Operator, Fate::Queued);
        let mute = concern(1, Role::Owner, Fate::NoContact);
        let cases: &[(&[Concern], &[Concern], &[&str])] = &[
            (&[], &[], &[]),
            (&[owner(1), operator], &[owner(1), operator], &[]),
            (&[owner(1)], &[owner(2)], &["moves 1>2"]),
            (&[owner(1), operator], &[owner(2), operator], &["moves 1>2"]),
            (&[owner(1)], &[owner(2), owner(3)], &["moves 1>2", "moves 1>3"]),
            (&[], &[owner(2)], &["becomes_routed ->2"]),
            (&[owner(1)], &[], &["becomes_unrouted 1>-"]),
            (&[owner(1)], &[owner(1), owner(2)], &["also_concerns ->2"]),
            (&[owner(1)], &[owner(1), operator], &["also_concerns ->7"]),
            (&[owner(1), operator], &[operator], &["no_longer_concerns 1>-"]),
            (&[owner(1)], &[operator], &["also_concerns ->7", "no_longer_concerns 1>-"]),
            (&[mute], &[owner(1)], &["can_be_told 1>1"]),
            (&[owner(1)], &[mute], &["cannot_be_told 1>1"]),
            (&[mute], &[mute], &[]),
        ];
        for (before, after, expected) in cases {
            assert_eq!(shown(before, after), *expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn only_whoever_is_queued_is_told() {
        let concerns = [owner(1), concern(2, Role::Operator, Fate::NoContact), owner(3)];
        assert_eq!(told(&concerns).into_iter().map(|id| id.0).collect::<Vec<_>>(), [1, 3]);
    }
}
