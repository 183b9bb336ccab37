//! One mailbox gets a finding once: one mail that names every organisation it stands for, while each of them keeps its own notification.

use schakel_testkit::{
    fake_smtp::{FakeSmtp, Script},
    ports::free_port,
};
use serde_json::Value;

use crate::{
    answers,
    fixtures::{RDP_HEADER, Register, rdp_name, rdp_row_named},
    installation::{Installation, count},
    serve::{Serving, put},
    telling::smtp_config,
};

const SHARED: &str = "dienst@samen.example";

/// Three municipalities with one domain and one mailbox; one of them has a person beside it, and one an address range of its own.
fn register() -> Register {
    let mut register = Register::default();
    for (code, name) in [("GM1", "Hillendam"), ("GM2", "Lisserveen"), ("GM3", "Teylerdam")] {
        register = register
            .organisation(&format!("{code},{name},municipality,,nl"))
            .asset(&format!("{code},domain,samen.nl,owner"))
            .contact(&format!("{code},findings,Dienst Samen,{SHARED},,nl,AMBER+STRICT"));
    }
    register
        .contact("GM2,findings,L. Lis,lis@lisserveen.example,,nl,AMBER")
        .asset("GM3,prefix,203.0.113.0/24,owner")
}

fn ingest(installation: &Installation) {
    let at = |ip: &str, host: &str| rdp_row_named("2026-11-20 03:00:00", ip, host);
    let report = [
        RDP_HEADER.to_owned(),
        at("192.0.2.77", "www.samen.nl"),
        at("192.0.2.78", "mail.samen.nl"),
        at("203.0.113.9", ""),
    ];
    installation.ingest(&installation.file(&rdp_name("2026-11-20"), report.concat()));
}

fn to<'m>(mails: &'m [String], address: &str) -> Vec<&'m String> {
    mails
        .iter()
        .filter(|mail| mail.contains(&format!("<{address}>")) || mail.contains(&format!("To: {address}")))
        .collect()
}

#[test]
fn a_domain_that_serves_three_municipalities_is_told_to_their_mailbox_once() {
    let installation = Installation::empty();
    installation.import(&register());
    ingest(&installation);
    let told = installation.json(&["tell"]);
    let notifications = told["notifications"].as_array().unwrap();
    let organisations: Vec<&Value> = notifications.iter().map(|one| &one["organisation"]).collect();
    assert_eq!(organisations, ["GM1", "GM2", "GM3"], "each keeps its own");
    assert_eq!((installation.fate("notified"), installation.fate("queued")), (7, 0));
    installation.assert_sound();

    let mails = installation.mails();
    assert_eq!(mails.len(), 2, "{mails:#?}");
    let shared = to(&mails, SHARED)[0];
    for part in ["Hillendam, Lisserveen, Teylerdam", "www.samen.nl", "mail.samen.nl", "203.0.113.9"] {
        assert!(shared.contains(part), "{part}: {shared}");
    }
    let alone = to(&mails, "lis@lisserveen.example")[0];
    for part in ["Hillendam", "Teylerdam", "203.0.113.9"] {
        assert!(!alone.contains(part), "a person of one hears nothing of the others: {alone}");
    }
    // The history of each organisation has the mail.
    let listed = installation.json(&["outbox"]);
    let messages = listed["messages"].as_array().unwrap();
    let accepted = |code: &str| {
        messages.iter().filter(|one| one["organisation"] == code && one["state"] == "accepted").count()
    };
    assert_eq!(["GM1", "GM2", "GM3"].map(accepted), [1, 2, 1], "{listed}");
}

#[test]
fn a_reminder_and_an_escalation_are_one_mail_too() {
    let mut installation = Installation::empty();
    // A partnership works for two of them, and each has a second person.
    let mut register = register()
        .organisation("SV1,Samen,it_partnership,,nl")
        .contact("SV1,findings,Piket,piket@samen.example,,nl,AMBER+STRICT");
    for code in ["GM1", "GM2"] {
        register = register
            .relation(&format!("SV1,serves,{code}"))
            .contact(&format!("{code},vcib,Dienst twee,twee@samen.example,,nl,AMBER+STRICT"));
    }
    installation.import(&register);
    installation.json(&["user", "add", "anne"]);
    installation.at("2026-11-20T09:00:00Z");
    let row = |day: &str, severity: &str| {
        format!(
            "\"{day} 03:00:00\",\"{severity}\",\"192.0.2.77\",\"tcp\",3389,\"www.samen.nl\",\"rdp\",64500,\"NL\"\n"
        )
    };
    let report = RDP_HEADER.to_owned() + &row("2026-11-20", "high");
    installation.ingest(&installation.file(&rdp_name("2026-11-20"), report));
    installation.json(&["tell"]);
    let new = |installation: &Installation, known: &mut Vec<String>| {
        let all = installation.mails();
        let new: Vec<String> = all.iter().filter(|mail| !known.contains(mail)).cloned().collect();
        *known = all;
        new
    };
    let mut known = Vec::new();
    assert_eq!(to(&new(&installation, &mut known), SHARED).len(), 1);

    // It got worse: a reminder.
    installation.at("2026-11-21T09:00:00Z");
    let report = RDP_HEADER.to_owned() + &row("2026-11-21", "critical");
    installation.ingest(&installation.file(&rdp_name("2026-11-21"), report));
    installation.json(&["tell"]);
    let mails = new(&installation, &mut known);
    let shared = to(&mails, SHARED);
    assert_eq!(shared.len(), 1, "{mails:#?}");
    for part in
        ["Herinnering", "Hillendam, Lisserveen, Teylerdam", "- 1 bevinding: het is erger geworden", "kritiek"]
    {
        assert!(shared[0].contains(part), "{part}: {}", shared[0]);
    }
    let alone = to(&mails, "lis@lisserveen.example");
    assert!(alone.len() == 1 && !alone[0].contains("Hillendam"), "{alone:?}");

    // Nobody reacts: the second contact of two of them, then their partnership.
    for (at, address) in
        [("2026-11-21T10:00:01Z", "twee@samen.example"), ("2026-11-21T11:00:02Z", "piket@samen.example")]
    {
        installation.at(at);
        installation.json(&["tell"]);
        let mails = new(&installation, &mut known);
        let mails = to(&mails, address);
        assert_eq!(mails.len(), 1, "{address}: {mails:#?}");
        assert!(
            mails[0].contains("Geen reactie") && mails[0].contains("Hillendam, Lisserveen"),
            "{}",
            mails[0]
        );
        assert!(!mails[0].contains("Teylerdam"), "{}", mails[0]);
    }
    installation.assert_sound();
}

