//! Register by claim: what a hub below us says is its own becomes the assets of the organisation that it stands for, and what we have becomes our claims
//! at a hub above us.
//!
//! A list is whole: what is not on it any more is taken back. Nothing of it counts as proven, and what is somebody else's is a conflict that people decide.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, ensure};
use schakel_formats::{
    hub::{
        claims::{CLAIMS_MAX, ClaimList, HubClaim, KEYS_MAX},
        message::{Kind, LINE_BYTES_MAX},
    },
    register::read_value,
};
use schakel_model::{
    asset::{AssetKind, Proof, Role},
    claim::{Claim, ClaimState, Claimed},
    hub::Link,
    ids::{ClaimId, OrganisationId},
    register::Register,
};
use schakel_rules::hub_claims::{Listed, change, in_scope, needs_a_person};
use schakel_store::{
    Reader, Store,
    act::Act,
    audit::Action,
    claims::{self, ClaimStep, NewClaim},
    conflicts::NewConflict,
    hub_claim_lists::{self, HeldList},
    hub_sealing::{self, OfClaims},
    hub_status::{self, Told},
    hubs,
    register::RegisterChange,
};
use serde_json::Value;

use crate::{
    claims::{asset_change, meets, organisation, without_asset},
    hub::{
        ours::{Ours, new_id_text},
        sealing,
    },
    random,
    register::standing,
};

/// Who enters what hubs claim.
const ACTOR: &str = "schakel";

/// What a list came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Replaced {
    /// Claims that are new.
    pub added: usize,
    /// Claims that were taken back.
    pub withdrawn: usize,
    /// Conflicts that were opened: nothing of those counts before they are decided.
    pub conflicts: u64,
    /// Claims that were not looked at.
    pub refused: usize,
    /// Claims that the list takes back, when they are so many that a person decides: nothing of it counts before.
    pub held: usize,
}

/// Hears a list. An older one than the one in force says nothing; `None` then.
pub fn hear(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    data: &Value,
    now: i64,
) -> anyhow::Result<Option<Replaced>> {
    let list = ClaimList::read(data).map_err(anyhow::Error::msg)?;
    ensure!(
        !link.organisation.is_empty(),
        "{} stands for no organisation of ours, so it has nothing to claim",
        link.peer
    );
    let mark = mark_in(link);
    let known: u64 = store.read(|connection| hub_status::mark(connection, &mark))?.parse().unwrap_or(0);
    let held = store.read(|connection| hub_claim_lists::of_link(connection, link.id))?;
    if list.version <= held.map_or(known, |held| held.version.max(known)) {
        return Ok(None);
    }
    let act = Act { at: now, actor: ACTOR, reason: "" };
    apply(store, &act, ours, link, &list, Shrinking::IsHeld(data)).map(Some)
}

/// What happens to a list that takes much back.
#[derive(Clone, Copy)]
enum Shrinking<'a> {
    /// It waits for a person, as it came.
    IsHeld(&'a Value),
    /// A person has decided.
    IsRight,
}

/// Accepts a list that waits.
pub fn accept(store: &mut Store, act: &Act<'_>, ours: &Ours, link: &Link) -> anyhow::Result<Replaced> {
    let held = waits(store, link)?;
    let data: Value = serde_json::from_slice(&held.data)?;
    let list = ClaimList::read(&data).map_err(anyhow::Error::msg)?;
    apply(store, act, ours, link, &list, Shrinking::IsRight)
}

/// Refuses a list that waits: what stands goes on standing, until the next list comes.
pub fn refuse(store: &mut Store, act: &Act<'_>, link: &Link) -> anyhow::Result<()> {
    let held = waits(store, link)?;
    Ok(store.end_claim_list(*act, link, Some((&mark_in(link), held.version)))?)
}

fn waits(store: &Store, link: &Link) -> anyhow::Result<HeldList> {
    let held = store.read(|connection| hub_claim_lists::of_link(connection, link.id))?;
    held.with_context(|| format!("no list of {} waits", link.peer))
}

