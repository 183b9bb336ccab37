//! Never lose, never double: the program is killed at random times, started again with the same command, and ends with the counts of an
//! undisturbed run.
//!
//! `SCHAKEL_KILLS` says how often each test kills (200 for the full run), `SCHAKEL_KILL_ROWS` how large a day is, and
//! `SCHAKEL_KILL_SEED` repeats the times of an earlier run, which are otherwise others every time.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    hash::{BuildHasher, Hasher, RandomState},
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use schakel_demo::{
    bench_corpus::{BenchCorpus, Order},
    constituency::register_files,
};
use schakel_testkit::{
    fake_smtp::{FakeSmtp, Script},
    ports::free_port,
    postfix::{Postfix, header},
};
use serde_json::Value;

use crate::{
    installation::{Installation, count},
    program::{Run, terminate},
    telling::smtp_config,
};

/// Kills of each test, unless it is said.
const KILLS: u64 = 12;
/// Rows of a day, unless it is said: a few chunks.
const ROWS: u64 = 100_000;
/// Rows of each day that is served.
const ROWS_SERVED: u64 = 10_000;
/// A server that is not killed any more is done well within this.
const SERVE_MAX: Duration = Duration::from_secs(120);
/// Rows of the day that is told: a mail for every organisation of the constituency.
const ROWS_TOLD: u64 = 5_000;

pub fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Kills at random times, so many times.
pub struct Killer {
    left: u64,
    random: u64,
}

impl Killer {
    pub fn new() -> Self {
        let seed = setting("SCHAKEL_KILL_SEED", RandomState::new().build_hasher().finish() | 1);
        println!("SCHAKEL_KILL_SEED={seed}");
        Self { left: setting("SCHAKEL_KILLS", KILLS), random: seed }
    }

    /// A time between nothing and this one.
    pub fn moment(&mut self, within: Duration) -> Duration {
        // Xorshift: any numbers will do, as long as a seed gives them again.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        within.mul_f64((self.random >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// Runs a command until it comes to its end, killing it on the way at times within those of an undisturbed run.
    fn until_done(&mut self, command: impl Fn() -> Command, undisturbed: Duration) {
        self.until(command, undisturbed, || false);
    }

    /// The same, of a command that is not given again when what it does is done.
    fn until(&mut self, command: impl Fn() -> Command, undisturbed: Duration, is_done: impl Fn() -> bool) {
        loop {
            let kill_after = (self.left > 0).then(|| self.moment(undisturbed));
            let started = Instant::now();
            let mut child =
                command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
            let killed = loop {
                if child.try_wait().expect("a child can be waited for").is_some() {
                    break false;
                }
                if kill_after.is_some_and(|after| started.elapsed() >= after) {
                    child.kill().expect("a child can be killed");
                    break true;
                }
                thread::sleep(Duration::from_millis(1));
            };
            let ended = Run::of(child.wait_with_output().expect("a child can be waited for"));
            match ended.code {
                Some(0) => return,
                // It ended by itself before the kill came, and not well.
                Some(_) => panic!("{ended:#?}"),
                None => assert!(killed, "{ended:#?}"),
            }
            self.left -= 1;
            if is_done() {
                return;
            }
        }
    }
}

/// The days: the first, the same findings in the same order, in another order, and in another order packed.
fn days(installation: &Installation, rows: u64) -> Vec<String> {
    let day = |day, order| {
        let corpus = BenchCorpus { rows, seed: 1, day, order };
        let mut bytes = Vec::new();
        corpus.write_to(&mut bytes).expect("memory takes everything");
        (corpus.file_name(), bytes)
    };
    let mut files: Vec<_> = vec![
        day(0, Order::AsBefore),
        day(1, Order::AsBefore),
        day(2, Order::Shuffled),
        day(3, Order::Shuffled),
    ];
    let (name, bytes) = files.pop().expect("four were made");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&bytes).expect("memory takes everything");
    files.push((format!("{name}.gz"), packed.finish().expect("memory takes everything")));
    files.into_iter().map(|(name, bytes)| installation.file(&name, bytes)).collect()
}

