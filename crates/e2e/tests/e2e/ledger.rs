//! Every row has its place in the sums, and every assignment one fate.

use serde_json::Value;

use crate::{
    fixtures::{RDP_HEADER, Register, rdp, rdp_name, rdp_row, rdp_row_named},
    installation::{Installation, count},
};

/// `rows rejected duplicates events assignments`.
fn sums(ledger: &Value) -> [u64; 5] {
    ["rows", "rejected", "duplicates", "events", "assignments"].map(|key| count(&ledger[key]))
}

/// The fates that occur, as `fate count`.
fn fates(ledger: &Value) -> Vec<String> {
    let all = ledger["fates"].as_object().unwrap().iter();
    let mut fates: Vec<_> =
        all.filter(|(_, value)| count(value) > 0).map(|(fate, value)| format!("{fate} {value}")).collect();
    fates.sort();
    fates
}

#[test]
fn a_small_report_of_everything_balances() {
    let installation = Installation::new();
    let report = RDP_HEADER.to_owned()
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.1") // an owner and an operator
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.1") // the same at the same time
        + &rdp_row("2026-11-20 04:00:00", "198.51.100.1") // the same an hour later
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.200")
        + &rdp_row("2026-11-20 03:00:00", "2001:db8:3::1")
        + &rdp_row("2026-11-20 03:00:00", "203.0.113.5") // nobody there may read AMBER
        + &rdp_row("2026-11-20 03:00:00", "192.0.2.1") // nobody's
        + &rdp_row_named("2026-11-20 03:00:00", "192.0.2.2", "www.berkendal.nl")
        + &rdp_row("", "192.0.2.3");
    let file = installation.file(&rdp_name("2026-11-20"), report);
    installation.run(&["ingest", &file]).ended(3);
    let ledger = installation.ledger();
    assert_eq!(sums(&ledger), [9, 1, 1, 7, 9], "{ledger}");
    assert_eq!(fates(&ledger), ["known 2", "no_contact 1", "queued 5", "unrouted 1"]);
    installation.assert_sound();
}

#[test]
fn reports_and_days_add_up_to_the_whole() {
    let mut installation = Installation::new();
    for (now, day) in [
        ("2026-11-20T09:00:00Z", "2026-11-19"),
        ("2026-11-20T15:00:00Z", "2026-11-20"),
        ("2026-11-21T09:00:00Z", "2026-11-21"),
    ] {
        installation.at(now);
        let file = installation.file(&rdp_name(day), rdp(day, &["198.51.100.1", "192.0.2.1"]));
        installation.ingest(&file);
    }
    let whole = sums(&installation.ledger());
    let add = |parts: &[[&str; 2]]| {
        let mut total = [0; 5];
        for part in parts {
            let part = sums(&installation.json(&[&["ledger"][..], part].concat()));
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        }
        total
    };
    assert_eq!(whole, [6, 0, 0, 6, 9]);
    assert_eq!(add(&[["--report", "1"], ["--report", "2"], ["--report", "3"]]), whole);
    assert_eq!(add(&[["--day", "2026-11-20"], ["--day", "2026-11-21"]]), whole);
}

#[test]
fn the_second_day_is_known_and_the_listed_events_are_those_counted() {
    let mut installation = Installation::new();
    let first =
        installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.1", "198.51.100.2"]));
    installation.ingest(&first);
    installation.at("2026-11-22T09:00:00Z");
    let second =
        installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.2", "198.51.100.3"]));
    let ingested = installation.ingest(&second);
    assert_eq!((count(&ingested["findings_new"]), count(&ingested["findings_seen"])), (1, 1));
    let ledger = installation.json(&["ledger", "--report", "2", "--list", "known"]);
    assert_eq!(fates(&ledger), ["known 2", "queued 2"]);
    let listed = ledger["listed"].as_array().unwrap();
    assert_eq!(listed.len(), 1, "one event with two known assignments: {ledger}");
    assert_eq!((listed[0]["id"].as_str(), listed[0]["finding"].as_str()), (Some("2:1"), Some("F1")));
    let findings = installation.json(&["findings"]);
    assert_eq!(count(&findings["count"]), 3);
    let again = installation.json(&["findings", "--rows-of", "F1"]);
    assert_eq!(again["rows"], serde_json::json!(["1:2", "2:1"]));
    let traced = installation.json(&["trace", "F1"]);
    assert_eq!(
        (&traced["first_seen"], &traced["last_seen"]),
        (&"2026-11-20T03:00:00Z".into(), &"2026-11-21T03:00:00Z".into())
    );
    assert_eq!(count(&traced["sightings"]), 2);
    installation.assert_sound();
}

