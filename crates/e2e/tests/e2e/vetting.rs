//! Sources, and what waits for a person.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    fixtures::{rdp, rdp_name, rdp_row, zipped},
    installation::{Installation, count},
    serve::{Serving, put},
};

const MAIL: &str = "From: melder@example.org\r\nDate: Fri, 20 Nov 2026 03:00:00 +0000\r\nSubject: scan\r\n\r\n\
                    We saw a port scan from 198.51.100.200 at 2026-11-20 02:55 UTC.\r\n";

fn desk() -> Installation {
    let installation = Installation::new();
    installation.json(&["user", "add", "jan"]);
    installation
}

fn held(installation: &Installation) -> usize {
    installation.json(&["vetting", "list"])["held"].as_array().unwrap().len()
}

/// The table attached to a mail.
fn table(mail: &str) -> String {
    let (_, part) = mail.split_once("text/csv").unwrap();
    let (_, body) = part.split_once("\n\n").unwrap_or_else(|| part.split_once("\r\n\r\n").unwrap());
    let encoded: String = body.lines().take_while(|line| !line.starts_with("--")).map(str::trim).collect();
    String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
}

/// A file in the folder of a source.
fn put_from(installation: &Installation, source: &str, name: &str, content: impl AsRef<[u8]>) {
    let folder = installation.data().join("incoming").join(source);
    fs::create_dir_all(&folder).unwrap();
    fs::rename(installation.file(name, content), folder.join(name)).unwrap();
}

#[test]
fn what_was_only_found_in_a_mails_text_waits_for_a_person_who_sees_what_accepting_does() {
    let installation = desk();
    let serving = Serving::start(&installation, "");
    put(&installation, "melding.eml", MAIL);
    serving.wait("it to wait", || held(&installation) == 1);
    assert_eq!(count(&installation.ledger()["rows"]), 0, "nothing of it is recorded");

    let shown = installation.json(&["vetting", "show", "R1"]);
    let preview = &shown["preview"];
    assert_eq!((count(&preview["events"]), count(&preview["findings_new"])), (1, 1), "{shown}");
    assert_eq!(preview["organisations"][0]["code"], "GM2");
    assert_eq!(preview["organisations"][0]["recipients"][0], "vcib@lindeveen.example");
    assert_eq!(count(&installation.ledger()["rows"]), 0, "looking changes nothing");

    installation.run(&["vetting", "accept", "R1"]).ended(1).says(&["--as NAME"]);
    let accepted = installation.json(&["--as", "jan", "vetting", "accept", "R1"]);
    assert_eq!((count(&accepted["events"]), &accepted["known"]), (1, &false.into()), "{accepted}");
    serving.wait("the mail", || installation.mails().len() == 1);
    serving.stop();
    assert_eq!(held(&installation), 0);
    installation.run(&["--as", "jan", "vetting", "accept", "R1"]).ended(1).says(&["does not wait any more"]);
    let arrival = &installation.json(&["arrivals", "R1"])["arrivals"][0];
    assert_eq!(
        (arrival["state"].as_str(), arrival["by"].as_str()),
        (Some("taken"), Some("jan")),
        "{arrival}"
    );
    let audit = installation.run(&["audit", "list"]).ended(0).stdout;
    assert!(audit.contains("jan  arrival.accept arrival:R1"), "{audit}");
    installation.assert_sound();
}

