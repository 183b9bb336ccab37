//! The list of findings, narrowed down. A member sees those that it was told of.

use ipnet::IpNet;
use schakel_app::portal::findings::words;
use schakel_model::{
    answer::RecipientState,
    classification::ClassificationType,
    ids::{FindingId, KindId, OrganisationId},
    severity::Severity,
};
use schakel_store::{
    finding_list::{self, Conditions},
    findings::Kind,
    users,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::findings::{Finding, Writer};
use crate::rest::{
    call::{Call, after, cursor, limit},
    problem::{Problem, Where},
    route::Page,
    values::{At, Word},
};

/// Which findings. All conditions hold together.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FindingsQuery {
    /// Where the page begins: from the Link header of the page before
    cursor: Option<String>,
    /// How many, at most
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// This organisation was told, by its code
    organisation: Option<String>,
    /// What whoever was told says
    state: Option<Vec<Word<RecipientState>>>,
    /// Open, or closed, at whoever was told
    open: Option<bool>,
    /// How bad it is
    severity: Option<Vec<Word<Severity>>>,
    /// What it is (RSIT)
    classification: Option<Vec<Word<ClassificationType>>>,
    /// Which identifier, such as `open-rdp`
    identifier: Option<String>,
    /// Which feed, such as `scan_rdp`
    feed: Option<String>,
    /// In this prefix or at this address
    network: Option<String>,
    /// With this name, or a name below it
    name: Option<String>,
    /// First observed at this time or later
    first_seen_from: Option<At>,
    /// First observed before this time
    first_seen_until: Option<At>,
    /// The desk only: this person handles it, by the name they act under; empty: nobody does
    handler: Option<String>,
    /// The desk only: without those that sleep
    awake: Option<bool>,
    /// The desk only: words that all occur somewhere in it: in the kind, the name, the address, the row that showed it first, who was told or a note
    #[schemars(length(min = 1, max = 500))]
    q: Option<String>,
}

/// `GET /findings`
pub fn list(call: &Call, query: FindingsQuery) -> Result<Page<Finding>, Problem> {
    let writer = Writer::new(call)?;
    let conditions = conditions(call, &writer, &query)?;
    let before = after::<FindingId>(query.cursor.as_deref())?;
    let found = call
        .reader
        .read(|connection| finding_list::page(connection, &conditions, before, limit(query.limit)))?;
    let mut items = Vec::with_capacity(found.findings.len());
    let mut events = Vec::with_capacity(found.findings.len());
    for stored in found.findings {
        if !call.tenant.may_have(&call.reader, stored.first.event)? {
            continue;
        }
        events.push((format!("F{}", stored.id), stored.first.event));
        items.push(writer.finding(stored)?);
    }
    call.looker().list("findings", events.into_iter())?;
    Ok(Page { items, next: found.next.map(cursor) })
}

fn conditions(call: &Call, writer: &Writer<'_>, query: &FindingsQuery) -> Result<Conditions, Problem> {
    let mut told = call.tenant.places().map(<[OrganisationId]>::to_vec);
    if let Some(code) = &query.organisation {
        let wanted = writer.names.organisations.iter().find(|one| one.code == *code).map(|one| one.id);
        // Another's is as if it were not there: nothing was told to it.
        told = Some(wanted.filter(|id| call.tenant.sees(*id)).into_iter().collect());
    }
    let by_kind = query.severity.is_some()
        || query.classification.is_some()
        || query.identifier.is_some()
        || query.feed.is_some();
    let is_wanted = |kind: &Kind| {
        query.severity.as_ref().is_none_or(|any| any.iter().any(|one| one.0 == kind.severity))
            && query
                .classification
                .as_ref()
                .is_none_or(|any| any.iter().any(|one| one.0 == kind.classification))
            && query.identifier.as_ref().is_none_or(|one| *one == kind.identifier)
            && query.feed.as_ref().is_none_or(|one| *one == kind.feed)
    };
    let kinds = by_kind.then(|| {
        let numbered = (0..).map(KindId).zip(&writer.kinds);
        numbered.filter(|(_, kind)| is_wanted(kind)).map(|(id, _)| id).collect()
    });
    let network = query.network.as_deref().map(network).transpose()?;
    if call.member().is_some() {
        // Words are looked for in the desk's notes too, and in names of others who were told.
        let of_the_desk = [
            (query.handler.is_some(), "handler"),
            (query.awake.is_some(), "awake"),
            (query.q.is_some(), "q"),
        ];
        if let Some((_, place)) = of_the_desk.into_iter().find(|(is_asked, _)| *is_asked) {
            return Err(Problem::fault(Where::Query, place, "desk", "only the desk can ask for this"));
        }
    }
    let (terms, indexed) = match &query.q {
        Some(text) => words(&call.reader, text)?,
        None => Default::default(),
    };
    let handler = match query.handler.as_deref() {
        None | Some("") => None,
        Some(name) => {
            let user = call.reader.read(|connection| users::by_name(connection, name))?;
            let unknown = || Problem::fault(Where::Query, "handler", "unknown", "there is no such desk user");
            Some(user.ok_or_else(unknown)?.id)
        }
    };
    Ok(Conditions {
        told,
        states: query.state.iter().flatten().map(|state| state.0).collect(),
        open: query.open,
        kinds,
        network,
        name: query.name.as_ref().map(|name| name.trim_end_matches('.').to_lowercase()),
        first_seen_from: query.first_seen_from.map(|at| at.0),
        first_seen_until: query.first_seen_until.map(|at| at.0),
        handler,
        unhandled: query.handler.as_deref() == Some(""),
        terms,
        indexed,
        awake_at: query.awake.filter(|awake| *awake).map(|_| call.now),
        ..Conditions::default()
    })
}

fn network(text: &str) -> Result<IpNet, Problem> {
    let wrong = || {
        Problem::fault(
            Where::Query,
            "network",
            "format",
            "this must be a prefix such as 192.0.2.0/24, or an address",
        )
    };
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map(|net| net.trunc())
        .map_err(|_| wrong())
}
