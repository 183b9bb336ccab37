//! The REST API: who sees what, what is done once, what is refused.

mod desk_work;
mod drop_ins;
mod own;
mod register;
mod reports;
mod rows;

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use schakel_testkit::{ports::free_port, signing::SigningClient};
use serde_json::{Value, json};

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::Installation,
    program,
    serve::Serving,
};

/// What a member's client can have.
const FOR_MEMBERS: [&str; 8] = [
    "sector:read",
    "own:write",
    "findings:read",
    "findings:answer",
    "notifications:read",
    "register:read",
    "changes:read",
    "reports:write",
];

/// And the desk's beside those.
const FOR_THE_DESK: [&str; 20] = [
    "mail:read",
    "mail:write",
    "findings:write",
    "policy:write",
    "texts:read",
    "texts:write",
    "accounts:read",
    "accounts:write",
    "shifts:read",
    "shifts:write",
    "register:write",
    "reports:read",
    "vetting:read",
    "vetting:write",
    "calls:read",
    "calls:write",
    "policy:read",
    "ledger:read",
    "sources:read",
    "audit:read",
];

/// An answer.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.head, self.body))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let is_it = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{name}: "));
        self.head.lines().find(is_it).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }
}

/// A service with findings at GM1 (F0, and SV1 that operates there), GM2 (F1) and GM3 (F2), and clients.
struct Service {
    installation: Installation,
    serving: Option<Serving>,
    port: u16,
    desk: String,
    gm1: String,
    gm2: String,
}

impl Service {
    fn start() -> Self {
        let port = free_port().unwrap();
        let mut installation = Installation::empty();
        installation.at("2026-11-20T09:00:00Z");
        installation.import(&Register::small());
        let report = rdp("2026-11-20", &["198.51.100.5", "198.51.100.200", "2001:db8:3::7"]);
        let file = installation.file(&rdp_name("2026-11-20"), report);
        installation.ingest(&file);
        installation.run(&["tell"]).ended(0);
        installation.run(&["source", "add", "siem.gm2", "--trust", "vetted"]).ended(0);
        let add = |code: &str, of: &[&str], scopes: &[&[&str]]| {
            let mut args = vec!["client", "add", code, "--per-minute", "60000"];
            args.extend(of);
            scopes.iter().copied().flatten().for_each(|scope| args.extend(["--scope", scope]));
            installation.json(&args)["key"].as_str().unwrap().to_owned()
        };
        let desk = add("desk", &[], &[&FOR_MEMBERS, &FOR_THE_DESK]);
        let gm1 = add("siem.gm1", &["--organisation", "GM1"], &[&FOR_MEMBERS]);
        let gm2 = add("siem.gm2", &["--organisation", "GM2"], &[&FOR_MEMBERS]);
        let mut service = Self { installation, serving: None, port, desk, gm1, gm2 };
        service.serve();
        service
    }

    fn serve(&mut self) {
        let config = format!("[api]\nlisten = \"127.0.0.1:{}\"\n", self.port);
        self.serving = Some(Serving::start(&self.installation, &config));
    }

    fn stop(&mut self) {
        self.serving.take().map(Serving::stop);
    }

