//! Findings: the durable problems behind events. A member sees those that it was told of, and of those what concerns itself.

use std::collections::HashMap;

use schakel_app::{
    events,
    explain::organisation_name,
    feed_health,
    trace::{self, FindingTrace, HubTrace, TakenBackTrace},
};
use schakel_model::{
    answer::{FollowUp, RecipientState},
    classification::ClassificationType,
    ids::{FindingId, KindId},
    observation::Endpoint,
    register::Register,
    severity::Severity,
};
use schakel_store::{
    findings::{self, Finding as Stored, Kind},
    follow_ups,
    register::load_organisations_now,
    sightings,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::notifications::PageQuery;
use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::Problem,
    route::{Nothing, Page},
    values::{At, Word},
};

/// What an organisation says that was told.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Its code
    organisation: String,
    state: Word<RecipientState>,
    state_at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<At>,
    /// When it is to be solved
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_at: Option<At>,
    first_told_at: At,
    last_told_at: At,
    /// How often it was told
    tellings: u32,
    /// The notification that told it last
    notification: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<At>,
}

/// A finding.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its number
    id: String,
    /// Who reports it
    provider: String,
    feed: String,
    classification: Word<ClassificationType>,
    identifier: String,
    severity: Word<Severity>,
    /// What it is about, in a word
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// Host name, URL or account
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The event that showed it first, as report and row
    first_event: String,
    first_seen_at: At,
    last_seen_at: At,
    sightings: u32,
    /// Since when nothing comes of its feed: it is not observed since
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_silent_since_at: Option<At>,
    /// Who was told, and what they say
    told: Vec<Told>,
}

/// What an organisation has of a finding, and what became of that.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Its code; empty is nobody
    organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
    fate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<String>,
    /// Where it was handed over to another hub
    #[serde(skip_serializing_if = "Option::is_none")]
    handed_over: Option<HandedOver>,
    /// What became of it, the oldest first
    history: Vec<FateChange>,
}

/// A finding at another hub.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOver {
    /// The name of the hub
    hub: String,
    handed_over_at: String,
    /// How far what told it has come: waiting, sent, answered or given_up
    state: &'static str,
    /// What the receipt says
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'static str>,
    /// Why it was refused
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// How far the finding came there and beyond, when the link says that
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

impl From<HubTrace> for HandedOver {
    fn from(at: HubTrace) -> Self {
        let HubTrace { hub, at: handed_over_at, state, receipt, reason, status, .. } = at;
        Self { hub, handed_over_at, state, receipt, reason, status }
    }
}

/// A change of fate.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FateChange {
    at: String,
    fate: &'static str,
    reason: String,
}

/// A finding with what became of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingInFull {
    finding: Finding,
    /// Those of its first sighting and of corrections
    assignments: Vec<Assignment>,
    /// By which hubs it was taken back that had handed it over; the desk only
    taken_back: Vec<TakenBack>,
}

/// A hub took a finding back.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TakenBack {
    /// The name of the hub
    hub: String,
    taken_back_at: String,
    /// What became of that: withdrawn, shown_by_others (it stays), for_desk (a person decides), kept or noted; without it, it is to be carried out
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
}

impl From<TakenBackTrace> for TakenBack {
    fn from(TakenBackTrace { hub, at: taken_back_at, outcome }: TakenBackTrace) -> Self {
        Self { hub, taken_back_at, outcome }
    }
}

/// An event of a finding.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SightingRow {
    /// Report and row
    event: String,
}

/// What lists of findings are written with.
pub struct Writer<'a> {
    call: &'a Call,
    /// Every kind, by its number.
    pub kinds: Vec<Kind>,
    /// The organisations of now.
    pub names: Register,
    silent: HashMap<String, i64>,
}

impl<'a> Writer<'a> {
    pub fn new(call: &'a Call) -> Result<Self, Problem> {
        Ok(Self {
            call,
            kinds: call.reader.read(findings::kinds)?,
            names: call.reader.read(load_organisations_now)?,
            silent: feed_health::silent(&call.reader, call.now)?,
        })
    }

    fn kind(&self, id: KindId) -> Option<&Kind> {
        self.kinds.get(id.0 as usize)
    }

    fn told(&self, one: &FollowUp) -> Told {
        Told {
            organisation: organisation_name(&self.names, one.organisation).0.to_owned(),
            state: Word(one.state),
            state_at: At(one.state_at),
            until: one.until.map(At),
            deadline_at: one.deadline.map(At),
            first_told_at: At(one.first_told_at),
            last_told_at: At(one.last_told_at),
            tellings: one.tellings,
            notification: format!("N{}", one.told_by),
            answer: one.answer.map(|answer| format!("A{answer}")),
            closed_at: one.closed_at.map(At),
        }
    }

