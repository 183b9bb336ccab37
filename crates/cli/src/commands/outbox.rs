//! `schakel outbox`

use std::io::{self, Write};

use schakel_app::{
    check_code, config, erased,
    explain::{organisation_name, rfc3339},
    intake::Intake,
    withheld::{self, How},
};
use schakel_model::tlp::Tlp;
use schakel_store::{Reader, act::Act, erase, outbox, register};
use serde::Serialize;

use crate::{
    Context,
    args::{OutboxArgs, OutboxCommand},
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

#[derive(Serialize)]
struct MessageJson {
    message: i64,
    notification: u32,
    organisation: String,
    recipient: String,
    findings: u64,
    state: &'static str,
    attempts: u32,
    next_at: Option<String>,
    outcome: Option<String>,
}

pub fn run(context: &Context, args: &OutboxArgs) -> anyhow::Result<Ending> {
    match &args.command {
        Some(OutboxCommand::Check { number, code }) => return check(context, number, code),
        Some(OutboxCommand::Release { message, reason, dry_run }) => {
            return release(context, *message, reason, *dry_run);
        }
        None => {}
    }
    if args.send {
        let config = config::load(&context.data)?;
        let mut intake = Intake::open(&context.data, context.clock)?;
        let sent = super::tell::send(context, &config, &mut intake)?;
        super::tell::say_sent(context, &sent);
        context.out.json(&sent)?;
        return Ok(Ending::Done);
    }
    let reader = Reader::open(&context.data)?;
    if let Some(id) = args.show {
        let message = reader
            .read(|connection| outbox::message(connection, id))?
            .ok_or_else(|| anyhow::anyhow!("there is no message {id}. `schakel outbox` lists them"))?;
        let notification =
            reader.read(|connection| outbox::notification(connection, message.notification))?;
        let tlp = notification.map_or(Tlp::Red, |notification| notification.tlp);
        context.looker(&reader, &context.actor()?).item(&format!("message:{id}"), tlp)?;
        if let Some(by) = reader.read(|connection| erase::message_erased(connection, id))? {
            anyhow::bail!("message {id} was {}", erased::words(&reader, by)?);
        }
        let mut bytes = Vec::new();
        reader.frames()?.read(message.frame, &mut bytes)?;
        io::stdout().write_all(&bytes)?;
        return Ok(Ending::Done);
    }
    list(context, &reader, args.limit)
}

fn check(context: &Context, number: &str, code: &str) -> anyhow::Result<Ending> {
    let made_at = check_code::check(&Reader::open(&context.data)?, number, code)?;
    match made_at {
        Some(at) => context.out.line(format!("Yes: message {number} is from us, made on {}.", rfc3339(at))),
        None => context.out.line("No: we made no message with this number and this code."),
    }
    context.out.json(&serde_json::json!({ "ours": made_at.is_some(), "made_at": made_at.map(rfc3339) }))?;
    Ok(if made_at.is_some() { Ending::Done } else { Ending::Failed })
}

fn release(context: &Context, message: i64, reason: &str, dry_run: DryRun) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let how = context.change(dry_run, |store| withheld::release(store, &config, &act, message))?;
    if let Some(how) = how {
        let way = match how {
            How::Encrypted => "encrypted: there is a key by now",
            How::Open => "as an ordinary mail",
        };
        context.out.line(format!("Message {message} goes, {way}."));
        context.out.json(&serde_json::json!({ "ok": true, "message": message, "how": how }))?;
    }
    Ok(Ending::Done)
}

fn list(context: &Context, reader: &Reader, limit: usize) -> anyhow::Result<Ending> {
    let register = reader.read(register::load_organisations_now)?;
    let mut messages = Vec::new();
    for notification in reader.read(|connection| outbox::notifications(connection, limit))? {
        let (code, _) = organisation_name(&register, notification.organisation);
        for message in reader.read(|connection| outbox::of_notification(connection, notification.id))? {
            messages.push(MessageJson {
                message: message.id,
                notification: notification.id.0,
                organisation: code.to_owned(),
                recipient: message.recipient,
                findings: notification.findings,
                state: message.state.as_str(),
                attempts: message.attempts,
                next_at: message
                    .finished_at
                    .is_none()
                    .then(|| rfc3339(message.next_at.max(message.not_before.unwrap_or_default()))),
                outcome: message.outcome,
            });
        }
    }
    let cells: Vec<_> = messages
        .iter()
        .map(|message| {
            vec![
                message.message.to_string(),
                format!("N{}", message.notification),
                message.organisation.clone(),
                plain(&message.recipient, 40),
                number(message.findings),
                message.state.to_owned(),
                message.attempts.to_string(),
                plain(message.outcome.as_deref().unwrap_or(""), 60),
            ]
        })
        .collect();
    let headings =
        ["message", "notification", "code", "recipient", "findings", "state", "attempts", "outcome"];
    context.out.table(&headings, &cells, &[0, 4, 6]);
    let counts = reader.read(outbox::counts)?;
    let [waiting, unknown, accepted, given_up, withheld] = counts;
    context.out.line(format!(
        "{waiting} waiting, {unknown} unknown, {accepted} accepted, {given_up} given up, {withheld} withheld in all."
    ));
    let paused = reader.read(outbox::paused)?;
    if let Some(reason) = &paused {
        context.out.line(format!("Sending is paused: {reason}. `schakel restore confirm` lets it go on."));
    }
    context.out.json(&serde_json::json!({
        "messages": messages, "waiting": waiting, "unknown": unknown, "accepted": accepted, "given_up": given_up, "withheld": withheld, "paused": paused,
    }))?;
    Ok(Ending::Done)
}
