//! What is sealed to its final recipient is carried by the hubs between, which learn no more than the address.

use schakel_app::{
    handover::claims::{self, Keys},
    hub::{lines::holds, ours, sealing},
};
use schakel_formats::hub::parcel::SealedEvent;
use schakel_model::hub::Withheld;
use schakel_store::{
    findings, hub_proofs,
    hub_sealing::{self, Sealing},
};

use super::*;

/// The CERT publishes what it has, with the keys of the hubs below it or without.
fn publish(top: &Hub, middle: &Hub, keys: Keys) {
    let link = middle.link(top);
    let mut store = middle.store();
    claims::set_keys(&mut store, &ACT, &link, keys).unwrap();
    claims::publish(&mut store, &ACT, &middle.ours, &link).unwrap();
    drop(store);
    middle.bring(top);
}

fn seal(top: &Hub, middle: &Hub, sealing: Sealing) {
    let link = top.link(middle);
    let mut store = top.store();
    store.want_sealing(ACT, &link, sealing).unwrap();
    sealing::release(&mut store, &top.ours, &link, NOW).unwrap();
}

fn withheld(hub: &Hub, other: &Hub) -> Vec<(Withheld, u64)> {
    let link = hub.link(other).id;
    hub.reader().read(|connection| hub_sealing::count_withheld(connection, link)).unwrap()
}

fn sealed(parcel: &Parcel) -> Option<&SealedEvent> {
    match &parcel.content {
        Content::Sealed(sealed) => Some(sealed),
        Content::Event(_) | Content::Xarf(_) | Content::Csaf(_) => None,
    }
}

/// Does a hub know of a finding of this kind?
fn knows(hub: &Hub, identifier: &str) -> bool {
    let kinds = hub.reader().read(findings::kinds).unwrap();
    kinds.iter().any(|kind| kind.identifier == identifier)
}

#[test]
fn the_municipality_opens_what_the_cert_only_carries() {
    let [top, middle, bottom] = three();
    publish(&top, &middle, Keys::OfHubsBelow);
    seal(&top, &middle, Sealing::Wanted);
    top.report(&["203.0.113.9"]);
    top.compose();
    let lines = top.bring(&middle);
    let down = parcels(&lines);
    let for_bottom = bottom.ours.sealing().unwrap().unwrap().fingerprint();
    let first = sealed(&down[0]).unwrap();
    assert_eq!((first.to.as_str(), first.target.as_str()), (for_bottom.as_str(), "203.0.113.9"));
    assert!(!String::from_utf8_lossy(&lines[0]).contains("open-rdp"));
    assert_eq!(receipts(&middle.bring(&top)), [ReceiptOutcome::Accepted]);
    middle.compose();
    let further = parcels(&middle.bring(&bottom));
    assert_eq!(sealed(&further[0]), Some(first), "as it came");
    assert_eq!(further[0].class, down[0].class);
    assert_eq!(receipts(&bottom.bring(&middle)), [ReceiptOutcome::Accepted]);
    // What each signed is kept, and its signature can be checked again.
    for (hub, from, id) in [(&middle, &top, down[0].id), (&bottom, &middle, further[0].id)] {
        let link = hub.link(from).id;
        let kept =
            hub.reader().read(|connection| hub_proofs::of_parcel(connection, link, id)).unwrap().unwrap();
        assert!(holds(&kept, &[from.ours.key().public()]));
        assert!(!holds(&kept, &[hub.ours.key().public()]));
        hub.store().forget_old_parcels(NOW + 31 * 86_400).unwrap();
        let kept = hub.reader().read(|connection| hub_proofs::of_parcel(connection, link, id)).unwrap();
        assert_eq!(kept, None, "as long as the link says");
    }
    // Only the last one knows what it is.
    for (hub, known) in [(&top, true), (&middle, false), (&bottom, true)] {
        assert_eq!(knows(hub, "open-rdp"), known, "{}", hub.ours.name);
        hub.check();
    }
}

#[test]
fn without_keys_of_hubs_below_it_is_sealed_to_the_next_hub() {
    let [top, middle, _bottom] = three();
    publish(&top, &middle, Keys::None);
    seal(&top, &middle, Sealing::Wanted);
    top.report(&["203.0.113.9"]);
    top.compose();
    let lines = top.bring(&middle);
    let to = middle.ours.sealing().unwrap().unwrap().fingerprint();
    assert_eq!(sealed(&parcels(&lines)[0]).unwrap().to, to);
    assert!(knows(&middle, "open-rdp"));
    middle.check();
}

