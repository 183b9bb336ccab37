//! What the register waits for, and how it came to be what it is: conflicts, changes of trusted contacts, steps of joining, versions, quality.

use anyhow::ensure;
use schakel_app::{
    contacts, onboarding,
    portal::{disputes, organisations},
};
use schakel_model::{
    affiliation::Step,
    ids::{ConflictId, ContactId, PendingChangeId},
};
use schakel_store::{conflicts, contact_changes, register::load_organisations_now, register_history};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    claims::DryRun,
    desk::Empty,
    register_changes::{Because, RegisterChanged, change, known},
};
use crate::rest::{
    call::{Call, limit},
    problem::Problem,
    route::{Nothing, Page},
    values::{At, Word},
};

/// Two say that something is theirs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterConflict {
    id: u32,
    since_at: At,
    role: &'static str,
    /// Who claimed it, and what the other has
    sides: Vec<ConflictSide>,
}

/// One of them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConflictSide {
    organisation: String,
    organisation_name: String,
    value: String,
    /// How far its claim is; empty: it has an asset only
    state: &'static str,
    /// What shows that it is theirs, in sentences
    attempts: Vec<String>,
    has_asset: bool,
}

/// A change of how a trusted contact is reached. People approve it, who called back.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactChangeWaiting {
    id: u32,
    organisation: String,
    organisation_name: String,
    /// Whom it names, and how they would be reached
    contact: String,
    is_new: bool,
    asked_at: At,
    asked_by: String,
    reason: String,
    /// Numbers that were known before, to call back
    numbers: Vec<String>,
}

/// What belongs to a conflict is gathered by the writer, so that nobody decides about what is no longer so.
fn waiting(call: &Call) -> Result<disputes::Disputes, Problem> {
    let who = call.actor.name().to_owned();
    call.change("", move |at_work, _| disputes::waiting(at_work.intake.store(), &who))
}

/// `GET /register-conflicts`
pub fn conflicts_waiting(call: &Call, _: Nothing) -> Result<Page<RegisterConflict>, Problem> {
    let shown = |one: disputes::Conflict| RegisterConflict {
        id: one.id,
        since_at: At(one.since),
        role: one.role,
        sides: one
            .sides
            .into_iter()
            .map(|side| ConflictSide {
                organisation: side.code,
                organisation_name: side.name,
                value: side.value,
                state: side.state,
                attempts: side.attempts,
                has_asset: side.has_asset,
            })
            .collect(),
    };
    Ok(Page::all(waiting(call)?.conflicts.into_iter().map(shown).collect()))
}

/// Whose it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ruling {
    /// The code of the organisation; empty: both
    #[schemars(length(max = 200))]
    winner: String,
    /// Why
    #[schemars(length(min = 1, max = 4000))]
    reason: String,
}

/// `POST /register-conflicts/{conflict}/decide`
pub fn decide(call: &Call, query: DryRun, ruling: Ruling) -> Result<RegisterChanged, Problem> {
    let id: ConflictId = call.number("conflict", "")?;
    let open = call.reader.read(conflicts::list)?.iter().any(|one| one.id == id && one.decision.is_none());
    if !open {
        return Err(Problem::not_found());
    }
    let config = call.rest.config.claims.clone();
    change(call, query, &ruling.reason, move |store, act| {
        disputes::decide(store, &config, act, id, &ruling.winner)
    })
}

/// `GET /contact-changes`
pub fn contact_changes(call: &Call, _: Nothing) -> Result<Page<ContactChangeWaiting>, Problem> {
    let shown = |one: disputes::Change| ContactChangeWaiting {
        id: one.id,
        organisation: one.code,
        organisation_name: one.name,
        contact: one.contact,
        is_new: one.is_new,
        asked_at: At(one.at),
        asked_by: one.by,
        reason: one.reason,
        numbers: one.numbers,
    };
    Ok(Page::all(waiting(call)?.changes.into_iter().map(shown).collect()))
}

/// `POST /contact-changes/{change}/refuse`: it stays as it is. Approving is for people.
pub fn refuse(call: &Call, query: DryRun, because: Because) -> Result<RegisterChanged, Problem> {
    let id: PendingChangeId = call.number("change", "")?;
    let all = call.reader.read(contact_changes::list)?;
    all.iter().find(|one| one.id == id && one.decision.is_none()).ok_or_else(Problem::not_found)?;
    change(call, query, because.reason(), move |store, act| contacts::refuse(store, act, id).map(|_| ()))
}

/// `POST /contacts/{contact}/confirm`: somebody asked, and it is still right.
pub fn confirm(call: &Call, query: DryRun, _: Empty) -> Result<RegisterChanged, Problem> {
    let id: ContactId = call.number("contact", "")?;
    known(call, |register| register.contacts.iter().any(|one| one.id == id))?;
    change(call, query, "", move |store, act| contacts::confirm(store, act, id))
}

