//! `schakel ingest`

use std::{path::Path, time::Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use schakel_app::{
    config,
    intake::{Ingested, Intake},
    pipeline::run::Progress,
    reading::Reading,
};
use schakel_model::fate::{Fate, Sums};
use serde::Serialize;

use crate::{
    Context,
    args::IngestArgs,
    output::{Ending, is_watched, number, say},
};

#[derive(Default, Serialize)]
struct IngestJson {
    rows: u64,
    events: u64,
    rejected: u64,
    duplicates: u64,
    clears: u64,
    findings_new: u64,
    findings_seen: u64,
    assignments: u64,
    unrouted: u64,
    report_known: bool,
    seconds: f64,
    reports: Vec<ReportJson>,
    failures: Vec<String>,
}

#[derive(Serialize)]
struct ReportJson {
    report: u32,
    file: String,
    known: bool,
    rows: u64,
}

pub fn run(context: &Context, args: &IngestArgs) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let mut reading = super::reading(&args.reading, config.reading()?)?;
    reading.tlp = args.tlp;
    if args.dry_run {
        return dry_run(context, args, &reading);
    }
    let started = Instant::now();
    let mut intake = Intake::open(&context.data, context.clock)?;
    let mut total = IngestJson { report_known: true, ..IngestJson::default() };
    let mut ending = Ending::Done;
    for file in &args.files {
        ending = ending.max(one(context, &mut intake, file, &reading, &mut total)?);
    }
    intake.settle()?;
    total.report_known &= !total.reports.is_empty();
    total.seconds = started.elapsed().as_secs_f64();
    if total.assignments > total.unrouted {
        context.out.line(
            "`schakel tell` tells the organisations what is new; `schakel tell --dry-run` shows it first.",
        );
    }
    context.out.json(&total)?;
    Ok(ending)
}

fn one(
    context: &Context,
    intake: &mut Intake,
    file: &Path,
    reading: &Reading,
    total: &mut IngestJson,
) -> anyhow::Result<Ending> {
    let bar = progress_bar("rows");
    let taken = intake.ingest(file, reading, &|progress| bar.set_position(progress.sums.rows));
    bar.finish_and_clear();
    let ingested = match taken {
        Ok(ingested) => ingested,
        // The store itself is in trouble: no other file will do better.
        Err(error) if error.chain().any(|cause| cause.is::<schakel_store::StoreError>()) => {
            return Err(error);
        }
        Err(error) => {
            let failure = super::failure(file, &error);
            say(format!("error: {failure}"));
            total.failures.push(failure);
            total.report_known = false;
            return Ok(Ending::Failed);
        }
    };
    let Progress { sums, new_findings, .. } = ingested.progress;
    total.rows += sums.rows;
    total.events += sums.events;
    total.rejected += sums.rejected;
    total.duplicates += sums.duplicates;
    total.clears += sums.clears;
    total.findings_new += new_findings;
    total.findings_seen += ingested.findings_seen;
    total.assignments += sums.assignments;
    total.unrouted += sums.fate(Fate::Unrouted);
    total.report_known &= ingested.report_known;
    total.reports.push(ReportJson {
        report: ingested.report.0,
        file: file.display().to_string(),
        known: ingested.report_known,
        rows: sums.rows,
    });
    show(context, file, &ingested, &sums);
    for failure in &ingested.failures {
        say(format!("error: {failure}"));
        total.failures.push(failure.clone());
    }
    Ok(match (ingested.failures.is_empty(), sums.rejected) {
        (false, _) => Ending::Failed,
        (true, 0) => Ending::Done,
        (true, _) => Ending::WithRejects,
    })
}

fn show(context: &Context, file: &Path, ingested: &Ingested, sums: &Sums) {
    let out = &context.out;
    let name = file.display();
    if ingested.report_known {
        out.line(format!(
            "{name}: these bytes came in before as report {}. Nothing was done.",
            ingested.report
        ));
        return;
    }
    out.line(format!(
        "{name}: report {}, {} rows: {} events, {} rejected, {} duplicates; {} new findings, {} seen again",
        ingested.report,
        number(sums.rows),
        number(sums.events),
        number(sums.rejected),
        number(sums.duplicates),
        number(ingested.progress.new_findings),
        number(ingested.findings_seen),
    ));
    ingested.notes.iter().for_each(|note| out.line(format!("  {note}")));
    if sums.rejected > 0 {
        out.line(format!(
            "  `schakel ledger --report {} --list rejected` shows the rejects and why",
            ingested.report
        ));
    }
}

fn dry_run(context: &Context, args: &IngestArgs, reading: &Reading) -> anyhow::Result<Ending> {
    struct Nothing;
    impl schakel_app::parse_files::RowSink for Nothing {
        fn event(&mut self, _: &schakel_model::event::Event) -> anyhow::Result<()> {
            Ok(())
        }
        fn reject(&mut self, _: &schakel_app::parse_files::RejectLine) -> anyhow::Result<()> {
            Ok(())
        }
    }
    let mut ending = Ending::Done;
    let mut total = IngestJson::default();
    for file in &args.files {
        match schakel_app::parse_files::parse_file(file, reading, context.clock.now_seconds(), &mut Nothing) {
            Ok(parsed) => {
                total.rows += parsed.rows;
                total.rejected += parsed.rejected;
                context.out.line(format!(
                    "{}: would take in {} rows, {} of them rejected",
                    file.display(),
                    number(parsed.rows),
                    number(parsed.rejected)
                ));
                parsed.failures.iter().for_each(|failure| say(format!("error: {failure}")));
                if !parsed.failures.is_empty() {
                    ending = Ending::Failed;
                } else if parsed.rejected > 0 {
                    ending = ending.max(Ending::WithRejects);
                }
            }
            Err(error) => {
                say(format!("error: {}", super::failure(file, &error)));
                ending = Ending::Failed;
            }
        }
    }
    total.events = total.rows - total.rejected;
    context.out.json(&total)?;
    Ok(ending)
}

/// A count that moves while long work goes on; nothing when nobody watches.
pub fn progress_bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if !is_watched() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template("{spinner} {human_pos} {msg}  {per_sec}  {elapsed}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}
