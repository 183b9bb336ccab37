//! Findings: the durable problems behind events. A member sees those that it was told of, and of those what concerns itself.

use std::collections::HashMap;

use ipnet::IpNet;
use schakel_app::{
    events,
    explain::{ExplainedCandidate, organisation_name},
    feed_health,
    trace::{self, FindingTrace, HubTrace},
};
use schakel_model::{
    answer::{FollowUp, RecipientState},
    classification::ClassificationType,
    ids::{FindingId, KindId, OrganisationId},
    observation::Endpoint,
    register::Register,
    severity::Severity,
};
use schakel_store::{
    finding_list::{self, Conditions},
    findings::{self, Finding as Stored, Kind},
    follow_ups,
    register::load_organisations_now,
    sightings, users,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notifications::PageQuery;
use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::{Problem, Where},
    route::{Nothing, Page},
    values::{At, Word},
};

/// Which findings. All conditions hold together.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FindingsQuery {
    /// Where the page begins: from the Link header of the page before
    cursor: Option<String>,
    /// How many, at most
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// This organisation was told, by its code
    organisation: Option<String>,
    /// What whoever was told says
    state: Option<Vec<Word<RecipientState>>>,
    /// Open, or closed, at whoever was told
    open: Option<bool>,
    /// How bad it is
    severity: Option<Vec<Word<Severity>>>,
    /// What it is (RSIT)
    classification: Option<Vec<Word<ClassificationType>>>,
    /// Which identifier, such as `open-rdp`
    identifier: Option<String>,
    /// Which feed, such as `scan_rdp`
    feed: Option<String>,
    /// In this prefix or at this address
    network: Option<String>,
    /// With this name, or a name below it
    name: Option<String>,
    /// First observed at this time or later
    first_seen_from: Option<At>,
    /// First observed before this time
    first_seen_until: Option<At>,
    /// The desk only: this person handles it, by the name they act under; empty: nobody does
    handler: Option<String>,
    /// The desk only: without those that sleep
    awake: Option<bool>,
}

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
}

/// An event of a finding.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SightingRow {
    /// Report and row
    event: String,
}

/// Who owns what a finding is about, and why, by the register of when it was first seen.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingExplanation {
    register_version: u32,
    /// Winners first
    candidates: Vec<Candidate>,
    /// Where it was handed over to other hubs, and how far it came there
    handed_over: Vec<HandedOverFor>,
}

/// A finding at another hub, for an organisation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOverFor {
    organisation: String,
    handed_over: HandedOver,
}

/// A candidate owner.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    organisation: String,
    organisation_name: String,
    role: &'static str,
    asset_kind: &'static str,
    asset_value: String,
    proof: &'static str,
    /// Is it concerned?
    won: bool,
    /// The rule that decided
    rule: &'static str,
    /// The same in a sentence
    why: String,
    /// Of a winner: the name of the hub that stands for it, which is told instead of people
    #[serde(skip_serializing_if = "Option::is_none")]
    hub: Option<String>,
    /// Of a winner that is not told itself: the code of who is told in its place; the desk only
    #[serde(skip_serializing_if = "Option::is_none")]
    told_instead: Option<String>,
}

impl Candidate {
    /// As whoever asks may know it.
    pub fn shown(call: &Call, one: ExplainedCandidate) -> Self {
        Self {
            hub: one.hub.map(|hub| hub.name),
            told_instead: one.told.filter(|_| call.member().is_none()).map(|told| told.organisation),
            organisation: one.organisation,
            organisation_name: one.organisation_name,
            role: one.role,
            asset_kind: one.asset.kind,
            asset_value: one.asset.value,
            proof: one.asset.proof,
            won: one.won,
            rule: one.rule,
            why: one.why,
        }
    }
}

/// What lists of findings are written with.
pub struct Writer<'a> {
    call: &'a Call,
    kinds: Vec<Kind>,
    names: Register,
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

/// `GET /findings`
pub fn list(call: &Call, query: FindingsQuery) -> Result<Page<Finding>, Problem> {
    let writer = Writer::new(call)?;
    let conditions = conditions(call, &writer, &query)?;
    let before = after::<FindingId>(query.cursor.as_deref())?;
    let found = call
        .reader
        .read(|connection| finding_list::page(connection, &conditions, before, limit(query.limit)))?;
    let mut items = Vec::with_capacity(found.findings.len());
    let mut events = Vec::with_capacity(found.findings.len());
    for stored in found.findings {
        if !call.tenant.may_have(&call.reader, stored.first.event)? {
            continue;
        }
        events.push((format!("F{}", stored.id), stored.first.event));
        items.push(writer.finding(stored)?);
    }
    call.looker().list("findings", events.into_iter())?;
    Ok(Page { items, next: found.next.map(cursor) })
}

