//! What waits for us at other hubs, fetched: for a hub behind a firewall, which nobody can bring anything to.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use schakel_lookup::post::Poster;
use schakel_model::{
    arrival::{Door, Envelope},
    clock::Clock,
    hub::{Link, LinkState},
    ids::LinkId,
};
use schakel_store::{Reader, data_dir::DataDir, hubs};
use serde_json::json;

use super::{
    door::{FETCH, JSON_TYPE},
    ours::Ours,
    sending::{BATCH, BATCH_BYTES, POST_TIME_MAX, signed},
};
use crate::{config::Config, doors::SpoolDoor};

/// Fetches from one hub.
pub struct Fetcher {
    link: LinkId,
    reader: Reader,
    spool: Arc<SpoolDoor>,
    poster: Poster,
    config: Config,
    cursor: String,
    next: Option<Instant>,
    said: String,
}

impl Fetcher {
    /// For this link; `None` when others can bring us what is for us.
    pub fn open(
        data: &DataDir,
        config: &Config,
        spool: &Arc<SpoolDoor>,
        link: LinkId,
    ) -> anyhow::Result<Option<Self>> {
        if !config.hub.listen.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            link,
            reader: Reader::open(data)?,
            spool: Arc::clone(spool),
            poster: Poster::for_hubs(&config.outgoing, config.hub.shown()?, POST_TIME_MAX)?,
            config: config.clone(),
            cursor: String::new(),
            next: None,
            said: String::new(),
        }))
    }

    /// Fetches once, when it is time. Came there anything?
    pub fn turn(&mut self, clock: &Clock) -> anyhow::Result<bool> {
        if self.next.is_some_and(|next| Instant::now() < next) {
            return Ok(false);
        }
        let link = self.reader.read(|connection| hubs::get(connection, self.link))?;
        let Some(link) = link.filter(|link| link.state == LinkState::Active && !link.url.is_empty()) else {
            return Ok(false);
        };
        self.next = Some(Instant::now() + Duration::from_secs(self.config.hub.fetch_seconds.max(1)));
        match self.fetch(&link, clock.now_seconds()) {
            Ok(came) => {
                self.said.clear();
                if came {
                    // More may wait.
                    self.next = None;
                }
                Ok(came)
            }
            Err(error) => {
                let text = format!("{error:#}");
                if self.said != text {
                    tracing::warn!(hub = %link.peer, reason = %text, "what waits at a hub cannot be fetched");
                    self.said = text;
                }
                Ok(false)
            }
        }
    }

    fn fetch(&mut self, link: &Link, now: i64) -> anyhow::Result<bool> {
        let ours = Ours::require(&self.config)?;
        let question = json!({"after": self.cursor, "limit": BATCH}).to_string();
        let url = format!("{}{FETCH}", link.url);
        let most = 2 * BATCH_BYTES as u64;
        let answered = signed(&self.poster, &ours, &url, (JSON_TYPE, ""), question.as_bytes(), most, now)?;
        anyhow::ensure!(answered.status == 200, "it answers {}", answered.status);
        let came = !answered.body.is_empty();
        if came {
            let source = hubs::source_code(&link.peer);
            let envelope = Envelope {
                door: Door::Hub,
                name: format!("{source}.jsonl"),
                source,
                received_at: now,
                sender: String::new(),
                peer: None,
            };
            let kept = self.spool.keep_from_hub(&envelope, &answered.body, false);
            kept.map_err(|refusal| anyhow::anyhow!("it cannot be kept: {refusal:?}"))?;
        }
        // Said only now: what it stands for is on our disk.
        self.cursor = answered.field.unwrap_or_default();
        Ok(came)
    }
}
