//! `/account`: somebody's own account, and where they are signed in.

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use schakel_app::portal::{passkeys, renewal, sign_in};
use schakel_render::portal::{
    account::{Account, Passkey, Session},
    acting::Done,
};
use schakel_store::{credentials, sessions};

use super::{
    Portal,
    acting::{Went, go_on},
    answer, cookies,
    forms::Form,
    plain,
    signing_in::passkey_challenge,
    visitor::Visitor,
};

/// `GET /account`
pub async fn show(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
        let account = &person.account;
        let sessions = reader.read(|connection| sessions::of(connection, account.id))?;
        let still = sessions.into_iter().filter(|one| one.used_at + sign_in::IDLE_SECONDS > visitor.now);
        let challenge = passkey_challenge(portal, visitor, reader)?;
        let passkeys = reader.read(|connection| credentials::passkeys(connection, account.id))?;
        let page = Account {
            recent: person.is_recent(visitor.now),
            has_password: renewal::has_password(reader, person)?,
            user: passkeys::shown(&account.id.0.to_be_bytes()),
            passkey: challenge.as_ref().map(|(asked, _)| asked.clone()),
            passkeys: passkeys
                .into_iter()
                .map(|one| Passkey {
                    id: passkeys::shown(&one.id),
                    name: one.name,
                    created_at: one.created_at,
                    used_at: one.used_at,
                })
                .collect(),
            issuers: reader.read(|connection| credentials::issuers(connection, account.id))?,
            recovery_codes: reader
                .read(|connection| credentials::recovery_codes_left(connection, account.id))?,
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            organisation: account.organisation.clone(),
            roles: account.roles.iter().map(|role| role.as_str()).collect(),
            sessions: still
                .map(|one| Session {
                    id: sign_in::shown_as(&one.token),
                    is_this: one.token == person.session.token,
                    agent: one.agent,
                    created_at: one.created_at,
                    used_at: one.used_at,
                })
                .collect(),
        };
        let mut response = visitor.page(portal, StatusCode::OK, "account", page)?;
        if let Some((_, carried)) = challenge {
            cookies::keep(response.headers_mut(), cookies::CARRIED, &carried);
        }
        Ok(response)
    })
    .await
}

/// `POST /account/sessions`: ends one.
pub async fn end_session(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
        sign_in::end_session(reader, visitor.now, person, form.field("session"))?;
        Ok(go_on(visitor, &form, Went::on_to(Done::SessionEnded, "/account")))
    })
    .await
}
