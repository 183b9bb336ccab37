//! Answers: what recipients say about what they were told, however it comes, and what becomes of that.
//!
//! - [`tokens`]: what only the reader of a mail has,
//! - [`mail`]: a reply; [`page`]: the link; [`portal`]: somebody who is signed in; [`desk`]: what the desk enters, and decides,
//! - [`carry_out`]: "not ours" becomes a change of the register and a correction.

use anyhow::Context;
use jiff::{Timestamp, civil::Date};
use schakel_model::{
    answer::{AnswerKind, AnswerWay, FollowUp, RecipientState, Standing},
    arrival::Receipt,
    asset::Proof as AssetProof,
    ids::{AnswerId, FindingId},
    register::ContactRole,
    severity::Severity,
    tlp::Tlp,
};
use schakel_rules::answer::{Decision, Facts, Heard, Ownership, Proof, Why, contradict, decide, state_after};
use schakel_store::{
    Reader,
    answers::{self, Answer, NewAnswer},
    follow_ups::StateChange,
};

use crate::calendar::amsterdam;

pub mod api;
mod asked;
pub mod carry_out;
pub mod desk;
pub mod mail;
mod owned;
pub mod page;
pub mod portal;
pub mod tokens;

pub use self::asked::Asked;

/// Bytes of what somebody wrote that are kept with the answer. The whole mail is kept as it came.
const TEXT_CHARS_MAX: usize = 4_000;

/// Findings that one answer can take away by itself.
const DISOWNED_MAX: usize = 100;

/// What somebody says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// What.
    pub kind: AnswerKind,
    /// Of which findings, sorted; empty: of all.
    pub findings: Vec<FindingId>,
    /// Until when, in seconds since 1970.
    pub until: Option<i64>,
    /// To whom it was passed on.
    pub supplier: String,
    /// Who accepted a risk.
    pub decided_by: String,
    /// Why.
    pub reason: String,
    /// Their words.
    pub text: String,
}

/// Who says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voice {
    /// By which way.
    pub way: AnswerWay,
    /// Their address, or how the desk calls them.
    pub sender: String,
    /// What shows who it is.
    pub proof: Proof,
    /// Their roles at the organisation.
    pub roles: Vec<ContactRole>,
    /// The mail.
    pub receipt: Option<Receipt>,
}

/// Weighs what somebody says about a notification: an answer ready to be recorded. `Err`: it cannot be taken as it is.
pub fn weigh(
    reader: &Reader,
    asked: &Asked,
    voice: &Voice,
    said: Said,
    now: i64,
) -> anyhow::Result<Result<NewAnswer, Why>> {
    let open: Vec<&FollowUp> = asked.open(&said.findings).collect();
    let severity = open.iter().map(|one| one.severity).max().unwrap_or(Severity::High);
    let facts = Facts {
        kind: said.kind,
        proof: voice.proof,
        roles: &voice.roles,
        of_copy: asked.of_copy,
        severity,
        tlp: asked.notification.tlp,
        ownership: ownership(reader, asked, (&said, voice.proof), severity, &open)?,
        until: said.until,
        decided_by: &said.decided_by,
        reason: &said.reason,
        now,
    };
    let decision = match decide(&facts) {
        Decision::Refuse(why) => return Ok(Err(why)),
        decision => about_these(asked, voice, &said, &open, decision),
    };
    let earlier = reader.read(|connection| answers::of_notification(connection, asked.lead))?;
    let contradicts = match decision {
        Decision::Take { .. } => contradicted(&earlier, voice, &said, now),
        Decision::Propose { .. } | Decision::Refuse(_) => None,
    };
    let (standing, until, why) = match decision {
        Decision::Take { until } => (Standing::Taken, until, String::new()),
        Decision::Propose { why, .. } | Decision::Refuse(why) => {
            (Standing::Proposed, said.until, why.to_string())
        }
    };
    Ok(Ok(NewAnswer {
        organisation: asked.organisation,
        notification: asked.lead,
        kind: said.kind,
        states: states(&open, said.kind, decision, now),
        findings: said.findings,
        until,
        decided_by: said.decided_by,
        supplier: said.supplier,
        reason: said.reason,
        text: said.text.chars().take(TEXT_CHARS_MAX).collect(),
        way: voice.way,
        sender: voice.sender.clone(),
        receipt: voice.receipt,
        standing,
        why: match contradicts {
            Some(other) => format!("answer A{other} says something else"),
            None => why,
        },
        contradicts,
    }))
}

