//! What a policy decides, and what is wrong with one: tables, and an oracle for the order of rules.

use proptest::prelude::*;
use schakel_model::{classification::ClassificationType, tlp::Tlp};

use super::*;

const OFFICE: &str = "2026-11-23T10:00:00Z";
const NIGHT: &str = "2026-11-23T23:00:00Z";

fn facts() -> Facts<'static> {
    Facts {
        severity: Severity::Low,
        classification: ClassificationType::VulnerableSystem,
        report_type: "scan_rdp",
        identifier: "open-rdp",
        source: "shadowserver",
        organisation: "GM1",
        ip: Some([198, 51, 100, 7].into()),
        name: "www.gouda.nl",
        tags: &["rdp"],
        cves: &["CVE-2026-1234"],
        tlp: Tlp::Amber,
    }
}

fn rule(name: &str, rest: &str) -> String {
    format!("[[rule]]\nname = \"{name}\"\nowner = \"desk\"\nreason = \"why\"\n{rest}\n")
}

fn decide_at(text: &str, facts: &Facts<'_>, at: &str) -> Decision {
    Policy::parse(text).unwrap().at(at.parse().unwrap()).decide(facts)
}

fn decide(text: &str, facts: &Facts<'_>) -> Decision {
    decide_at(text, facts, OFFICE)
}

#[test]
fn the_built_in_policy_tells_everything_at_once() {
    let policy = Policy::parse(BUILT_IN).unwrap();
    assert!(policy.tells_everything_at_once());
    for severity in Severity::ALL {
        let decision = policy.at(OFFICE.parse().unwrap()).decide(&Facts { severity, ..facts() });
        assert_eq!((decision.action, decision.mode, decision.rule), (Action::AtOnce, Mode::Live, 1));
    }
    assert_eq!(policy.roles(0), ROLES);
}

#[test]
fn each_condition_holds_for_what_it_names_only() {
    let holds = [
        "severity = ['low', 'high']",
        "kind = 'vulnerable-system'",
        "kind = 'scan_*'",
        "kind = 'OPEN-RDP'",
        "source = 'Shadowserver'",
        "organisation = 'gm1'",
        "asset = '198.51.100.0/24'",
        "asset = '198.51.100.7'",
        "asset = 'gouda.nl'",
        "tag = ['x', 'rdp']",
        "cve = 'cve-2026-*'",
        "tlp = ['AMBER', 'red']",
        "time = 'office'",
        "time = 'always'",
    ];
    let not = [
        "severity = 'high'",
        "kind = 'open-vnc'",
        "source = 'other'",
        "organisation = ['GM2', 'GM11']",
        "asset = ['198.51.100.8', 'delft.nl', '2001:db8::/32']",
        "tag = 'r'",
        "cve = 'cve-2026-123'",
        "tlp = 'GREEN'",
    ];
    for when in holds {
        let decision = decide(&rule("a", &format!("then = 'hold'\nwhen.{when}")), &facts());
        assert_eq!((decision.action, decision.rule), (Action::Hold, 1), "{when}");
    }
    for when in not {
        let decision = decide(&rule("a", &format!("then = 'hold'\nwhen.{when}")), &facts());
        assert_eq!((decision.action, decision.rule), (Action::AtOnce, 0), "{when}");
    }
    let office = rule("a", "then = 'hold'\nwhen.time = 'office'");
    assert_eq!(decide_at(&office, &facts(), NIGHT).rule, 0);
    // Every condition that stands in a rule must hold.
    let both = rule("a", "then = 'hold'\nwhen.severity = 'low'\nwhen.tag = 'vpn'");
    assert_eq!(decide(&both, &facts()).rule, 0);
}

#[test]
fn a_rule_ends_at_midnight_in_the_netherlands() {
    let text = rule("a", "then = 'suppress'\nuntil = 2026-11-23") + &rule("b", "then = 'weekly'");
    assert_eq!(decide_at(&text, &facts(), "2026-11-22T22:59:59Z").rule, 1);
    assert_eq!(decide_at(&text, &facts(), "2026-11-22T23:00:00Z").rule, 2);
}

#[test]
fn critical_is_grouped_only_by_a_rule_that_names_it() {
    let critical = Facts { severity: Severity::Critical, ..facts() };
    let decision = decide(&rule("a", "then = 'weekly'"), &critical);
    assert_eq!((decision.action, decision.because, decision.rule), (Action::AtOnce, Because::Critical, 1));
    let named = rule("a", "then = 'hourly'\nwhen.severity = ['high', 'critical']");
    assert_eq!(decide(&named, &critical).action, Action::Grouped(Rhythm::Hourly));
    assert_eq!(decide(&rule("a", "then = 'hold'"), &critical).action, Action::Hold);
}

