//! `schakel whatif`

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use jiff::Timestamp;
use schakel_app::{
    changed_register::{Change, of_files, with_changes},
    difference::{Difference, Named},
    pipeline::state::RegisterView,
    policy,
    register::Import,
    whatif::{EXAMPLES_MAX, Question, Span, chunks_in, whatif},
};
use schakel_model::{ids::ReportId, register::Register};
use schakel_store::{Reader, announced, register};
use serde::Serialize;

use crate::{
    Context,
    args::time,
    output::{Ending, number, plain},
};

use super::{
    ingest::progress_bar,
    policy::{effect_of, show_effect},
};

#[derive(Args)]
#[command(group(clap::ArgGroup::new("change asked about").args(["files", "change", "policy"]).required(true)))]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct WhatifArgs {
    /// Changed files of the register, or a folder with them, as `schakel register import` takes them
    pub files: Option<PathBuf>,
    /// A small change, such as "add GM0513 prefix 192.0.2.0/24 owner" or "withdraw GM0513 domain gouda.nl". Can be repeated
    #[arg(long, value_name = "CHANGE", conflicts_with = "files")]
    pub change: Vec<Change>,
    /// A policy (TOML): what it would have told otherwise than the one in force
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "change"])]
    pub policy: Option<PathBuf>,
    #[command(flatten)]
    pub span: SpanArgs,
    /// Examples of each group
    #[arg(long, default_value_t = 3)]
    pub examples: usize,
}

/// Which events.
#[derive(Args)]
#[allow(missing_docs)]
pub struct SpanArgs {
    /// What was taken in during the last days
    #[arg(long, default_value_t = 30)]
    pub days: u32,
    /// What was taken in since this time, for example 2026-11-21T09:00:00Z or 2026-11-21
    #[arg(long, value_parser = time, conflicts_with_all = ["days", "report"])]
    pub since: Option<Timestamp>,
    /// One report
    #[arg(long, conflicts_with = "days")]
    pub report: Option<u32>,
}

impl SpanArgs {
    /// The span, and how people call it.
    fn span(&self, now: i64) -> (Span, String) {
        match (self.since, self.report) {
            (Some(since), _) => (Span::Since(since.as_second()), format!("since {since}")),
            (None, Some(report)) => (Span::Report(ReportId(report)), format!("of report {report}")),
            (None, None) => {
                (Span::Since(now - i64::from(self.days) * 86_400), format!("of the last {} days", self.days))
            }
        }
    }
}

#[derive(Serialize)]
struct WhatifJson<'a> {
    span: &'a str,
    register_version: u32,
    #[serde(flatten)]
    difference: &'a Difference,
}

pub fn run(context: &Context, args: &WhatifArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    if let Some(file) = &args.policy {
        return under_policy(context, args, &reader, file);
    }
    let standing = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let mut changed = changed(context, args, &standing)?;
    changed.announced =
        reader.read(|connection| announced::load(connection, standing.version, &changed.assets))?;
    let now = context.clock.now_seconds();
    let (span, name) = args.span.span(now);
    let chunks = chunks_in(&reader, span)?;
    let version = standing.version;
    let question = Question {
        standing: &RegisterView::new(standing),
        changed: &RegisterView::new(changed),
        now,
        examples: args.examples.min(EXAMPLES_MAX),
    };
    let bar = progress_bar("rows replayed");
    let difference = whatif(&reader, &chunks, &question, &|rows| bar.set_position(rows))?;
    bar.finish_and_clear();
    context.out.line(format!("{} events {name}, replayed under both registers.", number(difference.events)));
    show(context, &difference);
    context.out.line("Nothing was changed.");
    context.out.json(&WhatifJson { span: &name, register_version: version.0, difference: &difference })?;
    Ok(Ending::Done)
}

/// The same events, told by another policy.
fn under_policy(
    context: &Context,
    args: &WhatifArgs,
    reader: &Reader,
    file: &PathBuf,
) -> anyhow::Result<Ending> {
    let other = policy::parse(&std::fs::read_to_string(file)?)
        .with_context(|| format!("{} cannot be used", file.display()))?;
    let (span, name) = args.span.span(context.clock.now_seconds());
    let effect = effect_of(context, reader, &other, span, args.examples)?;
    context.out.line(format!("Events {name}, decided by both policies."));
    show_effect(context, &effect);
    context.out.line("Nothing was changed.");
    context.out.json(&serde_json::json!({ "span": name, "effect": effect }))?;
    Ok(Ending::Done)
}

fn changed(context: &Context, args: &WhatifArgs, standing: &Register) -> anyhow::Result<Register> {
    let Some(folder) = &args.files else { return with_changes(standing, &args.change) };
    let import = Import::read(&[folder.to_owned()], &Default::default(), standing.clone())?;
    let reading = &import.reading;
    reading.problems.iter().take(20).for_each(|problem| context.out.line(problem.to_string()));
    ensure!(reading.errors == 0, "{} errors in {}. Mend them first", reading.errors, folder.display());
    Ok(of_files(standing, &import.files()))
}

/// Prints what is different; `reattribute` shows the same.
pub fn show(context: &Context, difference: &Difference) {
    let out = &context.out;
    if difference.groups.is_empty() {
        out.line("Nothing would be different.");
        return;
    }
    out.line(format!(
        "{} findings ({} events) change: {} become somebody's, {} become nobody's.",
        number(difference.findings_changed),
        number(difference.events_changed),
        number(difference.becomes_routed),
        number(difference.becomes_unrouted)
    ));
    for group in &difference.groups {
        let name = |named: &Option<Named>| match named {
            Some(named) => plain(&format!("{} {}", named.code, named.name), 60),
            None => "nobody".to_owned(),
        };
        let (from, to) = (name(&group.from), name(&group.to));
        let what = match group.kind {
            "moves" => format!("from {from} to {to}"),
            "becomes_routed" => format!("from nobody to {to}"),
            "becomes_unrouted" => format!("from {from} to nobody"),
            "also_concerns" => format!("{to} too, beside others"),
            "no_longer_concerns" => format!("{from} no longer, others still"),
            "can_be_told" => format!("{to} can be told"),
            _ => format!("{from} cannot be told"),
        };
        out.line(format!("  {:>12} findings  {what}", number(group.findings)));
        for example in &group.examples {
            out.line(format!(
                "                 {} {} {} at {}, event {}",
                example.finding,
                plain(&example.kind, 30),
                plain(&example.target, 45),
                example.observed_at,
                example.event
            ));
        }
    }
    if !difference.organisations.is_empty() {
        out.line("");
        let cells: Vec<_> = difference
            .organisations
            .iter()
            .map(|one| {
                let organisation = &one.organisation;
                vec![
                    organisation.code.clone(),
                    plain(&organisation.name, 40),
                    number(one.more),
                    number(one.fewer),
                ]
            })
            .collect();
        out.table(&["code", "organisation", "told more", "told fewer"], &cells, &[2, 3]);
    }
    out.line("");
}
