//! `schakel hub claims` and `schakel hub status`: what goes over links beside findings.

use anyhow::Context as _;
use clap::Subcommand;
use schakel_app::{
    explain::rfc3339,
    handover::claims::{self, Keys, ours},
};
use schakel_model::hub::{HubName, Link, StatusLevel};
use schakel_store::{Reader, Store, hub_claim_lists, hub_status, hubs, register};
use serde_json::{Value, json};

use super::hub::{By, change, us};
use crate::{
    Context,
    output::{Ending, number, plain},
};

/// Days of counts that are shown of a link.
const COUNTS_SHOWN: usize = 30;

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum ClaimsCommand {
    /// Publish what stands in our register to another hub, and again whenever the register changes
    Publish {
        /// The name of the other hub
        peer: HubName,
        /// Publish with it the keys of hubs below this one, from now on: what concerns them can then be sealed to them, and it shows which entries belong
        /// together
        #[arg(long, conflicts_with = "without_keys")]
        with_keys: bool,
        /// Publish no keys with it any more
        #[arg(long)]
        without_keys: bool,
        #[command(flatten)]
        by: By,
    },
    /// Take it all back, and publish no more
    Stop {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// What would be, or is, published: without whose it is
    Show,
    /// Lists of other hubs that wait for a person, because they take much back
    Held,
    /// Let a list that waits count
    Accept {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
    /// Pass over a list that waits: what stands goes on standing
    Refuse {
        /// The name of the other hub
        peer: HubName,
        #[command(flatten)]
        by: By,
    },
}

pub fn claims(context: &Context, command: &ClaimsCommand) -> anyhow::Result<Ending> {
    match command {
        ClaimsCommand::Publish { peer, with_keys, without_keys, by } => {
            let ours = us(context)?;
            let done = change(context, by, |store, act| {
                let link = link(store, peer)?;
                match (with_keys, without_keys) {
                    (true, _) => claims::set_keys(store, &act, &link, Keys::OfHubsBelow)?,
                    (false, true) => claims::set_keys(store, &act, &link, Keys::None)?,
                    (false, false) => {}
                }
                claims::publish(store, &act, &ours, &link)
            })?;
            let Some(count) = done else { return Ok(Ending::Done) };
            context.out.line(format!(
                "{} claims go to {peer}, now and whenever the register changes.",
                number(count as u64)
            ));
            context.out.json(&json!({ "peer": peer.as_str(), "claims": count }))?;
        }
        ClaimsCommand::Stop { peer, by } => {
            let ours = us(context)?;
            let done = change(context, by, |store, act| {
                let link = link(store, peer)?;
                claims::stop(store, &act, &ours, &link)
            })?;
            let Some(()) = done else { return Ok(Ending::Done) };
            context.out.line(format!("Everything that was claimed at {peer} is taken back."));
            context.out.json(&json!({ "peer": peer.as_str(), "claims": 0 }))?;
        }
        ClaimsCommand::Show => show(context)?,
        ClaimsCommand::Held => held(context)?,
        ClaimsCommand::Accept { peer, by } => {
            let ours = us(context)?;
            let done = change(context, by, |store, act| {
                let link = link(store, peer)?;
                claims::accept(store, &act, &ours, &link)
            })?;
            let Some(replaced) = done else { return Ok(Ending::Done) };
            context.out.line(format!(
                "The list of {peer} counts: {} new claims, {} taken back.",
                number(replaced.added as u64),
                number(replaced.withdrawn as u64)
            ));
            context.out.json(&replaced)?;
        }
        ClaimsCommand::Refuse { peer, by } => {
            let done = change(context, by, |store, act| {
                let link = link(store, peer)?;
                claims::refuse(store, &act, &link)
            })?;
            let Some(()) = done else { return Ok(Ending::Done) };
            context.out.line(format!("The list of {peer} is passed over. What stood goes on standing."));
            context.out.json(&json!({ "peer": peer.as_str(), "refused": true }))?;
        }
    }
    Ok(Ending::Done)
}

pub(super) fn link(store: &Store, peer: &HubName) -> anyhow::Result<Link> {
    let found = store.read(|connection| hubs::by_peer(connection, peer))?;
    found.with_context(|| format!("there is no link with {peer}. `schakel hub list` shows them"))
}

fn show(context: &Context) -> anyhow::Result<()> {
    let reader = Reader::open(&context.data)?;
    let version = reader.read(register::version)?;
    let register = reader.read(|connection| register::load(connection, version))?;
    let list = ours(&register, context.clock.now_seconds())?;
    let published: Vec<Link> = reader
        .read(hubs::standing)?
        .into_iter()
        .filter(|link| claims::is_published(&reader, link).unwrap_or(false))
        .collect();
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|one| vec![one.kind.clone(), plain(&one.value, 80), one.role.clone(), one.proof.clone()])
        .collect();
    context.out.table(&["kind", "value", "role", "proof"], &rows, &[]);
    let names: Vec<&str> = published.iter().map(|link| link.peer.as_str()).collect();
    context.out.line(match names.is_empty() {
        true => "Published to nobody.".to_owned(),
        false => format!("Published to {}.", names.join(", ")),
    });
    context.out.json(&json!({
        "claims": list.iter().map(|one| json!({
            "kind": one.kind, "value": one.value, "role": one.role, "proof": one.proof,
        })).collect::<Vec<_>>(),
        "published_to": names,
    }))
}

fn held(context: &Context) -> anyhow::Result<()> {
    let reader = Reader::open(&context.data)?;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for held in reader.read(hub_claim_lists::list)? {
        let link = reader.read(|connection| hubs::get(connection, held.link))?;
        let peer = link.map(|link| link.peer.to_string()).unwrap_or_default();
        let came = rfc3339(held.came_at);
        rows.push(vec![peer.clone(), came.clone(), number(held.standing), number(held.gone)]);
        values.push(json!({
            "peer": peer, "version": held.version, "came_at": came, "standing": held.standing, "gone": held.gone,
        }));
    }
    if rows.is_empty() {
        context.out.line("No list of another hub waits.");
    } else {
        context.out.table(&["hub", "came", "claims that stand", "taken back"], &rows, &[2, 3]);
        context.out.line("`schakel hub claims accept HUB` or `refuse HUB` decides.");
    }
    context.out.json(&json!({ "held": values }))
}

/// What became of what was handed over, without who.
pub fn status(context: &Context) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for link in reader.read(hubs::standing)? {
        let counts = match link.terms.status {
            StatusLevel::PerFinding => reader.read(|connection| hub_status::totals(connection, link.id))?,
            StatusLevel::None | StatusLevel::Aggregate => Vec::new(),
        };
        let by_day = reader.read(|connection| hub_status::counts(connection, link.id, COUNTS_SHOWN))?;
        for (status, count) in &counts {
            rows.push(vec![link.peer.to_string(), "all".to_owned(), status.to_string(), number(*count)]);
        }
        for (day, status, count) in &by_day {
            rows.push(vec![
                link.peer.to_string(),
                day.clone(),
                status.to_string(),
                format!("{} or a few more", number(*count)),
            ]);
        }
        let told = |status: &schakel_model::hub::HubStatus, count: &u64| json!({ "status": status.as_str(), "count": count });
        values.push(json!({
            "peer": link.peer.as_str(),
            "level": link.terms.status.as_str(),
            "statuses": counts.iter().map(|(status, count)| told(status, count)).collect::<Vec<Value>>(),
            "days": by_day.iter().map(|(day, status, count)| {
                let mut told = told(status, count);
                told["day"] = Value::from(day.as_str());
                told
            }).collect::<Vec<Value>>(),
        }));
    }
    if rows.is_empty() {
        context.out.line("No hub has said what became of what was handed over to it. `schakel hub list` shows what each link agreed to.");
    } else {
        context.out.table(&["hub", "handed over", "came as far as", "findings"], &rows, &[3]);
    }
    context.out.json(&json!({ "links": values }))?;
    Ok(Ending::Done)
}
