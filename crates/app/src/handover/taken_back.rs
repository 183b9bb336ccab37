//! What was handed over and then corrected here is told to the hub that has it; what other hubs take back is taken back here as well.

use std::collections::{BTreeMap, BTreeSet};

use schakel_formats::hub::{message::Kind, withdrawn::TakenBack};
use schakel_model::{
    hub::{FindingKeyOnLink, Link, TakeBack},
    ids::{FindingId, LinkId},
};
use schakel_rules::handover::takes_back_too_much;
use schakel_store::{
    Store,
    act::Act,
    audit::Action,
    handovers::SentParcel,
    hub_status::{self, Told},
    hub_taken_back::{self, TakenBack as Entry},
    register,
};

use crate::{
    config::Config,
    hub::ours::Ours,
    intake::Intake,
    pipeline::state,
    reattribute::{Correcting, plan_take_back},
};

/// Whether a hub takes back too much is judged by a day.
const LATELY_SECONDS: i64 = 86_400;

/// Findings that are carried out in one turn: a correction of a second or two.
const AT_ONCE: usize = 10_000;

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

/// Notes what another hub takes back: it is carried out in the next turn of the service. Gives the findings.
pub(super) fn hear(
    store: &mut Store,
    link: &Link,
    taken_back: &[TakenBack],
    now: i64,
) -> anyhow::Result<BTreeSet<FindingId>> {
    if taken_back.is_empty() {
        return Ok(BTreeSet::new());
    }
    let keys: Vec<(FindingKeyOnLink, i64)> =
        taken_back.iter().map(|one| (one.key, one.at.min(now))).collect();
    let act = Act { at: now, actor: ACTOR, reason: link.peer.as_str() };
    let findings = store.hear_taken_back(&act, link.id, &keys)?;
    if !findings.is_empty() {
        tracing::warn!(hub = %link.peer, findings = findings.len(), "a hub takes back what it handed over: `schakel hub log` and `schakel trace` show what");
    }
    Ok(findings)
}

/// What became of what hubs took back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CarriedOut {
    /// Taken back here as well.
    pub withdrawn: usize,
    /// Somebody else shows it: it stays.
    pub stay: usize,
    /// A person has to decide.
    pub for_desk: usize,
}

/// Carries out what hubs took back: what nobody else shows is withdrawn by a correction, as when the source of a report takes it back, and whoever was told hears
/// so. The hubs below that have it hear of it by that correction. Broken off, it is done again, and there is nothing left to do.
pub fn carry_out(intake: &mut Intake, config: &Config, now: i64) -> anyhow::Result<CarriedOut> {
    let mut done = CarriedOut::default();
    let act = Act { at: now, actor: ACTOR, reason: "taken back by the hub that handed it over" };
    intake.store().meet_early_take_backs(&act)?;
    let all = intake.store().read(|connection| hub_taken_back::to_carry_out(connection, AT_ONCE))?;
    if all.is_empty() {
        return Ok(done);
    }
    let mut by_link: BTreeMap<LinkId, Vec<Entry>> = BTreeMap::new();
    all.into_iter().for_each(|one| by_link.entry(one.link).or_default().push(one));
    let mut believed = Vec::new();
    for (link, of_link) in by_link {
        let store = intake.store();
        let (lately, handed_over) =
            store.read(|connection| hub_taken_back::lately(connection, link, now - LATELY_SECONDS))?;
        if !takes_back_too_much(lately, handed_over) {
            believed.extend(of_link);
            continue;
        }
        done.for_desk += of_link.len();
        let settled = with(of_link, |_| TakeBack::ForDesk);
        store.settle_take_backs(&act, &settled, None)?;
        tracing::error!(%link, findings = settled.len(), "a hub takes back more than half of what it handed over: `schakel hub taken-back` shows it");
    }
    if !believed.is_empty() {
        let carried_out = withdraw(intake.store(), config, &act, believed)?;
        intake.rebuild_table()?;
        done.withdrawn = carried_out.withdrawn;
        done.stay = carried_out.stay;
    }
    Ok(done)
}

/// What a person decides about what waits for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It is taken back here as well, where nobody else shows it.
    CarryOut,
    /// It stays.
    Keep,
}

/// A person has decided about everything that waits of a link.
pub fn decide(
    store: &mut Store,
    config: &Config,
    act: &Act<'_>,
    link: LinkId,
    decision: Decision,
) -> anyhow::Result<CarriedOut> {
    let mut waiting = store.read(hub_taken_back::for_desk)?;
    waiting.retain(|one| one.link == link);
    let action = Some(Action::HubTakeBackDecided);
    match decision {
        Decision::Keep => {
            let done = CarriedOut { stay: waiting.len(), ..CarriedOut::default() };
            store.settle_take_backs(act, &with(waiting, |_| TakeBack::Kept), action)?;
            Ok(done)
        }
        Decision::CarryOut if waiting.is_empty() => Ok(CarriedOut::default()),
        Decision::CarryOut => {
            // From now on their rows count no more, which is what the plan is made of.
            let open: Vec<Entry> = waiting.iter().map(|one| Entry { outcome: None, ..*one }).collect();
            store.settle_take_backs(act, &open, action)?;
            withdraw(store, config, act, open)
        }
    }
}

fn withdraw(
    store: &mut Store,
    config: &Config,
    act: &Act<'_>,
    taken_back: Vec<Entry>,
) -> anyhow::Result<CarriedOut> {
    let findings = taken_back.iter().map(|one| one.finding).collect();
    let reader = store.reader()?;
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let (planned, stay) =
        plan_take_back(&reader, &view, &findings, &store.read(hub_taken_back::rows)?, act.at)?;
    Correcting { reader: &reader, view: &view, config, act: *act }.correct(store, &planned, &|_| ())?;
    let settled = with(taken_back, |finding| match stay.contains(&finding) {
        true => TakeBack::ShownByOthers,
        false => TakeBack::Withdrawn,
    });
    store.settle_take_backs(act, &settled, None)?;
    let stay = settled.iter().filter(|one| one.outcome == Some(TakeBack::ShownByOthers)).count();
    Ok(CarriedOut { withdrawn: settled.len() - stay, stay, for_desk: 0 })
}

fn with(entries: Vec<Entry>, outcome: impl Fn(FindingId) -> TakeBack) -> Vec<Entry> {
    entries.into_iter().map(|one| Entry { outcome: Some(outcome(one.finding)), ..one }).collect()
}
