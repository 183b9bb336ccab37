//! One finding in full, and the rows that showed it.

use schakel_model::{
    answer::AnswerKind,
    ids::{FindingId, OrganisationId},
};
use schakel_store::{
    Reader, desk_work,
    findings::{self, Finding},
    follow_ups,
    register::load_organisations_now,
    users,
};
use serde::Serialize;

use super::{
    findings::{Looking, Person, Row, similar},
    timeline::{self, Happened},
    work,
};
use crate::{
    access_log::{Looker, marking},
    events,
    explain::organisation_name,
    trace::{self, EventTrace},
};

/// Similar findings that are listed.
const SIMILAR: usize = 10;

/// Rows that are shown of a finding, the newest: each is unpacked and read again.
const ROWS: usize = 25;

/// The page.
#[derive(Debug, Serialize)]
pub struct OneFinding {
    /// The event that showed it first, whose it is and why.
    #[serde(flatten)]
    pub trace: EventTrace,
    /// What happened, the oldest first.
    pub line: Vec<Happened>,
    /// Who works on it: the name they act under; empty: nobody.
    pub handler: String,
    /// The name that people know.
    pub handler_name: String,
    /// Until when it sleeps, in seconds since 1970.
    pub snoozed_until: Option<i64>,
    /// People who may work on it.
    pub people: Vec<Person>,
    /// Who can answer: code and name.
    pub told: Vec<(String, String)>,
    /// What they can say: words.
    pub answers: Vec<&'static str>,
    /// Others that those who were told have at the same address, or of the same kind.
    pub similar: Vec<Row>,
}

/// One finding; `None` when there is none. Who looks is recorded when it is confidential.
pub fn one(reader: &Reader, name: &str, looking: Looking<'_>) -> anyhow::Result<Option<OneFinding>> {
    let Some(stored) = looked_at(reader, name, looking)? else { return Ok(None) };
    let id = stored.id;
    let mut trace = trace::event(reader, stored.first.event)?;
    // The raw row is on a page of its own, which records that somebody looked.
    trace.raw = String::new();
    let in_full = trace::finding_at_first(reader, id)?;
    let names = reader.read(load_organisations_now)?;
    let told = reader.read(|connection| follow_ups::of_finding(connection, id))?;
    let everybody = reader.read(users::list)?;
    let mut line = timeline::of(reader, &names, &everybody, id, &told)?;
    let first_seen = stored.first.first_seen.timestamp().as_second();
    let seconds = |at: &str| at.parse::<jiff::Timestamp>().map_or(first_seen, |at| at.as_second());
    let last_seen = seconds(&in_full.last_seen);
    let seen = |at, what| Happened { at, what, number: Some(in_full.sightings), ..Happened::default() };
    line.push(seen(first_seen, "first_seen"));
    if last_seen > first_seen {
        line.push(seen(last_seen, "last_seen"));
    }
    line.extend(in_full.taken_back.iter().map(|one| Happened {
        at: seconds(&one.at),
        what: "taken_back",
        word: one.outcome.unwrap_or("open"),
        who: one.hub.clone(),
        ..Happened::default()
    }));
    line.sort_by_key(|one| one.at);
    trace.finding = Some(in_full);
    let work = reader.read(|connection| desk_work::work(connection, id))?;
    let handler = work.handler.and_then(|user| everybody.iter().find(|one| one.id == user));
    let organisations: Vec<OrganisationId> = told.iter().map(|one| one.organisation).collect();
    Ok(Some(OneFinding {
        trace,
        line,
        handler: handler.map_or_else(String::new, |one| one.name.clone()),
        handler_name: handler.map_or_else(String::new, |one| one.display_name.clone()),
        snoozed_until: work.snoozed_until.filter(|until| *until > looking.now),
        people: work::people(reader)?.iter().map(Person::from).collect(),
        told: organisations
            .iter()
            .map(|one| {
                let (code, name) = organisation_name(&names, *one);
                (code.to_owned(), name.to_owned())
            })
            .collect(),
        answers: AnswerKind::ALL.iter().map(|one| one.as_str()).collect(),
        similar: similar(reader, &stored, &organisations, SIMILAR, looking)?,
    }))
}

/// The rows of a finding.
#[derive(Debug, Serialize)]
pub struct Rows {
    /// `F12`.
    pub finding: String,
    /// How many there are.
    pub count: u64,
    /// The newest of them.
    pub rows: Vec<RawRow>,
}

/// A row as it came, with secrets masked.
#[derive(Debug, Serialize)]
pub struct RawRow {
    /// `report:row`.
    pub event: String,
    /// The name of its report.
    pub report: String,
    /// When that came in, RFC 3339.
    pub received_at: String,
    /// The row.
    pub raw: String,
    /// When and by whom it was erased.
    pub erased: Option<String>,
}

/// The rows that showed a finding, the newest first. Who looks is recorded before they see it.
pub fn rows(reader: &Reader, name: &str, looking: Looking<'_>) -> anyhow::Result<Option<Rows>> {
    let Some(stored) = looked_at(reader, name, looking)? else { return Ok(None) };
    let all = events::of_finding(reader, stored.id)?;
    let looker = Looker { reader, actor: looking.actor, now: looking.now };
    let mut rows = Vec::new();
    for event in all.iter().rev().take(ROWS) {
        looker.raw(&format!("event:{event}"))?;
        let trace = trace::event(reader, *event)?;
        rows.push(RawRow {
            event: trace.event,
            report: trace.report.name,
            received_at: trace.report.received_at,
            raw: trace.raw,
            erased: trace.erased,
        });
    }
    Ok(Some(Rows { finding: format!("F{}", stored.id), count: all.len() as u64, rows }))
}

fn looked_at(reader: &Reader, name: &str, looking: Looking<'_>) -> anyhow::Result<Option<Finding>> {
    let Some(id): Option<FindingId> = work::finding(name) else { return Ok(None) };
    let Some(stored) = reader.read(|connection| findings::get(connection, id))? else { return Ok(None) };
    let tlp = marking(reader, stored.first.event)?;
    let Looking { actor, now } = looking;
    Looker { reader, actor, now }.item(&format!("finding:{id}"), tlp)?;
    Ok(Some(stored))
}
