//! What an organisation says is its own, many at once. Each claim goes the way of `schakel claim add`: what it meets is shown, what is disputed waits for a
//! decision. Either all of them are entered, or none.

use std::fmt;

use schakel_app::{
    claims::{self, Entered, Entry, Run},
    explain::organisation_name,
    proof,
};
use schakel_model::{
    asset::{AssetKind, Role},
    ids::ClaimId,
};
use schakel_store::{StoreError, claims as stored, register::load_organisations_now, rehearsal::Keep};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{own_claims::Checked, register_changes::Because};
use crate::rest::{
    call::Call,
    problem::{Problem, Where},
    route::Nothing,
    values::{At, Word},
};

/// Only to see what it comes to?
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DryRun {
    /// Show what it comes to, and keep nothing
    dry_run: Option<bool>,
}

impl DryRun {
    /// Is it only to be seen?
    pub fn dry_run(&self) -> bool {
        self.dry_run.unwrap_or(false)
    }
}

/// What is claimed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewClaims {
    #[schemars(length(min = 1, max = 500))]
    claims: Vec<NewClaim>,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// One of them.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewClaim {
    kind: Word<AssetKind>,
    /// Such as 192.0.2.0/24 or example.nl
    #[schemars(length(min = 1, max = 500))]
    value: String,
    role: Word<Role>,
    valid_from_at: Option<At>,
    valid_until_at: Option<At>,
    #[schemars(length(max = 1000))]
    note: Option<String>,
}

/// What came of it, or would.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Claimed {
    /// Nothing was kept
    dry_run: bool,
    /// One or more for each that was sent: a range becomes several
    claims: Vec<Claim>,
    /// What stands, or would stand, in the audit log
    actions: Vec<String>,
}

/// A claim.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Its number; none when nothing was kept
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    value: String,
    /// Is it an asset already?
    attributes: bool,
    /// How many conflicts the desk has to decide
    conflicts: usize,
    /// What of others it meets
    meets: Vec<Meets>,
}

/// Something of somebody else.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meets {
    organisation: String,
    value: String,
    role: Word<Role>,
    proof: &'static str,
}

/// The nth cannot be entered.
#[derive(Debug)]
struct Refused(usize, String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

impl std::error::Error for Refused {}

/// `POST /organisations/{organisation}/claims`
pub fn add(call: &Call, query: DryRun, new: NewClaims) -> Result<Claimed, Problem> {
    let names = call.reader.read(load_organisations_now)?;
    let code = call.name("organisation").to_owned();
    if !names.organisations.iter().any(|one| one.code == code) {
        return Err(Problem::not_found());
    }
    let dry_run = query.dry_run();
    let keep = if dry_run { Keep::Nothing } else { Keep::All };
    let reason = new.reason.unwrap_or_default();
    let entered = call.change(&reason, move |at_work, act| {
        let config = &at_work.config.claims;
        let done = at_work.intake.store().as_one(keep, |store| {
            let mut entered: Vec<Entered> = Vec::new();
            for (nth, one) in new.claims.iter().enumerate() {
                let entry = Entry {
                    code: &code,
                    kind: one.kind.0,
                    value: &one.value,
                    role: one.role.0,
                    valid_from: one.valid_from_at.map(|at| at.0),
                    valid_until: one.valid_until_at.map(|at| at.0),
                    note: one.note.as_deref().unwrap_or_default(),
                };
                match claims::add(store, config, &act, &entry, Run::Real) {
                    Ok(more) => entered.extend(more),
                    Err(error) if error.downcast_ref::<StoreError>().is_some() => return Err(error),
                    Err(error) => return Err(anyhow::Error::new(Refused(nth, format!("{error:#}")))),
                }
            }
            Ok(entered)
        });
        // Which one was refused is for the answer, not for the trouble of the store.
        match done {
            Ok(done) => Ok(Ok(done)),
            Err(error) => match error.downcast::<Refused>() {
                Ok(refused) => Ok(Err(refused)),
                Err(error) => Err(error),
            },
        }
    })?;
    let (entered, done) = match entered {
        Ok(entered) => entered,
        Err(Refused(nth, why)) => {
            return Err(Problem::fault(Where::Body, &format!("/claims/{nth}"), "refused", why));
        }
    };
    let claims = entered
        .into_iter()
        .map(|one| Claim {
            id: one.id.filter(|_| !dry_run).map(|id| id.0),
            value: one.value.to_string(),
            attributes: one.attributes,
            conflicts: one.conflicts.len(),
            meets: one
                .meets
                .iter()
                .map(|met| Meets {
                    organisation: organisation_name(&names, met.organisation).0.to_owned(),
                    value: met.value.to_string(),
                    role: Word(met.role),
                    proof: met.proof.as_str(),
                })
                .collect(),
        })
        .collect();
    let actions = done.changes.iter().map(|entry| format!("{} {}", entry.action, entry.subject)).collect();
    Ok(Claimed { dry_run, claims, actions })
}

/// `POST /claims/{claim}/desk-proofs`: the reason says what was looked at.
pub fn by_desk(call: &Call, _: Nothing, because: Because) -> Result<Checked, Problem> {
    let id: ClaimId = call.number("claim", "")?;
    call.reader.read(|connection| stored::get(connection, id))?.ok_or_else(Problem::not_found)?;
    let outcome = call.change(because.reason(), move |at_work, act| {
        proof::by_desk(at_work.intake.store(), &at_work.config.claims, &act, id)
    })?;
    Ok(outcome.into())
}
