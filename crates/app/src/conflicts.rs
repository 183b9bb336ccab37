//! Conflicts: both sides with their proof, and what a decision does to claims and register.

use anyhow::ensure;
use schakel_model::{
    asset::{Asset, AssetFlags, AssetValue, Role},
    claim::{Claim, ClaimState, Claimed, Means, Proven, Ruling},
    ids::{AssetId, ConflictId, OrganisationId},
    register::Register,
};
use schakel_rules::claim::{Overlap, overlap};
use schakel_store::{
    Store,
    act::Act,
    audit::Action,
    claims::{self, ClaimStep, NewAttempt},
    conflicts::{self, Conflict},
    register::RegisterChange,
};

use crate::{
    claims::{asset_change, assets_of, get, is_disputed},
    config::ClaimsConfig,
    refused::Refused,
    register::standing,
};

/// One side of a conflict.
#[derive(Clone, Debug)]
pub struct Side {
    /// Who.
    pub organisation: OrganisationId,
    /// What they say is theirs.
    pub value: AssetValue,
    /// Their claim, when they made one.
    pub claim: Option<Claim>,
    /// The attempts to prove it, the oldest first.
    pub attempts: Vec<claims::Attempt>,
    /// Their asset as it stands in the register.
    pub asset: Option<Asset>,
}

/// A conflict with both sides.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The conflict.
    pub conflict: Conflict,
    /// The claim that opened it, and what it met.
    pub sides: [Side; 2],
}

/// A conflict with both sides' proof.
pub fn whole(store: &Store, register: &Register, id: ConflictId) -> anyhow::Result<Whole> {
    let conflict = store
        .read(|connection| conflicts::get(connection, id))?
        .ok_or_else(|| Refused::NoConflict { conflict: id.to_string() })?;
    let claim = get(store, conflict.claim)?;
    let other = &conflict.other;
    let (organisation, value) = (claim.claimed.organisation, claim.claimed.value.clone());
    let first = side(store, register, organisation, value, claim.claimed.role, Some(claim))?;
    let other_claim = other.other_claim.map(|id| get(store, id)).transpose()?;
    let second = side(store, register, other.organisation, other.value.clone(), other.role, other_claim)?;
    Ok(Whole { conflict, sides: [first, second] })
}

fn side(
    store: &Store,
    register: &Register,
    organisation: OrganisationId,
    value: AssetValue,
    role: Role,
    claim: Option<Claim>,
) -> anyhow::Result<Side> {
    let attempts = match &claim {
        Some(claim) => store.read(|connection| claims::attempts(connection, claim.id))?,
        None => Vec::new(),
    };
    let (valid_from, valid_until, note) = (None, None, String::new());
    let claimed = Claimed { organisation, value, role, valid_from, valid_until, note };
    let asset = assets_of(register, &claimed).next().cloned();
    let Claimed { value, .. } = claimed;
    Ok(Side { organisation, value, claim, attempts, asset })
}

/// Decides a conflict: the winner's claim is proven by the desk unless it is proven, the loser's claim is refused, and what the loser has
/// of it leaves the register.
pub fn decide(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    id: ConflictId,
    ruling: &Ruling,
) -> anyhow::Result<()> {
    ensure!(!act.reason.trim().is_empty(), Refused::NoReason {});
    let register = standing(store)?;
    let whole = whole(store, &register, id)?;
    ensure!(whole.conflict.decision.is_none(), Refused::ConflictDecided { conflict: id.to_string() });
    let mut steps = Vec::new();
    let mut change = RegisterChange::default();
    let role = whole.conflict.other.role;
    match ruling {
        Ruling::Both => {
            for side in &whole.sides {
                wins(store, config, &register, act, side, id, Win::Shared, (&mut steps, &mut change))?;
            }
        }
        Ruling::For(winner) => {
            let at = whole.sides.iter().position(|side| side.organisation == *winner);
            let at = at.ok_or(Refused::NoSide {})?;
            let (winner, loser) = (&whole.sides[at], &whole.sides[1 - at]);
            wins(store, config, &register, act, winner, id, Win::Alone, (&mut steps, &mut change))?;
            if let Some(claim) = loser.claim.as_ref().filter(|claim| !claim.state.is_over()) {
                steps.push(refused(claim));
            }
            lose_assets(&register, loser.organisation, role, &winner.value, &mut change);
        }
    }
    Ok(store.decide_conflict(act, id, ruling, &steps, &change)?)
}

