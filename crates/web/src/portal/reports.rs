//! `/reports`, `/reports/12`, `/sources`, `/ledger`: what came in and what became of it.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    portal::{
        findings::Looking,
        reports::{self, ShowsRows},
    },
    requests::AtWork,
};
use schakel_render::portal::acting::{Done, Mistake, Notice};
use schakel_rules::access::Right;
use schakel_store::{Reader, act::Act};
use serde::Deserialize;

use super::{Portal, acting::act, answer, findings::looking, forms::Form, plain, visitor::Visitor};

/// Where the page begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Before {
    before: String,
}

/// `GET /reports`
pub async fn list(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Before>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        visitor.page(portal, StatusCode::OK, "reports", reports::list(reader, &asked.before)?)
    })
    .await
}

/// `GET /reports/12`
pub async fn one(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<u32>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| page(portal, visitor, reader, id)).await
}

fn page(portal: &Portal, visitor: &Visitor, reader: &Reader, id: u32) -> anyhow::Result<Response> {
    let actor = looking(portal, visitor)?;
    match reports::one(reader, id, Looking { actor: &actor, now: visitor.now })? {
        Some(page) => visitor.page(portal, StatusCode::OK, "report", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

/// `POST /reports/12/replay`: reads what was rejected again.
pub async fn replay(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<u32>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| match reports::replay(at_work, by, id)?
    {
        0 => Err(Mistake::new("", "wrong-still-rejected").into()),
        rows => Ok(Notice { count: rows as i64, ..Done::Replayed.into() }),
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| page(portal, visitor, reader, id);
    act(&portal, &visitor, form, work, again).await
}

/// `GET /sources`
pub async fn sources(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        visitor.page(portal, StatusCode::OK, "sources", reports::sources(reader, visitor.now)?)
    })
    .await
}

/// Which part of the ledger.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LedgerAsked {
    day: String,
    report: String,
    list: String,
}

/// `GET /ledger`: sums for whoever may see figures; rows for whoever may see cases.
pub async fn ledger(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<LedgerAsked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let shows = if visitor.may(Right::SeeCases) { ShowsRows::Yes } else { ShowsRows::No };
        let actor = looking(portal, visitor)?;
        let looking = Looking { actor: &actor, now: visitor.now };
        let asked = (asked.day.trim(), asked.report.trim(), asked.list.as_str());
        visitor.page(portal, StatusCode::OK, "ledger", reports::ledger_page(reader, asked, shows, looking)?)
    })
    .await
}
