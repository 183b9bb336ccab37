//! `schakel register import`

use std::path::PathBuf;

use clap::Args;
use schakel_app::{
    contacts::waiting_changes,
    register::standing,
    register_import::{Import, Leaving, Part},
};
use schakel_formats::register::{
    Problem, ProblemKind, Row,
    import::{Format, Options, Scope},
    line,
};
use schakel_model::ids::RegisterVersion;
use schakel_rules::{
    register_conflict::Conflict,
    register_diff::{Changes, Counts, RegisterDiff},
    register_selection::{Only, Selected, Selection},
};
use schakel_store::{Store, act::Act};
use serde::Serialize;

use crate::{
    Context,
    output::{Ending, number, plain, say},
};

/// Problems and conflicts that are printed; the rest is counted.
const PROBLEMS_SHOWN: usize = 100;
/// Characters of a listed row.
const ROW_CHARS_MAX: usize = 400;

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct ImportArgs {
    /// Folders or files: the register's own CSV files, or files in a format that is recognised
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The format, when it is not recognised
    #[arg(long)]
    format: Option<Format>,
    /// Whose the rows are that name no organisation: its code or name
    #[arg(long, value_name = "CODE")]
    organisation: Option<String>,
    /// What becomes of rows that the files do not mention: whole withdraws them, additions leaves them, organisations withdraws those
    /// of the organisations that are mentioned [default: whole for the register's own files, else additions]
    #[arg(long, value_parser = scope)]
    scope: Option<Scope>,
    /// Take the good rows and leave the others out
    #[arg(long)]
    partial: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// List the rows that change, as they stand in the files
    #[arg(long)]
    list: bool,
    /// Apply only these: new, changed, withdrawn, organisations, assets, contacts or relations; may be repeated
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Only>,
    /// Apply only what is about this organisation; may be repeated
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    only_organisation: Vec<String>,
    /// Leave out what another organisation has proven in the same role
    #[arg(long)]
    without_conflicts: bool,
    /// Withdraw organisations although findings of theirs are open
    #[arg(long)]
    force: bool,
    /// Why, for the history
    #[arg(long, default_value = "import")]
    reason: String,
}

#[derive(Serialize)]
struct ImportJson {
    format: &'static str,
    errors: u64,
    warnings: u64,
    notes: u64,
    problems: Vec<String>,
    added: u64,
    changed: u64,
    withdrawn: u64,
    in_conflict: u64,
    unchanged: u64,
    organisations: KindJson,
    assets: KindJson,
    contacts: KindJson,
    relations: KindJson,
    conflicts: Vec<ConflictJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<RowJson>>,
    left_out: u64,
    leaving: Vec<LeavingJson>,
    applied: bool,
    register_version: u32,
}

#[derive(Serialize)]
struct KindJson {
    added: u64,
    changed: u64,
    withdrawn: u64,
    unchanged: u64,
}

#[derive(Serialize)]
struct ConflictJson {
    row: String,
    with: String,
}

