//! What the desk does all day, by a program: rules and texts tried before they hold, findings given to somebody, shifts, accounts.

use serde_json::{Value, json};

use super::service::Service;

fn said(answer: &super::Answer) -> &str {
    &answer.body
}

#[test]
fn rules_for_telling_are_tried_on_what_came_in_before_they_hold() {
    let mut service = Service::start();
    let standing = service.v1(&service.desk, "/policy");
    assert_eq!(standing["version"], 0);
    let quiet = "[[rule]]\nname = \"nothing at once\"\nowner = \"desk\"\nreason = \"quiet days\"\nthen = \"suppress\"\nuntil = 2099-01-01\n";
    let quiet = json!({ "text": quiet, "sinceAt": "2026-11-01T00:00:00Z" });
    let asked = service.post(&service.desk, "/policy/effect", &quiet);
    assert_eq!(asked.status, 200, "{}", asked.body);
    let effect = asked.json();
    assert_eq!(effect["rules"][0]["name"], "nothing at once", "{effect}");
    assert!(effect["different"].as_u64().unwrap() >= 3, "{effect}");
    assert_eq!(effect["organisations"][0]["atOnceAfter"], 0, "{effect}");
    assert_eq!(service.v1(&service.desk, "/policy")["version"], 0, "nothing is kept");
    let wrong = service.post(&service.desk, "/policy/effect", &json!({ "text": "[[rule]]\nwhat = 1\n" }));
    assert_eq!((wrong.status, wrong.json()["errors"][0]["location"].as_str()), (422, Some("/text")));
    // Put in force: not by whoever may only look, not without a reason, not when it was tried beside another.
    let set = |query: &str, body: Value| service.post(&service.desk, &format!("/policy{query}"), &body);
    let text = quiet["text"].clone();
    assert_eq!(set("", json!({ "text": text })).status, 400);
    assert_eq!(set("", json!({ "text": "[[rule]]\nwhat = 1\n", "reason": "x" })).status, 422);
    let looked = set("?dryRun=true", json!({ "text": text, "reason": "quiet days", "version": 0 }));
    assert_eq!((looked.status, looked.json()["version"].as_u64()), (200, Some(0)), "{}", looked.body);
    let done = set("", json!({ "text": text, "reason": "quiet days", "version": 0 }));
    assert_eq!((done.status, done.json()["version"].as_u64()), (200, Some(1)), "{}", done.body);
    let late = set("", json!({ "text": standing["text"], "reason": "x", "version": 0 }));
    assert_eq!(late.status, 409, "{}", late.body);
    let undone = service.post(&service.desk, "/policy/undo", &json!({ "reason": "too quiet" }));
    assert_eq!(undone.json()["version"], 2, "{}", undone.body);
    assert_eq!(service.v1(&service.desk, "/policy")["text"], standing["text"]);
    let versions = service.v1(&service.desk, "/policy-versions");
    assert_eq!(versions["items"][1]["reason"], "quiet days", "{versions}");
    assert_eq!(versions["items"][0]["actor"], "api:desk");
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn texts_are_tried_with_samples_before_they_hold() {
    let service = Service::start();
    let listed = service.v1(&service.desk, "/texts");
    let names: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"notification.txt"), "{names:?}");
    // Of each text, also of those whose name has a slash.
    let advice = names.iter().find(|name| name.starts_with("advice/")).unwrap().replace('/', "%2F");
    assert!(service.v1(&service.desk, &format!("/texts/en/{advice}"))["text"].as_str().unwrap().len() > 10);
    let path = "/texts/en/notification.subject";
    let standing = service.v1(&service.desk, path);
    assert!(!standing["samples"].as_array().unwrap().is_empty(), "{standing}");
    let own = json!({ "text": "For your eyes: {{ what }}" });
    let tried = service.post(&service.desk, &format!("{path}/check"), &own);
    assert_eq!(tried.status, 200, "{}", tried.body);
    let wrong = json!({ "text": "{{ nothing_of_the_sort.x }}", "reason": "x" });
    assert_eq!(service.post(&service.desk, path, &wrong).status, 422);
    let own =
        json!({ "text": format!("Own: {}", standing["text"].as_str().unwrap()), "reason": "friendlier" });
    let looked = service.post(&service.desk, &format!("{path}?dryRun=true"), &own);
    assert_eq!(looked.json(), json!({ "dryRun": true }), "{}", looked.body);
    assert_eq!(service.post(&service.desk, path, &own).status, 200);
    let stands = service.v1(&service.desk, path);
    assert_eq!(stands["text"], own["text"]);
    assert!(
        stands["samples"][0]["subject"].as_str().unwrap().starts_with("[Schakel #17] TLP:AMBER Own:"),
        "{stands}"
    );
    assert_eq!(service.post(&service.desk, &format!("{path}/undo"), &json!({ "reason": "x" })).status, 200);
    assert_eq!(service.v1(&service.desk, path)["text"], standing["text"]);
    for nowhere in ["/texts/xx/notification.txt", "/texts/en/..%2F..%2Fetc%2Fpasswd", "/texts/en/none"] {
        assert_eq!(service.get(&service.desk, &format!("/api/v1{nowhere}")).status, 404, "{nowhere}");
    }
}

