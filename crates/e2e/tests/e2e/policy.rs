//! The policy: what is told at once, grouped, held, suppressed or only tried; and the ledger balances at every step.

use std::time::Instant;

use schakel_testkit::postfix::header;
use serde_json::{Value, json};

use crate::{
    fixtures::{RDP_HEADER, Register, rdp, rdp_name},
    installation::{Installation, count},
    serve::{Serving, put},
};

/// A Monday morning in winter, 08:00 in the Netherlands.
const MONDAY: &str = "2026-11-23T07:00:00Z";

/// An installation with somebody who may act.
fn installation() -> Installation {
    let mut installation = Installation::new();
    installation.run(&["user", "add", "jan"]).ended(0);
    installation.at(MONDAY);
    installation
}

/// Puts a policy in force.
#[track_caller]
fn set(installation: &Installation, policy: &str) -> Value {
    let file = installation.file("policy.toml", policy);
    installation.json(&["--as", "jan", "policy", "set", &file, "--reason", "a test"])
}

fn rule(name: &str, rest: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\nowner = \"desk\"\nreason = \"why\"\n{rest}\n")
}

/// Takes in a report of these addresses with their severities.
fn take_in(installation: &Installation, day: &str, rows: &[(&str, &str)]) {
    let mut report = RDP_HEADER.to_owned();
    for (ip, severity) in rows {
        report +=
            &format!("\"{day} 03:00:00\",\"{severity}\",\"{ip}\",\"tcp\",3389,\"\",\"rdp\",64500,\"NL\"\n");
    }
    let file = installation.file(&rdp_name(day), report);
    installation.ingest(&file);
}

/// How many findings each notification tells, by organisation.
fn told(installation: &Installation) -> Vec<(String, u64)> {
    let told = installation.json(&["tell"]);
    let one = |one: &Value| (one["organisation"].as_str().unwrap().to_owned(), count(&one["findings"]));
    told["notifications"].as_array().unwrap().iter().map(one).collect()
}

/// The fates that are not zero.
#[track_caller]
fn fates(installation: &Installation) -> Value {
    let ledger = installation.ledger();
    assert_eq!(ledger["balanced"], true, "{ledger}");
    let mut fates = ledger["fates"].as_object().unwrap().clone();
    fates.retain(|_, count| *count != json!(0));
    Value::Object(fates)
}

#[test]
fn what_is_decided_differently_is_split_and_told_when_its_time_has_come() {
    let mut installation = installation();
    let policy = rule("low weekly", "when.severity = 'low'\nthen = 'weekly'\non = 'tuesday'\nat = '10:00'")
        + &rule("medium daily", "when.severity = 'medium'\nthen = 'daily'\nat = '09:00'\ndays = 'working'")
        + &rule("noise", "when.asset = '198.51.100.66'\nthen = 'suppress'\nuntil = 2026-12-01")
        + &rule("wait", "when.asset = '198.51.100.67'\nthen = 'hold'")
        + &rule("rest", "then = 'at_once'");
    assert_eq!(set(&installation, &policy)["version"], 1);
    take_in(
        &installation,
        "2026-11-22",
        &[
            ("198.51.100.1", "low"),
            ("198.51.100.2", "low"),
            ("198.51.100.3", "medium"),
            ("198.51.100.4", "high"),
            ("198.51.100.5", "critical"),
            ("198.51.100.66", "high"),
            ("198.51.100.67", "high"),
            ("198.51.100.200", "low"),
        ],
    );
    let before = fates(&installation);
    let shown = installation.json(&["tell", "--dry-run"]);
    assert_eq!(shown["notifications"].as_array().unwrap().len(), 2);
    assert_eq!(fates(&installation), before, "a dry run changes nothing");
    // The owner and the operator of the range are told of what is high and critical.
    assert_eq!(told(&installation), [("GM1".into(), 2), ("SV1".into(), 2)]);
    assert_eq!(fates(&installation), json!({ "notified": 4, "digest": 7, "suppressed": 2, "held": 2 }));
    installation.assert_sound();
    // Nothing more is due, and nothing is told twice.
    assert_eq!(told(&installation), []);
    // At nine: the daily one.
    installation.at("2026-11-23T08:00:00Z");
    assert_eq!(told(&installation), [("GM1".into(), 1), ("SV1".into(), 1)]);
    // On Tuesday at ten: the weekly one, of each organisation.
    installation.at("2026-11-24T08:59:59Z");
    assert_eq!(told(&installation), []);
    installation.at("2026-11-24T09:00:00Z");
    assert_eq!(told(&installation), [("GM1".into(), 2), ("GM2".into(), 1), ("SV1".into(), 2)]);
    assert_eq!(fates(&installation), json!({ "notified": 11, "suppressed": 2, "held": 2 }));
    installation.assert_sound();
    // What was suppressed until a day is told when it has come; what is held waits for the desk.
    installation.at("2026-11-30T23:00:00Z");
    assert_eq!(told(&installation), [("GM1".into(), 1), ("SV1".into(), 1)]);
    let released =
        installation.json(&["--as", "jan", "policy", "release", "--rule", "4", "--reason", "it is right"]);
    assert_eq!(count(&released["assignments"]), 2);
    assert_eq!(told(&installation), [("GM1".into(), 1), ("SV1".into(), 1)]);
    assert_eq!(fates(&installation), json!({ "notified": 15 }));
    installation.assert_sound();
}

