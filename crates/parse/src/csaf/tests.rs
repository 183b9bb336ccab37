//! What is written, to the letter; and that what was written tells the same when it is read.

use proptest::prelude::*;
use schakel_model::event::Value;

use super::*;
use crate::feeds::{self, Feed, Given, Sink};

const VERSIONS: &[(u32, i64)] = &[(1, 1_795_000_000)];

fn reporter() -> Reporter {
    "CERT Voorbeeld <cert@example.nl>".parse().unwrap()
}

fn event(fields: &[(&'static str, &str)]) -> Event {
    let mut event = Event::default();
    for (field, text) in fields {
        let value = text.parse().map_or_else(|_| Value::Text((*text).to_owned()), Value::Int);
        event.set(*field, value);
    }
    event
}

/// A finding with all that has a member.
const WHOLE: &[(&str, &str)] = &[
    ("time.source", "2026-03-01T05:07:57+00:00"),
    ("time.observation", "2026-03-02T05:07:57+00:00"),
    ("source.ip", "2001:db8::1"),
    ("source.fqdn", "www.example.nl"),
    ("source.port", "443"),
    ("protocol.transport", "tcp"),
    ("protocol.application", "https"),
    ("classification.type", "vulnerable-system"),
    ("classification.taxonomy", "vulnerable"),
    ("classification.identifier", "http-vulnerable"),
    ("severity", "critical"),
    ("product.vendor", "example"),
    ("product.name", "gate"),
    ("product.version", "7.4.2"),
    ("product.full_name", "Example Gate 7.4"),
    ("product.vulnerabilities", "cve-2026-1234,cve-2025-99999"),
    ("feed.name", "scan_http"),
    ("feed.provider", "Shadowserver"),
    ("extra.tag", "vpn;cve-2026-1234"),
];

fn written(event: &Event, tlp: Tlp, versions: &[(u32, i64)]) -> Option<Json> {
    document(event, &Issue { publisher: &reporter(), id: "0123456789abcdef", tlp, versions })
}

/// The event that a reader makes of it, without its marking.
fn read_back(document: &Json) -> Event {
    #[derive(Default)]
    struct Found(Vec<Event>);
    impl Sink for Found {
        fn event(&mut self, event: &Event) {
            self.0.push(event.clone());
        }
        fn reject(&mut self, reject: schakel_model::reject::Reject, _: &[u8]) {
            panic!("{reject:?}");
        }
    }
    let mut found = Found::default();
    feeds::transcribe(Feed::Csaf, &mut document.to_string().as_bytes(), &Given::default(), &mut found)
        .unwrap();
    let [event] = &mut found.0[..] else { panic!("{document}") };
    event.remove("tlp");
    event.clone()
}

#[test]
fn a_whole_document() {
    let written =
        written(&event(WHOLE), Tlp::AmberStrict, &[(1, 1_795_000_000), (2, 1_794_999_999)]).unwrap();
    let vulnerabilities = ["CVE-2026-1234", "CVE-2025-99999"].map(|cve| {
        json!({
            "cve": cve,
            "notes": [{"category": "description", "text": "Seen at 2001:db8::1, 2026-03-01T05:07:57+00:00."}],
            "product_status": {"known_affected": ["machine"]},
        })
    });
    let expected = json!({
        "document": {
            "aggregate_severity": {"text": "critical"},
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "distribution": {
                "text": "TLP:AMBER+STRICT: for your own organisation only.",
                "tlp": {"label": "AMBER", "url": "https://www.first.org/tlp/"},
            },
            "lang": "en",
            "notes": [{
                "category": "other",
                "title": "Event in IntelMQ's data format",
                "text": concat!(
                    r#"{"classification.identifier":"http-vulnerable","classification.taxonomy":"vulnerable","#,
                    r#""classification.type":"vulnerable-system","extra.tag":"vpn;cve-2026-1234","feed.name":"scan_http","#,
                    r#""feed.provider":"Shadowserver","protocol.application":"https","time.observation":"2026-03-02T05:07:57+00:00","#,
                    r#""time.source":"2026-03-01T05:07:57+00:00"}"#,
                ),
            }],
            "publisher": {
                "category": "coordinator",
                "contact_details": "cert@example.nl",
                "name": "CERT Voorbeeld",
                "namespace": "https://example.nl",
            },
            "title": "CVE-2026-1234 and 1 more at 2001:db8::1",
            "tracking": {
                "current_release_date": "2026-11-18T11:06:40Z",
                "id": "0123456789abcdef",
                "initial_release_date": "2026-11-18T11:06:40Z",
                "revision_history": [
                    {"date": "2026-11-18T11:06:40Z", "number": "1", "summary": "First told"},
                    {"date": "2026-11-18T11:06:40Z", "number": "2", "summary": "Told again, as it is now"},
                ],
                "status": "final",
                "version": "2",
            },
        },
        "product_tree": {"branches": [{"category": "vendor", "name": "example", "branches": [
            {"category": "product_name", "name": "gate", "branches": [
                {"category": "product_version", "name": "7.4.2", "product": {
                    "name": "Example Gate 7.4",
                    "product_id": "machine",
                    "product_identification_helper": {"x_generic_uris": [
                        {"namespace": "https://schakel.org/ns/machine", "uri": "tcp://[2001:db8::1]:443"},
                        {"namespace": "https://schakel.org/ns/machine", "uri": "dns:www.example.nl"},
                    ]},
                }},
            ]},
        ]}]},
        "vulnerabilities": vulnerabilities,
    });
    assert_eq!(written, expected, "{written:#}");
}

#[test]
fn what_is_no_vulnerability_of_a_machine_has_no_document() {
    let of = |changes: &[(&'static str, &str)]| {
        let mut event = event(WHOLE);
        for (field, text) in changes {
            event.set(*field, Value::Text((*text).to_owned()));
        }
        written(&event, Tlp::Amber, VERSIONS).is_some()
    };
    assert!(of(&[]));
    assert!(of(&[("source.ip", "")]), "its name is enough");
    assert!(!of(&[("source.ip", ""), ("source.fqdn", "")]));
    assert!(!of(&[("source.ip", "nowhere"), ("source.fqdn", "local")]));
    let unnamed = [("product.vulnerabilities", ""), ("extra.tag", "")];
    assert!(!of(&unnamed));
    assert!(of(&[unnamed[0], unnamed[1], ("classification.identifier", "cve-2026-1234")]));
    // It attacks others with it.
    for kind in ["exploit", "scanner", "infected-system", "undetermined", ""] {
        assert!(!of(&[("classification.type", kind)]), "{kind}");
    }
    let many: Vec<String> = (1_000..1_257).map(|number| format!("CVE-2026-{number}")).collect();
    assert!(!of(&[("product.vulnerabilities", &many.join(";"))]));
    assert!(of(&[("product.vulnerabilities", &many[..255].join(";"))]));
}

#[test]
fn what_reads_like_a_range_is_no_version() {
    for version in ["< 7.4", "all", "7.4 and EARLIER", ">=1"] {
        let mut event = event(WHOLE);
        event.set("product.version", Value::Text(version.to_owned()));
        event.remove("product.full_name");
        let document = written(&event, Tlp::Clear, VERSIONS).unwrap();
        assert!(!document.to_string().contains("product_version"), "{document}");
        assert_eq!(idf::to_json(&read_back(&document)), idf::to_json(&event));
    }
}

proptest! {
    #[test]
    fn what_was_written_reads_back(
        left_out in proptest::collection::vec(0..WHOLE.len(), 0..8),
        version in "[ -~]{1,12}",
        full_name in "[ -~]{1,30}",
        port in 0_i64..70_000,
        transport in proptest::sample::select(&["tcp", "udp", "sctp", "ip"][..]),
        tlp in proptest::sample::select(&Tlp::ALL[..]),
    ) {
        let mut told = event(WHOLE);
        told.set("product.version", Value::Text(version.trim().to_owned()));
        told.set("product.full_name", Value::Text(full_name.trim().to_owned()));
        told.set("source.port", Value::Int(port));
        told.set("protocol.transport", Value::Text(transport.to_owned()));
        for at in left_out {
            let (field, _) = WHOLE[at];
            if !matches!(field, "classification.type" | "time.source" | "feed.name" | "product.vulnerabilities") {
                told.remove(field);
            }
        }
        if let Some(document) = written(&told, tlp, VERSIONS) {
            prop_assert_eq!(idf::to_json(&read_back(&document)), idf::to_json(&told));
        } else {
            prop_assert!(told.get("source.ip").or(told.get("source.fqdn")).is_none());
        }
    }
}
