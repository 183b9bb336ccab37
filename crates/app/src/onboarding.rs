//! Joining: the steps, and what becomes of assignments of an organisation that has not joined yet. Never silence: its general contact
//! hears that something waits, and what is critical stands on the calling list.

use std::collections::HashSet;

use anyhow::{Context, ensure};
use foldhash::fast::RandomState;
use jiff::Timestamp;
use schakel_model::{
    affiliation::{Joining, Step, StepTaken},
    asset::AssetKind,
    fate::Fate,
    ids::OrganisationId,
    register::{Contact, ContactRole, Organisation, Register},
};
use schakel_render::{letter::About, templates::Templates};
use schakel_rules::onboarding::{
    Answer, Registered, Waits, WhyCall, care, is_affiliated, may_confirm, missing,
};
use schakel_store::{
    Reader, Store, StoreError,
    act::Act,
    chunks::{self, Blocks},
    onboarding::{self as stored, Waiting},
    reports,
};

use crate::{
    claims::organisation,
    config::Config,
    letters::{Addressed, post},
    pipeline::state::RegisterView,
    register::standing,
};

/// Organisations, by number.
pub type Organisations = HashSet<OrganisationId, RandomState>;

/// Those that have begun to join and are not officially affiliated. Others that the register holds were entered by the desk and are.
pub fn not_affiliated(reader: &Reader) -> Result<Organisations, StoreError> {
    let joinings = reader.read(stored::joinings)?;
    Ok(joinings
        .into_iter()
        .filter(|joining| !is_affiliated(Some(joining)))
        .map(|joining| joining.organisation)
        .collect())
}

/// The joining of an organisation; without a step when it has not begun.
pub fn joining(store: &Store, organisation: OrganisationId) -> anyhow::Result<Joining> {
    let joinings = store.read(stored::joinings)?;
    let found = joinings.into_iter().find(|joining| joining.organisation == organisation);
    Ok(found.unwrap_or(Joining { organisation, taken: Vec::new() }))
}

/// What confirming a step has done.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// The joining now.
    pub joining: Joining,
    /// Blocks of assignments that waited and no longer do, because this step made it officially affiliated.
    pub released: usize,
}

/// Confirms a step: `by` names with whom, `number` the telephone number it is about.
pub fn confirm(
    store: &mut Store,
    act: &Act<'_>,
    code: &str,
    step: Step,
    by: &str,
    number: &str,
) -> anyhow::Result<Confirmed> {
    let register = standing(store)?;
    let organisation = organisation(&register, code)?.clone();
    let mut joining = joining(store, organisation.id)?;
    let contacts: Vec<&Contact> = valid_contacts(&register, organisation.id, act.at).collect();
    let assets = register.assets.iter().filter(|asset| asset.organisation == organisation.id);
    let (products, others): (Vec<_>, Vec<_>) =
        assets.partition(|asset| asset.value.kind() == AssetKind::Product);
    let registered = Registered { contacts: &contacts, assets: others.len(), products: products.len() };
    may_confirm(&joining, step, number, registered)
        .map_err(|why| anyhow::anyhow!("{step} cannot be confirmed for {code} yet: {why}"))?;
    let was_affiliated = is_affiliated(Some(&joining));
    let taken = StepTaken {
        step,
        at: act.at,
        actor: act.actor.to_owned(),
        by: by.trim().to_owned(),
        number: number.trim().to_owned(),
    };
    joining.taken.retain(|one| one.step != step);
    joining.taken.push(taken.clone());
    joining.taken.sort_by_key(|one| one.step);
    let released = match !was_affiliated && is_affiliated(Some(&joining)) {
        true => released(store, register, organisation.id, act.at)?,
        false => Vec::new(),
    };
    store.take_step(act, (organisation.id, &organisation.code), &taken, &released)?;
    Ok(Confirmed { joining, released: released.len() })
}

/// The fates that waiting assignments get when their organisation has joined: as if they came in now.
fn released(
    store: &Store,
    register: Register,
    organisation: OrganisationId,
    now: i64,
) -> anyhow::Result<Vec<(i64, Fate)>> {
    let held: HashSet<i64> =
        store.read(|connection| stored::held(connection, organisation))?.into_iter().collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let view = RegisterView::new(register);
    let mut released = Vec::new();
    for block in store.read(|connection| chunks::blocks(connection, &Blocks::WithFate(Fate::Held)))? {
        let Some(assignee) = block.assignee.filter(|_| held.contains(&block.id)) else { continue };
        let chunk = store.read(|connection| chunks::by_id(connection, block.chunk))?;
        let member = chunk.map_or(0, |chunk| chunk.member);
        let terms = store.read(|connection| reports::terms(connection, block.report, member))?;
        released.push((block.id, view.fate_of(Some(assignee), &[assignee], terms, now)));
    }
    Ok(released)
}

/// The contacts of an organisation that are valid now.
pub fn valid_contacts(
    register: &Register,
    organisation: OrganisationId,
    now: i64,
) -> impl Iterator<Item = &Contact> + Clone {
    register
        .contacts
        .iter()
        .filter(move |contact| contact.organisation == organisation && contact.valid_at(now))
}

