//! `/ahead`: the steps of ladders that come if nobody reacts.

use axum::{
    Extension,
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::portal::ahead::{self, Asked};

use super::{Portal, answer, visitor::Visitor};

/// `GET /ahead`
pub async fn list(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        visitor.page(portal, StatusCode::OK, "ahead", ahead::ahead(reader, asked, visitor.now)?)
    })
    .await
}
