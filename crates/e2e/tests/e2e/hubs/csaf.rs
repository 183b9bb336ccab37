//! A link whose findings go as CSAF: what goes over it keeps to the specification, and is the finding below that it was above.

use serde_json::json;

use super::*;
use crate::csaf::assert_conforming;

#[test]
fn vulnerabilities_go_over_as_csaf() {
    let (top, bottom) = two_hubs(true);
    top.json(&["hub", "payload", "bottom.example", "csaf"]);
    let (serving, below) = (top.serve(), bottom.serve());
    let event = json!({
        "time.source": "2026-11-20T10:00:00+00:00", "source.ip": "198.51.100.1", "source.port": 443, "severity": "high",
        "classification.type": "vulnerable-system", "classification.identifier": "open-gate", "extra.tag": "vpn;cve-2026-1234",
        "feed.name": "scan", "feed.provider": "secret-reporter",
    });
    put(&top.installation, "events.jsonl", format!("{event}\n"));
    let hubs = || [(&top, Some(&serving)), (&bottom, Some(&below))];
    wait("Eikendam to be told", hubs(), || bottom.installation.fate("notified") == 1);
    wait("the receipt", hubs(), || top.installation.fate("handed_over") == 1);
    let trace = top.json(&["trace", "F0"]);
    let parcel = trace["assignments"][0]["hub"]["parcel"].as_str().unwrap_or_else(|| panic!("{trace}"));
    let shown = top.json(&["hub", "show", "bottom.example", "--parcel", parcel]);
    let line: Value = serde_json::from_str(shown["sent"]["line"].as_str().unwrap()).unwrap();
    let document = line["envelope"]["data"]["payload"].clone();
    assert_eq!(document["vulnerabilities"][0]["cve"], "CVE-2026-1234", "{document}");
    assert!(!document.to_string().contains("secret-reporter"), "{document}");
    assert_conforming(&[document]);
    let event = bottom.json(&["trace", "1:1"])["idf"].clone();
    for (field, value) in [
        ("source.ip", json!("198.51.100.1")),
        ("source.port", json!(443)),
        ("severity", json!("high")),
        ("classification.identifier", json!("open-gate")),
        ("product.vulnerabilities", json!("cve-2026-1234")),
        ("extra.tag", json!("vpn;cve-2026-1234")),
        ("time.source", json!("2026-11-20T10:00:00+00:00")),
    ] {
        assert_eq!(event[field], value, "{field}: {event}");
    }
    drop((serving, below));
    top.installation.assert_sound();
    bottom.installation.assert_sound();
}