    fn send(&self, head: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let length = body.len();
        write!(stream, "{head}Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
            .unwrap();
        // A body that is refused is not read to its end.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {head}: {answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn get(&self, token: &str, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n"), b"")
    }

    fn v1(&self, token: &str, path: &str) -> Value {
        let answer = self.get(token, &format!("/api/v1{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    fn post_with(&self, token: &str, path: &str, more: &str, body: &str) -> Answer {
        let head = format!("POST /api/v1{path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{more}");
        self.send(&head, body.as_bytes())
    }

    fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.post_with(token, path, "Content-Type: application/json\r\n", &body.to_string())
    }

    fn form(&self, body: &str) -> Answer {
        let head = "POST /oauth2/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        self.send(head, body.as_bytes())
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// What stands for another tenant's in each place of a path, and what nobody has. A parameter that is not here fails the test.
const OF_ANOTHER: [(&str, &str, &str); 22] = [
    ("{message}", "1", "999"),
    ("{mailbox}", "vcib@lindeveen.example", "nobody@nowhere.example"),
    ("{claim}", "1", "999"),
    ("{event}", "1:1", "999:1"),
    ("{conflict}", "1", "999"),
    ("{change}", "1", "999"),
    ("{account}", "lindeveen", "nobody"),
    ("{session}", "00000000", "00000000"),
    ("{view}", "1", "999"),
    ("{batch}", "1", "999"),
    ("{shift}", "1", "999"),
    ("{language}", "nl", "xx"),
    ("{text}", "notification.txt", "nothing.txt"),
    ("{finding}", "F1", "F999"),
    ("{organisation}", "GM2", "GM999"),
    ("{answer}", "A1", "A999"),
    ("{report}", "R1", "R999"),
    ("{contact}", "3", "999"),
    ("{relation}", "1", "999"),
    ("{asset}", "3", "999"),
    ("{notification}", "", "N999"),
    ("{receipt}", "", "R999"),
];

#[test]
fn a_member_sees_its_own_and_nothing_of_another_on_any_route() {
    let service = Service::start();
    assert_eq!(ids(&service.v1(&service.desk, "/findings")), ["F2", "F1", "F0"]);
    assert_eq!(ids(&service.v1(&service.gm1, "/findings")), ["F0"]);
    let of_gm2 = service.v1(&service.gm2, "/notifications");
    let notification = of_gm2["items"][0]["id"].as_str().unwrap();
    let sent = json!({ "name": "a.csv", "text": "x", "source": "siem.gm2" });
    let receipt =
        service.post(&service.desk, "/reports", &sent).json()["receipt"].as_str().unwrap().to_owned();
    assert_eq!(service.get(&service.gm2, &format!("/api/v1/receipts/{receipt}")).status, 200);
    let said = json!({ "findings": ["F1"], "kind": "received" });
    let said = service.post(&service.gm2, "/answers", &said).json();
    let answer_id = said["answers"][0]["id"].as_str().unwrap().to_owned();
    let theirs_too = json!({ "kind": "domain", "value": "lindeveen.nl", "role": "owner" });
    let claim = service.post(&service.gm2, "/organisations/GM2/own-claims", &theirs_too);
    assert_eq!(claim.json()["claims"], json!([1]), "{}", claim.body);
    let closed = json!({ "first": "2026-12-24", "last": "2026-12-27" });
    let description = service.get("", "/openapi.json").json();
    let (mut own, mut refused) = (0, 0);
    for (path, operations) in description["paths"].as_object().unwrap() {
        let (mut theirs, mut nowhere) = (path.clone(), path.clone());
        for (parameter, one, none) in OF_ANOTHER {
            let one = match parameter {
                "{notification}" => notification,
                "{receipt}" => &receipt,
                "{answer}" => &answer_id,
                _ => one,
            };
            theirs = theirs.replace(parameter, one);
            nowhere = nowhere.replace(parameter, none);
        }
        assert!(!theirs.contains('{'), "{path}: say what another tenant's is");
        for (method, operation) in operations.as_object().unwrap() {
            let is_own = operation["description"].as_str().unwrap().ends_with("Members see their own.");
            // What another tenant's is in a body. A route that is not here fails the test.
            let body = match (method.as_str(), path.as_str(), is_own) {
                ("get", ..) | (_, _, false) => json!({}),
                (_, "/answers", _) => json!({ "findings": ["F1"], "kind": "fixed" }),
                (_, "/answers/{answer}/undo" | "/claims/{claim}/take-back", _) => json!({}),
                (_, "/claims/{claim}/checks", _) => json!({ "means": "dns" }),
                (_, "/claims/{claim}/mails", _) => json!({ "mailbox": "hostmaster" }),
                (_, "/claims/{claim}/codes", _) => json!({ "code": "123456" }),
                (_, "/organisations/{organisation}/own-claims", _) => theirs_too.clone(),
                (_, "/organisations/{organisation}/closing-days", _) => closed.clone(),
                (_, "/reports", _) => json!({ "name": "a.csv", "text": "x", "source": "siem.gm2" }),
                other => panic!("{other:?}: say what another tenant's is"),
            };
            let ask = |token: &str, path: &str| match method.as_str() {
                "get" => service.get(token, &format!("/api/v1{path}")),
                _ => service.post(token, path, &body),
            };
            let answer = ask(&service.gm1, &theirs);
            assert_eq!(ask("schakel_api_00", &theirs).status, 401, "{method} {path}");
            if !is_own {
                refused += 1;
                assert_eq!(answer.status, 403, "{method} {path}: {}", answer.body);
                continue;
            }
            own += 1;
            if path.contains('{') {
                assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
                let nothing = ask(&service.gm1, &nowhere);
                assert_eq!(answer.body, nothing.body, "what is another's is as if it were not there");
            } else if method == "get" {
                assert_eq!(answer.status, 200, "{path}: {}", answer.body);
                for word in ["GM2", "Lindeveen", "198.51.100.200", "GM3", "SV1"] {
                    assert!(!answer.body.contains(word), "{path} says {word}: {}", answer.body);
                }
            } else {
                assert_eq!(answer.status, 400, "{path}: {}", answer.body);
            }
        }
    }
    assert!(own >= 24 && refused >= 80, "{own} {refused}");
    // Nothing of it was done.
    assert_eq!(service.v1(&service.gm2, "/findings/F1")["finding"]["told"][0]["state"], "received");
    let days = service.v1(&service.gm2, "/organisations/GM2/closing-days");
    assert_eq!(days["items"], json!([]));
    // Each drop-in, asked for what is another's. Shadowserver's own, at the other door: `member_api`.
    for path in [
        "/intelmq/lookup?ip=198.51.100.200&feed_status=production",
        "/intelmq/lookup?ip=2001:db8:3::7&domain=www.berkendal.nl&feed_status=production",
        "/search/events.json?time.min=2026-11-01T00:00:00Z&ip=198.51.100.200",
        "/search/events.json?time.min=2026-11-01T00:00:00Z&fqdn=berkendal.nl",
        "/search/events.json?time.min=2026-11-01T00:00:00Z&opt.limit=1000",
        "/report/inside.json?time.min=2026-11-01T00:00:00Z",
    ] {
        let answer = service.get(&service.gm1, path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        for word in
            ["GM2", "GM3", "SV1", "lindeveen", "berkendal", "hulpbron", "198.51.100.200", "2001:db8:3"]
        {
            assert!(!answer.body.to_lowercase().contains(&word.to_lowercase()), "{path}: {}", answer.body);
        }
        assert_eq!(service.get("schakel_api_00", path).status, 401, "{path}");
    }
    for query in ["handler=", "awake=true"] {
        let answer = service.get(&service.gm1, &format!("/api/v1/findings?{query}"));
        assert_eq!(answer.status, 400, "who works on what is the desk's: {}", answer.body);
    }
    // By a filter and by a drop-in as well.
    assert_eq!(ids(&service.v1(&service.gm1, "/findings?organisation=GM2")), [""; 0]);
    let n6 = service.get(&service.gm1, "/search/events.json?time.min=2026-11-01T00:00:00Z");
    assert_eq!(n6.json().as_array().unwrap().len(), 1, "{}", n6.body);
    let other = service.get(&service.gm1, "/intelmq/lookup?ip=198.51.100.200&feed_status=production");
    assert_eq!(other.json(), json!({}), "another's contacts");
    // One of its own, in full: without whom else it concerns.
    let full = service.v1(&service.gm1, "/findings/F0");
    assert_eq!(full["finding"]["told"].as_array().unwrap().len(), 1);
    assert_eq!(full["assignments"].as_array().unwrap().len(), 1);
    assert!(service.v1(&service.desk, "/findings/F0")["assignments"].as_array().unwrap().len() > 1);
}

#[test]
fn an_answer_counts_once_however_often_it_is_sent() {
    let service = Service::start();
    let body = json!({ "findings": ["F0"], "kind": "fixed", "text": "port closed" }).to_string();
    let with = |key: &str, body: &str| {
        let head = format!("Content-Type: application/json\r\nIdempotency-Key: {key}\r\n");
        service.post_with(&service.gm1, "/answers", &head, body)
    };
    let first = with("one", &body);
    assert_eq!(first.status, 201, "{}", first.body);
    let answer = &first.json()["answers"][0];
    assert_eq!((answer["standing"].as_str(), answer["way"].as_str()), (Some("taken"), Some("api")));
    let again = with("one", &body);
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(service.v1(&service.gm1, "/answers")["items"].as_array().unwrap().len(), 1);
    let other = with("one", &json!({ "findings": ["F0"], "kind": "received" }).to_string());
    assert_eq!(other.status, 422, "{}", other.body);
    assert_eq!(service.v1(&service.gm1, "/findings/F0")["finding"]["told"][0]["state"], "fixed");
    // One that is not theirs among them: nothing is recorded.
    let mixed =
        service.post(&service.gm1, "/answers", &json!({ "findings": ["F0", "F1"], "kind": "received" }));
    assert_eq!((mixed.status, mixed.json()["errors"][0]["location"].as_str()), (400, Some("/findings/1")));
    let nobody = service.post(&service.gm1, "/answers", &json!({ "findings": ["F999"], "kind": "received" }));
    assert_eq!(mixed.json()["errors"][0]["detail"], nobody.json()["errors"][0]["detail"]);
    assert_eq!(service.v1(&service.desk, "/answers")["items"].as_array().unwrap().len(), 1);
    let desk = json!({ "findings": ["F1"], "organisation": "GM2", "who": "L. Linde", "kind": "in_progress", "until": "2027-01-05T00:00:00Z" });
    assert_eq!(service.post(&service.desk, "/answers", &desk).status, 201);
    assert_eq!(service.v1(&service.gm2, "/findings/F1")["finding"]["told"][0]["state"], "in_progress");
}

#[test]
fn what_is_wrong_with_a_request_is_said_all_at_once() {
    let mut service = Service::start();
    let problem = |answer: &Answer| {
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.head);
        assert_eq!(answer.header("api-version"), Some("1.0.0"));
        answer.json()
    };
    let wrong = service.get(&service.desk, "/api/v1/findings?limit=0&severity=bad&x=1&x=2");
    let errors = problem(&wrong)["errors"].as_array().unwrap().clone();
    assert_eq!((wrong.status, errors.len()), (400, 1), "twice is said first: {errors:?}");
    let wrong = service.get(&service.desk, "/api/v1/findings?limit=0&severity=bad&x=1");
    assert_eq!(problem(&wrong)["errors"].as_array().unwrap().len(), 3);
    let both = service.post(&service.desk, "/answers?x=1", &json!({ "kind": "gone", "extra": 1 }));
    let places: Vec<String> = problem(&both)["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["in"].as_str().unwrap(), one["location"].as_str().unwrap()))
        .collect();
    assert_eq!(places, ["query x", "body /findings", "body /kind", "body /extra"]);
    let json = "Content-Type: application/json\r\n";
    let twice = service.post_with(&service.desk, "/answers", json, r#"{"kind":"fixed","kind":"not_ours"}"#);
    assert!(twice.status == 400 && twice.body.contains("stands twice"), "{}", twice.body);
    let large = service.post_with(&service.desk, "/answers", json, &" ".repeat((1 << 20) + 1));
    assert_eq!(large.status, 413, "{}", large.body);
    let xml = service.post_with(&service.desk, "/answers", "Content-Type: text/xml\r\n", "<a/>");
    assert_eq!(xml.status, 415);
    for cursor in ["x", "////", "TVRJ", "%00", "LTE"] {
        let answer = service.get(&service.desk, &format!("/api/v1/findings?cursor={cursor}"));
        assert_eq!(answer.status, 400, "{cursor}: {}", answer.body);
    }
    for nowhere in [
        "/api/v1/findings/",
        "/api/v1",
        "/api/v1/findings/f0",
        "/api/v1/findings/F00",
        "/api/v1/findings/F-1",
        "/api/v2/findings",
    ] {
        assert_eq!(service.get(&service.desk, nowhere).status, 404, "{nowhere}");
    }
    assert_eq!(service.post(&service.desk, "/findings", &json!({})).status, 405);
    let long = "a".repeat(300);
    let key =
        service.post_with(&service.desk, "/answers", &format!("{json}Idempotency-Key: {long}\r\n"), "{}");
    assert_eq!(problem(&key)["errors"][0]["in"], "header");
    // Pages hold everything once.
    let first = service.get(&service.desk, "/api/v1/findings?limit=2&feed=scan_rdp");
    let link = first.header("link").unwrap();
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    assert!(next.contains("feed=scan_rdp"), "{link}");
    let second = service.get(&service.desk, next);
    assert_eq!((ids(&first.json()), ids(&second.json())), (vec!["F2", "F1"], vec!["F0"]));
    assert_eq!(second.header("link"), None);
    // Who was revoked is out; who has run out as well.
    service.stop();
    service.installation.run(&["client", "revoke", "siem.gm1", "--reason", "lost"]).ended(0);
    let short = ["client", "add", "short", "--scope", "ledger:read", "--expires", "2026-11-20T10:00:00Z"];
    let short = service.installation.json(&short)["key"].as_str().unwrap().to_owned();
    let old = std::mem::take(&mut service.gm2);
    let new = service.installation.json(&["client", "rotate", "siem.gm2", "--overlap-days", "0"]);
    service.serve();
    for token in [&service.gm1, &short, &old] {
        assert_eq!(service.get(token, "/api/v1/findings").status, 401);
    }
    assert_eq!(service.get(new["key"].as_str().unwrap(), "/api/v1/findings").status, 200);
    let log = service.serving.take().unwrap().stop();
    for key in [&service.desk, &service.gm1, &short] {
        assert!(!log.contains(key.as_str()), "a key stands in the log");
    }
}

#[test]
fn a_client_that_signs_who_it_is_gets_a_token_for_what_it_signed_once() {
    let mut service = Service::start();
    service.stop();
    let client = SigningClient::new(7);
    let jwk = service.installation.file("jwk.json", client.jwk());
    let of = [
        "client",
        "add",
        "signs",
        "--organisation",
        "GM1",
        "--scope",
        "findings:read",
        "--scope",
        "changes:read",
        "--public-key",
        &jwk,
    ];
    assert_eq!(service.installation.json(&of)["key"], Value::Null);
    service.serve();
    let us = format!("http://127.0.0.1:{}/oauth2/token", service.port);
    #[allow(clippy::disallowed_methods)] // The service goes by the real clock.
    let now = jiff::Timestamp::now().as_second();
    let claims = |id: &str| json!({ "iss": "signs", "sub": "signs", "aud": us, "exp": now + 60, "jti": id });
    let form = |assertion: &str, more: &str| {
        service.form(&format!(
            "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}{more}"
        ))
    };
    let assertion = client.sign(&claims("1"));
    let given = form(&assertion, "&scope=findings:read");
    assert_eq!(given.status, 200, "{}", given.body);
    let token = given.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(ids(&service.v1(&token, "/findings")), ["F0"]);
    assert_eq!(service.get(&token, "/api/v1/changes").status, 403, "narrower than the client");
    let refused = |answer: Answer| {
        assert!(matches!(answer.status, 400 | 401), "{}", answer.body);
        answer.json()["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(form(&assertion, "")), "invalid_client", "a second time");
    assert_eq!(refused(form(&SigningClient::new(8).sign(&claims("2")), "")), "invalid_client");
    assert_eq!(refused(form(&client.sign_as("none", &claims("3")), "")), "invalid_client");
    assert_eq!(refused(form(&client.sign_as("HS256", &claims("4")), "")), "invalid_client");
    let elsewhere = json!({ "iss": "signs", "sub": "signs", "aud": "https://other.example", "exp": now + 60, "jti": "5" });
    assert_eq!(refused(form(&client.sign(&elsewhere), "")), "invalid_client");
    let old = json!({ "iss": "signs", "sub": "signs", "aud": us, "exp": now - 600, "jti": "6" });
    assert_eq!(refused(form(&client.sign(&old), "")), "invalid_client");
    assert_eq!(refused(form(&client.sign(&claims("7")), "&scope=audit:read")), "invalid_scope");
    assert_eq!(refused(form(&client.sign(&claims("8")), "&grant_type=password")), "invalid_request");
    assert_eq!(refused(service.form("grant_type=password")), "unsupported_grant_type");
    let changed = format!("{}x", token);
    assert_eq!(service.get(&changed, "/api/v1/findings").status, 401);
}

#[test]
fn what_changes_is_heard_by_who_waits_and_by_who_was_away() {
    let service = Service::start();
    let cursor = |value: &Value| value["cursor"].as_str().unwrap().to_owned();
    let from = cursor(&service.v1(&service.gm1, "/changes"));
    let desk = cursor(&service.v1(&service.desk, "/changes"));
    let asked = Instant::now();
    thread::scope(|scope| {
        let waits = scope.spawn(|| service.v1(&service.gm1, &format!("/changes?after={from}&wait=30")));
        let stream = scope.spawn(|| {
            let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            write!(
                stream,
                "GET /api/v1/changes?after={from} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nAuthorization: Bearer {}\r\n\r\n",
                service.gm1
            )
            .unwrap();
            let (mut heard, mut piece) = (String::new(), [0; 1_024]);
            while !heard.contains("\ndata: ") {
                let read = stream.read(&mut piece).unwrap();
                assert!(read > 0, "{heard}");
                heard += &String::from_utf8_lossy(&piece[..read]);
            }
            heard
        });
        thread::sleep(Duration::from_millis(500));
        // Another's answer is none of theirs.
        let theirs = json!({ "findings": ["F1"], "kind": "received" });
        assert_eq!(service.post(&service.gm2, "/answers", &theirs).status, 201);
        let own = json!({ "findings": ["F0"], "kind": "received" });
        assert_eq!(service.post(&service.gm1, "/answers", &own).status, 201);
        let heard = waits.join().unwrap();
        assert_eq!(heard["items"].as_array().unwrap().len(), 1, "{heard}");
        assert_eq!(heard["items"][0]["organisation"], "GM1");
        let stream = stream.join().unwrap();
        assert!(
            stream.contains("event: answer") && stream.contains("GM1") && !stream.contains("GM2"),
            "{stream}"
        );
        assert!(stream.contains("id: "), "{stream}");
        // Nothing more since then.
        let after = cursor(&heard);
        assert_eq!(service.v1(&service.gm1, &format!("/changes?after={after}"))["items"], json!([]));
    });
    assert!(asked.elapsed() < Duration::from_secs(25), "it was woken");
    let all = service.v1(&service.desk, &format!("/changes?after={desk}"));
    let answers = all["items"].as_array().unwrap().iter().filter(|one| one["type"] == "answer").count();
    assert_eq!(answers, 2, "{all}");
}

#[test]
fn who_asks_for_tokens_without_end_is_told_to_wait() {
    let service = Service::start();
    let form = "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=x";
    let statuses: Vec<u16> = (0..80).map(|_| service.form(form).status).collect();
    assert_eq!(statuses[0], 401);
    let told = service.form(form);
    assert!(statuses.contains(&429) && told.status != 200, "{statuses:?}");
    // Whoever has a key is not kept from asking.
    assert_eq!(service.get(&service.desk, "/api/v1/findings").status, 200);
}

#[test]
fn scripts_ask_with_the_program_itself() {
    let service = Service::start();
    let run = |args: &[&str], token: &str| {
        let mut command = program::schakel();
        command.args(args).arg("--data").arg(service.installation.path("nothing"));
        command.env("SCHAKEL_API_URL", format!("http://127.0.0.1:{}", service.port));
        command.env("SCHAKEL_API_TOKEN", token);
        program::run(&mut command)
    };
    let all = run(&["api", "GET", "/findings?limit=1", "--all"], &service.desk);
    assert_eq!(ids(&all.ended(0).json()), ["F2", "F1", "F0"]);
    let body = service.installation.file("answer.json", r#"{"findings":["F0"],"kind":"received"}"#);
    let posted = run(&["api", "post", "/answers", "--body", &body], &service.gm1);
    assert_eq!(posted.ended(0).json()["answers"][0]["kind"], "received");
    let wrong = run(&["api", "GET", "/findings?limit=0&x=1"], &service.desk);
    assert!(wrong.stderr.contains("400 Bad Request") && wrong.stderr.contains("query x: "), "{wrong:?}");
    run(&["api", "GET", "/findings"], "schakel_api_00").ended(1).says(&["401"]);
}