#[test]
fn after_a_new_key_for_sealing_the_old_one_opens_for_a_month_and_no_longer() {
    let [top, middle, bottom] = three();
    publish(&top, &middle, Keys::OfHubsBelow);
    seal(&top, &middle, Sealing::Wanted);
    let old = bottom.ours.sealing().unwrap().unwrap().fingerprint();
    top.report(&["203.0.113.9", "203.0.113.10"]);
    top.compose();
    assert_eq!(sealed(&parcels(&top.bring(&middle))[0]).unwrap().to, old);
    middle.compose();
    let under_way = middle.lines(&bottom);
    assert_eq!(parcels(&under_way).len(), 2);
    // It changes while that is on its way; those above hear of it through the hub between.
    let make = |until| ours::rotate_sealing(&bottom.config, until);
    assert_eq!(links::rotate_sealing(&mut bottom.store(), ACT, &bottom.config, make).unwrap(), 1);
    let new = bottom.ours.sealing().unwrap().unwrap().fingerprint();
    assert_ne!(new, old);
    bottom.bring(&middle);
    claims::follow(&mut middle.store(), &middle.ours, &[middle.link(&top)], NOW).unwrap();
    middle.bring(&top);
    top.report(&["203.0.113.11"]);
    top.compose();
    assert_eq!(sealed(&parcels(&top.bring(&middle))[0]).unwrap().to, new);
    bottom.get(&middle, &under_way[..1]);
    bottom.deal();
    assert_eq!(receipts(&bottom.lines(&middle)), [ReceiptOutcome::Accepted]);
    assert!(knows(&bottom, "open-rdp"), "the old key opens what was on its way");
    // After the overlap nothing opens it any more, and the key is gone.
    let over = NOW + 30 * 86_400;
    let count = |now| bottom.ours.opening(now).unwrap().len();
    assert_eq!((count(NOW), count(over - 1), count(over)), (2, 2, 1));
    assert_eq!(ours::forget_retired(&bottom.config, over - 1).unwrap(), 0);
    assert_eq!(ours::forget_retired(&bottom.config, over).unwrap(), 1);
    bottom.get(&middle, &under_way[1..]);
    bottom.deal();
    assert_eq!(receipts(&bottom.lines(&middle)), [ReceiptOutcome::Rejected(Rejection::Sealed)]);
    for hub in [&top, &middle, &bottom] {
        hub.check();
    }
}

#[test]
fn without_a_key_it_is_kept_back_until_one_is_known_or_nobody_asks_any_more() {
    let [top, middle, bottom] = three();
    let link = top.link(&middle).id;
    top.store().know_seal_key(link, b"no key at all").unwrap();
    seal(&top, &middle, Sealing::Wanted);
    top.report(&["203.0.113.9"]);
    top.compose();
    assert_eq!(top.bring(&middle), Vec::<Vec<u8>>::new());
    assert_eq!(withheld(&top, &middle), [(Withheld::NoKey, 1)]);
    top.check();
    // The CERT's list has a key of the hub below for that address.
    publish(&top, &middle, Keys::OfHubsBelow);
    assert_eq!(withheld(&top, &middle), []);
    let to = bottom.ours.sealing().unwrap().unwrap().fingerprint();
    assert_eq!(sealed(&parcels(&top.bring(&middle))[0]).unwrap().to, to);
    // The same with the wish taken back: it goes as it is.
    let [top, middle, _bottom] = three();
    let link = top.link(&middle).id;
    top.store().know_seal_key(link, b"").unwrap();
    seal(&top, &middle, Sealing::Wanted);
    top.report(&["203.0.113.9"]);
    top.compose();
    assert_eq!(top.bring(&middle).len(), 0);
    seal(&top, &middle, Sealing::Off);
    assert_eq!(sealed(&parcels(&top.bring(&middle))[0]), None);
}

#[test]
fn what_can_neither_be_opened_nor_handed_on_is_rejected() {
    let rejected = [ReceiptOutcome::Rejected(Rejection::Sealed)];
    // The municipality has another key now.
    let [top, middle, bottom] = three();
    publish(&top, &middle, Keys::OfHubsBelow);
    seal(&top, &middle, Sealing::Wanted);
    fs::remove_file(bottom.config.intake.keys.join("hub/sealing.asc")).unwrap();
    ours::init(&bottom.config).unwrap();
    top.report(&["203.0.113.9"]);
    top.compose();
    top.bring(&middle);
    middle.compose();
    middle.bring(&bottom);
    assert_eq!(receipts(&bottom.bring(&middle)), rejected);
    middle.check();
    bottom.check();
    // The municipality has no hub any more.
    let [top, middle, bottom] = three();
    publish(&top, &middle, Keys::OfHubsBelow);
    seal(&top, &middle, Sealing::Wanted);
    let link = middle.link(&bottom);
    links::set_state(&mut middle.store(), ACT, &link.peer, schakel_model::hub::LinkState::Ended).unwrap();
    top.report(&["203.0.113.9"]);
    top.compose();
    top.bring(&middle);
    assert_eq!(receipts(&middle.bring(&top)), rejected);
    middle.check();
    top.check();
}

#[test]
fn what_was_changed_on_its_way_is_rejected() {
    let [top, middle, bottom] = three();
    publish(&top, &middle, Keys::OfHubsBelow);
    seal(&top, &middle, Sealing::Wanted);
    top.report(&["203.0.113.9"]);
    top.compose();
    top.bring(&middle);
    middle.compose();
    // A hub between signs what it sends itself: it could change what it carries, but not without being seen.
    let line = middle.lines(&bottom).remove(0);
    let mut envelope = message::read(&line).unwrap().envelope;
    let mut parcel = Parcel::read(&envelope.id, &envelope.data).unwrap();
    let Content::Sealed(content) = &mut parcel.content else { panic!("it is sealed") };
    let last = content.message.len() - 1;
    content.message[last] ^= 1;
    envelope.data = parcel.to_data();
    let key = middle.ours.key();
    bottom.get(&middle, &[message::write(&envelope, &key.id(), &|bytes| key.sign(bytes)).unwrap()]);
    bottom.deal();
    assert_eq!(receipts(&bottom.bring(&middle)), [ReceiptOutcome::Rejected(Rejection::Sealed)]);
    assert!(!knows(&bottom, "open-rdp"));
}