fn apply(
    store: &mut Store,
    act: &Act<'_>,
    ours: &Ours,
    link: &Link,
    list: &ClaimList,
    shrinking: Shrinking<'_>,
) -> anyhow::Result<Replaced> {
    let now = act.at;
    let mut listed = Vec::with_capacity(list.claims.len());
    let mut refused = 0;
    for claim in &list.claims {
        match read(claim) {
            Ok(values) => listed.extend(values),
            Err(why) => {
                refused += 1;
                tracing::warn!(hub = %link.peer, claim = claim.value, %why, "a claim of a hub is refused");
            }
        }
    }
    let standing = stands(store, link)?;
    let gone = change(&standing, &listed).gone.len();
    if let (Shrinking::IsHeld(data), true) = (shrinking, needs_a_person(standing.len(), gone)) {
        let held = HeldList {
            link: link.id,
            version: list.version,
            came_at: now,
            standing: standing.len() as u64,
            gone: gone as u64,
            data: serde_json::to_vec(data)?,
        };
        tracing::error!(hub = %link.peer, gone, standing = standing.len(), "a list takes much back, and waits: `schakel hub claims held`");
        store.hold_claim_list(*act, link, &held)?;
        return Ok(Replaced { held: gone, refused, ..Replaced::default() });
    }
    let (keys, of_claims) = keys(list, now);
    store.know_seal_keys(link.id, &keys, &of_claims)?;
    let replaced = replace(store, link, &listed, (&mark_in(link), list.version), act)?;
    // What waited is accepted, or overtaken.
    store.end_claim_list(*act, link, None)?;
    sealing::release(store, ours, link, now)?;
    Ok(Replaced { refused, ..replaced })
}

/// The keys of a list that something can be sealed to, and which of them each claim is sealed to.
fn keys(list: &ClaimList, now: i64) -> (Vec<Vec<u8>>, OfClaims) {
    let usable: Vec<bool> = list.keys.iter().map(|key| sealing::is_usable(key, now)).collect();
    let mut of_claims = HashMap::new();
    for claim in &list.claims {
        let Some(key) = claim.key.filter(|key| usable.get(*key) == Some(&true)) else { continue };
        for one in read(claim).unwrap_or_default() {
            of_claims.insert((one.value.kind().as_str().to_owned(), one.value.to_string()), key);
        }
    }
    (list.keys.clone(), of_claims)
}

/// A claim as values of the register.
fn read(claim: &HubClaim) -> anyhow::Result<Vec<Listed>> {
    let kind: AssetKind = claim.kind.parse().map_err(anyhow::Error::msg)?;
    let role: Role = claim.role.parse().map_err(anyhow::Error::msg)?;
    let values = read_value(kind, &claim.value).map_err(|(_, message)| anyhow::anyhow!(message))?;
    ensure!(values.len() == 1, "it is several prefixes");
    if let (Some(from), Some(until)) = (claim.valid_from, claim.valid_until) {
        ensure!(from < until, "it ends before it begins");
    }
    let listed = |value| {
        in_scope(&value).map_err(|why| anyhow::anyhow!("{why}"))?;
        Ok(Listed { value, role, valid_from: claim.valid_from, valid_until: claim.valid_until })
    };
    values.into_iter().map(listed).collect()
}

/// What a hub claimed that stands.
fn stands(store: &Store, link: &Link) -> anyhow::Result<Vec<(ClaimId, Listed)>> {
    let register = standing(store)?;
    let owner = organisation(&register, &link.organisation)?.id;
    let all = store.read(claims::list)?;
    Ok(of_list(&all, owner, link).map(|claim| (claim.id, as_listed(&claim.claimed))).collect())
}

fn note(link: &Link) -> String {
    format!("claimed by {}", link.peer)
}

fn of_list<'c>(all: &'c [Claim], owner: OrganisationId, link: &Link) -> impl Iterator<Item = &'c Claim> {
    let note = note(link);
    all.iter().filter(move |claim| {
        claim.claimed.organisation == owner && claim.claimed.note == note && !claim.state.is_over()
    })
}

fn replace(
    store: &mut Store,
    link: &Link,
    listed: &[Listed],
    (mark, version): (&str, u64),
    act: &Act<'_>,
) -> anyhow::Result<Replaced> {
    let now = act.at;
    let register = standing(store)?;
    let owner = organisation(&register, &link.organisation)?;
    let all = store.read(claims::list)?;
    let note = note(link);
    let standing: Vec<(ClaimId, Listed)> =
        of_list(&all, owner.id, link).map(|claim| (claim.id, as_listed(&claim.claimed))).collect();
    let change = change(&standing, listed);
    let mut register_change = RegisterChange::default();
    let mut steps = Vec::new();
    for claim in all.iter().filter(|claim| change.gone.contains(&claim.id)) {
        merge(&mut register_change, without_asset(&register, &claim.claimed));
        steps.push(ClaimStep {
            claim: claim.id,
            action: Action::ClaimWithdrawn,
            state: ClaimState::Withdrawn,
            proven: None,
            failing_since: None,
            attempt: None,
        });
    }
    let mut new = Vec::new();
    for one in &change.new {
        let conflicts: Vec<NewConflict> = meets(&register, &all, owner.id, &one.value, now)
            .into_iter()
            .filter(|met| met.role == one.role)
            .map(|met| NewConflict {
                other_claim: met.claim,
                organisation: met.organisation,
                value: met.value,
                role: met.role,
            })
            .collect();
        let claimed = Claimed {
            organisation: owner.id,
            value: one.value.clone(),
            role: one.role,
            valid_from: one.valid_from,
            valid_until: one.valid_until,
            note: note.clone(),
        };
        if conflicts.is_empty() {
            merge(&mut register_change, asset_change(&register, &claimed, Proof::Asserted, now));
        }
        new.push((NewClaim { claimed, token: random::token()? }, conflicts));
    }
    let reason = match act.reason {
        "" => format!("list {version} of {}", link.peer),
        why => format!("list {version} of {}: {why}", link.peer),
    };
    let act = Act { reason: &reason, ..*act };
    let conflicts =
        store.replace_claims(&act, &new, &steps, &register_change, (mark, &version.to_string()))?;
    Ok(Replaced { added: new.len(), withdrawn: steps.len(), conflicts, ..Replaced::default() })
}

