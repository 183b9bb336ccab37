//! Files as they should not be: each is read as far as it goes, every row is counted, and what is wrong is said.

#![allow(clippy::unwrap_used)] // A test.

use schakel_model::{
    event::{Event, Value},
    limits::{COLUMNS_MAX, RECORD_BYTES_MAX},
    reject::{Reject, RejectCode},
    severity::Severity,
};
use schakel_parse::{Plan, PlanError, PlanOptions, Records, shadowserver::Schema};

const HEADER: &str = "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,region,city";
const ROW: &str = "2026-03-03 05:07:57,high,192.0.2.1,tcp,443,a.example.nl,x,64500,NL,R,C";

fn plan(bytes: &[u8]) -> Plan {
    Plan::for_file("2026-03-03-scan_http_vulnerable-nl.csv", bytes, &PlanOptions::default()).unwrap()
}

/// Every row with its line: the event, or why not. The observation must agree about that.
fn rows(bytes: &[u8]) -> Vec<(u64, Result<Event, Reject>)> {
    let plan = plan(bytes);
    let body = &bytes[plan.body_offset()..];
    let mut records = Records::new();
    assert_eq!(plan.cutter().cut(body, true, usize::MAX, &mut records), body.len());
    let row = |record| {
        let event = plan.event(record);
        assert_eq!(plan.observe(record).err(), event.as_ref().err().cloned());
        (record.line(), event)
    };
    records.iter(body).map(row).collect()
}

fn one_row(row: &[u8]) -> Result<Event, Reject> {
    let file = [HEADER.as_bytes(), b"\n", row, b"\n", ROW.as_bytes(), b"\n"].concat();
    let mut rows = rows(&file);
    assert_eq!(rows.len(), 2);
    assert!(rows.pop().unwrap().1.is_ok(), "the row after is read");
    rows.pop().unwrap().1
}

fn code(result: &Result<Event, Reject>) -> Option<RejectCode> {
    result.as_ref().err().map(|reject| reject.code)
}

#[test]
fn a_file_without_rows_has_none() {
    assert!(rows(b"").is_empty());
    assert!(rows(HEADER.as_bytes()).is_empty());
    assert!(rows(format!("{HEADER}\r\n").as_bytes()).is_empty());
    assert!(rows(format!("\u{feff}{HEADER}\n\n\n").as_bytes()).is_empty());
}

#[test]
fn mark_line_ends_and_blank_lines_change_nothing_but_the_line_numbers() {
    let text = format!(
        "\u{feff}\"{}\"\r\n{ROW}\r\n\r\n\"2026-03-03 05:07:57\",high\r\n",
        HEADER.replace(',', "\",\"")
    );
    let rows = rows(text.as_bytes());
    let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 4]);
    assert_eq!(rows[0].1.as_ref().unwrap().text("source.geolocation.city"), "C");
}

#[test]
fn ragged_rows_are_events() {
    let short = one_row(b"2026-03-03 05:07:57,high,192.0.2.1").unwrap();
    assert_eq!(short.text("source.ip"), "192.0.2.1");
    assert_eq!(short.get("extra.port"), Some(&Value::Null));
    let long = one_row(format!("{ROW},one,two").as_bytes()).unwrap();
    assert_eq!(long.text("source.geolocation.city"), "C");
}

#[test]
fn nul_bytes_and_western_letters_are_read() {
    let event =
        one_row(b"2026-03-03 05:07:57,high,192.0.2.1\0,tcp,4\x0043,a\0b.nl,x,64500,NL,\xd4le,C").unwrap();
    assert_eq!(event.text("source.ip"), "192.0.2.1");
    assert_eq!(event.get("source.port"), Some(&Value::Int(443)));
    assert_eq!(event.text("source.reverse_dns"), "ab.nl");
    assert_eq!(event.text("source.geolocation.region"), "Ôle");
}

#[test]
fn what_does_not_convert_stays_as_text() {
    let event = one_row(b"2026-03-03 05:07:57,bad,37.120.178.9.10,foo,1.0,h:80,x,AS5,NLD,R,C").unwrap();
    for (column, text) in [
        ("severity", "bad"),
        ("ip", "37.120.178.9.10"),
        ("protocol", "foo"),
        ("port", "1.0"),
        ("hostname", "h:80"),
        ("asn", "AS5"),
        ("geo", "NLD"),
    ] {
        assert_eq!(event.text(&format!("extra.{column}")), text);
    }
    assert!(event.get("source.ip").is_none());
}

