//! Mistakes that a policy can have although it can be read: rules that never match, words that mean nothing here, ends that have passed.

use std::collections::HashSet;

use jiff::civil::Date;

use super::{
    Action, Policy, Problem, When,
    condition::{is_classification, matches},
    rule_section,
    wrong::Wrong,
};

/// What there is, to compare names with. All in lower case.
pub struct World {
    /// Codes of organisations.
    pub organisations: HashSet<String>,
    /// Mail addresses of contacts.
    pub contacts: HashSet<String>,
    /// Codes of sources.
    pub sources: HashSet<String>,
    /// Report types and identifiers of findings that came in.
    pub kinds: HashSet<String>,
    /// The day, in Europe/Amsterdam.
    pub today: Date,
}

/// Everything that looks wrong, in the order of the document.
pub fn check(policy: &Policy, world: &World) -> Vec<Problem> {
    let mut problems = Vec::new();
    for condition in policy.conditions() {
        check_words(policy, condition, world, &mut problems);
    }
    for (at, rule) in policy.rules.iter().enumerate() {
        let section = rule_section(at as u32 + 1, &rule.name);
        let mut warn = |what| problems.push(Problem::warning(Some(rule.line), &section, what));
        if let Some(until) = rule.until.filter(|until| world.today >= *until) {
            warn(Wrong::Ended { until: until.to_string() });
        }
        if let Some((before, number)) = policy.rules[..at].iter().zip(1u32..).find(|(before, _)| {
            let lasts = before.until.is_none_or(|end| rule.until.is_some_and(|until| until <= end));
            lasts && world.today < before.until.unwrap_or(Date::MAX) && before.when.covers(&rule.when)
        }) {
            warn(Wrong::NeverMatches { before: rule_section(number, &before.name) });
        }
        if rule.when.is_for_everything() && matches!(rule.then, Action::Hold | Action::Suppress) {
            warn(Wrong::KeepsEverything {});
        }
        if rule.then == Action::Suppress && rule.when.names_critical() {
            warn(Wrong::SuppressesCritical {});
        }
        if policy.rules[..at].iter().any(|before| before.name == rule.name) {
            warn(Wrong::SameName {});
        }
    }
    for preference in &policy.contact_preferences {
        for address in preference.contacts.iter().filter(|address| !world.contacts.contains(*address)) {
            let what = Wrong::NoContact { address: address.clone() };
            problems.push(Problem::warning(Some(preference.line), "preference", what));
        }
    }
    if !policy.rules.iter().any(|rule| rule.until.is_none_or(|until| world.today < until)) {
        problems.push(Problem::warning(None, "", Wrong::NoRuleInForce {}));
    }
    problems.sort_by_key(|problem| problem.line);
    problems
}

