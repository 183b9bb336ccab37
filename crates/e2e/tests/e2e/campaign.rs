//! A campaign: a list that is told with its own text, by two people, and followed to its end.

use std::{process::Stdio, thread, time::Duration};

use schakel_testkit::postfix::header;
use serde_json::Value;

use crate::{
    fixtures::{RDP_HEADER, rdp, rdp_name, rdp_row},
    installation::{Installation, count},
};

const DAY: &str = "2026-11-20";

fn desk() -> Installation {
    let installation = Installation::new();
    for name in ["jan", "els"] {
        installation.json(&["user", "add", name]);
    }
    installation.json(&[
        "source",
        "add",
        "divd",
        "--name",
        "DIVD",
        "--kind",
        "researcher",
        "--tlp",
        "AMBER",
        "--contact",
        "csirt@divd.example",
    ]);
    installation
}

fn new<'a>(file: &'a str, text: &'a str) -> Vec<&'a str> {
    vec![
        "--as",
        "jan",
        "campaign",
        "new",
        file,
        "--title",
        "Open RDP bij gemeenten",
        "--text",
        text,
        "--deadline",
        "2026-12-01",
        "--source",
        "divd",
    ]
}

fn would_be_told(installation: &Installation) -> usize {
    installation.json(&["tell", "--dry-run"])["notifications"].as_array().unwrap().len()
}

fn states(installation: &Installation) -> Vec<String> {
    let all = installation.json(&["campaign", "list"]);
    let state = |one: &Value| one["state"].as_str().unwrap().to_owned();
    all["campaigns"].as_array().unwrap().iter().map(state).collect()
}

#[test]
fn two_people_send_it_and_nothing_of_it_is_told_before() {
    let mut installation = desk();
    let text = installation.file("tekst.txt", "Dit lek wordt nu misbruikt.\n\nBel ons bij vragen.\n");
    let addresses = ["198.51.100.1", "198.51.100.200", "198.51.100.201", "203.0.113.1", "192.0.2.1"];
    let file = installation.file(&rdp_name(DAY), rdp(DAY, &addresses));
    let made = installation.json(&new(&file, &text));
    assert_eq!((count(&made["campaign"]), count(&made["report"])), (1, 1), "{made}");
    assert_eq!(would_be_told(&installation), 0);
    installation.json(&["tell"]);
    assert_eq!(installation.mails().len(), 0);
    assert_eq!((installation.fate("held"), installation.fate("no_contact")), (4, 1));
    installation.assert_sound();

    let shown = installation.json(&["campaign", "show", "1"]);
    let told: Vec<_> = shown["would_be_told"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["organisation"].as_str().unwrap(), count(&one["findings"])))
        .collect();
    assert_eq!(told, [("GM1", 1), ("GM2", 2), ("SV1", 1)]);
    assert!(shown["first"].as_str().unwrap().contains("Dit lek wordt nu misbruikt."), "{shown}");

    installation.run(&["--as", "jan", "campaign", "send", "1"]).ended(1).says(&["nobody has approved it"]);
    installation.run(&["--as", "jan", "campaign", "approve", "1"]).ended(1).says(&["another desk user"]);
    installation.run(&["campaign", "approve", "1"]).ended(1).says(&["--as NAME"]);
    installation.json(&["--as", "els", "campaign", "approve", "1"]);
    installation.json(&["--as", "jan", "campaign", "send", "1"]);
    installation.run(&["--as", "jan", "campaign", "send", "1"]).ended(1).says(&["sent already"]);
    assert_eq!(installation.fate("queued"), 4);
    installation.json(&["outbox", "--send"]);
    assert_eq!((installation.fate("notified"), installation.fate("held")), (4, 0));
    let mails = installation.mails();
    let subjects: Vec<_> = mails.iter().map(|mail| header(mail.as_bytes(), "subject")).collect();
    assert_eq!(mails.len(), 3);
    assert!(
        subjects[1].contains("TLP:AMBER Open RDP bij gemeenten: 2 bevindingen bij Lindeveen"),
        "{subjects:?}"
    );
    assert!(mails[1].contains("Laat ons uiterlijk op 2026-12-01 23:59 weten"), "{}", mails[1]);
    assert_eq!(would_be_told(&installation), 0, "and not told again");
    assert_eq!(states(&installation), ["sent"]);

    installation.at("2026-11-22T09:00:00Z");
    installation.json(&[
        "--as",
        "els",
        "answer",
        "new",
        "fixed",
        "--notification",
        "N2",
        "--who",
        "L. Linde",
    ]);
    let table = installation.json(&["campaign", "table", "1"]);
    let total = &table["total"];
    let of = |key: &str| count(&total[key]);
    assert_eq!([of("organisations"), of("told"), of("fixed"), of("silent")], [3, 4, 2, 2], "{table}");

    let answered = installation.json(&["--as", "els", "campaign", "answer-source", "1"]);
    assert_eq!(answered["written_to"], "csirt@divd.example", "{answered}");
    installation.json(&["outbox", "--send"]);
    let mails = installation.mails();
    let result =
        mails.iter().find(|mail| header(mail.as_bytes(), "to").contains("csirt@divd.example")).unwrap();
    assert!(result.contains("Organisations that we have warned: 3"), "{result}");
    for name in ["Eikendam", "Lindeveen", "Hulpbron", "198.51.100"] {
        assert!(!result.contains(name), "{name}: {result}");
    }
    installation.json(&["--as", "jan", "campaign", "close", "1", "--reason", "done"]);
    assert_eq!(states(&installation), ["closed"]);
    let audit = installation.run(&["audit", "list"]).ended(0).stdout;
    for action in ["create", "approve", "send", "answer_source", "close"] {
        assert!(audit.contains(&format!("campaign.{action} campaign:1")), "{action}: {audit}");
    }
    installation.assert_sound();
}