#[test]
fn a_preference_makes_low_and_medium_later_and_nothing_else() {
    let preference = "[[preference]]\norganisation = 'GM1'\nthen = 'daily'\nat = '16:30'\n";
    let told = |rest: &str, severity| {
        let text = rule("a", rest) + preference;
        decide(&text, &Facts { severity, ..facts() }).action.to_string()
    };
    for (rest, severity, expected) in [
        ("then = 'at_once'", Severity::Low, "daily 16:30"),
        ("then = 'at_once'", Severity::Medium, "daily 16:30"),
        ("then = 'hourly'", Severity::Medium, "daily 16:30"),
        ("then = 'at_once'", Severity::High, "at once"),
        ("then = 'at_once'", Severity::Critical, "at once"),
        ("then = 'weekly'\non = 'friday'", Severity::Low, "weekly friday 09:00"),
        ("then = 'at_once'\nfixed = true", Severity::Low, "at once"),
        ("then = 'hold'", Severity::Low, "hold"),
        ("then = 'suppress'\nuntil = 2027-01-01", Severity::Low, "suppress"),
    ] {
        assert_eq!(told(rest, severity), expected, "{rest} {severity}");
    }
    let text = rule("a", "then = 'at_once'") + preference;
    assert_eq!(decide(&text, &Facts { organisation: "GM2", ..facts() }).action, Action::AtOnce);
}

#[test]
fn a_contact_can_prefer_later_what_a_preference_may_change() {
    let preference = "[[preference]]\ncontact = ['Els@gouda.nl']\nthen = 'daily'\nat = '16:30'\n";
    let prefers = |rest: &str, severity, address: &str| {
        let policy = Policy::parse(&(rule("a", rest) + preference)).unwrap();
        let decision = policy.at(OFFICE.parse().unwrap()).decide(&Facts { severity, ..facts() });
        let rhythm = decision.may_wait.then(|| policy.prefers(address, decision.action.rank())).flatten();
        rhythm.map(|rhythm| rhythm.to_string()).unwrap_or_default()
    };
    for (rest, severity, address, expected) in [
        ("then = 'at_once'", Severity::Low, "els@GOUDA.nl ", "daily 16:30"),
        ("then = 'hourly'", Severity::Medium, "els@gouda.nl", "daily 16:30"),
        ("then = 'at_once'", Severity::Low, "jan@gouda.nl", ""),
        ("then = 'at_once'", Severity::High, "els@gouda.nl", ""),
        ("then = 'weekly'", Severity::Low, "els@gouda.nl", ""),
        ("then = 'at_once'\nfixed = true", Severity::Low, "els@gouda.nl", ""),
        ("then = 'hold'", Severity::Low, "els@gouda.nl", ""),
    ] {
        assert_eq!(prefers(rest, severity, address), expected, "{rest} {severity} {address}");
    }
}

#[test]
fn the_table_of_recipients_and_trial_operation_go_by_their_first_line() {
    let text = rule("a", "then = 'at_once'")
        + "[[recipient]]\nwhen.tlp = 'RED'\nrole = 'vcib'\n\
           [[recipient]]\nwhen.severity = 'low'\nwhen.kind = 'open-*'\nrole = ['acib', 'findings']\n\
           [[trial]]\nwhen.organisation = 'GM2'\nmode = 'off'\n\
           [[trial]]\nwhen.source = 'shadowserver'\nmode = 'desk'\nbaseline = true\n\
           [[trial]]\nmode = 'shadow'\n";
    let policy = Policy::parse(&text).unwrap();
    assert!(!policy.tells_everything_at_once());
    let in_force = policy.at(OFFICE.parse().unwrap());
    let roles = |facts: &Facts<'_>| policy.roles(in_force.decide(facts).recipient).to_vec();
    assert_eq!(roles(&Facts { tlp: Tlp::Red, ..facts() }), [ContactRole::Vcib]);
    assert_eq!(roles(&facts()), [ContactRole::Acib, ContactRole::Findings]);
    assert_eq!(roles(&Facts { severity: Severity::High, ..facts() }), ROLES);
    let mode = |facts: &Facts<'_>| {
        let decision = in_force.decide(facts);
        (decision.mode, decision.baseline)
    };
    assert_eq!(mode(&Facts { organisation: "GM2", ..facts() }), (Mode::Off, false));
    assert_eq!(mode(&facts()), (Mode::Desk, true));
    assert_eq!(mode(&Facts { source: "", ..facts() }), (Mode::Shadow, false));
}

