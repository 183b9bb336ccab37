//! Every route with another tenant's ids: what is another's is as if it were not there.

use serde_json::json;

use super::service::{Service, ids};

/// What stands for another tenant's in each place of a path, and what nobody has. A parameter that is not here fails the test.
const OF_ANOTHER: [(&str, &str, &str); 24] = [
    ("{request}", "1", "999"),
    ("{breach}", "B1", "B999"),
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

/// What is done without a word: the path says all.
const NOTHING_SAID: [&str; 6] = ["/undo", "/take-back", "/leave", "/confirm", "/disable", "/end"];

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
                (_, "/claims/{claim}/checks", _) => json!({ "means": "dns" }),
                (_, "/claims/{claim}/mails", _) => json!({ "mailbox": "hostmaster" }),
                (_, "/claims/{claim}/codes", _) => json!({ "code": "123456" }),
                (_, "/organisations/{organisation}/own-claims", _) => theirs_too.clone(),
                (_, "/organisations/{organisation}/closing-days", _) => closed.clone(),
                (_, "/organisations/{organisation}/asset-requests", _) => {
                    json!({ "asset": 3, "wish": "give_up" })
                }
                (_, "/organisations/{organisation}/own-contacts", _) => {
                    json!({ "role": "findings", "email": "a@lindeveen.example" })
                }
                (_, "/organisations/{organisation}/own-contacts/{contact}/change", _) => {
                    json!({ "name": "A" })
                }
                (_, "/organisations/{organisation}/people", _) => json!({ "name": "a", "role": "viewer" }),
                (_, "/organisations/{organisation}/people/{account}/role", _) => json!({ "role": "viewer" }),
                (_, path, _) if NOTHING_SAID.iter().any(|end| path.ends_with(end)) => json!({}),
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
    for query in ["handler=", "awake=true", "q=lindeveen"] {
        let answer = service.get(&service.gm1, &format!("/api/v1/findings?{query}"));
        assert_eq!(answer.status, 400, "this is the desk's: {}", answer.body);
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
