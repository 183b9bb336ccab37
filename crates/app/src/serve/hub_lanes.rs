//! What goes to other hubs and comes from them, a thread for each link.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use schakel_model::{clock::Clock, hub::LinkState};
use schakel_store::{Reader, hubs};

use crate::{
    config::Config,
    doors::SpoolDoor,
    hub::{
        fetching::Fetcher,
        links,
        sending::{Lane, Turn},
    },
};

/// How often it is looked whether something waits for a hub.
const TICK: Duration = Duration::from_millis(100);

/// How often it is looked whether every hub knows our next key.
const ROTATION_EVERY: Duration = Duration::from_secs(60);

/// Starts them for the links that are active now; none when this installation is no hub.
pub(super) fn start(
    reader: &Reader,
    config: &Config,
    door: &Arc<SpoolDoor>,
    clock: Clock,
    ends: &[Arc<AtomicBool>; 2],
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let mut threads = Vec::new();
    if config.hub.name.is_empty() {
        return Ok(threads);
    }
    for link in reader.read(hubs::standing)?.into_iter().filter(|link| link.state == LinkState::Active) {
        let mut lane = Lane::open(reader.data(), config, link.id)?;
        let mut fetcher = Fetcher::open(reader.data(), config, door, link.id)?;
        let ends = ends.clone();
        threads.push(thread::Builder::new().name(format!("hub {}", link.id)).spawn(move || {
            let mut said = String::new();
            while !ends.iter().any(|end| end.load(Relaxed)) {
                let sent = lane.turn(&clock).map(|turn| turn != Turn::Idle);
                let fetched = fetcher.as_mut().map_or(Ok(false), |fetcher| fetcher.turn(&clock));
                match (sent, fetched) {
                    (Ok(false), Ok(false)) => thread::sleep(TICK),
                    (Ok(_), Ok(_)) => said.clear(),
                    (Err(error), _) | (_, Err(error)) => {
                        // The same trouble is said once, not ten times a second.
                        let text = format!("{error:#}");
                        if text != said {
                            tracing::error!(error = %text, "cannot send to a hub, or fetch from it");
                            said = text;
                        }
                        thread::sleep(TICK);
                    }
                }
            }
        })?);
    }
    Ok(threads)
}

/// Our next key, looked after now and then.
#[derive(Default)]
pub(super) struct Rotation {
    looked: Option<Instant>,
}

impl Rotation {
    /// Lets the next key sign when every hub knows it.
    pub fn turn(&mut self, reader: &Reader, config: &Config, clock: &Clock) {
        if self.looked.is_some_and(|looked| looked.elapsed() < ROTATION_EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        match links::follow_rotation(reader, config, clock.now_seconds()) {
            Ok(false) => {}
            Ok(true) => tracing::info!("the new key of this hub signs from now on"),
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "cannot look after the keys of this hub")
            }
        }
    }
}