    /// A finding, with those who were told that whoever asks may know of.
    pub fn finding(&self, stored: Stored) -> Result<Finding, Problem> {
        let reader = &self.call.reader;
        let told = reader.read(|connection| follow_ups::of_finding(connection, stored.id))?;
        let sighting = reader.read(|connection| sightings::get(connection, stored.id))?;
        let kind = self.kind(stored.first.kind);
        let first = stored.first;
        let endpoint = Endpoint {
            ip: first.ip,
            port: first.port,
            fqdn: first.name.as_deref().unwrap_or_default().into(),
            ..Endpoint::default()
        };
        Ok(Finding {
            id: format!("F{}", stored.id),
            provider: kind.map(|kind| kind.provider.clone()).unwrap_or_default(),
            feed: kind.map(|kind| kind.feed.clone()).unwrap_or_default(),
            classification: Word(kind.map_or(ClassificationType::Undetermined, |kind| kind.classification)),
            identifier: kind.map(|kind| kind.identifier.clone()).unwrap_or_default(),
            severity: Word(kind.map_or(Severity::High, |kind| kind.severity)),
            target: events::target(&endpoint),
            ip: first.ip.map(|ip| ip.to_string()),
            port: (first.port > 0).then_some(first.port),
            name: first.name,
            first_event: first.event.to_string(),
            first_seen_at: At(i64::from(first.first_seen.0)),
            last_seen_at: At(i64::from(sighting.last_seen.max(first.first_seen).0)),
            sightings: sighting.count,
            feed_silent_since_at: kind.and_then(|kind| self.silent.get(&kind.feed)).map(|at| At(*at)),
            told: told
                .iter()
                .filter(|one| self.call.tenant.sees(one.organisation))
                .map(|one| self.told(one))
                .collect(),
        })
    }
}

/// The finding in the path, when whoever asks may have it.
pub fn wanted(call: &Call) -> Result<Stored, Problem> {
    let id: FindingId = call.number("finding", "F")?;
    let stored = call.reader.read(|connection| findings::get(connection, id))?;
    let stored = stored.ok_or_else(Problem::not_found)?;
    if let Some(places) = call.tenant.places() {
        let told = call.reader.read(|connection| follow_ups::of_finding(connection, id))?;
        let is_theirs = told.iter().any(|one| places.contains(&one.organisation));
        if !is_theirs || !call.tenant.may_have(&call.reader, stored.first.event)? {
            return Err(Problem::not_found());
        }
    }
    Ok(stored)
}

/// Who looked is known before they see it.
pub fn looked(call: &Call, stored: &Stored) -> Result<(), Problem> {
    let tlp = schakel_app::access_log::marking(&call.reader, stored.first.event)?;
    Ok(call.looker().item(&format!("finding:{}", stored.id), tlp)?)
}

/// `GET /findings/{finding}`
pub fn one(call: &Call, _: Nothing) -> Result<FindingInFull, Problem> {
    let stored = wanted(call)?;
    looked(call, &stored)?;
    let trace: FindingTrace = trace::finding_at_first(&call.reader, stored.id)?;
    let writer = Writer::new(call)?;
    let is_seen = |code: &str| match &call.tenant.places() {
        None => true,
        Some(places) => places.iter().any(|id| organisation_name(&writer.names, *id).0 == code),
    };
    let assignments = trace
        .assignments
        .into_iter()
        .filter(|one| is_seen(&one.organisation))
        .map(|one| Assignment {
            organisation: one.organisation,
            role: one.role,
            end: one.end,
            fate: one.fate,
            notification: one.notification,
            handed_over: one.hub.map(HandedOver::from),
            history: one
                .history
                .into_iter()
                .map(|change| FateChange {
                    at: change.at,
                    fate: change.fate,
                    // What servers say to us is for the desk.
                    reason: if call.member().is_none() { change.reason } else { String::new() },
                })
                .collect(),
        })
        .collect();
    // From whom a finding came is for the desk.
    let taken_back = trace.taken_back.into_iter().filter(|_| call.member().is_none());
    Ok(FindingInFull {
        finding: writer.finding(stored)?,
        assignments,
        taken_back: taken_back.map(TakenBack::from).collect(),
    })
}

/// Chunks of rows that are looked at for a page of sightings: some ten million rows, a few hundred milliseconds.
const CHUNKS_MAX: usize = 1_000;

/// `GET /findings/{finding}/sightings`. Rows name reports, which are the desk's.
pub fn sightings_of(call: &Call, query: PageQuery) -> Result<Page<SightingRow>, Problem> {
    let stored = wanted(call)?;
    looked(call, &stored)?;
    let behind: Option<u32> = after(query.cursor.as_deref())?;
    let page = events::page_of_finding(&call.reader, stored.id, behind, limit(query.limit), CHUNKS_MAX)?;
    let items = page.events.iter().map(|event| SightingRow { event: event.to_string() }).collect();
    Ok(Page { items, next: page.next.map(cursor) })
}
