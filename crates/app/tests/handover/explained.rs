//! How a hand-over is explained: to which hub, when, and how far it came.

use schakel_app::explain::{self, Question};
use schakel_attribute::{Input, InputKind};

use super::*;

#[test]
fn it_says_to_which_hub_when_and_how_far() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::PerFinding));
    let explained = |hub: &mut Hub| {
        let inputs = vec![Input::read(InputKind::Ip, "192.0.2.1").unwrap()];
        let question = Question { inputs, at: ACT.at, as_known_at: None, now: ACT.at, kind: None };
        let mut explanation = explain::explain(&hub.reader(), &question).unwrap();
        explanation.candidates.swap_remove(0).hub
    };
    let before = explained(&mut hub).unwrap();
    assert_eq!((before.name.as_str(), before.state, before.last_at), ("cert.example", "active", None));
    hub.report(&["192.0.2.1"]);
    hub.compose();
    let at = explain::rfc3339(ACT.at);
    assert_eq!(explained(&mut hub).unwrap().last_at, Some(at.clone()));
    let traced = |hub: &mut Hub| {
        let trace = trace::finding(&hub.reader(), FindingId(0)).unwrap();
        trace.assignments.into_iter().find_map(|one| one.hub).unwrap()
    };
    let waiting = traced(&mut hub);
    assert_eq!((waiting.hub.as_str(), waiting.at, waiting.state), ("cert.example", at, "waiting"));
    let id = hub.parcels()[0].id;
    hub.receipt(id, ReceiptOutcome::Accepted);
    let answered = traced(&mut hub);
    assert_eq!((answered.state, answered.receipt), ("answered", Some("accepted")));
    // Who hears by mail is handed over to nobody.
    let mut plain = Hub::new(CONTACTS, Link { organisation: String::new(), ..link(StatusLevel::None) });
    assert!(explained(&mut plain).is_none());
}
