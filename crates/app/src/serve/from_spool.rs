//! Something in the spool: dealt with, and counted.

use std::sync::atomic::Ordering::Relaxed;

use anyhow::Context;
use schakel_model::{clock::Clock, ids::ReportId};
use schakel_render::templates::Templates;
use schakel_store::{
    arrivals::Outcome,
    spool::{Kept, State},
};

use super::Counters;
use crate::{
    arrivals::{ArrivalDesk, Became, is_store_trouble},
    handover::upward::Upward,
    notifiers::{self, News},
};

/// Deals with something in the spool, and tells the notifier. Is there perhaps something to tell now?
pub(super) fn take_arrival(
    mut desk: ArrivalDesk<'_>,
    kept: &Kept,
    templates: &Templates,
    counters: &Counters,
    clock: &Clock,
    upward: &mut Upward,
) -> anyhow::Result<bool> {
    let receipt = kept.receipt;
    counters.arrivals.fetch_add(1, Relaxed);
    let (became, sender) = match desk.handle(kept, &|_| counters.is_alive(clock)) {
        Ok(handled) => handled,
        Err(error) if is_store_trouble(&error) => {
            return Err(error).with_context(|| format!("while dealing with {receipt}"));
        }
        // Nothing is known of it but that it cannot be looked at: a person has to.
        Err(error) => {
            let reason = format!("{error:#}");
            tracing::warn!(%receipt, reason, "cannot be looked at");
            desk.spool.set_state(receipt, State::Held, &reason)?;
            return Ok(false);
        }
    };
    // A mail that came back may leave something to be told to somebody else.
    let is_correspondence = matches!(became, Became::Aside(Outcome::NoReport, _));
    let news = match became {
        Became::Taken(mut ingested) => {
            upward.heard.append(&mut ingested.heard);
            // Another hub may have had nothing to say but receipts.
            if ingested.report != ReportId(0) {
                counters.taken(&ingested);
            }
            if !ingested.failures.is_empty() {
                counters.reports_failed.fetch_add(1, Relaxed);
                tracing::warn!(%receipt, report = %ingested.report, "taken in only in part");
            }
            Some(News::Received)
        }
        Became::Held(reason) => {
            tracing::info!(%receipt, reason, "waits for a person");
            Some(News::Held)
        }
        Became::Aside(outcome, reason) => {
            tracing::info!(%receipt, outcome = outcome.as_str(), reason, "put aside");
            None
        }
    };
    if let Some(news) = news {
        let store = desk.intake.store();
        // The report is dealt with, whether or not its notifier can be told so.
        match notifiers::tell(store, desk.config, templates, kept, &sender, news, clock.now()) {
            Err(error) if is_store_trouble(&error) => return Err(error),
            Err(error) => {
                tracing::warn!(%receipt, reason = %format!("{error:#}"), "the notifier cannot be told")
            }
            Ok(_) => {}
        }
    }
    Ok(is_correspondence || news == Some(News::Received))
}
