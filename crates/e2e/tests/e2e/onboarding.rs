//! Joining: what an organisation hears that is not officially affiliated yet, and what becomes of what waited.

use serde_json::json;

use crate::{
    claims::with_desk,
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
};

/// A register with GM5, which joins: it has addresses, and an ACIB who may read GREEN only.
fn joining() -> Installation {
    let installation = with_desk(Installation::empty());
    installation.import(
        &Register::small()
            .organisation("GM5,Nieuwstad,municipality,,nl")
            .asset("GM5,prefix,203.0.113.128/25,owner")
            .contact("GM5,acib,A. Algemeen,acib@nieuwstad.example,088 000 00 05,nl,GREEN"),
    );
    installation.run(&["onboarding", "invite", "GM5", "--as", "jan"]).ended(0);
    installation
}

fn report(installation: &mut Installation, day: &str, addresses: &[&str]) {
    installation.at(&format!("{day}T09:00:00Z"));
    let file = installation.file(&rdp_name(day), rdp(day, addresses));
    installation.ingest(&file);
    installation.run(&["tell"]).ended(0);
}

fn confirm(installation: &Installation, step: &str, more: &[&str]) -> crate::program::Run {
    installation.run(&[&["onboarding", "confirm", "GM5", step, "--as", "jan"], more].concat())
}

#[test]
fn an_organisation_that_joins_hears_that_something_waits_and_not_what() {
    let mut installation = joining();
    report(&mut installation, "2026-11-21", &["203.0.113.200", "203.0.113.201", "198.51.100.7"]);
    // GM1 (and its operator) are told; GM5's general contact hears that something waits.
    let mails = installation.mails();
    assert_eq!(mails.len(), 3, "{mails:?}");
    let letter = mails.iter().find(|mail| mail.contains("acib@nieuwstad.example")).unwrap();
    assert!(letter.contains("Er wacht iets op Nieuwstad"), "{letter}");
    for secret in ["203.0.113", "rdp", "RDP", "TLP:AMBER", "2 bevindingen"] {
        assert!(!letter.contains(secret), "{secret}: {letter}");
    }
    assert_eq!(installation.fate("held"), 2);
    assert_eq!(installation.fate("no_contact"), 0);
    installation.assert_sound();

    // More within the week: no second letter. After a week, with something new: one.
    let letters = |installation: &Installation| {
        installation.mails().iter().filter(|mail| mail.contains("Er wacht iets op Nieuwstad")).count()
    };
    report(&mut installation, "2026-11-23", &["203.0.113.202"]);
    assert_eq!(letters(&installation), 1);
    report(&mut installation, "2026-11-29", &["203.0.113.203"]);
    assert_eq!(letters(&installation), 2);
    let waiting = installation.json(&["onboarding", "waiting"]);
    let one = &waiting["organisations"][0];
    assert_eq!((&one["organisation"], count(&one["waiting"])), (&json!("GM5"), 4));
    assert_eq!((&one["call"], &one["written_at"]), (&json!(null), &json!("2026-11-29T09:00:00Z")));
}

#[test]
fn what_waited_is_told_when_the_organisation_is_affiliated() {
    let mut installation = joining();
    report(&mut installation, "2026-11-21", &["203.0.113.200"]);
    confirm(&installation, "form_checked", &[]).ended(1).says(&["vcib_form comes first"]);
    confirm(&installation, "acib", &["--by", "A. Algemeen"]).ended(0);
    confirm(&installation, "vcib_form", &["--by", "de secretaris"]).ended(0);
    confirm(&installation, "form_checked", &[]).ended(1).says(&["no vcib"]);
    let vcib = [
        "contact",
        "add",
        "GM5",
        "vcib",
        "--name",
        "V. Nieuw",
        "--email",
        "vcib@nieuwstad.example",
        "--tlp-max",
        "RED",
        "--as",
        "jan",
    ];
    installation.run(&vcib).ended(1).says(&["needs a phone"]);
    let added = installation.json(&[&vcib[..], &["--phone", "06 0000 0005"]].concat());
    assert_eq!(added["applied"], true, "the first VCIB is named by the form");
    for step in ["form_checked", "intake_talk"] {
        confirm(&installation, step, &[]).ended(0);
    }
    confirm(&installation, "out_of_band_number", &[]).ended(1).says(&["--number"]);
    assert_eq!(installation.json(&["onboarding", "list"])["organisations"][0]["affiliated"], false);
    let last = confirm(&installation, "out_of_band_number", &["--number", "088 000 00 99", "--json"])
        .ended(0)
        .json();
    assert_eq!((&last["affiliated"], &last["released"]), (&json!(true), &json!(1)));
    assert_eq!(last["missing"], json!(["assets", "products"]));
    assert_eq!(last["steps"][0]["confirmed_by"], "jan");
    installation.run(&["tell"]).ended(0);
    let mails = installation.mails();
    let told = mails.iter().find(|mail| mail.contains("vcib@nieuwstad.example")).unwrap();
    assert!(told.contains("TLP:AMBER"), "{told}");
    assert_eq!((installation.fate("notified"), installation.fate("held")), (1, 0));
    assert_eq!(installation.json(&["onboarding", "waiting"])["organisations"], json!([]));
    confirm(&installation, "assets", &[]).ended(0);
    confirm(&installation, "products", &[]).ended(1).says(&["no product"]);
    installation.assert_sound();
    installation.run(&["audit", "verify"]).ended(0);
}

