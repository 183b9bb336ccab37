//! `schakel report replay`

use anyhow::ensure;
use clap::Args;
use schakel_app::{
    config,
    intake::Intake,
    pipeline::state,
    reading::Reading,
    reattribute::{Correcting, plan_withdrawal, with_replays},
    replay,
};
use schakel_model::ids::ReportId;
use schakel_store::{Reader, act::Act, register, reports};
use serde_json::json;

use crate::{
    Context,
    args::ReadingArgs,
    output::{Ending, number, plain},
};

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct ReplayArgs {
    /// The report, by its number from `schakel reports`
    report: ReportId,
    /// Read all of it again, not only the rejected rows; what only the first reading showed is taken back
    #[arg(long)]
    whole: bool,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Why, for the history
    #[arg(long, default_value = "")]
    reason: String,
    /// Show what can be read now, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(context: &Context, args: &ReplayArgs) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let reading = super::reading(&args.reading, config.reading()?)?;
    if args.whole {
        return whole(context, args, &reading);
    }
    let report = args.report;
    let now = context.clock.now_seconds();
    let mut intake = match args.dry_run {
        true => None,
        false => Some(Intake::open(&context.data, context.clock)?),
    };
    let reader = Reader::open(&context.data)?;
    let planned = replay::plan(&reader, report, &reading, now)?;
    let (readable, still) = (planned.readable, planned.still);
    let out = &context.out;
    out.line(format!(
        "Report {report}: {} rejected rows can be read now, {} still cannot.",
        number(readable),
        number(still)
    ));
    for reject in &planned.rejected {
        out.line(format!("  row {}: {}: {}", reject.row, reject.code, plain(&reject.message, 150)));
    }
    let mut taken = Vec::new();
    if let Some(intake) = &mut intake {
        let actor = context.actor()?;
        let act = Act { at: now, actor: actor.name(), reason: &args.reason };
        for ingested in replay::carry_out(intake, &reader, report, planned, &reading, act)? {
            out.line(format!(
                "They are report {} now: {} events, {} new findings.",
                ingested.report,
                number(ingested.progress.sums.events),
                number(ingested.progress.new_findings)
            ));
            taken.push(ingested.report.0);
        }
        intake.settle()?;
    } else {
        out.line("A dry run: nothing was changed.");
    }
    out.json(&json!({
        "dry_run": args.dry_run, "report": report.0, "readable": readable, "still_rejected": still, "as_reports": taken,
    }))?;
    Ok(if still == 0 { Ending::Done } else { Ending::WithRejects })
}

fn whole(context: &Context, args: &ReplayArgs, reading: &Reading) -> anyhow::Result<Ending> {
    let report = args.report;
    let now = context.clock.now_seconds();
    let mut intake = Intake::open(&context.data, context.clock)?;
    let reader = intake.store().reader()?;
    let known = reader.read(|connection| reports::get(connection, report))?;
    let known =
        known.ok_or_else(|| anyhow::anyhow!("there is no report {report}. `schakel reports` lists them"))?;
    ensure!(known.withdrawn_at.is_none(), "report {report} was taken back: there is nothing to read again");
    if args.dry_run {
        intake.store().rehearse()?;
    }
    let again = replay::take_again(&mut intake, &reader, report, reading)?;
    let sums = &again.progress.sums;
    let out = &context.out;
    if again.report_known {
        out.line(format!(
            "Report {report} was read again before, as report {}. What only the first reading gave is still to be taken back.",
            again.report
        ));
    } else {
        out.line(format!(
            "Report {report}, read again, is report {}: {} rows, {} events, {} rejected, {} new findings, {} seen again.",
            again.report,
            number(sums.rows),
            number(sums.events),
            number(sums.rejected),
            number(again.progress.new_findings),
            number(again.findings_seen)
        ));
    }
    let mut withdrawn = 0;
    if args.dry_run {
        out.line("A dry run: nothing was changed.");
    } else {
        intake.settle()?;
        let view = state::register_view(&reader, reader.read(register::version)?)?;
        // What its rejected rows became is in the second reading too.
        let first_reading = with_replays(&reader, &[report])?;
        let planned = plan_withdrawal(&reader, &view, &first_reading, now, 0, &|_| ())?;
        let actor = context.actor()?;
        let reason = if args.reason.is_empty() { "read again" } else { args.reason.as_str() };
        let act = Act { at: now, actor: actor.name(), reason };
        let config = config::load(&context.data)?;
        withdrawn = planned.withdrawn;
        let correcting = Correcting { reader: &reader, view: &view, config: &config, act };
        correcting.withdraw(intake.store(), &planned, &first_reading, &|_| ())?;
        out.line(format!(
            "{} assignments that only the first reading gave were taken back.",
            number(withdrawn)
        ));
    }
    out.json(&json!({
        "dry_run": args.dry_run, "report": report.0, "as_reports": [again.report.0], "rows": sums.rows, "events": sums.events,
        "rejected": sums.rejected, "withdrawn": withdrawn,
    }))?;
    Ok(if sums.rejected == 0 { Ending::Done } else { Ending::WithRejects })
}
