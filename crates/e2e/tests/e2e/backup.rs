//! A backup brings an installation back, and what was sent is never sent again.

use std::fs;

use crate::{
    fixtures::{rdp, rdp_name},
    installation::{Installation, count},
};

/// Two told, one (GM3) made and waiting to be sent, one taken in and not told yet.
fn backed_up() -> (Installation, String) {
    let mut installation = Installation::new();
    installation.at("2026-11-20T09:00:00Z");
    let first =
        installation.file(&rdp_name("2026-11-19"), rdp("2026-11-19", &["198.51.100.200", "198.51.100.201"]));
    installation.ingest(&first);
    installation.json(&["tell"]);
    let second = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["2001:db8:3::1"]));
    installation.ingest(&second);
    installation.json(&["tell", "--no-send"]);
    let third = installation.file(&rdp_name("2026-11-18"), rdp("2026-11-18", &["198.51.100.202"]));
    installation.ingest(&third);
    let backup = installation.path("backup").display().to_string();
    installation.json(&["backup", &backup]);
    (installation, backup)
}

fn restored(backup: &str) -> Installation {
    let mut restored = Installation::empty();
    restored.at("2026-11-21T09:00:00Z");
    let verified = restored.json(&["restore", backup]);
    assert_eq!(verified["ok"], true);
    restored
}

#[test]
fn a_restored_installation_is_the_same_and_sends_nothing_by_itself() {
    let (original, backup) = backed_up();
    let restored = restored(&backup);
    assert_eq!(restored.ledger(), original.ledger());
    restored.assert_sound();
    for (command, code) in [(&["outbox", "--send"][..], 1), (&["tell"], 1)] {
        restored.run(command).ended(code).says(&["paused", "schakel restore confirm"]);
    }
    assert!(restored.mails().is_empty());
    let doctor = restored.run(&["doctor"]);
    assert!(doctor.stdout.contains("paused"), "{doctor:#?}");
    // What is known stays known.
    let first = original.path(&rdp_name("2026-11-19")).display().to_string();
    assert_eq!(restored.ingest(&first)["report_known"], true);
    let raw = restored.run(&["reports", "--raw", "1"]).ended(0).stdout;
    assert_eq!(raw, fs::read_to_string(first).unwrap());
}

#[test]
fn hold_waiting_sends_nothing_of_before() {
    let (_original, backup) = backed_up();
    let restored = restored(&backup);
    restored.json(&["restore", "confirm", "--hold-waiting"]);
    assert_eq!(count(&restored.json(&["outbox", "--send"])["accepted"]), 0);
    assert_eq!(restored.json(&["tell"])["notifications"], serde_json::json!([]));
    assert!(restored.mails().is_empty());
    assert_eq!((restored.fate("held"), restored.fate("notified"), restored.fate("queued")), (2, 2, 0));
    restored.assert_sound();
    // Life goes on.
    let new =
        restored.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.203", "198.51.100.200"]));
    restored.ingest(&new);
    let told = restored.json(&["tell"]);
    assert_eq!(count(&told["notifications"][0]["findings"]), 1);
    assert_eq!(restored.mails().len(), 1);
    restored.assert_sound();
}

#[test]
fn send_waiting_sends_what_waited_and_nothing_that_was_sent() {
    let (original, backup) = backed_up();
    let restored = restored(&backup);
    restored.json(&["restore", "confirm", "--send-waiting"]);
    assert_eq!(count(&restored.json(&["outbox", "--send"])["accepted"]), 1);
    let told = restored.json(&["tell"]);
    assert_eq!(told["notifications"].as_array().unwrap().len(), 1, "{told}");
    let mails = restored.mails();
    assert_eq!(mails.len(), 2);
    assert!(!original.mails().iter().any(|sent| mails.contains(sent)), "a mail of before went out again");
    assert_eq!((restored.fate("notified"), restored.fate("held"), restored.fate("queued")), (4, 0, 0));
    restored.assert_sound();
}

#[test]
fn message_ids_and_numbers_after_a_restore_meet_none_that_went_out_after_the_backup() {
    let (original, backup) = backed_up();
    // The original goes on and is then lost.
    original.json(&["tell"]);
    let restored = restored(&backup);
    restored.json(&["restore", "confirm", "--hold-waiting"]);
    let new = restored.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.210"]));
    restored.ingest(&new);
    restored.json(&["tell"]);
    let id = |mail: &String| schakel_testkit::postfix::header(mail.as_bytes(), "message-id");
    let before: Vec<_> = original.mails().iter().map(id).collect();
    assert_eq!(before.len(), 3);
    for mail in restored.mails() {
        assert!(!before.contains(&id(&mail)), "{} was used before", id(&mail));
    }
}

#[test]
fn neither_a_backup_nor_a_restore_overwrites_anything() {
    let (original, backup) = backed_up();
    original.run(&["backup", &backup]).ended(1).says(&[&backup]);
    original.run(&["restore", &backup]).ended(1).says(&[original.data().to_str().unwrap()]);
    original.assert_sound();
    let empty = Installation::empty();
    let nothing = empty.path("nothing").display().to_string();
    empty.run(&["restore", &nothing]).ended(1).says(&[&nothing]);
    assert!(!empty.data().join("store.sqlite").exists());
}

#[test]
fn a_confirmation_needs_a_choice() {
    let (_original, backup) = backed_up();
    let restored = restored(&backup);
    restored.run(&["restore", "confirm"]).ended(2).says(&["--hold-waiting", "--send-waiting"]);
    restored.run(&["restore", "confirm", "--hold-waiting", "--send-waiting"]).ended(2);
}

#[test]
fn a_backup_beside_a_running_writer_is_whole() {
    let installation = Installation::new();
    let addresses: Vec<String> =
        (0..250).flat_map(|c| (0..100).map(move |d| format!("10.0.{c}.{d}"))).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &addresses));
    let mut writer = installation.command(&["ingest", &file]).spawn().unwrap();
    let backup = installation.path("backup").display().to_string();
    installation.json(&["backup", &backup]);
    assert!(writer.wait().unwrap().success());
    let restored = restored(&backup);
    restored.assert_sound();
    restored.ingest(&file);
    assert_eq!(count(&restored.ledger()["rows"]), 25_000);
    restored.assert_sound();
}
