//! What other programs may write, and what is no finding.

use schakel_model::reject::RejectCode;
use serde_json::{Value as Json, json};

use super::NAMESPACE;
use crate::feeds::{Feed, recognise, testing};

/// An advisory as another program may write it: about this machine, which is affected by these.
fn advisory(uris: &[&str], cves: &[&str]) -> Json {
    let uri = |uri: &&str| json!({"namespace": NAMESPACE, "uri": uri});
    let other = json!({"namespace": "https://assets.example", "uri": "https://assets.example/7"});
    let uris: Vec<Json> = uris.iter().map(uri).chain([other]).collect();
    let status = json!({"known_affected": ["other", "P1"]});
    let vulnerability = |cve: &&str| json!({"cve": cve, "product_status": status});
    json!({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": "Update the mail server",
            "publisher": {"category": "coordinator", "name": "CERT Example", "namespace": "https://cert.example"},
            "aggregate_severity": {"text": "Critical"},
            "distribution": {"tlp": {"label": "GREEN"}},
            "tracking": {"id": "CERT-2026-1", "current_release_date": "2026-03-01T05:07:57.000Z"},
        },
        "product_tree": {"branches": [{"category": "vendor", "name": "Example", "branches": [
            {"category": "product_family", "name": "Mail", "branches": [
                {"category": "product_version", "name": "1.2", "product": {
                    "product_id": "P1", "name": "Example Mail Server 1.2",
                    "product_identification_helper": {"x_generic_uris": uris},
                }},
            ]},
            {"category": "product_name", "name": "Web", "product": {"product_id": "P2", "name": "no machine"}},
        ]}]},
        "vulnerabilities": cves.iter().map(vulnerability).collect::<Vec<_>>(),
    })
}

fn one(document: &Json) -> testing::Fields {
    testing::one_event(Feed::Csaf, document.to_string().as_bytes())
}

fn refused(document: &Json) {
    let found = testing::read(Feed::Csaf, document.to_string().as_bytes());
    let [Err(reject)] = &found[..] else { panic!("{document}: {found:?}") };
    assert_eq!(reject.code, RejectCode::NotARecord);
}

#[test]
fn what_another_program_writes_is_an_event() {
    let document =
        advisory(&["tcp://192.0.2.1:25", "dns:mail.example.nl"], &["CVE-2026-1234", "CVE-2025-99999"]);
    assert_eq!(recognise("a.json", document.to_string().as_bytes()), Some(Feed::Csaf));
    one(&document).has(&[
        "source.ip=192.0.2.1",
        "source.port=25",
        "source.fqdn=mail.example.nl",
        "protocol.transport=tcp",
        "classification.type=vulnerable-system",
        "classification.identifier=cve-2026-1234",
        "product.vulnerabilities=cve-2026-1234,cve-2025-99999",
        "product.vendor=example",
        "product.version=1.2",
        "product.full_name=Example Mail Server 1.2",
        "severity=critical",
        "time.source=2026-03-01T05:07:57+00:00",
        "feed.name=csaf",
        "feed.provider=CERT Example",
        "event_description.text=Update the mail server",
        "extra.advisory=CERT-2026-1",
        "tlp=GREEN",
    ]);
    for (uris, expected) in [
        (&["ip://[2001:db8::1]"][..], "source.ip=2001:db8::1"),
        (&["udp://[2001:db8::1]:53"], "source.port=53"),
        (&["dns:mail.example.nl"], "source.fqdn=mail.example.nl"),
        (&["ip://mail.example.nl:25", "dns:mail.example.nl"], "source.port=25"),
        (&["ip://192.0.2.1", "ip://192.0.2.1"], "source.ip=192.0.2.1"),
    ] {
        one(&advisory(uris, &["CVE-2026-1234"])).has(&[expected]);
    }
}

#[test]
fn a_document_about_no_machine_or_more_than_one_is_refused() {
    for uris in [
        &[][..],
        &["tcp://"],
        &["tcp:192.0.2.1"],
        &["192.0.2.1"],
        &["ip://192.0.2.0/24"],
        &["ip://somebody@example.nl"],
        &["tcp://192.0.2.1:99999"],
        &["tcp://192.0.2.999"],
        &["dns:192.0.2.1"],
        &["dns:nowhere"],
        &["https://192.0.2.1/"],
        &["ip://192.0.2.1", "ip://192.0.2.2"],
        &["dns:a.example.nl", "dns:b.example.nl"],
        &["ip://a.example.nl", "dns:b.example.nl"],
        &["tcp://192.0.2.1:25", "tcp://192.0.2.1:80"],
    ] {
        refused(&advisory(uris, &["CVE-2026-1234"]));
    }
    let mut two = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
    let again = two["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"].clone();
    two["product_tree"]["relationships"] = json!([{"full_product_name": again}]);
    refused(&two);
    // An advisory of a vendor is not taken for a finding.
    let vendor = advisory(&[], &["CVE-2026-1234"]);
    assert_eq!(recognise("a.json", vendor.to_string().as_bytes()), None);
}

