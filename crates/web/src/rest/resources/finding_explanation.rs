//! Who owns what a finding is about, and why.

use schakel_app::{
    explain::{ExplainedCandidate, organisation_name},
    trace,
};
use schakel_store::register::load_organisations_now;
use schemars::JsonSchema;
use serde::Serialize;

use super::findings::{HandedOver, looked, wanted};
use crate::rest::{call::Call, problem::Problem, route::Nothing};

/// Who owns what a finding is about, and why, by the register of when it was first seen.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingExplanation {
    register_version: u32,
    /// Winners first
    candidates: Vec<Candidate>,
    /// Where it was handed over to other hubs, and how far it came there
    handed_over: Vec<HandedOverFor>,
}

/// A finding at another hub, for an organisation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOverFor {
    organisation: String,
    handed_over: HandedOver,
}

/// A candidate owner.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    organisation: String,
    organisation_name: String,
    role: &'static str,
    asset_kind: &'static str,
    asset_value: String,
    proof: &'static str,
    /// Is it concerned?
    won: bool,
    /// The rule that decided
    rule: &'static str,
    /// The same in a sentence
    why: String,
    /// Of a winner: the name of the hub that stands for it, which is told instead of people
    #[serde(skip_serializing_if = "Option::is_none")]
    hub: Option<String>,
    /// Of a winner that is not told itself: the code of who is told in its place; the desk only
    #[serde(skip_serializing_if = "Option::is_none")]
    told_instead: Option<String>,
}

impl Candidate {
    /// As whoever asks may know it.
    pub fn shown(call: &Call, one: ExplainedCandidate) -> Self {
        Self {
            hub: one.hub.map(|hub| hub.name),
            told_instead: one.told.filter(|_| call.member().is_none()).map(|told| told.organisation),
            organisation: one.organisation,
            organisation_name: one.organisation_name,
            role: one.role,
            asset_kind: one.asset.kind,
            asset_value: one.asset.value,
            proof: one.asset.proof,
            won: one.won,
            rule: one.rule,
            why: one.why,
        }
    }
}

/// `GET /findings/{finding}/explanation`
pub fn explanation(call: &Call, _: Nothing) -> Result<FindingExplanation, Problem> {
    let stored = wanted(call)?;
    looked(call, &stored)?;
    let event = trace::event(&call.reader, stored.first.event)?;
    let names = call.reader.read(load_organisations_now)?;
    let is_seen = |code: &str| match &call.tenant.places() {
        None => true,
        Some(places) => places.iter().any(|id| organisation_name(&names, *id).0 == code),
    };
    let in_full = trace::finding_at_first(&call.reader, stored.id)?;
    let handed_over = in_full
        .assignments
        .into_iter()
        .filter(|one| is_seen(&one.organisation))
        .filter_map(|one| {
            let handed_over = HandedOver::from(one.hub?);
            Some(HandedOverFor { organisation: one.organisation, handed_over })
        })
        .collect();
    Ok(FindingExplanation {
        handed_over,
        register_version: event.register_version,
        candidates: event
            .candidates
            .into_iter()
            .filter(|one| is_seen(&one.organisation))
            .map(|one| Candidate::shown(call, one))
            .collect(),
    })
}
