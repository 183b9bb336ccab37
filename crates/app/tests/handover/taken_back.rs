//! What was handed over and is corrected afterwards is told to the hub that has it.

use schakel_app::handover::taken_back;
use schakel_formats::hub::withdrawn::TakenBack;
use schakel_store::parcels_out;

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

/// A finding of the municipality comes over the link as this revision, made at this time.
fn comes(hub: &mut Hub, address: &str, key: u8, revision: u32, made_at: i64) {
    let came = [NewParcelIn {
        link: hub.link.id,
        id: ParcelId([key ^ (revision as u8) << 4; 16]),
        key: FindingKeyOnLink([key; 16]),
        revision,
        row: 1,
        path: vec!["cert.example".parse().unwrap()],
        made_at,
    }];
    let rows = hub.rows(&[address]);
    let name = format!("hub-{}.jsonl", hub.reports);
    let mut incoming = Incoming::memory(&name, rows);
    incoming.tied = Tied::New(came.into());
    hub.take(incoming);
    resolved(hub);
}

/// What parcels told is found out.
fn resolved(hub: &mut Hub) {
    let config = hub.config.clone();
    Upward::default().turn(hub.intake.store(), &config, ACT.at + 1).unwrap();
}

fn takes_back(hub: &mut Hub, key: u8, at: i64) {
    hub.hear(Kind::Withdrawn, TakenBack { key: FindingKeyOnLink([key; 16]), at }.to_data());
}

fn carried_out(hub: &mut Hub) -> taken_back::CarriedOut {
    let config = hub.config.clone();
    taken_back::carry_out(&mut hub.intake, &config, ACT.at + 40).unwrap()
}

fn done(withdrawn: usize, stay: usize, for_desk: usize) -> taken_back::CarriedOut {
    taken_back::CarriedOut { withdrawn, stay, for_desk }
}

fn outcomes(hub: &mut Hub, finding: u32) -> Vec<Option<&'static str>> {
    let traced = trace::finding(&hub.reader(), FindingId(finding)).unwrap();
    assert!(traced.taken_back.iter().all(|one| one.hub == hub.link.peer.as_str()));
    traced.taken_back.iter().map(|one| one.outcome).collect()
}

/// Everything in the outbox was accepted by the mail server.
fn mailed(hub: &mut Hub) {
    let due = hub.intake.store().read(outbox::unfinished).unwrap();
    let accepted = |message: outbox::Message| AttemptResult {
        message: message.id,
        state: MessageState::Accepted,
        next_at: 0,
        outcome: "250 ok".into(),
        failure: None,
    };
    let accepted: Vec<_> = due.into_iter().map(accepted).collect();
    hub.intake.store().finish_attempts(ACT.at + 3, &accepted).unwrap();
}

#[test]
fn what_a_hub_takes_back_is_taken_back_here_and_whoever_was_told_hears_so_once() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    comes(&mut hub, "203.0.113.9", 1, 1, ACT.at);
    assert_eq!(hub.compose(), 1);
    mailed(&mut hub);
    assert_eq!(hub.fates(), counts(&[("GM1", Fate::Notified, 1)]));
    // What it never handed over it cannot take back; nor can another hub, which calls it otherwise.
    takes_back(&mut hub, 2, ACT.at + 5);
    assert_eq!(carried_out(&mut hub), done(0, 0, 0));
    takes_back(&mut hub, 1, ACT.at + 5);
    assert_eq!(carried_out(&mut hub), done(1, 0, 0));
    hub.check();
    assert_eq!(hub.fates(), counts(&[]));
    assert_eq!(outcomes(&mut hub, 0), [Some("withdrawn")]);
    let notices = |hub: &mut Hub| {
        let all = hub.intake.store().read(|connection| outbox::notifications(connection, 99)).unwrap();
        all.into_iter().filter(|one| one.kind == NotificationKind::Letter && one.thread.is_some()).count()
    };
    assert_eq!(notices(&mut hub), 1, "please delete it");
    // Said again, it has had its effect.
    takes_back(&mut hub, 1, ACT.at + 6);
    assert_eq!(carried_out(&mut hub), done(0, 0, 0));
    assert_eq!((notices(&mut hub), hub.compose()), (1, 0));
    // The register is looked at again, and nothing of it comes back.
    let (reader, view) = (hub.reader(), hub.intake.view());
    let all = [FindingId(0)].into();
    let planned = schakel_app::reattribute::plan_findings(&reader, &view, &all, ACT.at + 50).unwrap();
    assert_eq!((planned.added, planned.withdrawn), (0, 0));
    hub.check();
}

#[test]
fn what_is_handed_over_again_after_it_was_taken_back_is_told_anew() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    comes(&mut hub, "203.0.113.9", 1, 1, ACT.at);
    hub.compose();
    takes_back(&mut hub, 1, ACT.at + 5);
    assert_eq!(carried_out(&mut hub), done(1, 0, 0));
    comes(&mut hub, "203.0.113.9", 1, 2, ACT.at + 6);
    assert_eq!(hub.compose(), 1);
    // The old word again, late: what came after it stands.
    takes_back(&mut hub, 1, ACT.at + 5);
    assert_eq!(carried_out(&mut hub), done(0, 0, 0));
    assert_eq!(hub.fates()[&("GM1".to_owned(), Fate::Queued)], 1);
    takes_back(&mut hub, 1, ACT.at + 9);
    assert_eq!(carried_out(&mut hub), done(1, 0, 0));
    assert_eq!(hub.fates(), counts(&[]));
    hub.check();
}

