//! `/sign-in`, `/sign-in/code`, `/invitation/TOKEN`, `/sign-out`.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::portal::{
    passkeys,
    sign_in::{self, Invited, SetUp},
};
use schakel_render::portal::{
    account::{AskedOfDevice, Invitation, SignIn},
    picture::qr_code,
};
use schakel_seal::{
    passkey::ALGORITHMS,
    password::{CHARS_MIN, Weak},
};
use schakel_store::{Reader, accounts};
use serde::Deserialize;

use super::{
    Portal, answer, cookies,
    forms::{Form, next_page},
    head::see_other,
    plain,
    visitor::Visitor,
};

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// A page of ours.
    pub next: String,
    /// Not empty: also who is signed in signs in again.
    pub again: String,
}

/// `GET /sign-in`
pub async fn ask(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(wish): Query<Wish>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        if visitor.person.is_some() && wish.again.is_empty() {
            return Ok(see_other(next_page(&wish.next)));
        }
        let page = SignIn { next: next_page(&wish.next).to_owned(), ..SignIn::default() };
        first_page(portal, visitor, reader, StatusCode::OK, page)
    })
    .await
}

/// The page that asks by which way, with a challenge for who has a passkey.
fn first_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    status: StatusCode,
    page: SignIn,
) -> anyhow::Result<Response> {
    let challenge = passkey_challenge(portal, visitor, reader)?;
    let passkey = challenge.as_ref().map(|(asked, _)| asked.clone());
    let page = SignIn { providers: portal.providers.shown(), passkey, ..page };
    let mut response = visitor.page(portal, status, "sign_in", page)?;
    if let Some((_, carried)) = challenge {
        cookies::keep(response.headers_mut(), cookies::CARRIED, &carried);
    }
    Ok(response)
}

/// What the script of a page asks a device, and what the browser carries meanwhile; `None`: there are no passkeys here.
pub fn passkey_challenge(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
) -> anyhow::Result<Option<(AskedOfDevice, String)>> {
    let Some(site) = &portal.site else { return Ok(None) };
    let (challenge, carried) = passkeys::challenge(reader, visitor.now)?;
    let (host, sender) = (site.host.clone(), portal.config.sender.clone());
    let algorithms = ALGORITHMS.map(|number| number.to_string()).join(" ");
    Ok(Some((AskedOfDevice { challenge, host, sender, algorithms }, carried)))
}

/// `POST /sign-in`
pub async fn take(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    if !portal.brake.lets_through(visitor.now) {
        return plain::slow_down(&portal, &visitor);
    }
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let (name, next) = (form.field("name"), next_page(form.field("next")));
        let cookie = sign_in::by_password(reader, visitor.now, name, form.field("password"), &visitor.agent)?;
        let Some(cookie) = cookie else {
            let page =
                SignIn { wrong: true, name: name.to_owned(), next: next.to_owned(), ..SignIn::default() };
            return first_page(portal, visitor, reader, StatusCode::UNAUTHORIZED, page);
        };
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let mut response = see_other(&format!("/sign-in/code?{query}"));
        cookies::keep(response.headers_mut(), cookies::HALF_WAY, &cookie);
        Ok(response)
    })
    .await
}

/// `GET /sign-in/code`
pub async fn ask_code(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(wish): Query<Wish>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        if !sign_in::is_half_way(reader, visitor.now, &visitor.half_way)? {
            return Ok(see_other("/sign-in"));
        }
        let page = SignIn { next: next_page(&wish.next).to_owned(), ..SignIn::default() };
        visitor.page(portal, StatusCode::OK, "code", page)
    })
    .await
}

/// `POST /sign-in/code`
pub async fn take_code(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    if !portal.brake.lets_through(visitor.now) {
        return plain::slow_down(&portal, &visitor);
    }
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let next = next_page(form.field("next"));
        let half_way = &visitor.half_way;
        match sign_in::by_code(reader, visitor.now, half_way, form.field("code"), &visitor.agent)? {
            Some(cookie) => signed_in_anew(reader, visitor, &cookie, next),
            None if !sign_in::is_half_way(reader, visitor.now, half_way)? => Ok(see_other("/sign-in")),
            None => {
                let page = SignIn { wrong: true, next: next.to_owned(), ..SignIn::default() };
                visitor.page(portal, StatusCode::UNAUTHORIZED, "code", page)
            }
        }
    })
    .await
}

/// The same, in the place of the session that this browser had.
pub fn signed_in_anew(
    reader: &Reader,
    visitor: &Visitor,
    cookie: &str,
    next: &str,
) -> anyhow::Result<Response> {
    if let Some(person) = &visitor.person {
        sign_in::end_session(reader, visitor.now, person, &sign_in::shown_as(&person.session.token))?;
    }
    Ok(signed_in(cookie, next))
}

