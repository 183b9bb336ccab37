//! `/policy`, `/texts`, `/texts/nl/NAME`: the rules for telling and the texts of mails. Both are tried before they are put in force.

use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::Timestamp;
use schakel_app::{policy, portal::rules, requests::AtWork, templates};
use schakel_model::language::Language;
use schakel_render::{
    portal::acting::{Done, Mistake},
    templates::Replacement,
};
use schakel_store::{Reader, act::Act};

use super::{
    Portal,
    acting::{Went, act},
    answer,
    forms::Form,
    plain,
    visitor::Visitor,
};

/// `GET /policy`
pub async fn policy(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| policy_page(portal, visitor, reader, None)).await
}

fn policy_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    tried: Option<&str>,
) -> anyhow::Result<Response> {
    let page = rules::policy(reader, tried, Timestamp::from_second(visitor.now)?)?;
    visitor.page(portal, StatusCode::OK, "policy", page)
}

/// As browsers send it: each line ends in two signs.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// `POST /policy`: shows what another would do; or, when that was seen, puts it in force.
pub async fn put_policy(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let text = lines(form.field("text"));
    if form.field("apply") != "yes" {
        return answer(&portal, &visitor, move |portal, visitor, reader| {
            policy_page(portal, visitor, reader, Some(&text))
        })
        .await;
    }
    let shown = text.clone();
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        let problems = policy::problems(at_work.reader, &text, at_work.clock.now())?;
        if !policy::is_usable(&problems) {
            return Err(Mistake::new("text", "wrong-policy").into());
        }
        at_work.intake.store().set_policy(by, &text)?;
        Ok(Went::on_to(Done::PolicySet, "/policy"))
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        policy_page(portal, visitor, reader, Some(&shown))
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /policy/undo`: the one before.
pub async fn undo_policy(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        policy::undo(at_work.intake.store(), by)?;
        Ok(Went::on_to(Done::Undone, "/policy"))
    };
    let again =
        |portal: &Portal, visitor: &Visitor, reader: &Reader| policy_page(portal, visitor, reader, None);
    act(&portal, &visitor, form, work, again).await
}

/// `GET /texts`
pub async fn texts(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        visitor.page(portal, StatusCode::OK, "texts", rules::texts(reader)?)
    })
    .await
}

/// `GET /texts/nl/NAME`
pub async fn text(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((language, name)): Path<(String, String)>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        text_page(portal, visitor, reader, (&language, &name), None)
    })
    .await
}

fn text_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    (language, name): (&str, &str),
    tried: Option<&str>,
) -> anyhow::Result<Response> {
    let page = match language.parse::<Language>() {
        Ok(language) => rules::text(reader, language, name, tried)?,
        Err(_) => None,
    };
    match page {
        Some(page) => visitor.page(portal, StatusCode::OK, "text", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

/// `POST /texts/nl/NAME`: shows how mails would read with it; puts it in force; or puts the one before in force again.
pub async fn put_text(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((language, name)): Path<(String, String)>,
    form: Form,
) -> Response {
    let text = lines(form.field("text"));
    let apply = form.field("apply").to_owned();
    if !["yes", "undo"].contains(&apply.as_str()) {
        return answer(&portal, &visitor, move |portal, visitor, reader| {
            text_page(portal, visitor, reader, (&language, &name), Some(&text))
        })
        .await;
    }
    let (shown, of) = (text.clone(), (language.clone(), name.clone()));
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let code: Language = language.parse().map_err(|_| Mistake::new("", "wrong-gone"))?;
        let store = at_work.intake.store();
        let done = if apply == "undo" {
            templates::undo(store, by, code, &name)?;
            Done::Undone
        } else {
            if by.reason.is_empty() {
                return Err(Mistake::new("reason", "wrong-empty").into());
            }
            templates::set(store, by, Replacement { language: code, name: &name, text: &text })?;
            Done::TextSet
        };
        Ok(Went::on_to(done, format!("/texts/{language}/{name}")))
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        let tried = Some(shown.as_str()).filter(|text| !text.is_empty());
        text_page(portal, visitor, reader, (&of.0, &of.1), tried)
    };
    act(&portal, &visitor, form, work, again).await
}
