//! `schakel overview`

use anyhow::{Context as _, bail};
use clap::Subcommand;
use jiff::{
    Timestamp, ToSpan,
    civil::{ISOWeekDate, Weekday},
    tz::TimeZone,
};
use schakel_app::{
    claims::organisation,
    config,
    pipeline::state,
    templates,
    weekly_overview::{Made, Overviews},
};
use schakel_model::ids::OrganisationId;
use schakel_rules::weekly_overview::Period;
use schakel_store::{Reader, Store, register, weekly_overviews};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{Ending, number},
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum OverviewCommand {
    /// The overview of an organisation, as it would be sent now
    Show {
        /// The code of the organisation
        code: String,
        /// A calendar week [default: since the last overview, or the last seven days]
        #[arg(long, value_name = "2026-W47", value_parser = week)]
        week: Option<(i16, i8)>,
    },
    /// Make the overviews that are due; `schakel serve` does this by itself
    Send {
        /// Show who would get one, and make none
        #[arg(long)]
        dry_run: bool,
    },
}

/// A year and a week of ISO 8601.
fn week(text: &str) -> Result<(i16, i8), String> {
    let wrong = || format!("`{text}` is no week: write for example 2026-W47");
    let (year, week) = text.split_once("-W").ok_or_else(wrong)?;
    let (year, week) = (year.parse().map_err(|_| wrong())?, week.parse().map_err(|_| wrong())?);
    ISOWeekDate::new(year, week, Weekday::Monday).map(|_| (year, week)).map_err(|_| wrong())
}

pub fn run(context: &Context, command: &OverviewCommand) -> anyhow::Result<Ending> {
    match command {
        OverviewCommand::Show { code, week } => show(context, code, *week),
        OverviewCommand::Send { dry_run } => send(context, *dry_run),
    }
}

fn show(context: &Context, code: &str, week: Option<(i16, i8)>) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let reader = Reader::open(&context.data)?;
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let templates = templates::in_force(&reader)?;
    let id = organisation(&view.register, code)?.id;
    let now = context.clock.now();
    let overviews = Overviews { reader: &reader, view: &view, config: &config, templates: &templates, now };
    let made = overviews.show(id, period(&reader, id, week, now)?)?;
    if made.is_empty() {
        bail!(
            "nobody of {code} may get an overview: it has no contact with a mail address in the roles weekly, vcib, acib and findings"
        );
    }
    let highest = made.iter().map(|one| one.notification.tlp).max();
    let actor = context.actor()?;
    if let Some(tlp) = highest {
        context.looker(&reader, &actor).item(&format!("overview:{code}"), tlp)?;
    }
    for one in &made {
        context.out.line(format!("To: {}", one.recipients.join(", ")));
        context.out.line(format!("Subject: {}\n\n{}", one.message.subject, one.message.text));
    }
    context.out.json(&json!({ "overviews": made.iter().map(made_json).collect::<Vec<_>>() }))?;
    Ok(Ending::Done)
}

fn period(
    reader: &Reader,
    organisation: OrganisationId,
    week: Option<(i16, i8)>,
    now: Timestamp,
) -> anyhow::Result<Period> {
    if let Some((year, week)) = week {
        let zone = TimeZone::get("Europe/Amsterdam").expect("the time zone tables are built in");
        let monday = ISOWeekDate::new(year, week, Weekday::Monday)?.date();
        let start =
            |date: jiff::civil::Date| date.to_zoned(zone.clone()).map(|at| at.timestamp().as_second());
        let next = monday.checked_add(7.days()).context("that week is too far away")?;
        return Ok(Period { since: start(monday)?, until: start(next)? });
    }
    let made = reader.read(|connection| weekly_overviews::of_organisation(connection, organisation))?;
    let until = now.as_second();
    let since = made.first().map_or(until - 7 * 86_400, |(last, _)| *last);
    Ok(Period { since, until })
}

fn send(context: &Context, dry_run: bool) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let mut store = if dry_run { None } else { Some(Store::open(&context.data)?) };
    let reader = Reader::open(&context.data)?;
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let templates = templates::in_force(&reader)?;
    let now = context.clock.now();
    let overviews = Overviews { reader: &reader, view: &view, config: &config, templates: &templates, now };
    let mut listed = Vec::new();
    let count = overviews.make(store.as_mut(), &mut |made| {
        let (code, name) = &made.organisation;
        context.out.line(format!(
            "#{}  {code} {name}: {}, to {}",
            made.notification.id.0,
            made.notification.tlp,
            made.recipients.join(", ")
        ));
        listed.push(made_json(made));
    })?;
    context.out.line(format!("{} weekly overviews.", number(count as u64)));
    match dry_run {
        true => context.out.line("A dry run: nothing was kept, nothing was sent."),
        false if count > 0 => context.out.line("`schakel outbox --send` sends them."),
        false => {}
    }
    context.out.json(&json!({ "dry_run": dry_run, "overviews": listed }))?;
    Ok(Ending::Done)
}

fn made_json(made: &Made) -> Value {
    json!({
        "organisation": made.organisation.0,
        "notification": made.notification.id.0,
        "language": made.notification.language.as_str(),
        "tlp": made.notification.tlp.as_str(),
        "recipients": made.recipients,
        "subject": made.message.subject,
        "text": made.message.text,
        "says_something": made.says_something,
    })
}
