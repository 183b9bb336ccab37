//! Which finding is told when, to whom of an organisation, and whether at all: rules in order, of which the first that matches wins.
//!
//! A policy is one TOML document. [`Policy::parse`] reads it, [`Policy::at`] takes it as it stands at one time, and
//! [`InForce::decide`] decides one finding for one organisation. All of it is pure. Whatever no rule matches is told at once: a policy can
//! be wrong, but it loses nothing.
//!
//! - [`document`](self): the sections as they are written; [`condition`]: `when`; [`rhythm`]: hourly, daily, weekly
//! - `following`: the sections about what was told (calendars, ladders, reminders, deadlines)
//! - [`trial`]: trial operation; [`check`]: mistakes that a document can have

use std::fmt;

use jiff::{
    Timestamp,
    civil::{Date, Time},
};
use schakel_model::{register::ContactRole, severity::Severity};

pub use self::{
    calendars::Calendars,
    condition::{Field, When},
    facts::{Facts, cves, tags},
    following::{Deadline, Starts},
    problem::{Problem, Weight},
    rhythm::{Days, Rhythm},
    trial::{Mode, Trial},
};
use crate::{follow_up::Reminders, ladder::Ladders, recipients::ROLES};

mod calendars;
pub mod check;
pub mod condition;
mod document;
mod facts;
mod following;
mod problem;
pub mod rhythm;
pub mod trial;

/// The document that holds while an installation has none.
pub const BUILT_IN: &str = include_str!("policy/default.toml");

/// When something that is grouped is told, unless the rule says it.
const DEFAULT_AT: Time = Time::constant(9, 0, 0, 0);

/// What becomes of a finding that is new to an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Told now.
    AtOnce,
    /// Told together with others.
    Grouped(Rhythm),
    /// Not told until the desk releases it, or the policy says otherwise.
    Hold,
    /// Not told while the rule holds.
    Suppress,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtOnce => f.write_str("at once"),
            Self::Grouped(rhythm) => rhythm.fmt(f),
            Self::Hold => f.write_str("hold"),
            Self::Suppress => f.write_str("suppress"),
        }
    }
}

/// A rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Where it stands in the document, from 1.
    pub line: usize,
    /// What it is called.
    pub name: String,
    /// Who answers for it.
    pub owner: String,
    /// Why it is there.
    pub reason: String,
    /// From this day on, in Europe/Amsterdam, it no longer matches.
    pub until: Option<Date>,
    /// When it matches.
    pub when: When,
    /// What it does.
    pub then: Action,
    /// Do preferences of recipients not change what it does?
    pub fixed: bool,
}

/// What an organisation prefers, for low and medium.
#[derive(Clone, PartialEq, Debug)]
pub struct Preference {
    /// Where it stands in the document, from 1.
    pub line: usize,
    /// For what; always names organisations.
    pub when: When,
    /// Why, or who asked for it.
    pub reason: String,
    /// How it would rather be told.
    pub then: Rhythm,
}

/// To which roles something goes.
#[derive(Clone, PartialEq, Debug)]
pub struct Recipient {
    /// Where it stands in the document, from 1.
    pub line: usize,
    /// For what.
    pub when: When,
    /// The roles, the first that has somebody who may receive it.
    pub roles: Vec<ContactRole>,
}

/// A policy.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// What recipients prefer.
    pub preferences: Vec<Preference>,
    /// Who of an organisation is told what.
    pub recipients: Vec<Recipient>,
    /// Trial operation.
    pub trials: Vec<Trial>,
    /// What its rules call a time.
    pub calendars: Calendars,
    /// Whom to turn to while nobody reacts.
    pub ladders: Ladders,
    /// When what was told is told again, or closed.
    pub reminders: Reminders,
    /// Until when the worst must be dealt with.
    pub deadline: Deadline,
}

/// Why an action is as it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Because {
    /// The rule says so.
    Rule,
    /// The rule groups, but does not name critical, and it is critical.
    Critical,
    /// The recipient prefers it (number of the preference, from 1).
    Preference(u32),
}

/// What is decided about one finding for one organisation. Numbers count from 1; 0 is none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Decision {
    /// What becomes of it.
    pub action: Action,
    /// The rule that won.
    pub rule: u32,
    /// Why the action is not the rule's own.
    pub because: Because,
    /// Is it sent, or only tried?
    pub mode: Mode,
    /// The line of the trial operation that says so.
    pub trial: u32,
    /// Is the first load of its source and kind kept?
    pub baseline: bool,
    /// The line of the table of recipients that says who is told.
    pub recipient: u32,
}

/// Why an earlier rule did not win.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passed {
    /// Its end has come.
    Ended(Date),
    /// This condition does not hold.
    Not(Field),
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(until) => write!(f, "ended on {until}"),
            Self::Not(field) => write!(f, "another {field}"),
        }
    }
}

