//! Doing what is due.

use std::collections::HashSet;

use schakel_model::{
    answer::NotificationKind,
    call::CallReason,
    ids::{FindingId, NotificationId, OrganisationId},
    register::Contact,
};
use schakel_render::notice::Reference;
use schakel_rules::{
    ladder::Turn,
    recipients::{ROLES, Recipients, recipients_of},
    tlp_gate::Circle,
};
use schakel_store::{
    Store,
    calls::NewCall,
    follow_ups::Tells,
    ladders::{Ladder, Turns},
    outbox::{self, NewNotification, Notification},
};
use serde::Serialize;

use super::{
    AgainFinding, Looked, Step,
    escalate::{partners, second_contact},
};
use crate::{
    handover::links::Links,
    tell::{Closed, Composer, Freezer, Retold, WhyAgain, handing_over::Again},
};

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Done {
    /// Findings that were told again.
    pub told_again: u64,
    /// Notifications by which they were.
    pub reminders: u64,
    /// Notifications to whoever was turned to.
    pub escalated: u64,
    /// Organisations put on the calling list.
    pub called: u64,
    /// Findings that were closed.
    pub closed: u64,
}

/// Does what is due, in one transaction.
pub fn carry_out(composer: &Composer<'_>, store: &mut Store, looked: &Looked) -> anyhow::Result<Done> {
    if looked.is_empty() {
        return Ok(Done::default());
    }
    let mut desk = Desk {
        composer,
        freezer: composer.freezer()?,
        links: Links::known(composer.reader, composer.config)?,
        next: store.read(outbox::next_notification)?,
        epoch: store.read(outbox::epoch)?,
        closed: Closed::known(composer.reader)?,
        turns: Turns {
            states: looked.closed.clone(),
            ladders: looked.ended.clone(),
            called_off: looked.called_off.clone(),
            ..Turns::default()
        },
        told_again: HashSet::new(),
        done: Done { closed: looked.closed.len() as u64, ..Done::default() },
    };
    desk.tell_again(looked)?;
    desk.take_steps(looked)?;
    let Desk { turns, done, .. } = desk;
    store.take_turns(composer.now.as_second(), turns)?;
    Ok(done)
}

struct Desk<'a> {
    composer: &'a Composer<'a>,
    freezer: Freezer,
    links: Links,
    next: NotificationId,
    epoch: u32,
    /// Where nothing goes.
    closed: Closed,
    turns: Turns,
    told_again: HashSet<(OrganisationId, FindingId)>,
    done: Done,
}

/// A ladder that is climbed now.
struct Climber {
    step: Step,
    /// How many of its turns were tried.
    tried: usize,
}

impl<'a> Desk<'a> {
    /// Tells again what is due, to whoever was told; together, so that a mailbox that several share gets one mail.
    fn tell_again(&mut self, looked: &Looked) -> anyhow::Result<()> {
        let mut retolds = Vec::new();
        let mut about = Vec::new();
        for ((organisation, told_by), findings) in &looked.again {
            let Some(told) = self.notification(*told_by)? else { continue };
            if told.kind == NotificationKind::Handover {
                self.hand_over_again(&told, findings, looked)?;
                continue;
            }
            retolds.push(self.reminder(*organisation, &told, findings, looked));
            about.push((told.language, findings));
        }
        let made = self.composer.retold(&retolds, (&self.freezer, self.epoch), &mut self.next)?;
        for ((mut made, retold), (language, findings)) in made.into_iter().zip(&retolds).zip(about) {
            if made.is_empty() {
                // Mail reaches nobody who may have it: the desk tells it.
                let (composer, epoch) = (self.composer, self.epoch);
                let called = composer.retold_by_telephone(retold, language, epoch, &mut self.next)?;
                if let Some(called) = &called {
                    let now = composer.now.as_second();
                    let why = self.closed.why(composer.view.contacts(retold.reader, now));
                    self.call(retold.reader, called.notification.id, why);
                }
                made.extend(called);
            }
            let Some(lead) = made.first_mut() else { continue };
            self.told_again.extend(findings.iter().map(|one| (retold.reader, one.follow_up.finding)));
            lead.tells = findings.iter().map(tells).collect();
            self.done.told_again += lead.tells.len() as u64;
            self.done.reminders += made.len() as u64;
            self.turns.notices.extend(made);
        }
        Ok(())
    }

