//! A list that takes much back waits for a person.

use schakel_app::handover::claims;
use schakel_store::hub_claim_lists::{self, HeldList};

use super::*;

fn list(version: u64, prefixes: std::ops::Range<u8>) -> serde_json::Value {
    let claim = |number: u8| HubClaim {
        kind: "prefix".into(),
        value: format!("100.64.{number}.0/24"),
        role: "owner".into(),
        proof: "asserted".into(),
        valid_from: None,
        valid_until: None,
        key: None,
    };
    ClaimList { version, claims: prefixes.map(claim).collect(), keys: Vec::new() }.to_data()
}

fn claimed(hub: &mut Hub) -> usize {
    let register = register::standing(hub.intake.store()).unwrap();
    register.assets.iter().filter(|asset| asset.value.to_string().starts_with("100.64.")).count()
}

fn held(hub: &mut Hub) -> Option<HeldList> {
    let link = hub.link.id;
    hub.intake.store().read(|connection| hub_claim_lists::of_link(connection, link)).unwrap()
}

#[test]
fn a_list_that_takes_much_back_waits_for_a_person() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    let (ours, link) = (Ours::require(&hub.config).unwrap(), hub.link.clone());
    hub.hear(Kind::Claims, list(2, 0..20));
    assert_eq!((claimed(&mut hub), held(&mut hub)), (20, None));
    // A fifth may go.
    hub.hear(Kind::Claims, list(4, 4..20));
    assert_eq!((claimed(&mut hub), held(&mut hub)), (16, None));
    hub.hear(Kind::Claims, list(6, 9..20));
    let waits = held(&mut hub).unwrap();
    assert_eq!((claimed(&mut hub), waits.version, waits.standing, waits.gone), (16, 6, 16, 5));
    // Again it is the same; an older one changes nothing.
    hub.hear(Kind::Claims, list(6, 9..20));
    hub.hear(Kind::Claims, list(5, 0..20));
    assert_eq!((claimed(&mut hub), held(&mut hub)), (16, Some(waits)));
    // One that takes nothing back overtakes it.
    hub.hear(Kind::Claims, list(8, 4..21));
    assert_eq!((claimed(&mut hub), held(&mut hub)), (17, None));
    // Everything at once, as from a thief of its key: refused, it is passed over.
    hub.hear(Kind::Claims, list(10, 0..0));
    claims::refuse(hub.intake.store(), &ACT, &link).unwrap();
    assert!(claims::refuse(hub.intake.store(), &ACT, &link).is_err(), "nothing waits");
    hub.hear(Kind::Claims, list(10, 0..0));
    assert_eq!((claimed(&mut hub), held(&mut hub)), (17, None));
    // Accepted, it counts.
    hub.hear(Kind::Claims, list(12, 20..21));
    let replaced = claims::accept(hub.intake.store(), &ACT, &ours, &link).unwrap();
    assert_eq!((replaced.withdrawn, claimed(&mut hub), held(&mut hub)), (16, 1, None));
    hub.check();
}
