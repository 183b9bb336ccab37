//! `schakel whatif`: a changed register is rehearsed on what came in, and nothing is changed.

use serde_json::{Value, json};

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
};

/// Addresses of each half of the range, one of nobody's, and one of an organisation that cannot be told.
const DAY: [&str; 6] =
    ["198.51.100.1", "198.51.100.2", "198.51.100.200", "203.0.113.9", "192.0.2.77", "192.0.2.78"];

/// The small register with two days of the same six problems.
fn two_days() -> Installation {
    let mut installation = Installation::new();
    for (day, now) in [("2026-11-19", "2026-11-19T09:00:00Z"), ("2026-11-20", "2026-11-20T09:00:00Z")] {
        let file = installation.file(&rdp_name(day), rdp(day, &DAY));
        installation.at(now).ingest(&file);
    }
    installation.at(crate::installation::NOW);
    installation
}

/// Kind, from, to, findings and events of each group.
fn groups(difference: &Value) -> Vec<(String, String, String, u64, u64)> {
    let code = |named: &Value| named["code"].as_str().unwrap_or("-").to_owned();
    let group = |group: &Value| {
        let kind = group["kind"].as_str().unwrap().to_owned();
        (kind, code(&group["from"]), code(&group["to"]), count(&group["findings"]), count(&group["events"]))
    };
    difference["groups"].as_array().unwrap().iter().map(group).collect()
}

fn organisations(difference: &Value) -> Vec<(String, u64, u64)> {
    let one =
        |one: &Value| (one["code"].as_str().unwrap().to_owned(), count(&one["more"]), count(&one["fewer"]));
    difference["organisations"].as_array().unwrap().iter().map(one).collect()
}

fn group(kind: &str, from: &str, to: &str, findings: u64, events: u64) -> (String, String, String, u64, u64) {
    (kind.to_owned(), from.to_owned(), to.to_owned(), findings, events)
}

#[test]
fn a_moved_range_is_shown_by_pair_with_examples_and_nothing_changes() {
    let installation = two_days();
    let before = (installation.ledger(), installation.json(&["findings"]));
    let change = [
        "--change",
        "withdraw GM1 prefix 198.51.100.0/25",
        "--change",
        "add GM2 prefix 198.51.100.0/25 owner",
    ];
    let difference = installation.json(&[&["whatif"], &change[..]].concat());
    assert_eq!((count(&difference["events"]), count(&difference["events_changed"])), (12, 4));
    assert_eq!(count(&difference["findings_changed"]), 2);
    assert_eq!(groups(&difference), [group("moves", "GM1", "GM2", 2, 4)]);
    assert_eq!(organisations(&difference), [("GM1".into(), 0, 2), ("GM2".into(), 2, 0)]);
    let examples = difference["groups"][0]["examples"].as_array().unwrap();
    assert_eq!(
        examples[0],
        json!({ "event": "1:1", "finding": "F0", "kind": "open-rdp", "target": "198.51.100.1:3389",
            "observed_at": "2026-11-19T03:00:00Z" })
    );
    assert_eq!(examples.len(), 2, "each finding once: {examples:?}");
    assert_eq!((installation.ledger(), installation.json(&["findings"])), before);
    // The operator of the range is told as before: only the owner changes.
    let of_report = installation.json(&[&["whatif", "--report", "2"], &change[..]].concat());
    assert_eq!(groups(&of_report), [group("moves", "GM1", "GM2", 2, 2)]);
    let since = installation.json(&[&["whatif", "--since", "2026-11-20"], &change[..]].concat());
    assert_eq!((count(&since["events"]), count(&since["events_changed"])), (6, 2));
    let none = installation.json(&[&["whatif", "--days", "0"], &change[..]].concat());
    assert_eq!((count(&none["events"]), groups(&none)), (0, vec![]));
}

#[test]
fn what_becomes_somebodys_or_nobodys_and_who_is_also_or_no_longer_concerned() {
    let installation = two_days();
    let one = |change: &str| {
        let difference = installation.json(&["whatif", "--change", change]);
        (groups(&difference), count(&difference["becomes_routed"]), count(&difference["becomes_unrouted"]))
    };
    assert_eq!(
        one("add GM3 prefix 192.0.2.64/26 owner"),
        (vec![group("becomes_routed", "-", "GM3", 2, 4)], 2, 0)
    );
    assert_eq!(
        one("withdraw GM2 prefix 198.51.100.128/25"),
        (vec![group("becomes_unrouted", "GM2", "-", 1, 2)], 0, 1)
    );
    assert_eq!(
        one("withdraw SV1 prefix 198.51.100.0/25"),
        (vec![group("no_longer_concerns", "SV1", "-", 2, 4)], 0, 0)
    );
    assert_eq!(
        one("add SV1 address 198.51.100.200 supplier"),
        (vec![group("also_concerns", "-", "SV1", 1, 2)], 0, 0)
    );
    // A less specific prefix changes nothing.
    assert_eq!(one("add GM3 prefix 198.51.0.0/16 owner"), (vec![], 0, 0));
    // An address inside is the most specific.
    assert_eq!(one("add GM3 address 198.51.100.1 owner"), (vec![group("moves", "GM1", "GM3", 1, 2)], 0, 0));
}

#[test]
fn a_changed_contact_changes_who_can_be_told() {
    let installation = two_days();
    let changed = Register::small().contact("GM4,findings,CERT,cert@stilstad.example,,nl,AMBER");
    let folder = changed.write_to(&installation.path("changed"));
    let difference = installation.json(&["whatif", &folder]);
    assert_eq!(groups(&difference), [group("can_be_told", "GM4", "GM4", 1, 2)]);
    assert_eq!(organisations(&difference), [("GM4".into(), 1, 0)]);
    // The register as it stands changes nothing, and a folder with errors is refused.
    let folder = Register::small().write_to(&installation.path("same"));
    assert_eq!(groups(&installation.json(&["whatif", &folder])), []);
    let wrong =
        Register::small().asset("GM9,prefix,192.0.2.0/24,owner").write_to(&installation.path("wrong"));
    installation.run(&["whatif", &wrong]).ended(1).says(&["Mend them first"]);
}

#[test]
fn what_is_typed_wrong_is_explained() {
    let installation = Installation::new();
    installation.run(&["whatif"]).ended(2);
    installation
        .run(&["whatif", "--change", "give GM1 prefix 192.0.2.0/24"])
        .ended(2)
        .says(&["is no change"]);
    installation.run(&["whatif", "--change", "add GM1 prefix 192.0.2.300/24"]).ended(2);
    installation
        .run(&["whatif", "--change", "add GM9 prefix 192.0.2.0/24"])
        .ended(1)
        .says(&["there is no organisation GM9"]);
    installation.run(&["whatif", "--change", "withdraw 999"]).ended(1).says(&["there is no asset 999"]);
}
