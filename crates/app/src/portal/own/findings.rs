//! Findings that a member was told of: as a list that is narrowed down, and one with all that it needs to deal with it.

use schakel_attribute::Snapshot;
use schakel_model::{
    answer::{AnswerKind, FollowUp, RecipientState},
    assignment::End,
    event::{Event, Value},
    ids::FindingId,
    language::Language,
    severity::Severity,
};
use schakel_render::{
    advice::{Advice as Text, Part, kinds_of},
    notice::Group,
};
use schakel_rules::access::{Right, may};
use schakel_store::{
    Reader, answers,
    findings::{self, Finding as Stored, Kind},
    follow_ups::{self, Open},
    outbox, register as registers, sightings,
};
use serde::{Deserialize, Serialize};

use super::{Head, Own, Seeing, Sight};
use crate::{
    events::{self, RereadRow},
    narrow_register::narrow,
    pipeline::derive::Deriver,
    templates,
};

/// Findings on a page.
const A_PAGE: usize = 50;

/// Findings that are looked at, the most pressing first. Who has more open has other worries than the rest of the list, and the API gives all.
const LOOKED_AT_MAX: usize = 5_000;

/// What somebody asks for, as they typed it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// Part of an address, a name or a kind; empty: any.
    pub what: String,
    /// A word; empty: any.
    pub severity: String,
    /// A word; empty: any.
    pub state: String,
    /// `no`: the closed ones; else the open ones.
    pub open: String,
    /// The page, from 1; empty: the first.
    pub page: String,
}

/// The page with the list.
#[derive(Debug, Serialize)]
pub struct Findings {
    /// At whom one looks.
    pub head: Head,
    /// What is asked for.
    pub wanted: Wanted,
    /// Words to choose from.
    pub severities: Vec<&'static str>,
    /// See [`Findings::severities`].
    pub states: Vec<&'static str>,
    /// How many fit.
    pub count: u64,
    /// How many are for the trusted contact only.
    pub confidential: u64,
    /// Those on this page.
    pub findings: Vec<Row>,
    /// The next page; 0: this is the last.
    pub next: usize,
}

/// A finding in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// `F12`.
    pub id: String,
    /// A word.
    pub severity: &'static str,
    /// A word of the taxonomy.
    pub classification: &'static str,
    /// The report type.
    pub feed: String,
    /// The identifier.
    pub identifier: String,
    /// What it is about.
    pub target: String,
    /// A word for what was said.
    pub state: &'static str,
    /// Since when it is said, in seconds since 1970.
    pub state_at: i64,
    /// Until when that holds.
    pub until: Option<i64>,
    /// When it must be dealt with.
    pub deadline: Option<i64>,
    /// Is that past?
    pub overdue: bool,
    /// When it was first told.
    pub told_at: i64,
    /// When it was last seen.
    pub last_seen: i64,
    /// Is it closed?
    pub closed: bool,
}

/// Everything of a member that may be seen, the most pressing first, and how many findings only the trusted contact may see.
pub struct Known {
    /// They.
    pub rows: Vec<Row>,
    /// See above.
    pub confidential: u64,
}

/// Reads it, and records who looks.
pub(super) fn known(reader: &Reader, own: &Own, open: Open, now: i64) -> anyhow::Result<Known> {
    let kinds = reader.read(findings::kinds)?;
    let told =
        reader.read(|connection| follow_ups::most_pressing(connection, &own.places, open, LOOKED_AT_MAX))?;
    let mut seeing = Seeing::new(reader, own);
    let mut known = Known { rows: Vec::new(), confidential: 0 };
    let mut looked_at = Vec::new();
    for told in told {
        let Some(stored) = reader.read(|connection| findings::get(connection, told.finding))? else {
            continue;
        };
        let event = stored.first.event;
        match seeing.sight(&told, event)? {
            Sight::Seen => {
                known.rows.push(row(reader, &kinds, &told, stored, now)?);
                looked_at.push((told, event));
            }
            Sight::Confidential => known.confidential += 1,
            Sight::Hidden => {}
        }
    }
    seeing.record_list("own findings", &looked_at, now)?;
    Ok(known)
}

fn row(reader: &Reader, kinds: &[Kind], told: &FollowUp, stored: Stored, now: i64) -> anyhow::Result<Row> {
    let sighting = reader.read(|connection| sightings::get(connection, stored.id))?;
    let kind = kinds.get(stored.first.kind.0 as usize);
    let first_seen = stored.first.first_seen;
    Ok(Row {
        id: format!("F{}", stored.id),
        severity: told.severity.as_str(),
        classification: kind.map_or("undetermined", |kind| kind.classification.as_str()),
        feed: kind.map(|kind| kind.feed.clone()).unwrap_or_default(),
        identifier: kind.map(|kind| kind.identifier.clone()).unwrap_or_default(),
        target: events::target_of(stored.first),
        state: told.state.as_str(),
        state_at: told.state_at,
        until: told.until,
        deadline: told.deadline,
        overdue: told.closed_at.is_none() && told.deadline.is_some_and(|deadline| deadline < now),
        told_at: told.first_told_at,
        last_seen: sighting.last_seen.max(first_seen).timestamp().as_second(),
        closed: told.closed_at.is_some(),
    })
}