#[test]
fn what_is_taken_back_before_it_comes_is_told_to_nobody() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    takes_back(&mut hub, 1, ACT.at + 5);
    assert_eq!(carried_out(&mut hub), done(0, 0, 0));
    comes(&mut hub, "203.0.113.9", 1, 1, ACT.at);
    assert_eq!(carried_out(&mut hub), done(1, 0, 0));
    assert_eq!(hub.compose(), 0);
    assert_eq!(hub.fates(), counts(&[]));
    hub.check();
}

#[test]
fn what_somebody_else_shows_stays() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    comes(&mut hub, "203.0.113.9", 1, 1, ACT.at);
    hub.report(&["203.0.113.9"]);
    takes_back(&mut hub, 1, ACT.at + 5);
    assert_eq!(carried_out(&mut hub), done(0, 1, 0));
    assert_eq!(outcomes(&mut hub, 0), [Some("shown_by_others")]);
    assert_eq!(hub.compose(), 1);
    hub.check();
}

#[test]
fn what_one_hub_handed_over_another_cannot_take_back() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    comes(&mut hub, "203.0.113.9", 1, 1, ACT.at);
    let first = hub.another("other.example", "");
    // By the very name that the first has for it.
    takes_back(&mut hub, 1, ACT.at + 5);
    assert_eq!(carried_out(&mut hub), done(0, 0, 0));
    assert_eq!(outcomes(&mut hub, 0), []);
    assert_eq!(hub.compose(), 1);
    assert_eq!(hub.fates(), counts(&[("GM1", Fate::Queued, 1)]));
    // Nor has it stood in the way of who may.
    hub.link = first;
    takes_back(&mut hub, 1, ACT.at + 6);
    assert_eq!(carried_out(&mut hub), done(1, 0, 0));
    hub.check();
}

#[test]
fn what_two_hubs_show_stays_until_both_have_taken_it_back() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    comes(&mut hub, "203.0.113.9", 1, 1, ACT.at);
    let first = hub.another("other.example", "");
    comes(&mut hub, "203.0.113.9", 2, 1, ACT.at);
    let second = std::mem::replace(&mut hub.link, first);
    takes_back(&mut hub, 1, ACT.at + 5);
    assert_eq!(carried_out(&mut hub), done(0, 1, 0));
    assert_eq!(outcomes(&mut hub, 0), [Some("shown_by_others")]);
    assert_eq!(hub.compose(), 1);
    assert_eq!(hub.fates(), counts(&[("GM1", Fate::Queued, 1)]));
    hub.check();
    hub.link = second;
    takes_back(&mut hub, 2, ACT.at + 6);
    assert_eq!(carried_out(&mut hub), done(1, 0, 0));
    assert_eq!(hub.fates(), counts(&[]));
    hub.check();
}

#[test]
fn a_hub_that_takes_back_most_of_what_it_said_waits_for_a_person() {
    let cases = [
        (taken_back::Decision::CarryOut, ACT.at + 5),
        (taken_back::Decision::CarryOut, ACT.at - 2 * 86_400),
        (taken_back::Decision::Keep, ACT.at + 5),
    ];
    for (decision, said_at) in cases {
        let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
        let link = hub.link.id;
        let addresses: Vec<String> = (0..=100).map(|nth| format!("203.0.113.{nth}")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let parcels: Vec<NewParcelIn> = (0..=100_u8)
            .map(|nth| NewParcelIn {
                link,
                id: ParcelId([nth; 16]),
                key: FindingKeyOnLink([nth; 16]),
                revision: 1,
                row: u32::from(nth) + 1,
                path: vec!["cert.example".parse().unwrap()],
                made_at: said_at,
            })
            .collect();
        let rows = hub.rows(&addresses);
        let mut incoming = Incoming::memory("hub.jsonl", rows);
        incoming.tied = Tied::New(parcels);
        hub.take(incoming);
        resolved(&mut hub);
        // A hundred are carried out, whoever says so; one more is too much, also when it is said to be of long ago.
        for key in 0..=100 {
            takes_back(&mut hub, key, said_at);
        }
        assert_eq!(carried_out(&mut hub), done(0, 0, 101));
        assert_eq!(outcomes(&mut hub, 7), [Some("for_desk")]);
        assert_eq!(hub.fates(), counts(&[("GM1", Fate::Queued, 101)]));
        assert_eq!(carried_out(&mut hub), done(0, 0, 0), "it waits");
        let config = hub.config.clone();
        let by = Act { at: ACT.at + 60, actor: "anna", reason: "they called" };
        let decided = taken_back::decide(hub.intake.store(), &config, &by, link, decision).unwrap();
        hub.intake.rebuild_table().unwrap();
        let (queued, outcome, expected) = match decision {
            taken_back::Decision::CarryOut => (None, "withdrawn", done(101, 0, 0)),
            taken_back::Decision::Keep => (Some(101), "kept", done(0, 101, 0)),
        };
        assert_eq!(decided, expected);
        assert_eq!(hub.fates().get(&("GM1".to_owned(), Fate::Queued)).copied(), queued);
        assert_eq!(outcomes(&mut hub, 7), [Some(outcome)]);
        hub.check();
    }
}
