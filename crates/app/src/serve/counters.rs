//! What a running service counts, for metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use schakel_model::clock::Clock;

use crate::{handover::queues::HubQueues, intake::Ingested, polls::PollCounters};

/// What a running server counts, for metrics.
#[derive(Default)]
#[allow(missing_docs)] // The names are those of the metrics.
pub struct Counters {
    pub reports: AtomicU64,
    pub reports_failed: AtomicU64,
    pub rows: AtomicU64,
    pub rejected: AtomicU64,
    pub events: AtomicU64,
    pub findings_new: AtomicU64,
    pub notifications: AtomicU64,
    pub mails_accepted: AtomicU64,
    pub mails_given_up: AtomicU64,
    pub breaches_open: AtomicU64,
    pub breaches_overdue: AtomicU64,
    pub organisations_unreachable: AtomicU64,
    pub feeds_alarmed: AtomicU64,
    pub answers_waiting: AtomicU64,
    pub mailboxes_unusable: AtomicU64,
    pub parcels_late: AtomicU64,
    pub mails_received: AtomicU64,
    pub mails_fetched: AtomicU64,
    pub mailbox_last_success_at: AtomicU64,
    pub arrivals: AtomicU64,
    pub held: AtomicU64,
    pub polls: PollCounters,
    pub hubs: HubQueues,
    /// Ready to take reports in.
    pub ready: AtomicBool,
    /// The last time the loop went round, seconds since 1970: a loop that stands still is not alive.
    pub last_round_at: AtomicU64,
}

impl Counters {
    /// A report was taken in.
    pub(super) fn taken(&self, ingested: &Ingested) {
        let sums = ingested.progress.sums;
        self.reports.fetch_add(u64::from(!ingested.report_known), Relaxed);
        self.rows.fetch_add(sums.rows, Relaxed);
        self.rejected.fetch_add(sums.rejected, Relaxed);
        self.events.fetch_add(sums.events, Relaxed);
        self.findings_new.fetch_add(ingested.progress.new_findings, Relaxed);
        tracing::info!(report = %ingested.report, rows = sums.rows, new = ingested.progress.new_findings,
            known = ingested.report_known, "taken in");
    }

    /// The loop goes round, or on with the report it is taking in.
    pub(super) fn is_alive(&self, clock: &Clock) {
        self.last_round_at.store(clock.now_seconds().max(0) as u64, Relaxed);
    }
}
