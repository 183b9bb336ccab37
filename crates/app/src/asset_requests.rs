//! What members ask about what is theirs. A thing that is given up tells nobody of it any more, so the desk looks first: whoever got hold of an account must not
//! be able to keep a member from hearing what goes on.

use anyhow::{Context, ensure};
use schakel_model::{claim::AssetWish, ids::AssetId};
use schakel_store::{
    Reader, Store,
    act::Act,
    asset_requests::{self, AssetRequest, NewAssetRequest},
    rehearsal::Keep,
};

use crate::{
    portal::{own::Own, register_work::withdraw_asset},
    register::standing,
};

/// Requests of a member that wait at once: more were not typed by people.
const WAITING_MAX: usize = 100;

/// Why nothing was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAsked {
    /// There is no such asset of theirs.
    Gone,
    /// The same was asked, and waits.
    Waits,
    /// Too many wait.
    Many,
    /// It does not say what shall change.
    NoText,
}

/// Asks the desk about an asset of whom they look at.
pub fn ask(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    (id, wish, text): (AssetId, AssetWish, &str),
) -> anyhow::Result<Result<i64, NotAsked>> {
    let register = standing(store)?;
    let organisation = own.organisation.id;
    let asset = register.assets.iter().find(|one| one.id == id && one.organisation == organisation);
    let Some(asset) = asset else { return Ok(Err(NotAsked::Gone)) };
    if wish == AssetWish::Change && text.is_empty() {
        return Ok(Err(NotAsked::NoText));
    }
    let waiting = store.read(asset_requests::waiting)?;
    let mut theirs = waiting.iter().filter(|one| one.what.organisation == organisation);
    if theirs.clone().count() >= WAITING_MAX {
        return Ok(Err(NotAsked::Many));
    }
    if theirs.any(|one| one.what.value == asset.value && one.what.role == asset.role) {
        return Ok(Err(NotAsked::Waits));
    }
    let (value, role, text) = (asset.value.clone(), asset.role, text.to_owned());
    Ok(Ok(store.ask_about_asset(act, &NewAssetRequest { organisation, value, role, wish, text })?))
}

/// A request that waits, of whom they look at.
pub fn theirs(reader: &Reader, own: &Own, id: i64) -> anyhow::Result<Option<AssetRequest>> {
    let found = reader.read(|connection| asset_requests::get(connection, id))?;
    Ok(found.filter(|one| one.waits && one.what.organisation == own.organisation.id))
}

/// Takes a request back that waits.
pub fn take_back(store: &mut Store, act: &Act<'_>, request: &AssetRequest) -> anyhow::Result<()> {
    let act = Act { reason: "taken back by the member", ..*act };
    let decided = store.decide_asset_request(&act, request.id, false)?;
    ensure!(decided, "this was decided already");
    Ok(())
}

fn waiting(store: &Store, id: i64) -> anyhow::Result<AssetRequest> {
    let found = store.read(|connection| asset_requests::get(connection, id))?;
    let request = found.filter(|one| one.waits);
    request.with_context(|| format!("request {id} does not wait: somebody else has decided it"))
}

/// The desk agrees. What is given up leaves the register with its claim; what was to be changed, the desk has changed.
pub fn accept(store: &mut Store, act: &Act<'_>, id: i64) -> anyhow::Result<()> {
    let request = waiting(store, id)?;
    let what = &request.what;
    let register = standing(store)?;
    let code = register.organisation(what.organisation).map(|one| one.code.clone());
    let same = register.assets.iter().find(|one| {
        one.organisation == what.organisation && one.value == what.value && one.role == what.role
    });
    // It may be gone already: then there is nothing left to do.
    let asset = same.map(|one| one.id).filter(|_| what.wish == AssetWish::GiveUp);
    store.as_one(Keep::All, |store| {
        if let (Some(code), Some(asset)) = (&code, asset) {
            withdraw_asset(store, act, code, asset)?;
        }
        store.decide_asset_request(act, id, true)?;
        anyhow::Ok(())
    })?;
    Ok(())
}

/// The desk does not agree, and says why.
pub fn refuse(store: &mut Store, act: &Act<'_>, id: i64) -> anyhow::Result<()> {
    ensure!(!act.reason.trim().is_empty(), "say why");
    waiting(store, id)?;
    store.decide_asset_request(act, id, false)?;
    Ok(())
}
