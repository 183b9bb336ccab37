//! On which days a member is closed: said on the page with what the register has of it.

use axum::{
    Extension,
    extract::{Path, State},
    response::Response,
};
use jiff::civil::Date;
use schakel_app::{closing_days, portal::own::Own, requests::AtWork};
use schakel_render::portal::acting::Done;
use schakel_store::{Reader, act::Act};

use super::{Portal, forms::Form, own, visitor::Visitor};

/// `POST /own/CODE/closed`: closed on these days, or with `open` set open after all.
pub async fn set(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let first: Date = form.word("day", "wrong-choose-day")?;
        let last =
            if form.trimmed("until").is_empty() { first } else { form.word("until", "wrong-choose-day")? };
        let is_closed = form.field("open").is_empty();
        closing_days::set(at_work.intake.store(), by, &own.organisation, first..=last, is_closed)?;
        Ok(Done::Saved)
    };
    let whose = code.clone();
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        own::register_page(portal, visitor, reader, &code)
    };
    own::act_on(&portal, &visitor, &whose, form, work, again).await
}
