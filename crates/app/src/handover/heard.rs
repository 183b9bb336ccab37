//! What another hub says of findings that were handed over to it: receipts and status, message by message.

use std::collections::{BTreeMap, BTreeSet};

use schakel_formats::hub::{
    message::{Envelope, Kind},
    receipt::Receipt,
    status::{Status, StatusCount},
    withdrawn::TakenBack,
};
use schakel_model::{
    answer::AnswerKind,
    hub::{HubStatus, Link, StatusLevel},
    ids::{FindingId, NotificationId},
};
use schakel_store::{
    Store,
    handovers::{self, HeardReceipt},
};

use super::{anti_entropy, claims, matching, receipts, taken_back, whose};
use crate::{arrivals::is_store_trouble, hub::ours::Ours};

/// A message whose signature holds, with the line it came in.
pub struct Message {
    /// What it says.
    pub envelope: Envelope,
    /// The line.
    pub line: Vec<u8>,
}

/// Hears messages of one link, in order. What cannot be read says nothing, and is logged. Gives the findings that something was said of. Said twice, it
/// has its effect once.
pub fn hear(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    messages: &[Message],
    now: i64,
) -> anyhow::Result<BTreeSet<FindingId>> {
    let (mut receipts, mut statuses, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    let mut taken_back = Vec::new();
    for message in messages {
        let data = &message.envelope.data;
        let read = match message.envelope.kind {
            Kind::Receipt => Receipt::read(data).map(|receipt| {
                let Receipt { parcel, outcome, .. } = receipt;
                receipts.push(HeardReceipt { parcel, outcome, line: message.line.clone() });
            }),
            Kind::Status => Status::read(data).map(|status| statuses.push(status)),
            Kind::StatusCount => StatusCount::read(data).map(|read| counts.extend(read)),
            Kind::Claims => hear_claims(store, ours, link, message, now)?,
            Kind::Question => matching::hear_question(store, ours, link, data, now)?,
            Kind::Answer => matching::hear_answer(store, link, data, now)?,
            Kind::Withdrawn => TakenBack::read(data).map(|read| taken_back.push(read)),
            Kind::WhoseAsk => whose::hear_ask(store, ours, link, data, now)?,
            Kind::WhoseAnswer => whose::hear_answer(store, link, data, now)?,
            Kind::Digest => anti_entropy::hear_digest(store, ours, link, data, now)?,
            Kind::DigestAsk => anti_entropy::hear_ask(store, ours, link, data, now)?,
            _ => Ok(()),
        };
        if let Err(error) = read {
            tracing::warn!(hub = %link.peer, kind = message.envelope.kind.as_str(), %error, "a message that cannot be read");
        }
    }
    if !receipts.is_empty() {
        receipts::hear(store, link, &receipts, now)?;
    }
    let mut by_day: BTreeMap<String, Vec<(HubStatus, u64)>> = BTreeMap::new();
    for StatusCount { day, status, count } in counts {
        by_day.entry(day).or_default().push((status, u64::from(count)));
    }
    for (day, counts) in by_day {
        store.hear_counts(link.id, &day, &counts)?;
    }
    taken_back::hear(store, link, &taken_back, now)?;
    hear_statuses(store, link, &statuses, now)
}

/// What is wrong with a list is the other's; trouble of our store is ours.
fn hear_claims(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    message: &Message,
    now: i64,
) -> anyhow::Result<Result<(), String>> {
    match claims::hear(store, ours, link, &message.envelope.data, now) {
        Ok(replaced) => {
            if let Some(replaced) = replaced {
                tracing::info!(hub = %link.peer, ?replaced, "took over a list of claims");
            }
            Ok(Ok(()))
        }
        Err(error) if is_store_trouble(&error) => Err(error),
        Err(error) => Ok(Err(format!("{error:#}"))),
    }
}

fn hear_statuses(
    store: &mut Store,
    link: &Link,
    statuses: &[Status],
    now: i64,
) -> anyhow::Result<BTreeSet<FindingId>> {
    // Nobody hears more than was agreed, not even when the other says it.
    if link.terms.status != StatusLevel::PerFinding {
        return Ok(BTreeSet::new());
    }
    let mut heard = Vec::with_capacity(statuses.len());
    let mut said: BTreeMap<(NotificationId, AnswerKind), Vec<FindingId>> = BTreeMap::new();
    let mut unknown = 0u64;
    for Status { key, status, at } in statuses {
        let Some(parcel) = store.read(|connection| handovers::by_key(connection, link.id, *key))? else {
            unknown += 1;
            continue;
        };
        heard.push((parcel.finding, *status, (*at).min(now)));
        let kind = match status {
            HubStatus::Acknowledged => AnswerKind::Received,
            HubStatus::Fixed => AnswerKind::Fixed,
            HubStatus::NotMine => AnswerKind::NotOurs,
            HubStatus::Received | HubStatus::Delivered | HubStatus::Undeliverable => continue,
        };
        said.entry((parcel.notification, kind)).or_default().push(parcel.finding);
    }
    if unknown > 0 {
        tracing::warn!(hub = %link.peer, unknown, "status of findings that we did not hand over");
    }
    store.hear_status(link.id, &heard)?;
    for ((notification, kind), findings) in said {
        receipts::say(store, link, notification, kind, &findings, now)?;
    }
    Ok(heard.into_iter().map(|(finding, ..)| finding).collect())
}