    fn reminder<'l>(
        &self,
        organisation: OrganisationId,
        told: &Notification,
        findings: &[AgainFinding],
        looked: &'l Looked,
    ) -> Retold<'l>
    where
        'a: 'l,
    {
        let now = self.composer.now.as_second();
        let contacts = self.composer.view.contacts(organisation, now).filter(|one| self.closed.is_open(one));
        let recipients = recipients_of(Circle::Concerned, &ROLES, contacts, told.tlp);
        let why = |one: &AgainFinding| (one.follow_up.finding, one.why, one.follow_up.first_told_at);
        let first = |one: &AgainFinding| (one.follow_up.finding, one.follow_up.first_told_by);
        Retold {
            reader: organisation,
            concerned: organisation,
            circle: Circle::Concerned,
            contacts: recipients.map(all).unwrap_or_default(),
            findings: findings.iter().map(first).collect(),
            since: &looked.since,
            tlp: told.tlp,
            wish: told.wish,
            why: WhyAgain::Reminder(findings.iter().map(why).collect()),
            thread: told.id,
        }
    }

    /// The hub that has them is told how they are now. When its link carries nothing any more they stay due, and `schakel doctor` says so.
    fn hand_over_again(
        &mut self,
        told: &Notification,
        findings: &[AgainFinding],
        looked: &Looked,
    ) -> anyhow::Result<()> {
        let pairs: Vec<_> =
            findings.iter().map(|one| (one.follow_up.finding, one.follow_up.first_told_by)).collect();
        let again = Again { told, findings: &pairs, since: &looked.since };
        let links = (&self.links, self.epoch);
        let Some(mut new) = self.composer.hand_over_again(links, &again, &mut self.next)? else {
            return Ok(());
        };
        new.notice.tells = findings.iter().map(tells).collect();
        self.done.told_again += new.notice.tells.len() as u64;
        self.done.reminders += 1;
        self.turns.handovers.push(new);
        Ok(())
    }

    /// Takes the steps that are due, round by round: who has nobody to turn to in one round takes the next turn in the next. So steps that turn to the
    /// same mailbox share a mail.
    fn take_steps(&mut self, looked: &Looked) -> anyhow::Result<()> {
        let now = self.composer.now.as_second();
        let mut climbing = Vec::new();
        for step in &looked.steps {
            let (ladder, mut step) = (step.ladder, step.clone());
            step.findings.retain(|(finding, _)| !self.told_again.contains(&(ladder.organisation, *finding)));
            match step.findings.is_empty() {
                // All of it was told again just now: that has a ladder of its own.
                true => self.turns.ladders.push(Ladder { ended_at: Some(now), ..ladder }),
                false => climbing.push(Climber { step, tried: 0 }),
            }
        }
        while !climbing.is_empty() {
            let mut retolds = Vec::new();
            let mut counts = Vec::new();
            for climber in &climbing {
                let before = retolds.len();
                if let Some((turn, _)) = climber.step.turns.get(climber.tried) {
                    retolds.extend(self.turned_to(&climber.step, *turn, looked)?);
                }
                counts.push(retolds.len() - before);
            }
            let made = self.composer.retold(&retolds, (&self.freezer, self.epoch), &mut self.next)?;
            let mut made = made.into_iter();
            let mut left = Vec::new();
            for (mut climber, count) in climbing.into_iter().zip(counts) {
                let new: Vec<NewNotification> = made.by_ref().take(count).flatten().collect();
                climber.tried += 1;
                if !self.has_turned(&climber, new) {
                    left.push(climber);
                }
            }
            climbing = left;
        }
        Ok(())
    }

    /// Keeps what a turn came to; says whether the ladder is done with for now.
    fn has_turned(&mut self, climber: &Climber, new: Vec<NewNotification>) -> bool {
        let Step { ladder, turns, reason, .. } = &climber.step;
        let Some((turn, steps)) = turns.get(climber.tried - 1) else { return true };
        let is_called = *turn == Turn::CallingList;
        let turned = is_called || !new.is_empty();
        if !turned && climber.tried < turns.len() {
            return false;
        }
        if is_called {
            self.call(ladder.organisation, ladder.notification, *reason);
        }
        let stepped_at = if turned { Some(self.composer.now.as_second()) } else { ladder.stepped_at };
        self.turns.ladders.push(Ladder { steps: *steps, stepped_at, ..*ladder });
        self.done.escalated += new.len() as u64;
        self.turns.notices.extend(new);
        true
    }

    /// What those hear whom a turn turns to.
    fn turned_to<'l>(&self, step: &Step, turn: Turn, looked: &'l Looked) -> anyhow::Result<Vec<Retold<'l>>>
    where
        'a: 'l,
    {
        let Some(told) = self.notification(step.ladder.notification)? else { return Ok(Vec::new()) };
        let (view, now) = (self.composer.view, self.composer.now.as_second());
        let organisation = step.ladder.organisation;
        let to =
            |(reader, circle), contacts| self.escalation(step, looked, &told, (reader, circle), contacts);
        Ok(match turn {
            Turn::CallingList => Vec::new(),
            Turn::SecondContact => {
                let not_to = self.not_to(&told)?;
                let contact = second_contact(view, organisation, told.tlp, &not_to, now);
                contact.map(|one| to((organisation, Circle::Concerned), vec![one])).into_iter().collect()
            }
            Turn::Partner => partners(view, organisation, told.tlp, now)
                .into_iter()
                .map(|(partner, circle, mut contacts)| {
                    contacts.retain(|contact| self.closed.is_open(contact));
                    to((partner, circle), contacts)
                })
                .collect(),
        })
    }

    /// Who was written to already, or must not be, in small letters.
    fn not_to(&self, told: &Notification) -> anyhow::Result<HashSet<String>> {
        let written_to =
            self.composer.reader.read(|connection| outbox::recipients_of_thread(connection, told.id))?;
        let mut not_to: HashSet<String> =
            written_to.iter().map(|address| address.trim().to_lowercase()).collect();
        not_to.extend(self.closed.addresses().cloned());
        Ok(not_to)
    }

    fn escalation<'l>(
        &self,
        step: &Step,
        looked: &'l Looked,
        told: &Notification,
        (reader, circle): (OrganisationId, Circle),
        contacts: Vec<&'l Contact>,
    ) -> Retold<'l>
    where
        'a: 'l,
    {
        let name = crate::explain::organisation_name(&self.composer.view.register, told.organisation).1;
        Retold {
            reader,
            concerned: told.organisation,
            circle,
            contacts,
            findings: step.findings.clone(),
            since: &looked.since,
            tlp: told.tlp,
            wish: told.wish,
            why: WhyAgain::Escalation {
                of: Reference { number: u64::from(told.id.0), epoch: told.epoch },
                told_at: told.created_at,
                to: (reader != told.organisation).then_some(name),
            },
            thread: told.id,
        }
    }

    fn call(&mut self, organisation: OrganisationId, notification: NotificationId, why: CallReason) {
        self.done.called += 1;
        self.turns.calls.push(NewCall { organisation, notification, why });
    }

    fn notification(&self, id: NotificationId) -> anyhow::Result<Option<Notification>> {
        Ok(self.composer.reader.read(|connection| outbox::notification(connection, id))?)
    }
}

fn all<'c>(recipients: Recipients<'c>) -> Vec<&'c Contact> {
    recipients.by_language.into_iter().flat_map(|group| group.contacts).collect()
}

fn tells(one: &AgainFinding) -> Tells {
    let finding: FindingId = one.follow_up.finding;
    Tells {
        finding,
        severity: one.severity,
        compromised: one.follow_up.compromised,
        deadline: one.follow_up.deadline,
        same_case: one.same_case,
        // What is new is kept with what was known when it is told.
        cves: Vec::new(),
    }
}