/// With the register of the demo.
fn constituency() -> Installation {
    let installation = Installation::empty();
    let files = register_files();
    let folder = installation.path("register");
    fs::create_dir(&folder).unwrap();
    for (name, text) in [
        ("organisations.csv", files.organisations),
        ("assets.csv", files.assets),
        ("contacts.csv", files.contacts),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    installation.run(&["register", "import", folder.to_str().unwrap()]).ended(0);
    installation
}

/// What must be the same after any number of kills.
fn outcome(installation: &Installation, reports: usize) -> Vec<Value> {
    let mut outcome = vec![installation.ledger(), installation.json(&["findings", "--limit", "1000"])];
    outcome
        .extend((1..=reports).map(|report| installation.json(&["ledger", "--report", &report.to_string()])));
    outcome
}

#[test]
fn killed_while_taking_in_the_counts_are_those_of_an_undisturbed_run() {
    let undisturbed = constituency();
    let files = days(&undisturbed, setting("SCHAKEL_KILL_ROWS", ROWS));
    let timed = |file: &String| {
        let started = Instant::now();
        undisturbed.ingest(file);
        started.elapsed()
    };
    let durations: Vec<_> = files.iter().map(timed).collect();
    let expected = outcome(&undisturbed, files.len());
    let mut killer = Killer::new();
    let mut rounds = 0;
    while killer.left > 0 {
        let installation = constituency();
        for (file, duration) in files.iter().zip(&durations) {
            killer.until_done(|| installation.command(&["ingest", file]), *duration);
        }
        assert_eq!(outcome(&installation, files.len()), expected, "{} kills left", killer.left);
        assert_eq!(
            count(&installation.json(&["reports"])["reports"].as_array().unwrap().len().into()),
            files.len() as u64
        );
        installation.assert_sound();
        rounds += 1;
    }
    println!("{rounds} rounds of {} files, undisturbed {durations:?}", files.len());
}

/// A day taken in and not told yet.
fn to_be_told(port: u16) -> Installation {
    let installation = constituency();
    installation.configure(&smtp_config(port).replace("_seconds = 1\n", "_seconds = 30\n"));
    let corpus = BenchCorpus { rows: ROWS_TOLD, seed: 1, day: 0, order: Order::AsBefore };
    let mut bytes = Vec::new();
    corpus.write_to(&mut bytes).expect("memory takes everything");
    let file = installation.file(&corpus.file_name(), bytes);
    installation.ingest(&file);
    installation
}

#[test]
fn killed_while_sending_no_mail_is_lost_and_none_comes_twice_under_another_id() {
    let Some(postfix) = Postfix::start() else { return };
    let undisturbed = to_be_told(postfix.port());
    let started = Instant::now();
    let told = undisturbed.json(&["tell"]);
    let duration = started.elapsed();
    let mails = count(&told["sent"]["accepted"]);
    let expected = undisturbed.ledger();
    assert!(mails > 300 && count(&expected["fates"]["queued"]) == 0, "{told}");
    drop(postfix);

    let mut killer = Killer::new();
    let mut repeats = 0;
    while killer.left > 0 {
        let Some(postfix) = Postfix::start() else { return };
        let installation = to_be_told(postfix.port());
        killer.until_done(|| installation.command(&["tell"]), duration);
        let counts = installation.json(&["outbox"]);
        let states = ["accepted", "waiting", "unknown", "given_up"].map(|state| count(&counts[state]));
        assert_eq!(states, [mails, 0, 0, 0], "{} kills left", killer.left);
        assert_eq!(installation.ledger(), expected);
        installation.assert_sound();
        assert!(
            postfix.wait_for(mails as usize, Duration::from_secs(60)),
            "{} of {mails} mails came",
            postfix.delivered()
        );
        let arrived = settled(&postfix);
        let ids: BTreeSet<String> = arrived.iter().map(|mail| header(mail, "message-id")).collect();
        let mails_meant: BTreeSet<(String, String)> =
            arrived.iter().map(|mail| (header(mail, "to"), header(mail, "subject"))).collect();
        assert_eq!(
            (ids.len() as u64, mails_meant.len() as u64),
            (mails, mails),
            "lost, or doubled under another Message-ID"
        );
        repeats += arrived.len() - ids.len();
    }
    println!(
        "{repeats} mails came again under the same Message-ID, as they must when the kill came before the answer was kept"
    );
}

#[test]
fn killed_while_serving_every_file_ends_in_done_and_every_mail_comes() {
    let undisturbed = constituency();
    let files = days(&undisturbed, ROWS_SERVED);
    let started = Instant::now();
    for file in &files {
        undisturbed.ingest(file);
    }
    undisturbed.json(&["tell"]);
    let duration = started.elapsed();

    let mut killer = Killer::new();
    while killer.left > 0 {
        let server = FakeSmtp::start(Script::default());
        let installation = constituency();
        installation.configure(&format!(
            "{}[intake]\nsettle_ms = 0\n[telling]\nwait_seconds = 0\n[http]\nlisten = \"\"\n",
            smtp_config(server.port())
        ));
        let incoming = installation.data().join("incoming");
        fs::create_dir(&incoming).unwrap();
        for file in &files {
            fs::copy(file, incoming.join(Path::new(file).file_name().unwrap())).unwrap();
        }
        let is_done =
            || fs::read_dir(&incoming).unwrap().next().is_none() && installation.fate("queued") == 0;
        while !is_done() {
            let kill_after = (killer.left > 0).then(|| killer.moment(duration));
            let log = installation.path("log");
            let errors = fs::File::create(&log).unwrap();
            let mut serving =
                installation.command_by_the_real_clock(&["serve"]).stderr(errors).spawn().unwrap();
            match kill_after {
                Some(after) => {
                    thread::sleep(after);
                    serving.kill().unwrap();
                    killer.left -= 1;
                }
                None => {
                    let started = Instant::now();
                    while !is_done() {
                        assert!(
                            started.elapsed() < SERVE_MAX && serving.try_wait().unwrap().is_none(),
                            "not done after {SERVE_MAX:?}: {} {} {}",
                            installation.ledger(),
                            installation.json(&["outbox", "--limit", "3"]),
                            fs::read_to_string(&log).unwrap_or_default()
                        );
                        thread::sleep(Duration::from_millis(100));
                    }
                    terminate(serving.id());
                }
            }
            serving.wait().unwrap();
        }
        assert_eq!(installation.ledger(), undisturbed.ledger(), "{} kills left", killer.left);
        assert_eq!(fs::read_dir(installation.data().join("done")).unwrap().count(), files.len());
        let counts = installation.json(&["outbox"]);
        let ids: BTreeSet<String> =
            server.received().iter().map(|mail| header(&mail.bytes, "message-id")).collect();
        assert_eq!(ids.len() as u64, count(&counts["accepted"]), "a mail was lost, or is not in the books");
        installation.assert_sound();
    }
}

/// Every step at once, so that a run takes one for each organisation.
const QUICK_LADDER: &str = r#"
[[rule]]
name = "Everything"
owner = "test"
reason = "test"
then = "at_once"

[[ladder]]
severity = ["low", "medium", "high", "critical"]
step = [{ after = "1 hours", to = "second_contact" }, { after = "1 hours", to = "calling_list" }]
"#;

/// A day that was told an hour ago, with no reaction from anybody but a few.
fn told_and_silent() -> Installation {
    let mut installation = constituency();
    installation.configure(FOLDER);
    installation.json(&["user", "add", "anne"]);
    let policy = installation.file("policy.toml", QUICK_LADDER);
    installation.json(&["--as", "anne", "policy", "set", &policy, "--reason", "test"]);
    installation.at("2026-11-20T09:00:00Z");
    take_in_a_day(&installation);
    installation.json(&["tell"]);
    installation.at("2026-11-20T09:30:00Z");
    for notification in 1..=ANSWERED {
        let about = format!("N{notification}");
        let said =
            ["answer", "new", "fixed", "--notification", &about, "--who", "B", "--reason", "by telephone"];
        installation.json(&[&["--as", "anne"][..], &said].concat());
    }
    installation.at("2026-11-20T10:00:00Z");
    installation
}

/// Notifications that are answered.
const ANSWERED: u32 = 5;

#[test]
fn killed_while_climbing_ladders_each_step_is_taken_once() {
    let mut undisturbed = told_and_silent();
    let started = Instant::now();
    undisturbed.json(&["tell"]);
    let duration = started.elapsed();
    undisturbed.at("2026-11-20T11:00:00Z");
    undisturbed.json(&["tell"]);
    let climbed = climbed(&undisturbed);
    assert!(climbed.0 > 100 && climbed.2.as_array().is_some_and(|calls| calls.len() > 100), "{climbed:?}");

    let mut killer = Killer::new();
    while killer.left > 0 {
        let mut installation = told_and_silent();
        for at in ["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"] {
            installation.at(at);
            killer.until_done(|| installation.command(&["tell"]), duration);
        }
        assert_eq!(self::climbed(&installation), climbed, "{} kills left", killer.left);
        installation.assert_sound();
    }
}

/// How many messages there are, what the ledger says, whom to call, and what is due.
fn climbed(installation: &Installation) -> (u64, Value, Value, Value) {
    let accepted = count(&installation.json(&["outbox"])["accepted"]);
    let calls = installation.json(&["call", "list"])["calls"].clone();
    (accepted, installation.ledger(), calls, installation.json(&["due"]))
}

/// Every action of a rule at once, so that each block is split.
const MIXED_POLICY: &str = r#"
[[rule]]
name = "Hold"
owner = "test"
reason = "test"
when.severity = "low"
when.organisation = "GM0*"
then = "hold"

[[rule]]
name = "Grouped"
owner = "test"
reason = "test"
when.severity = ["low", "medium"]
then = "daily"
at = "16:00"

[[rule]]
name = "Suppressed"
owner = "test"
reason = "test"
when.organisation = "GM1*"
then = "suppress"
until = 2026-11-22

[[rule]]
name = "The rest"
owner = "test"
reason = "test"
then = "at_once"
"#;

/// A day under such a policy, not told yet.
fn under_a_policy() -> Installation {
    let mut installation = constituency();
    installation.configure(FOLDER);
    installation.json(&["user", "add", "anne"]);
    let policy = installation.file("policy.toml", MIXED_POLICY);
    installation.json(&["--as", "anne", "policy", "set", &policy, "--reason", "test"]);
    installation.at("2026-11-20T09:00:00Z");
    take_in_a_day(&installation);
    installation
}

/// Mails into a folder, and no brake.
const FOLDER: &str =
    "[mail]\nchannel = \"folder\"\nfrom = \"cert@cert.example\"\nper_recipient_per_hour = 1000\n";

fn take_in_a_day(installation: &Installation) -> String {
    let corpus = BenchCorpus { rows: ROWS_TOLD, seed: 1, day: 0, order: Order::AsBefore };
    let mut bytes = Vec::new();
    corpus.write_to(&mut bytes).expect("memory takes everything");
    let file = installation.file(&corpus.file_name(), bytes);
    installation.ingest(&file);
    file
}

#[test]
fn killed_while_a_policy_decides_each_assignment_ends_as_it_says() {
    // Told, its overview due, and what was suppressed let go.
    let times = ["2026-11-20T09:00:00Z", "2026-11-20T15:00:00Z", "2026-11-21T23:00:00Z"];
    let mut undisturbed = under_a_policy();
    let mut duration = Duration::ZERO;
    for at in times {
        let started = Instant::now();
        undisturbed.at(at).json(&["tell"]);
        duration = duration.max(started.elapsed());
    }
    let expected = decided(&undisturbed);
    let fates = &expected.1["fates"];
    assert!(count(&fates["held"]) > 100 && count(&fates["notified"]) > 1_000, "{fates}");

    let mut killer = Killer::new();
    while killer.left > 0 {
        let mut installation = under_a_policy();
        for at in times {
            installation.at(at);
            killer.until_done(|| installation.command(&["tell"]), duration);
        }
        assert_eq!(decided(&installation), expected, "{} kills left", killer.left);
        installation.assert_sound();
    }
}

/// How many messages there are, what the ledger says, and what is kept.
fn decided(installation: &Installation) -> (u64, Value, Value) {
    let accepted = count(&installation.json(&["outbox"])["accepted"]);
    (accepted, installation.ledger(), installation.json(&["policy", "show"])["kept"].clone())
}

#[test]
fn killed_while_a_campaign_is_sent_each_organisation_gets_it_once() {
    let approved = || {
        let mut installation = constituency();
        installation.configure(FOLDER);
        installation.json(&["user", "add", "anne"]);
        installation.json(&["user", "add", "bram"]);
        installation.at("2026-11-20T09:00:00Z");
        let corpus = BenchCorpus { rows: ROWS_TOLD, seed: 1, day: 0, order: Order::AsBefore };
        let mut bytes = Vec::new();
        corpus.write_to(&mut bytes).expect("memory takes everything");
        let file = installation.file(&corpus.file_name(), bytes);
        let text = installation.file("text.txt", "Install the update today.\n");
        let new = ["campaign", "new", &file, "--title", "Update", "--text", &text];
        installation.json(&[&["--as", "anne"][..], &new].concat());
        installation.json(&["--as", "bram", "campaign", "approve", "1"]);
        installation
    };
    const SEND: [&str; 5] = ["--as", "anne", "campaign", "send", "1"];
    let undisturbed = approved();
    let started = Instant::now();
    undisturbed.json(&SEND);
    let duration = started.elapsed();
    undisturbed.json(&["tell"]);
    let expected = decided(&undisturbed);
    assert!(expected.0 > 300, "{expected:?}");

    let mut killer = Killer::new();
    while killer.left > 0 {
        let installation = approved();
        // One that was sent just before the kill is not sent again.
        let is_sent = || installation.json(&["campaign", "list"])["campaigns"][0]["state"] == "sent";
        killer.until(|| installation.command(&SEND), duration, is_sent);
        installation.json(&["tell"]);
        assert_eq!(decided(&installation), expected, "{} kills left", killer.left);
        installation.assert_sound();
    }
}

#[test]
fn killed_while_weekly_overviews_are_made_each_is_made_once() {
    let told = || {
        let mut installation = constituency();
        installation.configure(&format!("{FOLDER}[telling]\nweekly = \"monday 08:00\"\n"));
        installation.at("2026-11-20T09:00:00Z");
        take_in_a_day(&installation);
        installation.json(&["tell"]);
        installation.at("2026-11-23T09:00:00Z");
        installation
    };
    let undisturbed = told();
    let before = undisturbed.mails().len();
    let started = Instant::now();
    undisturbed.json(&["overview", "send"]);
    let duration = started.elapsed();
    undisturbed.json(&["outbox", "--send"]);
    let expected = decided(&undisturbed);
    assert!(undisturbed.mails().len() > before + 300);

    let mut killer = Killer::new();
    while killer.left > 0 {
        let installation = told();
        killer.until_done(|| installation.command(&["overview", "send"]), duration);
        killer.until_done(|| installation.command(&["outbox", "--send"]), duration);
        assert_eq!(decided(&installation), expected, "{} kills left", killer.left);
        installation.assert_sound();
    }
}

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

/// All mails, once no more of them come.
fn settled(postfix: &Postfix) -> Vec<Vec<u8>> {
    let mut before = postfix.delivered();
    loop {
        thread::sleep(Duration::from_millis(500));
        let now = postfix.delivered();
        if now == before {
            return postfix.mails().expect("the mails can be read");
        }
        before = now;
    }
}
