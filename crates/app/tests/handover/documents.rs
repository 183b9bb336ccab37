//! Findings that are written as documents, for hubs that want them so.

use schakel_app::{following, incoming::Incoming, policy, tell::Composer, templates};
use schakel_formats::hub::parcel::Content;
use schakel_model::{
    fate::Fate,
    hub::{PayloadForm, ReceiptOutcome, StatusLevel},
};
use serde_json::json;

use super::{ACT, CONTACTS, Hub, counts, link};

fn hub(form: PayloadForm) -> Hub {
    let mut hub = Hub::new(CONTACTS, link(StatusLevel::PerFinding));
    let link = hub.link.clone();
    hub.intake.store().set_payload_form(ACT, &link, form).unwrap();
    hub
}

#[test]
fn a_hub_gets_reports_in_x_arf_when_it_wants_them() {
    let mut hub = hub(PayloadForm::Xarf);
    hub.report(&["192.0.2.1"]);
    assert_eq!(hub.compose(), 1);
    let parcel = hub.parcels().remove(0);
    let Content::Xarf(report) = &parcel.content else { panic!("{parcel:?}") };
    assert_eq!(
        (&report["source_identifier"], &report["sender"]["domain"]),
        (&"192.0.2.1".into(), &"top.example".into())
    );
    assert!(!report.to_string().contains("secret-reporter"), "{report}");
    hub.receipt(parcel.id, ReceiptOutcome::Accepted);
    hub.check();
    assert_eq!(hub.fates(), counts(&[("CERT", Fate::HandedOver, 1)]));
}

/// A row about a vulnerability.
fn gate(ip: &str, kind: &str, severity: &str) -> Vec<u8> {
    let row = json!({
        "time.source": "2026-11-18T03:00:00+00:00", "source.ip": ip, "source.port": 443, "severity": severity,
        "classification.type": kind, "classification.identifier": "open-gate", "extra.tag": "cve-2026-1234",
        "feed.provider": "secret-reporter", "rtir_id": 7,
    });
    format!("{row}\n").into_bytes()
}

/// Does what is due of what was handed over.
fn follow(hub: &mut Hub) {
    let (reader, view) = (hub.reader(), hub.intake.view());
    let policy = policy::in_force(&reader).unwrap().policy;
    let looked = following::look(&reader, &policy, hub.clock.now_seconds()).unwrap();
    let templates = templates::in_force(&reader).unwrap();
    let now = hub.clock.now();
    let composer = Composer { reader: &reader, view: &view, config: &hub.config, templates: &templates, now };
    following::carry_out(&composer, hub.intake.store(), &looked).unwrap();
}

#[test]
fn what_is_told_again_is_the_next_version_of_its_advisory() {
    let mut hub = hub(PayloadForm::Csaf);
    hub.take(Incoming::memory("report.json", gate("192.0.2.2", "vulnerable-system", "medium")));
    assert_eq!(hub.compose(), 1);
    let first = hub.parcels().remove(0);
    hub.receipt(first.id, ReceiptOutcome::Accepted);
    hub.take(Incoming::memory("worse.json", gate("192.0.2.2", "vulnerable-system", "critical")));
    follow(&mut hub);
    let second = hub.parcels().into_iter().find(|parcel| parcel.revision == 2).unwrap();
    let (Content::Csaf(first), Content::Csaf(second)) = (&first.content, &second.content) else {
        panic!("{second:?}")
    };
    let (before, after) = (&first["document"], &second["document"]);
    assert_eq!(before["tracking"]["id"], after["tracking"]["id"]);
    assert_eq!(before["tracking"]["version"], "1");
    assert_eq!(after["tracking"]["version"], "2");
    assert_eq!(after["tracking"]["revision_history"].as_array().unwrap().len(), 2);
    let severities = [before, after].map(|document| &document["aggregate_severity"]["text"]);
    assert_eq!(severities, ["medium", "critical"]);
}

#[test]
fn a_hub_gets_vulnerabilities_as_csaf_when_it_wants_them_and_all_else_as_events() {
    let mut hub = hub(PayloadForm::Csaf);
    let mut rows = hub.rows(&["192.0.2.1"]);
    rows.extend(gate("192.0.2.2", "vulnerable-system", "high"));
    rows.extend(gate("192.0.2.3", "exploit", "high"));
    hub.take(Incoming::memory("report.json", rows));
    assert_eq!(hub.compose(), 1);
    let parcels = hub.parcels();
    let (documents, events): (Vec<_>, Vec<_>) =
        parcels.iter().partition(|parcel| matches!(parcel.content, Content::Csaf(_)));
    assert_eq!(events.len(), 2, "one that names no vulnerability, and one that attacks with it");
    let [parcel] = documents[..] else { panic!("{parcels:?}") };
    let Content::Csaf(advisory) = &parcel.content else { panic!("{parcel:?}") };
    let tracking = &advisory["document"]["tracking"];
    assert_eq!(tracking["id"], parcel.key.to_string());
    assert_eq!(
        (&tracking["version"], &tracking["initial_release_date"]),
        (&"1".into(), &"2026-11-18T11:06:40Z".into())
    );
    assert_eq!(advisory["document"]["publisher"]["namespace"], "https://top.example");
    assert_eq!(advisory["document"]["distribution"]["tlp"]["label"], "AMBER");
    assert_eq!(advisory["vulnerabilities"][0]["cve"], "CVE-2026-1234");
    let product = &advisory["product_tree"]["full_product_names"][0];
    assert_eq!(product["product_identification_helper"]["x_generic_uris"][0]["uri"], "ip://192.0.2.2:443");
    let text = advisory.to_string();
    for ours in ["secret-reporter", "rtir_id", "192.0.2.1", "192.0.2.3"] {
        assert!(!text.contains(ours), "{ours}: {text}");
    }
    for parcel in &parcels {
        hub.receipt(parcel.id, ReceiptOutcome::Accepted);
    }
    hub.check();
    assert_eq!(hub.fates(), counts(&[("CERT", Fate::HandedOver, 3)]));
}
