//! Fetching from a real Dovecot, and from servers that misbehave.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use schakel_ingest::{
    door::Refusal,
    imap::{
        Handle, ImapSettings, Status,
        mailbox::Waits,
        settings::{After, Encryption, Login},
        start_with,
    },
};
use schakel_model::{arrival::Door, clock::Clock};
use schakel_testkit::dovecot::{Dovecot, PASSWORD, USER};
use tempfile::TempDir;

use crate::spool::{MemorySpool, When, shared};

const SOON: Duration = Duration::from_secs(30);
const NOW: i64 = 1_795_341_600;

/// As for a server far away, but in more of a hurry when something goes wrong.
const QUICK: Waits = Waits {
    first: Duration::from_millis(50),
    longest: Duration::from_millis(200),
    trouble: Duration::from_millis(100),
    idle: Duration::from_secs(540),
    silence: Duration::from_secs(60),
};

/// The settings for a server on this machine without TLS. The password lies in the folder.
fn plain(port: u16, folder: &Path) -> ImapSettings {
    let password_file = folder.join("password");
    fs::write(&password_file, format!("{PASSWORD}\n")).unwrap();
    ImapSettings {
        host: "127.0.0.1".into(),
        port,
        encryption: Encryption::None,
        username: USER.into(),
        password_file,
        poll_seconds: 1,
        ..ImapSettings::default()
    }
}

fn watch(settings: &ImapSettings, spool: &Arc<MemorySpool>) -> Handle {
    watch_with(settings, QUICK, spool)
}

fn watch_with(settings: &ImapSettings, waits: Waits, spool: &Arc<MemorySpool>) -> Handle {
    let clock = Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap());
    start_with(settings, waits, shared(spool), clock).unwrap()
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < SOON, "not in time: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn until_status(handle: &Handle, what: &str, is_so: impl Fn(&Status) -> bool) -> Status {
    until(what, || is_so(&handle.status()));
    handle.status()
}

fn mail(number: u32) -> Vec<u8> {
    format!("Subject: {number}\r\n\r\nIP: 192.0.2.{number}\r\n").into_bytes()
}

struct Setting {
    folder: TempDir,
    dovecot: Dovecot,
    spool: Arc<MemorySpool>,
}

impl Setting {
    fn new(more: &str) -> Option<Self> {
        let dovecot = Dovecot::start(more)?;
        Some(Self { folder: tempfile::tempdir().unwrap(), dovecot, spool: MemorySpool::new() })
    }

    fn plain(&self) -> ImapSettings {
        plain(self.dovecot.port_plain(), self.folder.path())
    }

    fn deliver(&self, number: u32) {
        self.dovecot.deliver(&mail(number)).unwrap();
    }

    fn count(&self, folder: &str) -> usize {
        self.dovecot.mails(folder).unwrap().len()
    }
}

