//! What suppliers hear of what concerns their clients.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use schakel_model::{
    asset::Role,
    assignment::Assignee,
    ids::OrganisationId,
    relation::{Mandate, Relation, RelationKind},
    tlp::Tlp,
};

use crate::tlp_gate::Circle;

/// How an assignee hears of an event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Hears {
    /// It is told itself.
    Directly,
    /// A supplier whose client is told and passes it on, or lets it have a copy.
    ThroughMember,
}

/// The mandates of suppliers: made once for a state of the register.
#[derive(Clone, Debug, Default)]
pub struct Mandates {
    by_supplier: HashMap<OrganisationId, Vec<Relation>, FixedState>,
    by_member: HashMap<OrganisationId, Vec<Relation>, FixedState>,
}

impl Mandates {
    /// From the relations of a register; only those of suppliers count.
    pub fn of(relations: &[Relation]) -> Self {
        let mut mandates = Self::default();
        for relation in relations.iter().filter(|relation| relation.kind == RelationKind::Supplies) {
            mandates.by_supplier.entry(relation.from).or_default().push(relation.clone());
            if relation.mandate == Mandate::Copied {
                mandates.by_member.entry(relation.to).or_default().push(relation.clone());
            }
        }
        mandates
    }

    /// How an assignee of an event hears of it at this time (seconds since 1970). `all` are the assignees of the event;
    /// `place` says who stands in the place of an organisation now.
    ///
    /// Only a supplier can hear through a member: when it supplies an owner of the same end with a mandate other than
    /// *direct*. Without a relation to any owner it is told as everybody is.
    pub fn hears(
        &self,
        assignee: Assignee,
        all: &[Assignee],
        at: i64,
        place: impl Fn(OrganisationId) -> OrganisationId,
    ) -> Hears {
        let Some(relations) = self.by_supplier.get(&assignee.organisation) else { return Hears::Directly };
        if assignee.role != Role::Supplier {
            return Hears::Directly;
        }
        let owns = |organisation: OrganisationId| {
            all.iter().any(|other| {
                other.role == Role::Owner
                    && other.end == assignee.end
                    && (other.organisation == organisation || place(other.organisation) == organisation)
            })
        };
        let mut hears = Hears::Directly;
        for relation in relations.iter().filter(|relation| relation.valid_at(at) && owns(relation.to)) {
            match relation.mandate {
                Mandate::Direct => return Hears::Directly,
                Mandate::ThroughMember | Mandate::Copied => hears = Hears::ThroughMember,
            }
        }
        hears
    }

    /// The suppliers who get a copy of what this organisation is told with this marking at this time.
    pub fn copied(&self, member: OrganisationId, tlp: Tlp, at: i64) -> impl Iterator<Item = OrganisationId> {
        let relations = self.by_member.get(&member).map_or(&[][..], Vec::as_slice);
        relations
            .iter()
            .filter(move |relation| tlp <= Circle::Supplier.marking_max() && relation.valid_at(at))
            .map(|relation| relation.from)
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{assignment::End, ids::RelationId};

    use super::*;

    const SUPPLIER: u32 = 1;
    const MEMBER: u32 = 2;
    const OTHER: u32 = 3;

    fn supplies(mandate: Mandate, member: u32, valid_until: Option<i64>) -> Relation {
        Relation {
            id: RelationId(0),
            from: OrganisationId(SUPPLIER),
            kind: RelationKind::Supplies,
            to: OrganisationId(member),
            mandate,
            scan_consent: false,
            valid_from: Some(100),
            valid_until,
            note: String::new(),
        }
    }

    fn assignee(organisation: u32, role: Role) -> Assignee {
        Assignee { organisation: OrganisationId(organisation), role, end: End::Source }
    }

    /// The relations, the role the supplier has, who else is concerned, when, and how it hears.
    type Case<'a> = (&'a [&'a Relation], Role, &'a [Assignee], i64, Hears);

    #[test]
    fn a_supplier_hears_through_the_member_it_supplies() {
        use Hears::{Directly, ThroughMember};
        use Role::{Operator, Owner, Supplier};
        let through = supplies(Mandate::ThroughMember, MEMBER, None);
        let direct = supplies(Mandate::Direct, OTHER, None);
        let copied = supplies(Mandate::Copied, MEMBER, Some(200));
        let owner = |organisation| assignee(organisation, Owner);
        let cases: &[Case<'_>] = &[
            (&[&through], Supplier, &[owner(MEMBER)], 100, ThroughMember),
            (&[&through], Supplier, &[owner(MEMBER)], 99, Directly),
            (&[&through], Supplier, &[owner(OTHER)], 100, Directly),
            (&[&through], Supplier, &[assignee(MEMBER, Operator)], 100, Directly),
            (&[&through], Supplier, &[Assignee { end: End::Target, ..owner(MEMBER) }], 100, Directly),
            (&[&through], Owner, &[owner(MEMBER)], 100, Directly),
            (&[&through, &direct], Supplier, &[owner(MEMBER)], 100, ThroughMember),
            (&[&through, &direct], Supplier, &[owner(MEMBER), owner(OTHER)], 100, Directly),
            (&[&copied], Supplier, &[owner(MEMBER)], 199, ThroughMember),
            (&[&copied], Supplier, &[owner(MEMBER)], 200, Directly),
            (&[], Supplier, &[owner(MEMBER)], 100, Directly),
        ];
        for (relations, role, others, at, expected) in cases {
            let relations: Vec<_> = relations.iter().copied().cloned().collect();
            let mut all = others.to_vec();
            all.push(assignee(SUPPLIER, *role));
            let heard = Mandates::of(&relations).hears(assignee(SUPPLIER, *role), &all, *at, |one| one);
            assert_eq!(heard, *expected, "{relations:?} {others:?} at {at}");
        }
        // The member has merged into another, which the supplier supplies now.
        let relations = [supplies(Mandate::ThroughMember, OTHER, None)];
        let all = [owner(MEMBER)];
        let heard = Mandates::of(&relations)
            .hears(assignee(SUPPLIER, Supplier), &all, 100, |_| OrganisationId(OTHER));
        assert_eq!(heard, ThroughMember);
    }

    #[test]
    fn a_copy_goes_no_further_than_the_marking_allows() {
        let mandates = Mandates::of(&[
            supplies(Mandate::Copied, MEMBER, Some(200)),
            supplies(Mandate::ThroughMember, OTHER, None),
        ]);
        let copied = |member, tlp, at| {
            mandates.copied(OrganisationId(member), tlp, at).map(|one| one.0).collect::<Vec<_>>()
        };
        assert_eq!(copied(MEMBER, Tlp::Green, 100), [SUPPLIER]);
        assert_eq!(copied(MEMBER, Tlp::Clear, 199), [SUPPLIER]);
        assert_eq!(copied(MEMBER, Tlp::Amber, 100), [0; 0]);
        assert_eq!(copied(MEMBER, Tlp::Green, 200), [0; 0]);
        assert_eq!(copied(OTHER, Tlp::Green, 100), [0; 0]);
    }
}
