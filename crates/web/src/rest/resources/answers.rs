//! What recipients answered: listed, given by programs, weighed by the desk.

use axum::http::StatusCode;
use schakel_app::{
    answers::{
        Said,
        api::{self, NotTaken, Who, answer},
        desk,
    },
    claims,
    explain::organisation_name,
};
use schakel_model::{
    answer::{AnswerKind, Standing},
    ids::{AnswerId, FindingId},
    register::Register,
};
use schakel_store::{
    answers::{self, Answer as Stored},
    listed, outbox,
    register::load_organisations_now,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    desk::Empty,
    notifications::{PageQuery, may_have},
};
use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::{Fault, Problem, Where},
    route::{Nothing, Page},
    values::{At, Word},
};

/// What somebody answered.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Its number
    id: String,
    at: At,
    organisation: String,
    notification: String,
    /// Of which findings; empty: of all that the notification tells
    findings: Vec<String>,
    kind: Word<AnswerKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<At>,
    /// Does it count: `taken`, `proposed` (the desk decides) or `refused`
    standing: Word<Standing>,
    /// Why it does not, or not yet
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// By which way it came
    way: &'static str,
    text: String,
    reason: String,
    supplier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<At>,
}

/// What is answered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewAnswer {
    /// Which findings, such as F12
    #[schemars(length(min = 1, max = 1000))]
    findings: Vec<String>,
    /// The desk only: for which organisation, by its code
    organisation: Option<String>,
    /// The desk only: who said it
    #[schemars(length(max = 200))]
    who: Option<String>,
    kind: Word<AnswerKind>,
    /// Until when: of `in_progress`, `false_positive` and `risk_accepted`
    until: Option<At>,
    /// To whom it was passed on
    #[schemars(length(max = 2000))]
    supplier: Option<String>,
    /// Who accepted a risk
    #[schemars(length(max = 2000))]
    decided_by: Option<String>,
    /// Why
    #[schemars(length(max = 2000))]
    reason: Option<String>,
    /// In their words
    #[schemars(length(max = 4000))]
    text: Option<String>,
}

/// What came of it: one for each notification that told the findings.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    answers: Vec<Answer>,
}

/// Why the desk decides so.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Decision {
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
    /// Accepted until when
    until: Option<At>,
    /// Who accepted a risk
    #[schemars(length(max = 2000))]
    decided_by: Option<String>,
}

/// As whoever may see it sees it.
pub fn shown(names: &Register, one: &Stored) -> Answer {
    let said = &one.said;
    Answer {
        id: format!("A{}", one.id),
        at: At(one.at),
        organisation: organisation_name(names, said.organisation).0.to_owned(),
        notification: format!("N{}", said.notification),
        findings: said.findings.iter().map(|finding| format!("F{finding}")).collect(),
        kind: Word(said.kind),
        until: said.until.map(At),
        standing: Word(said.standing),
        why: said.why.clone(),
        way: said.way.as_str(),
        text: said.text.clone(),
        reason: said.reason.clone(),
        supplier: said.supplier.clone(),
        decided_at: one.decided_at.map(At),
    }
}

/// `GET /answers`
pub fn list(call: &Call, query: PageQuery) -> Result<Page<Answer>, Problem> {
    let names = call.reader.read(load_organisations_now)?;
    let before = after::<AnswerId>(query.cursor.as_deref())?;
    let limit = limit(query.limit);
    let of = call.tenant.places();
    let found = call.reader.read(|connection| listed::answers(connection, of, before, limit))?;
    let next = found.last().filter(|_| found.len() == limit).map(|last| cursor(last.id));
    let mut items = Vec::with_capacity(found.len());
    for one in &found {
        let told = call.reader.read(|connection| outbox::notification(connection, one.said.notification))?;
        if call.member().is_none() || told.is_some_and(|told| may_have(call, &told)) {
            items.push(shown(&names, one));
        }
    }
    Ok(Page { items, next })
}

