//! What every channel has to do, tried on each: a folder of mails, a mail server, a webhook, a drop folder. And what is a webhook's own: it
//! leads nowhere else and holds nobody up.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use schakel_app::machines::webhook_for;
use schakel_deliver::{
    channel::{Channel, Delivery},
    folder::FolderChannel,
    message_id::MessageId,
    outcome::Outcome,
    settings::{ChannelKind, Encryption, FolderSettings, MailSettings, SmtpSettings},
};
use schakel_lookup::settings::OutgoingSettings;
use schakel_rules::retry::Attempt;
use schakel_seal::{ed25519::Ed25519Key, random::Random};
use schakel_testkit::{
    fake_smtp::{Act, FakeSmtp, Script, Stage},
    https_server::{Asked, HttpsServer, answer},
    server_tls::ServerTls,
};
use tempfile::TempDir;

const BYTES: &[u8] = b"Message-ID: <17.0.1@mail.example>\r\nSubject: x\r\n\r\n{\"a\": 1}\r\n";

/// Long enough for an honest answer on a busy machine, short enough for a test.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the other side does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    /// Takes it.
    Takes,
    /// Not now.
    IsBusy,
    /// Never.
    Refuses,
    /// Takes it and does not say so.
    SaysNothing,
}

/// A channel, what stands at its other end, and what came out there.
struct Tried {
    channel: Channel,
    taken: Box<dyn Fn() -> Vec<Vec<u8>>>,
    /// Folders, servers: they go when this goes.
    _world: Box<dyn std::any::Any>,
}

fn deliver(channel: &mut Channel) -> Outcome {
    let message_id = MessageId::new(17, 0, 1, "mail.example").unwrap();
    channel.deliver(&Delivery {
        envelope_from: "desk@mail.example",
        to: "noc@x.example",
        message_id: &message_id,
        bytes: BYTES,
        now: Timestamp::constant(1_773_558_000, 0),
    })
}

/// A folder can do no more than be there or not.
fn folder(does: Does, open: fn(&std::path::Path) -> Channel) -> Option<Tried> {
    let world = tempfile::tempdir().unwrap();
    let path = world.path().join("in");
    fs::create_dir(&path).unwrap();
    let channel = open(&path);
    match does {
        Does::Takes => {}
        Does::IsBusy => fs::remove_dir(&path).unwrap(),
        Does::Refuses | Does::SaysNothing => return None,
    }
    let taken = move || {
        let files = fs::read_dir(&path).into_iter().flatten().flatten();
        files.map(|file| fs::read(file.path()).unwrap()).collect()
    };
    Some(Tried { channel, taken: Box::new(taken), _world: Box::new(world) })
}

fn mail_folder(does: Does) -> Option<Tried> {
    folder(does, |path| {
        let folder = FolderSettings { path: path.to_owned() };
        Channel::open(&MailSettings { channel: ChannelKind::Folder, folder, ..MailSettings::default() })
            .unwrap()
    })
}

fn drop_folder(does: Does) -> Option<Tried> {
    folder(does, |path| Channel::Folder(FolderChannel::drop(path)))
}

fn smtp(does: Does) -> Option<Tried> {
    let script = match does {
        Does::Takes => Script::default(),
        Does::IsBusy => Script::default().at(Stage::Recipient, Act::Reply("451 4.7.1 greylisted".into())),
        Does::Refuses => Script::default().at(Stage::Recipient, Act::Reply("550 5.1.1 no such user".into())),
        Does::SaysNothing => Script::default().at(Stage::AfterBody, Act::Stall),
    };
    let server = Arc::new(FakeSmtp::start(script));
    let smtp = SmtpSettings {
        host: "localhost".into(),
        port: server.port(),
        encryption: Encryption::None,
        hello: "client.example".into(),
        connect_timeout_seconds: 2,
        command_timeout_seconds: 2,
        data_timeout_seconds: 2,
        ..SmtpSettings::default()
    };
    let settings = MailSettings { channel: ChannelKind::Smtp, smtp, ..MailSettings::default() };
    let seen = Arc::clone(&server);
    Some(Tried {
        channel: Channel::open(&settings).unwrap(),
        taken: Box::new(move || seen.received().into_iter().map(|mail| mail.bytes.clone()).collect()),
        _world: Box::new(server),
    })
}

