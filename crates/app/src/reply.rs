//! A conversation: the desk answers by mail somebody who was told something. It goes the way of every other mail (frozen bytes, outbox, attempts, the brake), to contacts of
//! the organisation that was told and that the rules let read what it is about.

use anyhow::ensure;
use jiff::Timestamp;
use schakel_model::{
    answer::NotificationKind,
    ids::{NotificationId, OrganisationId},
    limits::RECIPIENTS_MAX,
    register::Contact,
    tlp::Tlp,
};
use schakel_render::{
    letter::{About, Letter},
    message::Message,
    notice::Reference,
    templates::Templates,
};
use schakel_rules::tlp_gate::{Audience, Circle, Refusal, circle, gate};
use schakel_store::{
    Reader, Store,
    act::Act,
    answers,
    outbox::{self, NewNotification, Notification},
    register,
};

use crate::{
    config::Config,
    explain::organisation_name,
    pipeline::state::{RegisterView, register_view},
    refused::Refused,
    tell::{Closed, Freezer, Mail},
};

/// The longest reply, in characters: two pages.
pub const TEXT_CHARS_MAX: usize = 6_000;

/// What is answered.
pub struct Conversation {
    /// The notification that began it.
    pub about: Notification,
    /// Code and name of who was told.
    pub organisation: (String, String),
    /// Its contacts, and whether they may read what is written.
    pub readers: Vec<Reads>,
}

/// A contact, and whether they may read it.
#[derive(Clone, Debug)]
pub struct Reads {
    /// Them.
    pub contact: Contact,
    /// Were they written to, or did they write?
    pub takes_part: bool,
    /// Why nothing goes to them; none: it may.
    pub not: Option<Not>,
}

/// Why nothing goes to a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Not {
    /// The rules do not let them read what has this marking.
    Gate(Refusal),
    /// Their mailbox is gone, or somebody else may read it.
    Closed,
}

impl Not {
    /// A word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gate(refusal) => refusal.as_str(),
            Self::Closed => "closed",
        }
    }
}

/// What the desk writes, and to whom.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The notification that it goes on about.
    pub about: NotificationId,
    /// The mail addresses it goes to: of contacts that may read it.
    pub to: &'a [String],
    /// What it says.
    pub text: &'a str,
}

/// The conversation about a notification; `None`: there is no such notification, or it told nobody anything.
pub fn conversation(
    reader: &Reader,
    view: &RegisterView,
    about: NotificationId,
    now: i64,
) -> anyhow::Result<Option<Conversation>> {
    let Some(about) = reader.read(|connection| outbox::notification(connection, about))? else {
        return Ok(None);
    };
    if about.organisation == OrganisationId(0) || about.kind == NotificationKind::SafetyNet {
        return Ok(None);
    }
    let closed = Closed::known(reader)?;
    let stands = stands(reader, view, &about, now)?;
    let mut part: Vec<String> = Vec::new();
    let lead = begin(&about);
    for one in reader.read(|connection| outbox::of_thread(connection, lead))? {
        let messages = reader.read(|connection| outbox::of_notification(connection, one.id))?;
        part.extend(messages.into_iter().map(|message| folded(&message.recipient)));
    }
    let said = reader.read(|connection| answers::of_notification(connection, lead))?;
    part.extend(said.into_iter().map(|answer| folded(&answer.said.sender)));
    let mut readers: Vec<Reads> = Vec::new();
    for contact in view.contacts(about.organisation, now) {
        let address = folded(&contact.email);
        // Somebody with two roles is written to once, in the one in which they may read most.
        let known = readers.iter_mut().find(|one| folded(&one.contact.email) == address);
        let not = match gate(about.tlp, &Audience::contact(stands, contact)) {
            Err(refusal) => Some(Not::Gate(refusal)),
            Ok(_) if !closed.is_open(contact) => Some(Not::Closed),
            Ok(_) => None,
        };
        match known {
            Some(known) if known.not.is_some() && not.is_none() => {
                (known.contact, known.not) = (contact.clone(), None);
            }
            Some(_) => {}
            None => {
                readers.push(Reads { takes_part: part.contains(&address), contact: contact.clone(), not })
            }
        }
    }
    let (code, name) = organisation_name(&view.register, about.organisation);
    let organisation = (code.to_owned(), name.to_owned());
    Ok(Some(Conversation { about, organisation, readers }))
}

