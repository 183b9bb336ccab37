//! `POST /api/v1/reports`: a report in one request. The answer comes after it is durable.

use std::io::Write;

use axum::{
    body::Body,
    extract::{Extension, RawQuery, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION},
    },
    response::{IntoResponse, Response},
};
use schakel_app::doors::SpoolDoor;
use schakel_ingest::door::{Refusal, Spool};
use schakel_model::arrival::{Door, Envelope, Receipt};
use serde_json::json;

use super::{
    Api,
    body::{Broken, Paced, Pieces},
    caller::Caller,
    file_name::file_name,
    problem::Problem,
};
use crate::listener::Peer;

/// A report up to this size is collected before it takes a thread: slow senders of small reports hold none.
const SMALL_BYTES_MAX: usize = 64 << 10;

/// `POST /api/v1/reports`
pub(super) async fn post(
    State(api): State<Api>,
    Caller(source): Caller,
    Extension(Peer(peer)): Extension<Peer>,
    RawQuery(query): RawQuery,
    head: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    is_readable(&head)?;
    let door = api.door()?;
    let envelope = Envelope {
        door: Door::Api,
        source: source.code,
        received_at: api.clock.now_seconds(),
        name: file_name(query.as_deref(), &head),
        sender: String::new(),
        peer: Some(peer),
    };
    let mut body = Paced::new(body);
    let (beginning, ended) = body.beginning(SMALL_BYTES_MAX).await?;
    if beginning.is_empty() {
        return Err(Problem::bad("The request has no body: send the report as it is."));
    }
    let receipt = if ended {
        tokio::task::spawn_blocking(move || door.accept(&envelope, &beginning))
            .await
            .map_err(Problem::trouble)??
    } else {
        let held = api.streams.take(&envelope.source).ok_or_else(Problem::busy)?;
        let size = said_length(&head).unwrap_or(0).max(beginning.len() as u64);
        let work = move |pieces| {
            let kept = write(&door, &envelope, size, &beginning, pieces);
            drop(held);
            kept
        };
        body.feed(work).await.map_err(Problem::trouble)??
    };
    Ok(accepted(receipt))
}

/// Writes what comes into the spool; nothing stays when it breaks off.
fn write(
    door: &SpoolDoor,
    envelope: &Envelope,
    size: u64,
    beginning: &[u8],
    mut pieces: Pieces,
) -> Result<Receipt, Problem> {
    let mut upload = door.begin_sized(envelope, size)?;
    upload.write_all(beginning).map_err(Refusal::from)?;
    while let Some(piece) = pieces.next().map_err(log_broken)? {
        upload.write_all(&piece).map_err(Refusal::from)?;
    }
    Ok(upload.finish()?)
}

fn log_broken(broken: Broken) -> Broken {
    tracing::info!(?broken, "a report broke off: nothing of it was kept");
    broken
}

/// The answer to a report that is durable.
pub(super) fn accepted(receipt: Receipt) -> Response {
    let status = format!("/api/v1/receipts/{receipt}");
    let body = json!({ "receipt": receipt.to_string(), "status": status }).to_string();
    let mut response = (StatusCode::ACCEPTED, [(CONTENT_TYPE, "application/json")], body).into_response();
    if let Ok(status) = HeaderValue::from_str(&status) {
        response.headers_mut().insert(LOCATION, status);
    }
    response
}

fn said_length(head: &HeaderMap) -> Option<u64> {
    head.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A form of a browser and an encoding that we cannot name would come in as something else than what was meant.
fn is_readable(head: &HeaderMap) -> Result<(), Problem> {
    let is = |name, starts: &str| {
        let value = head.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        value.is_some_and(|value| value.trim().to_ascii_lowercase().starts_with(starts))
    };
    let unsupported = |detail| Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    if is(CONTENT_TYPE, "multipart/form-data") {
        return unsupported(
            "Send the report itself as the body, not a form (curl: --data-binary, not --form).",
        );
    }
    if head.contains_key(CONTENT_ENCODING)
        && !is(CONTENT_ENCODING, "gzip")
        && !is(CONTENT_ENCODING, "identity")
    {
        return unsupported("Content-Encoding may be gzip or identity.");
    }
    Ok(())
}
