//! Possible data breaches: what may have been told to the wrong party, who received it, and what was decided.

use schakel_app::{
    breach::{self, Received, Shown},
    pipeline::state::register_view,
    portal::breaches,
    tell::Composer,
};
use schakel_store::{breaches as stored, register};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claims::DryRun;
use crate::rest::{
    call::Call,
    problem::{Problem, Where},
    route::{Nothing, Page},
    values::At,
};

/// A possible data breach.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Breach {
    /// Its number
    id: String,
    /// What it is about: F12, N3 or K1
    subject: String,
    reason: String,
    discovered_at: String,
    opened_at: String,
    opened_by: String,
    /// Until when it must be decided
    deadline_at: String,
    /// Seconds that are left; below zero it is overdue; without it, it is decided
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<i64>,
    /// `open`, `reported` or `not_reported`
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_reason: Option<String>,
}

impl From<Shown> for Breach {
    fn from(one: Shown) -> Self {
        Self {
            id: one.breach,
            subject: one.subject,
            reason: one.reason,
            discovered_at: one.discovered_at,
            opened_at: one.opened_at,
            opened_by: one.opened_by,
            deadline_at: one.deadline,
            seconds_left: one.seconds_left,
            decision: one.decision,
            closed_at: one.closed_at,
            closed_by: one.closed_by,
            closed_reason: one.closed_reason,
        }
    }
}

/// A mail that somebody may have read.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedMail {
    notification: String,
    /// The code of the organisation that it was for
    organisation: String,
    recipient: String,
    role: String,
    message_id: String,
    state: &'static str,
    /// When the other side took it
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<String>,
    /// How many findings it told
    findings: u64,
    /// Notices that take it back, and how many of each were sent
    recalled_by: Vec<String>,
}

impl From<Received> for ReceivedMail {
    fn from(one: Received) -> Self {
        Self {
            notification: one.notification,
            organisation: one.organisation,
            recipient: one.recipient,
            role: one.role,
            message_id: one.message_id,
            state: one.state,
            received_at: one.received_at,
            findings: one.findings,
            recalled_by: one.recalled_by.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A breach with who received what.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreachInFull {
    breach: Breach,
    received: Vec<ReceivedMail>,
}

/// `GET /breaches`
pub fn list(call: &Call, _: Nothing) -> Result<Page<Breach>, Problem> {
    let all = breaches::list(&call.reader, "", "", call.now)?.breaches;
    Ok(Page::all(all.into_iter().map(Breach::from).collect()))
}

fn in_full(call: &Call, number: u32) -> Result<BreachInFull, Problem> {
    let found = breaches::one(&call.reader, number, call.now)?.ok_or_else(Problem::not_found)?;
    let received = found.received.into_iter().map(|one| one.received.into()).collect();
    Ok(BreachInFull { breach: found.breach.into(), received })
}

/// `GET /breaches/{breach}`
pub fn one(call: &Call, _: Nothing) -> Result<BreachInFull, Problem> {
    in_full(call, call.number("breach", "B")?)
}

/// What may have been told to the wrong party.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewBreach {
    /// F12, N3 or K1
    #[schemars(length(min = 2, max = 20))]
    subject: String,
    /// Of a finding: the code of the only organisation that is meant; without it all that were told
    #[schemars(length(max = 200))]
    organisation: Option<String>,
    /// Without it now
    discovered_at: Option<At>,
    /// Why
    #[schemars(length(min = 1, max = 4000))]
    reason: String,
}

/// What was opened, or would be.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreachOpened {
    /// Nothing was opened
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    breach: Option<Breach>,
    /// Who received it, and is asked to delete it
    received: Vec<ReceivedMail>,
}

/// `POST /breaches`: asks everybody who received it to delete it, and starts the 72 hours.
pub fn open(call: &Call, query: DryRun, new: NewBreach) -> Result<BreachOpened, Problem> {
    let of = new.organisation.as_deref().unwrap_or_default();
    let unknown = || Problem::fault(Where::Body, "/subject", "unknown", "nothing of this name was told");
    let subject = breaches::subject(&call.reader, &new.subject, of)?.ok_or_else(unknown)?;
    if query.dry_run() {
        let leads = breach::leads(&call.reader, subject).map_err(Problem::refused)?;
        let names = call.reader.read(register::load_organisations_now)?;
        let received = breach::received_of(&call.reader, &names, &leads)?;
        let received = received.into_iter().map(ReceivedMail::from).collect();
        return Ok(BreachOpened { dry_run: true, breach: None, received });
    }
    let discovered = new.discovered_at.map_or(call.now, |at| at.0);
    let number = call.change(&new.reason, move |at_work, act| {
        let reader = at_work.reader;
        let view = register_view(reader, reader.read(register::version)?)?;
        let (config, templates, now) = (at_work.config, at_work.templates, at_work.clock.now());
        let composer = Composer { reader, view: &view, config, templates, now };
        breach::open(at_work.intake.store(), &composer, subject, discovered, &act)
    })?;
    let BreachInFull { breach, received } = in_full(call, number)?;
    Ok(BreachOpened { dry_run: false, breach: Some(breach), received })
}

/// What was decided.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionWord {
    // Without words of their own, for the schema to be a plain list.
    Reported,
    NotReported,
}

/// What was decided about a breach, and why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BreachDecision {
    /// Was it reported to the supervisor?
    decision: DecisionWord,
    /// Why
    #[schemars(length(min = 1, max = 4000))]
    reason: String,
}

/// `POST /breaches/{breach}/close`
pub fn close(call: &Call, _: Nothing, decided: BreachDecision) -> Result<BreachInFull, Problem> {
    let number: u32 = call.number("breach", "B")?;
    in_full(call, number)?;
    let decision = match decided.decision {
        DecisionWord::Reported => stored::Decision::Reported,
        DecisionWord::NotReported => stored::Decision::NotReported,
    };
    let is_closed = call.change(&decided.reason, move |at_work, act| {
        Ok(at_work.intake.store().close_breach(&act, number, decision)?)
    })?;
    match is_closed {
        true => in_full(call, number),
        false => Err(Problem::conflict("This was decided already.")),
    }
}
