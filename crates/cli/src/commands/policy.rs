//! `schakel policy`

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::{ArgGroup, Args, Subcommand};
use jiff::{Timestamp, ToSpan};
use schakel_app::{
    explain::rfc3339,
    names::Traced,
    pipeline::state::register_view,
    policy::{
        self,
        effect::{Effect, Example, Question, effect},
        explain::explain,
        in_force, is_usable,
        release::{Which, counts, release},
    },
    whatif::{EXAMPLES_MAX, Span, chunks_in},
};
use schakel_rules::policy::{Policy, Problem, Weight};
use schakel_store::{Reader, act::Act, policy as stored, register};
use serde_json::{Value, json};

use crate::{
    Context,
    args::time,
    commands::ingest::progress_bar,
    output::{Ending, number, plain, say},
    rehearsal::DryRun,
};

/// Characters of a problem.
const PROBLEM_CHARS_MAX: usize = 400;

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum PolicyCommand {
    /// The policy in force, and how much it keeps from being told
    Show,
    /// What is wrong with a document, or looks wrong here
    Check {
        /// A policy (TOML)
        file: PathBuf,
    },
    /// What a document would have done with what came in, beside the policy in force
    Test(TestArgs),
    /// Which rule decides about a finding, and why those before it do not
    Explain {
        /// A finding, as F12
        finding: Traced,
    },
    /// Put a document in force
    Set {
        /// A policy (TOML)
        file: PathBuf,
        /// Why, for the history
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Who put which policy in force, when and why
    History,
    /// Put the policy before this one in force again
    Undo {
        /// Why, for the history
        #[arg(long, default_value = "undo")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Let what is kept be told
    Release(ReleaseArgs),
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct TestArgs {
    /// A policy (TOML)
    pub file: PathBuf,
    /// With what was taken in since this time, for example 2026-11-21T09:00:00Z or 2026-11-21 [default: a day ago]
    #[arg(long, value_parser = time)]
    pub since: Option<Timestamp>,
    /// Examples of each rule and change
    #[arg(long, default_value_t = 3)]
    pub examples: usize,
}

#[derive(Args)]
#[command(group(ArgGroup::new("what").args(["rule", "trial", "organisation", "source", "baseline", "all"]).required(true).multiple(true)))]
#[allow(missing_docs)]
pub struct ReleaseArgs {
    /// What this rule keeps, by its number in the document
    #[arg(long, value_name = "NUMBER")]
    pub rule: Option<u32>,
    /// What trial operation keeps (off, shadow, desk)
    #[arg(long)]
    pub trial: bool,
    /// Only what concerns this organisation
    #[arg(long, value_name = "CODE")]
    pub organisation: Option<String>,
    /// Only what came from this source
    #[arg(long, value_name = "CODE")]
    pub source: Option<String>,
    /// The first load of a source and report type, for example shadowserver/scan_rdp
    #[arg(long, value_name = "SOURCE/KIND", conflicts_with_all = ["rule", "trial"])]
    pub baseline: Option<String>,
    /// Everything that is held, trial operation and first loads too; not what is suppressed
    #[arg(long)]
    pub all: bool,
    /// Why, for the history
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub dry_run: DryRun,
}

pub fn run(context: &Context, command: &PolicyCommand) -> anyhow::Result<Ending> {
    match command {
        PolicyCommand::Show => show(context),
        PolicyCommand::Check { file } => check(context, file),
        PolicyCommand::Test(args) => test(context, args),
        PolicyCommand::Explain { finding } => why(context, *finding),
        PolicyCommand::Set { file, reason, dry_run } => set(context, file, reason, *dry_run),
        PolicyCommand::History => history(context),
        PolicyCommand::Undo { reason, dry_run } => undo(context, reason, *dry_run),
        PolicyCommand::Release(args) => let_go(context, args),
    }
}

fn show(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let standing = in_force(&reader)?;
    let out = &context.out;
    out.line(standing.text.trim_end());
    out.line("");
    out.line(match standing.version {
        0 => "# The built-in policy is in force.".to_owned(),
        version => format!("# Version {version} is in force. `schakel policy history` says why."),
    });
    let kept = counts(&reader)?;
    for (keeps, count) in &kept {
        out.line(format!("# {:>12} assignments: {keeps}", number(*count)));
    }
    let kept: serde_json::Map<String, Value> =
        kept.iter().map(|(keeps, count)| (keeps.as_str().to_owned(), json!(count))).collect();
    out.json(&json!({ "version": standing.version, "text": standing.text, "kept": kept }))?;
    Ok(Ending::Done)
}

fn read(file: &PathBuf) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn say_problems(problems: &[Problem]) {
    problems.iter().for_each(|problem| say(plain(&problem.to_string(), PROBLEM_CHARS_MAX)));
}

fn problem_json(problem: &Problem) -> Value {
    json!({
        "weight": match problem.weight { Weight::Warning => "warning", Weight::Error => "error" },
        "line": problem.line,
        "section": problem.section,
        "text": problem.what.to_string(),
    })
}

fn check(context: &Context, file: &PathBuf) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let problems = policy::problems(&reader, &read(file)?, context.clock.now())?;
    for problem in &problems {
        context.out.line(plain(&problem.to_string(), PROBLEM_CHARS_MAX));
    }
    let usable = is_usable(&problems);
    if problems.is_empty() {
        context.out.line("Nothing is wrong with it.");
    }
    let values: Vec<Value> = problems.iter().map(problem_json).collect();
    context.out.json(&json!({ "ok": usable, "problems": values }))?;
    Ok(if usable { Ending::Done } else { Ending::Failed })
}

fn test(context: &Context, args: &TestArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let text = read(&args.file)?;
    let problems = policy::problems(&reader, &text, context.clock.now())?;
    say_problems(&problems);
    let since = match args.since {
        Some(since) => since,
        None => context.clock.now().checked_sub(24.hours())?,
    };
    let other = policy::parse(&text)?;
    let effect = effect_of(context, &reader, &other, Span::Since(since.as_second()), args.examples)?;
    context.out.line(format!("What came in since {since}, decided by both policies."));
    show_effect(context, &effect);
    context.out.line("Nothing was changed.");
    context.out.json(&json!({ "since": since.to_string(), "effect": effect }))?;
    Ok(Ending::Done)
}

/// Compares a policy with the one in force; `whatif` does the same.
pub fn effect_of(
    context: &Context,
    reader: &Reader,
    other: &Policy,
    span: Span,
    examples: usize,
) -> anyhow::Result<Effect> {
    let standing = in_force(reader)?;
    let view = register_view(reader, reader.read(register::version)?)?;
    let chunks = chunks_in(reader, span)?;
    let question =
        Question { standing: &standing.policy, other, view: &view, examples: examples.min(EXAMPLES_MAX) };
    let bar = progress_bar("rows decided");
    let effect = effect(reader, &chunks, &question, &mut |rows| bar.set_position(rows))?;
    bar.finish_and_clear();
    context.out.line(format!(
        "{} assignments were new to somebody who can be told; {} become something else.",
        number(effect.assignments),
        number(effect.different)
    ));
    Ok(effect)
}

/// Prints what a policy does.
pub fn show_effect(context: &Context, effect: &Effect) {
    let out = &context.out;
    let rows: Vec<Vec<String>> = effect
        .rules
        .iter()
        .map(|rule| {
            let examples: Vec<String> = rule.examples.iter().map(words).collect();
            vec![
                rule.rule.to_string(),
                plain(&rule.name, 40),
                number(rule.assignments),
                number(rule.organisations),
                plain(&examples.join("; "), 120),
            ]
        })
        .collect();
    out.table(&["rule", "name", "findings", "organisations", "such as"], &rows, &[0, 2, 3]);
    for change in &effect.changes {
        out.line(format!(
            "  {:>12} findings  {} → {}",
            number(change.assignments),
            plain(&change.from, 60),
            plain(&change.to, 60)
        ));
        for example in &change.examples {
            out.line(format!("                 {}", words(example)));
        }
    }
    let rows: Vec<Vec<String>> = effect
        .organisations
        .iter()
        .map(|one| {
            vec![
                one.code.clone(),
                plain(&one.name, 40),
                number(one.assignments),
                number(one.at_once_before),
                number(one.at_once_after),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.line("");
        out.table(&["code", "organisation", "findings", "at once now", "at once then"], &rows, &[2, 3, 4]);
    }
    out.line("");
}

fn words(example: &Example) -> String {
    format!(
        "{} {} {} {} {}",
        example.finding,
        example.organisation,
        example.severity,
        plain(&example.kind, 30),
        plain(&example.target, 45)
    )
}

fn why(context: &Context, finding: Traced) -> anyhow::Result<Ending> {
    let Traced::Finding(finding) = finding else { anyhow::bail!("write a finding, such as F12") };
    let reader = Reader::open(&context.data)?;
    let standing = in_force(&reader)?;
    let view = register_view(&reader, reader.read(register::version)?)?;
    let explained = explain(&reader, &view, &standing, finding, context.clock.now())?;
    for one in &explained {
        context.out.line(format!(
            "{}: {}, by rule {} ({}): {}. It is {} now.",
            one.organisation,
            one.outcome,
            one.rule,
            plain(&one.name, 60),
            plain(&one.reason, 200),
            one.fate
        ));
        for earlier in &one.earlier {
            context.out.line(format!(
                "  not rule {} ({}): {}",
                earlier.rule,
                plain(&earlier.name, 60),
                earlier.why
            ));
        }
    }
    context.out.json(&json!({ "version": standing.version, "decisions": explained }))?;
    Ok(Ending::Done)
}

fn set(context: &Context, file: &PathBuf, reason: &str, dry_run: DryRun) -> anyhow::Result<Ending> {
    let text = read(file)?;
    let problems = policy::problems(&Reader::open(&context.data)?, &text, context.clock.now())?;
    say_problems(&problems);
    let values: Vec<Value> = problems.iter().map(problem_json).collect();
    if !is_usable(&problems) {
        say("Nothing was changed: mend the errors first.");
        context.out.json(&json!({ "ok": false, "problems": values }))?;
        return Ok(Ending::Failed);
    }
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let Some(version) = context.change(dry_run, |store| Ok(store.set_policy(&act, &text)?))? else {
        return Ok(Ending::Done);
    };
    said_in_force(context, version);
    context.out.json(&json!({ "ok": true, "version": version, "problems": values }))?;
    Ok(Ending::Done)
}

fn said_in_force(context: &Context, version: u32) {
    context.out.line(format!(
        "Version {version} is in force. What is held, suppressed or in an overview is decided again at the next turn; what trial \
         operation keeps waits for `schakel policy release --trial`."
    ));
}

fn history(context: &Context) -> anyhow::Result<Ending> {
    let versions = Reader::open(&context.data)?.read(stored::history)?;
    let rows: Vec<Vec<String>> = versions
        .iter()
        .map(|one| {
            vec![one.version.to_string(), rfc3339(one.at), plain(&one.actor, 40), plain(&one.reason, 120)]
        })
        .collect();
    match rows.is_empty() {
        true => context.out.line("The built-in policy is in force; none was set."),
        false => context.out.table(&["version", "set at", "by", "why"], &rows, &[0]),
    }
    let values: Vec<Value> = versions
        .iter()
        .map(|one| {
            json!({ "version": one.version, "at": rfc3339(one.at), "actor": one.actor, "reason": one.reason, "text": one.text })
        })
        .collect();
    context.out.json(&json!({ "versions": values }))?;
    Ok(Ending::Done)
}

fn undo(context: &Context, reason: &str, dry_run: DryRun) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let Some((before, version)) = context.change(dry_run, |store| policy::undo(store, &act))? else {
        return Ok(Ending::Done);
    };
    context.out.line(match before {
        0 => "The built-in policy stands again.".to_owned(),
        before => format!("Version {before} stands again."),
    });
    said_in_force(context, version);
    context.out.json(&json!({ "ok": true, "version": version, "of_version": before }))?;
    Ok(Ending::Done)
}

fn let_go(context: &Context, args: &ReleaseArgs) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &args.reason };
    let which = Which {
        rule: args.rule,
        trial: args.trial,
        organisation: args.organisation.clone(),
        source: args.source.clone(),
        baseline: args.baseline.clone(),
        all: args.all,
    };
    let Some(released) = context.change(args.dry_run, |store| release(store, &act, &which))? else {
        return Ok(Ending::Done);
    };
    context.out.line(format!("{} assignments are told at the next turn.", number(released.assignments)));
    context
        .out
        .json(&json!({ "ok": true, "assignments": released.assignments, "blocks": released.blocks }))?;
    Ok(Ending::Done)
}
