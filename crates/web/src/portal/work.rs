//! What the desk does to findings: on the page of one, or to many that were ticked in the list. Many are shown before it is done; most of it can be
//! taken back at once.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    answers::Said,
    portal::{
        findings::{self as listed, Looking, Person, Row},
        work::{self, DAY, SNOOZE_DAYS_MAX},
    },
    requests::AtWork,
};
use schakel_model::{
    answer::AnswerKind,
    ids::{AnswerId, FindingId},
};
use schakel_render::portal::acting::{Done, Mistake, Notice, Undo};
use schakel_store::{Reader, accounts::beside, act::Act, saved_views};
use serde::Serialize;
use url::form_urlencoded::parse;

use super::{
    Portal,
    acting::{Went, act, ask_again, go_on},
    answer, findings,
    forms::Form,
    head::see_other,
    plain,
    visitor::Visitor,
};

/// The longest name of a list that somebody keeps, in characters.
const VIEW_CHARS_MAX: usize = 60;

/// Many at once, before it is done.
#[derive(Serialize)]
struct Bulk {
    /// `assign`, `snooze` or `answer`.
    what: &'static str,
    findings: Vec<Row>,
    people: Vec<Person>,
    answers: Vec<&'static str>,
    /// The organisations that were told of all of them: code and name.
    told: Vec<(String, String)>,
}

/// `GET /findings/bulk`: what was ticked, and the form for what is to be done.
pub async fn bulk(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(asked): RawQuery,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        bulk_page(portal, visitor, reader, &asked.unwrap_or_default())
    })
    .await
}

fn bulk_page(portal: &Portal, visitor: &Visitor, reader: &Reader, asked: &str) -> anyhow::Result<Response> {
    let pairs: Vec<_> = parse(asked.as_bytes()).collect();
    let of = |wanted: &'static str| {
        pairs.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_ref())
    };
    let what = match of("do").next() {
        Some("snooze") => "snooze",
        Some("answer") => "answer",
        _ => "assign",
    };
    let ids = work::known(reader, of("finding"))?;
    if ids.is_empty() {
        return Ok(see_other("/findings"));
    }
    let actor = findings::looking(portal, visitor)?;
    let findings = listed::these(reader, &ids, Looking { actor: &actor, now: visitor.now })?;
    let mut told: Vec<(String, String)> = Vec::new();
    if let Some((first, rest)) = findings.split_first() {
        let of_all = |code: &str| rest.iter().all(|row| row.told.iter().any(|one| one.code == code));
        let shared = first.told.iter().filter(|one| of_all(&one.code));
        told = shared.map(|one| (one.code.clone(), one.name.clone())).collect();
    }
    let page = Bulk {
        what,
        findings,
        people: work::people(reader)?.iter().map(Person::from).collect(),
        answers: AnswerKind::ALL.iter().map(|one| one.as_str()).collect(),
        told,
    };
    visitor.page(portal, StatusCode::OK, "bulk", page)
}

/// The page that a form of this module stands on: one finding, many, or the list.
fn again(portal: &Portal, visitor: &Visitor, reader: &Reader) -> anyhow::Result<Response> {
    let (path, asked) = visitor.here.split_once('?').unwrap_or((&visitor.here, ""));
    match path.strip_prefix("/findings/") {
        Some("bulk") => bulk_page(portal, visitor, reader, asked),
        Some(name) => findings::one_page(portal, visitor, reader, name),
        None => findings::page(portal, visitor, reader, asked),
    }
}

/// From many at once on to the list, from one to itself.
fn on(form: &Form) -> String {
    match form.back() {
        back if back.starts_with("/findings/bulk") => "/findings".to_owned(),
        back => back.to_owned(),
    }
}

fn chosen(at_work: &AtWork<'_>, form: &Form) -> anyhow::Result<Vec<FindingId>> {
    let findings = work::known(at_work.reader, form.all("finding"))?;
    if findings.is_empty() {
        return Err(Mistake::new("", "wrong-no-finding").into());
    }
    Ok(findings)
}

fn batch(done: Done, count: usize, batch: Option<i64>) -> Notice {
    match batch {
        None => Done::NothingDifferent.into(),
        Some(batch) => Notice {
            count: count as i64,
            undo: Some(Undo { action: "/findings/undo".to_owned(), what: batch.to_string() }),
            ..done.into()
        },
    }
}

