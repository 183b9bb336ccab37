//! Findings as a list that is narrowed down, and as a file of what is shown.

use std::collections::HashMap;

use ipnet::IpNet;
use schakel_model::{
    answer::RecipientState,
    ids::{FindingId, KindId, OrganisationId, UserId},
    observation::Endpoint,
    register::Register,
    severity::Severity,
};
use schakel_render::csv::csv_line;
use schakel_store::{
    Reader, StoreError, desk_work,
    finding_list::{self, Conditions, Term},
    findings::{self, Kind},
    follow_ups,
    register::load_organisations_now,
    sightings,
    users::DeskUser,
};
use serde::Serialize;

use super::work;
use crate::{
    access_log::Looker,
    events,
    explain::{organisation_name, rfc3339},
    users::Actor,
};

/// Findings on a page.
const A_PAGE: usize = 100;

/// Findings in a file: what a spreadsheet takes without trouble. The API gives more.
pub const IN_A_FILE_MAX: usize = 10_000;

/// Words that are searched for at once.
const TERMS_MAX: usize = 8;

/// What a list can show beside the number of a finding.
pub const COLUMNS: [&str; 9] =
    ["severity", "kind", "target", "told", "handler", "deadline", "first_seen", "last_seen", "sightings"];

/// What it shows when nobody chose.
const USUAL: [&str; 7] = ["severity", "kind", "target", "told", "handler", "last_seen", "sightings"];

/// What somebody asks for, as they typed it. It stands in the address of the page.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Wanted {
    /// Words that all occur somewhere: in the kind, the name, the address, an organisation or a note.
    pub q: String,
    /// A word; empty: any.
    pub severity: String,
    /// A word of what was said; empty: anything.
    pub state: String,
    /// `yes`, `no`, or anything else: either.
    pub open: String,
    /// The code or the name of an organisation that was told; empty: any.
    pub organisation: String,
    /// A report type or an identifier; empty: any.
    pub kind: String,
    /// An address, a prefix, or a name; empty: any.
    pub what: String,
    /// `me`, `none`, or the name of somebody who works on it; empty: anybody.
    pub handler: String,
    /// `yes`: those that sleep as well.
    pub asleep: String,
    /// The columns that are shown.
    pub columns: Vec<&'static str>,
    /// The page before ended here; empty: the newest.
    pub before: String,
}

impl Wanted {
    /// What somebody sees who asks for nothing: what is open and theirs.
    pub fn open_and_mine() -> Self {
        Self { open: "yes".to_owned(), handler: "me".to_owned(), ..Self::default() }
    }

    /// From names and values, as an address has them. Of what is not known nothing is kept.
    pub fn from_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut wanted = Self::default();
        for (name, value) in pairs {
            if name == "column" {
                wanted.columns.extend(COLUMNS.iter().filter(|column| **column == value));
            } else if let Some(field) = wanted.field(name) {
                *field = value.to_owned();
            }
        }
        // In the order in which they are shown; nothing when it is what is shown anyway.
        wanted.columns = COLUMNS.into_iter().filter(|one| wanted.columns.contains(one)).collect();
        if wanted.columns == USUAL {
            wanted.columns.clear();
        }
        if wanted.open.is_empty() {
            // So that an address that asks for everything asks for something.
            wanted.open = "any".to_owned();
        }
        wanted
    }

    /// As an address has it, without where a page begins.
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("q", &self.q),
            ("severity", &self.severity),
            ("state", &self.state),
            ("open", &self.open),
            ("organisation", &self.organisation),
            ("kind", &self.kind),
            ("what", &self.what),
            ("handler", &self.handler),
            ("asleep", &self.asleep),
        ];
        let fields = all.into_iter().filter(|(_, value)| !value.is_empty());
        let columns = self.columns.iter().map(|column| ("column", *column));
        fields.map(|(name, value)| (name, value.as_str())).chain(columns).collect()
    }

    fn field(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "q" => &mut self.q,
            "severity" => &mut self.severity,
            "state" => &mut self.state,
            "open" => &mut self.open,
            "organisation" => &mut self.organisation,
            "kind" => &mut self.kind,
            "what" => &mut self.what,
            "handler" => &mut self.handler,
            "asleep" => &mut self.asleep,
            "before" => &mut self.before,
            _ => return None,
        })
    }
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
    /// People who may work on findings: the name they act under and the name that people know.
    pub people: Vec<Person>,
    /// Every column, and whether it is shown.
    pub columns: Vec<(&'static str, bool)>,
    /// How many there are in all.
    pub count: u32,
    /// The findings.
    pub findings: Vec<Row>,
    /// Where the next page begins; empty: there is none.
    pub next: String,
    /// Is something asked for that nobody has?
    pub nobody: bool,
}

