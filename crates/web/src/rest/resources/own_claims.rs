//! What an organisation says is its own, as it says so itself: entered, proven, taken back. Whose else it may be is nobody's to know but the desk's.

use std::time::Instant;

use axum::http::StatusCode;
use schakel_app::{
    claims::{Entered, NotEntered},
    explain::organisation_name,
    portal::own::{
        Own,
        claims::{self, Refused},
    },
    proof,
};
use schakel_model::{
    asset::{AssetKind, Role},
    claim::{Claim, Means},
    ids::ClaimId,
};
use schakel_store::{claims as stored, register::load_organisations_now};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::desk::Empty;
use crate::{
    rate::CHECKS_IN_A_MINUTE,
    rest::{
        call::Call,
        problem::Problem,
        route::{Nothing, Page},
        values::{At, Word},
    },
};

/// Something that an organisation says is its own.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnClaim {
    id: u32,
    kind: &'static str,
    value: String,
    role: &'static str,
    /// `open`, `proven`, `lapsed`, or why it is over
    state: &'static str,
    entered_at: At,
}

fn listed(claim: &Claim) -> OwnClaim {
    OwnClaim {
        id: claim.id.0,
        kind: claim.claimed.value.kind().as_str(),
        value: claim.claimed.value.to_string(),
        role: claim.claimed.role.as_str(),
        state: claim.state.as_str(),
        entered_at: At(claim.created_at),
    }
}

/// The organisation with this code, as whoever asks may look at it.
pub fn own(call: &Call, code: &str) -> Result<Own, Problem> {
    let own = Own::of_program(&call.reader, &call.tenant, call.actor.name(), code, call.now)?;
    own.ok_or_else(Problem::not_found)
}

/// The claim in the path, when it is theirs, with whose it is.
fn claimed(call: &Call) -> Result<(Own, Claim), Problem> {
    let id: ClaimId = call.number("claim", "")?;
    let claim = call.reader.read(|connection| stored::get(connection, id))?.ok_or_else(Problem::not_found)?;
    let names = call.reader.read(load_organisations_now)?;
    let code = match call.member() {
        Some(member) => member.code.clone(),
        None => organisation_name(&names, claim.claimed.organisation).0.to_owned(),
    };
    let own = own(call, &code)?;
    let claim = claims::find(&call.reader, &own, id)?.ok_or_else(Problem::not_found)?;
    Ok((own, claim))
}

/// `GET /organisations/{organisation}/claims`
pub fn list(call: &Call, _: Nothing) -> Result<Page<OwnClaim>, Problem> {
    let own = own(call, call.name("organisation"))?;
    let all = call.reader.read(stored::list)?;
    let theirs = all.iter().filter(|one| own.places.contains(&one.claimed.organisation));
    Ok(Page::all(theirs.map(listed).collect()))
}

/// What is theirs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewOwnClaim {
    kind: Word<AssetKind>,
    /// Such as 192.0.2.0/24 or example.nl
    #[schemars(length(min = 1, max = 500))]
    value: String,
    /// Not `monitor`
    role: Word<Role>,
    #[schemars(length(max = 1000))]
    note: Option<String>,
}

/// What came of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnClaimed {
    /// Several, when a range is several prefixes
    claims: Vec<u32>,
    /// Has somebody else it too? Then the desk decides
    disputed: bool,
}

/// `POST /organisations/{organisation}/own-claims`
pub fn add(call: &Call, _: Nothing, new: NewOwnClaim) -> Result<OwnClaimed, Problem> {
    let own = own(call, call.name("organisation"))?;
    let entered = call.change("", move |at_work, act| {
        let what = (new.kind.0, new.value.trim(), new.role.0, new.note.as_deref().unwrap_or_default().trim());
        let entered = claims::add(at_work.intake.store(), &at_work.config.claims, &act, &own, what);
        // How much of others it meets is the desk's to know.
        entered.map_err(|error| match error.downcast_ref::<NotEntered>() {
            Some(NotEntered::Wide(..)) => {
                anyhow::anyhow!("this is too much at once: claim it in smaller parts")
            }
            _ => error,
        })
    })?;
    let entered: Vec<Entered> = entered.map_err(refused)?;
    Ok(OwnClaimed {
        claims: entered.iter().filter_map(|one| one.id).map(|id| id.0).collect(),
        disputed: entered.iter().any(|one| !one.conflicts.is_empty()),
    })
}

/// A claim, and how to prove it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnClaimInFull {
    claim: OwnClaim,
    note: String,
    disputed: bool,
    /// Do findings reach them by it?
    counts: bool,
    /// By what it is proven; empty: it is not
    proven_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    proven_until_at: Option<At>,
    /// Since when the proof is not found any more
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since_at: Option<At>,
    /// What to publish to prove it
    token: String,
    /// Where, in the DNS; empty: it has no name
    record: String,
    /// Where, on the web server; empty: it has no name
    file: String,
    /// Mailboxes that a code can be sent to
    mailboxes: Vec<String>,
    /// The newest attempts to prove it
    attempts: Vec<ProofAttempt>,
}

