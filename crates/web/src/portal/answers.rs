//! `/answers`: what recipients said and a program may not decide.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{answers::desk, portal::answers, requests::AtWork};
use schakel_model::ids::AnswerId;
use schakel_render::portal::acting::{Done, Mistake};
use schakel_store::{Reader, act::Act};

use super::{Portal, acting::act, answer, forms::Form, visitor::Visitor};

/// `GET /answers`
pub async fn list(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, page).await
}

fn page(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    visitor.page(portal, StatusCode::OK, "answers", answers::waiting(reader)?)
}

/// `POST /answers/12/accept`
pub async fn accept(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<u32>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let until = form.moment("until")?;
        if until.is_some_and(|until| until <= by.at) {
            return Err(Mistake::new("until", "wrong-past").into());
        }
        let decided_by = Some(form.trimmed("decided_by")).filter(|name| !name.is_empty());
        desk::accept(at_work.intake.store(), by, AnswerId(id), until, decided_by)?;
        Ok(Done::AnswerAccepted)
    };
    act(&portal, &visitor, form, work, page).await
}

/// `POST /answers/12/refuse`
pub async fn refuse(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<u32>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        desk::refuse(at_work.intake.store(), by, AnswerId(id))?;
        Ok(Done::AnswerRefused)
    };
    act(&portal, &visitor, form, work, page).await
}
