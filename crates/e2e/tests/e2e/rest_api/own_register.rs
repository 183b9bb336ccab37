//! What a member's program says of its own contacts, people and assets.

use serde_json::{Value, json};

use super::service::Service;

/// The one of a list in which this field has this value.
fn one<'l>(list: &'l Value, field: &str, value: &str) -> Option<&'l Value> {
    list["items"].as_array().unwrap().iter().find(|one| one[field] == value)
}

#[test]
fn a_members_program_keeps_its_contacts_but_no_trusted_one() {
    let mut service = Service::start();
    let of_gm1 = |path: &str, body: Value| {
        service.post(&service.gm1, &format!("/organisations/GM1/own-contacts{path}"), &body)
    };
    let email = "wacht@eikendam.example";
    let added = of_gm1("", json!({ "role": "findings", "name": "Wacht", "email": email }));
    assert_eq!(added.status, 201, "{}", added.body);
    let number = |list: &Value| one(list, "email", email).unwrap()["id"].as_u64().unwrap();
    let id = number(&added.json());
    let changed = of_gm1(&format!("/{id}/change"), json!({ "name": "Nachtwacht" }));
    assert_eq!(one(&changed.json(), "email", email).unwrap()["name"], "Nachtwacht", "{}", changed.body);
    let id = number(&changed.json());
    assert_eq!(of_gm1(&format!("/{id}/change"), json!({ "name": "Nachtwacht" })).status, 422, "the same");
    assert_eq!(of_gm1(&format!("/{id}/change"), json!({ "email": "nowhere" })).status, 400);
    let confirmed = of_gm1(&format!("/{id}/confirm"), json!({}));
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let left = of_gm1(&format!("/{}/leave", number(&confirmed.json())), json!({}));
    assert_eq!((left.status, one(&left.json(), "email", email)), (200, None), "{}", left.body);
    // The trusted contact is for people, and another's is not there.
    for (path, body) in [
        ("", json!({ "role": "vcib", "name": "X", "email": email, "phone": "+31 88 000 00 09" })),
        ("/2/change", json!({ "email": email })),
        ("/2/leave", json!({})),
    ] {
        let refused = of_gm1(path, body);
        assert_eq!(refused.status, 422, "{path}: {}", refused.body);
    }
    assert_eq!(of_gm1("/3/leave", json!({})).status, 404);
    // A program of the desk is no trusted contact either.
    let by_desk = service.post(&service.desk, "/organisations/GM1/own-contacts/2/leave", &json!({}));
    assert_eq!(by_desk.status, 422, "{}", by_desk.body);
    let waits = service.v1(&service.gm1, "/organisations/GM1/contact-changes");
    assert_eq!(waits["items"], json!([]));
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn a_members_program_invites_people_and_touches_nobody_who_administers() {
    let service = Service::start();
    let administrator =
        json!({ "name": "eva", "organisation": "GM1", "roles": ["acib", "member_administrator"] });
    assert_eq!(service.post(&service.desk, "/accounts", &administrator).status, 201);
    let path = "/organisations/GM1/people";
    let post = |more: &str, body: Value| service.post(&service.gm1, &format!("{path}{more}"), &body);
    let invited = post("", json!({ "name": "piet", "displayName": "Piet Pot", "role": "viewer" }));
    assert_eq!(invited.status, 201, "{}", invited.body);
    assert!(invited.json()["link"].as_str().unwrap().contains("/invitation/"), "{}", invited.body);
    let is_trusted = post("", json!({ "name": "kim", "role": "vcib" }));
    assert_eq!(is_trusted.status, 400, "{}", is_trusted.body);
    let answers = post("/piet/role", json!({ "role": "acib" }));
    assert_eq!(one(&answers.json(), "name", "piet").unwrap()["roles"], json!(["acib"]), "{}", answers.body);
    for (path, body) in [("/eva/disable", json!({})), ("/eva/role", json!({ "role": "viewer" }))] {
        let refused = post(path, body);
        assert_eq!(refused.status, 422, "{path}: {}", refused.body);
    }
    assert_eq!(post("/piet/sessions/00000000/end", json!({})).status, 404);
    // Another's program finds none of them.
    assert_eq!(service.v1(&service.gm2, "/organisations/GM2/people")["items"], json!([]));
    let elsewhere = service.post(&service.gm2, "/organisations/GM2/people/piet/disable", &json!({}));
    assert_eq!(elsewhere.status, 404, "{}", elsewhere.body);
    let out = post("/piet/disable", json!({}));
    assert!(one(&out.json(), "name", "piet").unwrap()["disabledAt"].is_string(), "{}", out.body);
}

#[test]
fn what_a_member_asks_about_an_asset_waits_for_the_desk() {
    let mut service = Service::start();
    let path = "/organisations/GM1/asset-requests";
    let ask = |asset: u32, wish: &str, text: &str| {
        let body = json!({ "asset": asset, "wish": wish, "text": text });
        service.post(&service.gm1, path, &body)
    };
    assert_eq!(ask(1, "change", "").json()["errors"][0]["location"], "/text");
    assert_eq!(ask(3, "give_up", "").body, ask(999, "give_up", "").body, "another's is not there");
    let asked = ask(1, "give_up", "sold");
    assert_eq!((asked.status, &asked.json()["value"]), (201, &json!("198.51.100.0/25")), "{}", asked.body);
    assert_eq!(ask(1, "change", "to a /26").status, 409, "it waits");
    let waiting = |token: &str, path: &str| service.v1(token, path)["items"].as_array().unwrap().len();
    assert_eq!(waiting(&service.gm1, path), 1);
    assert_eq!(waiting(&service.gm2, "/organisations/GM2/asset-requests"), 0);
    assert_eq!(waiting(&service.desk, "/asset-requests"), 1);
    let id = asked.json()["id"].to_string();
    let elsewhere = format!("/organisations/GM2/asset-requests/{id}/take-back");
    assert_eq!(service.post(&service.gm2, &elsewhere, &json!({})).status, 404);
    let back = service.post(&service.gm1, &format!("{path}/{id}/take-back"), &json!({}));
    assert_eq!((back.status, back.json()["items"].clone()), (200, json!([])), "{}", back.body);
    // Asked again, the desk first looks, and then agrees.
    let id = ask(1, "give_up", "sold").json()["id"].to_string();
    let accept = || {
        let because = json!({ "reason": "they called" });
        service.post(&service.desk, &format!("/asset-requests/{id}/accept"), &because)
    };
    let assets = || service.v1(&service.desk, "/organisations/GM1")["assets"].as_array().unwrap().len();
    assert_eq!(assets(), 1, "it waits");
    let accepted = accept();
    assert_eq!((accepted.status, assets()), (200, 0), "{}", accepted.body);
    assert_eq!(accept().status, 404, "it waits no more");
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn the_desk_looks_whose_a_claim_is_and_no_client_keeps_another_from_looking() {
    let service = Service::start();
    for (token, code, name) in [(&service.gm1, "GM1", "eikendam.nl"), (&service.gm2, "GM2", "lindeveen.nl")] {
        let claim = json!({ "kind": "domain", "value": name, "role": "owner" });
        let added = service.post(token, &format!("/organisations/{code}/own-claims"), &claim);
        assert_eq!(added.status, 201, "{}", added.body);
    }
    // By mail nothing is looked for, so this asks nobody outside.
    let check = |token: &str, claim: u32| {
        service.post(token, &format!("/claims/{claim}/checks"), &json!({ "means": "mail" })).status
    };
    let often: Vec<u16> = (0..20).map(|_| check(&service.gm2, 2)).collect();
    assert_eq!((often[0], often[19]), (422, 429), "{often:?}");
    assert_eq!(check(&service.gm1, 1), 422);
    let looked = json!({ "reason": "the contract of 2019" });
    assert_eq!(service.post(&service.gm2, "/claims/2/desk-proofs", &looked).status, 403);
    let proven = service.post(&service.desk, "/claims/2/desk-proofs", &looked);
    assert_eq!((proven.status, &proven.json()["found"]), (200, &json!(true)), "{}", proven.body);
    let shown = service.v1(&service.gm2, "/claims/2");
    assert_eq!(shown["provenBy"], "desk");
    assert!(!shown.to_string().contains("2019"), "what the desk looked at is its own: {shown}");
}
