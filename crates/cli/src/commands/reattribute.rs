//! `schakel reattribute`

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use schakel_app::{
    config,
    difference::Difference,
    intake::Intake,
    pipeline::state,
    reattribute::{Correcting, Done, Wanted, plan},
    whatif::EXAMPLES_MAX,
};
use schakel_model::{ids::OrganisationId, register::Register};
use schakel_store::{Reader, act::Act, register};
use serde::Serialize;

use crate::{
    Context,
    args::time,
    output::{Ending, number},
};

use super::{ingest::progress_bar, whatif::show};

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct ReattributeArgs {
    /// Findings seen in what was taken in since this time, for example 2026-11-21T09:00:00Z or 2026-11-21
    #[arg(long, value_parser = time)]
    pub since: Timestamp,
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Only what this organisation loses or gets
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Why, for the history and for those who are told
    #[arg(long, required_unless_present = "dry_run")]
    pub reason: Option<String>,
    /// Examples of each group
    #[arg(long, default_value_t = 3)]
    pub examples: usize,
}

#[derive(Serialize)]
struct ReattributeJson<'a> {
    dry_run: bool,
    withdrawn: u64,
    added: u64,
    #[serde(flatten)]
    done: &'a Done,
    notices: usize,
    register_version: u32,
    #[serde(flatten)]
    difference: &'a Difference,
}

pub fn run(context: &Context, args: &ReattributeArgs) -> anyhow::Result<Ending> {
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
    let view = state::register_view(&reader, reader.read(register::version)?)?;
    let organisation =
        args.organisation.as_deref().map(|code| organisation(&view.register, code)).transpose()?;
    let since = args.since.as_second();
    let wanted = Wanted { since, organisation, now, examples: args.examples.min(EXAMPLES_MAX) };
    let bar = progress_bar("rows looked at");
    let planned = plan(&reader, &view, &wanted, &|rows| bar.set_position(rows))?;
    bar.finish_and_clear();
    let out = &context.out;
    out.line(format!(
        "{} events since {}, by version {} of the register.",
        number(planned.difference.events),
        args.since,
        view.register.version
    ));
    show(context, &planned.difference);
    let (mut done, mut notices) = (Done::default(), 0);
    if let Some(intake) = &mut intake {
        let actor = context.actor()?;
        let act = Act { at: now, actor: actor.name(), reason: args.reason.as_deref().unwrap_or_default() };
        let config = config::load(&context.data)?;
        let correcting = Correcting { reader: &reader, view: &view, config: &config, act };
        let bar = progress_bar("findings corrected");
        (done, notices) =
            correcting.correct(intake.store(), &planned, &|findings| bar.set_position(findings))?;
        bar.finish_and_clear();
    }
    match done.run {
        _ if args.dry_run => out.line("A dry run: nothing was changed."),
        None => out.line("Nothing was to be corrected."),
        Some(run) => {
            out.line(format!(
                "Correction K{run}: {} findings, {} assignments taken back, {} given. {} withdrawal notices wait to be sent.",
                number(done.findings),
                number(planned.withdrawn),
                number(planned.added),
                number(notices as u64)
            ));
            out.line("`schakel tell` tells the new owners and sends the notices.");
            if notices > 0 {
                out.line(format!("Was it told to the wrong party? `schakel breach open --correction K{run}` lists who received what."));
            }
        }
    }
    out.json(&ReattributeJson {
        dry_run: args.dry_run,
        withdrawn: planned.withdrawn,
        added: planned.added,
        done: &done,
        notices,
        register_version: view.register.version.0,
        difference: &planned.difference,
    })?;
    Ok(Ending::Done)
}

fn organisation(register: &Register, code: &str) -> anyhow::Result<OrganisationId> {
    let known = register.organisations.iter().find(|organisation| organisation.code == code);
    known.map(|organisation| organisation.id).with_context(|| format!("there is no organisation {code}"))
}
