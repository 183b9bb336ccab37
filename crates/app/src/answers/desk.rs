//! What the desk enters for whoever called, and decides about what others said.

use crate::refused::Refused;
use anyhow::{Context, bail, ensure};
use schakel_model::{
    answer::{AnswerKind, AnswerWay, RecipientState, Standing},
    ids::{AnswerId, FindingId, NotificationId, OrganisationId},
};
use schakel_rules::answer::{
    Decision, FALSE_POSITIVE_SECONDS, Facts, OfCopy, Ownership, Proof, decide, state_after,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    answers::{self, Answer},
    follow_ups::{self, StateChange},
    outbox,
};

use super::{Asked, Said, Voice, weigh};

/// About what the desk enters an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// All that a notification tells.
    Notification(NotificationId),
    /// One finding at an organisation.
    Finding(FindingId, OrganisationId),
}

/// Enters an answer for somebody who called or wrote elsewhere.
pub fn enter(
    store: &mut Store,
    act: &Act<'_>,
    about: About,
    who: &str,
    said: Said,
) -> anyhow::Result<AnswerId> {
    ensure!(!who.trim().is_empty(), "say who answered with --who");
    let reader = store.reader()?;
    let (lead, said) = match about {
        About::Notification(id) => (id, said),
        About::Finding(finding, organisation) => {
            let told = store.read(|connection| follow_ups::get(connection, organisation, finding))?;
            let told = told.with_context(|| format!("that organisation was never told of F{finding}"))?;
            (told.told_by, Said { findings: vec![finding], ..said })
        }
    };
    let stored = store.read(|connection| outbox::notification(connection, lead))?;
    let notification = stored.ok_or_else(|| Refused::NoNotification { number: lead.to_string() })?;
    let asked = Asked::find(&reader, u64::from(lead.0), notification.epoch, act.at)?
        .ok_or_else(|| Refused::NoNotification { number: lead.to_string() })?;
    ensure!(!asked.follow_ups.is_empty(), Refused::NothingToAnswer { number: lead.to_string() });
    let voice = Voice {
        way: AnswerWay::Desk,
        sender: who.trim().to_owned(),
        proof: Proof::Desk,
        roles: Vec::new(),
        receipt: None,
    };
    match weigh(&reader, &asked, &voice, said, act.at)? {
        Ok(new) => {
            let ids = store.record_answers(act, &[new])?;
            ids.first().copied().context("one was recorded")
        }
        Err(why) => bail!("it cannot be taken: {why}"),
    }
}

/// An answer that the desk may still decide about.
pub fn open(reader: &Reader, id: AnswerId) -> anyhow::Result<Answer> {
    let answer = reader.read(|connection| answers::get(connection, id))?;
    let answer = answer.ok_or_else(|| Refused::NoAnswer { answer: id.to_string() })?;
    ensure!(answer.is_open(), Refused::AnswerDecided { answer: id.to_string() });
    Ok(answer)
}

/// The desk accepts an answer, as what it says or as something else. Of a question it says that it was dealt with.
pub fn accept(
    store: &mut Store,
    act: &Act<'_>,
    id: AnswerId,
    until: Option<i64>,
    decided_by: Option<&str>,
) -> anyhow::Result<Answer> {
    let reader = store.reader()?;
    let answer = open(&reader, id)?;
    let said = &answer.said;
    if said.standing == Standing::Taken {
        // Of two that contradict each other this one holds, as it does already; and what is not theirs may go on to others.
        store.decide_answer(act, id, Standing::Taken, None, &[])?;
        return Ok(answer);
    }
    let asked = asked(store, &reader, &answer, act.at)?;
    let reason = if act.reason.is_empty() { &said.reason } else { act.reason };
    let facts = Facts {
        kind: said.kind,
        proof: Proof::Desk,
        roles: &[],
        of_copy: OfCopy::No,
        severity: schakel_model::severity::Severity::Low,
        tlp: asked.notification.tlp,
        ownership: Ownership::Asserted,
        until: until.or(said.until.filter(|until| *until > act.at)),
        decided_by: decided_by.unwrap_or(&said.decided_by),
        reason,
        now: act.at,
    };
    let until = match decide(&facts) {
        Decision::Take { until } => until,
        Decision::Propose { why, .. } | Decision::Refuse(why) => {
            bail!("it cannot be accepted as it is: {why}. See `schakel answer accept --help`")
        }
    };
    let states: Vec<StateChange> = asked
        .open(&said.findings)
        .filter_map(|one| {
            let state = match said.kind {
                AnswerKind::Question => {
                    (one.state == RecipientState::Question).then_some(RecipientState::Received)
                }
                kind => state_after(one.state, kind),
            }?;
            Some(StateChange {
                organisation: one.organisation,
                finding: one.finding,
                state,
                at: act.at,
                until,
                answer: Some(id),
                closed_at: None,
            })
        })
        .collect();
    store.decide_answer(act, id, Standing::Taken, until, &states)?;
    Ok(answer)
}