#[test]
fn a_rule_or_the_table_of_recipients_can_ask_for_encryption() {
    let table = "[[recipient]]\nwhen.tlp = 'AMBER'\nencrypt = true\n[[recipient]]\nrole = 'acib'\n";
    let text = rule("a", "then = 'daily'\nwhen.severity = 'high'\nencrypt = true")
        + &rule("b", "then = 'at_once'")
        + table;
    let policy = Policy::parse(&text).unwrap();
    let decide = |severity, tlp| {
        let decision = policy.at(OFFICE.parse().unwrap()).decide(&Facts { severity, tlp, ..facts() });
        (decision.wish, policy.roles(decision.recipient).len())
    };
    assert_eq!(decide(Severity::High, Tlp::Green), (Wish::Confidential, 1));
    assert_eq!(decide(Severity::Low, Tlp::Green), (Wish::ByMarking, 1));
    assert_eq!(decide(Severity::Low, Tlp::Amber), (Wish::Confidential, ROLES.len()));
    assert!(
        !Policy::parse(&rule("a", "then = 'at_once'\nencrypt = true")).unwrap().tells_everything_at_once()
    );
}

#[test]
fn why_earlier_rules_did_not_win_is_said() {
    let text = rule("a", "then = 'hold'\nuntil = 2026-01-01")
        + &rule("b", "then = 'hold'\nwhen.severity = 'high'")
        + &rule("c", "then = 'hold'\nwhen.time = 'office'")
        + &rule("d", "then = 'daily'")
        + &rule("e", "then = 'hold'");
    let policy = Policy::parse(&text).unwrap();
    let in_force = policy.at(NIGHT.parse().unwrap());
    assert_eq!(in_force.decide(&facts()).rule, 4);
    let passed: Vec<_> =
        in_force.passed(&facts()).iter().map(|(rule, why)| format!("{rule} {why}")).collect();
    assert_eq!(passed, ["1 ended on 2026-01-01", "2 another severity", "3 another time"]);
}

/// The first problem of a document.
fn wrong(text: &str) -> String {
    Policy::parse(text).unwrap_err()[0].to_string()
}

#[test]
fn what_is_written_wrong_is_explained_with_its_line() {
    for (text, parts) in [
        ("[[rule", &["line 1"][..]),
        ("# a\n[[rules]]\n", &["line 2", "unknown field `rules`", "`rule`"]),
        (&rule("a", "then = 'at_once'\nwhen.severty = 'low'"), &["line 6", "`severty`", "`severity`"]),
        (&rule("a", "then = 'at_once'\nowners = 'x'"), &["line 6", "`owners`", "`owner`"]),
        ("[[rule]]\nname = 'a'\n", &["line 1", "missing field"]),
        (&rule("", "then = 'at_once'"), &["`name` is empty"]),
        (&rule("a", "then = 'soon'"), &["line 1", "rule 1 (a)", "at_once, hourly, daily"]),
        (&rule("a", "then = 'at_once'\nat = '09:00'"), &["belong to daily and weekly"]),
        (&rule("a", "then = 'hourly'\nat = '09:00'"), &["hourly takes no time"]),
        (&rule("a", "then = 'daily'\nat = '25:00'"), &["no time of the day"]),
        (&rule("a", "then = 'daily'\ndays = 'sometimes'"), &["every or working"]),
        (&rule("a", "then = 'weekly'\non = 'maandag'"), &["no day of the week"]),
        (&rule("a", "then = 'suppress'"), &["needs an end"]),
        (&rule("a", "then = 'hold'\nuntil = 'spring'"), &["is no day"]),
        (&rule("a", "then = 'hold'\nuntil = 2026-02-30"), &["line"]),
        (&rule("a", "then = 'hold'\nwhen.severity = 'urgent'"), &["`urgent` is no severity"]),
        (&rule("a", "then = 'hold'\nwhen.severity = []"), &["names nothing"]),
        (&rule("a", "then = 'hold'\nwhen.kind = ['']"), &["names nothing"]),
        (&rule("a", "then = 'hold'\nwhen.severity = 3"), &["a text, or a list of texts"]),
        (&rule("a", "then = 'hold'\nwhen.asset = '198.51.100.0/33'"), &["no prefix, address or domain"]),
        (&rule("a", "then = 'hold'\nwhen.tlp = 'PINK'"), &["no TLP marking"]),
        ("[[preference]]\norganisation = 'GM1'\nthen = 'suppress'\n", &["preference 1", "is for the rules"]),
        ("[[preference]]\nthen = 'daily'\n", &["preference 1", "write one of the two"]),
        (
            "[[preference]]\norganisation = 'GM1'\ncontact = 'a@b.nl'\nthen = 'daily'\n",
            &["write one of the two"],
        ),
        ("[[preference]]\ncontact = 'els'\nthen = 'daily'\n", &["`contact = els` is no mail address"]),
        ("[[preference]]\ncontact = 'a@b.nl'\nthen = 'daily'\nwhen.severity = 'low'\n", &["has no `when`"]),
        ("[[recipient]]\nrole = 'mayor'\n", &["findings, vcib or acib"]),
        ("[[recipient]]\nrole = []\n", &["names nobody"]),
        ("[[recipient]]\nrole = []\nencrypt = true\n", &["names nobody"]),
        ("[[recipient]]\nwhen.severity = 'low'\n", &["names nobody"]),
        ("[[trial]]\nmode = 'test'\n", &["off, shadow, desk or live"]),
    ] {
        let problem = wrong(text);
        for part in parts {
            assert!(problem.contains(part), "`{part}` is missing in `{problem}` of {text}");
        }
    }
    assert!(wrong(&"#".repeat(document::DOCUMENT_BYTES_MAX + 1)).contains("bytes"));
}

