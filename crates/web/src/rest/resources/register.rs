//! The register: who owns what, and whom to tell. A member sees itself.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use schakel_app::{
    explain::{Question, explain},
    register_show::{self, Shown},
    unrouted::{self, By},
};
use schakel_attribute::{Input, InputKind};
use schakel_model::classification::ClassificationType;
use schakel_store::register::{self, load_organisations_now};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding_explanation::Candidate;
use crate::rest::{
    call::{Call, after, cursor, limit, wrong_cursor},
    problem::{Fault, Problem, Where},
    route::{Nothing, Page},
    values::{At, Word},
};

/// Which organisations.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OrganisationsQuery {
    /// Where the page begins: from the Link header of the page before
    cursor: Option<String>,
    /// How many, at most
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// With this in code or name
    name: Option<String>,
}

/// An organisation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Organisation {
    code: String,
    name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    language: &'static str,
}

/// An organisation with its relations, assets and contacts.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationInFull {
    organisation: Organisation,
    register_version: u32,
    relations: Vec<Relation>,
    assets: Vec<Asset>,
    contacts: Vec<Contact>,
}

/// A relation between two organisations.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Relation {
    id: u32,
    /// `from`: it goes out from the organisation; `to`: it comes in
    side: &'static str,
    kind: &'static str,
    other: String,
    other_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
}

/// Something that an organisation owns or runs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    id: u32,
    kind: &'static str,
    value: String,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    /// How sure it is theirs
    proof: &'static str,
    flags: Vec<&'static str>,
    note: String,
}

/// Whom to tell.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    id: u32,
    role: &'static str,
    name: String,
    email: String,
    phone: String,
    language: &'static str,
    tlp_max: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
}

/// `GET /organisations`
pub fn list(call: &Call, query: OrganisationsQuery) -> Result<Page<Organisation>, Problem> {
    let names = call.reader.read(load_organisations_now)?;
    let behind: Option<String> = after(query.cursor.as_deref())?;
    let wanted = query.name.unwrap_or_default().to_lowercase();
    let mut found: Vec<_> = names
        .organisations
        .iter()
        .filter(|one| call.tenant.sees(one.id))
        .filter(|one| behind.as_ref().is_none_or(|behind| one.code > *behind))
        .filter(|one| one.code.to_lowercase().contains(&wanted) || one.name.to_lowercase().contains(&wanted))
        .collect();
    found.sort_by(|a, b| a.code.cmp(&b.code));
    let limit = limit(query.limit);
    let next = (found.len() > limit).then(|| cursor(&found[limit - 1].code));
    let items = found
        .into_iter()
        .take(limit)
        .map(|one| Organisation {
            code: one.code.clone(),
            name: one.name.clone(),
            kind: one.kind.as_str(),
            parent: one.parent.clone(),
            language: one.language.as_str(),
        })
        .collect();
    Ok(Page { items, next })
}

/// `GET /organisations/{organisation}`
pub fn one(call: &Call, _: Nothing) -> Result<OrganisationInFull, Problem> {
    let code = call.name("organisation");
    let names = call.reader.read(load_organisations_now)?;
    let known = names.organisations.iter().find(|one| one.code == code);
    known.filter(|one| call.tenant.sees(one.id)).ok_or_else(Problem::not_found)?;
    let version = call.reader.read(register::version)?;
    let Shown {
        organisation,
        name,
        kind,
        parent,
        language,
        register_version,
        relations,
        assets,
        contacts,
        ..
    } = register_show::show(&call.reader, version, code, None)?;
    Ok(OrganisationInFull {
        organisation: Organisation { code: organisation, name, kind, parent, language },
        register_version,
        relations: relations
            .into_iter()
            .map(|one| Relation {
                id: one.id,
                side: one.side,
                kind: one.kind,
                other: one.other,
                other_name: one.other_name,
                valid_from: one.valid_from,
                valid_until: one.valid_until,
            })
            .collect(),
        assets: assets
            .into_iter()
            .map(|one| Asset {
                id: one.id,
                kind: one.kind,
                value: one.value,
                role: one.role,
                valid_from: one.valid_from,
                valid_until: one.valid_until,
                proof: one.proof,
                flags: one.flags,
                note: one.note,
            })
            .collect(),
        contacts: contacts
            .into_iter()
            .map(|one| Contact {
                id: one.id,
                role: one.role,
                name: one.name,
                email: one.email,
                phone: one.phone,
                language: one.language,
                tlp_max: one.tlp_max,
                valid_from: one.valid_from,
                valid_until: one.valid_until,
            })
            .collect(),
    })
}

/// What is asked about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExplanationQuery {
    /// An address
    ip: Option<String>,
    /// A domain or host name
    domain: Option<String>,
    /// A URL
    url: Option<String>,
    /// An AS number
    asn: Option<String>,
    /// A mail address
    email: Option<String>,
    /// At which time; without it now
    at: Option<At>,
    /// By what the register knew at this time
    known_at: Option<At>,
    /// For which RSIT type of event
    classification: Option<Word<ClassificationType>>,
}