fn webhook(does: Does) -> Option<Tried> {
    let hook = Hook::start(Duration::ZERO, move |_| match does {
        Does::Takes => answer("204 No Content", "", b""),
        Does::IsBusy => answer("503 Busy", "", b"later"),
        Does::Refuses => answer("410 Gone", "", b"gone"),
        Does::SaysNothing => {
            std::thread::sleep(PATIENCE * 2);
            Vec::new()
        }
    });
    let channel = hook.channel("/in", &["127.0.0.0/8"]);
    let asked = Arc::clone(&hook.asked);
    let taken = move || match does {
        Does::Takes | Does::SaysNothing => asked.lock().unwrap().iter().map(|one| one.body.clone()).collect(),
        Does::IsBusy | Does::Refuses => Vec::new(),
    };
    Some(Tried { channel, taken: Box::new(taken), _world: Box::new(hook) })
}

/// A web server that keeps what it was asked.
struct Hook {
    server: HttpsServer,
    asked: Arc<Mutex<Vec<Asked>>>,
    folder: TempDir,
}

impl Hook {
    fn start(pause: Duration, says: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let tls = ServerTls::for_localhost();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let server = HttpsServer::start_dripping("127.0.0.1:0", &tls, pause, move |asked| {
            kept.lock().unwrap().push(asked.clone());
            says(asked)
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), &tls.certificate_pem).unwrap();
        Self { server, asked, folder }
    }

    fn channel(&self, path: &str, allow: &[&str]) -> Channel {
        let outgoing = OutgoingSettings {
            allow: allow.iter().map(|net| (*net).to_owned()).collect(),
            ca_file: self.folder.path().join("ca.pem"),
            ..OutgoingSettings::default()
        };
        let url = format!("https://127.0.0.1:{}{path}", self.server.address().port());
        let key = Ed25519Key::generate(&mut Random::from_seed([3; 32])).unwrap();
        webhook_for(&url, Ed25519Key::read(key.as_bytes()).unwrap(), &outgoing, PATIENCE).unwrap()
    }
}

/// Opens a channel whose other side does this.
type Open = fn(Does) -> Option<Tried>;

const CHANNELS: [(&str, Open); 4] =
    [("folder", mail_folder), ("smtp", smtp), ("webhook", webhook), ("drop", drop_folder)];

/// Whatever a channel adds on its way (a dot at the end, a line break) is not ours to compare.
fn same(taken: &[u8]) -> bool {
    taken.trim_ascii_end() == BYTES.trim_ascii_end()
}

#[test]
fn what_is_taken_arrives_once_and_byte_for_byte() {
    for (name, open) in CHANNELS {
        let mut tried = open(Does::Takes).unwrap();
        let outcome = deliver(&mut tried.channel);
        assert_eq!(outcome.attempt(), Attempt::Accepted, "{name}: {outcome:?}");
        tried.channel.close();
        let taken = (tried.taken)();
        assert_eq!(taken.len(), 1, "{name}");
        assert!(same(&taken[0]), "{name}: {}", String::from_utf8_lossy(&taken[0]));
    }
}

#[test]
fn what_cannot_be_taken_now_is_for_later_and_what_is_refused_is_not() {
    for (name, open) in CHANNELS {
        for (does, attempt) in [(Does::IsBusy, Attempt::Temporary), (Does::Refuses, Attempt::Permanent)] {
            let Some(mut tried) = open(does) else { continue };
            let outcome = deliver(&mut tried.channel);
            assert_eq!(outcome.attempt(), attempt, "{name}, {does:?}: {outcome:?}");
            assert!((tried.taken)().is_empty(), "{name}, {does:?}");
        }
    }
}

#[test]
fn without_an_answer_nobody_knows_and_it_is_not_waited_for() {
    for (name, open) in CHANNELS {
        let Some(mut tried) = open(Does::SaysNothing) else { continue };
        let started = Instant::now();
        let outcome = deliver(&mut tried.channel);
        assert_eq!(outcome.attempt(), Attempt::Unknown, "{name}: {outcome:?}");
        assert!(started.elapsed() < PATIENCE * 4, "{name}: {:?}", started.elapsed());
    }
}

