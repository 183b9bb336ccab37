//! Where a person or an address occurs, and erasing that while everything else still holds.

use std::fs;

use serde_json::Value;

use crate::{
    fixtures::{RDP_HEADER, Register, rdp_name, rdp_row_named},
    installation::{Installation, count},
    retention::files_with,
};

const PERSON: &str = "p.persoon@berkendal.example";
const ADDRESS: &str = "2001:db8:3::1";
const OTHER: &str = "2001:db8:3::2";

/// A report of two addresses, told to a person who has a phone number; `jan` works at the desk and wrote the name down.
fn told() -> Installation {
    let installation = Installation::empty();
    installation.json(&["user", "add", "jan"]);
    let register =
        Register::small().contact(&format!("GM3,findings,Piet Persoon,{PERSON},+31 6 000 11 22,nl,AMBER"));
    let folder = register.write_to(&installation.path("register"));
    let reason = "Piet Persoon called";
    installation.run(&["register", "import", &folder, "--as", "jan", "--reason", reason]).ended(0);
    let report = format!(
        "{RDP_HEADER}{}{}",
        rdp_row_named("2026-11-20 03:00:00", ADDRESS, "a.berkendal.nl"),
        rdp_row_named("2026-11-20 03:00:00", OTHER, "b.berkendal.nl")
    );
    let file = installation.file(&rdp_name("2026-11-20"), report);
    installation.ingest(&file);
    installation.json(&["tell"]);
    installation
}

fn subjects(found: &Value) -> Vec<String> {
    let occurrences = found["occurrences"].as_array().unwrap().iter();
    let mut subjects: Vec<String> =
        occurrences.map(|one| one["subject"].as_str().unwrap().to_owned()).collect();
    subjects.sort();
    subjects.dedup();
    subjects
}

fn by_jan(installation: &Installation, args: &[&str]) -> Value {
    installation.json(&[args, &["--as", "jan"]].concat())
}

#[test]
fn a_person_is_found_exported_and_erased_everywhere() {
    let installation = told();
    installation.run(&["privacy", "find", "piet persoon"]).ended(1).says(&["--as NAME"]);
    let found = by_jan(&installation, &["privacy", "find", "PERSOON"]);
    let places = subjects(&found);
    for place in ["audit:2", "contact:7", "register_version:1"] {
        assert!(places.contains(&place.to_owned()), "{place} is not in {places:?}");
    }
    assert!(places.iter().any(|place| place.starts_with("message:")), "{places:?}");
    let exported = installation.run(&["privacy", "export", PERSON, "--as", "jan"]).ended(0).json_lines();
    assert!(exported.iter().any(|one| one["text"] == PERSON));
    by_jan(&installation, &["privacy", "erase", "persoon", "--reason", "request 7", "--dry-run"]);
    assert!(!files_with(installation.data(), PERSON).is_empty());

    let backup = installation.path("backup").display().to_string();
    installation.json(&["backup", &backup]);
    by_jan(&installation, &["privacy", "erase", "persoon", "--reason", "request 7"]);
    for text in [PERSON, "Piet Persoon", "+31 6 000 11 22"] {
        assert_eq!(files_with(installation.data(), text), Vec::<String>::new(), "{text}");
    }
    assert!(!installation.mails().iter().any(|mail| mail.contains(PERSON)));
    assert_eq!(subjects(&by_jan(&installation, &["privacy", "find", "persoon"])), Vec::<String>::new());
    installation.assert_sound();
    let contacts = installation.path("export");
    installation.run(&["register", "export", contacts.to_str().unwrap()]).ended(0);
    let contacts = fs::read_to_string(contacts.join("contacts.csv")).unwrap();
    assert!(!contacts.contains("ersoon") && contacts.contains("desk@berkendal.example"), "{contacts}");

    // An older backup brings it back; the list beside the store takes it away again.
    let mut restored = Installation::empty();
    restored.at("2026-11-22T09:00:00Z");
    fs::create_dir_all(restored.data()).unwrap();
    fs::copy(installation.data().join("erasures.jsonl"), restored.data().join("erasures.jsonl")).unwrap();
    restored.json(&["restore", &backup]);
    assert!(!files_with(restored.data(), PERSON).is_empty());
    restored.json(&["restore", "confirm", "--hold-waiting", "--as", "jan"]);
    for text in [PERSON, "Piet Persoon"] {
        assert_eq!(files_with(restored.data(), text), Vec::<String>::new(), "{text}");
    }
    restored.assert_sound();
}

#[test]
fn an_address_is_erased_from_a_report_and_the_other_rows_stay() {
    let installation = told();
    let ledger = installation.ledger();
    let found = subjects(&by_jan(&installation, &["privacy", "find", ADDRESS]));
    assert!(found.contains(&"event:1:1".to_owned()) && found.contains(&"finding:0".to_owned()), "{found:?}");
    assert!(
        !found.contains(&"event:1:2".to_owned()) && !found.contains(&"finding:1".to_owned()),
        "{found:?}"
    );
    by_jan(&installation, &["privacy", "erase", ADDRESS, "--reason", "request 8"]);
    let raw = installation.run(&["reports", "--raw", "1"]).ended(0).stdout;
    assert!(!raw.contains(ADDRESS) && raw.contains(OTHER), "{raw}");
    let erased = installation.json(&["trace", "1:1"]);
    assert!(erased["erased"].as_str().unwrap().contains("by jan (audit entry"), "{erased}");
    assert!(installation.json(&["trace", "F0"])["erased"].is_string());
    let left = installation.json(&["trace", "1:2"]);
    assert!(left["raw"].as_str().unwrap().contains(OTHER));
    assert_eq!(installation.ledger(), ledger);
    installation.assert_sound();
    // The frame that was moved is not taken for a tail that was never committed.
    let next = installation.file("more.csv", rdp_row_named("2026-11-21 03:00:00", ADDRESS, ""));
    let next = installation
        .file(&rdp_name("2026-11-21"), format!("{RDP_HEADER}{}", fs::read_to_string(next).unwrap()));
    assert_eq!(count(&installation.ingest(&next)["findings_new"]), 1, "a later sighting is a new finding");
    assert!(installation.run(&["reports", "--raw", "1"]).ended(0).stdout.contains(OTHER));
    installation.assert_sound();
}

#[test]
fn what_is_held_or_waits_is_kept_and_named() {
    let installation = told();
    by_jan(&installation, &["retention", "hold", "add", "organisation:GM3", "--reason", "case"]);
    let run = installation.run(&["privacy", "erase", ADDRESS, "--reason", "request", "--as", "jan"]).ended(3);
    assert!(run.stdout.contains("under legal hold"), "{run:#?}");
    assert!(installation.run(&["reports", "--raw", "1"]).stdout.contains(ADDRESS));
    let waiting = installation.file(
        &rdp_name("2026-11-21"),
        format!("{RDP_HEADER}{}", rdp_row_named("2026-11-21 03:00:00", "198.51.100.200", "")),
    );
    installation.ingest(&waiting);
    let run = installation
        .run(&["privacy", "erase", "198.51.100.200", "--reason", "request", "--as", "jan"])
        .ended(3);
    assert!(run.stdout.contains("waits to be told"), "{run:#?}");
    installation.json(&["tell"]);
    installation.assert_sound();
}