/// Somebody of the desk.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The name they act under.
    pub name: String,
    /// The name that people know.
    pub display_name: String,
}

impl From<&DeskUser> for Person {
    fn from(user: &DeskUser) -> Self {
        Self { name: user.name.clone(), display_name: user.display_name.clone() }
    }
}

/// A finding in the list.
#[derive(Clone, Debug, Serialize)]
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
    /// Who works on it; empty: nobody.
    pub handler: String,
    /// Until when it sleeps, in seconds since 1970.
    pub snoozed_until: Option<i64>,
    /// The first deadline of those where it is open, in seconds since 1970.
    pub deadline: Option<i64>,
    /// In seconds since 1970.
    pub first_seen: i64,
    /// In seconds since 1970.
    pub last_seen: i64,
    /// Events.
    pub sightings: u32,
}

/// Somebody who was told.
#[derive(Clone, Debug, Serialize)]
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

/// Who looks at a list, for the log and for what is theirs.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// When, in seconds since 1970.
    pub now: i64,
}

/// The findings that are asked for, the newest first. Who looks is recorded when some are confidential.
pub fn list(reader: &Reader, wanted: &Wanted, looking: Looking<'_>) -> anyhow::Result<Findings> {
    let desk = Desk::load(reader)?;
    let shown = if wanted.columns.is_empty() { &USUAL[..] } else { &wanted.columns };
    let mut page = Findings {
        wanted: wanted.clone(),
        severities: Severity::ALL.iter().rev().map(|one| one.as_str()).collect(),
        states: RecipientState::ALL.iter().map(|one| one.as_str()).collect(),
        people: desk.people.iter().filter(|one| one.disabled_at.is_none()).map(Person::from).collect(),
        columns: COLUMNS.into_iter().map(|column| (column, shown.contains(&column))).collect(),
        count: reader.read(findings::count)?,
        findings: Vec::new(),
        next: String::new(),
        nobody: false,
    };
    let Some(conditions) = desk.conditions(wanted, looking) else {
        page.nobody = true;
        return Ok(page);
    };
    let before = wanted.before.parse().ok().map(FindingId);
    let found = reader.read(|connection| finding_list::page(connection, &conditions, before, A_PAGE))?;
    page.next = found.next.map_or_else(String::new, |next| next.to_string());
    page.findings = desk.rows(reader, found.findings, looking)?;
    Ok(page)
}

/// The newest findings in which all these words occur, open or not.
pub fn search(reader: &Reader, words: &str, most: usize) -> anyhow::Result<Vec<findings::Finding>> {
    let (terms, indexed) = self::words(reader, words)?;
    let conditions = Conditions { terms, indexed, ..Conditions::default() };
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let most = most.saturating_sub(found.len());
        let page = reader.read(|connection| finding_list::page(connection, &conditions, before, most))?;
        found.extend(page.findings);
        before = page.next;
        if before.is_none() || most == 0 {
            return Ok(found);
        }
    }
}

/// Words to search for, and up to which finding the index has them.
pub fn words(reader: &Reader, text: &str) -> Result<(Vec<Term>, u32), StoreError> {
    let desk = Desk::load(reader)?;
    Ok((desk.terms(text), desk.indexed))
}

/// These findings as rows, in their order.
pub fn these(reader: &Reader, ids: &[FindingId], looking: Looking<'_>) -> anyhow::Result<Vec<Row>> {
    let mut stored = Vec::with_capacity(ids.len());
    for id in ids {
        stored.extend(reader.read(|connection| findings::get(connection, *id))?);
    }
    Desk::load(reader)?.rows(reader, stored, looking)
}