#[test]
fn mails_are_fetched_over_tls_moved_and_new_ones_are_told_of() {
    let Some(setting) = Setting::new("") else { return };
    for number in 1..=3 {
        setting.deliver(number);
    }
    // What a mail can have in it: lines that look like IMAP, NUL-free eight-bit bytes, no end of the last line.
    let odd = b"Subject: odd\r\n\r\n)\r\ns5 OK done\r\n* 1 FETCH {3}\r\n.\r\n\xff\xfe\r\nlast".to_vec();
    setting.dovecot.deliver(&odd).unwrap();
    let settings = ImapSettings {
        host: "localhost".into(),
        port: setting.dovecot.port_tls(),
        encryption: Encryption::Tls,
        ca_file: setting.dovecot.certificate(),
        ..setting.plain()
    };
    let handle = watch(&settings, &setting.spool);
    assert!(setting.spool.wait_for(4, SOON), "{:?}", handle.status());
    let kept = setting.spool.kept();
    for (number, (envelope, bytes)) in (1..=3).zip(&kept) {
        assert_eq!(*bytes, mail(number));
        assert_eq!((envelope.door, envelope.received_at), (Door::Imap, NOW));
        assert!(envelope.name.starts_with("imap-") && envelope.name.ends_with(&format!("-{number}.eml")));
        assert_eq!((envelope.source.as_str(), envelope.sender.as_str(), envelope.peer), ("", "", None));
    }
    assert_eq!(kept[3].1, odd);
    until("all are moved", || setting.count("INBOX") == 0 && setting.count("Schakel-done") == 4);
    assert!(setting.dovecot.mails("Schakel-done").unwrap()[0].0.ends_with(":2,S"));
    let status = until_status(&handle, "a success", |status| status.last_success.is_some());
    assert_eq!(
        status,
        Status {
            connected: true,
            last_success: Some(NOW),
            last_error: None,
            fetched: 4,
            refused: 0,
            stuck: 0
        }
    );
    // Now it waits with IDLE: a poll would come in nine minutes.
    thread::sleep(Duration::from_millis(300));
    setting.deliver(5);
    assert!(setting.spool.wait_for(5, SOON), "{:?}", handle.status());
    until("it is moved", || setting.count("INBOX") == 0);
    let stopped = Instant::now();
    handle.stop();
    assert!(stopped.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_server_that_can_little_is_polled_and_mails_are_copied() {
    // Dovecot still understands the other commands; we only use what it claims to have.
    let Some(setting) = Setting::new("imap_capability = IMAP4rev1 UIDPLUS") else { return };
    setting.deliver(1);
    let handle = watch(&setting.plain(), &setting.spool);
    assert!(setting.spool.wait_for(1, SOON), "{:?}", handle.status());
    until("it is moved", || setting.count("INBOX") == 0 && setting.count("Schakel-done") == 1);
    setting.deliver(2);
    assert!(setting.spool.wait_for(2, SOON), "{:?}", handle.status());
    until("it is moved", || setting.count("INBOX") == 0 && setting.count("Schakel-done") == 2);
}

#[test]
fn a_backlog_comes_in_order_and_each_mail_once() {
    const MAILS: u32 = 200;
    let Some(mut setting) = Setting::new("") else { return };
    setting.spool = MemorySpool::slow(Duration::from_millis(5));
    for number in 0..MAILS {
        setting.deliver(number);
    }
    let started = Instant::now();
    let handle = watch(&setting.plain(), &setting.spool);
    assert!(setting.spool.wait_for(70, SOON));
    // Stopping puts away what is in the spool: nothing comes twice.
    handle.stop();
    let _handle = watch(&setting.plain(), &setting.spool);
    until("all are moved", || setting.count("Schakel-done") == MAILS as usize);
    println!("{:.0} mails a second from a mailbox", f64::from(MAILS) / started.elapsed().as_secs_f64());
    let kept: Vec<Vec<u8>> = setting.spool.kept().into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(kept, (0..MAILS).map(mail).collect::<Vec<_>>());
}

#[test]
fn idle_is_renewed() {
    let Some(setting) = Setting::new("") else { return };
    let waits = Waits { idle: Duration::from_millis(100), ..Waits::default() };
    let handle = watch_with(&setting.plain(), waits, &setting.spool);
    thread::sleep(Duration::from_secs(1));
    setting.deliver(1);
    assert!(setting.spool.wait_for(1, SOON));
    assert_eq!(handle.status().last_error, None);
}

#[test]
fn marking_leaves_mails_where_they_are() {
    let Some(setting) = Setting::new("") else { return };
    setting.deliver(1);
    let settings = ImapSettings { after: After::Seen, ..setting.plain() };
    let handle = watch(&settings, &setting.spool);
    assert!(setting.spool.wait_for(1, SOON));
    until("it is marked", || setting.dovecot.mails("INBOX").unwrap()[0].0.ends_with(":2,S"));
    handle.stop();
    setting.deliver(2);
    let _handle = watch(&settings, &setting.spool);
    assert!(setting.spool.wait_for(2, SOON));
    until("both are marked", || {
        setting.dovecot.mails("INBOX").unwrap().iter().all(|(name, _)| name.ends_with(":2,S"))
    });
    assert_eq!(setting.spool.kept()[1].1, mail(2));
    assert_eq!((setting.spool.count(), setting.count("INBOX")), (2, 2));
}

#[test]
fn what_is_not_taken_goes_to_another_folder_and_the_rest_is_fetched() {
    let Some(setting) = Setting::new("") else { return };
    setting.deliver(1);
    setting.dovecot.deliver(&[b'x'; 5_000]).unwrap();
    setting.deliver(3);
    setting.deliver(4);
    setting.spool.refuse(When::Begin, Refusal::Blocked);
    setting.spool.refuse(When::Finish, Refusal::Trouble("disk".into()));
    let settings = ImapSettings { bytes_max: 4_000, ..setting.plain() };
    let handle = watch(&settings, &setting.spool);
    assert!(setting.spool.wait_for(2, SOON), "{:?}", handle.status());
    until("all are moved", || setting.count("INBOX") == 0);
    assert_eq!((setting.count("Schakel-done"), setting.count("Schakel-refused")), (2, 2));
    let status = until_status(&handle, "a clean round", |status| status.last_error.is_none());
    assert_eq!((status.fetched, status.refused, status.stuck), (2, 2, 0));
    assert_eq!(setting.spool.kept()[0].1, mail(3));
}

#[test]
fn a_full_spool_leaves_the_mail_in_the_mailbox_until_there_is_room() {
    let Some(setting) = Setting::new("") else { return };
    setting.deliver(1);
    for _ in 0..3 {
        setting.spool.refuse(When::Write, Refusal::Later { after_seconds: 0 });
    }
    let handle = watch(&setting.plain(), &setting.spool);
    assert!(setting.spool.wait_for(1, SOON), "{:?}", handle.status());
    until("it is moved", || setting.count("Schakel-done") == 1);
    assert_eq!((setting.spool.begun(), handle.status().refused), (4, 0));
}

#[test]
fn an_outage_is_survived() {
    let Some(setting) = Setting::new("") else { return };
    let handle = watch(&setting.plain(), &setting.spool);
    until_status(&handle, "a success", |status| status.last_success.is_some());
    setting.dovecot.stop().unwrap();
    let status = until_status(&handle, "an error", |status| !status.connected && status.last_error.is_some());
    assert_eq!(status.fetched, 0);
    setting.deliver(1);
    setting.dovecot.run().unwrap();
    assert!(setting.spool.wait_for(1, SOON), "{:?}", handle.status());
    until_status(&handle, "a clean round", |status| status.connected && status.last_error.is_none());
}

#[test]
fn a_folder_that_cannot_be_made_keeps_nothing_from_being_fetched_once() {
    let Some(setting) = Setting::new("") else { return };
    setting.deliver(1);
    setting.deliver(2);
    // Dovecot makes no folder of this name.
    let settings = ImapSettings { done_folder: "a//b".into(), ..setting.plain() };
    let handle = watch(&settings, &setting.spool);
    let status = until_status(&handle, "both are stuck", |status| status.stuck == 2);
    assert!(status.last_error.unwrap().1.starts_with("the server refuses to move mails"));
    setting.deliver(3);
    until_status(&handle, "three are stuck", |status| status.stuck == 3);
    // Over a new connection as well.
    setting.dovecot.stop().unwrap();
    setting.dovecot.run().unwrap();
    setting.deliver(4);
    until_status(&handle, "four are stuck", |status| status.stuck == 4);
    assert_eq!((setting.spool.count(), setting.count("INBOX")), (4, 4));
}

#[test]
fn a_wrong_password_and_a_wrong_certificate_are_said_without_the_password() {
    let Some(setting) = Setting::new("auth_failure_delay = 0") else { return };
    let mut settings = setting.plain();
    settings.password_file = setting.folder.path().join("wrong");
    fs::write(&settings.password_file, "hunter2").unwrap();
    let handle = watch(&settings, &setting.spool);
    let status = until_status(&handle, "an error", |status| status.last_error.is_some());
    let text = status.last_error.unwrap().1;
    assert!(text.starts_with("the server refuses the log-in: "), "{text}");
    assert!(!text.contains("hunter2"));
    assert!(!status.connected);
    drop(handle);

    let settings =
        ImapSettings { encryption: Encryption::Tls, port: setting.dovecot.port_tls(), ..setting.plain() };
    let handle = watch(&settings, &setting.spool);
    let status = until_status(&handle, "an error", |status| status.last_error.is_some());
    assert!(status.last_error.unwrap().1.contains("UnknownIssuer"));
}

#[test]
fn wrong_settings_are_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let spool = MemorySpool::new();
    let wrong = |change: fn(&mut ImapSettings)| {
        let mut settings = plain(143, folder.path());
        change(&mut settings);
        let started = start_with(&settings, Waits::default(), shared(&spool), Clock::system());
        format!("{:#}", started.err().expect("it is wrong"))
    };
    assert!(wrong(|s| s.host.clear()).contains("doors.imap.host is empty"));
    assert!(wrong(|s| s.username.clear()).contains("doors.imap.username is empty"));
    assert!(wrong(|s| s.done_folder = "INBOX".into()).contains("must not be the same"));
    assert!(wrong(|s| s.password_file = "/nowhere".into()).contains("doors.imap.password_file /nowhere"));
    assert!(wrong(|s| s.password_file = "".into()).contains("name doors.imap.password_file or"));
}

#[test]
fn without_tls_no_password_leaves_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ImapSettings { host: "192.0.2.1".into(), ..plain(143, folder.path()) };
    let handle = watch(&settings, &MemorySpool::new());
    let status = until_status(&handle, "an error", |status| status.last_error.is_some());
    assert!(status.last_error.unwrap().1.contains("may not go there without TLS"));
}

