//! Every page with a sample in both languages, and every text that a page can ask for.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::*;
use crate::portal::{
    account::{
        Account, AskedOfDevice, Codes, Invitation, Message, NewApp, NewPassword, Passkey, Session, SignIn,
    },
    morning::{Ahead, Feed, Ledger, Morning, Waiting},
};
use crate::words::portal_sources;

mod desk;
mod own;

/// What is no page by itself.
const PARTS: &[&str] = &[
    "layout",
    "token",
    "fields",
    "password_new",
    "app_new",
    "answer",
    "difference",
    "register_tabs",
    "reports_tabs",
    "rules_tabs",
    "sums",
    "own/parts",
    "line",
    "mail_tabs",
    "breach_received",
];

/// Rights by their words.
const MAY: &[&str] = &[
    "act_on_cases",
    "decide",
    "change_register",
    "change_rules",
    "see_cases",
    "see_audit",
    "see_figures",
    "manage_accounts",
    "answer_own",
    "change_own",
    "manage_own_accounts",
    "see_own",
];

/// What the program says is wrong.
const WRONG: &[&str] = &[
    "wrong-busy",
    "wrong-unknown",
    "wrong-refused",
    "wrong-choose",
    "wrong-moment",
    "wrong-past",
    "wrong-call-ended",
    "wrong-no-finding",
    "wrong-choose-day",
    "wrong-far",
    "wrong-empty",
    "wrong-gone",
    "wrong-still-rejected",
    "wrong-policy",
    "wrong-yourself",
    "wrong-own-shift",
    "own-wrong-address",
    "own-wrong-asked",
    "own-wrong-administrators",
    "own-wrong-codes",
    "own-wrong-contact-email",
    "own-wrong-contact-name",
    "own-wrong-contact-phone",
    "own-wrong-first-vcib",
    "own-wrong-last",
    "own-wrong-last-administrator",
    "own-wrong-many-claims",
    "own-wrong-many-people",
    "own-wrong-means",
    "own-wrong-name",
    "own-wrong-no-code",
    "own-wrong-not-ready",
    "own-wrong-people-vcib",
    "own-wrong-same",
    "own-wrong-their-administrator",
    "own-wrong-value",
    "own-wrong-vcib",
    "own-wrong-wide",
    "own-wrong-yourself",
    "wrong-too-long",
    "wrong-nobody-chosen",
    "wrong-notification",
    "wrong-breach-subject",
    "wrong-breach-nobody",
    "wrong-decided",
];

fn pages() -> Pages {
    Pages::new(Assets {
        css: "/assets/a.css".into(),
        js: "/assets/a.js".into(),
        icon: "/assets/a.svg".into(),
    })
}

fn frame(language: Language) -> Frame {
    Frame {
        language,
        theme: "",
        sender: "CERT <Voorbeeld>".into(),
        path: "/".into(),
        person: "Jan Jansen".into(),
        form_token: "f0".into(),
        ways: vec![Way { key: "morning", href: "/".into() }],
        desk: Desk { phone: "+31 20 000 0000".into(), mail: "desk@cert.example".into() },
        may: MAY.iter().map(|right| (*right, true)).collect(),
        notice: None,
        mistake: None,
        typed: Vec::new(),
        here: "/".into(),
        export: "/?format=".into(),
        now: 1_800_000_000,
    }
}

fn morning() -> Morning {
    let waiting =
        |key, count, alarm| Waiting { key, count, alarm, href: "", command: "schakel vetting list" };
    Morning {
        since: 1_799_900_000,
        rows: 2_134_567,
        waiting: vec![
            waiting("waiting-vetting", 12, false),
            waiting("waiting-breaches", 1, true),
            waiting("waiting-calls", 0, false),
        ],
        ahead: vec![Ahead {
            organisation: "Gouda".into(),
            severity: "critical",
            turn: "second_contact",
            due_at: 1_800_010_000,
        }],
        ahead_count: 3,
        feeds: vec![Feed { feed: "scan_rdp".into(), alarms: vec!["silent"], last_at: Some(1_799_000_000) }],
        ledger: Ledger { balanced: true, rows: 10, assignments: 11, fates: vec![("notified", 11)] },
        ..Morning::default()
    }
}

