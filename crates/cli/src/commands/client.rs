//! `schakel client`

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use jiff::Timestamp;
use schakel_app::{
    api_clients::{PER_MINUTE, Wanted, add, revoke, rotate},
    explain::{organisation_name, rfc3339},
};
use schakel_model::api::{Client, ClientOf, Scope, scopes_text};
use schakel_store::{Reader, act::Act, api_clients, register::load_organisations_now};
use serde_json::{Value, json};

use crate::{Context, args::time, output::Ending, rehearsal::DryRun};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum ClientCommand {
    /// Let a program use the API; its key is shown once
    Add {
        /// What it is called, for example siem.gm0513
        code: String,
        /// The member whose it is, for example GM0513; it sees what is its own [default: the desk, which sees everything]
        #[arg(long, value_name = "CODE")]
        organisation: Option<String>,
        /// What it may do, for example findings:read; more than one with more --scope
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// Requests that it may make in a minute
        #[arg(long, default_value_t = PER_MINUTE)]
        per_minute: u32,
        /// From when on it counts no more, for example 2027-12-01 [default: never]
        #[arg(long, value_parser = time)]
        expires: Option<Timestamp>,
        /// A file with its public key (JWK), when it signs who it is instead of having a key from us
        #[arg(long, value_name = "FILE")]
        public_key: Vec<PathBuf>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// The programs that use the API, and what they may do
    List,
    /// Give a program a new key; the old one counts for some days more
    Rotate {
        /// What it is called
        code: String,
        /// Days that the old key still counts
        #[arg(long, default_value_t = 7)]
        overlap_days: u32,
        /// A file with its new public key (JWK), when it signs who it is; the old ones count no more
        #[arg(long, value_name = "FILE")]
        public_key: Vec<PathBuf>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Let a program use the API no more, at once
    Revoke {
        /// What it is called
        code: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, command: &ClientCommand) -> anyhow::Result<Ending> {
    let at = context.clock.now_seconds();
    match command {
        ClientCommand::Add { code, organisation, scopes, per_minute, expires, public_key, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at, actor: actor.name(), reason: "" };
            let keys = read(public_key)?;
            let wanted = Wanted {
                code,
                organisation: organisation.as_deref(),
                scopes,
                per_minute_max: *per_minute,
                expires_at: expires.map(|at| at.as_second()),
                public_keys: &keys,
            };
            let made = context.change(*dry_run, |store| add(store, act, &wanted))?;
            show_key(context, code, made)
        }
        ClientCommand::Rotate { code, overlap_days, public_key, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at, actor: actor.name(), reason: "" };
            let (keys, overlap) = (read(public_key)?, i64::from(*overlap_days) * 86_400);
            let made = context.change(*dry_run, |store| rotate(store, act, code, &keys, overlap))?;
            show_key(context, code, made)
        }
        ClientCommand::Revoke { code, reason, dry_run } => {
            let actor = context.actor()?;
            let act = Act { at, actor: actor.name(), reason };
            if context.change(*dry_run, |store| revoke(store, act, code))?.is_some() {
                context.out.line(format!("{code} may use the API no more."));
                context.out.json(&json!({ "ok": true, "client": code }))?;
            }
            Ok(Ending::Done)
        }
        ClientCommand::List => list(context, at),
    }
}

fn read(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let one =
        |file: &PathBuf| fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    files.iter().map(one).collect()
}

/// A dry run has shown what it would be already.
fn show_key(context: &Context, code: &str, made: Option<Option<String>>) -> anyhow::Result<Ending> {
    match made {
        None => {}
        Some(Some(key)) => {
            context.out.line(format!("The key of {code}. It is shown only now; hand it over by a safe way:"));
            context.out.line(&key);
            context.out.json(&json!({ "ok": true, "client": code, "key": key }))?;
        }
        Some(None) => {
            context.out.line(format!(
                "{code} signs who it is. It gets access tokens from /oauth2/token, as docs/manual/rest-api.md says."
            ));
            context.out.json(&json!({ "ok": true, "client": code }))?;
        }
    }
    Ok(Ending::Done)
}

fn list(context: &Context, now: i64) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = reader.read(load_organisations_now)?;
    let clients = reader.read(api_clients::list)?;
    let of = |client: &Client| match client.of {
        ClientOf::Desk => None,
        ClientOf::Member(id) => Some(organisation_name(&register, id).0.to_owned()),
    };
    let state = |client: &Client| match (client.revoked_at, client.expires_at) {
        (Some(at), _) => format!("revoked {}", rfc3339(at)),
        (None, Some(at)) if at <= now => format!("expired {}", rfc3339(at)),
        (None, Some(at)) => format!("until {}", rfc3339(at)),
        (None, None) => "counts".to_owned(),
    };
    if clients.is_empty() {
        context.out.line("No program may use the API yet. `schakel client add NAME --scope ...` lets one.");
    }
    let mut rows = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for client in &clients {
        let signs = !reader.read(|connection| api_clients::public_keys(connection, client.id))?.is_empty();
        let keys = reader.read(|connection| api_clients::keys_count(connection, client.id, now))?;
        rows.push(vec![
            client.code.clone(),
            of(client).unwrap_or_else(|| "the desk".to_owned()),
            scopes_text(&client.scopes),
            if signs { "signs".to_owned() } else { keys.to_string() },
            state(client),
        ]);
        values.push(json!({
            "client": client.code, "organisation": of(client), "scopes": client.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
            "per_minute": client.per_minute_max, "signs": signs, "keys": keys, "created_at": rfc3339(client.created_at),
            "expires_at": client.expires_at.map(rfc3339), "revoked_at": client.revoked_at.map(rfc3339),
        }));
    }
    if !rows.is_empty() {
        context.out.table(&["client", "of", "may", "keys", "state"], &rows, &[]);
    }
    context.out.json(&json!({ "clients": values }))?;
    Ok(Ending::Done)
}
