//! `schakel hub taken-back`: what hubs took back and a person has to decide about, because it is so much.

use std::collections::BTreeMap;

use clap::Subcommand;
use schakel_app::{
    config,
    handover::taken_back::{self, Decision},
};
use schakel_model::{hub::HubName, ids::LinkId};
use schakel_store::{Reader, hub_taken_back, hubs};
use serde_json::json;

use super::{
    hub::{By, change},
    hub_chain::link,
};
use crate::{
    Context,
    output::{Ending, number},
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum TakenBackCommand {
    /// What waits
    List,
    /// Take it back here as well, where nobody else shows it; whoever was told hears so
    Accept {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// Let it stand
    Refuse {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
}

pub fn run(context: &Context, command: &TakenBackCommand) -> anyhow::Result<Ending> {
    let (peer, by, decision) = match command {
        TakenBackCommand::List => return list(context),
        TakenBackCommand::Accept { peer, by } => (peer, by, Decision::CarryOut),
        TakenBackCommand::Refuse { peer, by } => (peer, by, Decision::Keep),
    };
    let config = config::load(&context.data)?;
    let done = change(context, by, |store, act| {
        let link = link(store, peer)?;
        taken_back::decide(store, &config, &act, link.id, decision)
    })?;
    let Some(done) = done else { return Ok(Ending::Done) };
    context.out.line(format!(
        "{} findings of {peer} are taken back here as well; {} stay.",
        number(done.withdrawn as u64),
        number(done.stay as u64)
    ));
    context.out.json(&json!({ "peer": peer.as_str(), "withdrawn": done.withdrawn, "stay": done.stay }))?;
    Ok(Ending::Done)
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let mut by_link: BTreeMap<LinkId, Vec<String>> = BTreeMap::new();
    for one in reader.read(hub_taken_back::for_desk)? {
        by_link.entry(one.link).or_default().push(one.finding.to_string());
    }
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (link, findings) in by_link {
        let peer = reader.read(|connection| hubs::get(connection, link))?;
        let peer = peer.map(|link| link.peer.to_string()).unwrap_or_default();
        rows.push(vec![peer.clone(), number(findings.len() as u64), findings[0].clone()]);
        values.push(json!({ "peer": peer, "findings": findings }));
    }
    if rows.is_empty() {
        context.out.line("Nothing that a hub took back waits for you.");
    } else {
        context.out.table(&["hub", "findings taken back", "the first"], &rows, &[1]);
        context.out.line(
            "`schakel hub taken-back accept HUB` or `refuse HUB` decides; `schakel trace F1` shows one.",
        );
    }
    context.out.json(&json!({ "waiting": values }))?;
    Ok(Ending::Done)
}
