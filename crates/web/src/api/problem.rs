//! Errors as problem details (RFC 9457). They say what the sender can do, never what is wrong inside.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schakel_ingest::door::Refusal;
use serde::Serialize;

/// A door that is not open yet, or in trouble, is asked again after this many seconds.
const TROUBLE_SECONDS: u32 = 30;

/// As many reports come in by pieces as may: one of them will have ended by then.
const BUSY_SECONDS: u32 = 10;

/// An error, as the sender sees it.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    retry_after: Option<u32>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after: None }
    }

    /// The same for no token, a wrong one and one that was revoked.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Send a valid token: `Authorization: Bearer schakel_...`. The CERT gives it to you.",
        )
    }

    pub fn blocked() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This source may not send reports. Ask the CERT why.")
    }

    pub fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing here for you.")
    }

    pub fn starting() -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, "The service is starting.", TROUBLE_SECONDS)
    }

    pub fn busy() -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, "Too many large reports at once.", BUSY_SECONDS)
    }

    pub fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "The report came too slowly; nothing of it was kept.")
    }

    pub fn too_large(bytes_max: u64) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The report is larger than the {bytes_max} bytes that are allowed."),
        )
    }

    /// What happened is for our log only.
    pub fn trouble(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "the door for reports is in trouble");
        Self::later(StatusCode::SERVICE_UNAVAILABLE, "Something is wrong here.", TROUBLE_SECONDS)
    }

    fn later(status: StatusCode, detail: &str, seconds: u32) -> Self {
        let detail = format!("{detail} Try again in {seconds} seconds.");
        Self { status, detail, retry_after: Some(seconds) }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Later { after_seconds } => Self::later(
                StatusCode::TOO_MANY_REQUESTS,
                "There is no room for more reports of yours now.",
                after_seconds,
            ),
            Refusal::TooLarge { bytes_max } => Self::too_large(bytes_max),
            Refusal::Blocked => Self::blocked(),
            Refusal::Trouble(text) => Self::trouble(text),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let body = serde_json::to_string(&body).unwrap_or_default();
        let mut response =
            (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let head = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            head.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            head.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

pub(super) async fn no_such_path() -> Problem {
    Problem::not_found()
}

pub(super) async fn no_such_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "This path knows other methods.")
}
