//! The final bytes of a mail, as they are stored and sent: the same for what is told, taken back and asked.
//!
//! In this order: the check code under the text, the mail, our signature and the encryption to its recipient, the signature of our domain.

use anyhow::{Context, ensure};
use jiff::Timestamp;
use schakel_deliver::{
    mail::{Head, address, freeze},
    message_id::MessageId,
    settings::ReplyTo,
};
use schakel_model::{
    answer::NotificationKind,
    language::Language,
    register::Contact,
    tlp::{Terms, Tlp},
};
use schakel_render::{check_code as check_code_words, message::Message, notice::Reference};
use schakel_rules::{
    confidential::{Connection, Passage, Wish, passage},
    tlp_gate::{Audience, Circle, Pass, gate},
};
use schakel_store::{Reader, Store, contact_keys, mailboxes, outbox::NewMessage};

use crate::{
    answers::tokens::{self, Token, Use},
    check_code,
    config::Config,
    dkim::Dkim,
    machines::{Machine, machines},
    tell::{
        channel::Closed,
        event,
        protection::{Protector, Unprotected},
    },
};

/// A mail before it has a recipient.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// What it says.
    pub message: &'a Message,
    /// The notification.
    pub reference: Reference,
    /// What it is.
    pub kind: NotificationKind,
    /// In which language.
    pub language: Language,
    /// What it asks beside its marking.
    pub wish: Wish,
}

/// Whom a mail goes to.
#[derive(Clone, Debug)]
pub struct To<'a> {
    /// Their name; may be empty.
    pub name: &'a str,
    /// Their role at the organisation.
    pub role: &'a str,
    /// The Message-ID of the earlier mail to them that this one goes on about (`outbox::message_id_to`).
    pub thread: Option<String>,
}

/// Makes final bytes. Holds keys: made once for many mails.
pub struct Freezer {
    from: String,
    reply_to: String,
    host: String,
    /// Where check codes are checked; empty: nowhere.
    public_url: String,
    encrypt_from: Option<Tlp>,
    tls_domains: Vec<String>,
    secret: [u8; 32],
    reply_tokens: ReplyTo,
    dkim: Dkim,
    protector: Protector,
    /// Where nothing goes.
    closed: Closed,
    machines: Vec<Machine>,
    now: Timestamp,
}

impl Freezer {
    /// With the keys that there are now.
    pub fn of_store(store: &Store, config: &Config, now: Timestamp) -> anyhow::Result<Self> {
        let closed = Closed::of(store.read(mailboxes::list)?);
        Self::new(config, &store.secret(), store.read(contact_keys::list)?, closed, now)
    }

    /// The same, beside the store.
    pub fn of_reader(reader: &Reader, config: &Config, now: Timestamp) -> anyhow::Result<Self> {
        let closed = Closed::of(reader.read(mailboxes::list)?);
        Self::new(config, &reader.secret(), reader.read(contact_keys::list)?, closed, now)
    }

