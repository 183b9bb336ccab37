//! To whom a step of a ladder turns.

use std::collections::HashSet;

use schakel_model::{
    ids::OrganisationId,
    register::{Contact, ContactRole},
    relation::{Mandate, RelationKind},
    tlp::Tlp,
};
use schakel_rules::tlp_gate::{Audience, Circle, circle, gate};

use crate::pipeline::state::RegisterView;

/// Who may be asked when the first contacts do not react, in this order.
const SECOND_ROLES: [ContactRole; 5] =
    [ContactRole::Findings, ContactRole::Vcib, ContactRole::Acib, ContactRole::Duty, ContactRole::Ciso];

/// The contact of an organisation to turn to next: one who may hear it and was not written to yet.
pub(super) fn second_contact<'v>(
    view: &'v RegisterView,
    organisation: OrganisationId,
    tlp: Tlp,
    written_to: &HashSet<String>,
    now: i64,
) -> Option<&'v Contact> {
    SECOND_ROLES.into_iter().find_map(|role| {
        view.contacts(organisation, now).find(|contact| {
            contact.role == role
                && gate(tlp, &Audience::contact(Circle::Concerned, contact)).is_ok()
                && !written_to.contains(&contact.email.trim().to_lowercase())
        })
    })
}

/// Those who work for an organisation and may hear it: who serves it, and suppliers with a mandate; each with the contacts of the first
/// role that has somebody.
pub(super) fn partners(
    view: &RegisterView,
    organisation: OrganisationId,
    tlp: Tlp,
    now: i64,
) -> Vec<(OrganisationId, Circle, Vec<&Contact>)> {
    let mut partners = Vec::new();
    let mut seen = HashSet::new();
    let relations = &view.register.relations;
    for relation in relations.iter().filter(|relation| relation.to == organisation && relation.valid_at(now))
    {
        let works_for = match relation.kind {
            RelationKind::Serves => true,
            RelationKind::Supplies => relation.mandate != Mandate::ThroughMember,
            RelationKind::ParticipatesIn | RelationKind::MergedInto => false,
        };
        if !works_for || !seen.insert(relation.from) {
            continue;
        }
        let stands = circle(relations, organisation, relation.from, now);
        let contacts = view.contacts(relation.from, now);
        let found = schakel_rules::recipients::recipients_of(
            stands,
            &schakel_rules::recipients::ROLES,
            contacts,
            tlp,
        );
        if let Ok(recipients) = found {
            let contacts = recipients.by_language.into_iter().flat_map(|group| group.contacts).collect();
            partners.push((relation.from, stands, contacts));
        }
    }
    partners
}