#[test]
fn findings_are_given_to_somebody_and_put_to_sleep_many_at_once_and_back() {
    let mut service = Service::start();
    service.stop();
    service.installation.run(&["user", "add", "anna", "--display-name", "Anna"]).ended(0);
    service.serve();
    let both = json!({ "findings": ["F0", "F1"], "handler": "anna" });
    let looked = service.post(&service.desk, "/handlers?dryRun=true", &both);
    assert_eq!((looked.status, looked.json()["dryRun"].as_bool()), (200, Some(true)), "{}", looked.body);
    assert_eq!(looked.json()["batch"], Value::Null);
    assert_eq!(service.v1(&service.desk, "/findings/F0/work")["handler"], "", "nothing was kept");
    let given = service.post(&service.desk, "/handlers", &both);
    let batch = given.json()["batch"].as_i64().unwrap();
    assert_eq!(service.v1(&service.desk, "/findings/F1/work")["handler"], "anna");
    let again = service.post(&service.desk, "/handlers", &both).json();
    assert_eq!(again["batch"], Value::Null, "nothing was different");
    let undone = service.post(&service.desk, &format!("/work-batches/{batch}/undo"), &json!({}));
    assert_eq!(undone.json(), json!({ "findings": 2 }));
    assert_eq!(service.v1(&service.desk, "/findings/F1/work")["handler"], "");
    assert_eq!(service.post(&service.desk, "/work-batches/999/undo", &json!({})).status, 404);
    let nobody = json!({ "findings": ["F0"], "handler": "carla" });
    assert_eq!(service.post(&service.desk, "/handlers", &nobody).status, 422);
    let some = service.post(
        &service.desk,
        "/handlers",
        &json!({ "findings": ["F0", "F99", "x"], "handler": "anna" }),
    );
    let places: Vec<Value> =
        some.json()["errors"].as_array().unwrap().iter().map(|one| one["location"].clone()).collect();
    assert_eq!((some.status, places), (400, vec![json!("/findings/1"), json!("/findings/2")]));
    // Asleep, and no longer than a year.
    let now = "2030-01-01T00:00:00Z";
    let far = json!({ "findings": ["F0"], "until": now });
    assert_eq!(service.post(&service.desk, "/snoozes", &far).status, 422, "further than a year");
    #[allow(clippy::disallowed_methods)] // The service goes by the real clock.
    let soon = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(48)).unwrap();
    let soon = json!({ "findings": ["F0"], "until": soon.to_string() });
    assert_eq!(service.post(&service.desk, "/snoozes", &soon).status, 200);
    assert!(service.v1(&service.desk, "/findings/F0/work")["snoozedUntilAt"].is_string());
    assert_eq!(service.post(&service.desk, "/snoozes", &json!({ "findings": ["F0"] })).status, 200);
    let note = service.post(&service.desk, "/findings/F0/notes", &json!({ "text": "called twice" }));
    assert_eq!((note.status, note.json()["items"][0]["actor"].as_str()), (201, Some("api:desk")));
    let work = service.v1(&service.desk, "/findings/F0/work");
    let happened: Vec<&str> =
        work["timeline"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    for what in ["first_seen", "told", "assigned", "unassigned", "snoozed", "woken", "noted"] {
        assert!(happened.contains(&what), "{what}: {happened:?}");
    }
    assert_eq!(service.get(&service.desk, "/api/v1/findings/F99/work").status, 404);
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn a_shift_is_accepted_by_somebody_else_than_who_wrote_it() {
    let mut service = Service::start();
    service.stop();
    let other = service.installation.json(&["client", "add", "night", "--scope", "shifts:write"]);
    let night = other["key"].as_str().unwrap().to_owned();
    service.serve();
    assert_eq!(service.v1(&service.desk, "/shift-sums")["open"]["high"], 4);
    let written = service.post(&service.desk, "/shifts", &json!({ "text": "GM2 calls back at nine" }));
    assert_eq!((written.status, written.json()["id"].as_i64()), (201, Some(1)), "{}", written.body);
    let accept = |token: &str, id: &str| service.post(token, &format!("/shifts/{id}/accept"), &json!({}));
    assert_eq!(accept(&service.desk, "1").status, 422, "by itself");
    assert_eq!(accept(&night, "2").status, 404);
    assert_eq!(accept(&night, "1").status, 200);
    assert_eq!(accept(&night, "1").status, 404, "twice");
    let shifts = service.v1(&service.desk, "/shifts");
    assert_eq!(shifts["items"][0]["acceptedBy"], "api:night", "{shifts}");
    assert_eq!(service.get(&night, "/api/v1/shifts").status, 403, "it may write and not read");
}

#[test]
fn people_are_invited_and_kept_out_and_a_link_is_kept_nowhere() {
    let mut service = Service::start();
    let json_head = "Content-Type: application/json\r\nIdempotency-Key: once\r\n";
    let body = json!({ "name": "jan@gouda.example", "organisation": "GM1", "roles": ["acib"] }).to_string();
    let invited = service.post_with(&service.desk, "/accounts", json_head, &body);
    assert_eq!(invited.status, 201, "{}", invited.body);
    let link = invited.json()["link"].as_str().unwrap().to_owned();
    let token = link.rsplit('/').next().unwrap().to_owned();
    assert!(link.contains("/invitation/") && token.len() > 20, "{link}");
    let again = service.post_with(&service.desk, "/accounts", json_head, &body);
    assert_ne!(again.json()["link"], link, "asked again, it is another one");
    for (wrong, what) in [
        (json!({ "name": "a b", "roles": ["handler"] }), "a name with a space"),
        (json!({ "name": "x", "organisation": "GM1", "roles": ["administrator"] }), "a role of the desk"),
        (json!({ "name": "x", "organisation": "GM999", "roles": ["acib"] }), "no such organisation"),
    ] {
        let answer = service.post(&service.desk, "/accounts", &wrong);
        assert_eq!(answer.status, 422, "{what}: {}", said(&answer));
    }
    let people = service.v1(&service.desk, "/accounts");
    assert_eq!(people["items"][0]["roles"], json!(["acib"]), "{people}");
    let person = "/accounts/jan@gouda.example";
    let kept = json!({ "name": "mine", "query": "open=yes&severity=high&x=%3Cscript%3E" });
    let views = service.post(&service.desk, &format!("{person}/saved-views"), &kept).json();
    assert_eq!(views["items"][0]["query"], "severity=high&open=yes", "only what is known");
    let forget = |id: &str| {
        service.post(&service.desk, &format!("{person}/saved-views/{id}/forget"), &json!({})).status
    };
    assert_eq!((forget("9"), forget("1"), forget("1")), (404, 200, 404));
    let ended = service.post(&service.desk, &format!("{person}/sessions/00000000/end"), &json!({}));
    assert_eq!(ended.status, 404, "{}", said(&ended));
    let out = service.post(&service.desk, &format!("{person}/disable"), &json!({ "reason": "left" }));
    assert_eq!(out.status, 200, "{}", said(&out));
    assert!(service.v1(&service.desk, "/accounts")["items"][0]["disabledAt"].is_string());
    assert_eq!(service.post(&service.desk, "/accounts/piet/disable", &json!({ "reason": "x" })).status, 404);
    // Neither the log nor the store has the link.
    let log = service.serving.take().unwrap().stop();
    assert!(!log.contains(&token), "{log}");
    let store = std::fs::read(service.installation.data().join("store.sqlite")).unwrap();
    assert!(!store.windows(token.len()).any(|window| window == token.as_bytes()), "it stands in the store");
    service.installation.assert_sound();
}

#[test]
fn the_desk_replies_and_looks_after_mailboxes() {
    let mut service = Service::start();
    let sent = service.v1(&service.desk, "/notifications");
    let of_gm1 = sent["items"].as_array().unwrap().iter().find(|one| one["organisation"] == "GM1").unwrap();
    let path = format!("/notifications/{}/replies", of_gm1["id"].as_str().unwrap());
    let reply = json!({ "to": ["cert@eikendam.example"], "text": "Thank you, we look again tomorrow." });
    let looked = service.post(&service.desk, &format!("{path}?dryRun=true"), &reply);
    assert_eq!(looked.status, 201, "{}", looked.body);
    assert!(looked.json()["text"].as_str().unwrap().contains("tomorrow"), "{}", looked.body);
    assert_eq!(looked.json()["notification"], Value::Null, "nothing was sent");
    let others = json!({ "to": ["cert@eikendam.example", "vcib@lindeveen.example"], "text": "x" });
    let refused = service.post(&service.desk, &path, &others);
    assert_eq!((refused.status, refused.json()["errors"][0]["location"].as_str()), (400, Some("/to/1")));
    assert_eq!(service.post(&service.desk, &path, &reply).status, 201);
    let left = service.v1(&service.desk, "/outbox?state=accepted");
    let first = left["items"][0]["id"].as_i64().unwrap_or_else(|| panic!("{left}"));
    let one = service.v1(&service.desk, &format!("/outbox/{first}"));
    assert!(one["mail"].as_str().unwrap().contains("Subject: "), "{one}");
    let release = service.post(&service.desk, &format!("/outbox/{first}/release"), &json!({ "reason": "x" }));
    assert_eq!(release.status, 422, "it is not withheld: {}", release.body);
    assert_eq!(service.get(&service.desk, "/api/v1/outbox?state=gone").status, 400);
    assert_eq!(service.v1(&service.desk, "/incoming-mails")["items"], json!([]));
    let mailbox = "/mailboxes/cert@eikendam.example";
    let because = json!({ "reason": "they called" });
    assert_eq!(service.post(&service.desk, &format!("{mailbox}/trust"), &because).status, 404);
    assert_eq!(service.post(&service.desk, &format!("{mailbox}/compromised"), &because).status, 200);
    assert_eq!(service.v1(&service.desk, "/mailboxes")["items"][0]["usable"], false);
    assert_eq!(service.post(&service.desk, &format!("{mailbox}/trust"), &because).status, 200);
    service.stop();
    service.installation.assert_sound();
}