    fn new(
        config: &Config,
        secret: &[u8; 32],
        contact_keys: Vec<contact_keys::ContactKey>,
        closed: Closed,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            from: config.mail.from.clone(),
            reply_to: config.mail.reply_to.clone(),
            host: message_id_host(config)?,
            public_url: config.http.public_url.trim_end_matches('/').to_owned(),
            encrypt_from: encrypt_from(config)?,
            tls_domains: config.mail.tls_domains.iter().map(|domain| domain.to_ascii_lowercase()).collect(),
            secret: *secret,
            reply_tokens: config.mail.replies,
            dkim: Dkim::load(config)?,
            protector: Protector::new(config, contact_keys, now)?,
            closed,
            machines: machines(config)?,
            now,
        })
    }

    /// The final bytes for one recipient, the `k`th of the notification, from 1. `pass`: where the gate lets it go, and how it is marked.
    /// What is confidential and cannot be protected is withheld.
    pub fn freeze(&self, mail: &Mail<'_>, pass: Pass, to: &To<'_>, k: u32) -> anyhow::Result<NewMessage> {
        let reference = mail.reference;
        let message_id = MessageId::new(reference.number, reference.epoch, k, &self.host)?;
        if let Some(machine) = self.machines.iter().find(|one| one.recipient == pass.address()) {
            let about = event::About {
                kind: mail.kind,
                reference,
                tlp: pass.tlp(),
                organisation: &machine.organisation,
                host: &self.host,
                now: self.now,
            };
            // Over verified TLS, or on this machine: there is nothing to encrypt. What may go there is limited by its setting.
            let bytes = event::event(mail.message, &about, &message_id)?;
            return Ok(NewMessage::new(pass, to.role.to_owned(), message_id.to_string(), bytes));
        }
        let thread: Option<MessageId> = to.thread.as_deref().map(str::parse).transpose()?;
        let head = Head {
            from: &self.from,
            reply_to: &self.reply_to(&message_id)?,
            to_name: to.name,
            to: pass.address(),
            message_id: &message_id,
            date: self.now,
            reference,
            tlp: pass.tlp(),
            host: &self.host,
            thread: thread.as_ref(),
        };
        let plain = freeze(&self.with_check_code(mail), &head)?;
        let protected = self.protected(&plain, mail, &pass)?;
        let (role, message_id) = (to.role.to_owned(), message_id.to_string());
        Ok(match protected {
            Ok(bytes) => NewMessage::new(pass, role, message_id, bytes),
            Err(why) => NewMessage::new(pass, role, message_id, plain).withheld(why.to_string()),
        })
    }

    /// The Message-ID of the `k`th mail of a notification.
    pub(super) fn message_id(&self, reference: Reference, k: u32) -> anyhow::Result<String> {
        Ok(MessageId::new(reference.number, reference.epoch, k, &self.host)?.to_string())
    }

    /// The same for a contact, where the gate lets it go, and to no mailbox that is gone or that somebody else may read; `thread`: as in [`To`].
    pub fn to_contact(
        &self,
        mail: &Mail<'_>,
        (terms, circle): (Terms, Circle),
        contact: &Contact,
        (k, thread): (u32, Option<String>),
    ) -> anyhow::Result<NewMessage> {
        ensure!(
            self.closed.is_open(contact),
            "the mailbox of contact {} is gone, or somebody else may read it",
            contact.id
        );
        let pass = gate(terms, &Audience::contact(circle, contact))?;
        self.freeze(mail, pass, &To { name: &contact.name, role: contact.role.as_str(), thread }, k)
    }

    /// The same for the programs of an organisation; `k`: the number of the first.
    pub fn to_machines(
        &self,
        mail: &Mail<'_>,
        (terms, circle): (Terms, Circle),
        organisation: &str,
        k: u32,
    ) -> anyhow::Result<Vec<NewMessage>> {
        let mut messages = Vec::new();
        for (machine, k) in self.machines.iter().filter(|one| one.organisation == organisation).zip(k..) {
            let audience =
                Audience { clearance: machine.tlp_max, ..Audience::machine(circle, &machine.recipient) };
            let Ok(pass) = gate(terms, &audience) else { continue };
            let to = To { name: "", role: machine.kind.as_str(), thread: None };
            messages.push(self.freeze(mail, pass, &to, k)?);
        }
        Ok(messages)
    }

    /// The final bytes of a mail that was withheld, encrypted; `None` while there is still no key.
    pub fn release_encrypted(
        &self,
        plain: &[u8],
        recipient: &str,
        subject: &str,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let sealed = self.protector.encrypted(plain, recipient, subject, self.now)?;
        Ok(sealed.ok().map(|mail| self.dkim.sign(mail, self.now)))
    }

    /// The final bytes of a mail that was withheld and that the desk lets go as it is.
    pub fn release_open(&self, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(self.dkim.sign(self.protector.signed(plain, self.now)?, self.now))
    }

    /// Where answers go: as configured, or to an address that says by itself which mail is answered.
    fn reply_to(&self, id: &MessageId) -> anyhow::Result<String> {
        let base = if self.reply_to.is_empty() { &self.from } else { &self.reply_to };
        Ok(match self.reply_tokens {
            ReplyTo::AsIs => self.reply_to.clone(),
            ReplyTo::Tokens => {
                tokens::address(&self.secret, Use::Reply, Token::from(id), &address("mail.reply_to", base)?)
            }
        })
    }

    fn protected(
        &self,
        plain: &[u8],
        mail: &Mail<'_>,
        pass: &Pass,
    ) -> anyhow::Result<Result<Vec<u8>, Unprotected>> {
        let (recipient, tlp) = (pass.address(), pass.tlp());
        let domain = recipient.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
        let connection = match self.tls_domains.contains(&domain) {
            true => Connection::Agreed,
            false => Connection::Unknown,
        };
        let way = |has_key| passage(tlp, self.encrypt_from, mail.wish, has_key, connection);
        let sealed = match way(true) {
            Passage::Encrypted => {
                let outside = outer_subject(mail.reference, tlp);
                match self.protector.encrypted(plain, recipient, &outside, self.now)? {
                    Err(why) if way(false) == Passage::Withheld => return Ok(Err(why)),
                    Err(_) => self.protector.signed(plain, self.now)?,
                    Ok(sealed) => sealed,
                }
            }
            _ => self.protector.signed(plain, self.now)?,
        };
        Ok(Ok(self.dkim.sign(sealed, self.now)))
    }

    fn with_check_code(&self, mail: &Mail<'_>) -> Message {
        let mut message = mail.message.clone();
        if !self.public_url.is_empty() {
            let code = check_code::code(&self.secret, mail.reference);
            let page = format!("{}/verify", self.public_url);
            message.text.push_str(&check_code_words::line(mail.language, mail.reference, &code, &page));
            message.text.push('\n');
        }
        message
    }
}

/// What stands outside an encrypted mail for its subject: enough to know it by, nothing of what it says.
pub(crate) fn outer_subject(reference: Reference, tlp: Tlp) -> String {
    format!("[Schakel #{reference}] {tlp}")
}

/// The lowest marking that is confidential.
pub(crate) fn encrypt_from(config: &Config) -> anyhow::Result<Option<Tlp>> {
    match config.mail.encrypt_from.trim() {
        "" => Ok(None),
        tlp => tlp.parse().map(Some).map_err(anyhow::Error::msg).context("mail.encrypt_from"),
    }
}

/// The host in Message-IDs: as configured, else that of the sender.
pub(crate) fn message_id_host(config: &Config) -> anyhow::Result<String> {
    if !config.mail.message_id_host.is_empty() {
        return Ok(config.mail.message_id_host.clone());
    }
    let from = address("mail.from", &config.mail.from)?;
    Ok(from.rsplit_once('@').map_or(from.clone(), |(_, host)| host.to_owned()))
}