/// Who owns it, and why.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    at: String,
    register_version: u32,
    /// Winners first; none: nobody's
    candidates: Vec<Candidate>,
}

/// `GET /explanations`
pub fn explanation(call: &Call, query: ExplanationQuery) -> Result<Explained, Problem> {
    let asked = [
        (InputKind::Ip, "ip", &query.ip),
        (InputKind::Domain, "domain", &query.domain),
        (InputKind::Url, "url", &query.url),
        (InputKind::Asn, "asn", &query.asn),
        (InputKind::Email, "email", &query.email),
    ];
    let (mut inputs, mut faults) = (Vec::new(), Vec::new());
    for (kind, name, text) in asked {
        let Some(text) = text else { continue };
        match Input::read(kind, text) {
            Ok(input) => inputs.push(input),
            Err(error) => faults.push(Fault {
                r#in: Where::Query,
                location: name.to_owned(),
                code: "format",
                detail: error.to_string(),
            }),
        }
    }
    if !faults.is_empty() {
        return Err(Problem::faults(faults));
    }
    if inputs.is_empty() {
        return Err(Problem::fault(
            Where::Query,
            "ip",
            "required",
            "ask about something: ip, domain, url, asn or email",
        ));
    }
    let question = Question {
        inputs,
        at: query.at.map_or(call.now, |at| at.0),
        as_known_at: query.known_at.map(|at| at.0),
        now: call.now,
        kind: query.classification.map(|kind| kind.0),
    };
    let explanation = explain(&call.reader, &question)?;
    Ok(Explained {
        at: explanation.at,
        register_version: explanation.register_version,
        candidates: explanation.candidates.into_iter().map(|one| Candidate::shown(call, one)).collect(),
    })
}

/// By what findings of nobody are put together.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UnroutedQuery {
    /// Where the page begins: from the Link header of the page before
    cursor: Option<String>,
    /// How many, at most
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// By prefix, or by domain; without it by both
    by: Option<ByWord>,
}

/// By prefix (the /24 or /48) or by registrable domain.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ByWord {
    // Without words of their own, for the schema to be a plain list.
    Prefix,
    Domain,
}

/// Findings of nobody that lie together.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    cluster: String,
    by: &'static str,
    findings: u64,
    events: u64,
    first_seen_at: String,
    last_seen_at: String,
    /// One of them
    example: String,
}

/// What is nobody's was put together at most this long ago, in seconds: it takes a second for each million of findings, and a list of who should join
/// does not change by the minute.
const CLUSTERS_AGE_MAX: i64 = 60;

/// The clusters of a time: pages are parts of one list.
#[derive(Clone, Debug, Default)]
pub struct Clusters(Arc<Mutex<HashMap<Option<By>, ClustersOf>>>);

/// Of which time, and what they are.
type ClustersOf = (i64, Arc<Vec<unrouted::Cluster>>);

impl Clusters {
    /// Those of now, or of a moment ago. Whoever asks while they are put together waits for that.
    fn get(&self, call: &Call, by: Option<By>) -> Result<Arc<Vec<unrouted::Cluster>>, Problem> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, clusters)) = known.get(&by).filter(|(at, _)| call.now - at < CLUSTERS_AGE_MAX) {
            return Ok(Arc::clone(clusters));
        }
        let clusters = Arc::new(unrouted::clusters(&call.reader, by)?);
        known.insert(by, (call.now, Arc::clone(&clusters)));
        Ok(clusters)
    }
}

/// `GET /unrouted-clusters`, the largest first.
pub fn unrouted(call: &Call, query: UnroutedQuery) -> Result<Page<Cluster>, Problem> {
    let by = query.by.map(|by| match by {
        ByWord::Prefix => By::Prefix,
        ByWord::Domain => By::Domain,
    });
    let clusters = call.rest.clusters.get(call, by)?;
    // A cursor names what it stands behind, so that a list put together anew goes on in the right place.
    let behind: Option<String> = after(query.cursor.as_deref())?;
    let begin = match &behind {
        None => 0,
        Some(behind) => {
            let (findings, name) = behind.split_once(' ').ok_or_else(wrong_cursor)?;
            let findings: u64 = findings.parse().map_err(|_| wrong_cursor())?;
            clusters
                .partition_point(|one| (Reverse(one.findings), &*one.cluster) <= (Reverse(findings), name))
        }
    };
    let limit = limit(query.limit);
    let rest = clusters.get(begin..).unwrap_or_default();
    let next = (rest.len() > limit)
        .then(|| rest.get(limit - 1).map(|last| cursor(format!("{} {}", last.findings, last.cluster))))
        .flatten();
    let shown = |one: &unrouted::Cluster| Cluster {
        cluster: one.cluster.clone(),
        by: one.by,
        findings: one.findings,
        events: one.events,
        first_seen_at: one.first_seen.clone(),
        last_seen_at: one.last_seen.clone(),
        example: one.example.clone(),
    };
    Ok(Page { items: rest.iter().take(limit).map(shown).collect(), next })
}
