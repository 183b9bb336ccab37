//! Changes of the register, each shown with what it would lead to before it is made.

use anyhow::{Context, bail, ensure};
use schakel_formats::register::read_value;
use schakel_model::{
    asset::{AssetKind, Role},
    ids::{AssetId, ContactId, OrganisationId},
    language::Language,
    register::{Contact, ContactRole, Register},
    tlp::Tlp,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    announced, claims as stored,
    register::{self, RegisterChange},
    rehearsal::Keep,
};
use serde::Serialize;

use crate::{
    changed_register::{Change, with_changes},
    claims::{self, Entered, Entry, Run, TheAsset},
    config::ClaimsConfig,
    contacts::{self, Changed},
    difference::Difference,
    explain::organisation_name,
    pipeline::state::RegisterView,
    proof,
    refused::Refused,
    register::standing,
    register_import::Import,
    whatif::{Question, Span, chunks_in, whatif},
};

/// A change is tried on what came in during this time, in seconds.
const TRIED_ON_SECONDS: i64 = 86_400;

/// Examples of each group of findings that would change.
const EXAMPLES: usize = 3;

/// Rows of an import that are listed, of each kind.
const ROWS: usize = 200;

/// What adding or withdrawing an asset would lead to.
#[derive(Debug, Serialize)]
pub struct AssetPage {
    /// The organisation.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Kinds and roles to choose from: words.
    pub kinds: Vec<&'static str>,
    /// See [`AssetPage::kinds`].
    pub roles: Vec<&'static str>,
    /// What is asked for.
    pub asked: Asked,
    /// What it comes to; none: nothing was asked yet, or it cannot be read.
    pub preview: Option<Preview>,
    /// Why it cannot be read, in a sentence; may be empty.
    pub wrong: String,
}

/// An asset, as somebody typed it or chose it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Asked {
    /// A word.
    pub kind: String,
    /// As typed.
    pub value: String,
    /// A word.
    pub role: String,
    /// The number of one to withdraw; empty: one to add.
    pub asset: String,
}

/// What a change would lead to.
#[derive(Debug, Serialize)]
pub struct Preview {
    /// What would be added or withdrawn, as the register writes it.
    pub values: Vec<String>,
    /// What of others it meets: code, name, value, role, proof.
    pub meets: Vec<(String, String, String, &'static str, &'static str)>,
    /// What would have been told otherwise in the last day.
    pub difference: Difference,
}

/// What the asset that is asked for would lead to; `None` when there is no such organisation.
pub fn asset_page(reader: &Reader, code: &str, asked: Asked, now: i64) -> anyhow::Result<Option<AssetPage>> {
    let standing = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let Some(found) = standing.organisations.iter().find(|one| one.code == code) else { return Ok(None) };
    let (id, name) = (found.id, found.name.clone());
    let mut page = AssetPage {
        code: code.to_owned(),
        name,
        kinds: AssetKind::ALL.iter().map(|one| one.as_str()).collect(),
        roles: Role::ALL.iter().map(|one| one.as_str()).collect(),
        asked,
        preview: None,
        wrong: String::new(),
    };
    if page.asked.value.trim().is_empty() && page.asked.asset.is_empty() {
        return Ok(Some(page));
    }
    match preview(reader, standing, (code, id), &page.asked, now) {
        Ok(preview) => page.preview = Some(preview),
        Err(error) if crate::arrivals::is_store_trouble(&error) => return Err(error),
        Err(error) => page.wrong = format!("{error:#}"),
    }
    Ok(Some(page))
}

fn preview(
    reader: &Reader,
    standing: Register,
    (code, organisation): (&str, OrganisationId),
    asked: &Asked,
    now: i64,
) -> anyhow::Result<Preview> {
    let (change, values, meets) = if asked.asset.is_empty() {
        let kind: AssetKind = asked.kind.parse().ok().context("choose a kind")?;
        let role: Role = asked.role.parse().ok().context("choose a role")?;
        let values = read_value(kind, asked.value.trim()).map_err(|(_, message)| anyhow::anyhow!(message))?;
        let known = reader.read(stored::list)?;
        let mut meets = Vec::new();
        for value in &values {
            for met in claims::meets(&standing, &known, organisation, value, now) {
                let (code, name) = organisation_name(&standing, met.organisation);
                let (value, role, proof) = (met.value.to_string(), met.role.as_str(), met.proof.as_str());
                meets.push((code.to_owned(), name.to_owned(), value, role, proof));
            }
        }
        let shown = values.iter().map(ToString::to_string).collect();
        (Change::Add { organisation: code.to_owned(), values, role }, shown, meets)
    } else {
        let id = asked.asset.parse().ok().map(AssetId).context("that is no asset")?;
        let asset = standing.assets.iter().find(|one| one.id == id && one.organisation == organisation);
        let asset = asset.context("that asset is not in the register any more")?;
        (Change::WithdrawAsset(id), vec![asset.value.to_string()], Vec::new())
    };
    let mut changed = with_changes(&standing, &[change])?;
    changed.announced =
        reader.read(|connection| announced::load(connection, standing.version, &changed.assets))?;
    let chunks = chunks_in(reader, Span::Since(now - TRIED_ON_SECONDS))?;
    let question = Question {
        standing: &RegisterView::new(standing),
        changed: &RegisterView::new(changed),
        now,
        examples: EXAMPLES,
    };
    Ok(Preview { values, meets, difference: whatif(reader, &chunks, &question, &|_| ())? })
}

