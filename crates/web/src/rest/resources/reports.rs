//! What came in: reports and their sources.

use schakel_app::feed_health;
use schakel_model::{ids::ReportId, source::Source as StoredSource};
use schakel_store::{
    listed,
    reports::{self, Report as Stored},
    sources,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::notifications::PageQuery;
use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::Problem,
    route::{Nothing, Page},
    values::At,
};

/// A report as it came in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its number
    id: String,
    /// The file name it came under
    name: String,
    received_at: At,
    /// Bytes
    size: u64,
    /// BLAKE3 of its bytes, in hex
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hash: Option<String>,
    /// `taking`, `complete` or `failed`
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// The code of its source; empty: nobody in particular
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<At>,
}

fn shown(sources: &[StoredSource], one: Stored) -> Report {
    let source = sources.iter().find(|source| source.id == one.source);
    Report {
        id: format!("R{}", one.id),
        name: one.name,
        received_at: At(one.received_at),
        size: one.size,
        content_hash: one.content_hash.map(|hash| blake3::Hash::from_bytes(hash).to_hex().to_string()),
        state: match one.state {
            reports::ReportState::Taking => "taking",
            reports::ReportState::Complete => "complete",
            reports::ReportState::Failed => "failed",
        },
        failure: one.failure,
        source: source.map(|source| source.code.clone()).unwrap_or_default(),
        receipt: one.receipt.map(|receipt| receipt.to_string()),
        withdrawn_at: one.withdrawn_at.map(At),
    }
}

/// `GET /reports`
pub fn list(call: &Call, query: PageQuery) -> Result<Page<Report>, Problem> {
    let before = after::<ReportId>(query.cursor.as_deref())?;
    let limit = limit(query.limit);
    let sources = call.reader.read(sources::list)?;
    let found = call.reader.read(|connection| listed::reports(connection, before, limit))?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| cursor(last.id));
    Ok(Page { items: found.into_iter().map(|one| shown(&sources, one)).collect(), next })
}

/// `GET /reports/{report}`
pub fn one(call: &Call, _: Nothing) -> Result<Report, Problem> {
    let id: ReportId = call.number("report", "R")?;
    let stored =
        call.reader.read(|connection| reports::get(connection, id))?.ok_or_else(Problem::not_found)?;
    Ok(shown(&call.reader.read(sources::list)?, stored))
}

/// Who reports to us.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    code: String,
    name: String,
    kind: &'static str,
    trust: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tlp: Option<&'static str>,
    may_notify: bool,
    may_look_up: bool,
    critical: bool,
    /// Reports that were taken in
    reports: u64,
    rows: u64,
    rejected: u64,
    new_findings: u64,
    told: u64,
    answered: u64,
    fixed: u64,
    false_positives: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_report_at: Option<At>,
    /// Its feeds that do not come as they usually do
    feeds_with_alarm: Vec<String>,
}

/// `GET /sources`
pub fn sources(call: &Call, _: Nothing) -> Result<Page<Source>, Problem> {
    let health = feed_health::all(&call.reader, call.now)?;
    let mut items = Vec::new();
    for source in call.reader.read(sources::list)? {
        let record = call.reader.read(|connection| sources::record(connection, source.id))?;
        let alarmed =
            health.iter().filter(|feed| feed.source == source.code && !feed.health.alarms.is_empty());
        items.push(Source {
            feeds_with_alarm: alarmed.map(|feed| feed.feed.clone()).collect(),
            code: source.code,
            name: source.name,
            kind: source.kind.as_str(),
            trust: source.trust.as_str(),
            tlp: source.tlp.map(|tlp| tlp.as_str()),
            may_notify: source.may_notify,
            may_look_up: source.may_look_up,
            critical: source.critical,
            reports: record.reports,
            rows: record.rows,
            rejected: record.rejected,
            new_findings: record.new_findings,
            told: record.told,
            answered: record.answered,
            fixed: record.fixed,
            false_positives: record.false_positives,
            last_report_at: record.last_at.map(At),
        });
    }
    Ok(Page::all(items))
}
