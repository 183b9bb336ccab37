//! What was handed over and then corrected here is told to the hub that has it; what other hubs take back is noted for the desk, and said to the hubs
//! below that have it from here.

use std::collections::BTreeSet;

use schakel_formats::hub::{message::Kind, withdrawn::TakenBack};
use schakel_model::{
    hub::{FindingKeyOnLink, Link},
    ids::FindingId,
};
use schakel_store::{
    Store,
    act::Act,
    handovers::{self, SentParcel},
    hub_status::{self, Told},
    hub_taken_back, hubs,
};

use crate::hub::ours::Ours;

const ACTOR: &str = "schakel";
const MARK: &str = "hub_taken_back";

/// Says to hubs what corrections took back since it was last looked. Gives how much.
pub fn turn(store: &mut Store, ours: &Ours, links: &[Link], now: i64) -> anyhow::Result<usize> {
    let after = store.read(|connection| hub_status::mark(connection, MARK))?.parse().unwrap_or(0);
    let (last, gone) = store.read(|connection| hub_taken_back::since(connection, after))?;
    if last == after {
        return Ok(0);
    }
    let told = say(ours, links, &gone, now)?;
    store.say_taken_back(now, &told, (MARK, last))?;
    Ok(told.len())
}

fn say(ours: &Ours, links: &[Link], gone: &[SentParcel], now: i64) -> anyhow::Result<Vec<Told>> {
    let mut told = Vec::with_capacity(gone.len());
    for parcel in gone {
        let Some(link) = links.iter().find(|link| link.id == parcel.link) else { continue };
        let data = TakenBack { key: parcel.key, at: now }.to_data();
        let id = format!("{}.withdrawn.{now}", parcel.id);
        let line = ours.line(&link.peer, Kind::Withdrawn, &id, None, data, now)?;
        told.push(Told { link: link.id, line: Some((Kind::Withdrawn.as_str(), line)), statuses: Vec::new() });
    }
    Ok(told)
}

/// Notes what another hub takes back, and says it to the hubs that have it from here. Gives the findings.
pub(super) fn hear(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    taken_back: &[TakenBack],
    now: i64,
) -> anyhow::Result<BTreeSet<FindingId>> {
    let keys: Vec<(FindingKeyOnLink, i64)> =
        taken_back.iter().map(|one| (one.key, one.at.min(now))).collect();
    let act = Act { at: now, actor: ACTOR, reason: link.peer.as_str() };
    let findings = store.hear_taken_back(&act, link.id, &keys)?;
    if findings.is_empty() {
        return Ok(findings);
    }
    tracing::warn!(hub = %link.peer, findings = findings.len(), "a hub takes back what it handed over: `schakel hub log` and `schakel trace` show what");
    let links = store.read(hubs::standing)?;
    let mut further = Vec::new();
    for finding in &findings {
        for below in links.iter().filter(|below| below.id != link.id) {
            let parcels = store.read(|connection| handovers::of_finding(connection, below.id, *finding))?;
            further.extend(parcels.into_iter().next_back().filter(|parcel| parcel.sent_at.is_some()));
        }
    }
    let told = say(ours, &links, &further, now)?;
    store.tell_hubs(now, &told, &[])?;
    Ok(findings)
}
