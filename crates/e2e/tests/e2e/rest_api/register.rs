//! The register over HTTP: claims, files, contacts, relations, assets, and what a change would do.

use serde_json::{Value, json};

use super::service::Service;

#[test]
fn claims_are_entered_all_or_none_and_a_dry_run_keeps_nothing() {
    let service = Service::start();
    let body = |last: &str| {
        json!({ "reason": "form of 3 November", "claims": [
            { "kind": "prefix", "value": "192.0.2.0/25", "role": "owner" },
            { "kind": "domain", "value": last, "role": "owner" },
        ] })
    };
    let post = |path: &str, last: &str| service.post(&service.desk, path, &body(last));
    let dry = post("/organisations/GM1/claims?dryRun=true", "berkendal.nl");
    assert_eq!(dry.status, 201, "{}", dry.body);
    let dry = dry.json();
    assert_eq!((dry["claims"][0]["id"].as_u64(), dry["claims"][1]["conflicts"].as_u64()), (None, Some(1)));
    assert_eq!(dry["claims"][1]["meets"][0]["organisation"], "GM3");
    let refused = post("/organisations/GM1/claims", "not a name");
    assert_eq!((refused.status, refused.json()["errors"][0]["location"].as_str()), (400, Some("/claims/1")));
    let real = post("/organisations/GM1/claims", "eikendam.nl");
    assert_eq!(
        (real.status, real.json()["claims"][0]["id"].as_u64()),
        (201, Some(1)),
        "nothing was kept before: {}",
        real.body
    );
    let again = post("/organisations/GM1/claims", "eikendam.nl");
    assert_eq!(again.json()["errors"][0]["location"], "/claims/0", "{}", again.body);
    assert_eq!(post("/organisations/GM999/claims", "eikendam.nl").status, 404);
    let log = service.v1(&service.desk, "/audit-entries?limit=20");
    let added = log["items"].as_array().unwrap().iter().filter(|one| one["action"] == "claim.add");
    let added: Vec<&Value> = added.collect();
    assert_eq!(added.len(), 2, "{log}");
    assert_eq!(
        (added[0]["actor"].as_str(), added[0]["reason"].as_str()),
        (Some("api:desk"), Some("form of 3 November"))
    );
}

#[test]
fn the_register_goes_out_comes_in_and_is_tried_over_http() {
    let service = Service::start();
    let desk = &service.desk;
    let out = service.v1(desk, "/register-files");
    let version = out["registerVersion"].as_u64().unwrap();
    let files = out["files"].as_array().unwrap().clone();
    assert_eq!(files.len(), 4);
    let import = |query: &str, body: &Value| service.post(desk, &format!("/register-imports{query}"), body);
    let same = import("", &json!({ "files": files }));
    assert_eq!((same.status, same.json()["applied"].as_bool()), (200, Some(false)), "{}", same.body);
    let mut more = files.clone();
    let assets = more[1]["text"].as_str().unwrap().to_owned();
    more[1]["text"] = format!("{assets}GM2,domain,lindeveen.nl,owner,,,desk,,\n").into();
    let more = json!({ "files": more, "reason": "joined" });
    let tried = import("?dryRun=true", &more).json();
    assert_eq!(
        (tried["applied"].as_bool(), tried["assets"]["added"].as_u64()),
        (Some(false), Some(1)),
        "{tried}"
    );
    assert!(tried["rows"][0]["after"].as_str().unwrap().contains("lindeveen.nl"), "{tried}");
    assert_eq!(service.v1(desk, "/register-files")["registerVersion"], version, "nothing was kept");
    let done = import("", &more).json();
    assert_eq!(
        (done["applied"].as_bool(), done["registerVersion"].as_u64()),
        (Some(true), Some(version + 1))
    );
    let found = service.v1(desk, "/explanations?domain=www.lindeveen.nl");
    assert_eq!(found["candidates"][0]["organisation"], "GM2", "{found}");
    // A file that is wrong changes nothing, and each mistake is named; nor does one that would withdraw who has something open.
    let wrong = json!({ "files": [{ "name": "assets.csv", "text": "organisation,kind,value,role\nGM9,prefix,x,owner\n" }] });
    let refused = import("", &wrong);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(
        refused.json()["errors"][0]["detail"].as_str().unwrap().contains("assets.csv"),
        "{}",
        refused.body
    );
    let gone: Vec<Value> = files
        .iter()
        .map(|file| {
            let kept = file["text"].as_str().unwrap().lines().filter(|line| !line.contains("GM2"));
            json!({ "name": file["name"], "text": kept.map(|line| format!("{line}\n")).collect::<String>() })
        })
        .collect();
    let leaves = import("", &json!({ "files": gone }));
    assert!(leaves.status == 422 && leaves.body.contains("GM2"), "{}", leaves.body);
    assert_eq!(
        import("", &json!({ "files": [{ "name": "a.csv" }] })).json()["errors"][0]["location"],
        "/files/0"
    );
    assert_eq!(import("", &json!({ "files": [{ "name": "a.bin", "base64": "AAEC" }] })).status, 422);
    // What a change would have done.
    let ask = |body: &Value| service.post(desk, "/what-ifs", body);
    let moved = ask(&json!({ "changes": ["withdraw GM2 prefix 198.51.100.128/25"] })).json();
    assert_eq!(
        (moved["findingsChanged"].as_u64(), moved["becomesUnrouted"].as_u64()),
        (Some(1), Some(1)),
        "{moved}"
    );
    assert_eq!(moved["groups"][0]["examples"][0]["finding"], "F1");
    assert_eq!(ask(&json!({ "files": files, "report": "R1" })).json()["events"], 3);
    assert_eq!(ask(&json!({ "changes": ["move GM2"] })).json()["errors"][0]["location"], "/changes/0");
    assert_eq!(
        ask(&json!({ "changes": ["withdraw 1"], "report": "R9" })).json()["errors"][0]["location"],
        "/report"
    );
    assert_eq!(ask(&json!({})).status, 400);
}

