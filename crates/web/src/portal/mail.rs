//! `/outbox`, `/outbox/12`, `/mail`, `/mailboxes`: mail that leaves, mail that came in, and the addresses that nothing goes to.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    incoming_mail, mailbox_health, portal::findings::Looking, portal::mail, requests::AtWork, withheld,
};
use schakel_model::{arrival::Receipt, ids::NotificationId};
use schakel_render::portal::acting::{Done, Mistake};
use schakel_store::{Reader, act::Act};
use serde::Deserialize;

use super::{
    Portal,
    acting::{Went, act},
    answer,
    findings::looking,
    forms::Form,
    plain,
    visitor::Visitor,
};

/// Which messages.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    state: String,
    which: String,
}

fn with_reason(by: &Act<'_>) -> anyhow::Result<()> {
    if by.reason.is_empty() {
        return Err(Mistake::new("reason", "wrong-empty").into());
    }
    Ok(())
}

/// `GET /outbox`
pub async fn outbox(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        visitor.page(portal, StatusCode::OK, "outbox", mail::outbox(reader, &asked.state)?)
    })
    .await
}

/// `GET /outbox/12`
pub async fn message(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<i64>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| message_page(portal, visitor, reader, id)).await
}

fn message_page(portal: &Portal, visitor: &Visitor, reader: &Reader, id: i64) -> anyhow::Result<Response> {
    let actor = looking(portal, visitor)?;
    match mail::message(reader, id, Looking { actor: &actor, now: visitor.now })? {
        Some(page) => visitor.page(portal, StatusCode::OK, "outbox_message", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

/// `POST /outbox/12/release`: one that is withheld leaves after all.
pub async fn release(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<i64>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        with_reason(by)?;
        let how = withheld::release(at_work.intake.store(), at_work.config, by, id)?;
        let done = match how {
            withheld::How::Encrypted => Done::ReleasedEncrypted,
            withheld::How::Open => Done::ReleasedOpen,
        };
        Ok(Went::on_to(done, "/outbox"))
    };
    let again =
        move |portal: &Portal, visitor: &Visitor, reader: &Reader| message_page(portal, visitor, reader, id);
    act(&portal, &visitor, form, work, again).await
}

/// `GET /mail`
pub async fn incoming(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(asked): Query<Asked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        visitor.page(portal, StatusCode::OK, "incoming", mail::incoming(reader, &asked.which)?)
    })
    .await
}

fn incoming_page(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    visitor.page(portal, StatusCode::OK, "incoming", mail::incoming(reader, "")?)
}

fn receipt_of(text: &str) -> anyhow::Result<Receipt> {
    text.parse().map_err(|_| Mistake::new("", "wrong-gone").into())
}

/// `POST /mail/R12/vetting`: it waits for a person again.
pub async fn to_vetting(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(receipt): Path<String>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let receipt = receipt_of(&receipt)?;
        incoming_mail::hand_to_vetting(at_work, by, receipt)?;
        Ok(Went::on_to(Done::HandedToVetting, format!("/vetting/{receipt}")))
    };
    act(&portal, &visitor, form, work, incoming_page).await
}

/// `POST /mail/R12/answer`: it answers a notification of ours.
pub async fn is_answer(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(receipt): Path<String>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let digits = form.trimmed("notification").trim_start_matches(['N', 'n']);
        let number = digits.parse().map_err(|_| Mistake::new("notification", "wrong-notification"))?;
        incoming_mail::is_answer(at_work, by, receipt_of(&receipt)?, NotificationId(number))?;
        Ok(Went::on_to(Done::HandedToAnswer, format!("/conversations/{number}")))
    };
    act(&portal, &visitor, form, work, incoming_page).await
}

/// `GET /mailboxes`
pub async fn mailboxes(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, mailboxes_page).await
}

fn mailboxes_page(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    visitor.page(portal, StatusCode::OK, "mailboxes", mail::mailboxes(reader, visitor.now)?)
}

/// `POST /mailboxes/trust`: an address is good again.
pub async fn trust(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        with_reason(by)?;
        mailbox_health::trust_again(at_work.intake.store(), by, form.trimmed("address"))?;
        Ok(Done::MailboxTrusted)
    };
    act(&portal, &visitor, form, work, mailboxes_page).await
}

/// `POST /mailboxes/compromised`: somebody else may read an address.
pub async fn compromised(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        with_reason(by)?;
        mailbox_health::mark_compromised(at_work.intake.store(), by, form.trimmed("address"))?;
        Ok(Done::MailboxCompromised)
    };
    act(&portal, &visitor, form, work, mailboxes_page).await
}
