//! Answers and refusals as clients of Shadowserver's API expect them: JSON, and `{"error": "..."}` for what was asked wrongly.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::api::body::Broken;

/// What is in trouble, or busy, is asked again after this many seconds.
const LATER_SECONDS: u32 = 30;

/// Why a question is not answered. Clients show the text of those that come with status 200, as Shadowserver's do; of others only the status.
#[derive(Debug)]
pub(in crate::api) struct Refused {
    status: StatusCode,
    text: String,
    retry_after: Option<u32>,
}

impl Refused {
    fn new(text: impl Into<String>) -> Self {
        Self { status: StatusCode::OK, text: text.into(), retry_after: None }
    }

    fn later(status: StatusCode, text: &str, seconds: u32) -> Self {
        Self { status, text: text.to_owned(), retry_after: Some(seconds) }
    }

    pub fn bad(text: impl Into<String>) -> Self {
        Self::new(text)
    }

    /// The same for a key that is none, one that was revoked, and a wrong signature.
    pub fn not_signed() -> Self {
        Self::new("invalid apikey or HMAC")
    }

    pub fn no_such_method() -> Self {
        Self::new(
            "no such method: use reports/subscribed, reports/types, reports/list, reports/download or test/ping",
        )
    }

    /// The same for one that never was and that of another.
    pub fn no_such_file() -> Self {
        Self::new("there is no such report")
    }

    pub fn too_large() -> Self {
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, ..Self::new("the question is too large") }
    }

    pub fn too_often(seconds: u32) -> Self {
        Self::later(StatusCode::TOO_MANY_REQUESTS, "too many questions with this key", seconds)
    }

    pub fn busy() -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, "too many questions at once", LATER_SECONDS)
    }

    /// What happened is for our log only.
    pub fn trouble(error: impl std::fmt::Display) -> Self {
        tracing::error!(error = %format!("{error:#}"), "a member cannot be answered");
        Self::later(StatusCode::SERVICE_UNAVAILABLE, "something is wrong here", LATER_SECONDS)
    }

    /// Whoever fetches a file looks at the status only.
    pub fn of_file(self) -> Self {
        match self.status {
            StatusCode::OK => Self { status: StatusCode::NOT_FOUND, ..self },
            _ => self,
        }
    }
}

impl From<Broken> for Refused {
    fn from(broken: Broken) -> Self {
        let (status, text) = match broken {
            Broken::Slow => (StatusCode::REQUEST_TIMEOUT, "the question came too slowly"),
            Broken::Cut => (StatusCode::BAD_REQUEST, "the question broke off"),
        };
        Self { status, ..Self::new(text) }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = json(&json!({ "error": self.text }));
        *response.status_mut() = self.status;
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An answer that nobody keeps a copy of.
pub(super) fn json(value: &Value) -> Response {
    let head = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (head, value.to_string()).into_response()
}
