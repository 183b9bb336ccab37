//! What was handed over and is corrected afterwards is told to the hub that has it.

use schakel_app::handover::taken_back;
use schakel_formats::hub::withdrawn::TakenBack;
use schakel_store::{hub_taken_back, parcels_out};

use super::*;

/// The other hub has what waits for it on its disk.
fn sent(hub: &mut Hub) {
    let link = hub.link.id;
    hub.intake
        .store()
        .write(|transaction| {
            for class in schakel_model::hub::ParcelClass::ALL {
                let due = parcels_out::due(transaction, link, *class, ACT.at, 99)?;
                parcels_out::sent(transaction, &due, ACT.at)?;
            }
            Ok(())
        })
        .unwrap();
}

/// The desk hears by telephone that what was handed over is not the CERT's.
fn corrected(hub: &mut Hub) {
    let notification = *hub.intake.store().read(handovers::notifications).unwrap().first().unwrap();
    let said = Said {
        kind: AnswerKind::NotOurs,
        findings: vec![FindingId(0)],
        until: None,
        supplier: String::new(),
        decided_by: String::new(),
        reason: String::new(),
        text: String::new(),
    };
    desk::enter(hub.intake.store(), &ACT, desk::About::Notification(notification), "Piet", said).unwrap();
    let config = hub.config.clone();
    schakel_app::answers::carry_out::carry_out(&mut hub.intake, &config, ACT.at + 20).unwrap();
    hub.intake.reload_register().unwrap();
}

fn turn(hub: &mut Hub) -> usize {
    let (ours, links) = (Ours::require(&hub.config).unwrap(), [hub.link.clone()]);
    taken_back::turn(hub.intake.store(), &ours, &links, ACT.at + 30).unwrap()
}

#[test]
fn what_is_corrected_after_it_was_handed_over_is_said_to_the_hub_once() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    hub.report(&["198.51.100.7"]);
    hub.compose();
    let parcel = hub.parcels().remove(0);
    sent(&mut hub);
    hub.receipt(parcel.id, ReceiptOutcome::Accepted);
    assert_eq!(turn(&mut hub), 0);
    corrected(&mut hub);
    assert_eq!(turn(&mut hub), 1);
    assert_eq!(turn(&mut hub), 0, "once");
    let link = hub.link.id;
    let due = hub.intake.store().read(|connection| hub_messages::due(connection, link, 9)).unwrap();
    let envelope = message::read(&due.last().unwrap().body).unwrap().envelope;
    assert_eq!(envelope.kind, Kind::Withdrawn);
    assert_eq!(TakenBack::read(&envelope.data).unwrap().key, parcel.key);
    hub.check();
}

#[test]
fn what_never_left_or_was_sent_back_is_not_taken_back() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    hub.report(&["198.51.100.7"]);
    hub.compose();
    corrected(&mut hub);
    assert_eq!(turn(&mut hub), 0, "it never left");
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    hub.report(&["198.51.100.7"]);
    hub.compose();
    let parcel = hub.parcels().remove(0);
    sent(&mut hub);
    hub.receipt(parcel.id, ReceiptOutcome::NotMine);
    let config = hub.config.clone();
    schakel_app::answers::carry_out::carry_out(&mut hub.intake, &config, ACT.at + 20).unwrap();
    assert_eq!(turn(&mut hub), 0, "the other hub has said so itself");
}

#[test]
fn what_another_hub_takes_back_is_noted_for_the_desk_and_stays_with_its_finding() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    let came = [NewParcelIn {
        link: hub.link.id,
        id: ParcelId([1; 16]),
        key: FindingKeyOnLink([1; 16]),
        revision: 1,
        row: 1,
        path: vec!["top.example".parse().unwrap()],
        made_at: ACT.at,
    }];
    let rows = hub.rows(&["203.0.113.9"]);
    let mut incoming = Incoming::memory("hub.jsonl", rows);
    incoming.tied = Tied::New(came.into());
    hub.take(incoming);
    hub.intake.store().resolve_parcels(&[(1, Some(FindingId(0)))]).unwrap();
    let say = |hub: &mut Hub, key: u8| {
        hub.hear(Kind::Withdrawn, TakenBack { key: FindingKeyOnLink([key; 16]), at: ACT.at + 5 }.to_data());
    };
    // What it never handed over it cannot take back.
    say(&mut hub, 2);
    let taken_back = |hub: &mut Hub| {
        hub.intake.store().read(|connection| hub_taken_back::of_finding(connection, FindingId(0))).unwrap()
    };
    assert_eq!(taken_back(&mut hub), []);
    say(&mut hub, 1);
    say(&mut hub, 1);
    assert_eq!(taken_back(&mut hub), [(hub.link.id, ACT.at + 5)]);
    let traced = trace::finding(&hub.reader(), FindingId(0)).unwrap();
    assert_eq!(traced.taken_back[0].hub, "cert.example");
    hub.check();
}
