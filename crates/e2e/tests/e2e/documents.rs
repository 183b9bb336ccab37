//! Documents that hold events in their own way: taken in like a container, with the document kept as it came.

use serde_json::{Value, json};

use crate::installation::{Installation, count};

/// An X-ARF report about an address.
fn report(address: &str) -> Value {
    json!({
        "xarf_version": "4.0.0",
        "report_id": "0a9f3f2e-6f0c-4d61-9b6e-5a4a3c7d1e20",
        "timestamp": "2026-11-20T03:00:00Z",
        "reporter": { "org": "Melder", "contact": "abuse@melder.example", "domain": "melder.example" },
        "sender": { "org": "Melder", "contact": "abuse@melder.example", "domain": "melder.example" },
        "source_identifier": address,
        "category": "connection",
        "type": "login_attack",
        "protocol": "tcp",
        "first_seen": "2026-11-20T02:55:00Z",
    })
}

#[test]
fn a_document_is_taken_in_like_a_container_of_events() {
    let installation = Installation::new();
    let whole = json!([report("198.51.100.1"), "not a report", report("192.0.2.1")]).to_string();
    let file = installation.file("report.json", &whole);
    installation.run(&["ingest", &file]).ended(3);
    let ledger = installation.ledger();
    let sums = ["rows", "rejected", "events"].map(|key| count(&ledger[key]));
    assert_eq!(sums, [3, 1, 2], "{ledger}");
    // Eikendam owns the address, Hulpbron operates it, and the other is nobody's.
    assert_eq!([installation.fate("queued"), installation.fate("unrouted")], [2, 1]);
    installation.assert_sound();

    let renamed = installation.file("again.json", &whole);
    assert_eq!(installation.ingest(&renamed)["report_known"], true, "the same bytes are one report");
    assert_eq!(count(&installation.ledger()["rows"]), 3);
}

#[test]
fn an_event_of_a_document_leads_to_its_mail() {
    let installation = Installation::new();
    let file = installation.file("report.json", report("198.51.100.1").to_string());
    installation.ingest(&file);
    installation.run(&["tell"]).ended(0);
    let traced = installation.run(&["trace", "1:1"]).ended(0).stdout;
    for part in ["report.json", "brute-force", "mail to cert@eikendam.example"] {
        assert!(traced.contains(part), "`{part}` is not in {traced}");
    }
    assert_eq!(installation.fate("notified"), 2);
    installation.assert_sound();
}

#[test]
fn a_reject_shows_the_bytes_of_the_document() {
    use base64::{Engine, engine::general_purpose::STANDARD};

    let installation = Installation::new();
    let file = installation.file("report.json", json!([report("192.0.2.1"), "odd"]).to_string());
    let parsed = installation.run(&["parse", &file, "--format", "idf"]).ended(3);
    let rejects = crate::program::json_lines(&parsed.stderr);
    let raw = STANDARD.decode(rejects[0]["raw_base64"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(raw).unwrap(), r#""odd""#);
}