#[test]
fn rejects_and_duplicates_are_listed_with_their_place() {
    let installation = Installation::new();
    let report = RDP_HEADER.to_owned()
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.1")
        + &rdp_row("soon", "198.51.100.2")
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.1");
    let file = installation.file(&rdp_name("2026-11-20"), report);
    installation.run(&["ingest", &file]).ended(3);
    let rejected = installation.json(&["ledger", "--list", "rejected"]);
    let row = &rejected["listed"][0];
    assert_eq!(
        (row["id"].as_str(), row["code"].as_str(), count(&row["line"])),
        (Some("1:2"), Some("bad_time"), 3)
    );
    let duplicates = installation.json(&["ledger", "--list", "duplicates"]);
    assert_eq!(duplicates["listed"][0]["id"], "1:3");
    let traced = installation.json(&["trace", "1:2"]);
    assert!(traced["reject"].as_str().unwrap().contains("soon"), "{traced}");
}

#[test]
fn a_contact_that_comes_later_is_told_at_the_next_sighting() {
    let mut installation = Installation::new();
    let first = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["203.0.113.5"]));
    installation.ingest(&first);
    assert_eq!(fates(&installation.ledger()), ["no_contact 1"]);
    installation.import(&Register::small().contact("GM4,vcib,S. Stil,vcib@stilstad.example,,nl,RED"));
    installation.at("2026-11-22T09:00:00Z");
    let second = installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["203.0.113.5"]));
    installation.ingest(&second);
    let told = installation.json(&["tell"]);
    assert_eq!(
        told["notifications"][0]["recipients"],
        serde_json::json!(["vcib@stilstad.example"]),
        "{told}"
    );
    assert_eq!(fates(&installation.json(&["ledger", "--report", "2"])), ["notified 1"]);
    installation.assert_sound();
}

#[test]
fn an_owner_that_comes_later_is_told_at_the_next_sighting() {
    let mut installation = Installation::new();
    let first = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["192.0.2.50"]));
    installation.ingest(&first);
    assert_eq!(fates(&installation.ledger()), ["unrouted 1"]);
    installation.import(&Register::small().asset("GM2,prefix,192.0.2.0/24,owner"));
    installation.at("2026-11-22T09:00:00Z");
    let second = installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["192.0.2.50"]));
    let ingested = installation.ingest(&second);
    assert_eq!((count(&ingested["findings_new"]), count(&ingested["findings_seen"])), (0, 1));
    assert_eq!(installation.json(&["tell"])["notifications"][0]["organisation"], "GM2");
    installation.assert_sound();
}

#[test]
fn an_operator_that_is_also_the_owner_has_two_assignments_and_one_mail() {
    let installation = Installation::new();
    installation.import(&Register::small().asset("GM2,prefix,198.51.100.128/25,operator"));
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    let ingested = installation.ingest(&file);
    assert_eq!((count(&ingested["events"]), count(&ingested["assignments"])), (1, 2));
    let told = installation.json(&["tell"]);
    assert_eq!(told["notifications"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(fates(&installation.ledger()), ["notified 2"]);
    installation.assert_sound();
}

#[test]
fn both_ends_of_an_event_are_told() {
    let installation = Installation::new();
    // An infected machine of GM2 contacted a machine of GM3.
    let report = "\"timestamp\",\"protocol\",\"src_ip\",\"src_port\",\"dst_ip\",\"dst_port\",\"infection\",\"tag\"\n\
                  \"2026-11-20 03:00:00\",\"tcp\",\"198.51.100.200\",40123,\"2001:db8:3::7\",80,\"andromeda\",\"andromeda\"\n";
    let file = installation.file("2026-11-20-event4_sinkhole-nederland.csv", report);
    let ingested = installation.ingest(&file);
    assert_eq!((count(&ingested["events"]), count(&ingested["assignments"])), (1, 2));
    let traced = installation.json(&["trace", "1:1"]);
    let mut told: Vec<_> = traced["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| {
            format!(
                "{} {}",
                candidate["organisation"].as_str().unwrap(),
                candidate["input"]["value"].as_str().unwrap()
            )
        })
        .collect();
    told.sort();
    assert_eq!(told, ["GM2 198.51.100.200", "GM3 2001:db8:3::7"]);
    let mut ends: Vec<_> = installation.json(&["trace", "F0"])["assignments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|assignment| assignment["end"].as_str().unwrap_or_default().to_owned())
        .collect();
    ends.sort();
    assert_eq!(ends, ["source", "target"]);
    installation.json(&["tell"]);
    assert_eq!(installation.mails().len(), 2);
    installation.assert_sound();
}
