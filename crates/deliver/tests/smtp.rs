//! What comes of a mail, for everything a mail server may do.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    time::{Duration, Instant},
};

use schakel_deliver::{
    channel::{Channel, Delivery, OpenError},
    message_id::MessageId,
    outcome::Outcome,
    settings::{ChannelKind, Encryption, MailSettings, SmtpSettings},
};
use schakel_rules::retry::Attempt;
use schakel_testkit::{
    fake_smtp::{Act, FakeSmtp, Script, Stage},
    server_tls::ServerTls,
};
use tempfile::TempDir;

const MAIL: &[u8] = b"Message-ID: <1.0.1@mail.example>\r\nSubject: x\r\n\r\n.\r\n..two\r\nlast\r\n";

fn settings(server: &FakeSmtp) -> MailSettings {
    MailSettings {
        channel: ChannelKind::Smtp,
        smtp: SmtpSettings {
            host: "localhost".into(),
            port: server.port(),
            encryption: Encryption::None,
            connect_timeout_seconds: 1,
            command_timeout_seconds: 1,
            data_timeout_seconds: 1,
            hello: "client.example".into(),
            ..SmtpSettings::default()
        },
        ..MailSettings::default()
    }
}

fn open(server: &FakeSmtp) -> Channel {
    Channel::open(&settings(server)).unwrap()
}

fn send(channel: &mut Channel, to: &str) -> Outcome {
    let message_id = MessageId::new(1, 0, 1, "mail.example").unwrap();
    channel.deliver(&Delivery {
        envelope_from: "desk@mail.example",
        to,
        message_id: &message_id,
        bytes: MAIL,
        now: jiff::Timestamp::UNIX_EPOCH,
    })
}

/// What comes of a first mail to a server with this script.
fn outcome(script: Script) -> Outcome {
    let server = FakeSmtp::start(script);
    send(&mut open(&server), "noc@x.example")
}

/// A folder with the server's certificate, and settings that trust it.
fn trusting(settings: &mut MailSettings, tls: &ServerTls) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    settings.smtp.ca_file = folder.path().join("ca.pem");
    fs::write(&settings.smtp.ca_file, &tls.certificate_pem).unwrap();
    folder
}

#[test]
fn the_mail_arrives_byte_for_byte() {
    let server = FakeSmtp::start(Script::default());
    let mut channel = open(&server);
    let outcome = send(&mut channel, "noc@x.example");
    assert_eq!(outcome.answer().code, Some(250), "{outcome:?}");
    assert_eq!(outcome.attempt(), Attempt::Accepted);
    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!(
        (received[0].from.as_str(), received[0].to.as_slice()),
        ("desk@mail.example", &["noc@x.example".to_owned()][..])
    );
    assert_eq!(String::from_utf8_lossy(&received[0].bytes), String::from_utf8_lossy(MAIL));
}

#[test]
fn every_answer_has_its_outcome() {
    use Attempt::{Permanent, Temporary, Unknown};
    let reply = |text: &str| Act::Reply(text.into());
    let cases = [
        (Stage::Greeting, reply("554 go away"), Temporary, Some(554)),
        (Stage::Greeting, reply("421 too busy"), Temporary, Some(421)),
        (Stage::Greeting, Act::Close, Temporary, None),
        (Stage::Greeting, Act::Stall, Temporary, None),
        (Stage::Greeting, reply("this is no mail server"), Temporary, None),
        (Stage::Mail, reply("550 5.7.1 not from you"), Temporary, Some(550)),
        (Stage::Mail, Act::Stall, Temporary, None),
        (Stage::Recipient, reply("550 5.1.1 unknown here"), Permanent, Some(550)),
        (Stage::Recipient, reply("450 4.2.0 greylisted"), Temporary, Some(450)),
        (Stage::Recipient, reply("530 5.7.0 log in first"), Temporary, Some(530)),
        (Stage::Recipient, Act::Close, Temporary, None),
        (Stage::Data, reply("451 4.3.0 not now"), Temporary, Some(451)),
        (Stage::Data, Act::Stall, Temporary, None),
        (Stage::Body, Act::Close, Unknown, None),
        (Stage::AfterBody, reply("552 5.3.4 too large"), Permanent, Some(552)),
        (Stage::AfterBody, reply("452 4.3.1 disk full"), Temporary, Some(452)),
        (Stage::AfterBody, Act::Close, Unknown, None),
        (Stage::AfterBody, Act::Stall, Unknown, None),
    ];
    for (stage, act, attempt, code) in cases {
        let name = format!("{stage:?} {act:?}");
        let started = Instant::now();
        let outcome = outcome(Script::default().at(stage, act));
        assert_eq!((outcome.attempt(), outcome.answer().code), (attempt, code), "{name}: {outcome:?}");
        assert!(!outcome.answer().text.contains(['\r', '\n']), "{name}: {outcome:?}");
        assert!(started.elapsed() < Duration::from_secs(10), "{name}: {:?}", started.elapsed());
    }
}

