//! `schakel register quality` and `schakel register unrouted`.

use std::fs;

use schakel_testkit::knot::Knot;
use serde_json::{Value, json};

use crate::{
    fixtures::{Register, rdp, rdp_name},
    installation::{Installation, NOW, count},
};

/// Two days with findings of nobody: two in a /24 of nobody's, one beside an address of Berkendal.
fn with_strangers() -> Installation {
    let mut installation = Installation::empty();
    installation.import(&Register::small().asset("GM3,address,192.0.2.200,owner,,,asserted"));
    for (day, more) in [("2026-11-19", ""), ("2026-11-20", "203.0.113.200")] {
        let addresses: Vec<&str> = ["192.0.2.1", "192.0.2.2", "198.51.100.1", more]
            .into_iter()
            .filter(|ip| !ip.is_empty())
            .collect();
        let file = installation.file(&rdp_name(day), rdp(day, &addresses));
        installation.at(&format!("{day}T09:00:00Z")).ingest(&file);
    }
    installation.at(NOW);
    installation
}

#[test]
fn findings_of_nobody_are_put_together_by_where_they_lie() {
    let installation = with_strangers();
    let clusters = installation.json(&["register", "unrouted"]);
    assert_eq!(
        clusters["clusters"],
        json!([
            {
                "cluster": "192.0.2.0/24", "by": "prefix", "findings": 2, "events": 4,
                "kinds": [{ "kind": "open-rdp", "findings": 2 }],
                "first_seen": "2026-11-19T03:00:00Z", "last_seen": "2026-11-20T03:00:00Z", "example": "F0"
            },
            {
                "cluster": "203.0.113.0/24", "by": "prefix", "findings": 1, "events": 1,
                "kinds": [{ "kind": "open-rdp", "findings": 1 }],
                "first_seen": "2026-11-20T03:00:00Z", "last_seen": "2026-11-20T03:00:00Z", "example": "F3"
            }
        ])
    );
    assert_eq!(installation.json(&["register", "unrouted", "--by", "domain"])["clusters"], json!([]));
    let csv = installation.path("unrouted.csv");
    installation.run(&["register", "unrouted", "--csv", csv.to_str().unwrap()]).ended(0);
    let text = fs::read_to_string(csv).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains("\"192.0.2.0/24\",\"prefix\",\"2\",\"4\""), "{text}");
}

