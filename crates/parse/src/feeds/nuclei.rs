//! What the scanner nuclei found (<https://github.com/projectdiscovery/nuclei>): JSON, a finding a line (`-jsonl`) or in a
//! list (`-json-export`).
//!
//! Request, response and what was cut out of them may hold secrets of the scanned machine; they stay in the document.

use schakel_model::{classification::ClassificationType as Kind, reject::Reject};

use super::{
    Format, Given, How, Markings, Sink, contains,
    draft::{Draft, End},
    not_a_record,
};
use crate::json::Json;

/// A finding has the whole response of the machine in it.
const FINDING_BYTES_MAX: usize = 16 << 20;

pub(super) const FORMAT: Format = Format {
    name: "nuclei",
    recognise: |_, head| {
        TEMPLATE.iter().any(|name| contains(head, &format!("\"{name}\""))) && contains(head, "\"info\"")
    },
    how: How::Elements { bytes_max: FINDING_BYTES_MAX, read },
    markings: Markings::None,
};

/// The name of the template: of version 2.5 and later, and of those before.
const TEMPLATE: [&str; 2] = ["template-id", "templateID"];

/// Where it was found, likewise.
const MATCHED: [&str; 2] = ["matched-at", "matched"];

/// Fields that have a place of their own in the event, or hold secrets.
const TAKEN: &[&str] = &[
    "timestamp",
    "info",
    "ip",
    "port",
    "matched-at",
    "matched",
    "request",
    "response",
    "curl-command",
    "extracted-results",
    "extracted_results",
    "interaction",
    "meta",
    "issue_trackers",
    "template-encoded",
];

fn read(found: &Json<'_>, given: &Given, sink: &mut dyn Sink) -> Result<(), Reject> {
    let Some(template) = TEMPLATE.iter().find_map(|name| found.text(name)) else {
        return Err(not_a_record("it is no finding of nuclei: it has no `template-id`"));
    };
    let nothing = Json::Null;
    let info = found.get("info").unwrap_or(&nothing);
    let vulnerabilities = info.get("classification").map(|json| json.texts("cve-id")).unwrap_or_default();
    let severity = info.text("severity").unwrap_or_default();
    let mut draft = Draft::new(FORMAT.name);
    draft.rest(found, TAKEN);
    match found.text("timestamp") {
        Some(time) => draft.seen(time),
        None => draft.received(given),
    };
    // A finding without weight says what something is, not that something is wrong.
    let tells_only = vulnerabilities.is_empty() && matches!(severity, "info" | "unknown" | "");
    draft
        .kind(if tells_only { Kind::Other } else { Kind::VulnerableSystem })
        .text("classification.identifier", template)
        .text("product.vulnerabilities", &vulnerabilities.join(","))
        .maybe("event_description.text", info.text("name"))
        .maybe("event_description.url", info.texts("reference").first().copied())
        .protocol(found.text("type"))
        .severity(severity);
    for name in ["description", "tags", "remediation"] {
        if let Some(json) = info.get(name) {
            draft.json(format!("extra.{name}"), json);
        }
    }
    // `host` is what was asked for, `matched-at` where it was found: a URL, or host and port.
    let matched = MATCHED.iter().find_map(|name| found.text(name));
    for place in [found.text("host"), matched, found.text("ip")].into_iter().flatten() {
        draft.machine(End::Source, place);
    }
    if let Some(port) = found.get("port") {
        draft.json("source.port", port);
    }
    sink.event(draft.event());
    Ok(())
}

#[cfg(test)]
mod tests {
    use schakel_model::reject::RejectCode;

    use crate::feeds::{Feed, recognise, testing};

    #[test]
    fn findings_have_place_weight_and_no_secrets() {
        let document = concat!(
            r#"{"template-id":"CVE-2021-41773","info":{"name":"Path traversal","severity":"high","tags":["cve"],"reference":["https://r.example.org/1"],"classification":{"cve-id":["cve-2021-41773"]}},"type":"http","host":"https://www.example.nl:8443","matched-at":"https://www.example.nl:8443/cgi-bin/","ip":"192.0.2.1","port":"8443","timestamp":"2026-03-01T06:07:57.123456789+01:00","request":"GET SECRET","extracted-results":["SECRET"],"curl-command":"SECRET"}"#,
            "\n",
            r#"{"template-id":"ssh-detect","info":{"name":"SSH","severity":"info"},"type":"tcp","host":"192.0.2.2:22","matched-at":"192.0.2.2:22"}"#,
            "\n{\"info\":{}}\n",
        );
        assert_eq!(recognise("scan.jsonl", document.as_bytes()), Some(Feed::Nuclei));
        let found = testing::read(Feed::Nuclei, document.as_bytes());
        assert_eq!(found.len(), 3);
        let first = found[0].as_ref().unwrap();
        first.has(&[
            "source.ip=192.0.2.1",
            "source.port=8443",
            "source.fqdn=www.example.nl",
            "source.url=https://www.example.nl:8443/cgi-bin/",
            "classification.type=vulnerable-system",
            "classification.identifier=CVE-2021-41773",
            "product.vulnerabilities=cve-2021-41773",
            "event_description.text=Path traversal",
            "event_description.url=https://r.example.org/1",
            "protocol.application=http",
            "severity=high",
            "time.source=2026-03-01T05:07:57.123456+00:00",
            "feed.name=nuclei",
        ]);
        assert!(!first.line().contains("SECRET"));
        found[1].as_ref().unwrap().has(&[
            "source.ip=192.0.2.2",
            "source.port=22",
            "protocol.transport=tcp",
            "classification.type=other",
            testing::RECEIVED,
        ]);
        assert_eq!(found[2].as_ref().map_err(|reject| reject.code).err(), Some(RejectCode::NotARecord));
    }

    #[test]
    fn findings_of_versions_before_2_5_are_read() {
        let document = br#"{"templateID":"openssh-detect","info":{"name":"OpenSSH","severity":"low"},"type":"network",
            "host":"https://www.example.nl","matched":"www.example.nl:22","extracted_results":["s3cret"],"ip":"192.0.2.1",
            "timestamp":"2026-03-01T08:07:57.667748+03:00"}"#;
        assert_eq!(recognise("x.json", document), Some(Feed::Nuclei));
        let event = testing::one_event(Feed::Nuclei, document);
        event.has(&[
            "classification.identifier=openssh-detect",
            "source.ip=192.0.2.1",
            "source.fqdn=www.example.nl",
            "source.port=22",
        ]);
        assert!(!event.line().contains("s3cret"), "{}", event.line());
    }
}
