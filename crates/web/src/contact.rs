//! `/contact/TOKEN`: the page behind the link in a reminder. Looking changes nothing; the button confirms, once.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::contacts::{Card, behind_link, confirm_by_link};
use schakel_model::language::Language;
use schakel_render::contact_page::{Shows, render};
use schakel_store::Reader;

use crate::{page::page, server::Served};

/// Longer is no token of ours.
const TOKEN_BYTES_MAX: usize = 64;

/// `GET /contact/TOKEN`
pub async fn show(State(served): State<Served>, Path(token): Path<String>) -> Response {
    answer(served, token, Step::Look).await
}

/// `POST /contact/TOKEN`
pub async fn confirm(State(served): State<Served>, Path(token): Path<String>) -> Response {
    answer(served, token, Step::Confirm).await
}

#[derive(Clone, Copy)]
enum Step {
    Look,
    Confirm,
}

async fn answer(served: Served, token: String, step: Step) -> Response {
    if token.len() > TOKEN_BYTES_MAX {
        return gone();
    }
    let now = served.clock.now_seconds();
    let data = served.data.clone();
    // The store may make us wait for a moment: not on the thread that answers for health.
    let looked = tokio::task::spawn_blocking(move || {
        let reader = Reader::open(&data)?;
        match step {
            Step::Look => behind_link(&reader, now, &token),
            Step::Confirm => confirm_by_link(&reader, now, &token),
        }
    })
    .await;
    match looked {
        Ok(Ok(Some(card))) => found(&served.sender, &card, step),
        Ok(Ok(None)) => gone(),
        Ok(Err(error)) => {
            tracing::error!(error = %format!("{error:#}"), "a link of a contact cannot be answered");
            page(StatusCode::SERVICE_UNAVAILABLE, String::new())
        }
        Err(_) => page(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    }
}

fn found(sender: &str, card: &Card, step: Step) -> Response {
    let language = card.contact.language;
    let shows = match step {
        Step::Look => Shows::Ask { sender, organisation: &card.organisation, contact: &card.contact },
        Step::Confirm => Shows::Done,
    };
    page(StatusCode::OK, render(language, shows))
}

/// Whose link it was is not known any more, nor in which language they read.
fn gone() -> Response {
    page(StatusCode::GONE, render(Language::Nl, Shows::Gone))
}
