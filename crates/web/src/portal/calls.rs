//! `/calls`: whom to telephone.

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use schakel_app::portal::calls;

use super::{Portal, answer, visitor::Visitor};

/// `GET /calls`
pub async fn show(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        let page = calls::calls(reader, &portal.sender, visitor.now)?;
        visitor.page(portal, StatusCode::OK, "calls", page)
    })
    .await
}
