//! What a program answers: a member's own, or the desk's in somebody's name. Of many findings at once: all of it is recorded, or nothing.

use std::collections::BTreeMap;

use anyhow::Context;
use schakel_model::{
    answer::AnswerWay,
    ids::{AnswerId, FindingId, NotificationId, OrganisationId},
};
use schakel_rules::answer::Proof;
use schakel_store::{
    Store,
    act::Act,
    answers::{self, Answer},
    follow_ups, outbox,
};

use super::{Asked, Said, Voice, weigh};

/// Who answers by a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// A member's client, by its code, for these organisations: its own and those whose place it has taken.
    Member {
        /// The client.
        client: String,
        /// The places.
        places: Vec<OrganisationId>,
    },
    /// The desk, for one organisation, as somebody said.
    Desk {
        /// Who said it.
        who: String,
        /// The organisation.
        organisation: OrganisationId,
    },
}

/// Why nothing was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotTaken {
    /// Those who answer were not told of this one, the nth that they named: it is as if it were not there.
    NotTold(usize),
    /// It cannot be taken as it is.
    Refused(String),
}

/// Records an answer about findings. They may have been told by several notifications: each gets an answer of its own.
pub fn answer(
    store: &mut Store,
    act: &Act<'_>,
    who: &Who,
    findings: &[FindingId],
    said: &Said,
) -> anyhow::Result<Result<Vec<Answer>, NotTaken>> {
    let reader = store.reader()?;
    let (places, voice) = match who {
        Who::Member { client, places } => (places.as_slice(), voice(AnswerWay::Api, client, Proof::Link)),
        Who::Desk { who, organisation } => {
            (std::slice::from_ref(organisation), voice(AnswerWay::Desk, who, Proof::Desk))
        }
    };
    let mut by_notification: BTreeMap<NotificationId, Vec<FindingId>> = BTreeMap::new();
    for (nth, finding) in findings.iter().enumerate() {
        let told = reader.read(|connection| follow_ups::of_finding(connection, *finding))?;
        let mut theirs = told.iter().filter(|one| places.contains(&one.organisation)).peekable();
        if theirs.peek().is_none() {
            return Ok(Err(NotTaken::NotTold(nth)));
        }
        theirs.for_each(|one| by_notification.entry(one.told_by).or_default().push(*finding));
    }
    let mut new = Vec::with_capacity(by_notification.len());
    for (lead, mut findings) in by_notification {
        let gone = || format!("the notification N{lead} is gone");
        let stored = reader.read(|connection| outbox::notification(connection, lead))?.with_context(gone)?;
        let asked = Asked::find(&reader, u64::from(lead.0), stored.epoch, act.at)?.with_context(gone)?;
        findings.sort_unstable();
        findings.dedup();
        match weigh(&reader, &asked, &voice, Said { findings, ..said.clone() }, act.at)? {
            Ok(weighed) => new.push(weighed),
            Err(why) => return Ok(Err(NotTaken::Refused(why.to_string()))),
        }
    }
    let ids: Vec<AnswerId> = store.record_answers(act, &new)?;
    let recorded = ids.into_iter().map(|id| store.read(|connection| answers::get(connection, id)));
    let recorded: Vec<Option<Answer>> = recorded.collect::<Result<_, _>>()?;
    Ok(Ok(recorded.into_iter().flatten().collect()))
}

fn voice(way: AnswerWay, sender: &str, proof: Proof) -> Voice {
    Voice { way, sender: sender.trim().to_owned(), proof, roles: Vec::new(), receipt: None }
}