#[test]
fn no_server_at_all_is_a_reason_to_try_again() {
    let gone = FakeSmtp::start(Script::default());
    let mut settings = settings(&gone);
    drop(gone);
    settings.smtp.port = 1;
    let outcome = send(&mut Channel::open(&settings).unwrap(), "noc@x.example");
    assert_eq!(outcome.attempt(), Attempt::Temporary, "{outcome:?}");
}

#[test]
fn half_the_recipients_are_refused_and_the_others_get_their_mail_over_one_connection() {
    let server = FakeSmtp::start(Script::default().refusing("refused"));
    let mut channel = open(&server);
    for n in 0..10 {
        let name = if n % 2 == 0 { "refused" } else { "welcome" };
        let outcome = send(&mut channel, &format!("{name}{n}@x.example"));
        let expected = if n % 2 == 0 { Attempt::Permanent } else { Attempt::Accepted };
        assert_eq!(outcome.attempt(), expected, "{outcome:?}");
    }
    assert_eq!((server.received().len(), server.connections()), (5, 1));
}

#[test]
fn a_connection_that_broke_or_was_closed_when_idle_is_replaced() {
    let server =
        FakeSmtp::start(Script::default().first(1, Stage::AfterBody, Act::Reply("421 closing".into())));
    let mut channel = open(&server);
    assert_eq!(send(&mut channel, "a@x.example").attempt(), Attempt::Temporary);
    assert_eq!(send(&mut channel, "a@x.example").attempt(), Attempt::Accepted);
    assert_eq!(server.connections(), 2);

    for idle in [Act::Close, Act::Reply("421 4.4.2 timeout".into())] {
        let server = FakeSmtp::start(Script::default().after(1, Stage::Mail, idle));
        let mut channel = open(&server);
        assert_eq!(send(&mut channel, "a@x.example").attempt(), Attempt::Accepted);
        assert_eq!(send(&mut channel, "b@x.example").attempt(), Attempt::Accepted);
        assert_eq!((server.received().len(), server.connections()), (2, 2));
    }
}

#[test]
fn a_connection_carries_only_so_many_mails() {
    let server = FakeSmtp::start(Script::default());
    let mut settings = settings(&server);
    settings.smtp.mails_per_connection = 2;
    let mut channel = Channel::open(&settings).unwrap();
    for n in 0..5 {
        assert_eq!(send(&mut channel, &format!("n{n}@x.example")).attempt(), Attempt::Accepted);
    }
    assert_eq!((server.received().len(), server.connections()), (5, 3));
}

