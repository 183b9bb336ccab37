//! What a change of the register would have done with what came in. Nothing is changed; one question at a time, since each reads many rows again.

use std::sync::MutexGuard;

use axum::http::StatusCode;
use schakel_app::{
    changed_register::{Change, of_files, with_changes},
    difference::{Difference, Named},
    pipeline::state::RegisterView,
    register::Import,
    whatif::{EXAMPLES_MAX, Question, Span, chunks_in, whatif},
};
use schakel_model::{ids::ReportId, register::Register};
use schakel_store::{announced, register, reports};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::register_files::{NewFile, bytes_of};
use crate::rest::{
    call::Call,
    problem::{Fault, Problem, Where},
    route::Nothing,
    values::At,
};

/// What is asked: small changes, or files of the register.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewWhatIf {
    /// Such as `add GM0513 prefix 192.0.2.0/24 owner` or `withdraw GM0513 domain gouda.nl`
    #[schemars(length(max = 1000))]
    changes: Option<Vec<String>>,
    /// Files for the register, as for an import
    #[schemars(length(max = 100))]
    files: Option<Vec<NewFile>>,
    /// What came in since this time; without it and without `report` the last thirty days
    since_at: Option<At>,
    /// What came in with this report, such as R3
    #[schemars(length(max = 20))]
    report: Option<String>,
    /// Examples of each group, at most
    #[schemars(range(min = 0, max = 100))]
    examples: Option<u32>,
}

/// What would be different.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhatIf {
    register_version: u32,
    /// Events that were looked at
    events: u64,
    /// Events for which something is different
    events_changed: u64,
    /// Findings for which something is different
    findings_changed: u64,
    /// Findings that would have been somebody's
    becomes_routed: u64,
    /// Findings that would have been nobody's
    becomes_unrouted: u64,
    /// By kind and pair of organisations, the largest first
    groups: Vec<DifferenceGroup>,
    /// By organisation
    organisations: Vec<ToldOtherwise>,
}

/// The same difference for many findings.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceGroup {
    kind: &'static str,
    /// Whom they concerned, by its code; empty is nobody
    from: String,
    /// Whom they would have concerned
    to: String,
    findings: u64,
    events: u64,
    examples: Vec<DifferenceExample>,
}

/// One of the findings of a group.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceExample {
    finding: String,
    event: String,
    /// The identifier of its kind
    kind: String,
    target: String,
    observed_at: String,
}

/// Of how many findings an organisation would have been told more, and fewer.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ToldOtherwise {
    organisation: String,
    more: u64,
    fewer: u64,
}

/// The last days, when nobody says which.
const SECONDS: i64 = 30 * 86_400;

/// `POST /what-ifs`
pub fn ask(call: &Call, _: Nothing, new: NewWhatIf) -> Result<WhatIf, Problem> {
    let _one = one_at_a_time(call)?;
    let span = span(call, &new)?;
    let examples = new.examples.map_or(3, |examples| examples as usize).min(EXAMPLES_MAX);
    let reader = &call.reader;
    let standing = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let mut changed = changed(&standing, new)?;
    changed.announced =
        reader.read(|connection| announced::load(connection, standing.version, &changed.assets))?;
    let chunks = chunks_in(reader, span)?;
    let register_version = standing.version.0;
    let question = Question {
        standing: &RegisterView::new(standing),
        changed: &RegisterView::new(changed),
        now: call.now,
        examples,
    };
    let Difference {
        events,
        events_changed,
        findings_changed,
        becomes_routed,
        becomes_unrouted,
        groups,
        organisations,
    } = whatif(reader, &chunks, &question, &|_| ())?;
    let code = |named: Option<Named>| named.map(|named| named.code).unwrap_or_default();
    Ok(WhatIf {
        register_version,
        events,
        events_changed,
        findings_changed,
        becomes_routed,
        becomes_unrouted,
        groups: groups
            .into_iter()
            .map(|group| DifferenceGroup {
                kind: group.kind,
                from: code(group.from),
                to: code(group.to),
                findings: group.findings,
                events: group.events,
                examples: group
                    .examples
                    .into_iter()
                    .map(|one| DifferenceExample {
                        finding: one.finding,
                        event: one.event,
                        kind: one.kind,
                        target: one.target,
                        observed_at: one.observed_at,
                    })
                    .collect(),
            })
            .collect(),
        organisations: organisations
            .into_iter()
            .map(|one| ToldOtherwise {
                organisation: one.organisation.code,
                more: one.more,
                fewer: one.fewer,
            })
            .collect(),
    })
}

/// Held while many rows are read again: that uses all processors.
pub fn one_at_a_time(call: &Call) -> Result<MutexGuard<'_, ()>, Problem> {
    call.rest.replaying.try_lock().map_err(|_| {
        Problem::later(StatusCode::SERVICE_UNAVAILABLE, "Another such question is being answered.", 10)
    })
}

fn span(call: &Call, new: &NewWhatIf) -> Result<Span, Problem> {
    let Some(report) = &new.report else {
        return Ok(Span::Since(new.since_at.map_or(call.now - SECONDS, |at| at.0)));
    };
    let number = report.strip_prefix('R').and_then(|digits| digits.parse().ok()).map(ReportId);
    let known = match number {
        Some(id) => call.reader.read(|connection| reports::get(connection, id))?.map(|_| id),
        None => None,
    };
    let unknown = || Problem::fault(Where::Body, "/report", "unknown", "there is no such report");
    known.map(Span::Report).ok_or_else(unknown)
}

/// The register that is asked about.
fn changed(standing: &Register, new: NewWhatIf) -> Result<Register, Problem> {
    let (changes, files) = (new.changes.unwrap_or_default(), new.files.unwrap_or_default());
    if changes.is_empty() == files.is_empty() {
        return Err(Problem::fault(Where::Body, "/changes", "required", "give either `changes` or `files`"));
    }
    if !files.is_empty() {
        let files = bytes_of(files, "/files")?;
        let import =
            Import::read_named(&files, &Default::default(), standing.clone()).map_err(Problem::refused)?;
        let reading = &import.reading;
        if reading.errors > 0 {
            let fault = |problem: String| Fault {
                r#in: Where::Body,
                location: "/files".to_owned(),
                code: "row",
                detail: problem,
            };
            let faults = reading.problems.iter().map(|problem| fault(problem.to_string())).collect();
            return Err(Problem::unusable(format!("The files have {} errors.", reading.errors), faults));
        }
        return Ok(of_files(standing, &import.files()));
    }
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (nth, text) in changes.iter().enumerate() {
        match text.parse::<Change>() {
            Ok(change) => read.push(change),
            Err(detail) => faults.push(Fault {
                r#in: Where::Body,
                location: format!("/changes/{nth}"),
                code: "format",
                detail,
            }),
        }
    }
    if !faults.is_empty() {
        return Err(Problem::faults(faults));
    }
    with_changes(standing, &read).map_err(Problem::refused)
}
