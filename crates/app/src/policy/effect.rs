//! What a policy would have done with what came in, beside what the policy in force does with it. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schakel_model::{fate::Fate, ids::FindingId, ids::OrganisationId};
use schakel_rules::{
    confidential::Wish,
    policy::{Decision, Mode, Policy},
};
use schakel_store::{
    Reader,
    chunks::{self, Blocks, Chunk},
};
use serde::Serialize;

use crate::{
    events::target,
    explain::organisation_name,
    pipeline::{
        derive::{DerivedChunk, Deriver},
        state::RegisterView,
    },
    tell::facts::{OfChunk, Wanted, for_each_fact},
};

/// What two policies do with the same. The names of the fields are a contract.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Effect {
    /// Assignments that were looked at: what was new to an organisation that can be told.
    pub assignments: u64,
    /// Of those, for which the policies differ.
    pub different: u64,
    /// What each rule of the policy asked about does; rules without any stand there too.
    pub rules: Vec<RuleEffect>,
    /// What becomes something else, the most first.
    pub changes: Vec<Change>,
    /// By organisation: how many are told at once by each.
    pub organisations: Vec<OrganisationEffect>,
}

/// What one rule does.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct RuleEffect {
    /// Its number, from 1; 0 is no rule.
    pub rule: u32,
    /// Its name.
    pub name: String,
    /// How many assignments it decides.
    pub assignments: u64,
    /// Of how many organisations.
    pub organisations: u64,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// What becomes something else.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// What the policy in force does.
    pub from: String,
    /// What the other does.
    pub to: String,
    /// How many assignments.
    pub assignments: u64,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// An organisation for which something is different.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OrganisationEffect {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Told at once by the policy in force.
    pub at_once_before: u64,
    /// Told at once by the other.
    pub at_once_after: u64,
    /// Assignments.
    pub assignments: u64,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Example {
    /// `F12`
    pub finding: String,
    /// Whom it concerns.
    pub organisation: String,
    /// The identifier of its kind.
    pub kind: String,
    /// How bad.
    pub severity: &'static str,
    /// Where it is.
    pub target: String,
}

/// A question: what stands, and what is asked about.
pub struct Question<'a> {
    /// The policy in force.
    pub standing: &'a Policy,
    /// The other.
    pub other: &'a Policy,
    /// The register.
    pub view: &'a RegisterView,
    /// Examples of each group.
    pub examples: usize,
}

#[derive(Default)]
struct Tally {
    assignments: u64,
    organisations: BTreeSet<OrganisationId>,
    examples: Vec<Example>,
}

/// Was it decided by a policy, or did it never come to that?
fn can_be_told(fate: Fate) -> bool {
    matches!(
        fate,
        Fate::Queued | Fate::Notified | Fate::Digest | Fate::Undeliverable | Fate::Suppressed | Fate::Held
    )
}

/// Compares. Each chunk is decided as at the time it came in. `progress` hears how many rows were read.
pub fn effect(
    reader: &Reader,
    chunks: &[Chunk],
    question: &Question<'_>,
    progress: &mut dyn FnMut(u64),
) -> anyhow::Result<Effect> {
    let mut gathered = Gathered::default();
    let mut reading = (Deriver::new(Reader::open(reader.data())?)?, DerivedChunk::default());
    let words = question.standing.asks_for_words() || question.other.asks_for_words();
    let register = &question.view.register;
    let mut rows = 0;
    for chunk in chunks {
        rows += u64::from(chunk.rows);
        let mut blocks = reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(chunk.id)))?;
        blocks.retain(|block| can_be_told(block.fate));
        let told: Vec<_> = blocks
            .iter()
            .filter_map(|block| {
                let assignee = block.assignee?;
                let organisation = question.view.successors.at(assignee.organisation, chunk.committed_at);
                let code = organisation_name(register, organisation).0;
                Some((organisation, Wanted { assignee, code, findings: &block.findings }))
            })
            .collect();
        if !told.is_empty() {
            let (organisations, wanted): (Vec<_>, Vec<_>) = told.into_iter().unzip();
            let at = Timestamp::from_second(chunk.committed_at)?;
            let (standing, other) = (question.standing.at(at), question.other.at(at));
            let of = OfChunk::of(reader, chunk.clone())?;
            for_each_fact(reader, &of, &wanted, &mut reading, words, |at, row, facts| {
                let end = match wanted[at].assignee.end {
                    schakel_model::assignment::End::Source => &row.observation.source,
                    schakel_model::assignment::End::Target => &row.observation.target,
                };
                let example = || example(row.finding, facts, target(end));
                let decisions = (standing.decide(facts), other.decide(facts));
                gathered.count(question, organisations[at], decisions, &example);
            })?;
        }
        progress(rows);
    }
    Ok(gathered.effect(question))
}