const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
const KINDS: [&str; 3] = ["open-rdp", "open-vnc", "weak-crypto"];
const CODES: [&str; 3] = ["GM1", "GM2", "SV1"];

/// A rule in words: subsets of severities, kinds and organisations (empty: any), and whether it has ended.
type Drawn = (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>, bool);

fn drawn() -> impl Strategy<Value = Drawn> {
    let some = |of: &'static [&'static str]| prop::sample::subsequence(of, 0..of.len());
    (some(&SEVERITIES), some(&KINDS), some(&CODES), prop::bool::weighted(0.2))
}

fn written(at: usize, (severities, kinds, codes, ended): &Drawn) -> String {
    let list = |name: &str, words: &[&str]| match words.is_empty() {
        true => String::new(),
        false => format!("when.{name} = {words:?}\n"),
    };
    let until = if *ended { "until = 2026-01-01\n" } else { "" };
    rule(
        &format!("r{at}"),
        &format!(
            "then = 'hold'\n{until}{}{}{}",
            list("severity", severities),
            list("kind", kinds),
            list("organisation", codes)
        ),
    )
}

proptest! {
    #[test]
    fn the_first_rule_that_matches_wins(
        rules in prop::collection::vec(drawn(), 0..12),
        (severity, kind, code) in (0..4usize, 0..3usize, 0..3usize),
    ) {
        let text: String = rules.iter().enumerate().map(|(at, rule)| written(at, rule)).collect();
        let facts = Facts {
            severity: Severity::ALL[severity],
            report_type: "",
            identifier: KINDS[kind],
            organisation: CODES[code],
            ..facts()
        };
        let mut expected = 0;
        for (at, (severities, kinds, codes, ended)) in rules.iter().enumerate().rev() {
            let one_of = |words: &[&str], word: &str| words.is_empty() || words.contains(&word);
            if !ended && one_of(severities, SEVERITIES[severity]) && one_of(kinds, KINDS[kind])
                && one_of(codes, CODES[code])
            {
                expected = at + 1;
            }
        }
        let policy = Policy::parse(&text).unwrap();
        let in_force = policy.at(OFFICE.parse().unwrap());
        let decision = in_force.decide(&facts);
        prop_assert_eq!(decision.rule as usize, expected);
        let passed = if expected == 0 { rules.len() } else { expected - 1 };
        prop_assert_eq!(in_force.passed(&facts).len(), passed);
    }

    #[test]
    fn a_rule_that_covers_another_matches_whatever_that_matches(
        (one, other) in (drawn(), drawn()),
        (severity, kind, code) in (0..4usize, 0..3usize, 0..3usize),
    ) {
        let when = |rule: &Drawn| Policy::parse(&written(0, rule)).unwrap().rules[0].when.clone();
        let (one, other) = (when(&one), when(&other));
        let facts = Facts {
            severity: Severity::ALL[severity],
            identifier: KINDS[kind],
            organisation: CODES[code],
            ..facts()
        };
        if one.covers(&other) && other.obstacle(&facts).is_none() {
            prop_assert_eq!(one.obstacle(&facts), None);
        }
    }

    #[test]
    fn whatever_is_read_never_panics(text in "\\PC{0,200}") {
        let _ = Policy::parse(&text);
    }
}

/// Prints what a decision costs: `cargo test --release -p schakel-rules --lib what_a_decision_costs -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout)]
fn what_a_decision_costs() {
    for rules in [1_u32, 10, 100, 1_000] {
        let text: String = (0..rules)
            .map(|at| {
                let place = format!("when.asset = '10.{}.{}.0/24'\nwhen.kind = 'open-*'", at / 256, at % 256);
                rule(&format!("r{at}"), &format!("{place}\nthen = 'weekly'"))
            })
            .collect();
        let policy = Policy::parse(&text).unwrap();
        let in_force = policy.at(OFFICE.parse().unwrap());
        let decisions = 1_000_000 / rules;
        let began = std::time::Instant::now();
        let won: u64 = (0..decisions)
            .map(|n| {
                let ip = Some(std::net::IpAddr::from(n.to_be_bytes()));
                u64::from(in_force.decide(&Facts { ip, ..facts() }).rule)
            })
            .sum();
        println!("{rules} rules: {:?} a decision ({won})", began.elapsed() / decisions);
    }
}
