//! Letters into the outbox: notifications that tell no findings. They go the same way as the others: frozen bytes, attempts, the brake.

use anyhow::ensure;
use jiff::Timestamp;
use schakel_model::{
    answer::NotificationKind,
    ids::{NotificationId, OrganisationId},
    language::Language,
    register::{Contact, Organisation},
    tlp::Tlp,
};
use schakel_render::{
    letter::{About, Letter},
    notice::Reference,
    templates::Templates,
};
use schakel_rules::{
    confidential::Wish,
    tlp_gate::{Audience, Circle, gate},
};
use schakel_store::{
    Store, mailboxes,
    outbox::{self, NewMessage, NewNotification, Notification},
};

use crate::{
    config::Config,
    tell::{Closed, Freezer, Mail, To},
};

/// A letter tells no findings, and nothing that needs more than this.
const LETTER_TLP_MAX: Tlp = Tlp::Green;

/// A letter with its address.
#[derive(Clone, Debug)]
pub struct Addressed<'a> {
    /// The organisation it is about; `None`: it is about none.
    pub organisation: Option<&'a Organisation>,
    /// The language of the reader.
    pub language: Language,
    /// Its marking.
    pub tlp: Tlp,
    /// Who; may be empty.
    pub to_name: &'a str,
    /// Their mail address.
    pub to: &'a str,
    /// In which role they get it, as the outbox shows it.
    pub role: &'a str,
    /// What it says.
    pub about: About<'a>,
    /// The notification that it goes on about.
    pub thread: Option<NotificationId>,
}

impl<'a> Addressed<'a> {
    /// To a contact, in their language.
    pub fn to_contact(organisation: &'a Organisation, contact: &'a Contact, about: About<'a>) -> Self {
        Self {
            organisation: Some(organisation),
            language: contact.language,
            tlp: LETTER_TLP_MAX.min(contact.tlp_max),
            to_name: &contact.name,
            to: &contact.email,
            role: contact.role.as_str(),
            about,
            thread: None,
        }
    }
}

/// Who reads a mailbox that nobody registered is not known; the country of its domain is a guess.
pub fn language_of(domain: &str) -> Language {
    let domain = domain.to_ascii_lowercase();
    if domain.ends_with(".nl") || domain.ends_with(".be") { Language::Nl } else { Language::En }
}

/// Puts letters into the outbox, each a notification of its own; none to a mailbox that somebody else may read.
pub fn post(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    now: Timestamp,
    letters: &[Addressed<'_>],
) -> anyhow::Result<Vec<NotificationId>> {
    let new = written(store, config, templates, now, letters)?;
    store.store_notifications(&new, now.as_second())?;
    Ok(new.iter().map(|one| one.notification.id).collect())
}

/// The same letters, for whoever stores them together with something else.
pub(crate) fn written(
    store: &Store,
    config: &Config,
    templates: &Templates,
    now: Timestamp,
    letters: &[Addressed<'_>],
) -> anyhow::Result<Vec<NewNotification>> {
    let first = store.read(outbox::next_notification)?;
    let epoch = store.read(outbox::epoch)?;
    let freezer = Freezer::of_store(store, config, now)?;
    let closed = Closed::of(store.read(mailboxes::list)?);
    for letter in letters {
        ensure!(closed.is_trusted(letter.to), "somebody else may read the mailbox that a letter would go to");
    }
    let mut new = Vec::new();
    for (letter, number) in letters.iter().zip(first.0..) {
        let reference = Reference { number: u64::from(number), epoch };
        let message = templates.letter(&Letter {
            reference,
            organisation: letter.organisation.map_or("", |organisation| &organisation.name),
            organisation_code: letter.organisation.map_or("", |organisation| &organisation.code),
            language: letter.language,
            tlp: letter.tlp,
            sender: &config.sender,
            created_at: now,
            about: letter.about.clone(),
        })?;
        let circle = if letter.organisation.is_some() { Circle::Concerned } else { Circle::Member };
        let pass = gate(letter.tlp, &Audience::mailbox(circle, letter.to, LETTER_TLP_MAX))?;
        let to = To { name: letter.to_name, role: letter.role, thread: None };
        let mail = Mail {
            message: &message,
            reference,
            kind: NotificationKind::Letter,
            language: letter.language,
            wish: Wish::Open,
        };
        let mail = freezer.freeze(&mail, pass, &to, 1)?;
        new.push(notification((NotificationId(number), epoch), letter, now, message.subject, mail));
    }
    Ok(new)
}

fn notification(
    (id, epoch): (NotificationId, u32),
    letter: &Addressed<'_>,
    now: Timestamp,
    subject: String,
    mail: NewMessage,
) -> NewNotification {
    let organisation = letter.organisation.map_or(OrganisationId(0), |organisation| organisation.id);
    NewNotification {
        notification: Notification {
            id,
            epoch,
            organisation,
            language: letter.language,
            created_at: now.as_second(),
            tlp: letter.tlp,
            findings: 0,
            subject,
            lead: id,
            kind: NotificationKind::Letter,
            thread: letter.thread,
            wish: Wish::Open,
        },
        messages: vec![mail],
        blocks: Vec::new(),
        tells: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_dutch_is_spoken_it_is_written() {
        let languages = ["a@b.NL", "b.be", "b.example"].map(language_of);
        assert_eq!(languages, [Language::Nl, Language::Nl, Language::En]);
    }
}