#[test]
fn what_is_no_address_or_no_frozen_mail_is_refused_before_anything_is_sent() {
    let server = FakeSmtp::start(Script::default());
    let outcome = send(&mut open(&server), "a@x.example>\r\nRCPT TO:<b@x.example");
    assert_eq!(outcome.attempt(), Attempt::Permanent, "{outcome:?}");
    let message_id = MessageId::new(1, 0, 1, "mail.example").unwrap();
    let bytes = "één".as_bytes();
    let outcome = open(&server).deliver(&Delivery {
        envelope_from: "a@x.example",
        to: "b@x.example",
        message_id: &message_id,
        bytes,
        now: jiff::Timestamp::UNIX_EPOCH,
    });
    assert_eq!(outcome.attempt(), Attempt::Temporary, "{outcome:?}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn without_starttls_nothing_is_sent_unless_that_is_allowed() {
    let server = FakeSmtp::start(Script::default());
    let mut settings = settings(&server);
    settings.smtp.encryption = Encryption::Starttls;
    let outcome = send(&mut Channel::open(&settings).unwrap(), "noc@x.example");
    assert_eq!(outcome.attempt(), Attempt::Temporary);
    assert!(outcome.answer().text.contains("STARTTLS"), "{outcome:?}");
    assert!(server.received().is_empty());

    settings.smtp.encryption = Encryption::Opportunistic;
    let outcome = send(&mut Channel::open(&settings).unwrap(), "noc@x.example");
    assert_eq!(outcome.attempt(), Attempt::Accepted, "{outcome:?}");
}

#[test]
fn mails_and_passwords_go_over_tls_to_a_server_whose_certificate_is_trusted() {
    let tls = ServerTls::for_localhost();
    for (encryption, script) in [
        (Encryption::Starttls, Script::default().starttls(tls.clone())),
        (Encryption::Opportunistic, Script::default().starttls(tls.clone())),
        (Encryption::Tls, Script::default().implicit_tls(tls.clone())),
    ] {
        let server = FakeSmtp::start(script.login("schakel", "geheim"));
        let mut settings = settings(&server);
        settings.smtp.encryption = encryption;
        let folder = trusting(&mut settings, &tls);
        settings.smtp.username = "schakel".into();
        settings.smtp.password_file = folder.path().join("password");
        fs::write(&settings.smtp.password_file, "geheim\n").unwrap();
        let mut channel = Channel::open(&settings).unwrap();
        assert!(!format!("{channel:?}").contains("geheim"));
        let outcome = send(&mut channel, "noc@x.example");
        assert_eq!(outcome.attempt(), Attempt::Accepted, "{encryption:?}: {outcome:?}");
        let received = server.received();
        assert!(received[0].encrypted && received[0].user == "schakel", "{encryption:?}");

        fs::write(&settings.smtp.password_file, "fout").unwrap();
        let outcome = send(&mut Channel::open(&settings).unwrap(), "noc@x.example");
        assert_eq!(
            (outcome.attempt(), outcome.answer().code),
            (Attempt::Temporary, Some(535)),
            "{outcome:?}"
        );
        assert!(!outcome.answer().text.contains("fout"), "{outcome:?}");
    }
}

#[test]
fn a_certificate_that_is_not_trusted_or_of_another_host_ends_it() {
    let tls = ServerTls::for_localhost();
    let server = FakeSmtp::start(Script::default().starttls(tls.clone()));
    let mut untrusting = settings(&server);
    untrusting.smtp.encryption = Encryption::Opportunistic;
    let outcome = send(&mut Channel::open(&untrusting).unwrap(), "noc@x.example");
    assert_eq!(outcome.attempt(), Attempt::Temporary, "{outcome:?}");

    let other = ServerTls::for_names(&["other.example"]);
    let server = FakeSmtp::start(Script::default().starttls(other.clone()));
    let mut settings = settings(&server);
    settings.smtp.encryption = Encryption::Starttls;
    let _folder = trusting(&mut settings, &other);
    let outcome = send(&mut Channel::open(&settings).unwrap(), "noc@x.example");
    assert_eq!(outcome.attempt(), Attempt::Temporary, "{outcome:?}");
    assert!(server.received().is_empty());
}

#[test]
fn settings_that_cannot_work_are_refused_with_a_reason() {
    let base = MailSettings { channel: ChannelKind::Smtp, ..MailSettings::default() };
    let refused = |change: &dyn Fn(&mut SmtpSettings)| {
        let mut settings = base.clone();
        change(&mut settings.smtp);
        Channel::open(&settings).unwrap_err()
    };
    let unprotected = refused(&|smtp| {
        smtp.encryption = Encryption::None;
        smtp.host = "mail.example".into();
    });
    assert!(matches!(&unprotected, OpenError::Unprotected(host) if host == "mail.example"), "{unprotected}");
    assert!(matches!(refused(&|smtp| smtp.username = "x".into()), OpenError::NoPassword));
    let no_file = refused(&|smtp| {
        smtp.username = "x".into();
        smtp.password_file = "/nowhere/password".into();
    });
    assert!(no_file.to_string().contains("password_file = /nowhere/password"), "{no_file}");
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("ca.pem");
    fs::write(&empty, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let no_certificate = refused(&|smtp| smtp.ca_file = empty.clone());
    assert!(
        matches!(no_certificate, OpenError::Certificate { .. } | OpenError::Tls { .. }),
        "{no_certificate}"
    );
}
