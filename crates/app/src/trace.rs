//! Follows one event, finding or notification from the raw row to the sent mail.

use schakel_attribute::Snapshot;
use schakel_model::{
    answer::FollowUp,
    fate::Fate,
    hub::{HubStatus, ReceiptOutcome, TakeBack, Withheld},
    ids::{EventId, FindingId, NotificationId},
    register::Register,
};
use schakel_store::{
    Reader,
    chunks::{self, Block, Blocks},
    corrections, erase,
    fate_blob::RowFate,
    findings::{self, Kind},
    follow_ups, handovers, hub_status, hub_taken_back, hubs, id_list, outbox,
    register::load_organisations_now,
    replays, reports, sightings,
};
use serde::Serialize;

use crate::{
    enrichment::{self, Enriched},
    erased, events,
    explain::{self, ExplainedCandidate, organisation_name, rfc3339},
    narrow_register::narrow,
    pipeline::derive::Deriver,
};

/// Everything known about an event.
#[derive(Debug, Serialize)]
pub struct EventTrace {
    /// `report:row`.
    pub event: String,
    /// The report it came in.
    pub report: ReportTrace,
    /// Physical line in its file.
    pub line: u64,
    /// The raw row.
    pub raw: String,
    /// When and by whom its bytes were erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<String>,
    /// The row as an event in IDF, when it could be read.
    pub idf: Option<serde_json::Value>,
    /// What became of the row: `event`, `duplicate`, `clear`, or `rejected`.
    pub row_fate: &'static str,
    /// The row it is now, when it was rejected and read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed_as: Option<String>,
    /// Why, when it was rejected.
    pub reject: Option<String>,
    /// Who owns it by the register of then, and why.
    pub candidates: Vec<ExplainedCandidate>,
    /// The register of then.
    pub register_version: u32,
    /// What we found out ourselves about the addresses and names of both ends, by the table of prefixes of then.
    pub enrichment: Vec<Enriched>,
    /// Its finding.
    pub finding: Option<FindingTrace>,
}

/// A report in a trace.
#[derive(Debug, Serialize)]
pub struct ReportTrace {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// When it came in, RFC 3339.
    pub received_at: String,
    /// BLAKE3 of its bytes in hex.
    pub content_hash: Option<String>,
    /// Its marking.
    pub tlp: &'static str,
}

/// Everything known about a finding.
#[derive(Debug, Serialize)]
pub struct FindingTrace {
    /// `F12`.
    pub finding: String,
    /// The event that showed it first.
    pub first_event: String,
    /// The report type.
    pub feed: String,
    /// The RSIT type.
    pub classification: &'static str,
    /// The identifier.
    pub identifier: String,
    /// How bad.
    pub severity: &'static str,
    /// What it is about.
    pub target: String,
    /// When and by whom that was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<String>,
    /// First observation that was taken in, RFC 3339.
    pub first_seen: String,
    /// Latest observation, RFC 3339.
    pub last_seen: String,
    /// Events.
    pub sightings: u32,
    /// Since when nothing comes of its feed, RFC 3339: it is not observed since. For whoever knows the time to fill in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed_silent_since: Option<String>,
    /// What those say who were told of it.
    pub told: Vec<ToldTrace>,
    /// Hubs that handed it over to us and took it back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub taken_back: Vec<TakenBackTrace>,
    /// Whom it concerns, and what became of that.
    pub assignments: Vec<AssignmentTrace>,
    /// What we found out ourselves about its address and its name, by the newest table of prefixes. Not inside the trace of an event, which
    /// says it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrichment: Option<Vec<Enriched>>,
}

/// What an organisation says that was told of a finding.
#[derive(Debug, Serialize)]
pub struct ToldTrace {
    /// Its code.
    pub organisation: String,
    /// What it says.
    pub state: &'static str,
    /// Since when, RFC 3339.
    pub since: String,
    /// Until when, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The answer that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// How often it was told.
    pub tellings: u32,
    /// When it was last told, RFC 3339.
    pub last_told_at: String,
    /// When it was closed, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
}

/// A hub that took a finding back.
#[derive(Debug, Serialize)]
pub struct TakenBackTrace {
    /// Its name.
    pub hub: String,
    /// When, RFC 3339.
    pub at: String,
    /// What became of that: `withdrawn`, `shown_by_others` (it stays), `for_desk` (a person decides), `kept`, or only `noted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
}