#[test]
fn an_attempt_that_a_crash_cut_off_is_made_again_with_the_same_bytes() {
    for (name, open) in CHANNELS {
        let mut tried = open(Does::Takes).unwrap();
        // The other side has it, and we do not know: what follows is the same delivery again, over a channel opened anew or not.
        for _ in 0..2 {
            assert_eq!(deliver(&mut tried.channel).attempt(), Attempt::Accepted, "{name}");
        }
        tried.channel.close();
        let taken = (tried.taken)();
        assert!(!taken.is_empty() && taken.iter().all(|one| same(one)), "{name}");
    }
}

#[test]
fn a_webhook_on_an_inner_network_is_reached_only_when_that_is_allowed() {
    let hook = Hook::start(Duration::ZERO, |_| answer("200 OK", "", b""));
    let outcome = deliver(&mut hook.channel("/in", &[]));
    assert_eq!(outcome.attempt(), Attempt::Temporary);
    assert!(outcome.answer().text.contains("outgoing.allow"), "{outcome:?}");
    assert_eq!(hook.server.requests(), 0);
}

#[test]
fn a_webhook_that_redirects_leads_nowhere() {
    for target in ["https://127.0.0.1/x", "https://[::1]/x", "http://127.0.0.1/x", "/elsewhere"] {
        for status in ["301 Moved", "307 Temporary Redirect", "308 Permanent Redirect"] {
            let hook = Hook::start(Duration::ZERO, move |asked| match asked.path.as_str() {
                "/in" => answer(status, &format!("Location: {target}\r\n"), b""),
                _ => answer("200 OK", "", b""),
            });
            let outcome = deliver(&mut hook.channel("/in", &["127.0.0.0/8"]));
            assert_eq!(outcome.attempt(), Attempt::Temporary, "{target}: {outcome:?}");
            assert!(outcome.answer().text.contains("redirects"), "{outcome:?}");
            assert_eq!(hook.server.requests(), 1, "{target}");
        }
    }
}

#[test]
fn a_webhook_that_answers_slowly_for_an_hour_is_cut_off() {
    // A byte every 300 ms: the head alone takes half a minute.
    let slow_head = Hook::start(Duration::from_millis(300), |_| {
        answer("200 OK", &format!("X-Slow: {}\r\n", "x".repeat(8_000)), b"")
    });
    let started = Instant::now();
    let outcome = deliver(&mut slow_head.channel("/in", &["127.0.0.0/8"]));
    assert_eq!(outcome.attempt(), Attempt::Unknown, "{outcome:?}");
    assert!(started.elapsed() < PATIENCE * 2, "{:?}", started.elapsed());
    // The status is there, and the rest is not waited for.
    let slow_body = Hook::start(Duration::from_millis(10), |_| {
        [&b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"[..], &[b'x'; 100_000]].concat()
    });
    let started = Instant::now();
    let outcome = deliver(&mut slow_body.channel("/in", &["127.0.0.0/8"]));
    assert_eq!(outcome.attempt(), Attempt::Accepted, "{outcome:?}");
    assert!(started.elapsed() < PATIENCE * 2, "{:?}", started.elapsed());
}

#[test]
fn what_is_posted_says_whose_it_is_and_is_known_again() {
    let hook = Hook::start(Duration::ZERO, |_| answer("200 OK", "", b""));
    let mut channel = hook.channel("/in?a=b", &["127.0.0.0/8"]);
    deliver(&mut channel);
    deliver(&mut channel);
    let asked = hook.asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    for one in asked.iter() {
        assert_eq!(one.path, "/in?a=b");
        assert_eq!(one.header("idempotency-key"), "\"17.0.1@mail.example\"");
        assert!(one.header("content-type").starts_with("application/cloudevents+json"));
        for name in ["content-digest", "signature-input", "signature"] {
            assert!(!one.header(name).is_empty(), "{name}: {}", one.head);
        }
    }
}