/// `POST /findings/handler`
pub async fn assign(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let findings = chosen(at_work, form)?;
        let handler = if form.field("handler") == "me" { by.actor } else { form.field("handler") };
        let done = if handler.is_empty() { Done::Unassigned } else { Done::Assigned };
        let made = work::assign(at_work.intake.store(), by, &findings, handler)?;
        Ok(Went::on_to(batch(done, findings.len(), made), on(form)))
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /findings/snooze`: until a day, for some days, or no longer.
pub async fn snooze(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let findings = chosen(at_work, form)?;
        let until = match form.field("days") {
            "" => form.moment("until")?,
            "0" => None,
            _ => {
                let days: i64 = form.word("days", "wrong-moment")?;
                Some(by.at + days.clamp(0, SNOOZE_DAYS_MAX) * DAY)
            }
        };
        if form.field("days").is_empty() && until.is_none() {
            return Err(Mistake::new("until", "wrong-choose-day").into());
        }
        if until.is_some_and(|until| until <= by.at) {
            return Err(Mistake::new("until", "wrong-past").into());
        }
        if until.is_some_and(|until| until > by.at + SNOOZE_DAYS_MAX * DAY) {
            return Err(Mistake::new("until", "wrong-far").into());
        }
        let done = if until.is_some() { Done::Snoozed } else { Done::Woken };
        let made = work::snooze(at_work.intake.store(), by, &findings, until)?;
        Ok(Went::on_to(batch(done, findings.len(), made), on(form)))
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /findings/undo`: who handles them, or until when they sleep, as it was.
pub async fn undo(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let batch = form.word("what", "wrong-refused")?;
        let count = at_work.intake.store().undo_work(by, batch)?;
        Ok(Notice { count: count as i64, ..Done::Undone.into() })
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /findings/F12/notes`
pub async fn note(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let known = work::known(at_work.reader, [name.as_str()].into_iter())?;
        let Some(finding) = known.first() else { return Err(Mistake::new("", "wrong-no-finding").into()) };
        if form.trimmed("note").is_empty() {
            return Err(Mistake::new("note", "wrong-empty").into());
        }
        work::note(at_work.intake.store(), by, *finding, form.trimmed("note"))?;
        Ok(Done::Noted)
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /findings/answers`: what an organisation said otherwise.
pub async fn record(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let findings = chosen(at_work, form)?;
        let kind: AnswerKind = form.word("kind", "wrong-choose")?;
        let until = form.moment("until")?;
        let needed = |field: &'static str, is_needed: bool| match is_needed && form.trimmed(field).is_empty()
        {
            true => Err(Mistake::new(field, "wrong-empty")),
            false => Ok(form.trimmed(field).to_owned()),
        };
        let accepts = kind == AnswerKind::RiskAccepted;
        if accepts && until.is_none() {
            return Err(Mistake::new("until", "wrong-choose-day").into());
        }
        if until.is_some_and(|until| until <= by.at) {
            return Err(Mistake::new("until", "wrong-past").into());
        }
        let who = needed("who", true)?;
        let said = Said {
            kind,
            findings: Vec::new(),
            until,
            supplier: needed("supplier", false)?,
            decided_by: needed("decided_by", accepts)?,
            reason: needed("reason", accepts)?,
            text: form.trimmed("text").to_owned(),
        };
        let organisation = form.trimmed("organisation");
        let made = work::answer(at_work.intake.store(), by, &findings, organisation, &who, &said)?;
        let names: Vec<String> = made.iter().map(|id| id.0.to_string()).collect();
        let notice = Notice {
            count: findings.len() as i64,
            undo: Some(Undo { action: "/findings/answers/undo".to_owned(), what: names.join(" ") }),
            ..Done::Recorded.into()
        };
        Ok(Went::on_to(notice, on(form)))
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /findings/answers/undo`
pub async fn take_back(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let words = form.field("what").split(' ');
        let answers: Vec<AnswerId> = words.filter_map(|word| word.parse().ok()).map(AnswerId).collect();
        work::take_back(at_work.intake.store(), by, &answers)?;
        Ok(Notice { count: answers.len() as i64, ..Done::Undone.into() })
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /findings/views`: keeps the list that is shown under a name.
pub async fn keep_view(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
        let name: String = form.trimmed("name").chars().take(VIEW_CHARS_MAX).collect();
        if name.is_empty() {
            return ask_again(portal, visitor, reader, form, Mistake::new("name", "wrong-empty"), again);
        }
        let asked = findings::query(&findings::wanted(form.field("query")));
        let account = person.account.id;
        beside(reader.data(), |transaction| saved_views::keep(transaction, account, &name, &asked))?;
        Ok(go_on(visitor, &form, Went::on_to(Done::ViewKept, format!("/findings?{asked}"))))
    })
    .await
}

/// `POST /findings/views/forget`
pub async fn forget_view(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let Some(person) = &visitor.person else { return Ok(plain::not_found(portal, visitor)) };
        let id = form.field("view").parse().unwrap_or_default();
        let account = person.account.id;
        beside(reader.data(), |transaction| saved_views::forget(transaction, account, id))?;
        Ok(go_on(visitor, &form, Went::on_to(Done::ViewForgotten, "/findings")))
    })
    .await
}
