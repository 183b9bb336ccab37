//! The desk's own: the calling list, the audit log.

use schakel_app::{
    audit,
    calling_list::{self, record, start, stop},
    claims,
};
use schakel_model::{
    call::{CallReason, CallResult},
    register::Register,
    severity::Severity,
};
use schakel_store::{
    audit::Filter,
    register::{self, load_organisations_now},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::{Problem, Where},
    route::{Nothing, Page},
    values::{At, Word},
};

/// An organisation that is to be telephoned.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Calling {
    organisation: String,
    organisation_name: String,
    /// How bad the worst is that it is called about
    severity: Word<Severity>,
    /// What it is on the list for
    about: Vec<About>,
    /// Whom to ask for, in this order
    people: Vec<Person>,
    /// What to say
    script: String,
    /// Who is calling now
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_by: Option<String>,
    /// Not to be called before this time
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before_at: Option<At>,
}

/// A notification that an organisation is called about.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct About {
    notification: String,
    why: Word<CallReason>,
    added_at: At,
}

/// Somebody who can be called.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    name: String,
    role: &'static str,
    phone: String,
}

fn whole(call: &Call) -> Result<Register, Problem> {
    let version = call.reader.read(register::version)?;
    Ok(call.reader.read(|connection| register::load(connection, version))?)
}

/// `GET /calls`
pub fn calls(call: &Call, _: Nothing) -> Result<Page<Calling>, Problem> {
    let register = whole(call)?;
    let entries = calling_list::list(&call.reader, &register, &call.rest.config.sender, call.now)?;
    let items = entries
        .into_iter()
        .map(|entry| Calling {
            locked_by: entry.locked_by(call.now).map(str::to_owned),
            not_before_at: entry.not_before(call.now).map(At),
            organisation: entry.code,
            organisation_name: entry.name,
            severity: Word(entry.severity),
            about: entry
                .calls
                .iter()
                .map(|one| About {
                    notification: format!("N{}", one.notification),
                    why: Word(one.why),
                    added_at: At(one.added_at),
                })
                .collect(),
            people: entry
                .callable
                .into_iter()
                .map(|one| Person { name: one.name, role: one.role.as_str(), phone: one.phone })
                .collect(),
            script: entry.script,
        })
        .collect();
    Ok(Page::all(items))
}

/// What came of a call.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewResult {
    result: Word<CallResult>,
    /// What was said
    #[schemars(length(max = 4000))]
    note: Option<String>,
    /// When to call again
    next_at: Option<At>,
}

/// Nothing to say.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// It was done.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// The organisation
    organisation: String,
}

/// The organisation in the path, by its code.
fn organisation(call: &Call) -> Result<String, Problem> {
    let names = call.reader.read(load_organisations_now)?;
    let found = claims::organisation(&names, call.name("organisation")).map_err(|_| Problem::not_found())?;
    Ok(found.code.clone())
}

/// `POST /calls/{organisation}/lock`
pub fn lock(call: &Call, _: Nothing, _: Empty) -> Result<Done, Problem> {
    let code = organisation(call)?;
    let of = code.clone();
    call.change("", move |at_work, act| {
        let names = at_work.reader.read(load_organisations_now)?;
        start(at_work.intake.store(), &act, &names, &of)
    })?;
    Ok(Done { organisation: code })
}

/// `POST /calls/{organisation}/unlock`
pub fn unlock(call: &Call, _: Nothing, _: Empty) -> Result<Done, Problem> {
    let code = organisation(call)?;
    let of = code.clone();
    call.change("", move |at_work, act| {
        let names = at_work.reader.read(load_organisations_now)?;
        stop(at_work.intake.store(), &act, &names, &of)
    })?;
    Ok(Done { organisation: code })
}

/// `POST /calls/{organisation}/results`
pub fn result(call: &Call, _: Nothing, new: NewResult) -> Result<Done, Problem> {
    let code = organisation(call)?;
    let of = code.clone();
    call.change("", move |at_work, act| {
        let names = at_work.reader.read(load_organisations_now)?;
        let note = new.note.unwrap_or_default();
        let next_at = new.next_at.map(|at| at.0);
        record(at_work.intake.store(), &act, &names, (&of, new.result.0, &note), next_at)
    })?;
    Ok(Done { organisation: code })
}

/// Which entries. All conditions hold together.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AuditQuery {
    /// Where the page begins: from the Link header of the page before
    cursor: Option<String>,
    /// How many, at most
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// By this desk user; `program` is everything that is no desk user
    actor: Option<String>,
    /// About this, such as `finding:12`
    subject: Option<String>,
    /// Of this kind, such as `policy.set`
    action: Option<String>,
    /// From this time on
    since_at: Option<At>,
}

/// An entry of the audit log. It is chained to the one before by its hash.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    id: u64,
    at: String,
    actor: String,
    action: String,
    subject: String,
    /// Why; null when it was erased
    reason: Option<String>,
    /// Before and after
    detail: Option<serde_json::Value>,
    hash: String,
}

/// `GET /audit-entries`
pub fn audit_entries(call: &Call, query: AuditQuery) -> Result<Page<AuditEntry>, Problem> {
    let limit = limit(query.limit);
    let unknown = || Problem::fault(Where::Query, "actor", "unknown", "there is no desk user of this name");
    let actor = query.actor.map(|name| audit::actor_number(&call.reader, &name).map_err(|_| unknown()));
    let filter = Filter {
        actor: actor.transpose()?,
        subject: query.subject,
        action: query.action,
        since: query.since_at.map(|at| at.0),
        before: after(query.cursor.as_deref())?,
    };
    let found = audit::list(&call.reader, &filter, limit)?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| cursor(last.entry));
    let items = found
        .into_iter()
        .map(|entry| AuditEntry {
            id: entry.entry,
            at: entry.at,
            actor: entry.actor_name,
            action: entry.action,
            subject: entry.subject,
            reason: entry.reason,
            detail: entry.detail,
            hash: entry.hash,
        })
        .collect();
    Ok(Page { items, next })
}