fn sector() -> sector::Sector {
    let per_day = vec![sector::Day { at: 1_800_000_000, counts: vec![1_200, 34], total: 1_234 }];
    let (bars, chart) = sector::bars(&per_day, 1_234);
    let organisations =
        vec![sector::Organisation { code: "GM1".into(), name: "Gouda".into(), open: 12, silent: 2 }];
    let square = vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]];
    sector::Sector {
        days: 30,
        exact: true,
        families: vec!["vulnerable", "other"],
        bars,
        chart,
        largest: 1_234,
        total: 1_234,
        kinds: vec![sector::Kind { name: "open-rdp".into(), family: "vulnerable", count: 1_200 }],
        times: vec![sector::Times {
            severity: "high",
            told: Some((90, 5_400)),
            answered: Some((7_300, 200_000)),
            fixed: None,
            count: 30,
            answers: 12,
        }],
        map: sector::drawn(&map::Map::of([(vec!["GM1".into()], vec![square])]), &organisations),
        organisations,
        per_day,
    }
}

fn drawn() -> Option<relations::Drawing> {
    let group = |key: &str, comes_in, count: usize| relations::Group {
        key: key.into(),
        comes_in,
        kind: "serves",
        names: vec!["Solido".to_owned(); count],
    };
    relations::draw("Gouda", &[group("part-of", true, 1), group("relation-serves-from", false, 40)])
}

fn of(value: impl Serialize) -> Json {
    serde_json::to_value(value).unwrap()
}

/// What can stand in the line of a finding.
const WHAT: [&str; 12] = [
    "first_seen",
    "last_seen",
    "told",
    "answered",
    "call_due",
    "called",
    "stepped",
    "taken_back",
    "assigned",
    "unassigned",
    "snoozed",
    "noted",
];

fn word_of(what: &str) -> &'static str {
    match what {
        "told" => "reminder",
        "answered" => "fixed",
        "call_due" => "deadline",
        "taken_back" => "shown_by_others",
        _ => "reached",
    }
}

const COLUMNS: [&str; 9] =
    ["severity", "kind", "target", "told", "handler", "deadline", "first_seen", "last_seen", "sightings"];

fn sums() -> Json {
    json!({ "balanced": true, "rows": [["events", 3]], "rows_sum": 3, "fates": [["notified", 3]], "assignments": 3 })
}

fn listed() -> Json {
    json!({ "id": "1:2", "file": "a.csv", "line": 3, "finding": "F1", "observed_at": "2026-01-01", "target": "192.0.2.1", "kind": "k", "code": "c", "message": "m", "raw_base64": null })
}

fn happened(what: &str) -> Json {
    json!({
        "at": 5, "what": what, "word": word_of(what), "number": 3, "organisation": "GM1", "organisation_name": "Gouda", "who": "jan", "words": "w",
        "text": "x", "until": 9, "messages": [{ "recipient": "j@a.example", "state": "accepted" }], "standing": "proposed",
    })
}

fn shift() -> Json {
    json!({ "open": [1, 2, 3, 4], "promised": 5, "promised_due": 1, "deadlines": 2, "questions": 3, "calls": 4, "vetting": 5, "answers": 6 })
}

fn side() -> Json {
    json!({ "code": "GM1", "name": "Gouda", "value": "192.0.2.0/24", "state": "open", "attempts": ["a"], "has_asset": true })
}

fn row() -> Json {
    json!({ "id": "F1", "severity": "high", "kind": "open-rdp", "target": "192.0.2.1", "first_seen": 1, "last_seen": 2, "sightings": 3,
        "handler": "Jan", "snoozed_until": 5, "deadline": 6, "told": [{ "code": "GM1", "name": "Gouda", "state": "told", "closed": false }] })
}

/// Every page with a sample.
fn samples() -> Vec<(&'static str, Json)> {
    let mut all = own::samples();
    all.extend(of_desk());
    all.extend(desk::samples());
    all
}

fn asked_of_device() -> AskedOfDevice {
    AskedOfDevice {
        challenge: "AA".into(),
        host: "a.example".into(),
        sender: "s".into(),
        algorithms: "-7".into(),
    }
}

fn new_app(has_password: bool) -> NewApp {
    NewApp {
        name: "jan".into(),
        has_password,
        secret: "ABCD EFGH".into(),
        picture: "<svg></svg>".into(),
        chars_min: 12,
    }
}

