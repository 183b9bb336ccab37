//! A real Postfix hands mail over.

use std::{
    thread,
    time::{Duration, Instant},
};

use schakel_ingest::{door::Refusal, smtp};
use schakel_testkit::{
    ports::free_port,
    postfix::{Postfix, Protocol, header},
    swaks::swaks,
};

use crate::{
    smtp::{Client, open, settings},
    spool::{MemorySpool, When},
};

const SOON: Duration = Duration::from_secs(60);

#[track_caller]
fn send(postfix: &Postfix, to: &str, subject: &str) -> Option<()> {
    let said = swaks(
        &["--server", &format!("127.0.0.1:{}", postfix.port())],
        &["--from", "reporter@b.example", "--to", to, "--header", &format!("Subject: {subject}")],
    )?;
    assert_eq!(said.status, 0, "{}", said.conversation);
    Some(())
}

#[test]
fn postfix_hands_over_by_lmtp_and_comes_back_when_there_is_no_room() {
    let spool = MemorySpool::new();
    let door = open(&settings(smtp::Protocol::Lmtp), &spool);
    let Some(postfix) = Postfix::start_handing_to(Protocol::Lmtp, door.addresses()[0].port()) else { return };
    spool.refuse(When::Begin, Refusal::Later { after_seconds: 1 });
    spool.refuse(When::Finish, Refusal::Trouble("disk".into()));
    let Some(()) = send(&postfix, "reports@cert.example,x@feeds.example", "one") else { return };
    assert!(spool.wait_for(1, SOON));
    let kept = spool.kept();
    assert_eq!(kept[0].0.sender, "reporter@b.example");
    assert_eq!(header(&kept[0].1, "subject"), "one");
    assert!(door.counts().refused >= 2, "{:?}", door.counts());
}

#[test]
fn postfix_hands_over_by_smtp_after_the_door_was_closed() {
    let spool = MemorySpool::new();
    // A port that nothing else takes while the door is closed: Postfix would wait for minutes for whoever does not greet it.
    let port = free_port().unwrap();
    let mut settings = settings(smtp::Protocol::Smtp);
    settings.listen = vec![format!("127.0.0.1:{port}")];
    let door = open(&settings, &spool);
    let Some(postfix) = Postfix::start_handing_to(Protocol::Smtp, port) else { return };
    let Some(()) = send(&postfix, "reports@cert.example", "one") else { return };
    assert!(spool.wait_for(1, SOON));
    door.stop();
    for subject in ["two", "three"] {
        send(&postfix, "reports@cert.example", subject);
    }
    let _door = open(&settings, &spool);
    assert!(spool.wait_for(3, SOON), "{}", postfix.log());
    let mut subjects: Vec<String> = spool.kept().iter().map(|(_, mail)| header(mail, "subject")).collect();
    subjects.sort();
    assert_eq!(subjects, ["one", "three", "two"]);
    let ids: std::collections::HashSet<_> =
        spool.kept().iter().map(|(_, mail)| header(mail, "message-id")).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn postfix_hands_over_many_at_once_and_each_once() {
    const CONNECTIONS: usize = 10;
    const MAILS: usize = 30;
    let spool = MemorySpool::slow(Duration::from_millis(5));
    let door = open(&settings(smtp::Protocol::Lmtp), &spool);
    let Some(postfix) = Postfix::start_handing_to(Protocol::Lmtp, door.addresses()[0].port()) else { return };
    let started = Instant::now();
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let port = postfix.port();
            scope.spawn(move || {
                let mut client = Client::connect(([127, 0, 0, 1], port).into());
                client.send(b"HELO x\r\n");
                assert!(client.reply().starts_with("220") && client.reply().starts_with("250"));
                for mail in 0..MAILS {
                    client.send(b"MAIL FROM:<a@b.example>\r\n");
                    assert!(client.reply().starts_with("250"));
                    client.send(b"RCPT TO:<reports@cert.example>\r\n");
                    assert!(client.reply().starts_with("250"));
                    client.send(b"DATA\r\n");
                    assert!(client.reply().starts_with("354"));
                    client.send(format!("Subject: {connection}-{mail}\r\n\r\nx\r\n.\r\n").as_bytes());
                    assert!(client.reply().starts_with("250"));
                }
            });
        }
    });
    assert!(spool.wait_for(CONNECTIONS * MAILS, SOON));
    let rate = (CONNECTIONS * MAILS) as f64 / started.elapsed().as_secs_f64();
    println!("{rate:.0} mails a second through Postfix");
    let mut subjects: Vec<String> = spool.kept().iter().map(|(_, mail)| header(mail, "subject")).collect();
    subjects.sort();
    subjects.dedup();
    assert_eq!((subjects.len(), spool.count()), (CONNECTIONS * MAILS, CONNECTIONS * MAILS));
}
