//! Findings as CSAF documents: what is written is what the specification says, by a validator that is not ours, and tells the same when it is read.

use std::{io::Write, process::Stdio};

use serde_json::{Value, json};

use crate::{
    installation::{Installation, count},
    program::{self, tool},
};

/// Fails the test unless these documents keep to the specification. Without the validator that is not looked at.
#[track_caller]
pub fn assert_conforming(documents: &[Value]) {
    let Some(mut check) = tool("SCHAKEL_CSAF_CHECK") else { return };
    let lines: String = documents.iter().map(|document| format!("{document}\n")).collect();
    let mut running =
        check.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let ended = program::Run::of(running.wait_with_output().unwrap()).ended(0);
    assert!(ended.stdout.starts_with(&format!("{} documents", documents.len())), "{ended:#?}");
}

/// An event about vulnerabilities, with these fields beside or in the place of its own.
fn event(more: Value) -> Value {
    let mut event = json!({
        "time.source": "2026-11-20T10:00:00+00:00", "source.ip": "198.51.100.1", "source.port": 443,
        "protocol.transport": "tcp", "classification.taxonomy": "vulnerable", "classification.type": "vulnerable-system",
        "classification.identifier": "open-gate", "product.vulnerabilities": "cve-2026-1234", "feed.name": "scan",
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[test]
fn what_is_written_keeps_to_the_specification_and_reads_back() {
    let events = [
        event(json!({"severity": "critical"})),
        event(json!({"source.ip": "2001:db8:3::7", "protocol.transport": "udp", "extra.tag": "a;b"})),
        event(json!({"source.ip": null, "source.fqdn": "www_1.example.nl"})),
        event(json!({"source.fqdn": "www.example.nl", "source.port": null, "protocol.transport": "icmp"})),
        event(json!({"product.vulnerabilities": "cve-2026-1234,cve-2025-99999,cve-2024-1000"})),
        event(json!({"product.vendor": "example", "product.name": "gate", "product.version": "7.4.2"})),
        event(json!({"product.version": "all before 7", "product.full_name": "Gate é \u{1f512} <7>"})),
        event(json!({"extra.list": [1, {"a": null}], "event_description.text": "One\nline and \"another\""})),
    ];
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    for tlp in ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"] {
        let installation = Installation::empty();
        installation.configure(&format!("[intake]\ntlp = \"{tlp}\"\n"));
        let file = installation.file("events.jsonl", &lines);
        let reporter = "CERT Voorbeeld <cert@example.nl>";
        let written =
            installation.run(&["parse", &file, "--format", "csaf", "--reporter", reporter]).ended(0);
        let documents = written.json_lines();
        assert_eq!(documents.len(), events.len());
        assert_conforming(&documents);
        let read = |file: &str| installation.run(&["parse", file]).ended(0).json_lines();
        let told = read(&file);
        let mut again = read(&installation.file("documents.json", &written.stdout));
        for event in &mut again {
            assert_eq!(event.as_object_mut().unwrap().remove("tlp"), Some(tlp.into()));
        }
        assert_eq!(again, told);
    }
}

#[test]
fn what_is_no_vulnerability_of_a_machine_is_said_and_left_out() {
    let installation = Installation::new();
    let attack =
        event(json!({"classification.type": "exploit", "classification.taxonomy": "intrusion-attempts"}));
    let file = installation.file("events.jsonl", format!("{attack}\n{}\n", event(json!({}))));
    let args = ["parse", &file, "--format", "csaf", "--reporter", "CERT <cert@example.nl>"];
    let written = installation.run(&args).ended(1).says(&["1 events", "no CSAF advisory"]);
    assert_eq!(written.json_lines().len(), 1);
    installation.run(&args[..4]).ended(2).says(&["--reporter"]);
    // Taken in as any other report, with the marking that it bears.
    let document = installation.file("advisory.json", &written.stdout);
    let taken = installation.run(&["--json", "ingest", &document]).ended(0).json();
    assert_eq!((count(&taken["rows"]), count(&taken["events"])), (1, 1), "{taken}");
    installation.assert_sound();
}
