//! `schakel register`

use std::path::Path;

use schakel_app::register::{Import, export, standing};
use schakel_rules::register_diff::{Changes, Counts};
use schakel_store::{Reader, Store, register};
use serde::Serialize;

use crate::{
    Context,
    args::RegisterCommand,
    output::{Ending, number, say},
};

/// Problems that are printed; the rest is counted.
const PROBLEMS_SHOWN: usize = 100;

#[derive(Serialize)]
struct ImportJson {
    errors: u64,
    warnings: u64,
    notes: u64,
    problems: Vec<String>,
    added: u64,
    changed: u64,
    withdrawn: u64,
    unchanged: u64,
    applied: bool,
    register_version: u32,
}

pub fn run(context: &Context, command: &RegisterCommand) -> anyhow::Result<Ending> {
    match command {
        RegisterCommand::Import { folder, partial, dry_run, reason } => {
            import(context, folder, *partial, *dry_run, reason)
        }
        RegisterCommand::Export { folder } => {
            let reader = Reader::open(&context.data)?;
            let register =
                reader.read(|connection| register::load(connection, register::version(connection)?))?;
            export(&register, folder)?;
            context.out.line(format!(
                "Version {} of the register is in {}: {} organisations, {} assets, {} contacts.",
                register.version,
                folder.display(),
                number(register.organisations.len() as u64),
                number(register.assets.len() as u64),
                number(register.contacts.len() as u64)
            ));
            context.out.json(&serde_json::json!({
                "register_version": register.version.0,
                "organisations": register.organisations.len(),
                "assets": register.assets.len(),
                "contacts": register.contacts.len(),
            }))?;
            Ok(Ending::Done)
        }
    }
}

fn import(
    context: &Context,
    folder: &Path,
    partial: bool,
    dry_run: bool,
    reason: &str,
) -> anyhow::Result<Ending> {
    let mut store = Store::open(&context.data)?;
    let import = Import::read(folder, standing(&store)?)?;
    let reading = &import.reading;
    for problem in reading.problems.iter().take(PROBLEMS_SHOWN) {
        context.out.line(problem.to_string());
    }
    let total = reading.errors + reading.warnings + reading.notes;
    if total > PROBLEMS_SHOWN as u64 {
        context
            .out
            .line(format!("and {} more; --json lists more of them", number(total - PROBLEMS_SHOWN as u64)));
    }
    let diff = import.diff();
    show("organisations", context, &diff.organisations);
    show("assets", context, &diff.assets);
    show("contacts", context, &diff.contacts);
    let refused = reading.errors > 0 && !partial;
    let mut version = import.standing.version;
    let mut applied = false;
    if refused {
        say(format!(
            "{} errors: nothing was changed. Mend them, or use --partial to take the good rows.",
            reading.errors
        ));
    } else if dry_run {
        context.out.line("A dry run: nothing was changed.");
    } else {
        match import.apply(&mut store, context.clock.now_seconds(), "command line", reason)? {
            Some(new) => {
                version = new;
                applied = true;
                context.out.line(format!("Applied: this is version {new} of the register."));
            }
            None => context.out.line(format!("Nothing changes: version {version} stays.")),
        }
    }
    let Counts { added, changed, withdrawn, unchanged } = diff.counts();
    context.out.json(&ImportJson {
        errors: reading.errors,
        warnings: reading.warnings,
        notes: reading.notes,
        problems: reading.problems.iter().map(ToString::to_string).collect(),
        added,
        changed,
        withdrawn,
        unchanged,
        applied,
        register_version: version.0,
    })?;
    Ok(match (refused, reading.errors) {
        (true, _) => Ending::Failed,
        (false, 0) => Ending::Done,
        (false, _) => Ending::WithRejects,
    })
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
