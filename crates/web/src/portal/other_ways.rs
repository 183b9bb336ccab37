//! Other ways to sign in, and back in: a passkey, a provider, recovery codes.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{Redirect, Response},
};
use schakel_app::portal::{
    passkeys::{self, Sent},
    providers::{Back, Outcome},
    recovery,
};
use schakel_render::portal::{account::Codes, acting::Done};

use super::{
    Portal, acting, answer, cookies,
    forms::{Form, next_page},
    plain,
    signing_in::{Wish, ask_again, signed_in_anew},
    visitor::Visitor,
};

fn sent(form: &Form) -> Sent<'_> {
    Sent {
        id: form.field("id"),
        client: form.field("client"),
        attestation: form.field("attestation"),
        authenticator: form.field("authenticator"),
        signature: form.field("signature"),
    }
}

const AGAIN: Option<(&str, &str)> = Some(("/sign-in", "sign-in"));

/// `POST /sign-in/passkey`
pub async fn by_passkey(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    if !portal.brake.lets_through(visitor.now) {
        return plain::slow_down(&portal, &visitor);
    }
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let carried = (visitor.carried.as_str(), &portal.used);
        let cookie = match &portal.site {
            Some(site) => passkeys::sign_in(reader, visitor.now, site, carried, sent(&form), &visitor.agent)?,
            None => None,
        };
        let mut response = match cookie {
            Some(cookie) => signed_in_anew(reader, visitor, &cookie, next_page(form.field("next")))?,
            None => {
                let status = StatusCode::UNAUTHORIZED;
                plain::message(portal, visitor, status, "passkey-failed-title", "passkey-failed", AGAIN)
            }
        };
        cookies::forget(response.headers_mut(), cookies::CARRIED);
        Ok(response)
    })
    .await
}

/// `POST /account/passkeys`: adds one.
pub async fn add_passkey(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let (Some(person), Some(site)) = (&visitor.person, &portal.site) else {
            return Ok(plain::not_found(portal, visitor));
        };
        if let Some(response) = ask_again(portal, visitor) {
            return Ok(response);
        }
        let carried = (visitor.carried.as_str(), &portal.used);
        let name = form.trimmed("name");
        if !passkeys::add(reader, visitor.now, (person, site), carried, sent(&form), name)? {
            let (status, on) = (StatusCode::UNPROCESSABLE_ENTITY, Some(("/account", "account-title")));
            let text = "passkey-not-added";
            return Ok(plain::message(portal, visitor, status, "passkey-failed-title", text, on));
        }
        Ok(acting::go_on(visitor, &form, acting::Went::on_to(Done::PasskeyAdded, "/account")))
    })
    .await
}

/// `POST /account/passkeys/remove`
pub async fn remove_passkey(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
        if let Some(response) = ask_again(portal, visitor) {
            return Ok(response);
        }
        passkeys::remove(reader, visitor.now, person, form.field("passkey"))?;
        Ok(acting::go_on(visitor, &form, acting::Went::on_to(Done::PasskeyRemoved, "/account")))
    })
    .await
}

/// `POST /account/recovery`: new recovery codes, shown this once.
pub async fn recovery_codes(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    _form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
        if let Some(response) = ask_again(portal, visitor) {
            return Ok(response);
        }
        let codes = recovery::make(reader, visitor.now, person)?;
        visitor.page(portal, StatusCode::OK, "recovery", Codes { codes })
    })
    .await
}

/// `GET /sign-in/with/NAME`: on to a provider.
pub async fn with_provider(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
    Query(wish): Query<Wish>,
) -> Response {
    to_provider(portal, visitor, name, next_page(&wish.next).to_owned(), String::new()).await
}

/// `GET /invitation/TOKEN/with/NAME`: the same, to be linked to the account that was invited.
pub async fn invited_with_provider(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((token, name)): Path<(String, String)>,
) -> Response {
    to_provider(portal, visitor, name, "/".to_owned(), token).await
}

async fn to_provider(
    portal: Portal,
    visitor: Visitor,
    name: String,
    next: String,
    invitation: String,
) -> Response {
    if !portal.brake.lets_through(visitor.now) {
        return plain::slow_down(&portal, &visitor);
    }
    answer(&portal, &visitor, move |portal, visitor, reader| {
        match portal.providers.begin(reader, visitor.now, &name, (&next, &invitation)) {
            Ok(Some(begun)) => {
                let mut response = axum::response::IntoResponse::into_response(Redirect::to(&begun.url));
                cookies::keep(response.headers_mut(), cookies::CARRIED, &begun.carried);
                Ok(response)
            }
            Ok(None) => Ok(plain::not_found(portal, visitor)),
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), provider = name, "nobody can sign in there");
                let status = StatusCode::BAD_GATEWAY;
                Ok(plain::message(portal, visitor, status, "provider-failed-title", "provider-away", AGAIN))
            }
        }
    })
    .await
}

/// `GET /sign-in/back`: somebody comes back from a provider.
pub async fn back(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Query(back): Query<Back>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let carried = (visitor.carried.as_str(), &portal.used);
        let outcome = portal.providers.finish(reader, visitor.now, carried, &back, &visitor.agent)?;
        let say = |text| {
            let status = StatusCode::UNAUTHORIZED;
            plain::message(portal, visitor, status, "provider-failed-title", text, AGAIN)
        };
        let mut response = match outcome {
            Outcome::SignedIn(cookie, next) => signed_in_anew(reader, visitor, &cookie, next_page(&next))?,
            Outcome::Unknown => say("provider-unknown"),
            Outcome::Gone => say("provider-gone"),
            Outcome::NoSecondFactor => say("provider-no-second-factor"),
            Outcome::Failed => say("provider-failed"),
        };
        cookies::forget(response.headers_mut(), cookies::CARRIED);
        Ok(response)
    })
    .await
}
