//! What a program answers: a member's own, or the desk's in somebody's name; and what somebody of a member answers who is signed in. Of many findings
//! at once: all of it is recorded, or nothing.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use schakel_model::{
    answer::AnswerWay,
    ids::{AnswerId, FindingId, NotificationId, OrganisationId},
    register::ContactRole,
};
use schakel_rules::answer::{OfCopy, Proof, Why};
use schakel_store::{
    Store,
    act::Act,
    answers::{self, Answer},
    follow_ups, outbox,
};

use super::{Asked, Said, Voice, desk, portal::is_fresh, weigh};

/// Who answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// A member's client, by its code, for these organisations: its own and those whose place it has taken.
    Member {
        /// The client.
        client: String,
        /// The places.
        places: Vec<OrganisationId>,
    },
    /// Somebody of a member who is signed in, for these organisations: theirs, or one that theirs serves.
    Person {
        /// The name they sign in with.
        account: String,
        /// The places.
        places: Vec<OrganisationId>,
        /// What they are at their organisation.
        roles: Vec<ContactRole>,
        /// Do they answer for another organisation than theirs?
        of_copy: OfCopy,
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
    Refused(Why),
}

/// What the reader of a page can set right on the spot.
pub(super) const FOR_THE_READER: [Why; 4] = [Why::NoReason, Why::NoDecider, Why::NoEnd, Why::End];

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
        Who::Person { account, places, roles, .. } => (
            places.as_slice(),
            Voice { roles: roles.clone(), ..voice(AnswerWay::Portal, account, Proof::Contact) },
        ),
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
        let mut asked = Asked::find(&reader, u64::from(lead.0), stored.epoch, act.at)?.with_context(gone)?;
        findings.sort_unstable();
        findings.dedup();
        let mut voice = voice.clone();
        if let Who::Person { account, of_copy, .. } = who {
            // Somebody who stands in the register is there what they are there.
            voice.roles.extend(asked.roles(account, act.at));
            if *of_copy == OfCopy::Yes {
                asked.of_copy = OfCopy::Yes;
            }
        }
        match weigh(&reader, &asked, &voice, Said { findings, ..said.clone() }, act.at)? {
            Ok(weighed) => {
                let is_person = matches!(who, Who::Person { .. });
                let missing = FOR_THE_READER.into_iter().find(|why| weighed.why == why.to_string());
                if let Some(why) = missing.filter(|_| is_person) {
                    return Ok(Err(NotTaken::Refused(why)));
                }
                new.push(weighed);
            }
            Err(why) => return Ok(Err(NotTaken::Refused(why))),
        }
    }
    let ids: Vec<AnswerId> = store.record_answers(act, &new)?;
    let recorded = ids.into_iter().map(|id| store.read(|connection| answers::get(connection, id)));
    let recorded: Vec<Option<Answer>> = recorded.collect::<Result<_, _>>()?;
    Ok(Ok(recorded.into_iter().flatten().collect()))
}

/// Takes back what this client of a member said a short while ago, for these organisations. `None`: there is no such answer, or it is another's.
pub fn take_back(
    store: &mut Store,
    act: &Act<'_>,
    (client, places): (&str, &[OrganisationId]),
    id: AnswerId,
) -> anyhow::Result<Option<Answer>> {
    let found = store.read(|connection| answers::get(connection, id))?;
    let Some(answer) = found.filter(|one| places.contains(&one.said.organisation)) else { return Ok(None) };
    ensure!(
        is_fresh(&answer, AnswerWay::Api, client, act.at),
        "this answer cannot be taken back any more, or not by this client: say what is so now in a new one"
    );
    desk::take_back(store, act, id).map(Some)
}

fn voice(way: AnswerWay, sender: &str, proof: Proof) -> Voice {
    Voice { way, sender: sender.trim().to_owned(), proof, roles: Vec::new(), receipt: None }
}
