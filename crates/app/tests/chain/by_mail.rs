//! A link by mail: lines go as an attachment through the outbox, come in by the mail door, and count by their signatures alone.

use schakel_app::hub::by_mail;
use schakel_formats::hub::mail::{Attached, PACKED, attachment};
use schakel_model::{
    arrival::Receipt as ArrivalReceipt,
    fate::Fate,
    hub::{LinkState, ParcelState},
};
use schakel_store::{
    arrivals::{self, Outcome},
    backup::Waiting,
    chunks, handovers, hub_sealing, outbox,
};

use super::*;

/// The CERT and the municipality, who reach each other by mail alone.
fn by_mail() -> (Hub, Hub) {
    let [_, above, below] = three();
    let reach = |hub: &Hub, peer: &Hub| {
        let url = format!("mailto:hub@{}", peer.ours.name);
        links::reach(&mut hub.store(), ACT, &peer.ours.name, &url).unwrap();
    };
    reach(&above, &below);
    reach(&below, &above);
    (above, below)
}

/// The mails to another hub that are put into the outbox now.
fn mails(hub: &Hub, other: &Hub, now: i64) -> Vec<Vec<u8>> {
    let mut store = hub.store();
    let before: Vec<i64> = store.read(outbox::unfinished).unwrap().iter().map(|mail| mail.id).collect();
    let links = store.read(hubs::standing).unwrap();
    by_mail::turn(&mut store, &hub.config, &hub.ours, &links, now).unwrap();
    let all = store.read(outbox::unfinished).unwrap();
    let to = format!("hub@{}", other.ours.name);
    let new = all.into_iter().filter(|mail| !before.contains(&mail.id) && mail.recipient == to);
    let mut frames = store.reader().unwrap().frames().unwrap();
    new.map(|mail| {
        let mut bytes = Vec::new();
        frames.read(mail.frame, &mut bytes).unwrap();
        bytes
    })
    .collect()
}

/// A mail comes in by the mail door, from nobody in particular. Gives what became of it.
fn receive(hub: &Hub, mail: &[u8]) -> (Outcome, String) {
    let envelope = Envelope {
        door: Door::Mail,
        name: "mail.eml".into(),
        source: String::new(),
        received_at: NOW,
        sender: "anybody@elsewhere.example".into(),
        peer: None,
    };
    let spool = SpoolDoor::open(&hub.data, &hub.config.doors).unwrap();
    let receipt: ArrivalReceipt = schakel_ingest::door::Spool::accept(&spool, &envelope, mail).unwrap();
    drop(spool);
    hub.deal();
    let arrival = hub.reader().read(|connection| arrivals::get(connection, receipt)).unwrap().unwrap();
    (arrival.outcome, arrival.reason)
}

/// The state of the only parcel, and what its receipt says.
fn parcel(hub: &Hub, other: &Hub) -> (ParcelState, Option<ReceiptOutcome>) {
    let link = hub.link(other).id;
    let finding = schakel_model::ids::FindingId(0);
    let parcels = hub.reader().read(|connection| handovers::of_finding(connection, link, finding)).unwrap();
    (parcels[0].state, parcels[0].outcome)
}

fn has_fate(hub: &Hub, fate: Fate) -> bool {
    let blocks = hub.reader().read(|connection| chunks::blocks(connection, &chunks::Blocks::WithFate(fate)));
    !blocks.unwrap().is_empty()
}

#[test]
fn a_finding_goes_down_by_mail_and_its_receipt_comes_back_by_mail() {
    let (above, below) = by_mail();
    above.report(&["203.0.113.9"]);
    above.compose();
    let sent = mails(&above, &below, NOW);
    assert_eq!(sent.len(), 1);
    assert!(matches!(attachment(&sent[0]), Some(Attached::Sealed(_))), "nobody on the way reads it");
    assert!(!String::from_utf8_lossy(&sent[0]).contains("203.0.113.9"));
    assert_eq!(parcel(&above, &below), (ParcelState::Sent, None));
    assert_eq!(mails(&above, &below, NOW + 61), Vec::<Vec<u8>>::new(), "once");
    assert_eq!(receive(&below, &sent[0]).0, Outcome::Taken);
    let back = mails(&below, &above, NOW);
    assert_eq!(receive(&above, &back[0]).0, Outcome::NoReport);
    assert_eq!(parcel(&above, &below), (ParcelState::Answered, Some(ReceiptOutcome::Accepted)));
    assert!(has_fate(&above, Fate::HandedOver));
    // The same mail again, and the receipt again: nothing more comes of it.
    receive(&below, &sent[0]);
    receive(&above, &back[0]);
    let again = mails(&below, &above, NOW + 100);
    assert_eq!(again.len(), 1, "a duplicate gets its receipt too");
    receive(&above, &again[0]);
    assert_eq!(parcel(&above, &below).1, Some(ReceiptOutcome::Accepted));
    above.check();
    below.check();
}

