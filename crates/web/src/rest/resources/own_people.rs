//! Who of an organisation signs in to the portal, as its own program says. Trusted contacts and administrators are for people.

use axum::http::StatusCode;
use schakel_app::portal::{
    accounts,
    own::{
        Own,
        people::{self, Refused},
    },
};
use schakel_model::{account::PortalRole, language::Language};
use schakel_rules::member_accounts::No;
use schakel_store::{Store, act::Act};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    accounts::{Invited, Session},
    desk::Empty,
    own_claims::own,
};
use crate::rest::{
    call::Call,
    problem::{Problem, Where},
    route::{Nothing, Page},
    values::{At, Word},
};

/// Somebody who may sign in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnPerson {
    /// The name they sign in with
    name: String,
    display_name: String,
    roles: Vec<&'static str>,
    /// Have they set up their account?
    ready: bool,
    /// Since when they may not sign in
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<At>,
    /// Until when their invitation can be used
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation_expires_at: Option<At>,
    /// Where they are signed in
    sessions: Vec<Session>,
}

/// `GET /organisations/{organisation}/people`
pub fn list(call: &Call, _: Nothing) -> Result<Page<OwnPerson>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let shown = people::page(&call.reader, &own, call.now)?.people.into_iter().map(|one| OwnPerson {
        name: one.name,
        display_name: one.display_name,
        roles: one.roles,
        ready: one.ready,
        disabled_at: one.disabled_at.map(At),
        invitation_expires_at: one.invited_until.map(At),
        sessions: one.sessions.into_iter().map(Session::from).collect(),
    });
    Ok(Page::all(shown.collect()))
}

/// Somebody to invite, or to send a new link.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewPerson {
    /// The name they sign in with: a short name, or a mail address
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// The name that people know; without it the same
    #[schemars(length(max = 200))]
    display_name: Option<String>,
    /// `acib` answers, `viewer` only looks
    role: Word<PortalRole>,
    /// In which language they read; without it Dutch
    language: Option<Word<Language>>,
}

/// `POST /organisations/{organisation}/people`
pub fn invite(call: &Call, _: Nothing, new: NewPerson) -> Result<Invited, Problem> {
    let own = own(call, call.name("organisation"))?;
    let name = new.name.trim().to_owned();
    let token = call.change("", move |at_work, act| {
        let display_name = new.display_name.as_deref().unwrap_or_default().trim();
        let language = new.language.map_or(Language::Nl, |language| language.0);
        let who = (new.name.trim(), display_name);
        people::invite(at_work.intake.store(), &act, &own, who, (new.role.0, language))
    })?;
    let link = accounts::link(&call.rest.config, &token.map_err(refused)?);
    Ok(Invited { name, link })
}

/// What somebody may from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewRole {
    /// `acib` answers, `viewer` only looks
    role: Word<PortalRole>,
}

/// `POST /organisations/{organisation}/people/{account}/role`
pub fn role(call: &Call, _: Nothing, new: NewRole) -> Result<Page<OwnPerson>, Problem> {
    about(call, move |store, act, own, name| people::set_role(store, act, own, (name, new.role.0)))
}

/// `POST /organisations/{organisation}/people/{account}/disable`
pub fn disable(call: &Call, _: Nothing, _: Empty) -> Result<Page<OwnPerson>, Problem> {
    about(call, people::shut_out)
}

/// `POST /organisations/{organisation}/people/{account}/sessions/{session}/end`
pub fn end_session(call: &Call, _: Nothing, _: Empty) -> Result<Page<OwnPerson>, Problem> {
    let session = call.name("session").to_owned();
    about(call, move |store, act, own, name| people::end_session(store, act, own, (name, &session)))
}

/// Does something about the one in the path.
fn about(
    call: &Call,
    work: impl FnOnce(&mut Store, &Act<'_>, &Own, &str) -> anyhow::Result<Result<(), Refused>> + Send + 'static,
) -> Result<Page<OwnPerson>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let name = call.name("account").to_owned();
    let done = call.change("", move |at_work, act| work(at_work.intake.store(), &act, &own, &name))?;
    done.map_err(refused)?;
    list(call, Nothing {})
}

fn refused(why: Refused) -> Problem {
    let no = |text: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text);
    match why {
        Refused::Gone => Problem::not_found(),
        Refused::Name => {
            Problem::fault(Where::Body, "/name", "refused", "this name cannot be used: choose another")
        }
        Refused::Rule(No::Role) => Problem::fault(
            Where::Body,
            "/role",
            "refused",
            "this role is given by people: choose `acib` or `viewer`",
        ),
        Refused::Many => no("There are as many people as there can be: keep somebody from signing in first."),
        Refused::Rule(_) => {
            no("Who is trusted and who administers is for people to say: they do so in the portal.")
        }
    }
}
