//! Which finding is told when, to whom of an organisation, and whether at all: rules in order, of which the first that matches wins.
//!
//! A policy is one TOML document. [`Policy::parse`] reads it, [`Policy::at`] takes it as it stands at one time, and
//! [`InForce::decide`] decides one finding for one organisation. All of it is pure. Whatever no rule matches is told at once: a policy can
//! be wrong, but it loses nothing.
//!
//! - `document`: the sections as they are written; `reading`: what they mean; [`condition`]: `when`; [`rhythm`]: hourly, daily, weekly
//! - `following`: the sections about what was told (calendars, ladders, reminders, deadlines)
//! - `preference`: what recipients prefer
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
    facts::{Facts, tags},
    following::{Deadline, Starts},
    preference::{ContactPreference, Preference},
    problem::{Problem, Weight},
    rhythm::{Days, Rhythm},
    trial::{Mode, Trial},
};
use crate::{confidential::Wish, follow_up::Reminders, ladder::Ladders, recipients::ROLES};

mod calendars;
pub mod check;
pub mod condition;
mod document;
mod facts;
mod following;
mod preference;
mod problem;
mod reading;
pub mod rhythm;
pub mod trial;
pub mod wrong;

/// The document that holds while an installation has none.
pub const BUILT_IN: &str = include_str!("policy/default.toml");

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

impl Action {
    /// How long something may wait that is told, for comparing.
    pub fn rank(self) -> u8 {
        match self {
            Self::Grouped(rhythm) => rhythm.rank(),
            Self::AtOnce | Self::Hold | Self::Suppress => 0,
        }
    }
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
    /// Is what it tells confidential, whatever its marking?
    pub encrypt: bool,
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
    /// Is it confidential, whatever its marking?
    pub encrypt: bool,
}

/// A policy.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// What organisations prefer.
    pub preferences: Vec<Preference>,
    /// What single contacts prefer.
    pub contact_preferences: Vec<ContactPreference>,
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
    /// May a contact prefer to be told later?
    pub may_wait: bool,
    /// Is it sent, or only tried?
    pub mode: Mode,
    /// The line of the trial operation that says so.
    pub trial: u32,
    /// Is the first load of its source and kind kept?
    pub baseline: bool,
    /// The line of the table of recipients that says who is told.
    pub recipient: u32,
    /// Does the rule, or that line, ask for more than the marking does?
    pub wish: Wish,
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
            policy.rules.push(reading::read_rule(rule.get_ref(), number, line, &mut problems));
        }
        for (preference, number) in document.preference.iter().zip(1..) {
            let line = document::line_at(text, preference.span().start);
            let read = preference::read(preference.get_ref(), number, line, &mut problems);
            match read {
                Some(preference::Preferred::ByOrganisation(read)) => policy.preferences.push(read),
                Some(preference::Preferred::ByContact(read)) => policy.contact_preferences.push(read),
                None => {}
            }
        }
        for (recipient, number) in document.recipient.iter().zip(1..) {
            let line = document::line_at(text, recipient.span().start);
            policy.recipients.push(reading::read_recipient(recipient.get_ref(), number, line, &mut problems));
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
            rule.then == Action::AtOnce
                && !rule.encrypt
                && rule.until.is_none()
                && rule.when == When::default()
        });
        first_says_so
            && self.preferences.is_empty()
            && self.contact_preferences.is_empty()
            && self.recipients.is_empty()
            && self.trials.is_empty()
    }

    /// Does any section ask for encryption?
    pub fn asks_for_encryption(&self) -> bool {
        self.rules.iter().any(|rule| rule.encrypt) || self.recipients.iter().any(|line| line.encrypt)
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
        let rule = won.map(|at| &policy.rules[at]);
        let may_wait = rule.is_some_and(|rule| preference::may_wait(rule, facts));
        let (action, because) = self.action(won, facts);
        let recipient = first(&self.recipients, policy.recipients.iter().map(|one| &one.when), facts);
        let encrypt = rule.is_some_and(|rule| rule.encrypt)
            || recipient.is_some_and(|at| policy.recipients[at].encrypt);
        Decision {
            action,
            rule: won.map_or(0, |at| at as u32 + 1),
            because,
            may_wait,
            mode: told.map_or(Mode::Live, |trial| trial.mode),
            trial: trial.map_or(0, |at| at as u32 + 1),
            baseline: told.is_some_and(|trial| trial.baseline),
            recipient: recipient.map_or(0, |at| at as u32 + 1),
            wish: if encrypt { Wish::Confidential } else { Wish::ByMarking },
        }
    }

    fn action(&self, won: Option<usize>, facts: &Facts<'_>) -> (Action, Because) {
        let Some(rule) = won.map(|at| &self.policy.rules[at]) else { return (Action::AtOnce, Because::Rule) };
        let is_grouped = matches!(rule.then, Action::Grouped(_));
        if is_grouped && facts.severity == Severity::Critical && !rule.when.names_critical() {
            return (Action::AtOnce, Because::Critical);
        }
        if !preference::may_wait(rule, facts) {
            return (rule.then, Because::Rule);
        }
        let preferences = &self.policy.preferences;
        let preferred = first(&self.preferences, preferences.iter().map(|one| &one.when), facts);
        match preferred {
            Some(at) if preferences[at].then.rank() > rule.then.rank() => {
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

#[cfg(test)]
mod tests;
