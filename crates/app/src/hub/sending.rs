//! What waits for other hubs is brought to them: one thread for each link, so that a hub that hangs holds up no other.
//!
//! A batch is a request: parcels of one class, the most pressing that may go, and behind them whatever else waits. Nothing is marked as sent
//! before the other side has it on its disk; a batch of which that is not known goes again, with the same bytes.

use std::{collections::VecDeque, time::Duration};

use anyhow::Context;
use schakel_formats::http_signature::{Parameters, Posted, fields};
use schakel_lookup::post::{Answered, Poster};
use schakel_model::{
    clock::Clock,
    hub::{Link, ParcelClass, Transport},
    ids::LinkId,
};
use schakel_rules::hub::{Flow, next_to_send, wait_seconds};
use schakel_store::{
    StoreError,
    data_dir::DataDir,
    hub_messages::{self, DueMessage, HubWriter},
    hubs, outbox, parcel_queues,
    parcels_out::{self, DueParcel},
    transaction::Transaction,
};
use serde_json::Value;

use super::{
    door::{LINES_TYPE, MESSAGES},
    ours::{Ours, new_id_text},
};
use crate::config::Config;

/// Parcels of one request: one commit on either side for all of them.
pub const BATCH: usize = 1_000;

/// Bytes of one request, before they are packed.
pub const BATCH_BYTES: usize = 4 << 20;

/// Other messages of one request.
const MESSAGES_MAX: usize = 2_000;

/// The same beside critical parcels: whoever deals with a critical batch is not held up by what came along.
const MESSAGES_BESIDE_CRITICAL_MAX: usize = 100;

/// A hub that has not answered after this long is left; what it was sent goes again.
pub(super) const POST_TIME_MAX: Duration = Duration::from_secs(10);

/// An answer is a line.
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// Fast packing: lines of events become a fifth.
const ZSTD_LEVEL: i32 = 1;

/// The time over which parcels are counted, in seconds.
const HOUR: i64 = 3_600;

/// What has no receipt is looked for so often, in seconds.
const LOOK_AGAIN_SECONDS: i64 = 30;

/// What goes together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Batch {
    /// Of one class.
    pub parcels: Vec<DueParcel>,
    /// Everything else.
    pub messages: Vec<DueMessage>,
}

impl Batch {
    /// Is there nothing in it?
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty() && self.messages.is_empty()
    }

    /// Does it hold critical parcels? Those of a batch are of one class.
    pub fn is_critical(&self) -> bool {
        self.parcels.first().is_some_and(|parcel| parcel.class == ParcelClass::Critical)
    }

    /// The lines, as they go over the wire. What is pressing stands in front: by its first line a batch is judged.
    pub fn lines(&self) -> Vec<u8> {
        let parcels = self.parcels.iter().map(|parcel| &parcel.body);
        let mut lines = Vec::new();
        for line in parcels.chain(self.messages.iter().map(|message| &message.body)) {
            lines.extend_from_slice(line);
            lines.push(b'\n');
        }
        lines
    }
}

/// What is remembered of how a link flows.
#[derive(Debug, Default)]
pub struct Pace {
    room: Option<u64>,
    sent: VecDeque<(i64, u64)>,
}

impl Pace {
    fn last_hour(&mut self, now: i64) -> u64 {
        while self.sent.front().is_some_and(|(at, _)| *at <= now - HOUR) {
            self.sent.pop_front();
        }
        self.sent.iter().map(|(_, count)| count).sum()
    }

    fn count(&mut self, now: i64, parcels: u64) {
        match self.sent.back_mut() {
            Some((at, count)) if *at == now => *count += parcels,
            _ => self.sent.push_back((now, parcels)),
        }
    }
}

/// What may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum May {
    /// Everything.
    All,
    /// Critical parcels only: the other side has asked for a rest.
    Critical,
}