/// A version of the register.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterVersion {
    version: u32,
    at: At,
    actor: String,
    reason: String,
    organisations: Recorded,
    assets: Recorded,
    contacts: Recorded,
    relations: Recorded,
}

/// How many rows a version recorded and withdrew. A changed row counts in both.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    recorded: u64,
    withdrawn: u64,
}

/// How many of the newest.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VersionsQuery {
    /// How many, at most: the newest
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// `GET /register-versions`
pub fn versions(call: &Call, query: VersionsQuery) -> Result<Page<RegisterVersion>, Problem> {
    let found = call.reader.read(|connection| register_history::versions(connection, limit(query.limit)))?;
    let shown = found.into_iter().map(|one| {
        let [organisations, assets, contacts, relations] =
            one.changes.map(|tally| Recorded { recorded: tally.recorded, withdrawn: tally.withdrawn });
        RegisterVersion {
            version: one.version.0,
            at: At(one.at),
            actor: one.actor,
            reason: one.reason,
            organisations,
            assets,
            contacts,
            relations,
        }
    });
    Ok(Page::all(shown.collect()))
}

/// How good what we have of an organisation is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationQuality {
    organisation: String,
    /// From 0 to 100
    score: u32,
    /// Why, what costs most first
    reasons: Vec<QualityReason>,
    assets: u32,
    findings: u64,
    /// Findings of nobody near its assets
    unrouted_near: u64,
    /// Names of its own that do not resolve
    names_gone: Vec<NameGone>,
}

/// What a criterion gave.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QualityReason {
    criterion: &'static str,
    weight: u32,
    percent: u32,
    why: String,
}

/// A name that does not resolve.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NameGone {
    name: String,
    since_at: String,
}

/// `GET /organisations/{organisation}/quality`
pub fn quality(call: &Call, _: Nothing) -> Result<OrganisationQuality, Problem> {
    let code = organisation(call)?;
    let found = organisations::quality_of(&call.reader, &code, call.now)?.ok_or_else(Problem::not_found)?;
    Ok(OrganisationQuality {
        organisation: found.code,
        score: found.score,
        reasons: found
            .reasons
            .into_iter()
            .map(|one| QualityReason {
                criterion: one.criterion,
                weight: one.weight,
                percent: one.percent,
                why: one.why,
            })
            .collect(),
        assets: found.assets,
        findings: found.findings,
        unrouted_near: found.unrouted_near,
        names_gone: found
            .names_gone
            .into_iter()
            .map(|one| NameGone { name: one.name, since_at: one.since })
            .collect(),
    })
}

/// The code of the organisation in the path.
fn organisation(call: &Call) -> Result<String, Problem> {
    let code = call.name("organisation");
    let names = call.reader.read(load_organisations_now)?;
    names.organisations.iter().find(|one| one.code == code).ok_or_else(Problem::not_found)?;
    Ok(code.to_owned())
}

/// A step of joining.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepTaken {
    step: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_at: Option<At>,
    /// With whom
    by: String,
    /// The telephone number it is about
    number: String,
    actor: String,
}

/// `GET /organisations/{organisation}/steps`
pub fn steps(call: &Call, _: Nothing) -> Result<Page<StepTaken>, Problem> {
    let code = organisation(call)?;
    let found = organisations::one(&call.reader, &code, call.now)?.ok_or_else(Problem::not_found)?;
    let shown = found.steps.into_iter().map(|one| StepTaken {
        step: one.step,
        taken_at: one.at.map(At),
        by: one.by,
        number: one.number,
        actor: one.actor,
    });
    Ok(Page::all(shown.collect()))
}

/// A step that was taken.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewStep {
    /// Not one about the trusted contact: somebody of the desk takes those
    step: Word<Step>,
    /// With whom: the name of the person at the organisation
    #[schemars(length(min = 1, max = 200))]
    by: String,
    /// The telephone number it is about
    #[schemars(length(max = 100))]
    number: Option<String>,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// `POST /organisations/{organisation}/steps`
pub fn take_step(call: &Call, query: DryRun, new: NewStep) -> Result<RegisterChanged, Problem> {
    let code = organisation(call)?;
    let step = new.step.0;
    change(call, query, &new.reason.unwrap_or_default(), move |store, act| {
        ensure!(
            matches!(step, Step::Invitation | Step::Acib | Step::Assets | Step::Products),
            "a program cannot say that a trusted contact was looked at: somebody of the desk does"
        );
        onboarding::confirm(store, act, &code, step, &new.by, new.number.as_deref().unwrap_or_default())
            .map(|_| ())
    })
}
