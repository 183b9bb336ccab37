//! `/`: the desk's first page. People of a member are sent to their own (`/own`).

use std::sync::{Arc, PoisonError};

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use schakel_app::portal::morning;
use schakel_render::portal::morning::Morning;
use schakel_store::Reader;

use super::{Portal, answer, visitor::Visitor};

/// A picture that is younger than this is shown again: many people open the page at the same hour.
const FRESH_SECONDS: i64 = 5;

/// `GET /`
pub async fn show(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        let picture = picture(portal, reader, visitor.now)?;
        visitor.page(portal, StatusCode::OK, "morning", &*picture)
    })
    .await
}

fn picture(portal: &Portal, reader: &Reader, now: i64) -> anyhow::Result<Arc<Morning>> {
    let mut kept = portal.morning.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((made_at, picture)) = &*kept
        && (*made_at..*made_at + FRESH_SECONDS).contains(&now)
    {
        return Ok(Arc::clone(picture));
    }
    let picture = Arc::new(morning::morning(reader, Timestamp::from_second(now)?)?);
    *kept = Some((now, Arc::clone(&picture)));
    Ok(picture)
}
