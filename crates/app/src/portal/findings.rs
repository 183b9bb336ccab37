//! Findings as a list that is narrowed down, and one finding in full.

use ipnet::IpNet;
use schakel_model::{
    answer::RecipientState,
    ids::{FindingId, KindId},
    observation::Endpoint,
    severity::Severity,
};
use schakel_store::{
    Reader,
    finding_list::{self, Conditions},
    findings::{self, Kind},
    follow_ups,
    register::load_organisations_now,
    sightings,
};
use serde::{Deserialize, Serialize};

use crate::{
    access_log::{Looker, marking},
    events,
    explain::organisation_name,
    trace::{self, EventTrace},
    users::Actor,
};

/// Findings on a page.
const A_PAGE: usize = 100;

/// What somebody asks for, as they typed it. It stands in the address of the page.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// A word; empty: any.
    pub severity: String,
    /// A word of what was said; empty: anything.
    pub state: String,
    /// `yes`, `no`, or empty.
    pub open: String,
    /// The code or the name of an organisation that was told; empty: any.
    pub organisation: String,
    /// A report type or an identifier; empty: any.
    pub kind: String,
    /// An address, a prefix, or a name; empty: any.
    pub what: String,
    /// The page before ended here; empty: the newest.
    pub before: String,
}

/// The page with the list.
#[derive(Debug, Serialize)]
pub struct Findings {
    /// What is asked for.
    pub wanted: Wanted,
    /// Words to choose from.
    pub severities: Vec<&'static str>,
    /// See [`Findings::severities`].
    pub states: Vec<&'static str>,
    /// How many there are in all.
    pub count: u32,
    /// The findings.
    pub findings: Vec<Row>,
    /// Where the next page begins; empty: there is none.
    pub next: String,
    /// Is something asked for that nobody has?
    pub nobody: bool,
}

/// A finding in the list.
#[derive(Debug, Serialize)]
pub struct Row {
    /// `F12`.
    pub id: String,
    /// A word.
    pub severity: &'static str,
    /// Its identifier, or its report type.
    pub kind: String,
    /// What it is about.
    pub target: String,
    /// Who was told, and a word for what they say.
    pub told: Vec<Told>,
    /// In seconds since 1970.
    pub first_seen: i64,
    /// In seconds since 1970.
    pub last_seen: i64,
    /// Events.
    pub sightings: u32,
}

/// Somebody who was told.
#[derive(Debug, Serialize)]
pub struct Told {
    /// Their code.
    pub code: String,
    /// Their name.
    pub name: String,
    /// A word.
    pub state: &'static str,
    /// Is it closed there?
    pub closed: bool,
}

/// The findings that are asked for, the newest first. Who looks is recorded when some are confidential.
pub fn list(reader: &Reader, wanted: &Wanted, actor: &Actor, now: i64) -> anyhow::Result<Findings> {
    let kinds = reader.read(findings::kinds)?;
    let names = reader.read(load_organisations_now)?;
    let mut page = Findings {
        wanted: wanted.clone(),
        severities: Severity::ALL.iter().rev().map(|one| one.as_str()).collect(),
        states: RecipientState::ALL.iter().map(|one| one.as_str()).collect(),
        count: reader.read(findings::count)?,
        findings: Vec::new(),
        next: String::new(),
        nobody: false,
    };
    let told = match wanted.organisation.trim() {
        "" => None,
        asked => {
            let asked = asked.to_lowercase();
            let is_it = |one: &&schakel_model::register::Organisation| {
                one.code.to_lowercase() == asked || one.name.to_lowercase() == asked
            };
            let found: Vec<_> = names.organisations.iter().filter(is_it).map(|one| one.id).collect();
            page.nobody = found.is_empty();
            Some(found)
        }
    };
    if page.nobody {
        return Ok(page);
    }
    let conditions = Conditions {
        told,
        states: wanted.state.parse().ok().into_iter().collect(),
        open: match wanted.open.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        kinds: matching(&kinds, wanted),
        network: network(&wanted.what),
        name: Some(wanted.what.trim().to_lowercase())
            .filter(|what| !what.is_empty() && network(what).is_none()),
        ..Conditions::default()
    };
    let before = wanted.before.parse().ok().map(FindingId);
    let found = reader.read(|connection| finding_list::page(connection, &conditions, before, A_PAGE))?;
    page.next = found.next.map_or_else(String::new, |next| next.to_string());
    let mut looked_at = Vec::new();
    let mut ids: Vec<FindingId> = found.findings.iter().map(|one| one.id).collect();
    ids.sort_unstable();
    let seen = reader.read(|connection| sightings::of(connection, &ids))?;
    for stored in found.findings {
        let kind = kinds.get(stored.first.kind.0 as usize);
        let sighting = ids.binary_search(&stored.id).ok().map(|at| seen[at]).unwrap_or_default();
        let told = reader.read(|connection| follow_ups::of_finding(connection, stored.id))?;
        looked_at.push((format!("F{}", stored.id), stored.first.event));
        let first_seen = stored.first.first_seen;
        let endpoint = Endpoint {
            ip: stored.first.ip,
            port: stored.first.port,
            fqdn: stored.first.name.unwrap_or_default().into(),
            ..Endpoint::default()
        };
        page.findings.push(Row {
            id: format!("F{}", stored.id),
            severity: kind.map_or("low", |kind| kind.severity.as_str()),
            kind: kind.map_or_else(String::new, shown_kind),
            target: events::target(&endpoint),
            told: told
                .into_iter()
                .map(|one| {
                    let (code, name) = organisation_name(&names, one.organisation);
                    Told {
                        code: code.to_owned(),
                        name: name.to_owned(),
                        state: one.state.as_str(),
                        closed: one.closed_at.is_some(),
                    }
                })
                .collect(),
            first_seen: first_seen.timestamp().as_second(),
            last_seen: sighting.last_seen.max(first_seen).timestamp().as_second(),
            sightings: sighting.count,
        });
    }
    Looker { reader, actor, now }.list("findings", looked_at.into_iter())?;
    Ok(page)
}

