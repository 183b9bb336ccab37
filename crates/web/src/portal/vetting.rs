//! `/vetting`, `/vetting/RECEIPT`: reports that wait for a person.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    arrivals::Became,
    portal::{findings::Looking, vetting},
    requests::AtWork,
    vetting::VettingDesk,
};
use schakel_model::arrival::Receipt;
use schakel_render::portal::acting::{Done, Mistake, Notice};
use schakel_store::{Reader, act::Act, sources};

use super::{
    Portal,
    acting::{Went, act},
    answer,
    findings::looking,
    forms::Form,
    plain,
    visitor::Visitor,
};

/// `GET /vetting`
pub async fn queue(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        visitor.page(portal, StatusCode::OK, "vetting", vetting::queue(reader)?)
    })
    .await
}

/// `GET /vetting/RECEIPT`
pub async fn one(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(receipt): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| page(portal, visitor, reader, &receipt)).await
}

fn page(portal: &Portal, visitor: &Visitor, reader: &Reader, receipt: &str) -> anyhow::Result<Response> {
    let actor = looking(portal, visitor)?;
    let looking = Looking { actor: &actor, now: visitor.now };
    let mut asking = portal.asking.clone();
    match vetting::open(reader, &portal.config, receipt, looking, &mut asking)? {
        Some(page) => visitor.page(portal, StatusCode::OK, "arrival", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

fn receipt_of(text: &str) -> anyhow::Result<Receipt> {
    text.parse().map_err(|_| Mistake::new("", "wrong-gone").into())
}

/// `POST /vetting/RECEIPT/accept`
pub async fn accept(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(receipt): Path<String>,
    form: Form,
) -> Response {
    let here = receipt.clone();
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let source = match form.field("source") {
            "" => None,
            code => {
                let known = at_work.reader.read(|connection| sources::by_code(connection, code))?;
                Some(known.ok_or(Mistake::new("source", "wrong-choose"))?)
            }
        };
        let mut desk = VettingDesk::from(at_work);
        let kept = desk.held(receipt_of(&receipt)?)?;
        match desk.accept(*by, &kept, source.as_ref())?.0 {
            Became::Taken(ingested) => {
                let count = ingested.progress.sums.events as i64;
                Ok(Went::on_to(Notice { count, ..Done::TakenIn.into() }, "/vetting"))
            }
            Became::Held(why) | Became::Aside(_, why) => anyhow::bail!("{why}"),
        }
    };
    let again =
        move |portal: &Portal, visitor: &Visitor, reader: &Reader| page(portal, visitor, reader, &here);
    act(&portal, &visitor, form, work, again).await
}

/// `POST /vetting/RECEIPT/refuse`
pub async fn refuse(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(receipt): Path<String>,
    form: Form,
) -> Response {
    let here = receipt.clone();
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        let mut desk = VettingDesk::from(at_work);
        let kept = desk.held(receipt_of(&receipt)?)?;
        desk.reject(*by, &kept)?;
        Ok(Went::on_to(Done::Refused, "/vetting"))
    };
    let again =
        move |portal: &Portal, visitor: &Visitor, reader: &Reader| page(portal, visitor, reader, &here);
    act(&portal, &visitor, form, work, again).await
}
