//! `/organisations`, `/organisations/CODE`, `/explain`: the register, and what follows from it.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::portal::{organisations, why::why};
use schakel_store::Reader;
use serde::Deserialize;

use super::{Portal, answer, plain, visitor::Visitor};

/// Nobody types more than this, in bytes.
const TYPED_BYTES_MAX: usize = 2_048;

/// Which organisations.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    name: String,
    kind: String,
}

/// `GET /organisations`
pub async fn organisations(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let page = organisations::list(reader, shortened(&wanted.name), &wanted.kind)?;
        visitor.page(portal, StatusCode::OK, "organisations", page)
    })
    .await
}

/// `GET /organisations/CODE`
pub async fn organisation(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        organisation_page(portal, visitor, reader, &code)
    })
    .await
}

/// One organisation as a page.
pub fn organisation_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
) -> anyhow::Result<Response> {
    match organisations::one(reader, code, visitor.now)? {
        Some(page) => visitor.page(portal, StatusCode::OK, "organisation", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

/// `GET /organisations/CODE/quality`: how good its data is.
pub async fn quality(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        match organisations::quality_of(reader, &code, visitor.now)? {
            Some(page) => visitor.page(portal, StatusCode::OK, "quality", page),
            None => Ok(plain::not_found(portal, visitor)),
        }
    })
    .await
}

/// What is to be explained.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    what: String,
    at: String,
}

/// `GET /explain`
pub async fn explain(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let page = why(reader, shortened(&asked.what), shortened(&asked.at), visitor.now)?;
        let status = if page.wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        visitor.page(portal, status, "explain", page)
    })
    .await
}

fn shortened(typed: &str) -> &str {
    &typed[..typed.floor_char_boundary(TYPED_BYTES_MAX)]
}
