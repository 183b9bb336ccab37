//! The desk's own work on findings, one or many at once: who handles them, until when they sleep, and notes. Recipients never see any of it.

use schakel_app::portal::{finding as in_full, findings::Looking, timeline::Happened as Line, work};
use schakel_model::ids::FindingId;
use schakel_store::{Store, act::Act, desk_work, rehearsal::Keep};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    claims::DryRun,
    desk::Empty,
    findings::{looked, wanted},
};
use crate::rest::{
    call::Call,
    problem::{Fault, Problem, Where},
    route::{Nothing, Page},
    values::At,
};

/// Who is to handle findings.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewHandler {
    /// Which findings, such as F12
    #[schemars(length(min = 1, max = 1000))]
    findings: Vec<String>,
    /// The name they act under; empty: nobody
    #[schemars(length(max = 254))]
    handler: String,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// Until when findings are to sleep.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewSnooze {
    /// Which findings, such as F12
    #[schemars(length(min = 1, max = 1000))]
    findings: Vec<String>,
    /// Within a year; without it they wake
    until: Option<At>,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// What was done, or would be.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkChanged {
    /// Nothing was kept
    dry_run: bool,
    /// What it is undone by; none when nothing was different, or nothing was kept
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<i64>,
    /// What stands, or would stand, in the audit log
    actions: Vec<String>,
}

/// Findings that there are; those that there are not are named.
fn findings_of(call: &Call, given: &[String]) -> Result<Vec<FindingId>, Problem> {
    let mut faults = Vec::new();
    for (nth, name) in given.iter().enumerate() {
        if work::known(&call.reader, std::iter::once(name.as_str()))?.is_empty() {
            faults.push(Fault {
                r#in: Where::Body,
                location: format!("/findings/{nth}"),
                code: "unknown",
                detail: "there is no such finding".to_owned(),
            });
        }
    }
    if !faults.is_empty() {
        return Err(Problem::faults(faults));
    }
    Ok(work::known(&call.reader, given.iter().map(String::as_str))?)
}

fn change(
    call: &Call,
    query: DryRun,
    reason: &str,
    work: impl FnOnce(&mut Store, &Act<'_>) -> anyhow::Result<Option<i64>> + Send + 'static,
) -> Result<WorkChanged, Problem> {
    let dry_run = query.dry_run();
    let keep = if dry_run { Keep::Nothing } else { Keep::All };
    let (batch, done) = call
        .change(reason, move |at_work, act| at_work.intake.store().as_one(keep, |store| work(store, &act)))?;
    let actions = done.changes.iter().map(|entry| format!("{} {}", entry.action, entry.subject)).collect();
    Ok(WorkChanged { dry_run, batch: batch.filter(|_| !dry_run), actions })
}

/// `POST /handlers`
pub fn assign(call: &Call, query: DryRun, new: NewHandler) -> Result<WorkChanged, Problem> {
    let findings = findings_of(call, &new.findings)?;
    change(call, query, &new.reason.unwrap_or_default(), move |store, act| {
        work::assign(store, act, &findings, &new.handler)
    })
}

/// `POST /snoozes`
pub fn snooze(call: &Call, query: DryRun, new: NewSnooze) -> Result<WorkChanged, Problem> {
    let findings = findings_of(call, &new.findings)?;
    let until = new.until.map(|at| at.0);
    change(call, query, &new.reason.unwrap_or_default(), move |store, act| {
        work::snooze(store, act, &findings, until)
    })
}

/// What was taken back.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Undone {
    /// Findings that are as they were
    findings: usize,
}

/// `POST /work-batches/{batch}/undo`
pub fn undo(call: &Call, _: Nothing, _: Empty) -> Result<Undone, Problem> {
    let batch: i64 = call.number("batch", "")?;
    if !call.reader.read(|connection| desk_work::is_batch(connection, batch))? {
        return Err(Problem::not_found());
    }
    let findings =
        call.change("", move |at_work, act| Ok(at_work.intake.store().undo_work(&act, batch)?))?;
    Ok(Undone { findings })
}

/// Something that the desk noted.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    at: At,
    actor: String,
    text: String,
}

/// Something to note.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewNote {
    #[schemars(length(min = 1, max = 4000))]
    text: String,
}

/// `GET /findings/{finding}/notes`
pub fn notes(call: &Call, _: Nothing) -> Result<Page<Note>, Problem> {
    let stored = wanted(call)?;
    looked(call, &stored)?;
    let finding = stored.id;
    let found = call.reader.read(|connection| desk_work::notes(connection, finding))?;
    let shown = found.into_iter().map(|one| Note { at: At(one.at), actor: one.actor, text: one.text });
    Ok(Page::all(shown.collect()))
}

/// `POST /findings/{finding}/notes`
pub fn note(call: &Call, _: Nothing, new: NewNote) -> Result<Page<Note>, Problem> {
    let finding = wanted(call)?.id;
    call.change("", move |at_work, act| work::note(at_work.intake.store(), &act, finding, &new.text))?;
    notes(call, Nothing {})
}

/// What the desk does about a finding, and all that happened to it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Who handles it: the name they act under; empty is nobody
    handler: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    snoozed_until_at: Option<At>,
    /// What happened, the oldest first
    timeline: Vec<Happened>,
    /// Others that those who were told have at the same address, or of the same kind
    similar: Vec<String>,
}

/// Something that happened.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Happened {
    at: At,
    /// `first_seen`, `last_seen`, `told`, `answered`, `call_due`, `called`, `stepped`, `taken_back`, `assigned`, `unassigned`, `snoozed`, `woken` or `noted`
    what: &'static str,
    /// The kind of notification or answer, what came of a call, what became of what a hub took back (`open`: nothing yet)
    #[serde(skip_serializing_if = "str::is_empty")]
    word: &'static str,
    /// The number of the notification, answer or step
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    organisation: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    who: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<At>,
    /// Does the answer count?
    #[serde(skip_serializing_if = "str::is_empty")]
    standing: &'static str,
    /// To whom it went, and how far that came
    messages: Vec<SentTo>,
}

/// A message in the line.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentTo {
    recipient: String,
    state: &'static str,
}

/// `GET /findings/{finding}/work`. Who looks is recorded.
pub fn one(call: &Call, _: Nothing) -> Result<Work, Problem> {
    let looking = Looking { actor: &call.actor, now: call.now };
    let found = in_full::one(&call.reader, call.name("finding"), looking)?.ok_or_else(Problem::not_found)?;
    Ok(Work {
        handler: found.handler,
        snoozed_until_at: found.snoozed_until.map(At),
        timeline: found.line.into_iter().map(Happened::from).collect(),
        similar: found.similar.into_iter().map(|one| one.id).collect(),
    })
}

impl From<Line> for Happened {
    fn from(one: Line) -> Self {
        Self {
            at: At(one.at),
            what: one.what,
            word: one.word,
            number: one.number,
            organisation: one.organisation,
            who: one.who,
            text: one.text,
            until: one.until.map(At),
            standing: one.standing,
            messages: one
                .messages
                .into_iter()
                .map(|one| SentTo { recipient: one.recipient, state: one.state })
                .collect(),
        }
    }
}
