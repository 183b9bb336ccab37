//! What somebody of a member says about a finding: in two clicks from their first page, and back again.

use axum::{
    Extension,
    extract::{Path, State},
    response::Response,
};
use schakel_app::{
    answers::{Said, api::NotTaken, portal as answers},
    portal::own::{Own, findings},
    requests::AtWork,
};
use schakel_model::{
    answer::{AnswerKind, Standing},
    ids::{AnswerId, FindingId},
};
use schakel_render::portal::acting::{Done, Mistake, Notice, Undo};
use schakel_rules::answer::Why;
use schakel_store::{Reader, act::Act, answers::Answer};

use super::{
    Portal,
    acting::{Went, act},
    forms::Form,
    own, plain,
    visitor::Visitor,
};

/// `POST /own/CODE/findings/F12/answers`
pub async fn record(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, name)): Path<(String, String)>,
    form: Form,
) -> Response {
    let (who, wanted, finding) = (visitor.clone(), code.clone(), name.clone());
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let Some((own, id)) = theirs(&who, at_work.reader, &wanted, &finding)? else {
            return Err(gone().into());
        };
        let said = said(form, by.at)?;
        let roles = who.person.as_ref().map_or(&[][..], |person| &person.account.roles);
        let taken = answers::answer(at_work.intake.store(), by, (&own, roles), &[id], &said)?;
        let recorded = match taken {
            Ok(recorded) => recorded,
            Err(NotTaken::Refused(why)) => return Err(missing(why).into()),
            Err(NotTaken::NotTold(_)) => return Err(gone().into()),
        };
        let by_desk = recorded.iter().any(|one| one.said.standing == Standing::Proposed);
        let done = if by_desk { Done::AnswerProposed } else { Done::Answered };
        let numbers: Vec<String> = recorded.iter().map(|one| one.id.0.to_string()).collect();
        let undo = Undo {
            action: format!("{}/answers/undo", own::address(&own.head.code)),
            what: numbers.join(" "),
        };
        Ok(Went::from(Notice { undo: Some(undo), ..done.into() }))
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        own::finding_page(portal, visitor, reader, &code, &name)
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /own/CODE/answers/undo`: takes an answer of theirs back.
pub async fn take_back(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let (who, wanted) = (visitor.clone(), code.clone());
    let ids: Vec<AnswerId> =
        form.field("what").split(' ').filter_map(|word| word.parse().ok()).map(AnswerId).collect();
    let named = ids.clone();
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let Some((own, answered)) = own_answers(&who, at_work.reader, &wanted, &ids)? else {
            return Err(gone().into());
        };
        for answer in answered {
            answers::take_back(at_work.intake.store(), by, &own, &answer)?;
        }
        Ok(Done::Undone)
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| match own_answers(
        visitor, reader, &code, &named,
    )? {
        Some(_) => own::front_page(portal, visitor, reader, &code),
        None => Ok(plain::not_found(portal, visitor)),
    };
    act(&portal, &visitor, form, work, again).await
}

/// Answers of whom they look at; `None`: one of them is another's, or there is none.
fn own_answers(
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
    ids: &[AnswerId],
) -> anyhow::Result<Option<(Own, Vec<Answer>)>> {
    let Some(own) = own::looking(visitor, reader, code)? else { return Ok(None) };
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(answers::own_answer(reader, &own, *id)?);
    }
    Ok((!ids.is_empty() && found.len() == ids.len()).then_some((own, found)))
}

/// A finding that they may see, by its name.
fn theirs(
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
    name: &str,
) -> anyhow::Result<Option<(Own, FindingId)>> {
    let id = name.strip_prefix('F').and_then(|digits| digits.parse().ok()).map(FindingId);
    let (Some(own), Some(id)) = (own::looking(visitor, reader, code)?, id) else { return Ok(None) };
    Ok(findings::told(reader, &own, id)?.map(|_| (own, id)))
}

/// What the form says.
fn said(form: &Form, now: i64) -> Result<Said, Mistake> {
    let kind: AnswerKind = form.word("kind", "wrong-choose")?;
    let until = form.moment("until")?;
    if until.is_some_and(|until| until <= now) {
        return Err(Mistake::new("until", "wrong-past"));
    }
    let text = form.trimmed("text").to_owned();
    if kind == AnswerKind::Question && text.is_empty() {
        return Err(Mistake::new("text", "wrong-empty"));
    }
    Ok(Said {
        kind,
        findings: Vec::new(),
        until,
        supplier: form.trimmed("supplier").to_owned(),
        decided_by: form.trimmed("decided_by").to_owned(),
        reason: text.clone(),
        text,
    })
}

/// What is missing, at the field where it belongs.
fn missing(why: Why) -> Mistake {
    match why {
        Why::NoReason => Mistake::new("text", "wrong-empty"),
        Why::NoDecider => Mistake::new("decided_by", "wrong-empty"),
        Why::NoEnd => Mistake::new("until", "wrong-choose-day"),
        Why::End => Mistake::new("until", "wrong-far"),
        why => Mistake { detail: why.to_string(), ..Mistake::new("", "wrong-refused") },
    }
}

fn gone() -> Mistake {
    Mistake::new("", "not-found")
}
