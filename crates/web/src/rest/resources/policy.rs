//! The rules for telling: what stands, what another document would do, and putting it in force. It is tried before it holds.

use std::collections::BTreeMap;

use anyhow::Context;
use schakel_app::{
    policy::{
        self,
        effect::{Effect, Example},
        release,
    },
    portal::rules::effect_of,
    whatif::{EXAMPLES_MAX, Span},
};
use schakel_store::policy as stored;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{claims::DryRun, register_changes::Because, what_ifs};
use crate::rest::{
    call::Call,
    problem::{Fault, Problem, Where},
    route::{Nothing, Page},
    values::At,
};

/// Without a time what came in within this many seconds: a day.
const SECONDS: i64 = 86_400;

/// The rules for telling.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// 0 is the built-in one
    version: u32,
    /// The document (TOML)
    text: String,
    /// How many assignments it keeps from being told, by why
    kept: BTreeMap<&'static str, u64>,
}

/// `GET /policy`
pub fn policy(call: &Call, _: Nothing) -> Result<Policy, Problem> {
    let in_force = policy::in_force(&call.reader)?;
    let kept = release::counts(&call.reader)?.into_iter().map(|(keeps, count)| (keeps.as_str(), count));
    Ok(Policy { version: in_force.version, text: in_force.text, kept: kept.collect() })
}

/// Somebody changed something, when and why.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedAt {
    version: u32,
    at: At,
    actor: String,
    reason: String,
}

impl ChangedAt {
    /// With these fields.
    pub fn new(version: u32, at: i64, actor: String, reason: String) -> Self {
        Self { version, at: At(at), actor, reason }
    }
}

/// `GET /policy-versions`
pub fn versions(call: &Call, _: Nothing) -> Result<Page<ChangedAt>, Problem> {
    let history = call.reader.read(stored::history)?.into_iter();
    let shown = history.map(|one| ChangedAt::new(one.version, one.at, one.actor, one.reason));
    Ok(Page::all(shown.collect()))
}

/// A document to be tried.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PolicyDocument {
    /// The document (TOML)
    #[schemars(length(max = 200000))]
    text: String,
}

/// What is wrong with a document.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// Could it be put in force?
    usable: bool,
    /// What to look at, a sentence each
    problems: Vec<String>,
}

/// `POST /policy/check`. Nothing is kept.
pub fn check(call: &Call, _: Nothing, document: PolicyDocument) -> Result<Tried, Problem> {
    let problems = policy::problems(&call.reader, &document.text, call.rest.clock.now())?;
    Ok(Tried {
        usable: policy::is_usable(&problems),
        problems: problems.iter().map(ToString::to_string).collect(),
    })
}

/// A document, and what came in that it is tried on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PolicyQuestion {
    /// The document (TOML)
    #[schemars(length(max = 200000))]
    text: String,
    /// What came in since this time; without it the last day
    since_at: Option<At>,
    /// Examples of each group, at most
    #[schemars(range(min = 0, max = 100))]
    examples: Option<u32>,
}

/// What a document would have done with what came in, beside the one in force.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyEffect {
    /// The version in force that it is compared with
    version: u32,
    /// Assignments that were looked at
    assignments: u64,
    /// Those of them that are decided differently
    different: u64,
    /// What each rule of the document does; 0 is no rule
    rules: Vec<RuleEffect>,
    /// What becomes something else, the most first
    changes: Vec<PolicyChange>,
    /// For whom something is different
    organisations: Vec<OrganisationEffect>,
}

/// What a rule does.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleEffect {
    rule: u32,
    name: String,
    assignments: u64,
    organisations: u64,
    examples: Vec<PolicyExample>,
}

/// What becomes something else.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyChange {
    from: String,
    to: String,
    assignments: u64,
    examples: Vec<PolicyExample>,
}

/// How many an organisation is told at once, by each.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationEffect {
    organisation: String,
    organisation_name: String,
    at_once_before: u64,
    at_once_after: u64,
    assignments: u64,
}

/// One finding.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyExample {
    finding: String,
    organisation: String,
    kind: String,
    severity: &'static str,
    target: String,
}

