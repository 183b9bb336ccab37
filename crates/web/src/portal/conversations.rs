//! `/conversations/17`: what went to and fro about a notification, and a reply, which is shown as its readers get it before it leaves.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    portal::{
        conversation::{self, Typed},
        findings::Looking,
    },
    reply::{self, Draft, TEXT_CHARS_MAX},
    requests::AtWork,
    templates,
};
use schakel_model::ids::NotificationId;
use schakel_render::portal::acting::{Done, Mistake, Notice};
use schakel_store::{Reader, act::Act};

use super::{
    Portal,
    acting::{Went, act, ask_again},
    answer,
    findings::looking,
    forms::Form,
    plain,
    visitor::Visitor,
};

/// `GET /conversations/17`
pub async fn show(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(number): Path<u32>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| page(portal, visitor, reader, number, None))
        .await
}

fn page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    number: u32,
    typed: Option<&Typed>,
) -> anyhow::Result<Response> {
    let actor = looking(portal, visitor)?;
    let looking = Looking { actor: &actor, now: visitor.now };
    let templates = templates::in_force(reader)?;
    match conversation::page(reader, (&portal.config, &templates), number, typed, looking)? {
        Some(page) => visitor.page(portal, StatusCode::OK, "conversation", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

/// What is missing in a reply.
fn missing(typed: &Typed) -> Option<Mistake> {
    let chars = typed.text.trim().chars().count();
    match () {
        () if chars == 0 => Some(Mistake::new("text", "wrong-empty")),
        () if chars > TEXT_CHARS_MAX => Some(Mistake::new("text", "wrong-too-long")),
        () if typed.to.is_empty() => Some(Mistake::new("to", "wrong-nobody-chosen")),
        () => None,
    }
}

/// `POST /conversations/17/reply`: shows a reply as it would go; or, when that was seen, puts it into the outbox.
pub async fn reply(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(number): Path<u32>,
    form: Form,
) -> Response {
    let typed = Typed {
        to: form.all("to").map(str::to_owned).collect(),
        text: form.field("text").replace("\r\n", "\n"),
    };
    let shown = typed.clone();
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        page(portal, visitor, reader, number, Some(&shown))
    };
    if let Some(mistake) = missing(&typed) {
        return answer(&portal, &visitor, move |portal, visitor, reader| {
            ask_again(portal, visitor, reader, form, mistake, again)
        })
        .await;
    }
    if form.field("apply") != "yes" {
        return answer(&portal, &visitor, again).await;
    }
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let draft = Draft { about: NotificationId(number), to: &typed.to, text: &typed.text };
        let with = (at_work.config, at_work.templates);
        let (_, withheld) = reply::send(at_work.intake.store(), with, by, &draft)?;
        let done = if withheld > 0 { Done::ReplyWithheld } else { Done::ReplySent };
        let notice = Notice { count: typed.to.len() as i64, ..done.into() };
        Ok(Went::on_to(notice, format!("/conversations/{number}")))
    };
    act(&portal, &visitor, form, work, again).await
}
