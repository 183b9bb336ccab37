//! Rows and what the register waits for: looked at, read again, decided.

use serde_json::{Value, json};

use super::service::Service;

#[test]
fn rows_are_shown_by_what_became_of_them_and_read_again() {
    let mut service = Service::start();
    service.stop();
    let mapping = |format: &str| {
        format!(
            "name = \"lijst\"\nprovider = \"melder\"\nfiles = [\"lijst*.csv\"]\nformat = \"csv\"\ndelimiter = \";\"\n\n\
             [columns]\nadres = \"source.ip\"\n\n[time]\ncolumn = \"wanneer\"\nformat = \"{format}\"\nzone = \"Europe/Amsterdam\"\n\n\
             [classification]\ntype = \"scanner\"\n"
        )
    };
    let wrong = service.installation.file("wrong.toml", mapping("%Y/%m/%d"));
    let csv = "wanneer;adres\n20-11-2026 10:00;198.51.100.201\ngisteren;198.51.100.202\n";
    let file = service.installation.file("lijst.csv", csv);
    service.installation.run(&["ingest", "--mapping", &wrong, &file]).ended(3);
    let mappings = service.installation.data().join("mappings");
    std::fs::create_dir_all(&mappings).unwrap();
    std::fs::write(mappings.join("lijst.toml"), mapping("%d-%m-%Y %H:%M")).unwrap();
    service.serve();
    let rejected = service.v1(&service.desk, "/ledger-rows?which=rejected&report=R2");
    let rows = rejected["items"].as_array().unwrap();
    assert_eq!((rows.len(), rows[0]["code"].as_str()), (2, Some("bad_time")), "{rejected}");
    for (wrong, status) in [
        ("which=nothing", 400),
        ("which=events&report=R99", 400),
        ("which=events&report=R1&day=2026-11-20", 400),
        ("", 400),
        ("which=unrouted&day=2026-11-20", 200),
    ] {
        let answer = service.get(&service.desk, &format!("/api/v1/ledger-rows?{wrong}"));
        assert_eq!(answer.status, status, "{wrong}: {}", answer.body);
    }
    let event = service.v1(&service.desk, "/events/1:1");
    assert_eq!(
        (event["rowFate"].as_str(), event["finding"].as_str()),
        (Some("event"), Some("F0")),
        "{event}"
    );
    assert!(event["raw"].as_str().unwrap().contains("198.51.100.5"), "{event}");
    assert!(event["candidates"][0]["won"].as_bool().unwrap(), "{event}");
    for nowhere in ["1:99", "99:1", "1", "x", "1:-1", "01:1"] {
        assert_eq!(service.get(&service.desk, &format!("/api/v1/events/{nowhere}")).status, 404, "{nowhere}");
    }
    let reading = service.v1(&service.desk, "/audit-entries?subject=event:1:1");
    assert_eq!(reading["items"][0]["actor"], "api:desk", "who looked is known: {reading}");
    let replay = |query: &str| {
        service.post(&service.desk, &format!("/reports/R2/replay{query}"), &json!({ "reason": "dates" }))
    };
    let looked = replay("?dryRun=true");
    assert_eq!(looked.json(), json!({ "dryRun": true, "rows": 1 }), "{}", looked.body);
    assert_eq!(service.v1(&service.desk, "/ledger")["replayed"], 0);
    assert_eq!(replay("").json()["rows"], 1);
    let ledger = service.v1(&service.desk, "/ledger");
    assert_eq!((&ledger["replayed"], &ledger["balanced"]), (&json!(1), &json!(true)), "{ledger}");
    assert_eq!(service.v1(&service.desk, "/events/2:1")["replayedAs"], "3:1");
    let nowhere = service.post(&service.desk, "/reports/R99/replay", &json!({ "reason": "x" }));
    assert_eq!(nowhere.status, 404);
    service.stop();
    service.installation.assert_sound();
}

#[test]
fn what_the_register_waits_for_is_decided_but_trust_is_for_people() {
    let mut service = Service::start();
    service.stop();
    let claim = ["claim", "add", "GM2", "prefix", "198.51.100.0/26"];
    service.installation.run(&claim).ended(0);
    service.serve();
    let conflicts = service.v1(&service.desk, "/register-conflicts");
    let conflict = &conflicts["items"][0];
    let sides: Vec<&Value> =
        conflict["sides"].as_array().unwrap().iter().map(|side| &side["organisation"]).collect();
    assert_eq!(sides, ["GM2", "GM1"], "{conflicts}");
    let path = format!("/register-conflicts/{}/decide", conflict["id"]);
    let ruling = json!({ "winner": "GM1", "reason": "called both" });
    let looked = service.post(&service.desk, &format!("{path}?dryRun=true"), &ruling);
    assert!(
        looked.status == 200 && !looked.json()["actions"].as_array().unwrap().is_empty(),
        "{}",
        looked.body
    );
    assert_eq!(service.post(&service.desk, &path, &json!({ "winner": "GM9", "reason": "x" })).status, 422);
    assert_eq!(service.post(&service.desk, &path, &ruling).status, 200);
    assert_eq!(service.post(&service.desk, &path, &ruling).status, 404, "it was decided");
    assert_eq!(service.v1(&service.desk, "/register-conflicts")["items"], json!([]));
    // Joining, without what concerns trusted contacts.
    let step = |step: &str| {
        let new = json!({ "step": step, "by": "E. Eik" });
        service.post(&service.desk, "/organisations/GM1/steps", &new)
    };
    assert_eq!(step("invitation").status, 201);
    assert_eq!(step("form_checked").status, 422);
    let steps = service.v1(&service.desk, "/organisations/GM1/steps");
    assert_eq!(steps["items"][0]["by"], "E. Eik", "{steps}");
    assert_eq!(service.post(&service.desk, "/contacts/1/confirm", &json!({})).status, 200);
    let quality = service.v1(&service.desk, "/organisations/GM1/quality");
    assert!(quality["score"].as_u64().unwrap() <= 100, "{quality}");
    let versions = service.v1(&service.desk, "/register-versions?limit=1");
    assert_eq!(versions["items"].as_array().unwrap().len(), 1, "{versions}");
    assert_eq!(service.v1(&service.desk, "/contact-changes")["items"], json!([]));
    let explained = service.v1(&service.desk, "/findings/F0/explanation");
    assert_eq!(explained["handedOver"], json!([]), "{explained}");
    let found = service.v1(&service.desk, "/findings?handler=&awake=true");
    assert_eq!(found["items"].as_array().unwrap().len(), 3);
    service.stop();
    service.installation.assert_sound();
}
