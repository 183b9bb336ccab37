//! Killed while it is decided what is told: by a policy, a ladder, a campaign, a weekly overview.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{FOLDER, Killer, constituency, day_that_is_told, take_in_a_day};
use crate::installation::{Installation, count};

/// Every step at once, so that a run takes one for each organisation.
const QUICK_LADDER: &str = r#"
[[rule]]
name = "Everything"
owner = "test"
reason = "test"
then = "at_once"

[[ladder]]
severity = ["low", "medium", "high", "critical"]
step = [{ after = "1 hours", to = "second_contact" }, { after = "1 hours", to = "calling_list" }]
"#;

/// A day that was told an hour ago, with no reaction from anybody but a few.
fn told_and_silent() -> Installation {
    let mut installation = constituency();
    installation.configure(FOLDER);
    installation.json(&["user", "add", "anne"]);
    let policy = installation.file("policy.toml", QUICK_LADDER);
    installation.json(&["--as", "anne", "policy", "set", &policy, "--reason", "test"]);
    installation.at("2026-11-20T09:00:00Z");
    take_in_a_day(&installation);
    installation.json(&["tell"]);
    installation.at("2026-11-20T09:30:00Z");
    for notification in 1..=ANSWERED {
        let about = format!("N{notification}");
        let said =
            ["answer", "new", "fixed", "--notification", &about, "--who", "B", "--reason", "by telephone"];
        installation.json(&[&["--as", "anne"][..], &said].concat());
    }
    installation.at("2026-11-20T10:00:00Z");
    installation
}

/// Notifications that are answered.
const ANSWERED: u32 = 5;

#[test]
fn killed_while_climbing_ladders_each_step_is_taken_once() {
    let mut undisturbed = told_and_silent();
    let started = Instant::now();
    undisturbed.json(&["tell"]);
    let duration = started.elapsed();
    undisturbed.at("2026-11-20T11:00:00Z");
    undisturbed.json(&["tell"]);
    let climbed = climbed(&undisturbed);
    assert!(climbed.0 > 100 && climbed.2.as_array().is_some_and(|calls| calls.len() > 100), "{climbed:?}");

    let mut killer = Killer::new();
    while killer.left > 0 {
        let mut installation = told_and_silent();
        for at in ["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"] {
            installation.at(at);
            killer.until_done(|| installation.command(&["tell"]), duration);
        }
        assert_eq!(self::climbed(&installation), climbed, "{} kills left", killer.left);
        installation.assert_sound();
    }
}

/// How many messages there are, what the ledger says, whom to call, and what is due.
fn climbed(installation: &Installation) -> (u64, Value, Value, Value) {
    let accepted = count(&installation.json(&["outbox"])["accepted"]);
    let calls = installation.json(&["call", "list"])["calls"].clone();
    (accepted, installation.ledger(), calls, installation.json(&["due"]))
}

/// Every action of a rule at once, so that each block is split.
const MIXED_POLICY: &str = r#"
[[rule]]
name = "Hold"
owner = "test"
reason = "test"
when.severity = "low"
when.organisation = "GM0*"
then = "hold"

[[rule]]
name = "Grouped"
owner = "test"
reason = "test"
when.severity = ["low", "medium"]
then = "daily"
at = "16:00"

[[rule]]
name = "Suppressed"
owner = "test"
reason = "test"
when.organisation = "GM1*"
then = "suppress"
until = 2026-11-22

[[rule]]
name = "The rest"
owner = "test"
reason = "test"
then = "at_once"
"#;

/// A day under such a policy, not told yet.
fn under_a_policy() -> Installation {
    let mut installation = constituency();
    installation.configure(FOLDER);
    installation.json(&["user", "add", "anne"]);
    let policy = installation.file("policy.toml", MIXED_POLICY);
    installation.json(&["--as", "anne", "policy", "set", &policy, "--reason", "test"]);
    installation.at("2026-11-20T09:00:00Z");
    take_in_a_day(&installation);
    installation
}

