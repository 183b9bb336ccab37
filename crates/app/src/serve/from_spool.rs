//! Something in the spool: dealt with, and counted.

use std::sync::atomic::Ordering::Relaxed;

use anyhow::Context;
use schakel_model::clock::Clock;
use schakel_store::{
    arrivals::Outcome,
    spool::{Kept, State},
};

use super::Counters;
use crate::arrivals::{ArrivalDesk, Became, is_store_trouble};

/// Deals with something in the spool. Was it taken in?
pub(super) fn take_arrival(
    mut desk: ArrivalDesk<'_>,
    kept: &Kept,
    counters: &Counters,
    clock: &Clock,
) -> anyhow::Result<bool> {
    let receipt = kept.receipt;
    counters.arrivals.fetch_add(1, Relaxed);
    match desk.handle(kept, &|_| counters.is_alive(clock)) {
        Ok((Became::Taken(ingested), _)) => {
            counters.taken(&ingested);
            if !ingested.failures.is_empty() {
                counters.reports_failed.fetch_add(1, Relaxed);
                tracing::warn!(%receipt, report = %ingested.report, "taken in only in part");
            }
            return Ok(true);
        }
        Ok((Became::Held(reason), _)) => tracing::info!(%receipt, reason, "waits for a person"),
        Ok((Became::Aside(outcome, reason), _)) => {
            if outcome == Outcome::Failed {
                counters.reports_failed.fetch_add(1, Relaxed);
            }
            tracing::info!(%receipt, outcome = outcome.as_str(), reason, "put aside");
        }
        Err(error) if is_store_trouble(&error) => {
            return Err(error).with_context(|| format!("while dealing with {receipt}"));
        }
        // Nothing is known of it but that it cannot be looked at: a person has to.
        Err(error) => {
            let reason = format!("{error:#}");
            tracing::warn!(%receipt, reason, "cannot be looked at");
            desk.spool.set_state(receipt, State::Held, &reason)?;
        }
    }
    Ok(false)
}
