//! `schakel register quality` and `schakel register unrouted`.

use std::fs;

use serde_json::{Value, json};

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, NOW, count},
};

/// Two days with findings of nobody: two in a /24 of nobody's, one beside an address of Berkendal.
fn with_strangers() -> Installation {
    let mut installation = Installation::empty();
    installation.import(&Register::small().asset("GM3,address,192.0.2.200,owner,,,asserted"));
    for (day, more) in [("2026-11-19", ""), ("2026-11-20", "203.0.113.200")] {
        let addresses: Vec<&str> = ["192.0.2.1", "192.0.2.2", "198.51.100.1", more]
            .into_iter()
            .filter(|ip| !ip.is_empty())
            .collect();
        let file = installation.file(&rdp_name(day), rdp(day, &addresses));
        installation.at(&format!("{day}T09:00:00Z")).ingest(&file);
    }
    installation.at(NOW);
    installation
}

#[test]
fn findings_of_nobody_are_put_together_by_where_they_lie() {
    let installation = with_strangers();
    let clusters = installation.json(&["register", "unrouted"]);
    assert_eq!(
        clusters["clusters"],
        json!([
            {
                "cluster": "192.0.2.0/24", "by": "prefix", "findings": 2, "events": 4,
                "kinds": [{ "kind": "open-rdp", "findings": 2 }],
                "first_seen": "2026-11-19T03:00:00Z", "last_seen": "2026-11-20T03:00:00Z", "example": "F0"
            },
            {
                "cluster": "203.0.113.0/24", "by": "prefix", "findings": 1, "events": 1,
                "kinds": [{ "kind": "open-rdp", "findings": 1 }],
                "first_seen": "2026-11-20T03:00:00Z", "last_seen": "2026-11-20T03:00:00Z", "example": "F3"
            }
        ])
    );
    assert_eq!(installation.json(&["register", "unrouted", "--by", "domain"])["clusters"], json!([]));
    let csv = installation.path("unrouted.csv");
    installation.run(&["register", "unrouted", "--csv", csv.to_str().unwrap()]).ended(0);
    let text = fs::read_to_string(csv).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains("\"192.0.2.0/24\",\"prefix\",\"2\",\"4\""), "{text}");
}

#[test]
fn names_of_nobody_are_put_together_by_what_was_registered() {
    let mut installation = Installation::new();
    let mut report = String::new();
    for name in ["www.stranger.example.nl", "mail.example.nl", "nl"] {
        let event = json!({
            "time.source": "2026-11-20T03:00:00+00:00", "source.fqdn": name, "classification.type": "phishing",
            "classification.identifier": "phishing", "feed.name": "test", "feed.provider": "test"
        });
        report += &format!("{event}\n");
    }
    let file = installation.file("names.jsonl", report);
    installation.at("2026-11-20T09:00:00Z").ingest(&file);
    let clusters = installation.json(&["register", "unrouted", "--by", "domain"]);
    let shown: Vec<_> = clusters["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["cluster"].as_str().unwrap(), count(&one["findings"])))
        .collect();
    assert_eq!(shown, [("example.nl", 2)]);
}

#[test]
fn a_member_has_a_score_with_its_reasons() {
    let installation = with_strangers();
    let all = installation.json(&["register", "quality"]);
    let members: Vec<_> = all["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].as_str().unwrap().to_owned(), count(&one["score"])))
        .collect();
    let scores: Vec<u64> = members.iter().map(|(_, score)| *score).collect();
    assert!(scores.is_sorted(), "the worst first: {members:?}");
    assert_eq!(members[0].0, "GM4", "nobody there can be told: {members:?}");

    let one =
        |code: &str| -> Value { installation.json(&["register", "quality", code])["members"][0].clone() };
    let berkendal = one("GM3");
    // Two of three assets are proven; two findings of nobody lie beside the address; it has none of its own.
    assert_eq!((count(&berkendal["assets"]), count(&berkendal["unrouted_near"])), (3, 2));
    let reason = |member: &Value, criterion: &str| -> (u64, String) {
        let reasons = member["reasons"].as_array().unwrap();
        let one = reasons.iter().find(|one| one["criterion"] == criterion).unwrap();
        (count(&one["percent"]), one["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(reason(&berkendal, "proven"), (66, "2 of 3 assets are proven.".to_owned()));
    assert_eq!(reason(&berkendal, "nothing_near").0, 0);
    assert_eq!(reason(&berkendal, "reachable").0, 100);
    // 30 x 0.666 + 20 + 15 + 10 + 10 x 0 of 85.
    assert_eq!(count(&berkendal["score"]), 76);
    assert_eq!(reason(&one("GM4"), "reachable").0, 0);
    let eikendam = one("GM1");
    assert_eq!((count(&eikendam["score"]), count(&eikendam["findings"])), (100, 1));

    let csv = installation.path("quality.csv");
    installation.run(&["register", "quality", "--csv", csv.to_str().unwrap()]).ended(0);
    let text = fs::read_to_string(csv).unwrap();
    assert_eq!(text.lines().count(), 6);
    assert!(text.lines().nth(1).unwrap().starts_with("\"GM4\""), "{text}");
    installation.run(&["register", "quality", "GM9"]).ended(1).says(&["there is no organisation GM9"]);
}

#[test]
fn a_register_that_nobody_touched_for_years_loses_points() {
    let mut installation = Installation::new();
    installation.at("2029-11-21T09:00:00Z");
    let one = installation.json(&["register", "quality", "GM2"])["members"][0].clone();
    let fresh = one["reasons"].as_array().unwrap().iter().find(|one| one["criterion"] == "fresh").unwrap();
    assert_eq!(count(&fresh["percent"]), 0);
    // 30 + 20 + 0 + 10 of 75.
    assert_eq!(count(&one["score"]), 80);
}
