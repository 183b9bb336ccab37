//! The weekly overview: complete, once, and to nobody more than they may see.

use schakel_testkit::postfix::header;

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
    serve::Serving,
};

/// Eikendam has a recipient of its own for the overview.
fn register() -> Register {
    Register::small().contact("GM1,weekly,Week,week@eikendam.example,,nl,AMBER")
}

fn seen(installation: &mut Installation, day: &str, addresses: &[&str]) {
    installation.at(&format!("{day}T09:00:00Z"));
    let file = installation.file(&rdp_name(day), rdp(day, addresses));
    installation.ingest(&file);
    installation.json(&["tell"]);
}

/// The text of the overview for this organisation, from `overview send --dry-run`.
fn text(installation: &Installation, code: &str) -> String {
    let due = installation.json(&["overview", "send", "--dry-run"]);
    let due = due["overviews"].as_array().unwrap().clone();
    let of = due.iter().find(|one| one["organisation"] == code).unwrap_or_else(|| panic!("{due:?}"));
    of["text"].as_str().unwrap().to_owned()
}

fn due(installation: &Installation) -> usize {
    installation.json(&["overview", "send", "--dry-run"])["overviews"].as_array().unwrap().len()
}

/// The mails with an overview that were sent to this address.
fn sent_to(installation: &Installation, address: &str) -> Vec<String> {
    let mut mails = installation.mails();
    mails.retain(|mail| {
        let head = |name| header(mail.as_bytes(), name);
        head("to").contains(address) && head("subject").contains("Week")
    });
    mails
}

#[test]
fn it_says_what_was_sent_what_was_not_and_what_is_open() {
    let mut installation = Installation::empty();
    installation.import(&register());
    seen(&mut installation, "2026-11-21", &["198.51.100.1", "198.51.100.2", "203.0.113.1"]);
    installation.at("2026-11-23T06:59:00Z");
    assert_eq!(due(&installation), 0, "a minute before its time");
    installation.at("2026-11-23T07:00:00Z");
    let eikendam = text(&installation, "GM1");
    for said in [
        "Verstuurd: 1\n- #1, 2026-11-21 10:00: 2 bevindingen bij Eikendam (hoogste ernst: hoog)",
        "bezorgd, aan: ontvanger van bevindingen",
        "Niet verstuurd:\n- niets",
        "Open: 2\n- Extern bureaublad (RDP) is open voor iedereen (hoog): 2",
        "tot 7 dagen 2, tot 30 dagen 0, langer 0; zonder reactie 2",
    ] {
        assert!(eikendam.contains(said), "{said}\n{eikendam}");
    }
    assert!(!eikendam.contains("198.51.100"), "no evidence: {eikendam}");
    let stilstad = text(&installation, "GM4");
    assert!(stilstad.contains("- 1 bevinding niet verstuurd, waarvan 1 nieuw: niemand bij u"), "{stilstad}");
    assert!(text(&installation, "GM2").contains("Er is niets verstuurd"), "nothing is said as well");
    let english = text(&installation, "GM3");
    assert!(english.contains("Nothing was sent"), "{english}");

    assert_eq!(installation.json(&["overview", "send"])["overviews"].as_array().unwrap().len(), 5);
    assert_eq!(
        installation.json(&["overview", "send"])["overviews"].as_array().unwrap().len(),
        0,
        "once a week"
    );
    installation.json(&["outbox", "--send"]);
    assert_eq!(sent_to(&installation, "week@eikendam.example").len(), 1);
    assert_eq!(sent_to(&installation, "cert@eikendam.example").len(), 0);

    // Three weeks were missed: one overview for all of them, which names the one before.
    installation.at("2026-12-14T12:00:00Z");
    let later = text(&installation, "GM1");
    assert!(later.contains("2026-11-23 08:00 tot 2026-12-14 08:00"), "{later}");
    assert!(later.contains(": Weekoverzicht Eikendam: 1 bericht, 2 open"), "{later}");
    assert!(later.contains("tot 7 dagen 0, tot 30 dagen 2"), "{later}");
    let shown = installation.run(&["overview", "show", "GM1", "--week", "2026-W47"]).ended(0).stdout;
    assert!(shown.contains("To: week@eikendam.example") && shown.contains("Verstuurd: 1"), "{shown}");
    installation.run(&["overview", "show", "GM1", "--week", "47"]).ended(2);
    installation.assert_sound();
}

#[test]
fn who_is_not_cleared_sees_of_something_confidential_that_it_exists_and_nothing_else() {
    let mut installation = Installation::empty();
    installation.import(&register());
    installation.configure("[intake]\ntlp = \"RED\"\n");
    seen(&mut installation, "2026-11-21", &["198.51.100.1"]);
    installation.configure("");
    seen(&mut installation, "2026-11-22", &["198.51.100.2"]);
    installation.at("2026-11-23T07:00:00Z");
    let overview = text(&installation, "GM1");
    assert!(overview.starts_with("TLP:AMBER\n"), "{overview}");
    for said in [
        "- #1, 2026-11-21 10:00: vertrouwelijk, alleen voor uw vertrouwde contactpersoon",
        "1 bevinding bij Eikendam",
        "Open: 2",
        "- vertrouwelijk, alleen voor uw vertrouwde contactpersoon: 1",
    ] {
        assert!(overview.contains(said), "{said}\n{overview}");
    }
    // Without a recipient of its own the trusted contact gets it, and sees everything.
    let mut cleared = Installation::empty();
    cleared.import(&Register::small());
    cleared.configure("[intake]\ntlp = \"RED\"\n");
    seen(&mut cleared, "2026-11-21", &["198.51.100.1"]);
    cleared.at("2026-11-23T07:00:00Z");
    let overview = text(&cleared, "GM1");
    assert!(overview.starts_with("TLP:RED\n") && !overview.contains("vertrouwelijk, alleen"), "{overview}");
    cleared.run(&["overview", "show", "GM1"]).ended(0);
    let audit = cleared.run(&["audit", "list"]).ended(0).stdout;
    assert!(audit.contains("read.confidential overview:GM1"), "{audit}");
}

#[test]
fn a_service_makes_it_by_itself_and_not_again_after_a_restart() {
    let mut installation = Installation::empty();
    installation.at("2020-01-01T00:00:00Z");
    installation.import(&register());
    let config = |weekly: &str| format!("[telling]\nweekly = \"{weekly}\"\n[contacts]\nremind = false\n");
    let serving = Serving::start_with_telling(&installation, &config("monday 08:00"));
    serving.wait("the overviews", || installation.mails().len() == 5);
    drop(serving);
    let serving = Serving::start_with_telling(&installation, &config("monday 08:00"));
    serving.wait("every mail to be accepted", || count(&installation.json(&["outbox"])["accepted"]) == 5);
    serving.stop();
    assert_eq!(installation.mails().len(), 5);
    assert_eq!(count(&installation.json(&["outbox"])["waiting"]), 0);

    let mut quiet = Installation::empty();
    quiet.at("2020-01-01T00:00:00Z");
    quiet.import(&register());
    quiet.configure("[telling]\nweekly_empty = false\n");
    quiet.at("2026-11-23T07:00:00Z");
    assert_eq!(quiet.json(&["overview", "send"])["overviews"].as_array().unwrap().len(), 0);
    quiet.configure("[telling]\nweekly = \"maandag 08:00\"\n");
    quiet.run(&["overview", "send"]).ended(1).says(&["telling.weekly", "monday 08:00"]);
}
