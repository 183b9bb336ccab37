//! What was sent to whom, and how far it came.

use schakel_app::explain::organisation_name;
use schakel_model::{
    answer::NotificationKind,
    ids::NotificationId,
    register::Register,
    tlp::{Terms, Tlp},
};
use schakel_store::{
    answers, listed, outbox, outbox::Notification as StoredNotification, register::load_organisations_now,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{Answer, shown as shown_answer};
use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::Problem,
    route::{Nothing, Page},
    values::{At, Word},
};

/// Which page.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PageQuery {
    /// Where the page begins: from the Link header of the page before
    pub cursor: Option<String>,
    /// How many, at most
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
}

/// A message to an organisation about findings, or about something else.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Its number
    id: String,
    /// To whom, by its code
    organisation: String,
    kind: Word<NotificationKind>,
    subject: String,
    tlp: Word<Tlp>,
    /// How many findings it tells
    findings: u64,
    created_at: At,
}

/// A message of a notification to one recipient.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// To whom; the desk only
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<String>,
    role: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<At>,
}

/// A notification with its messages and what was answered.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationInFull {
    notification: Notification,
    messages: Vec<Message>,
    answers: Vec<Answer>,
}

fn shown(names: &Register, one: &StoredNotification) -> Notification {
    Notification {
        id: format!("N{}", one.id),
        organisation: organisation_name(names, one.organisation).0.to_owned(),
        kind: Word(one.kind),
        subject: one.subject.clone(),
        tlp: Word(one.tlp),
        findings: one.findings,
        created_at: At(one.created_at),
    }
}

/// May whoever asks have this notification? Theirs, with a marking that a program of theirs may have.
pub fn may_have(call: &Call, one: &StoredNotification) -> bool {
    call.tenant.sees(one.organisation)
        && call.member().is_none_or(|member| member.may_be_given(Terms::from(one.tlp)))
}

/// `GET /notifications`
pub fn list(call: &Call, query: PageQuery) -> Result<Page<Notification>, Problem> {
    let names = call.reader.read(load_organisations_now)?;
    let before = after::<NotificationId>(query.cursor.as_deref())?;
    let limit = limit(query.limit);
    let of = call.tenant.places();
    let found = call.reader.read(|connection| listed::notifications(connection, of, before, limit))?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| cursor(last.id));
    let items = found.iter().filter(|one| may_have(call, one)).map(|one| shown(&names, one)).collect();
    Ok(Page { items, next })
}

/// `GET /notifications/{notification}`
pub fn one(call: &Call, _: Nothing) -> Result<NotificationInFull, Problem> {
    let id: NotificationId = call.number("notification", "N")?;
    let stored = call.reader.read(|connection| outbox::notification(connection, id))?;
    let stored = stored.filter(|one| may_have(call, one)).ok_or_else(Problem::not_found)?;
    call.looker().item(&format!("notification:{id}"), stored.tlp)?;
    let names = call.reader.read(load_organisations_now)?;
    let messages = call.reader.read(|connection| outbox::of_notification(connection, id))?;
    let answered = call.reader.read(|connection| answers::of_notification(connection, stored.lead))?;
    Ok(NotificationInFull {
        notification: shown(&names, &stored),
        messages: messages
            .into_iter()
            .map(|message| Message {
                recipient: call.member().is_none().then_some(message.recipient),
                role: message.role,
                state: message.state.as_str(),
                finished_at: message.finished_at.map(At),
            })
            .collect(),
        answers: answered
            .iter()
            .filter(|one| call.tenant.sees(one.said.organisation))
            .map(|one| shown_answer(&names, one))
            .collect(),
    })
}
