//! Carries out what a page asks. It goes well: the browser is sent on to a page that says so, once, so that loading that page again does nothing
//! again. It does not: the same page again, with what was typed and what is wrong with it.
//!
//! A handler says two things: what is to be done ([`act`]'s `work`, by the one writer), and how its page is made again.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use schakel_app::{
    arrivals::is_store_trouble,
    refused::Refused,
    requests::{AGAIN_SECONDS, AtWork, NotDone},
};
use schakel_render::portal::acting::{Mistake, Notice};
use schakel_store::{Reader, act::Act};

use super::{Portal, answer, cookies, forms::Form, head::see_other, notices, plain, visitor::Visitor};

/// What was done, and where to go on.
pub struct Went {
    /// What the next page says.
    pub notice: Notice,
    /// A page of ours; empty: the one that the form stood on.
    pub to: String,
}

impl<N: Into<Notice>> From<N> for Went {
    fn from(notice: N) -> Self {
        Self { notice: notice.into(), to: String::new() }
    }
}

impl Went {
    /// Goes on to this page.
    pub fn on_to(notice: impl Into<Notice>, to: impl Into<String>) -> Self {
        Self { notice: notice.into(), to: to.into() }
    }
}

/// Has the one writer do something in the name of whoever is signed in. `work` gives what was done, or a [`Mistake`], or says no in a sentence;
/// `again` makes the page that the form stood on.
pub async fn act<W: Into<Went>>(
    portal: &Portal,
    visitor: &Visitor,
    form: Form,
    work: impl FnOnce(&mut AtWork<'_>, &Act<'_>, &Form) -> anyhow::Result<W> + Send + 'static,
    again: impl FnOnce(&Portal, &Visitor, &Reader) -> anyhow::Result<Response> + Send + 'static,
) -> Response {
    answer(portal, visitor, move |portal, visitor, reader| {
        let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
        let (actor, at, sent) = (person.account.name.clone(), visitor.now, form.clone());
        let done = portal.asking.carry_out(move |at_work| {
            work(at_work, &Act { at, actor: &actor, reason: sent.trimmed("reason") }, &sent).map(W::into)
        });
        let (status, mistake) = match done {
            Ok(Ok(went)) => return Ok(go_on(visitor, &form, went)),
            Ok(Err(error)) => (StatusCode::UNPROCESSABLE_ENTITY, mistake(error)?),
            Err(NotDone::Busy) => (StatusCode::SERVICE_UNAVAILABLE, Mistake::new("", "wrong-busy")),
            Err(NotDone::Unknown) => (StatusCode::GATEWAY_TIMEOUT, Mistake::new("", "wrong-unknown")),
        };
        let mut response = ask_again(portal, visitor, reader, form, mistake, again)?;
        if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
            *response.status_mut() = status;
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(AGAIN_SECONDS));
        }
        Ok(response)
    })
    .await
}

/// The page that a form stood on, with what was typed and what is wrong with it.
pub fn ask_again(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    form: Form,
    mistake: Mistake,
    again: impl FnOnce(&Portal, &Visitor, &Reader) -> anyhow::Result<Response>,
) -> anyhow::Result<Response> {
    let here = form.back().to_owned();
    let visitor =
        Visitor { mistake: Some(mistake), typed: form.typed(), here, notice: None, ..visitor.clone() };
    let mut response = again(portal, &visitor, reader)?;
    // A page that is there no more stays that.
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// On to the page that says what was done.
pub fn go_on(visitor: &Visitor, form: &Form, went: impl Into<Went>) -> Response {
    let went = went.into();
    let to = if went.to.is_empty() { form.back() } else { &went.to };
    let mut response = see_other(to);
    let cookie = notices::write(&visitor.form_token, &went.notice);
    cookies::keep_shortly(response.headers_mut(), cookies::NOTICE, &cookie);
    response
}

/// What is wrong, as the page says it; trouble of ours is no mistake of theirs.
pub fn mistake(error: anyhow::Error) -> anyhow::Result<Mistake> {
    if is_store_trouble(&error) {
        return Err(error);
    }
    Ok(match error.downcast::<Mistake>() {
        Ok(mistake) => mistake,
        Err(error) => match Refused::of(&error) {
            Some(refused) => Mistake::new("", refused.key()).about(refused.parts()),
            None => Mistake { detail: format!("{error:#}"), ..Mistake::new("", "wrong-refused") },
        },
    })
}
