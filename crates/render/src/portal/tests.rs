use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::*;
use crate::portal::{
    account::{Account, Invitation, Message, Session, SignIn},
    morning::{Ahead, Feed, Ledger, Morning, Waiting},
};

fn pages() -> Pages {
    Pages::new(Assets { css: "/assets/a.css".into(), js: "/assets/a.js".into() })
}

fn frame(language: Language) -> Frame {
    Frame {
        language,
        theme: "",
        sender: "CERT <Voorbeeld>".into(),
        path: "/".into(),
        person: "Jan Jansen".into(),
        form_token: "f0".into(),
        ways: vec![Way { key: "morning", href: "/" }],
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

fn json(value: impl Serialize) -> Json {
    serde_json::to_value(value).unwrap()
}

/// Every page with a sample.
fn samples() -> Vec<(&'static str, Json)> {
    vec![
        ("sign_in", json(SignIn { wrong: true, name: "jan".into(), next: "/".into() })),
        ("code", json(SignIn::default())),
        (
            "invitation",
            json(Invitation {
                name: "jan".into(),
                display_name: "Jan Jansen".into(),
                secret: "ABCD EFGH".into(),
                picture: "<svg></svg>".into(),
                wrong: "password-short",
                chars_min: 12,
            }),
        ),
        ("message", json(Message { title: "ready-title", text: "ready", on: Some(("/sign-in", "sign-in")) })),
        ("morning", json(morning())),
        (
            "account",
            json(Account {
                name: "jan".into(),
                display_name: "Jan Jansen".into(),
                organisation: String::new(),
                roles: vec!["handler"],
                sessions: vec![Session {
                    id: "0a".into(),
                    agent: "Firefox".into(),
                    created_at: 1,
                    used_at: 2,
                    is_this: true,
                }],
            }),
        ),
        ("accessibility", Json::Null),
    ]
}

#[test]
fn every_page_can_be_filled_in_both_languages() {
    let pages = pages();
    let samples = samples();
    let sampled: BTreeSet<&str> = samples.iter().map(|(name, _)| *name).collect();
    let all: BTreeSet<&str> =
        SOURCES.iter().map(|(name, _)| *name).filter(|name| *name != "layout").collect();
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
    let keys = |text: &str| -> BTreeSet<String> {
        let key = |line: &str| line.split_once(" =").map(|(key, _)| key.to_owned());
        text.lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(key)
            .collect()
    };
    let nl = keys(include_str!("../../locales/portal/nl.ftl"));
    let en = keys(include_str!("../../locales/portal/en.ftl"));
    assert_eq!(nl, en);
    for (name, source) in SOURCES {
        for (at, _) in source.match_indices("t(\"") {
            let key = source[at + 3..].split('"').next().unwrap_or_default();
            let stands = nl.contains(key)
                || nl.iter().any(|one| key.ends_with('-') && one.starts_with(key))
                || words(Language::Nl).has(key)
                || key == "severity-";
            assert!(stands, "{name} asks for {key}");
        }
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
    assert!(en.contains("1</span> <span class=\"tile-label\">possible data breach to decide"), "{en}");
}

#[test]
fn a_text_that_is_not_there_is_no_page() {
    let pages = pages();
    let message = Message { title: "no-such-text", text: "ready", on: None };
    assert!(pages.page("message", &frame(Language::En), message).is_err());
}
