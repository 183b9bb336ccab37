//! `schakel contact health`, `compromised` and `trust-again`

use schakel_app::{
    claims::organisation,
    explain::{organisation_name, rfc3339},
    mailbox_health::{Health, health, mark_compromised, trust_again},
};
use schakel_model::register::Register;
use schakel_store::{Reader, act::Act, register};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

pub fn list(context: &Context, code: Option<&str>, all: bool) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let of = code.map(|code| organisation(&register, code)).transpose()?.map(|one| one.id);
    let mut found = health(&reader, &register, of, context.clock.now_seconds())?;
    if !all && code.is_none() {
        found.retain(is_ill);
    }
    let rows: Vec<Vec<String>> = found.iter().map(|one| cells(&register, one)).collect();
    if rows.is_empty() {
        context.out.line("Nothing is known against any address. `--all` shows them all.");
    } else {
        let headings = ["address", "contact of", "last accepted", "came back", "state", "what was said"];
        context.out.table(&headings, &rows, &[3]);
    }
    let values: Vec<Value> = found.iter().map(|one| health_json(&register, one)).collect();
    context.out.json(&json!({ "addresses": values }))?;
    Ok(Ending::Done)
}

fn is_ill(one: &Health) -> bool {
    !one.mailbox.is_usable() || one.mailbox.failures > 0 || one.mailbox.complained_at.is_some()
}

fn whose(register: &Register, one: &Health) -> Vec<String> {
    let of = |contact: &schakel_model::register::Contact| {
        format!("{} {}", organisation_name(register, contact.organisation).0, contact.role)
    };
    one.contacts.iter().map(of).collect()
}

fn cells(register: &Register, one: &Health) -> Vec<String> {
    let mailbox = &one.mailbox;
    let mut states = Vec::new();
    for (since, what) in [
        (mailbox.compromised_at, "compromised"),
        (mailbox.failed_at, "no such mailbox"),
        (mailbox.complained_at, "complained"),
    ] {
        states.extend(since.map(|since| format!("{what} since {}", rfc3339(since))));
    }
    vec![
        plain(&mailbox.address, 50),
        whose(register, one).join(", "),
        one.accepted_at.map_or(String::new(), rfc3339),
        number(u64::from(mailbox.failures)),
        states.join(", "),
        plain(&mailbox.failure, 60),
    ]
}

fn health_json(register: &Register, one: &Health) -> Value {
    let mailbox = &one.mailbox;
    json!({
        "address": mailbox.address,
        "contacts": whose(register, one),
        "usable": mailbox.is_usable(),
        "last_accepted_at": one.accepted_at.map(rfc3339),
        "failures": mailbox.failures,
        "last_failure_at": mailbox.last_failure_at.map(rfc3339),
        "failure": mailbox.failure,
        "no_such_mailbox_since": mailbox.failed_at.map(rfc3339),
        "complained_at": mailbox.complained_at.map(rfc3339),
        "compromised_at": mailbox.compromised_at.map(rfc3339),
        "compromised_by": mailbox.compromised_by.map(|finding| format!("F{finding}")),
    })
}

pub fn compromised(
    context: &Context,
    address: &str,
    reason: &str,
    dry_run: DryRun,
) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let Some(anew) = context.change(dry_run, |store| mark_compromised(store, &act, address))? else {
        return Ok(Ending::Done);
    };
    context.out.line(format!("Nothing is mailed to {} any more.", plain(address, 80)));
    if anew > 0 {
        context.out.line(format!(
            "{} notifications that waited for it are told to another contact, or put on the calling list.",
            number(anew as u64)
        ));
    }
    context.out.json(&json!({ "address": address, "compromised": true, "notifications_told_anew": anew }))?;
    Ok(Ending::Done)
}

pub fn trust(context: &Context, address: &str, reason: &str, dry_run: DryRun) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    if context.change(dry_run, |store| trust_again(store, &act, address))?.is_none() {
        return Ok(Ending::Done);
    }
    context.out.line(format!("Mail goes to {} again.", plain(address, 80)));
    context.out.json(&json!({ "address": address, "compromised": false }))?;
    Ok(Ending::Done)
}
