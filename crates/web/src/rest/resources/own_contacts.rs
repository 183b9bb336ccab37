//! Who of an organisation gets messages, as its own program says. How trusted contacts are reached is for people to change.

use axum::http::StatusCode;
use schakel_app::{
    contacts::Changed,
    portal::own::{
        Own,
        contacts::{self, Refused, Typed},
        register,
    },
};
use schakel_model::{
    ids::{ContactId, PendingChangeId},
    language::Language,
    register::ContactRole,
};
use schakel_rules::contact_change::{Field, NotByMember};
use schakel_store::{Store, act::Act};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{desk::Empty, own_claims::own};
use crate::rest::{
    call::Call,
    problem::{Problem, Where},
    route::{Nothing, Page},
    values::{At, Word},
};

/// Somebody who gets messages.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnContact {
    id: u32,
    role: String,
    name: String,
    email: String,
    phone: String,
    language: String,
}

/// Everybody who gets messages now.
fn everybody(call: &Call, own: &Own) -> Result<Page<OwnContact>, Problem> {
    let contacts = register::register(&call.reader, own, call.now)?.contacts;
    let shown = contacts.into_iter().map(|one| OwnContact {
        id: one.id,
        role: one.role.to_owned(),
        name: one.name,
        email: one.email,
        phone: one.phone,
        language: one.language.to_owned(),
    });
    Ok(Page::all(shown.collect()))
}

/// Somebody new.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewOwnContact {
    /// Every role but `vcib`
    role: Word<ContactRole>,
    /// The person, or what the mailbox is called
    #[schemars(length(max = 200))]
    name: Option<String>,
    #[schemars(length(max = 320))]
    email: Option<String>,
    #[schemars(length(max = 100))]
    phone: Option<String>,
    /// Without it that of the organisation
    language: Option<Word<Language>>,
}

/// What changes; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OwnContactChange {
    #[schemars(length(max = 200))]
    name: Option<String>,
    #[schemars(length(max = 320))]
    email: Option<String>,
    #[schemars(length(max = 100))]
    phone: Option<String>,
    language: Option<Word<Language>>,
}

/// `POST /organisations/{organisation}/own-contacts`
pub fn add(call: &Call, _: Nothing, new: NewOwnContact) -> Result<Page<OwnContact>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let typed = Typed {
        role: new.role.0.as_str().to_owned(),
        name: new.name.unwrap_or_default(),
        email: new.email.unwrap_or_default(),
        phone: new.phone.unwrap_or_default(),
        language: new.language.map_or(own.organisation.language, |one| one.0).as_str().to_owned(),
    };
    put(call, own, None, typed)
}

/// The contact in the path as it stands, when it is theirs.
fn standing(call: &Call, own: &Own) -> Result<(ContactId, Typed), Problem> {
    let id: ContactId = call.number("contact", "")?;
    let page = contacts::page(&call.reader, own, &id.to_string(), call.now)?;
    Ok((id, page.ok_or_else(Problem::not_found)?.standing))
}

/// `POST /organisations/{organisation}/own-contacts/{contact}/change`
pub fn change(call: &Call, _: Nothing, new: OwnContactChange) -> Result<Page<OwnContact>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let (id, standing) = standing(call, &own)?;
    let typed = Typed {
        name: new.name.unwrap_or(standing.name),
        email: new.email.unwrap_or(standing.email),
        phone: new.phone.unwrap_or(standing.phone),
        language: new.language.map_or(standing.language, |one| one.0.as_str().to_owned()),
        role: standing.role,
    };
    put(call, own, Some(id), typed)
}

fn put(call: &Call, own: Own, contact: Option<ContactId>, typed: Typed) -> Result<Page<OwnContact>, Problem> {
    if typed.role == ContactRole::Vcib.as_str() {
        return Err(refused(Refused::NotByMember(NotByMember::Trusted)));
    }
    let (own, changed) = call.change("", move |at_work, act| {
        let changed = contacts::put(at_work.intake.store(), &act, &own, contact, &typed)?;
        Ok((own, changed))
    })?;
    match changed {
        Ok(Changed::Applied) => everybody(call, &own),
        Ok(Changed::Waits(_)) => Err(refused(Refused::NotByMember(NotByMember::Trusted))),
        Err(why) => Err(refused(why)),
    }
}

/// `POST /organisations/{organisation}/own-contacts/{contact}/leave`
pub fn leave(call: &Call, _: Nothing, _: Empty) -> Result<Page<OwnContact>, Problem> {
    about(call, contacts::leave)
}

/// `POST /organisations/{organisation}/own-contacts/{contact}/confirm`: somebody asked, and it is still right.
pub fn confirm(call: &Call, _: Nothing, _: Empty) -> Result<Page<OwnContact>, Problem> {
    about(call, contacts::is_right)
}

/// Does something about the contact in the path.
fn about(
    call: &Call,
    work: impl FnOnce(&mut Store, &Act<'_>, &Own, ContactId) -> anyhow::Result<Result<(), Refused>>
    + Send
    + 'static,
) -> Result<Page<OwnContact>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let (id, _) = standing(call, &own)?;
    let (own, done) = call.change("", move |at_work, act| {
        let done = work(at_work.intake.store(), &act, &own, id)?;
        Ok((own, done))
    })?;
    done.map_err(refused)?;
    everybody(call, &own)
}

/// A change of a trusted contact that waits for the desk.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnContactWaits {
    id: u32,
    role: &'static str,
    name: String,
    email: String,
    phone: String,
    asked_at: At,
}

/// `GET /organisations/{organisation}/contact-changes`
pub fn waiting(call: &Call, _: Nothing) -> Result<Page<OwnContactWaits>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let waiting = register::register(&call.reader, &own, call.now)?.waiting;
    let shown = waiting.into_iter().map(|one| OwnContactWaits {
        id: one.id,
        role: one.role,
        name: one.name,
        email: one.email,
        phone: one.phone,
        asked_at: At(one.at),
    });
    Ok(Page::all(shown.collect()))
}

/// `POST /organisations/{organisation}/contact-changes/{change}/take-back`
pub fn take_back(call: &Call, _: Nothing, _: Empty) -> Result<Page<OwnContactWaits>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let id: PendingChangeId = call.number("change", "")?;
    if !contacts::waits(&call.reader, &own, id)? {
        return Err(Problem::not_found());
    }
    call.change("", move |at_work, act| contacts::take_back(at_work.intake.store(), &act, &own, id))?;
    waiting(call, Nothing {})
}

fn refused(why: Refused) -> Problem {
    let fault = |name: &str, detail: &str| Problem::fault(Where::Body, name, "refused", detail);
    let no = |text: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text);
    match why {
        Refused::Choice(field) => fault(&format!("/{field}"), "choose one"),
        Refused::Missing(Field::Name) => fault("/name", "this role needs a name"),
        Refused::Missing(Field::Email) => fault("/email", "this role needs a mail address"),
        Refused::Missing(Field::Phone) => fault("/phone", "this role needs a telephone number"),
        Refused::Address => fault("/email", "this is no mail address"),
        Refused::Same => no("Nothing is different."),
        Refused::Gone => Problem::not_found(),
        Refused::NotByMember(NotByMember::LastReachable) => {
            no("Nobody would be left who can be reached: first add somebody else.")
        }
        Refused::NotByMember(NotByMember::FirstTrusted | NotByMember::Trusted) => no(
            "A program cannot change a trusted contact: somebody does in the portal, and the desk approves it.",
        ),
    }
}