/// An attempt to prove a claim.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProofAttempt {
    at: At,
    means: &'static str,
    found: bool,
    /// What was found; empty: that is the desk's own
    detail: String,
}

/// `GET /claims/{claim}`
pub fn one(call: &Call, _: Nothing) -> Result<OwnClaimInFull, Problem> {
    let (own, claim) = claimed(call)?;
    let page = claims::page(&call.reader, &own, claim.id, call.now)?.ok_or_else(Problem::not_found)?;
    Ok(OwnClaimInFull {
        claim: listed(&claim),
        note: page.note,
        disputed: page.disputed,
        counts: page.counts,
        proven_by: page.proven_by,
        proven_until_at: page.proven_until.map(At),
        failing_since_at: page.failing_since.map(At),
        token: page.token,
        record: page.record,
        file: page.file,
        mailboxes: page.mailboxes.into_iter().map(|(_, address)| address).collect(),
        attempts: page
            .attempts
            .into_iter()
            .map(|one| ProofAttempt {
                at: At(one.at),
                means: one.means,
                found: one.found,
                detail: one.detail,
            })
            .collect(),
    })
}

/// By what it is to be proven.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewCheck {
    /// `dns`, `file` or `rdap`
    means: Word<Means>,
}

/// What was found.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    found: bool,
    disputed: bool,
}

impl From<proof::Outcome> for Checked {
    fn from(outcome: proof::Outcome) -> Self {
        Self { found: outcome.attempt.found, disputed: outcome.disputed }
    }
}

/// `POST /claims/{claim}/checks`. The world outside is waited for here, so that the writer waits for nobody.
pub fn check(call: &Call, _: Nothing, new: NewCheck) -> Result<Checked, Problem> {
    let (_, claim) = claimed(call)?;
    if let Err(wait) = call.rest.checks.take(call.client.id, CHECKS_IN_A_MINUTE, Instant::now()) {
        let seconds = wait.as_secs() as u32 + 1;
        let why = "You have too many proofs looked for.";
        return Err(Problem::later(StatusCode::TOO_MANY_REQUESTS, why, seconds));
    }
    let attempt = claims::look(&call.reader, &call.rest.config, &claim, new.means.0)?.map_err(refused)?;
    let outcome = call.change("", move |at_work, act| {
        proof::record(at_work.intake.store(), &at_work.config.claims, &act, claim.id, attempt)
    })?;
    Ok(outcome.into())
}

/// Where a code is to be sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewCodeMail {
    /// The part before the @, such as `hostmaster`
    #[schemars(length(min = 1, max = 64))]
    mailbox: String,
}

/// Where it was sent.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeSent {
    address: String,
}

/// `POST /claims/{claim}/mails`
pub fn mail(call: &Call, _: Nothing, new: NewCodeMail) -> Result<CodeSent, Problem> {
    let (_, claim) = claimed(call)?;
    let sent = call.change("", move |at_work, act| {
        let (config, templates) = (at_work.config, at_work.templates);
        claims::send_code(at_work.intake.store(), config, templates, &act, (&claim, &new.mailbox))
    })?;
    Ok(CodeSent { address: sent.map_err(refused)? })
}

/// A code that was sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TypedCode {
    #[schemars(length(min = 1, max = 100))]
    code: String,
}

/// `POST /claims/{claim}/codes`
pub fn code(call: &Call, _: Nothing, typed: TypedCode) -> Result<Checked, Problem> {
    let (_, claim) = claimed(call)?;
    let outcome = call.change("", move |at_work, act| {
        claims::take_code(at_work.intake.store(), &at_work.config.claims, &act, &claim, typed.code.trim())
    })?;
    Ok(outcome.map_err(refused)?.into())
}

/// `POST /claims/{claim}/take-back`
pub fn take_back(call: &Call, _: Nothing, _: Empty) -> Result<OwnClaim, Problem> {
    let (own, claim) = claimed(call)?;
    let id = claim.id;
    let done =
        call.change("", move |at_work, act| claims::take_back(at_work.intake.store(), &act, &claim))?;
    done.map_err(refused)?;
    let claim = claims::find(&call.reader, &own, id)?.ok_or_else(Problem::not_found)?;
    Ok(listed(&claim))
}

fn refused(why: Refused) -> Problem {
    let text = match why {
        Refused::Many => "Too many claims wait for proof: prove some, or take them back.",
        Refused::Means => {
            "This cannot be done with this claim: it is over or proven, or of a kind for which there are other ways."
        }
        Refused::Codes => "Codes were sent often enough for today.",
        Refused::NoCode => "No code waits to be typed: have one sent.",
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text)
}
