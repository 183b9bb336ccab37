//! What two say is theirs, and changes of trusted contacts that wait for a second pair of eyes.

use schakel_model::{claim::Ruling, ids::ConflictId};
use schakel_store::{
    Store, act::Act, asset_requests, conflicts, contact_changes, register::load_organisations_now,
};
use serde::Serialize;

use crate::{config::ClaimsConfig, conflicts as decided, explain::organisation_name, register::standing};

/// The page.
#[derive(Debug, Serialize)]
pub struct Disputes {
    /// Conflicts that wait, the oldest first.
    pub conflicts: Vec<Conflict>,
    /// Changes that wait, the oldest first.
    pub changes: Vec<Change>,
    /// What members ask about what is theirs, the oldest first.
    pub requests: Vec<Request>,
}

/// What a member asks about something of its own.
#[derive(Debug, Serialize)]
pub struct Request {
    /// Its number.
    pub id: i64,
    /// Of which organisation: code and name.
    pub code: String,
    /// See [`Request::code`].
    pub name: String,
    /// The kind of asset: a word.
    pub kind: &'static str,
    /// Which.
    pub value: String,
    /// A word.
    pub role: &'static str,
    /// A word.
    pub wish: &'static str,
    /// What they say about it.
    pub text: String,
    /// When it was asked, in seconds since 1970, and by whom.
    pub at: i64,
    /// See [`Request::at`].
    pub by: String,
}

/// Two say that something is theirs.
#[derive(Debug, Serialize)]
pub struct Conflict {
    /// Its number.
    pub id: u32,
    /// Since when, in seconds since 1970.
    pub since: i64,
    /// In which role: a word.
    pub role: &'static str,
    /// Who claimed it, and what the other has.
    pub sides: [Side; 2],
}

/// One of them.
#[derive(Debug, Serialize)]
pub struct Side {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it says is its own.
    pub value: String,
    /// How far its claim is: a word; empty: it has none, only an asset.
    pub state: &'static str,
    /// What shows that it is theirs: attempts, in sentences.
    pub attempts: Vec<String>,
    /// Has it an asset?
    pub has_asset: bool,
}

/// A change of a trusted contact.
#[derive(Debug, Serialize)]
pub struct Change {
    /// Its number.
    pub id: u32,
    /// Of which organisation: code and name.
    pub code: String,
    /// See [`Change::code`].
    pub name: String,
    /// Whom it names, and how they are reached.
    pub contact: String,
    /// Is it about somebody new?
    pub is_new: bool,
    /// When it was asked for, in seconds since 1970, by whom and why.
    pub at: i64,
    /// See [`Change::at`].
    pub by: String,
    /// See [`Change::at`].
    pub reason: String,
    /// Numbers that were known before, to call back.
    pub numbers: Vec<String>,
    /// Did whoever looks ask for it? Then somebody else has to approve it.
    pub mine: bool,
}

/// What waits. The store is the one writer's: what belongs to a conflict is gathered there.
pub fn waiting(store: &Store, who: &str) -> anyhow::Result<Disputes> {
    let register = standing(store)?;
    let names = store.read(load_organisations_now)?;
    let mut found = Vec::new();
    for conflict in store.read(conflicts::list)?.into_iter().filter(|one| one.decision.is_none()) {
        let whole = decided::whole(store, &register, conflict.id)?;
        let side = |side: &decided::Side| {
            let (code, name) = organisation_name(&names, side.organisation);
            Side {
                code: code.to_owned(),
                name: name.to_owned(),
                value: side.value.to_string(),
                state: side.claim.as_ref().map_or("", |claim| claim.state.as_str()),
                attempts: side.attempts.iter().map(|one| one.what.detail.clone()).collect(),
                has_asset: side.asset.is_some(),
            }
        };
        found.push(Conflict {
            id: conflict.id.0,
            since: conflict.opened_at,
            role: conflict.other.role.as_str(),
            sides: [side(&whole.sides[0]), side(&whole.sides[1])],
        });
    }
    let mut changes = Vec::new();
    for pending in store.read(contact_changes::list)?.into_iter().filter(|one| one.decision.is_none()) {
        let after = &pending.change.after;
        let (code, name) = organisation_name(&names, after.organisation);
        changes.push(Change {
            id: pending.id.0,
            code: code.to_owned(),
            name: name.to_owned(),
            contact: [after.name.as_str(), after.email.as_str(), after.phone.as_str()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            is_new: pending.change.contact.is_none(),
            at: pending.requested_at,
            mine: pending.requested_by == who,
            numbers: crate::contacts::known_numbers(store, &pending)?,
            by: pending.requested_by,
            reason: pending.reason,
        });
    }
    let requests = store.read(asset_requests::waiting)?.into_iter().map(|one| {
        let (code, name) = organisation_name(&names, one.what.organisation);
        Request {
            id: one.id,
            code: code.to_owned(),
            name: name.to_owned(),
            kind: one.what.value.kind().as_str(),
            value: one.what.value.to_string(),
            role: one.what.role.as_str(),
            wish: one.what.wish.as_str(),
            text: one.what.text,
            at: one.at,
            by: one.by,
        }
    });
    Ok(Disputes { conflicts: found, changes, requests: requests.collect() })
}

/// Decides a conflict: for the organisation with this code, or for both when it is empty.
pub fn decide(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    id: ConflictId,
    winner: &str,
) -> anyhow::Result<()> {
    let ruling = match winner {
        "" => Ruling::Both,
        code => {
            let names = store.read(load_organisations_now)?;
            Ruling::For(crate::claims::organisation(&names, code)?.id)
        }
    };
    decided::decide(store, config, act, id, &ruling)
}
