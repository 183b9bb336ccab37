//! What came in: reports, their sources, and what waits for a person.

use schakel_app::{arrivals::Became, feed_health, vetting::VettingDesk};
use schakel_model::{arrival::Receipt, ids::ReportId, source::Source as StoredSource};
use schakel_store::{
    listed,
    reports::{self, Report as Stored},
    sources,
    spool::{Kept, SpoolDesk, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notifications::PageQuery;
use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::{Problem, Where},
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

/// What waits for a person.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    receipt: String,
    /// By which door it came
    door: String,
    /// The code of the source that proved to be it; empty: nobody did
    source: String,
    sender: String,
    name: String,
    received_at: At,
    /// Bytes
    size: u64,
    /// Why it waits
    reason: String,
}

fn waiting(kept: Kept) -> Waiting {
    Waiting {
        receipt: kept.receipt.to_string(),
        door: kept.envelope.door.to_string(),
        source: kept.envelope.source,
        sender: kept.envelope.sender,
        name: kept.envelope.name,
        received_at: At(kept.envelope.received_at),
        size: kept.size,
        reason: kept.reason,
    }
}

/// `GET /vetting`
pub fn vetting(call: &Call, _: Nothing) -> Result<Page<Waiting>, Problem> {
    let spool = SpoolDesk::open(&call.rest.data)?;
    Ok(Page::all(spool.list(State::Held)?.into_iter().map(waiting).collect()))
}

/// What the desk decides.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Accept {
    /// The code of the source it is from, when the desk knows better
    source: Option<String>,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// Why the desk does not want it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Refuse {
    /// Why: the notifier may ask
    #[schemars(length(min = 1, max = 4000))]
    reason: String,
}

/// What became of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    receipt: String,
    /// The report it is
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
    /// These bytes came in before
    known: bool,
    rows: u64,
    events: u64,
    rejected: u64,
    new_findings: u64,
    /// What could not be read, in sentences
    failures: Vec<String>,
}

fn held(call: &Call) -> Result<Receipt, Problem> {
    let receipt: Receipt = call.name("receipt").parse().map_err(|_| Problem::not_found())?;
    let kept = SpoolDesk::open(&call.rest.data)?.get(receipt)?;
    kept.filter(|kept| kept.state == State::Held).map(|_| receipt).ok_or_else(Problem::not_found)
}

/// `POST /vetting/{receipt}/accept`
pub fn accept(call: &Call, _: Nothing, accept: Accept) -> Result<Decided, Problem> {
    let receipt = held(call)?;
    let source = match &accept.source {
        None => None,
        Some(code) => {
            let known = call.reader.read(|connection| sources::by_code(connection, code))?;
            let unknown = || Problem::fault(Where::Body, "/source", "unknown", "there is no such source");
            Some(known.ok_or_else(unknown)?)
        }
    };
    let reason = accept.reason.unwrap_or_default();
    let became = call.change(&reason, move |at_work, act| {
        let mut desk = VettingDesk::from(at_work);
        let kept = desk.held(receipt)?;
        let (became, _) = desk.accept(act, &kept, source.as_ref())?;
        match became {
            Became::Taken(ingested) => Ok(ingested),
            Became::Held(why) | Became::Aside(_, why) => anyhow::bail!("{receipt} cannot be taken in: {why}"),
        }
    })?;
    let sums = became.progress.sums;
    Ok(Decided {
        receipt: receipt.to_string(),
        report: Some(format!("R{}", became.report)),
        known: became.report_known,
        rows: sums.rows,
        events: sums.events,
        rejected: sums.rejected,
        new_findings: became.progress.new_findings,
        failures: became.failures,
    })
}

/// `POST /vetting/{receipt}/refuse`
pub fn refuse(call: &Call, _: Nothing, refuse: Refuse) -> Result<Decided, Problem> {
    let receipt = held(call)?;
    call.change(&refuse.reason, move |at_work, act| {
        let mut desk = VettingDesk::from(at_work);
        let kept = desk.held(receipt)?;
        desk.reject(act, &kept).map(|_| ())
    })?;
    Ok(Decided {
        receipt: receipt.to_string(),
        report: None,
        known: false,
        rows: 0,
        events: 0,
        rejected: 0,
        new_findings: 0,
        failures: Vec::new(),
    })
}
