//! `schakel member-key`

use clap::Subcommand;
use schakel_app::{
    claims::organisation,
    explain::{organisation_name, rfc3339},
    member_keys::{add, revoke},
    member_reports::list_name,
};
use schakel_store::{Reader, Store, act::Act, member_keys, register::load_organisations_now};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{Ending, plain},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum MemberKeyCommand {
    /// Make a key for a member; its secret is shown once
    Add {
        /// The organisation, for example GM0513
        code: String,
        /// What it is for, for example "IntelMQ"
        #[arg(long, default_value = "")]
        label: String,
    },
    /// The keys, of one member or all; secrets are not shown
    List {
        /// Only of this organisation, for example GM0513
        code: Option<String>,
    },
    /// Let a key count no more, at once
    Revoke {
        /// The key, from `schakel member-key list`
        key: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, command: &MemberKeyCommand) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    let out = &context.out;
    match command {
        MemberKeyCommand::Add { code, label } => {
            let actor = context.actor()?;
            let mut store = Store::open(&context.data)?;
            let act = Act { at: now, actor: actor.name(), reason: "" };
            let (key, secret) = add(&mut store, act, code, label)?;
            let list = list_name(code);
            out.line(format!(
                "A key for {code}; its list is called {list}. The secret is shown only now; give both to the member by a safe way:"
            ));
            out.line(format!("key = {}", key.key));
            out.line(format!("secret = {secret}"));
            let key = key.key;
            out.json(
                &json!({ "ok": true, "organisation": code, "key": key, "secret": secret, "list": list }),
            )?;
            Ok(Ending::Done)
        }
        MemberKeyCommand::List { code } => list(context, code.as_deref()),
        MemberKeyCommand::Revoke { key, reason, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at: now, actor: actor.name(), reason };
            if context.change(*dry_run, |store| revoke(store, act, key))?.is_some() {
                out.line(format!("The key {key} counts no more."));
                out.json(&json!({ "ok": true, "key": key }))?;
            }
            Ok(Ending::Done)
        }
    }
}

fn list(context: &Context, code: Option<&str>) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = reader.read(load_organisations_now)?;
    let of = code.map(|code| organisation(&register, code)).transpose()?.map(|one| one.id);
    let mut rows = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for key in reader.read(member_keys::list)? {
        if of.is_some_and(|of| of != key.organisation) {
            continue;
        }
        let (code, _) = organisation_name(&register, key.organisation);
        let state = key.revoked_at.map_or("counts".to_owned(), |at| format!("revoked {}", rfc3339(at)));
        rows.push(vec![
            code.to_owned(),
            key.key.clone(),
            plain(&key.label, 60),
            rfc3339(key.created_at),
            state,
        ]);
        values.push(json!({
            "organisation": code, "key": key.key, "label": key.label, "created_at": rfc3339(key.created_at),
            "revoked_at": key.revoked_at.map(rfc3339),
        }));
    }
    if rows.is_empty() {
        context.out.line("No keys yet. `schakel member-key add CODE` makes one.");
    } else {
        context.out.table(&["organisation", "key", "label", "made", "state"], &rows, &[]);
    }
    context.out.json(&json!({ "keys": values }))?;
    Ok(Ending::Done)
}
