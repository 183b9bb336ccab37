//! The doors that mail comes through, open while the service runs.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use anyhow::Context;
use schakel_ingest::{door::Spool, imap, smtp};
use schakel_model::clock::Clock;

use super::Counters;
use crate::{config::Config, doors::SpoolDoor};

/// What listens and fetches.
pub(super) struct MailDoors {
    smtp: smtp::Handle,
    imap: Option<imap::Handle>,
}

impl MailDoors {
    /// Opens those that the configuration names.
    pub fn open(config: &Config, door: &Arc<SpoolDoor>, clock: Clock) -> anyhow::Result<Self> {
        let spool: Arc<dyn Spool> = Arc::clone(door) as _;
        let doors = &config.doors;
        let smtp =
            smtp::start(&doors.smtp, Arc::clone(&spool), clock).context("cannot open the door for mail")?;
        for address in smtp.addresses() {
            tracing::info!(%address, "mail comes in");
        }
        let imap = match doors.imap.host.is_empty() {
            true => None,
            false => Some(imap::start(&doors.imap, spool, clock).context("cannot fetch mail")?),
        };
        Ok(Self { smtp, imap })
    }

    /// Counts what came.
    pub fn count(&self, counters: &Counters) {
        counters.mails_received.store(self.smtp.counts().received, Relaxed);
        let Some(status) = self.imap.as_ref().map(imap::Handle::status) else { return };
        counters.mails_fetched.store(status.fetched, Relaxed);
        counters
            .mailbox_last_success_at
            .store(status.last_success.unwrap_or_default().max(0) as u64, Relaxed);
    }

    /// Closes them; what was begun is finished.
    pub fn close(self) {
        self.smtp.stop();
        if let Some(imap) = self.imap {
            imap.stop();
        }
    }
}
