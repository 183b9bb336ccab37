//! Doing what is due.

use std::collections::{BTreeMap, HashSet};

use schakel_model::{
    answer::NotificationKind,
    call::CallReason,
    ids::{FindingId, NotificationId, OrganisationId},
    register::Contact,
};
use schakel_render::notice::{Occasion, Reference};
use schakel_rules::{
    follow_up::Why,
    ladder::Turn,
    recipients::{ROLES, recipients_of},
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
    timestamp,
};
use crate::{
    handover::links::Links,
    tell::{Closed, Composer, Freezer, Retold, handing_over::Again},
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
    for ((organisation, told_by), findings) in &looked.again {
        desk.tell_again(*organisation, *told_by, findings, looked)?;
    }
    for step in &looked.steps {
        desk.step(step, looked)?;
    }
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

impl Desk<'_> {
    fn tell_again(
        &mut self,
        organisation: OrganisationId,
        told_by: NotificationId,
        findings: &[AgainFinding],
        looked: &Looked,
    ) -> anyhow::Result<()> {
        let Some(told) = self.notification(told_by)? else { return Ok(()) };
        if told.kind == NotificationKind::Handover {
            return self.hand_over_again(&told, findings, looked);
        }
        let now = self.composer.now.as_second();
        let contacts = self.composer.view.contacts(organisation, now).filter(|one| self.closed.is_open(one));
        let contacts: Vec<&Contact> = match recipients_of(Circle::Concerned, &ROLES, contacts, told.tlp) {
            Ok(recipients) => recipients.by_language.into_iter().flat_map(|group| group.contacts).collect(),
            Err(_) => Vec::new(),
        };
        let mut because: BTreeMap<Why, u64> = BTreeMap::new();
        findings.iter().for_each(|one| *because.entry(one.why).or_default() += 1);
        let first = findings.iter().map(|one| one.follow_up.first_told_at).min().unwrap_or(now);
        let pairs: Vec<_> =
            findings.iter().map(|one| (one.follow_up.finding, one.follow_up.first_told_by)).collect();
        let retold = Retold {
            reader: organisation,
            concerned: organisation,
            circle: Circle::Concerned,
            contacts: &contacts,
            findings: &pairs,
            since: &looked.since,
            tlp: told.tlp,
            wish: told.wish,
            occasion: Occasion::Reminder {
                because: because.into_iter().map(|(why, count)| (why.as_str(), count)).collect(),
                first_told_at: timestamp(first),
            },
            kind: NotificationKind::Reminder,
            thread: told_by,
        };
        let mut made = self.composer.retold(&retold, (&self.freezer, self.epoch), &mut self.next)?;
        if made.is_empty() {
            // Mail reaches nobody who may have it: the desk tells it.
            made.extend(self.composer.retold_by_telephone(
                &retold,
                told.language,
                self.epoch,
                &mut self.next,
            )?);
            if let Some(new) = made.first() {
                let why = self.closed.why(self.composer.view.contacts(organisation, now));
                self.call(organisation, new.notification.id, why);
            }
        }
        let Some(lead) = made.first_mut() else { return Ok(()) };
        self.told_again.extend(findings.iter().map(|one| (organisation, one.follow_up.finding)));
        lead.tells = findings.iter().map(tells).collect();
        self.done.told_again += lead.tells.len() as u64;
        self.done.reminders += made.len() as u64;
        self.turns.notices.extend(made);
        Ok(())
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

    fn step(&mut self, step: &Step, looked: &Looked) -> anyhow::Result<()> {
        let now = self.composer.now.as_second();
        let ladder = step.ladder;
        let mut step = step.clone();
        step.findings.retain(|(finding, _)| !self.told_again.contains(&(ladder.organisation, *finding)));
        if step.findings.is_empty() {
            // All of it was told again just now: that has a ladder of its own.
            self.turns.ladders.push(Ladder { ended_at: Some(now), ..ladder });
            return Ok(());
        }
        let step = &step;
        let mut after = ladder;
        for (turn, steps) in &step.turns {
            after.steps = *steps;
            let turned = match turn {
                Turn::CallingList => {
                    self.call(ladder.organisation, ladder.notification, step.reason);
                    true
                }
                Turn::SecondContact => self.second_contact(step, looked)?,
                Turn::Partner => self.partners(step, looked)?,
            };
            if turned {
                after.stepped_at = Some(now);
                break;
            }
        }
        self.turns.ladders.push(after);
        Ok(())
    }

    fn second_contact(&mut self, step: &Step, looked: &Looked) -> anyhow::Result<bool> {
        let Some(told) = self.notification(step.ladder.notification)? else { return Ok(false) };
        let mut not_to: HashSet<String> = self
            .composer
            .reader
            .read(|connection| outbox::recipients_of_thread(connection, told.id))?
            .iter()
            .map(|address| address.trim().to_lowercase())
            .collect();
        not_to.extend(self.closed.addresses().cloned());
        let now = self.composer.now.as_second();
        let organisation = step.ladder.organisation;
        let view = self.composer.view;
        let Some(contact) = second_contact(view, organisation, told.tlp, &not_to, now) else {
            return Ok(false);
        };
        self.escalate(step, looked, &told, (organisation, Circle::Concerned), &[contact])
    }

    fn partners(&mut self, step: &Step, looked: &Looked) -> anyhow::Result<bool> {
        let Some(told) = self.notification(step.ladder.notification)? else { return Ok(false) };
        let now = self.composer.now.as_second();
        let mut turned = false;
        for (partner, circle, contacts) in
            partners(self.composer.view, step.ladder.organisation, told.tlp, now)
        {
            turned |= self.escalate(step, looked, &told, (partner, circle), &contacts)?;
        }
        Ok(turned)
    }

    fn escalate(
        &mut self,
        step: &Step,
        looked: &Looked,
        told: &Notification,
        (reader, circle): (OrganisationId, Circle),
        contacts: &[&Contact],
    ) -> anyhow::Result<bool> {
        let name = crate::explain::organisation_name(&self.composer.view.register, told.organisation).1;
        let retold = Retold {
            reader,
            concerned: told.organisation,
            circle,
            contacts,
            findings: &step.findings,
            since: &looked.since,
            tlp: told.tlp,
            wish: told.wish,
            occasion: Occasion::Escalation {
                of: Reference { number: u64::from(told.id.0), epoch: told.epoch },
                told_at: timestamp(told.created_at),
                to: (reader != told.organisation).then_some(name),
            },
            kind: NotificationKind::Escalation,
            thread: told.id,
        };
        let made: Vec<NewNotification> =
            self.composer.retold(&retold, (&self.freezer, self.epoch), &mut self.next)?;
        self.done.escalated += made.len() as u64;
        let turned = !made.is_empty();
        self.turns.notices.extend(made);
        Ok(turned)
    }

    fn call(&mut self, organisation: OrganisationId, notification: NotificationId, why: CallReason) {
        self.done.called += 1;
        self.turns.calls.push(NewCall { organisation, notification, why });
    }

    fn notification(&self, id: NotificationId) -> anyhow::Result<Option<Notification>> {
        Ok(self.composer.reader.read(|connection| outbox::notification(connection, id))?)
    }
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