#[test]
fn a_contact_who_prefers_it_later_gets_it_later_and_the_others_at_once() {
    let register = Register::default()
        .organisation("GM1,Eikendam,municipality,,nl")
        .asset("GM1,prefix,198.51.100.0/25,owner")
        .contact("GM1,findings,CERT,cert@eikendam.example,,nl,AMBER")
        .contact("GM1,findings,Els,els@eikendam.example,,nl,AMBER");
    let mut installation = Installation::empty();
    installation.import(&register);
    installation.run(&["user", "add", "jan"]).ended(0);
    installation.at(MONDAY);
    let prefers = |contact: &str, at: &str| {
        format!("[[preference]]\ncontact = '{contact}@eikendam.example'\nthen = 'daily'\nat = '{at}'\n")
    };
    let one = rule("all", "then = 'at_once'") + &prefers("els", "16:00");
    set(&installation, &one);
    // How many mails went to `cert`, and to `els`.
    let sent = |installation: &Installation| {
        let mails = installation.mails();
        let to = |contact: &str| {
            let is_to = |mail: &&String| header(mail.as_bytes(), "to").contains(contact);
            mails.iter().filter(is_to).count()
        };
        (to("cert@"), to("els@"))
    };
    let rows = [("198.51.100.1", "low"), ("198.51.100.2", "high")];
    take_in(&installation, "2026-11-22", &rows);
    told(&installation);
    assert_eq!(sent(&installation), (2, 1));
    installation.at("2026-11-23T14:59:59Z");
    installation.json(&["outbox", "--send"]);
    assert_eq!(sent(&installation), (2, 1));
    let waits = installation.json(&["outbox"]).to_string();
    assert!(waits.contains("2026-11-23T15:00:00Z"), "{waits}");
    installation.at("2026-11-23T15:00:00Z");
    installation.json(&["outbox", "--send"]);
    assert_eq!(sent(&installation), (2, 2));
    installation.assert_sound();
    // When all of them want it later it is gathered, and told when the first wants it.
    set(&installation, &(one + &prefers("cert", "18:00")));
    installation.at("2026-11-24T08:00:00Z");
    take_in(&installation, "2026-11-23", &[("198.51.100.3", "low")]);
    take_in(&installation, "2026-11-24", &[("198.51.100.4", "low")]);
    assert_eq!(told(&installation), []);
    assert_eq!(fates(&installation), json!({ "notified": 2, "digest": 2 }));
    installation.at("2026-11-24T15:00:01Z");
    assert_eq!(told(&installation), [("GM1".into(), 2)]);
    assert_eq!(sent(&installation), (2, 3));
    installation.at("2026-11-24T17:00:00Z");
    installation.json(&["outbox", "--send"]);
    assert_eq!(sent(&installation), (3, 3));
    installation.assert_sound();
}