/// An assignment in a trace.
#[derive(Debug, Serialize)]
pub struct AssignmentTrace {
    /// The organisation's code; empty is nobody.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// In which role.
    pub role: Option<&'static str>,
    /// By which end.
    pub end: Option<&'static str>,
    /// The report it came with.
    pub report: u32,
    /// Its current fate.
    pub fate: &'static str,
    /// The changes of its fate, oldest first.
    pub history: Vec<FateTrace>,
    /// The notification that tells it.
    pub notification: Option<String>,
    /// The correction that took it back, or gave it.
    pub correction: Option<String>,
    /// The messages of that notification.
    pub messages: Vec<MessageTrace>,
    /// The hub that it was handed over to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubTrace>,
}

/// A finding at another hub.
#[derive(Debug, Serialize)]
pub struct HubTrace {
    /// Its name.
    pub hub: String,
    /// The parcel that told it last.
    pub parcel: String,
    /// How many parcels told it.
    pub revision: u32,
    /// How far that parcel has come: `waiting`, `sent`, `answered`, `given_up`.
    pub state: &'static str,
    /// What the receipt says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<&'static str>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// When it was handed over, RFC 3339: when the hub last had it on its disk, or else when the parcel was made.
    pub at: String,
    /// Why it is kept back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<&'static str>,
    /// When it was answered, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<String>,
    /// How far the finding came there and beyond, when the link says that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
}

/// A change of fate.
#[derive(Debug, Serialize)]
pub struct FateTrace {
    /// When, RFC 3339.
    pub at: String,
    /// To what.
    pub fate: &'static str,
    /// Why.
    pub reason: String,
}

/// A message in a trace.
#[derive(Debug, Serialize)]
pub struct MessageTrace {
    /// To whom.
    pub recipient: String,
    /// Their role.
    pub role: String,
    /// Its Message-ID.
    pub message_id: String,
    /// How far it has come.
    pub state: &'static str,
    /// Attempts made.
    pub attempts: u32,
    /// When it was accepted or given up, RFC 3339.
    pub finished_at: Option<String>,
    /// What the other side said.
    pub outcome: Option<String>,
}

/// Everything known about a notification.
#[derive(Debug, Serialize)]
pub struct NotificationTrace {
    /// `N3`.
    pub notification: String,
    /// The organisation's code.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// Its subject.
    pub subject: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Its marking.
    pub tlp: &'static str,
    /// How many findings it tells.
    pub findings: u64,
    /// Some of them.
    pub examples: Vec<String>,
    /// Its messages.
    pub messages: Vec<MessageTrace>,
}

/// A trace shows at most this many findings of a notification.
const EXAMPLES_MAX: usize = 20;

/// Traces an event.
pub fn event(reader: &Reader, id: EventId) -> anyhow::Result<EventTrace> {
    let mut deriver = Deriver::new(Reader::open(reader.data())?)?;
    let row = events::reread(&mut deriver, id)?.ok_or_else(|| {
        anyhow::anyhow!("there is no event {id}. `schakel ledger` shows the reports and their rows")
    })?;
    let report = reader
        .read(|connection| reports::get(connection, id.report))?
        .ok_or_else(|| anyhow::anyhow!("there is no report {}", id.report))?;
    let tlp = reader.read(|connection| reports::marking(connection, id.report, row.chunk.member))?;
    let version = row.chunk.register_version;
    let candidates = match &row.query {
        Some(query) => {
            // Only what this row meets: the register of a country has millions of assets.
            let register = narrow(reader, version, query)?;
            let candidates = Snapshot::build(&register).explain(query);
            explain::from_candidates(&register, version, query.at, candidates, Vec::new()).candidates
        }
        None => Vec::new(),
    };
    let (row_fate, found) = match row.fate {
        RowFate::Rejected(_) => ("rejected", None),
        RowFate::Duplicate => ("duplicate", None),
        RowFate::Clear => ("clear", None),
        RowFate::Event(found) => ("event", Some(found)),
    };
    Ok(EventTrace {
        event: id.to_string(),
        report: ReportTrace {
            id: report.id.0,
            name: report.name,
            received_at: rfc3339(report.received_at),
            content_hash: report.content_hash.map(|hash| blake3::Hash::from(hash).to_hex().to_string()),
            tlp: tlp.as_str(),
        },
        line: row.line,
        idf: row.event.as_ref().ok().map(events::idf),
        reject: row
            .event
            .as_ref()
            .err()
            .filter(|_| row.erased.is_none())
            .map(|reject| reject.message.to_string()),
        erased: row.erased.map(|by| erased::words(reader, by)).transpose()?,
        raw: row.raw,
        row_fate,
        replayed_as: reader.read(|connection| replays::of(connection, id))?.map(|row| row.to_string()),
        candidates,
        register_version: version.0,
        enrichment: match &row.event {
            Ok(event) => enrichment::of(reader, version, &enrichment::subjects_of(event))?,
            Err(_) => Vec::new(),
        },
        finding: found.map(|found| finding_in(reader, found, &[row.chunk.id])).transpose()?,
    })
}

