//! `schakel register history` and `schakel register undo`

use clap::Args;
use schakel_app::{
    explain::rfc3339,
    register_history::{Undo, Undoes, prepare_undo},
    register_import::Import,
};
use schakel_model::ids::RegisterVersion;
use schakel_rules::register_undo::Touched;
use schakel_store::{
    Reader, Store,
    act::Act,
    announced::TableUndo,
    register,
    register_history::{Tally, Version, versions},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    Context,
    commands::{
        import_prefixes::table_line,
        register_import::{say_waiting, show_changes, show_leaving},
    },
    output::{Ending, number, plain, say},
};

/// Rows that stay and are printed; the rest is counted.
const TOUCHED_SHOWN: usize = 50;
/// Characters of a row or a reason.
const TEXT_CHARS_MAX: usize = 200;

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct HistoryArgs {
    /// Show at most this many, the newest first
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct UndoArgs {
    /// The version to take back [default: the newest]
    version: Option<RegisterVersion>,
    /// Take back the rest when later changes touched some of its rows
    #[arg(long)]
    partial: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Withdraw organisations although findings of theirs are open
    #[arg(long)]
    force: bool,
    /// Why, for the history [default: undo of version N]
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Serialize)]
struct VersionJson<'a> {
    register_version: u32,
    recorded_at: String,
    actor: &'a str,
    reason: &'a str,
    organisations: TallyJson,
    assets: TallyJson,
    contacts: TallyJson,
    relations: TallyJson,
    prefixes: TallyJson,
}

#[derive(Serialize)]
struct TallyJson {
    recorded: u64,
    withdrawn: u64,
}

pub fn history(context: &Context, args: &HistoryArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let versions = reader.read(|connection| versions(connection, args.limit))?;
    if versions.is_empty() {
        context.out.line("The register is empty. `schakel register import` fills it.");
    }
    let headings = [
        "version",
        "recorded",
        "by",
        "organisations",
        "assets",
        "contacts",
        "relations",
        "prefixes",
        "reason",
    ];
    let rows: Vec<Vec<String>> = versions.iter().map(row).collect();
    if !rows.is_empty() {
        context.out.table(&headings, &rows, &[0]);
    }
    context.out.json(&json!({ "versions": versions.iter().map(version_json).collect::<Vec<_>>() }))?;
    Ok(Ending::Done)
}

fn row(version: &Version) -> Vec<String> {
    let mut row =
        vec![version.version.to_string(), rfc3339(version.at), plain(&version.actor, TEXT_CHARS_MAX)];
    let tallies = version.changes.iter().chain([&version.prefixes]);
    row.extend(tallies.map(|&Tally { recorded, withdrawn }| match (recorded, withdrawn) {
        (0, 0) => "-".to_owned(),
        _ => format!("+{} -{}", number(recorded), number(withdrawn)),
    }));
    row.push(plain(&version.reason, TEXT_CHARS_MAX));
    row
}

fn version_json(version: &Version) -> VersionJson<'_> {
    let tally = |Tally { recorded, withdrawn }| TallyJson { recorded, withdrawn };
    let [organisations, assets, contacts, relations] = version.changes.map(tally);
    VersionJson {
        register_version: version.version.0,
        recorded_at: rfc3339(version.at),
        actor: &version.actor,
        reason: &version.reason,
        organisations,
        assets,
        contacts,
        relations,
        prefixes: tally(version.prefixes),
    }
}

/// What became of taking a version back.
struct Undone {
    refused: bool,
    applied: Option<RegisterVersion>,
    added: u64,
    changed: u64,
    withdrawn: u64,
    /// What stays: in which file or table, and which row or why.
    stays: Vec<(String, String)>,
}

