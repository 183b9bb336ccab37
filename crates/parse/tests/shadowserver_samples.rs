//! Reads real and synthetic report files and compares with what IntelMQ 3.5 makes of them, event by event; and the lean
//! observation with the full event. The files are not part of the project: without them the tests say so and pass.
//!
//! Four rows differ, and are meant to: for an empty `start_time` or `end_time` the reference gives the day it ran on.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use schakel_model::{
    event::{Event, Value},
    observation::{Endpoint, Observation, Transport},
};
use schakel_parse::{Plan, PlanOptions, Record, Records, idf, shadowserver::Schema};
use serde_json::{Map, Value as Json};

fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/shadowserver");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no sample files in {}", folder.display());
    None
}

fn schema(name: &str) -> Schema {
    let path = data().unwrap().join("schema").join(name);
    Schema::parse(&fs::read(path).unwrap()).unwrap()
}

/// Calls `each` with the plan and every record of a file.
fn read_file(path: &Path, schema: Option<&Schema>, mut each: impl FnMut(&Plan, Record<'_>)) {
    let bytes = fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let plan = Plan::for_file(name, &bytes, &PlanOptions { schema, ..PlanOptions::default() }).unwrap();
    let body = &bytes[plan.body_offset()..];
    let mut records = Records::new();
    let consumed = plan.cutter().cut(body, true, usize::MAX, &mut records);
    assert_eq!(consumed, body.len(), "{name}");
    for record in records.iter(body) {
        each(&plan, record);
    }
}

fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    files.sort();
    files
}

/// Compares a folder's files with the expected events beside them; returns (equal, all).
fn compare(folder: &Path, schema: Option<&Schema>) -> (usize, usize) {
    let (mut equal, mut all) = (0, 0);
    for path in csv_files(folder) {
        let expected = fs::read_to_string(path.with_extension("expected.jsonl")).unwrap();
        let mut expected =
            expected.lines().map(|line| serde_json::from_str::<Map<String, Json>>(line).unwrap());
        read_file(&path, schema, |plan, record| {
            let Ok(event) = plan.event(record) else { return };
            let ours: Map<String, Json> = serde_json::from_str(&idf::to_json(&event)).unwrap();
            let Some(mut theirs) = expected.next() else {
                println!("{}: one event too many", path.display());
                all += 1;
                return;
            };
            for field in ["time.observation", "raw", "__type"] {
                theirs.remove(field);
            }
            all += 1;
            if same(&ours, &theirs) {
                equal += 1;
                return;
            }
            let mut fields: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
            fields.sort();
            fields.dedup();
            for field in fields {
                if ours.get(field) != theirs.get(field) {
                    let name = path.file_stem().unwrap().to_string_lossy();
                    println!(
                        "{name} line {} {field}: ours {:?}, theirs {:?}",
                        record.line(),
                        ours.get(field),
                        theirs.get(field)
                    );
                }
            }
        });
        for _ in expected {
            println!("{}: an event is missing", path.display());
            all += 1;
        }
    }
    println!("{}: {equal} of {all} events equal", folder.display());
    (equal, all)
}

/// Equal as JSON, a whole number being equal to the same number with a fraction of zero.
fn same(ours: &Map<String, Json>, theirs: &Map<String, Json>) -> bool {
    ours.len() == theirs.len()
        && ours.iter().all(|(field, value)| match (value.as_f64(), theirs.get(field)) {
            (Some(number), Some(other)) => other.as_f64() == Some(number),
            (_, other) => other == Some(value),
        })
}

#[test]
fn files_of_2023_read_with_the_schema_of_their_day_give_the_references_events() {
    let Some(data) = data() else { return };
    let schema = schema("shadowserver-schema-2023-08-18.json");
    assert_eq!(compare(&data.join("shadowserver-2023schema"), Some(&schema)), (262, 265));
}

#[test]
fn files_of_2026_read_with_our_own_table_give_the_references_events() {
    let Some(data) = data() else { return };
    assert_eq!(compare(&data.join("synthetic-2026"), None), (557, 558));
}

#[test]
fn files_of_2026_read_with_the_official_schema_give_the_references_events() {
    let Some(data) = data() else { return };
    let schema = schema("shadowserver-schema-2026-03-24.json");
    assert_eq!(compare(&data.join("synthetic-2026"), Some(&schema)), (557, 558));
}

/// A folder of further files and expected events, made by hand with the reference: `SCHAKEL_REFERENCE_FOLDER=… cargo test`.
#[test]
fn further_files_give_the_references_events() {
    let Some(folder) = std::env::var_os("SCHAKEL_REFERENCE_FOLDER") else { return };
    let (equal, all) = compare(Path::new(&folder), None);
    assert_eq!(equal, all);
}

