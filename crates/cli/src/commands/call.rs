//! `schakel call`

use clap::Subcommand;
use jiff::Timestamp;
use schakel_app::{
    calling_list::{self, Entry},
    config,
    explain::rfc3339,
};
use schakel_model::{call::CallResult, register::Register};
use schakel_store::{
    Reader,
    act::Act,
    register::{load, version},
};
use serde_json::{Value, json};

use crate::{
    Context,
    args::time,
    output::{Ending, number},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum CallCommand {
    /// Whom to call, on which number, about what, and what to say; the worst first
    List,
    /// Say that you are calling an organisation, so that nobody else does; needs --as
    Start {
        /// The organisation, for example GM0513
        code: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Say that you are not calling it after all; needs --as
    Stop {
        /// The organisation, for example GM0513
        code: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Write down what came of a call; needs --as
    Done {
        /// The organisation, for example GM0513
        code: String,
        /// What came of it: reached and not_needed take it off the list, no_answer, call_back and wrong_number do not
        #[arg(long)]
        result: CallResult,
        /// What was said
        #[arg(long, default_value = "")]
        note: String,
        /// When to call again, where that is to be
        #[arg(long, value_parser = time)]
        next: Option<Timestamp>,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, command: &CallCommand) -> anyhow::Result<Ending> {
    let (code, dry_run) = match command {
        CallCommand::List => return list(context),
        CallCommand::Start { code, dry_run }
        | CallCommand::Stop { code, dry_run }
        | CallCommand::Done { code, dry_run, .. } => (code, *dry_run),
    };
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: "" };
    let done = context.change(dry_run, |store| {
        let register = store.read(|connection| load(connection, version(connection)?))?;
        match command {
            CallCommand::List => {}
            CallCommand::Start { .. } => calling_list::start(store, &act, &register, code)?,
            CallCommand::Stop { .. } => calling_list::stop(store, &act, &register, code)?,
            CallCommand::Done { result, note, next, .. } => {
                let next_at = next.map(Timestamp::as_second);
                calling_list::record(store, &act, &register, (code, *result, note), next_at)?;
            }
        }
        Ok(())
    })?;
    if done.is_none() {
        return Ok(Ending::Done);
    }
    context.out.line(match command {
        CallCommand::Start { .. } => format!("You are calling {code}. Others see that for 30 minutes."),
        CallCommand::Stop { .. } => format!("Nobody is calling {code} now."),
        CallCommand::Done { result, .. } if result.ends() => {
            format!("{code} is off the list. What they answered goes in with `schakel answer new`.")
        }
        _ => format!("{code} stays on the list."),
    });
    context.out.json(&json!({ "organisation": code, "done": true }))?;
    Ok(Ending::Done)
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    let config = config::load(&context.data)?;
    let reader = Reader::open(&context.data)?;
    let register: Register = reader.read(|connection| load(connection, version(connection)?))?;
    let entries = calling_list::list(&reader, &register, &config.sender, now)?;
    for entry in &entries {
        print(context, entry, now);
    }
    context.out.line(match entries.len() {
        0 => "Nobody is to be called.".to_owned(),
        1 => "1 organisation is to be called.".to_owned(),
        count => format!("{} organisations are to be called.", number(count as u64)),
    });
    let entries: Vec<Value> = entries.iter().map(|entry| entry_json(entry, now)).collect();
    context.out.json(&json!({ "calls": entries }))?;
    Ok(Ending::Done)
}

fn print(context: &Context, entry: &Entry, now: i64) {
    let out = &context.out;
    out.line(format!("{}  {}  {}", entry.code, entry.name, entry.severity));
    for call in &entry.calls {
        out.line(format!(
            "  N{}  {}, on the list since {}",
            call.notification,
            call.why,
            rfc3339(call.added_at)
        ));
        if let Some(result) = call.result {
            out.line(format!("      last call: {result} by {}{}", call.actor, note(&call.note)));
        }
    }
    if let Some(by) = entry.locked_by(now) {
        out.line(format!("  {by} is calling"));
    }
    if let Some(at) = entry.not_before(now) {
        out.line(format!("  not before {}", rfc3339(at)));
    }
    for one in &entry.callable {
        let name = if one.name.is_empty() { "(no name)" } else { &one.name };
        out.line(format!("  [ ] {}  {name}, {}", one.phone, one.role));
    }
    if entry.callable.is_empty() {
        out.line("  The register has nobody with a telephone number: find one that you can trust.");
    }
    out.line(format!("  Say: {}", entry.script));
    out.line("");
}

fn note(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

fn entry_json(entry: &Entry, now: i64) -> Value {
    json!({
        "organisation": entry.code,
        "name": entry.name,
        "severity": entry.severity.as_str(),
        "notifications": entry.calls.iter().map(|call| json!({
            "notification": call.notification.0,
            "why": call.why.as_str(),
            "since": rfc3339(call.added_at),
            "last_result": call.result.map(CallResult::as_str),
            "note": call.note,
            "called_by": call.actor,
        })).collect::<Vec<_>>(),
        "calling_now": entry.locked_by(now),
        "not_before": entry.not_before(now).map(rfc3339),
        "contacts": entry.callable.iter().map(|one| json!({
            "name": one.name, "role": one.role.as_str(), "phone": one.phone,
        })).collect::<Vec<_>>(),
        "say": entry.script,
    })
}
