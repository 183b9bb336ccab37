//! Who would be told about something, and why; and who would not.
//!
//! There are two times: when it was true in the world (`at`), and when the register knew it (`as_known_at`). An answer from the past has the
//! present one beside it when they differ.

use schakel_attribute::{Candidate, Input, Query};
use schakel_model::{
    asset::Role,
    assignment::Assignee,
    classification::ClassificationType,
    ids::{OrganisationId, RegisterVersion},
    register::Register,
};
use schakel_rules::{handover::carries, mandate::Hears};
use schakel_store::{
    Reader, hubs, parcels_out, register,
    register_history::{by_number, version_at},
};
use serde::Serialize;

use crate::{narrow_register::narrow, pipeline::state::RegisterView};

/// What is asked.
pub struct Question {
    /// The things to look up.
    pub inputs: Vec<Input>,
    /// At what time, seconds since 1970.
    pub at: i64,
    /// By what the register knew at this time; `None` is what it knows now.
    pub as_known_at: Option<i64>,
    /// The time now: from a merger on, the successor is told.
    pub now: i64,
    /// For which kind of event.
    pub kind: Option<ClassificationType>,
}

/// The answer. The names of the fields are a contract.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The time asked about, RFC 3339.
    pub at: String,
    /// What the register knew at this time was asked, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_known_at: Option<String>,
    /// The register that answered; 0 is the empty one before the first version.
    pub register_version: u32,
    /// When that version was recorded, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<String>,
    /// Every candidate, winners first.
    pub candidates: Vec<ExplainedCandidate>,
    /// Of an answer by what was known in the past: the present one, when it says something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Box<Explanation>>,
}