#[test]
fn the_history_of_an_assignment_names_the_rule() {
    let installation = installation();
    set(&installation, &rule("open desks", "when.kind = 'open-rdp'\nthen = 'weekly'"));
    take_in(&installation, "2026-11-22", &[("198.51.100.200", "high")]);
    told(&installation);
    let trace = installation.json(&["trace", "F0"]);
    let assignment = &trace["assignments"][0];
    assert_eq!((&assignment["fate"], &assignment["notification"]), (&json!("digest"), &Value::Null));
    let reason = assignment["history"].as_array().unwrap().last().unwrap()["reason"].as_str().unwrap();
    assert_eq!(reason, "rule 1 (open desks): weekly monday 09:00");
    let explained = installation.json(&["policy", "explain", "F0"]);
    let decision = &explained["decisions"][0];
    assert_eq!((&decision["rule"], &decision["fate"]), (&json!(1), &json!("digest")));
    assert_eq!(decision["outcome"], "weekly monday 09:00");
    set(
        &installation,
        &(rule("low", "when.severity = 'low'\nthen = 'hold'") + &rule("all", "then = 'at_once'")),
    );
    let explained = installation.json(&["policy", "explain", "F0"]);
    assert_eq!(
        explained["decisions"][0]["earlier"],
        json!([{ "rule": 1, "name": "low", "why": "another severity" }])
    );
}

#[test]
fn another_policy_decides_again_what_is_kept_but_not_what_trial_operation_keeps() {
    let mut installation = installation();
    set(
        &installation,
        &(rule("hold", "when.severity = 'high'\nthen = 'hold'")
            + &rule("weekly", "then = 'weekly'")
            + "[[trial]]\nwhen.organisation = 'SV1'\nmode = 'shadow'\n"),
    );
    take_in(&installation, "2026-11-22", &[("198.51.100.1", "high"), ("198.51.100.2", "low")]);
    assert_eq!(told(&installation), []);
    assert_eq!(fates(&installation), json!({ "held": 3, "digest": 1 }));
    set(&installation, &rule("all", "then = 'at_once'"));
    assert_eq!(told(&installation), [("GM1".into(), 2), ("SV1".into(), 1)]);
    assert_eq!(fates(&installation), json!({ "held": 1, "notified": 3 }));
    installation.assert_sound();
    installation.json(&["--as", "jan", "policy", "release", "--trial", "--reason", "live now"]);
    assert_eq!(told(&installation), [("SV1".into(), 1)]);
    installation.assert_sound();
    // What waited is told no more when the clock comes to where it would have been due.
    installation.at("2026-11-30T09:00:00Z");
    assert_eq!(told(&installation), []);
}

#[test]
fn in_shadow_nothing_is_sent_and_to_the_desk_only_the_desk_is_written_to() {
    let installation = installation();
    installation.configure(
        "[mail]\nfrom = \"Schakel <schakel@meldpunt.example>\"\nreply_to = \"desk@meldpunt.example\"\n",
    );
    set(
        &installation,
        &(rule("all", "then = 'at_once'")
            + "[[trial]]\nwhen.organisation = 'GM1'\nmode = 'shadow'\n\
           [[trial]]\nwhen.organisation = 'GM2'\nmode = 'desk'\n\
           [[trial]]\nwhen.organisation = 'SV1'\nmode = 'off'\n"),
    );
    take_in(
        &installation,
        "2026-11-22",
        &[
            ("198.51.100.1", "critical"),
            ("198.51.100.200", "high"),
            ("198.51.100.201", "high"),
            ("2001:db8:3::1", "high"),
        ],
    );
    assert_eq!(told(&installation), [("GM2".into(), 2), ("GM3".into(), 1)]);
    assert_eq!(fates(&installation), json!({ "held": 4, "notified": 1 }));
    let outbox = installation.json(&["outbox"]);
    let to: Vec<_> =
        outbox["messages"].as_array().unwrap().iter().map(|one| one["recipient"].clone()).collect();
    assert_eq!(to.len(), 2);
    assert!(to.contains(&json!("desk@meldpunt.example")) && to.contains(&json!("desk@berkendal.example")));
    let mails = installation.mails();
    assert_eq!(mails.len(), 2, "one to the desk, one to the organisation that is live");
    // "instead of vcib@lindeveen.example", as the name of whoever it goes to.
    let instead = "To: =?utf-8?b?aW5zdGVhZCBvZiB2Y2liQGxpbmRldmVlbi5leGFtcGxl?= <desk@meldpunt.example>";
    assert!(mails[0].contains(instead), "{}", mails[0]);
    installation.assert_sound();
    assert_eq!(told(&installation), []);
}

