//! Reads samples of other peers and asks of each its address, time and type. The files are not part of the project: without
//! them the tests say so and pass.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test.

use std::{collections::BTreeSet, fs, path::Path};

use schakel_model::event::{Event, Value};
use schakel_parse::{
    Plan, PlanOptions, Records,
    feeds::{Feed, Given, Transcription, recognise},
    mapping::Mapping,
};

/// The events of a document; each line must be one.
fn events(name: &str, document: &[u8]) -> Vec<Event> {
    let feed = recognise(name, document).unwrap_or_else(|| panic!("{name} is not recognised"));
    assert_eq!(feed, Feed::Xarf, "{name}");
    let mut lines = Vec::new();
    std::io::copy(&mut Transcription::start(feed, Box::new(document), Given::default()), &mut lines).unwrap();
    let plan = Plan::transcribed();
    let mut records = Records::new();
    plan.cutter().cut(&lines, true, usize::MAX, &mut records);
    records.iter(&lines).map(|record| plan.event(record).unwrap()).collect()
}

/// File, address (and port), time, type.
const XARF: &[(&str, &str, &str, &str)] = &[
    ("v3/botnet_v3_sample.json", "198.51.100.25", "2024-01-15T11:30:15+00:00", "infected-system"),
    ("v3/ddos_v3_sample.json", "172.16.254.10 53", "2024-01-15T08:15:45+00:00", "ddos"),
    (
        "v3/phishing_v3_sample.json",
        "https://malicious-example.net/banking-login/",
        "2024-01-15T16:45:30+00:00",
        "phishing",
    ),
    ("v3/spam_v3_sample.json", "192.168.1.100 25", "2024-01-15T14:30:25+00:00", "spam"),
    ("v4/connection-ddos.json", "192.0.2.155 1", "2025-01-11T09:21:23+00:00", "ddos"),
    ("v4/connection-infected-host.json", "203.0.113.85 443", "2025-01-11T13:42:15+00:00", "infected-system"),
    ("v4/connection-login-attack.json", "198.51.100.77 45621", "2025-01-11T12:17:20+00:00", "brute-force"),
    ("v4/connection-port-scan.json", "198.51.100.150 54321", "2025-01-11T11:26:59+00:00", "scanner"),
    ("v4/connection-reconnaissance.json", "192.0.2.99", "2025-01-20T16:45:00+00:00", "scanner"),
    (
        "v4/connection-scraping.json",
        "192.0.2.150",
        "2025-01-20T14:00:00+00:00",
        "unauthorized-use-of-resources",
    ),
    ("v4/connection-sql-injection.json", "192.0.2.45", "2025-01-20T12:00:00+00:00", "exploit"),
    ("v4/connection-vulnerability-scan.json", "203.0.113.77", "2025-01-20T09:30:00+00:00", "scanner"),
    (
        "v4/content-brand-infringement.json",
        "https://fake-apple-store.example.com/iphone",
        "2025-01-11T14:15:30+00:00",
        "masquerade",
    ),
    ("v4/content-csam.json", "198.51.100.42", "2025-01-20T10:30:00+00:00", "violence"),
    ("v4/content-csem.json", "198.51.100.42", "2025-01-20T10:30:00+00:00", "violence"),
    ("v4/content-exposed-data.json", "198.51.100.99", "2025-01-20T09:20:00+00:00", "data-leak"),
    (
        "v4/content-fraud.json",
        "https://crypto-scam-invest.example.com/guaranteed-returns",
        "2025-01-11T16:22:45+00:00",
        "masquerade",
    ),
    ("v4/content-malware.json", "192.0.2.75", "2025-01-11T09:07:21+00:00", "malware-distribution"),
    ("v4/content-phishing.json", "203.0.113.45", "2025-01-11T15:15:24+00:00", "phishing"),
    (
        "v4/content-remote-compromise.json",
        "https://compromised-blog.example.com/wp-admin/shell.php",
        "2025-01-11T18:05:12+00:00",
        "system-compromise",
    ),
    (
        "v4/content-suspicious-registration.json",
        "https://g00gle-verify.example.com",
        "2025-01-11T20:30:15+00:00",
        "masquerade",
    ),
    ("v4/copyright-copyright.json", "198.51.100.75", "2025-01-11T11:52:34+00:00", "copyright"),
    (
        "v4/copyright-cyberlocker.json",
        "https://file-sharing.example.com/download/movie2024.mp4",
        "2025-01-11T14:16:41+00:00",
        "copyright",
    ),
    (
        "v4/copyright-link-site.json",
        "https://links-aggregator.example.net/movie/protected-film-2024",
        "2025-01-11T14:12:10+00:00",
        "copyright",
    ),
    ("v4/copyright-p2p.json", "192.0.2.100", "2025-01-11T13:44:41+00:00", "copyright"),
    (
        "v4/copyright-ugc-platform.json",
        "https://video-platform.example.com/watch?v=copyrighted_content",
        "2025-01-11T08:00:36+00:00",
        "copyright",
    ),
    (
        "v4/copyright-usenet.json",
        "news.usenet-provider.example.com",
        "2025-01-11T09:12:59+00:00",
        "copyright",
    ),
    ("v4/infrastructure-botnet.json", "198.51.100.25", "2025-01-11T15:00:52+00:00", "infected-system"),
    (
        "v4/infrastructure-compromised-server.json",
        "203.0.113.150 80",
        "2025-01-11T15:57:57+00:00",
        "system-compromise",
    ),
    ("v4/messaging-bulk-messaging.json", "mail.bulk-sender.example 25", "2025-01-11T14:02:29+00:00", "spam"),
    ("v4/messaging-spam.json", "192.168.1.100 25", "2025-01-11T10:59:45+00:00", "spam"),
    ("v4/reputation-blocklist.json", "203.0.113.200", "2025-01-11T10:51:30+00:00", "blocklist"),
    ("v4/reputation-threat-intelligence.json", "192.0.2.50", "2025-01-11T10:38:41+00:00", "blocklist"),
    ("v4/vulnerability-cve.json", "172.16.1.200 8080", "2025-01-11T12:49:43+00:00", "vulnerable-system"),
    (
        "v4/vulnerability-misconfiguration.json",
        "192.0.2.75 22",
        "2025-01-11T11:39:44+00:00",
        "vulnerable-system",
    ),
    (
        "v4/vulnerability-open-service.json",
        "192.0.2.50 3389",
        "2025-01-11T15:35:37+00:00",
        "potentially-unwanted-accessible",
    ),
];

