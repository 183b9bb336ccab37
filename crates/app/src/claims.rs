//! Claims: what a member says is theirs. Overlap is said at once; what is proven, or decided, becomes an asset.

use anyhow::ensure;
use schakel_formats::register::read_value;
use schakel_model::{
    asset::{Asset, AssetFlags, AssetKind, AssetValue, Proof, Role},
    claim::{Claim, ClaimState, Claimed},
    ids::{AssetId, ClaimId, ConflictId, OrganisationId},
    register::{Organisation, Register},
};
use schakel_rules::claim::{Overlap, overlap};
use schakel_store::{
    Store,
    act::Act,
    audit::Action,
    claims::{self, ClaimStep, NewClaim},
    conflicts::{self, NewConflict},
    register::RegisterChange,
};

use crate::{
    config::{Attribute, ClaimsConfig},
    random,
    refused::Refused,
    register::standing,
};

/// A range `a-b` becomes this many claims at most. One that needs more was not written as somebody got it.
pub(crate) const VALUES_MAX: usize = 32;

/// A claim that meets more than this is too wide to be decided one by one.
const CONFLICTS_MAX: usize = 50;

/// A claim as it is typed.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The code of the organisation.
    pub code: &'a str,
    /// The kind of asset.
    pub kind: AssetKind,
    /// The value as typed.
    pub value: &'a str,
    /// In which role.
    pub role: Role,
    /// From when, in seconds since 1970.
    pub valid_from: Option<i64>,
    /// Until when, in seconds since 1970.
    pub valid_until: Option<i64>,
    /// A remark.
    pub note: &'a str,
}

/// Something of somebody else that a claim meets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meets {
    /// Whose.
    pub organisation: OrganisationId,
    /// Their claim; an asset when there is none.
    pub claim: Option<ClaimId>,
    /// What they have.
    pub value: AssetValue,
    /// In which role.
    pub role: Role,
    /// How sure it is theirs.
    pub proof: Proof,
    /// How the claimed value lies to theirs.
    pub how: Overlap,
}

/// A claim as it was, or would be, entered.
#[derive(Clone, Debug)]
pub struct Entered {
    /// Its number; none in a dry run.
    pub id: Option<ClaimId>,
    /// The value in its normal form.
    pub value: AssetValue,
    /// What it meets, in any role.
    pub meets: Vec<Meets>,
    /// The conflicts that were opened: with what it meets in the same role.
    pub conflicts: Vec<ConflictId>,
    /// Is it an asset already?
    pub attributes: bool,
}

/// Whether anything is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Run {
    /// It is done.
    Real,
    /// It is only shown.
    Dry,
}

/// Why a claim is not entered.
#[derive(Debug, thiserror::Error)]
pub enum NotEntered {
    /// The value is none of its kind, or nobody's to claim.
    #[error("{0}")]
    Value(String),
    /// A range that was not written as somebody got it.
    #[error("`{0}` is {1} prefixes; claim at most {VALUES_MAX} at once")]
    Many(String, usize),
    /// Its period is none.
    #[error("the claim ends before it begins")]
    Period,
    /// It stands already.
    #[error("claim {0} says the same already")]
    Same(ClaimId),
    /// It meets too much of others.
    #[error("`{0}` meets {1} claims and assets of others; claim what is theirs in smaller parts")]
    Wide(AssetValue, usize),
}

/// Enters a claim. A range becomes several.
pub fn add(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    entry: &Entry<'_>,
    run: Run,
) -> anyhow::Result<Vec<Entered>> {
    let values =
        read_value(entry.kind, entry.value.trim()).map_err(|(_, message)| NotEntered::Value(message))?;
    ensure!(values.len() <= VALUES_MAX, NotEntered::Many(entry.value.to_owned(), values.len()));
    if let (Some(from), Some(until)) = (entry.valid_from, entry.valid_until) {
        ensure!(from < until, NotEntered::Period);
    }
    let mut entered = Vec::new();
    for value in values {
        entered.push(add_one(store, config, act, entry, value, run)?);
    }
    Ok(entered)
}

