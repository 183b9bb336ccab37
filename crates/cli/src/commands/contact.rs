//! `schakel contact`

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use schakel_app::{
    claims::organisation,
    config,
    contact_key::{self, spaced},
    contacts::{self, Changed},
    explain::{organisation_name, rfc3339},
    register::standing,
    templates,
};
use schakel_model::{
    ids::{ContactId, OrganisationId, PendingChangeId},
    language::Language,
    register::{Contact, ContactRole, Register},
    tlp::Tlp,
};
use schakel_store::{
    Reader,
    act::Act,
    confirmations,
    contact_changes::{self, Pending},
    contact_keys::{self, KeyKind},
    register,
};
use serde_json::{Value, json};

use super::contact_health;
use crate::{
    Context,
    args::time,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum ContactCommand {
    /// Add a contact; a further VCIB waits for a second pair of eyes
    Add {
        /// The organisation, for example GM0513
        code: String,
        /// acib, vcib, findings, weekly, ciso, fg, duty, communication, secretary, mayor
        role: ContactRole,
        #[command(flatten)]
        fields: Fields,
    },
    /// Change a contact; how a VCIB is reached changes only with four eyes and a call back
    Change {
        /// Its number, from `schakel contact list`
        contact: ContactId,
        #[command(flatten)]
        fields: Fields,
    },
    /// A contact leaves: at once, with the mail that waits for them
    Leave {
        /// Its number, from `schakel contact list`
        contact: ContactId,
        /// Why
        #[arg(long, default_value = "left")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// The contacts, of one organisation or all
    List {
        /// Only of this organisation, for example GM0513
        code: Option<String>,
    },
    /// Somebody asked: the contact is still right
    Confirm {
        /// Its number, from `schakel contact list`
        contact: ContactId,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Contacts that nobody confirmed for 90 days
    Stale {
        /// Ask them by mail; `serve` does it every day
        #[arg(long)]
        remind: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Name a VCIB for an emergency: at once, with an end, after a call back to a known number
    Emergency {
        /// The organisation, for example GM0513
        code: String,
        #[command(flatten)]
        fields: Fields,
        /// The number that was called back; it must be on record already
        #[arg(long, value_name = "NUMBER")]
        called_back: String,
    },
    /// Organisations that nobody can be told anything of
    Alarms,
    /// Addresses with something against them: mails that came back, complaints, readers who should not be
    Health {
        /// All addresses of this organisation, for example GM0513
        code: Option<String>,
        /// Also those with nothing against them
        #[arg(long)]
        all: bool,
    },
    /// Somebody else may read this address: nothing goes there any more
    Compromised {
        /// The mail address
        address: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// An address is good again: you asked by another way
    TrustAgain {
        /// The mail address
        address: String,
        /// Why, and by which way you asked
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Changes that wait for a second pair of eyes
    #[command(subcommand)]
    Pending(PendingCommand),
    /// Public keys of contacts
    #[command(subcommand)]
    Key(KeyCommand),
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct Fields {
    /// The person, or what the mailbox is called
    #[arg(long)]
    pub name: Option<String>,
    /// The mail address
    #[arg(long)]
    pub email: Option<String>,
    /// The telephone number
    #[arg(long)]
    pub phone: Option<String>,
    /// nl or en [default: that of the organisation]
    #[arg(long)]
    pub language: Option<Language>,
    /// The highest marking they may receive [default: AMBER]
    #[arg(long)]
    pub tlp_max: Option<Tlp>,
    /// Their place among those with the same role, the lowest first
    #[arg(long)]
    pub order: Option<u16>,
    /// From when, for example 2026-01-01
    #[arg(long, value_parser = time)]
    pub from: Option<Timestamp>,
    /// Until when
    #[arg(long, value_parser = time)]
    pub until: Option<Timestamp>,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub dry_run: DryRun,
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum PendingCommand {
    /// The changes that wait
    List {
        /// Also those that were decided
        #[arg(long)]
        all: bool,
    },
    /// Approve one: you called a number back that was known before
    Approve {
        /// Its number, from `schakel contact pending list`
        change: PendingChangeId,
        /// The number that was called back; it must have been on record before
        #[arg(long, value_name = "NUMBER")]
        called_back: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Refuse one
    Refuse {
        /// Its number, from `schakel contact pending list`
        change: PendingChangeId,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum KeyCommand {
    /// Keep a contact's public key, after its fingerprint was read out loud
    Add {
        /// Its number, from `schakel contact list`
        contact: ContactId,
        /// The key: binary or armored OpenPGP, or an S/MIME certificate in PEM or DER
        file: PathBuf,
        /// openpgp or smime
        #[arg(long)]
        kind: KeyKind,
        /// The fingerprint as its owner read it out, not as it stood in a mail
        #[arg(long)]
        fingerprint: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// The keys in use
    List,
}

pub fn run(context: &Context, command: &ContactCommand) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    match command {
        ContactCommand::Add { code, role, fields } => {
            let actor = acting(context, *role)?;
            let act = Act { at: now, actor: &actor, reason: or(&fields.reason, "contact added") };
            let changed = context.change(fields.dry_run, |store| {
                let register = standing(store)?;
                let contact = fields.over(&fresh(organisation(&register, code)?.language, *role));
                contacts::add(store, &act, code, contact)
            })?;
            say_changed(context, changed)
        }
        ContactCommand::Change { contact, fields } => {
            let changed = context.change(fields.dry_run, |store| {
                let role = contacts::contact(&standing(store)?, *contact)?.role;
                let actor = acting(context, role)?;
                let act = Act { at: now, actor: &actor, reason: or(&fields.reason, "contact changed") };
                contacts::change(store, &act, *contact, |before| fields.over(before))
            })?;
            say_changed(context, changed)
        }
        ContactCommand::Leave { contact, reason, dry_run } => leave(context, *contact, reason, *dry_run),
        ContactCommand::List { code } => list(context, code.as_deref()),
        ContactCommand::Confirm { contact, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at: now, actor: actor.name(), reason: "the desk asked" };
            let confirmed = context.change(*dry_run, |store| contacts::confirm(store, &act, *contact))?;
            if confirmed.is_none() {
                return Ok(Ending::Done);
            }
            context.out.line(format!("Contact {contact} is confirmed."));
            context.out.json(&json!({ "contact": contact.0, "confirmed_at": rfc3339(now) }))?;
            Ok(Ending::Done)
        }
        ContactCommand::Stale { remind, dry_run } => stale(context, *remind, *dry_run),
        ContactCommand::Emergency { code, fields, called_back } => {
            let actor = context.person()?;
            let act = Act { at: now, actor: actor.name(), reason: &fields.reason };
            let named = context.change(fields.dry_run, |store| {
                let register = standing(store)?;
                let mut contact =
                    fields.over(&fresh(organisation(&register, code)?.language, ContactRole::Vcib));
                if fields.tlp_max.is_none() {
                    contact.tlp_max = Tlp::Red;
                }
                contacts::emergency(store, &act, code, contact, called_back)
            })?;
            if named.is_none() {
                return Ok(Ending::Done);
            }
            let until = fields.until.map(|until| rfc3339(until.as_second())).unwrap_or_default();
            context.out.line(format!("{code} has an emergency VCIB until {until}."));
            context.out.json(&json!({ "organisation": code, "until": until }))?;
            Ok(Ending::Done)
        }
        ContactCommand::Alarms => alarms(context),
        ContactCommand::Health { code, all } => contact_health::list(context, code.as_deref(), *all),
        ContactCommand::Compromised { address, reason, dry_run } => {
            contact_health::compromised(context, address, reason, *dry_run)
        }
        ContactCommand::TrustAgain { address, reason, dry_run } => {
            contact_health::trust(context, address, reason, *dry_run)
        }
        ContactCommand::Pending(command) => pending(context, command),
        ContactCommand::Key(command) => key(context, command),
    }
}

/// Who acts; for a trusted contact it must be a person.
fn acting(context: &Context, role: ContactRole) -> anyhow::Result<String> {
    let actor = if role == ContactRole::Vcib { context.person()? } else { context.actor()? };
    Ok(actor.name().to_owned())
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn fresh(language: Language, role: ContactRole) -> Contact {
    Contact {
        id: ContactId(0),
        organisation: OrganisationId(0),
        role,
        name: String::new(),
        email: String::new(),
        phone: String::new(),
        language,
        tlp_max: Tlp::Amber,
        position: 0,
        valid_from: None,
        valid_until: None,
    }
}

impl Fields {
    /// What is said, over what stands.
    fn over(&self, before: &Contact) -> Contact {
        let text = |said: &Option<String>, stands: &str| {
            said.as_ref().map_or_else(|| stands.to_owned(), |said| said.trim().to_owned())
        };
        Contact {
            name: text(&self.name, &before.name),
            email: text(&self.email, &before.email),
            phone: text(&self.phone, &before.phone),
            language: self.language.unwrap_or(before.language),
            tlp_max: self.tlp_max.unwrap_or(before.tlp_max),
            position: self.order.unwrap_or(before.position),
            valid_from: self.from.map(Timestamp::as_second).or(before.valid_from),
            valid_until: self.until.map(Timestamp::as_second).or(before.valid_until),
            ..before.clone()
        }
    }
}

fn say_changed(context: &Context, changed: Option<Changed>) -> anyhow::Result<Ending> {
    match changed {
        None => {}
        Some(Changed::Applied) => {
            context.out.line("It is in the register.");
            context.out.json(&json!({ "applied": true, "pending": null }))?;
        }
        Some(Changed::Waits(id)) => {
            context.out.line(format!(
                "It waits as change {id}: call a number back that was known before, and let somebody else approve it with \
                 `schakel contact pending approve {id} --called-back NUMBER`."
            ));
            context.out.json(&json!({ "applied": false, "pending": id.0 }))?;
        }
    }
    Ok(Ending::Done)
}

fn leave(context: &Context, id: ContactId, reason: &str, dry_run: DryRun) -> anyhow::Result<Ending> {
    let actor = context.actor()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let Some((contact, left)) = context.change(dry_run, |store| contacts::leave(store, &act, id))? else {
        return Ok(Ending::Done);
    };
    context.out.line(format!("{} ({}) is out of the register.", plain(&contact.name, 60), contact.role));
    for message in &left.messages {
        context.out.line(format!("Message {message} is not sent to them."));
    }
    if left.told_anew > 0 {
        context.out.line(format!(
            "{} assignments are told to whoever is left; `schakel doctor` says when that is nobody.",
            number(left.told_anew)
        ));
    }
    context.out.json(&json!({ "contact": id.0, "messages": left.messages, "told_anew": left.told_anew }))?;
    Ok(Ending::Done)
}

fn load(reader: &Reader) -> anyhow::Result<Register> {
    Ok(reader.read(|connection| register::load(connection, register::version(connection)?))?)
}

fn contact_json(register: &Register, contact: &Contact) -> Value {
    json!({
        "contact": contact.id.0,
        "organisation": organisation_name(register, contact.organisation).0,
        "role": contact.role.as_str(),
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "language": contact.language.as_str(),
        "tlp_max": contact.tlp_max.as_str(),
        "order": contact.position,
        "valid_from": contact.valid_from.map(rfc3339),
        "valid_until": contact.valid_until.map(rfc3339),
    })
}

fn cells(register: &Register, contact: &Contact) -> Vec<String> {
    vec![
        contact.id.to_string(),
        organisation_name(register, contact.organisation).0.to_owned(),
        contact.role.to_string(),
        plain(&contact.name, 40),
        plain(&contact.email, 50),
        plain(&contact.phone, 30),
        contact.valid_until.map_or(String::new(), rfc3339),
    ]
}

const HEADINGS: [&str; 7] = ["contact", "code", "role", "name", "email", "phone", "until"];

fn list(context: &Context, code: Option<&str>) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = load(&reader)?;
    let of = code.map(|code| organisation(&register, code)).transpose()?.map(|one| one.id);
    let freshness = reader.read(|connection| confirmations::freshness(connection, register.version))?;
    let contacts: Vec<&Contact> =
        register.contacts.iter().filter(|contact| of.is_none_or(|of| of == contact.organisation)).collect();
    let rows: Vec<_> = contacts.iter().map(|contact| cells(&register, contact)).collect();
    context.out.table(&HEADINGS, &rows, &[0]);
    let contacts: Vec<Value> = contacts
        .iter()
        .map(|contact| {
            let mut json = contact_json(&register, contact);
            json["confirmed_at"] = freshness.get(&contact.id).map(|one| rfc3339(one.confirmed_at)).into();
            json
        })
        .collect();
    context.out.json(&json!({ "contacts": contacts }))?;
    Ok(Ending::Done)
}

fn stale(context: &Context, remind: bool, dry_run: DryRun) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    let mut reminded = 0;
    if remind {
        let config = config::load(&context.data)?;
        let actor = context.actor()?;
        let act = Act { at: now, actor: actor.name(), reason: "not confirmed for 90 days" };
        let done = context.change(dry_run, |store| {
            let templates = templates::in_force(&store.reader()?)?;
            contacts::remind(store, &config, &templates, &act)
        })?;
        let Some(count) = done else { return Ok(Ending::Done) };
        reminded = count;
    }
    let reader = Reader::open(&context.data)?;
    let register = load(&reader)?;
    let stale = contacts::stale(&reader, &register, now)?;
    let rows: Vec<_> = stale
        .iter()
        .map(|aged| {
            let mut row = cells(&register, &aged.contact);
            row[6] = rfc3339(aged.freshness.confirmed_at);
            row
        })
        .collect();
    let mut headings = HEADINGS;
    headings[6] = "confirmed";
    context.out.table(&headings, &rows, &[0]);
    if remind {
        context.out.line(format!("{} reminders are in the outbox.", number(reminded as u64)));
    }
    let contacts: Vec<Value> = stale
        .iter()
        .map(|aged| {
            let mut json = contact_json(&register, &aged.contact);
            json["confirmed_at"] = rfc3339(aged.freshness.confirmed_at).into();
            json["reminded_at"] = aged.freshness.reminded_at.map(rfc3339).into();
            json
        })
        .collect();
    context.out.json(&json!({ "contacts": contacts, "reminded": reminded }))?;
    Ok(Ending::Done)
}

fn alarms(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = load(&reader)?;
    let alarms = contacts::alarms(&register, context.clock.now_seconds());
    for organisation in &alarms {
        context.out.line(format!(
            "{} {}: nobody can be told anything",
            organisation.code,
            plain(&organisation.name, 60)
        ));
    }
    if alarms.is_empty() {
        context.out.line("Every organisation with assets has somebody who can be told.");
    }
    let codes: Vec<&str> = alarms.iter().map(|organisation| organisation.code.as_str()).collect();
    context.out.json(&json!({ "organisations": codes }))?;
    Ok(if alarms.is_empty() { Ending::Done } else { Ending::WithRejects })
}

fn pending(context: &Context, command: &PendingCommand) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    match command {
        PendingCommand::List { all } => {
            let reader = Reader::open(&context.data)?;
            let register = load(&reader)?;
            let changes: Vec<Pending> = reader
                .read(contact_changes::list)?
                .into_iter()
                .filter(|pending| *all || pending.decision.is_none())
                .collect();
            for one in &changes {
                context.out.line(pending_text(&register, one));
            }
            if changes.is_empty() {
                context.out.line("No change waits.");
            }
            let changes: Vec<Value> = changes.iter().map(|one| pending_json(&register, one)).collect();
            context.out.json(&json!({ "changes": changes }))?;
        }
        PendingCommand::Approve { change, called_back, reason, dry_run } => {
            let actor = context.person()?;
            let reason = format!("contact change {change} approved, called back {called_back} {reason}");
            let act = Act { at: now, actor: actor.name(), reason: reason.trim() };
            let approved =
                context.change(*dry_run, |store| contacts::approve(store, &act, *change, called_back))?;
            if approved.is_none() {
                return Ok(Ending::Done);
            }
            context.out.line(format!("Change {change} is approved and in force."));
            context.out.json(&json!({ "change": change.0, "approved": true }))?;
        }
        PendingCommand::Refuse { change, reason, dry_run } => {
            let actor = context.person()?;
            let act = Act { at: now, actor: actor.name(), reason };
            if context.change(*dry_run, |store| contacts::refuse(store, &act, *change))?.is_none() {
                return Ok(Ending::Done);
            }
            context.out.line(format!("Change {change} is refused; nothing changes."));
            context.out.json(&json!({ "change": change.0, "approved": false }))?;
        }
    }
    Ok(Ending::Done)
}

fn pending_text(register: &Register, one: &Pending) -> String {
    let after = &one.change.after;
    let code = organisation_name(register, after.organisation).0;
    let before = one.change.contact.and_then(|id| register.contacts.iter().find(|contact| contact.id == id));
    let what = match (&one.change.key, before) {
        (Some(key), _) => format!("key {} {}", key.kind, spaced(&key.fingerprint)),
        (None, Some(before)) => format!("{} {} becomes", plain(&before.email, 50), plain(&before.phone, 30)),
        (None, None) => "new".to_owned(),
    };
    let state = match &one.decision {
        None => String::new(),
        Some(decision) if decision.approved => {
            format!("; approved by {}, called back {}", decision.actor, decision.called_back)
        }
        Some(decision) => format!("; refused by {}", decision.actor),
    };
    format!(
        "{}  {code} {} {what}: {} {} {}; asked for by {} on {}{state}",
        one.id,
        after.role,
        plain(&after.name, 40),
        plain(&after.email, 50),
        plain(&after.phone, 30),
        plain(&one.requested_by, 40),
        rfc3339(one.requested_at)
    )
}

fn pending_json(register: &Register, one: &Pending) -> Value {
    json!({
        "change": one.id.0,
        "organisation": organisation_name(register, one.change.after.organisation).0,
        "contact": one.change.contact.map(|contact| contact.0),
        "after": contact_json(register, &one.change.after),
        "key": one.change.key.as_ref().map(|key| json!({ "kind": key.kind.as_str(), "fingerprint": key.fingerprint })),
        "requested_at": rfc3339(one.requested_at),
        "requested_by": one.requested_by,
        "reason": one.reason,
        "approved": one.decision.as_ref().map(|decision| decision.approved),
        "decided_by": one.decision.as_ref().map(|decision| decision.actor.clone()),
        "called_back": one.decision.as_ref().map(|decision| decision.called_back.clone()),
    })
}

fn key(context: &Context, command: &KeyCommand) -> anyhow::Result<Ending> {
    match command {
        KeyCommand::Add { contact, file, kind, fingerprint, dry_run } => {
            let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let key = contact_key::read(*kind, &bytes, fingerprint)?;
            let changed = context.change(*dry_run, |store| {
                let role = contacts::contact(&standing(store)?, *contact)?.role;
                let actor = acting(context, role)?;
                let reason = "fingerprint read out loud";
                let act = Act { at: context.clock.now_seconds(), actor: &actor, reason };
                contact_key::add(store, &act, *contact, key)
            })?;
            say_changed(context, changed)
        }
        KeyCommand::List => {
            let reader = Reader::open(&context.data)?;
            let register = load(&reader)?;
            let keys = reader.read(contact_keys::list)?;
            let rows: Vec<_> = keys
                .iter()
                .map(|key| {
                    vec![
                        organisation_name(&register, key.organisation).0.to_owned(),
                        plain(&key.email, 50),
                        key.key.kind.to_string(),
                        spaced(&key.key.fingerprint),
                        rfc3339(key.added_at),
                    ]
                })
                .collect();
            context.out.table(&["code", "email", "kind", "fingerprint", "since"], &rows, &[]);
            let keys: Vec<Value> = keys
                .iter()
                .map(|key| {
                    json!({
                        "organisation": organisation_name(&register, key.organisation).0, "email": key.email,
                        "kind": key.key.kind.as_str(), "fingerprint": key.key.fingerprint, "added_at": rfc3339(key.added_at),
                    })
                })
                .collect();
            context.out.json(&json!({ "keys": keys }))?;
            Ok(Ending::Done)
        }
    }
}
