//! A feed that falls silent, shrinks or changes is noticed.

use serde_json::Value;

use crate::{
    fixtures::{rdp, rdp_name},
    installation::{Installation, count},
};

fn feed(installation: &Installation) -> Value {
    installation.json(&["source", "health"])["feeds"][0].clone()
}

#[test]
fn a_daily_feed_that_falls_silent_marks_its_findings_and_closes_none() {
    let mut installation = Installation::new();
    for day in 1..=6 {
        let date = format!("2026-11-{day:02}");
        let file = installation.file(&rdp_name(&date), rdp(&date, &["198.51.100.200"]));
        installation.at(&format!("{date}T06:00:00Z")).ingest(&file);
    }
    let usual = feed(&installation);
    assert_eq!(
        (usual["feed"].as_str(), count(&usual["every_seconds"])),
        (Some("scan_rdp"), 86_400),
        "{usual}"
    );
    assert_eq!(usual["alarms"], Value::Array(vec![]));
    let before = installation.json(&["findings"]);
    assert!(before["findings"][0].get("feed_silent_since").is_none(), "{before}");

    installation.at("2026-11-07T21:00:00Z");
    assert_eq!(feed(&installation)["alarms"][0], "late");
    installation.at("2026-11-10T06:00:00Z");
    assert_eq!(feed(&installation)["alarms"][0], "silent");
    let silent = installation.json(&["findings"]);
    assert_eq!(silent["findings"][0]["feed_silent_since"], "2026-11-06T06:00:00Z", "{silent}");
    let traced = installation.run(&["trace", "F0"]).ended(0).stdout;
    assert!(traced.contains("not observed since: its feed has been silent"), "{traced}");
    assert_eq!(count(&silent["count"]), 1, "a finding of a silent feed stays");

    let file = installation.file(&rdp_name("2026-11-10"), rdp("2026-11-10", &["198.51.100.200"]));
    installation.ingest(&file);
    assert_eq!(feed(&installation)["alarms"], Value::Array(vec![]));
}
