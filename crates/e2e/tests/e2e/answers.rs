//! What recipients say: by replying, by the page, by telephone; and what becomes of that.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Barrier,
    thread,
};

use schakel_testkit::{ports::free_port, swaks::swaks};
use serde_json::Value;

use crate::{
    fixtures::{RDP_HEADER, Register, rdp, rdp_name},
    installation::{Installation, count},
    program,
    serve::{Serving, put},
};

/// A service that takes mail, with one finding told to Lindeveen; the Message-ID of that mail.
fn told() -> (Installation, Serving, String, String) {
    let installation = Installation::new();
    installation.json(&["user", "add", "jan"]);
    let port = free_port().unwrap();
    let server = format!("127.0.0.1:{port}");
    let serving = Serving::start(
        &installation,
        &format!(
            "[doors.mail]\ntrusted = [\"mx.schakel.example\"]\n[doors.smtp]\nlisten = [\"{server}\"]\nrecipients = [\"@schakel.example\"]\n"
        ),
    );
    put(&installation, &rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200"]));
    serving.wait("the mail", || installation.mails().len() == 1);
    let message_id = field(&installation.mails()[0], "Message-ID");
    (installation, serving, server, message_id)
}

pub fn field(mail: &str, name: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {mail}")).trim().to_owned()
}

pub fn proven(domain: &str) -> String {
    format!("Authentication-Results: mx.schakel.example; dmarc=pass header.from={domain}")
}

/// Sends a reply; `None` when there is no swaks.
pub fn reply(server: &str, from: &str, answers: &str, body: &str, more: &[&str]) -> Option<()> {
    let in_reply_to = format!("In-Reply-To: {answers}");
    let mut arguments = vec![
        "--from",
        from,
        "--to",
        "desk@schakel.example",
        "--header",
        &in_reply_to,
        "--header",
        "Subject: Re: x",
        "--body",
        body,
    ];
    for header in more {
        arguments.extend(["--header", header]);
    }
    let said = swaks(&["--server", server], &arguments)?;
    assert_eq!(said.status, 0, "{}", said.conversation);
    Some(())
}

pub fn answers(installation: &Installation) -> Vec<Value> {
    let mut all = installation.json(&["answer", "list", "--all"])["answers"].as_array().unwrap().clone();
    all.reverse();
    all
}

/// What the first that was told of a finding says.
fn state(installation: &Installation, finding: usize) -> String {
    let listed = installation.json(&["findings"]);
    let found = listed["findings"].as_array().unwrap().iter().rev().nth(finding).unwrap().clone();
    found["recipients"][0]["state"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_reply_of_a_contact_counts_and_that_of_a_stranger_waits_for_the_desk() {
    let (installation, serving, server, id) = told();
    assert_eq!(state(&installation, 0), "told");
    // A stranger knows the number, and says it is nobody's.
    if reply(&server, "x@stranger.example", &id, "Niet van ons.", &[&proven("stranger.example")]).is_none() {
        return;
    }
    serving.wait("the answer", || answers(&installation).len() == 1);
    // Somebody who says to be the contact, with nothing that shows it.
    reply(&server, "vcib@lindeveen.example", &id, "Opgelost.", &[]);
    serving.wait("the answer", || answers(&installation).len() == 2);
    assert_eq!(state(&installation, 0), "told", "a valid number is not enough");

    let theirs = proven("lindeveen.example");
    reply(
        &server,
        "vcib@lindeveen.example",
        &id,
        "In behandeling.\n\n> Opgelost, of niet van u?",
        &[&theirs],
    );
    serving.wait("the answer", || answers(&installation).len() == 3);
    assert_eq!(state(&installation, 0), "in_progress");
    // HTML only.
    let html = "<html><body><p>Dit is <b>opgelost</b>.</p><div>Van: Meldpunt<br>Verzonden: gisteren<br>niet van ons</div></body></html>";
    reply(&server, "vcib@lindeveen.example", &id, html, &[&theirs, "Content-Type: text/html; charset=utf-8"]);
    serving.wait("the answer", || answers(&installation).len() == 4);
    assert_eq!(state(&installation, 0), "fixed");
    // Somebody is away: nothing. A question: the desk.
    reply(
        &server,
        "vcib@lindeveen.example",
        &id,
        "Ik ben er niet.",
        &[&theirs, "Auto-Submitted: auto-replied"],
    );
    reply(&server, "vcib@lindeveen.example", &id, "Ik ben op vakantie tot maandag.", &[&theirs]);
    reply(&server, "vcib@lindeveen.example", &id, "Kunnen jullie mij bellen over bevinding 0?", &[&theirs]);
    serving.wait("the question", || answers(&installation).len() == 5);
    let kinds: Vec<_> = answers(&installation)
        .iter()
        .map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["standing"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        ["not_ours proposed", "fixed proposed", "in_progress taken", "fixed taken", "question proposed"]
    );
    assert_eq!(state(&installation, 0), "fixed", "a question takes nothing back");
    assert_eq!(count(&installation.json(&["answer", "list"])["waiting"]), 3);

    installation.run(&["--as", "jan", "answer", "refuse", "A1", "--reason", "unknown"]).ended(0);
    installation.run(&["--as", "jan", "answer", "accept", "A5"]).ended(0);
    installation.run(&["--as", "jan", "answer", "accept", "A5"]).ended(1);
    let shown = installation.json(&["answer", "show", "A5"]);
    assert!(shown["text"].as_str().unwrap().contains("bellen"), "{shown}");
    assert_eq!(count(&installation.json(&["answer", "list"])["waiting"]), 1);
    serving.stop();
    installation.assert_sound();
}

#[test]
fn two_who_differ_are_both_kept_and_the_desk_decides() {
    let (installation, serving, server, id) = told();
    let theirs = proven("lindeveen.example");
    if reply(&server, "vcib@lindeveen.example", &id, "Opgelost.", &[&theirs]).is_none() {
        return;
    }
    serving.wait("the answer", || answers(&installation).len() == 1);
    let reason = "Vals alarm, dit is een heel ander soort dienst.";
    installation.run(&["register", "export", installation.path("out").to_str().unwrap()]).ended(0);
    installation
        .run(&[
            "--as",
            "jan",
            "contact",
            "add",
            "GM2",
            "findings",
            "--name",
            "Els",
            "--email",
            "els@lindeveen.example",
        ])
        .ended(0);
    reply(&server, "els@lindeveen.example", &id, reason, &[&theirs]);
    serving.wait("the other answer", || answers(&installation).len() == 2);
    assert_eq!(answers(&installation)[1]["contradicts"], "A1");
    assert_eq!(state(&installation, 0), "false_positive", "the later one decides");
    assert_eq!(count(&installation.json(&["answer", "list"])["waiting"]), 1);
    installation.run(&["--as", "jan", "answer", "refuse", "A2", "--reason", "it is on"]).ended(0);
    assert_eq!(state(&installation, 0), "fixed", "back to the other");
    serving.stop();
    installation.assert_sound();
}

/// Status and text of an answer of the running service.
fn ask(serving: &Serving, method: &str, path: &str, form: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", serving.port())).unwrap();
    let head = match method {
        "POST" => {
            format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len())
        }
        _ => String::new(),
    };
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\n{head}Connection: close\r\n\r\n{form}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

/// The path of the page in a mail.
fn page(mail: &str) -> String {
    let plain = mail.replace("=\r\n", "").replace("=\n", "");
    let start = plain.find("https://schakel.example/answer/").unwrap_or_else(|| panic!("{plain}"));
    plain[start..].split_whitespace().next().unwrap().trim_start_matches("https://schakel.example").to_owned()
}

/// An installation with a report told by the machine's clock, and the path of the page in its mail.
fn with_page(register: &Register, report: &str, intake: &str) -> (Installation, Serving, String) {
    let installation = Installation::empty();
    installation.import(register);
    installation.json(&["user", "add", "jan"]);
    installation
        .configure(&format!("[http]\npublic_url = \"https://schakel.example/\"\n[intake]\n{intake}\n"));
    let file = installation.file(&rdp_name("2026-11-20"), report);
    let by_the_real_clock = |args: &[&str]| {
        program::run(&mut installation.command_by_the_real_clock(args)).ended(0);
    };
    by_the_real_clock(&["ingest", &file]);
    by_the_real_clock(&["tell"]);
    by_the_real_clock(&["outbox", "--send"]);
    let path = page(&installation.mails()[0]);
    let serving = Serving::start(&installation, "");
    (installation, serving, path)
}

#[test]
fn the_page_shows_no_secrets_and_only_sending_it_answers() {
    let (installation, serving, path) =
        with_page(&Register::small(), &rdp("2026-11-20", &["198.51.100.200", "198.51.100.201"]), "");
    // A scanner fetches it, and again.
    for _ in 0..3 {
        let (status, shown) = ask(&serving, "GET", &path, "");
        assert_eq!(status, 200, "{shown}");
        for part in [
            "<html lang=\"nl\">",
            "nog geen antwoord: 2",
            "method=\"post\"",
            "no-store",
            "default-src 'none'",
            "risk_accepted",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        for secret in ["198.51.100", "Lindeveen", "lindeveen", "3389", "rdp", "<script"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
    assert!(answers(&installation).is_empty());
    for (form, status) in [
        ("", 422),
        ("answer=nonsense", 422),
        ("answer=false_positive", 422),
        ("answer=in_progress&until=2020-01-01", 422),
    ] {
        assert_eq!(ask(&serving, "POST", &path, form).0, status, "{form}");
    }
    assert!(answers(&installation).is_empty());
    let (status, thanks) = ask(&serving, "POST", &path, "answer=fixed&text=Klaar");
    assert!(status == 200 && thanks.contains("Dank"), "{thanks}");
    // Sent twice by an impatient finger.
    assert_eq!(ask(&serving, "POST", &path, "answer=fixed&text=Klaar").0, 200);
    assert_eq!(answers(&installation).len(), 1);
    assert_eq!((state(&installation, 0), state(&installation, 1)), ("fixed".into(), "fixed".into()));
    assert!(ask(&serving, "GET", &path, "").1.contains("Opgelost, volgens u: 2"));
    // Marked AMBER and severe: the desk decides whose it is.
    let (_, thanks) = ask(&serving, "POST", &path, "answer=not_ours");
    assert!(thanks.contains("Wij kijken naar uw antwoord"), "{thanks}");
    assert_eq!(state(&installation, 0), "fixed");
    // Forged, run out, or cut: one and the same page.
    let gone = ask(&serving, "GET", "/answer/x", "");
    assert_eq!(gone.0, 410);
    let expired = path.rsplit_once('.').unwrap();
    let earlier = format!("{}1.{}", expired.0, expired.1);
    for forged in [
        path.replace("/answer/1.", "/answer/2."),
        earlier,
        format!("{path}x"),
        format!("/answer/{}", "1".repeat(500)),
    ] {
        for method in ["GET", "POST"] {
            let (status, shown) = ask(&serving, method, &forged, "answer=fixed");
            assert_eq!(
                (status, shown.split("\r\n\r\n").nth(1)),
                (410, gone.1.split("\r\n\r\n").nth(1)),
                "{forged}"
            );
        }
    }
    serving.stop();
    installation.assert_sound();
}

#[test]
fn two_who_differ_at_the_same_moment_are_both_kept_and_the_later_counts() {
    let (installation, serving, server, id) = told();
    installation.import(&Register::small().contact("GM2,findings,Els,els@lindeveen.example,,nl,AMBER"));
    let theirs = proven("lindeveen.example");
    let start = Barrier::new(2);
    let said = [
        ("vcib@lindeveen.example", "Opgelost."),
        ("els@lindeveen.example", "Vals alarm, dit is een heel ander soort dienst."),
    ];
    let sent = thread::scope(|scope| {
        let sending = said.map(|(from, text)| {
            let (start, server, id, theirs) = (&start, &server, &id, &theirs);
            scope.spawn(move || {
                start.wait();
                reply(server, from, id, text, &[theirs])
            })
        });
        sending.map(|one| one.join().unwrap())
    });
    if sent.contains(&None) {
        return;
    }
    serving.wait("both", || answers(&installation).len() == 2);
    let all = answers(&installation);
    assert_eq!((&all[0]["contradicts"], &all[1]["contradicts"]), (&Value::Null, &"A1".into()), "{all:?}");
    assert_eq!(all[1]["kind"], state(&installation, 0), "{all:?}");
    assert!(count(&installation.json(&["answer", "list"])["waiting"]) >= 1);
    serving.stop();
    installation.assert_sound();
}

#[test]
fn what_is_not_theirs_is_taken_from_them_and_stays_within() {
    let register = Register::default()
        .organisation("GM1,Eikendam,municipality,,nl")
        .asset("GM1,prefix,198.51.100.0/24,owner,,,asserted")
        .contact("GM1,findings,CERT Eikendam,cert@eikendam.example,,nl,AMBER");
    let report = format!(
        "{RDP_HEADER}\"2026-11-20 03:00:00\",\"medium\",\"198.51.100.7\",\"tcp\",3389,\"\",\"rdp\",64500,\"NL\"\n"
    );
    let (installation, serving, path) = with_page(&register, &report, "tlp = \"GREEN\"");
    assert_eq!(installation.fate("notified"), 1);
    let (status, thanks) = ask(&serving, "POST", &path, "answer=not_ours&text=Van+de+buren");
    assert!(status == 200 && thanks.contains("verwerkt"), "{thanks}");
    serving.wait("it to be nobody's", || installation.fate("unrouted") == 1);
    assert!(answers(&installation)[0]["reattributed_at"].is_string());
    // It goes to nobody outside before the desk has looked.
    assert_eq!(count(&installation.json(&["answer", "list"])["waiting"]), 1);
    installation.run(&["--as", "jan", "answer", "refuse", "A1", "--reason", "too late"]).ended(1);
    installation.run(&["--as", "jan", "answer", "accept", "A1"]).ended(0);
    assert_eq!(count(&installation.json(&["answer", "list"])["waiting"]), 0);
    // The rest of the range stays theirs.
    put(&installation, &rdp_name("2026-11-21"), rdp("2026-11-21", &["198.51.100.7", "198.51.100.8"]));
    serving.wait("the next", || count(&installation.json(&["findings"])["count"]) == 2);
    serving.wait("its mail", || installation.fate("notified") == 1);
    assert_eq!(installation.fate("unrouted"), 2, "seen again, and still nobody's");
    serving.stop();
    installation.assert_sound();
}

#[test]
fn the_desk_enters_what_was_said_by_telephone() {
    let mut installation = Installation::new();
    installation.at("2026-11-21T09:00:00Z");
    installation.json(&["user", "add", "jan"]);
    installation.configure("");
    installation.ingest(
        &installation.file(&rdp_name("2026-11-20"), rdp("2026-11-20", &["198.51.100.200", "198.51.100.201"])),
    );
    installation.run(&["tell"]).ended(0);
    fn new<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["--as", "jan", "answer", "new"], more].concat()
    }
    let whole = [
        "risk_accepted",
        "--notification",
        "N1",
        "--who",
        "Linde, 088",
        "--until",
        "2027-03-01",
        "--reason",
        "goes in spring",
    ];
    let refused = installation.run(&new(&whole)).ended(1);
    assert!(refused.stderr.contains("who decided"), "{refused:?}");
    let whole = [&whole[..], &["--decided-by", "M. Directeur"]].concat();
    assert_eq!(installation.json(&new(&[&whole[..], &["--dry-run"]].concat()))["dry_run"], true);
    assert!(answers(&installation).is_empty());
    installation.json(&new(&whole));
    assert_eq!(
        (state(&installation, 0), state(&installation, 1)),
        ("risk_accepted".into(), "risk_accepted".into())
    );
    installation.json(&new(&["fixed", "--finding", "F1", "--organisation", "GM2", "--who", "Linde"]));
    assert_eq!((state(&installation, 0), state(&installation, 1)), ("risk_accepted".into(), "fixed".into()));
    installation.run(&new(&["fixed", "--finding", "F1", "--organisation", "GM1", "--who", "x"])).ended(1);
    installation.json(&new(&[
        "not_ours",
        "--finding",
        "F0",
        "--organisation",
        "GM2",
        "--who",
        "Linde",
        "--reason",
        "sold",
    ]));
    assert_eq!((installation.fate("unrouted"), installation.fate("withdrawn")), (1, 1));
    // What is closed stays as it is, whatever is said.
    installation.json(&new(&["fixed", "--finding", "F0", "--organisation", "GM2", "--who", "Linde"]));
    assert_eq!(state(&installation, 0), "not_ours");
    assert_eq!(
        installation.json(&["answer", "list", "--notification", "N1"])["answers"].as_array().unwrap().len(),
        4
    );
    let traced = installation.json(&["trace", "F1"]);
    assert_eq!(
        (&traced["told"][0]["state"], &traced["told"][0]["answer"]),
        (&"fixed".into(), &"A2".into()),
        "{traced}"
    );
    installation.assert_sound();
}

#[test]
fn whoever_took_the_place_of_the_one_told_answers_for_it() {
    let (installation, serving, server, id) = told();
    installation.import(&Register::small().relation("GM2,merged_into,GM1,,,2026-01-01"));
    // A contact of the municipality that it went up in.
    if reply(&server, "cert@eikendam.example", &id, "Opgelost.", &[&proven("eikendam.example")]).is_none() {
        return;
    }
    serving.wait("the answer", || answers(&installation).len() == 1);
    assert_eq!(answers(&installation)[0]["standing"], "taken");
    assert_eq!(state(&installation, 0), "fixed");
    // A number that was never given out waits for a person as any mail.
    reply(
        &server,
        "cert@eikendam.example",
        &id.replace("<1.", "<999."),
        "Opgelost.",
        &[&proven("eikendam.example")],
    );
    serving.wait("it to wait", || {
        installation.json(&["vetting", "list"])["held"].as_array().unwrap().len() == 1
    });
    serving.stop();
    installation.assert_sound();
}