/// Others that those who were told of this one have: at the same address, or of the same kind; the newest first.
pub fn similar(
    reader: &Reader,
    of: &findings::Finding,
    told: &[OrganisationId],
    most: usize,
    looking: Looking<'_>,
) -> anyhow::Result<Vec<Row>> {
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let theirs = Conditions { told: Some(told.to_vec()), not: Some(of.id), ..Conditions::default() };
    let alike = [
        of.first.ip.map(|ip| Conditions { address: Some(ip), ..theirs.clone() }),
        Some(Conditions { kinds: Some(vec![of.first.kind]), open: Some(true), ..theirs.clone() }),
    ];
    let mut found: Vec<findings::Finding> = Vec::new();
    for conditions in alike.into_iter().flatten() {
        let page = reader.read(|connection| finding_list::page(connection, &conditions, None, most))?;
        for one in page.findings {
            if found.len() < most && !found.iter().any(|known| known.id == one.id) {
                found.push(one);
            }
        }
    }
    Desk::load(reader)?.rows(reader, found, looking)
}

/// What is shown as a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// RFC 4180, with nothing that a spreadsheet takes for a formula.
    Csv,
    /// A list of objects.
    Json,
}

/// What is asked for as a file, with the columns that are shown; at most [`IN_A_FILE_MAX`] findings.
pub fn export(
    reader: &Reader,
    wanted: &Wanted,
    format: Format,
    looking: Looking<'_>,
) -> anyhow::Result<Vec<u8>> {
    let desk = Desk::load(reader)?;
    let mut rows: Vec<Row> = Vec::new();
    if let Some(conditions) = desk.conditions(wanted, looking) {
        let mut before = None;
        loop {
            let most = A_PAGE.min(IN_A_FILE_MAX - rows.len());
            let found =
                reader.read(|connection| finding_list::page(connection, &conditions, before, most))?;
            rows.extend(desk.rows(reader, found.findings, looking)?);
            before = found.next;
            if before.is_none() || rows.len() >= IN_A_FILE_MAX {
                break;
            }
        }
    }
    let columns = if wanted.columns.is_empty() { USUAL.to_vec() } else { wanted.columns.clone() };
    match format {
        Format::Json => Ok(serde_json::to_vec_pretty(&rows)?),
        Format::Csv => {
            let head: Vec<String> =
                ["finding"].into_iter().chain(columns.iter().copied()).map(str::to_owned).collect();
            let mut text = csv_line(&head);
            for row in &rows {
                let mut fields = vec![row.id.clone()];
                fields.extend(columns.iter().map(|column| row.field(column)));
                text += &csv_line(&fields);
            }
            Ok(text.into_bytes())
        }
    }
}

impl Row {
    fn field(&self, column: &str) -> String {
        match column {
            "severity" => self.severity.to_owned(),
            "kind" => self.kind.clone(),
            "target" => self.target.clone(),
            "told" => {
                let told = self.told.iter().map(|one| format!("{} {}", one.code, one.state));
                told.collect::<Vec<_>>().join("; ")
            }
            "handler" => self.handler.clone(),
            "deadline" => self.deadline.map(rfc3339).unwrap_or_default(),
            "first_seen" => rfc3339(self.first_seen),
            "last_seen" => rfc3339(self.last_seen),
            _ => self.sightings.to_string(),
        }
    }
}

/// What lists are written with.
struct Desk {
    kinds: Vec<Kind>,
    names: Register,
    people: Vec<DeskUser>,
    /// Findings below this number are in the index of words.
    indexed: u32,
}

impl Desk {
    fn load(reader: &Reader) -> Result<Self, StoreError> {
        Ok(Self {
            kinds: reader.read(findings::kinds)?,
            names: reader.read(load_organisations_now)?,
            people: reader.read(schakel_store::users::list)?,
            indexed: reader.indexed_upto()?,
        })
    }

    /// What is asked for, as the store understands it; `None`: an organisation or a person that there is not.
    fn conditions(&self, wanted: &Wanted, looking: Looking<'_>) -> Option<Conditions> {
        let told = match wanted.organisation.trim() {
            "" => None,
            asked => {
                let asked = asked.to_lowercase();
                let is_it = |one: &&schakel_model::register::Organisation| {
                    one.code.to_lowercase() == asked || one.name.to_lowercase() == asked
                };
                let found: Vec<_> = self.names.organisations.iter().filter(is_it).map(|one| one.id).collect();
                (!found.is_empty()).then_some(Some(found))?
            }
        };
        let handler = match wanted.handler.as_str() {
            "" | "none" => None,
            "me" => Some(looking.actor.id()),
            name => Some(self.people.iter().find(|one| one.name == name)?.id),
        };
        let what = wanted.what.trim();
        Some(Conditions {
            told,
            states: wanted.state.parse().ok().into_iter().collect(),
            open: match wanted.open.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            kinds: matching(&self.kinds, wanted),
            network: network(what),
            name: Some(what.to_lowercase()).filter(|what| !what.is_empty() && network(what).is_none()),
            address: what.parse().ok(),
            indexed: self.indexed,
            handler,
            unhandled: wanted.handler == "none",
            awake_at: (wanted.open == "yes" && wanted.asleep != "yes").then_some(looking.now),
            terms: self.terms(&wanted.q),
            ..Conditions::default()
        })
    }