fn as_listed(claimed: &Claimed) -> Listed {
    Listed {
        value: claimed.value.clone(),
        role: claimed.role,
        valid_from: claimed.valid_from,
        valid_until: claimed.valid_until,
    }
}

fn merge(all: &mut RegisterChange, one: RegisterChange) {
    let new = |id: &_| !all.withdrawn_assets.contains(id);
    let withdrawn: Vec<_> = one.withdrawn_assets.iter().copied().filter(new).collect();
    all.withdrawn_assets.extend(withdrawn);
    all.assets.extend(one.assets);
}

/// Which list of a hub is in force here.
fn mark_in(link: &Link) -> String {
    format!("hub_claims_in:{}", link.id)
}

/// Up to which version of our register another hub has our list; absent: it gets none.
fn mark_out(link: &Link) -> String {
    format!("hub_claims_out:{}", link.id)
}

/// What we would claim at another hub: what we have in our register, of whomever, without saying of whom.
pub fn ours(register: &Register, now: i64) -> anyhow::Result<Vec<HubClaim>> {
    let mut claims: Vec<HubClaim> = register
        .assets
        .iter()
        .filter(|asset| {
            !asset.flags.excluded
                && in_scope(&asset.value).is_ok()
                && asset.valid_until.is_none_or(|until| until > now)
        })
        .map(|asset| HubClaim {
            kind: asset.value.kind().as_str().to_owned(),
            value: asset.value.to_string(),
            role: asset.role.as_str().to_owned(),
            proof: asset.proof.as_str().to_owned(),
            valid_from: asset.valid_from,
            valid_until: asset.valid_until,
            key: None,
        })
        .collect();
    claims.sort_unstable();
    claims.dedup_by(|one, other| {
        (&one.kind, &one.value, &one.role) == (&other.kind, &other.value, &other.role)
    });
    ensure!(
        claims.len() <= CLAIMS_MAX,
        "{} assets are more than a list takes ({CLAIMS_MAX}): keep the list private, and let the other hub match blindly (`schakel hub match`)",
        claims.len()
    );
    Ok(claims)
}

/// Publishes our list to a hub, from now on whenever the register changes. Gives how many claims are on it.
pub fn publish(store: &mut Store, act: &Act<'_>, ours: &Ours, link: &Link) -> anyhow::Result<usize> {
    let now = act.at;
    let register = standing(store)?;
    let mut list =
        ClaimList { version: number(&register), claims: self::ours(&register, now)?, keys: Vec::new() };
    add_keys(store, link, &register, &mut list)?;
    let count = list.claims.len();
    send(store, ours, link, list, Some(&register), act)?;
    Ok(count)
}

/// Whose keys are published with the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keys {
    /// Those of the hubs below us: whoever hands something over can seal it to them, so that we carry it without reading it.
    OfHubsBelow,
    /// None: what is sealed is sealed to us.
    None,
}

/// Says whose keys are published with the list from now on; [`publish`] does so.
pub fn set_keys(store: &mut Store, act: &Act<'_>, link: &Link, keys: Keys) -> anyhow::Result<()> {
    let (value, detail) = match keys {
        Keys::OfHubsBelow => ("below", "with the keys of hubs below"),
        Keys::None => ("", "without the keys of hubs below"),
    };
    let marks = [(mark_keys(link), value.to_owned())];
    Ok(store.tell_hubs_for(act, (Action::HubClaims, &link.peer, detail), &[], &marks)?)
}

