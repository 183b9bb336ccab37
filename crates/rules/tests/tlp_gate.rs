//! The gate against an oracle written from the text of TLP 2.0, over generated organisations, relations, contacts and markings.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use schakel_model::{
    ids::{ContactId, OrganisationId, RelationId},
    language::Language,
    register::{Contact, ContactRole},
    relation::{Mandate, Relation, RelationKind},
    tlp::{Terms, Tlp},
};
use schakel_rules::{
    mandate::Mandates,
    recipients::{ROLES, recipients, recipients_of},
    tlp_gate::{Audience, Circle, Reads, Refusal, circle, gate},
};

const NOW: i64 = 1_000;

/// Names and addresses, and whether one named person reads there.
const MAILBOXES: [(&str, &str, bool); 7] = [
    ("Jan Jansen", "j.jansen@x.example", true),
    ("V. Vertrouwd", "vcib@x.example", true),
    ("", "k.kok@x.example", false),
    ("Servicedesk", "desk@x.example", false),
    ("Jan Jansen", "info@x.example", false),
    ("Jan Jansen", "ict-helpdesk@x.example", false),
    ("Jan Jansen", "", false),
];

#[derive(Clone, Debug)]
struct World {
    relations: Vec<Relation>,
    contacts: Vec<Contact>,
    terms: Terms,
}

fn relation() -> impl Strategy<Value = Relation> {
    let kinds = prop::sample::select(RelationKind::ALL);
    let mandates = prop::sample::select(Mandate::ALL);
    (0u32..4, kinds, 0u32..4, mandates, prop::option::of(500i64..1_500)).prop_filter_map(
        "a relation has two ends",
        |(from, kind, to, mandate, until)| {
            (from != to).then(|| Relation {
                id: RelationId(1),
                from: OrganisationId(from),
                kind,
                to: OrganisationId(to),
                mandate: if kind == RelationKind::Supplies { mandate } else { Mandate::ThroughMember },
                scan_consent: false,
                valid_from: None,
                valid_until: until,
                note: String::new(),
            })
        },
    )
}

fn contact() -> impl Strategy<Value = Contact> {
    let roles = prop::sample::select(ContactRole::ALL);
    let markings = prop::sample::select(&Tlp::ALL[..]);
    (0u32..4, roles, 0usize..MAILBOXES.len(), markings).prop_map(|(organisation, role, mailbox, tlp_max)| {
        Contact {
            id: ContactId(1),
            organisation: OrganisationId(organisation),
            role,
            name: MAILBOXES[mailbox].0.to_owned(),
            email: MAILBOXES[mailbox].1.to_owned(),
            phone: String::new(),
            language: Language::Nl,
            tlp_max,
            position: 0,
            valid_from: None,
            valid_until: None,
        }
    })
}

fn world() -> impl Strategy<Value = World> {
    let markings = prop::sample::select(&Tlp::ALL[..]);
    (
        prop::collection::vec(relation(), 0..6),
        prop::collection::vec(contact(), 0..8),
        markings,
        prop::bool::weighted(0.9),
    )
        .prop_map(|(relations, contacts, tlp, may_notify)| World {
            relations,
            contacts,
            terms: Terms { tlp, may_notify },
        })
}

/// TLP 2.0, word by word, for content about one organisation that a contact of another (or the same) reads.
fn oracle(world: &World, concerned: u32, contact: &Contact) -> bool {
    let (concerned, reader) = (OrganisationId(concerned), contact.organisation);
    let holds = |kind, from, to| {
        world.relations.iter().any(|relation| {
            relation.kind == kind
                && relation.from == from
                && relation.to == to
                && relation.valid_until.is_none_or(|until| until > NOW)
        })
    };
    // Whoever took its place: the chain of mergers, as far as it goes.
    let mut place = concerned;
    for _ in 0..world.relations.len() {
        let step = world.relations.iter().find(|relation| {
            relation.kind == RelationKind::MergedInto && relation.from == place && relation.valid_at(NOW)
        });
        let Some(step) = step else { break };
        place = step.to;
    }
    let same = reader == concerned || reader == place;
    let client =
        holds(RelationKind::Serves, concerned, reader) || holds(RelationKind::Serves, reader, concerned);
    let named = MAILBOXES.iter().any(|(name, address, person)| {
        *person && *name == contact.name && *address == contact.email && contact.role == ContactRole::Vcib
    });
    world.terms.may_notify
        && !contact.email.is_empty()
        && contact.tlp_max >= world.terms.tlp
        && match world.terms.tlp {
            // "For the eyes and ears of individual recipients only, no further disclosure."
            Tlp::Red => same && named,
            // "Recipients can only share this on a need-to-know basis within their organization."
            Tlp::AmberStrict => same,
            // "… within their organization and its clients."
            Tlp::Amber => same || client,
            // "… within their community", "no limit on disclosure".
            Tlp::Green | Tlp::Clear => true,
        }
}

