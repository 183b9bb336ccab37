//! Everything that was ever sent to a member, and one of those messages.

use schakel_model::{answer::FollowUp, ids::NotificationId};
use schakel_rules::confidential::Wish;
use schakel_store::{
    Reader, answers, findings, listed,
    outbox::{self, Notification},
};
use serde::Serialize;

use super::{Head, Own, Seeing, Sight};
use crate::{
    access_log::{Looker, is_confidential},
    answers::Asked,
    events,
};

/// Messages on a page.
const A_PAGE: usize = 50;

/// Findings that are listed of a message; the rest is in the list of findings.
const FINDINGS_MAX: usize = 200;

/// The list.
#[derive(Debug, Serialize)]
pub struct AllSent {
    /// At whom one looks.
    pub head: Head,
    /// The newest first.
    pub sent: Vec<Sent>,
    /// Where the next page begins; 0: there is none.
    pub next: u32,
}

/// A message.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// Its number.
    pub number: u32,
    /// When it was made, in seconds since 1970.
    pub at: i64,
    /// A word.
    pub kind: &'static str,
    /// Its subject; empty: it is for the trusted contact.
    pub subject: String,
    /// How many findings it tells.
    pub findings: u64,
    /// Is it for the trusted contact only?
    pub confidential: bool,
}

/// The newest before this number, and where the next page begins.
pub(super) fn newest(
    reader: &Reader,
    own: &Own,
    before: Option<NotificationId>,
    count: usize,
) -> anyhow::Result<(Vec<Sent>, u32)> {
    let found =
        reader.read(|connection| listed::notifications(connection, Some(&own.places), before, count))?;
    let next = found.last().filter(|_| found.len() == count).map_or(0, |last| last.id.0);
    let shown = found.into_iter().filter_map(|one| match own.sight_of_notification(one.tlp, one.wish) {
        Sight::Seen => Some(shown(one)),
        // That something was sent is theirs to know; what is in it is not, how many findings neither.
        Sight::Confidential => {
            Some(Sent { subject: String::new(), findings: 0, confidential: true, ..shown(one) })
        }
        Sight::Hidden => None,
    });
    Ok((shown.collect(), next))
}

fn shown(one: Notification) -> Sent {
    Sent {
        number: one.id.0,
        at: one.created_at,
        kind: one.kind.as_str(),
        subject: one.subject,
        findings: one.findings,
        confidential: false,
    }
}

/// A page of the list; `before`: as it stands in the address.
pub fn all(reader: &Reader, own: &Own, before: &str) -> anyhow::Result<AllSent> {
    let before = before.parse().ok().map(NotificationId);
    let (sent, next) = newest(reader, own, before, A_PAGE)?;
    Ok(AllSent { head: own.head.clone(), sent, next })
}

/// One message.
#[derive(Debug, Serialize)]
pub struct Message {
    /// At whom one looks.
    pub head: Head,
    /// The same as in the list.
    pub sent: Sent,
    /// Its marking.
    pub tlp: &'static str,
    /// To whom it went: a role, and a word for how far it came, since when.
    pub to: Vec<(String, &'static str, Option<i64>)>,
    /// What it tells of theirs: number, target, a word for its state, is it closed?
    pub findings: Vec<Told>,
    /// What was answered: when, a word, a word for whether it counts.
    pub answers: Vec<(i64, &'static str, &'static str)>,
}

/// A finding that a message tells.
#[derive(Debug, Serialize)]
pub struct Told {
    /// `F12`.
    pub id: String,
    /// What it is about.
    pub target: String,
    /// A word.
    pub state: &'static str,
    /// Is it closed?
    pub closed: bool,
}

/// One message; `None`: it is not theirs to see.
pub fn one(reader: &Reader, own: &Own, number: &str, now: i64) -> anyhow::Result<Option<Message>> {
    let Ok(id) = number.parse().map(NotificationId) else { return Ok(None) };
    let Some(stored) = reader.read(|connection| outbox::notification(connection, id))? else {
        return Ok(None);
    };
    let is_theirs = own.places.contains(&stored.organisation)
        && own.sight_of_notification(stored.tlp, stored.wish) == Sight::Seen;
    if !is_theirs {
        return Ok(None);
    }
    if is_confidential(stored.tlp) || stored.wish == Wish::Confidential {
        let actor = own.actor();
        Looker { reader, actor: &actor, now }.confidential("own messages", &[format!("N{id}")])?;
    }
    let messages = reader.read(|connection| outbox::of_notification(connection, id))?;
    let answered = reader.read(|connection| answers::of_notification(connection, stored.lead))?;
    Ok(Some(Message {
        head: own.head.clone(),
        tlp: stored.tlp.as_str(),
        to: messages.into_iter().map(|one| (one.role, one.state.as_str(), one.finished_at)).collect(),
        findings: findings_of(reader, own, &stored, now)?,
        answers: answered
            .iter()
            .filter(|one| own.places.contains(&one.said.organisation))
            .map(|one| (one.at, one.said.kind.as_str(), one.said.standing.as_str()))
            .collect(),
        sent: shown(stored),
    }))
}

fn findings_of(reader: &Reader, own: &Own, of: &Notification, now: i64) -> anyhow::Result<Vec<Told>> {
    let asked = Asked::find(reader, u64::from(of.id.0), of.epoch, now)?;
    let mut seeing = Seeing::new(reader, own);
    let mut found = Vec::new();
    let told = asked.map(|asked| asked.follow_ups).unwrap_or_default();
    for told in told.into_iter().filter(|one| own.places.contains(&one.organisation)).take(FINDINGS_MAX) {
        let Some(stored) = reader.read(|connection| findings::get(connection, told.finding))? else {
            continue;
        };
        if seeing.sight(&told, stored.first.event)? == Sight::Seen {
            found.push(shown_finding(told, stored));
        }
    }
    Ok(found)
}

fn shown_finding(told: FollowUp, stored: findings::Finding) -> Told {
    Told {
        id: format!("F{}", stored.id),
        target: events::target_of(stored.first),
        state: told.state.as_str(),
        closed: told.closed_at.is_some(),
    }
}