/// A hub below has a new key for sealing: those who have its key from us get a new list. Lists are numbered by the register, so that gets a version in which
/// nothing else is new; what follows the register publishes it.
pub(crate) fn key_of_hub_below_changed(store: &mut Store, below: &Link, now: i64) -> anyhow::Result<()> {
    for link in store.read(hubs::standing)?.iter().filter(|link| link.id != below.id) {
        let gets_keys = !store.read(|connection| hub_status::mark(connection, &mark_keys(link)))?.is_empty();
        if gets_keys && !store.read(|connection| hub_status::mark(connection, &mark_out(link)))?.is_empty() {
            let reason = format!("{} has a new key for sealing", below.peer);
            store.change_register(now, ACTOR, &reason, &RegisterChange::default())?;
            break;
        }
    }
    Ok(())
}

/// Puts the keys of hubs below on a list, each at what that hub claims.
fn add_keys(store: &Store, link: &Link, register: &Register, list: &mut ClaimList) -> anyhow::Result<()> {
    if store.read(|connection| hub_status::mark(connection, &mark_keys(link)))?.is_empty() {
        return Ok(());
    }
    for below in store
        .read(hubs::standing)?
        .iter()
        .filter(|below| below.id != link.id && !below.organisation.is_empty())
    {
        let known = store.read(|connection| hub_sealing::keys(connection, below.id))?;
        let Ok(owner) = organisation(register, &below.organisation) else { continue };
        let owned: HashSet<(&str, String)> = register
            .assets
            .iter()
            .filter(|asset| asset.organisation == owner.id)
            .map(|asset| (asset.value.kind().as_str(), asset.value.to_string()))
            .collect();
        let mut numbers: HashMap<&Vec<u8>, usize> = HashMap::new();
        for claim in
            list.claims.iter_mut().filter(|claim| owned.contains(&(claim.kind.as_str(), claim.value.clone())))
        {
            let named = known.of_claims.get(&(claim.kind.clone(), claim.value.clone()));
            let key = named.and_then(|at| known.published.get(*at)).or(known.own.as_ref());
            let Some(key) = key else { continue };
            let number = *numbers.entry(key).or_insert(list.keys.len());
            if number == list.keys.len() {
                ensure!(number < KEYS_MAX, "{KEYS_MAX} keys are as many as a list takes");
                list.keys.push(key.clone());
            }
            claim.key = Some(number);
        }
    }
    Ok(())
}

/// Are the keys of hubs below published to this hub?
fn mark_keys(link: &Link) -> String {
    format!("hub_claims_keys:{}", link.id)
}

/// Takes our list back from a hub.
pub fn stop(store: &mut Store, act: &Act<'_>, ours: &Ours, link: &Link) -> anyhow::Result<()> {
    let register = standing(store)?;
    let list = ClaimList { version: number(&register) + 1, ..ClaimList::default() };
    send(store, ours, link, list, None, act)
}

/// Publishes anew to hubs that have our list, when the register has changed. Gives to how many.
pub fn follow(store: &mut Store, ours: &Ours, links: &[Link], now: i64) -> anyhow::Result<u64> {
    let version = store.read(schakel_store::register::version)?;
    let mut published = 0;
    for link in links {
        let mark = store.read(|connection| hub_status::mark(connection, &mark_out(link)))?;
        if !mark.is_empty() && mark != version.0.to_string() {
            let act = Act { at: now, actor: ACTOR, reason: "the register has changed" };
            publish(store, &act, ours, link)?;
            published += 1;
        }
    }
    Ok(published)
}

/// Does a hub have our list?
pub fn is_published(reader: &Reader, link: &Link) -> anyhow::Result<bool> {
    Ok(!reader.read(|connection| hub_status::mark(connection, &mark_out(link)))?.is_empty())
}

/// Lists are numbered by the register's version, two apart, so that one that takes everything back has a number too.
fn number(register: &Register) -> u64 {
    2 * u64::from(register.version.0)
}

fn send(
    store: &mut Store,
    ours: &Ours,
    link: &Link,
    list: ClaimList,
    published: Option<&Register>,
    act: &Act<'_>,
) -> anyhow::Result<()> {
    let line = ours
        .line(&link.peer, Kind::Claims, &new_id_text()?, None, list.to_data(), act.at)
        .context("the list of claims")?;
    ensure!(
        line.len() <= LINE_BYTES_MAX,
        "the list is {} bytes long, and a hub takes {LINE_BYTES_MAX}: publish it without keys, or keep it private (`schakel hub match`)",
        line.len()
    );
    let told = Told { link: link.id, line: Some((Kind::Claims.as_str(), line)), statuses: Vec::new() };
    let mark = published.map(|register| register.version.0.to_string()).unwrap_or_default();
    let detail = if published.is_some() { "published" } else { "taken back" };
    let what = (Action::HubClaims, &link.peer, detail);
    Ok(store.tell_hubs_for(act, what, &[told], &[(mark_out(link), mark)])?)
}