fn add_one(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    entry: &Entry<'_>,
    value: AssetValue,
    run: Run,
) -> anyhow::Result<Entered> {
    let register = standing(store)?;
    let claims = store.read(claims::list)?;
    let organisation = organisation(&register, entry.code)?;
    let same = claims.iter().find(|claim| {
        claim.claimed.organisation == organisation.id
            && claim.claimed.value == value
            && claim.claimed.role == entry.role
            && !claim.state.is_over()
    });
    if let Some(same) = same {
        return Err(NotEntered::Same(same.id).into());
    }
    let meets = meets(&register, &claims, organisation.id, &value, act.at);
    let conflicts: Vec<NewConflict> = meets
        .iter()
        .filter(|met| met.role == entry.role)
        .map(|met| NewConflict {
            other_claim: met.claim,
            organisation: met.organisation,
            value: met.value.clone(),
            role: met.role,
        })
        .collect();
    ensure!(conflicts.len() <= CONFLICTS_MAX, NotEntered::Wide(value, conflicts.len()));
    let claimed = Claimed {
        organisation: organisation.id,
        value: value.clone(),
        role: entry.role,
        valid_from: entry.valid_from,
        valid_until: entry.valid_until,
        note: entry.note.to_owned(),
    };
    let claim = NewClaim { claimed, token: random::token()? };
    // What is disputed waits for the decision.
    let attributes = config.attribute == Attribute::AtOnce && conflicts.is_empty();
    let change = match attributes {
        true => asset_change(&register, &claim.claimed, Proof::Asserted, act.at),
        false => RegisterChange::default(),
    };
    let (id, opened) = match run {
        Run::Dry => (None, Vec::new()),
        Run::Real => {
            let (id, opened) = store.add_claim(act, &claim, &conflicts, &change)?;
            (Some(id), opened)
        }
    };
    Ok(Entered { id, value, meets, conflicts: opened, attributes })
}

/// The organisation with this code.
pub fn organisation<'r>(register: &'r Register, code: &str) -> anyhow::Result<&'r Organisation> {
    let found =
        register.organisations.iter().find(|organisation| organisation.code.eq_ignore_ascii_case(code));
    Ok(found.ok_or_else(|| Refused::NoOrganisation { code: code.to_owned() })?)
}

/// One claim.
pub fn get(store: &Store, id: ClaimId) -> anyhow::Result<Claim> {
    let claim = store.read(|connection| claims::get(connection, id))?;
    Ok(claim.ok_or_else(|| Refused::NoClaim { claim: id.to_string() })?)
}

/// What a claim of an organisation would meet: claims and assets of others that are or will be theirs.
pub fn meets(
    register: &Register,
    claims: &[Claim],
    organisation: OrganisationId,
    value: &AssetValue,
    now: i64,
) -> Vec<Meets> {
    let lasts = |until: Option<i64>| until.is_none_or(|until| until > now);
    let mut found: Vec<Meets> = Vec::new();
    for claim in claims {
        if claim.claimed.organisation == organisation
            || claim.state.is_over()
            || !lasts(claim.claimed.valid_until)
        {
            continue;
        }
        let Some(how) = overlap(value, &claim.claimed.value) else { continue };
        let proof = match claim.state {
            ClaimState::Proven => claim.proven.map_or(Proof::Asserted, |proven| proven.means.proof()),
            _ => Proof::Asserted,
        };
        found.push(Meets {
            organisation: claim.claimed.organisation,
            claim: Some(claim.id),
            value: claim.claimed.value.clone(),
            role: claim.claimed.role,
            proof,
            how,
        });
    }
    for asset in &register.assets {
        if asset.organisation == organisation || asset.flags.excluded || !lasts(asset.valid_until) {
            continue;
        }
        let Some(how) = overlap(value, &asset.value) else { continue };
        // A claim that became an asset stands there already.
        let same = |met: &Meets| {
            met.organisation == asset.organisation && met.value == asset.value && met.role == asset.role
        };
        if !found.iter().any(same) {
            found.push(Meets {
                organisation: asset.organisation,
                claim: None,
                value: asset.value.clone(),
                role: asset.role,
                proof: asset.proof,
                how,
            });
        }
    }
    found
}