#[test]
fn official_xarf_samples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/xarf/v4/samples");
    if !folder.is_dir() {
        println!("skipped: no sample files in {}", folder.display());
        return;
    }
    for (file, address, time, kind) in XARF {
        let document = fs::read(folder.join(file)).unwrap();
        let found = events(file, &document);
        assert_eq!(found.len(), 1, "{file}");
        let event = &found[0];
        let field = ["source.ip", "source.url", "source.fqdn"]
            .into_iter()
            .find(|field| event.get(field).is_some())
            .unwrap();
        let port = match event.get("source.port") {
            Some(Value::Int(port)) => format!(" {port}"),
            _ => String::new(),
        };
        assert_eq!(format!("{}{port}", event.text(field)), *address, "{file}");
        assert_eq!(event.text("time.source"), *time, "{file}");
        assert_eq!(event.text("classification.type"), *kind, "{file}");
    }
    let listed: BTreeSet<String> = XARF.iter().map(|row| row.0.to_owned()).collect();
    let mut there = BTreeSet::new();
    for version in ["v3", "v4"] {
        for entry in fs::read_dir(folder.join(version)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".json") {
                there.insert(format!("{version}/{name}"));
            }
        }
    }
    assert_eq!(there, listed);
}

#[test]
fn the_rows_in_a_mail_of_the_abusehub() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/mail/abusehub/Abusehub_Example_1.eml");
    let Ok(mail) = fs::read_to_string(&path) else {
        println!("skipped: no sample file {}", path.display());
        return;
    };
    let file = &mail[mail.find("reliable_notifier,").unwrap()..];
    let file = &file[..file.find("\n--").unwrap()];
    let mapping = Mapping::parse(include_str!("../../../docs/mappings/abusehub.toml")).unwrap();
    let options = PlanOptions { mapping: Some(&mapping), ..PlanOptions::default() };
    let plan = Plan::for_file("abusehubcsv-1.0.0.csv", file.as_bytes(), &options).unwrap();
    let rows = &file.as_bytes()[plan.body_offset()..];
    let mut records = Records::new();
    plan.cutter().cut(rows, true, usize::MAX, &mut records);
    let found: Vec<Event> = records.iter(rows).map(|record| plan.event(record).unwrap()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text("source.ip"), "172.16.10.13");
    assert_eq!(found[0].get("source.port"), Some(&Value::Int(2005)));
    // The text of the mail says 01:45:59 +01:00.
    assert_eq!(found[0].text("time.source"), "2015-03-02T00:45:59+00:00");
    assert_eq!(found[0].text("classification.type"), "infected-system");
    assert_eq!(found[0].text("malware.name"), "zeroaccess");
}