#[test]
fn without_a_receipt_it_is_mailed_again() {
    let (above, below) = by_mail();
    above.report(&["203.0.113.9"]);
    above.compose();
    assert_eq!(mails(&above, &below, NOW).len(), 1);
    assert_eq!(mails(&above, &below, NOW + 899).len(), 0);
    assert_eq!(mails(&above, &below, NOW + 901).len(), 1);
}

#[test]
fn what_is_not_pressing_is_gathered_for_a_minute() {
    let (above, below) = by_mail();
    let link = above.link(&below);
    let publish = |at| {
        let act = Act { at, ..ACT };
        schakel_app::handover::claims::publish(&mut above.store(), &act, &above.ours, &link).unwrap();
    };
    publish(NOW);
    assert_eq!(mails(&above, &below, NOW).len(), 1);
    publish(NOW + 1);
    assert_eq!(mails(&above, &below, NOW + 30).len(), 0);
    assert_eq!(mails(&above, &below, NOW + 60).len(), 1);
}

#[test]
fn nothing_comes_by_mail_over_a_link_that_is_not_for_mail() {
    let (above, below) = by_mail();
    above.report(&["203.0.113.9"]);
    above.compose();
    let mail = mails(&above, &below, NOW).remove(0);
    links::reach(&mut below.store(), ACT, &above.ours.name, "https://cert.example").unwrap();
    let (outcome, reason) = receive(&below, &mail);
    assert_eq!(outcome, Outcome::Refused);
    assert!(reason.contains("cert.example"), "{reason}");
    assert_eq!(below.reader().read(schakel_store::findings::count).unwrap(), 0);
}

#[test]
fn a_mail_that_somebody_else_made_has_no_effect() {
    let (above, below) = by_mail();
    above.report(&["203.0.113.9"]);
    above.compose();
    let line = above.lines(&below).remove(0);
    let of = |lines: &[u8]| {
        let packed = zstd::bulk::compress(lines, 1).unwrap();
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, packed);
        format!(
            "From: hub@cert.example\r\nTo: hub@eikendam.example\r\nSubject: x\r\nContent-Type: application/zstd; name=\"{PACKED}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
        )
    };
    let findings = |hub: &Hub| hub.reader().read(schakel_store::findings::count).unwrap();
    // Signed by a key that is not pinned; changed; not a line at all; a bomb.
    let envelope = message::read(&line).unwrap().envelope;
    let stranger = below.ours.key();
    let forged = message::write(&envelope, &stranger.id(), &|bytes| stranger.sign(bytes)).unwrap();
    receive(&below, of(&forged).as_bytes());
    let changed = String::from_utf8(line.clone()).unwrap().replace("203.0.113.9", "203.0.113.8");
    receive(&below, of(changed.as_bytes()).as_bytes());
    assert_eq!(receive(&below, of(b"nonsense\n").as_bytes()).0, Outcome::Refused);
    assert_eq!(receive(&below, of(&vec![b'\n'; 40 << 20]).as_bytes()).0, Outcome::Refused);
    assert_eq!(
        receive(&below, of(b"").replace("base64\r\n\r\n", "base64\r\n\r\nAAAA").as_bytes()).0,
        Outcome::Refused
    );
    assert_eq!(findings(&below), 0);
    // The line itself counts, whoever brings it.
    assert_eq!(receive(&below, of(&line).as_bytes()).0, Outcome::Taken);
    assert_eq!(findings(&below), 1);
    below.check();
}

#[test]
fn nothing_leaves_while_sending_is_paused_or_the_link_is() {
    let (above, below) = by_mail();
    above.report(&["203.0.113.9"]);
    above.compose();
    links::set_state(&mut above.store(), ACT, &below.ours.name, LinkState::Paused).unwrap();
    assert_eq!(mails(&above, &below, NOW).len(), 0);
    links::set_state(&mut above.store(), ACT, &below.ours.name, LinkState::Active).unwrap();
    // After a restore nothing leaves before somebody says so, by no way.
    let paused = |hub: &Hub| hub.reader().read(outbox::paused).unwrap().is_some();
    let backup = tempfile::tempdir().unwrap();
    let target = backup.path().join("backup");
    schakel_store::backup::backup(&above.reader(), &target).unwrap();
    let restored = Hub::restored(&above, &target);
    assert!(paused(&restored));
    assert_eq!(mails(&restored, &below, NOW).len(), 0);
    assert_eq!(restored.lines(&below).len(), 0);
    schakel_store::backup::confirm_restore(&mut restored.store(), NOW, "jan", Waiting::Hold).unwrap();
    assert_eq!(mails(&restored, &below, NOW).len(), 1);
    // Without a key of the other hub it goes as open as other mail of its marking.
    let link = above.link(&below).id;
    above.store().know_seal_key(link, b"").unwrap();
    assert_eq!(
        above.reader().read(|connection| hub_sealing::keys(connection, link)).unwrap().own,
        Some(Vec::new())
    );
    assert!(matches!(attachment(&mails(&above, &below, NOW)[0]), Some(Attached::Packed(_))));
}