/// A server that plays a script for each connection: what it waits for, and what it then says (`TAG` is the tag of the command). An empty
/// answer hangs up. After the last script it plays that one again.
fn scripted(scripts: Vec<Vec<(&'static str, Vec<u8>)>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (turn, stream) in listener.incoming().enumerate() {
            let script = scripts[turn.min(scripts.len() - 1)].clone();
            thread::spawn(move || play(stream.unwrap(), &script));
        }
    });
    port
}

fn play(mut stream: TcpStream, script: &[(&str, Vec<u8>)]) {
    let mut commands = BufReader::new(stream.try_clone().unwrap());
    for (expected, answer) in script {
        let mut line = String::new();
        if !expected.is_empty() && commands.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let (tag, command) = line.trim_end().split_once(' ').unwrap_or(("", line.trim_end()));
        if command == "LOGOUT" {
            return;
        }
        assert!(command.starts_with(expected), "{command} is not {expected}");
        if answer.is_empty() {
            return;
        }
        let answer = String::from_utf8(answer.clone()).unwrap().replace("TAG", tag);
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
    // Says nothing more.
    let _ = commands.read_line(&mut String::new());
}

fn say(expected: &'static str, answer: &str) -> (&'static str, Vec<u8>) {
    (expected, answer.as_bytes().to_vec())
}

fn log_in() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        say("", "* OK hello\r\n"),
        say("CAPABILITY", "* CAPABILITY IMAP4rev1 MOVE\r\nTAG OK\r\n"),
        say("LOGIN \"cert\"", "TAG OK\r\n"),
        say("CAPABILITY", "* CAPABILITY IMAP4rev1 MOVE\r\nTAG OK\r\n"),
        say("SELECT \"INBOX\"", "* 1 EXISTS\r\n* OK [UIDVALIDITY 9] valid\r\nTAG OK\r\n"),
        say("UID SEARCH UNDELETED", "* SEARCH 7\r\nTAG OK\r\n"),
    ]
}