/// An organisation that something waits for.
#[derive(Clone, Debug)]
pub struct ForWhomSomethingWaits {
    /// Which.
    pub organisation: Organisation,
    /// What waits.
    pub waiting: Waiting,
    /// When its general contact last heard of it, in seconds since 1970.
    pub letter_at: Option<i64>,
    /// Why somebody calls, if so.
    pub call: Option<WhyCall>,
    /// Numbers to call, with whose they are, the best first.
    pub numbers: Vec<(String, String)>,
}

/// Everything that waits for organisations that are not affiliated. Those who must be called stand first.
pub fn waiting(reader: &Reader, register: &Register, now: i64) -> anyhow::Result<Vec<ForWhomSomethingWaits>> {
    let mut list = Vec::new();
    for organisation in not_affiliated(reader)? {
        let Some(organisation) = register.organisation(organisation) else { continue };
        let id = organisation.id;
        let mut blocks = reader.read(|connection| stored::held(connection, id))?;
        blocks.extend(reader.read(|connection| stored::to_hold(connection, id))?);
        let waiting = reader.read(|connection| stored::waiting(connection, &blocks))?;
        if waiting.count == 0 {
            continue;
        }
        let letter_at = reader.read(|connection| stored::letter_at(connection, id))?;
        let waits = waits(register, id, &waiting, letter_at, now);
        list.push(ForWhomSomethingWaits {
            organisation: organisation.clone(),
            waiting,
            letter_at,
            call: care(waits, now).call,
            numbers: numbers(register, id, now),
        });
    }
    list.sort_by_key(|one| {
        (one.call.is_none(), std::cmp::Reverse(one.waiting.critical), one.organisation.code.clone())
    });
    Ok(list)
}

fn numbers(register: &Register, organisation: OrganisationId, now: i64) -> Vec<(String, String)> {
    let place = |role: ContactRole| match role {
        ContactRole::Duty => 0,
        ContactRole::Vcib => 1,
        ContactRole::Acib => 2,
        _ => 3,
    };
    let mut contacts: Vec<&Contact> = valid_contacts(register, organisation, now)
        .filter(|contact| !contact.phone.trim().is_empty())
        .collect();
    contacts.sort_by_key(|contact| (place(contact.role), contact.position));
    contacts
        .into_iter()
        .map(|contact| (contact.phone.clone(), format!("{} {}", contact.role, contact.name)))
        .collect()
}

fn waits(
    register: &Register,
    organisation: OrganisationId,
    waiting: &Waiting,
    letter_at: Option<i64>,
    now: i64,
) -> Waits {
    let can_be_written_to = match general_contact(register, organisation, now) {
        Some(_) => Answer::Yes,
        None => Answer::No,
    };
    Waits {
        count: waiting.count,
        critical: waiting.critical,
        newest_at: waiting.since.1,
        letter_at,
        can_be_written_to,
    }
}

/// The first general contact with a mail address.
fn general_contact(register: &Register, organisation: OrganisationId, now: i64) -> Option<&Contact> {
    valid_contacts(register, organisation, now)
        .filter(|contact| contact.role == ContactRole::Acib && !contact.email.trim().is_empty())
        .min_by_key(|contact| contact.position)
}

/// Before notifications are made: keeps back what concerns organisations that are not affiliated, and writes to those that it is time to
/// write to. Gives how many letters.
pub fn keep_back(
    store: &mut Store,
    reader: &Reader,
    config: &Config,
    templates: &Templates,
    register: &Register,
    now: Timestamp,
) -> anyhow::Result<usize> {
    let at = now.as_second();
    let mut letters = 0;
    for id in not_affiliated(reader)? {
        let blocks = reader.read(|connection| stored::to_hold(connection, id))?;
        if !blocks.is_empty() {
            store.hold_for_joining(at, id, &blocks)?;
        }
        let Some(organisation) = register.organisation(id) else { continue };
        let held = reader.read(|connection| stored::held(connection, id))?;
        let waiting = reader.read(|connection| stored::waiting(connection, &held))?;
        let letter_at = reader.read(|connection| stored::letter_at(connection, id))?;
        let care = care(waits(register, id, &waiting, letter_at, at), at);
        if !care.letter {
            continue;
        }
        let contact = general_contact(register, id, at).context("a letter needs somebody to read it")?;
        let joining = joining(store, id)?;
        let missing: Vec<Step> = missing(&joining).filter(|step| step.is_for_affiliation()).collect();
        let letter =
            Addressed::to_contact(organisation, contact, About::SomethingWaits { missing: &missing });
        match post(store, config, templates, now, &[letter]) {
            Ok(_) => {
                store.add_joining_letter(at, id)?;
                letters += 1;
            }
            // The register checks addresses; one that slips through must not hold up everybody else.
            Err(error) => {
                tracing::warn!(organisation = %organisation.code, %error, "a general contact cannot be written to");
            }
        }
    }
    Ok(letters)
}

/// Begins the joining of an organisation.
pub fn invite(store: &mut Store, act: &Act<'_>, code: &str) -> anyhow::Result<Confirmed> {
    let register = standing(store)?;
    let organisation = organisation(&register, code)?.id;
    ensure!(joining(store, organisation)?.taken.is_empty(), "{code} was invited already");
    confirm(store, act, code, Step::Invitation, "", "")
}