fn of_desk() -> Vec<(&'static str, Json)> {
    vec![
        (
            "sign_in",
            of(SignIn {
                wrong: true,
                name: "jan".into(),
                next: "/".into(),
                providers: vec![("sso".into(), "SSO".into())],
                passkey: Some(asked_of_device()),
            }),
        ),
        ("code", of(SignIn::default())),
        ("recovery", of(Codes { codes: vec!["AAAA-BBBB".into()] })),
        (
            "invitation",
            of(Invitation {
                name: "jan".into(),
                display_name: "Jan Jansen".into(),
                secret: "ABCD EFGH".into(),
                picture: "<svg></svg>".into(),
                wrong: "password-short",
                providers: vec![("sso".into(), "SSO".into())],
                token: "t".into(),
                chars_min: 12,
            }),
        ),
        ("new_password", of(NewPassword { name: "jan".into(), chars_min: 12 })),
        ("new_app", of(new_app(true))),
        ("new_app", of(new_app(false))),
        ("message", of(Message { title: "ready-title", text: "ready", on: Some(("/sign-in", "sign-in")) })),
        ("morning", of(morning())),
        (
            "ahead",
            json!({ "asked": { "organisation": "<b>", "severity": "high", "turn": "", "within": "day" }, "severities": ["low", "medium", "high", "critical"],
                "turns": ["second_contact", "partner", "calling_list"], "spans": ["day", "week"], "count": 1,
                "steps": [{ "code": "GM1", "organisation": "Gouda", "notification": 4, "severity": "high", "turn": "partner", "due_at": 5 }] }),
        ),
        (
            "account",
            of(Account {
                name: "jan".into(),
                display_name: "Jan Jansen".into(),
                organisation: String::new(),
                roles: vec!["handler"],
                recent: true,
                has_password: true,
                user: "AQ".into(),
                passkey: Some(asked_of_device()),
                passkeys: vec![Passkey {
                    id: "AQ".into(),
                    name: "x".into(),
                    created_at: 1,
                    used_at: Some(2),
                }],
                issuers: vec!["https://idp.example".into()],
                recovery_codes: 3,
                sessions: vec![Session {
                    id: "0a".into(),
                    agent: "Firefox".into(),
                    created_at: 1,
                    used_at: 2,
                    is_this: true,
                }],
            }),
        ),
        (
            "calls",
            json!({ "results": ["reached"], "entries": [{
                "code": "GM1", "name": "Gouda", "severity": "critical", "locked_by": "jan", "mine": true, "not_before": null, "script": "Hello",
                "about": [{ "why": "deadline", "notification": 4, "since": 5 }], "before": { "result": "no_answer", "by": "els", "note": "n" },
                "callable": [{ "name": "", "role": "vcib", "phone": "+31 20 000" }],
            }] }),
        ),
        (
            "explain",
            json!({ "what": "192.0.2.1", "at": "", "wrong": true, "answer": { "register_version": 3, "candidates": [{
                "won": true, "organisation": "GM1", "organisation_name": "Gouda", "role": "owner", "rule": "longest_prefix",
                "asset": { "kind": "prefix", "value": "192.0.2.0/24", "proof": "dns" },
            }] } }),
        ),
        (
            "finding",
            json!({
                "event": "1:2", "report": { "id": 1, "name": "a.csv", "tlp": "AMBER" }, "register_version": 3, "idf": { "source.ip": "192.0.2.1" },
                "candidates": [{
                    "won": true, "organisation": "GM1", "organisation_name": "Gouda", "role": "owner", "rule": "longest_prefix",
                    "asset": { "kind": "prefix", "value": "192.0.2.0/24", "proof": "dns" },
                }],
                "handler": "jan", "handler_name": "Jan", "snoozed_until": 9, "people": [{ "name": "jan", "display_name": "Jan" }], "told": [["GM1", "Gouda"]],
                "answers": ["fixed"], "similar": [row()], "line": WHAT.map(happened),
                "finding": {
                    "finding": "F1", "severity": "high", "target": "192.0.2.1", "identifier": "open-rdp", "classification": "vulnerable-system",
                    "feed": "scan_rdp", "first_seen": "2026-01-01", "last_seen": "2026-01-02", "sightings": 2,
                    "told": [{ "organisation": "GM1", "state": "told", "since": "2026-01-01", "tellings": 1, "last_told_at": "2026-01-01" }],
                    "assignments": [{ "organisation": "GM1", "organisation_name": "Gouda", "fate": "notified", "notification": "N1",
                        "history": [{ "at": "2026-01-01", "fate": "queued", "reason": "" }],
                        "messages": [{ "recipient": "j@a.example", "role": "vcib", "state": "accepted", "finished_at": null }] }],
                },
            }),
        ),
        (
            "findings",
            json!({ "count": 2, "next": "5", "nobody": false, "severities": ["critical"], "states": ["told"], "tab": "mine", "query": "open=yes",
                "people": [{ "name": "jan", "display_name": "Jan" }], "views": [[1, "RDP", "kind=rdp"]],
                "columns": COLUMNS.map(|column| (column, true)),
                "wanted": { "q": "", "severity": "critical", "state": "", "open": "", "organisation": "", "kind": "", "what": "", "handler": "me", "asleep": "", "columns": [], "before": "" },
                "findings": [row()] }),
        ),
        (
            "vetting",
            json!({ "waiting": [{ "receipt": "R-1", "door": "mail", "source": "", "sender": "a@b.example", "name": "a.csv", "received_at": 5, "size": 9, "reason": "unknown",
                "why": ["waits-too-many", "3"] }] }),
        ),
        (
            "arrival",
            json!({ "receipt": "R-1", "door": "mail", "source": "", "sender": "a@b.example", "name": "a.csv", "received_at": 5, "size": 9, "reason": "unknown", "why": null,
                "address": "a@b.example", "title": "t", "proven": false, "formats": ["csv"], "sources": [["a", "A"]],
                "tried": { "known": false, "rows": 3, "more": true, "rejected": 1, "new_findings": 2, "findings_seen": 1, "unrouted": 1, "failures": ["f"],
                    "concerned": [{ "code": "GM1", "name": "Gouda", "told": 1, "not_told": 2, "recipients": ["a@b.example"] }],
                    "events": [{ "at": "2026-01-01T00:00:00Z", "target": "192.0.2.1 80", "kind": "other", "owners": [["GM1", "Gouda"]] }],
                    "rejects": [{ "line": 3, "message": "m" }] } }),
        ),
        (
            "arrival",
            json!({ "receipt": "R-1", "door": "mail", "source": "", "sender": "a@b.example", "name": "a.csv", "received_at": 5, "size": 9, "reason": "unknown",
                "why": ["waits-format", "csv"], "address": "", "title": "", "proven": true, "formats": [], "sources": [], "tried": null }),
        ),
        (
            "answers",
            json!({ "waiting": [{ "id": 3, "at": 5, "organisation": "GM1", "organisation_name": "Gouda", "kind": "risk_accepted", "way": "mail", "sender": "j@a.example",
                "text": "t", "reason": "r", "decided_by": "d", "until": 9, "why": "w", "notification": 4, "subject": "s", "findings": ["F1"], "more": 2,
                "contradicts": [2, "fixed", "k@a.example"], "asks_who_decides": true }] }),
        ),
        (
            "asset",
            json!({ "code": "GM1", "name": "Gouda", "kinds": ["prefix"], "roles": ["owner"], "wrong": "w",
                "asked": { "kind": "prefix", "value": "192.0.2.0/24", "role": "owner", "asset": "" },
                "preview": { "values": ["192.0.2.0/24"], "meets": [["GM2", "Lindeveen", "192.0.2.0/25", "owner", "dns"]], "difference": {
                    "findings_changed": 2, "events": 9, "groups": [{ "kind": "becomes_routed", "from": null, "to": { "code": "GM1", "name": "Gouda" }, "findings": 2,
                        "examples": [{ "finding": "F1", "target": "192.0.2.1" }] }] } } }),
        ),
        (
            "contact",
            json!({ "code": "GM1", "name": "Gouda", "contact": 3, "roles": ["vcib"], "tlps": ["RED"],
                "standing": { "role": "vcib", "name": "Jan", "email": "j@a.example", "phone": "1", "language": "nl", "tlp_max": "RED" } }),
        ),
        (
            "disputes",
            json!({ "conflicts": [{ "id": 1, "since": 5, "role": "owner", "sides": [side(), side()] }], "changes": [
                { "id": 2, "code": "GM1", "name": "Gouda", "contact": "Jan", "is_new": true, "at": 5, "by": "jan", "reason": "r", "numbers": ["1"], "mine": false },
            ], "requests": [{ "id": 3, "code": "GM1", "name": "Gouda", "kind": "prefix", "value": "192.0.2.0/24", "role": "owner", "wish": "give_up", "text": "t", "at": 5, "by": "jan" }] }),
        ),
        (
            "import",
            json!({ "files": [{ "name": "assets.csv", "text": "a,b" }, { "name": "", "text": "c" }], "megabytes_max": 4, "scope": "additions", "looked": { "format": "f", "problems": ["p"], "errors": 0, "kinds": [["assets", 1, 2, 3, 4]],
                "rows": [["added", "", "x"]], "conflicts": ["c"], "leaving": ["GM9"], "usable": true, "changes": true } }),
        ),
        (
            "register_history",
            json!({ "versions": [{ "number": 3, "at": 5, "actor": "jan", "reason": "r", "changes": [["assets", 2, 1]] }] }),
        ),
        (
            "quality",
            json!({ "code": "GM1", "name": "Gouda", "score": 60, "reasons": [{ "criterion": "fresh", "weight": 20, "percent": 50, "why": "w" }],
                "names_gone": [{ "name": "a.example", "since": "2026-01-01" }] }),
        ),
        (
            "reports",
            json!({ "next": "3", "reports": [{ "id": 4, "name": "a.csv", "source": "s", "received_at": 5, "size": 9, "failure": "f", "withdrawn_at": 6, "rows": 3, "events": 2, "rejected": 1 }] }),
        ),
        (
            "report",
            json!({ "id": 4, "name": "a.csv", "received_at": 5, "failure": "", "ledger": sums(), "rejects": [listed()] }),
        ),
        (
            "sources",
            json!({ "sources": [{ "code": "s", "name": "S", "trust": "vetted", "reports": 1, "rows": 2, "rejected": 3, "new_findings": 4, "told": 5, "answered": 6, "fixed": 7,
                "false_positives": 8, "last_at": 9 }], "feeds": [{ "source": "s", "feed": "f", "last_at": 5, "last_rows": 6, "every_hours": 24, "usual_rows": 7, "alarms": ["late"] }] }),
        ),
        (
            "ledger",
            json!({ "day": "2026-01-01", "report": "", "which": "rejected", "ledger": sums(), "organisations": [{ "code": "GM1", "name": "Gouda", "fates": [["notified", 3]] }, { "code": "", "name": "", "fates": [["unrouted", 1]] }], "rows": [listed()] }),
        ),
        (
            "policy",
            json!({ "version": 2, "text": "t", "tried": true, "problems": [{ "weight": "error", "line": 3, "section": "rule 1 (<a>)", "key": "policy-no-time", "parts": [["key", "at"], ["written", "<b>"]] },
                { "weight": "warning", "line": null, "section": "", "key": "policy-no-rule-in-force", "parts": [] }], "usable": true, "kept": [["rule", 3]], "history": [{ "number": 2, "at": 5, "actor": "jan", "reason": "r" }],
                "effect": { "assignments": 5, "different": 2, "rules": [{ "rule": 0, "name": "", "assignments": 1, "organisations": 1 }, { "rule": 1, "name": "n", "assignments": 1, "organisations": 1 }],
                    "changes": [{ "from": "a", "to": "b", "assignments": 2 }] } }),
        ),
        ("texts", json!({ "texts": [["notification.txt", true, false]] })),
        (
            "text",
            json!({ "name": "notification.txt", "language": "nl", "text": "t", "tried": true, "problems": [], "samples": [["s", "<b>"]], "history": [] }),
        ),
        (
            "people",
            json!({ "roles": ["handler"], "people": [{ "name": "jan", "display_name": "Jan", "organisation": "GM1", "roles": ["vcib"], "disabled_at": null,
                "sessions": [{ "id": "0a", "agent": "Firefox", "used_at": 5 }] }] }),
        ),
        ("invited", json!({ "name": "jan", "link": "https://a.example/invitation/x" })),
        (
            "audit",
            json!({ "asked": { "actor": "", "subject": "", "action": "", "since": "" }, "actions": ["a.b"], "people": ["jan"], "query": "", "next": 3, "entries": [
                { "entry": 3, "at": "2026-01-01T00:00:00Z", "actor_name": "jan", "action": "a.b", "subject": "x:1", "reason": "r", "detail": "<b>", "erased": false }] }),
        ),
        (
            "shift",
            json!({ "now": shift(), "severities": ["low", "medium", "high", "critical"], "shifts": [{ "id": 1, "at": 5, "actor": "jan", "text": "t", "sums": shift(),
                "accepted_at": null, "accepted_by": "", "mine": false }] }),
        ),
        (
            "bulk",
            json!({ "what": "answer", "findings": [row()], "people": [], "answers": ["fixed"], "told": [["GM1", "Gouda"]] }),
        ),
        (
            "rows",
            json!({ "finding": "F1", "count": 2, "rows": [{ "event": "1:2", "report": "a.csv", "received_at": "2026-01-01T00:00:00Z", "raw": "a,b", "erased": null }] }),
        ),
        (
            "organisation",
            json!({ "part_of": ["P1", "Provincie"], "parts": [["GM9", "Wijk"]], "drawn": drawn(), "open": 3, "silent": 1, "next_steps": ["acib"], "steps": [{ "step": "invitation", "at": 5, "by": "j", "number": "1", "actor": "jan" }, { "step": "acib", "at": null, "by": "", "number": "", "actor": "" }], "notifications": [{ "number": 1, "at": 5, "subject": "s", "findings": 2 }], "shown": {
                "name": "Gouda", "organisation": "GM1", "kind": "municipality",
                "contacts": [{ "id": 3, "role": "vcib", "name": "Jan", "email": "j@a.example", "phone": "", "tlp_max": "RED" }],
                "relations": [{ "kind": "serves", "side": "to", "other": "S1", "other_name": "Solido", "valid_from": null, "valid_until": null }],
                "assets": [{ "id": 4, "kind": "prefix", "value": "192.0.2.0/24", "role": "owner", "proof": "dns", "flags": ["dynamic"], "note": "",
                    "valid_from": "2026-01-01", "valid_until": null }],
            } }),
        ),
        (
            "organisations",
            json!({ "name": "", "kind": "", "kinds": ["municipality"], "count": 1, "more": true, "organisations": [
                { "code": "GM1", "name": "Gouda", "kind": "municipality", "assets": 3, "contacts": 0 },
            ] }),
        ),
        ("sector", of(sector())),
        ("accessibility", Json::Null),
    ]
}

