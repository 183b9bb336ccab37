//! "Not ours" that counts: the register is told that this does not belong to the organisation, and the assignments are corrected by it, as any
//! other correction. It is tried again until it is done, and doing it twice changes nothing.

use std::collections::BTreeSet;

use anyhow::Context;
use ipnet::IpNet;
use schakel_attribute::Input;
use schakel_model::{
    asset::{Asset, AssetFlags, AssetValue, Proof},
    ids::FindingId,
    register::Register,
};
use schakel_store::{
    Store,
    act::Act,
    answers::{self, Answer},
    outbox,
    register::{self, RegisterChange},
};

use super::{
    Asked,
    owned::{Won, winners},
};
use crate::{
    arrivals::is_store_trouble,
    config::Config,
    intake::Intake,
    pipeline::state,
    reattribute::{Correcting, plan_findings},
};

/// Who does it.
const ACTOR: &str = "schakel";

/// Why an answer goes back to the desk.
const NOTHING_TO_TAKE: &str =
    "the register names no address or name by which it would be theirs: set it right by hand";

/// Carries out every answer that waits for it; one that cannot be goes back to the desk. Gives how many were carried out.
pub fn carry_out(intake: &mut Intake, config: &Config, now: i64) -> anyhow::Result<usize> {
    let waiting = intake.store().read(answers::to_carry_out)?;
    let mut done = 0;
    for answer in &waiting {
        let reason = format!("answer A{}: not theirs", answer.id);
        let act = Act { at: now, actor: ACTOR, reason: &reason };
        match one(intake.store(), config, answer, &act) {
            Ok(Outcome::Done) => done += 1,
            Ok(Outcome::NothingToTake) => intake.store().answer_failed(&act, answer.id, NOTHING_TO_TAKE)?,
            Err(error) if is_store_trouble(&error) => return Err(error),
            Err(error) => {
                let why = format!("it cannot be carried out: {error:#}");
                tracing::warn!(answer = %answer.id, why, "back to the desk");
                intake.store().answer_failed(&act, answer.id, &why)?;
            }
        }
    }
    if !waiting.is_empty() {
        intake.rebuild_table()?;
    }
    Ok(done)
}

enum Outcome {
    Done,
    /// Nothing that the register knows of could be taken away.
    NothingToTake,
}

fn one(store: &mut Store, config: &Config, answer: &Answer, act: &Act<'_>) -> anyhow::Result<Outcome> {
    let reader = store.reader()?;
    let number = u64::from(answer.said.notification.0);
    let asked = Asked::find(&reader, number, epoch(store, answer)?, act.at)?;
    let asked = asked.context("the notification that it answers is gone")?;
    let findings = findings(answer, &asked);
    let register = crate::register::standing(store)?;
    let mut change = RegisterChange::default();
    for finding in &findings {
        for won in winners(&reader, *finding, &asked.circle)? {
            disown(&register, &won, answer, &mut change);
        }
    }
    if change != RegisterChange::default() {
        store.change_register(act.at, act.actor, act.reason, &change)?;
    }
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let planned = plan_findings(&reader, &view, &findings, act.at)?;
    let is_open = asked.open(&answer.said.findings).any(|one| findings.contains(&one.finding));
    // Broken off after the correction it is planned again, and nothing is left to correct: then nothing is open either.
    if planned.withdrawn == 0 && is_open {
        return Ok(Outcome::NothingToTake);
    }
    Correcting { reader: &reader, view: &view, config, act: *act }.correct(store, &planned, &|_| ())?;
    store.answer_done(act, answer.id)?;
    Ok(Outcome::Done)
}

fn epoch(store: &Store, answer: &Answer) -> anyhow::Result<u32> {
    let stored = store.read(|connection| outbox::notification(connection, answer.said.notification))?;
    Ok(stored.map_or(0, |notification| notification.epoch))
}

/// What the answer is about: what it names, or all that its notification tells and to which it gave its state.
fn findings(answer: &Answer, asked: &Asked) -> BTreeSet<FindingId> {
    if !answer.said.findings.is_empty() {
        return answer.said.findings.iter().copied().collect();
    }
    asked.follow_ups.iter().filter(|one| one.answer == Some(answer.id)).map(|one| one.finding).collect()
}

/// What is exactly this goes from the register; out of something larger it is cut. The desk's own check counts no more; a proof that a machine can
/// look up again stays.
fn disown(register: &Register, won: &Won, answer: &Answer, change: &mut RegisterChange) {
    let asset = &won.asset;
    let Some(organisation) = register.organisation(asset.organisation) else { return };
    let Some(hole) = value(&won.input) else { return };
    let mut withdraw = |id| {
        if !change.withdrawn_assets.contains(&id) {
            change.withdrawn_assets.push(id);
        }
    };
    if is_exactly(&asset.value, &hole) {
        return withdraw(asset.id);
    }
    if asset.proof == Proof::Desk && !change.withdrawn_assets.contains(&asset.id) {
        change.withdrawn_assets.push(asset.id);
        let lowered = Asset { proof: Proof::Asserted, ..asset.clone() };
        change.assets.push((organisation.code.clone(), lowered));
    }
    let cut = Asset {
        value: hole,
        proof: Proof::Asserted,
        flags: AssetFlags { excluded: true, ..AssetFlags::default() },
        valid_from: None,
        valid_until: None,
        note: format!("A{}", answer.id),
        ..asset.clone()
    };
    let is_same = |one: &Asset| {
        one.organisation == cut.organisation
            && one.value == cut.value
            && one.role == cut.role
            && one.flags.excluded
    };
    let known = register.assets.iter().any(is_same) || change.assets.iter().any(|(_, one)| is_same(one));
    if !known {
        change.assets.push((organisation.code.clone(), cut));
    }
}

/// What lies in an asset, as an asset of its own.
fn value(input: &Input) -> Option<AssetValue> {
    Some(match input {
        Input::Ip(ip) => AssetValue::Address(*ip),
        Input::Domain(name) | Input::ReverseDns(name) => AssetValue::Hostname(name.to_lowercase()),
        Input::Url(url) => AssetValue::Url(url.clone()),
        Input::Email(account) => AssetValue::MailDomain(account.rsplit_once('@')?.1.to_lowercase()),
        // Nobody disowns a whole AS or country by an answer: the desk looks at the register.
        Input::Asn(_) | Input::Country(_) => return None,
    })
}

fn is_exactly(asset: &AssetValue, hole: &AssetValue) -> bool {
    match (asset, hole) {
        (AssetValue::Prefix(prefix), AssetValue::Address(ip)) => *prefix == IpNet::from(*ip),
        (asset, hole) => asset == hole,
    }
}