#[test]
fn one_about_a_report_takes_what_waits_and_gives_it_back_when_it_is_closed() {
    let installation = desk();
    let text = installation.file("tekst.txt", "Let op.\n");
    let file = installation.file(&rdp_name(DAY), rdp(DAY, &["198.51.100.200"]));
    installation.ingest(&file);
    assert_eq!(would_be_told(&installation), 1);
    installation.json(&new("1", &text));
    assert_eq!(would_be_told(&installation), 0);
    installation.run(&new("1", &text)).ended(1).says(&["belongs to campaign 1 already"]);
    installation.json(&["--as", "els", "campaign", "close", "1", "--reason", "no"]);
    assert_eq!(would_be_told(&installation), 1);
    installation.assert_sound();
}

#[test]
fn what_is_not_fit_for_a_mail_is_refused_and_leaves_nothing_behind() {
    let installation = desk();
    let file = installation.file(&rdp_name(DAY), rdp(DAY, &["198.51.100.200"]));
    let refused = |text: &str, said: &str| {
        let text = installation.file("tekst.txt", text);
        installation.run(&new(&file, &text)).ended(1).says(&[said]);
    };
    refused("", "a text in Dutch");
    refused("Zie http://x.example\n", "a link without encryption");
    refused("a\u{202e}b\n", "a character nobody can see");
    let text = installation.file("tekst.txt", "Let op.\n");
    let nonsense = installation.file("onbekend.bin", [0_u8, 1, 2, 3]);
    installation.run(&new(&nonsense, &text)).ended(1);
    installation.run(&new("99", &text)).ended(1).says(&["no report 99"]);
    let mut late = new(&file, &text);
    late[10] = "2026-11-19";
    installation.run(&late).ended(1).says(&["the deadline has passed"]);
    assert!(states(&installation).is_empty());
    assert_eq!(count(&installation.ledger()["rows"]), 0);
}

