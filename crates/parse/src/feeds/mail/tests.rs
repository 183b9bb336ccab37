//! Mails into events. The mails are ours, written after what the senders write.

use std::path::Path;

use proptest::prelude::*;
use schakel_formats::containers::{Caps, walk};
use schakel_model::{event::Event, reject::Reject};

use super::*;
use crate::feeds::{Feed, recognise};

#[derive(Default)]
struct Kept {
    events: Vec<Event>,
    rejects: Vec<Reject>,
}

impl Sink for Kept {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    fn reject(&mut self, reject: Reject, _: &[u8]) {
        self.rejects.push(reject);
    }
}

fn kept(raw: &[u8]) -> Kept {
    let mut kept = Kept::default();
    read(raw, &Given::default(), &mut kept).unwrap();
    kept
}

fn shown(event: &Event) -> [String; 4] {
    let text = |field: &str| match event.get(field) {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Int(number)) => number.to_string(),
        _ => String::new(),
    };
    let machine = [text("source.ip"), text("source.port"), text("source.url"), text("source.fqdn")];
    let machine: Vec<String> = machine.into_iter().filter(|text| !text.is_empty()).collect();
    [
        text("feed.name"),
        machine.join(" "),
        text("time.source").replace("+00:00", "Z"),
        text("classification.type"),
    ]
}

/// Feed, machine, time and type of each event.
fn check(head: &str, body: &str, expected: &[[&str; 4]]) {
    let raw = format!(
        "From: a@feed.example\nTo: abuse@isp.example\nDate: Wed, 4 Mar 2026 12:00:00 +0100\n{head}\n{body}"
    );
    let kept = kept(raw.as_bytes());
    let found: Vec<_> = kept.events.iter().map(shown).collect();
    assert_eq!(found, expected, "{body}\n{:?}", kept.rejects);
}

#[test]
fn feedback_reports_are_read() {
    let report = |fields: &str| {
        format!(
            "--b\n\nAn abuse report for 198.51.100.7\n--b\nContent-Type: message/feedback-report\n\n{fields}\n--b\n\
             Content-Type: message/rfc822\n\nX-Originating-IP: [192.0.2.9]\nSubject: Buy\n\nx\n--b--\n"
        )
    };
    let head = "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n";
    let check = |fields: &str, expected: &[[&str; 4]]| check(head, &report(fields), expected);
    check(
        "Feedback-Type: abuse\nSource-IP: 192.0.2.1\nArrival-Date: Tue, 3 Mar 2026 19:04:10 -0500 (EST)",
        &[["arf", "192.0.2.1", "2026-03-04T00:04:10Z", "spam"]],
    );
    check(
        "Feedback-Type: virus\nSource-IP: [2001:db8::1]\nReceived-Date: Tue, 3 Mar 2026 19:04:10 UTC",
        &[["arf", "2001:db8::1", "2026-03-03T19:04:10Z", "malware-distribution"]],
    );
    check("Feedback-Type: fraud", &[["arf", "192.0.2.9", "2026-03-04T11:00:00Z", "phishing"]]);
    // Taken back: the text has an address, but nothing is reported.
    check(
        "Feedback-Type: not-spam\nSource-IP: 192.0.2.1",
        &[["mail-text", "198.51.100.7", "2026-03-04T11:00:00Z", "undetermined"]],
    );
}

#[test]
fn who_complained_is_masked() {
    let raw = "From: a@feed.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\
               Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nSource-IP: 192.0.2.1\n\
               Original-Rcpt-To: <jan@home.example>\nOriginal-Mail-From: <x@shop.example>\n--b--\n";
    let event = &kept(raw.as_bytes()).events[0];
    assert_eq!(event.text("extra.recipient"), "…@home.example");
    assert_eq!(event.text("source.account"), "x@shop.example");
    assert_eq!(event.get(EXTRACTED), None);
    assert!(!format!("{event:?}").contains("jan@"));
}