/// Mergers that go round are refused by the register.
fn goes_round(world: &World) -> bool {
    let merged = |relation: &&Relation| relation.kind == RelationKind::MergedInto;
    (0..4).any(|start| {
        let mut at = OrganisationId(start);
        for step in 0..=world.relations.len() {
            let Some(next) = world.relations.iter().filter(merged).find(|relation| relation.from == at)
            else {
                return false;
            };
            at = next.to;
            if step > 0 && at == OrganisationId(start) {
                return true;
            }
        }
        true
    })
}

/// One organisation merges into one other.
fn merges_once(world: &World) -> bool {
    (0..4).all(|one| {
        let merged = world.relations.iter().filter(|relation| {
            relation.kind == RelationKind::MergedInto && relation.from == OrganisationId(one)
        });
        merged.count() <= 1
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whoever_passes_may_by_tlp_and_whoever_may_passes(world in world(), concerned in 0u32..4) {
        prop_assume!(merges_once(&world) && !goes_round(&world));
        for contact in &world.contacts {
            let circle = circle(&world.relations, OrganisationId(concerned), contact.organisation, NOW);
            let passed = gate(world.terms, &Audience::contact(circle, contact));
            prop_assert_eq!(passed.is_ok(), oracle(&world, concerned, contact), "{:?} {:?} {:?}", circle, contact, passed);
            if let Ok(pass) = passed {
                prop_assert_eq!((pass.address(), pass.tlp()), (contact.email.as_str(), world.terms.tlp));
            }
        }
    }

    #[test]
    fn telling_and_copies_to_suppliers_choose_nobody_who_may_not(world in world(), concerned in 0u32..4) {
        prop_assume!(merges_once(&world) && !goes_round(&world));
        let of = |organisation: OrganisationId| world.contacts.iter().filter(move |one| one.organisation == organisation);
        let concerned_id = OrganisationId(concerned);
        let told = if world.terms.may_notify { recipients(of(concerned_id), world.terms.tlp).ok() } else { None };
        let mut all: Vec<&Contact> =
            told.into_iter().flat_map(|who| who.by_language).flat_map(|group| group.contacts).collect();
        for supplier in Mandates::of(&world.relations).copied(concerned_id, world.terms.tlp, NOW) {
            let copies = recipients_of(Circle::Supplier, &ROLES, of(supplier), world.terms);
            all.extend(copies.into_iter().flat_map(|who| who.by_language).flat_map(|group| group.contacts));
        }
        for contact in all {
            prop_assert!(oracle(&world, concerned, contact), "{:?}", contact);
        }
    }

    #[test]
    fn red_reaches_no_machine_no_hub_and_no_mailbox(circle in prop::sample::select(&Circle::ALL[..]), tlp in prop::sample::select(&Tlp::ALL[..])) {
        let program = gate(tlp, &Audience::machine(circle, "https://hook.example"));
        let mailbox = gate(tlp, &Audience::mailbox(circle, "info@x.example", Tlp::Red));
        if tlp == Tlp::Red && circle != Circle::Has {
            prop_assert!(program.is_err() && mailbox.is_err());
        }
        if tlp >= Tlp::Amber && matches!(circle, Circle::Hub | Circle::Member | Circle::Supplier) {
            let person = Audience { circle, reads: Reads::NamedPerson, clearance: Tlp::Red, address: "jan@x.example" };
            prop_assert_eq!(gate(tlp, &person), Err(Refusal::Circle));
        }
    }
}

#[test]
fn what_is_taken_back_reaches_whoever_has_it() {
    let terms = Terms::STRICTEST;
    assert_eq!(gate(terms, &Audience::has(" was@x.example ")).unwrap().address(), "was@x.example");
    assert_eq!(gate(terms, &Audience::has(" ")), Err(Refusal::NoAddress));
}
