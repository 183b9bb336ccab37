//! `schakel closed`

use clap::Subcommand;
use jiff::civil::Date;
use schakel_app::{calendar::amsterdam, claims, closing_days};
use schakel_store::{
    Reader,
    act::Act,
    register::{load, version},
};
use serde_json::json;

use crate::{Context, args::day, output::Ending, rehearsal::DryRun};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum ClosedCommand {
    /// On which days an organisation is closed from today on
    Show {
        /// The organisation, for example GM0513
        code: String,
    },
    /// It is closed on a day, or from a day up to and including another
    Add(Days),
    /// It is open after all
    Remove(Days),
}

#[derive(clap::Args)]
#[allow(missing_docs)]
pub struct Days {
    /// The organisation, for example GM0513
    pub code: String,
    /// The first day, for example 2026-12-24
    #[arg(value_parser = day)]
    pub day: Date,
    /// The last day [default: the first]
    #[arg(long, value_parser = day)]
    pub until: Option<Date>,
    /// Why, or who said so
    #[arg(long, default_value = "")]
    pub reason: String,
    #[command(flatten)]
    pub dry_run: DryRun,
}

pub fn run(context: &Context, command: &ClosedCommand) -> anyhow::Result<Ending> {
    let (days, is_closed) = match command {
        ClosedCommand::Show { code } => return show(context, code),
        ClosedCommand::Add(days) => (days, true),
        ClosedCommand::Remove(days) => (days, false),
    };
    let actor = context.actor()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &days.reason };
    let changed = context.change(days.dry_run, |store| {
        let register = store.read(|connection| load(connection, version(connection)?))?;
        let organisation = claims::organisation(&register, &days.code)?;
        closing_days::set(store, &act, organisation, days.day..=days.until.unwrap_or(days.day), is_closed)
    })?;
    let Some(changed) = changed else { return Ok(Ending::Done) };
    let code = &days.code;
    context.out.line(match (changed, is_closed) {
        (0, true) => format!("{code} was closed then already."),
        (0, false) => format!("{code} was not closed then: `schakel closed show {code}` shows when it is."),
        (days, true) => {
            format!("{code} is closed on {days} more days. `schakel due` shows what waits for it.")
        }
        (days, false) => format!("{code} is open on {days} days on which it was closed."),
    });
    context.out.json(&json!({ "organisation": code, "days": changed, "closed": is_closed }))?;
    Ok(Ending::Done)
}

fn show(context: &Context, code: &str) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = reader.read(|connection| load(connection, version(connection)?))?;
    let organisation = claims::organisation(&register, code)?;
    let today = jiff::Timestamp::from_second(context.clock.now_seconds())?.to_zoned(amsterdam()).date();
    let days = closing_days::of_organisation(&reader, organisation.id, today)?;
    if days.is_empty() {
        context.out.line(format!("{code} has said of no day that it is closed. Public holidays stand in the calendars of the policy."));
    }
    for day in &days {
        context.out.line(day.to_string());
    }
    context.out.json(
        &json!({ "organisation": code, "closed": days.iter().map(Date::to_string).collect::<Vec<_>>() }),
    )?;
    Ok(Ending::Done)
}