/// Traces a finding, with the assignments of all its sightings.
pub fn finding(reader: &Reader, id: FindingId) -> anyhow::Result<FindingTrace> {
    let chunks = events::chunks_of_finding(reader, id)?;
    let mut trace = finding_in(reader, id, &chunks)?;
    trace.enrichment = Some(enrichment::of_finding(reader, id)?);
    Ok(trace)
}

/// Traces a finding with the assignments of its first sighting and of corrections: quick however large the store is.
pub fn finding_at_first(reader: &Reader, id: FindingId) -> anyhow::Result<FindingTrace> {
    finding_in(reader, id, &[])
}

/// Traces a finding with the assignments that came with its first sighting and with these chunks: a look at two chunks takes
/// milliseconds, a search through a month of them does not.
fn finding_in(reader: &Reader, id: FindingId, chunks: &[u32]) -> anyhow::Result<FindingTrace> {
    let stored = reader
        .read(|connection| findings::get(connection, id))?
        .ok_or_else(|| anyhow::anyhow!("there is no finding F{id}. `schakel findings` lists them"))?;
    let first = stored.first;
    let kinds = reader.read(findings::kinds)?;
    let kind: Option<&Kind> = kinds.get(first.kind.0 as usize);
    let sighting = reader.read(|connection| sightings::get(connection, id))?;
    let register = reader.read(load_organisations_now)?;
    let made_by = reader.read(|connection| chunks::that_made(connection, id))?;
    let corrected = reader.read(|connection| corrections::chunks_of_finding(connection, id))?;
    let mut wanted: Vec<u32> = chunks.iter().copied().chain([made_by]).chain(corrected).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut assignments = Vec::new();
    for chunk in wanted {
        for block in reader.read(|connection| chunks::blocks(connection, &Blocks::OfChunk(chunk)))? {
            if id_list::decode(&block.findings).any(|found| found == id) {
                assignments.push(assignment(reader, &register, &block, id)?);
            }
        }
    }
    let nameless = first.ip.is_none() && first.name.is_none();
    let gone = reader.read(|connection| match nameless {
        true => erase::finding_erased(connection, id),
        false => Ok(None),
    })?;
    let endpoint = schakel_model::observation::Endpoint {
        ip: first.ip,
        port: first.port,
        fqdn: first.name.unwrap_or_default().into(),
        ..Default::default()
    };
    Ok(FindingTrace {
        finding: format!("F{id}"),
        first_event: first.event.to_string(),
        feed: kind.map(|kind| kind.feed.clone()).unwrap_or_default(),
        classification: kind.map_or("", |kind| kind.classification.as_str()),
        identifier: kind.map(|kind| kind.identifier.clone()).unwrap_or_default(),
        severity: kind.map_or("", |kind| kind.severity.as_str()),
        target: events::target(&endpoint),
        erased: gone.map(|by| erased::words(reader, by)).transpose()?,
        first_seen: first.first_seen.timestamp().to_string(),
        last_seen: sighting.last_seen.max(first.first_seen).timestamp().to_string(),
        sightings: sighting.count,
        feed_silent_since: None,
        told: told(reader, &register, id)?,
        taken_back: taken_back(reader, id)?,
        assignments,
        enrichment: None,
    })
}

fn taken_back(reader: &Reader, id: FindingId) -> anyhow::Result<Vec<TakenBackTrace>> {
    let mut all = Vec::new();
    for one in reader.read(|connection| hub_taken_back::of_finding(connection, id))? {
        let link = reader.read(|connection| hubs::get(connection, one.link))?;
        all.push(TakenBackTrace {
            hub: link.map(|link| link.peer.to_string()).unwrap_or_default(),
            at: rfc3339(one.at),
            outcome: one.outcome.map(TakeBack::as_str),
        });
    }
    Ok(all)
}

fn told(reader: &Reader, register: &Register, id: FindingId) -> anyhow::Result<Vec<ToldTrace>> {
    let told = reader.read(|connection| follow_ups::of_finding(connection, id))?;
    let trace = |one: FollowUp| ToldTrace {
        organisation: organisation_name(register, one.organisation).0.to_owned(),
        state: one.state.as_str(),
        since: rfc3339(one.state_at),
        until: one.until.map(rfc3339),
        answer: one.answer.map(|answer| format!("A{answer}")),
        tellings: one.tellings,
        last_told_at: rfc3339(one.last_told_at),
        closed_at: one.closed_at.map(rfc3339),
    };
    Ok(told.into_iter().map(trace).collect())
}

