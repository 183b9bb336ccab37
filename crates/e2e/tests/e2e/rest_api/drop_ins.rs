//! Programs that ask us as they ask others.

use schakel_testkit::python_peers;
use serde_json::{Value, json};

use super::service::Service;

#[test]
fn intelmq_asks_us_as_it_asks_tuency_and_reads_us_as_it_reads_n6() {
    let service = Service::start();
    let base = format!("http://127.0.0.1:{}/", service.port);
    let event = json!({
        "classification.taxonomy": "vulnerable", "classification.type": "vulnerable-system", "feed.provider": "Shadowserver",
        "feed.name": "scan_rdp", "source.ip": "198.51.100.200", "source.fqdn": "www.berkendal.nl",
    });
    let folder = service.installation.path("intelmq");
    let Some(enriched) = python_peers::intelmq_tuency(&folder, &base, &service.desk, &event.to_string())
    else {
        return;
    };
    let enriched: Value = serde_json::from_str(&enriched).unwrap();
    assert_eq!(enriched["source.abuse_contact"], "vcib@lindeveen.example,desk@berkendal.example");
    assert_eq!(enriched["extra.ttl"], 0);
    let nobody = json!({
        "classification.taxonomy": "vulnerable", "classification.type": "vulnerable-system", "feed.provider": "Shadowserver",
        "feed.name": "scan_rdp", "source.ip": "192.0.2.1",
    });
    let left = python_peers::intelmq_tuency(&folder, &base, &service.desk, &nobody.to_string()).unwrap();
    assert!(!left.contains("abuse_contact"), "{left}");
    // What our policy groups the bot hears as a time, and what it suppresses as not to be told.
    let policy = r#"
        [[rule]]
        name = "GM2 not"
        owner = "desk"
        reason = "they asked"
        then = "suppress"
        until = 2027-01-01
        when.organisation = "GM2"
        [[rule]]
        name = "the rest weekly"
        owner = "desk"
        reason = "as agreed"
        then = "weekly"
        on = "monday"
        at = "09:00"
    "#;
    let file = service.installation.file("policy.toml", policy);
    service.installation.run(&["user", "add", "jan"]).ended(0);
    service.installation.run(&["policy", "set", &file, "--reason", "test", "--as", "jan"]).ended(0);
    let weekly = python_peers::intelmq_tuency(&folder, &base, &service.desk, &event.to_string()).unwrap();
    let weekly: Value = serde_json::from_str(&weekly).unwrap();
    assert_eq!(weekly["extra.ttl"], 7 * 86_400, "{weekly}");
    assert_eq!(weekly["source.abuse_contact"], "desk@berkendal.example", "GM2 is not told");
    let of_gm2 = json!({
        "classification.taxonomy": "vulnerable", "classification.type": "vulnerable-system", "feed.provider": "Shadowserver",
        "feed.name": "scan_rdp", "source.ip": "198.51.100.200",
    });
    let silent = python_peers::intelmq_tuency(&folder, &base, &service.desk, &of_gm2.to_string()).unwrap();
    let silent: Value = serde_json::from_str(&silent).unwrap();
    assert_eq!(
        (&silent["extra.notify"], &silent["extra.ttl"]),
        (&Value::Bool(false), &Value::Null),
        "{silent}"
    );
    let n6 =
        service.get(&service.gm2, "/report/inside.json?time.min=2026-11-01T00:00:00Z&category=vulnerable");
    let read = python_peers::intelmq_n6(&folder, &base, &n6.json()[0].to_string()).unwrap();
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(
        (read["source.ip"].as_str(), read["time.source"].as_str()),
        (Some("198.51.100.200"), Some("2026-11-20T03:00:00+00:00"))
    );
}
