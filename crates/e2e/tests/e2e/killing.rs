//! Never lose, never double: the program is killed at random times, started again with the same command, and ends with the counts of an
//! undisturbed run.
//!
//! `SCHAKEL_KILLS` says how often each test kills (200 for the full run), `SCHAKEL_KILL_ROWS` how large a day is, and
//! `SCHAKEL_KILL_SEED` repeats the times of an earlier run, which are otherwise others every time.

use std::{
    collections::BTreeSet,
    env, fs,
    hash::{BuildHasher, Hasher, RandomState},
    io::Write,
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
    postfix::{Postfix, header},
};
use serde_json::Value;

use crate::{
    installation::{Installation, count},
    program::{Run, terminate},
    telling::smtp_config,
};

mod answers;
mod deciding;

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
    take_in_a_day(&installation);
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

/// Mails into a folder, and no brake.
const FOLDER: &str =
    "[mail]\nchannel = \"folder\"\nfrom = \"cert@cert.example\"\nper_recipient_per_hour = 1000\n";

/// The file of the day that is told.
fn day_that_is_told(installation: &Installation) -> String {
    let corpus = BenchCorpus { rows: ROWS_TOLD, seed: 1, day: 0, order: Order::AsBefore };
    let mut bytes = Vec::new();
    corpus.write_to(&mut bytes).expect("memory takes everything");
    installation.file(&corpus.file_name(), bytes)
}

fn take_in_a_day(installation: &Installation) {
    installation.ingest(&day_that_is_told(installation));
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
