//! The REST API: who sees what, what is done once, what is refused.

mod desk_work;
mod drop_ins;
mod own;
mod own_register;
mod register;
mod reports;
mod rows;
mod service;
mod tenants;
mod wrongly_told;

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use schakel_testkit::signing::SigningClient;
use serde_json::{Value, json};

use self::service::{Answer, Service, ids};
use crate::program;
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
