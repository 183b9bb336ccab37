//! Who may sign in to the portal: invited, kept out, signed in where, with which lists of their own.

use schakel_app::portal::{
    accounts::{self, Invite},
    findings::Wanted,
    people,
};
use schakel_model::{account::PortalRole, language::Language};
use schakel_store::{
    accounts::{self as stored, beside},
    act::Act,
    saved_views,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::{desk::Empty, register_changes::Because};
use crate::rest::{
    call::Call,
    problem::Problem,
    route::{Nothing, Page},
    values::{At, Word},
};

/// Somebody who may sign in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The name they sign in with
    name: String,
    display_name: String,
    /// The code of their organisation; empty is the desk
    organisation: String,
    roles: Vec<&'static str>,
    /// Since when they may not sign in
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<At>,
    /// Where they are signed in
    sessions: Vec<Session>,
}

/// Somewhere that somebody is signed in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    id: String,
    /// What the browser says it is
    agent: String,
    used_at: At,
}

impl From<people::Session> for Session {
    fn from(one: people::Session) -> Self {
        Self { id: one.id, agent: one.agent, used_at: At(one.used_at) }
    }
}

/// `GET /accounts`
pub fn list(call: &Call, _: Nothing) -> Result<Page<Account>, Problem> {
    let everybody = people::people(&call.reader, call.now)?.people.into_iter();
    let shown = everybody.map(|one| Account {
        name: one.name,
        display_name: one.display_name,
        organisation: one.organisation,
        roles: one.roles,
        disabled_at: one.disabled_at.map(At),
        sessions: one.sessions.into_iter().map(Session::from).collect(),
    });
    Ok(Page::all(shown.collect()))
}

/// Somebody to invite, or to invite anew: then these roles count from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewAccount {
    /// The name they sign in with: a short name, or a mail address
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// The name that people know; without it the same
    #[schemars(length(max = 200))]
    display_name: Option<String>,
    /// The code of their organisation; without it the desk
    #[schemars(length(max = 200))]
    organisation: Option<String>,
    #[schemars(length(min = 1, max = 20))]
    roles: Vec<Word<PortalRole>>,
    /// In which language they read; without it Dutch
    language: Option<Word<Language>>,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// Somebody who was invited.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invited {
    pub name: String,
    /// Where they set themselves up, within 72 hours. It is worth an account, and stands in this answer only
    pub link: String,
}

/// `POST /accounts`
pub fn invite(call: &Call, _: Nothing, new: NewAccount) -> Result<Invited, Problem> {
    let name = new.name.clone();
    let reason = new.reason.clone().unwrap_or_default();
    let token = call.change(&reason, move |at_work, act| {
        let roles: Vec<PortalRole> = new.roles.iter().map(|role| role.0).collect();
        let who = Invite {
            name: &new.name,
            display_name: new.display_name.as_deref().unwrap_or_default().trim(),
            organisation: new.organisation.as_deref().unwrap_or_default(),
            roles: &roles,
            language: new.language.map_or(Language::Nl, |language| language.0),
        };
        accounts::invite(at_work.intake.store(), &act, &who)
    })?;
    Ok(Invited { name, link: accounts::link(&call.rest.config, &token) })
}

/// Whose account it is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfAccount {
    /// The account
    name: String,
}

fn known(call: &Call) -> Result<schakel_model::account::Account, Problem> {
    let name = call.name("account");
    call.reader.read(|connection| stored::by_name(connection, name))?.ok_or_else(Problem::not_found)
}

/// `POST /accounts/{account}/disable`
pub fn disable(call: &Call, _: Nothing, because: Because) -> Result<OfAccount, Problem> {
    let name = known(call)?.name;
    let of = name.clone();
    call.change(because.reason(), move |at_work, act| accounts::disable(at_work.intake.store(), &act, &of))?;
    Ok(OfAccount { name })
}

/// `POST /accounts/{account}/sessions/{session}/end`
pub fn end_session(call: &Call, _: Nothing, _: Empty) -> Result<OfAccount, Problem> {
    let name = known(call)?.name;
    let act = Act { at: call.now, actor: call.actor.name(), reason: "" };
    match people::end_session(&call.reader, &act, &name, call.name("session"))? {
        true => Ok(OfAccount { name }),
        false => Err(Problem::not_found()),
    }
}

/// A list of findings that somebody keeps under a name.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SavedView {
    id: i64,
    name: String,
    /// What stands behind the question mark of the portal's list
    query: String,
}

/// `GET /accounts/{account}/saved-views`
pub fn views(call: &Call, _: Nothing) -> Result<Page<SavedView>, Problem> {
    let account = known(call)?.id;
    let found = call.reader.read(|connection| saved_views::of(connection, account))?;
    let shown = found.into_iter().map(|one| SavedView { id: one.id, name: one.name, query: one.query });
    Ok(Page::all(shown.collect()))
}

/// A list to keep.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewView {
    /// Its name; one of the same name is replaced
    #[schemars(length(min = 1, max = 60))]
    name: String,
    /// What stands behind the question mark of the portal's list, such as `open=yes&severity=high`
    #[schemars(length(max = 2000))]
    query: String,
}

/// `POST /accounts/{account}/saved-views`
pub fn keep_view(call: &Call, _: Nothing, new: NewView) -> Result<Page<SavedView>, Problem> {
    let account = known(call)?.id;
    let pairs: Vec<_> = form_urlencoded::parse(new.query.as_bytes()).collect();
    let wanted = Wanted::from_pairs(pairs.iter().map(|(name, value)| (&**name, &**value)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(wanted.pairs()).finish();
    beside(call.reader.data(), |transaction| {
        saved_views::keep(transaction, account, new.name.trim(), &query)
    })?;
    views(call, Nothing {})
}

/// `POST /accounts/{account}/saved-views/{view}/forget`
pub fn forget_view(call: &Call, _: Nothing, _: Empty) -> Result<Page<SavedView>, Problem> {
    let account = known(call)?.id;
    let view: i64 = call.number("view", "")?;
    let found = call.reader.read(|connection| saved_views::of(connection, account))?;
    found.iter().find(|one| one.id == view).ok_or_else(Problem::not_found)?;
    beside(call.reader.data(), |transaction| saved_views::forget(transaction, account, view))?;
    views(call, Nothing {})
}
