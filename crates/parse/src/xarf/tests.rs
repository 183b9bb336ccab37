//! What is written, to the letter; and that no event of ours is written as what it is not.

use schakel_model::event::Value;
use serde_json::Value as Json;

use super::*;

fn reporter() -> Reporter {
    "CERT Voorbeeld <cert@example.nl>".parse().unwrap()
}

/// An event with these fields (text), and a time.
fn event(fields: &[(&'static str, &str)]) -> Event {
    let mut event = Event::default();
    event.set("time.source", Value::Text("2026-03-01T05:07:57+00:00".into()));
    for (field, text) in fields {
        let value = text.parse().map_or_else(|_| Value::Text((*text).to_owned()), Value::Int);
        event.set(*field, value);
    }
    event
}

/// The report without what all of them have.
fn own_fields(event: &Event) -> String {
    let mut report: Json = serde_json::from_str(&to_json(event, &reporter()).unwrap()).unwrap();
    let fields = report.as_object_mut().unwrap();
    for name in ["xarf_version", "report_id", "timestamp", "reporter", "sender", "evidence"] {
        assert!(fields.shift_remove(name).is_some(), "{name}");
    }
    report.to_string()
}

#[test]
fn a_whole_report() {
    let event = event(&[
        ("feed.name", "event4_honeypot_ddos"),
        ("source.ip", "192.0.2.1"),
        ("source.port", "53"),
        ("destination.ip", "198.51.100.1"),
        ("protocol.transport", "udp"),
        ("classification.type", "ddos"),
    ]);
    let report = to_json(&event, &reporter()).unwrap();
    assert_eq!(
        report,
        concat!(
            r#"{"xarf_version":"4.2.0","report_id":"e7cae2a7-10f7-8a3a-b8a3-34e15bb0088b","timestamp":"2026-03-01T05:07:57+00:00","#,
            r#""reporter":{"org":"CERT Voorbeeld","contact":"cert@example.nl","domain":"example.nl"},"#,
            r#""sender":{"org":"CERT Voorbeeld","contact":"cert@example.nl","domain":"example.nl"},"#,
            r#""source_identifier":"192.0.2.1","category":"connection","type":"ddos","evidence_source":"honeypot","#,
            r#""destination_ip":"198.51.100.1","protocol":"udp","first_seen":"2026-03-01T05:07:57+00:00","source_port":53,"#,
            r#""evidence":[{"content_type":"application/json","description":"The event as Schakel read it, in IntelMQ's data format","#,
            r#""payload":"eyJjbGFzc2lmaWNhdGlvbi50eXBlIjoiZGRvcyIsImRlc3RpbmF0aW9uLmlwIjoiMTk4LjUxLjEwMC4xIiwiZmVlZC5uYW1lIjoi"#,
            "ZXZlbnQ0X2hvbmV5cG90X2Rkb3MiLCJwcm90b2NvbC50cmFuc3BvcnQiOiJ1ZHAiLCJzb3VyY2UuaXAiOiIxOTIuMC4yLjEiLCJzb3VyY2UucG9ydCI6NTMs",
            r#"InRpbWUuc291cmNlIjoiMjAyNi0wMy0wMVQwNTowNzo1NyswMDowMCJ9","#,
            r#""hash":"sha256:e7cae2a710f71a3a38a334e15bb0088b0ca6c52af069dc78f10d353b4a0e276a","size":207}]}"#
        )
    );
    assert_eq!(report, to_json(&event, &reporter()).unwrap());
}

#[test]
fn each_class_has_its_fields() {
    for (fields, expected) in [
        (
            &[("classification.type", "phishing"), ("source.url", "https://bank.example.nl/login")][..],
            r#"{"source_identifier":"bank.example.nl","category":"content","type":"phishing","url":"https://bank.example.nl/login"}"#,
        ),
        (
            &[("classification.type", "spam"), ("source.ip", "192.0.2.1"), ("protocol.application", "smtp")],
            r#"{"source_identifier":"192.0.2.1","category":"messaging","type":"spam","protocol":"other"}"#,
        ),
        (
            &[
                ("classification.type", "spam"),
                ("source.ip", "192.0.2.1"),
                ("source.port", "25"),
                ("protocol.application", "smtp"),
                ("extra.smtp_from", "jan@example.nl"),
            ],
            r#"{"source_identifier":"192.0.2.1","category":"messaging","type":"spam","protocol":"smtp","smtp_from":"jan@example.nl","source_port":25}"#,
        ),
        (
            &[
                ("feed.name", "scan_rdp"),
                ("classification.type", "vulnerable-system"),
                ("classification.identifier", "open-rdp"),
                ("source.ip", "2001:db8::1"),
                ("source.port", "3389"),
            ],
            r#"{"source_identifier":"2001:db8::1","category":"vulnerability","type":"misconfiguration","service":"open-rdp","source_port":3389,"evidence_source":"vulnerability_scan"}"#,
        ),
        (
            &[
                ("classification.type", "vulnerable-system"),
                ("product.vulnerabilities", "cve-2026-1234"),
                ("protocol.application", "https"),
                ("source.ip", "192.0.2.1"),
                ("source.port", "443"),
                ("severity", "critical"),
            ],
            r#"{"source_identifier":"192.0.2.1","category":"vulnerability","type":"cve","service":"https","service_port":443,"cve_id":"CVE-2026-1234","severity":"critical","source_port":443}"#,
        ),
        (
            &[
                ("classification.type", "infected-system"),
                ("malware.name", "mirai"),
                ("source.ip", "192.0.2.1"),
            ],
            r#"{"source_identifier":"192.0.2.1","category":"infrastructure","type":"botnet","malware_family":"mirai","compromise_evidence":"mirai"}"#,
        ),
        // Without a port there is no login attack from an address.
        (
            &[
                ("classification.type", "brute-force"),
                ("source.ip", "192.0.2.1"),
                ("protocol.transport", "tcp"),
            ],
            r#"{"source_identifier":"192.0.2.1","category":"reputation","type":"threat_intelligence","threat_type":"brute-force"}"#,
        ),
        // The type that it came with.
        (
            &[
                ("classification.type", "undetermined"),
                ("extra.category", "copyright"),
                ("extra.type", "ugc-platform"),
                ("extra.infringing_url", "https://video.example.nl/1"),
                ("extra.platform_name", "Video"),
                ("extra.novelty", "never passed on but as evidence"),
                ("source.fqdn", "video.example.nl"),
            ],
            r#"{"source_identifier":"video.example.nl","category":"copyright","type":"ugc_platform","infringing_url":"https://video.example.nl/1","platform_name":"Video"}"#,
        ),
        // A type that nobody knows.
        (
            &[
                ("extra.category", "novelty"),
                ("extra.type", "unheard-of"),
                ("source.account", "jan@example.nl"),
            ],
            r#"{"source_identifier":"jan@example.nl","category":"reputation","type":"threat_intelligence","threat_type":"undetermined"}"#,
        ),
    ] {
        let event = event(fields);
        assert_eq!(own_fields(&event), expected);
    }
}

#[test]
fn the_event_goes_along_as_evidence() {
    let event = event(&[("source.ip", "192.0.2.1"), ("extra.anything", "x")]);
    let report: Json = serde_json::from_str(&to_json(&event, &reporter()).unwrap()).unwrap();
    let payload = STANDARD.decode(report["evidence"][0]["payload"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(payload).unwrap(), idf::to_json(&event));
}

#[test]
fn who_reported_first_stays_the_reporter() {
    let mut event = event(&[("source.ip", "192.0.2.1")]);
    let melder = |contact: &str| {
        let member = |name: &str, text: &str| (name.to_owned(), Value::Text(text.to_owned()));
        Value::Object(vec![
            member("org", "Melder"),
            member("contact", contact),
            member("domain", "melder.example"),
        ])
    };
    for (contact, expected) in [("a@melder.example", "Melder"), ("no address", "CERT Voorbeeld")] {
        event.set("extra.reporter", melder(contact));
        let report: Json = serde_json::from_str(&to_json(&event, &reporter()).unwrap()).unwrap();
        assert_eq!(report["reporter"]["org"], expected);
        assert_eq!(report["sender"]["org"], "CERT Voorbeeld");
    }
}

#[test]
fn what_is_about_nobody_is_not_written() {
    assert_eq!(to_json(&event(&[("extra.a", "x")]), &reporter()), Err(NotWritten::NoSource));
    let mut timeless = event(&[("source.ip", "192.0.2.1")]);
    timeless.remove("time.source");
    assert_eq!(to_json(&timeless, &reporter()), Err(NotWritten::NoTime));
}

#[test]
fn a_reporter_has_a_name_and_a_mail_address() {
    for text in [
        "",
        "CERT",
        "cert@example.nl",
        "CERT <cert>",
        "CERT <@example.nl>",
        "<cert@example.nl>",
        "CERT <a b@example.nl>",
    ] {
        assert!(text.parse::<Reporter>().is_err(), "{text}");
    }
}
