//! `schakel reattribute`: after the register was set right, what was told to the wrong party is taken back, the right one is told, and the
//! ledger shows both.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use schakel_demo::{
    bench_corpus::{BenchCorpus, Order},
    constituency::register_files,
};
use serde_json::{Value, json};

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, NOW, count},
};

/// Takes in a day on which these addresses are seen, an hour after midnight in the Netherlands.
fn day(installation: &mut Installation, day: &str, addresses: &[&str]) -> Value {
    let file = installation.file(&rdp_name(day), rdp(day, addresses));
    let ingested = installation.at(&format!("{day}T09:00:00Z")).ingest(&file);
    installation.at(NOW);
    ingested
}

fn fates(installation: &Installation) -> Value {
    let ledger = installation.ledger();
    assert_eq!(ledger["balanced"], true, "{ledger}");
    let some = ledger["fates"].as_object().unwrap().iter().filter(|(_, count)| **count != json!(0));
    some.map(|(fate, count)| (fate.clone(), count.clone())).collect::<serde_json::Map<_, _>>().into()
}

fn reattribute(installation: &Installation) -> Value {
    installation.json(&["reattribute", "--since", "2026-11-01", "--reason", "the range was entered wrong"])
}

/// Organisation, fate, notification and correction of each assignment of a finding.
fn assignments(installation: &Installation, finding: &str) -> Vec<String> {
    let trace = installation.json(&["trace", finding]);
    let line = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
        [text("organisation"), text("fate"), text("notification"), text("correction")].join(" ")
    };
    let mut lines: Vec<_> = trace["assignments"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

/// The small register, but the first half of the range is Lindeveen's as well.
fn set_right() -> Register {
    Register::small()
        .without_asset("GM1,prefix,198.51.100.0/25,owner")
        .asset("GM2,prefix,198.51.100.0/25,owner")
}

#[test]
fn told_to_the_wrong_party_it_is_taken_back_and_the_right_one_is_told() {
    let mut installation = Installation::new();
    day(&mut installation, "2026-11-19", &["198.51.100.1", "198.51.100.2", "198.51.100.200", "192.0.2.1"]);
    installation.json(&["tell"]);
    day(&mut installation, "2026-11-20", &["198.51.100.1"]);
    assert_eq!(fates(&installation), json!({ "notified": 5, "unrouted": 1, "known": 2 }));
    assert_eq!(installation.mails().len(), 3);
    installation.import(&set_right());

    let before = (installation.ledger(), assignments(&installation, "F0"));
    let dry = installation.json(&["reattribute", "--since", "2026-11-01", "--dry-run"]);
    assert_eq!((count(&dry["withdrawn"]), count(&dry["added"]), &dry["run"]), (2, 2, &Value::Null));
    assert_eq!(dry["groups"][0]["kind"], "moves");
    assert_eq!(
        (&dry["groups"][0]["from"]["code"], &dry["groups"][0]["to"]["code"]),
        (&json!("GM1"), &json!("GM2"))
    );
    assert_eq!(
        (installation.ledger(), assignments(&installation, "F0")),
        before,
        "a dry run changes nothing"
    );

    let done = reattribute(&installation);
    assert_eq!((count(&done["findings"]), count(&done["notices"]), &done["run"]), (2, 1, &json!(1)));
    // The operator of the range is told as before, and so is the owner of the other half.
    assert_eq!(
        fates(&installation),
        json!({ "notified": 3, "withdrawn": 2, "queued": 2, "unrouted": 1, "known": 2 })
    );
    assert_eq!(
        assignments(&installation, "F0"),
        ["GM1 withdrawn N1 K1", "GM2 queued - K1", "SV1 notified N3 -"]
    );
    installation.assert_sound();
    let again = reattribute(&installation);
    assert_eq!((count(&again["findings"]), &again["run"]), (0, &Value::Null), "there is nothing left to do");

    installation.json(&["tell"]);
    assert_eq!(assignments(&installation, "F0")[1], "GM2 notified N5 K1");
    let mails = installation.mails();
    assert_eq!(mails.len(), 5);
    let notice =
        mails.iter().find(|mail| mail.contains("Ingetrokken")).expect("there is a withdrawal notice");
    for part in ["cert@eikendam.example", "X-TLP: TLP:AMBER", "[Schakel #1]", "Verwijder het bericht"] {
        assert!(notice.contains(part), "`{part}` is missing in {notice}");
    }
    assert!(!notice.contains("198.51.100"), "a notice repeats nothing: {notice}");
    installation.assert_sound();

    // A repeat is known to the new owner, and is not queued again for the old one.
    let repeat = day(&mut installation, "2026-11-21", &["198.51.100.1", "198.51.100.2", "198.51.100.200"]);
    assert_eq!(count(&repeat["findings_new"]), 0, "{repeat}");
    assert_eq!(fates(&installation), json!({ "notified": 5, "withdrawn": 2, "unrouted": 1, "known": 7 }));
    installation.assert_sound();
}

#[test]
fn only_a_part_of_what_was_told_together_moves() {
    let mut installation = Installation::new();
    day(&mut installation, "2026-11-20", &["198.51.100.1", "198.51.100.100", "198.51.100.101"]);
    installation.json(&["tell"]);
    installation.import(&Register::small().asset("GM2,prefix,198.51.100.96/27,owner"));
    let done = installation.json(&[
        "reattribute",
        "--since",
        "2026-11-20",
        "--organisation",
        "GM2",
        "--reason",
        "a part is Lindeveen's",
    ]);
    assert_eq!((count(&done["withdrawn"]), count(&done["added"])), (2, 2));
    assert_eq!(fates(&installation), json!({ "notified": 4, "withdrawn": 2, "queued": 2 }));
    assert_eq!(assignments(&installation, "F0"), ["GM1 notified N1 -", "SV1 notified N2 -"]);
    assert_eq!(assignments(&installation, "F1")[0], "GM1 withdrawn N1 K1");
    installation.assert_sound();
    installation.json(&["tell"]);
    let mails = installation.mails();
    let notice = mails.iter().find(|mail| mail.contains("Ingetrokken")).unwrap();
    assert!(notice.contains("een deel van ons bericht") && notice.contains("- 1\r\n- 2\r\n"), "{notice}");
}

#[test]
fn what_was_nobodys_becomes_somebodys_and_the_other_way_round() {
    let mut installation = Installation::new();
    for date in ["2026-11-19", "2026-11-20"] {
        day(&mut installation, date, &["192.0.2.1", "192.0.2.2", "198.51.100.200"]);
    }
    assert_eq!(fates(&installation), json!({ "unrouted": 4, "queued": 1, "known": 1 }));
    installation.import(
        &Register::small()
            .without_asset("GM2,prefix,198.51.100.128/25,owner")
            .asset("GM3,address,192.0.2.1,owner"),
    );
    let done = reattribute(&installation);
    assert_eq!((count(&done["becomes_routed"]), count(&done["becomes_unrouted"])), (1, 1));
    // Both sightings of the first were nobody's by mistake; the last is nobody's now.
    assert_eq!(fates(&installation), json!({ "unrouted": 3, "queued": 1, "withdrawn": 3, "known": 1 }));
    assert_eq!(count(&done["notices"]), 0, "nobody was told yet");
    assert_eq!(installation.json(&["ledger", "--report", "2"])["balanced"], true);
    assert_eq!(installation.json(&["ledger", "--report", "1"])["balanced"], true);
    let listed = installation.json(&["ledger", "--list", "queued"]);
    assert_eq!(listed["listed"][0]["finding"], "F0");
    installation.assert_sound();
    installation.json(&["tell"]);
    assert_eq!(installation.mails().len(), 1);
    installation.assert_sound();
}

#[test]
fn a_mail_that_has_not_left_is_kept_back() {
    let mut installation = Installation::new();
    day(&mut installation, "2026-11-20", &["198.51.100.1"]);
    installation.json(&["tell", "--no-send"]);
    installation.import(&set_right());
    let done = reattribute(&installation);
    assert_eq!(count(&done["notices"]), 0);
    assert_eq!(assignments(&installation, "F0")[0], "GM1 withdrawn N1 K1");
    installation.json(&["tell"]);
    let mails = installation.mails();
    let to: Vec<bool> = mails.iter().map(|mail| mail.contains("cert@eikendam.example")).collect();
    assert_eq!(to, [false, false], "the new owner and the operator are told, the old owner is not");
    installation.assert_sound();
}

#[test]
fn what_was_right_when_it_was_told_stays() {
    let mut installation = Installation::empty();
    let handed_over = |register: Register| {
        register
            .asset("GM1,prefix,198.51.100.0/25,owner,,2026-11-20")
            .asset("GM2,prefix,198.51.100.0/25,owner,2026-11-20")
    };
    installation.import(&handed_over(Register::small().without_asset("GM1,prefix,198.51.100.0/25,owner")));
    day(&mut installation, "2026-11-19", &["198.51.100.1"]);
    day(&mut installation, "2026-11-20", &["198.51.100.1"]);
    assert_eq!(fates(&installation), json!({ "queued": 3, "known": 1 }));
    let done = reattribute(&installation);
    assert_eq!((count(&done["findings"]), &done["run"]), (0, &Value::Null), "{done}");
}

#[test]
fn an_owner_who_could_not_be_told_gives_way_to_one_who_can() {
    let mut installation = Installation::new();
    day(&mut installation, "2026-11-20", &["203.0.113.1"]);
    assert_eq!(fates(&installation), json!({ "no_contact": 1 }));
    installation.import(&Register::small().asset("GM2,address,203.0.113.1,owner"));
    reattribute(&installation);
    assert_eq!(fates(&installation), json!({ "withdrawn": 1, "queued": 1 }));
    installation.assert_sound();
    // And back: the first is nobody's to tell again, the other is taken back.
    installation.import(&Register::small());
    reattribute(&installation);
    assert_eq!(fates(&installation), json!({ "withdrawn": 2, "no_contact": 1 }));
    installation.assert_sound();
}

#[test]
fn a_merged_municipality_gives_its_findings_to_its_successor_without_a_notice() {
    let mut installation = Installation::new();
    day(&mut installation, "2026-11-20", &["198.51.100.1", "198.51.100.200"]);
    installation.json(&["tell"]);
    installation.import(&Register::small().relation("GM1,merged_into,GM2,,,2026-11-21"));
    let done = reattribute(&installation);
    assert_eq!((count(&done["findings"]), count(&done["notices"])), (1, 0));
    assert_eq!(assignments(&installation, "F0")[..2], ["GM1 withdrawn N1 K1", "GM2 queued - K1"]);
    installation.assert_sound();
    installation.json(&["tell"]);
    assert!(installation.mails().iter().all(|mail| !mail.contains("Ingetrokken")));
}

#[test]
fn it_wants_a_time_and_a_reason() {
    let installation = Installation::new();
    installation.run(&["reattribute"]).ended(2);
    installation.run(&["reattribute", "--since", "2026-11-20"]).ended(2).says(&["--reason"]);
    installation
        .run(&["reattribute", "--since", "2026-11-20", "--dry-run", "--organisation", "GM9"])
        .ended(1)
        .says(&["there is no organisation GM9"]);
    let nothing = installation.json(&["reattribute", "--since", "2026-11-20", "--reason", "none"]);
    assert_eq!((count(&nothing["findings"]), &nothing["run"]), (0, &Value::Null));
}

/// Rows of the day that is corrected: more than two corrections.
const ROWS: u64 = 130_000;

/// The demo's constituency, where a supplier has everything as well.
fn constituency() -> Installation {
    let installation = Installation::empty();
    let files = register_files();
    let folder = installation.path("register");
    fs::create_dir(&folder).unwrap();
    for (name, text) in [
        ("organisations.csv", &files.organisations),
        ("assets.csv", &files.assets),
        ("contacts.csv", &files.contacts),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    let folder = folder.to_str().unwrap();
    installation.run(&["register", "import", folder]).ended(0);
    let corpus = BenchCorpus { rows: ROWS, seed: 1, day: 0, order: Order::AsBefore };
    let mut bytes = Vec::new();
    corpus.write_to(&mut bytes).expect("memory takes everything");
    installation.ingest(&installation.file(&corpus.file_name(), bytes));
    let assets = files.assets.clone()
        + "LEV-HOSTING,prefix,0.0.0.0/1,operator,,,desk,,\nLEV-HOSTING,prefix,128.0.0.0/1,operator,,,desk,,\n";
    fs::write(installation.path("register").join("assets.csv"), assets).unwrap();
    installation.run(&["register", "import", folder]).ended(0);
    installation
}

#[test]
fn killed_in_the_middle_a_correction_is_all_or_nothing_and_goes_on() {
    let command = |installation: &Installation| -> Command {
        installation.command(&["reattribute", "--since", "2026-11-01", "--reason", "everything is hosted"])
    };
    let undisturbed = constituency();
    let started = Instant::now();
    assert!(command(&undisturbed).stdout(Stdio::null()).status().unwrap().success());
    let duration = started.elapsed();
    let expected = undisturbed.ledger();
    undisturbed.assert_sound();

    let installation = constituency();
    let before = count(&installation.ledger()["assignments"]);
    let spawn = || command(&installation).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let kill = |mut child: Child| {
        child.kill().unwrap();
        child.wait().unwrap();
        let ledger = installation.ledger();
        assert_eq!(ledger["balanced"], true, "{ledger}");
        count(&ledger["assignments"])
    };
    // Once before anything is done, once as soon as the first correction stands, once later.
    let child = spawn();
    thread::sleep(duration / 10);
    assert_eq!(kill(child), before);
    let mut child = spawn();
    while count(&installation.ledger()["assignments"]) == before {
        assert!(child.try_wait().unwrap().is_none(), "it came to its end before it was killed");
    }
    let between = kill(child);
    installation.assert_sound();
    let child = spawn();
    thread::sleep(duration.mul_f64(0.7));
    let later = kill(child);
    println!(
        "assignments: {before} before, {between} and {later} when killed, {} at the end",
        expected["assignments"]
    );
    assert!(command(&installation).stdout(Stdio::null()).status().unwrap().success());
    assert_eq!(installation.ledger(), expected);
    installation.assert_sound();
}
