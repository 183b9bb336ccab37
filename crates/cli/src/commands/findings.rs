//! `schakel findings`

use schakel_app::{
    events,
    explain::{organisation_name, rfc3339},
    feed_health,
    names::Traced,
    portal, search,
};
use schakel_model::{answer::FollowUp, ids::FindingId, observation::Endpoint, register::Register};
use schakel_store::{Reader, findings, follow_ups, register::load_organisations_now, sightings};
use serde::Serialize;

use crate::{
    Context,
    args::FindingsArgs,
    output::{Ending, number, plain},
};

#[derive(Serialize)]
struct FindingJson {
    finding: String,
    first_event: String,
    feed: String,
    identifier: String,
    severity: &'static str,
    target: String,
    first_seen: String,
    last_seen: String,
    sightings: u32,
    /// What each organisation says that was told of it.
    recipients: Vec<RecipientJson>,
    /// Since when nothing comes of its feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_silent_since: Option<String>,
}

#[derive(Serialize)]
struct RecipientJson {
    organisation: String,
    state: &'static str,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
}

/// What those who were told say of it.
fn recipients(reader: &Reader, names: &Register, finding: FindingId) -> anyhow::Result<Vec<RecipientJson>> {
    let told = reader.read(|connection| follow_ups::of_finding(connection, finding))?;
    let json = |one: FollowUp| RecipientJson {
        organisation: organisation_name(names, one.organisation).0.to_owned(),
        state: one.state.as_str(),
        since: rfc3339(one.state_at),
        until: one.until.map(rfc3339),
        closed_at: one.closed_at.map(rfc3339),
    };
    Ok(told.into_iter().map(json).collect())
}

/// `GM1 fixed, GM2 told (closed)`
fn says(recipients: &[RecipientJson]) -> String {
    let one = |one: &RecipientJson| {
        let closed = if one.closed_at.is_some() { " (closed)" } else { "" };
        format!("{} {}{closed}", one.organisation, one.state)
    };
    recipients.iter().map(one).collect::<Vec<_>>().join(", ")
}

pub fn run(context: &Context, args: &FindingsArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    if let Some(name) = &args.rows_of {
        return rows(context, &reader, name);
    }
    let count = reader.read(findings::count)?;
    let first = count.saturating_sub(u32::try_from(args.limit).unwrap_or(u32::MAX));
    let kinds = reader.read(findings::kinds)?;
    let silent = feed_health::silent(&reader, context.clock.now_seconds())?;
    let names = reader.read(load_organisations_now)?;
    let found = match &args.search {
        Some(words) => {
            // On a disk that nobody can write to, they are looked at one by one.
            let _ = search::catch_up(&reader);
            portal::findings::search(&reader, words, args.limit)?
        }
        None => {
            let newest =
                reader.read(|connection| findings::list(connection, FindingId(first), args.limit))?;
            newest.into_iter().rev().collect()
        }
    };
    let mut listed = Vec::new();
    for finding in found {
        let kind = kinds.get(finding.first.kind.0 as usize);
        let sighting = reader.read(|connection| sightings::get(connection, finding.id))?;
        let endpoint = Endpoint {
            ip: finding.first.ip,
            port: finding.first.port,
            fqdn: finding.first.name.unwrap_or_default().into(),
            ..Endpoint::default()
        };
        listed.push(FindingJson {
            finding: format!("F{}", finding.id),
            first_event: finding.first.event.to_string(),
            feed: kind.map(|kind| kind.feed.clone()).unwrap_or_default(),
            identifier: kind.map(|kind| kind.identifier.clone()).unwrap_or_default(),
            severity: kind.map_or("", |kind| kind.severity.as_str()),
            target: events::target(&endpoint),
            first_seen: finding.first.first_seen.timestamp().to_string(),
            last_seen: sighting.last_seen.max(finding.first.first_seen).timestamp().to_string(),
            sightings: sighting.count,
            recipients: recipients(&reader, &names, finding.id)?,
            feed_silent_since: kind.and_then(|kind| silent.get(&kind.feed)).map(|at| rfc3339(*at)),
        });
    }
    let items = listed.iter().filter_map(|one| Some((one.finding.clone(), one.first_event.parse().ok()?)));
    context.looker(&reader, &context.actor()?).list("findings", items)?;
    let cells: Vec<_> = listed
        .iter()
        .map(|finding| {
            vec![
                finding.finding.clone(),
                finding.severity.to_owned(),
                plain(&finding.identifier, 30),
                plain(&finding.target, 45),
                plain(&says(&finding.recipients), 40),
                finding.last_seen.clone(),
                finding.sightings.to_string(),
                match &finding.feed_silent_since {
                    Some(since) => format!("{}, silent since {since}", finding.feed),
                    None => finding.feed.clone(),
                },
            ]
        })
        .collect();
    let headings =
        ["finding", "severity", "kind", "target", "recipient says", "last observed", "seen", "feed"];
    context.out.table(&headings, &cells, &[6]);
    context
        .out
        .line(format!("{} findings in all. `schakel trace F0` follows one.", number(u64::from(count))));
    context.out.json(&serde_json::json!({ "count": count, "findings": listed }))?;
    Ok(Ending::Done)
}

fn rows(context: &Context, reader: &Reader, name: &str) -> anyhow::Result<Ending> {
    let Traced::Finding(id) = name.parse().map_err(anyhow::Error::msg)? else {
        anyhow::bail!("`{name}` is no finding: write it as F12");
    };
    let known = reader.read(|connection| findings::get(connection, id))?;
    anyhow::ensure!(known.is_some(), "there is no finding {name}. `schakel findings` lists them");
    let rows: Vec<_> = events::of_finding(reader, id)?.iter().map(ToString::to_string).collect();
    rows.iter().for_each(|row| context.out.line(row));
    context.out.json(&serde_json::json!({ "finding": name, "rows": rows }))?;
    Ok(Ending::Done)
}
