//! What went wrong, as problem details (RFC 9457). Everything that is wrong with a request is said at once.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schakel_app::{
    arrivals::is_store_trouble,
    requests::{AGAIN_SECONDS, NotDone},
};
use schakel_store::StoreError;
use schemars::JsonSchema;
use serde::Serialize;

/// In trouble, ask again after this many seconds.
const TROUBLE_SECONDS: u32 = 30;

/// Faults that are named: nobody sets more than these right at once.
const FAULTS_MAX: usize = 100;

/// Where in a request a fault is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Where {
    /// The body.
    Body,
    /// A parameter behind the question mark.
    Query,
    /// A header.
    Header,
}

/// One fault of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// Where it is.
    pub r#in: Where,
    /// Which field, as a JSON pointer (RFC 6901), or which parameter or header.
    pub location: String,
    /// What is wrong, for programs.
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: String,
}

/// What a client gets instead of what it asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Problem")]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The kind of problem, in a few words.
    pub title: String,
    /// What can be done about it.
    pub detail: String,
    /// Each fault of the request, when that is what is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// The request has these faults.
    pub fn faults(mut errors: Vec<Fault>) -> Self {
        errors.truncate(FAULTS_MAX);
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            many => format!("The request has {} faults.", many.len()),
        };
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, detail) }
    }

    /// One fault.
    pub fn fault(r#in: Where, location: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::faults(vec![Fault { r#in, location: location.to_owned(), code, detail: detail.into() }])
    }

    /// The same for no token, a wrong one, and one that counts no more.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Send a valid key: `Authorization: Bearer schakel_api_...`. The CERT gives it to you.",
        )
    }

    /// There is no such thing, or it is somebody else's: nobody learns which.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing here for you.")
    }

    pub fn later(status: StatusCode, detail: &str, seconds: u32) -> Self {
        let detail = format!("{detail} Try again in {seconds} seconds.");
        Self { retry_after: Some(seconds), ..Self::new(status, detail) }
    }

    /// It can be read, and cannot be done: with each reason.
    pub fn unusable(detail: impl Into<String>, mut errors: Vec<Fault>) -> Self {
        errors.truncate(FAULTS_MAX);
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// Somebody else was faster.
    pub fn conflict(detail: &str) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// What happened is for our log only.
    pub fn trouble(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "the API is in trouble");
        Self::later(StatusCode::SERVICE_UNAVAILABLE, "Something is wrong here.", TROUBLE_SECONDS)
    }

    /// A use case says no, in a sentence.
    pub fn refused(error: anyhow::Error) -> Self {
        match is_store_trouble(&error) {
            true => Self::trouble(format!("{error:#}")),
            false => Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}")),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::trouble(error)
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::trouble(format!("{error:#}"))
    }
}

impl From<NotDone> for Problem {
    fn from(why: NotDone) -> Self {
        match why {
            NotDone::Busy => Self::later(
                StatusCode::SERVICE_UNAVAILABLE,
                "The service is busy; nothing was done.",
                AGAIN_SECONDS,
            ),
            NotDone::Unknown => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "It was begun and takes long. Look whether it was done before you ask again.",
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let head = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            head.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            head.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
