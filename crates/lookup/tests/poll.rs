//! Reports fetched from real servers on loopback.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{self, Write},
};

use schakel_lookup::{
    https::FetchError,
    poll::{PollError, Polled, Poller, Version},
    settings::OutgoingSettings,
    shadowserver::{Account, Listed, Wanted},
};
use schakel_testkit::{
    fake_shadowserver::{FakeShadowserver, Report},
    https_server::{Asked, HttpsServer, answer},
    server_tls::ServerTls,
};

fn poller(tls: &ServerTls, allow: &[&str]) -> Poller {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    fs::write(&ca_file, &tls.certificate_pem).unwrap();
    let allow = allow.iter().map(|net| (*net).to_owned()).collect();
    Poller::new(&OutgoingSettings { allow, ca_file, timeout_seconds: 2, ..OutgoingSettings::default() })
        .unwrap()
}

const LOOPBACK: &[&str] = &["127.0.0.0/8"];

/// What is fetched with a key, and the bytes that came.
fn poll(poller: &Poller, url: &str, known: &Version, most: u64) -> (Result<Polled, PollError>, Vec<u8>) {
    let mut bytes = Vec::new();
    let polled = poller.poll(url, Some(("X-Key", "sesame")), known, most, &mut bytes);
    (polled, bytes)
}

#[test]
fn a_key_goes_only_to_the_server_that_is_asked() {
    let tls = ServerTls::for_localhost();
    let seen = |asked: &Asked| answer("200 OK", "", format!("key={}", asked.header("x-key")).as_bytes());
    let other = HttpsServer::start_asked("127.0.0.1:0", &tls, seen).unwrap();
    let elsewhere = format!("Location: https://{}/\r\n", other.address());
    let server = HttpsServer::start_asked("127.0.0.1:0", &tls, move |asked| match asked.path.as_str() {
        "/elsewhere" => answer("302 Found", &elsewhere, b""),
        "/here" => answer("302 Found", "Location: /\r\n", b""),
        _ => seen(asked),
    })
    .unwrap();
    let (poller, url) = (poller(&tls, LOOPBACK), format!("https://{}", server.address()));
    for (path, bytes) in [("/", "key=sesame"), ("/here", "key=sesame"), ("/elsewhere", "key=")] {
        let (polled, got) = poll(&poller, &format!("{url}{path}"), &Version::default(), 100);
        assert_eq!(polled.unwrap(), Polled::Written(Version::default()));
        assert_eq!(String::from_utf8(got).unwrap(), bytes, "{path}");
    }
}