#[test]
fn every_page_can_be_filled_in_both_languages() {
    let pages = pages();
    let samples = samples();
    let sampled: BTreeSet<&str> = samples.iter().map(|(name, _)| *name).collect();
    let all: BTreeSet<&str> =
        SOURCES.iter().map(|(name, _)| *name).filter(|name| !PARTS.contains(name)).collect();
    assert_eq!(sampled, all, "every page has a sample");
    for (name, sample) in samples {
        for language in [Language::Nl, Language::En] {
            let html = pages
                .page(name, &frame(language), &sample)
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert!(html.contains(&format!("<html lang=\"{language}\"")), "{name}");
            assert!(html.contains("CERT &lt;Voorbeeld&gt;"), "{name} escapes what is put in");
            assert!(
                !html.contains("style=\"") && !html.contains("onclick"),
                "{name}: the policy forbids these"
            );
        }
    }
}

#[test]
fn both_languages_have_the_same_texts_and_every_one_is_used() {
    let keys = |language| -> BTreeSet<String> {
        let text = portal_sources(language).concat();
        let key = |line: &str| line.split_once(" =").map(|(key, _)| key.to_owned());
        text.lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(key)
            .collect()
    };
    assert_eq!(keys(Language::Nl), keys(Language::En));
    for (name, source) in SOURCES {
        for (at, _) in source.match_indices("t(\"") {
            let key = source[at + 3..].split('"').next().unwrap_or_default();
            // One that ends in a hyphen goes on with a word of the model: the next test.
            let stands = key.ends_with('-') || words(Language::Nl).has(key);
            assert!(stands, "{name} asks for {key}");
        }
    }
}

