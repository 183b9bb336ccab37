//! What changed since a cursor: notifications, answers, and for the desk the fates of assignments. It comes from what is stored, so nothing is missed
//! by who was away.

use std::str::FromStr;

use schakel_app::explain::organisation_name;
use schakel_model::{answer::AnswerKind, fate::Fate};
use schakel_store::{
    listed::{self, Positions},
    outbox,
    register::load_organisations_now,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notifications::may_have;
use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::Problem,
    values::{At, Word},
};

/// Since when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChangesQuery {
    /// The cursor of the answer before; without it nothing is given but a cursor, from which on changes are new
    pub after: Option<String>,
    /// How many of each type, at most
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
    /// Seconds to wait for a change when there is none yet
    #[schemars(range(min = 0, max = 60))]
    pub wait: Option<u32>,
}

/// What a change is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeType {
    /// Somebody was told.
    Notification,
    /// Somebody answered.
    Answer,
    /// Assignments have another fate; for the desk
    Fate,
}

/// A change.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    r#type: ChangeType,
    at: At,
    /// Whose, by its code; empty is nobody's
    organisation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Word<AnswerKind>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fate: Option<Word<Fate>>,
    /// How many findings or assignments
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

/// What changed, the oldest first.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    pub items: Vec<Change>,
    /// Where the next ones begin
    pub cursor: String,
}

/// How far whoever asks has come: `notification.answer.fate`.
struct At3(Positions);

impl FromStr for At3 {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(());
        let read = Positions {
            notification: next()?.parse().map_err(|_| ())?,
            answer: next()?.parse().map_err(|_| ())?,
            fate: next()?.parse().map_err(|_| ())?,
        };
        if parts.next().is_none() { Ok(Self(read)) } else { Err(()) }
    }
}

fn cursor_of(at: Positions) -> String {
    cursor(format!("{}.{}.{}", at.notification, at.answer, at.fate))
}

/// `GET /changes`, without waiting: that is done around it.
pub fn list(call: &Call, query: ChangesQuery) -> Result<Changes, Problem> {
    // The waiting is done around this.
    let _ = query.wait;
    let Some(At3(mut at)) = after::<At3>(query.after.as_deref())? else {
        let now = call.reader.read(listed::positions)?;
        return Ok(Changes { items: Vec::new(), cursor: cursor_of(now) });
    };
    let limit = limit(query.limit);
    let names = call.reader.read(load_organisations_now)?;
    let code = |id| organisation_name(&names, id).0.to_owned();
    let of = call.tenant.places();
    let mut items = Vec::new();
    for one in
        call.reader.read(|connection| listed::notifications_after(connection, of, at.notification, limit))?
    {
        at.notification = one.id.0;
        if may_have(call, &one) {
            items.push(Change {
                r#type: ChangeType::Notification,
                at: At(one.created_at),
                organisation: code(one.organisation),
                notification: Some(format!("N{}", one.id)),
                answer: None,
                kind: None,
                fate: None,
                count: Some(one.findings),
            });
        }
    }
    for one in call.reader.read(|connection| listed::answers_after(connection, of, at.answer, limit))? {
        at.answer = one.id.0;
        let told = call.reader.read(|connection| outbox::notification(connection, one.said.notification))?;
        if call.member().is_none() || told.is_some_and(|told| may_have(call, &told)) {
            items.push(Change {
                r#type: ChangeType::Answer,
                at: At(one.at),
                organisation: code(one.said.organisation),
                notification: Some(format!("N{}", one.said.notification)),
                answer: Some(format!("A{}", one.id)),
                kind: Some(Word(one.said.kind)),
                fate: None,
                count: None,
            });
        }
    }
    // What is held, or nobody's, is the desk's to know.
    if of.is_none() {
        for one in call.reader.read(|connection| listed::fates_after(connection, at.fate, limit))? {
            at.fate = one.id;
            items.push(Change {
                r#type: ChangeType::Fate,
                at: At(one.at),
                organisation: one.organisation.map(code).unwrap_or_default(),
                notification: (one.fate == Fate::Notified)
                    .then(|| one.reference.map(|id| format!("N{id}")))
                    .flatten(),
                answer: None,
                kind: None,
                fate: Some(Word(one.fate)),
                count: Some(one.count),
            });
        }
    }
    items.sort_by_key(|change| change.at);
    Ok(Changes { items, cursor: cursor_of(at) })
}