/// `POST /policy/effect`. Nothing is kept.
pub fn effect(call: &Call, _: Nothing, question: PolicyQuestion) -> Result<PolicyEffect, Problem> {
    let other =
        schakel_rules::policy::Policy::parse(&question.text).map_err(|problems| refused(&problems))?;
    let _one = what_ifs::one_at_a_time(call)?;
    let standing = policy::in_force(&call.reader)?;
    let since = question.since_at.map_or(call.now - SECONDS, |at| at.0);
    let examples = question.examples.map_or(3, |examples| examples as usize).min(EXAMPLES_MAX);
    let found = effect_of(&call.reader, &standing.policy, &other, Span::Since(since), examples)?;
    Ok(shown(standing.version, found))
}

fn shown(version: u32, effect: Effect) -> PolicyEffect {
    PolicyEffect {
        version,
        assignments: effect.assignments,
        different: effect.different,
        rules: effect
            .rules
            .into_iter()
            .map(|one| RuleEffect {
                rule: one.rule,
                name: one.name,
                assignments: one.assignments,
                organisations: one.organisations,
                examples: examples(one.examples),
            })
            .collect(),
        changes: effect
            .changes
            .into_iter()
            .map(|one| PolicyChange {
                from: one.from,
                to: one.to,
                assignments: one.assignments,
                examples: examples(one.examples),
            })
            .collect(),
        organisations: effect
            .organisations
            .into_iter()
            .map(|one| OrganisationEffect {
                organisation: one.code,
                organisation_name: one.name,
                at_once_before: one.at_once_before,
                at_once_after: one.at_once_after,
                assignments: one.assignments,
            })
            .collect(),
    }
}

fn examples(all: Vec<Example>) -> Vec<PolicyExample> {
    let shown = |one: Example| PolicyExample {
        finding: one.finding,
        organisation: one.organisation,
        kind: one.kind,
        severity: one.severity,
        target: one.target,
    };
    all.into_iter().map(shown).collect()
}

/// Each problem of a document that cannot be put in force.
fn refused(problems: &[schakel_rules::policy::Problem]) -> Problem {
    let fault = |problem: &schakel_rules::policy::Problem| Fault {
        r#in: Where::Body,
        location: "/text".to_owned(),
        code: "rule",
        detail: problem.to_string(),
    };
    Problem::unusable("This document cannot be put in force.", problems.iter().map(fault).collect())
}

/// A document to be put in force.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewPolicy {
    /// The document (TOML)
    #[schemars(length(max = 200000))]
    text: String,
    /// The version in force that it was tried beside: when it is another by now, nothing is done
    version: Option<u32>,
    /// Why
    #[schemars(length(min = 1, max = 4000))]
    reason: String,
}

/// What is in force.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicySet {
    /// Nothing was kept
    dry_run: bool,
    /// The version in force
    version: u32,
    /// What to look at all the same, a sentence each
    problems: Vec<String>,
}

/// `POST /policy`
pub fn set(call: &Call, query: DryRun, new: NewPolicy) -> Result<PolicySet, Problem> {
    let dry_run = query.dry_run();
    let set = call.change(&new.reason, move |at_work, act| {
        let standing = stored_version(at_work.reader)?;
        if new.version.is_some_and(|version| version != standing) {
            return Ok(Err(Problem::conflict(
                "The policy was changed meanwhile. Try yours beside the new one.",
            )));
        }
        let problems = policy::problems(at_work.reader, &new.text, at_work.clock.now())?;
        if !policy::is_usable(&problems) {
            return Ok(Err(refused(&problems)));
        }
        let version = if dry_run { standing } else { at_work.intake.store().set_policy(&act, &new.text)? };
        Ok(Ok((version, problems)))
    })?;
    let (version, problems) = set?;
    Ok(PolicySet { dry_run, version, problems: problems.iter().map(ToString::to_string).collect() })
}

fn stored_version(reader: &schakel_store::Reader) -> anyhow::Result<u32> {
    Ok(reader.read(stored::newest).context("the policy in force")?.map_or(0, |newest| newest.version))
}

/// `POST /policy/undo`
pub fn undo(call: &Call, _: Nothing, because: Because) -> Result<PolicySet, Problem> {
    let (_, version) =
        call.change(because.reason(), |at_work, act| policy::undo(at_work.intake.store(), &act))?;
    Ok(PolicySet { dry_run: false, version, problems: Vec::new() })
}
