//! `/calls`: whom to telephone, who is at it, and what came of it.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{calling_list, portal::calls, requests::AtWork};
use schakel_model::call::CallResult;
use schakel_render::portal::acting::{Done, Mistake};
use schakel_store::{Reader, act::Act, register::load_organisations_now};

use super::{
    Portal,
    acting::{Went, act},
    answer,
    forms::Form,
    visitor::Visitor,
};

/// `GET /calls`
pub async fn show(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, page).await
}

fn page(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    let page = calls::calls(reader, &portal.config.sender, visitor.name(), visitor.now)?;
    visitor.page(portal, StatusCode::OK, "calls", page)
}

/// `POST /calls/{code}/lock`: "I am calling".
pub async fn lock(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let names = at_work.reader.read(load_organisations_now)?;
        calling_list::start(at_work.intake.store(), by, &names, &code)?;
        Ok(Went::on_to(Done::Calling, format!("/calls#{code}")))
    };
    act(&portal, &visitor, form, work, page).await
}

/// `POST /calls/{code}/unlock`: not after all.
pub async fn unlock(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let names = at_work.reader.read(load_organisations_now)?;
        calling_list::stop(at_work.intake.store(), by, &names, &code)?;
        Ok(Done::NotCalling)
    };
    act(&portal, &visitor, form, work, page).await
}

/// `POST /calls/{code}/result`
pub async fn result(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let result: CallResult = form.word("result", "wrong-choose")?;
        let next_at = form.moment("next")?;
        if next_at.is_some_and(|at| at <= by.at) {
            return Err(Mistake::new("next", "wrong-past").into());
        }
        if next_at.is_some() && result.ends() {
            return Err(Mistake::new("next", "wrong-call-ended").into());
        }
        let names = at_work.reader.read(load_organisations_now)?;
        let note = form.trimmed("note");
        calling_list::record(at_work.intake.store(), by, &names, (&code, result, note), next_at)?;
        Ok(Done::Called)
    };
    act(&portal, &visitor, form, work, page).await
}
