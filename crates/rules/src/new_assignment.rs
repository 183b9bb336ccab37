//! The fate of a new assignment: is it told, and if not, why not.

use schakel_model::{fate::Fate, register::Contact, tlp::Tlp};

use crate::{
    mandate::Hears,
    recipients::{NoContact, recipients},
};

/// The organisation that an assignment concerns, as far as telling goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner<C> {
    /// The contacts, at this time, of whoever stands in its place.
    pub contacts: C,
    /// Is it told itself?
    pub hears: Hears,
}

/// What becomes of a new assignment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NewAssignment {
    /// It is to be told.
    Queued,
    /// It has an owner, but nobody who may be told.
    NoContact(NoContact),
    /// It has no owner.
    Unrouted,
    /// It has an owner but no marking: neither the report nor its source says one.
    Held,
    /// A supplier that hears through the member it supplies.
    ThroughMember,
}

impl NewAssignment {
    /// The fate in the ledger.
    pub fn fate(self) -> Fate {
        match self {
            Self::Queued => Fate::Queued,
            Self::NoContact(_) => Fate::NoContact,
            Self::Unrouted => Fate::Unrouted,
            Self::Held => Fate::Held,
            Self::ThroughMember => Fate::Suppressed,
        }
    }
}

/// Decides for an assignment of a finding that was not known. `owner` is `None` when it is nobody's; `tlp` is the marking of
/// the report, else of its source, `None` when neither has one.
pub fn new_assignment<'a, C>(owner: Option<Owner<C>>, tlp: Option<Tlp>) -> NewAssignment
where
    C: IntoIterator<Item = &'a Contact> + Clone,
{
    match (owner, tlp) {
        (None, _) => NewAssignment::Unrouted,
        (Some(Owner { hears: Hears::ThroughMember, .. }), _) => NewAssignment::ThroughMember,
        (Some(_), None) => NewAssignment::Held,
        (Some(owner), Some(tlp)) => match recipients(owner.contacts, tlp) {
            Ok(_) => NewAssignment::Queued,
            Err(reason) => NewAssignment::NoContact(reason),
        },
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{
        ids::{ContactId, OrganisationId},
        language::Language,
        register::ContactRole,
    };

    use super::*;

    fn contact(role: ContactRole, tlp_max: Tlp) -> Contact {
        Contact {
            id: ContactId(1),
            organisation: OrganisationId(1),
            role,
            name: String::new(),
            email: "noc@x.example".into(),
            phone: String::new(),
            language: Language::Nl,
            tlp_max,
            position: 0,
            valid_from: None,
            valid_until: None,
        }
    }

    #[test]
    fn every_state_has_one_fate() {
        let findings = &[contact(ContactRole::Findings, Tlp::Red)][..];
        let acib = &[contact(ContactRole::Acib, Tlp::Green)][..];
        let owner = |contacts| Some(Owner { contacts, hears: Hears::Directly });
        let through = Some(Owner { contacts: findings, hears: Hears::ThroughMember });
        let cases = [
            (None, Some(Tlp::Amber), NewAssignment::Unrouted),
            (None, None, NewAssignment::Unrouted),
            (owner(findings), None, NewAssignment::Held),
            (owner(findings), Some(Tlp::AmberStrict), NewAssignment::Queued),
            (owner(findings), Some(Tlp::Red), NewAssignment::NoContact(NoContact::NoNamedPerson)),
            (owner(acib), Some(Tlp::Amber), NewAssignment::NoContact(NoContact::ClearanceTooLow)),
            (owner(&[]), Some(Tlp::Clear), NewAssignment::NoContact(NoContact::NoneInRole)),
            (through, Some(Tlp::Clear), NewAssignment::ThroughMember),
        ];
        for (owner, tlp, expected) in cases {
            assert_eq!(new_assignment(owner, tlp), expected, "{owner:?} {tlp:?}");
        }
    }

    #[test]
    fn fates_are_those_of_the_ledger() {
        assert_eq!(NewAssignment::Queued.fate(), Fate::Queued);
        assert_eq!(NewAssignment::NoContact(NoContact::NoAddress).fate(), Fate::NoContact);
        assert_eq!(NewAssignment::Unrouted.fate(), Fate::Unrouted);
        assert_eq!(NewAssignment::Held.fate(), Fate::Held);
        assert_eq!(NewAssignment::ThroughMember.fate(), Fate::Suppressed);
    }
}
