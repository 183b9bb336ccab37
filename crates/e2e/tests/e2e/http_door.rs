//! The door for reports over HTTP: what is accepted is durable and found again, and nothing else is.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use schakel_testkit::{
    ports::free_port,
    python_peers::{intelmq, tus},
};
use serde_json::Value;

use crate::{
    fixtures::{rdp, rdp_name},
    installation::{Installation, count},
    serve::Serving,
};

/// A service with the door, and a port that stays the same over a restart.
struct Door {
    installation: Installation,
    config: String,
    port: u16,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails the test unless it is a problem with this status.
    #[track_caller]
    fn is_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.json()["status"], status, "{self:?}");
    }
}

impl Door {
    fn new(more: &str) -> Self {
        let port = free_port().unwrap();
        let config = format!("{more}\n[doors.api]\nlisten = \"127.0.0.1:{port}\"\n");
        Self { installation: Installation::new(), config, port }
    }

    fn start(&self) -> Serving {
        Serving::start(&self.installation, &self.config)
    }

    /// Adds a source, and gives its token.
    fn source(&self, code: &str, trust: &str) -> String {
        self.installation.json(&["source", "add", code, "--trust", trust]);
        let token = self.installation.json(&["source", "token", "add", code]);
        token["secret"].as_str().unwrap().to_owned()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Sends a request on a connection of its own. `more`: further lines of the head, each with its `\r\n`.
    fn ask(&self, method: &str, path: &str, token: &str, more: &str, body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n{more}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // One who refuses does not read to the end.
        let _ = stream.write_all(body);
        answer(stream)
    }

    fn post(&self, name: &str, token: &str, body: impl AsRef<[u8]>) -> Answer {
        let more = format!("Content-Disposition: attachment; filename=\"{name}\"\r\n");
        self.ask("POST", "/api/v1/reports", token, &more, body.as_ref())
    }

    fn receipt(&self, receipt: &str, token: &str) -> Answer {
        self.ask("GET", &format!("/api/v1/receipts/{receipt}"), token, "", b"")
    }

    fn state(&self, receipt: &str, token: &str) -> String {
        self.receipt(receipt, token).json()["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Files of unfinished reports in the spool.
    fn unfinished(&self) -> usize {
        let entries = fs::read_dir(self.installation.data().join("spool")).unwrap();
        entries.filter(|one| one.as_ref().unwrap().path().extension().is_some_and(|e| e == "upload")).count()
    }
}

fn answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // After a refusal the connection may be reset behind the answer.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

#[test]
fn a_report_is_accepted_taken_in_told_and_its_receipt_says_so() {
    let door = Door::new("");
    let token = door.source("feed", "automatic");
    let serving = door.start();
    let report = rdp("2026-11-20", &["198.51.100.200", "192.0.2.1"]);
    let accepted = door.post(&rdp_name("2026-11-20"), &token, &report);
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert_eq!(accepted.header("location"), Some("/api/v1/receipts/R1"));
    assert_eq!(accepted.body, r#"{"receipt":"R1","status":"/api/v1/receipts/R1"}"#);
    serving.wait("it to be taken in", || door.state("R1", &token) == "taken");
    assert_eq!(
        door.receipt("R1", &token).body,
        r#"{"receipt":"R1","state":"taken","rows":2,"events":2,"rejected":0}"#
    );
    serving.wait("the mail", || door.installation.mails().len() == 1);
    // The same again is known by its bytes.
    assert_eq!(door.post("again.csv", &token, &report).status, 202);
    serving.wait("it to be known", || door.state("R2", &token) == "known");
    assert_eq!(door.receipt("R2", &token).body, r#"{"receipt":"R2","state":"known"}"#);
    // What nobody can read waits for somebody who sets right how it is read; its sender learns no more than that.
    assert_eq!(door.post("holiday.csv", &token, "a,b\n1,2\n").status, 202);
    serving.wait("it to wait", || door.state("R3", &token) == "held");
    assert_eq!(door.receipt("R3", &token).body, r#"{"receipt":"R3","state":"held"}"#);
    let held = door.installation.json(&["vetting", "list"]);
    assert!(held["held"][0]["reason"].as_str().unwrap().starts_with("it cannot be read: "), "{held}");
    let log = serving.stop();
    assert!(!log.contains(&token) && !log.contains("198.51.100.200"), "{log}");
    assert_eq!(count(&door.installation.ledger()["rows"]), 2);
    door.installation.assert_sound();
}

#[test]
fn an_event_as_intelmq_posts_it_is_taken_in_flat_and_nested() {
    let door = Door::new("");
    let token = door.source("intelmq", "automatic");
    let serving = door.start();
    let rest = r#""time.source":"2026-11-20T10:00:00+00:00","classification.type":"vulnerable-system","classification.identifier":"open-telnet""#;
    let flat = format!(r#"{{"source.ip":"198.51.100.7","source.port":23,{rest}}}"#);
    let nested = r#"{"source":{"ip":"198.51.100.8","port":23},"time":{"source":"2026-11-20T10:00:00+00:00"},"classification":{"type":"vulnerable-system","identifier":"open-telnet"}}"#;
    for body in [flat.as_str(), nested] {
        let json = "Content-Type: application/json; charset=utf-8\r\n";
        assert_eq!(door.ask("POST", "/api/v1/reports", &token, json, body.as_bytes()).status, 202);
    }
    serving.wait("both", || ["R1", "R2"].iter().all(|receipt| door.state(receipt, &token) == "taken"));
    serving.stop();
    let findings = door.installation.run(&["findings"]).ended(0).stdout;
    assert!(findings.contains("198.51.100.7:23") && findings.contains("198.51.100.8:23"), "{findings}");
}

#[test]
fn intelmqs_own_output_and_a_real_tus_client_are_understood() {
    let door = Door::new("");
    let token = door.source("peer", "automatic");
    let serving = door.start();
    let base = format!("http://127.0.0.1:{}/api/v1", door.port);
    let root = door.installation.path("intelmq");
    for (kind, address) in [("flat", "198.51.100.7"), ("hierarchical", "198.51.100.8")] {
        let event = format!(
            r#"{{"feed.name":"Test","source.ip":"{address}","source.port":23,"time.source":"2026-11-20T10:00:00+00:00","time.observation":"2026-11-20T11:00:00+00:00","classification.type":"vulnerable-system","classification.identifier":"open-telnet","raw":"eA=="}}"#
        );
        if !intelmq(&root, &format!("{base}/reports"), &token, kind, &event) {
            return;
        }
    }
    let addresses: Vec<String> = (0..40_000).map(|n| format!("10.1.{}.{}", n / 250, n % 250)).collect();
    let report = rdp("2026-11-20", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(report.len() > 2 << 20, "it takes more than one piece");
    let file = door.installation.file("report", report);
    let receipt = tus(&root, &format!("{base}/uploads"), &token, &file, &rdp_name("2026-11-20"));
    assert_eq!(receipt.as_deref(), Some("R3"));
    serving.wait("all three", || {
        ["R1", "R2", "R3"].iter().all(|receipt| door.state(receipt, &token) == "taken")
    });
    assert_eq!(door.receipt("R3", &token).json()["rows"], 40_000);
    serving.stop();
    door.installation.assert_sound();
}

#[test]
fn what_is_not_trusted_waits_and_nobody_else_learns_of_it() {
    let door = Door::new("");
    let token = door.source("researcher", "vetted");
    let other = door.source("other", "automatic");
    let blocked = door.source("spammer", "blocked");
    door.installation.json(&["user", "add", "jan"]);
    let serving = door.start();
    assert_eq!(door.post(&rdp_name("2026-11-20"), &token, rdp("2026-11-20", &["192.0.2.1"])).status, 202);
    serving.wait("it to be held", || door.state("R1", &token) == "held");
    assert_eq!(door.receipt("R1", &token).body, r#"{"receipt":"R1","state":"held"}"#);
    let (theirs, nobodys) = (door.receipt("R1", &other), door.receipt("R99", &other));
    theirs.is_problem(404);
    assert_eq!(theirs.body, nobodys.body);
    door.receipt("R1x", &other).is_problem(404);
    door.post("a.csv", &blocked, "x").is_problem(403);
    door.receipt("R1", &blocked).is_problem(403);
    door.installation.json(&["--as", "jan", "vetting", "reject", "R1", "--reason", "internal: no consent"]);
    serving.wait("it to be refused", || door.state("R1", &token) == "refused");
    assert!(!door.receipt("R1", &token).body.contains("consent"));
    door.receipt("R1", &other).is_problem(404);
    serving.stop();
    assert_eq!(count(&door.installation.ledger()["rows"]), 0);
}

#[test]
fn a_token_that_was_revoked_is_answered_like_one_that_never_was() {
    let door = Door::new("");
    let token = door.source("feed", "automatic");
    let serving = door.start();
    assert_eq!(door.post("a.csv", &token, "x").status, 202);
    door.installation.json(&["source", "token", "revoke", "feed", "1"]);
    let revoked = door.post("a.csv", &token, "x");
    revoked.is_problem(401);
    assert_eq!(revoked.header("www-authenticate"), Some("Bearer"));
    for never in ["", "schakel_00", &token[..token.len() - 1]] {
        assert_eq!(door.post("a.csv", never, "x").body, revoked.body);
    }
    door.receipt("R1", &token).is_problem(401);
    serving.stop();
}

#[test]
fn an_upload_that_is_cut_off_leaves_nothing() {
    let door = Door::new("");
    let token = door.source("feed", "automatic");
    let serving = door.start();
    const LENGTH: usize = 8 << 20;
    let mut stream = door.connect();
    write!(
        stream,
        "POST /api/v1/reports?name=a.csv HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {LENGTH}\r\n\r\n"
    )
    .unwrap();
    stream.write_all(&vec![b'x'; LENGTH / 100 * 99]).unwrap();
    serving.wait("its bytes", || door.unfinished() == 1);
    stream.shutdown(Shutdown::Both).unwrap();
    serving.wait("them to be gone", || door.unfinished() == 0);
    assert_eq!(door.post("b.csv", &token, "x").json()["receipt"], "R1", "no number was given");
    serving.stop();
}

#[test]
fn an_upload_in_pieces_goes_on_after_the_service_was_killed() {
    let door = Door::new("");
    let (token, other) = (door.source("feed", "automatic"), door.source("other", "automatic"));
    let serving = door.start();
    let addresses: Vec<String> = (0..250).map(|last| format!("192.0.2.{last}")).collect();
    let report = rdp("2026-11-20", &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    let (length, report) = (report.len(), report.as_bytes());
    const TUS: &str = "Tus-Resumable: 1.0.0\r\n";
    // filename: 2026-11-20-scan_rdp-x.csv
    let about = format!(
        "{TUS}Upload-Length: {length}\r\nUpload-Metadata: filename MjAyNi0xMS0yMC1zY2FuX3JkcC14LmNzdg==\r\n"
    );
    door.ask("POST", "/api/v1/uploads", &token, "", b"").is_problem(412);
    let begun = door.ask("POST", "/api/v1/uploads", &token, &about, b"");
    assert_eq!(begun.status, 201, "{begun:?}");
    assert!(begun.header("upload-expires").unwrap().ends_with(" GMT"), "{begun:?}");
    let path = begun.header("location").unwrap().to_owned();
    let patch = |token: &str, offset: usize, more: &str, body: &[u8]| {
        let head = format!(
            "{TUS}Content-Type: application/offset+octet-stream\r\nUpload-Offset: {offset}\r\n{more}"
        );
        door.ask("PATCH", &path, token, &head, body)
    };
    let first = patch(&token, 0, "", &report[..5_000]);
    assert_eq!((first.status, first.header("upload-offset")), (204, Some("5000")), "{first:?}");
    // The second breaks off in the middle.
    let mut stream = door.connect();
    write!(
        stream,
        "PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{TUS}Content-Type: application/offset+octet-stream\r\nUpload-Offset: 5000\r\nContent-Length: {}\r\n\r\n",
        length - 5_000
    )
    .unwrap();
    stream.write_all(&report[5_000..9_000]).unwrap();
    let part = fs::read_dir(door.installation.data().join("spool/uploads")).unwrap();
    let part = part.map(|one| one.unwrap().path()).find(|one| one.extension().unwrap() == "part").unwrap();
    serving.wait("the piece", || part.metadata().unwrap().len() == 9_000);
    drop(serving);

    let serving = door.start();
    let at = door.ask("HEAD", &path, &token, TUS, b"");
    assert_eq!((at.status, at.header("upload-offset")), (200, Some("9000")), "{at:?}");
    assert_eq!(at.header("upload-length"), Some(length.to_string().as_str()));
    assert_eq!(door.ask("HEAD", &path, &other, TUS, b"").status, 404);
    patch(&other, 9_000, "", b"x").is_problem(404);
    patch(&token, 5_000, "", b"x").is_problem(409);
    patch(&token, 9_000, "", &vec![0; length]).is_problem(400);
    let wrong = "Upload-Checksum: sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n";
    patch(&token, 9_000, wrong, &report[9_000..]).is_problem(460);
    let last = patch(&token, 9_000, "", &report[9_000..]);
    assert_eq!((last.status, last.header("schakel-receipt")), (204, Some("R1")), "{last:?}");
    assert_eq!(door.ask("HEAD", &path, &token, TUS, b"").header("schakel-receipt"), Some("R1"));
    serving.wait("it to be taken in", || door.state("R1", &token) == "taken");
    assert_eq!(door.receipt("R1", &token).json()["rows"], 250);
    assert_eq!(door.ask("DELETE", &path, &token, TUS, b"").status, 204);
    assert_eq!(door.ask("HEAD", &path, &token, TUS, b"").status, 404);
    assert!(fs::read_dir(door.installation.data().join("spool/uploads")).unwrap().next().is_none());
    serving.stop();
    door.installation.assert_sound();
}

#[test]
fn a_full_spool_says_later_and_what_is_too_large_is_refused() {
    let door = Door::new("[doors]\nspool_bytes_max = 10000\nreport_bytes_max = 3500\n");
    let (token, other) = (door.source("flood", "vetted"), door.source("other", "vetted"));
    let serving = door.start();
    door.post("a.csv", &token, vec![b'x'; 3_501]).is_problem(413);
    assert_eq!(door.post("a.csv", &token, vec![b'x'; 3_000]).status, 202);
    let later = door.post("a.csv", &token, vec![b'x'; 1_001]);
    later.is_problem(429);
    assert_eq!(later.header("retry-after"), Some("60"));
    let length = "Tus-Resumable: 1.0.0\r\nUpload-Length: 1001\r\n";
    door.ask("POST", "/api/v1/uploads", &token, length, b"").is_problem(429);
    assert_eq!(door.post("a.csv", &other, vec![b'x'; 3_000]).status, 202, "others are not kept out");
    serving.stop();
}

#[test]
fn slow_clients_keep_nobody_out_and_lose_their_connections() {
    let door = Door::new("");
    let token = door.source("feed", "automatic");
    let serving = door.start();
    let started = Instant::now();
    let mut slow: Vec<TcpStream> = (0..100).map(|_| door.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nX-Slow: a").unwrap();
    }
    assert_eq!(door.post("a.csv", &token, "x").status, 202);
    for stream in &mut slow {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    }
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    // A head that does not end is no better.
    let mut stream = door.connect();
    let _ = write!(stream, "GET / HTTP/1.1\r\nX-Large: {}\r\n\r\n", "a".repeat(1 << 20));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    serving.stop();
}

#[test]
fn strangers_reach_neither_health_nor_metrics_at_this_door() {
    let door = Door::new("");
    let token = door.source("feed", "automatic");
    let serving = door.start();
    for path in ["/metrics", "/livez", "/readyz", "/contact/x", "/", "/api/v1/../../metrics"] {
        door.ask("GET", path, &token, "", b"").is_problem(404);
    }
    door.ask("GET", "/api/v1/reports", &token, "", b"").is_problem(405);
    door.ask("POST", "/api/v1/reports", &token, "", b"").is_problem(400);
    let form = "Content-Type: multipart/form-data; boundary=x\r\n";
    door.ask("POST", "/api/v1/reports", &token, form, b"--x--").is_problem(415);
    serving.stop();
}

/// A figure, not a test: how many small reports a second are durable, while they are taken in as well. With a release build:
/// `SCHAKEL_BIN=target/release/schakel cargo test -p schakel-e2e reports_a_second -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn reports_a_second() {
    const CLIENTS: usize = 64;
    const EACH: usize = 200;
    for trust in ["vetted", "automatic"] {
        let door = Door::new("");
        let token = door.source("feed", trust);
        let serving = door.start();
        let started = Instant::now();
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (door, token) = (&door, &token);
                scope.spawn(move || {
                    let mut stream = door.connect();
                    for number in 0..EACH {
                        let body = format!(
                            r#"{{"source.ip":"192.0.2.{client}","source.port":{number},"time.source":"2026-11-20T10:00:00Z","classification.type":"scanner"}}"#
                        );
                        let length = body.len();
                        write!(stream, "POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
                        let mut buffer = [0; 1024];
                        let read = stream.read(&mut buffer).unwrap();
                        assert!(buffer[..read].starts_with(b"HTTP/1.1 202"), "{:?}", std::str::from_utf8(&buffer[..read]));
                    }
                });
            }
        });
        let seconds = started.elapsed().as_secs_f64();
        println!("{trust}: {:.0} reports a second", (CLIENTS * EACH) as f64 / seconds);
        drop(serving);
    }
}