#[test]
fn what_has_not_changed_is_not_sent_and_limits_hold() {
    let tls = ServerTls::for_localhost();
    let server = HttpsServer::start_asked("127.0.0.1:0", &tls, |asked| {
        let known = (asked.header("if-none-match"), asked.header("if-modified-since"));
        match asked.path.as_str() {
            "/etag" if known == ("\"2\"", "Fri") => answer("304 Not Modified", "", b""),
            "/etag" => answer("200 OK", "ETag: \"2\"\r\nLast-Modified: Fri\r\n", b"rows"),
            "/large" => answer("200 OK", "", &vec![b'x'; 1 << 20]),
            "/cut" => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it".to_vec(),
            _ => answer("500 No", "", b""),
        }
    })
    .unwrap();
    let (poller, url) = (poller(&tls, LOOPBACK), format!("https://{}", server.address()));
    let version = Version { etag: "\"2\"".into(), last_modified: "Fri".into() };
    let (polled, bytes) = poll(&poller, &format!("{url}/etag"), &Version::default(), 100);
    assert_eq!((polled.unwrap(), bytes.as_slice()), (Polled::Written(version.clone()), &b"rows"[..]));
    let (polled, bytes) = poll(&poller, &format!("{url}/etag"), &version, 100);
    assert_eq!((polled.unwrap(), bytes.len()), (Polled::Unchanged, 0));

    let (polled, bytes) = poll(&poller, &format!("{url}/large"), &version, 200_000);
    assert!(
        matches!(polled, Err(PollError::Fetch(FetchError::TooLarge { most: 200_000, .. }))),
        "{polled:?}"
    );
    assert!(bytes.len() <= 200_000);
    let (polled, _) = poll(&poller, &format!("{url}/cut"), &version, 200_000);
    assert!(matches!(polled, Err(PollError::Fetch(FetchError::Failed { .. }))), "{polled:?}");
    let (polled, _) = poll(&poller, &format!("{url}/x"), &version, 100);
    assert!(matches!(polled, Err(PollError::Fetch(FetchError::Status { status: 500, .. }))), "{polled:?}");

    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("full"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let polled = poller.poll(&format!("{url}/large"), None, &version, 2 << 20, &mut Full);
    assert!(matches!(polled, Err(PollError::Write(_))), "{polled:?}");
}

#[test]
fn the_rule_for_going_out_holds_here_too() {
    let tls = ServerTls::for_localhost();
    let server = HttpsServer::start("127.0.0.1:0", &tls, |_| answer("200 OK", "", b"")).unwrap();
    let address = server.address();
    let (polled, _) = poll(&poller(&tls, &[]), &format!("https://{address}/"), &Version::default(), 100);
    assert!(matches!(polled, Err(PollError::Fetch(FetchError::Refused { .. }))), "{polled:?}");
    let (polled, _) = poll(&poller(&tls, LOOPBACK), &format!("http://{address}/"), &Version::default(), 100);
    assert!(matches!(polled, Err(PollError::Fetch(FetchError::NotHttps(_)))), "{polled:?}");
    assert_eq!(server.requests(), 0);
}

#[test]
fn shadowservers_list_is_for_whoever_signs_for_it() {
    let tls = ServerTls::for_localhost();
    let server = FakeShadowserver::start(&tls, "our-key", "our-secret").unwrap();
    server.add(Report { date: "2026-11-20", type_name: "scan_rdp", csv: "timestamp,ip\n".into() });
    let poller = poller(&tls, LOOPBACK);
    let base = format!("https://{}", server.address());
    let (url, files_url) = (format!("{base}/api2/"), format!("{base}/files/"));
    let account = Account { url: &url, files_url: &files_url, key: "our-key", secret: "our-secret" };
    let wanted = Wanted { date: "2026-11-18:2026-11-22", reports: &[] };
    let listed = poller.shadowserver_list(&account, &wanted).unwrap();
    let expected = Listed {
        id: "ID-2026-11-20-scan_rdp".into(),
        file: "2026-11-20-scan_rdp-example.csv".into(),
        type_name: "scan_rdp".into(),
    };
    assert_eq!(listed, [expected]);
    assert_eq!(server.asked(), [r#"/api2/reports/list {"apikey":"our-key","date":"2026-11-18:2026-11-22"}"#]);
    let mut bytes = Vec::new();
    poller.shadowserver_file(&account, &listed[0], 1_000, &mut bytes).unwrap();
    assert_eq!(bytes, b"timestamp,ip\n");

    let gone = Listed { id: "ID-gone".into(), file: "gone.csv".into(), type_name: String::new() };
    let error = poller.shadowserver_file(&account, &gone, 1_000, &mut bytes).unwrap_err().to_string();
    assert!(error.contains("gone.csv") && error.contains("404") && !error.contains("ID-gone"), "{error}");
    for wrong in [Account { secret: "x", ..account.clone() }, Account { key: "x", ..account.clone() }] {
        let error = poller.shadowserver_list(&wrong, &wanted).unwrap_err().to_string();
        assert!(error.contains("invalid apikey or HMAC") && !error.contains("our-secret"), "{error}");
    }
    let moved = HttpsServer::start("127.0.0.1:0", &tls, move |_| {
        answer("307 Temporary Redirect", "Location: https://127.0.0.1:1/\r\n", b"")
    })
    .unwrap();
    let url = format!("https://{}/", moved.address());
    let error = poller.shadowserver_list(&Account { url: &url, ..account }, &wanted).unwrap_err();
    assert!(matches!(error, PollError::Fetch(FetchError::Status { status: 307, .. })), "{error:?}");
}
