//! What others build on: exit codes, the shapes of JSON, what goes to which stream.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    fixtures::{RDP_HEADER, rdp, rdp_name, rdp_row},
    installation::{Installation, count},
    program::{json_lines, run, schakel},
};

/// One good row, one whose time cannot be read, one good row.
fn report_with_a_reject() -> String {
    RDP_HEADER.to_owned()
        + &rdp_row("2026-11-20 03:00:00", "198.51.100.1")
        + &rdp_row("yesterday", "198.51.100.2")
        + &rdp_row("2026-11-20 03:00:02", "198.51.100.3")
}

#[track_caller]
fn assert_keys(value: &Value, keys: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{value} is no object"));
    for key in keys {
        assert!(object.contains_key(*key), "`{key}` is missing in {value}");
    }
}

#[test]
fn exit_codes_are_0_1_2_3_and_1_beats_3() {
    let installation = Installation::new();
    let good = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.1"]));
    let rejects = installation.file(&rdp_name("2026-11-19"), report_with_a_reject());
    let missing = installation.path("2026-11-20-scan_ssl.csv").display().to_string();
    let unknown = installation.file("holiday.csv", "a,b\n1,2\n");
    for command in ["parse", "ingest"] {
        installation.run(&[command, &good]).ended(0);
        installation.run(&[command, &missing]).ended(1).says(&["2026-11-20-scan_ssl.csv"]);
        installation.run(&[command, &unknown]).ended(1).says(&["holiday.csv", "--type"]);
        installation.run(&[command]).ended(2);
        installation.run(&[command, &good, "--no-such-option"]).ended(2);
    }
    installation.run(&["parse", &rejects, &good]).ended(3);
    installation.run(&["parse", &rejects, &missing]).ended(1);
    // The file that cannot be read is no reason to leave out the others.
    let mixed =
        run(installation.command(&["ingest", &missing, &rejects, &unknown]).arg("--json")).ended(1).json();
    assert_eq!((count(&mixed["rows"]), count(&mixed["rejected"]), count(&mixed["events"])), (3, 1, 2));
    let again = installation
        .file(&rdp_name("2026-11-18"), report_with_a_reject() + &rdp_row("2026-11-18 00:00:00", "::1"));
    installation.run(&["ingest", &again]).ended(3);
    installation.assert_sound();
}

#[test]
fn wrong_usage_is_2_everywhere() {
    let installation = Installation::new();
    for args in [
        &["explain"][..],
        &["explain", "--ip", "198.51.100.300"],
        &["explain", "--ip", "198.51.100.1", "--at", "soon"],
        &["explain", "--ip", "198.51.100.1", "--kind", "annoying"],
        &["ledger", "--day", "yesterday"],
        &["ledger", "--list", "everything"],
        &["ledger", "--report", "1", "--day", "2026-11-21"],
        &["trace", "elsewhere"],
        &["ingest", "x.csv", "--tlp", "PURPLE"],
        &["ledger", "--now", "tomorrow"],
        &["dance"],
    ] {
        let ended = run(schakel().args(args).arg("--data").arg(installation.data()));
        assert_eq!(ended.code, Some(2), "{args:?}: {ended:#?}");
        assert!(!ended.stderr.is_empty() && ended.stdout.is_empty(), "{args:?}: {ended:#?}");
    }
}

