//! The register as a list, and one organisation with what was sent to it.

use std::collections::HashMap;

use schakel_model::{
    affiliation::Step, ids::OrganisationId, register::OrganisationKind, relation::RelationKind,
};
use schakel_render::portal::relations::{self, Drawing, Group};
use schakel_store::{Reader, follow_ups, onboarding, outbox, register};
use serde::Serialize;

use crate::{
    pipeline::state::register_view,
    quality::{self, MemberQuality},
    register_show::{self, Shown},
};

/// Organisations on a page: nobody reads more, and a name finds any of them.
const LISTED: usize = 500;

/// Notifications that are listed of an organisation.
const NOTIFICATIONS: usize = 100;

/// The list.
#[derive(Debug, Serialize)]
pub struct Organisations {
    /// The name that is looked for.
    pub name: String,
    /// The kind that is looked for; empty: all.
    pub kind: String,
    /// Every kind.
    pub kinds: Vec<&'static str>,
    /// How many there are.
    pub count: u64,
    /// Those that are listed.
    pub organisations: Vec<Listed>,
    /// Are there more?
    pub more: bool,
}

/// An organisation in the list.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// A word.
    pub kind: &'static str,
    /// How many assets it has.
    pub assets: u64,
    /// How many contacts it has.
    pub contacts: u64,
}

/// One organisation.
#[derive(Debug, Serialize)]
pub struct Organisation {
    /// What the register says of it now.
    pub shown: Shown,
    /// The organisation that it is a part of: code and name.
    pub part_of: Option<(String, String)>,
    /// Those that are a part of it: codes and names.
    pub parts: Vec<(String, String)>,
    /// All of them as a picture; `None`: it stands alone.
    pub drawn: Option<Drawing>,
    /// Findings that are open there.
    pub open: u64,
    /// Those among them to which nothing was said.
    pub silent: u64,
    /// What was sent to it, the newest first.
    pub notifications: Vec<Sent>,
    /// The steps of joining, in their order.
    pub steps: Vec<JoiningStep>,
    /// Words of those that are still to be taken.
    pub next_steps: Vec<&'static str>,
}

/// A step of joining.
#[derive(Debug, Serialize)]
pub struct JoiningStep {
    /// A word.
    pub step: &'static str,
    /// When it was taken, in seconds since 1970.
    pub at: Option<i64>,
    /// With whom, on which number, and who says so.
    pub by: String,
    /// See [`JoiningStep::by`].
    pub number: String,
    /// See [`JoiningStep::by`].
    pub actor: String,
}

/// A notification.
#[derive(Debug, Serialize)]
pub struct Sent {
    /// Its number.
    pub number: u32,
    /// When it was made, in seconds since 1970.
    pub at: i64,
    /// Its subject.
    pub subject: String,
    /// How many findings it tells.
    pub findings: u64,
}

/// The organisations whose name or code holds this, and are of this kind (a word; empty: any).
pub fn list(reader: &Reader, name: &str, kind: &str) -> anyhow::Result<Organisations> {
    let wanted = name.trim().to_lowercase();
    let kind: Option<OrganisationKind> = kind.parse().ok();
    let all = reader.read(register::load_organisations_now)?.organisations;
    let mut found: Vec<_> = all
        .into_iter()
        .filter(|one| kind.is_none_or(|kind| one.kind == kind))
        .filter(|one| one.name.to_lowercase().contains(&wanted) || one.code.to_lowercase().contains(&wanted))
        .collect();
    found.sort_by_cached_key(|one| one.name.to_lowercase());
    let count = found.len() as u64;
    let more = found.len() > LISTED;
    found.truncate(LISTED);
    let counts: HashMap<OrganisationId, (u64, u64)> = reader.read(register::counts_now)?;
    let listed = found.into_iter().map(|one| {
        let (assets, contacts) = counts.get(&one.id).copied().unwrap_or_default();
        Listed { code: one.code, name: one.name, kind: one.kind.as_str(), assets, contacts }
    });
    Ok(Organisations {
        name: name.to_owned(),
        kind: kind.map_or("", OrganisationKind::as_str).to_owned(),
        kinds: OrganisationKind::ALL.iter().map(|kind| kind.as_str()).collect(),
        count,
        organisations: listed.collect(),
        more,
    })
}

