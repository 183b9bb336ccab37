//! A conversation about something that was told: what went to and fro in one line of time, and a reply before it leaves.

use jiff::Timestamp;
use schakel_model::{ids::NotificationId, tlp::Tlp};
use schakel_render::{notice::Reference, templates::Templates};
use schakel_store::{Reader, outbox, register};
use serde::Serialize;

use super::{
    findings::Looking,
    timeline::{self, Happened},
};
use crate::{
    access_log::Looker,
    config::Config,
    pipeline::state::register_view,
    reply::{self, TEXT_CHARS_MAX, begin},
};

/// The page.
#[derive(Debug, Serialize)]
pub struct Conversation {
    /// The number of the notification that is answered.
    pub number: u32,
    /// Its subject.
    pub subject: String,
    /// Its marking.
    pub tlp: &'static str,
    /// Who was told: code and name.
    pub organisation: String,
    /// See [`Conversation::organisation`].
    pub organisation_name: String,
    /// What happened, the oldest first.
    pub line: Vec<Happened>,
    /// Those who can be written to, and those who can not with why.
    pub readers: Vec<Reads>,
    /// The longest reply.
    pub chars_max: usize,
    /// A reply before it leaves; none: nothing was written yet.
    pub preview: Option<Preview>,
}

/// Somebody there.
#[derive(Clone, Debug, Serialize)]
pub struct Reads {
    /// Their address.
    pub address: String,
    /// Their name; may be empty.
    pub name: String,
    /// In which role.
    pub role: &'static str,
    /// Is it proposed that they get it?
    pub chosen: bool,
    /// Why nothing goes to them: a word; empty: it may.
    pub not: &'static str,
}

/// A reply as its readers get it.
#[derive(Clone, Debug, Serialize)]
pub struct Preview {
    /// What was typed.
    pub typed: String,
    /// To whom it goes.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// What was typed into the form.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// To which addresses.
    pub to: Vec<String>,
    /// What it says.
    pub text: String,
}

/// The conversation about a notification; `None` when there is none that could be answered. Who looks is recorded when it is confidential.
pub fn page(
    reader: &Reader,
    (config, templates): (&Config, &Templates),
    number: u32,
    typed: Option<&Typed>,
    looking: Looking<'_>,
) -> anyhow::Result<Option<Conversation>> {
    let Looking { actor, now } = looking;
    let view = register_view(reader, reader.read(register::version)?)?;
    let found = reply::conversation(reader, &view, NotificationId(number), now)?;
    let Some(conversation) = found else { return Ok(None) };
    let about = &conversation.about;
    Looker { reader, actor, now }.item(&format!("notification:{number}"), about.tlp)?;
    let line = timeline::of_conversation(reader, &view.register, begin(about))?;
    let readers = conversation.readers.iter().map(|one| Reads {
        address: one.contact.email.trim().to_owned(),
        name: one.contact.name.clone(),
        role: one.contact.role.as_str(),
        chosen: match typed {
            Some(typed) => typed.to.iter().any(|to| to.eq_ignore_ascii_case(one.contact.email.trim())),
            None => one.takes_part && one.not.is_none(),
        },
        not: one.not.map_or("", reply::Not::as_str),
    });
    let preview = match typed.filter(|typed| !typed.text.trim().is_empty()) {
        Some(typed) => {
            let number = u64::from(reader.read(outbox::next_notification)?.0);
            let reference = Reference { number, epoch: reader.read(outbox::epoch)? };
            let shown = Timestamp::from_second(now)?;
            let message =
                reply::written(&conversation, (reference, typed.text.trim()), (config, templates), shown)?;
            let to = typed.to.clone();
            Some(Preview { typed: typed.text.clone(), to, subject: message.subject, text: message.text })
        }
        None => None,
    };
    let (organisation, organisation_name) = conversation.organisation.clone();
    Ok(Some(Conversation {
        number,
        subject: about.subject.clone(),
        tlp: Tlp::as_str(about.tlp),
        organisation,
        organisation_name,
        line,
        readers: readers.collect(),
        chars_max: TEXT_CHARS_MAX,
        preview,
    }))
}
