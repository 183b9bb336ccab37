//! The final bytes of a mail, as they are stored and sent: the same for what is told, taken back and asked.

use jiff::Timestamp;
use schakel_deliver::{
    mail::{Head, address, freeze},
    message_id::MessageId,
};
use schakel_render::{message::Message, notice::Reference};
use schakel_rules::tlp_gate::Pass;
use schakel_store::outbox::NewMessage;

use crate::config::Config;

/// Whom a mail goes to.
pub(crate) struct To<'a> {
    /// Their name; may be empty.
    pub name: &'a str,
    /// Their role at the organisation.
    pub role: &'a str,
}

/// The final bytes for one recipient, the `k`th of the notification, from 1. `pass`: where the gate lets it go, and how it is marked.
pub(crate) fn frozen(
    config: &Config,
    now: Timestamp,
    message: &Message,
    reference: Reference,
    pass: Pass,
    to: &To<'_>,
    k: u32,
) -> anyhow::Result<NewMessage> {
    let message_id = MessageId::new(reference.number, reference.epoch, k, &message_id_host(config)?)?;
    let head = Head {
        from: &config.mail.from,
        reply_to: &config.mail.reply_to,
        to_name: to.name,
        to: pass.address(),
        message_id: &message_id,
        date: now,
        reference,
        tlp: pass.tlp(),
    };
    let bytes = freeze(message, &head)?;
    Ok(NewMessage::new(pass, to.role.to_owned(), message_id.to_string(), bytes))
}

/// The host in Message-IDs: as configured, else that of the sender.
pub(crate) fn message_id_host(config: &Config) -> anyhow::Result<String> {
    if !config.mail.message_id_host.is_empty() {
        return Ok(config.mail.message_id_host.clone());
    }
    let from = address("mail.from", &config.mail.from)?;
    Ok(from.rsplit_once('@').map_or(from.clone(), |(_, host)| host.to_owned()))
}
