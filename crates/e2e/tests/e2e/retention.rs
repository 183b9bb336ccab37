//! What is old is erased for real, what is held stays, and everything else still holds.

use std::{fs, io::Write, path::Path};

use serde_json::json;

use crate::{
    contacts::rehearsed,
    fixtures::{RDP_HEADER, Register, rdp, rdp_name, rdp_row_named},
    installation::{Installation, count},
    serve::Serving,
};

/// Texts that must be gone afterwards: a host name from raw rows, and a contact that was withdrawn.
const HOST: &str = "marker-host.berkendal.nl";
const PERSON: &str = "weg@eikendam.example";

/// The files under a folder that hold a text.
pub fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

fn report(day: &str, host: &str, ip: &str) -> String {
    format!("{RDP_HEADER}{}", rdp_row_named(&format!("{day} 03:00:00"), ip, host))
}

fn gzip(content: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(content.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// An installation of 2024: a contact told and then withdrawn, a plain report and a gzipped one, all with the marker.
fn old() -> Installation {
    let mut installation = Installation::empty();
    installation.at("2024-01-02T09:00:00Z");
    let small = Register::small();
    installation.import(&small.clone().contact(&format!("GM3,findings,Weg,{PERSON},,nl,AMBER")));
    installation.json(&["user", "add", "jan"]);
    let plain = installation.file(&rdp_name("2024-01-01"), report("2024-01-01", HOST, "2001:db8:3::1"));
    installation.ingest(&plain);
    let packed = gzip(&report("2024-01-01", &format!("b.{HOST}"), "2001:db8:3::2"));
    let packed = installation.file(&format!("{}.gz", rdp_name("2024-01-01")), packed);
    installation.ingest(&packed);
    // As `schakel serve` leaves it.
    fs::create_dir_all(installation.data().join("done")).unwrap();
    fs::copy(&plain, installation.data().join("done/taken.csv")).unwrap();
    installation.json(&["tell"]);
    assert!(installation.mails().iter().any(|mail| mail.contains(PERSON)));
    installation.at("2024-01-03T09:00:00Z");
    installation.import(&small);
    installation
}

#[test]
fn what_is_old_is_gone_from_every_file_and_the_sums_hold() {
    let mut installation = old();
    assert!(files_with(installation.data(), PERSON).contains(&"store.sqlite".to_owned()));
    assert_eq!(files_with(installation.data(), HOST), ["taken.csv"]);
    let raw = |installation: &Installation| installation.run(&["reports", "--raw", "1"]).stdout;
    assert!(raw(&installation).contains(HOST), "packed in the segment");
    let (ledger, export) = (installation.ledger(), installation.run(&["audit", "export"]).stdout);
    installation.at("2034-01-01T00:00:00Z");
    let planned = installation.json(&["retention", "run", "--dry-run"]);
    let class = |shown: &serde_json::Value, name: &str| {
        let classes = shown["classes"].as_array().unwrap().iter();
        classes.into_iter().find(|class| class["class"] == name).unwrap().clone()
    };
    assert_eq!(count(&class(&planned, "raw_reports")["reports"]), 2);
    assert_eq!(count(&class(&planned, "findings")["findings"]), 2);
    assert_eq!(count(&class(&planned, "register")["contacts"]), 1);
    assert_eq!(installation.run(&["audit", "export"]).stdout, export, "a dry run changes nothing");
    installation.run(&["reports", "--raw", "1"]).ended(0);
    let erased = installation.json(&["retention", "run"]);
    assert_eq!(erased["classes"], planned["classes"]);

    for text in [HOST, PERSON, "198.18.99.99"] {
        assert_eq!(files_with(installation.data(), text), Vec::<String>::new(), "{text}");
    }
    let segment = fs::read(installation.data().join("raw/000001.seg")).unwrap();
    assert!(!segment.is_empty() && segment.iter().all(|byte| *byte == 0), "raw bytes are left");
    assert!(installation.mails().is_empty());
    assert_eq!(installation.ledger(), ledger);
    installation.assert_sound();

    installation.run(&["reports", "--raw", "1"]).ended(1).says(&[
        "the raw bytes of report 1 were erased on 2034-01-01T00:00:00Z by the rule retention:raw_reports",
    ]);
    let event = installation.json(&["trace", "2:1"]);
    assert!(event["erased"].as_str().unwrap().contains("by the rule retention:raw_reports"), "{event}");
    assert_eq!(event["row_fate"], "event");
    let finding = installation.json(&["trace", "F1"]);
    assert!(finding["erased"].as_str().unwrap().contains("by the rule retention:findings"), "{finding}");
    assert_eq!((count(&finding["sightings"]), finding["target"].as_str().unwrap()), (1, ""));
    let listed = installation.json(&["ledger", "--list", "events"]);
    assert_eq!(listed["listed"][0]["message"], "erased");
    let again = installation.json(&["retention", "run"]);
    assert_eq!(again["entries"], serde_json::json!({}));
}

#[test]
fn the_same_problem_after_its_erasure_is_a_new_finding() {
    let mut installation = old();
    installation.at("2034-01-01T00:00:00Z");
    installation.json(&["retention", "run"]);
    let file = installation.file(&rdp_name("2033-12-31"), report("2033-12-31", HOST, "2001:db8:3::1"));
    assert_eq!(count(&installation.ingest(&file)["findings_new"]), 1);
    installation.assert_sound();
    // The same bytes as before are still known, although they were erased.
    let before = installation.path(&rdp_name("2024-01-01")).display().to_string();
    assert_eq!(installation.ingest(&before)["report_known"], true);
}

#[test]
fn what_is_held_stays_until_it_is_released() {
    let mut installation = old();
    installation
        .run(&["retention", "hold", "add", "report:1", "--reason", "case 12"])
        .ended(1)
        .says(&["--as NAME"]);
    let jan = |args: &[&str]| {
        [args, &["--as", "jan"]].concat().iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>()
    };
    let run = |installation: &Installation, args: &[&str]| {
        let args = jan(args);
        installation.json(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let add = ["retention", "hold", "add", "report:1", "--reason", "case 12", "--as", "jan"];
    assert_eq!(rehearsed(&installation, &add), (vec!["hold.place".to_owned()], vec![]));
    assert_eq!(installation.json(&["retention", "hold", "list", "--all"])["holds"], json!([]));
    run(&installation, &["retention", "hold", "add", "report:1", "--reason", "case 12"]);
    installation.run(&["retention", "hold", "add", "report:9", "--reason", "x", "--as", "jan"]).ended(1);
    installation.at("2034-01-01T00:00:00Z");
    installation.json(&["retention", "run"]);
    installation.run(&["reports", "--raw", "1"]).ended(0);
    installation.run(&["reports", "--raw", "2"]).ended(1);
    assert!(installation.json(&["trace", "F0"])["erased"].is_null());
    installation.assert_sound();
    let release = ["retention", "hold", "release", "1", "--reason", "case closed", "--as", "jan"];
    assert_eq!(rehearsed(&installation, &release), (vec!["hold.release".to_owned()], vec![]));
    assert_eq!(installation.json(&["retention", "hold", "list"])["holds"].as_array().unwrap().len(), 1);
    run(&installation, &["retention", "hold", "release", "1", "--reason", "case closed"]);
    installation.json(&["retention", "run"]);
    installation.run(&["reports", "--raw", "1"]).ended(1);
    assert_eq!(files_with(installation.data(), HOST), Vec::<String>::new());
    installation.assert_sound();
    assert_eq!(installation.json(&["retention", "hold", "list", "--all"])["holds"][0]["reason"], "case 12");
}

#[test]
fn the_service_erases_what_is_old_and_goes_on() {
    let installation = old();
    let serving = Serving::start(&installation, "");
    let erased = |installation: &Installation| installation.run(&["reports", "--raw", "1"]).code == Some(1);
    serving.wait("the erasure", || erased(&installation));
    let again = report("2026-11-21", HOST, "2001:db8:3::1");
    fs::write(installation.path("new.csv"), again).unwrap();
    let incoming = installation.data().join("incoming").join(rdp_name("2026-11-21"));
    fs::rename(installation.path("new.csv"), incoming).unwrap();
    serving.wait("the new report", || count(&installation.json(&["findings"])["count"]) == 3);
    drop(serving);
    installation.assert_sound();
}

#[test]
fn what_was_answered_long_ago_is_gone_and_how_it_counts_is_kept() {
    let mut installation = Installation::new();
    installation.at("2024-01-02T09:00:00Z");
    installation.json(&["user", "add", "jan"]);
    let file = installation.file(&rdp_name("2024-01-01"), rdp("2024-01-01", &["198.51.100.200"]));
    installation.ingest(&file);
    installation.json(&["tell"]);
    let said =
        ["answer", "new", "fixed", "--notification", "N1", "--who", PERSON, "--reason", "done by PERSON-X"];
    installation.json(&[&["--as", "jan"][..], &said].concat());
    assert!(files_with(installation.data(), "PERSON-X").contains(&"store.sqlite".to_owned()));
    installation.at("2034-01-01T00:00:00Z");
    installation.json(&["retention", "run"]);
    for text in ["PERSON-X", PERSON] {
        assert_eq!(files_with(installation.data(), text), [""; 0], "{text}");
    }
    let answers = installation.json(&["answer", "list", "--all"])["answers"].clone();
    assert_eq!(
        (&answers[0]["kind"], &answers[0]["standing"]),
        (&"fixed".into(), &"taken".into()),
        "{answers}"
    );
    installation.assert_sound();
}

#[test]
fn what_waits_to_be_told_is_not_erased() {
    let mut installation = Installation::new();
    let file = installation.file(&rdp_name("2026-11-20"), report("2026-11-20", HOST, "2001:db8:3::1"));
    installation.ingest(&file);
    installation.at("2034-01-01T00:00:00Z");
    let run = installation.json(&["retention", "run"]);
    let raw = &run["classes"].as_array().unwrap()[1];
    assert_eq!(
        (raw["class"].as_str().unwrap(), count(&raw["reports"]), count(&raw["waiting"])),
        ("raw_reports", 0, 1)
    );
    installation.json(&["tell"]);
    installation.assert_sound();
}