#[test]
fn what_is_shown_of_a_report_is_what_accepting_it_does() {
    let installation = desk();
    let known =
        installation.file(&rdp_name("2026-11-18"), rdp("2026-11-18", &["198.51.100.9", "203.0.113.1"]));
    installation.ingest(&known);
    installation.json(&["source", "add", "divd", "--name", "DIVD", "--kind", "researcher"]);
    installation.json(&[
        "source",
        "add",
        "quiet",
        "--name",
        "Q",
        "--kind",
        "researcher",
        "--may-notify",
        "false",
    ]);
    // One known, one of two organisations, one of nobody, one that nobody may be told of, one twice, one without a time.
    let rows =
        ["198.51.100.9", "198.51.100.10", "192.0.2.7", "203.0.113.2", "198.51.100.200", "198.51.100.200"];
    let bad = rdp("2026-11-19", &rows) + &rdp_row("no time", "198.51.100.11");
    let second = rdp("2026-11-20", &["198.51.100.10", "198.51.100.201"]);
    let (bad_name, second_name) = (rdp_name("2026-11-19"), rdp_name("2026-11-20"));
    let members =
        [(&*bad_name, bad.as_bytes()), (&*second_name, second.as_bytes()), ("x.csv", b"what,is\nthis,\n")];
    let serving = Serving::start(&installation, "");
    put_from(&installation, "divd", "both.zip", zipped(&members));
    put_from(&installation, "quiet", &rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.202"]));
    put_from(&installation, "quiet", "same.csv", fs::read(&known).unwrap());
    serving.wait("all to wait", || held(&installation) == 3);
    serving.stop();
    for (receipt, report) in [("R1", "2"), ("R2", "3")] {
        let shown = installation.json(&["vetting", "show", receipt])["preview"].take();
        let ends = if receipt == "R1" { 1 } else { 0 };
        installation.run(&["--as", "jan", "vetting", "accept", receipt]).ended(ends);
        let ledger = installation.json(&["ledger", "--report", report]);
        for sum in ["rows", "events", "rejected", "duplicates"] {
            assert_eq!(shown[sum], ledger[sum], "{sum} of {receipt}: {shown} {ledger}");
        }
        let fate = |name: &str| ledger["fates"][name].as_u64().unwrap_or(0);
        let of_all =
            |what: &str| shown["organisations"].as_array().unwrap().iter().map(|one| count(&one[what])).sum();
        let (told, not_told): (u64, u64) = (of_all("told"), of_all("not_told"));
        assert_eq!((told, count(&shown["unrouted"])), (fate("queued"), fate("unrouted")), "{shown} {ledger}");
        assert_eq!(not_told, fate("no_contact") + fate("held"), "{shown} {ledger}");
    }
    let again = installation.json(&["vetting", "show", "R3"]);
    assert!(again["preview"]["known"] == true, "{again}");
    installation.assert_sound();
}

#[test]
fn a_new_source_is_looked_at_until_it_is_trusted() {
    let installation = desk();
    installation.json(&["source", "add", "divd", "--name", "DIVD", "--kind", "researcher", "--tlp", "GREEN"]);
    let serving = Serving::start(&installation, "");
    for (day, address) in [("2026-11-19", "198.51.100.200"), ("2026-11-20", "198.51.100.201")] {
        put_from(&installation, "divd", &rdp_name(day), rdp(day, &[address]));
    }
    serving.wait("both to wait", || held(&installation) == 2);
    let shown = installation.json(&["vetting", "show", "R1"]);
    assert_eq!((shown["source"].as_str(), &shown["proven"]), (Some("divd"), &true.into()), "{shown}");
    assert_eq!(shown["formats"][0], "shadowserver");

    let always = installation.run(&["--as", "jan", "vetting", "always", "R1"]).ended(0).stdout;
    for part in ["R1 is report 1", "R2 is report 2", "trusted"] {
        assert!(always.contains(part), "{part}: {always}");
    }
    put_from(&installation, "divd", &rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.202"]));
    serving.wait("the third without anybody", || count(&installation.ledger()["rows"]) == 3);
    serving.wait("a mail", || !installation.mails().is_empty());
    serving.stop();
    let source = installation.json(&["source", "show", "divd"]);
    assert_eq!(source["trust"], "automatic");
    let table = table(&installation.mails()[0]);
    assert!(
        table.contains(",reported_by") && !table.contains("DIVD"),
        "a source that says nothing is shown to nobody"
    );
    assert_eq!((count(&source["record"]["reports"]), count(&source["record"]["events"])), (3, 3), "{source}");
    let finding = installation.run(&["trace", "1:1"]).ended(0);
    assert!(finding.stdout.contains("TLP:GREEN"), "the source's own marking: {}", finding.stdout);
    installation.assert_sound();
}

#[test]
fn a_blocked_source_and_one_nobody_knows_are_refused_with_the_reason() {
    let installation = desk();
    installation.json(&["source", "add", "flood", "--trust", "automatic"]);
    installation.json(&["source", "block", "flood", "--reason", "sends rubbish"]);
    let serving = Serving::start(&installation, "");
    let reason = |source: &str| {
        let path = format!("failed/{source}/{}.reason", rdp_name("2026-11-20"));
        fs::read_to_string(installation.data().join(path)).unwrap_or_default()
    };
    for source in ["flood", "stranger"] {
        put_from(&installation, source, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
        serving.wait("it to be refused", || !reason(source).is_empty());
    }
    assert!(reason("flood").contains("the source is blocked"), "{}", reason("flood"));
    assert!(reason("stranger").contains("schakel source add stranger"), "{}", reason("stranger"));
    serving.stop();
    assert_eq!(count(&installation.ledger()["rows"]), 0);
    installation.assert_sound();
}

#[test]
fn what_is_rejected_is_kept_as_evidence_and_can_still_come_in() {
    let installation = desk();
    let serving = Serving::start(&installation, "");
    put(&installation, "melding.eml", MAIL);
    serving.wait("it to wait", || held(&installation) == 1);
    serving.stop();
    installation.run(&["--as", "jan", "vetting", "reject", "R1", "--reason", "a joke"]).ended(0);
    assert_eq!(held(&installation), 0);
    let arrival = &installation.json(&["arrivals", "R1"])["arrivals"][0];
    assert_eq!((arrival["state"].as_str(), arrival["reason"].as_str()), (Some("refused"), Some("a joke")));
    let file = installation.file("melding.eml", MAIL);
    let taken = installation.ingest(&file);
    assert_eq!((count(&taken["events"]), &taken["report_known"]), (1, &false.into()), "{taken}");
    installation.assert_sound();
}

#[test]
fn a_backup_keeps_what_waits() {
    let installation = desk();
    let serving = Serving::start(&installation, "");
    put(&installation, "melding.eml", MAIL);
    serving.wait("it to wait", || held(&installation) == 1);
    serving.stop();
    let copy = installation.path("copy");
    installation.run(&["backup", copy.to_str().unwrap()]).ended(0);
    let restored = Installation::empty();
    restored.run(&["restore", copy.to_str().unwrap()]).ended(0);
    assert_eq!(held(&restored), 1);
    let accepted = restored.json(&["--as", "jan", "vetting", "accept", "R1"]);
    assert_eq!(count(&accepted["events"]), 1, "{accepted}");
    restored.assert_sound();
}

#[test]
fn settings_of_a_source_are_checked() {
    let installation = desk();
    for (arguments, message) in [
        (&["source", "add", "../x"][..], "no code of a source"),
        (&["source", "add", "x", "--add-sender", "nobody"], "neither a mail address nor a domain"),
        (&["source", "show", "x"], "no source is called"),
        (&["source", "token", "revoke", "x", "1"], "no source is called"),
    ] {
        installation.run(arguments).ended(1).says(&[message]);
    }
    installation.run(&["source", "add", "x", "--credibility", "9"]).ended(2);
    let rehearsed =
        installation.run(&["source", "add", "x", "--add-sender", "x.example", "--dry-run"]).ended(0);
    assert!(rehearsed.stdout.contains("source.change"), "{}", rehearsed.stdout);
    installation.run(&["source", "show", "x"]).ended(1);
    installation.json(&["source", "add", "x", "--add-sender", "x.example"]);
    installation
        .run(&["source", "add", "y", "--add-sender", "x.example"])
        .ended(1)
        .says(&["already a sender of x"]);
    let token = installation.json(&["source", "token", "add", "x", "--label", "script"]);
    assert!(token["secret"].as_str().unwrap().starts_with("schakel_"), "{token}");
    let shown = installation.run(&["source", "show", "x"]).ended(0);
    assert!(!shown.stdout.contains(token["secret"].as_str().unwrap()), "a token is shown once");
    installation.run(&["source", "token", "revoke", "x", "1"]).ended(0);
    installation
        .run(&["source", "token", "revoke", "x", "1"])
        .ended(1)
        .says(&["no token 1 that still counts"]);
}

#[test]
fn a_call_is_written_down_word_for_word() {
    let installation = desk();
    let call = ["--as", "jan", "report", "new", "--from", "Els", "--call-back", "+31 88 000 00 00", "--text"];
    let words = "RDP staat open op 198.51.100.200";
    let mut arguments = call.to_vec();
    arguments.extend([
        words,
        "--ip",
        "198.51.100.200",
        "--port",
        "3389",
        "--identifier",
        "open-rdp",
        "--type",
        "vulnerable-system",
    ]);
    let taken = installation.json(&arguments);
    assert_eq!((taken["receipt"].as_str(), count(&taken["report"])), (Some("R1"), 1), "{taken}");
    let traced = installation.run(&["trace", "1:1"]).ended(0).stdout;
    assert!(traced.contains("198.51.100.200") && traced.contains("open-rdp"), "{traced}");
    assert!(!traced.contains("Els"), "the caller stands in the evidence alone: {traced}");

    let mut arguments = call.to_vec();
    arguments.push("Er is iets met 198.51.100.201, zag ik vandaag");
    let held = installation.json(&arguments);
    assert_eq!((held["receipt"].as_str(), &held["held"]), (Some("R2"), &true.into()), "{held}");
    let preview = &installation.json(&["vetting", "show", "R2"])["preview"];
    assert_eq!(count(&preview["events"]), 1, "{preview}");
    let mut arguments = call.to_vec();
    arguments.extend([" ", "--ip", "198.51.100.200"]);
    installation.run(&arguments).ended(1).says(&["--text"]);
    installation.assert_sound();
}

#[test]
fn what_a_source_lets_nobody_be_told_of_is_held() {
    let installation = desk();
    installation.json(&["source", "add", "partner", "--trust", "automatic", "--may-notify", "false"]);
    let serving = Serving::start(&installation, "");
    put_from(&installation, "partner", &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    serving.wait("it to be taken in", || count(&installation.ledger()["events"]) == 1);
    serving.stop();
    installation.run(&["tell"]).ended(0);
    assert_eq!((installation.fate("held"), installation.mails().len()), (1, 0));
    installation.run(&["reattribute", "--since", "2026-11-01", "--reason", "nothing changed"]).ended(0);
    assert_eq!(installation.fate("held"), 1);
    installation.assert_sound();
}

#[test]
fn a_person_is_found_and_erased_in_what_was_put_aside() {
    let installation = desk();
    let serving = Serving::start(&installation, "");
    put(&installation, "melding.eml", MAIL);
    serving.wait("it to wait", || held(&installation) == 1);
    serving.stop();
    let find = |installation: &Installation| {
        installation.json(&["--as", "jan", "privacy", "find", "melder@example.org"])
    };
    let found = find(&installation);
    assert!(found.to_string().contains("waits for a decision"), "{found}");
    installation.run(&["--as", "jan", "vetting", "reject", "R1", "--reason", "a joke"]).ended(0);
    installation
        .run(&["--as", "jan", "privacy", "erase", "melder@example.org", "--reason", "asked for it"])
        .ended(0);
    let left = find(&installation);
    assert!(!left.to_string().contains("what reached a door"), "{left}");
    let spool = fs::read(installation.data().join("spool/spool.sqlite")).unwrap();
    assert!(!spool.windows(18).any(|part| part == b"melder@example.org"), "gone from the disk");
    installation.assert_sound();
}

#[test]
fn recipients_see_of_a_source_what_it_lets_them() {
    for (shown_as, expected) in [("name", "DIVD"), ("as:een onderzoeker", "een onderzoeker")] {
        let installation = desk();
        installation.json(&[
            "source",
            "add",
            "divd",
            "--name",
            "DIVD",
            "--trust",
            "automatic",
            "--shown-as",
            shown_as,
        ]);
        let serving = Serving::start(&installation, "");
        put_from(&installation, "divd", &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
        serving.wait("the mail", || installation.mails().len() == 1);
        serving.stop();
        let table = table(&installation.mails()[0]);
        assert!(
            // Before the last column, which names other organisations.
            table.contains(&format!(",{expected},\n")),
            "{shown_as}: {table}"
        );
    }
}
