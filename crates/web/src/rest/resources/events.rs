//! Rows: what the ledger counts, what could not be read, one event as it came, and reading again what was rejected.

use schakel_app::{
    events::{self, ListedRow, Which},
    portal::reports::{look, replay},
    replay as replayed, trace,
};
use schakel_model::ids::{EventId, ReportId};
use schakel_store::{chunks, ledger::Scope, reports};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{claims::DryRun, finding_explanation::Candidate, register_changes::Because};
use crate::rest::{
    call::{Call, limit},
    problem::{Problem, Where},
    route::{Nothing, Page},
    values::Day,
};

/// A row of a report.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerRow {
    /// Report and row
    event: String,
    /// The file it stands in
    file: String,
    /// Its line there
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Why it could not be read
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The same in a sentence
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Its bytes, when it could not be read
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
}

fn shown(row: ListedRow) -> LedgerRow {
    LedgerRow {
        event: row.id,
        file: row.file,
        line: row.line,
        finding: row.finding,
        observed_at: row.observed_at,
        target: row.target,
        kind: row.kind,
        code: row.code,
        message: row.message,
        raw_base64: row.raw_base64,
    }
}

/// Which rows, of what.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RowsQuery {
    /// `rejected`, `replayed`, `duplicates`, `clears`, `events`, or a fate such as `unrouted`
    which: String,
    /// Of the reports that came in on this day in Europe/Amsterdam
    day: Option<Day>,
    /// Of this report, such as R3
    report: Option<String>,
    /// How many, at most: the first of them
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// `GET /ledger-rows`. Who looks is recorded.
pub fn rows(call: &Call, query: RowsQuery) -> Result<Page<LedgerRow>, Problem> {
    let which: Which = query
        .which
        .parse()
        .map_err(|detail: String| Problem::fault(Where::Query, "which", "unknown", detail))?;
    let scope = match (&query.report, query.day) {
        (Some(_), Some(_)) => {
            return Err(Problem::fault(Where::Query, "day", "either", "ask for a day or for a report"));
        }
        (Some(name), None) => {
            let unknown = || Problem::fault(Where::Query, "report", "unknown", "there is no such report");
            let id = name.strip_prefix('R').and_then(|digits| digits.parse().ok()).map(ReportId);
            let id = id.ok_or_else(unknown)?;
            call.reader.read(|connection| reports::get(connection, id))?.ok_or_else(unknown)?;
            Scope::Report(id)
        }
        (None, Some(day)) => Scope::Day(day.0.to_string()),
        (None, None) => Scope::All,
    };
    let found = events::list(&call.reader, &scope, which, limit(query.limit))?;
    if which == Which::Rejected && !found.is_empty() {
        call.looker().raw("ledger")?;
    }
    look(&call.reader, &call.actor, call.now, &found)?;
    Ok(Page::all(found.into_iter().map(shown).collect()))
}

fn report(call: &Call) -> Result<ReportId, Problem> {
    let id: ReportId = call.number("report", "R")?;
    call.reader.read(|connection| reports::get(connection, id))?.ok_or_else(Problem::not_found)?;
    Ok(id)
}

/// What is read again.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Nothing was taken in
    dry_run: bool,
    /// Rejected rows that can be read now, and are rows of a report of their own
    rows: u64,
}

/// `POST /reports/{report}/replay`
pub fn replay_rejected(call: &Call, query: DryRun, because: Because) -> Result<Replayed, Problem> {
    let id = report(call)?;
    let dry_run = query.dry_run();
    let rows = call.change(because.reason(), move |at_work, act| match dry_run {
        true => Ok(replayed::plan(at_work.reader, id, at_work.reading, act.at)?.readable),
        false => replay(at_work, &act, id.0),
    })?;
    Ok(Replayed { dry_run, rows })
}

/// A row as it came, and what it was taken for.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventInFull {
    event: String,
    report: String,
    report_name: String,
    received_at: String,
    tlp: &'static str,
    line: u64,
    /// As it came, with secrets masked
    raw: String,
    /// When and by whom it was erased
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<String>,
    /// The same in IDF, when it could be read
    #[serde(skip_serializing_if = "Option::is_none")]
    idf: Option<serde_json::Value>,
    /// `event`, `duplicate`, `clear` or `rejected`
    row_fate: &'static str,
    /// Why it was rejected
    #[serde(skip_serializing_if = "Option::is_none")]
    reject: Option<String>,
    /// The row it is now, when it was rejected and read again
    #[serde(skip_serializing_if = "Option::is_none")]
    replayed_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<String>,
    register_version: u32,
    /// Who owns what it is about, winners first
    candidates: Vec<Candidate>,
}

/// `GET /events/{event}`. Who looks is recorded.
pub fn one(call: &Call, _: Nothing) -> Result<EventInFull, Problem> {
    let id: EventId = call.name("event").parse().map_err(|_| Problem::not_found())?;
    // One way to write it.
    if id.to_string() != call.name("event") {
        return Err(Problem::not_found());
    }
    let chunk = call.reader.read(|connection| chunks::of_row(connection, id.report, id.row))?;
    chunk.ok_or_else(Problem::not_found)?;
    call.looker().raw(&format!("event:{id}"))?;
    let trace = trace::event(&call.reader, id)?;
    Ok(EventInFull {
        event: trace.event,
        report: format!("R{}", trace.report.id),
        report_name: trace.report.name,
        received_at: trace.report.received_at,
        tlp: trace.report.tlp,
        line: trace.line,
        raw: trace.raw,
        erased: trace.erased,
        idf: trace.idf,
        row_fate: trace.row_fate,
        reject: trace.reject,
        replayed_as: trace.replayed_as,
        finding: trace.finding.map(|finding| finding.finding),
        register_version: trace.register_version,
        candidates: trace.candidates.into_iter().map(|one| Candidate::shown(call, one)).collect(),
    })
}