/// Takes a claim back. Its asset becomes asserted, or goes too.
pub fn withdraw(store: &mut Store, act: &Act<'_>, id: ClaimId, asset: TheAsset) -> anyhow::Result<()> {
    let claim = get(store, id)?;
    ensure!(
        !claim.state.is_over(),
        Refused::ClaimOver { claim: id.to_string(), state: claim.state.to_string() }
    );
    let register = standing(store)?;
    let change = match asset {
        TheAsset::Stays => fallen_back(&register, &claim.claimed, act.at),
        TheAsset::Goes => without_asset(&register, &claim.claimed),
    };
    let step = ClaimStep {
        claim: id,
        action: Action::ClaimWithdrawn,
        state: ClaimState::Withdrawn,
        proven: None,
        failing_since: None,
        attempt: None,
    };
    Ok(store.move_claims(act, &[step], &change)?)
}

/// What becomes of the asset when its claim is taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TheAsset {
    /// It stays, asserted.
    Stays,
    /// It is withdrawn too.
    Goes,
}

/// The assets in the register that are what is claimed.
pub(crate) fn assets_of<'r, 'c>(
    register: &'r Register,
    claimed: &'c Claimed,
) -> impl Iterator<Item = &'r Asset> + use<'r, 'c> {
    register.assets.iter().filter(move |asset| {
        asset.organisation == claimed.organisation
            && asset.role == claimed.role
            && asset.value == claimed.value
            && !asset.flags.excluded
    })
}

/// Makes it an asset with this proof, or gives the asset that is there this proof.
pub(crate) fn asset_change(register: &Register, claimed: &Claimed, proof: Proof, now: i64) -> RegisterChange {
    let mut change = RegisterChange::default();
    let Some(owner) = register.organisation(claimed.organisation) else { return change };
    let there: Vec<_> = assets_of(register, claimed)
        .filter(|asset| asset.valid_until.is_none_or(|until| until > now))
        .collect();
    for asset in &there {
        if asset.proof != proof {
            change.withdrawn_assets.push(asset.id);
            change.assets.push((owner.code.clone(), Asset { proof, ..(*asset).clone() }));
        }
    }
    if there.is_empty() {
        let asset = Asset {
            id: AssetId(0),
            organisation: claimed.organisation,
            value: claimed.value.clone(),
            role: claimed.role,
            valid_from: claimed.valid_from,
            valid_until: claimed.valid_until,
            proof,
            flags: AssetFlags::default(),
            note: claimed.note.clone(),
        };
        change.assets.push((owner.code.clone(), asset));
    }
    change
}

/// The asset of a proof that counts no longer is asserted; what is not there is not made.
pub(crate) fn fallen_back(register: &Register, claimed: &Claimed, now: i64) -> RegisterChange {
    match assets_of(register, claimed).next() {
        Some(_) => asset_change(register, claimed, Proof::Asserted, now),
        None => RegisterChange::default(),
    }
}

pub(crate) fn without_asset(register: &Register, claimed: &Claimed) -> RegisterChange {
    RegisterChange {
        withdrawn_assets: assets_of(register, claimed).map(|asset| asset.id).collect(),
        ..RegisterChange::default()
    }
}

/// Is the asset of this claim in the register?
pub fn is_asset(register: &Register, claim: &Claim) -> bool {
    assets_of(register, &claim.claimed).next().is_some()
}

/// Does this claim wait for a decision?
pub fn is_disputed(store: &Store, id: ClaimId) -> anyhow::Result<bool> {
    Ok(store.read(|connection| conflicts::is_disputed(connection, id))?)
}