#[test]
fn copyright_notices_are_read() {
    let notice = "<Infringement xmlns=\"http://www.acns.net/ACNS\"><Case><ID>7</ID></Case><Source>\
                  <TimeStamp>2026-03-03T20:35:03Z</TimeStamp><IP_Address>192.0.2.1</IP_Address><Port>35657</Port>\
                  <Type>BitTorrent</Type></Source><Content><Item><Title>A Film</Title></Item></Content></Infringement>";
    check(
        "Content-Type: multipart/mixed; boundary=b\n",
        &format!("--b\n\nDear all,\n{notice}\n--b\nContent-Type: text/xml; name=a.xml\n\n{notice}\n--b--\n"),
        &[["acns", "192.0.2.1 35657", "2026-03-03T20:35:03Z", "copyright"]],
    );
}

#[test]
fn attached_lines_are_read() {
    let mail = |report: &str| {
        format!(
            "--b\n\nWe found phishing:\n\nhttp://bad.example/a [192.0.2.15]\n\n--b\n\
             Content-Type: text/plain; name=report.txt\n\n{report}\n--b--\n"
        )
    };
    let head = "Content-Type: multipart/mixed; boundary=b\n";
    check(
        head,
        &mail(
            "---\nCategory: fraud\nDate: 2026-03-03T18:16:57+00:00\nPort: 80\nReport-Type: phishing\nSource: http://bad.example/a\nSource-Type: uri",
        ),
        &[["x-arf", "192.0.2.15 80 http://bad.example/a bad.example", "2026-03-03T18:16:57Z", "phishing"]],
    );
    check(
        head,
        &mail(
            "Category: abuse\nDate: '2026-03-03 17:03:11-07:00'\nPort: '22'\nReport-Type: login-attack\nSource: 192.0.2.1\nTargeted-URL: !!python/unicode 'http://*/'",
        ),
        &[["x-arf", "192.0.2.1", "2026-03-04T00:03:11Z", "brute-force"]],
    );
    check(
        head,
        &mail(
            "---\nuri: http://m.example/\nasn: AS00000\nip: 2001:db8::33\nfirst_seen: 2026-03-03 04:04:17 +0200\nsignature: X.MALWARE.URL\nlast_scan: 2026-03-03 04:04:16 +0200\nlast_seen: 2026-03-03 04:04:18 +0200",
        ),
        &[[
            "x-arf",
            "2001:db8::33 http://m.example/ m.example",
            "2026-03-03T02:04:18Z",
            "malware-distribution",
        ]],
    );
}

#[test]
fn lines_in_the_text_are_read_one_event_for_each_time_a_key_comes_again() {
    check(
        "",
        "Hello,\n\nOffending/Source IP:  192.0.2.1\n   - Issue:  known botware (IE: botnets).\n   - Time:  2026-03-03 22:14:33-07:00\n\
         \n   - Issue: brute force\n   - Time: 2026-03-03 22:15:33-07:00\n\n-- \nTime: 2001-01-01 00:00:00\nIP: 198.51.100.1\n",
        &[
            ["mail-lines", "192.0.2.1", "2026-03-04T05:14:33Z", "infected-system"],
            ["mail-lines", "192.0.2.1", "2026-03-04T05:15:33Z", "brute-force"],
        ],
    );
}

#[test]
fn addresses_under_headings_are_read() {
    check(
        "",
        "Date Range: 03/02/2026 - 03/03/2026\nIPs Monitored: 4,608\n\nIPs Engaged In Harvesting On Your Network:\n\n192.0.2.1\n192.0.2.2\n\n\
         IPs Engaged In Email Spamming On Your Network:\n\n192.0.2.3 (S)\n  - Mon, 2 Mar 2026 10:00AM PST\n    - Subject: x\n\
         \u{20} - Mon, 2 Mar 2026 06:12AM PST\n\nOther Potentially Suspicious IPs On Your Network:\n\n2001:db8::23 (R)\n\n\
         Please visit:\n\nhttp://www.feed.example/settings\n",
        &[
            ["mail-text", "192.0.2.1", "2026-03-04T11:00:00Z", "scanner"],
            ["mail-text", "192.0.2.2", "2026-03-04T11:00:00Z", "scanner"],
            ["mail-text", "192.0.2.3", "2026-03-02T18:00:00Z", "spam"],
            ["mail-text", "192.0.2.3", "2026-03-02T14:12:00Z", "spam"],
            ["mail-text", "2001:db8::23", "2026-03-04T11:00:00Z", "undetermined"],
        ],
    );
}

