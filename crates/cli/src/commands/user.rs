//! `schakel user`

use clap::Subcommand;
use schakel_app::{explain::rfc3339, users};
use schakel_store::{Reader, users::DeskUser};

use crate::{Context, output::Ending, rehearsal::DryRun};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum UserCommand {
    /// Add a desk user, or let a disabled one act again
    Add {
        /// The name to act under, for example jan
        name: String,
        /// The name that people know, for example "Jan Jansen"
        #[arg(long, default_value = "")]
        display_name: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// The desk users
    List,
    /// Keep a desk user from acting from now on
    Disable {
        /// The name they act under
        name: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, command: &UserCommand) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    match command {
        UserCommand::Add { name, display_name, dry_run } => {
            let actor = context.actor()?;
            let added =
                context.change(*dry_run, |store| users::add(store, now, &actor, name, display_name))?;
            let Some(id) = added else { return Ok(Ending::Done) };
            context.out.line(format!("{name} is desk user {id}, and acts with --as {name}."));
            context.out.json(&serde_json::json!({ "ok": true, "user": id.0, "name": name }))?;
        }
        UserCommand::Disable { name, reason, dry_run } => {
            let actor = context.actor()?;
            let disabled =
                context.change(*dry_run, |store| users::disable(store, now, &actor, name, reason))?;
            if disabled.is_none() {
                return Ok(Ending::Done);
            }
            context.out.line(format!("{name} may not act any more."));
            context.out.json(&serde_json::json!({ "ok": true, "name": name }))?;
        }
        UserCommand::List => {
            let users = Reader::open(&context.data)?.read(schakel_store::users::list)?;
            let state = |user: &DeskUser| {
                user.disabled_at.map_or_else(String::new, |at| format!("disabled {}", rfc3339(at)))
            };
            let cells: Vec<_> = users
                .iter()
                .map(|user| {
                    let added = rfc3339(user.added_at);
                    vec![
                        user.id.to_string(),
                        user.name.clone(),
                        user.display_name.clone(),
                        added,
                        state(user),
                    ]
                })
                .collect();
            context.out.table(&["user", "name", "display name", "added", "state"], &cells, &[0]);
            let users: Vec<_> = users
                .iter()
                .map(|user| {
                    serde_json::json!({
                        "user": user.id.0,
                        "name": user.name,
                        "display_name": user.display_name,
                        "added_at": rfc3339(user.added_at),
                        "disabled_at": user.disabled_at.map(rfc3339),
                    })
                })
                .collect();
            context.out.json(&serde_json::json!({ "users": users }))?;
        }
    }
    Ok(Ending::Done)
}