/// The desk refuses an answer. What it changed already is taken back: by the answer that it contradicts, or to "told", so that the ladder goes on.
pub fn refuse(store: &mut Store, act: &Act<'_>, id: AnswerId) -> anyhow::Result<Answer> {
    ensure!(!act.reason.trim().is_empty(), Refused::NoReason {});
    let reader = store.reader()?;
    let answer = open(&reader, id)?;
    ensure!(answer.done_at.is_none(), Refused::AnswerDone { answer: id.to_string() });
    let asked = asked(store, &reader, &answer, act.at)?;
    let earlier = match answer.said.contradicts {
        Some(other) => store.read(|connection| answers::get(connection, other))?,
        None => None,
    };
    let (state, until) = match &earlier {
        Some(earlier) => (earlier.said.kind.into(), earlier.said.until),
        None => (RecipientState::Told, None),
    };
    let is_its_doing = |one: &&schakel_model::answer::FollowUp| match answer.said.standing {
        Standing::Taken => one.answer == Some(id),
        _ => one.state == RecipientState::Question,
    };
    let states: Vec<StateChange> = asked
        .open(&answer.said.findings)
        .filter(is_its_doing)
        .map(|one| StateChange {
            organisation: one.organisation,
            finding: one.finding,
            state,
            at: act.at,
            until,
            answer: earlier.as_ref().map(|earlier| earlier.id),
            closed_at: None,
        })
        .collect();
    store.decide_answer(act, id, Standing::Refused, None, &states)?;
    Ok(answer)
}

/// Takes back an answer that was recorded by mistake: what it changed is again as it was said before it, or told. What was said later stays.
pub fn take_back(store: &mut Store, act: &Act<'_>, id: AnswerId) -> anyhow::Result<Answer> {
    let reader = store.reader()?;
    let answer = store.read(|connection| answers::get(connection, id))?;
    let answer = answer.ok_or_else(|| Refused::NoAnswer { answer: id.to_string() })?;
    ensure!(answer.said.standing != Standing::Refused, Refused::AnswerTakenBack { answer: id.to_string() });
    ensure!(answer.done_at.is_none(), Refused::AnswerDone { answer: id.to_string() });
    let asked = asked(store, &reader, &answer, act.at)?;
    let mut earlier =
        store.read(|connection| answers::of_notification(connection, answer.said.notification))?;
    earlier.retain(|one| one.id < id && one.said.standing == Standing::Taken);
    let states: Vec<StateChange> = asked
        .open(&answer.said.findings)
        .filter(|one| one.answer == Some(id))
        .map(|one| {
            let covers =
                |said: &Answer| said.said.findings.is_empty() || said.said.findings.contains(&one.finding);
            let before = earlier.iter().rev().find(|said| covers(said));
            StateChange {
                organisation: one.organisation,
                finding: one.finding,
                state: before.map_or(RecipientState::Told, |before| before.said.kind.into()),
                at: act.at,
                until: before.and_then(|before| before.said.until),
                answer: before.map(|before| before.id),
                closed_at: None,
            }
        })
        .collect();
    store.decide_answer(act, id, Standing::Refused, None, &states)?;
    Ok(answer)
}

fn asked(store: &Store, reader: &Reader, answer: &Answer, now: i64) -> anyhow::Result<Asked> {
    let lead = answer.said.notification;
    let stored = store.read(|connection| outbox::notification(connection, lead))?;
    let notification = stored.with_context(|| format!("the notification N{lead} is gone"))?;
    Asked::find(reader, u64::from(lead.0), notification.epoch, now)?
        .with_context(|| format!("the notification N{lead} is gone"))
}

/// A false positive is believed for this long when nobody says until when, in days.
pub const FALSE_POSITIVE_DAYS: i64 = FALSE_POSITIVE_SECONDS / 86_400;
