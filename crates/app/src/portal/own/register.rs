//! What the register has of a member: what is theirs, what they say is theirs, and who is told.

use jiff::Timestamp;
use schakel_model::claim::ClaimState;
use schakel_store::{Reader, claims, contact_changes, register};
use serde::Serialize;

use super::{Head, Own};
use crate::{
    calendar::amsterdam,
    closing_days,
    register_show::{self, ShownAsset, ShownContact, ShownRelation},
};

/// The page.
#[derive(Debug, Serialize)]
pub struct OwnRegister {
    /// At whom one looks.
    pub head: Head,
    /// What is theirs.
    pub assets: Vec<ShownAsset>,
    /// What they say is theirs and is not proven.
    pub claims: Vec<Claim>,
    /// Who is told.
    pub contacts: Vec<ShownContact>,
    /// Changes of those that wait for the desk: a role and a name.
    pub waiting: Vec<(&'static str, String)>,
    /// How they stand to others.
    pub relations: Vec<ShownRelation>,
    /// Days from today on on which they are closed, `2026-12-24`.
    pub closed: Vec<String>,
}

/// Something that they say is theirs.
#[derive(Debug, Serialize)]
pub struct Claim {
    /// Its number.
    pub id: u32,
    /// A word.
    pub kind: &'static str,
    /// What.
    pub value: String,
    /// A word.
    pub role: &'static str,
    /// A word.
    pub state: &'static str,
    /// When it was entered, in seconds since 1970.
    pub at: i64,
}

/// The page as it is now.
pub fn register(reader: &Reader, own: &Own, now: i64) -> anyhow::Result<OwnRegister> {
    let version = reader.read(register::version)?;
    let shown = register_show::show(reader, version, &own.organisation.code, Some(now))?;
    let claims = reader.read(claims::list)?;
    let theirs = claims.into_iter().filter(|one| own.places.contains(&one.claimed.organisation));
    let waiting = reader.read(contact_changes::list)?;
    let today = Timestamp::from_second(now)?.to_zoned(amsterdam()).date();
    let closed = closing_days::of_organisation(reader, own.organisation.id, today)?;
    Ok(OwnRegister {
        closed: closed.iter().map(ToString::to_string).collect(),
        head: own.head.clone(),
        assets: shown.assets,
        claims: theirs
            .filter(|one| matches!(one.state, ClaimState::Open | ClaimState::Lapsed))
            .map(|one| Claim {
                id: one.id.0,
                kind: one.claimed.value.kind().as_str(),
                value: one.claimed.value.to_string(),
                role: one.claimed.role.as_str(),
                state: one.state.as_str(),
                at: one.created_at,
            })
            .collect(),
        contacts: shown.contacts,
        waiting: waiting
            .into_iter()
            .filter(|one| one.decision.is_none() && own.places.contains(&one.change.after.organisation))
            .map(|one| (one.change.after.role.as_str(), one.change.after.name))
            .collect(),
        relations: shown.relations,
    })
}