/// `POST /answers`
pub fn post(call: &Call, _: Nothing, new: NewAnswer) -> Result<Answered, Problem> {
    let findings = findings(&new.findings)?;
    let text = |text: Option<String>| text.unwrap_or_default();
    let said = Said {
        kind: new.kind.0,
        findings: Vec::new(),
        until: new.until.map(|at| at.0),
        supplier: text(new.supplier),
        decided_by: text(new.decided_by),
        reason: text(new.reason),
        text: text(new.text),
    };
    let fault = |name: &str, detail: &str| Fault {
        r#in: Where::Body,
        location: format!("/{name}"),
        code: "required",
        detail: detail.to_owned(),
    };
    let who = match (call.member(), new.organisation, new.who) {
        (Some(member), None, None) => {
            // What may not be shown to a program may not be answered by one.
            for (nth, finding) in findings.iter().enumerate() {
                may_be_answered(call, nth, *finding)?;
            }
            Who::Member { client: call.client.code.clone(), places: member.places.clone() }
        }
        (Some(_), ..) => {
            return Err(Problem::fault(
                Where::Body,
                "/organisation",
                "desk",
                "organisation and who are for the desk: leave them out",
            ));
        }
        (None, Some(code), Some(who)) if !who.trim().is_empty() => {
            let names = call.reader.read(load_organisations_now)?;
            let organisation = claims::organisation(&names, &code).map_err(|error| {
                Problem::fault(Where::Body, "/organisation", "unknown", error.to_string())
            })?;
            Who::Desk { who, organisation: organisation.id }
        }
        (None, organisation, who) => {
            let mut faults = Vec::new();
            if organisation.is_none() {
                faults.push(fault("organisation", "say for which organisation"));
            }
            if who.is_none_or(|who| who.trim().is_empty()) {
                faults.push(fault("who", "say who answered"));
            }
            return Err(Problem::faults(faults));
        }
    };
    let taken = call.change("by the API", move |at_work, act| {
        answer(at_work.intake.store(), &act, &who, &findings, &said)
    })?;
    match taken {
        Ok(recorded) => {
            let names = call.reader.read(load_organisations_now)?;
            Ok(Answered { answers: recorded.iter().map(|one| shown(&names, one)).collect() })
        }
        Err(NotTaken::NotTold(nth)) => Err(not_told(nth)),
        Err(NotTaken::Refused(why)) => {
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("It cannot be taken: {why}.")))
        }
    }
}

fn not_told(nth: usize) -> Problem {
    Problem::fault(
        Where::Body,
        &format!("/findings/{nth}"),
        "unknown",
        "this finding was not told to those who answer",
    )
}

fn may_be_answered(call: &Call, nth: usize, finding: FindingId) -> Result<(), Problem> {
    let stored = call.reader.read(|connection| schakel_store::findings::get(connection, finding))?;
    match stored {
        Some(stored) if call.tenant.may_have(&call.reader, stored.first.event)? => Ok(()),
        _ => Err(not_told(nth)),
    }
}

fn findings(given: &[String]) -> Result<Vec<FindingId>, Problem> {
    let mut found = Vec::with_capacity(given.len());
    let mut faults = Vec::new();
    for (nth, text) in given.iter().enumerate() {
        match text.strip_prefix('F').and_then(|number| number.parse().ok()) {
            Some(finding) => found.push(finding),
            None => faults.push(Fault {
                r#in: Where::Body,
                location: format!("/findings/{nth}"),
                code: "format",
                detail: "this must be the number of a finding, such as F12".to_owned(),
            }),
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(Problem::faults(faults)) }
}

/// `POST /answers/{answer}/accept`
pub fn accept(call: &Call, _: Nothing, decision: Decision) -> Result<Answer, Problem> {
    let id: AnswerId = call.number("answer", "A")?;
    exists(call, id)?;
    let until = decision.until.map(|at| at.0);
    let reason = decision.reason.unwrap_or_default();
    call.change(&reason, move |at_work, act| {
        desk::accept(at_work.intake.store(), &act, id, until, decision.decided_by.as_deref())
    })?;
    decided(call, id)
}

/// `POST /answers/{answer}/refuse`
pub fn refuse(call: &Call, _: Nothing, decision: Decision) -> Result<Answer, Problem> {
    let id: AnswerId = call.number("answer", "A")?;
    exists(call, id)?;
    let reason = decision.reason.unwrap_or_default();
    call.change(&reason, move |at_work, act| desk::refuse(at_work.intake.store(), &act, id))?;
    decided(call, id)
}

/// `POST /answers/{answer}/undo`
pub fn undo(call: &Call, _: Nothing, _: Empty) -> Result<Answer, Problem> {
    let id: AnswerId = call.number("answer", "A")?;
    let stored = exists(call, id)?;
    if !call.tenant.sees(stored.said.organisation) {
        return Err(Problem::not_found());
    }
    let theirs = call.member().map(|member| (call.client.code.clone(), member.places.clone()));
    let taken_back = call.change("", move |at_work, act| {
        let store = at_work.intake.store();
        match theirs {
            Some((client, places)) => api::take_back(store, &act, (&client, &places), id),
            None => desk::take_back(store, &act, id).map(Some),
        }
    })?;
    taken_back.ok_or_else(Problem::not_found)?;
    decided(call, id)
}

fn exists(call: &Call, id: AnswerId) -> Result<Stored, Problem> {
    call.reader.read(|connection| answers::get(connection, id))?.ok_or_else(Problem::not_found)
}

fn decided(call: &Call, id: AnswerId) -> Result<Answer, Problem> {
    let names = call.reader.read(load_organisations_now)?;
    Ok(shown(&names, &exists(call, id)?))
}