pub fn undo(context: &Context, args: &UndoArgs) -> anyhow::Result<Ending> {
    let mut store = Store::open(&context.data)?;
    let Undo { version, what } = prepare_undo(&store, args.version)?;
    context.out.line(format!(
        "Version {} of {}, by {}: {}",
        version.version,
        rfc3339(version.at),
        plain(&version.actor, TEXT_CHARS_MAX),
        plain(&version.reason, TEXT_CHARS_MAX)
    ));
    let reason = args.reason.clone().unwrap_or_else(|| format!("undo of version {}", version.version));
    let undone = match what {
        Undoes::Rows { import, touched } => undo_rows(context, args, &mut store, &import, &touched, &reason)?,
        Undoes::Tables(tables) => undo_tables(context, args, &mut store, version.version, &tables, &reason)?,
    };
    context.out.json(&json!({
        "undone": version.version.0,
        "added": undone.added,
        "changed": undone.changed,
        "withdrawn": undone.withdrawn,
        "stays": undone.stays.iter().map(|(file, row)| json!({ "file": file, "row": row })).collect::<Vec<_>>(),
        "applied": undone.applied.is_some(),
        "register_version": store.read(register::version)?.0,
    }))?;
    Ok(if undone.refused { Ending::Failed } else { Ending::Done })
}

fn undo_rows(
    context: &Context,
    args: &UndoArgs,
    store: &mut Store,
    import: &Import,
    touched: &[Touched],
    reason: &str,
) -> anyhow::Result<Undone> {
    let out = &context.out;
    let diff = import.diff();
    show_changes(context, &diff);
    for one in touched.iter().take(TOUCHED_SHOWN) {
        let file = one.file.file_name().trim_end_matches(".csv");
        out.line(format!("stays      {file}: {}", plain(&one.row, TEXT_CHARS_MAX)));
    }
    let leaving = import.leaving(store, &diff)?;
    show_leaving(&leaving, args.force);
    let blocked = !touched.is_empty() && !args.partial;
    if blocked {
        say(format!(
            "Later changes touched {} rows of this version: nothing was changed. Take those changes back first, or use --partial to \
             take back the rest.",
            number(touched.len() as u64)
        ));
    }
    let refused = blocked || (!leaving.is_empty() && !args.force);
    let applied = apply(context, args, store, refused, |store, at, actor| {
        import.apply(store, &diff, Act { at, actor, reason })
    })?;
    if applied.is_some() {
        say_waiting(store)?;
    }
    let counts = diff.counts();
    let stays = touched.iter().map(|one| (one.file.file_name().to_owned(), one.row.clone())).collect();
    let (added, changed, withdrawn) = (counts.added, counts.changed, counts.withdrawn);
    Ok(Undone { refused, applied, added, changed, withdrawn, stays })
}

fn undo_tables(
    context: &Context,
    args: &UndoArgs,
    store: &mut Store,
    version: RegisterVersion,
    tables: &[TableUndo],
    reason: &str,
) -> anyhow::Result<Undone> {
    let mut stays = Vec::new();
    let (mut added, mut withdrawn) = (0, 0);
    for TableUndo { change, replaced_in } in tables {
        let table = change.table.as_str();
        match replaced_in {
            Some(later) => {
                let why = format!("replaced by version {later}");
                context.out.line(format!("{table}: stays, it was {why}"));
                stays.push((table.to_owned(), why));
            }
            None => {
                context.out.line(table_line(change));
                added += change.added;
                withdrawn += change.withdrawn;
            }
        }
    }
    let refused = !stays.is_empty() && !args.partial;
    if refused {
        say(
            "Later imports replaced tables of this version: nothing was changed. Take those imports back first, or use --partial to take \
             back the rest.",
        );
    }
    let applied = apply(context, args, store, refused, |store, at, actor| {
        Ok(store.undo_announced(&Act { at, actor, reason }, version)?)
    })?;
    Ok(Undone { refused, applied, added, changed: 0, withdrawn, stays })
}

/// Takes back, unless it is refused or only tried, and says so.
fn apply(
    context: &Context,
    args: &UndoArgs,
    store: &mut Store,
    refused: bool,
    act: impl FnOnce(&mut Store, i64, &str) -> anyhow::Result<Option<RegisterVersion>>,
) -> anyhow::Result<Option<RegisterVersion>> {
    if refused {
        return Ok(None);
    }
    if args.dry_run {
        context.out.line("A dry run: nothing was changed.");
        return Ok(None);
    }
    let actor = context.actor()?;
    let applied = act(store, context.clock.now_seconds(), actor.name())?;
    context.out.line(match applied {
        Some(new) => format!("Taken back: this is version {new} of the register."),
        None => {
            format!("There is nothing to take back: version {} stays.", store.read(register::version)?)
        }
    });
    Ok(applied)
}