#[test]
fn a_row_without_a_readable_time_is_rejected() {
    for (time, expected) in [
        ("", RejectCode::BadTime),
        ("yesterday", RejectCode::BadTime),
        ("2026-02-30 00:00:00", RejectCode::BadTime),
        ("1969-12-31 23:59:59", RejectCode::TimeOutOfRange),
        ("2106-02-07 06:28:16", RejectCode::TimeOutOfRange),
    ] {
        let row = one_row(ROW.replace("2026-03-03 05:07:57", time).as_bytes());
        assert_eq!(code(&row), Some(expected), "{time}");
    }
    for time in
        ["1970-01-01 00:00:00", "2100-01-01 00:00:00", "2026-03-03T05:07:57+02:00", "2106-02-07 06:28:15"]
    {
        assert!(one_row(ROW.replace("2026-03-03 05:07:57", time).as_bytes()).is_ok(), "{time}");
    }
}

#[test]
fn a_large_field_is_read_and_a_larger_one_rejected() {
    let large = one_row(ROW.replace(",x,", &format!(",{},", "x".repeat(200_000))).as_bytes()).unwrap();
    assert_eq!(large.text("extra.tag").len(), 200_000);
    let larger = one_row(ROW.replace(",x,", &format!(",{},", "x".repeat(RECORD_BYTES_MAX))).as_bytes());
    assert_eq!(code(&larger), Some(RejectCode::RecordTooLarge));
}

#[test]
fn too_many_columns_are_rejected_in_a_row_and_in_the_header() {
    let wide = one_row(format!("{ROW}{}", ",".repeat(10_000)).as_bytes());
    assert_eq!(code(&wide), Some(RejectCode::TooManyColumns));
    let bare = one_row(",".repeat(COLUMNS_MAX).as_bytes());
    assert_eq!(code(&bare), Some(RejectCode::TooManyColumns));
    let header = format!("timestamp{}", ",x".repeat(10_000));
    let error = Plan::for_file("scan_rdp.csv", header.as_bytes(), &PlanOptions::default()).unwrap_err();
    assert!(matches!(error, PlanError::HeaderTooWide { columns: 10_001 }));
}

#[test]
fn a_file_cut_off_inside_quotes_keeps_its_last_row() {
    let rows = rows(format!("{HEADER}\n{ROW}\n{}", ROW.replace(",x,", ",\"x,")).as_bytes());
    assert_eq!(rows.len(), 2);
    assert!(rows[1].1.as_ref().unwrap().text("extra.tag").starts_with("x,64500"));
}

#[test]
fn columns_may_be_new_gone_doubled_or_in_another_case() {
    let file = b"TIMESTAMP,ip,colour,tag,tag\n2026-03-03 05:07:57,192.0.2.1,red,a,b\n";
    let event = rows(file).pop().unwrap().1.unwrap();
    assert_eq!(event.text("source.ip"), "192.0.2.1");
    assert_eq!(event.text("extra.colour"), "red");
    assert_eq!(event.text("extra.tag"), "b");
}

#[test]
fn a_file_that_cannot_be_what_it_says_is_refused_with_what_to_do() {
    let refuse = |name: &str, head: &[u8]| {
        Plan::for_file(name, head, &PlanOptions::default()).unwrap_err().to_string()
    };
    assert!(refuse("scan_of_tomorrow.csv", b"a,b\n").contains("--type"));
    assert!(refuse("notes.txt", b"a,b\n").contains("--mapping"));
    assert!(refuse("scan_rdp.csv", b"a,b\n").contains("`timestamp`"));
    assert!(refuse("scan_rdp.csv", &vec![0; RECORD_BYTES_MAX + 1]).contains("no header"));
    let options = PlanOptions { type_name: Some("scan_rdp"), ..PlanOptions::default() };
    assert_eq!(Plan::for_file("notes.csv", HEADER.as_bytes(), &options).unwrap().feed(), "scan_rdp");
}

