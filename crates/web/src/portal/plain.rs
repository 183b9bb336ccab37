//! Pages with one message.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use schakel_render::portal::account::Message;

use super::{Portal, visitor::Visitor};

/// A page with one message, and the way on.
pub fn message(
    portal: &Portal,
    visitor: &Visitor,
    status: StatusCode,
    title: &'static str,
    text: &'static str,
    on: Option<(&'static str, &'static str)>,
) -> Response {
    visitor.page(portal, status, "message", Message { title, text, on }).unwrap_or_else(|error| {
        tracing::error!(error = %format!("{error:#}"), "a message cannot be shown");
        nothing()
    })
}

const START: Option<(&str, &str)> = Some(("/", "back-to-start"));

/// There is no such page, or not for them: nobody learns which.
pub fn not_found(portal: &Portal, visitor: &Visitor) -> Response {
    message(portal, visitor, StatusCode::NOT_FOUND, "not-found-title", "not-found", START)
}

/// Their role does not give it.
pub fn forbidden(portal: &Portal, visitor: &Visitor) -> Response {
    message(portal, visitor, StatusCode::FORBIDDEN, "forbidden-title", "forbidden", START)
}

/// A form that is not of a page that they have now.
pub fn old_form(portal: &Portal, visitor: &Visitor) -> Response {
    message(portal, visitor, StatusCode::FORBIDDEN, "form-old-title", "form-old", START)
}

/// Too many tries.
pub fn slow_down(portal: &Portal, visitor: &Visitor) -> Response {
    message(portal, visitor, StatusCode::TOO_MANY_REQUESTS, "slow-down-title", "slow-down", None)
}

/// Something went wrong here.
pub fn trouble(portal: &Portal, visitor: &Visitor) -> Response {
    message(portal, visitor, StatusCode::SERVICE_UNAVAILABLE, "trouble-title", "trouble", START)
}

/// Nothing can be shown at all.
pub fn nothing() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
