//! Notices that take back what was told: "this was not for you; please delete it".
//!
//! A notice goes to exactly the addresses the earlier mail went to, also when they are no contact any more: they have it. It repeats
//! nothing of the content, so that it needs no clearance of its own; it bears the marking of what it takes back. To a mailbox that somebody else may
//! read it does not go.

use jiff::Timestamp;
use schakel_model::{
    answer::NotificationKind,
    ids::{FindingId, NotificationId},
};
use schakel_render::{
    letter::{About, Letter, Part},
    notice::Reference,
};
use schakel_rules::{
    confidential::Wish,
    tlp_gate::{Audience, gate},
};
use schakel_store::{
    Store, mailboxes,
    outbox::{self, NewNotification, Notification},
    recalls::{self, NewRecall},
};

use crate::{
    explain::organisation_name,
    tell::{Closed, Composer, Freezer, Mail, To},
};

/// What of a notification is taken back, and who asked for it.
pub struct TakeBack<'a> {
    /// The first notification that told it, in any language.
    pub lead: NotificationId,
    /// Which findings.
    pub findings: &'a [FindingId],
    /// All of it?
    pub part: Part,
    /// The run of corrections that asked for it.
    pub run: Option<u32>,
    /// The breach that asked for it.
    pub breach: Option<u32>,
}

impl Composer<'_> {
    /// Makes the notices for everything that was withdrawn after it was told. Gives how many. It reads through the store itself, so that
    /// it sees what a rehearsal has done.
    pub fn compose_recalls(&self, store: &mut Store) -> anyhow::Result<usize> {
        let mut made = 0;
        for due in store.read(recalls::due)? {
            let take_back = TakeBack {
                lead: due.lead,
                findings: &due.findings,
                part: if due.rest_stands { Part::Some } else { Part::Whole },
                run: Some(due.run),
                breach: None,
            };
            made += self.take_back(store, &take_back, &due.blocks)?;
        }
        Ok(made)
    }

    /// Makes the notices for one notification in all its languages. Gives how many.
    pub fn take_back(
        &self,
        store: &mut Store,
        take_back: &TakeBack<'_>,
        blocks: &[i64],
    ) -> anyhow::Result<usize> {
        let mut next = store.read(outbox::next_notification)?;
        let mut recalls = Vec::new();
        for told in store.read(|connection| outbox::tellings(connection, take_back.lead))? {
            recalls.extend(self.notice(store, &told, take_back, &mut next)?);
        }
        let made = recalls.len();
        store.store_recalls(recalls, blocks, self.now.as_second())?;
        Ok(made)
    }

    fn notice(
        &self,
        store: &Store,
        told: &Notification,
        take_back: &TakeBack<'_>,
        next: &mut NotificationId,
    ) -> anyhow::Result<Option<NewRecall>> {
        let mut arrived = store.read(|connection| recalls::may_have_arrived(connection, told.id))?;
        let closed = Closed::of(store.read(mailboxes::list)?);
        arrived.retain(|message| {
            let is_trusted = closed.is_trusted(&message.recipient);
            if !is_trusted {
                tracing::warn!(notification = %told.id, message = message.id,
                    "somebody else may read where this went: that it is taken back has to be said in another way");
            }
            is_trusted
        });
        if arrived.is_empty() {
            return Ok(None);
        }
        let epoch = store.read(outbox::epoch)?;
        let reference = Reference { number: u64::from(next.0), epoch };
        let (code, name) = organisation_name(&self.view.register, told.organisation);
        let message = self.templates.letter(&Letter {
            reference,
            organisation: name,
            organisation_code: code,
            language: told.language,
            tlp: told.tlp,
            sender: &self.config.sender,
            created_at: self.now,
            about: About::Withdrawal {
                takes_back: Reference { number: u64::from(told.id.0), epoch: told.epoch },
                told_at: Timestamp::from_second(told.created_at).unwrap_or(self.now),
                part: take_back.part,
                findings: take_back.findings,
            },
        })?;
        let freezer = Freezer::of_store(store, self.config, self.now)?;
        // Numbers only: it has to arrive where what it takes back did.
        let mail = Mail {
            message: &message,
            reference,
            kind: NotificationKind::Letter,
            language: told.language,
            wish: Wish::Open,
        };
        let mut messages = Vec::new();
        for (k, earlier) in (1..).zip(&arrived) {
            let pass = gate(told.tlp, &Audience::has(&earlier.recipient))?;
            let to = To { name: "", role: &earlier.role, thread: Some(earlier.message_id.clone()) };
            messages.push(freezer.freeze(&mail, pass, &to, k)?);
        }
        let notification = Notification {
            id: *next,
            epoch,
            created_at: self.now.as_second(),
            findings: take_back.findings.len() as u64,
            subject: message.subject,
            lead: *next,
            kind: NotificationKind::Letter,
            thread: Some(told.id),
            ..told.clone()
        };
        next.0 += 1;
        Ok(Some(NewRecall {
            notice: NewNotification { notification, messages, blocks: Vec::new(), tells: Vec::new() },
            takes_back: told.id,
            run: take_back.run,
            breach: take_back.breach,
        }))
    }
}