/// What is said about other findings than the notification tells is nothing that a program acts on; of closed ones it is kept.
fn about_these(
    asked: &Asked,
    voice: &Voice,
    said: &Said,
    open: &[&FollowUp],
    decision: Decision,
) -> Decision {
    let Decision::Take { .. } = decision else { return decision };
    let is_told = |finding: &FindingId| asked.follow_ups.iter().any(|one| one.finding == *finding);
    if !said.findings.iter().all(is_told) {
        return Decision::Propose { why: Why::NotTold, heard: Heard::No };
    }
    let says_what_is_done = matches!(
        said.kind,
        AnswerKind::Received | AnswerKind::InProgress | AnswerKind::PassedOn | AnswerKind::Fixed
    );
    if open.is_empty() && !says_what_is_done && voice.proof != Proof::Desk {
        return Decision::Propose { why: Why::Closed, heard: Heard::No };
    }
    decision
}

/// Only "not ours" asks for it, and only where nothing else sends it to the desk already.
fn ownership(
    reader: &Reader,
    asked: &Asked,
    (said, proof): (&Said, Proof),
    severity: Severity,
    open: &[&FollowUp],
) -> anyhow::Result<Ownership> {
    let by_itself = match proof {
        Proof::Hub => asked.notification.tlp < Tlp::AmberStrict,
        _ => asked.notification.tlp < Tlp::Amber && severity < Severity::High,
    };
    let asks = said.kind == AnswerKind::NotOurs && by_itself && !open.is_empty();
    if !asks {
        return Ok(Ownership::Asserted);
    }
    // Reading so many rows again takes minutes: the desk decides when.
    if open.len() > DISOWNED_MAX {
        return Ok(Ownership::Proven);
    }
    for one in open {
        let assets = owned::winners(reader, one.finding, &asked.circle)?;
        let asserted = !assets.is_empty() && assets.iter().all(|won| won.asset.proof == AssetProof::Asserted);
        if !asserted {
            return Ok(Ownership::Proven);
        }
    }
    Ok(Ownership::Asserted)
}

/// The newest answer of somebody else that cannot be true as well. Whoever uses the page may be anybody who reads the mail.
fn contradicted(earlier: &[Answer], voice: &Voice, said: &Said, now: i64) -> Option<AnswerId> {
    let overlap = |other: &NewAnswer| {
        said.findings.is_empty()
            || other.findings.is_empty()
            || said.findings.iter().any(|finding| other.findings.contains(finding))
    };
    let same_voice = |other: &NewAnswer| {
        voice.way == other.way
            && voice.way != AnswerWay::Page
            && voice.sender.eq_ignore_ascii_case(&other.sender)
    };
    earlier
        .iter()
        .rev()
        .find(|other| {
            other.said.standing == Standing::Taken
                && !same_voice(&other.said)
                && overlap(&other.said)
                && voice.way != AnswerWay::Desk
                && contradict(other.said.kind, said.kind, now - other.at)
        })
        .map(|other| other.id)
}

fn states(open: &[&FollowUp], kind: AnswerKind, decision: Decision, now: i64) -> Vec<StateChange> {
    let change = |one: &FollowUp, state, until| StateChange {
        organisation: one.organisation,
        finding: one.finding,
        state,
        at: now,
        until,
        answer: None,
        closed_at: None,
    };
    match decision {
        Decision::Take { until } => {
            open.iter().filter_map(|one| Some(change(one, state_after(one.state, kind)?, until))).collect()
        }
        // Somebody of theirs has reacted, and the desk is to answer.
        Decision::Propose { heard: Heard::Yes, .. } => open
            .iter()
            .filter(|one| matches!(one.state, RecipientState::Told | RecipientState::Received))
            .map(|one| change(one, RecipientState::Question, None))
            .collect(),
        Decision::Propose { heard: Heard::No, .. } | Decision::Refuse(_) => Vec::new(),
    }
}

/// The end of a day in the Netherlands, in seconds since 1970.
pub fn end_of_day(day: Date) -> anyhow::Result<i64> {
    let next = day.tomorrow().context("a day too far ahead")?;
    Ok(next.to_zoned(amsterdam())?.timestamp().as_second())
}

/// The day in the Netherlands.
fn day(at: i64) -> anyhow::Result<Date> {
    Ok(Timestamp::from_second(at)?.to_zoned(amsterdam()).date())
}