/// A word that names nothing here is an error where it can only be a mistake.
fn check_words(
    policy: &Policy,
    (when, line, section): (&When, usize, String),
    world: &World,
    problems: &mut Vec<Problem>,
) {
    let mut wrong = |what| problems.push(Problem::error(Some(line), &section, what));
    for code in when.organisations().filter(|code| !world.organisations.contains(*code)) {
        wrong(Wrong::NoOrganisation { code: code.to_ascii_uppercase() });
    }
    for code in when.sources().filter(|code| !world.sources.contains(*code)) {
        wrong(Wrong::NoSource { code: code.to_owned() });
    }
    if let Some(name) = when.time().filter(|name| policy.calendars.get(name).is_none()) {
        wrong(Wrong::NoCalendar { name: name.to_owned() });
    }
    for kind in when.kinds() {
        if !is_classification(kind) && !world.kinds.iter().any(|known| matches(kind, known)) {
            let what = Wrong::KindUnseen { kind: kind.to_owned() };
            problems.push(Problem::warning(Some(line), &section, what));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong, a line each.
    fn problems(text: &str) -> Vec<String> {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let world = World {
            organisations: set(&["gm1", "gm2"]),
            contacts: set(&["els@gm1.example"]),
            sources: set(&["shadowserver"]),
            kinds: set(&["open-rdp", "scan_rdp"]),
            today: jiff::civil::date(2026, 11, 22),
        };
        let policy = Policy::parse(text).unwrap();
        check(&policy, &world).iter().map(ToString::to_string).collect()
    }

    fn rule(name: &str, rest: &str) -> String {
        format!("[[rule]]\nname = \"{name}\"\nowner = \"desk\"\nreason = \"why\"\n{rest}\n")
    }

    #[test]
    fn the_built_in_policy_has_no_mistakes() {
        assert_eq!(problems(super::super::BUILT_IN), [""; 0]);
    }

    #[test]
    fn a_rule_behind_one_that_matches_all_of_it_never_matches() {
        let hidden = |first: &str, second: &str| {
            let text = rule("a", first) + &rule("b", second);
            problems(&text).iter().any(|problem| problem.contains("rule 2 (b): never matches: rule 1 (a)"))
        };
        let any = "then = 'at_once'";
        let low = "then = 'at_once'\nwhen.severity = 'low'";
        let low_or_medium = "then = 'daily'\nwhen.severity = ['low', 'medium']";
        let ends = "then = 'at_once'\nuntil = 2027-01-01";
        let ended = "then = 'at_once'\nuntil = 2026-01-01";
        let range = "then = 'daily'\nwhen.asset = '198.51.100.0/24'";
        let part = "then = 'daily'\nwhen.asset = ['198.51.100.7', '198.51.100.128/25']";
        let kinds = "then = 'daily'\nwhen.kind = 'open-*'";
        let kind = "then = 'daily'\nwhen.kind = 'open-rdp'";
        let hours = "then = 'daily'\nwhen.time = 'office'";
        for (first, second) in [
            (any, low),
            (any, any),
            (any, ends),
            (low_or_medium, low),
            (range, part),
            (kinds, kind),
            (any, hours),
        ] {
            assert!(hidden(first, second), "{first} hides {second}");
        }
        for (first, second) in [
            (low, any),
            (low, low_or_medium),
            (ends, any),
            (ended, low),
            (part, range),
            (kind, kinds),
            (hours, any),
            (kinds, low),
        ] {
            assert!(!hidden(first, second), "{first} does not hide {second}");
        }
    }

    #[test]
    fn what_names_nothing_here_and_what_has_ended_is_said_with_its_line() {
        let text = rule("a", "then = 'at_once'\nwhen.organisation = ['GM1', 'GM9']\nwhen.source = 'shadow'")
            + &rule("b", "then = 'daily'\nwhen.kind = ['open-rdp', 'vulnerable-system', 'open-rpd']")
            + &rule("c", "then = 'hold'\nwhen.time = 'sunday'")
            + &rule("d", "then = 'at_once'\nuntil = 2026-11-22");
        assert_eq!(
            problems(&text),
            [
                "error: line 1: rule 1 (a): there is no organisation `GM9`",
                "error: line 1: rule 1 (a): there is no source `shadow`. `schakel source list` names them",
                "warning: line 8: rule 2 (b): nothing of the kind `open-rpd` came in yet: is it written right?",
                "error: line 14: rule 3 (c): there is no calendar `sunday`",
                "warning: line 14: rule 3 (c): keeps everything that no earlier rule matches from being told",
                "warning: line 20: rule 4 (d): ended on 2026-11-22 and no longer matches: take it out, or give it another end",
            ]
        );
    }

    #[test]
    fn a_preference_of_nobody_is_said() {
        let preference = "[[preference]]\ncontact = ['Els@gm1.example', 'jan@gm1.example']\nthen = 'daily'\n";
        let text = rule("a", "then = 'at_once'") + preference;
        assert_eq!(
            problems(&text),
            ["warning: line 6: preference: no contact has the address `jan@gm1.example`"]
        );
    }

    #[test]
    fn a_policy_that_matches_nothing_or_everything_is_warned_of() {
        assert_eq!(problems(""), ["warning: no rule is in force, so that everything is told at once"]);
        let ended = rule("a", "then = 'hold'\nwhen.kind = 'other'\nuntil = 2026-01-01");
        assert!(problems(&ended).iter().any(|problem| problem.contains("no rule is in force")));
        let all = rule("a", "then = 'suppress'\nuntil = 2027-01-01");
        assert!(problems(&all)[0].contains("keeps everything"), "{:?}", problems(&all));
        let critical = rule("a", "then = 'suppress'\nuntil = 2027-01-01\nwhen.severity = 'critical'");
        assert!(problems(&critical)[0].contains("suppresses what is critical"));
    }
}
