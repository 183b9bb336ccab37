//! Changes of the register by hand: a contact, a relation, an asset. How trusted contacts are reached is for people to change.

use std::sync::Arc;

use anyhow::{Context, ensure};
use schakel_app::{
    claims::organisation,
    contacts::{self, Changed},
    register::standing,
    relations,
};
use schakel_formats::register::RelationRow;
use schakel_model::{
    ids::{AssetId, ContactId, OrganisationId, RelationId},
    language::Language,
    register::{Contact, ContactRole, Register},
    relation::{Mandate, RelationKind},
    tlp::Tlp,
};
use schakel_store::{
    Store,
    act::Act,
    register::{self, RegisterChange, load_organisations_now},
    rehearsal::Keep,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::claims::DryRun;
use crate::rest::{
    call::Call,
    problem::Problem,
    values::{At, Word},
};

/// What was done, or would be.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterChanged {
    /// Nothing was kept
    dry_run: bool,
    /// What stands, or would stand, in the audit log
    actions: Vec<String>,
}

/// A contact that is new.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewContact {
    /// Every role but `vcib`
    role: Word<ContactRole>,
    /// The person, or what the mailbox is called
    #[schemars(length(max = 200))]
    name: Option<String>,
    #[schemars(length(max = 320))]
    email: Option<String>,
    #[schemars(length(max = 100))]
    phone: Option<String>,
    /// Without it that of the organisation
    language: Option<Word<Language>>,
    /// The highest marking they may receive; without it AMBER
    tlp_max: Option<Word<Tlp>>,
    /// Their place among those with the same role, the lowest first
    #[schemars(range(min = 0, max = 65535))]
    order: Option<u16>,
    valid_from_at: Option<At>,
    valid_until_at: Option<At>,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// What changes about a contact; what is left out stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ContactChange {
    #[schemars(length(max = 200))]
    name: Option<String>,
    #[schemars(length(max = 320))]
    email: Option<String>,
    #[schemars(length(max = 100))]
    phone: Option<String>,
    language: Option<Word<Language>>,
    tlp_max: Option<Word<Tlp>>,
    #[schemars(range(min = 0, max = 65535))]
    order: Option<u16>,
    valid_from_at: Option<At>,
    valid_until_at: Option<At>,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// Why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Because {
    #[schemars(length(min = 1, max = 4000))]
    reason: String,
}

impl Because {
    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// A relation between two organisations.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewRelation {
    /// The code of the organisation that serves, supplies, takes part or merges
    #[schemars(length(min = 1, max = 200))]
    from: String,
    kind: Word<RelationKind>,
    /// The code of the other
    #[schemars(length(min = 1, max = 200))]
    to: String,
    /// Of a supplier: what it hears; without it only the member is told
    mandate: Option<Word<Mandate>>,
    /// Of a supplier: may its systems be scanned
    scan_consent: Option<bool>,
    valid_from_at: Option<At>,
    valid_until_at: Option<At>,
    #[schemars(length(max = 1000))]
    note: Option<String>,
    /// Why
    #[schemars(length(max = 4000))]
    reason: Option<String>,
}

