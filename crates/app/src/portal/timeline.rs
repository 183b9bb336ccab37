//! All that happened to a finding in one line of time: seen, told, answered, called, worked on.

use std::collections::BTreeSet;

use schakel_model::{
    answer::{AnswerKind, FollowUp, Standing},
    ids::{FindingId, NotificationId},
    register::Register,
};
use schakel_store::{
    Reader, StoreError, answers,
    answers::Answer,
    calls,
    desk_work::{self, Change},
    ladders,
    outbox::{self, MessageState},
    replies,
    users::DeskUser,
};
use serde::Serialize;

use crate::explain::organisation_name;

/// Something that happened, as a page shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Happened {
    /// When, in seconds since 1970.
    pub at: i64,
    /// What: `first_seen`, `last_seen`, `told`, `answered`, `call_due`, `called`, `stepped`, `taken_back`, `assigned`, `unassigned`, `snoozed`, `woken`, `noted`.
    pub what: &'static str,
    /// A word that says more: the kind of notification or answer, what came of a call, what became of what a hub took back (`open`: nothing yet).
    pub word: &'static str,
    /// The number of it: a notification, an answer, a step.
    pub number: Option<u32>,
    /// Whom it concerns, by code and name; empty: nobody.
    pub organisation: String,
    /// See [`Happened::organisation`].
    pub organisation_name: String,
    /// Who did it; may be empty.
    pub who: String,
    /// Their words; may be empty.
    pub text: String,
    /// Of a reply: what the desk wrote, where the text is its subject.
    pub words: String,
    /// Until when, in seconds since 1970.
    pub until: Option<i64>,
    /// To whom it went, and how far that came.
    pub messages: Vec<Sent>,
    /// Does the answer count? A word.
    pub standing: &'static str,
}

/// A message in the line.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// To whom.
    pub recipient: String,
    /// How far it came: a word.
    pub state: &'static str,
}

/// The line of a finding, the oldest first. When it was seen is for the caller to add.
pub fn of(
    reader: &Reader,
    names: &Register,
    people: &[DeskUser],
    finding: FindingId,
    told: &[FollowUp],
) -> Result<Vec<Happened>, StoreError> {
    let mut line = Vec::new();
    for follow_up in told {
        let leads: BTreeSet<NotificationId> = [follow_up.first_told_by, follow_up.told_by].into();
        let (code, name) = organisation_name(names, follow_up.organisation);
        let before = line.len();
        for lead in leads {
            of_lead(reader, names, Some(finding), lead, &mut line)?;
        }
        for one in &mut line[before..] {
            if one.organisation.is_empty() {
                (one.organisation, one.organisation_name) = (code.to_owned(), name.to_owned());
            }
        }
    }
    worked(reader, people, finding, &mut line)?;
    line.sort_by_key(|one| one.at);
    Ok(line)
}

/// What went to and fro about a notification (a lead), the oldest first.
pub fn of_conversation(
    reader: &Reader,
    names: &Register,
    lead: NotificationId,
) -> Result<Vec<Happened>, StoreError> {
    let mut line = Vec::new();
    of_lead(reader, names, None, lead, &mut line)?;
    if let Some(told) = reader.read(|connection| outbox::notification(connection, lead))? {
        let (code, name) = organisation_name(names, told.organisation);
        for one in line.iter_mut().filter(|one| one.organisation.is_empty()) {
            (one.organisation, one.organisation_name) = (code.to_owned(), name.to_owned());
        }
    }
    line.sort_by_key(|one| one.at);
    Ok(line)
}

/// `finding`: only what is about this one; none: everything.
fn of_lead(
    reader: &Reader,
    names: &Register,
    finding: Option<FindingId>,
    lead: NotificationId,
    line: &mut Vec<Happened>,
) -> Result<(), StoreError> {
    for notification in reader.read(|connection| outbox::of_thread(connection, lead))? {
        let messages = reader.read(|connection| outbox::of_notification(connection, notification.id))?;
        let (code, name) = organisation_name(names, notification.organisation);
        let reply = reader.read(|connection| replies::of_notification(connection, notification.id))?;
        let (who, words) = reply.map(|reply| (reply.actor, reply.text)).unwrap_or_default();
        line.push(Happened {
            at: notification.created_at,
            what: "told",
            word: notification.kind.as_str(),
            number: Some(notification.id.0),
            organisation: code.to_owned(),
            organisation_name: name.to_owned(),
            who,
            text: notification.subject,
            words,
            messages: messages
                .into_iter()
                .map(|one| Sent { recipient: one.recipient, state: MessageState::as_str(one.state) })
                .collect(),
            ..Happened::default()
        });
    }
    let about = |answer: &Answer| match finding {
        Some(finding) => answer.said.findings.is_empty() || answer.said.findings.contains(&finding),
        None => true,
    };
    for answer in reader.read(|connection| answers::of_notification(connection, lead))? {
        if about(&answer) {
            line.push(answered(answer));
        }
    }
    if let Some(ladder) = reader.read(|connection| ladders::of(connection, lead))?
        && let Some(at) = ladder.stepped_at
    {
        line.push(Happened { at, what: "stepped", number: Some(ladder.steps), ..Happened::default() });
    }
    for call in reader.read(|connection| calls::of_notification(connection, lead))? {
        line.push(Happened {
            at: call.added_at,
            what: "call_due",
            word: call.why.as_str(),
            ..Happened::default()
        });
        if let (Some(result), Some(at)) = (call.result, call.ended_at) {
            let (word, who, text) = (result.as_str(), call.actor, call.note);
            line.push(Happened { at, what: "called", word, who, text, ..Happened::default() });
        }
    }
    Ok(())
}

fn answered(answer: Answer) -> Happened {
    let said = answer.said;
    let mut text = said.text;
    for more in [said.reason, said.supplier, said.decided_by] {
        if !more.is_empty() && !text.contains(&more) {
            text = if text.is_empty() { more } else { format!("{text}\n{more}") };
        }
    }
    Happened {
        at: answer.at,
        what: "answered",
        word: AnswerKind::as_str(said.kind),
        number: Some(answer.id.0),
        who: said.sender,
        text,
        until: said.until,
        standing: Standing::as_str(said.standing),
        ..Happened::default()
    }
}

fn worked(
    reader: &Reader,
    people: &[DeskUser],
    finding: FindingId,
    line: &mut Vec<Happened>,
) -> Result<(), StoreError> {
    for changed in reader.read(|connection| desk_work::changes(connection, finding))? {
        let (what, text, until) = match changed.to {
            Change::Handler(None) => ("unassigned", String::new(), None),
            Change::Handler(Some(user)) => {
                let known = people.iter().find(|one| one.id == user);
                ("assigned", known.map_or_else(String::new, |one| one.display_name.clone()), None)
            }
            Change::Snooze(None) => ("woken", String::new(), None),
            Change::Snooze(until) => ("snoozed", String::new(), until),
        };
        let (at, who) = (changed.at, changed.actor);
        line.push(Happened { at, what, who, text, until, ..Happened::default() });
    }
    for note in reader.read(|connection| desk_work::notes(connection, finding))? {
        let (at, who, text) = (note.at, note.actor, note.text);
        line.push(Happened { at, what: "noted", who, text, ..Happened::default() });
    }
    Ok(())
}
