//! The door for mail, with swaks, and with clients that misbehave.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use schakel_ingest::{
    door::Refusal,
    smtp::{Handle, Protocol, SmtpSettings, server::start_with, settings::Timeouts},
};
use schakel_model::{arrival::Door, clock::Clock};
use schakel_testkit::swaks::swaks;

use crate::spool::{MemorySpool, When, shared};

pub fn settings(protocol: Protocol) -> SmtpSettings {
    SmtpSettings {
        listen: vec!["127.0.0.1:0".into()],
        protocol,
        hostname: "cert.example".into(),
        recipients: vec!["reports@cert.example".into(), "@feeds.example".into()],
        ..SmtpSettings::default()
    }
}

pub fn open(settings: &SmtpSettings, spool: &Arc<MemorySpool>) -> Handle {
    open_with(settings, Timeouts::default(), spool)
}

fn open_with(settings: &SmtpSettings, timeouts: Timeouts, spool: &Arc<MemorySpool>) -> Handle {
    let clock = Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap());
    start_with(settings, timeouts, shared(spool), clock).unwrap()
}

pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Connected, and a mail begun.
    fn in_mail(address: SocketAddr) -> Self {
        let mut client = Self::connect(address);
        assert_eq!(client.reply(), "220 cert.example ESMTP Schakel");
        client.send(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<reports@cert.example>\r\nDATA\r\n");
        let replies: Vec<String> = (0..4).map(|_| client.reply()).collect();
        assert_eq!(replies.iter().map(|reply| &reply[..3]).collect::<Vec<_>>(), ["250", "250", "250", "354"]);
        client
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
    }

    /// The next line; empty when the connection has ended.
    pub fn reply(&mut self) -> String {
        let mut line = String::new();
        // A connection that we closed with bytes unread ends in an error at the client's.
        let _ = self.stream.read_line(&mut line);
        line.trim_end().to_owned()
    }
}

/// A door for one test.
fn door(timeouts: Timeouts) -> (Arc<MemorySpool>, Handle, SocketAddr) {
    let spool = MemorySpool::new();
    let handle = open_with(&settings(Protocol::Smtp), timeouts, &spool);
    let address = handle.addresses()[0];
    (spool, handle, address)
}

#[test]
fn swaks_hands_a_mail_over() {
    let (spool, handle, address) = door(Timeouts::default());
    let body = "IP: 192.0.2.7\n.a line with a dot\n..\n.\nünïcödé";
    let Some(said) = swaks(
        &["--server", &address.to_string()],
        &[
            "--from",
            "reporter@b.example",
            "--to",
            "reports@cert.example",
            "--header",
            "Subject: x",
            "--body",
            body,
        ],
    ) else {
        return;
    };
    assert_eq!(said.status, 0, "{}", said.conversation);
    assert!(said.conversation.contains("250 2.0.0 received as R1"), "{}", said.conversation);
    let kept = spool.kept();
    let [(envelope, bytes)] = &kept[..] else { panic!("{} mails", kept.len()) };
    assert_eq!(envelope.door, Door::Mail);
    assert_eq!(envelope.sender, "reporter@b.example");
    assert_eq!(envelope.received_at, 1_795_341_600);
    assert_eq!(envelope.peer, Some([127, 0, 0, 1].into()));
    assert_eq!((envelope.name.as_str(), envelope.source.as_str()), ("mail.eml", ""));
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains("\r\n\r\nIP: 192.0.2.7\r\n.a line with a dot\r\n..\r\n.\r\nünïcödé\r\n"), "{text}");
    assert_eq!(handle.counts().received, 1);
}

#[test]
fn swaks_hands_a_mail_over_by_lmtp_on_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lmtp.sock");
    let spool = MemorySpool::new();
    let listen = vec![format!("unix:{}", path.display())];
    let settings = SmtpSettings { listen, ..settings(Protocol::Lmtp) };
    // A socket that a killed program left behind is in nobody's way.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let handle = open(&settings, &spool);
    let arguments = [
        "--protocol",
        "LMTP",
        "--from",
        "<>",
        "--to",
        "reports@cert.example,nobody@cert.example,x@feeds.example",
    ];
    let Some(said) = swaks(&["--socket", path.to_str().unwrap()], &arguments) else { return };
    assert_eq!(said.conversation.matches("250 2.0.0 received as R1").count(), 2, "{}", said.conversation);
    assert_eq!(said.conversation.matches("550 5.1.1 nobody here").count(), 1, "{}", said.conversation);
    assert_eq!(spool.count(), 1);
    assert_eq!((spool.kept()[0].0.sender.as_str(), spool.kept()[0].0.peer), ("", None));
    let second = start_with(&settings, Timeouts::default(), shared(&spool), Clock::system());
    assert!(format!("{:#}", second.err().unwrap()).contains("another program listens there"));
    handle.stop();
    assert!(!path.exists());
}

