//! What somebody can see: everything, for the desk; for a member, what is its own. One member never learns of another's data, so what is not its
//! own is as if it were not there.

use schakel_model::{
    api::ClientOf,
    ids::{EventId, OrganisationId},
    register::Contact,
    tlp::Terms,
};
use schakel_rules::{
    merger::Successors,
    recipients::{ROLES, recipients_of},
    tlp_gate::{Audience, Circle, gate},
};
use schakel_store::{
    Reader, StoreError, chunks,
    member_reports::{contacts, relations},
    register, reports,
};

use crate::onboarding;

/// Who looks.
pub enum Tenant {
    /// The desk.
    Desk,
    /// A member.
    Member(Member),
}

/// A member, as it stands at this time.
pub struct Member {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Its code; empty when the register does not have it any more.
    pub code: String,
    /// The organisation and those whose place it has taken, sorted; empty when another has taken its own, or when it left.
    pub places: Vec<OrganisationId>,
    contacts: Vec<Contact>,
}

impl Tenant {
    /// Who looks with a client, at this time (seconds since 1970).
    pub fn of(reader: &Reader, client: ClientOf, now: i64) -> anyhow::Result<Self> {
        Ok(match client {
            ClientOf::Desk => Self::Desk,
            ClientOf::Member(organisation) => Self::Member(Member::of(reader, organisation, now)?),
        })
    }

    /// Is what belongs to this organisation theirs to see?
    pub fn sees(&self, organisation: OrganisationId) -> bool {
        match self {
            Self::Desk => true,
            Self::Member(member) => member.places.binary_search(&organisation).is_ok(),
        }
    }

    /// The places that a member's data is under; none for the desk, which is under no place.
    pub fn places(&self) -> Option<&[OrganisationId]> {
        match self {
            Self::Desk => None,
            Self::Member(member) => Some(&member.places),
        }
    }

    /// May a program of theirs have what came with this event? By its marking; the desk may have everything.
    pub fn may_have(&self, reader: &Reader, event: EventId) -> Result<bool, StoreError> {
        let Self::Member(member) = self else { return Ok(true) };
        let chunk = reader.read(|connection| chunks::of_row(connection, event.report, event.row))?;
        let Some(chunk) = chunk else { return Ok(false) };
        let terms = reader.read(|connection| reports::terms(connection, chunk.report, chunk.member))?;
        Ok(member.may_be_given(terms))
    }
}

impl Member {
    /// The member at this time.
    pub fn of(reader: &Reader, organisation: OrganisationId, now: i64) -> anyhow::Result<Self> {
        let version = reader.read(register::version)?;
        let names = reader.read(|connection| register::load_organisations(connection, version))?;
        let code = names.organisation(organisation).map(|one| one.code.clone());
        let places = match &code {
            Some(_) if !onboarding::not_affiliated(reader)?.contains(&organisation) => {
                let relations = reader.read(|connection| relations(connection, version))?;
                let successors = Successors::of(&relations);
                let mut of = vec![organisation];
                of.extend(relations.iter().map(|relation| relation.from));
                of.retain(|one| successors.at(*one, now) == organisation);
                of.sort_unstable();
                of.dedup();
                of
            }
            _ => Vec::new(),
        };
        let mut contacts = reader.read(|connection| contacts(connection, version, organisation))?;
        contacts.retain(|contact| contact.valid_at(now));
        Ok(Self { organisation, code: code.unwrap_or_default(), places, contacts })
    }

    /// May a program of the member be given something with these terms? When somebody of the member may receive it, and a program may.
    pub fn may_be_given(&self, terms: Terms) -> bool {
        let program = Audience::machine(Circle::Concerned, &self.code);
        recipients_of(Circle::Concerned, &ROLES, &self.contacts, terms).is_ok()
            && gate(terms, &program).is_ok()
    }
}
