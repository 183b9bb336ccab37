//! What a member says is theirs: entered, proven, taken back.

use std::time::Instant;

use axum::{
    Extension,
    extract::{Path, State},
    response::Response,
};
use schakel_app::{
    claims::{Entered, NotEntered},
    portal::own::{
        Own,
        claims::{self, Refused},
    },
    proof,
    requests::{AtWork, NotDone},
};
use schakel_model::{
    asset::{AssetKind, Role},
    claim::{Claim, Means},
    ids::ClaimId,
};
use schakel_render::portal::acting::{Done, Mistake, Notice, Undo};
use schakel_store::{Reader, act::Act};

use super::{
    Portal,
    acting::{Went, act, ask_again, go_on},
    answer,
    forms::Form,
    own, plain,
    visitor::Visitor,
};
use crate::rate::CHECKS_IN_A_MINUTE;

/// `GET /own/CODE/claim`: the form for something new.
pub async fn new(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| new_page(portal, visitor, reader, &code)).await
}

fn new_page(portal: &Portal, visitor: &Visitor, reader: &Reader, code: &str) -> anyhow::Result<Response> {
    own::page(portal, visitor, reader, (code, "own/claim_new"), |_, own, _| Ok(Some(claims::new_page(own))))
}

/// `POST /own/CODE/claim`: this is theirs.
pub async fn add(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let kind: AssetKind = form.word("kind", "wrong-choose")?;
        let role: Role = form.word("role", "wrong-choose")?;
        if form.trimmed("value").is_empty() {
            return Err(Mistake::new("value", "wrong-empty").into());
        }
        let what = (kind, form.trimmed("value"), role, form.trimmed("note"));
        let entered = claims::add(at_work.intake.store(), &at_work.config.claims, by, own, what);
        match entered {
            Ok(Ok(entered)) => Ok(went(&own::address(&own.head.code), &entered)),
            Ok(Err(why)) => Err(refused(why).into()),
            Err(error) => Err(not_entered(error)),
        }
    };
    let whose = code.clone();
    let again =
        move |portal: &Portal, visitor: &Visitor, reader: &Reader| new_page(portal, visitor, reader, &code);
    own::act_on(&portal, &visitor, &whose, form, work, again).await
}

/// On to the one that was entered; to all of them, when there are several.
fn went(own: &str, entered: &[Entered]) -> Went {
    let numbers: Vec<String> = entered.iter().filter_map(|one| one.id).map(|id| id.0.to_string()).collect();
    let done = match entered.iter().any(|one| !one.conflicts.is_empty()) {
        true => Done::ClaimDisputed,
        false => Done::ClaimEntered,
    };
    let undo = Undo { action: format!("{own}/claims/take-back"), what: numbers.join(" ") };
    let notice = Notice { count: numbers.len() as i64, undo: Some(undo), ..done.into() };
    match numbers.as_slice() {
        [one] => Went::on_to(notice, format!("{own}/claims/{one}")),
        _ => Went::on_to(notice, format!("{own}/register")),
    }
}

/// What is wrong with what was typed, in words that need no register.
fn not_entered(error: anyhow::Error) -> anyhow::Error {
    let key = match error.downcast_ref::<NotEntered>() {
        Some(NotEntered::Value(_)) => "own-wrong-value",
        Some(NotEntered::Many(..) | NotEntered::Wide(..)) => "own-wrong-wide",
        Some(NotEntered::Same(_)) => "own-wrong-same",
        Some(NotEntered::Period) | None => return error,
    };
    Mistake::new("value", key).into()
}

/// `GET /own/CODE/claims/7`: how to prove it, and what was tried.
pub async fn one(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, number)): Path<(String, String)>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        claim_page(portal, visitor, reader, &code, &number)
    })
    .await
}

fn claim_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
    number: &str,
) -> anyhow::Result<Response> {
    own::page(portal, visitor, reader, (code, "own/claim"), |reader, own, visitor| match number.parse() {
        Ok(number) => claims::page(reader, own, ClaimId(number), visitor.now),
        Err(_) => Ok(None),
    })
}

/// A claim of whom they look at.
fn theirs(visitor: &Visitor, reader: &Reader, code: &str, number: &str) -> anyhow::Result<Option<Claim>> {
    let id = number.parse().ok().map(ClaimId);
    let (Some(own), Some(id)) = (own::looking(visitor, reader, code)?, id) else { return Ok(None) };
    claims::find(reader, &own, id)
}

/// `POST /own/CODE/claims/7/check`: looks for the proof now. The world outside is waited for on this thread, so that nobody else waits for it.
pub async fn check(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, number)): Path<(String, String)>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let Some(claim) = theirs(visitor, reader, &code, &number)? else {
            return Ok(plain::not_found(portal, visitor));
        };
        match checked(portal, visitor, reader, &claim, &form)? {
            Ok(done) => Ok(go_on(visitor, &form, Went::from(done))),
            Err(mistake) => ask_again(portal, visitor, reader, form, mistake, |portal, visitor, reader| {
                claim_page(portal, visitor, reader, &code, &number)
            }),
        }
    })
    .await
}