#[test]
fn refusals_reach_the_sender_in_its_own_words() {
    let (spool, handle, address) = door(Timeouts::default());
    let later = || Refusal::Later { after_seconds: 60 };
    for (when, refusal, code) in [
        (When::Begin, later(), "452 4.3.1"),
        (When::Begin, Refusal::Blocked, "550 5.7.1"),
        (When::Write, Refusal::TooLarge { bytes_max: 5 }, "552 5.3.4"),
        (When::Write, later(), "452 4.3.1"),
        (When::Finish, Refusal::Trouble("disk full".into()), "451 4.3.0"),
    ] {
        spool.refuse(when, refusal);
        let mut client = Client::connect(address);
        client.send(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<reports@cert.example>\r\nDATA\r\n");
        let replies: Vec<String> = (0..5).map(|_| client.reply()).collect();
        let answer = if when == When::Begin {
            replies[4].clone()
        } else {
            assert_eq!(&replies[4][..3], "354");
            client.send(b"Subject: x\r\n\r\nx\r\n.\r\n");
            client.reply()
        };
        assert!(answer.starts_with(code), "{when:?}: {answer}");
        // The conversation goes on.
        client.send(b"NOOP\r\nQUIT\r\n");
        assert_eq!([&client.reply()[..3], &client.reply()[..3], &client.reply()], ["250", "221", ""]);
    }
    assert_eq!(spool.count(), 0);
    assert_eq!(handle.counts().refused, 5);
}

#[test]
fn a_mail_above_the_limit_is_refused_whatever_size_it_claimed() {
    let spool = MemorySpool::new();
    let handle = open(&SmtpSettings { bytes_max: 1_000, ..settings(Protocol::Smtp) }, &spool);
    let address = handle.addresses()[0];
    let mut client = Client::in_mail(address);
    client.send(&[&[b'x'; 1_500][..], b"\r\n.\r\nNOOP\r\n"].concat());
    assert_eq!(client.reply(), "552 5.3.4 no mail of more than 1000 bytes is taken");
    assert_eq!(client.reply(), "250 2.0.0 fine");
    // One that goes on and on is not listened to for ever.
    let mut client = Client::in_mail(address);
    client.send(&[b'x'; 3_000]);
    assert_eq!(client.reply(), "552 5.3.4 the mail is far too large");
    assert_eq!(client.reply(), "");
    assert_eq!(spool.count(), 0);
}

#[test]
fn of_a_mail_that_breaks_off_nothing_is_kept() {
    let (spool, handle, address) = door(Timeouts::default());
    let mut client = Client::in_mail(address);
    client.send(b"Subject: x\r\n\r\nhalf a ma");
    drop(client);
    let mut other = Client::in_mail(address);
    other.send(b"\0\xff\xfe binary\r\n.\r\n");
    assert_eq!(other.reply(), "250 2.0.0 received as R1");
    while handle.counts().refused == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(spool.begun(), 2);
    assert_eq!(spool.kept()[0].1, b"\0\xff\xfe binary\r\n");
    assert_eq!(spool.count(), 1);
}

#[test]
fn who_is_slow_loses_the_connection() {
    let quick = Timeouts { idle: Duration::from_millis(600), ..Timeouts::default() };
    let (spool, _handle, address) = door(quick);
    // Single bytes of a command are no activity.
    let mut client = Client::connect(address);
    assert!(client.reply().starts_with("220"));
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1_200) {
        let _ = client.stream.get_mut().write_all(b"N");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(client.reply(), "421 4.4.2 nothing came for too long");
    let mut client = Client::in_mail(address);
    assert_eq!(client.reply(), "421 4.4.2 nothing came for too long");
    // Single bytes of a mail are, but the mail as a whole has its time too.
    let (_, _handle, address) = door(Timeouts { mail: Duration::from_millis(600), ..Timeouts::default() });
    let mut client = Client::in_mail(address);
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(1_000) {
        let _ = client.stream.get_mut().write_all(b"x");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(client.reply(), "421 4.4.2 the mail took too long");
    assert_eq!(spool.count(), 0);
}

#[test]
fn a_connection_too_many_is_sent_away_for_now() {
    let spool = MemorySpool::new();
    let handle = open(&SmtpSettings { connections_max: 2, ..settings(Protocol::Smtp) }, &spool);
    let address = handle.addresses()[0];
    let mut clients: Vec<Client> = (0..2).map(|_| Client::connect(address)).collect();
    for client in &mut clients {
        assert!(client.reply().starts_with("220"));
    }
    assert_eq!(Client::connect(address).reply(), "421 4.3.2 too many connections, try again later");
    drop(clients.pop());
    while handle.counts().connections > 1 {
        thread::sleep(Duration::from_millis(5));
    }
    assert!(Client::connect(address).reply().starts_with("220"));
}

#[test]
fn stopping_lets_a_mail_come_to_its_end_and_sends_the_others_away() {
    let (spool, handle, address) = door(Timeouts::default());
    let mut idle = Client::connect(address);
    assert!(idle.reply().starts_with("220"));
    let mut busy = Client::in_mail(address);
    let stopping = thread::spawn(move || handle.stop());
    assert_eq!(idle.reply(), "421 4.3.2 stopping, try again later");
    busy.send(b"x\r\n.\r\n");
    assert_eq!(busy.reply(), "250 2.0.0 received as R1");
    assert_eq!(busy.reply(), "421 4.3.2 stopping, try again later");
    stopping.join().unwrap();
    assert_eq!(spool.count(), 1);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn wrong_settings_are_said_before_anything_listens() {
    let spool = MemorySpool::new();
    let wrong = |change: fn(&mut SmtpSettings)| {
        let mut settings = settings(Protocol::Smtp);
        change(&mut settings);
        let opened = start_with(&settings, Timeouts::default(), shared(&spool), Clock::system());
        format!("{:#}", opened.err().expect("it is wrong"))
    };
    assert!(wrong(|s| s.listen = vec!["localhost".into()]).contains("is no address with a port"));
    assert!(wrong(|s| s.recipients.clear()).contains("doors.smtp.recipients is empty"));
    assert!(wrong(|s| s.recipients = vec!["reports".into()]).contains("is no address and no @domain"));
    assert!(wrong(|s| s.peers = vec!["mx.example".into()]).contains("doors.smtp.peers: `mx.example`"));
    assert!(wrong(|s| s.hostname = "a b".into()).contains("is no host name"));
    assert!(
        wrong(|s| s.listen = vec!["unix:/nowhere/at/all".into()]).contains("cannot take mail in at unix:")
    );
}

/// 200 mails a second must be possible, each answered only after a commit, of which one takes 5 ms.
#[test]
fn many_connections_share_a_commit() {
    assert!(mails_a_second(20, 50) > 200.0);
    // With one connection there is nothing to share.
    mails_a_second(1, 100);
}

fn mails_a_second(connections: usize, mails: usize) -> f64 {
    let spool = MemorySpool::slow(Duration::from_millis(5));
    let handle = open(&settings(Protocol::Smtp), &spool);
    let address = handle.addresses()[0];
    let mail = [&[b'x'; 4_000][..], b"\r\n.\r\n"].concat();
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                client.send(b"HELO x\r\n");
                assert!(client.reply().starts_with("220") && client.reply().starts_with("250"));
                for _ in 0..mails {
                    client.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<reports@cert.example>\r\nDATA\r\n");
                    assert!((0..3).map(|_| client.reply()).last().unwrap().starts_with("354"));
                    client.send(&mail);
                    assert!(client.reply().starts_with("250 2.0.0 received"));
                }
            });
        }
    });
    let rate = (connections * mails) as f64 / started.elapsed().as_secs_f64();
    println!("{rate:.0} mails a second over {connections} connections");
    assert_eq!(spool.count(), connections * mails);
    rate
}