#[test]
fn the_mailbox_of_the_desk_gets_nothing_that_is_red() {
    let register = Register::default()
        .organisation("GM1,Eikendam,municipality,,nl")
        .asset("GM1,prefix,198.51.100.0/25,owner")
        .contact("GM1,vcib,V. Vertrouwd,vertrouwd@eikendam.example,,nl,RED");
    let mut installation = Installation::empty();
    installation.import(&register);
    installation.run(&["user", "add", "jan"]).ended(0);
    installation.at(MONDAY);
    installation.configure(
        "[mail]\nfrom = \"Schakel <schakel@meldpunt.example>\"\nreply_to = \"desk@meldpunt.example\"\n[intake]\ntlp = \"RED\"\n",
    );
    set(&installation, &(rule("all", "then = 'at_once'") + "[[trial]]\nmode = 'desk'\n"));
    take_in(&installation, "2026-11-22", &[("198.51.100.1", "critical")]);
    assert_eq!(told(&installation), []);
    assert_eq!((installation.mails().len(), fates(&installation)), (0, json!({ "held": 1 })));
    let traced = installation.json(&["trace", "F0"]).to_string();
    assert!(traced.contains("nothing went to the desk"), "{traced}");
    installation.assert_sound();
}

#[test]
fn a_policy_with_mistakes_does_not_come_into_force() {
    let installation = installation();
    let file = installation.file("wrong.toml", rule("a", "then = 'at_once'\nwhen.organisation = 'GM9'"));
    let checked = |file: &str, code: i32, part: &str| {
        let said = installation.run(&["policy", "check", file]).ended(code).stdout;
        assert!(said.contains(part), "`{part}` is missing in {said}");
    };
    checked(&file, 1, "line 1: rule 1 (a): there is no organisation `GM9`");
    installation
        .run(&["--as", "jan", "policy", "set", &file, "--reason", "x"])
        .ended(1)
        .says(&["Nothing was changed"]);
    let file = installation.file("odd.toml", "[[rules]]\n");
    checked(&file, 1, "line 1: unknown field `rules`");
    let right = installation.file("right.toml", rule("a", "then = 'daily'"));
    installation.run(&["policy", "set", &right, "--reason", "x"]).ended(1).says(&["needs a person"]);
    let dry = installation.json(&["--as", "jan", "policy", "set", &right, "--reason", "x", "--dry-run"]);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(installation.json(&["policy", "show"])["version"], 0);
    let all = installation.file("all.toml", rule("a", "then = 'suppress'\nuntil = 2027-01-01"));
    checked(&all, 0, "keeps everything");
    let nothing = installation.file("nothing.toml", "");
    checked(&nothing, 0, "no rule is in force");
}

#[test]
fn a_policy_is_taken_back_and_its_history_stays() {
    let installation = installation();
    set(&installation, &rule("a", "then = 'daily'"));
    set(&installation, &rule("b", "then = 'weekly'"));
    let undone = installation.json(&["--as", "jan", "policy", "undo", "--reason", "too late"]);
    assert_eq!((count(&undone["of_version"]), count(&undone["version"])), (1, 3));
    assert!(installation.json(&["policy", "show"])["text"].as_str().unwrap().contains("daily"));
    let history = installation.json(&["policy", "history"]);
    let versions: Vec<_> =
        history["versions"].as_array().unwrap().iter().map(|one| count(&one["version"])).collect();
    assert_eq!(versions, [3, 2, 1]);
    let audit = installation.json(&["audit", "list"]).to_string();
    assert!(audit.contains("policy.set"), "{audit}");
}