#[test]
fn only_what_the_machine_has_counts() {
    for cves in [&[][..], &["CVE-26-1"], &["CVE-2026-1234 and more"], &["CWE-79"]] {
        refused(&advisory(&["ip://192.0.2.1"], cves));
    }
    let long = format!("CVE-2026-{}", "1".repeat(20));
    one(&advisory(&["ip://192.0.2.1"], &["CVE-2026-1234", "no", &long, "CVE-2026-1234"]))
        .has(&["product.vulnerabilities=cve-2026-1234"]);
    let many: Vec<String> = (1_000..5_000).map(|number| format!("CVE-2026-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    refused(&advisory(&["ip://192.0.2.1"], &many));
    one(&advisory(&["ip://192.0.2.1"], &many[..256]));
    for status in [
        json!({"fixed": ["P1"]}),
        json!({"known_not_affected": ["P1"], "known_affected": ["P2"]}),
        json!({"under_investigation": ["P1"]}),
        json!({"known_affected": 7}),
        json!("P1"),
        json!(null),
    ] {
        let mut document = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
        document["vulnerabilities"][0]["product_status"] = status;
        refused(&document);
    }
}

#[test]
fn a_note_says_what_no_member_says_and_nothing_else() {
    let mut document = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
    let note = json!({
        "source.ip": "198.51.100.1", "severity": "low", "product.vulnerabilities": "cve-2020-1", "tlp": "CLEAR",
        "classification.type": "weak-crypto", "extra.tag": "a;b", "source.port": 443, "schakel.reject": {},
    });
    document["document"]["notes"] = json!([
        {"category": "summary", "title": super::NOTE_TITLE, "text": "{\"extra.tag\":\"wrong\"}"},
        {"category": "other", "title": super::NOTE_TITLE, "text": note.to_string()},
    ]);
    let event = one(&document);
    event.has(&[
        "source.ip=192.0.2.1",
        "source.port=443",
        "severity=critical",
        "product.vulnerabilities=cve-2026-1234",
        "classification.type=weak-crypto",
        "extra.tag=a;b",
        "time.source=2026-03-01T05:07:57+00:00",
        "tlp=GREEN",
    ]);
    event.has_not(&["classification.identifier", "feed.provider"]);
    for text in ["no JSON", "[1]", "7", ""] {
        document["document"]["notes"][1]["text"] = text.into();
        one(&document).has(&["classification.type=vulnerable-system"]);
    }
}

#[test]
fn the_strict_marking_is_said_in_words() {
    let mut document = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
    for (label, text, expected) in [
        ("WHITE", "", Some("CLEAR")),
        ("AMBER", "", Some("AMBER")),
        ("AMBER", "TLP:AMBER+STRICT: for your own organisation only.", Some("AMBER+STRICT")),
        ("AMBER+STRICT", "", Some("AMBER+STRICT")),
        ("RED", "TLP:AMBER+STRICT", Some("RED")),
        ("PINK", "", None),
    ] {
        document["document"]["distribution"] = json!({"text": text, "tlp": {"label": label}});
        let event = one(&document);
        match expected {
            Some(marking) => event.has(&[&format!("tlp={marking}")]),
            None => event.has_not(&["tlp"]),
        }
    }
}

#[test]
fn odd_values_do_not_hurt() {
    let good = advisory(&["ip://192.0.2.1"], &["CVE-2026-1234"]);
    fn places(at: &Json, way: String, all: &mut Vec<String>) {
        all.push(way.clone());
        match at {
            Json::Object(members) => {
                members.iter().for_each(|(name, value)| places(value, format!("{way}/{name}"), all));
            }
            Json::Array(items) => {
                (0..).zip(items).for_each(|(at, item)| places(item, format!("{way}/{at}"), all));
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    places(&good, String::new(), &mut all);
    for place in &all[1..] {
        for odd in [json!(null), json!(7), json!(""), json!([]), json!({}), json!([[{}]]), json!({"a": [1]})]
        {
            let mut document = good.clone();
            *document.pointer_mut(place).unwrap() = odd;
            assert_eq!(testing::read(Feed::Csaf, document.to_string().as_bytes()).len(), 1, "{document}");
        }
    }
}