fn checked(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    claim: &Claim,
    form: &Form,
) -> anyhow::Result<Result<Done, Mistake>> {
    let means: Means = match form.word("by", "wrong-choose") {
        Ok(means) => means,
        Err(mistake) => return Ok(Err(mistake)),
    };
    let Some(person) = &visitor.person else { return Ok(Err(gone())) };
    if portal.checks.take(person.account.id, CHECKS_IN_A_MINUTE, Instant::now()).is_err() {
        return Ok(Err(Mistake::new("", "wrong-busy")));
    }
    let attempt = match claims::look(reader, &portal.config, claim, means)? {
        Ok(attempt) => attempt,
        Err(why) => return Ok(Err(refused(why))),
    };
    let (id, actor, at) = (claim.id, visitor.name().to_owned(), visitor.now);
    let recorded = portal.asking.carry_out(move |at_work| {
        let act = Act { at, actor: &actor, reason: "" };
        proof::record(at_work.intake.store(), &at_work.config.claims, &act, id, attempt)
    });
    Ok(match recorded {
        Ok(outcome) => Ok(proven(&outcome?)),
        Err(NotDone::Busy) => Err(Mistake::new("", "wrong-busy")),
        Err(NotDone::Unknown) => Err(Mistake::new("", "wrong-unknown")),
    })
}

fn proven(outcome: &proof::Outcome) -> Done {
    match (outcome.attempt.found, outcome.disputed) {
        (true, false) => Done::ClaimProven,
        (true, true) => Done::ClaimProvenDisputed,
        (false, _) => Done::ClaimNotProven,
    }
}

/// `POST /own/CODE/claims/7/mail`: sends a code to a mailbox of the domain.
pub async fn mail(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, number)): Path<(String, String)>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (claim, form): (&Claim, &Form)| {
        let mailbox = (claim, form.trimmed("mailbox"));
        let (config, templates) = (at_work.config, at_work.templates);
        let sent = claims::send_code(at_work.intake.store(), config, templates, by, mailbox)?;
        Ok(sent.map(|_| Done::CodeSent))
    };
    about(portal, visitor, (code, number), form, work).await
}

/// `POST /own/CODE/claims/7/code`: the code that was sent.
pub async fn code(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, number)): Path<(String, String)>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (claim, form): (&Claim, &Form)| {
        let config = &at_work.config.claims;
        let taken = claims::take_code(at_work.intake.store(), config, by, claim, form.trimmed("code"))?;
        Ok(taken.map(|outcome| match outcome.attempt.found {
            true => proven(&outcome),
            false => Done::CodeWrong,
        }))
    };
    about(portal, visitor, (code, number), form, work).await
}

/// Does something about a claim of theirs.
async fn about(
    portal: Portal,
    visitor: Visitor,
    (code, number): (String, String),
    form: Form,
    act_on: impl FnOnce(&mut AtWork<'_>, &Act<'_>, (&Claim, &Form)) -> anyhow::Result<Result<Done, Refused>>
    + Send
    + 'static,
) -> Response {
    let (who, wanted, named) = (visitor.clone(), code.clone(), number.clone());
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let Some(claim) = theirs(&who, at_work.reader, &wanted, &named)? else { return Err(gone().into()) };
        match act_on(at_work, by, (&claim, form))? {
            Ok(done) => Ok(Went::from(done)),
            Err(why) => Err(refused(why).into()),
        }
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        claim_page(portal, visitor, reader, &code, &number)
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /own/CODE/claims/take-back`: what is not proven, by its numbers.
pub async fn take_back(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let numbers: Vec<String> = form.field("what").split(' ').map(str::to_owned).collect();
    let (who, wanted, named) = (visitor.clone(), code.clone(), numbers.clone());
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        for number in &named {
            let Some(claim) = theirs(&who, at_work.reader, &wanted, number)? else {
                return Err(gone().into());
            };
            if let Err(why) = claims::take_back(at_work.intake.store(), by, &claim)? {
                return Err(refused(why).into());
            }
        }
        Ok(Went::on_to(Done::ClaimTakenBack, format!("{}/register", own::address(&wanted))))
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        for number in &numbers {
            if theirs(visitor, reader, &code, number)?.is_none() {
                return Ok(plain::not_found(portal, visitor));
            }
        }
        own::register_page(portal, visitor, reader, &code)
    };
    act(&portal, &visitor, form, work, again).await
}

fn refused(why: Refused) -> Mistake {
    match why {
        Refused::Many => Mistake::new("", "own-wrong-many-claims"),
        Refused::Means => Mistake::new("", "own-wrong-means"),
        Refused::Codes => Mistake::new("mailbox", "own-wrong-codes"),
        Refused::NoCode => Mistake::new("", "own-wrong-no-code"),
    }
}

fn gone() -> Mistake {
    Mistake::new("", "not-found")
}