#[derive(Default)]
struct Gathered {
    assignments: u64,
    rules: BTreeMap<u32, Tally>,
    changes: BTreeMap<(String, String), Tally>,
    /// Before, after, all.
    organisations: BTreeMap<OrganisationId, (u64, u64, u64)>,
}

impl Gathered {
    fn count(
        &mut self,
        question: &Question<'_>,
        organisation: OrganisationId,
        (before, after): (Decision, Decision),
        example: &dyn Fn() -> Example,
    ) {
        self.assignments += 1;
        self.rules.entry(after.rule).or_default().add(organisation, question.examples, example);
        let told = self.organisations.entry(organisation).or_default();
        told.0 += u64::from(is_at_once(before));
        told.1 += u64::from(is_at_once(after));
        told.2 += 1;
        let words = (outcome(question.standing, before), outcome(question.other, after));
        if words.0 != words.1 {
            self.changes.entry(words).or_default().add(organisation, question.examples, example);
        }
    }

    fn effect(self, question: &Question<'_>) -> Effect {
        let mut rules: Vec<RuleEffect> = Vec::new();
        let mut tallies = self.rules;
        for (rule, number) in question.other.rules.iter().zip(1..) {
            rules.push(rule_effect(number, &rule.name, tallies.remove(&number).unwrap_or_default()));
        }
        rules.extend(tallies.remove(&0).map(|tally| rule_effect(0, "no rule: at once", tally)));
        let mut changes: Vec<Change> = self
            .changes
            .into_iter()
            .map(|((from, to), tally)| Change {
                from,
                to,
                assignments: tally.assignments,
                examples: tally.examples,
            })
            .collect();
        changes.sort_by_key(|change| std::cmp::Reverse(change.assignments));
        let organisations = self.organisations.into_iter().filter(|(_, (before, after, _))| before != after);
        Effect {
            assignments: self.assignments,
            different: changes.iter().map(|change| change.assignments).sum(),
            rules,
            changes,
            organisations: organisations
                .map(|(id, (before, after, all))| {
                    let (code, name) = organisation_name(&question.view.register, id);
                    OrganisationEffect {
                        code: code.to_owned(),
                        name: name.to_owned(),
                        at_once_before: before,
                        at_once_after: after,
                        assignments: all,
                    }
                })
                .collect(),
        }
    }
}

impl Tally {
    fn add(&mut self, organisation: OrganisationId, examples: usize, example: &dyn Fn() -> Example) {
        self.assignments += 1;
        self.organisations.insert(organisation);
        if self.examples.len() < examples {
            self.examples.push(example());
        }
    }
}

fn rule_effect(rule: u32, name: &str, tally: Tally) -> RuleEffect {
    RuleEffect {
        rule,
        name: name.to_owned(),
        assignments: tally.assignments,
        organisations: tally.organisations.len() as u64,
        examples: tally.examples,
    }
}

fn is_at_once(decision: Decision) -> bool {
    decision.action == schakel_rules::policy::Action::AtOnce && decision.mode == Mode::Live
}

/// What happens to it, in words: `daily 09:00`, `at once to vcib, encrypted`, `at once, in shadow`.
pub fn outcome(policy: &Policy, decision: Decision) -> String {
    let mut words = decision.action.to_string();
    if decision.recipient != 0 {
        let roles: Vec<&str> = policy.roles(decision.recipient).iter().map(|role| role.as_str()).collect();
        words += &format!(" to {}", roles.join(" or "));
    }
    if decision.wish == Wish::Confidential {
        words += ", encrypted";
    }
    match decision.mode {
        Mode::Live => words,
        mode => format!("{words}, {}", mode.as_str()),
    }
}

fn example(finding: FindingId, facts: &schakel_rules::policy::Facts<'_>, target: String) -> Example {
    Example {
        finding: format!("F{finding}"),
        organisation: facts.organisation.to_owned(),
        kind: facts.identifier.to_owned(),
        severity: facts.severity.as_str(),
        target,
    }
}