#[test]
fn parse_prints_a_flat_idf_event_a_line_and_rejects_on_standard_error() {
    let installation = Installation::empty();
    let file = installation.file(&rdp_name("2026-11-20"), report_with_a_reject());
    let parsed = installation.run(&["parse", &file, "--format", "idf"]).ended(3);
    let events = parsed.json_lines();
    let addresses: Vec<_> = events.iter().map(|event| event["source.ip"].as_str().unwrap()).collect();
    assert_eq!(addresses, ["198.51.100.1", "198.51.100.3"]);
    assert_eq!(events[0]["time.source"], "2026-11-20T03:00:00+00:00");
    assert_eq!(events[0]["classification.identifier"], "open-rdp");
    assert_eq!(events[0]["source.port"], 3389);
    let rejects = json_lines(&parsed.stderr);
    let raw = rdp_row("yesterday", "198.51.100.2");
    assert_eq!(rejects.len(), 1);
    let reject = &rejects[0];
    let keys: Vec<_> = reject.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["file", "row", "line", "code", "message", "raw_base64"]);
    assert_eq!(
        (&reject["row"], &reject["line"], &reject["code"]),
        (&json!(2), &json!(3), &json!("bad_time"))
    );
    assert!(reject["file"].as_str().unwrap().ends_with("2026-11-20-scan_rdp-nederland.csv"));
    assert!(reject["message"].as_str().unwrap().contains("yesterday"), "{reject}");
    let bytes = STANDARD.decode(reject["raw_base64"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap().trim_end(), raw.trim_end());
    assert!(!installation.data().exists(), "parse keeps nothing");
}

