//! `/account/password` and `/account/app`: somebody gives themselves another password, or another app for codes.

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use schakel_app::portal::{
    renewal,
    sign_in::{Person, SetUp},
};
use schakel_render::portal::{
    account::{NewApp, NewPassword},
    acting::{Done, Mistake},
    picture::qr_code,
};
use schakel_seal::password::CHARS_MIN;
use schakel_store::Reader;

use super::{
    Portal,
    acting::{Went, ask_again, go_on},
    answer,
    forms::Form,
    head::see_other,
    plain,
    signing_in::{self, in_fours, what_is_wrong},
    visitor::Visitor,
};

/// `GET /account/password`
pub async fn password(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, password_page).await
}

/// `POST /account/password`
pub async fn set_password(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |portal: &Portal, visitor: &Visitor, reader: &Reader, person: &Person, form: &Form| {
        let typed = (form.field("present"), form.field("password"));
        renewal::password(reader, visitor.now, person, typed, &portal.config.portal.breached_passwords)
    };
    set(portal, visitor, form, Done::PasswordChanged, work, password_page).await
}

/// `GET /account/app`
pub async fn app(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, app_page).await
}

/// `POST /account/app`
pub async fn set_app(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |portal: &Portal, visitor: &Visitor, reader: &Reader, person: &Person, form: &Form| {
        let typed = (form.field("password"), form.field("code"));
        renewal::app(reader, visitor.now, person, typed, &portal.config.portal.breached_passwords)
    };
    set(portal, visitor, form, Done::AppChanged, work, app_page).await
}

async fn set(
    portal: Portal,
    visitor: Visitor,
    form: Form,
    done: Done,
    work: impl FnOnce(&Portal, &Visitor, &Reader, &Person, &Form) -> anyhow::Result<SetUp> + Send + 'static,
    again: fn(&Portal, &Visitor, &Reader) -> anyhow::Result<Response>,
) -> Response {
    if !portal.brake.lets_through(visitor.now) {
        return plain::slow_down(&portal, &visitor);
    }
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
        if let Some(response) = signing_in::ask_again(portal, visitor) {
            return Ok(response);
        }
        let field = match work(portal, visitor, reader, person, &form)? {
            SetUp::Ready => return Ok(go_on(visitor, &form, Went::on_to(done, "/account"))),
            // Changed meanwhile, in another window.
            SetUp::Gone => return Ok(see_other("/account")),
            refused @ SetUp::WrongPassword => ("present", what_is_wrong(refused)),
            refused @ SetUp::WrongCode => ("code", what_is_wrong(refused)),
            refused => ("password", what_is_wrong(refused)),
        };
        let mistake = Mistake::new(field.0, field.1).about(vec![("count", CHARS_MIN.to_string())]);
        ask_again(portal, visitor, reader, form, mistake, again)
    })
    .await
}

fn password_page(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
    if let Some(response) = signing_in::ask_again(portal, visitor) {
        return Ok(response);
    }
    if !renewal::has_password(reader, person)? {
        return Ok(see_other("/account/app"));
    }
    let page = NewPassword { name: person.account.name.clone(), chars_min: CHARS_MIN };
    visitor.page(portal, StatusCode::OK, "new_password", page)
}

fn app_page(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
    if let Some(response) = signing_in::ask_again(portal, visitor) {
        return Ok(response);
    }
    let offer = renewal::offer(reader, person, &portal.config.sender)?;
    let page = NewApp {
        name: person.account.name.clone(),
        has_password: renewal::has_password(reader, person)?,
        secret: in_fours(&offer.secret),
        picture: qr_code(&offer.uri),
        chars_min: CHARS_MIN,
    };
    visitor.page(portal, StatusCode::OK, "new_app", page)
}
