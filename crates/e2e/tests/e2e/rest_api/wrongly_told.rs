//! What the desk does by the API about what was told to the wrong party, and how it finds findings by words.

use serde_json::json;

use super::service::{Service, ids};

#[test]
fn a_breach_is_seen_before_it_is_opened_and_closed_once() {
    let mut service = Service::start();
    let post = |path: &str, body| service.post(&service.desk, path, &body);
    let subject = json!({ "subject": "N1", "reason": "entered for the wrong town" });
    let looked = post("/breaches?dryRun=true", subject.clone());
    assert_eq!(looked.status, 201, "{}", looked.body);
    assert!(!looked.json()["received"].as_array().unwrap().is_empty(), "{}", looked.body);
    assert_eq!(service.v1(&service.desk, "/breaches")["items"], json!([]), "nothing was opened");
    let opened = post("/breaches", subject);
    assert_eq!((opened.status, &opened.json()["breach"]["id"]), (201, &json!("B1")), "{}", opened.body);
    for (wrong, status) in [("X1", 400), ("N999", 422)] {
        let refused = post("/breaches", json!({ "subject": wrong, "reason": "x" }));
        assert_eq!(refused.status, status, "{wrong}: {}", refused.body);
    }
    let one = service.v1(&service.desk, "/breaches/B1");
    assert_eq!((&one["breach"]["decision"], &one["breach"]["subject"]), (&json!("open"), &json!("N1")));
    let decision = json!({ "decision": "not_reported", "reason": "only an address" });
    let closed = post("/breaches/B1/close", decision.clone());
    assert_eq!(closed.json()["breach"]["decision"], "not_reported", "{}", closed.body);
    assert_eq!(post("/breaches/B1/close", decision.clone()).status, 409, "once");
    assert_eq!(post("/breaches/B9/close", decision).status, 404);
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn findings_are_found_by_words_that_occur_anywhere_in_them() {
    let service = Service::start();
    let note = json!({ "text": "asked about the zebra" });
    assert_eq!(service.post(&service.desk, "/findings/F2/notes", &note).status, 201);
    for (words, found) in [
        ("scan_rdp", &["F2", "F1", "F0"][..]),
        ("lindeveen", &["F1"]),
        ("198.51.100.5", &["F0"]),
        ("zebra", &["F2"]),
        ("zebra%20lindeveen", &[]),
        ("nothing-like-it", &[]),
    ] {
        assert_eq!(ids(&service.v1(&service.desk, &format!("/findings?q={words}"))), found, "{words}");
    }
    assert_eq!(service.v1(&service.desk, "/findings/F0")["takenBack"], json!([]));
}