#[test]
fn a_server_that_disconnects_in_the_middle_of_a_mail_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let fetch = "UID FETCH 7 (UID BODY.PEEK[])";
    let with = |more: Vec<(&'static str, Vec<u8>)>| [log_in(), more].concat();
    let port = scripted(vec![
        // Within the mail, between the mail and the end of the answer, and after the mail is in the spool.
        with(vec![say(fetch, "* 1 FETCH (UID 7 BODY[] {10}\r\nhalf"), say("", "")]),
        with(vec![say(fetch, "* 1 FETCH (UID 7 BODY[] {4}\r\nmail)\r\n"), say("", "")]),
        with(vec![say(fetch, "* 1 FETCH (BODY[] {4}\r\nmail UID 7)\r\nTAG OK\r\n"), say("UID STORE 7", "")]),
        with(vec![
            say("UID STORE 7 +FLAGS.SILENT (\\Seen)", "TAG OK\r\n"),
            say("UID MOVE 7 \"Schakel-done\"", "TAG NO [TRYCREATE] none\r\n"),
            say("CREATE \"Schakel-done\"", "TAG OK\r\n"),
            say("UID MOVE 7 \"Schakel-done\"", "* 1 EXPUNGE\r\nTAG OK\r\n"),
            say("NOOP", "TAG OK\r\n"),
            say("UID SEARCH UNDELETED", "* SEARCH\r\nTAG OK\r\n"),
        ]),
    ]);
    let spool = MemorySpool::new();
    let handle = watch(&plain(port, folder.path()), &spool);
    let status = until_status(&handle, "a success", |status| status.last_success.is_some());
    assert_eq!((status.fetched, status.stuck), (1, 0));
    let kept = spool.kept();
    assert_eq!((spool.begun(), kept.len()), (3, 1));
    assert_eq!((kept[0].0.name.as_str(), kept[0].1.as_slice()), ("imap-9-7.eml", &b"mail"[..]));
}

