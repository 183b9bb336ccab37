//! Who would be told about something, and why; and who would not.

use schakel_attribute::{Candidate, Input, Query};
use schakel_model::{
    classification::ClassificationType,
    ids::{OrganisationId, RegisterVersion},
    register::Register,
};
use schakel_store::{Reader, register};
use serde::Serialize;

use crate::pipeline::state::RegisterView;

/// What is asked.
pub struct Question {
    /// The things to look up.
    pub inputs: Vec<Input>,
    /// At what time, seconds since 1970.
    pub at: i64,
    /// For which kind of event.
    pub kind: Option<ClassificationType>,
}

/// The answer. The names of the fields are a contract.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The time asked about, RFC 3339.
    pub at: String,
    /// The register that answered.
    pub register_version: u32,
    /// Every candidate, winners first.
    pub candidates: Vec<ExplainedCandidate>,
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
}

/// Answers from the newest register.
pub fn explain(reader: &Reader, question: &Question) -> anyhow::Result<Explanation> {
    let version = reader.read(register::version)?;
    let view = RegisterView::new(reader.read(|connection| register::load(connection, version))?);
    let query =
        Query { inputs: question.inputs.clone(), target: Vec::new(), at: question.at, kind: question.kind };
    Ok(from_candidates(&view.register, version, question.at, view.snapshot.explain(&query)))
}

/// Puts names to candidates.
pub fn from_candidates(
    register: &Register,
    version: RegisterVersion,
    at: i64,
    mut candidates: Vec<Candidate>,
) -> Explanation {
    candidates.sort_by_key(|candidate| !candidate.won);
    Explanation {
        at: rfc3339(at),
        register_version: version.0,
        candidates: candidates.into_iter().map(|candidate| named(register, candidate)).collect(),
    }
}

fn named(register: &Register, candidate: Candidate) -> ExplainedCandidate {
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
        },
        role: candidate.role.as_str(),
        won: candidate.won,
        rule: candidate.rule.as_str(),
        why: candidate.why,
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
