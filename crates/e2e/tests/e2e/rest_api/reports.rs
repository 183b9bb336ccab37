//! Reports over HTTP: sent, tried, accepted, looked back at.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use schakel_testkit::ports::free_port;
use serde_json::{Value, json};

use super::service::{Service, ids};
use crate::{
    fixtures::{rdp, rdp_name},
    serve::Serving,
};

#[test]
fn the_desk_vets_through_the_service_that_goes_on_taking_in() {
    let mut service = Service::start();
    service.stop();
    let doors = free_port().unwrap();
    let token = {
        service.installation.run(&["source", "add", "divd", "--trust", "vetted"]).ended(0);
        service.installation.json(&["source", "token", "add", "divd"])["secret"].as_str().unwrap().to_owned()
    };
    let config = format!(
        "[api]\nlisten = \"127.0.0.1:{}\"\n[doors.api]\nlisten = \"127.0.0.1:{doors}\"\n",
        service.port
    );
    service.serving = Some(Serving::start(&service.installation, &config));
    let report = |day: &str, ip: &str| {
        let body = rdp(day, &[ip]);
        let name = rdp_name(day);
        let mut stream = TcpStream::connect(("127.0.0.1", doors)).unwrap();
        write!(
            stream,
            "POST /api/v1/reports HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    };
    report("2026-11-21", "198.51.100.9");
    report("2026-11-22", "198.51.100.10");
    let waiting = |service: &Service| {
        let page = service.v1(&service.desk, "/vetting");
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["receipt"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    service.serving.as_ref().unwrap().wait("two to wait", || waiting(&service).len() == 2);
    let receipts = waiting(&service);
    let accepted = service.post(
        &service.desk,
        &format!("/vetting/{}/accept", receipts[0]),
        &json!({ "reason": "known" }),
    );
    assert_eq!(
        (accepted.status, accepted.json()["newFindings"].as_u64()),
        (200, Some(1)),
        "{}",
        accepted.body
    );
    let silent = service.post(&service.desk, &format!("/vetting/{}/refuse", receipts[1]), &json!({}));
    assert_eq!(silent.json()["errors"][0]["location"], "/reason");
    let refused = service.post(
        &service.desk,
        &format!("/vetting/{}/refuse", receipts[1]),
        &json!({ "reason": "a test" }),
    );
    assert_eq!(refused.status, 200, "{}", refused.body);
    assert_eq!(waiting(&service), [""; 0]);
    let gone = service.post(&service.desk, &format!("/vetting/{}/accept", receipts[0]), &json!({}));
    assert_eq!(gone.status, 404);
    assert_eq!(ids(&service.v1(&service.desk, "/findings")), ["F3", "F2", "F1", "F0"]);
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn a_client_reports_by_the_door_of_all_and_the_desk_sees_first_what_it_would_do() {
    let mut service = Service::start();
    let text = rdp("2026-11-21", &["198.51.100.9", "198.51.100.201", "192.0.2.7"]);
    let report = json!({ "name": rdp_name("2026-11-21"), "text": text });
    let none = service.post(&service.gm1, "/reports", &report);
    assert!(none.status == 422 && none.body.contains("siem.gm1"), "{}", none.body);
    let sent = service.post(&service.gm2, "/reports", &report);
    assert_eq!(sent.status, 202, "{}", sent.body);
    let receipt = sent.json()["receipt"].as_str().unwrap().to_owned();
    let state = |token: &str| service.get(token, &format!("/api/v1/receipts/{receipt}"));
    service.serving.as_ref().unwrap().wait("it to be held", || state(&service.gm2).json()["state"] == "held");
    assert_eq!((state(&service.desk).status, state(&service.gm1).status), (200, 404));
    let preview = |service: &Service| service.v1(&service.desk, &format!("/vetting/{receipt}"));
    let first = preview(&service);
    assert_eq!(
        (first["rows"].as_u64(), first["newFindings"].as_u64(), first["unrouted"].as_u64()),
        (Some(3), Some(3), Some(1)),
        "{first}"
    );
    let concerned: Vec<&str> = first["concerned"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["organisation"].as_str().unwrap())
        .collect();
    assert_eq!(concerned, ["GM1", "GM2", "SV1"]);
    assert_eq!(first["eventsShown"][0]["source.ip"], "198.51.100.9", "{first}");
    assert_eq!(preview(&service), first, "a preview leaves nothing behind");
    assert_eq!(ids(&service.v1(&service.desk, "/findings")), ["F2", "F1", "F0"]);
    let accepted = service.post(&service.desk, &format!("/vetting/{receipt}/accept"), &json!({})).json();
    assert_eq!(
        (accepted["rows"].as_u64(), accepted["newFindings"].as_u64()),
        (Some(3), Some(3)),
        "{accepted}"
    );
    assert_eq!(ids(&service.v1(&service.desk, "/findings")).len(), 6);
    assert_eq!(state(&service.gm2).json()["events"], 3);
    assert_eq!(service.get(&service.desk, &format!("/api/v1/vetting/{receipt}")).status, 404);
    let both = json!({ "name": "a", "text": "x", "base64": "eA==", "source": "siem.gm2" });
    assert_eq!(service.post(&service.desk, "/reports", &both).status, 400);
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn pages_of_sightings_and_of_what_is_nobodys_hold_everything_once() {
    let mut service = Service::start();
    service.stop();
    for day in ["2026-11-21", "2026-11-22"] {
        let few = ["198.51.100.5", "192.0.2.1", "192.0.2.2", "10.0.0.1", "10.0.1.1"];
        let many: Vec<String> = (1..=100).map(|last| format!("10.0.2.{last}")).collect();
        let rows: Vec<&str> = few.into_iter().chain(many.iter().map(String::as_str)).collect();
        let file = service.installation.file(&rdp_name(day), rdp(day, &rows));
        service.installation.ingest(&file);
    }
    service.serve();
    let all = |path: &str| {
        let (mut next, mut items) = (Some(path.to_owned()), Vec::new());
        while let Some(path) = next {
            let answer = service.get(&service.desk, &path);
            assert_eq!(answer.status, 200, "{}", answer.body);
            items.extend(answer.json()["items"].as_array().unwrap().clone());
            next = answer.header("link").map(|link| link[1..].split('>').next().unwrap().to_owned());
        }
        items
    };
    let events: Vec<Value> =
        all("/api/v1/findings/F0/sightings?limit=1").iter().map(|one| one["event"].clone()).collect();
    assert_eq!(events, ["1:1", "2:1", "3:1"]);
    let clusters: Vec<(String, u64, u64)> = all("/api/v1/unrouted-clusters?limit=1")
        .iter()
        .map(|one| {
            let count = |name: &str| one[name].as_u64().unwrap();
            (one["cluster"].as_str().unwrap().to_owned(), count("findings"), count("events"))
        })
        .collect();
    let expected =
        [("10.0.2.0/24", 100, 200), ("192.0.2.0/24", 2, 4), ("10.0.0.0/24", 1, 2), ("10.0.1.0/24", 1, 2)];
    assert_eq!(clusters, expected.map(|(name, findings, events)| (name.to_owned(), findings, events)));
    let wrong = service.get(&service.desk, "/api/v1/unrouted-clusters?cursor=eHg");
    assert_eq!(wrong.status, 400, "{}", wrong.body);
}
