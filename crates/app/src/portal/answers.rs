//! Answers that wait for the desk: what was said, why it does not count by itself, and what it is about.

use schakel_model::answer::AnswerKind;
use schakel_store::{Reader, answers, outbox, register::load_organisations_now};
use serde::Serialize;

use crate::explain::organisation_name;

/// Findings of an answer that are named.
const NAMED: usize = 12;

/// The page.
#[derive(Debug, Serialize)]
pub struct Answers {
    /// What waits, the longest first.
    pub waiting: Vec<Waiting>,
}

/// An answer that waits.
#[derive(Debug, Serialize)]
pub struct Waiting {
    /// Its number.
    pub id: u32,
    /// When it came, in seconds since 1970.
    pub at: i64,
    /// Whose.
    pub organisation: String,
    /// See [`Waiting::organisation`].
    pub organisation_name: String,
    /// What it says: a word.
    pub kind: &'static str,
    /// By which way it came: a word.
    pub way: &'static str,
    /// Who said it.
    pub sender: String,
    /// Their words.
    pub text: String,
    /// Why, in their words.
    pub reason: String,
    /// Who accepts a risk.
    pub decided_by: String,
    /// Until when, in seconds since 1970.
    pub until: Option<i64>,
    /// Why it waits.
    pub why: String,
    /// The notification it answers: number and subject.
    pub notification: u32,
    /// See [`Waiting::notification`].
    pub subject: String,
    /// The findings it is about; none named: all of the notification.
    pub findings: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// The answer that says something else: number, word, who.
    pub contradicts: Option<(u32, &'static str, String)>,
    /// Does accepting it ask who accepts a risk?
    pub asks_who_decides: bool,
}

/// What waits.
pub fn waiting(reader: &Reader) -> anyhow::Result<Answers> {
    let names = reader.read(load_organisations_now)?;
    let mut waiting = Vec::new();
    for answer in reader.read(answers::open)? {
        let said = answer.said;
        let (code, name) = organisation_name(&names, said.organisation);
        let told = reader.read(|connection| outbox::notification(connection, said.notification))?;
        let other = match said.contradicts {
            Some(other) => reader.read(|connection| answers::get(connection, other))?,
            None => None,
        };
        waiting.push(Waiting {
            id: answer.id.0,
            at: answer.at,
            organisation: code.to_owned(),
            organisation_name: name.to_owned(),
            kind: said.kind.as_str(),
            way: said.way.as_str(),
            sender: said.sender,
            text: said.text,
            reason: said.reason,
            asks_who_decides: said.kind == AnswerKind::RiskAccepted,
            decided_by: said.decided_by,
            until: said.until,
            why: said.why,
            notification: said.notification.0,
            subject: told.map(|told| told.subject).unwrap_or_default(),
            findings: said.findings.iter().take(NAMED).map(|finding| format!("F{finding}")).collect(),
            more: said.findings.len().saturating_sub(NAMED),
            contradicts: other.map(|other| (other.id.0, other.said.kind.as_str(), other.said.sender)),
        });
    }
    Ok(Answers { waiting })
}