#[test]
fn trial_operation_holds_for_campaigns_and_overviews_too() {
    let mut installation = desk();
    let policy =
        installation.file("policy.toml", "[[trial]]\nwhen.organisation = \"GM2\"\nmode = \"shadow\"\n");
    installation.json(&["--as", "jan", "policy", "set", &policy, "--reason", "trial"]);
    let text = installation.file("tekst.txt", "Let op.\n");
    let file = installation.file(&rdp_name(DAY), rdp(DAY, &["198.51.100.1", "198.51.100.200"]));
    installation.json(&new(&file, &text));
    installation.json(&["--as", "els", "campaign", "approve", "1"]);
    let sent = installation.json(&["--as", "jan", "campaign", "send", "1"]);
    let told = |made: &Value, key: &str| -> Vec<String> {
        made[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["organisation"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(told(&sent, "notifications"), ["GM1", "SV1"]);
    installation.json(&["tell"]);
    assert_eq!(installation.mails().len(), 2, "nothing for Lindeveen");
    assert_eq!(installation.fate("held"), 1);
    installation.at("2026-11-23T07:00:00Z");
    let due = installation.json(&["overview", "send", "--dry-run"]);
    assert_eq!(told(&due, "overviews"), ["GM1", "GM3", "GM4", "SV1"]);
    installation.assert_sound();
}

#[test]
fn what_a_rule_asks_to_be_encrypted_is_encrypted_in_a_campaign_too() {
    let installation = desk();
    let policy = "[[rule]]\nname = 'RDP'\nowner = 'desk'\nreason = 'x'\nwhen.kind = 'open-rdp'\nthen = 'hold'\nencrypt = true\n";
    let policy = installation.file("policy.toml", policy);
    installation.json(&["--as", "jan", "policy", "set", &policy, "--reason", "x"]);
    let text = installation.file("tekst.txt", "Let op.\n");
    let list = installation.file(&rdp_name(DAY), rdp(DAY, &["198.51.100.200"]));
    installation.json(&new(&list, &text));
    installation.json(&["--as", "els", "campaign", "approve", "1"]);
    installation.json(&["--as", "jan", "campaign", "send", "1"]);
    installation.json(&["tell"]);
    let mails = installation.mails();
    assert!(mails.len() == 1 && mails[0].contains("vertrouwelijk bericht"), "{mails:?}");
    assert_eq!(installation.fate("held"), 1);
    installation.assert_sound();
}

#[test]
fn killed_while_the_list_comes_in_it_is_told_by_the_campaign_only() {
    let installation = desk();
    let text = installation.file("tekst.txt", "Let op.\n");
    let mut report = RDP_HEADER.to_owned();
    for second in 0..120_000_u32 {
        let time = format!("{DAY} {:02}:{:02}:{:02}", second / 3600 % 24, second / 60 % 60, second % 60);
        report += &rdp_row(&time, &format!("198.51.100.{}", second % 250));
    }
    let file = installation.file(&rdp_name(DAY), report);
    for kill_after_ms in [60, 150, 300, 600, 1_000] {
        let mut child = installation
            .command(&new(&file, &text))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        thread::sleep(Duration::from_millis(kill_after_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(would_be_told(&installation), 0, "killed after {kill_after_ms} ms");
        installation.json(&["tell"]);
        assert_eq!(installation.mails().len(), 0, "killed after {kill_after_ms} ms");
    }
    let known = states(&installation).iter().any(|state| state == "made");
    let made = installation.run(&new(&file, &text));
    // All of it had come in before the last kill: then its campaign is there already.
    assert!(made.code == Some(0) || known, "{made:#?}");
    let of_report = |one: &&Value| count(&one["report"]) > 0;
    let all = installation.json(&["campaign", "list"]);
    let campaigns: Vec<_> = all["campaigns"].as_array().unwrap().iter().filter(of_report).cloned().collect();
    assert_eq!(campaigns.len(), 1, "{all}");
    let id = campaigns[0]["campaign"].to_string();
    assert_eq!(would_be_told(&installation), 0);
    installation.json(&["--as", "els", "campaign", "approve", &id]);
    installation.json(&["--as", "jan", "campaign", "send", &id]);
    assert_eq!(installation.fate("held"), 0);
    installation.json(&["outbox", "--send"]);
    assert_eq!(installation.mails().len(), 3, "GM1, GM2 and SV1, once each");
    installation.assert_sound();
}
