//! The fate of a new assignment: is it told, and if not, why not.

use schakel_model::{fate::Fate, register::Contact, tlp::Tlp};

use crate::recipients::{NoContact, recipients};

/// Who of one organisation can be reached, by marking. Made once for an organisation, asked for every assignment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reach {
    obstacles: [Option<NoContact>; Tlp::ALL.len()],
}

impl Reach {
    /// From the contacts of the organisation.
    pub fn of<'a>(contacts: impl IntoIterator<Item = &'a Contact> + Clone) -> Self {
        Self { obstacles: Tlp::ALL.map(|tlp| recipients(contacts.clone(), tlp).err()) }
    }

    /// Why nobody may be told something with this marking; `None` when somebody may.
    pub fn obstacle(&self, tlp: Tlp) -> Option<NoContact> {
        self.obstacles[tlp as usize]
    }
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
}

impl NewAssignment {
    /// The fate in the ledger.
    pub fn fate(self) -> Fate {
        match self {
            Self::Queued => Fate::Queued,
            Self::NoContact(_) => Fate::NoContact,
            Self::Unrouted => Fate::Unrouted,
            Self::Held => Fate::Held,
        }
    }
}

/// Decides for an assignment of a finding that was not known: `owner` is the reach of the organisation concerned, `None`
/// when it is nobody's; `tlp` is the marking of the report, else of its source, `None` when neither has one.
pub fn new_assignment(owner: Option<&Reach>, tlp: Option<Tlp>) -> NewAssignment {
    match (owner, tlp) {
        (None, _) => NewAssignment::Unrouted,
        (Some(_), None) => NewAssignment::Held,
        (Some(reach), Some(tlp)) => match reach.obstacle(tlp) {
            None => NewAssignment::Queued,
            Some(reason) => NewAssignment::NoContact(reason),
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

    fn reach(role: ContactRole, tlp_max: Tlp) -> Reach {
        Reach::of(&[Contact {
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
        }])
    }

    #[test]
    fn every_state_has_one_fate() {
        let findings = reach(ContactRole::Findings, Tlp::Red);
        let cases = [
            (None, Some(Tlp::Amber), NewAssignment::Unrouted),
            (None, None, NewAssignment::Unrouted),
            (Some(findings), None, NewAssignment::Held),
            (Some(findings), Some(Tlp::AmberStrict), NewAssignment::Queued),
            (Some(findings), Some(Tlp::Red), NewAssignment::NoContact(NoContact::NoNamedPerson)),
            (
                Some(reach(ContactRole::Acib, Tlp::Green)),
                Some(Tlp::Amber),
                NewAssignment::NoContact(NoContact::ClearanceTooLow),
            ),
            (Some(Reach::of(&[])), Some(Tlp::Clear), NewAssignment::NoContact(NoContact::NoneInRole)),
        ];
        for (owner, tlp, expected) in cases {
            assert_eq!(new_assignment(owner.as_ref(), tlp), expected, "{owner:?} {tlp:?}");
        }
    }

    #[test]
    fn fates_are_those_of_the_ledger() {
        assert_eq!(NewAssignment::Queued.fate(), Fate::Queued);
        assert_eq!(NewAssignment::NoContact(NoContact::NoAddress).fate(), Fate::NoContact);
        assert_eq!(NewAssignment::Unrouted.fate(), Fate::Unrouted);
        assert_eq!(NewAssignment::Held.fate(), Fate::Held);
    }
}