fn shown_kind(kind: &Kind) -> String {
    if kind.identifier.is_empty() { kind.feed.clone() } else { kind.identifier.clone() }
}

/// The kinds that are asked for; `None`: any.
fn matching(kinds: &[Kind], wanted: &Wanted) -> Option<Vec<KindId>> {
    let severity: Option<Severity> = wanted.severity.parse().ok();
    let text = wanted.kind.trim().to_lowercase();
    if severity.is_none() && text.is_empty() {
        return None;
    }
    let fits = |kind: &Kind| {
        severity.is_none_or(|severity| kind.severity == severity)
            && (text.is_empty()
                || kind.feed.contains(&text)
                || kind.identifier.to_lowercase().contains(&text))
    };
    let numbered = (0..).map(KindId).zip(kinds);
    Some(numbered.filter(|(_, kind)| fits(kind)).map(|(number, _)| number).collect())
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse::<IpNet>()
        .ok()
        .map(|net| net.trunc())
        .or_else(|| text.parse().map(|ip: std::net::IpAddr| ip.into()).ok())
}

/// One finding with the event that showed it first; `None` when there is none. Who looks is recorded when it is confidential.
pub fn one(reader: &Reader, name: &str, actor: &Actor, now: i64) -> anyhow::Result<Option<EventTrace>> {
    let Some(id) = name.strip_prefix('F').and_then(|digits| digits.parse().ok()).map(FindingId) else {
        return Ok(None);
    };
    let Some(stored) = reader.read(|connection| findings::get(connection, id))? else { return Ok(None) };
    let tlp = marking(reader, stored.first.event)?;
    Looker { reader, actor, now }.item(&format!("finding:{id}"), tlp)?;
    let mut shown = trace::event(reader, stored.first.event)?;
    // The raw row is a page of its own, which records that somebody looked.
    shown.raw = String::new();
    shown.finding = Some(trace::finding_at_first(reader, id)?);
    Ok(Some(shown))
}

#[cfg(test)]
mod tests {
    use schakel_model::classification::ClassificationType;

    use super::*;

    #[test]
    fn an_address_a_prefix_and_a_name_are_told_apart() {
        for (typed, net) in [
            ("192.0.2.7", Some("192.0.2.7/32")),
            (" 192.0.2.7/24 ", Some("192.0.2.0/24")),
            ("2001:db8::1", Some("2001:db8::1/128")),
            ("gouda.example", None),
            ("", None),
        ] {
            assert_eq!(network(typed).map(|net| net.to_string()).as_deref(), net, "{typed}");
        }
    }

    #[test]
    fn kinds_are_found_by_severity_and_by_a_part_of_their_name() {
        let kind = |feed: &str, identifier: &str, severity| Kind {
            provider: "shadowserver".into(),
            feed: feed.into(),
            classification: ClassificationType::VulnerableSystem,
            identifier: identifier.into(),
            severity,
        };
        let kinds =
            [kind("scan_rdp", "open-rdp", Severity::High), kind("scan_dns", "open-dns", Severity::Low)];
        let found = |severity: &str, text: &str| {
            let wanted = Wanted { severity: severity.into(), kind: text.into(), ..Wanted::default() };
            matching(&kinds, &wanted).map(|found| found.into_iter().map(|one| one.0).collect::<Vec<_>>())
        };
        assert_eq!(found("", ""), None);
        assert_eq!(found("high", ""), Some(vec![0]));
        assert_eq!(found("", "open-"), Some(vec![0, 1]));
        assert_eq!(found("low", "rdp"), Some(vec![]), "nothing, rather than everything");
    }
}