#[derive(Serialize)]
struct RowJson {
    change: &'static str,
    file: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

#[derive(Serialize)]
struct LeavingJson {
    organisation: String,
    waiting: u64,
    told: u64,
}

pub fn run(context: &Context, args: &ImportArgs) -> anyhow::Result<Ending> {
    let mut store = Store::open(&context.data)?;
    let options = Options { format: args.format, organisation: args.organisation.clone(), scope: args.scope };
    let import = Import::read(&args.paths, &options, standing(&store)?)?;
    let reading = &import.reading;
    show_reading(context, &import);
    let diff = import.diff();
    let conflicts = import.conflicts(&diff);
    let counts = diff.counts();
    let in_conflict = show_sums(context, &import, &diff, &conflicts);
    let selected = import.part(diff, &part(args), &conflicts);
    show_left_out(context, &selected);
    let rows = args.list.then(|| rows(&selected.diff));
    rows.iter().flatten().for_each(|row| show_row(context, row));
    let leaving = import.leaving(&store, &selected.diff)?;
    show_leaving(&leaving, args.force);
    let has_errors = reading.errors > 0 && !args.partial;
    let refused = has_errors || (!leaving.is_empty() && !args.force);
    let mut applied = None;
    if has_errors {
        let errors = reading.errors;
        say(format!(
            "{errors} errors: nothing was changed. Mend them, or use --partial to take the good rows."
        ));
    } else if !refused && args.dry_run {
        context.out.line("A dry run: nothing was changed.");
    } else if !refused {
        applied = apply(context, &mut store, &import, &selected.diff, &args.reason)?;
    }
    let taken = &selected.diff;
    context.out.json(&ImportJson {
        format: import.format.as_str(),
        errors: reading.errors,
        warnings: reading.warnings,
        notes: reading.notes,
        problems: reading.problems.iter().map(ToString::to_string).collect(),
        added: counts.added,
        changed: counts.changed,
        withdrawn: counts.withdrawn,
        in_conflict,
        unchanged: counts.unchanged,
        organisations: kind(&taken.organisations),
        assets: kind(&taken.assets),
        contacts: kind(&taken.contacts),
        relations: kind(&taken.relations),
        conflicts: conflicts.iter().map(conflict).collect(),
        rows,
        left_out: selected.left_out + selected.without_organisation,
        leaving: leaving.iter().map(leaving_json).collect(),
        applied: applied.is_some(),
        register_version: applied.unwrap_or(import.standing.version).0,
    })?;
    Ok(match (refused, reading.errors) {
        (true, _) => Ending::Failed,
        (false, 0) => Ending::Done,
        (false, _) => Ending::WithRejects,
    })
}

/// Applies what was selected; gives the new version, if there is one.
fn apply(
    context: &Context,
    store: &mut Store,
    import: &Import,
    diff: &RegisterDiff<'_>,
    reason: &str,
) -> anyhow::Result<Option<RegisterVersion>> {
    let actor = context.actor()?;
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let applied = import.apply(store, diff, act)?;
    match applied {
        Some(new) => {
            context.out.line(format!("Applied: this is version {new} of the register."));
        }
        None => context.out.line(format!("Nothing changes: version {} stays.", import.standing.version)),
    }
    say_waiting(store)?;
    Ok(applied)
}

/// Changes of trusted contacts wait for a second pair of eyes.
pub fn say_waiting(store: &Store) -> anyhow::Result<()> {
    let waiting = waiting_changes(store)?;
    if waiting > 0 {
        say(format!(
            "{waiting} changes of trusted contacts wait for a second pair of eyes. `schakel contact pending list` shows them."
        ));
    }
    Ok(())
}

/// In which format it was read, and what is wrong with it.
fn show_reading(context: &Context, import: &Import) {
    let (out, reading) = (&context.out, &import.reading);
    if import.format != Format::Register {
        out.line(format!("Read as {}.", import.format.describe()));
    }
    for problem in reading.problems.iter().take(PROBLEMS_SHOWN) {
        out.line(problem.to_string());
    }
    more(context, reading.errors + reading.warnings + reading.notes);
}

/// What would change, by kind and in all; gives the number in conflict.
fn show_sums(context: &Context, import: &Import, diff: &RegisterDiff<'_>, conflicts: &[Conflict<'_>]) -> u64 {
    show_changes(context, diff);
    let disagree = |problem: &&Problem| problem.kind == ProblemKind::Duplicate;
    let disagreeing = import.reading.problems.iter().filter(disagree).count();
    let in_conflict = (conflicts.len() + disagreeing) as u64;
    let counts = diff.counts();
    context.out.line(format!(
        "In all: {} new, {} changed, {} withdrawn, {} in conflict",
        number(counts.added),
        number(counts.changed),
        number(counts.withdrawn),
        number(in_conflict)
    ));
    show_conflicts(context, conflicts);
    in_conflict
}

fn scope(text: &str) -> Result<Scope, String> {
    match text {
        "whole" => Ok(Scope::Whole),
        "additions" => Ok(Scope::Additions),
        "organisations" => Ok(Scope::Organisations),
        _ => Err("use whole, additions or organisations".to_owned()),
    }
}

fn part(args: &ImportArgs) -> Part {
    let selection = Selection { only: args.only.clone(), organisations: args.only_organisation.clone() };
    Part { selection, without_conflicts: args.without_conflicts }
}

fn more(context: &Context, total: u64) {
    if total > PROBLEMS_SHOWN as u64 {
        let rest = number(total - PROBLEMS_SHOWN as u64);
        context.out.line(format!("and {rest} more; --json lists more of them"));
    }
}

/// A line for each kind of row.
pub fn show_changes(context: &Context, diff: &RegisterDiff<'_>) {
    show("organisations", context, &diff.organisations);
    show("assets", context, &diff.assets);
    show("contacts", context, &diff.contacts);
    show("relations", context, &diff.relations);
}

