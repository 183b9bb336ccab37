//! `schakel account`

use clap::Subcommand;
use schakel_app::{
    config,
    explain::rfc3339,
    portal::accounts::{self, Invite},
};
use schakel_model::{account::PortalRole, language::Language};
use schakel_store::{Reader, act::Act};

use crate::{Context, output::Ending, rehearsal::DryRun};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum AccountCommand {
    /// Invite somebody to the portal, or invite them anew; prints the link, which works for 72 hours
    Invite {
        /// The name to sign in with: a short name, or a mail address
        name: String,
        /// What they are to be: handler, coordinator, register_desk, editor, manager, auditor or administrator; of a member acib, vcib, viewer
        /// or member_administrator. May be given several times
        #[arg(long = "role", required = true)]
        roles: Vec<PortalRole>,
        /// The code of the member they belong to; without it they are of the desk
        #[arg(long, default_value = "")]
        organisation: String,
        /// The name that people know, for example "Jan Jansen"
        #[arg(long, default_value = "")]
        display_name: String,
        /// The language they read: nl or en
        #[arg(long, default_value = "nl")]
        language: Language,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Who may sign in to the portal
    List,
    /// Keep somebody from signing in from now on; what they have open ends
    Disable {
        /// The name they sign in with
        name: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, command: &AccountCommand) -> anyhow::Result<Ending> {
    let at = context.clock.now_seconds();
    match command {
        AccountCommand::Invite { name, roles, organisation, display_name, language, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at, actor: actor.name(), reason: "" };
            let invite = Invite { name, display_name, organisation, roles, language: *language };
            let invited = context.change(*dry_run, |store| accounts::invite(store, &act, &invite))?;
            let Some(token) = invited else { return Ok(Ending::Done) };
            let link = accounts::link(&config::load(&context.data)?, &token);
            context
                .out
                .line(format!("{name} is invited. Give them this link, by a way that only they read:"));
            context.out.line(format!("  {link}"));
            context.out.line("It works once, within 72 hours.");
            context.out.json(&serde_json::json!({ "ok": true, "name": name, "link": link }))?;
        }
        AccountCommand::Disable { name, reason, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at, actor: actor.name(), reason };
            if context.change(*dry_run, |store| accounts::disable(store, &act, name))?.is_none() {
                return Ok(Ending::Done);
            }
            context.out.line(format!("{name} cannot sign in any more."));
            context.out.json(&serde_json::json!({ "ok": true, "name": name }))?;
        }
        AccountCommand::List => list(context)?,
    }
    Ok(Ending::Done)
}

fn list(context: &Context) -> anyhow::Result<()> {
    let all = accounts::list(&Reader::open(&context.data)?)?;
    let roles = |roles: &[PortalRole]| roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let cells: Vec<_> = all
        .iter()
        .map(|one| {
            let state = one.disabled_at.map_or_else(String::new, |at| format!("disabled {}", rfc3339(at)));
            vec![
                one.name.clone(),
                one.display_name.clone(),
                one.organisation.clone(),
                roles(&one.roles),
                state,
            ]
        })
        .collect();
    context.out.table(&["name", "known as", "organisation", "roles", "state"], &cells, &[]);
    let all: Vec<_> = all
        .iter()
        .map(|one| {
            serde_json::json!({
                "name": one.name,
                "display_name": one.display_name,
                "organisation": one.organisation,
                "roles": one.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
                "disabled_at": one.disabled_at.map(rfc3339),
            })
        })
        .collect();
    context.out.json(&serde_json::json!({ "accounts": all }))
}
