//! Which addresses mail may go to: not one that takes none any more, and not one that somebody else may read. When an organisation has no other, it
//! is put on the calling list.

use std::collections::HashMap;

use schakel_model::{
    answer::NotificationKind,
    call::CallReason,
    fate::Fate,
    ids::{FindingId, NotificationId},
    register::Contact,
};
use schakel_render::notice::{Notice, Occasion, Reference, Standing};
use schakel_rules::{
    compromised_channel::{Subject, endangers},
    recipients::recipients_of,
    tlp_gate::Circle,
};
use schakel_store::{
    Reader, Store, StoreError,
    act::Act,
    mailboxes::{self, Mailbox},
    outbox::{NewNotification, Notification},
};

use super::{Composed, Composer, Making, Telling, Told, groups, tells::tells};
use crate::answers::page;

/// Addresses that nothing goes to, and why.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closed {
    by_address: HashMap<String, CallReason>,
}

impl Closed {
    /// As it is known.
    pub fn known(reader: &Reader) -> Result<Self, StoreError> {
        Ok(Self::of(reader.read(mailboxes::list)?))
    }

    /// Of what is known of addresses.
    pub fn of(known: Vec<Mailbox>) -> Self {
        let known = known.into_iter().filter(|one| !one.is_usable());
        let why = |compromised: Option<i64>| match compromised {
            Some(_) => CallReason::CompromisedChannel,
            None => CallReason::Undeliverable,
        };
        Self { by_address: known.map(|one| (one.address, why(one.compromised_at))).collect() }
    }

    /// May mail go to this contact?
    pub fn is_open(&self, contact: &Contact) -> bool {
        !self.by_address.contains_key(&folded(&contact.email))
    }

    /// May mail go to this address, as far as who reads it is concerned? One that is gone may.
    pub fn is_trusted(&self, address: &str) -> bool {
        self.by_address.get(&folded(address)) != Some(&CallReason::CompromisedChannel)
    }

    /// Why these contacts can only be called: the worst of what is wrong with their addresses.
    pub fn why<'c>(&self, contacts: impl Iterator<Item = &'c Contact>) -> CallReason {
        let reasons = contacts.filter_map(|contact| self.by_address.get(&folded(&contact.email)).copied());
        reasons.max().unwrap_or(CallReason::Undeliverable)
    }

    /// The addresses, in small letters.
    pub fn addresses(&self) -> impl Iterator<Item = &String> {
        self.by_address.keys()
    }
}

fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

impl Composer<'_> {
    /// The page on which a notification is answered.
    pub(super) fn answer_link(&self, reference: Reference) -> String {
        let now = self.now.as_second();
        page::link(self.config, &self.reader.secret(), reference.number, reference.epoch, now)
    }

    /// Closes the addresses of contacts whose own account, or whose mail server, is in what is told: before anything of it is written. What waits for
    /// them is told to somebody else. Gives how many notifications that are.
    pub(super) fn close_endangered(
        &self,
        closed: &mut Closed,
        batch: &[Telling],
        told: &[Vec<Told>],
        mut store: Option<&mut Store>,
    ) -> anyhow::Result<usize> {
        let now = self.now.as_second();
        let mut anew = 0;
        // In trial operation only the desk is written to.
        for (telling, told) in batch.iter().zip(told).filter(|(telling, _)| !telling.whom.desk) {
            for contact in self.view.contacts(telling.organisation, now) {
                let Some(finding) = self.endangering(contact, told).filter(|_| closed.is_open(contact))
                else {
                    continue;
                };
                closed.by_address.insert(folded(&contact.email), CallReason::CompromisedChannel);
                if let Some(store) = store.as_deref_mut() {
                    let reason = format!("F{finding} is about this contact's own mail");
                    let act = Act { at: now, actor: "schakel", reason: &reason };
                    anew += store.compromised(&act, &contact.email, Some(finding), &|_| Fate::Queued)?.len();
                    tracing::warn!(contact = %contact.id, %finding, "nothing is mailed to this contact any more");
                }
            }
        }
        Ok(anew)
    }

    pub(super) fn endangering(&self, contact: &Contact, told: &[Told]) -> Option<FindingId> {
        let is_about = |one: &&Told| {
            let subject =
                Subject { classification: one.group.1, account: &one.item.account, host: &one.item.hostname };
            endangers(subject, &contact.email)
        };
        told.iter().find(is_about).map(|one| one.item.finding)
    }

    /// What only the telephone can tell, because every address that may have it is closed: the desk reads it out.
    pub(super) fn by_telephone(
        &self,
        Making { epoch, closed, policy, .. }: Making<'_>,
        telling: &Telling,
        told: &[Told],
        next: &mut NotificationId,
    ) -> anyhow::Result<Option<(Composed, NewNotification, CallReason)>> {
        let contacts = self.view.contacts(telling.organisation, self.now.as_second());
        let Ok(recipients) =
            recipients_of(Circle::Concerned, &telling.whom.roles, contacts.clone(), telling.terms)
        else {
            return Ok(None);
        };
        let reasons = contacts.filter_map(|contact| closed.by_address.get(&folded(&contact.email)));
        let Some(why) = reasons.copied().max() else { return Ok(None) };
        let register = &self.view.register;
        let (code, name) = crate::explain::organisation_name(register, telling.organisation);
        let language = recipients.by_language.first().map(|group| group.language).unwrap_or_default();
        let reference = Reference { number: u64::from(next.0), epoch };
        let message = self.templates.render(&Notice {
            reference,
            organisation: name,
            organisation_code: code,
            language,
            tlp: telling.terms.tlp,
            recipient_role: recipients.role,
            standing: Standing::Own,
            occasion: Occasion::New,
            answer_link: "",
            sender: &self.config.sender,
            created_at: self.now,
            groups: groups(register, told),
        })?;
        let notification = Notification {
            id: *next,
            epoch,
            organisation: telling.organisation,
            language,
            created_at: self.now.as_second(),
            tlp: telling.terms.tlp,
            findings: told.len() as u64,
            subject: message.subject.clone(),
            lead: *next,
            kind: NotificationKind::Findings,
            thread: None,
            wish: telling.whom.wish,
        };
        next.0 += 1;
        let new = NewNotification {
            notification: notification.clone(),
            messages: Vec::new(),
            blocks: telling.blocks.iter().map(|block| block.id).collect(),
            tells: tells(told, policy.deadline, self.now.as_second()),
        };
        let composed = Composed {
            notification,
            organisation: (code.to_owned(), name.to_owned()),
            recipients: Vec::new(),
            message,
        };
        Ok(Some((composed, new, why)))
    }
}
