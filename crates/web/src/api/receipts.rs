//! `GET /api/v1/receipts/R123`: what became of a report, for the source that sent it.

use axum::{
    extract::{Path, State},
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use schakel_app::receipts::{self, Progress};
use schakel_model::arrival::Receipt;
use schakel_store::{Reader, StoreError, spool::SpoolDesk};
use serde::Serialize;

use super::{Api, caller::Caller, problem::Problem};

#[derive(Serialize)]
struct Shown {
    receipt: String,
    state: &'static str,
    #[serde(flatten)]
    sums: Option<SumsShown>,
}

#[derive(Serialize)]
struct SumsShown {
    rows: u64,
    events: u64,
    rejected: u64,
}

/// `GET /api/v1/receipts/R123`. Another's receipt is as if it were not there.
pub(super) async fn show(
    State(api): State<Api>,
    Caller(source): Caller,
    Path(receipt): Path<String>,
) -> Result<Response, Problem> {
    let receipt: Receipt = receipt.parse().map_err(|_| Problem::not_found())?;
    let data = api.data.clone();
    let look = move || {
        let (reader, spool) = (Reader::open(&data)?, SpoolDesk::open(&data)?);
        receipts::progress(&reader, &spool, &source, receipt)
    };
    let found: Result<_, StoreError> = tokio::task::spawn_blocking(look).await.map_err(Problem::trouble)?;
    let progress = found.map_err(Problem::trouble)?.ok_or_else(Problem::not_found)?;
    let sums = match progress {
        Progress::Taken(sums) => {
            Some(SumsShown { rows: sums.rows, events: sums.events, rejected: sums.rejected })
        }
        _ => None,
    };
    let shown = Shown { receipt: receipt.to_string(), state: progress.as_str(), sums };
    let body = serde_json::to_string(&shown).map_err(Problem::trouble)?;
    let head = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    Ok((head, body).into_response())
}
