//! "Not ours" that counts: the register is told that this does not belong to the organisation, and the assignments are corrected by it, as any
//! other correction. It is tried again until it is done, and doing it twice changes nothing.

use std::collections::BTreeSet;

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
    config::Config,
    intake::Intake,
    pipeline::state,
    reattribute::{Correcting, plan_findings},
};

/// Who does it.
const ACTOR: &str = "schakel";

/// Carries out every answer that waits for it. Gives how many.
pub fn carry_out(intake: &mut Intake, config: &Config, now: i64) -> anyhow::Result<usize> {
    let waiting = intake.store().read(answers::to_carry_out)?;
    for answer in &waiting {
        let reason = format!("answer A{}: not theirs", answer.id);
        let act = Act { at: now, actor: ACTOR, reason: &reason };
        one(intake, config, answer, &act)?;
    }
    if !waiting.is_empty() {
        intake.rebuild_table()?;
    }
    Ok(waiting.len())
}

fn one(intake: &mut Intake, config: &Config, answer: &Answer, act: &Act<'_>) -> anyhow::Result<()> {
    let store = intake.store();
    let reader = store.reader()?;
    let findings = findings(store, answer, act.at)?;
    let register = crate::register::standing(store)?;
    let mut circle = vec![answer.said.organisation];
    circle.extend(
        Asked::find(&reader, u64::from(answer.said.notification.0), epoch(store, answer)?, act.at)?
            .map(|asked| asked.circle)
            .unwrap_or_default(),
    );
    let mut change = RegisterChange::default();
    for finding in &findings {
        for won in winners(&reader, *finding, &circle)? {
            disown(&register, &won, answer, &mut change);
        }
    }
    store.change_register(act.at, act.actor, act.reason, &change)?;
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let planned = plan_findings(&reader, &view, &findings, act.at)?;
    Correcting { reader: &reader, view: &view, config, act: *act }.correct(store, &planned, &|_| ())?;
    store.answer_done(act, answer.id)?;
    Ok(())
}

fn epoch(store: &Store, answer: &Answer) -> anyhow::Result<u32> {
    let stored = store.read(|connection| outbox::notification(connection, answer.said.notification))?;
    Ok(stored.map_or(0, |notification| notification.epoch))
}

/// What the answer is about: what it names, or all that its notification tells and that it closed.
fn findings(store: &Store, answer: &Answer, now: i64) -> anyhow::Result<BTreeSet<FindingId>> {
    if !answer.said.findings.is_empty() {
        return Ok(answer.said.findings.iter().copied().collect());
    }
    let reader = store.reader()?;
    let asked = Asked::find(&reader, u64::from(answer.said.notification.0), epoch(store, answer)?, now)?;
    let told = asked.map(|asked| asked.follow_ups).unwrap_or_default();
    Ok(told.iter().filter(|one| one.answer == Some(answer.id)).map(|one| one.finding).collect())
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
