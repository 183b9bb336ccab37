//! Killed while replies come in: each is heard once, whatever it leads to.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use schakel_testkit::{ports::free_port, postfix::header};
use serde_json::Value;

use super::{FOLDER, Killer, SERVE_MAX, constituency, take_in_a_day};
use crate::{installation::Installation, program::terminate};

/// Replies of each round.
const REPLIES: usize = 40;

/// What each of them says, in turn: it counts, goes to the desk, or takes the finding from them.
const SAID: [&str; 5] = [
    "Opgelost.",
    "In behandeling, klaar op 3 december.",
    "Niet van ons.",
    "Wat bedoelt u met een open poort?",
    "Doorgestuurd naar onze leverancier.",
];

/// A server that takes replies, and the mails that are answered: from whom, and the Message-ID.
fn to_be_answered(port: u16) -> (Installation, Vec<(String, String)>) {
    let installation = constituency();
    installation.configure(&format!(
        "{FOLDER}[doors.mail]\ntrusted = [\"mx.schakel.example\"]\n[doors.smtp]\nlisten = [\"127.0.0.1:{port}\"]\n\
         recipients = [\"@schakel.example\"]\n[telling]\nweekly = \"off\"\n[contacts]\nremind = false\n[http]\nlisten = \"\"\n"
    ));
    take_in_a_day(&installation);
    installation.json(&["tell"]);
    let field = |mail: &String, name| header(mail.as_bytes(), name);
    let of = |mail: &String| {
        let to = field(mail, "to");
        let address = to.rsplit('<').next().unwrap_or_default().trim_end_matches('>').to_owned();
        (address, field(mail, "message-id"))
    };
    let mut mails: Vec<(String, String)> = installation.mails().iter().map(of).collect();
    mails.sort();
    mails.dedup_by_key(|(address, _)| address.clone());
    mails.truncate(REPLIES);
    assert_eq!(mails.len(), REPLIES);
    (installation, mails)
}

/// Sends a mail over a bare connection; true when it was taken.
fn mail(port: u16, from: &str, text: &str) -> bool {
    let talk = || -> std::io::Result<bool> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut answers = BufReader::new(stream.try_clone()?);
        let mut said = |line: &str, stream: &mut &TcpStream| -> std::io::Result<bool> {
            stream.write_all(line.as_bytes())?;
            let mut answer = String::new();
            while answer.is_empty() || answer.as_bytes().get(3) == Some(&b'-') {
                answer.clear();
                if answers.read_line(&mut answer)? == 0 {
                    return Ok(false);
                }
            }
            Ok(answer.starts_with(['2', '3']))
        };
        let stream = &mut &stream;
        Ok(said("", stream)?
            && said("EHLO test\r\n", stream)?
            && said(&format!("MAIL FROM:<{from}>\r\n"), stream)?
            && said("RCPT TO:<desk@schakel.example>\r\n", stream)?
            && said("DATA\r\n", stream)?
            && said(&format!("{text}\r\n.\r\n"), stream)?)
    };
    talk().unwrap_or(false)
}

/// Sends all replies to a server that runs.
fn reply(port: u16, mails: &[(String, String)]) {
    for (number, (from, id)) in mails.iter().enumerate() {
        let (domain, body) = (from.split('@').nth(1).unwrap(), SAID[number % SAID.len()]);
        let text = format!(
            "Authentication-Results: mx.schakel.example; dmarc=pass header.from={domain}\r\nFrom: <{from}>\r\n\
             To: <desk@schakel.example>\r\nSubject: Re: x\r\nMessage-ID: <r{number}@{domain}>\r\nIn-Reply-To: {id}\r\n\r\n{body}"
        );
        let started = Instant::now();
        while !mail(port, from, &text) {
            assert!(started.elapsed() < SERVE_MAX, "the server does not take mail");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// All answers without their times and numbers, sorted; the ledger; and what recipients say of how many findings.
fn heard(installation: &Installation) -> (Vec<String>, Value, BTreeMap<String, usize>) {
    let listed = installation.json(&["answer", "list", "--all"])["answers"].clone();
    let answer = |one: &Value| {
        let is_done = one["reattributed_at"].is_string();
        format!("{} {} {} {is_done}", one["organisation"], one["kind"], one["standing"])
    };
    let mut answers: Vec<String> = listed.as_array().unwrap().iter().map(answer).collect();
    answers.sort();
    let mut states = BTreeMap::new();
    let findings = installation.json(&["findings", "--limit", "10000"])["findings"].clone();
    for recipient in findings.as_array().unwrap().iter().flat_map(|one| one["recipients"].as_array().unwrap())
    {
        *states.entry(recipient["state"].to_string()).or_default() += 1;
    }
    (answers, installation.ledger(), states)
}

#[test]
fn killed_while_answers_come_in_each_counts_once() {
    let port = free_port().unwrap();
    let serve = |installation: &Installation| {
        installation
            .command_by_the_real_clock(&["serve"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    };
    let is_done = |installation: &Installation| {
        let answers = installation.json(&["answer", "list", "--all"])["answers"].clone();
        let answers = answers.as_array().unwrap();
        let waits = |one: &&Value| {
            one["kind"] == "not_ours" && one["standing"] == "taken" && !one["reattributed_at"].is_string()
        };
        answers.len() >= REPLIES && answers.iter().filter(waits).count() == 0
    };
    let finish = |installation: &Installation| {
        let mut serving = serve(installation);
        let started = Instant::now();
        while !is_done(installation) {
            assert!(started.elapsed() < SERVE_MAX, "{:?}", heard(installation));
            thread::sleep(Duration::from_millis(100));
        }
        terminate(serving.id());
        serving.wait().unwrap();
        started.elapsed()
    };
    let (undisturbed, mails) = to_be_answered(port);
    let mut serving = serve(&undisturbed);
    reply(port, &mails);
    terminate(serving.id());
    serving.wait().unwrap();
    let duration = finish(&undisturbed);
    let expected = heard(&undisturbed);
    assert_eq!(expected.0.len(), REPLIES, "{expected:?}");
    undisturbed.assert_sound();

    let mut killer = Killer::new();
    while killer.left > 0 {
        let (installation, mails) = to_be_answered(port);
        // What was taken is in the spool for good, however it ends.
        let mut serving = serve(&installation);
        reply(port, &mails);
        serving.kill().unwrap();
        serving.wait().unwrap();
        killer.left -= 1;
        while killer.left > 0 && !is_done(&installation) {
            let mut serving = serve(&installation);
            thread::sleep(killer.moment(duration));
            serving.kill().unwrap();
            serving.wait().unwrap();
            killer.left -= 1;
        }
        finish(&installation);
        assert_eq!(heard(&installation), expected, "{} kills left", killer.left);
        installation.assert_sound();
    }
}
