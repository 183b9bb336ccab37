//! What waits for other hubs, as it was last looked at: for metrics.

use std::sync::{Mutex, PoisonError};

use schakel_model::hub::{Link, ParcelClass};
use schakel_store::{Reader, hub_sealing, parcels_out};

/// What waits for one hub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Queue {
    /// The name of the hub.
    pub hub: String,
    /// By class: how many parcels wait, and since when the oldest, in seconds since 1970.
    pub waiting: Vec<(ParcelClass, u64, Option<i64>)>,
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
            let mut waiting = Vec::new();
            for class in ParcelClass::ALL {
                let (count, oldest) =
                    reader.read(|connection| parcels_out::oldest_waiting(connection, link.id, *class))?;
                waiting.push((*class, count, oldest));
            }
            let withheld = reader.read(|connection| hub_sealing::count_withheld(connection, link.id))?;
            queues.push(Queue {
                hub: link.peer.to_string(),
                waiting,
                without_receipt: reader
                    .read(|connection| parcels_out::without_receipt(connection, link.id))?
                    .0,
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
