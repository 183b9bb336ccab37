//! What waits for a person: seen, tried, accepted, refused.

use schakel_app::{
    arrivals::Became,
    events,
    preview::Most,
    vetting::{self, VettingDesk},
};
use schakel_model::{arrival::Receipt, fate::Fate};
use schakel_store::{
    sources,
    spool::{Kept, SpoolDesk, State},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rest::{
    call::Call,
    problem::{Problem, Where},
    route::{Nothing, Page},
    values::At,
};

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
pub fn list(call: &Call, _: Nothing) -> Result<Page<Waiting>, Problem> {
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

fn held(call: &Call) -> Result<Kept, Problem> {
    let receipt: Receipt = call.name("receipt").parse().map_err(|_| Problem::not_found())?;
    let kept = SpoolDesk::open(&call.rest.data)?.get(receipt)?;
    kept.filter(|kept| kept.state == State::Held).ok_or_else(Problem::not_found)
}

/// An organisation that a report concerns.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Concerned {
    organisation: String,
    organisation_name: String,
    /// Assignments that it would be told of
    told: u64,
    /// Others that are new: nobody may be told, or they would be held
    not_told: u64,
    /// To whom it would go
    recipients: Vec<String>,
}

/// What waits, with what accepting it would do.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Previewed {
    waiting: Waiting,
    /// Is it certain who sent it?
    proven: bool,
    /// Of a mail: who wrote it
    from: String,
    /// In which formats
    formats: Vec<String>,
    /// These bytes came in before
    known: bool,
    /// There are more rows: the figures are of the first
    more: bool,
    rows: u64,
    events: u64,
    rejected: u64,
    duplicates: u64,
    new_findings: u64,
    findings_seen: u64,
    /// How many assignments would be nobody's
    unrouted: u64,
    concerned: Vec<Concerned>,
    /// The first events, in IDF
    events_shown: Vec<serde_json::Value>,
    /// What could not be read, in sentences
    failures: Vec<String>,
}

/// `GET /vetting/{receipt}`
pub fn preview(call: &Call, _: Nothing) -> Result<Previewed, Problem> {
    let kept = held(call)?;
    call.looker().raw(&format!("arrival:{}", kept.receipt))?;
    let (config, mut asking) = (&call.rest.config, call.rest.asking.clone());
    let (looked, preview) =
        vetting::preview(&call.reader, config, &kept, &mut asking, call.now, Most::OF_A_PAGE)
            .map_err(Problem::refused)?;
    let preview = preview?;
    Ok(Previewed {
        waiting: waiting(kept),
        proven: looked.sender.proven,
        from: looked.sender.address,
        formats: looked.formats,
        known: preview.known,
        more: preview.more,
        rows: preview.sums.rows,
        events: preview.sums.events,
        rejected: preview.sums.rejected,
        duplicates: preview.sums.duplicates,
        new_findings: preview.new_findings,
        findings_seen: preview.findings_seen,
        unrouted: preview.sums.fate(Fate::Unrouted),
        concerned: preview
            .concerned
            .into_iter()
            .map(|one| Concerned {
                organisation: one.code,
                organisation_name: one.name,
                told: one.told,
                not_told: one.not_told,
                recipients: one.recipients,
            })
            .collect(),
        events_shown: preview.events.iter().map(|shown| events::idf(&shown.event)).collect(),
        failures: preview.failures,
    })
}

/// `POST /vetting/{receipt}/accept`
pub fn accept(call: &Call, _: Nothing, accept: Accept) -> Result<Decided, Problem> {
    let receipt = held(call)?.receipt;
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
    let receipt = held(call)?.receipt;
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