#[test]
fn parse_writes_into_a_folder_and_rejects_to_a_file() {
    let installation = Installation::empty();
    let first = installation.file(&rdp_name("2026-11-20"), report_with_a_reject());
    let second = installation.file("2026-11-20-scan_rdp-other.csv", rdp("2026-11-20", &["192.0.2.9"]));
    let (out, rejects) = (installation.path("out"), installation.path("rejects.jsonl"));
    let parsed = installation
        .run(&[
            "parse",
            &first,
            &second,
            "--out",
            out.to_str().unwrap(),
            "--rejects",
            rejects.to_str().unwrap(),
        ])
        .ended(3);
    assert_eq!((parsed.stdout.as_str(), parsed.stderr.as_str()), ("", ""));
    let lines = |name: &str| json_lines(&fs::read_to_string(out.join(name)).unwrap()).len();
    assert_eq!(lines("2026-11-20-scan_rdp-nederland.jsonl"), 2);
    assert_eq!(lines("2026-11-20-scan_rdp-other.jsonl"), 1);
    assert_eq!(json_lines(&fs::read_to_string(rejects).unwrap()).len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_is_a_json_line_among_the_rejects_too() {
    let installation = Installation::empty();
    let good = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.1"]));
    let missing = installation.path("scan_ssl.csv").display().to_string();
    let parsed = installation.run(&["parse", &missing, &good]).ended(1);
    assert_eq!(parsed.json_lines().len(), 1, "the other file is still read");
    let said = json_lines(&parsed.stderr);
    assert_eq!((said.len(), &said[0]["code"]), (1, &json!("unreadable_file")));
    assert_keys(&said[0], &["file", "row", "line", "code", "message", "raw_base64"]);
    let rejects = installation.path("rejects.jsonl");
    let parsed =
        installation.run(&["parse", &missing, &good, "--rejects", rejects.to_str().unwrap()]).ended(1);
    assert_eq!(parsed.stderr, "");
    assert_eq!(json_lines(&fs::read_to_string(rejects).unwrap()).len(), 1);
}

#[test]
fn a_type_in_an_option_beats_the_file_name() {
    let installation = Installation::empty();
    let file = installation.file("export.csv", rdp("2026-11-20", &["198.51.100.1"]));
    installation.run(&["parse", &file]).ended(1);
    let events = installation.run(&["parse", &file, "--type", "scan_rdp"]).ended(0).json_lines();
    assert_eq!(events[0]["classification.identifier"], "open-rdp");
}

#[test]
fn ingest_says_what_it_did_and_the_same_bytes_again_do_nothing() {
    let installation = Installation::new();
    let content = rdp("2026-11-20", &["198.51.100.1", "198.51.100.1", "198.51.100.200", "192.0.2.77"]);
    let file = installation.file(&rdp_name("2026-11-20"), &content);
    let first = installation.ingest(&file);
    assert_keys(
        &first,
        &[
            "rows",
            "events",
            "rejected",
            "duplicates",
            "findings_new",
            "findings_seen",
            "assignments",
            "unrouted",
            "report_known",
            "seconds",
        ],
    );
    let sums = |json: &Value| {
        [
            "rows",
            "events",
            "rejected",
            "duplicates",
            "findings_new",
            "findings_seen",
            "assignments",
            "unrouted",
        ]
        .map(|key| count(&json[key]))
    };
    // 198.51.100.1 has an owner and an operator.
    assert_eq!(sums(&first), [4, 3, 0, 1, 3, 0, 4, 1]);
    assert_eq!(first["report_known"], false);
    assert!(first["seconds"].as_f64().unwrap() >= 0.0);
    let renamed = installation.file("2026-11-20-scan_rdp-elsewhere.csv", &content);
    for known in [&file, &renamed] {
        let again = installation.ingest(known);
        assert_eq!(sums(&again), [0; 8], "{again}");
        assert_eq!(again["report_known"], true);
    }
    installation.assert_sound();
}

#[test]
fn explain_lists_every_candidate_with_the_rule() {
    let installation = Installation::new();
    let explained = installation.json(&["explain", "--ip", "198.51.100.200", "--domain", "www.berkendal.nl"]);
    assert_eq!(explained["at"], "2026-11-21T09:00:00Z");
    assert_eq!(explained["register_version"], 1);
    let candidates = explained["candidates"].as_array().unwrap();
    assert_eq!(candidates.len(), 2, "{explained}");
    for candidate in candidates {
        assert_keys(candidate, &["input", "organisation", "asset", "role", "won", "rule", "why"]);
        assert_keys(&candidate["input"], &["type", "value"]);
        assert_keys(&candidate["asset"], &["id", "kind", "value"]);
        assert_eq!((&candidate["won"], &candidate["role"]), (&json!(true), &json!("owner")));
    }
    let by_ip = candidates.iter().find(|candidate| candidate["input"]["type"] == "ip").unwrap();
    assert_eq!(by_ip["organisation"], "GM2");
    assert_eq!(by_ip["input"]["value"], "198.51.100.200");
    assert_eq!(
        (&by_ip["asset"]["kind"], &by_ip["asset"]["value"]),
        (&json!("prefix"), &json!("198.51.100.128/25"))
    );
    assert_eq!(by_ip["rule"], "longest_prefix");
}

#[test]
fn the_ledger_has_its_shape_for_all_a_report_and_a_day() {
    let mut installation = Installation::new();
    // 23:30 in London is the next day in Amsterdam.
    installation.at("2026-11-20T23:30:00Z");
    let file = installation.file(&rdp_name("2026-11-20"), report_with_a_reject());
    installation.run(&["ingest", &file]).ended(3);
    for (args, scope, rows) in [
        (&["ledger"][..], "all", 3),
        (&["ledger", "--report", "1"], "report 1", 3),
        (&["ledger", "--day", "2026-11-21"], "day 2026-11-21", 3),
        (&["ledger", "--day", "2026-11-20"], "day 2026-11-20", 0),
    ] {
        let ledger = installation.json(args);
        assert_keys(
            &ledger,
            &["scope", "rows", "rejected", "duplicates", "events", "assignments", "fates", "balanced"],
        );
        assert_eq!((ledger["scope"].as_str(), count(&ledger["rows"])), (Some(scope), rows));
        assert_eq!(ledger["balanced"], true);
        let fates: u64 = ledger["fates"].as_object().unwrap().values().map(count).sum();
        assert_eq!(fates, count(&ledger["assignments"]));
        assert_keys(
            &ledger["fates"],
            &[
                "queued",
                "notified",
                "known",
                "digest",
                "handed_over",
                "safety_net",
                "undeliverable",
                "suppressed",
                "held",
                "no_contact",
                "unrouted",
            ],
        );
    }
    installation.run(&["ledger", "--report", "9"]).ended(1).says(&["no report 9"]);
}

#[test]
fn verify_has_its_shape_and_finds_damage() {
    let installation = Installation::new();
    let file = installation.file(&rdp_name("2026-11-20"), report_with_a_reject());
    installation.run(&["ingest", &file]).ended(3);
    let verified = installation.json(&["verify"]);
    assert_keys(&verified, &["ok", "checked", "violations"]);
    assert_eq!((&verified["ok"], &verified["violations"]), (&json!(true), &json!([])));
    assert!(verified["checked"].as_object().unwrap().values().any(|count| count == 3), "{verified}");
    // One byte of the raw report turns over.
    let segment = fs::read_dir(installation.data().join("raw")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&segment, bytes).unwrap();
    let damaged = run(installation.command(&["verify"]).arg("--json"));
    assert_eq!(damaged.code, Some(1), "{damaged:#?}");
    let violation = damaged.json()["violations"][0].clone();
    assert_keys(&violation, &["invariant", "id", "detail"]);
}

#[test]
fn now_replaces_the_clock_everywhere() {
    let mut installation = Installation::empty();
    installation.at("2031-02-03T04:05:06Z").import(&crate::fixtures::Register::small());
    let file = installation.file(&rdp_name("2031-02-02"), rdp("2031-02-02", &["198.51.100.200"]));
    installation.ingest(&file);
    assert_eq!(installation.json(&["reports"])["reports"][0]["received_at"], "2031-02-03T04:05:06Z");
    assert_eq!(installation.json(&["explain", "--ip", "192.0.2.1"])["at"], "2031-02-03T04:05:06Z");
    installation.json(&["tell"]);
    let traced = installation.json(&["trace", "N1"]);
    assert_eq!(traced["created_at"], "2031-02-03T04:05:06Z");
    let mail = installation.mails().concat();
    assert!(
        mail.contains("Date: Mon, 3 Feb 2031 04:05:06 +0000")
            || mail.contains("Date: Mon, 03 Feb 2031 04:05:06 +0000"),
        "{mail}"
    );
    assert!(!mail.contains("2026"), "{mail}");
}

#[test]
fn json_stands_alone_on_standard_output() {
    let installation = Installation::new();
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.1"]));
    for args in [
        &["ingest", &file][..],
        &["ledger"],
        &["ledger", "--list", "events", "--organisations"],
        &["reports"],
        &["findings"],
        &["trace", "1:1"],
        &["trace", "F0"],
        &["tell", "--dry-run"],
        &["tell"],
        &["trace", "N1"],
        &["outbox"],
        &["verify"],
        &["explain", "--ip", "192.0.2.1"],
        &["config", "show"],
        &["doctor"],
    ] {
        let ran = run(installation.command(args).arg("--json")).ended(0);
        assert_eq!(ran.json_lines().len(), 1, "{args:?}: {ran:#?}");
        assert!(ran.json().is_object(), "{args:?}: {ran:#?}");
        assert_eq!(ran.stderr, "", "{args:?}");
    }
}

#[test]
fn the_data_directory_is_the_platforms_own_unless_it_is_said() {
    let installation = Installation::empty();
    let share = installation.path("share");
    let mut command = schakel();
    let ran = run(command.args(["register", "import", "/no/such/folder"]).env("XDG_DATA_HOME", &share));
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    assert!(share.join("schakel").is_dir(), "{ran:#?}");
    let ran = run(schakel().arg("ledger").env("SCHAKEL_DATA", installation.data()));
    assert!(ran.stderr.contains(installation.data().to_str().unwrap()), "{ran:#?}");
}

#[test]
fn without_a_store_looking_back_says_how_to_begin() {
    let installation = Installation::empty();
    for args in
        [&["ledger"][..], &["verify"], &["trace", "1:1"], &["findings"], &["explain", "--ip", "192.0.2.1"]]
    {
        installation.run(args).ended(1).says(&[installation.data().to_str().unwrap(), "schakel"]);
        assert!(!installation.data().exists(), "looking makes nothing");
    }
}