/// What is to go next on a link: at most so many lines. Nothing, while nothing may leave after a restore.
pub fn batch(
    writer: &HubWriter,
    link: &Link,
    pace: &mut Pace,
    now: i64,
    (may, limit): (May, usize),
) -> Result<Batch, StoreError> {
    let mut bytes = 0;
    let mut batch = Batch::default();
    if writer.read(outbox::paused)?.is_some() {
        return Ok(batch);
    }
    let without_receipt = writer.read(|connection| parcel_queues::without_receipt(connection, link.id))?;
    let flow = Flow { without_receipt, room: pace.room, last_hour: pace.last_hour(now) };
    let mut classes = Vec::new();
    for class in ParcelClass::ALL.iter().filter(|class| may == May::All || **class == ParcelClass::Critical) {
        let any = writer.read(|connection| parcels_out::due(connection, link.id, *class, now, 1))?;
        classes.extend(any.first().map(|_| *class));
    }
    if let Some((class, count)) = next_to_send(&link.terms, flow, &classes) {
        let most = usize::try_from(count).unwrap_or(usize::MAX).min(BATCH).min(limit);
        let due = writer.read(|connection| parcels_out::due(connection, link.id, class, now, most))?;
        for parcel in due {
            bytes += parcel.body.len();
            if bytes > BATCH_BYTES && !batch.parcels.is_empty() {
                break;
            }
            batch.parcels.push(parcel);
        }
    }
    let most = match (may, batch.is_critical()) {
        (May::Critical, _) => 0,
        (May::All, true) => MESSAGES_BESIDE_CRITICAL_MAX,
        (May::All, false) => MESSAGES_MAX,
    };
    let most = most.min(limit.saturating_sub(batch.parcels.len()));
    for message in writer.read(|connection| hub_messages::due(connection, link.id, most))? {
        bytes += message.body.len();
        if bytes > BATCH_BYTES && !batch.is_empty() {
            break;
        }
        batch.messages.push(message);
    }
    Ok(batch)
}

/// Records that the other side has a batch on its disk.
pub fn taken(transaction: &Transaction<'_>, batch: &Batch, now: i64) -> Result<(), StoreError> {
    parcels_out::sent(transaction, &batch.parcels, now)?;
    let messages: Vec<i64> = batch.messages.iter().map(|message| message.row).collect();
    hub_messages::sent(transaction, &messages, now)
}

/// What a turn did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Nothing waits, or nothing may go yet.
    Idle,
    /// So many lines have arrived.
    Sent(usize),
}

/// Sends on one link.
pub struct Lane {
    link: LinkId,
    writer: HubWriter,
    poster: Poster,
    config: Config,
    pace: Pace,
    failures: u32,
    next_at: i64,
    /// Until then only what is critical goes.
    others_at: i64,
    looked_at: i64,
    lines_max: usize,
    said: String,
}

impl Lane {
    /// For this link.
    pub fn open(data: &DataDir, config: &Config, link: LinkId) -> anyhow::Result<Self> {
        Ok(Self {
            link,
            writer: HubWriter::open(data)?,
            poster: Poster::for_hubs(&config.outgoing, config.hub.shown()?, POST_TIME_MAX)?,
            config: config.clone(),
            pace: Pace::default(),
            failures: 0,
            next_at: 0,
            others_at: 0,
            looked_at: 0,
            lines_max: BATCH + MESSAGES_MAX,
            said: String::new(),
        })
    }