#[test]
fn contacts_relations_and_assets_change_over_http_and_trusted_contacts_do_not() {
    let service = Service::start();
    let desk = &service.desk;
    let contacts =
        |of: &str| service.v1(desk, &format!("/organisations/{of}"))["contacts"].as_array().unwrap().clone();
    let new = json!({ "role": "findings", "name": "SOC", "email": "soc@lindeveen.example", "reason": "asked by telephone" });
    let tried = service.post(desk, "/organisations/GM2/contacts?dryRun=true", &new);
    assert_eq!((tried.status, contacts("GM2").len()), (201, 1), "{}", tried.body);
    assert!(!tried.json()["actions"].as_array().unwrap().is_empty(), "{}", tried.body);
    assert_eq!(service.post(desk, "/organisations/GM2/contacts", &new).status, 201);
    let soc = contacts("GM2").iter().find(|one| one["name"] == "SOC").unwrap()["id"].as_u64().unwrap();
    let trusted = contacts("GM2").iter().find(|one| one["role"] == "vcib").unwrap()["id"].as_u64().unwrap();
    let change =
        |contact: u64, body: &Value| service.post(desk, &format!("/contacts/{contact}/change"), body);
    assert_eq!(change(soc, &json!({ "phone": "+31 88 000 00 09" })).status, 200);
    assert!(
        contacts("GM2")
            .iter()
            .any(|one| one["phone"] == "+31 88 000 00 09" && one["email"] == "soc@lindeveen.example")
    );
    for refused in [
        change(trusted, &json!({ "email": "evil@elsewhere.example" })),
        service.post(desk, &format!("/contacts/{trusted}/leave"), &json!({ "reason": "x" })),
        service.post(
            desk,
            "/organisations/GM2/contacts",
            &json!({ "role": "vcib", "name": "E", "email": "e@x.example", "phone": "1" }),
        ),
    ] {
        assert!(refused.status == 422 && refused.body.contains("trusted contact"), "{}", refused.body);
    }
    assert_eq!(change(soc, &json!({ "phone": "1" })).status, 404, "what changes gets a new number");
    assert_eq!(change(999, &json!({ "phone": "1" })).status, 404);
    let soc = contacts("GM2").iter().find(|one| one["name"] == "SOC").unwrap()["id"].as_u64().unwrap();
    assert_eq!(
        service.post(desk, &format!("/contacts/{soc}/leave"), &json!({ "reason": "left" })).status,
        200
    );
    assert_eq!(contacts("GM2").len(), 1);
    let relation = json!({ "from": "SV1", "kind": "supplies", "to": "GM2", "mandate": "copied" });
    assert_eq!(service.post(desk, "/relations", &relation).status, 201);
    assert_eq!(service.post(desk, "/relations", &relation).status, 422, "it stands already");
    let circle = json!({ "from": "GM2", "kind": "merged_into", "to": "GM2" });
    assert_eq!(service.post(desk, "/relations", &circle).status, 422);
    let nobody = json!({ "from": "GM99", "kind": "serves", "to": "GM2" });
    assert!(service.post(desk, "/relations", &nobody).body.contains("GM99"));
    let full = service.v1(desk, "/organisations/GM2");
    let id = full["relations"][0]["id"].as_u64().unwrap();
    let withdraw = |path: String| service.post(desk, &path, &json!({ "reason": "ended" })).status;
    assert_eq!(withdraw(format!("/relations/{id}/withdraw")), 200);
    assert_eq!(withdraw(format!("/relations/{id}/withdraw")), 404);
    let asset = full["assets"][0]["id"].as_u64().unwrap();
    assert_eq!(withdraw(format!("/assets/{asset}/withdraw")), 200);
    let full = service.v1(desk, "/organisations/GM2");
    assert_eq!((&full["relations"], &full["assets"]), (&json!([]), &json!([])));
    let log = service.v1(desk, "/audit-entries?limit=50");
    let by_client = log["items"].as_array().unwrap().iter().filter(|one| one["actor"] == "api:desk").count();
    assert!(by_client >= 6, "{log}");
}