/// A policy as it stands at one time.
pub struct InForce<'p> {
    policy: &'p Policy,
    /// Of each rule: may it match now?
    rules: Vec<Option<Passed>>,
    preferences: Vec<bool>,
    recipients: Vec<bool>,
    trials: Vec<bool>,
}

impl Policy {
    /// Reads a document; gives everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let document = document::read(text).map_err(|problem| vec![problem])?;
        let mut problems = Vec::new();
        let mut policy = Self::default();
        for calendar in &document.calendar {
            let line = document::line_at(text, calendar.span().start);
            following::read_calendar(calendar.get_ref(), line, &mut policy.calendars, &mut problems);
        }
        for ladder in &document.ladder {
            let line = document::line_at(text, ladder.span().start);
            let ladders = (&policy.calendars, &mut policy.ladders);
            following::read_ladder(ladder.get_ref(), line, ladders, &mut problems);
        }
        policy.reminders = following::read_reminders(&document.reminders, &mut problems);
        policy.deadline = following::read_deadline(&document.deadline, &mut problems);
        for (rule, number) in document.rule.iter().zip(1..) {
            let line = document::line_at(text, rule.span().start);
            policy.rules.push(read_rule(rule.get_ref(), number, line, &mut problems));
        }
        for (preference, number) in document.preference.iter().zip(1..) {
            let line = document::line_at(text, preference.span().start);
            policy.preferences.extend(read_preference(preference.get_ref(), number, line, &mut problems));
        }
        for (recipient, number) in document.recipient.iter().zip(1..) {
            let line = document::line_at(text, recipient.span().start);
            policy.recipients.push(read_recipient(recipient.get_ref(), number, line, &mut problems));
        }
        for (trial, number) in document.trial.iter().zip(1..) {
            let line = document::line_at(text, trial.span().start);
            policy.trials.extend(trial::read(trial.get_ref(), number, line, &mut problems));
        }
        if problems.is_empty() { Ok(policy) } else { Err(problems) }
    }

    /// As it stands at this time.
    pub fn at(&self, at: Timestamp) -> InForce<'_> {
        let today = at.to_zoned(rhythm::amsterdam()).date();
        let in_time = |when: &When| when.is_in_time(at, &self.calendars);
        let passed = |rule: &Rule| match rule.until {
            Some(until) if today >= until => Some(Passed::Ended(until)),
            _ => (!in_time(&rule.when)).then_some(Passed::Not(Field::Time)),
        };
        InForce {
            policy: self,
            rules: self.rules.iter().map(passed).collect(),
            preferences: self.preferences.iter().map(|one| in_time(&one.when)).collect(),
            recipients: self.recipients.iter().map(|one| in_time(&one.when)).collect(),
            trials: self.trials.iter().map(|one| in_time(&one.when)).collect(),
        }
    }

    /// The rule of a decision.
    pub fn rule(&self, number: u32) -> Option<&Rule> {
        self.rules.get((number as usize).checked_sub(1)?)
    }

    /// The roles that are told, by the line of the table of recipients; as ever without one.
    pub fn roles(&self, recipient: u32) -> &[ContactRole] {
        let line = (recipient as usize).checked_sub(1).and_then(|at| self.recipients.get(at));
        line.map_or(&ROLES, |line| &line.roles)
    }

    /// Does it decide the same about everything: told at once, to the usual roles?
    pub fn tells_everything_at_once(&self) -> bool {
        let first_says_so = self.rules.first().is_none_or(|rule| {
            rule.then == Action::AtOnce && rule.until.is_none() && rule.when == When::default()
        });
        first_says_so && self.preferences.is_empty() && self.recipients.is_empty() && self.trials.is_empty()
    }

    /// Does any section ask for tags or vulnerabilities? They stand in a row only.
    pub fn asks_for_words(&self) -> bool {
        self.conditions().any(|(when, ..)| when.asks_for_words())
    }

    /// When what a decision holds or suppresses is to be decided again: the rule ends, or an hour is over and a rule asks the time.
    pub fn decided_again_at(&self, decision: Decision, at: Timestamp) -> Option<Timestamp> {
        let asked = if decision.rule == 0 { self.rules.len() } else { decision.rule as usize };
        let asks_the_time = self.rules[..asked].iter().any(|rule| rule.when.time().is_some());
        let next_hour = asks_the_time.then(|| Rhythm::Hourly.next(at, &self.calendars));
        let ends = self.rule(decision.rule).and_then(|rule| {
            let midnight = rule.until?.to_datetime(Time::midnight());
            rhythm::amsterdam().to_ambiguous_timestamp(midnight).compatible().ok()
        });
        next_hour.into_iter().chain(ends).min()
    }

    /// Every section's conditions.
    fn conditions(&self) -> impl Iterator<Item = (&When, usize, String)> {
        let section = |name: &str, number: usize| format!("{name} {number}");
        let rules = self
            .rules
            .iter()
            .enumerate()
            .map(|(at, rule)| (&rule.when, rule.line, rule_section(at as u32 + 1, &rule.name)));
        let preferences = (1..).zip(&self.preferences);
        let recipients = (1..).zip(&self.recipients);
        let trials = (1..).zip(&self.trials);
        rules
            .chain(preferences.map(move |(at, one)| (&one.when, one.line, section("preference", at))))
            .chain(recipients.map(move |(at, one)| (&one.when, one.line, section("recipient", at))))
            .chain(trials.map(move |(at, one)| (&one.when, one.line, section("trial", at))))
    }
}

