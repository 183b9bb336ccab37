//! `/answer/TOKEN`: the page behind the link in a notification. Looking changes nothing, so that whoever fetches links before people do (mail
//! scanners, previews) answers nothing; sending the form does.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::civil::Date;
use schakel_app::answers::{
    Said, end_of_day,
    page::{Outcome, Shown, answer, behind_link},
    tokens::TOKEN_CHARS_MAX,
};
use schakel_model::{answer::AnswerKind, language::Language};
use schakel_render::answer_page::{Shows, render};
use schakel_store::Reader;

use crate::{page::page, server::Served};

/// Nobody types more than this into the form, in bytes.
const FORM_BYTES_MAX: usize = 16_384;

/// Characters of a field.
const FIELD_CHARS_MAX: usize = 2_000;

/// `GET /answer/TOKEN`
pub async fn show(State(served): State<Served>, Path(token): Path<String>) -> Response {
    respond(served, token, None).await
}

/// `POST /answer/TOKEN`
pub async fn take(State(served): State<Served>, Path(token): Path<String>, body: Bytes) -> Response {
    if body.len() > FORM_BYTES_MAX {
        return gone();
    }
    respond(served, token, Some(Form::read(&body))).await
}

/// What the form says.
#[derive(Default)]
struct Form {
    kind: Option<AnswerKind>,
    until: Option<Date>,
    supplier: String,
    decided_by: String,
    text: String,
}

impl Form {
    fn read(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            let text = || value.trim().chars().take(FIELD_CHARS_MAX).collect::<String>();
            match &*name {
                "answer" => form.kind = value.parse().ok(),
                "until" => form.until = value.parse().ok(),
                "supplier" => form.supplier = text(),
                "decided_by" => form.decided_by = text(),
                "text" => form.text = text(),
                _ => {}
            }
        }
        form
    }
}

/// What is behind a link, and what came of answering.
enum Seen {
    Gone,
    Shown(Shown),
    Answered(Shown, Outcome),
}

async fn respond(served: Served, token: String, form: Option<Form>) -> Response {
    if token.len() > TOKEN_CHARS_MAX {
        return gone();
    }
    let now = served.clock.now_seconds();
    let data = served.data.clone();
    // The store may make us wait for a moment: not on the thread that answers for health.
    let seen = tokio::task::spawn_blocking(move || look(&Reader::open(&data)?, now, &token, form)).await;
    match seen {
        Ok(Ok(Seen::Gone)) => gone(),
        Ok(Ok(Seen::Shown(shown))) => asked(&served.sender, &shown, StatusCode::OK),
        Ok(Ok(Seen::Answered(shown, outcome))) => match outcome {
            Outcome::Taken(_) => page(StatusCode::OK, render(shown.language, Shows::Done { by_desk: false })),
            Outcome::Proposed(_) => {
                page(StatusCode::OK, render(shown.language, Shows::Done { by_desk: true }))
            }
            Outcome::Incomplete => asked(&served.sender, &shown, StatusCode::UNPROCESSABLE_ENTITY),
        },
        Ok(Err(error)) => {
            tracing::error!(error = %format!("{error:#}"), "an answer by the page cannot be taken");
            page(StatusCode::SERVICE_UNAVAILABLE, String::new())
        }
        Err(_) => page(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    }
}

fn look(reader: &Reader, now: i64, token: &str, form: Option<Form>) -> anyhow::Result<Seen> {
    let Some(shown) = behind_link(reader, now, token)? else { return Ok(Seen::Gone) };
    let Some(form) = form else { return Ok(Seen::Shown(shown)) };
    let Some(kind) = form.kind else { return Ok(Seen::Answered(shown, Outcome::Incomplete)) };
    let said = Said {
        kind,
        findings: Vec::new(),
        until: form.until.map(end_of_day).transpose()?,
        supplier: form.supplier,
        decided_by: form.decided_by,
        reason: form.text.clone(),
        text: form.text,
    };
    Ok(match answer(reader, now, token, said)? {
        None => Seen::Gone,
        Some(outcome) => Seen::Answered(shown, outcome),
    })
}

fn asked(sender: &str, shown: &Shown, status: StatusCode) -> Response {
    let shows = Shows::Ask {
        sender,
        number: &shown.number,
        states: &shown.states,
        closed: shown.closed,
        may_accept_risk: shown.may_accept_risk,
        incomplete: status != StatusCode::OK,
    };
    page(status, render(shown.language, shows))
}

/// Run out, used up by a merger, or never ours: nobody learns which.
fn gone() -> Response {
    page(StatusCode::GONE, render(Language::Nl, Shows::Gone))
}
