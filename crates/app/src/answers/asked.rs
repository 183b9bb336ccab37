//! What is answered: a notification, whom it concerns, and how its findings stand there.

use std::collections::BTreeSet;

use schakel_model::{
    answer::{FollowUp, NotificationKind},
    ids::{FindingId, NotificationId, OrganisationId},
    register::{Contact, ContactRole, Register},
};
use schakel_rules::{answer::OfCopy, merger::Successors};
use schakel_store::{
    Reader, StoreError,
    chunks::{self, Blocks},
    follow_ups, id_list,
    outbox::{self, Message, Notification},
    register,
};

/// Mergers that are followed: nobody merged so often.
const MERGERS_MAX: usize = 10;

/// A notification that is answered.
pub struct Asked {
    /// The one that was answered.
    pub notification: Notification,
    /// The first that tells the same, in any language and to anybody.
    pub lead: NotificationId,
    /// Whom its findings concern.
    pub organisation: OrganisationId,
    /// Did it go to that one?
    pub of_copy: OfCopy,
    /// Those who stand in the place of the one concerned or of whom it went to, by now.
    pub circle: Vec<OrganisationId>,
    /// How its findings stand there, by finding.
    pub follow_ups: Vec<FollowUp>,
    /// The contacts of the circle.
    contacts: Vec<Contact>,
}

impl Asked {
    /// The notification of this number; `None` when there is none, or when it was given out anew after a restore.
    pub fn find(reader: &Reader, number: u64, epoch: u32, now: i64) -> Result<Option<Self>, StoreError> {
        let Ok(number) = u32::try_from(number) else { return Ok(None) };
        let stored = reader.read(|connection| outbox::notification(connection, NotificationId(number)))?;
        let Some(notification) = stored.filter(|one| one.epoch == epoch) else { return Ok(None) };
        // An escalation tells somebody else what an earlier notification told, and a reply goes on about one: the answer is about that.
        let told = match (notification.kind, notification.thread) {
            (NotificationKind::Escalation | NotificationKind::Reply, Some(thread)) => thread,
            _ => notification.lead,
        };
        let led = reader.read(|connection| outbox::notification(connection, told))?;
        let (lead, organisation) = match led {
            Some(led) => (led.lead, led.organisation),
            None => (told, notification.organisation),
        };
        let version = reader.read(register::version)?;
        let mut contacts = Vec::new();
        // With whoever took the place of each, and of that one: circles are refused, so this ends.
        let mut line = |from: OrganisationId| -> Result<Vec<OrganisationId>, StoreError> {
            let mut line = vec![from];
            while let Some(last) = line.last().copied().filter(|_| line.len() < MERGERS_MAX) {
                let mut part = Register { version, ..Register::default() };
                reader.read(|connection| register::load_of(connection, &mut part, last))?;
                contacts.append(&mut part.contacts);
                match Successors::of(&part.relations).at(last, now) {
                    next if line.contains(&next) => break,
                    next => line.push(next),
                }
            }
            Ok(line)
        };
        let concerned = line(organisation)?;
        let mut circle = concerned.clone();
        if notification.organisation != organisation {
            circle.extend(line(notification.organisation)?);
        }
        let follow_ups = follow_ups(reader, lead, &concerned)?;
        let of_copy = if notification.organisation == organisation { OfCopy::No } else { OfCopy::Yes };
        Ok(Some(Self { notification, lead, organisation, of_copy, circle, follow_ups, contacts }))
    }

    /// The contacts of those whom it went to and whom it concerns, at this time.
    pub fn contacts(&self, now: i64) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(move |contact| contact.valid_at(now))
    }

    /// The roles of this address there.
    pub fn roles(&self, address: &str, now: i64) -> Vec<ContactRole> {
        let is_theirs = |contact: &&Contact| contact.email.trim().eq_ignore_ascii_case(address.trim());
        self.contacts(now).filter(is_theirs).map(|contact| contact.role).collect()
    }

    /// The messages of the notification itself.
    pub fn messages(&self, reader: &Reader) -> Result<Vec<Message>, StoreError> {
        reader.read(|connection| outbox::of_notification(connection, self.notification.id))
    }

    /// The findings that are open and that an answer about these (empty: all) is about.
    pub fn open<'a>(&'a self, findings: &'a [FindingId]) -> impl Iterator<Item = &'a FollowUp> {
        self.follow_ups
            .iter()
            .filter(|one| one.closed_at.is_none() && (findings.is_empty() || findings.contains(&one.finding)))
    }
}

/// What a notification told or tells still, as it stands at those concerned. What was told again by a later one belongs to it all the same.
fn follow_ups(
    reader: &Reader,
    lead: NotificationId,
    concerned: &[OrganisationId],
) -> Result<Vec<FollowUp>, StoreError> {
    reader.read(|connection| {
        let told = follow_ups::of_notification(connection, lead)?;
        let blocks = chunks::blocks(connection, &Blocks::OfNotification(lead.0))?;
        let mut findings: BTreeSet<FindingId> = told.iter().map(|one| one.finding).collect();
        findings.extend(blocks.iter().flat_map(|block| id_list::decode(&block.findings)));
        let mut found = Vec::new();
        for finding in findings {
            for organisation in concerned {
                found.extend(follow_ups::get(connection, *organisation, finding)?);
            }
        }
        found.sort_unstable_by_key(|one| (one.organisation, one.finding));
        found.dedup_by_key(|one| (one.organisation, one.finding));
        Ok(found)
    })
}