fn show<T>(what: &str, context: &Context, changes: &Changes<'_, T>) {
    let Counts { added, changed, withdrawn, unchanged } = changes.counts();
    context.out.line(format!(
        "{what}: {} new, {} changed, {} withdrawn, {} stay as they are",
        number(added),
        number(changed),
        number(withdrawn),
        number(unchanged)
    ));
}

fn show_conflicts(context: &Context, conflicts: &[Conflict<'_>]) {
    for Conflict { row, with } in conflicts.iter().take(PROBLEMS_SHOWN) {
        context.out.line(format!(
            "conflict: `{}` would be the {} of {} {} ({}), which `{}` has proven ({})",
            row.organisation,
            row.role,
            row.value.kind(),
            row.value,
            row.proof,
            with.organisation,
            with.proof
        ));
    }
    more(context, conflicts.len() as u64);
}

fn show_left_out(context: &Context, selected: &Selected<'_>) {
    let out = &context.out;
    if selected.left_out > 0 {
        out.line(format!("{} changes are left out", number(selected.left_out)));
    }
    if selected.without_organisation > 0 {
        out.line(format!(
            "{} rows are left out because their organisation is not in the register; take new organisations too",
            number(selected.without_organisation)
        ));
    }
    for code in selected.still_in_use.iter().take(PROBLEMS_SHOWN) {
        out.line(format!("{code} is not withdrawn, because other rows of it stay"));
    }
}

/// The organisations that would go although findings of theirs are open.
pub fn show_leaving(leaving: &[Leaving], force: bool) {
    for Leaving { code, concerned } in leaving.iter().take(PROBLEMS_SHOWN) {
        say(format!(
            "{code} has open findings: {} wait to be told, {} were told",
            number(concerned.waiting),
            number(concerned.told)
        ));
    }
    if !leaving.is_empty() && !force {
        say(format!(
            "{} organisations would go with findings open: nothing was changed. `schakel register merge OLD --into NEW` gives them \
             a successor, who is told in their place; --force withdraws them all the same",
            leaving.len()
        ));
    }
}

/// Lists the rows that change, for a person.
pub fn list_rows(context: &Context, diff: &RegisterDiff<'_>) {
    rows(diff).iter().for_each(|row| show_row(context, row));
}

fn rows(diff: &RegisterDiff<'_>) -> Vec<RowJson> {
    let mut all = Vec::new();
    list(&mut all, "organisations.csv", &diff.organisations);
    list(&mut all, "assets.csv", &diff.assets);
    list(&mut all, "contacts.csv", &diff.contacts);
    list(&mut all, "relations.csv", &diff.relations);
    all
}

fn list<T: Row>(all: &mut Vec<RowJson>, file: &'static str, changes: &Changes<'_, T>) {
    let row = |change, before: Option<&T>, after: Option<&T>| RowJson {
        change,
        file,
        before: before.map(line),
        after: after.map(line),
    };
    all.extend(changes.added.iter().map(|one| row("new", None, Some(one))));
    all.extend(changes.changed.iter().map(|one| row("changed", Some(one.before), Some(one.after))));
    all.extend(changes.withdrawn.iter().map(|one| row("withdrawn", Some(one), None)));
}

fn show_row(context: &Context, row: &RowJson) {
    let name = row.file.trim_end_matches(".csv");
    let shown =
        |text: &Option<String>| text.as_deref().map(|text| plain(text, ROW_CHARS_MAX)).unwrap_or_default();
    match row.change {
        "changed" => {
            context.out.line(format!("changed    {name}: {}", shown(&row.before)));
            context.out.line(format!("        to {name}: {}", shown(&row.after)));
        }
        "new" => context.out.line(format!("new        {name}: {}", shown(&row.after))),
        _ => context.out.line(format!("withdrawn  {name}: {}", shown(&row.before))),
    }
}

fn kind<T>(changes: &Changes<'_, T>) -> KindJson {
    let Counts { added, changed, withdrawn, unchanged } = changes.counts();
    KindJson { added, changed, withdrawn, unchanged }
}

fn conflict(conflict: &Conflict<'_>) -> ConflictJson {
    ConflictJson { row: line(conflict.row), with: line(conflict.with) }
}

fn leaving_json(leaving: &Leaving) -> LeavingJson {
    let Leaving { code, concerned } = leaving;
    LeavingJson { organisation: code.clone(), waiting: concerned.waiting, told: concerned.told }
}