/// The list that is asked for.
pub fn list(reader: &Reader, own: &Own, wanted: &Wanted, now: i64) -> anyhow::Result<Findings> {
    let Known { mut rows, confidential } = matching(reader, own, wanted, now)?;
    let page = wanted.page.parse::<usize>().unwrap_or(1).clamp(1, LOOKED_AT_MAX / A_PAGE);
    let count = rows.len();
    rows.truncate(page * A_PAGE);
    Ok(Findings {
        head: own.head.clone(),
        wanted: wanted.clone(),
        severities: Severity::ALL.iter().rev().map(|one| one.as_str()).collect(),
        states: RecipientState::ALL.iter().map(|one| one.as_str()).collect(),
        count: count as u64,
        confidential,
        findings: rows.split_off((page * A_PAGE - A_PAGE).min(rows.len())),
        next: if count > page * A_PAGE { page + 1 } else { 0 },
    })
}

/// All that fit what is asked for, on every page.
pub fn matching(reader: &Reader, own: &Own, wanted: &Wanted, now: i64) -> anyhow::Result<Known> {
    let open = if wanted.open == "no" { Open::No } else { Open::Yes };
    let mut known = known(reader, own, open, now)?;
    let what = wanted.what.trim().to_lowercase();
    known.rows.retain(|row| {
        let holds = |text: &str| text.to_lowercase().contains(&what);
        (wanted.severity.is_empty() || row.severity == wanted.severity)
            && (wanted.state.is_empty() || row.state == wanted.state)
            && (holds(&row.target) || holds(&row.identifier) || holds(&row.feed) || holds(&row.id))
    });
    Ok(known)
}

/// One finding.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// At whom one looks.
    pub head: Head,
    /// The same as in the list.
    pub row: Row,
    /// Where it is: the key of a name, and a value.
    pub place: Vec<(&'static str, String)>,
    /// The assets by which it is theirs: kind, value, role.
    pub assets: Vec<(&'static str, String, &'static str)>,
    /// What to do about it; none when there is no advice of its own.
    pub advice: Option<Advice>,
    /// The vulnerabilities that it was told with.
    pub cves: Vec<String>,
    /// When it was told, and by which notification.
    pub told: Vec<Telling>,
    /// How often it was told in all.
    pub tellings: u32,
    /// What was answered, the oldest first.
    pub answers: Vec<Answered>,
    /// What they may answer; empty: nothing.
    pub may_answer: Vec<&'static str>,
}

/// What to do about a finding: steps, or paragraphs.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // As the parts of advice.
pub struct Advice {
    pub what: Vec<String>,
    pub why: Vec<String>,
    pub check: Vec<String>,
    pub fix: Vec<String>,
    pub keep: Vec<String>,
}

/// A notification that told it.
#[derive(Debug, Serialize)]
pub struct Telling {
    /// Its number.
    pub number: u32,
    /// A word.
    pub kind: &'static str,
    /// When, in seconds since 1970.
    pub at: i64,
}

/// An answer about it.
#[derive(Debug, Serialize)]
pub struct Answered {
    /// Its number.
    pub number: u32,
    /// When, in seconds since 1970.
    pub at: i64,
    /// A word.
    pub kind: &'static str,
    /// A word: does it count?
    pub standing: &'static str,
    /// Who said it.
    pub sender: String,
    /// In their words.
    pub text: String,
    /// Until when.
    pub until: Option<i64>,
    /// May whoever looks take it back?
    pub may_take_back: bool,
}

/// A finding as it was told to those who are looked at; `None`: it is not theirs to see.
pub fn told(reader: &Reader, own: &Own, id: FindingId) -> anyhow::Result<Option<(FollowUp, Stored)>> {
    let told = reader.read(|connection| follow_ups::of_finding(connection, id))?;
    let Some(told) = told.into_iter().find(|one| own.places.contains(&one.organisation)) else {
        return Ok(None);
    };
    let Some(stored) = reader.read(|connection| findings::get(connection, id))? else { return Ok(None) };
    let sight = Seeing::new(reader, own).sight(&told, stored.first.event)?;
    Ok((sight == Sight::Seen).then_some((told, stored)))
}