/// Enters an asset as a claim; when the desk has looked whose it is, with that as its proof. Either all of it, or nothing.
pub fn add_asset(
    store: &mut Store,
    config: &ClaimsConfig,
    act: &Act<'_>,
    entry: &Entry<'_>,
    looked: Looked,
) -> anyhow::Result<Vec<Entered>> {
    let (entered, _) = store.as_one(Keep::All, |store| {
        let entered = claims::add(store, config, act, entry, Run::Real)?;
        if looked == Looked::ByUs {
            for id in entered.iter().filter_map(|one| one.id) {
                proof::by_desk(store, config, act, id)?;
            }
        }
        anyhow::Ok(entered)
    })?;
    Ok(entered)
}

/// Has the desk looked whose it is?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looked {
    /// It has, and says why.
    ByUs,
    /// It is what somebody says.
    Said,
}

/// Withdraws an asset, with the claim that made it when there is one.
pub fn withdraw_asset(store: &mut Store, act: &Act<'_>, code: &str, id: AssetId) -> anyhow::Result<()> {
    let register = standing(store)?;
    let organisation = claims::organisation(&register, code)?.id;
    let asset = register.assets.iter().find(|one| one.id == id && one.organisation == organisation);
    let asset = asset.ok_or_else(|| Refused::AssetGone { asset: id.to_string(), code: code.to_owned() })?;
    let of_claim = store.read(stored::list)?.into_iter().find(|claim| {
        let claimed = &claim.claimed;
        !claim.state.is_over()
            && claimed.organisation == organisation
            && claimed.value == asset.value
            && claimed.role == asset.role
    });
    match of_claim {
        Some(claim) => claims::withdraw(store, act, claim.id, TheAsset::Goes),
        None => {
            let change = RegisterChange { withdrawn_assets: vec![id], ..RegisterChange::default() };
            store.change_register(act.at, act.actor, act.reason, &change)?;
            Ok(())
        }
    }
}

/// A contact as somebody typed it.
#[derive(Clone, Debug, Default, Serialize)]
#[allow(missing_docs)] // The columns of the register's file.
pub struct Typed {
    pub role: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub language: String,
    pub tlp_max: String,
}

/// The form for a contact.
#[derive(Debug, Serialize)]
pub struct ContactPage {
    /// The organisation.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The number of the contact; none: somebody new.
    pub contact: Option<u32>,
    /// As it stands.
    pub standing: Typed,
    /// Words to choose from.
    pub roles: Vec<&'static str>,
    /// See [`ContactPage::roles`].
    pub tlps: Vec<&'static str>,
}

/// The form for a contact of an organisation: one that stands, or somebody new.
pub fn contact_page(reader: &Reader, code: &str, contact: &str) -> anyhow::Result<Option<ContactPage>> {
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let Some(found) = register.organisations.iter().find(|one| one.code == code) else { return Ok(None) };
    let standing = match contact {
        "" => None,
        number => {
            let is_it = |one: &&Contact| one.organisation == found.id && one.id.to_string() == number;
            let Some(contact) = register.contacts.iter().find(is_it) else { return Ok(None) };
            Some(contact)
        }
    };
    let usual = Typed {
        role: ContactRole::Findings.as_str().to_owned(),
        language: Language::default().as_str().to_owned(),
        tlp_max: Tlp::Amber.as_str().to_owned(),
        ..Typed::default()
    };
    Ok(Some(ContactPage {
        code: found.code.clone(),
        name: found.name.clone(),
        contact: standing.map(|one| one.id.0),
        standing: standing.map_or(usual, |one| Typed {
            role: one.role.as_str().to_owned(),
            name: one.name.clone(),
            email: one.email.clone(),
            phone: one.phone.clone(),
            language: one.language.as_str().to_owned(),
            tlp_max: one.tlp_max.as_str().to_owned(),
        }),
        roles: ContactRole::ALL.iter().map(|one| one.as_str()).collect(),
        tlps: Tlp::ALL.iter().map(|one| one.as_str()).collect(),
    }))
}