/// The assignments of a block, of which this finding is one.
fn assignment(
    reader: &Reader,
    register: &Register,
    block: &Block,
    finding: FindingId,
) -> anyhow::Result<AssignmentTrace> {
    let (code, name) =
        block.assignee.map_or(("", ""), |assignee| organisation_name(register, assignee.organisation));
    let history = reader.read(|connection| outbox::fate_changes(connection, block.id))?;
    let told_by = match block.fate {
        Fate::Withdrawn => {
            reader.read(|connection| corrections::told_by(connection, block.id))?.map(|lead| lead.0)
        }
        // An overview, a rule: the history says which.
        Fate::Digest | Fate::Suppressed | Fate::Held => None,
        _ => block.reference,
    };
    let messages = match told_by {
        Some(lead) => reader.read(|connection| outbox::of_telling(connection, NotificationId(lead)))?,
        None => Vec::new(),
    };
    let hub = match told_by {
        Some(lead) => at_hub(reader, NotificationId(lead), finding)?,
        None => None,
    };
    Ok(AssignmentTrace {
        hub,
        organisation: code.to_owned(),
        organisation_name: name.to_owned(),
        role: block.assignee.map(|assignee| assignee.role.as_str()),
        end: block.assignee.map(|assignee| assignee.end.as_str()),
        report: block.report.0,
        fate: block.fate.as_str(),
        history: history
            .into_iter()
            .map(|change| FateTrace {
                at: rfc3339(change.at),
                fate: change.fate.as_str(),
                reason: change.reason,
            })
            .collect(),
        notification: told_by.map(|number| format!("N{number}")),
        correction: match (block.fate, block.correction) {
            (Fate::Withdrawn, _) => block.reference.map(|number| format!("K{number}")),
            (_, made_by) => made_by.map(|number| format!("K{number}")),
        },
        messages: messages.into_iter().map(message).collect(),
    })
}

/// What became of a finding at the hub that a notification handed it over to.
fn at_hub(
    reader: &Reader,
    notification: NotificationId,
    finding: FindingId,
) -> anyhow::Result<Option<HubTrace>> {
    let parcels = reader.read(|connection| handovers::of_notification(connection, notification))?;
    let Some(first) = parcels.into_iter().find(|parcel| parcel.finding == finding) else { return Ok(None) };
    let newest = reader.read(|connection| handovers::of_finding(connection, first.link, finding))?.pop();
    let parcel = newest.unwrap_or(first);
    let link = reader.read(|connection| hubs::get(connection, parcel.link))?;
    let status = reader.read(|connection| hub_status::of(connection, parcel.link, finding))?;
    Ok(Some(HubTrace {
        hub: link.map(|link| link.peer.to_string()).unwrap_or_default(),
        parcel: parcel.id.to_string(),
        revision: parcel.revision,
        state: parcel.state.as_str(),
        receipt: parcel.outcome.map(ReceiptOutcome::as_str),
        reason: match parcel.outcome {
            Some(ReceiptOutcome::Rejected(reason)) => Some(reason.as_str()),
            _ => None,
        },
        at: rfc3339(parcel.sent_at.unwrap_or(parcel.created_at)),
        withheld: parcel.withheld.map(Withheld::as_str),
        answered_at: parcel.answered_at.map(rfc3339),
        status: status.map(HubStatus::as_str),
    }))
}

fn message(message: outbox::Message) -> MessageTrace {
    MessageTrace {
        recipient: message.recipient,
        role: message.role,
        message_id: message.message_id,
        state: message.state.as_str(),
        attempts: message.attempts,
        finished_at: message.finished_at.map(rfc3339),
        outcome: message.outcome,
    }
}

/// Traces a notification.
pub fn notification(reader: &Reader, id: NotificationId) -> anyhow::Result<NotificationTrace> {
    let stored = reader
        .read(|connection| outbox::notification(connection, id))?
        .ok_or_else(|| anyhow::anyhow!("there is no notification N{id}. `schakel outbox` lists them"))?;
    let register = reader.read(load_organisations_now)?;
    let (code, name) = organisation_name(&register, stored.organisation);
    let blocks =
        reader.read(|connection| chunks::blocks(connection, &Blocks::OfNotification(stored.lead.0)))?;
    let examples = blocks.iter().flat_map(|block| id_list::decode(&block.findings)).take(EXAMPLES_MAX);
    let messages = reader.read(|connection| outbox::of_notification(connection, id))?;
    Ok(NotificationTrace {
        notification: format!("N{id}"),
        organisation: code.to_owned(),
        organisation_name: name.to_owned(),
        subject: stored.subject,
        created_at: rfc3339(stored.created_at),
        tlp: stored.tlp.as_str(),
        findings: stored.findings,
        examples: examples.map(|finding| format!("F{finding}")).collect(),
        messages: messages.into_iter().map(message).collect(),
    })
}
