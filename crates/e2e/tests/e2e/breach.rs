//! `schakel breach`: told to the wrong party, it is recalled, and the 72-hour clock runs until somebody decides.

use serde_json::{Value, json};

use crate::{
    contacts::rehearsed,
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, NOW, count},
};

/// The small register and a day that was told: two findings of Eikendam and its operator, one of Lindeveen.
fn told() -> Installation {
    let mut installation = Installation::new();
    let file = installation.file(
        &rdp_name("2026-11-20"),
        rdp("2026-11-20", &["198.51.100.1", "198.51.100.2", "198.51.100.200"]),
    );
    installation.at("2026-11-20T09:00:00Z").ingest(&file);
    installation.json(&["tell"]);
    installation.at(NOW);
    installation
}

fn open(installation: &Installation, what: &[&str]) -> Value {
    installation.json(&[&["breach", "open", "--reason", "entered for the wrong town"], what].concat())
}

/// Notification, recipient and state of each mail that somebody may have read.
fn received(shown: &Value) -> Vec<String> {
    let line = |one: &Value| {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        [text("notification"), text("recipient"), text("state")].join(" ")
    };
    shown["received"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_notification_is_recalled_and_the_clock_runs_until_a_person_decides() {
    let mut installation = told();
    let opened = open(&installation, &["--notification", "N1"]);
    assert_eq!(received(&opened), ["N1 cert@eikendam.example accepted"]);
    let one = &opened["received"][0];
    assert_eq!((&one["organisation"], &one["received_at"]), (&json!("GM1"), &json!("2026-11-20T09:00:00Z")));
    assert!(one["message_id"].as_str().unwrap().starts_with('<'), "{one}");
    assert_eq!(
        (&opened["breach"]["breach"], &opened["breach"]["deadline"], &opened["breach"]["seconds_left"]),
        (&json!("B1"), &json!("2026-11-24T09:00:00Z"), &json!(72 * 3600))
    );
    installation.json(&["tell"]);
    let mails = installation.mails();
    assert_eq!(mails.len(), 4);
    let recall = mails.iter().find(|mail| mail.contains("Ingetrokken")).expect("it is recalled");
    assert!(recall.contains("cert@eikendam.example") && recall.contains("[Schakel #1]"), "{recall}");
    let shown = installation.json(&["breach", "show", "B1"]);
    assert_eq!(shown["received"][0]["recalled_by"], json!(["N4 (1 of 1 sent)"]));
    installation.assert_sound();

    installation.at("2026-11-24T08:00:00Z");
    let listed = installation.json(&["breach", "list"]);
    assert_eq!((&listed["breaches"][0]["seconds_left"], &listed["overdue"]), (&json!(3600), &json!(0)));
    installation.run(&["doctor"]).ended(0);
    installation.at("2026-11-24T10:00:00Z");
    let listed = installation.json(&["breach", "list"]);
    assert_eq!((&listed["breaches"][0]["overdue"], &listed["overdue"]), (&json!(true), &json!(1)));
    let doctor = installation.run(&["doctor"]).ended(1);
    assert!(doctor.stdout.contains("past their 72 hours"), "{doctor:?}");

    let close = ["breach", "close", "B1", "--decision", "reported", "--reason", "reported as AP-1"];
    installation.run(&close).ended(1).says(&["--as NAME"]);
    installation.run(&["user", "add", "ada"]).ended(0);
    let closed = installation.json(&[&close[..], &["--as", "ada"]].concat());
    let breach = &closed["breach"];
    assert_eq!(
        ["decision", "closed_by", "closed_reason"].map(|key| breach[key].as_str().unwrap()),
        ["reported", "ada", "reported as AP-1"]
    );
    assert_eq!(breach["seconds_left"], Value::Null);
    assert_eq!(installation.json(&["breach", "list"])["breaches"], json!([]));
    assert_eq!(installation.json(&["breach", "list", "--all"])["breaches"].as_array().unwrap().len(), 1);
    installation.run(&[&close[..], &["--as", "ada"]].concat()).ended(1).says(&["closed already"]);
    installation.run(&["doctor"]).ended(0);
}

#[test]
fn what_a_correction_took_back_is_not_recalled_twice() {
    let installation = told();
    let right = Register::small()
        .without_asset("GM1,prefix,198.51.100.0/25,owner")
        .asset("GM2,prefix,198.51.100.0/25,owner");
    installation.import(&right);
    installation.json(&["reattribute", "--since", "2026-11-01", "--reason", "set right"]);
    let opened = open(&installation, &["--correction", "K1", "--discovered", "2026-11-20T09:00:00Z"]);
    assert_eq!(received(&opened), ["N1 cert@eikendam.example accepted"]);
    assert_eq!(opened["breach"]["seconds_left"], 48 * 3600);
    let of_finding = open(&installation, &["--finding", "F0"]);
    assert_eq!(
        received(&of_finding),
        ["N1 cert@eikendam.example accepted"],
        "only those it was taken back from"
    );
    installation.json(&["tell"]);
    let recalls = installation.mails().iter().filter(|mail| mail.contains("Ingetrokken")).count();
    assert_eq!(recalls, 1);
    installation.assert_sound();
}

#[test]
fn one_finding_of_one_organisation_is_recalled_and_the_rest_stands() {
    let installation = told();
    let opened = open(&installation, &["--finding", "F1", "--organisation", "SV1"]);
    assert_eq!(received(&opened), ["N3 dienst@hulpbron.example accepted"]);
    installation.json(&["tell"]);
    let recall = installation.mails().into_iter().find(|mail| mail.contains("Ingetrokken")).unwrap();
    assert!(recall.contains("een deel van ons bericht") && recall.contains("- 1\r\n"), "{recall}");
    assert_eq!(installation.fate("notified"), 5, "the ledger says who was told, also by mistake");
    installation.assert_sound();
}

#[test]
fn mails_that_have_not_left_are_kept_back() {
    let mut installation = Installation::new();
    let file = installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    installation.at("2026-11-20T09:00:00Z").ingest(&file);
    installation.json(&["tell", "--no-send"]);
    let opened = open(&installation, &["--notification", "N1"]);
    assert_eq!(received(&opened), [""; 0]);
    installation.json(&["tell"]);
    assert_eq!(installation.mails().len(), 0);
    assert_eq!(installation.fate("undeliverable"), 1);
    installation.assert_sound();
}

#[test]
fn what_is_wrong_is_said() {
    let installation = told();
    installation.run(&["breach", "open", "--reason", "x"]).ended(2);
    for (what, said) in [
        (&["--notification", "N99"][..], "there is no notification N99"),
        (&["--correction", "K1"], "there is no correction K1"),
        (&["--finding", "F0", "--organisation", "GM9"], "there is no organisation GM9"),
        (&["--finding", "F0", "--organisation", "GM4"], "nothing of F0 was told"),
        (&["--notification", "N1", "--discovered", "2027-01-01"], "in the future"),
    ] {
        installation.run(&[&["breach", "open", "--reason", "x"], what].concat()).ended(1).says(&[said]);
    }
    installation.run(&["breach", "show", "B1"]).ended(1).says(&["there is no breach B1"]);
    installation.run(&["breach", "show", "F1"]).ended(2);
    assert_eq!(count(&installation.json(&["breach", "list"])["overdue"]), 0);
}

#[test]
fn a_dry_run_shows_whom_a_breach_would_write_to_and_opens_none() {
    let installation = told();
    installation.run(&["user", "add", "ada"]).ended(0);
    let traces = |installation: &Installation| {
        let commands: [&[&str]; 4] =
            [&["audit", "head"], &["breach", "list", "--all"], &["outbox"], &["ledger"]];
        commands.map(|args| installation.json(args))
    };
    let before = traces(&installation);
    let open_args = ["breach", "open", "--notification", "N1", "--reason", "entered for the wrong town"];
    let (actions, to) = rehearsed(&installation, &open_args);
    assert!(actions.contains(&"breach.open".to_owned()), "{actions:?}");
    assert_eq!(to, ["cert@eikendam.example"]);
    assert_eq!(traces(&installation), before);
    installation.run(&["breach", "open", "--notification", "N9", "--reason", "x", "--dry-run"]).ended(1);

    open(&installation, &["--notification", "N1"]);
    let before = traces(&installation);
    let close =
        ["breach", "close", "B1", "--decision", "not_reported", "--reason", "no persons", "--as", "ada"];
    assert_eq!(rehearsed(&installation, &close), (vec!["breach.close".to_owned()], vec![]));
    assert_eq!(traces(&installation), before);
    installation.run(&[&close[..], &["--dry-run"]].concat()).ended(0);
    installation.run(&close).ended(0);
    installation.run(&[&close[..], &["--dry-run"]].concat()).ended(1).says(&["closed already"]);
}
