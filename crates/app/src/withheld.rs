//! Confidential messages that wait because they cannot be protected: who is told that they wait, and how they leave.

use anyhow::{Context, ensure};
use jiff::Timestamp;
use schakel_model::tlp::Tlp;
use schakel_render::{letter::About, notice::Reference, templates::Templates};
use schakel_store::{
    Store,
    act::Act,
    outbox::{
        self, Message, MessageState, Notification,
        withheld::{self, Release},
    },
    register,
};
use serde::Serialize;

use crate::{
    config::Config,
    letters::{Addressed, post},
    refused::Refused,
    tell::{Freezer, outer_subject},
};

/// What a look at withheld messages did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Looked {
    /// Messages that leave encrypted, because a key has come.
    pub released: usize,
    /// Recipients who are told that something waits.
    pub announced: usize,
}

/// How the desk lets a message go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Encrypted: there is a key by now.
    Encrypted,
    /// As an ordinary mail.
    Open,
}

/// Looks again when there is something to look at: while nothing is withheld and no key comes, it costs one question to the store.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Option<(u64, i64)>,
}

impl Watch {
    /// A turn of the service.
    pub fn turn(
        &mut self,
        store: &mut Store,
        config: &Config,
        templates: &Templates,
        now: Timestamp,
    ) -> anyhow::Result<Looked> {
        let state = store.read(withheld::state)?;
        if self.seen == Some(state) || state.0 == 0 {
            return Ok(Looked::default());
        }
        let looked = look(store, config, templates, now)?;
        self.seen = Some(store.read(withheld::state)?);
        Ok(looked)
    }
}

/// Lets go what can be encrypted by now, and tells the recipients of the rest that something waits.
pub fn look(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    now: Timestamp,
) -> anyhow::Result<Looked> {
    let waiting = store.read(withheld::list)?;
    if waiting.is_empty() {
        return Ok(Looked::default());
    }
    let freezer = Freezer::of_store(store, config, now)?;
    let mut releases = Vec::new();
    for message in &waiting {
        if let Some(bytes) = encrypted(store, &freezer, message)? {
            let why = "a key has come: encrypted".to_owned();
            releases.push(Release { message: message.id, bytes, why });
        }
    }
    store.release_messages(&releases, None, now.as_second())?;
    Ok(Looked { released: releases.len(), announced: announce(store, config, templates, now)? })
}

/// The desk lets a message go: encrypted when there is a key by now, else as it is.
pub fn release(store: &mut Store, config: &Config, act: &Act<'_>, id: i64) -> anyhow::Result<How> {
    let message = store
        .read(|connection| outbox::message(connection, id))?
        .ok_or_else(|| Refused::NoMessage { message: id.to_string() })?;
    ensure!(message.state == MessageState::Withheld, Refused::NotWithheld { message: id.to_string() });
    let now = Timestamp::from_second(act.at)?;
    let freezer = Freezer::of_store(store, config, now)?;
    let (bytes, how) = match encrypted(store, &freezer, &message)? {
        Some(bytes) => (bytes, How::Encrypted),
        None => (freezer.release_open(&plain(store, &message)?)?, How::Open),
    };
    let why = match how {
        How::Encrypted => format!("released by {}: encrypted", act.actor),
        How::Open => format!("released by {} as it is: {}", act.actor, act.reason),
    };
    store.release_messages(&[Release { message: id, bytes, why }], Some(act), act.at)?;
    Ok(how)
}

fn encrypted(store: &Store, freezer: &Freezer, message: &Message) -> anyhow::Result<Option<Vec<u8>>> {
    let notification = notification(store, message)?;
    let subject = outer_subject(reference(&notification), notification.tlp);
    freezer.release_encrypted(&plain(store, message)?, &message.recipient, &subject)
}

fn plain(store: &Store, message: &Message) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    store.reader()?.frames()?.read(message.frame, &mut bytes)?;
    Ok(bytes)
}

fn announce(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    now: Timestamp,
) -> anyhow::Result<usize> {
    let unannounced = store.read(withheld::unannounced)?;
    let register = store.read(register::load_organisations_now)?;
    let mut letters = Vec::new();
    for message in &unannounced {
        let told = notification(store, message)?;
        letters.push(Addressed {
            organisation: register.organisation(told.organisation),
            language: told.language,
            // That something waits, and its number: nothing of it.
            tlp: Tlp::Green,
            to_name: "",
            to: &message.recipient,
            role: &message.role,
            about: About::ConfidentialWaits { waits: reference(&told) },
            thread: Some(told.id),
        });
    }
    if !letters.is_empty() {
        post(store, config, templates, now, &letters)?;
    }
    Ok(letters.len())
}

fn notification(store: &Store, message: &Message) -> anyhow::Result<Notification> {
    store
        .read(|connection| outbox::notification(connection, message.notification))?
        .with_context(|| format!("message {} is of no notification. Run `schakel verify`", message.id))
}

fn reference(notification: &Notification) -> Reference {
    Reference { number: u64::from(notification.id.0), epoch: notification.epoch }
}
