//! How every page behind a link in a mail leaves: kept by nobody, framed by nobody, with no script and nothing from elsewhere.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// A page.
pub fn page(status: StatusCode, body: String) -> Response {
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    (status, head, body).into_response()
}
