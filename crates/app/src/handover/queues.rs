//! What waits for other hubs, as it was last looked at: for metrics.

use std::sync::{Mutex, PoisonError};

use schakel_model::hub::Link;
use schakel_store::{
    Reader, hub_sealing,
    parcel_queues::{self, Waiting},
};

/// What waits for one hub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queue {
    /// The name of the hub.
    pub hub: String,
    /// What waits, by class.
    pub waiting: Vec<Waiting>,
    /// Parcels without a receipt.
    pub without_receipt: u64,
    /// Parcels that are kept back.
    pub withheld: u64,
}

/// What waits for each hub.
#[derive(Default)]
pub struct HubQueues(Mutex<Vec<Queue>>);

impl HubQueues {
    /// Looks at all links.
    pub fn look(&self, reader: &Reader, links: &[Link]) -> anyhow::Result<()> {
        let mut queues = Vec::with_capacity(links.len());
        for link in links {
            let withheld = reader.read(|connection| hub_sealing::count_withheld(connection, link.id))?;
            queues.push(Queue {
                hub: link.peer.to_string(),
                waiting: reader.read(|connection| parcel_queues::waiting(connection, link.id))?,
                without_receipt: reader
                    .read(|connection| parcel_queues::without_receipt(connection, link.id))?,
                withheld: withheld.iter().map(|(_, count)| count).sum(),
            });
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = queues;
        Ok(())
    }

    /// As it was last looked at.
    pub fn all(&self) -> Vec<Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
