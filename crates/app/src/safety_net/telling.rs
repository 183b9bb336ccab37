//! Writes the mails of the safety net into the outbox.

use anyhow::Context;
use jiff::Timestamp;
use schakel_deliver::mail::address;
use schakel_lookup::Lookup;
use schakel_model::{
    answer::NotificationKind,
    ids::{FindingId, NotificationId, OrganisationId},
    register::ContactRole,
};
use schakel_parse::xarf::Reporter;
use schakel_render::{
    notice::{Notice, Occasion, Reference, Standing},
    templates::Templates,
};
use schakel_rules::{
    confidential::Wish,
    tlp_gate::{Audience, Circle, gate},
};
use schakel_store::{
    Store,
    outbox::{self, NewNotification, Notification},
};

use super::{
    plan::{Mail, Nobodys, Plan, parts, plan},
    rows,
};
use crate::{
    config::Config,
    letters::language_of,
    tell::{Freezer, Mail as Letter, To},
};

/// A mail that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// Its notification.
    pub notification: NotificationId,
    /// To whom.
    pub address: String,
    /// What it tells.
    pub findings: Vec<FindingId>,
}

/// Tells what can be told now, as it is known; nobody is asked. Gives the mails, and the plan they were made by.
pub fn tell(
    store: &mut Store,
    lookup: &Lookup,
    config: &Config,
    templates: &Templates,
    now: Timestamp,
) -> anyhow::Result<(Vec<Made>, Plan)> {
    let reader = store.reader()?;
    let plan = plan(&reader, lookup, config, now.as_second())?;
    if !plan.told_before.is_empty() {
        store.follow_safety_net(&plan.told_before, now.as_second())?;
    }
    let freezer = Freezer::of_store(store, config, now)?;
    let mut made = Vec::new();
    for mail in &plan.mails {
        match write(store, (config, &freezer), templates, mail, now) {
            Ok(one) => made.extend(one),
            // An address that no mail can be made for must not hold up the others.
            Err(error) => tracing::warn!(error = %format!("{error:#}"), "an abuse desk cannot be written to"),
        }
    }
    Ok((made, plan))
}

fn write(
    store: &mut Store,
    (config, freezer): (&Config, &Freezer),
    templates: &Templates,
    mail: &Mail,
    now: Timestamp,
) -> anyhow::Result<Option<Made>> {
    let clearance = config.safety_net.net()?.tlp_max;
    let pass = gate(mail.terms, &Audience::mailbox(Circle::Provider, &mail.address, clearance))?;
    let from = address("mail.from", &config.mail.from)?;
    // Without a name or a domain of our own there is no X-ARF report, and the mail goes without.
    let reporter = Reporter::new(&config.sender, &from).ok();
    let told = rows::read(&store.reader()?, &mail.findings, reporter.as_ref())?;
    if told.is_empty() {
        return Ok(None);
    }
    let id = store.read(outbox::next_notification)?;
    let epoch = store.read(outbox::epoch)?;
    let reference = Reference { number: u64::from(id.0), epoch };
    let (_, domain) = mail.address.rsplit_once('@').context("a mail address")?;
    let language = language_of(domain);
    let mut message = templates.render(&Notice {
        reference,
        organisation: domain,
        organisation_code: "",
        language,
        tlp: mail.terms.tlp,
        recipient_role: ContactRole::Findings,
        standing: Standing::Nobodys { means: &mail.means },
        occasion: Occasion::New,
        answer_link: "",
        sender: &config.sender,
        created_at: now,
        groups: rows::groups(&told),
    })?;
    message.attachments.extend(told.iter().filter_map(|one| one.xarf.clone()));
    let letter = Letter {
        message: &message,
        reference,
        kind: NotificationKind::SafetyNet,
        language,
        wish: Wish::Open,
    };
    let to = To { name: "", role: "abuse", thread: None };
    let frozen = freezer.freeze(&letter, pass, &to, 1)?;
    let findings: Vec<FindingId> = told.iter().map(|one| one.item.finding).collect();
    let new = NewNotification {
        notification: Notification {
            id,
            epoch,
            organisation: OrganisationId(0),
            language,
            created_at: now.as_second(),
            tlp: mail.terms.tlp,
            findings: findings.len() as u64,
            subject: message.subject,
            lead: id,
            kind: NotificationKind::SafetyNet,
            thread: None,
            wish: Wish::Open,
        },
        messages: vec![frozen],
        blocks: Vec::new(),
        tells: Vec::new(),
    };
    let told: Vec<&Nobodys> = mail.findings.iter().filter(|one| findings.contains(&one.id)).collect();
    store.store_safety_net(new, &parts(&told), now.as_second())?;
    Ok(Some(Made { notification: id, address: mail.address.clone(), findings }))
}