/// The organisation with this code as it is now; `None` when there is none.
pub fn one(reader: &Reader, code: &str, now: i64) -> anyhow::Result<Option<Organisation>> {
    let all = reader.read(register::load_organisations_now)?.organisations;
    let Some(found) = all.iter().find(|one| one.code == code) else { return Ok(None) };
    let named = |one: &schakel_model::register::Organisation| (one.code.clone(), one.name.clone());
    let parent = found.parent.as_ref();
    let part_of = all.iter().find(|one| Some(&one.code) == parent).map(named);
    let parts: Vec<_> = all.iter().filter(|one| one.parent.as_deref() == Some(code)).map(named).collect();
    let version = reader.read(register::version)?;
    let shown = register_show::show(reader, version, code, Some(now))?;
    let told = reader.read(|connection| follow_ups::of_organisation(connection, found.id))?;
    let open = told.iter().filter(|one| one.closed_at.is_none());
    let silent = open.clone().filter(|one| one.state == schakel_model::answer::RecipientState::Told).count();
    let sent = reader.read(|connection| outbox::of_organisation(connection, found.id, NOTIFICATIONS))?;
    let joinings = reader.read(onboarding::joinings)?;
    let joining = joinings.into_iter().find(|one| one.organisation == found.id);
    let taken = joining.map(|joining| joining.taken).unwrap_or_default();
    let steps: Vec<JoiningStep> = Step::ALL
        .iter()
        .map(|step| match taken.iter().find(|one| one.step == *step) {
            Some(one) => JoiningStep {
                step: step.as_str(),
                at: Some(one.at),
                by: one.by.clone(),
                number: one.number.clone(),
                actor: one.actor.clone(),
            },
            None => JoiningStep {
                step: step.as_str(),
                at: None,
                by: String::new(),
                number: String::new(),
                actor: String::new(),
            },
        })
        .collect();
    Ok(Some(Organisation {
        next_steps: steps.iter().filter(|one| one.at.is_none()).map(|one| one.step).collect(),
        steps,
        drawn: drawn(&shown, part_of.as_ref(), &parts),
        part_of,
        parts,
        shown,
        open: open.count() as u64,
        silent: silent as u64,
        notifications: sent
            .into_iter()
            .map(|one| Sent {
                number: one.id.0,
                at: one.created_at,
                subject: one.subject,
                findings: one.findings,
            })
            .collect(),
    }))
}

/// Those around an organisation as a picture: what it is a part of and who works for it before it, its parts and for whom it works after it.
fn drawn(shown: &Shown, part_of: Option<&(String, String)>, parts: &[(String, String)]) -> Option<Drawing> {
    let name = |pair: &(String, String)| pair.1.clone();
    let of_parts =
        |key: &str, comes_in, names| Group { key: key.to_owned(), comes_in, kind: "parent", names };
    let mut groups = vec![
        of_parts("part-of", true, part_of.into_iter().map(name).collect()),
        of_parts("parts", false, parts.iter().map(name).collect()),
    ];
    for kind in RelationKind::ALL {
        for (side, comes_in) in [("to", true), ("from", false)] {
            let these = shown.relations.iter().filter(|one| one.kind == kind.as_str() && one.side == side);
            groups.push(Group {
                key: format!("relation-{}-{side}", kind.as_str()),
                comes_in,
                kind: kind.as_str(),
                names: these.map(|one| one.other_name.clone()).collect(),
            });
        }
    }
    relations::draw(&shown.name, &groups)
}

/// How good the data of an organisation is; `None` when there is none with this code.
pub fn quality_of(reader: &Reader, code: &str, now: i64) -> anyhow::Result<Option<MemberQuality>> {
    let view = register_view(reader, reader.read(register::version)?)?;
    Ok(quality::members(reader, &view, Some(code), now)?.pop())
}
