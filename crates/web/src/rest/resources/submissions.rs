//! Reports in, by the door that all reports come through: kept before it is answered, and looked at as any other. Large ones go to the door for
//! reports, which takes them as they are.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_app::receipts::{self, Progress};
use schakel_ingest::door::{Refusal, Spool};
use schakel_model::{
    api::ClientOf,
    arrival::{Door, Envelope, Receipt},
    source::Source,
};
use schakel_store::{sources, spool::SpoolDesk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rest::{
    call::Call,
    problem::{Problem, Where},
    route::Nothing,
};

/// A report: its text, or its bytes in base64.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewReport {
    /// Its file name: how it is read may depend on it
    #[schemars(length(min = 1, max = 200))]
    name: String,
    text: Option<String>,
    base64: Option<String>,
    /// The desk only: from which source, by its code. Without it the source with the name of the client
    #[schemars(length(max = 100))]
    source: Option<String>,
}

/// It is kept, and will be looked at.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    receipt: String,
    /// Where to ask what became of it
    status: String,
}

/// The source that a client reports as: the one with its name, or for the desk any.
fn source(call: &Call, wanted: Option<&str>) -> Result<Option<Source>, Problem> {
    let code = match (wanted, call.client.of) {
        (Some(code), ClientOf::Desk) => code,
        (Some(_), ClientOf::Member(_)) => {
            return Err(Problem::fault(
                Where::Body,
                "/source",
                "forbidden",
                "only the desk says who reports",
            ));
        }
        (None, _) => &call.client.code,
    };
    Ok(call.reader.read(|connection| sources::by_code(connection, code))?)
}

/// `POST /reports`
pub fn submit(call: &Call, _: Nothing, new: NewReport) -> Result<Received, Problem> {
    let door = call
        .rest
        .door
        .get()
        .ok_or_else(|| Problem::later(StatusCode::SERVICE_UNAVAILABLE, "The service is starting.", 30))?;
    let source = source(call, new.source.as_deref())?;
    let source = match (source, &new.source) {
        (Some(source), _) => source,
        (None, Some(_)) => {
            return Err(Problem::fault(Where::Body, "/source", "unknown", "there is no such source"));
        }
        (None, None) => {
            let why = format!(
                "there is no source {}: the CERT has to make one before you can report",
                call.client.code
            );
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why));
        }
    };
    let bytes = match (new.text, new.base64) {
        (Some(text), None) => text.into_bytes(),
        (None, Some(coded)) => STANDARD
            .decode(coded)
            .map_err(|_| Problem::fault(Where::Body, "/base64", "format", "this is no base64"))?,
        _ => return Err(Problem::fault(Where::Body, "/text", "required", "give either `text` or `base64`")),
    };
    if bytes.is_empty() {
        return Err(Problem::fault(Where::Body, "/text", "required", "the report is empty"));
    }
    let envelope = Envelope {
        door: Door::Api,
        source: source.code,
        received_at: call.now,
        name: Envelope::clean_name(&new.name),
        sender: String::new(),
        peer: None,
    };
    let receipt = door.accept(&envelope, &bytes)?;
    Ok(Received { receipt: receipt.to_string(), status: format!("/api/v1/receipts/{receipt}") })
}

/// What became of a report.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptShown {
    receipt: String,
    /// `waiting`, `held` (a person looks at it), `taken`, or how else it ended
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<u64>,
}

/// `GET /receipts/{receipt}`. A client sees what came from the source with its name; the desk sees all.
pub fn receipt(call: &Call, _: Nothing) -> Result<ReceiptShown, Problem> {
    let receipt: Receipt = call.name("receipt").parse().map_err(|_| Problem::not_found())?;
    let spool = SpoolDesk::open(&call.rest.data)?;
    let sources = match call.client.of {
        ClientOf::Desk => call.reader.read(sources::list)?,
        ClientOf::Member(_) => source(call, None)?.into_iter().collect(),
    };
    let mut found = None;
    for source in &sources {
        found = receipts::progress(&call.reader, &spool, source, receipt)?;
        if found.is_some() {
            break;
        }
    }
    let progress = found.ok_or_else(Problem::not_found)?;
    let sums = match progress {
        Progress::Taken(sums) => Some(sums),
        _ => None,
    };
    Ok(ReceiptShown {
        receipt: receipt.to_string(),
        state: progress.as_str(),
        rows: sums.map(|sums| sums.rows),
        events: sums.map(|sums| sums.events),
        rejected: sums.map(|sums| sums.rejected),
    })
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Later { after_seconds } => Self::later(
                StatusCode::TOO_MANY_REQUESTS,
                "There is no room for more reports of yours now.",
                after_seconds,
            ),
            Refusal::TooLarge { bytes_max } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The report is larger than the {bytes_max} bytes that are allowed."),
            ),
            Refusal::Blocked => {
                Self::new(StatusCode::FORBIDDEN, "This source may not send reports. Ask the CERT why.")
            }
            Refusal::Trouble(text) => Self::trouble(text),
        }
    }
}
