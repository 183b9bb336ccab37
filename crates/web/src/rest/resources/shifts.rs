//! One shift of the desk hands over to the next.

use std::collections::BTreeMap;

use schakel_app::portal::shift::{self, Accepted};
use schakel_model::severity::Severity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::desk::Empty;
use crate::rest::{
    call::Call,
    problem::Problem,
    route::{Nothing, Page},
    values::At,
};

/// What is open, promised and due.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShiftSums {
    /// Open findings at organisations, by severity
    open: BTreeMap<&'static str, u64>,
    /// Findings that somebody works on, or passed on
    promised: u64,
    /// Those of them whose term ends within a day, or has ended
    promised_due: u64,
    /// Deadlines within a day, or passed
    deadlines: u64,
    questions: u64,
    /// Organisations to call
    calls: u64,
    /// Reports to be vetted
    vetting: u64,
    /// Answers to be decided
    answers: u64,
}

impl From<shift::Sums> for ShiftSums {
    fn from(sums: shift::Sums) -> Self {
        Self {
            open: Severity::ALL.iter().map(|one| one.as_str()).zip(sums.open).collect(),
            promised: sums.promised,
            promised_due: sums.promised_due,
            deadlines: sums.deadlines,
            questions: sums.questions,
            calls: sums.calls,
            vetting: sums.vetting,
            answers: sums.answers,
        }
    }
}

/// What was handed over.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    id: i64,
    at: At,
    actor: String,
    text: String,
    /// As it stood then
    sums: ShiftSums,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_at: Option<At>,
    #[serde(skip_serializing_if = "String::is_empty")]
    accepted_by: String,
}

/// `GET /shift-sums`: now.
pub fn sums(call: &Call, _: Nothing) -> Result<ShiftSums, Problem> {
    Ok(shift::sums(&call.reader, call.now)?.into())
}

/// `GET /shifts`
pub fn list(call: &Call, _: Nothing) -> Result<Page<Shift>, Problem> {
    let shifts = shift::page(&call.reader, call.actor.name(), call.now)?.shifts.into_iter();
    let shown = shifts.map(|one| Shift {
        id: one.id,
        at: At(one.at),
        actor: one.actor,
        text: one.text,
        sums: one.sums.into(),
        accepted_at: one.accepted_at.map(At),
        accepted_by: one.accepted_by,
    });
    Ok(Page::all(shown.collect()))
}

/// What is handed over.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewShift {
    /// What the next one has to know
    #[schemars(length(min = 1, max = 20000))]
    text: String,
}

/// Which it is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfShift {
    id: i64,
}

/// `POST /shifts`
pub fn hand_over(call: &Call, _: Nothing, new: NewShift) -> Result<OfShift, Problem> {
    let id =
        call.change("", move |at_work, act| shift::hand_over(at_work.intake.store(), &act, new.text.trim()))?;
    Ok(OfShift { id })
}

/// `POST /shifts/{shift}/accept`: by somebody else than who wrote it.
pub fn accept(call: &Call, _: Nothing, _: Empty) -> Result<OfShift, Problem> {
    let id: i64 = call.number("shift", "")?;
    match call.change("", move |at_work, act| shift::accept(at_work.intake.store(), &act, id))? {
        Accepted::Yes => Ok(OfShift { id }),
        Accepted::Own => Err(Problem::refused(anyhow::anyhow!(
            "whoever hands over does not accept it: somebody else does"
        ))),
        Accepted::Gone => Err(Problem::not_found()),
    }
}
