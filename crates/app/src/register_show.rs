//! One organisation as the register has it: its relations, assets and contacts, at a time, as known at a time.

use anyhow::{Context, ensure};
use schakel_model::{
    ids::{OrganisationId, RegisterVersion},
    register::{Contact, Organisation, Register},
    relation::Relation,
};
use schakel_store::{Reader, register, register_history::version_at};
use serde::Serialize;

use crate::explain::{day, organisation_name, rfc3339};

/// An organisation. The names of the fields are a contract.
#[derive(Debug, Serialize)]
#[allow(missing_docs)] // The columns of the register's files.
pub struct Shown {
    pub organisation: String,
    pub name: String,
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    pub language: &'static str,
    /// The version that was looked at.
    pub register_version: u32,
    /// Of the time that was asked about, RFC 3339; without it everything is there, past and future too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    pub relations: Vec<ShownRelation>,
    pub assets: Vec<ShownAsset>,
    pub contacts: Vec<ShownContact>,
}

/// A relation, seen from the organisation.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct ShownRelation {
    pub id: u32,
    /// Does it go out from the organisation (`from`), or come in (`to`)?
    pub side: &'static str,
    pub kind: &'static str,
    pub other: String,
    pub other_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mandate: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_consent: Option<bool>,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    pub note: String,
}

/// An asset.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct ShownAsset {
    pub id: u32,
    pub kind: &'static str,
    pub value: String,
    pub role: &'static str,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    pub proof: &'static str,
    pub flags: Vec<&'static str>,
    pub note: String,
}

/// A contact.
#[derive(Debug, Serialize)]
#[allow(missing_docs)]
pub struct ShownContact {
    pub id: u32,
    pub role: &'static str,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub language: &'static str,
    pub tlp_max: &'static str,
    pub order: u16,
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
}

/// The newest version of the register, or the one that stood at a time.
///
/// # Errors
/// When nothing was recorded by then.
pub fn version_known_at(reader: &Reader, as_known_at: Option<i64>) -> anyhow::Result<RegisterVersion> {
    match as_known_at {
        None => Ok(reader.read(register::version)?),
        Some(at) => {
            let version = reader.read(|connection| version_at(connection, at))?;
            ensure!(
                version > RegisterVersion(0),
                "nothing was known at {}: the register was empty. `schakel register history` says since when it is not",
                rfc3339(at)
            );
            Ok(version)
        }
    }
}

/// Shows the organisation with this code, or this name, by a version of the register.
///
/// # Errors
/// When there is none.
pub fn show(reader: &Reader, version: RegisterVersion, code: &str, at: Option<i64>) -> anyhow::Result<Shown> {
    let mut register = reader.read(|connection| register::load_organisations(connection, version))?;
    let organisation = find(&register, code)
        .with_context(|| format!("version {version} of the register has no organisation {code}"))?
        .clone();
    let id = organisation.id;
    reader.read(|connection| register::load_of(connection, &mut register, id))?;
    let register = &register;
    let then = |valid: &dyn Fn(i64) -> bool| at.is_none_or(valid);
    let relations = register
        .relations
        .iter()
        .filter(|relation| relation.from == id || relation.to == id)
        .filter(|relation| then(&|at| relation.valid_at(at)))
        .map(|relation| shown_relation(register, id, relation))
        .collect();
    let assets = register
        .assets
        .iter()
        .filter(|asset| asset.organisation == id && then(&|at| asset.valid_at(at)))
        .map(|asset| ShownAsset {
            id: asset.id.0,
            kind: asset.value.kind().as_str(),
            value: asset.value.to_string(),
            role: asset.role.as_str(),
            valid_from: asset.valid_from.map(day),
            valid_until: asset.valid_until.map(day),
            proof: asset.proof.as_str(),
            flags: [
                (asset.flags.dynamic, "dynamic"),
                (asset.flags.shared_hosting, "shared_hosting"),
                (asset.flags.excluded, "excluded"),
            ]
            .into_iter()
            .filter_map(|(set, word)| set.then_some(word))
            .collect(),
            note: asset.note.clone(),
        })
        .collect();
    let contacts = register
        .contacts
        .iter()
        .filter(|contact| contact.organisation == id && then(&|at| contact.valid_at(at)))
        .map(shown_contact)
        .collect();
    Ok(Shown {
        organisation: organisation.code.clone(),
        name: organisation.name.clone(),
        kind: organisation.kind.as_str(),
        parent: organisation.parent.clone(),
        language: organisation.language.as_str(),
        register_version: register.version.0,
        at: at.map(rfc3339),
        relations,
        assets,
        contacts,
    })
}

/// By code as written, else by code or name in any case when only one has it.
fn find<'r>(register: &'r Register, code: &str) -> Option<&'r Organisation> {
    let all = &register.organisations;
    all.iter().find(|one| one.code == code).or_else(|| {
        let same = |text: &str| text.to_lowercase() == code.to_lowercase();
        let mut like = all.iter().filter(|one| same(&one.code) || same(&one.name));
        let only = like.next()?;
        like.next().is_none().then_some(only)
    })
}

fn shown_relation(register: &Register, id: OrganisationId, relation: &Relation) -> ShownRelation {
    let goes_out = relation.from == id;
    let other = if goes_out { relation.to } else { relation.from };
    let (code, name) = organisation_name(register, other);
    let supplies = relation.kind == schakel_model::relation::RelationKind::Supplies;
    ShownRelation {
        id: relation.id.0,
        side: if goes_out { "from" } else { "to" },
        kind: relation.kind.as_str(),
        other: code.to_owned(),
        other_name: name.to_owned(),
        mandate: supplies.then(|| relation.mandate.as_str()),
        scan_consent: supplies.then_some(relation.scan_consent),
        valid_from: relation.valid_from.map(day),
        valid_until: relation.valid_until.map(day),
        note: relation.note.clone(),
    }
}

fn shown_contact(contact: &Contact) -> ShownContact {
    ShownContact {
        id: contact.id.0,
        role: contact.role.as_str(),
        name: contact.name.clone(),
        email: contact.email.clone(),
        phone: contact.phone.clone(),
        language: contact.language.as_str(),
        tlp_max: contact.tlp_max.as_str(),
        order: contact.position,
        valid_from: contact.valid_from.map(day),
        valid_until: contact.valid_until.map(day),
    }
}
