//! `/livez`: should this process go on? `/readyz`: does it take reports in?

use std::sync::atomic::Ordering::Relaxed;

use axum::{extract::State, http::StatusCode};

use crate::server::Served;

/// A loop that has stood still for this long is stuck. It goes round five times a second, and moves on with each chunk of a report it
/// takes in.
const STANDSTILL_SECONDS_MAX: i64 = 60;

/// `GET /livez`: 200, or 503 when the loop stands still. A process that is still starting is alive: it may have much to take up again.
pub async fn livez(State(served): State<Served>) -> (StatusCode, &'static str) {
    let last_round_at = i64::try_from(served.counters.last_round_at.load(Relaxed)).unwrap_or(i64::MAX);
    let starting = last_round_at == 0;
    // After a clock was set back, the last round lies ahead: that is no standstill.
    if starting || served.clock.now_seconds().saturating_sub(last_round_at) <= STANDSTILL_SECONDS_MAX {
        (StatusCode::OK, "alive\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the loop stands still: look in the log, and restart\n")
    }
}

/// `GET /readyz`: 200, or 503 while it starts or stops.
pub async fn readyz(State(served): State<Served>) -> (StatusCode, &'static str) {
    if served.counters.ready.load(Relaxed) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: starting or stopping\n")
    }
}
