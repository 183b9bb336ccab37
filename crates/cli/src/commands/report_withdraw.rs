//! `schakel report withdraw`

use anyhow::ensure;
use clap::Args;
use jiff::civil::Date;
use schakel_app::{
    config,
    intake::Intake,
    pipeline::state,
    reattribute::{Correcting, Done, plan_withdrawal, with_replays},
    sources,
    whatif::EXAMPLES_MAX,
};
use schakel_model::ids::ReportId;
use schakel_store::{Reader, act::Act, register, reports};
use serde::Serialize;

use super::{ingest::progress_bar, whatif::show};
use crate::{
    Context,
    args::day,
    output::{Ending, number},
};

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct WithdrawArgs {
    /// The reports, by their numbers from `schakel reports`
    #[arg(required_unless_present = "source")]
    reports: Vec<ReportId>,
    /// Everything of this source, from `schakel source list`; together with --day
    #[arg(long, value_name = "CODE", requires = "day", conflicts_with = "reports")]
    source: Option<String>,
    /// What came in on this day in Europe/Amsterdam, for example 2026-11-20
    #[arg(long, value_parser = day, requires = "source")]
    day: Option<Date>,
    /// Why, for the history and for those who are told
    #[arg(long, required_unless_present = "dry_run")]
    reason: Option<String>,
    /// Examples of each group
    #[arg(long, default_value_t = 3)]
    examples: usize,
    /// Show what would be taken back, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct WithdrawJson<'a> {
    dry_run: bool,
    reports: &'a [u32],
    withdrawn: u64,
    #[serde(flatten)]
    done: &'a Done,
    notices: usize,
}

pub fn run(context: &Context, args: &WithdrawArgs) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    // Whoever corrects holds the store from the look to the last correction: nothing comes in between.
    let mut intake = match args.dry_run {
        true => None,
        false => Some(Intake::open(&context.data, context.clock)?),
    };
    let reader = match &mut intake {
        Some(intake) => intake.store().reader()?,
        None => Reader::open(&context.data)?,
    };
    let taken_back = wanted(&reader, args)?;
    let numbers: Vec<u32> = taken_back.iter().map(|report| report.0).collect();
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let bar = progress_bar("rows looked at");
    let examples = args.examples.min(EXAMPLES_MAX);
    let planned =
        plan_withdrawal(&reader, &view, &taken_back, now, examples, &|rows| bar.set_position(rows))?;
    bar.finish_and_clear();
    let out = &context.out;
    out.line(format!(
        "{} reports with {} events. What another report shows as well stays.",
        number(taken_back.len() as u64),
        number(planned.difference.events)
    ));
    show(context, &planned.difference);
    let (mut done, mut notices) = (Done::default(), 0);
    if let Some(intake) = &mut intake {
        let actor = context.actor()?;
        let reason = args.reason.as_deref().unwrap_or_default();
        let act = Act { at: now, actor: actor.name(), reason };
        let config = config::load(&context.data)?;
        let correcting = Correcting { reader: &reader, view: &view, config: &config, act };
        let bar = progress_bar("findings taken back");
        (done, notices) = correcting
            .withdraw(intake.store(), &planned, &taken_back, &|findings| bar.set_position(findings))?;
        bar.finish_and_clear();
    }
    match done.run {
        _ if args.dry_run => out.line("A dry run: nothing was changed."),
        None => out.line("Taken back. Nobody has to hear of it."),
        Some(run) => out.line(format!(
            "Correction K{run}: {} findings, {} assignments taken back. {} withdrawal notices wait to be sent; `schakel tell` sends them.",
            number(done.findings),
            number(planned.withdrawn),
            number(notices as u64)
        )),
    }
    out.json(&WithdrawJson {
        dry_run: args.dry_run,
        reports: &numbers,
        withdrawn: planned.withdrawn,
        done: &done,
        notices,
    })?;
    Ok(Ending::Done)
}

fn wanted(reader: &Reader, args: &WithdrawArgs) -> anyhow::Result<Vec<ReportId>> {
    let mut wanted = args.reports.clone();
    if let (Some(code), Some(day)) = (&args.source, args.day) {
        let source = sources::standing(reader, code)?;
        let of_day = reader.read(|connection| reports::list(connection, Some(&day.to_string())))?;
        wanted = of_day.iter().filter(|report| report.source == source.id).map(|report| report.id).collect();
        ensure!(
            !wanted.is_empty(),
            "{code} sent nothing on {day}. `schakel reports --day {day}` lists what came"
        );
    }
    for id in &wanted {
        let known = reader.read(|connection| reports::get(connection, *id))?;
        let known =
            known.ok_or_else(|| anyhow::anyhow!("there is no report {id}. `schakel reports` lists them"))?;
        ensure!(known.withdrawn_at.is_none(), "report {id} was taken back already");
    }
    // What their rejected rows became is theirs as well.
    let mut all = with_replays(reader, &wanted)?;
    let gone = reader.read(reports::withdrawn)?;
    all.retain(|id| !gone.contains(id));
    Ok(all)
}
