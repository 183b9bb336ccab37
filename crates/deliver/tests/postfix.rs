//! Mails through a real Postfix: what we froze is what lies in the mailbox.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use jiff::Timestamp;
use schakel_deliver::{
    channel::{Channel, Delivery},
    mail::{Head, freeze},
    message_id::MessageId,
    outcome::Outcome,
    settings::{ChannelKind, Encryption, FolderSettings, MailSettings, SmtpSettings},
};
use schakel_model::tlp::Tlp;
use schakel_render::{
    message::{Attachment, Message},
    notice::Reference,
};
use schakel_rules::retry::Attempt;
use schakel_testkit::postfix::{Postfix, header};

/// Enough to see a rate, few enough for every test run.
const MAILS: u32 = 200;

fn settings(postfix: &Postfix) -> MailSettings {
    MailSettings {
        channel: ChannelKind::Smtp,
        smtp: SmtpSettings {
            host: "127.0.0.1".into(),
            port: postfix.port(),
            encryption: Encryption::None,
            connect_timeout_seconds: 5,
            hello: "client.example".into(),
            ..SmtpSettings::default()
        },
        ..MailSettings::default()
    }
}

fn mail(message_id: &MessageId) -> Vec<u8> {
    let message = Message {
        subject: "[Schakel #17] TLP:AMBER 3 bevindingen bij Súdwest-Fryslân".into(),
        text: "Beste lezer,\n.\n..\nFrom nu af aan: één regel.\n".repeat(40),
        attachments: vec![Attachment {
            name: "schakel-17.csv".into(),
            content_type: "text/csv; charset=utf-8",
            bytes: b"timestamp,ip\n".repeat(300),
        }],
    };
    let head = Head {
        from: "Meldpunt Voorbeeld <meldpunt@mail.example>",
        reply_to: "",
        to_name: "",
        to: "noc@gemeente.example",
        message_id,
        date: Timestamp::constant(1_773_558_000, 0),
        reference: Reference { number: 17, epoch: 0 },
        tlp: Tlp::Amber,
        host: "mail.example",
        thread: None,
    };
    freeze(&message, &head).unwrap()
}

fn deliver(channel: &mut Channel, message_id: &MessageId, bytes: &[u8]) -> Outcome {
    channel.deliver(&Delivery {
        envelope_from: "meldpunt@mail.example",
        to: "noc@gemeente.example",
        message_id,
        bytes,
        now: jiff::Timestamp::UNIX_EPOCH,
    })
}

fn id(recipient: u32) -> MessageId {
    MessageId::new(17, 0, recipient, "mail.example").unwrap()
}

/// Sends the mails with one channel; mails a second.
fn rate(channel: &mut Channel, recipients: std::ops::Range<u32>) -> f64 {
    let started = Instant::now();
    let count = recipients.len();
    for recipient in recipients {
        let id = id(recipient);
        let outcome = deliver(channel, &id, &mail(&id));
        assert_eq!(outcome.attempt(), Attempt::Accepted, "{outcome:?}");
    }
    channel.close();
    count as f64 / started.elapsed().as_secs_f64()
}

#[test]
fn every_mail_arrives_once_under_its_own_name_and_as_it_was() {
    let Some(postfix) = Postfix::start() else { return };
    let mut channel = Channel::open(&settings(&postfix)).unwrap();
    println!("Postfix, one connection: {:.0} mails/s", rate(&mut channel, 0..MAILS));
    assert!(postfix.wait_for(MAILS as usize, Duration::from_secs(60)), "{} arrived", postfix.delivered());
    let mut expected: Vec<_> = (0..MAILS).map(|recipient| id(recipient).to_string()).collect();
    expected.sort();
    assert_eq!(postfix.message_ids().unwrap(), expected);

    let arrived = postfix.mails().unwrap();
    let first = arrived.iter().find(|mail| header(mail, "message-id") == id(0).to_string()).unwrap();
    let sent = String::from_utf8(mail(&id(0))).unwrap().replace("\r\n", "\n");
    let arrived = String::from_utf8(first.clone()).unwrap();
    assert!(arrived.ends_with(sent.split_once("\n\n").unwrap().1), "{arrived}");
    assert_eq!(header(first, "auto-submitted"), "auto-generated");
    assert_eq!(header(first, "x-schakel-number"), "17");
}

#[test]
fn an_outage_is_temporary_and_afterwards_the_same_channel_sends_again() {
    let Some(postfix) = Postfix::start() else { return };
    let mut channel = Channel::open(&settings(&postfix)).unwrap();
    let (id, bytes) = (id(1), mail(&id(1)));
    assert_eq!(deliver(&mut channel, &id, &bytes).attempt(), Attempt::Accepted);
    postfix.stop().unwrap();
    let outcome = deliver(&mut channel, &id, &bytes);
    assert_eq!(outcome.attempt(), Attempt::Temporary, "{outcome:?}");
    postfix.start_again().unwrap();
    assert_eq!(deliver(&mut channel, &id, &bytes).attempt(), Attempt::Accepted);
    assert!(postfix.wait_for(2, Duration::from_secs(30)));
    assert_eq!(postfix.message_ids().unwrap(), [id.to_string(), id.to_string()]);
}

#[test]
fn the_folder_takes_the_same_mails() {
    let folder = tempfile::tempdir().unwrap();
    let settings = MailSettings {
        folder: FolderSettings { path: folder.path().to_path_buf() },
        ..MailSettings::default()
    };
    let mut channel = Channel::open(&settings).unwrap();
    println!("folder, fsync each: {:.0} mails/s", rate(&mut channel, 0..MAILS));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), MAILS as usize);
}
