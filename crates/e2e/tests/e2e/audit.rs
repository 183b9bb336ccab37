//! Who did what, when and why; and that nobody can change that unnoticed.

use crate::{
    contacts::rehearsed,
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
    program::{self, Run},
};

/// An installation with the desk user `jan`, who has imported the register, and a report marked TLP:RED.
fn with_jan() -> Installation {
    let installation = Installation::empty();
    installation.json(&["user", "add", "jan", "--display-name", "Jan Jansen"]);
    let folder = Register::small().write_to(&installation.path("register"));
    installation
        .run(&["register", "import", &folder, "--as", "jan", "--reason", "the first register"])
        .ended(0);
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    installation.json(&["ingest", &file, "--tlp", "RED"]);
    installation
}

fn actions(installation: &Installation, args: &[&str]) -> Vec<(String, String, String)> {
    let listed = installation.json(&[&["audit", "list"], args].concat());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let entries = listed["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| (text(&entry["actor_name"]), text(&entry["action"]), text(&entry["subject"])))
        .collect()
}

fn names(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

/// Changes the database behind the program's back.
fn tamper(installation: &Installation, sql: &str) {
    let connection = rusqlite::Connection::open(installation.data().join("store.sqlite")).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn what_was_changed_is_listed_with_who_and_why() {
    let installation = with_jan();
    assert_eq!(
        actions(&installation, &[]),
        names(&[("jan", "register.change", "register:1"), ("command line", "user.add", "user:1")])
    );
    let listed = installation.json(&["audit", "list", "--actor", "jan"]);
    let entry = &listed["entries"][0];
    assert_eq!(entry["reason"], "the first register");
    assert_eq!(entry["detail"]["recorded"]["contact"], 6);
    assert_eq!(entry["at"], "2026-11-21T09:00:00Z");
    assert_eq!(actions(&installation, &["--since", "2026-11-22"]), []);
    assert_eq!(actions(&installation, &["--subject", "register:1"]).len(), 1);
    let exported = installation.run(&["audit", "export"]).ended(0).json_lines();
    assert_eq!(exported.iter().map(|entry| count(&entry["entry"])).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_stranger_and_a_disabled_user_do_not_act() {
    let installation = with_jan();
    let folder = Register::small().write_to(&installation.path("register"));
    let import = |name: &str| installation.run(&["register", "import", &folder, "--as", name]);
    import("piet").ended(1).says(&["there is no desk user piet"]);
    installation.run(&["user", "disable", "jan", "--reason", "left"]).ended(0);
    import("jan").ended(1).says(&["jan may not act any more"]);
    installation.run(&["user", "add", "Jan Jansen"]).ended(1).says(&["cannot be the name of a desk user"]);
    installation.run(&["user", "add", "serve"]).ended(1).says(&["Choose another name"]);
    let mut by_environment = installation.command(&["user", "add", "kees"]);
    program::run(by_environment.env("SCHAKEL_AS", "jan")).ended(1).says(&["jan may not act any more"]);
    let listed = installation.json(&["user", "list"]);
    assert_eq!(listed["users"][0]["disabled_at"], "2026-11-21T09:00:00Z");
}

#[test]
fn a_dry_run_adds_and_disables_nobody() {
    let installation = with_jan();
    let before = (installation.json(&["user", "list"]), installation.json(&["audit", "head"]));
    let mut changes = Vec::new();
    for args in [&["user", "add", "piet"][..], &["user", "disable", "jan", "--reason", "left"]] {
        changes.extend(rehearsed(&installation, args).0);
    }
    assert_eq!(changes, ["user.add", "user.disable"]);
    installation.run(&["user", "add", "serve", "--dry-run"]).ended(1).says(&["Choose another name"]);
    assert_eq!((installation.json(&["user", "list"]), installation.json(&["audit", "head"])), before);
}

#[test]
fn who_looks_at_a_raw_report_or_a_confidential_item_is_in_the_log() {
    let installation = with_jan();
    let before = actions(&installation, &[]).len();
    let jan = |args: &[&str]| installation.run(&[args, &["--as", "jan"]].concat());
    jan(&["reports", "--raw", "1"]).ended(0);
    jan(&["trace", "1:1"]).ended(0);
    jan(&["trace", "F0"]).ended(0);
    jan(&["findings"]).ended(0);
    jan(&["ledger"]).ended(0);
    jan(&["reports", "--raw", "9"]).ended(1);
    let listed = actions(&installation, &[]);
    let looked = &listed[..listed.len() - before];
    let expected = names(&[
        ("jan", "read.confidential", "findings"),
        ("jan", "read.confidential", "finding:0"),
        ("jan", "read.raw_report", "event:1:1"),
        ("jan", "read.raw_report", "report:1"),
    ]);
    assert_eq!(looked, expected);
    let amber = installation.file(&rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.201"]));
    installation.json(&["ingest", &amber]);
    jan(&["trace", "F1"]).ended(0);
    assert_eq!(actions(&installation, &[]), listed, "what all members may see is not recorded");
}

#[test]
fn tampering_is_found_by_every_check() {
    let installation = with_jan();
    installation.assert_sound();
    let head = installation.json(&["audit", "head"])["head"].as_str().unwrap().to_owned();
    assert!(head.starts_with("2:"), "{head}");
    let verify = |args: &[&str]| installation.run(&[&["audit", "verify"], args].concat());
    verify(&["--head", &head]).ended(0);
    tamper(&installation, "UPDATE organisation_state SET name = 'Other' WHERE name = 'Eikendam'");
    let says = |run: Run, text: &str| assert!(run.stdout.contains(text), "{run:#?}");
    says(verify(&[]).ended(1), "version 1 of the register holds other rows than its audit entry says");
    tamper(&installation, "UPDATE organisation_state SET name = 'Eikendam' WHERE name = 'Other'");
    verify(&[]).ended(0);
    tamper(&installation, "DELETE FROM audit WHERE id = 2; DELETE FROM audit_detail WHERE entry = 2;");
    says(verify(&[]).ended(1), "WRONG audit entry 1 should be followed by more, up to entry 2");
    says(installation.run(&["verify"]).ended(1), "the audit log is whole");
    says(installation.run(&["doctor"]).ended(1), "audit entry 1 should be followed by more");
    // Whoever cuts the note beside the chain as well is found by the head that was written down.
    tamper(
        &installation,
        "UPDATE meta SET value = (SELECT '1 ' || lower(hex(hash)) FROM audit WHERE id = 1) WHERE key = 'audit_head'",
    );
    says(verify(&["--head", &head]).ended(1), "but entry 2 was noted down");
}
