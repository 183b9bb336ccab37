//! From what is new to mails, and what becomes of them: a folder, a mail server that misbehaves, a real one.

use std::{collections::BTreeSet, time::Duration};

use schakel_testkit::{
    fake_smtp::{Act, FakeSmtp, Script, Stage},
    postfix::{Postfix, header},
    server_tls::ServerTls,
};
use serde_json::{Value, json};

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, count},
};

/// Takes in a day on which these addresses are seen.
fn day(installation: &mut Installation, day: &str, addresses: &[&str]) {
    installation.at(&format!("{day}T09:00:00Z"));
    let file = installation.file(&rdp_name(day), rdp(day, addresses));
    installation.ingest(&file);
}

/// A mail server on loopback, without TLS; short waits, so that a stall shows soon.
pub fn smtp_config(port: u16) -> String {
    format!(
        "sender = \"Meldpunt Test\"\n\
         [mail]\nchannel = \"smtp\"\nfrom = \"Schakel <schakel@meldpunt.example>\"\n\
         [mail.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nencryption = \"none\"\n\
         connect_timeout_seconds = 2\ncommand_timeout_seconds = 1\ndata_timeout_seconds = 1\n"
    )
}

/// What the outbox says of each mail: `recipient state attempts`, sorted.
fn outbox(installation: &Installation) -> Vec<String> {
    let listed = installation.json(&["outbox"]);
    let line = |message: &Value| {
        let text = |key: &str| message[key].as_str().unwrap().to_owned();
        format!("{} {} {}", text("recipient"), text("state"), message["attempts"])
    };
    let mut lines: Vec<_> = listed["messages"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

/// The distinct Message-IDs a fake server took, and how many mails those were.
fn taken(server: &FakeSmtp) -> (BTreeSet<String>, usize) {
    let received = server.received();
    (received.iter().map(|mail| header(&mail.bytes, "message-id")).collect(), received.len())
}

#[test]
fn mails_go_to_a_folder_one_for_each_organisation_and_contact() {
    let mut installation = Installation::new();
    day(
        &mut installation,
        "2026-11-20",
        &["198.51.100.1", "198.51.100.2", "198.51.100.200", "2001:db8:3::1", "203.0.113.1", "192.0.2.1"],
    );
    let told = installation.json(&["tell"]);
    let notifications: Vec<_> = told["notifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["organisation"].as_str().unwrap(), count(&one["findings"]), &one["recipients"][0]))
        .collect();
    assert_eq!(
        notifications,
        [
            ("GM1", 2, &json!("cert@eikendam.example")),
            ("GM2", 1, &json!("vcib@lindeveen.example")),
            ("GM3", 1, &json!("desk@berkendal.example")),
            ("SV1", 2, &json!("dienst@hulpbron.example")),
        ]
    );
    assert_eq!(count(&told["sent"]["accepted"]), 4);
    let mails = installation.mails();
    assert_eq!(mails.len(), 4);
    for (mail, number) in mails.iter().zip(1..) {
        let subject = header(mail.as_bytes(), "subject");
        assert!(subject.starts_with(&format!("[Schakel #{number}] TLP:AMBER ")), "{subject}");
        assert!(mail.contains("text/csv") && mail.contains("filename="), "{mail}");
        assert!(!header(mail.as_bytes(), "message-id").is_empty());
    }
    let ledger = installation.ledger();
    assert_eq!(
        ["notified", "queued", "no_contact", "unrouted"].map(|fate| count(&ledger["fates"][fate])),
        [6, 0, 1, 1]
    );
    installation.assert_sound();
}

#[test]
fn a_mail_says_what_to_do_in_the_language_of_the_reader() {
    let mut installation = Installation::new();
    day(&mut installation, "2026-11-20", &["198.51.100.200", "2001:db8:3::1"]);
    installation.json(&["tell"]);
    let shown = |message: &str| installation.run(&["outbox", "--show", message]).ended(0).stdout;
    let dutch = decoded(&shown("1"));
    for part in ["Lindeveen", "198.51.100.200", "3389", "TLP:AMBER", "Wat u kunt doen", "Waarom krijgt u dit"]
    {
        assert!(dutch.contains(part), "`{part}` is missing in {dutch}");
    }
    let english = decoded(&shown("2"));
    for part in ["Berkendal", "2001:db8:3::1", "What you can do", "Why do you get this"] {
        assert!(english.contains(part), "`{part}` is missing in {english}");
    }
}

/// Soft line breaks and `=XX` of quoted-printable undone; enough to find words in a mail.
fn decoded(mail: &str) -> String {
    let joined = mail.replace("=\r\n", "").replace("=\n", "");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex =
            (byte == b'=').then(|| after.get(..2)).flatten().and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn fifty_thousand_new_findings_of_one_member_are_one_mail() {
    let register = Register::default()
        .organisation("GM1,Eikendam,municipality,,nl")
        .asset("GM1,prefix,10.0.0.0/8,owner")
        .contact("GM1,findings,CERT,cert@eikendam.example,,nl,AMBER");
    let mut installation = Installation::empty();
    installation.import(&register);
    let addresses: Vec<String> = (0..50_000_u32).map(|n| format!("10.1.{}.{}", n / 250, n % 250)).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    day(&mut installation, "2026-11-20", &addresses);
    installation.json(&["tell"]);
    assert_eq!(installation.fate("notified"), 50_000);
    let mails = installation.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].len() < 10_000_000, "{} bytes are more than servers take", mails[0].len());
    assert!(mails[0].contains("50000 bevindingen"), "{}", &mails[0][..2_000]);
    installation.assert_sound();
}

#[test]
fn a_dry_run_shows_it_all_and_changes_nothing() {
    let mut installation = Installation::new();
    day(&mut installation, "2026-11-20", &["198.51.100.1", "198.51.100.200"]);
    let before = installation.ledger();
    let shown = installation.json(&["tell", "--dry-run"]);
    assert_eq!(shown["notifications"].as_array().unwrap().len(), 3);
    assert_eq!(installation.ledger(), before);
    assert_eq!(count(&installation.json(&["outbox"])["waiting"]), 0);
    assert!(installation.mails().is_empty());
    let told = installation.json(&["tell"]);
    assert_eq!(told["notifications"], shown["notifications"], "what was shown is what is made");
}

#[test]
fn the_second_day_tells_only_what_is_new() {
    let mut installation = Installation::new();
    day(&mut installation, "2026-11-20", &["198.51.100.200", "198.51.100.201"]);
    installation.json(&["tell"]);
    assert_eq!(installation.json(&["tell"])["notifications"], json!([]), "nothing is told twice");
    day(&mut installation, "2026-11-21", &["198.51.100.200", "198.51.100.201", "198.51.100.202"]);
    let told = installation.json(&["tell"]);
    assert_eq!(
        (told["notifications"].as_array().unwrap().len(), count(&told["notifications"][0]["findings"])),
        (1, 1)
    );
    let mails = installation.mails();
    assert_eq!(mails.len(), 2);
    assert!(decoded(&mails[1]).contains("198.51.100.202") && !decoded(&mails[1]).contains("198.51.100.201"));
    day(&mut installation, "2026-11-22", &["198.51.100.200", "198.51.100.202"]);
    assert_eq!(installation.json(&["tell"])["notifications"], json!([]));
    installation.assert_sound();
}

#[test]
fn a_marking_in_a_report_beats_the_default_and_reaches_only_who_may_read_it() {
    let mut installation = Installation::new();
    // Its mail server is reached over verified TLS only; elsewhere such a mail would wait for a key.
    installation.configure("[mail]\ntls_domains = [\"eikendam.example\"]\n");
    installation.at("2026-11-20T09:00:00Z");
    let file =
        installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.1", "2001:db8:3::1"]));
    installation.json(&["ingest", &file, "--tlp", "RED"]);
    let told = installation.json(&["tell"]);
    let told: Vec<_> =
        told["notifications"].as_array().unwrap().iter().map(|one| &one["recipients"]).collect();
    // Of GM1 only the trusted contact; GM3 and SV1 have nobody.
    assert_eq!(told, [&json!(["vcib@eikendam.example"])]);
    assert!(header(installation.mails()[0].as_bytes(), "subject").contains("TLP:RED"));
    assert_eq!(installation.fate("no_contact"), 2);
    installation.assert_sound();
}

#[test]
fn a_server_that_takes_everything_gets_each_mail_once() {
    let server = FakeSmtp::start(Script::default());
    let mut installation = Installation::new();
    installation.configure(&smtp_config(server.port()));
    day(&mut installation, "2026-11-20", &["198.51.100.1", "198.51.100.200", "2001:db8:3::1"]);
    installation.json(&["tell"]);
    let received = server.received();
    let mut to: Vec<_> = received.iter().map(|mail| mail.to.join(" ")).collect();
    to.sort();
    assert_eq!(
        to,
        [
            "cert@eikendam.example",
            "desk@berkendal.example",
            "dienst@hulpbron.example",
            "vcib@lindeveen.example"
        ]
    );
    assert!(received.iter().all(|mail| mail.from == "schakel@meldpunt.example"));
    assert_eq!(taken(&server).0.len(), 4);
    installation.assert_sound();
}

#[test]
fn half_the_recipients_refused_is_undeliverable_for_those_only() {
    let server =
        FakeSmtp::start(Script::default().refusing("@eikendam.example").refusing("@hulpbron.example"));
    let mut installation = Installation::new();
    installation.configure(&smtp_config(server.port()));
    day(&mut installation, "2026-11-20", &["198.51.100.1", "198.51.100.200", "2001:db8:3::1"]);
    let told = installation.json(&["tell"]);
    assert_eq!(["accepted", "given_up", "later"].map(|key| count(&told["sent"][key])), [2, 2, 0]);
    let listed = installation.json(&["outbox"]);
    let refused =
        listed["messages"].as_array().unwrap().iter().find(|one| one["organisation"] == "GM1").unwrap();
    assert!(refused["outcome"].as_str().unwrap().contains("550"), "{refused}");
    let ledger = installation.ledger();
    assert_eq!(["notified", "undeliverable", "queued"].map(|fate| count(&ledger["fates"][fate])), [2, 2, 0]);
    installation.assert_sound();
}

#[test]
fn a_recipient_beside_one_that_is_refused_is_still_told() {
    let server = FakeSmtp::start(Script::default().refusing("cert@"));
    let mut installation = Installation::new();
    installation.import(&Register::small().contact("GM1,findings,Piket,piket@eikendam.example,,nl,AMBER"));
    installation.configure(&smtp_config(server.port()));
    day(&mut installation, "2026-11-20", &["198.51.100.1"]);
    installation.json(&["tell"]);
    assert_eq!(
        outbox(&installation),
        [
            "cert@eikendam.example given_up 1",
            "dienst@hulpbron.example accepted 1",
            "piket@eikendam.example accepted 1"
        ]
    );
    assert_eq!((installation.fate("notified"), installation.fate("undeliverable")), (2, 0), "GM1 was told");
}

#[test]
fn a_refusal_for_now_is_tried_again_with_the_same_message_id() {
    let server = FakeSmtp::start(Script::default().first(
        1,
        Stage::Recipient,
        Act::Reply("451 4.7.1 greylisted".into()),
    ));
    let mut installation = Installation::new();
    installation.configure(&smtp_config(server.port()));
    day(&mut installation, "2026-11-20", &["198.51.100.200"]);
    let told = installation.json(&["tell"]);
    assert_eq!(["accepted", "later"].map(|key| count(&told["sent"][key])), [0, 1]);
    assert_eq!(outbox(&installation), ["vcib@lindeveen.example waiting 1"]);
    assert_eq!(count(&installation.json(&["outbox", "--send"])["accepted"]), 0, "not before its time");
    installation.at("2026-11-20T09:02:00Z");
    assert_eq!(count(&installation.json(&["outbox", "--send"])["accepted"]), 1);
    assert_eq!(outbox(&installation), ["vcib@lindeveen.example accepted 2"]);
    assert_eq!(taken(&server).1, 1);
    assert_eq!(installation.fate("notified"), 1);
}

/// What goes wrong, and whether the mail may have arrived already.
fn tried_again(script: Script, mails_that_came: usize) {
    let server = FakeSmtp::start(script);
    let mut installation = Installation::new();
    installation.configure(&smtp_config(server.port()));
    day(&mut installation, "2026-11-20", &["198.51.100.200", "2001:db8:3::1"]);
    installation.json(&["tell"]);
    installation.assert_sound();
    for hour in 10..14 {
        installation.at(&format!("2026-11-20T{hour}:00:00Z"));
        installation.json(&["outbox", "--send"]);
    }
    let counts = installation.json(&["outbox"]);
    assert_eq!(
        ["accepted", "waiting", "unknown", "given_up"].map(|key| count(&counts[key])),
        [2, 0, 0, 0],
        "{counts}"
    );
    let (ids, mails) = taken(&server);
    assert_eq!((ids.len(), mails), (2, mails_that_came), "lost or doubled");
    assert_eq!(installation.fate("notified"), 2);
    installation.assert_sound();
}

#[test]
fn a_server_that_stalls_at_the_greeting_is_tried_again() {
    tried_again(Script::default().first(1, Stage::Greeting, Act::Stall), 2);
}

#[test]
fn a_server_that_stalls_after_the_mail_gets_it_again_under_the_same_id() {
    tried_again(Script::default().first(1, Stage::AfterBody, Act::Stall), 3);
}

#[test]
fn a_server_that_closes_in_the_middle_of_a_mail_gets_it_again() {
    tried_again(Script::default().first(2, Stage::Body, Act::Close), 2);
}

#[test]
fn a_server_that_closes_after_the_mail_gets_it_again_under_the_same_id() {
    tried_again(Script::default().after(1, Stage::AfterBody, Act::Close), 3);
}

#[test]
fn a_server_that_is_busy_is_tried_again() {
    tried_again(Script::default().first(3, Stage::Greeting, Act::Reply("421 4.3.2 too busy".into())), 2);
}

#[test]
fn a_server_that_is_not_there_loses_nothing() {
    let port = FakeSmtp::start(Script::default()).port();
    let mut installation = Installation::new();
    installation.configure(&smtp_config(port));
    day(&mut installation, "2026-11-20", &["198.51.100.200"]);
    let told = installation.json(&["tell"]);
    assert_eq!(["accepted", "later"].map(|key| count(&told["sent"][key])), [0, 1]);
    let outcome = installation.json(&["outbox"])["messages"][0]["outcome"].clone();
    assert!(outcome.as_str().unwrap().to_lowercase().contains("connect"), "{outcome}");
    assert_eq!(installation.fate("queued") + installation.fate("notified"), 1);
    installation.assert_sound();
}

#[test]
fn starttls_is_required_by_default() {
    let mut installation = Installation::new();
    let plain = FakeSmtp::start(Script::default());
    let tls = ServerTls::for_localhost();
    let ca = installation.file("ca.pem", &tls.certificate_pem);
    let secured = FakeSmtp::start(Script::default().starttls(tls).login("schakel", "geheim"));
    let password = installation.file("password", "geheim\n");
    let config = |port: u16| {
        format!(
            "[mail]\nchannel = \"smtp\"\nfrom = \"schakel@meldpunt.example\"\n[mail.smtp]\nhost = \"localhost\"\nport = {port}\n\
             ca_file = \"{ca}\"\nusername = \"schakel\"\npassword_file = \"{password}\"\ncommand_timeout_seconds = 5\n"
        )
    };
    installation.configure(&config(plain.port()));
    day(&mut installation, "2026-11-20", &["198.51.100.200"]);
    assert_eq!(count(&installation.json(&["tell"])["sent"]["later"]), 1);
    assert!(plain.received().is_empty(), "nothing goes over an open line");
    installation.configure(&config(secured.port()));
    installation.at("2026-11-20T10:00:00Z");
    assert_eq!(count(&installation.json(&["outbox", "--send"])["accepted"]), 1);
    let received = secured.received();
    assert!(received[0].encrypted && received[0].user == "schakel");
}

#[test]
fn the_storm_brake_holds_mails_back_and_lets_them_go_later() {
    let server = FakeSmtp::start(Script::default());
    let mut installation = Installation::new();
    installation
        .configure(&smtp_config(server.port()).replace("[mail]\n", "[mail]\nper_recipient_per_hour = 2\n"));
    for number in 1..=4 {
        let day = format!("2026-11-{:02}", 10 + number);
        installation.at("2026-11-20T09:00:00Z");
        let file = installation.file(&rdp_name(&day), rdp(&day, &[&format!("198.51.100.{}", 200 + number)]));
        installation.ingest(&file);
        installation.json(&["tell"]);
    }
    assert_eq!(server.received().len(), 2);
    let counts = installation.json(&["outbox"]);
    assert_eq!((count(&counts["accepted"]), count(&counts["waiting"])), (2, 2));
    installation.at("2026-11-20T10:00:00Z");
    assert_eq!(count(&installation.json(&["outbox", "--send"])["accepted"]), 2);
    assert_eq!(taken(&server).0.len(), 4);
    installation.assert_sound();
}

#[test]
fn against_a_real_postfix_every_mail_arrives_once() {
    let Some(postfix) = Postfix::start() else { return };
    let mut installation = Installation::new();
    installation.configure(&smtp_config(postfix.port()).replace("_seconds = 1\n", "_seconds = 20\n"));
    day(&mut installation, "2026-11-20", &["198.51.100.1", "198.51.100.200", "2001:db8:3::1"]);
    assert_eq!(count(&installation.json(&["tell"])["sent"]["accepted"]), 4);
    assert!(postfix.wait_for(4, Duration::from_secs(20)));
    // An outage, and mails that wait for its end.
    postfix.stop().unwrap();
    day(&mut installation, "2026-11-21", &["198.51.100.201"]);
    assert_eq!(count(&installation.json(&["tell"])["sent"]["later"]), 1);
    postfix.start_again().unwrap();
    installation.at("2026-11-21T10:00:00Z");
    assert_eq!(count(&installation.json(&["outbox", "--send"])["accepted"]), 1);
    assert!(postfix.wait_for(5, Duration::from_secs(20)));
    let ids = postfix.message_ids().unwrap();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 5, "{ids:?}");
    installation.assert_sound();
}