#[test]
fn the_observation_says_what_the_event_says() {
    let Some(data) = data() else { return };
    let older = schema("shadowserver-schema-2023-08-18.json");
    let mut rows = 0;
    for (folder, schema) in [("shadowserver-2023schema", Some(&older)), ("synthetic-2026", None)] {
        for path in csv_files(&data.join(folder)) {
            read_file(&path, schema, |plan, record| {
                check_observation(plan, record);
                rows += 1;
            });
        }
    }
    assert_eq!(rows, 823);
    if let Some(folder) = std::env::var_os("SCHAKEL_REFERENCE_FOLDER") {
        for path in csv_files(Path::new(&folder)) {
            read_file(&path, None, check_observation);
        }
    }
}

fn check_observation(plan: &Plan, record: Record<'_>) {
    let (event, observation) = match (plan.event(record), plan.observe(record)) {
        (Ok(event), Ok(observation)) => (event, observation),
        (Err(event), Err(observation)) => {
            assert_eq!(event, observation);
            return;
        }
        (event, observation) => panic!("{} line {}: {event:?} {observation:?}", plan.feed(), record.line()),
    };
    let place = format!("{} line {}: {event:?}", plan.feed(), record.line());
    let shown = observation.observed_at.timestamp().to_string();
    assert_eq!(shown[..19], event.text("time.source")[..19], "{place}");
    check_end(&event, "source", &observation.source, &place);
    check_end(&event, "destination", &observation.target, &place);
    check_words(&event, &observation, &place);
    // A record looked up by itself, without the cutter's notes, reads the same.
    assert_eq!(plan.observe(Record::alone(record.raw(), record.line())), Ok(observation), "{place}");
}

fn check_end(event: &Event, end: &str, endpoint: &Endpoint<'_>, place: &str) {
    let text = |field: &str| event.text(&format!("{end}.{field}")).to_owned();
    let number = |field: &str| match event.get(&format!("{end}.{field}")) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    };
    let ip: Option<std::net::IpAddr> = text("ip").parse().ok();
    // The reference takes `7` for the address 0.0.0.7; for us it counts as none.
    let is_real = |ip: &std::net::IpAddr| !ip.is_unspecified() && !ip.to_string().starts_with("0.");
    let ip = ip.map(|ip| ip.to_canonical()).filter(is_real);
    assert_eq!(endpoint.ip, ip, "{place}");
    // What is no port stays in the event as the source wrote it.
    assert_eq!(endpoint.port, u16::try_from(number("port")).unwrap_or(0), "{place}");
    assert_eq!(endpoint.fqdn, text("fqdn"), "{place}");
    assert_eq!(endpoint.reverse_dns, text("reverse_dns"), "{place}");
    assert_eq!(endpoint.url, text("url"), "{place}");
    assert_eq!(endpoint.account, text("account"), "{place}");
    assert_eq!(i64::from(endpoint.asn), number("asn"), "{place}");
    let country = text("geolocation.cc");
    assert_eq!(endpoint.country.as_slice(), if country.is_empty() { b"\0\0" } else { country.as_bytes() });
}

fn check_words(event: &Event, observation: &Observation<'_>, place: &str) {
    let transport = event.text("protocol.transport");
    if !transport.is_empty() {
        assert_eq!(observation.transport, Transport::from_name(transport), "{place}");
    }
    let kind = event.text("classification.type");
    assert_eq!(Ok(observation.classification), kind.parse(), "{place}");
    assert_eq!(observation.identifier, event.text("classification.identifier").to_lowercase(), "{place}");
    let malware = event.text("malware.name");
    if !malware.is_empty() {
        assert_eq!(observation.malware, malware, "{place}");
    }
}

#[test]
fn our_table_maps_every_column_as_the_official_schema_of_2026_does() {
    let Some(data) = data() else { return };
    let schema = schema("shadowserver-schema-2026-03-24.json");
    let reports: Map<String, Json> =
        serde_json::from_slice(&fs::read(data.join("schema/reports.json")).unwrap()).unwrap();
    assert_eq!(reports.len(), 170);
    for (name, report) in &reports {
        let header: Vec<&str> =
            report["fields"].as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
        assert_eq!(schakel_parse::shadowserver::columns(name).as_ref(), Some(&header), "{name}");
        let head = header.join(",");
        let file = format!("{name}.csv");
        let plan = |schema| {
            let plan =
                Plan::for_file(&file, head.as_bytes(), &PlanOptions { schema, ..PlanOptions::default() })
                    .unwrap();
            let mut definition: Map<String, Json> = serde_json::from_slice(&plan.definition()).unwrap();
            for list in ["fillings", "constants"] {
                let mut entries: Vec<String> =
                    definition[list].as_array().unwrap().iter().map(Json::to_string).collect();
                entries.sort();
                definition.insert(list.to_owned(), entries.into());
            }
            definition
        };
        assert_eq!(plan(None), plan(Some(&schema)), "{name}");
    }
    assert_eq!(schakel_parse::shadowserver::types().count(), reports.len());
}
