//! What a member's program says and sees of its own organisation, and of the whole.

use serde_json::{Value, json};

use super::service::Service;

#[test]
fn a_member_says_on_which_days_it_is_closed() {
    let mut service = Service::start();
    let path = "/organisations/GM1/closing-days";
    #[allow(clippy::disallowed_methods)] // The service goes by the real clock.
    let today = jiff::Zoned::now().date();
    let day = |days: i64| today.checked_add(jiff::Span::new().days(days)).unwrap().to_string();
    let closed = json!({ "first": day(10), "last": day(12) });
    let looked = service.post(&service.gm1, &format!("{path}?dryRun=true"), &closed);
    assert_eq!(looked.json(), json!({ "dryRun": true, "days": 3 }), "{}", looked.body);
    assert_eq!(service.v1(&service.gm1, path)["items"], json!([]), "nothing was kept");
    let done = service.post(&service.gm1, path, &closed);
    assert_eq!(done.json(), json!({ "dryRun": false, "days": 3 }), "{}", done.body);
    let open = json!({ "first": day(11), "open": true });
    assert_eq!(service.post(&service.gm1, path, &open).json()["days"], 1);
    let days = |service: &Service| service.v1(&service.gm1, path)["items"].clone();
    assert_eq!(days(&service), json!([{ "day": day(10) }, { "day": day(12) }]));
    for (wrong, status) in [
        (json!({ "first": day(12), "last": day(10) }), 422),
        (json!({ "first": "2099-01-01" }), 422),
        (json!({ "first": "tomorrow" }), 400),
    ] {
        assert_eq!(service.post(&service.gm1, path, &wrong).status, status, "{wrong}");
    }
    let log = service.v1(&service.desk, "/audit-entries?subject=organisation:GM1");
    assert!(log["items"].as_array().unwrap().iter().all(|one| one["actor"] == "api:siem.gm1"), "{log}");
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn an_answer_is_taken_back_by_who_gave_it_and_by_the_desk() {
    let service = Service::start();
    let state = || service.v1(&service.gm1, "/findings/F0")["finding"]["told"][0]["state"].clone();
    let fixed = json!({ "findings": ["F0"], "kind": "fixed" });
    let id = |answer: Value| answer["answers"][0]["id"].as_str().unwrap().to_owned();
    let first = id(service.post(&service.gm1, "/answers", &fixed).json());
    assert_eq!(state(), "fixed");
    let undo = |token: &str, id: &str| service.post(token, &format!("/answers/{id}/undo"), &json!({}));
    assert_eq!(undo(&service.gm2, &first).status, 404, "another's");
    let undone = undo(&service.gm1, &first);
    assert_eq!(
        (undone.status, undone.json()["standing"].as_str()),
        (200, Some("refused")),
        "{}",
        undone.body
    );
    assert_eq!(state(), "told");
    assert_eq!(undo(&service.gm1, &first).status, 422, "twice");
    // What the desk said in its name is the desk's to take back.
    let desk = json!({ "findings": ["F0"], "organisation": "GM1", "who": "E. Eik", "kind": "in_progress" });
    let second = id(service.post(&service.desk, "/answers", &desk).json());
    assert_eq!(undo(&service.gm1, &second).status, 422);
    assert_eq!(undo(&service.desk, &second).status, 200);
    assert_eq!(state(), "told");
}

#[test]
fn a_week_and_the_sector_are_shown_to_each_as_they_may_see_them() {
    let service = Service::start();
    let week = "weekly-overview?until=2026-11-21T00:00:00Z";
    let own = service.v1(&service.gm1, &format!("/organisations/GM1/{week}"));
    assert_eq!(own["sent"].as_array().unwrap().len(), 1, "{own}");
    assert_eq!(own["open"][0]["count"], 1, "{own}");
    let desk = service.v1(&service.desk, &format!("/organisations/GM2/{week}"));
    assert_eq!(desk["sent"].as_array().unwrap().len(), 1, "{desk}");
    let exact = service.v1(&service.desk, "/sector");
    assert_eq!((exact["exact"].as_bool(), exact["organisations"].as_array().unwrap().len()), (Some(true), 4));
    let coarse = service.v1(&service.gm1, "/sector");
    assert_eq!((coarse["exact"].as_bool(), &coarse["organisations"]), (Some(false), &json!([])));
    assert_eq!(coarse["total"], 0, "three are too few to say: {coarse}");
    let overview = service.v1(&service.desk, "/overview");
    assert_eq!(overview["balanced"], true, "{overview}");
}

#[test]
fn a_member_claims_what_is_its_own_and_nobody_learns_whose_else_it_is() {
    let mut service = Service::start();
    let path = "/organisations/GM1/own-claims";
    let claim = |what: Value| service.post(&service.gm1, path, &what);
    let domain = json!({ "kind": "domain", "value": "eikendam.nl", "role": "owner", "note": "since 1999" });
    let entered = claim(domain.clone());
    assert_eq!(entered.json(), json!({ "claims": [1], "disputed": false }), "{}", entered.body);
    assert_eq!(claim(domain).status, 422, "twice");
    let theirs = claim(json!({ "kind": "prefix", "value": "198.51.100.128/26", "role": "owner" }));
    assert_eq!(theirs.status, 201, "{}", theirs.body);
    let second = &theirs.json()["claims"][0];
    for answer in [&theirs.body, &service.get(&service.gm1, &format!("/api/v1/claims/{second}")).body] {
        assert!(!answer.contains("GM2") && !answer.contains("Lindeveen"), "{answer}");
    }
    for (wrong, status) in [
        (json!({ "kind": "country", "value": "NL", "role": "owner" }), 422),
        (json!({ "kind": "prefix", "value": "192.0.2.0/24", "role": "monitor" }), 422),
        (json!({ "kind": "prefix", "value": "0.0.0.0/0", "role": "owner" }), 422),
        (json!({ "kind": "prefix", "value": "nothing", "role": "owner" }), 422),
        (json!({ "kind": "house", "value": "x", "role": "owner" }), 400),
    ] {
        let answer = claim(wrong.clone());
        assert_eq!(answer.status, status, "{wrong}: {}", answer.body);
    }
    let one = service.v1(&service.gm1, "/claims/1");
    assert_eq!(
        (one["record"].as_str(), one["counts"].as_bool()),
        (Some("_schakel-challenge.eikendam.nl"), Some(false)),
        "{one}"
    );
    assert!(one["mailboxes"].as_array().unwrap().contains(&json!("hostmaster@eikendam.nl")), "{one}");
    let act = |what: &str, body: Value| service.post(&service.gm1, &format!("/claims/1/{what}"), &body);
    assert_eq!(act("mails", json!({ "mailbox": "jan" })).status, 422, "no mailbox of those who run a domain");
    assert_eq!(act("codes", json!({ "code": "1" })).status, 422, "none was sent");
    assert_eq!(act("mails", json!({ "mailbox": "hostmaster" })).json()["address"], "hostmaster@eikendam.nl");
    assert_eq!(act("codes", json!({ "code": "000000" })).json()["found"], false);
    assert_eq!(act("checks", json!({ "means": "desk" })).status, 422, "the desk looks by itself");
    assert_eq!(act("take-back", json!({})).status, 200);
    assert_eq!(act("take-back", json!({})).status, 422, "it is over");
    let listed = service.v1(&service.desk, "/organisations/GM1/claims");
    assert_eq!(listed["items"][0]["state"], "withdrawn", "{listed}");
    service.stop();
    service.installation.assert_sound();
}