#[test]
fn what_the_shared_mailbox_answers_counts_for_each_organisation_that_its_mail_named() {
    let installation = Installation::empty();
    installation.import(&register());
    installation.json(&["user", "add", "jan"]);
    let port = free_port().unwrap();
    let server = format!("127.0.0.1:{port}");
    let serving = Serving::start(
        &installation,
        &format!(
            "[doors.mail]\ntrusted = [\"mx.schakel.example\"]\n[doors.smtp]\nlisten = [\"{server}\"]\nrecipients = [\"@schakel.example\"]\n"
        ),
    );
    let at = |ip: &str, host: &str| rdp_row_named("2026-11-20 03:00:00", ip, host);
    let report = [RDP_HEADER.to_owned(), at("192.0.2.77", "www.samen.nl"), at("203.0.113.9", "")].concat();
    put(&installation, &rdp_name("2026-11-20"), report);
    serving.wait("the mails", || installation.mails().len() == 2);
    let mails = installation.mails();
    let id = answers::field(to(&mails, SHARED)[0], "Message-ID");
    let theirs = answers::proven("samen.example");
    if answers::reply(&server, SHARED, &id, "Dit is opgelost.", &[&theirs]).is_none() {
        return;
    }
    serving.wait("the answers", || answers::answers(&installation).len() == 3);
    let said: Vec<String> = answers::answers(&installation)
        .iter()
        .map(|one| format!("{} {} {}", one["organisation"], one["kind"], one["standing"]).replace('"', ""))
        .collect();
    assert_eq!(said, ["GM1 fixed taken", "GM2 fixed taken", "GM3 fixed taken"]);
    // A person of one of them speaks for that one only.
    let lis = answers::field(to(&mails, "lis@lisserveen.example")[0], "Message-ID");
    let hers = answers::proven("lisserveen.example");
    answers::reply(&server, "lis@lisserveen.example", &lis, "In behandeling.", &[&hers]);
    serving.wait("her answer", || answers::answers(&installation).len() == 4);
    assert_eq!(answers::answers(&installation)[3]["organisation"], "GM2");
    serving.stop();
    installation.assert_sound();
}

#[test]
fn strictly_amber_is_for_one_organisation_and_is_never_put_together() {
    let installation = Installation::empty();
    installation.configure("[intake]\ntlp = \"AMBER+STRICT\"\n[mail]\nencrypt_from = \"\"\n");
    installation.import(&register());
    ingest(&installation);
    installation.json(&["tell"]);
    let mails = installation.mails();
    let shared = to(&mails, SHARED);
    assert_eq!(shared.len(), 3);
    for (mail, name) in shared.iter().zip(["Hillendam", "Lisserveen", "Teylerdam"]) {
        let others = ["Hillendam", "Lisserveen", "Teylerdam"].into_iter().filter(|one| *one != name);
        assert!(mail.contains(name) && others.clone().all(|other| !mail.contains(other)), "{mail}");
    }
    installation.assert_sound();
}

#[test]
fn a_mailbox_that_refuses_is_undeliverable_for_each_that_has_nobody_else() {
    let server = FakeSmtp::start(Script::default().refusing("@samen.example"));
    let installation = Installation::empty();
    installation.configure(&smtp_config(server.port()));
    installation.import(&register());
    ingest(&installation);
    let told = installation.json(&["tell"]);
    assert_eq!((count(&told["sent"]["accepted"]), count(&told["sent"]["given_up"])), (1, 1));
    // Two findings of GM1, three of GM3; GM2 has somebody else for its two.
    assert_eq!((installation.fate("undeliverable"), installation.fate("notified")), (5, 2));
    installation.assert_sound();
}

#[test]
fn what_is_taken_back_from_one_before_it_leaves_is_told_to_the_others_without_it() {
    let installation = Installation::empty();
    installation.import(&register());
    ingest(&installation);
    installation.run(&["tell", "--no-send"]).ended(0);
    assert_eq!(installation.fate("queued"), 7);
    // The domain is not GM1's after all.
    installation.import(&register().without_asset("GM1,domain"));
    installation.run(&["reattribute", "--since", "2026-11-01", "--reason", "not theirs"]).ended(0);
    installation.assert_sound();
    installation.json(&["tell"]);
    let mails = installation.mails();
    assert!(mails.iter().all(|mail| !mail.contains("Hillendam")), "{mails:#?}");
    let shared = to(&mails, SHARED);
    assert!(shared.len() == 1 && shared[0].contains("Lisserveen, Teylerdam"), "{shared:#?}");
    assert_eq!((installation.fate("notified"), installation.fate("queued")), (5, 0));
    installation.assert_sound();
}
