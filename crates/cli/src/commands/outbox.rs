//! `schakel outbox`

use std::io::{self, Write};

use schakel_app::{
    config, erased,
    explain::{organisation_name, rfc3339},
    intake::Intake,
};
use schakel_model::tlp::Tlp;
use schakel_store::{Reader, erase, outbox, register};
use serde::Serialize;

use crate::{
    Context,
    args::OutboxArgs,
    output::{Ending, number, plain},
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
                next_at: message.finished_at.is_none().then(|| rfc3339(message.next_at)),
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