#[test]
fn whoever_cannot_be_written_to_is_on_the_calling_list() {
    let mut installation = joining();
    let contacts = installation.json(&["contact", "list", "GM5"]);
    let acib = contacts["contacts"][0]["contact"].to_string();
    installation.run(&["contact", "leave", &acib]).ended(0);
    installation.run(&["contact", "add", "GM5", "duty", "--phone", "088 000 00 24"]).ended(0);
    report(&mut installation, "2026-11-21", &["203.0.113.200"]);
    assert!(installation.mails().is_empty());
    let waiting = installation.json(&["onboarding", "waiting"]);
    assert_eq!(waiting["organisations"][0]["call"], "nobody there can be written to");
    assert_eq!(waiting["organisations"][0]["numbers"], json!(["088 000 00 24"]));
}

#[test]
fn an_organisation_that_the_desk_entered_is_affiliated() {
    let installation = with_desk(Installation::new());
    assert_eq!(installation.json(&["onboarding", "show", "GM1"])["affiliated"], true);
    installation.run(&["onboarding", "invite", "GM9"]).ended(1).says(&["no organisation GM9"]);
    installation.run(&["onboarding", "invite", "GM1"]).ended(0);
    installation.run(&["onboarding", "invite", "GM1"]).ended(1).says(&["invited already"]);
    assert_eq!(installation.json(&["onboarding", "show", "GM1"])["affiliated"], false);
}

#[test]
fn something_critical_is_on_the_calling_list_and_the_general_contact_hears_that_something_waits() {
    let mut installation = joining();
    installation.run(&["contact", "add", "GM5", "duty", "--phone", "088 000 00 24"]).ended(0);
    report(&mut installation, "2026-11-21", &["203.0.113.200"]);
    let waiting = |installation: &Installation| {
        let waiting = installation.json(&["onboarding", "waiting"]);
        let one = &waiting["organisations"][0];
        (one["organisation"].clone(), count(&one["waiting"]), count(&one["critical"]), one["call"].clone())
    };
    assert_eq!(waiting(&installation), (json!("GM5"), 1, 0, json!(null)));
    assert_eq!(installation.mails().len(), 1, "the general contact was written to");

    // The next day something critical is found there. It waits as well, and now somebody must call.
    let critical = rdp("2026-11-22", &["203.0.113.201"]).replace("\"high\"", "\"critical\"");
    let file = installation.at("2026-11-22T09:00:00Z").file(&rdp_name("2026-11-22"), critical);
    installation.ingest(&file);
    installation.run(&["tell"]).ended(0);
    assert_eq!(waiting(&installation), (json!("GM5"), 2, 1, json!("something critical waits")));
    let shown = installation.run(&["onboarding", "waiting"]).ended(0).stdout;
    for part in
        ["2 wait, 1 of them critical", "CALL: something critical waits", "088 000 00 24", "088 000 00 05"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // What is critical stays inside: the letter says that something waits, and no more.
    let letters = installation.mails();
    assert!(letters.iter().all(|mail| mail.contains("acib@nieuwstad.example")), "{letters:?}");
    assert!(letters.iter().all(|mail| !mail.contains("203.0.113")), "{letters:?}");
    assert_eq!((installation.fate("held"), installation.fate("no_contact")), (2, 0));
    installation.assert_sound();
}
