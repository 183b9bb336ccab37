//! "Whose is this?": what a partner hears, and what it does not.

use schakel_app::handover::whose::{self, ask};
use schakel_formats::hub::whose::WhoseAsk;
use schakel_model::hub::Whose;
use schakel_rules::whose::ASKED_A_DAY_MAX;
use schakel_store::{
    audit,
    hub_questions::{self, Way},
};

use super::*;

/// A link that is for questions, with a hub that stands for nobody here.
fn partner(peer: &str) -> Link {
    let mut link =
        Link { peer: peer.parse().unwrap(), organisation: String::new(), ..link(StatusLevel::None) };
    link.terms.purposes = vec![Purpose::Notify, Purpose::Ask];
    link
}

/// One that asks, one that is asked and has the register; CERT has a hub of its own, with these purposes.
fn two_hubs(of_cert: &[Purpose]) -> (Hub, Hub) {
    let (asks, mut asked) =
        (Hub::new(CONTACTS, partner("cert.example")), Hub::new(CONTACTS, partner("partner.example")));
    let mut cert = Link { peer: "sector.example".parse().unwrap(), ..link(StatusLevel::None) };
    cert.terms.purposes = of_cert.to_vec();
    asked.intake.store().add_link(ACT, &cert, &Source::new(&hubs::source_code(&cert.peer))).unwrap();
    (asks, asked)
}

/// What is said when one hub asks another.
fn said(asks: &mut Hub, asked: &mut Hub, value: &str) -> Option<Whose> {
    let ours = Ours::require(&asks.config).unwrap();
    let link = asks.link.clone();
    let question = ask(asks.intake.store(), &ACT, &ours, &link, value).unwrap();
    asks.tell(asked);
    asked.tell(asks);
    let reader = asks.reader();
    whose::asked(&reader, &link, question).unwrap().answer.map(|(answer, _)| answer)
}

#[test]
fn a_partner_hears_yes_no_or_a_hub_that_agreed_to_be_named() {
    let named = Some(Whose::Hub("sector.example".parse().unwrap()));
    for (of_cert, of_the_cert) in [
        (&[Purpose::Notify, Purpose::Named][..], named),
        // It did not agree to be named: we serve it, and that is all.
        (&[Purpose::Notify, Purpose::Ask], Some(Whose::Yes)),
    ] {
        let (mut asks, mut asked) = two_hubs(of_cert);
        assert_eq!(said(&mut asks, &mut asked, "192.0.2.7"), of_the_cert);
        assert_eq!(said(&mut asks, &mut asked, "203.0.113.9"), Some(Whose::Yes));
        assert_eq!(said(&mut asks, &mut asked, "8.8.8.8"), Some(Whose::No));
        assert_eq!(said(&mut asks, &mut asked, "www.Nobody.example."), Some(Whose::No));
        // Both have it in their logs, and nothing more than that was said.
        let log =
            asked.intake.store().read(|connection| hub_questions::list(connection, LinkId(1), 9)).unwrap();
        assert_eq!(log.iter().filter(|one| one.way == Way::Heard).count(), 4);
        for hub in [&mut asks, &mut asked] {
            let filter =
                audit::Filter { subject: Some(format!("hub:{}", hub.link.peer)), ..Default::default() };
            let entries = hub.intake.store().read(|connection| audit::list(connection, &filter, 99)).unwrap();
            assert_eq!(entries.iter().filter(|entry| entry.action == "hub.whose").count(), 4);
        }
        let line = serde_json::to_string(
            &schakel_formats::hub::whose::WhoseAnswer { id: ParcelId([1; 16]), answer: Whose::Yes }.to_data(),
        );
        assert!(!line.unwrap().contains("GM1"));
    }
}

#[test]
fn who_stands_for_the_owner_is_told_that_it_is_its_own() {
    let (mut asks, mut asked) = two_hubs(&[Purpose::Notify]);
    let mut own = asked.link.clone();
    own.organisation = "GM1".into();
    asked.intake.store().change_link(ACT, &own, audit::Action::HubLinkChanged).unwrap();
    let own = Some(Whose::Hub("partner.example".parse().unwrap()));
    assert_eq!(said(&mut asks, &mut asked, "203.0.113.9"), own);
}

#[test]
fn who_did_not_agree_on_questions_is_refused_and_cannot_ask() {
    let (mut asks, mut asked) = two_hubs(&[Purpose::Notify]);
    asked.link.terms.purposes = vec![Purpose::Notify];
    assert_eq!(said(&mut asks, &mut asked, "203.0.113.9"), Some(Whose::Refused));
    let ours = Ours::require(&asks.config).unwrap();
    let link = asks.link.clone();
    for range in ["203.0.113.0/24", "nl", "", "https://x.example/", "a@x.example", "999.1"] {
        assert!(ask(asks.intake.store(), &ACT, &ours, &link, range).is_err(), "{range}");
    }
    let without =
        Link { terms: LinkTerms { purposes: vec![Purpose::Notify], ..link.terms.clone() }, ..link.clone() };
    assert!(ask(asks.intake.store(), &ACT, &ours, &without, "203.0.113.9").is_err());
    let paused = Link { state: LinkState::Paused, ..link };
    assert!(ask(asks.intake.store(), &ACT, &ours, &paused, "203.0.113.9").is_err());
}

#[test]
fn who_asks_about_everything_is_told_nothing_more() {
    let (mut asks, mut asked) = two_hubs(&[Purpose::Notify]);
    let ask = |number: u64| {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_le_bytes());
        WhoseAsk { id: ParcelId(id), value: "203.0.113.9".into() }.to_data()
    };
    let link = asked.link.id;
    let count = |hub: &mut Hub| {
        hub.intake.store().read(|connection| hub_messages::count_waiting(connection, link)).unwrap()
    };
    // The same question again is not a question, and is not answered again.
    for _ in 0..3 {
        asked.hear(Kind::WhoseAsk, ask(u64::MAX));
    }
    assert_eq!(count(&mut asked), 1);
    for number in 1..ASKED_A_DAY_MAX {
        asked.hear(Kind::WhoseAsk, ask(number));
    }
    assert_eq!(
        said(&mut asks, &mut asked, "203.0.113.9"),
        None,
        "its answer stands behind a thousand others"
    );
    let last = asked.intake.store().read(|connection| hub_questions::list(connection, link, 1)).unwrap();
    assert_eq!(last[0].answer.as_ref().map(|(answer, _)| answer.clone()), Some(Whose::Later));
    // What is no question has no answer.
    let before = count(&mut asked);
    asked.hear(Kind::WhoseAsk, serde_json::json!({"question": "1", "value": "x"}));
    asked.hear(Kind::WhoseAnswer, serde_json::json!({"question": "1", "answer": "yes"}));
    assert_eq!(count(&mut asked), before);
}
