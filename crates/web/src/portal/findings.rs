//! `/findings`, `/findings/F12`.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    portal::findings::{self, Wanted},
    users::{Actor, actor},
};

use super::{Portal, answer, plain, visitor::Visitor};

/// `GET /findings`
pub async fn list(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let page = findings::list(reader, &wanted, &looking(portal, visitor)?, visitor.now)?;
        visitor.page(portal, StatusCode::OK, "findings", page)
    })
    .await
}

/// `GET /findings/F12`
pub async fn one(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        match findings::one(reader, &name, &looking(portal, visitor)?, visitor.now)? {
            Some(page) => visitor.page(portal, StatusCode::OK, "finding", page),
            None => Ok(plain::not_found(portal, visitor)),
        }
    })
    .await
}

/// Who looks, for the log: a desk user by the name they sign in with.
fn looking(portal: &Portal, visitor: &Visitor) -> anyhow::Result<Actor> {
    actor(&portal.data, visitor.person.as_ref().map(|person| person.account.name.as_str()))
}