#[test]
fn a_newer_schema_teaches_a_new_type_and_another_meaning() {
    let schema = Schema::parse(
        br#"{"scan_of_tomorrow": {"feed_name": "Tomorrow", "file_name": "scan_of_tomorrow",
            "constant_fields": {"classification.type": "vulnerable-system", "classification.identifier": "tomorrow"},
            "required_fields": [["time.source", "timestamp", "add_UTC_to_timestamp"], ["source.ip", "ip", "validate_ip"]],
            "optional_fields": [["source.fqdn", "hostname", "validate_fqdn"]]}}"#,
    )
    .unwrap();
    let file = format!("{HEADER}\n{ROW}\n");
    let options = PlanOptions { schema: Some(&schema), ..PlanOptions::default() };
    let plan = Plan::for_file("scan_of_tomorrow.csv", file.as_bytes(), &options).unwrap();
    let body = &file.as_bytes()[plan.body_offset()..];
    let mut records = Records::new();
    plan.cutter().cut(body, true, 1, &mut records);
    let event = plan.event(records.get(body, 0)).unwrap();
    assert_eq!(event.text("source.fqdn"), "a.example.nl");
    assert_eq!(event.text("feed.name"), "Tomorrow");
    assert_eq!(event.text("extra.city"), "C", "columns the schema does not name are kept");
    let observation = plan.observe(records.get(body, 0)).unwrap();
    assert_eq!(observation.identifier, "tomorrow");
}

#[test]
fn the_observation_speaks_our_words() {
    let file = format!(
        "{HEADER}\n{}\n{}\n",
        ROW.replace("high", "info"),
        ROW.replace("high,192.0.2.1", ",::ffff:192.0.2.9")
    );
    let plan = plan(file.as_bytes());
    let body = &file.as_bytes()[plan.body_offset()..];
    let mut records = Records::new();
    plan.cutter().cut(body, true, 9, &mut records);
    let first = plan.observe(records.get(body, 0)).unwrap();
    assert_eq!(first.severity, Severity::Low, "info is low");
    let second = plan.observe(records.get(body, 1)).unwrap();
    assert_eq!(second.severity, Severity::High, "the type's own, for the row says nothing");
    assert_eq!(second.source.ip, Some([192, 0, 2, 9].into()), "mapped IPv6 is IPv4");
}

#[test]
fn a_stored_plan_reads_rows_as_the_first_did() {
    let file = format!("{HEADER},colour\n{ROW},red\n");
    let plan = plan(file.as_bytes());
    let stored = Plan::from_definition(&plan.definition()).unwrap();
    assert_eq!(stored.definition(), plan.definition());
    assert_eq!(
        (stored.feed(), stored.body_offset(), stored.body_line()),
        ("scan_http_vulnerable", HEADER.len() + 8, 2)
    );
    let body = &file.as_bytes()[stored.body_offset()..];
    let mut records = Records::new();
    stored.cutter_at(2).cut(body, true, 1, &mut records);
    let record = records.get(body, 0);
    assert_eq!(stored.event(record), plan.event(record));
    assert_eq!(stored.observe(record), plan.observe(record));
    assert_eq!(stored.columns().nth(11), Some("colour"));
    assert!(Plan::from_definition(b"{}").is_err());
}

/// A definition as version 1 wrote it: it must read for ever.
#[test]
fn a_plan_stored_by_version_1_still_reads() {
    let stored = br#"{"version":1,"feed":"scan_x","provider":"shadowserver","body_offset":13,"header_lines":1,"delimiter":44,
        "quote":34,"columns":["timestamp","ip"],"fillings":[[0,"time.source","time","required"],
        [1,"source.ip","ip","required"]],"constants":[["classification.type","other"]],"severity":"medium",
        "target":"address_else_name","service_counts":true,"malware_counts":false}"#;
    let plan = Plan::from_definition(stored).unwrap();
    let record = schakel_parse::Record::alone(b"2026-03-03 05:07:57,192.0.2.1", 2);
    assert_eq!(plan.observe(record).unwrap().source.ip, Some([192, 0, 2, 1].into()));
}
