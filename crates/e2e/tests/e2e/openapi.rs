//! The description of the API: it keeps to the Dutch design rules, and a service that is asked everything that follows from it has no error of its own.

use std::path::Path;

use schakel_testkit::ports::free_port;

use crate::{
    fixtures::{rdp, rdp_name},
    installation::Installation,
    program::tool,
    serve::Serving,
};

#[test]
fn it_keeps_to_the_dutch_design_rules() {
    let Some(mut spectral) = tool("SCHAKEL_SPECTRAL") else { return };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = spectral
        .args(["lint", "--fail-severity", "warn", "--ruleset"])
        .arg(here.join("openapi/rules.yaml"))
        .arg(here.join("../../docs/openapi.json"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_service_that_is_asked_everything_has_no_error_of_its_own() {
    let Some(mut schemathesis) = tool("SCHAKEL_SCHEMATHESIS") else { return };
    let installation = Installation::new();
    let report = rdp("2026-11-20", &["198.51.100.5", "198.51.100.200", "2001:db8:3::7"]);
    let file = installation.file(&rdp_name("2026-11-20"), report);
    installation.ingest(&file);
    installation.run(&["tell"]).ended(0);
    let described: serde_json::Value =
        serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap();
    let scopes =
        described["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]["scopes"].clone();
    // As many requests as it likes: how often a client may ask is tried elsewhere.
    let mut args = vec!["client", "add", "tester", "--per-minute", "100000000"];
    scopes.as_object().unwrap().keys().for_each(|scope| args.extend(["--scope", scope]));
    let key = installation.json(&args)["key"].as_str().unwrap().to_owned();
    let port = free_port().unwrap();
    let serving = Serving::start(&installation, &format!("[api]\nlisten = \"127.0.0.1:{port}\"\n"));
    let base = format!("http://127.0.0.1:{port}");
    let output = schemathesis
        .args(["run", &format!("{base}/openapi.json"), "--url", &format!("{base}/api/v1")])
        .args(["--header", &format!("Authorization: Bearer {key}")])
        .args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ])
        // The same requests every time: a test that fails can be tried again.
        .args(["--max-examples", "8", "--generation-deterministic", "--continue-on-failure"])
        .current_dir(installation.data())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    serving.stop();
    installation.assert_sound();
}