#[test]
fn a_mail_that_the_server_cannot_give_keeps_no_other_from_coming() {
    let folder = tempfile::tempdir().unwrap();
    let mut script = log_in();
    *script.last_mut().unwrap() = say("UID SEARCH UNDELETED", "* SEARCH 9 7\r\n* SEARCH 8 10\r\nTAG OK\r\n");
    script.extend([
        say("UID FETCH 7", "TAG NO it is broken\r\n"),
        say("UID FETCH 8", "TAG OK somebody took it\r\n"),
        say("UID FETCH 9", "* 3 FETCH (UID 9 BODY[] \"a \\\"mail\\\"\")\r\nTAG OK\r\n"),
        say("UID FETCH 10", "* 4 FETCH (UID 10 BODY[] NIL)\r\nTAG OK\r\n"),
        say("UID STORE 9 ", "TAG OK\r\n"),
        say("UID MOVE 9 \"Schakel-done\"", "TAG OK\r\n"),
        say("UID MOVE 10 \"Schakel-refused\"", "TAG OK\r\n"),
    ]);
    let port = scripted(vec![script]);
    let spool = MemorySpool::new();
    let handle = watch(&plain(port, folder.path()), &spool);
    let status = until_status(&handle, "a success", |status| status.last_success.is_some());
    assert_eq!(status.last_error.unwrap().1, "mail 7: the server refuses to give a mail: it is broken");
    assert_eq!((status.fetched, status.refused, status.stuck), (1, 1, 1));
    assert_eq!(spool.kept()[0].1, b"a \"mail\"");
}

#[test]
fn servers_that_speak_no_imap_or_too_much_are_left() {
    let folder = tempfile::tempdir().unwrap();
    for (script, expected) in [
        (vec![say("", "HTTP/1.1 400 Bad Request\r\n")], "it does not greet"),
        (vec![say("", "* BYE too busy\r\n")], "the server hung up: too busy"),
        (
            vec![say("", "* OK hello\r\n"), say("CAPABILITY", "* LIST {99999}\r\n")],
            "a literal that is no mail is too long",
        ),
        (
            vec![
                say("", "* OK hello\r\n"),
                say("CAPABILITY", "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK\r\n"),
            ],
            "the server refuses the log-in: LOGINDISABLED",
        ),
        (
            {
                let mut script = log_in();
                script[4] = say("SELECT", "TAG OK\r\n");
                script
            },
            "the folder has no UIDVALIDITY",
        ),
        (
            [log_in(), vec![say("UID FETCH 7", "* 1 FETCH (BODY[] {1}\r\nx UID 8)\r\nTAG OK\r\n")]].concat(),
            "it gives another mail than was asked for",
        ),
        (vec![("", [&b"* OK "[..], &vec![b'x'; 13 << 20]].concat())], "a line is too long"),
    ] {
        let port = scripted(vec![script]);
        let spool = MemorySpool::new();
        let handle = watch(&plain(port, folder.path()), &spool);
        let status = until_status(&handle, expected, |status| status.last_error.is_some());
        let text = status.last_error.unwrap().1;
        assert!(text.ends_with(expected), "{text} is not {expected}");
        assert_eq!(spool.count(), 0);
    }
}

#[test]
fn a_server_that_falls_silent_is_left_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let silent = [log_in(), vec![say("UID FETCH 7", "* 1 FETCH (UID 7 BODY[] {10}\r\nhalf")]].concat();
    let port = scripted(vec![vec![say("", "* OK hel")], silent]);
    let (waits, spool) = (Waits { silence: Duration::from_millis(300), ..QUICK }, MemorySpool::new());
    let handle = watch_with(&plain(port, folder.path()), waits, &spool);
    let status = until_status(&handle, "an error", |status| status.last_error.is_some());
    assert_eq!(status.last_error.unwrap().1, "the server did not answer in time");
    until("the mail was begun twice", || spool.begun() == 2);
    assert_eq!(spool.count(), 0);
}

#[test]
fn a_token_is_handed_over_as_oauth2_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ImapSettings { login: Login::Oauth2, ..plain(1, folder.path()) };
    fs::write(&settings.password_file, "to.ken").unwrap();
    let port = scripted(vec![vec![
        say("", "* OK hello\r\n"),
        say("CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\nTAG OK\r\n"),
        say("AUTHENTICATE XOAUTH2", "+ \r\n"),
        // user=cert^Aauth=Bearer to.ken^A^A
        say("dXNlcj1jZXJ0AWF1dGg9QmVhcmVyIHRvLmtlbgEB", "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"),
        say("", "s2 NO [AUTHENTICATIONFAILED] expired\r\n"),
    ]]);
    let handle = watch(&ImapSettings { port, ..settings }, &MemorySpool::new());
    let status = until_status(&handle, "an error", |status| status.last_error.is_some());
    assert_eq!(status.last_error.unwrap().1, "the server refuses the log-in: [AUTHENTICATIONFAILED] expired");
}