/// How a side wins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Win {
    /// It is theirs: the decision is proof enough.
    Alone,
    /// Both have it: the decision says nothing about whether they do.
    Shared,
}

#[allow(clippy::too_many_arguments)] // What a decision is made of; it has one caller.
fn wins(
    store: &Store,
    config: &ClaimsConfig,
    register: &Register,
    act: &Act<'_>,
    side: &Side,
    conflict: ConflictId,
    win: Win,
    (steps, change): (&mut Vec<ClaimStep>, &mut RegisterChange),
) -> anyhow::Result<()> {
    let Some(claim) = side.claim.as_ref().filter(|claim| !claim.state.is_over()) else { return Ok(()) };
    let proven = match (claim.proven.filter(|_| claim.state == ClaimState::Proven), win) {
        (Some(proven), _) => proven,
        (None, Win::Shared) => return Ok(()),
        (None, Win::Alone) => {
            let policy = config.policy(Means::Desk);
            let proven =
                Proven { means: Means::Desk, at: act.at, expires_at: act.at.saturating_add(policy.seconds) };
            steps.push(ClaimStep {
                claim: claim.id,
                action: Action::ClaimProven,
                state: ClaimState::Proven,
                proven: Some(proven),
                failing_since: None,
                attempt: Some(NewAttempt {
                    means: Means::Desk,
                    found: true,
                    detail: format!("conflict {conflict}: {}", act.reason),
                }),
            });
            proven
        }
    };
    if !is_disputed_elsewhere(store, claim, conflict)? {
        add(change, asset_change(register, &claim.claimed, proven.means.proof(), act.at));
    }
    Ok(())
}

fn is_disputed_elsewhere(store: &Store, claim: &Claim, but: ConflictId) -> anyhow::Result<bool> {
    if !is_disputed(store, claim.id)? {
        return Ok(false);
    }
    let open = store.read(conflicts::list)?.into_iter().filter(|conflict| conflict.decision.is_none());
    let about =
        |conflict: &Conflict| conflict.claim == claim.id || conflict.other.other_claim == Some(claim.id);
    Ok(open.filter(about).any(|conflict| conflict.id != but))
}

fn refused(claim: &Claim) -> ClaimStep {
    ClaimStep {
        claim: claim.id,
        action: Action::ClaimRefused,
        state: ClaimState::Refused,
        proven: None,
        failing_since: None,
        attempt: None,
    }
}

/// What the loser has of it in this role: what lies within goes, in what lies around it a hole is made.
fn lose_assets(
    register: &Register,
    loser: OrganisationId,
    role: Role,
    won: &AssetValue,
    change: &mut RegisterChange,
) {
    let Some(organisation) = register.organisation(loser) else { return };
    let theirs = register
        .assets
        .iter()
        .filter(|asset| asset.organisation == loser && asset.role == role && !asset.flags.excluded);
    let mut hole = None;
    for asset in theirs {
        match overlap(won, &asset.value) {
            Some(Overlap::Same | Overlap::Around) => change.withdrawn_assets.push(asset.id),
            Some(Overlap::Inside) => hole = Some(asset),
            None => {}
        }
    }
    if let Some(around) = hole {
        let asset = Asset {
            id: AssetId(0),
            value: won.clone(),
            flags: AssetFlags { excluded: true, ..AssetFlags::default() },
            note: String::new(),
            ..around.clone()
        };
        change.assets.push((organisation.code.clone(), asset));
    }
}

fn add(change: &mut RegisterChange, more: RegisterChange) {
    change.assets.extend(more.assets);
    change.withdrawn_assets.extend(more.withdrawn_assets);
}
