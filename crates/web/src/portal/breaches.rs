//! `/breaches`, `/breaches/3`: what may have been told to the wrong party. Who received it is shown before a breach is opened.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    breach, pipeline::state::register_view, portal::breaches, requests::AtWork, tell::Composer,
};
use schakel_render::portal::acting::{Done, Mistake};
use schakel_store::{Reader, act::Act, breaches::Decision, register};
use serde::Deserialize;

use super::{
    Portal,
    acting::{Went, act},
    answer,
    forms::Form,
    plain,
    visitor::Visitor,
};

/// What may have been told to the wrong party.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    what: String,
    organisation: String,
}

/// `GET /breaches`
pub async fn list(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| page(portal, visitor, reader, &asked)).await
}

fn page(portal: &Portal, visitor: &Visitor, reader: &Reader, asked: &Asked) -> anyhow::Result<Response> {
    let page = breaches::list(reader, &asked.what, &asked.organisation, visitor.now)?;
    visitor.page(portal, StatusCode::OK, "breaches", page)
}

/// `POST /breaches/open`: asks everybody who received it to delete it, and starts the 72 hours.
pub async fn open(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        let discovered = form.moment("discovered")?.unwrap_or(by.at).min(by.at);
        let reader = at_work.reader;
        let subject = breaches::subject(reader, form.field("what"), form.field("organisation"))?
            .ok_or(Mistake::new("what", "wrong-breach-subject"))?;
        let view = register_view(reader, reader.read(register::version)?)?;
        let now = at_work.clock.now();
        let (config, templates) = (at_work.config, at_work.templates);
        let composer = Composer { reader, view: &view, config, templates, now };
        let id = breach::open(at_work.intake.store(), &composer, subject, discovered, by)?;
        Ok(Went::on_to(Done::BreachOpened, format!("/breaches/{id}")))
    };
    let asked =
        Asked { what: form.field("what").to_owned(), organisation: form.field("organisation").to_owned() };
    let again =
        move |portal: &Portal, visitor: &Visitor, reader: &Reader| page(portal, visitor, reader, &asked);
    act(&portal, &visitor, form, work, again).await
}

/// `GET /breaches/3`
pub async fn one(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(number): Path<u32>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| one_page(portal, visitor, reader, number)).await
}

fn one_page(portal: &Portal, visitor: &Visitor, reader: &Reader, number: u32) -> anyhow::Result<Response> {
    match breaches::one(reader, number, visitor.now)? {
        Some(page) => visitor.page(portal, StatusCode::OK, "breach", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

/// `POST /breaches/3/close`: what was decided.
pub async fn close(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(number): Path<u32>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        let decision = match form.field("decision") {
            "reported" => Decision::Reported,
            "not_reported" => Decision::NotReported,
            _ => return Err(Mistake::new("decision", "wrong-choose").into()),
        };
        if !at_work.intake.store().close_breach(by, number, decision)? {
            return Err(Mistake::new("", "wrong-decided").into());
        }
        Ok(Done::BreachClosed)
    };
    let again =
        move |portal: &Portal, visitor: &Visitor, reader: &Reader| one_page(portal, visitor, reader, number);
    act(&portal, &visitor, form, work, again).await
}