    /// Sends one batch, when something waits and it is time.
    pub fn turn(&mut self, clock: &Clock) -> anyhow::Result<Turn> {
        let now = clock.now_seconds();
        let Some(link) = self.writer.read(|connection| hubs::get(connection, self.link))? else {
            return Ok(Turn::Idle);
        };
        let pushes = link.state == schakel_model::hub::LinkState::Active
            && link.terms.transport == Transport::Push
            && !link.url.is_empty();
        if !pushes || now < self.next_at {
            return Ok(Turn::Idle);
        }
        self.look_again(&link, now)?;
        let may = if now < self.others_at { May::Critical } else { May::All };
        let batch = batch(&self.writer, &link, &mut self.pace, now, (may, self.lines_max))?;
        if batch.is_empty() {
            return Ok(Turn::Idle);
        }
        let posted = self.post(&link, &batch, now);
        let now = clock.now_seconds();
        match posted {
            Ok(Answered { status: 200..=299, body, .. }) => {
                self.writer.write(|transaction| taken(transaction, &batch, now))?;
                self.pace.count(now, batch.parcels.len() as u64);
                self.pace.room = credit(&body);
                (self.failures, self.lines_max) = (0, BATCH + MESSAGES_MAX);
                self.said.clear();
                // Without room the other side is asked again after a moment, when it has dealt with what it has.
                if self.pace.room == Some(0) {
                    self.others_at = now + 1;
                    self.pace.room = None;
                }
                Ok(Turn::Sent(batch.parcels.len() + batch.messages.len()))
            }
            other => {
                self.failed(&link, other, &batch, now);
                Ok(Turn::Idle)
            }
        }
    }

    fn failed(&mut self, link: &Link, what: anyhow::Result<Answered>, batch: &Batch, now: i64) {
        self.failures += 1;
        let mut wait = wait_seconds(self.failures);
        // What is critical has a reserve: that there is no room for the rest says nothing of it.
        let only_others = what.as_ref().is_ok_and(|answered| answered.status == 429) && !batch.is_critical();
        let text = match what {
            Ok(answered) => {
                if answered.status == 413 {
                    self.lines_max = ((batch.parcels.len() + batch.messages.len()) / 2).max(1);
                }
                wait = answered
                    .retry_after
                    .map_or(wait, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX).clamp(1, HOUR));
                format!("it answers {}", answered.status)
            }
            Err(error) => format!("{error:#}"),
        };
        match only_others {
            true => self.others_at = now + wait,
            false => self.next_at = now + wait,
        }
        if self.said != text {
            tracing::warn!(hub = %link.peer, reason = %text, "what is for a hub has to wait");
            self.said = text;
        }
    }

    /// What was sent and got no receipt may be lost: it goes again.
    fn look_again(&mut self, link: &Link, now: i64) -> anyhow::Result<()> {
        if now < self.looked_at + LOOK_AGAIN_SECONDS {
            return Ok(());
        }
        self.looked_at = now;
        let before = now - i64::from(link.terms.service_level_seconds);
        let again =
            self.writer.write(|transaction| parcels_out::send_again(transaction, link.id, before, now))?;
        if again > 0 {
            tracing::warn!(hub = %link.peer, parcels = again, "no receipt came in time: sent again");
        }
        Ok(())
    }

    fn post(&self, link: &Link, batch: &Batch, now: i64) -> anyhow::Result<Answered> {
        let ours = Ours::require(&self.config)?;
        let packed = packed(&batch.lines())?;
        let url = format!("{}{MESSAGES}", link.url);
        signed(&self.poster, &ours, &url, (LINES_TYPE, "zstd"), &packed, ANSWER_BYTES_MAX, now)
    }
}

/// Posts what we sign. `content`: its type and encoding.
pub(super) fn signed(
    poster: &Poster,
    ours: &Ours,
    url: &str,
    (content_type, encoding): (&str, &str),
    body: &[u8],
    most: u64,
    now: i64,
) -> anyhow::Result<Answered> {
    let (nonce, key_id) = (new_id_text()?, ours.key().id());
    let parameters = Parameters { created: now, nonce: Some(&nonce), key_id: &key_id };
    let posted = Posted { target: url, content_type, body };
    let signature = fields(&posted, &parameters, &|bytes| ours.key().sign(bytes));
    let mut headers = vec![("content-type", content_type)];
    if !encoding.is_empty() {
        headers.push(("content-encoding", encoding));
    }
    headers.extend(signature.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(poster.exchange(url, &headers, body, super::door::CURSOR, most)?)
}

/// Lines, packed.
pub(super) fn packed(lines: &[u8]) -> anyhow::Result<Vec<u8>> {
    zstd::bulk::compress(lines, ZSTD_LEVEL).context("cannot pack messages")
}

fn credit(body: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Value>(body).ok()?.get("credit")?.as_u64()
}