    /// The words that are searched for.
    fn terms(&self, words: &str) -> Vec<Term> {
        words.split_whitespace().take(TERMS_MAX).map(|word| self.term(word)).collect()
    }

    /// A word that is searched for.
    fn term(&self, word: &str) -> Term {
        let text = word.to_lowercase();
        let has = |field: &str| field.to_lowercase().contains(&text);
        let of_kind = |kind: &Kind| {
            has(&kind.feed)
                || has(&kind.identifier)
                || has(kind.classification.as_str())
                || has(&kind.provider)
        };
        let numbered = (0..).map(KindId).zip(&self.kinds);
        let organisations = self.names.organisations.iter();
        Term {
            kinds: numbered.filter(|(_, kind)| of_kind(kind)).map(|(number, _)| number).collect(),
            told: organisations.filter(|one| has(&one.name) || has(&one.code)).map(|one| one.id).collect(),
            network: network(word),
            finding: work::finding(&word.to_uppercase()),
            text,
        }
    }

    /// Findings as rows. Who looks is recorded when some are confidential.
    fn rows(
        &self,
        reader: &Reader,
        found: Vec<findings::Finding>,
        looking: Looking<'_>,
    ) -> anyhow::Result<Vec<Row>> {
        let mut ids: Vec<FindingId> = found.iter().map(|one| one.id).collect();
        ids.sort_unstable();
        let seen = reader.read(|connection| sightings::of(connection, &ids))?;
        let called: HashMap<UserId, &str> =
            self.people.iter().map(|one| (one.id, one.display_name.as_str())).collect();
        let mut looked_at = Vec::new();
        let mut rows = Vec::with_capacity(found.len());
        for stored in found {
            let kind = self.kinds.get(stored.first.kind.0 as usize);
            let sighting = ids.binary_search(&stored.id).ok().map(|at| seen[at]).unwrap_or_default();
            let told = reader.read(|connection| follow_ups::of_finding(connection, stored.id))?;
            let work = reader.read(|connection| desk_work::work(connection, stored.id))?;
            looked_at.push((format!("F{}", stored.id), stored.first.event));
            let first_seen = stored.first.first_seen;
            let endpoint = Endpoint {
                ip: stored.first.ip,
                port: stored.first.port,
                fqdn: stored.first.name.unwrap_or_default().into(),
                ..Endpoint::default()
            };
            rows.push(Row {
                id: format!("F{}", stored.id),
                severity: kind.map_or("low", |kind| kind.severity.as_str()),
                kind: kind.map_or_else(String::new, shown_kind),
                target: events::target(&endpoint),
                handler: work
                    .handler
                    .and_then(|user| called.get(&user))
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                snoozed_until: work.snoozed_until.filter(|until| *until > looking.now),
                deadline: told
                    .iter()
                    .filter(|one| one.closed_at.is_none())
                    .filter_map(|one| one.deadline)
                    .min(),
                told: told
                    .into_iter()
                    .map(|one| {
                        let (code, name) = organisation_name(&self.names, one.organisation);
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
        Looker { reader, actor: looking.actor, now: looking.now }.list("findings", looked_at.into_iter())?;
        Ok(rows)
    }
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
    fn what_is_asked_for_stands_in_the_address_and_is_read_from_it() {
        let wanted = Wanted {
            q: "gouda rdp".into(),
            open: "yes".into(),
            handler: "none".into(),
            columns: vec!["severity", "deadline"],
            ..Wanted::default()
        };
        assert_eq!(Wanted::from_pairs(wanted.pairs().into_iter()), wanted);
        let odd = [("column", "deadline"), ("column", "<script>"), ("column", "severity"), ("x", "y")];
        assert_eq!(
            Wanted::from_pairs(odd.into_iter()).columns,
            ["severity", "deadline"],
            "what is known, in order"
        );
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