#[test]
fn prose_is_read_and_its_references_are_not() {
    // Dutch; the time is that of the sender's clock.
    check(
        "Subject: Besmette machine\n",
        "Beste collega,\n\nWij zagen op 3 maart 2026 om 14:05 verkeer van 192.0.2.1:4444 naar een botnet.\n\
         Zie ook https://www.feed.example/uitleg.\n",
        &[["mail-text", "192.0.2.1 4444", "2026-03-03T13:05:00Z", "infected-system"]],
    );
    check(
        "Subject: Phishing\n",
        "Hello,\n\nPlease take this down:\nhxxps://bad[.]example[.]nl/login\n\nRead https://www.cert.example/phishing for more.\n",
        &[["mail-text", "https://bad.example.nl/login bad.example.nl", "2026-03-04T11:00:00Z", "phishing"]],
    );
    check(
        "Subject: Phishing\n",
        "Please take this down:\n\nhttps://bad.example.nl/login\n\nYours,\nhttps://feed.example\n",
        &[["mail-text", "https://bad.example.nl/login bad.example.nl", "2026-03-04T11:00:00Z", "phishing"]],
    );
}

#[test]
fn what_names_nothing_is_one_reject() {
    for body in ["Hello, can you call me?", "", "Regards,\nA\nhttps://www.feed.example"] {
        let kept = kept(format!("From: a@feed.example\n\n{body}").as_bytes());
        assert_eq!((kept.events.len(), kept.rejects.len()), (0, 1), "{body}");
    }
    let sealed = kept(b"From: a@b.example\n\n-----BEGIN PGP MESSAGE-----\n\nx\n");
    assert!(sealed.rejects[0].message.contains("encrypted"));
}

#[test]
fn what_was_extracted_is_marked() {
    for (body, marked) in [("192.0.2.1 scans us", true), ("IP: 192.0.2.1\nTime: 2026-03-03 22:14:33", true)] {
        let kept = kept(format!("From: a@feed.example\n\n{body}").as_bytes());
        assert_eq!(kept.events[0].get(EXTRACTED).is_some(), marked, "{body}");
    }
}

/// The real mails beside the project, when they are there: a table to look at, and what must hold for all.
#[test]
fn real_mails_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mail");
    let Ok(feeds) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let mut files: Vec<_> = feeds
        .flat_map(|feed| std::fs::read_dir(feed.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&file).unwrap();
        let _ = walk::<()>(&mut bytes.as_slice(), &name, &Caps::default(), &mut |member, stream| {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            match recognise(&member.name, &bytes) {
                Some(Feed::Mail) => {
                    let kept = kept(&bytes);
                    for event in &kept.events {
                        println!("{name} | {}", shown(event).join(" | "));
                    }
                    assert!(!kept.events.is_empty() && kept.rejects.is_empty(), "{name}: {:?}", kept.rejects);
                }
                other => println!("{name} | {} as {other:?}", member.name),
            }
            Ok(())
        });
    }
}

proptest! {
    /// Whatever comes: no panic, and always something to show for it.
    #[test]
    fn no_mail_makes_it_panic(
        head in prop::sample::select(vec!["", "Content-Type: text/html\n", "Content-Type: message/feedback-report\n"]),
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "IP: 192.0.2.1", "Port: 99999", "<Infringement ", "</Infringement>", "hxxp://[", "[::]:1", "Date: 2026-13-99",
                "x:", "é[.]é", "source: http://é/", "- 1 mei 2026 25:61", "...", "1.2.3.4.5.6", "Source: 'x", "-- ", "\u{feff}",
            ]),
            0..12,
        ),
        tail in "\\PC{0,60}",
    ) {
        let raw = format!("From: a@b.example\n{head}\n{}\n{tail}", lines.join("\n"));
        let kept = kept(raw.as_bytes());
        prop_assert!(kept.events.len() + kept.rejects.len() >= 1);
    }
}
