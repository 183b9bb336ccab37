//! `schakel hub match`

use clap::Subcommand;
use schakel_app::handover::matching::{self, Allowed};
use schakel_model::hub::HubName;
use schakel_store::{Reader, hubs};
use serde_json::json;

use super::{
    hub::{By, change, us},
    hub_chain::link,
};
use crate::{
    Context,
    output::{Ending, number},
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum MatchCommand {
    /// Let another hub ask us
    Allow {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// Let it ask no more
    Forbid {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// Ask another hub about what is nobody's here
    Ask {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// What came of it
    Show {
        /// The name of the other hub
        peer: HubName,
    },
    /// Make what is theirs assets of the organisation that the hub stands for
    Take {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
}

pub fn run(context: &Context, command: &MatchCommand) -> anyhow::Result<Ending> {
    let (out, json_of) =
        (&context.out, |peer: &HubName, count: usize| json!({ "peer": peer.as_str(), "count": count }));
    match command {
        MatchCommand::Allow { peer, by } => set_allowed(context, peer, by, Allowed::Yes),
        MatchCommand::Forbid { peer, by } => set_allowed(context, peer, by, Allowed::No),
        MatchCommand::Ask { peer, by } => {
            let ours = us(context)?;
            let done = change(context, by, |store, act| {
                let link = link(store, peer)?;
                matching::begin(store, &act, &ours, &link)
            })?;
            let Some(count) = done else { return Ok(Ending::Done) };
            out.line(format!(
                "Asked {peer} about {} findings, without showing them. `schakel hub match show {peer}` says what comes of it.",
                number(count as u64)
            ));
            out.json(&json_of(peer, count))?;
            Ok(Ending::Done)
        }
        MatchCommand::Show { peer } => show(context, peer),
        MatchCommand::Take { peer, by } => {
            let done = change(context, by, |store, act| {
                let link = link(store, peer)?;
                matching::take(store, &act, &link)
            })?;
            let Some(count) = done else { return Ok(Ending::Done) };
            out.line(format!(
                "{} new assets. `schakel reattribute` hands over what was nobody's.",
                number(count as u64)
            ));
            out.json(&json_of(peer, count))?;
            Ok(Ending::Done)
        }
    }
}

fn set_allowed(context: &Context, peer: &HubName, by: &By, allowed: Allowed) -> anyhow::Result<Ending> {
    let done = change(context, by, |store, act| {
        let link = link(store, peer)?;
        matching::allow(store, &act, &link, allowed)
    })?;
    if done.is_some() {
        context.out.line(format!(
            "{peer} may {}.",
            if allowed == Allowed::Yes { "ask us" } else { "ask us no more" }
        ));
        context.out.json(&json!({ "peer": peer.as_str(), "allowed": allowed == Allowed::Yes }))?;
    }
    Ok(Ending::Done)
}

fn show(context: &Context, peer: &HubName) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let link = reader.read(|connection| hubs::by_peer(connection, peer))?;
    let matching = match &link {
        Some(link) => matching::last(&reader, link)?,
        None => None,
    };
    let out = &context.out;
    match &matching {
        None => out.line(format!("{peer} was asked nothing. `schakel hub match ask {peer}` does.")),
        Some(matching) if !matching.answered => {
            out.line(format!(
                "{peer} was asked about {} findings, and has not answered yet.",
                matching.findings.len()
            ));
        }
        Some(matching) => {
            out.line(format!(
                "Of {} findings {} are of {peer}.",
                matching.findings.len(),
                matching.hits.len()
            ));
            let rows: Vec<Vec<String>> = matching
                .hits
                .iter()
                .map(|(finding, selector)| vec![format!("F{finding}"), selector[2..].to_owned()])
                .collect();
            out.table(&["finding", "lies in"], &rows, &[]);
        }
    }
    out.json(&json!({ "peer": peer.as_str(), "matching": matching }))?;
    Ok(Ending::Done)
}