/// Does something to the register, or only looks what it comes to.
pub fn change(
    call: &Call,
    query: DryRun,
    reason: &str,
    work: impl FnOnce(&mut Store, &Act<'_>) -> anyhow::Result<()> + Send + 'static,
) -> Result<RegisterChanged, Problem> {
    let dry_run = query.dry_run();
    let keep = if dry_run { Keep::Nothing } else { Keep::All };
    let (_, done) = call
        .change(reason, move |at_work, act| at_work.intake.store().as_one(keep, |store| work(store, &act)))?;
    let actions = done.changes.iter().map(|entry| format!("{} {}", entry.action, entry.subject)).collect();
    Ok(RegisterChanged { dry_run, actions })
}

/// Who is trusted with what is confidential is decided by people, with four eyes.
fn is_ordinary(role: ContactRole) -> anyhow::Result<()> {
    ensure!(
        role != ContactRole::Vcib,
        "a program cannot change a trusted contact: somebody of the desk does, and somebody else approves it"
    );
    Ok(())
}

/// `POST /organisations/{organisation}/contacts`
pub fn add_contact(call: &Call, query: DryRun, new: NewContact) -> Result<RegisterChanged, Problem> {
    let names = call.reader.read(load_organisations_now)?;
    let of = organisation(&names, call.name("organisation")).map_err(|_| Problem::not_found())?;
    let (code, language) = (of.code.clone(), of.language);
    let text = |text: Option<String>| text.unwrap_or_default().trim().to_owned();
    let contact = Contact {
        id: ContactId(0),
        organisation: OrganisationId(0),
        role: new.role.0,
        name: text(new.name),
        email: text(new.email),
        phone: text(new.phone),
        language: new.language.map_or(language, |language| language.0),
        tlp_max: new.tlp_max.map_or(Tlp::Amber, |tlp| tlp.0),
        position: new.order.unwrap_or(0),
        valid_from: new.valid_from_at.map(|at| at.0),
        valid_until: new.valid_until_at.map(|at| at.0),
    };
    change(call, query, &new.reason.unwrap_or_default(), move |store, act| {
        is_ordinary(contact.role)?;
        applied(contacts::add(store, act, &code, contact)?)
    })
}

/// `POST /contacts/{contact}/change`
pub fn change_contact(call: &Call, query: DryRun, new: ContactChange) -> Result<RegisterChanged, Problem> {
    let id: ContactId = call.number("contact", "")?;
    known(call, |register| register.contacts.iter().any(|one| one.id == id))?;
    let reason = new.reason.clone().unwrap_or_default();
    change(call, query, &reason, move |store, act| {
        is_ordinary(contacts::contact(&standing(store)?, id)?.role)?;
        let text = |said: &Option<String>, stands: &str| {
            said.as_ref().map_or_else(|| stands.to_owned(), |said| said.trim().to_owned())
        };
        let after = |before: &Contact| Contact {
            name: text(&new.name, &before.name),
            email: text(&new.email, &before.email),
            phone: text(&new.phone, &before.phone),
            language: new.language.map_or(before.language, |language| language.0),
            tlp_max: new.tlp_max.map_or(before.tlp_max, |tlp| tlp.0),
            position: new.order.unwrap_or(before.position),
            valid_from: new.valid_from_at.map(|at| at.0).or(before.valid_from),
            valid_until: new.valid_until_at.map(|at| at.0).or(before.valid_until),
            ..before.clone()
        };
        applied(contacts::change(store, act, id, after)?)
    })
}

fn applied(changed: Changed) -> anyhow::Result<()> {
    ensure!(changed == Changed::Applied, "it needs a second pair of eyes");
    Ok(())
}

/// `POST /contacts/{contact}/leave`
pub fn contact_leaves(call: &Call, query: DryRun, because: Because) -> Result<RegisterChanged, Problem> {
    let id: ContactId = call.number("contact", "")?;
    known(call, |register| register.contacts.iter().any(|one| one.id == id))?;
    change(call, query, &because.reason, move |store, act| {
        is_ordinary(contacts::contact(&standing(store)?, id)?.role)?;
        contacts::leave(store, act, id).map(|_| ())
    })
}

/// `POST /relations`
pub fn add_relation(call: &Call, query: DryRun, new: NewRelation) -> Result<RegisterChanged, Problem> {
    let row = RelationRow {
        from: Arc::from(new.from),
        kind: new.kind.0,
        to: Arc::from(new.to),
        mandate: new.mandate.map_or(Mandate::default(), |mandate| mandate.0),
        scan_consent: new.scan_consent.unwrap_or(false),
        valid_from: new.valid_from_at.map(|at| at.0),
        valid_until: new.valid_until_at.map(|at| at.0),
        note: new.note.unwrap_or_default(),
    };
    change(call, query, &new.reason.unwrap_or_default(), move |store, act| {
        relations::add(store, act, row).map(|_| ())
    })
}

/// `POST /relations/{relation}/withdraw`
pub fn withdraw_relation(call: &Call, query: DryRun, because: Because) -> Result<RegisterChanged, Problem> {
    let id: RelationId = call.number("relation", "")?;
    known(call, |register| register.relations.iter().any(|one| one.id == id))?;
    change(call, query, &because.reason, move |store, act| relations::withdraw(store, act, id).map(|_| ()))
}

/// `POST /assets/{asset}/withdraw`
pub fn withdraw_asset(call: &Call, query: DryRun, because: Because) -> Result<RegisterChanged, Problem> {
    let id: AssetId = call.number("asset", "")?;
    known(call, |register| register.assets.iter().any(|one| one.id == id))?;
    change(call, query, &because.reason, move |store, act| {
        let register = standing(store)?;
        register.assets.iter().find(|asset| asset.id == id).context("this asset is gone already")?;
        let change = RegisterChange { withdrawn_assets: vec![id], ..RegisterChange::default() };
        store.change_register(act.at, act.actor, act.reason, &change).map(|_| ()).map_err(Into::into)
    })
}

/// What is not in the register is not there.
pub fn known(call: &Call, is_it: impl FnOnce(&Register) -> bool) -> Result<(), Problem> {
    let register =
        call.reader.read(|connection| register::load(connection, register::version(connection)?))?;
    if is_it(&register) { Ok(()) } else { Err(Problem::not_found()) }
}