/// A candidate owner.
#[derive(Debug, Serialize)]
pub struct ExplainedCandidate {
    /// By which of the things asked.
    pub input: ExplainedInput,
    /// The organisation's code.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// The asset that makes it a candidate.
    pub asset: ExplainedAsset,
    /// In which role.
    pub role: &'static str,
    /// Is it concerned?
    pub won: bool,
    /// The rule that decided.
    pub rule: &'static str,
    /// The same in a sentence.
    pub why: String,
    /// Of a winner: the hub that stands for it, which is told instead of people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<AtHub>,
    /// Of a winner: who is told in its place, when it is not told itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

/// The hub that stands for an organisation.
#[derive(Debug, Serialize)]
pub struct AtHub {
    /// Its name.
    pub name: String,
    /// Of its link: `active`, `paused`.
    pub state: &'static str,
    /// When something was last handed over to it, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<String>,
}

/// Who is told in the place of a winner.
#[derive(Debug, Serialize)]
pub struct Told {
    /// Its code.
    pub organisation: String,
    /// Its name.
    pub organisation_name: String,
    /// Why, in a sentence.
    pub why: String,
}

/// One of the things asked.
#[derive(Debug, Serialize)]
pub struct ExplainedInput {
    /// Its kind.
    pub r#type: &'static str,
    /// Its value, as understood.
    pub value: String,
}

/// An asset.
#[derive(Debug, Serialize)]
pub struct ExplainedAsset {
    /// Its number.
    pub id: u32,
    /// Its kind.
    pub kind: &'static str,
    /// Its value.
    pub value: String,
    /// How sure it is theirs.
    pub proof: &'static str,
}

/// Answers from the newest register, or from what it was at a time.
pub fn explain(reader: &Reader, question: &Question) -> anyhow::Result<Explanation> {
    let newest = reader.read(register::version)?;
    let Some(known_at) = question.as_known_at else {
        return answer(reader, question, newest, question.now);
    };
    let version = reader.read(|connection| version_at(connection, known_at))?;
    let mut then = answer(reader, question, version, known_at)?;
    then.as_known_at = Some(rfc3339(known_at));
    if version != newest {
        let now = answer(reader, question, newest, question.now)?;
        if gist(&now) != gist(&then) {
            then.now = Some(Box::new(now));
        }
    }
    Ok(then)
}

/// The answer of one version, about what is told at a time.
fn answer(
    reader: &Reader,
    question: &Question,
    version: RegisterVersion,
    telling_at: i64,
) -> anyhow::Result<Explanation> {
    let recorded = reader.read(|connection| by_number(connection, version))?;
    let query =
        Query { inputs: question.inputs.clone(), target: Vec::new(), at: question.at, kind: question.kind };
    let view = RegisterView::new(narrow(reader, version, &query)?);
    let candidates = view.snapshot.explain(&query);
    let all: Vec<Assignee> = candidates
        .iter()
        .filter(|candidate| candidate.won)
        .map(|candidate| Assignee {
            organisation: candidate.organisation,
            role: candidate.role,
            end: candidate.end,
        })
        .collect();
    let mut told: Vec<Option<Told>> = Vec::with_capacity(candidates.len());
    for candidate in &candidates {
        let assignee =
            Assignee { organisation: candidate.organisation, role: candidate.role, end: candidate.end };
        told.push(if candidate.won { told_instead(&view, assignee, &all, telling_at) } else { None });
    }
    let mut explanation = from_candidates(&view.register, version, question.at, candidates, told);
    let links = reader.read(hubs::standing)?;
    for candidate in explanation.candidates.iter_mut().filter(|candidate| candidate.won) {
        let told = candidate.told.as_ref().map_or(&candidate.organisation, |told| &told.organisation);
        let link = links.iter().find(|link| carries(link) && link.organisation.eq_ignore_ascii_case(told));
        let Some(link) = link else { continue };
        let last = reader.read(|connection| parcels_out::last_made(connection, link.id))?;
        candidate.hub = Some(AtHub {
            name: link.peer.to_string(),
            state: link.state.as_str(),
            last_at: last.map(rfc3339),
        });
    }
    explanation.recorded_at = recorded.map(|version| rfc3339(version.at));
    Ok(explanation)
}

/// Who is told in the place of an assignee at this time, if it is not told itself.
fn told_instead(view: &RegisterView, assignee: Assignee, all: &[Assignee], at: i64) -> Option<Told> {
    let place = |organisation| view.successors.at(organisation, at);
    let named = |organisation, why: String| {
        let (code, name) = organisation_name(&view.register, organisation);
        Told { organisation: code.to_owned(), organisation_name: name.to_owned(), why }
    };
    let own = organisation_name(&view.register, assignee.organisation).0;
    if view.mandates.hears(assignee, all, at, place) == Hears::ThroughMember {
        let owner = all.iter().find(|other| other.role == Role::Owner && other.end == assignee.end)?;
        let why = format!(
            "{own} hears through the member that it supplies: its mandate is not to be told directly"
        );
        return Some(named(place(owner.organisation), why));
    }
    let successor = place(assignee.organisation);
    let merger = view.successors.step(assignee.organisation, at)?;
    let since = merger.valid_from.map_or_else(String::new, |from| format!(" on {}", day(from)));
    let (code, name) = organisation_name(&view.register, successor);
    let why = format!(
        "{own} merged into {}{since}; it was the owner when this was observed, and {code} {name} is told in its place",
        organisation_name(&view.register, merger.to).0
    );
    Some(named(successor, why))
}

/// A time as the day it is in UTC, when it is the beginning of one.
pub fn day(at: i64) -> String {
    let text = rfc3339(at);
    text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
}

/// What two answers must share to say the same.
fn gist(explanation: &Explanation) -> Vec<[&str; 6]> {
    let mut gist: Vec<_> = explanation
        .candidates
        .iter()
        .map(|one| {
            let told = one.told.as_ref().map(|told| told.organisation.as_str());
            let rule = if one.won { "won" } else { one.rule };
            [&one.organisation, one.role, one.asset.kind, &one.asset.value, rule, told.unwrap_or_default()]
        })
        .collect();
    gist.sort_unstable();
    gist
}

/// Puts names to candidates; `told` says of each who is told in its place, and may be empty.
pub fn from_candidates(
    register: &Register,
    version: RegisterVersion,
    at: i64,
    candidates: Vec<Candidate>,
    told: Vec<Option<Told>>,
) -> Explanation {
    let told = told.into_iter().chain(std::iter::repeat_with(|| None));
    let mut candidates: Vec<ExplainedCandidate> =
        candidates.into_iter().zip(told).map(|(candidate, told)| named(register, candidate, told)).collect();
    candidates.sort_by_key(|candidate| !candidate.won);
    Explanation {
        at: rfc3339(at),
        as_known_at: None,
        register_version: version.0,
        recorded_at: None,
        candidates,
        now: None,
    }
}

fn named(register: &Register, candidate: Candidate, told: Option<Told>) -> ExplainedCandidate {
    let (code, name) = organisation_name(register, candidate.organisation);
    let asset = register.assets.binary_search_by_key(&candidate.asset, |asset| asset.id).ok();
    let asset = asset.map(|at| &register.assets[at]);
    ExplainedCandidate {
        input: ExplainedInput { r#type: candidate.input.kind().as_str(), value: candidate.input.to_string() },
        organisation: code.to_owned(),
        organisation_name: name.to_owned(),
        asset: ExplainedAsset {
            id: candidate.asset.0,
            kind: asset.map_or("", |asset| asset.value.kind().as_str()),
            value: asset.map(|asset| asset.value.to_string()).unwrap_or_default(),
            proof: asset.map_or("", |asset| asset.proof.as_str()),
        },
        role: candidate.role.as_str(),
        won: candidate.won,
        rule: candidate.rule.as_str(),
        why: candidate.why,
        hub: None,
        told,
    }
}

/// The code and name of an organisation, empty when the register has none with this number.
pub fn organisation_name(register: &Register, id: OrganisationId) -> (&str, &str) {
    register.organisation(id).map_or(("", ""), |organisation| (&organisation.code, &organisation.name))
}

/// A time in RFC 3339, UTC.
pub fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default()
}