impl InForce<'_> {
    /// Decides.
    pub fn decide(&self, facts: &Facts<'_>) -> Decision {
        let policy = self.policy;
        let mut rules = self.rules.iter().zip(&policy.rules);
        let won = rules.position(|(passed, rule)| passed.is_none() && rule.when.obstacle(facts).is_none());
        let trial = first(&self.trials, policy.trials.iter().map(|trial| &trial.when), facts);
        let told = trial.and_then(|at| policy.trials.get(at));
        let (action, because) = self.action(won, facts);
        Decision {
            action,
            rule: won.map_or(0, |at| at as u32 + 1),
            because,
            mode: told.map_or(Mode::Live, |trial| trial.mode),
            trial: trial.map_or(0, |at| at as u32 + 1),
            baseline: told.is_some_and(|trial| trial.baseline),
            recipient: first(&self.recipients, policy.recipients.iter().map(|one| &one.when), facts)
                .map_or(0, |at| at as u32 + 1),
        }
    }

    fn action(&self, won: Option<usize>, facts: &Facts<'_>) -> (Action, Because) {
        let Some(rule) = won.map(|at| &self.policy.rules[at]) else { return (Action::AtOnce, Because::Rule) };
        let is_grouped = matches!(rule.then, Action::Grouped(_));
        if is_grouped && facts.severity == Severity::Critical && !rule.when.names_critical() {
            return (Action::AtOnce, Because::Critical);
        }
        let rank = match rule.then {
            Action::AtOnce => 0,
            Action::Grouped(rhythm) => rhythm.rank(),
            Action::Hold | Action::Suppress => return (rule.then, Because::Rule),
        };
        if rule.fixed || facts.severity > Severity::Medium {
            return (rule.then, Because::Rule);
        }
        let preferences = &self.policy.preferences;
        let preferred = first(&self.preferences, preferences.iter().map(|one| &one.when), facts);
        match preferred {
            Some(at) if preferences[at].then.rank() > rank => {
                (Action::Grouped(preferences[at].then), Because::Preference(at as u32 + 1))
            }
            _ => (rule.then, Because::Rule),
        }
    }

    /// Why each rule before the one that won did not: its number, and the condition that does not hold.
    pub fn passed(&self, facts: &Facts<'_>) -> Vec<(u32, Passed)> {
        let rules = self.rules.iter().zip(&self.policy.rules).zip(1..);
        rules
            .map_while(|((passed, rule), number)| {
                Some((number, passed.or_else(|| rule.when.obstacle(facts).map(Passed::Not))?))
            })
            .collect()
    }
}

fn first<'a>(
    standing: &[bool],
    conditions: impl Iterator<Item = &'a When>,
    facts: &Facts<'_>,
) -> Option<usize> {
    standing.iter().zip(conditions).position(|(stands, when)| *stands && when.obstacle(facts).is_none())
}

fn rule_section(number: u32, name: &str) -> String {
    format!("rule {number} ({name})")
}

