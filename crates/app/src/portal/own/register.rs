//! What the register has of a member: what is theirs, what they say is theirs, and who is told.

use jiff::Timestamp;
use schakel_model::claim::ClaimState;
use schakel_store::{Reader, asset_requests, claims, conflicts, contact_changes, register};
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
    pub assets: Vec<OwnAsset>,
    /// What they say is theirs and is not proven.
    pub claims: Vec<Claim>,
    /// Who is told.
    pub contacts: Vec<ShownContact>,
    /// Changes of those that wait for the desk.
    pub waiting: Vec<Waiting>,
    /// How they stand to others.
    pub relations: Vec<ShownRelation>,
    /// Days from today on on which they are closed, `2026-12-24`.
    pub closed: Vec<String>,
}

/// Something that is theirs.
#[derive(Debug, Serialize)]
pub struct OwnAsset {
    /// As the register has it.
    #[serde(flatten)]
    pub shown: ShownAsset,
    /// The number of the claim that shows whose it is; none: the desk entered it.
    pub claim: Option<u32>,
    /// What they asked about it, and what waits for the desk.
    pub asked: Option<Asked>,
}

/// What waits for the desk about an asset.
#[derive(Debug, Serialize)]
pub struct Asked {
    /// Its number.
    pub id: i64,
    /// A word.
    pub wish: &'static str,
    /// What is to be changed, or why.
    pub text: String,
    /// When it was asked, in seconds since 1970.
    pub at: i64,
}

/// One thing that is theirs, to give up or to have changed.
#[derive(Debug, Serialize)]
pub struct AssetPage {
    /// At whom one looks.
    pub head: Head,
    /// The asset.
    pub asset: OwnAsset,
}

/// The page of one; `None`: there is none, or it is another's.
pub fn asset(reader: &Reader, own: &Own, number: &str, now: i64) -> anyhow::Result<Option<AssetPage>> {
    let all = register(reader, own, now)?.assets;
    let found = all.into_iter().find(|one| one.shown.id.to_string() == number);
    Ok(found.map(|asset| AssetPage { head: own.head.clone(), asset }))
}

/// A change of a contact that waits for the desk.
#[derive(Debug, Serialize)]
pub struct Waiting {
    /// Its number.
    pub id: u32,
    /// A word.
    pub role: &'static str,
    /// Whom it is about, and how they would be reached.
    pub name: String,
    /// See [`Waiting::name`].
    pub email: String,
    /// See [`Waiting::name`].
    pub phone: String,
    /// When it was asked for, in seconds since 1970.
    pub at: i64,
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
    /// Does somebody else have it too? Then the desk decides.
    pub disputed: bool,
    /// When it was entered, in seconds since 1970.
    pub at: i64,
}

/// The page as it is now.
pub fn register(reader: &Reader, own: &Own, now: i64) -> anyhow::Result<OwnRegister> {
    let version = reader.read(register::version)?;
    let shown = register_show::show(reader, version, &own.organisation.code, Some(now))?;
    let all = reader.read(claims::list)?.into_iter();
    let all: Vec<_> =
        all.filter(|one| own.places.contains(&one.claimed.organisation) && !one.state.is_over()).collect();
    let requests = reader.read(asset_requests::waiting)?;
    let assets = shown.assets.into_iter().map(|shown| {
        let same = |one: &&schakel_model::claim::Claim| {
            let claimed = &one.claimed;
            claimed.organisation == own.organisation.id
                && claimed.role.as_str() == shown.role
                && claimed.value.to_string() == shown.value
        };
        let about = |one: &&asset_requests::AssetRequest| {
            let what = &one.what;
            what.organisation == own.organisation.id
                && what.role.as_str() == shown.role
                && what.value.to_string() == shown.value
        };
        let asked = requests.iter().find(about).map(|one| Asked {
            id: one.id,
            wish: one.what.wish.as_str(),
            text: one.what.text.clone(),
            at: one.at,
        });
        OwnAsset { asked, claim: all.iter().find(same).map(|one| one.id.0), shown }
    });
    let assets = assets.collect();
    let mut theirs = Vec::new();
    for one in all {
        let disputed = reader.read(|connection| conflicts::is_disputed(connection, one.id))?;
        if one.state == ClaimState::Proven && !disputed {
            continue;
        }
        theirs.push(Claim {
            id: one.id.0,
            kind: one.claimed.value.kind().as_str(),
            value: one.claimed.value.to_string(),
            role: one.claimed.role.as_str(),
            state: one.state.as_str(),
            disputed,
            at: one.created_at,
        });
    }
    let waiting = reader.read(contact_changes::list)?;
    let today = Timestamp::from_second(now)?.to_zoned(amsterdam()).date();
    let closed = closing_days::of_organisation(reader, own.organisation.id, today)?;
    Ok(OwnRegister {
        closed: closed.iter().map(ToString::to_string).collect(),
        head: own.head.clone(),
        assets,
        claims: theirs,
        contacts: shown.contacts,
        waiting: waiting
            .into_iter()
            .filter(|one| one.decision.is_none() && own.places.contains(&one.change.after.organisation))
            .map(|one| Waiting {
                id: one.id.0,
                role: one.change.after.role.as_str(),
                name: one.change.after.name,
                email: one.change.after.email,
                phone: one.change.after.phone,
                at: one.requested_at,
            })
            .collect(),
        relations: shown.relations,
    })
}