fn conditions(call: &Call, writer: &Writer<'_>, query: &FindingsQuery) -> Result<Conditions, Problem> {
    let mut told = call.tenant.places().map(<[OrganisationId]>::to_vec);
    if let Some(code) = &query.organisation {
        let wanted = writer.names.organisations.iter().find(|one| one.code == *code).map(|one| one.id);
        // Another's is as if it were not there: nothing was told to it.
        told = Some(wanted.filter(|id| call.tenant.sees(*id)).into_iter().collect());
    }
    let by_kind = query.severity.is_some()
        || query.classification.is_some()
        || query.identifier.is_some()
        || query.feed.is_some();
    let is_wanted = |kind: &Kind| {
        query.severity.as_ref().is_none_or(|any| any.iter().any(|one| one.0 == kind.severity))
            && query
                .classification
                .as_ref()
                .is_none_or(|any| any.iter().any(|one| one.0 == kind.classification))
            && query.identifier.as_ref().is_none_or(|one| *one == kind.identifier)
            && query.feed.as_ref().is_none_or(|one| *one == kind.feed)
    };
    let kinds = by_kind.then(|| {
        let numbered = (0..).map(KindId).zip(&writer.kinds);
        numbered.filter(|(_, kind)| is_wanted(kind)).map(|(id, _)| id).collect()
    });
    let network = query.network.as_deref().map(network).transpose()?;
    if call.member().is_some() && (query.handler.is_some() || query.awake.is_some()) {
        let place = if query.handler.is_some() { "handler" } else { "awake" };
        return Err(Problem::fault(Where::Query, place, "desk", "only the desk knows who works on what"));
    }
    let handler = match query.handler.as_deref() {
        None | Some("") => None,
        Some(name) => {
            let user = call.reader.read(|connection| users::by_name(connection, name))?;
            let unknown = || Problem::fault(Where::Query, "handler", "unknown", "there is no such desk user");
            Some(user.ok_or_else(unknown)?.id)
        }
    };
    Ok(Conditions {
        told,
        states: query.state.iter().flatten().map(|state| state.0).collect(),
        open: query.open,
        kinds,
        network,
        name: query.name.as_ref().map(|name| name.trim_end_matches('.').to_lowercase()),
        first_seen_from: query.first_seen_from.map(|at| at.0),
        first_seen_until: query.first_seen_until.map(|at| at.0),
        handler,
        unhandled: query.handler.as_deref() == Some(""),
        awake_at: query.awake.filter(|awake| *awake).map(|_| call.now),
        ..Conditions::default()
    })
}

fn network(text: &str) -> Result<IpNet, Problem> {
    let wrong = || {
        Problem::fault(
            Where::Query,
            "network",
            "format",
            "this must be a prefix such as 192.0.2.0/24, or an address",
        )
    };
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map(|net| net.trunc())
        .map_err(|_| wrong())
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
    Ok(FindingInFull { finding: writer.finding(stored)?, assignments })
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

/// `GET /findings/{finding}/explanation`
pub fn explanation(call: &Call, _: Nothing) -> Result<FindingExplanation, Problem> {
    let stored = wanted(call)?;
    looked(call, &stored)?;
    let event = trace::event(&call.reader, stored.first.event)?;
    let names = call.reader.read(load_organisations_now)?;
    let is_seen = |code: &str| match &call.tenant.places() {
        None => true,
        Some(places) => places.iter().any(|id| organisation_name(&names, *id).0 == code),
    };
    let in_full = trace::finding_at_first(&call.reader, stored.id)?;
    let handed_over = in_full
        .assignments
        .into_iter()
        .filter(|one| is_seen(&one.organisation))
        .filter_map(|one| {
            let handed_over = HandedOver::from(one.hub?);
            Some(HandedOverFor { organisation: one.organisation, handed_over })
        })
        .collect();
    Ok(FindingExplanation {
        handed_over,
        register_version: event.register_version,
        candidates: event
            .candidates
            .into_iter()
            .filter(|one| is_seen(&one.organisation))
            .map(|one| Candidate::shown(call, one))
            .collect(),
    })
}
