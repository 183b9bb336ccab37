//! Receipts that do not come within the service level of their link. They are counted as long as it lasts; the desk is told by mail once for each link and
//! outage, not for each parcel.

use std::collections::HashMap;

use anyhow::Context;
use jiff::Timestamp;
use schakel_model::{ids::LinkId, tlp::Tlp};
use schakel_render::{letter::About, templates::Templates};
use schakel_rules::handover::{Silence, silence};
use schakel_store::{
    Store, hub_outages, hubs,
    parcel_queues::{self, Late},
};

use crate::{
    config::Config,
    letters::{Addressed, language_of, written},
};

/// How often it is looked, in seconds.
const LOOK_SECONDS: i64 = 10;

/// Looks now and then.
#[derive(Debug, Default)]
pub struct Watch {
    looked_at: Option<i64>,
    /// Parcels without a receipt in time.
    pub late: u64,
}

impl Watch {
    /// A turn of the service. Gives whether the desk was told something.
    pub fn turn(
        &mut self,
        store: &mut Store,
        config: &Config,
        templates: &Templates,
        now: Timestamp,
    ) -> anyhow::Result<bool> {
        let at = now.as_second();
        if self.looked_at.is_some_and(|looked| at < looked + LOOK_SECONDS && looked <= at) {
            return Ok(false);
        }
        self.looked_at = Some(at);
        let late = store.read(|connection| parcel_queues::late(connection, at))?;
        self.late = late.iter().map(|of_link| of_link.count).sum();
        let late: HashMap<LinkId, Late> = late.into_iter().map(|of_link| (of_link.link, of_link)).collect();
        let known: HashMap<LinkId, i64> =
            store.read(hub_outages::list)?.into_iter().map(|one| (one.link, one.late_at)).collect();
        let mut told = false;
        for link in store.read(hubs::list)? {
            let of_link = late.get(&link.id);
            match silence(known.get(&link.id).copied(), of_link.map_or(0, |late| late.count), at) {
                Silence::Begins => {
                    let of_link = of_link.context("what begins is late")?;
                    tell(store, config, templates, of_link, link.terms.service_level_seconds / 60, now)?;
                    told = true;
                }
                Silence::GoesOn => {
                    store.write(|transaction| hub_outages::goes_on(transaction, link.id, at))?
                }
                Silence::Ends => {
                    store.write(|transaction| hub_outages::end(transaction, link.id))?;
                    tracing::info!(hub = %link.peer, "answers in time again");
                }
                Silence::None | Silence::Pauses => {}
            }
        }
        Ok(told)
    }
}

fn tell(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    Late { link, peer, count, oldest_at }: &Late,
    minutes: u32,
    now: Timestamp,
) -> anyhow::Result<()> {
    tracing::error!(hub = %peer, count, "no receipt within the service level: `schakel hub queue` shows what waits");
    let settings = &config.mail;
    let desk = if settings.reply_to.is_empty() { &settings.from } else { &settings.reply_to };
    let mut letters = Vec::new();
    // Whoever sends no mail reads the log, and `schakel doctor`.
    if !desk.is_empty() {
        let desk = schakel_deliver::mail::address("mail.reply_to", desk)?;
        let letter = Addressed {
            organisation: None,
            language: language_of(&desk),
            tlp: Tlp::Green,
            to_name: "",
            to: &desk,
            role: "desk",
            about: About::HubSilent {
                hub: peer.as_str(),
                count: *count,
                since: Timestamp::from_second(*oldest_at)?,
                minutes,
            },
            thread: None,
        };
        letters = written(store, config, templates, now, &[letter])?;
    }
    store.begin_outage(*link, now.as_second(), &letters)?;
    Ok(())
}