/// How whoever was told stands to whom it concerns.
fn stands(reader: &Reader, view: &RegisterView, about: &Notification, now: i64) -> anyhow::Result<Circle> {
    let told = reader.read(|connection| outbox::notification(connection, begin(about)))?;
    let concerned = told.map_or(about.organisation, |told| told.organisation);
    Ok(circle(&view.register.relations, concerned, about.organisation, now))
}

/// The notification that told what a conversation is about.
pub fn begin(about: &Notification) -> NotificationId {
    match (about.kind, about.thread) {
        (NotificationKind::Escalation | NotificationKind::Reply, Some(thread)) => thread,
        _ => about.lead,
    }
}

fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

/// The mail as its readers get it, before it is signed or encrypted.
pub fn written(
    conversation: &Conversation,
    (reference, text): (Reference, &str),
    (config, templates): (&Config, &Templates),
    now: Timestamp,
) -> anyhow::Result<Message> {
    let Conversation { about, organisation: (code, name), .. } = conversation;
    let title = about.subject.strip_prefix("Re: ").unwrap_or(&about.subject);
    Ok(templates.letter(&Letter {
        reference,
        organisation: name,
        organisation_code: code,
        language: about.language,
        tlp: about.tlp,
        sender: &config.sender,
        created_at: now,
        about: About::Reply {
            about: Reference { number: u64::from(about.id.0), epoch: about.epoch },
            title,
            told_at: Timestamp::from_second(about.created_at)?,
            text,
        },
    })?)
}

/// Puts a reply into the outbox. Gives its number, and how many of its mails wait because they can not be protected.
pub fn send(
    store: &mut Store,
    (config, templates): (&Config, &Templates),
    act: &Act<'_>,
    draft: &Draft<'_>,
) -> anyhow::Result<(NotificationId, usize)> {
    let text = draft.text.trim();
    ensure!(!text.is_empty(), "there is nothing to send");
    ensure!(
        text.chars().count() <= TEXT_CHARS_MAX,
        "a reply has at most {TEXT_CHARS_MAX} characters: send a longer text in two"
    );
    ensure!(!draft.to.is_empty(), Refused::NobodyChosen {});
    ensure!(draft.to.len() <= RECIPIENTS_MAX, "a mail goes to at most {RECIPIENTS_MAX} people at once");
    let now = Timestamp::from_second(act.at)?;
    let reader = store.reader()?;
    let view = register_view(&reader, reader.read(register::version)?)?;
    let conversation = conversation(&reader, &view, draft.about, act.at)?
        .ok_or_else(|| Refused::NoNotification { number: draft.about.to_string() })?;
    let about = &conversation.about;
    let stands = stands(&reader, &view, about, act.at)?;
    let id = store.read(outbox::next_notification)?;
    let epoch = store.read(outbox::epoch)?;
    let reference = Reference { number: u64::from(id.0), epoch };
    let message = written(&conversation, (reference, text), (config, templates), now)?;
    let freezer = Freezer::of_store(store, config, now)?;
    let mail = Mail {
        message: &message,
        reference,
        kind: NotificationKind::Reply,
        language: about.language,
        wish: about.wish,
    };
    let mut messages = Vec::new();
    for (k, address) in (1..).zip(draft.to) {
        let reads = conversation.readers.iter().find(|one| folded(&one.contact.email) == folded(address));
        let reads = reads.ok_or_else(|| Refused::NotTheirs {
            address: address.clone(),
            code: conversation.organisation.0.clone(),
        })?;
        let earlier =
            store.read(|connection| outbox::message_id_to(connection, about.id, &reads.contact.email))?;
        messages.push(freezer.to_contact(&mail, (about.tlp.into(), stands), &reads.contact, (k, earlier))?);
    }
    let withheld = messages.iter().filter(|message| message.is_withheld()).count();
    let detail = serde_json::json!({ "about": format!("N{}", about.id), "to": draft.to, "tlp": Tlp::as_str(about.tlp) });
    let notification = Notification {
        id,
        epoch,
        organisation: about.organisation,
        language: about.language,
        created_at: act.at,
        tlp: about.tlp,
        findings: 0,
        subject: message.subject,
        lead: id,
        kind: NotificationKind::Reply,
        // What was told in the end, so that whoever answers the reply answers that.
        thread: Some(begin(about)),
        wish: about.wish,
    };
    let new = NewNotification { notification, messages, blocks: Vec::new(), tells: Vec::new() };
    store.store_reply(act, &new, text, &detail.to_string())?;
    Ok((id, withheld))
}