fn read_rule(rule: &document::Rule, number: u32, line: usize, problems: &mut Vec<Problem>) -> Rule {
    let section = rule_section(number, &rule.name);
    let when = When::read(&rule.when, Some(line), &section, problems);
    let mut wrong = |text: String| problems.push(Problem::error(Some(line), &section, text));
    for (key, text) in [("name", &rule.name), ("owner", &rule.owner), ("reason", &rule.reason)] {
        if text.trim().is_empty() {
            wrong(format!("`{key}` is empty"));
        }
    }
    let until = rule.until.as_ref().and_then(|until| {
        let day = until.text().parse::<Date>();
        day.map_err(|_| wrong(format!("`until = {}` is no day: write 2027-01-31", until.text()))).ok()
    });
    if rule.then == "suppress" && rule.until.is_none() {
        wrong("a rule that suppresses needs an end: add `until = \"2027-01-31\"`".to_owned());
    }
    let mut wrong = |text: &str| problems.push(Problem::error(Some(line), &section, text));
    let (at, days, on) = (rule.at.as_ref(), rule.days.as_deref(), rule.on.as_deref());
    let then = match rule.then.as_str() {
        "at_once" => Some(Action::AtOnce),
        "hold" => Some(Action::Hold),
        "suppress" => Some(Action::Suppress),
        _ => None,
    };
    let then = match then {
        Some(_) if at.is_some() || days.is_some() || on.is_some() => {
            wrong("`at`, `days` and `on` belong to daily and weekly only");
            Action::AtOnce
        }
        Some(then) => then,
        None => read_rhythm(&rule.then, (at, days, on), &mut wrong).map_or(Action::AtOnce, Action::Grouped),
    };
    Rule {
        line,
        name: rule.name.clone(),
        owner: rule.owner.clone(),
        reason: rule.reason.clone(),
        until,
        when,
        then,
        fixed: rule.fixed,
    }
}

/// `at`, `days` and `on` as they are written.
type Written<'a> = (Option<&'a document::Moment>, Option<&'a str>, Option<&'a str>);

fn read_rhythm(then: &str, (at, days, on): Written<'_>, wrong: &mut dyn FnMut(&str)) -> Option<Rhythm> {
    let time = match at.map(document::Moment::text) {
        None => DEFAULT_AT,
        Some(text) => match text.parse::<Time>() {
            Ok(time) => time,
            Err(_) => {
                wrong(&format!("`at = {text}` is no time of the day: write \"09:00\""));
                return None;
            }
        },
    };
    let days = match days {
        None | Some("every") => Days::Every,
        Some("working") => Days::Working,
        Some(other) => {
            wrong(&format!("`days = {other}`: use every or working"));
            return None;
        }
    };
    let weekday = match on {
        None => jiff::civil::Weekday::Monday,
        Some(word) => match rhythm::weekday(word) {
            Some(day) => day,
            None => {
                wrong(&format!("`on = {word}` is no day of the week: use monday to sunday"));
                return None;
            }
        },
    };
    match then {
        "hourly" if at.is_none() && days == Days::Every && on.is_none() => Some(Rhythm::Hourly),
        "daily" if on.is_none() => Some(Rhythm::Daily(days, time)),
        "weekly" if days == Days::Every => Some(Rhythm::Weekly(weekday, time)),
        "hourly" | "daily" | "weekly" => {
            wrong("hourly takes no time; daily takes `at` and `days`; weekly takes `on` and `at`");
            None
        }
        other => {
            wrong(&format!("`then = {other}`: use at_once, hourly, daily, weekly, hold or suppress"));
            None
        }
    }
}

fn read_preference(
    preference: &document::Preference,
    number: u32,
    line: usize,
    problems: &mut Vec<Problem>,
) -> Option<Preference> {
    let section = format!("preference {number}");
    if preference.when.organisation.is_some() {
        let text = "the organisation stands beside `when`, not in it";
        problems.push(Problem::error(Some(line), &section, text));
    }
    let own = document::When {
        organisation: Some(document::Words(preference.organisation.0.clone())),
        ..Default::default()
    };
    let own = When::read(&own, Some(line), &section, problems);
    let when = When::read(&preference.when, Some(line), &section, problems).of_organisations(own);
    let mut wrong = |text: &str| problems.push(Problem::error(Some(line), &section, text));
    if ["at_once", "hold", "suppress"].contains(&preference.then.as_str()) {
        wrong(
            "a recipient can prefer hourly, daily or weekly: what is told at once, or not at all, is for the rules",
        );
        return None;
    }
    let written = (preference.at.as_ref(), preference.days.as_deref(), preference.on.as_deref());
    let then = read_rhythm(&preference.then, written, &mut wrong)?;
    Some(Preference { line, when, reason: preference.reason.clone(), then })
}

fn read_recipient(
    recipient: &document::Recipient,
    number: u32,
    line: usize,
    problems: &mut Vec<Problem>,
) -> Recipient {
    let section = format!("recipient {number}");
    let when = When::read(&recipient.when, Some(line), &section, problems);
    let mut roles = Vec::new();
    for word in &recipient.role.0 {
        match word.parse::<ContactRole>() {
            Ok(role) if ROLES.contains(&role) => roles.push(role),
            _ => {
                let text = format!("`role = {word}`: findings go to findings, vcib or acib");
                problems.push(Problem::error(Some(line), &section, text));
            }
        }
    }
    if recipient.role.0.is_empty() {
        problems.push(Problem::error(Some(line), &section, "`role` names nobody"));
    }
    Recipient { line, when, roles }
}

#[cfg(test)]
mod tests;
