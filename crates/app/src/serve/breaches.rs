//! What is counted now and then and shown as figures: open breaches, answers that wait, mailboxes that cannot be used.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use schakel_model::clock::Clock;
use schakel_store::{Reader, answers, mailboxes};

use super::Counters;
use crate::breach;

/// How often open breaches are counted: their clock runs in hours.
const BREACHES_EVERY: Duration = Duration::from_secs(60);

/// Open breaches, looked at now and then; one that becomes overdue is said once.
#[derive(Default)]
pub struct Breaches {
    looked: Option<Instant>,
    overdue: u64,
}

impl Breaches {
    pub fn look(&mut self, reader: &Reader, clock: &Clock, counters: &Counters) -> anyhow::Result<()> {
        if self.looked.is_some_and(|looked| looked.elapsed() < BREACHES_EVERY) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        let (open, overdue) = breach::counts(reader, clock.now_seconds())?;
        counters.breaches_open.store(open, Relaxed);
        counters.breaches_overdue.store(overdue, Relaxed);
        counters.answers_waiting.store(reader.read(answers::open_count)?, Relaxed);
        counters.mailboxes_unusable.store(reader.read(mailboxes::unusable)?.len() as u64, Relaxed);
        if overdue > self.overdue {
            tracing::error!(
                overdue,
                "a possible data breach is past its 72 hours: `schakel breach list` shows it"
            );
        }
        self.overdue = overdue;
        Ok(())
    }
}
