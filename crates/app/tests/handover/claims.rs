//! A list that takes much back waits for a person; what another hub has already is contested.

use schakel_app::handover::claims;
use schakel_store::{
    conflicts,
    hub_claim_lists::{self, HeldList},
};

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

#[test]
fn a_neighbours_prefix_in_a_list_is_contested_and_nothing_is_taken_from_the_neighbour() {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::None));
    hub.hear(Kind::Claims, list(2, 1..3));
    let neighbour = hub.another("other.example", "gm1");
    // The same, a part of it, what lies around it, and one that is nobody's.
    let prefixes = ["100.64.1.0/24", "100.64.2.128/25", "100.64.0.0/22", "100.64.9.0/24"];
    let claim = |value: &str| HubClaim {
        kind: "prefix".into(),
        value: value.into(),
        role: "owner".into(),
        proof: "dns".into(),
        valid_from: None,
        valid_until: None,
        key: None,
    };
    let listed = ClaimList { version: 2, claims: prefixes.map(claim).into(), keys: Vec::new() };
    hub.hear(Kind::Claims, listed.to_data());
    let of = |hub: &mut Hub, code: &str| {
        let register = register::standing(hub.intake.store()).unwrap();
        let owner = register.organisations.iter().find(|one| one.code == code).unwrap().id;
        let mut values: Vec<String> = register
            .assets
            .iter()
            .filter(|asset| asset.organisation == owner)
            .map(|asset| asset.value.to_string())
            .filter(|value| value.starts_with("100.64."))
            .collect();
        values.sort();
        values
    };
    assert_eq!(of(&mut hub, "CERT"), ["100.64.1.0/24", "100.64.2.0/24"]);
    assert_eq!(of(&mut hub, "GM1"), ["100.64.9.0/24"]);
    let open = |hub: &mut Hub| {
        let all = hub.intake.store().read(conflicts::list).unwrap();
        all.iter().filter(|one| one.decision.is_none()).count()
    };
    // One for the same, one for the part, and two for what lies around both.
    assert_eq!(open(&mut hub), 4);
    // What the neighbour's is goes where it went.
    hub.intake.reload_register().unwrap();
    hub.report(&["100.64.1.7", "100.64.2.200", "100.64.9.7"]);
    assert_eq!(hub.fates(), counts(&[("CERT", Fate::Queued, 2), ("GM1", Fate::Queued, 1)]));
    // The neighbour's next list is no worse off.
    hub.link = neighbour;
    hub.hear(Kind::Claims, list(4, 1..4));
    assert_eq!(of(&mut hub, "CERT"), ["100.64.1.0/24", "100.64.2.0/24"]);
    hub.check();
}