#[test]
fn names_of_nobody_are_put_together_by_what_was_registered() {
    let mut installation = Installation::new();
    let mut report = String::new();
    for name in ["www.stranger.example.nl", "mail.example.nl", "nl"] {
        let event = json!({
            "time.source": "2026-11-20T03:00:00+00:00", "source.fqdn": name, "classification.type": "phishing",
            "classification.identifier": "phishing", "feed.name": "test", "feed.provider": "test"
        });
        report += &format!("{event}\n");
    }
    let file = installation.file("names.jsonl", report);
    installation.at("2026-11-20T09:00:00Z").ingest(&file);
    let clusters = installation.json(&["register", "unrouted", "--by", "domain"]);
    let shown: Vec<_> = clusters["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["cluster"].as_str().unwrap(), count(&one["findings"])))
        .collect();
    assert_eq!(shown, [("example.nl", 2)]);
}

#[test]
fn a_member_has_a_score_with_its_reasons() {
    let installation = with_strangers();
    let all = installation.json(&["register", "quality"]);
    let members: Vec<_> = all["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].as_str().unwrap().to_owned(), count(&one["score"])))
        .collect();
    let scores: Vec<u64> = members.iter().map(|(_, score)| *score).collect();
    assert!(scores.is_sorted(), "the worst first: {members:?}");
    assert_eq!(members[0].0, "GM4", "nobody there can be told: {members:?}");

    let one =
        |code: &str| -> Value { installation.json(&["register", "quality", code])["members"][0].clone() };
    let berkendal = one("GM3");
    // Two of three assets are proven; two findings of nobody lie beside the address; it has none of its own.
    assert_eq!((count(&berkendal["assets"]), count(&berkendal["unrouted_near"])), (3, 2));
    let reason = |member: &Value, criterion: &str| -> (u64, String) {
        let reasons = member["reasons"].as_array().unwrap();
        let one = reasons.iter().find(|one| one["criterion"] == criterion).unwrap();
        (count(&one["percent"]), one["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(reason(&berkendal, "proven"), (66, "2 of 3 assets are proven.".to_owned()));
    assert_eq!(reason(&berkendal, "nothing_near").0, 0);
    assert_eq!(reason(&berkendal, "reachable").0, 100);
    // 30 x 0.666 + 20 + 15 + 10 + 10 x 0 of 85.
    assert_eq!(count(&berkendal["score"]), 76);
    assert_eq!(reason(&one("GM4"), "reachable").0, 0);
    let eikendam = one("GM1");
    assert_eq!((count(&eikendam["score"]), count(&eikendam["findings"])), (100, 1));

    let csv = installation.path("quality.csv");
    installation.run(&["register", "quality", "--csv", csv.to_str().unwrap()]).ended(0);
    let text = fs::read_to_string(csv).unwrap();
    assert_eq!(text.lines().count(), 6);
    assert!(text.lines().nth(1).unwrap().starts_with("\"GM4\""), "{text}");
    installation.run(&["register", "quality", "GM9"]).ended(1).says(&["there is no organisation GM9"]);
}

#[test]
fn a_register_that_nobody_touched_for_years_loses_points() {
    let mut installation = Installation::new();
    installation.at("2029-11-21T09:00:00Z");
    let one = installation.json(&["register", "quality", "GM2"])["members"][0].clone();
    let fresh = one["reasons"].as_array().unwrap().iter().find(|one| one["criterion"] == "fresh").unwrap();
    assert_eq!(count(&fresh["percent"]), 0);
    // 30 + 20 + 0 + 10 of 75.
    assert_eq!(count(&one["score"]), 80);
}

/// What the score of Eikendam says of its names.
fn names_of_eikendam(installation: &Installation, look_up: &[&str]) -> (Value, Value) {
    let args = [&["register", "quality", "GM1"][..], look_up].concat();
    let member = installation.json(&args)["members"][0].clone();
    let reason = member["reasons"].as_array().unwrap().iter().find(|one| one["criterion"] == "names_resolve");
    (reason.map_or(Value::Null, |reason| reason["why"].clone()), member["names_gone"].clone())
}

/// Eikendam with a domain, a host name, a URL and a mail domain, and a name server that is all it can ask.
fn with_names(records: &str) -> Option<(Knot, Installation)> {
    let knot = Knot::start(&[("eikendam.nl", records), ("broken.nl", "")])?;
    let installation = Installation::empty();
    installation.import(
        &Register::small()
            .asset("GM1,domain,eikendam.nl,owner")
            .asset("GM1,hostname,www.eikendam.nl,owner,,,asserted")
            .asset("GM1,hostname,old.eikendam.nl,owner,,,asserted")
            .asset("GM1,url,https://shop.eikendam.nl:8443/a,owner,,,asserted")
            .asset("GM1,url,https://192.0.2.80/a,owner,,,asserted")
            .asset("GM1,mail_domain,mail.eikendam.nl,owner,,,asserted")
            .asset("GM1,hostname,www.broken.nl,owner,,,asserted")
            .asset("GM2,hostname,gone.eikendam.nl,owner,,,asserted"),
    );
    installation.configure(&resolver(&knot));
    Some((knot, installation))
}

fn resolver(knot: &Knot) -> String {
    format!("[outgoing]\nresolvers = [\"{}\"]\ntimeout_seconds = 1\n", knot.address())
}

const LOOK_UP: &[&str] = &["--look-up"];

#[test]
fn a_name_that_is_gone_for_a_day_costs_points_and_one_without_an_answer_does_not() {
    let records = "www A 192.0.2.1\nshop CNAME www\nmail MX 10 www.eikendam.nl.\n";
    let Some((mut knot, mut installation)) = with_names(records) else { return };
    assert_eq!(names_of_eikendam(&installation, &[]), (Value::Null, json!([])), "nothing was looked up");
    // old is gone, once; broken.nl cannot be asked; eikendam.nl has no address, but exists.
    let once = names_of_eikendam(&installation, LOOK_UP);
    assert_eq!(once, (json!("0 of 5 names do not resolve."), json!([])));
    installation.at("2026-11-21T21:00:00Z");
    assert_eq!(names_of_eikendam(&installation, LOOK_UP), once, "the same day");

    installation.at("2026-11-22T09:00:00Z");
    let gone = json!([{ "name": "old.eikendam.nl", "since": "2026-11-21T09:00:00Z" }]);
    let twice = (json!("1 of 5 names do not resolve."), gone);
    assert_eq!(names_of_eikendam(&installation, LOOK_UP), twice);
    let said = installation.run(&["register", "quality", "GM1"]).ended(0).stdout;
    assert!(said.contains("old.eikendam.nl does not resolve since 2026-11-21"), "{said}");
    // What is another's was not looked up.
    let all = installation.json(&["register", "quality"]);
    let others = all["members"].as_array().unwrap().iter().filter(|one| one["code"] != "GM1");
    assert!(others.clone().count() > 2 && others.clone().all(|one| one["names_gone"] == json!([])), "{all}");

    // Nobody answers: nothing is known anew, and nothing is forgotten.
    installation.at("2026-11-23T09:00:00Z").configure("[outgoing]\nresolvers = [\"127.0.0.1:1\"]\n");
    let run = installation.run(&["register", "quality", "--look-up"]).ended(0);
    run.says(&["0 names resolve, 0 do not, 5 had no answer", "No name server answers"]);
    assert_eq!(names_of_eikendam(&installation, &[]), twice);

    // It is back.
    knot.change("eikendam.nl", &format!("{records}old A 192.0.2.2\n")).unwrap();
    installation.at("2026-11-24T09:00:00Z").configure(&resolver(&knot));
    assert_eq!(names_of_eikendam(&installation, LOOK_UP), (json!("0 of 5 names do not resolve."), json!([])));
    installation
        .run(&["register", "quality", "GM9", "--look-up"])
        .ended(1)
        .says(&["there is no organisation GM9"]);
}

#[test]
fn a_service_looks_names_up_when_it_is_told_to() {
    let Some((knot, installation)) = with_names("www A 192.0.2.1\n") else { return };
    let config = format!("{}[register]\nlook_up_names = true\n", resolver(&knot));
    let serving = crate::serve::Serving::start(&installation, &config);
    serving.wait("names to be looked up", || {
        names_of_eikendam(&installation, &[]).0 == json!("0 of 5 names do not resolve.")
    });
    assert!(serving.stop().contains("looked up whether names still resolve"));
}