/// One finding, as this account reads it; `None`: it is not theirs to see.
pub fn one(
    reader: &Reader,
    own: &Own,
    name: &str,
    (roles, language): (&[schakel_model::account::PortalRole], Language),
    now: i64,
) -> anyhow::Result<Option<Finding>> {
    let Some(id) = name.strip_prefix('F').and_then(|digits| digits.parse().ok()).map(FindingId) else {
        return Ok(None);
    };
    let Some((told, stored)) = self::told(reader, own, id)? else { return Ok(None) };
    let event = stored.first.event;
    Seeing::new(reader, own).record(&told, event, now)?;
    let kinds = reader.read(findings::kinds)?;
    let kind = kinds.get(stored.first.kind.0 as usize).cloned();
    let mut deriver = Deriver::new(Reader::open(reader.data())?)?;
    let read = events::reread(&mut deriver, event)?;
    let (end, assets) = theirs(reader, own, read.as_ref())?;
    let place =
        read.as_ref().and_then(|row| row.event.as_ref().ok()).map_or_else(Vec::new, |row| place(row, end));
    let tags =
        read.as_ref().and_then(|row| row.event.as_ref().ok()).map(|row| row.text("extra.tag").to_owned());
    let mut numbers = vec![told.first_told_by, told.told_by];
    numbers.dedup();
    let mut tellings = Vec::new();
    let mut answered = Vec::new();
    for number in numbers {
        if let Some(one) = reader.read(|connection| outbox::notification(connection, number))? {
            tellings.push(Telling { number: number.0, kind: one.kind.as_str(), at: one.created_at });
        }
        answered.extend(reader.read(|connection| answers::of_notification(connection, number))?);
    }
    let about = |one: &answers::Answer| {
        own.places.contains(&one.said.organisation)
            && (one.said.findings.is_empty() || one.said.findings.contains(&id))
    };
    let is_open = told.closed_at.is_none();
    Ok(Some(Finding {
        head: own.head.clone(),
        place,
        assets,
        advice: match kind {
            Some(kind) => advice(reader, language, &kind, tags.as_deref().unwrap_or_default())?,
            None => None,
        },
        cves: told.cves.clone(),
        told: tellings,
        tellings: told.tellings,
        answers: answered
            .into_iter()
            .filter(about)
            .map(|one| Answered {
                number: one.id.0,
                at: one.at,
                kind: one.said.kind.as_str(),
                standing: one.said.standing.as_str(),
                may_take_back: crate::answers::portal::may_take_back(&one, &own.name, now),
                sender: one.said.sender,
                text: one.said.text,
                until: one.said.until,
            })
            .collect(),
        may_answer: match is_open && may(roles, Right::AnswerOwn) {
            true => AnswerKind::ALL.iter().map(|kind| kind.as_str()).collect(),
            false => Vec::new(),
        },
        row: row(reader, &kinds, &told, stored, now)?,
    }))
}

/// Which end of a row is theirs, and by which assets.
#[allow(clippy::type_complexity)] // Kind, value and role, as the page has them.
fn theirs(
    reader: &Reader,
    own: &Own,
    row: Option<&RereadRow>,
) -> anyhow::Result<(End, Vec<(&'static str, String, &'static str)>)> {
    let Some(query) = row.and_then(|row| row.query.as_ref()) else { return Ok((End::Source, Vec::new())) };
    let version = reader.read(registers::version)?;
    let register = narrow(reader, version, query)?;
    let mut end = End::Source;
    let mut assets = Vec::new();
    for candidate in Snapshot::build(&register).explain(query) {
        if !candidate.won || !own.places.contains(&candidate.organisation) {
            continue;
        }
        end = candidate.end;
        if let Some(asset) = register.assets.iter().find(|asset| asset.id == candidate.asset) {
            assets.push((asset.value.kind().as_str(), asset.value.to_string(), asset.role.as_str()));
        }
    }
    Ok((end, assets))
}

/// What a row says of their end, and what was seen there.
fn place(row: &Event, end: End) -> Vec<(&'static str, String)> {
    let ours = match end {
        End::Source => "source",
        End::Target => "destination",
    };
    let of_end = [
        ("place-address", "ip"),
        ("place-port", "port"),
        ("place-name", "fqdn"),
        ("place-reverse", "reverse_dns"),
        ("place-url", "url"),
        ("place-account", "account"),
        ("place-asn", "asn"),
    ]
    .map(|(key, field)| (key, format!("{ours}.{field}")));
    let of_row = [
        ("place-protocol", "protocol.transport"),
        ("place-malware", "malware.name"),
        ("place-tags", "extra.tag"),
        ("place-seen", "time.source"),
    ]
    .map(|(key, field)| (key, field.to_owned()));
    let shown = |(key, field): (&'static str, String)| {
        let text = match row.get(&field) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Int(number)) => number.to_string(),
            _ => String::new(),
        };
        (!text.is_empty()).then_some((key, text))
    };
    of_end.into_iter().chain(of_row).filter_map(shown).collect()
}

/// The advice in force for a kind of problem.
fn advice(reader: &Reader, language: Language, kind: &Kind, tags: &str) -> anyhow::Result<Option<Advice>> {
    // A tag names a product as an identifier does.
    let identifier = format!("{} {tags}", kind.identifier);
    let group = Group {
        severity: kind.severity,
        classification: kind.classification,
        report_type: &kind.feed,
        identifier: &identifier,
        title: "",
        items: Vec::new(),
    };
    let Some(known) = kinds_of(&group).into_iter().next() else { return Ok(None) };
    let (text, _) = templates::text(reader, language, &format!("advice/{}", known.name))?;
    let Ok(text) = Text::parse(&text) else { return Ok(None) };
    let part = |part| text.part(part).to_vec();
    Ok(Some(Advice {
        what: part(Part::What),
        why: part(Part::Why),
        check: part(Part::Check),
        fix: part(Part::Fix),
        keep: part(Part::Keep),
    }))
}