#[test]
fn killed_while_a_policy_decides_each_assignment_ends_as_it_says() {
    // Told, its overview due, and what was suppressed let go.
    let times = ["2026-11-20T09:00:00Z", "2026-11-20T15:00:00Z", "2026-11-21T23:00:00Z"];
    let mut undisturbed = under_a_policy();
    let mut duration = Duration::ZERO;
    for at in times {
        let started = Instant::now();
        undisturbed.at(at).json(&["tell"]);
        duration = duration.max(started.elapsed());
    }
    let expected = decided(&undisturbed);
    let fates = &expected.1["fates"];
    assert!(count(&fates["held"]) > 100 && count(&fates["notified"]) > 1_000, "{fates}");

    let mut killer = Killer::new();
    while killer.left > 0 {
        let mut installation = under_a_policy();
        for at in times {
            installation.at(at);
            killer.until_done(|| installation.command(&["tell"]), duration);
        }
        assert_eq!(decided(&installation), expected, "{} kills left", killer.left);
        installation.assert_sound();
    }
}

/// How many messages there are, what the ledger says, and what is kept.
fn decided(installation: &Installation) -> (u64, Value, Value) {
    let accepted = count(&installation.json(&["outbox"])["accepted"]);
    (accepted, installation.ledger(), installation.json(&["policy", "show"])["kept"].clone())
}

#[test]
fn killed_while_a_campaign_is_sent_each_organisation_gets_it_once() {
    let approved = || {
        let mut installation = constituency();
        installation.configure(FOLDER);
        installation.json(&["user", "add", "anne"]);
        installation.json(&["user", "add", "bram"]);
        installation.at("2026-11-20T09:00:00Z");
        let file = day_that_is_told(&installation);
        let text = installation.file("text.txt", "Install the update today.\n");
        let new = ["campaign", "new", &file, "--title", "Update", "--text", &text];
        installation.json(&[&["--as", "anne"][..], &new].concat());
        installation.json(&["--as", "bram", "campaign", "approve", "1"]);
        installation
    };
    const SEND: [&str; 5] = ["--as", "anne", "campaign", "send", "1"];
    let undisturbed = approved();
    let started = Instant::now();
    undisturbed.json(&SEND);
    let duration = started.elapsed();
    undisturbed.json(&["tell"]);
    let expected = decided(&undisturbed);
    assert!(expected.0 > 300, "{expected:?}");

    let mut killer = Killer::new();
    while killer.left > 0 {
        let installation = approved();
        // One that was sent just before the kill is not sent again.
        let is_sent = || installation.json(&["campaign", "list"])["campaigns"][0]["state"] == "sent";
        killer.until(|| installation.command(&SEND), duration, is_sent);
        installation.json(&["tell"]);
        assert_eq!(decided(&installation), expected, "{} kills left", killer.left);
        installation.assert_sound();
    }
}

#[test]
fn killed_while_weekly_overviews_are_made_each_is_made_once() {
    let told = || {
        let mut installation = constituency();
        installation.configure(&format!("{FOLDER}[telling]\nweekly = \"monday 08:00\"\n"));
        installation.at("2026-11-20T09:00:00Z");
        take_in_a_day(&installation);
        installation.json(&["tell"]);
        installation.at("2026-11-23T09:00:00Z");
        installation
    };
    let undisturbed = told();
    let before = undisturbed.mails().len();
    let started = Instant::now();
    undisturbed.json(&["overview", "send"]);
    let duration = started.elapsed();
    undisturbed.json(&["outbox", "--send"]);
    let expected = decided(&undisturbed);
    assert!(undisturbed.mails().len() > before + 300);

    let mut killer = Killer::new();
    while killer.left > 0 {
        let installation = told();
        killer.until_done(|| installation.command(&["overview", "send"]), duration);
        killer.until_done(|| installation.command(&["outbox", "--send"]), duration);
        assert_eq!(decided(&installation), expected, "{} kills left", killer.left);
        installation.assert_sound();
    }
}
