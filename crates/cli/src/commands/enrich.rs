//! `schakel enrich`

use clap::Args;
use schakel_app::{
    access_log, config,
    enrichment::{
        asking::{self, Answers, Limits, Plan},
        of_finding,
    },
    names::Traced,
};
use schakel_lookup::Lookup;
use schakel_model::ids::FindingId;
use schakel_store::Reader;
use serde_json::json;

use crate::{
    Context,
    output::{Ending, number, plain},
};

use super::{ingest::progress_bar, trace::show_enrichment};

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct EnrichArgs {
    /// A finding, for example F12
    #[arg(required_unless_present = "due")]
    pub finding: Option<Traced>,
    /// The newest findings: whatever was not looked up yet, or was seen again a day after
    #[arg(long, conflicts_with = "finding")]
    pub due: bool,
    /// Show what would be asked, and ask nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub fn run(context: &Context, args: &EnrichArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let lookup = Lookup::new(&config::load(&context.data)?.outgoing)?;
    match args.finding {
        None => due(context, &reader, &lookup, args.dry_run),
        Some(Traced::Finding(finding)) => one(context, &reader, &lookup, finding, args.dry_run),
        Some(_) => anyhow::bail!("findings are looked up: write F12"),
    }
}

fn one(
    context: &Context,
    reader: &Reader,
    lookup: &Lookup,
    finding: FindingId,
    dry_run: bool,
) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    let plan = asking::plan(reader, lookup, finding, now)?;
    let tlp = access_log::marking(reader, plan.first_event)?;
    context.looker(reader, &context.actor()?).item(&format!("finding:{finding}"), tlp)?;
    show_plan(context, &plan, dry_run);
    let questions: Vec<String> = plan.questions.iter().map(|question| question.subject.to_string()).collect();
    let answers = match dry_run {
        true => Answers::default(),
        false => asking::ask(reader, lookup, plan.questions, Limits::NONE, now, &|_| {})?,
    };
    if answers.unusable > 0 {
        context.out.line("An answer cannot be used: it is too large, or its aliases go round.");
    }
    say_unanswered(context, answers);
    let enrichment = of_finding(reader, finding)?;
    show_enrichment(&context.out, &enrichment);
    context.out.json(&json!({
        "finding": format!("F{finding}"), "forbidden_by": plan.forbidden_by, "questions": questions, "answers": counts(answers),
        "enrichment": enrichment, "dry_run": dry_run,
    }))?;
    Ok(Ending::Done)
}

fn show_plan(context: &Context, plan: &Plan, dry_run: bool) {
    let out = &context.out;
    for source in &plan.forbidden_by {
        out.line(format!("The source {source} forbids to look it up outside, so nothing is asked."));
    }
    for (subject, why) in &plan.inner {
        out.line(format!("{} is not asked about: {why}.", plain(&subject.to_string(), 100)));
    }
    for (subject, _) in &plan.kept {
        out.line(format!("{} was asked about less than a day ago.", plain(&subject.to_string(), 100)));
    }
    for question in plan.questions.iter().filter(|_| dry_run) {
        out.line(format!("Would ask about {}.", plain(&question.subject.to_string(), 100)));
    }
}

fn due(context: &Context, reader: &Reader, lookup: &Lookup, dry_run: bool) -> anyhow::Result<Ending> {
    let out = &context.out;
    let now = context.clock.now_seconds();
    let due = asking::due(reader, lookup, now)?;
    let asked = due.questions.len();
    out.line(format!("{} addresses and names are to be looked up.", number(asked as u64)));
    if due.forbidden > 0 {
        out.line(format!(
            "{} findings are not looked up: a source that shows them forbids it.",
            number(due.forbidden as u64)
        ));
    }
    if due.inner > 0 {
        out.line(format!("{} are not public, and nobody is asked about them.", number(due.inner as u64)));
    }
    let mut answers = Answers::default();
    if !dry_run {
        let bar = progress_bar("questions asked");
        answers = asking::ask(reader, lookup, due.questions, Limits::NONE, now, &|done| {
            bar.set_position(done as u64);
        })?;
        bar.finish_and_clear();
        out.line(format!(
            "Something was found for {}, nothing for {}; {} answers cannot be used.",
            number(answers.found as u64),
            number(answers.nothing as u64),
            number(answers.unusable as u64)
        ));
        say_unanswered(context, answers);
    }
    out.json(&json!({
        "due": asked, "forbidden": due.forbidden, "inner": due.inner, "answers": counts(answers), "dry_run": dry_run,
    }))?;
    Ok(Ending::Done)
}

fn say_unanswered(context: &Context, answers: Answers) {
    if answers.unknown > 0 {
        context.out.line(format!(
            "{} had no answer, which says nothing. They are asked about again after a day.",
            number(answers.unknown as u64)
        ));
    }
    if answers.left > 0 {
        context.out.line(format!(
            "No name server answers, so {} were not asked about. See [outgoing] resolvers in the configuration.",
            number(answers.left as u64)
        ));
    }
}

fn counts(answers: Answers) -> serde_json::Value {
    let Answers { found, nothing, unusable, unknown, left } = answers;
    json!({ "found": found, "nothing": nothing, "unusable": unusable, "unknown": unknown, "left": left })
}
