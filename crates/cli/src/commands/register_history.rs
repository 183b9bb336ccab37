//! `schakel register history` and `schakel register undo`

use clap::Args;
use schakel_app::{
    explain::rfc3339,
    register_history::{Undo, prepare_undo},
};
use schakel_model::ids::RegisterVersion;
use schakel_store::{
    Reader, Store,
    act::Act,
    register_history::{Tally, Version, versions},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    Context,
    commands::register_import::{say_waiting, show_changes, show_leaving},
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
    let headings =
        ["version", "recorded", "by", "organisations", "assets", "contacts", "relations", "reason"];
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
    row.extend(version.changes.map(|Tally { recorded, withdrawn }| match (recorded, withdrawn) {
        (0, 0) => "-".to_owned(),
        _ => format!("+{} -{}", number(recorded), number(withdrawn)),
    }));
    row.push(plain(&version.reason, TEXT_CHARS_MAX));
    row
}

fn version_json(version: &Version) -> VersionJson<'_> {
    let [organisations, assets, contacts, relations] =
        version.changes.map(|Tally { recorded, withdrawn }| TallyJson { recorded, withdrawn });
    VersionJson {
        register_version: version.version.0,
        recorded_at: rfc3339(version.at),
        actor: &version.actor,
        reason: &version.reason,
        organisations,
        assets,
        contacts,
        relations,
    }
}

pub fn undo(context: &Context, args: &UndoArgs) -> anyhow::Result<Ending> {
    let mut store = Store::open(&context.data)?;
    let Undo { version, import, touched } = prepare_undo(&store, args.version)?;
    let out = &context.out;
    out.line(format!(
        "Version {} of {}, by {}: {}",
        version.version,
        rfc3339(version.at),
        plain(&version.actor, TEXT_CHARS_MAX),
        plain(&version.reason, TEXT_CHARS_MAX)
    ));
    let diff = import.diff();
    show_changes(context, &diff);
    for one in touched.iter().take(TOUCHED_SHOWN) {
        let file = one.file.file_name().trim_end_matches(".csv");
        out.line(format!("stays      {file}: {}", plain(&one.row, TEXT_CHARS_MAX)));
    }
    let leaving = import.leaving(&store, &diff)?;
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
    let mut now = import.standing.version;
    let mut applied = false;
    if args.dry_run && !refused {
        out.line("A dry run: nothing was changed.");
    } else if !refused {
        let actor = context.actor()?;
        let reason = match &args.reason {
            Some(reason) => reason.clone(),
            None => format!("undo of version {}", version.version),
        };
        let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &reason };
        match import.apply(&mut store, &diff, act)? {
            Some(new) => {
                (now, applied) = (new, true);
                out.line(format!("Taken back: this is version {new} of the register."));
            }
            None => out.line(format!("There is nothing to take back: version {now} stays.")),
        }
        say_waiting(&store)?;
    }
    let counts = diff.counts();
    out.json(&json!({
        "undone": version.version.0,
        "added": counts.added,
        "changed": counts.changed,
        "withdrawn": counts.withdrawn,
        "stays": touched.iter().map(|one| json!({ "file": one.file.file_name(), "row": one.row })).collect::<Vec<_>>(),
        "applied": applied,
        "register_version": now.0,
    }))?;
    Ok(if refused { Ending::Failed } else { Ending::Done })
}