/// Adds a contact to an organisation, or changes one that stands. A change of how trusted contacts are reached waits for a second pair of eyes.
pub fn put_contact(
    store: &mut Store,
    act: &Act<'_>,
    code: &str,
    contact: Option<ContactId>,
    typed: &Typed,
) -> anyhow::Result<Changed> {
    let role: ContactRole = typed.role.parse().ok().context("choose a role")?;
    let language: Language = typed.language.parse().ok().context("choose a language")?;
    let tlp_max: Tlp = typed.tlp_max.parse().ok().context("choose a marking")?;
    let after = |before: &Contact| Contact {
        role,
        language,
        tlp_max,
        name: typed.name.clone(),
        email: typed.email.clone(),
        phone: typed.phone.clone(),
        ..before.clone()
    };
    match contact {
        Some(id) => {
            of_organisation(store, code, id)?;
            contacts::change(store, act, id, after)
        }
        None => {
            let nobody = Contact {
                id: ContactId(0),
                organisation: OrganisationId(0),
                role,
                name: String::new(),
                email: String::new(),
                phone: String::new(),
                language,
                tlp_max,
                position: 1,
                valid_from: None,
                valid_until: None,
            };
            contacts::add(store, act, code, after(&nobody))
        }
    }
}

/// A contact leaves: at once, with the mail that waited for them.
pub fn contact_leaves(store: &mut Store, act: &Act<'_>, code: &str, id: ContactId) -> anyhow::Result<()> {
    of_organisation(store, code, id)?;
    contacts::leave(store, act, id).map(|_| ())
}

/// Somebody asked, and the contact is still right.
pub fn contact_is_right(store: &mut Store, act: &Act<'_>, code: &str, id: ContactId) -> anyhow::Result<()> {
    of_organisation(store, code, id)?;
    contacts::confirm(store, act, id)
}

fn of_organisation(store: &Store, code: &str, id: ContactId) -> anyhow::Result<()> {
    let register = standing(store)?;
    let organisation = claims::organisation(&register, code)?.id;
    let contact = contacts::contact(&register, id)?;
    ensure!(contact.organisation == organisation, Refused::NotTheirContact {});
    Ok(())
}

/// What an import would change.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Imported {
    /// In which format it was read, in words.
    pub format: &'static str,
    /// Problems of rows, in sentences.
    pub problems: Vec<String>,
    /// How many of them keep it from being applied.
    pub errors: u64,
    /// By kind of row: its file, how many are new, changed, withdrawn, and stay.
    pub kinds: Vec<(&'static str, u64, u64, u64, u64)>,
    /// Rows that change: what happens, before, after.
    pub rows: Vec<(&'static str, String, String)>,
    /// Rows that claim what somebody else has proven.
    pub conflicts: Vec<String>,
    /// Organisations that would go while something of theirs is open.
    pub leaving: Vec<String>,
    /// Can it be applied?
    pub usable: bool,
    /// Does it change anything?
    pub changes: bool,
}

/// What an import would change.
pub fn look_at_import(store: &Store, import: &Import) -> anyhow::Result<Imported> {
    let diff = import.diff();
    let counts = |file: &'static str, counts: schakel_rules::register_diff::Counts| {
        (file, counts.added, counts.changed, counts.withdrawn, counts.unchanged)
    };
    let mut rows = Vec::new();
    listed(&diff.organisations, &mut rows);
    listed(&diff.assets, &mut rows);
    listed(&diff.contacts, &mut rows);
    listed(&diff.relations, &mut rows);
    let leaving = import.leaving(store, &diff)?;
    Ok(Imported {
        format: import.format.describe(),
        problems: import.reading.problems.iter().take(ROWS).map(ToString::to_string).collect(),
        errors: import.reading.errors,
        kinds: vec![
            counts("organisations", diff.organisations.counts()),
            counts("assets", diff.assets.counts()),
            counts("contacts", diff.contacts.counts()),
            counts("relations", diff.relations.counts()),
        ],
        conflicts: import
            .conflicts(&diff)
            .iter()
            .map(|one| format!("{} {}: {}", one.row.organisation, one.row.value, one.with.organisation))
            .collect(),
        usable: import.reading.errors == 0 && leaving.is_empty(),
        leaving: leaving.into_iter().map(|one| one.code).collect(),
        changes: !diff.is_empty(),
        rows,
    })
}

fn listed<T: schakel_formats::register::Row>(
    changes: &schakel_rules::register_diff::Changes<'_, T>,
    rows: &mut Vec<(&'static str, String, String)>,
) {
    use schakel_formats::register::line;
    let added = changes.added.iter().map(|row| ("added", String::new(), line(*row)));
    let changed = changes.changed.iter().map(|one| ("changed", line(one.before), line(one.after)));
    let withdrawn = changes.withdrawn.iter().map(|row| ("withdrawn", line(*row), String::new()));
    rows.extend(added.chain(changed).chain(withdrawn).take(ROWS));
}

/// Applies an import that has no errors and takes nothing away that is open.
pub fn apply_import(store: &mut Store, act: &Act<'_>, import: &Import) -> anyhow::Result<()> {
    let looked = look_at_import(store, import)?;
    if !looked.usable {
        bail!(Refused::ImportErrors { errors: looked.errors.to_string() });
    }
    let diff = import.diff();
    ensure!(!diff.is_empty(), Refused::ImportNothing {});
    import.apply(store, &diff, *act)?;
    Ok(())
}