#[test]
fn a_test_shows_what_each_rule_would_have_done_and_changes_nothing() {
    let installation = installation();
    let file =
        installation.file(&rdp_name("2026-11-22"), rdp("2026-11-22", &["198.51.100.1", "198.51.100.200"]));
    installation.ingest(&file);
    let before = installation.ledger();
    let policy = rule("GM1 weekly", "when.organisation = 'GM1'\nthen = 'weekly'")
        + &rule("never", "when.severity = 'low'\nthen = 'hold'");
    let file = installation.file("other.toml", policy);
    let tested = installation.json(&["policy", "test", &file]);
    let effect = &tested["effect"];
    assert_eq!((count(&effect["assignments"]), count(&effect["different"])), (3, 1));
    let rules: Vec<_> = effect["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| (count(&rule["rule"]), count(&rule["assignments"]), count(&rule["organisations"])))
        .collect();
    assert_eq!(rules, [(1, 1, 1), (2, 0, 0), (0, 2, 2)]);
    assert_eq!(effect["changes"][0]["from"], "at once");
    assert_eq!(effect["changes"][0]["to"], "weekly monday 09:00");
    assert_eq!(effect["changes"][0]["examples"][0]["organisation"], "GM1");
    let whatif = installation.json(&["whatif", "--policy", &file]);
    assert_eq!(whatif["effect"], *effect);
    let none = installation.json(&["policy", "test", &file, "--since", "2026-11-24"]);
    assert_eq!(count(&none["effect"]["assignments"]), 0);
    assert_eq!(installation.ledger(), before);
}

#[test]
fn the_first_load_of_a_source_waits_for_the_desk_and_later_ones_are_told() {
    let installation = installation();
    installation.run(&["source", "add", "divd", "--trust", "automatic"]).ended(0);
    set(&installation, "[[trial]]\nwhen.source = 'divd'\nmode = 'live'\nbaseline = true\n");
    let folder = installation.data().join("incoming/divd");
    std::fs::create_dir_all(&folder).unwrap();
    let serving = Serving::start(&installation, "");
    let arrive = |day: &str, addresses: &[&str]| {
        let file = installation.file(&rdp_name(day), rdp(day, addresses));
        std::fs::rename(file, folder.join(rdp_name(day))).unwrap();
    };
    arrive("2026-11-20", &["198.51.100.200", "198.51.100.201"]);
    serving.wait("the first load to be held", || installation.fate("held") == 2);
    // What comes from nobody in particular has no first load.
    put(&installation, &rdp_name("2026-11-19"), rdp("2026-11-19", &["2001:db8:3::1"]));
    serving.wait("the other report to be told", || installation.fate("notified") == 1);
    arrive("2026-11-21", &["198.51.100.200", "198.51.100.202"]);
    serving.wait("what is new to be told", || installation.fate("notified") == 2);
    assert_eq!(installation.fate("held"), 2);
    let release = |what: &str| {
        installation.run(&["--as", "jan", "policy", "release", "--baseline", what, "--reason", "seen"])
    };
    release("divd/scan_vnc").ended(1).says(&["no first load of scan_vnc"]);
    release("divd/scan_rdp").ended(0);
    serving.wait("the first load to be told", || installation.fate("notified") == 4);
    serving.stop();
    installation.assert_sound();
}

#[test]
fn the_service_tells_an_overview_that_is_due() {
    let mut installation = installation();
    installation.at("2025-01-06T07:10:00Z");
    set(&installation, &rule("hourly", "then = 'hourly'"));
    take_in(&installation, "2025-01-05", &[("198.51.100.200", "high")]);
    assert_eq!(told(&installation), []);
    installation.at("2025-01-06T07:59:59Z");
    assert_eq!(told(&installation), []);
    assert_eq!(installation.fate("digest"), 1);
    let serving = Serving::start(&installation, "");
    serving.wait("the overview to be told", || installation.fate("notified") == 1);
    serving.stop();
    installation.assert_sound();
}

#[test]
fn a_table_chooses_who_of_an_organisation_is_told_and_never_beyond_tlp() {
    let mut installation = installation();
    set(&installation, "[[recipient]]\nwhen.severity = 'critical'\nrole = 'vcib'\n");
    take_in(
        &installation,
        "2026-11-22",
        &[("198.51.100.1", "critical"), ("198.51.100.2", "high"), ("2001:db8:3::1", "critical")],
    );
    let shown = installation.json(&["tell", "--no-send"]);
    let to: Vec<_> = shown["notifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["organisation"].as_str().unwrap(), count(&one["findings"]), &one["recipients"][0]))
        .collect();
    assert_eq!(
        to,
        [
            ("GM1", 1, &json!("vcib@eikendam.example")),
            ("GM1", 1, &json!("cert@eikendam.example")),
            ("SV1", 1, &json!("dienst@hulpbron.example")),
        ]
    );
    // GM3 has no VCIB, and neither has SV1: it is held, and looked at again.
    assert_eq!(fates(&installation), json!({ "queued": 3, "held": 2 }));
    set(&installation, &rule("all", "then = 'at_once'"));
    installation.at("2026-11-23T09:00:00Z");
    assert_eq!(told(&installation), [("GM3".into(), 1), ("SV1".into(), 1)]);
    installation.assert_sound();
}

#[test]
fn each_difference_to_another_system_is_explained() {
    let installation = installation();
    set(
        &installation,
        &(rule("noise", "when.asset = '198.51.100.66'\nthen = 'suppress'\nuntil = 2027-01-01")
            + "[[trial]]\nwhen.organisation = 'GM3'\nmode = 'off'\n[[trial]]\nmode = 'shadow'\n"),
    );
    take_in(
        &installation,
        "2026-11-22",
        &[
            ("198.51.100.1", "high"),
            ("198.51.100.66", "high"),
            ("198.51.100.200", "high"),
            ("198.51.100.201", "high"),
            ("203.0.113.9", "high"),
            ("192.0.2.9", "high"),
            ("2001:db8:3::1", "high"),
        ],
    );
    assert_eq!(told(&installation), []);
    let list = installation.file(
        "old.csv",
        "who;what;when\n\
        GM1;198.51.100.1:3389 open-rdp;2026-11-22\n\
        gemeente Eikendam;198.51.100.66;2026-11-22\n\
        GM1;198.51.100.200;2026-11-22\n\
        GM4;203.0.113.9;2026-11-22\n\
        GM2;192.0.2.9;2026-11-22\n\
        GM3;2001:db8:3::1;2026-11-22\n\
        GM2;198.51.100.77;2026-11-22\n\
        GM2;198.51.100.200 open-vnc;2026-11-22\n\
        GM9;198.51.100.1;2026-11-22\n\
        GM1;198.51.100.1;2026-12-02\n\
        GM1;198.51.100.1;2026-11-02\n\
        GM1;nothing;2026-11-22\n",
    );
    let csv = installation.path("out.csv");
    let run = installation.run(&["compare", &list, "--csv", csv.to_str().unwrap(), "--json"]).ended(3);
    let compared = run.json();
    let lines: Vec<_> = compared["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| !line["line"].is_null())
        .map(|line| (line["verdict"].as_str().unwrap(), line["why"].as_str().unwrap()))
        .collect();
    let expected = [
        ("both", "both tell it"),
        ("kept_by_rule", "rule 1 (noise): suppress"),
        ("other_owner", "it is told to GM2, by prefix 198.51.100.128/25"),
        ("no_contact", "nobody of the organisation may be told"),
        ("nobodys", "nobody's by the register"),
        ("trial_off", "off"),
        ("unknown_to_us", "nothing at this place"),
        ("unknown_to_us", "at the same place: open-rdp"),
        ("not_in_register", "no organisation has the code or name `GM9`"),
        ("told_earlier", "2026-11-23"),
        ("told_later", "2026-11-23"),
    ];
    assert_eq!(lines.len(), expected.len());
    for ((verdict, why), (expected, part)) in lines.iter().zip(expected) {
        assert_eq!(*verdict, expected, "{why}");
        assert!(why.contains(part), "`{part}` is missing in `{why}`");
    }
    // SV1 runs the range of GM1 and is told; GM2 of its other address.
    assert_eq!(count(&compared["counts"]["they_did_not_tell"]), 3);
    assert_eq!(compared["rejects"].as_array().unwrap().len(), 1);
    let written = std::fs::read_to_string(csv).unwrap();
    assert_eq!(written.lines().count(), 1 + 11 + 3);
    assert_eq!(fates(&installation)["held"], json!(5), "nothing was changed");
    let odd = installation.file("odd.csv", "a,b\n1,2\n");
    installation.run(&["compare", &odd]).ended(1).says(&["who, what and when"]);
}

#[test]
fn fifty_thousand_new_findings_for_one_member_are_one_mail() {
    const FINDINGS: u32 = 50_000;
    let mut installation = installation();
    set(
        &installation,
        &(rule("odd", "when.tag = 'none-has-this'\nthen = 'hold'") + &rule("day", "then = 'daily'")),
    );
    let addresses: Vec<String> = (1..=FINDINGS).map(|n| format!("2001:db8:3::{n:x}")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let file = installation.file(&rdp_name("2026-11-22"), rdp("2026-11-22", &addresses));
    installation.ingest(&file);
    let began = Instant::now();
    assert_eq!(told(&installation), []);
    println!("{FINDINGS} findings decided in {:?}", began.elapsed());
    assert_eq!(fates(&installation), json!({ "digest": FINDINGS }));
    installation.at("2026-11-23T08:00:00Z");
    let began = Instant::now();
    assert_eq!(told(&installation), [("GM3".into(), u64::from(FINDINGS))]);
    println!("{FINDINGS} findings composed and sent in {:?}", began.elapsed());
    assert_eq!(fates(&installation), json!({ "notified": FINDINGS }));
    let mails = installation.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("schakel-1.csv.zip"), "so many rows are in a zip");
    assert_eq!(installation.ledger()["balanced"], true);
}
