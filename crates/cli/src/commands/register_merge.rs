//! `schakel register merge`

use clap::Args;
use jiff::Timestamp;
use schakel_app::{
    explain::day,
    merge::{MergeRequest, prepare_merge},
    register::standing,
};
use schakel_model::register::OrganisationKind;
use schakel_store::{
    Store,
    act::Act,
    register::{Concerned, concerned},
};
use serde_json::json;

use crate::{
    Context,
    args::time,
    commands::register_import::{list_rows, say_waiting, show_changes},
    output::{Ending, number},
};

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct MergeArgs {
    /// The codes of the organisations that go
    #[arg(required = true)]
    old: Vec<String>,
    /// The code of the successor
    #[arg(long, value_name = "CODE")]
    into: String,
    /// The first day of the successor, for example 2027-01-01
    #[arg(long, value_name = "DAY", value_parser = time)]
    on: Timestamp,
    /// The successor's name, when it is not in the register yet
    #[arg(long)]
    name: Option<String>,
    /// Its kind [default: as the first that goes]
    #[arg(long)]
    kind: Option<OrganisationKind>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// List the rows that change, as they stand in the files
    #[arg(long)]
    list: bool,
    /// Why, for the history
    #[arg(long, default_value = "merger")]
    reason: String,
}

pub fn run(context: &Context, args: &MergeArgs) -> anyhow::Result<Ending> {
    let mut store = Store::open(&context.data)?;
    let request = MergeRequest {
        old: args.old.clone(),
        into: args.into.clone(),
        on: args.on.as_second(),
        name: args.name.clone(),
        kind: args.kind,
    };
    let import = prepare_merge(standing(&store)?, &request)?;
    let out = &context.out;
    let on = day(request.on);
    out.line(format!("{} merge into {} on {on}.", args.old.join(", "), args.into));
    let diff = import.diff();
    show_changes(context, &diff);
    if args.list {
        list_rows(context, &diff);
    }
    let leaving = import.standing.organisations.iter().filter(|one| args.old.contains(&one.code));
    let ids: Vec<_> = leaving.map(|one| one.id).collect();
    let open = store.read(|connection| concerned(connection, &ids))?;
    let open = open.into_iter().fold(Concerned::default(), |all, (_, one)| Concerned {
        waiting: all.waiting + one.waiting,
        told: all.told + one.told,
    });
    if open != Concerned::default() {
        out.line(format!(
            "{} assignments wait to be told: from {on} on the successor is told. {} were told to the old organisations: \
             `schakel reattribute` moves those that are open.",
            number(open.waiting),
            number(open.told)
        ));
    }
    let mut version = import.standing.version;
    let mut applied = false;
    if args.dry_run {
        out.line("A dry run: nothing was changed.");
    } else {
        let actor = context.actor()?;
        let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason: &args.reason };
        if let Some(new) = import.apply(&mut store, &diff, act)? {
            (version, applied) = (new, true);
            out.line(format!("Applied: this is version {new} of the register."));
        }
        say_waiting(&store)?;
    }
    let counts = diff.counts();
    out.json(&json!({
        "old": args.old,
        "into": args.into,
        "on": on,
        "added": counts.added,
        "changed": counts.changed,
        "withdrawn": counts.withdrawn,
        "waiting": open.waiting,
        "told": open.told,
        "applied": applied,
        "register_version": version.0,
    }))?;
    Ok(Ending::Done)
}
