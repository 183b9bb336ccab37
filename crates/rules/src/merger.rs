//! Municipal mergers (herindelingen): who stands in whose place at a time.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use schakel_model::{
    ids::OrganisationId,
    relation::{Relation, RelationKind},
};

/// Who merged into whom, and when: made once for a state of the register.
#[derive(Clone, Debug, Default)]
pub struct Successors {
    by_old: HashMap<OrganisationId, Vec<Relation>, FixedState>,
}

impl Successors {
    /// From the relations of a register; only mergers count.
    pub fn of(relations: &[Relation]) -> Self {
        let mut by_old: HashMap<OrganisationId, Vec<Relation>, FixedState> = HashMap::default();
        for relation in relations.iter().filter(|relation| relation.kind == RelationKind::MergedInto) {
            by_old.entry(relation.from).or_default().push(relation.clone());
        }
        Self { by_old }
    }

    /// Who stands in the place of an organisation at a time (seconds since 1970): itself, or by way of one merger after
    /// the other the last that took over. Whoever was split over several keeps their place: no single one took it.
    pub fn at(&self, organisation: OrganisationId, at: i64) -> OrganisationId {
        let mut now = organisation;
        // Files with circles are refused; should one be recorded all the same, a walk of this length ends it.
        for _ in 0..=self.by_old.len() {
            match self.step(now, at) {
                Some(relation) => now = relation.to,
                None => return now,
            }
        }
        organisation
    }

    /// The merger by which an organisation gave up its place at this time, if it did.
    pub fn step(&self, organisation: OrganisationId, at: i64) -> Option<&Relation> {
        let mut into = self.by_old.get(&organisation)?.iter().filter(|relation| relation.valid_at(at));
        let only = into.next()?;
        into.next().is_none().then_some(only)
    }
}

/// Who stands in the place of an organisation at a time (seconds since 1970), see [`Successors::at`]. For many questions
/// about one register make [`Successors`] once.
pub fn successor(relations: &[Relation], organisation: OrganisationId, at: i64) -> OrganisationId {
    Successors::of(relations).at(organisation, at)
}

#[cfg(test)]
mod tests {
    use schakel_model::{ids::RelationId, relation::Mandate};

    use super::*;

    fn merged(from: u32, to: u32, valid_from: i64) -> Relation {
        Relation {
            id: RelationId(0),
            from: OrganisationId(from),
            kind: RelationKind::MergedInto,
            to: OrganisationId(to),
            mandate: Mandate::default(),
            scan_consent: false,
            valid_from: Some(valid_from),
            valid_until: None,
            note: String::new(),
        }
    }

    #[test]
    fn a_successor_takes_the_place_from_its_day_on() {
        // 1 and 2 become 3 at 100; 3 becomes 4 at 200; 5 is split over 6 and 7; 8 serves 1.
        let mut relations = vec![
            merged(1, 3, 100),
            merged(2, 3, 100),
            merged(3, 4, 200),
            merged(5, 6, 100),
            merged(5, 7, 100),
            Relation { kind: RelationKind::Serves, ..merged(8, 1, 0) },
        ];
        for (organisation, at, expected) in [
            (1, 99, 1),
            (1, 100, 3),
            (2, 199, 3),
            (1, 200, 4),
            (3, 100, 3),
            (4, 900, 4),
            (5, 900, 5),
            (8, 900, 8),
            (9, 900, 9),
        ] {
            let found = successor(&relations, OrganisationId(organisation), at);
            assert_eq!(found, OrganisationId(expected), "{organisation} at {at}");
        }
        relations.push(merged(4, 1, 300));
        assert_eq!(successor(&relations, OrganisationId(1), 299), OrganisationId(4));
        assert_eq!(
            successor(&relations, OrganisationId(1), 300),
            OrganisationId(1),
            "a circle ends the walk"
        );
    }
}
