//! What members ask about what is theirs: to give it up, or to have something changed. The desk decides.

use axum::http::StatusCode;
use schakel_app::{
    asset_requests::{self, NotAsked},
    explain::organisation_name,
};
use schakel_model::{claim::AssetWish, ids::AssetId, register::Register};
use schakel_store::{
    asset_requests::{self as stored, AssetRequest as Stored},
    register::load_organisations_now,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{desk::Empty, own_claims::own, register_changes::Because};
use crate::rest::{
    call::Call,
    problem::{Problem, Where},
    route::{Nothing, Page},
    values::{At, Word},
};

/// Something that was asked, and waits.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetRequest {
    id: i64,
    organisation: String,
    kind: &'static str,
    value: String,
    role: &'static str,
    wish: Word<AssetWish>,
    /// What is to be changed, or why
    text: String,
    asked_at: At,
}

fn shown(names: &Register, one: &Stored) -> AssetRequest {
    AssetRequest {
        id: one.id,
        organisation: organisation_name(names, one.what.organisation).0.to_owned(),
        kind: one.what.value.kind().as_str(),
        value: one.what.value.to_string(),
        role: one.what.role.as_str(),
        wish: Word(one.what.wish),
        text: one.what.text.clone(),
        asked_at: At(one.at),
    }
}

fn waiting(call: &Call, is_meant: impl Fn(&Stored) -> bool) -> Result<Page<AssetRequest>, Problem> {
    let names = call.reader.read(load_organisations_now)?;
    let all = call.reader.read(stored::waiting)?;
    Ok(Page::all(all.iter().filter(|one| is_meant(one)).map(|one| shown(&names, one)).collect()))
}

/// `GET /asset-requests`
pub fn all(call: &Call, _: Nothing) -> Result<Page<AssetRequest>, Problem> {
    waiting(call, |_| true)
}

/// `GET /organisations/{organisation}/asset-requests`
pub fn theirs(call: &Call, _: Nothing) -> Result<Page<AssetRequest>, Problem> {
    let own = own(call, call.name("organisation"))?;
    waiting(call, |one| one.what.organisation == own.organisation.id)
}

/// What shall become of an asset.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewAssetRequest {
    /// The number of the asset
    asset: u32,
    wish: Word<AssetWish>,
    /// What is to be changed, or why
    #[schemars(length(max = 1000))]
    text: Option<String>,
}

/// `POST /organisations/{organisation}/asset-requests`
pub fn ask(call: &Call, _: Nothing, new: NewAssetRequest) -> Result<AssetRequest, Problem> {
    let own = own(call, call.name("organisation"))?;
    let asked = call.change("", move |at_work, act| {
        let text = new.text.as_deref().unwrap_or_default().trim();
        let what = (AssetId(new.asset), new.wish.0, text);
        asset_requests::ask(at_work.intake.store(), &act, &own, what)
    })?;
    let id = asked.map_err(|why| match why {
        NotAsked::Gone => {
            Problem::fault(Where::Body, "/asset", "unknown", "there is no such asset of theirs")
        }
        NotAsked::NoText => Problem::fault(Where::Body, "/text", "required", "say what is to be changed"),
        NotAsked::Waits => Problem::conflict("Something was asked about this already, and waits."),
        NotAsked::Many => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Too many requests wait for the desk: take some back.",
        ),
    })?;
    let names = call.reader.read(load_organisations_now)?;
    let found = call.reader.read(|connection| stored::get(connection, id))?;
    Ok(shown(&names, &found.ok_or_else(Problem::not_found)?))
}

/// `POST /organisations/{organisation}/asset-requests/{request}/take-back`
pub fn take_back(call: &Call, _: Nothing, _: Empty) -> Result<Page<AssetRequest>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let id: i64 = call.number("request", "")?;
    let request = asset_requests::theirs(&call.reader, &own, id)?.ok_or_else(Problem::not_found)?;
    call.change("", move |at_work, act| asset_requests::take_back(at_work.intake.store(), &act, &request))?;
    theirs(call, Nothing {})
}

/// The request in the path, when it waits.
fn asked(call: &Call) -> Result<i64, Problem> {
    let id: i64 = call.number("request", "")?;
    let found = call.reader.read(|connection| stored::get(connection, id))?;
    found.filter(|one| one.waits).map(|one| one.id).ok_or_else(Problem::not_found)
}

/// `POST /asset-requests/{request}/accept`: what is given up leaves the register.
pub fn accept(call: &Call, _: Nothing, because: Because) -> Result<Page<AssetRequest>, Problem> {
    let id = asked(call)?;
    call.change(because.reason(), move |at_work, act| {
        asset_requests::accept(at_work.intake.store(), &act, id)
    })?;
    all(call, Nothing {})
}

/// `POST /asset-requests/{request}/refuse`
pub fn refuse(call: &Call, _: Nothing, because: Because) -> Result<Page<AssetRequest>, Problem> {
    let id = asked(call)?;
    call.change(because.reason(), move |at_work, act| {
        asset_requests::refuse(at_work.intake.store(), &act, id)
    })?;
    all(call, Nothing {})
}