/// Asks whoever signed in long ago to do so again; `None`: it was just now.
pub fn ask_again(portal: &Portal, visitor: &Visitor) -> Option<Response> {
    if visitor.person.as_ref().is_some_and(|person| person.is_recent(visitor.now)) {
        return None;
    }
    let on = Some(("/sign-in?again=yes&next=%2Faccount", "sign-in"));
    Some(plain::message(portal, visitor, StatusCode::FORBIDDEN, "recent-title", "recent", on))
}

/// Signed in, and on to a page of ours.
pub fn signed_in(cookie: &str, next: &str) -> Response {
    let mut response = see_other(next);
    cookies::keep(response.headers_mut(), cookies::SESSION, cookie);
    cookies::forget(response.headers_mut(), cookies::HALF_WAY);
    response
}

/// `POST /sign-out`
pub async fn sign_out(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    _form: Form,
) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        if let Some(person) = &visitor.person {
            let shown = sign_in::shown_as(&person.session.token);
            sign_in::end_session(reader, visitor.now, person, &shown)?;
        }
        let nobody = Visitor { person: None, form_token: String::new(), ..visitor.clone() };
        let on = Some(("/sign-in", "sign-in"));
        let mut response =
            plain::message(portal, &nobody, StatusCode::OK, "signed-out-title", "signed-out", on);
        cookies::forget(response.headers_mut(), cookies::SESSION);
        Ok(response)
    })
    .await
}

/// `GET /invitation/TOKEN`
pub async fn invited(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        show_invitation(portal, visitor, reader, &token, StatusCode::OK, "")
    })
    .await
}

/// `POST /invitation/TOKEN`
pub async fn set_up(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
    form: Form,
) -> Response {
    if !portal.brake.lets_through(visitor.now) {
        return plain::slow_down(&portal, &visitor);
    }
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let done = sign_in::set_up(
            reader,
            visitor.now,
            &token,
            (form.field("password"), form.field("code")),
            &portal.config.portal.breached_passwords,
        )?;
        let wrong = match done {
            SetUp::Ready => {
                let on = Some(("/sign-in", "sign-in"));
                return Ok(plain::message(portal, visitor, StatusCode::OK, "ready-title", "ready", on));
            }
            SetUp::Gone => return Ok(gone(portal, visitor)),
            refused => what_is_wrong(refused),
        };
        show_invitation(portal, visitor, reader, &token, StatusCode::UNPROCESSABLE_ENTITY, wrong)
    })
    .await
}

/// The key of the text for what was not taken; empty: it was.
pub fn what_is_wrong(refused: SetUp) -> &'static str {
    match refused {
        SetUp::Weak(Weak::Short) => "password-short",
        SetUp::Weak(Weak::Long) => "password-long",
        SetUp::Weak(Weak::Guessable) => "password-guessable",
        SetUp::Breached => "password-breached",
        SetUp::WrongCode => "invitation-code-wrong",
        SetUp::WrongPassword => "password-present-wrong",
        SetUp::Ready | SetUp::Gone => "",
    }
}

/// A secret in groups of four, for who types it.
pub fn in_fours(secret: &str) -> String {
    let groups: Vec<&str> =
        secret.as_bytes().chunks(4).filter_map(|four| std::str::from_utf8(four).ok()).collect();
    groups.join(" ")
}

fn show_invitation(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    token: &str,
    status: StatusCode,
    wrong: &'static str,
) -> anyhow::Result<Response> {
    let Some(Invited { account, offer }) =
        sign_in::invited(reader, visitor.now, token, &portal.config.sender)?
    else {
        return Ok(gone(portal, visitor));
    };
    let page = Invitation {
        name: account.name,
        display_name: account.display_name,
        secret: in_fours(&offer.secret),
        picture: qr_code(&offer.uri),
        wrong,
        providers: portal.providers.shown(),
        token: token.to_owned(),
        chars_min: CHARS_MIN,
    };
    visitor.page(portal, status, "invitation", page)
}

fn gone(portal: &Portal, visitor: &Visitor) -> Response {
    plain::message(portal, visitor, StatusCode::GONE, "invitation-gone-title", "invitation-gone", None)
}

/// `GET /demo/TOKEN`: a made-up person of the demo signs in by a link that the demo has shown.
pub async fn sample(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
) -> Response {
    let Some(found) = portal.samples.iter().find(|one| one.token == token).cloned() else {
        return plain::not_found(&portal, &visitor);
    };
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let account = reader.read(|connection| accounts::by_name(connection, &found.account))?;
        let Some(account) = account else { return Ok(plain::not_found(portal, visitor)) };
        let cookie = sign_in::sign_in_as(reader, visitor.now, &account, &visitor.agent)?;
        Ok(signed_in(&cookie, "/"))
    })
    .await
}