/// Keys that are put together from words of the model.
#[test]
fn every_word_of_the_model_has_a_text() {
    use schakel_model::{
        account::PortalRole,
        affiliation::Step,
        answer::{AnswerKind, AnswerWay, NotificationKind, RecipientState, Standing},
        asset::{AssetKind, Proof, Role},
        call::{CallReason, CallResult},
        claim::{AssetWish, ClaimState, Means},
        fate::Fate,
        register::{ContactRole, OrganisationKind},
        relation::{Mandate, RelationKind},
        severity::Severity,
        source::Trust,
    };
    let mut keys: Vec<String> = Vec::new();
    let mut add = |stem: &str, word: &str| keys.push(format!("{stem}-{word}"));
    PortalRole::ALL.iter().for_each(|one| add("role-portal", one.as_str()));
    AssetKind::ALL.iter().for_each(|one| add("asset-kind", one.as_str()));
    Proof::ALL.iter().for_each(|one| add("proof", one.as_str()));
    Role::ALL.iter().for_each(|one| add("role", one.as_str()));
    Fate::ALL.iter().for_each(|one| add("fate", one.as_str()));
    ContactRole::ALL.iter().for_each(|one| add("contact", one.as_str()));
    OrganisationKind::ALL.iter().for_each(|one| add("kind", one.as_str()));
    Mandate::ALL.iter().for_each(|one| add("mandate", one.as_str()));
    Severity::ALL.iter().for_each(|one| add("severity", one.as_str()));
    RecipientState::ALL.iter().for_each(|one| add("state", one.as_str()));
    CallReason::ALL.iter().for_each(|one| add("call-why", one.as_str()));
    CallResult::ALL.iter().for_each(|one| add("call-result", one.as_str()));
    for side in ["from", "to"] {
        RelationKind::ALL.iter().for_each(|one| add("relation", &format!("{one}-{side}")));
    }
    NotificationKind::ALL.iter().for_each(|one| add("told", one.as_str()));
    Trust::ALL.iter().for_each(|one| add("trust", one.as_str()));
    for word in ["events", "duplicates", "clears", "rejected", "replayed"] {
        add("row", word);
    }
    ClaimState::ALL.iter().for_each(|one| add("claim-state", one.as_str()));
    Step::ALL.iter().for_each(|one| add("joining", one.as_str()));
    for word in
        ["proven", "reachable", "fresh", "no_overlap", "names_resolve", "prefixes_announced", "nothing_near"]
    {
        add("criterion", word);
    }
    for word in [
        "moves",
        "becomes_routed",
        "becomes_unrouted",
        "also_concerns",
        "no_longer_concerns",
        "can_be_told",
        "cannot_be_told",
    ] {
        add("whatif", word);
    }
    for word in ["additions", "organisations", "whole"] {
        add("scope", word);
    }
    AnswerWay::ALL.iter().for_each(|one| add("way", one.as_str()));
    Standing::ALL.iter().for_each(|one| add("standing", one.as_str()));
    COLUMNS.iter().for_each(|one| add("column", one));
    for word in ["assign", "snooze", "answer"] {
        add("bulk", word);
    }
    for word in ["mine", "open", "nobodys", "all"] {
        add("view", word);
    }
    for word in ["dynamic", "shared_hosting", "excluded"] {
        add("flag", word);
    }
    for word in ["second_contact", "partner", "calling_list"] {
        add("turn", word);
    }
    for word in ["waiting", "unknown", "accepted", "given_up", "withheld"] {
        add("message", word);
        add("own-delivery", word);
    }
    NotificationKind::ALL.iter().for_each(|one| add("own-sent", one.as_str()));
    Standing::ALL.iter().for_each(|one| add("own-standing", one.as_str()));
    AnswerKind::ALL.iter().for_each(|one| add("own-say", one.as_str()));
    ClaimState::ALL.iter().for_each(|one| add("own-claim", one.as_str()));
    Role::ALL.iter().for_each(|one| add("own-role", one.as_str()));
    Proof::ALL.iter().for_each(|one| add("own-proof", one.as_str()));
    Means::ALL.iter().for_each(|one| add("own-tried", one.as_str()));
    for wish in AssetWish::ALL {
        add("own-asked", wish.as_str());
        add("request", wish.as_str());
        add("request", &format!("{wish}-accept"));
    }
    ContactRole::ALL.iter().for_each(|one| add("own-contact", one.as_str()));
    for role in PortalRole::ALL.iter().filter(|one| !one.is_of_desk()) {
        add("own-is", role.as_str());
    }
    for change in ["add", "hand_over", "lay_down"] {
        add("own-administration", change);
        add("own-administration", &format!("{change}-text"));
    }
    for kind in ["domain", "hostname", "prefix", "address", "url", "mail_domain", "asn", "ripe_handle"] {
        add("own-kind", kind);
    }
    for role in ["owner", "operator", "supplier"] {
        add("own-as", role);
    }
    for role in ["acib", "viewer"] {
        add("own-can", role);
    }
    for word in
        ["address", "port", "name", "reverse", "url", "account", "asn", "protocol", "malware", "tags", "seen"]
    {
        add("place", word);
    }
    for one in schakel_model::classification::ClassificationType::ALL {
        add("group", sector::family(*one));
    }
    for word in ["silent", "late", "shrunken", "exploded", "schema_changed"] {
        add("alarm", word);
    }
    for rule in [
        "longest_prefix",
        "host_over_domain",
        "name_over_asn",
        "proven",
        "not_valid_then",
        "shared_hosting",
        "excluded",
        "country",
    ] {
        add("rule", rule);
    }
    desk::words(&mut add);
    (1..=12).for_each(|month| add("month", &month.to_string()));
    for language in [Language::Nl, Language::En] {
        let missing: Vec<&String> = keys.iter().filter(|key| !words(language).has(key)).collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}

#[test]
fn figures_and_moments_are_written_as_the_language_does() {
    let pages = pages();
    let page = |language| pages.page("morning", &frame(language), morning()).unwrap();
    let (nl, en) = (page(Language::Nl), page(Language::En));
    assert!(nl.contains("2.134.567") && en.contains("2,134,567"));
    assert!(nl.contains("15 jan 2027") && en.contains("15 Jan 2027"), "{nl}");
    assert!(nl.contains("12</span> <span class=\"tile-label\">meldingen te beoordelen"), "{nl}");
    assert!(nl.contains("Verder niets: organisaties te bellen."), "{nl}");
    assert!(en.contains("1</span> <span class=\"tile-label\">possible data breach to decide"), "{en}");
}

#[test]
fn how_long_something_takes_is_said_in_a_unit_that_fits() {
    let page = |language| pages().page("sector", &frame(language), sector()).unwrap();
    let (nl, en) = (page(Language::Nl), page(Language::En));
    assert!(
        nl.contains("meteen") && nl.contains("90 minuten") && nl.contains("2 uur") && nl.contains("2 dagen"),
        "{nl}"
    );
    assert!(en.contains("at once") && en.contains("1,234 new findings"), "{en}");
}

/// Keys that the program names.
#[test]
fn what_was_done_and_what_is_wrong_has_a_text() {
    for language in [Language::Nl, Language::En] {
        for done in acting::Done::ALL {
            assert!(words(language).has(done.key()), "{language}: {}", done.key());
            assert_eq!(done.key().parse(), Ok(*done));
        }
        for key in WRONG {
            assert!(words(language).has(key), "{language}: {key}");
        }
    }
}

#[test]
fn a_page_says_what_was_done_and_how_to_take_it_back() {
    let undo = Some(acting::Undo { action: "/findings/undo".into(), what: "7".into() });
    let notice = Some(Notice { done: acting::Done::Saved, count: 1, undo });
    let frame = Frame { notice, ..frame(Language::En) };
    let html = pages().page("accessibility", &frame, ()).unwrap();
    assert!(
        html.contains("action=\"&#x2f;findings&#x2f;undo\"") && html.contains("name=\"what\" value=\"7\""),
        "{html}"
    );
    assert!(html.contains("name=\"form_token\" value=\"f0\""), "{html}");
}

#[test]
fn a_macro_speaks_the_language_of_its_page() {
    let mut pages = pages();
    let source = "{% macro bare() %}{{ t(\"undo\") }}{% endmacro %}{{ bare() }}{% from \"fields\" import wrong %}{{ wrong(\"until\") }}<input value=\"{{ typed(\"until\", \"x\") }}\">";
    pages.environment.add_template("sample", source).unwrap();
    let mistake = Some(Mistake { detail: "<b>".into(), ..Mistake::new("until", "wrong-busy") });
    let typed = vec![("until".to_owned(), "\"2026".to_owned())];
    let html = pages.page("sample", &Frame { mistake, typed, ..frame(Language::En) }, ()).unwrap();
    assert!(html.contains(&words(Language::En).text("wrong-busy")), "{html}");
    assert!(html.starts_with("Undo"), "{html}");
    assert!(html.contains("&lt;b&gt;") && html.contains("value=\"&quot;2026\""), "{html}");
}

#[test]
fn a_text_that_is_not_there_is_no_page() {
    let pages = pages();
    let message = Message { title: "no-such-text", text: "ready", on: None };
    assert!(pages.page("message", &frame(Language::En), message).is_err());
}
