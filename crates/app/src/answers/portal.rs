//! What somebody of a member answers on their own page, and takes back.

use anyhow::ensure;
use schakel_model::{
    account::PortalRole,
    answer::{AnswerWay, Standing},
    ids::{AnswerId, FindingId},
    register::ContactRole,
};
use schakel_rules::answer::OfCopy;
use schakel_store::{
    Reader, Store,
    act::Act,
    answers::{self, Answer},
};

use super::{
    Said,
    api::{self, NotTaken, Who},
    desk,
};
use crate::portal::own::{Own, findings};

/// An answer can be taken back for this long: by then others go by it.
pub const TAKE_BACK_SECONDS: i64 = 3_600;

/// Answers about findings of whom they look at. All must be theirs to see.
pub fn answer(
    store: &mut Store,
    act: &Act<'_>,
    (own, roles): (&Own, &[PortalRole]),
    findings: &[FindingId],
    said: &Said,
) -> anyhow::Result<Result<Vec<Answer>, NotTaken>> {
    let reader = store.reader()?;
    for (nth, finding) in findings.iter().enumerate() {
        if self::findings::told(&reader, own, *finding)?.is_none() {
            return Ok(Err(NotTaken::NotTold(nth)));
        }
    }
    let who = Who::Person {
        account: own.name().to_owned(),
        places: own.places.clone(),
        roles: roles.iter().filter_map(|role| contact_role(*role)).collect(),
        of_copy: if own.is_own() { OfCopy::No } else { OfCopy::Yes },
    };
    api::answer(store, act, &who, findings, said)
}

fn contact_role(role: PortalRole) -> Option<ContactRole> {
    match role {
        PortalRole::Vcib => Some(ContactRole::Vcib),
        PortalRole::Acib => Some(ContactRole::Acib),
        _ => None,
    }
}

/// May this person take an answer back? Their own, soon, and when nobody has acted on it.
pub fn may_take_back(answer: &Answer, account: &str, now: i64) -> bool {
    is_fresh(answer, AnswerWay::Portal, account, now)
}

/// Did this sender give it by this way, a short while ago, and has nobody acted on it?
pub(super) fn is_fresh(answer: &Answer, way: AnswerWay, sender: &str, now: i64) -> bool {
    let said = &answer.said;
    said.way == way
        && said.sender == sender
        && said.standing != Standing::Refused
        && answer.decided_at.is_none()
        && answer.done_at.is_none()
        && now < answer.at + TAKE_BACK_SECONDS
}

/// An answer about whom they look at; `None`: there is none, or it is another's.
pub fn own_answer(reader: &Reader, own: &Own, id: AnswerId) -> anyhow::Result<Option<Answer>> {
    let found = reader.read(|connection| answers::get(connection, id))?;
    Ok(found.filter(|one| own.places.contains(&one.said.organisation)))
}

/// Takes an answer of theirs back.
pub fn take_back(store: &mut Store, act: &Act<'_>, own: &Own, answer: &Answer) -> anyhow::Result<()> {
    ensure!(
        may_take_back(answer, own.name(), act.at),
        "this answer cannot be taken back any more: say what is so now in a new one"
    );
    desk::take_back(store, act, answer.id).map(|_| ())
}
