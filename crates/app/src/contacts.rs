//! Contacts: added, changed, confirmed, gone. How a trusted contact is reached changes only with four eyes and a call back.

use anyhow::{Context, ensure};
use jiff::Timestamp;
use schakel_model::{
    asset::Role,
    assignment::{Assignee, End},
    fate::Fate,
    ids::{ContactId, OrganisationId, PendingChangeId},
    register::{Contact, ContactRole, Organisation, Register},
    tlp::Tlp,
};
use schakel_render::{letter::About, templates::Templates};
use schakel_rules::contact_change::{
    CONFIRMATION_SECONDS, EMERGENCY_SECONDS_MAX, Trusted, is_known_number, is_stale, is_unreachable,
    missing_fields, needs_approval, reminder_is_due,
};
use schakel_store::{
    Reader, Store,
    act::Act,
    confirmations::{self, Freshness},
    contact_changes::{self, Left, NewPending, Pending},
    onboarding as joining,
    register::{self, RegisterChange, load},
};

use crate::{
    claims::organisation,
    config::Config,
    letters::{Addressed, post},
    onboarding::valid_contacts,
    pipeline::state::RegisterView,
    random,
    refused::Refused,
    register::standing,
};

/// What a token in a link is hashed for.
const CONFIRMATION: &str = "confirm contact";

/// What came of a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changed {
    /// It is in the register.
    Applied,
    /// It waits for a second pair of eyes and a call back.
    Waits(PendingChangeId),
}

/// The contact with this number as it stands.
pub fn contact(register: &Register, id: ContactId) -> anyhow::Result<&Contact> {
    let found = register.contacts.iter().find(|contact| contact.id == id);
    Ok(found.ok_or_else(|| Refused::NoContact { contact: id.to_string() })?)
}

fn code(register: &Register, organisation: OrganisationId) -> anyhow::Result<&Organisation> {
    register
        .organisation(organisation)
        .context("the organisation of this contact is no longer in the register")
}

fn is_whole(contact: &Contact) -> anyhow::Result<()> {
    let missing: Vec<String> = missing_fields(contact).map(|field| field.to_string()).collect();
    ensure!(
        missing.is_empty(),
        Refused::ContactLacks { role: contact.role.to_string(), missing: missing.join(" and a ") }
    );
    if let (Some(from), Some(until)) = (contact.valid_from, contact.valid_until) {
        ensure!(from < until, Refused::EndsBeforeItBegins {});
    }
    if !contact.email.is_empty() {
        schakel_deliver::mail::address("email", &contact.email)?;
    }
    Ok(())
}

/// Has this organisation, or had it ever, a trusted contact?
fn ever_trusted(store: &Store, register: &Register, organisation: OrganisationId) -> anyhow::Result<bool> {
    Ok(store.read(|connection| contact_changes::ever_trusted(connection, organisation, register.version))?)
}

/// The trusted contacts of an organisation that stand.
fn trusted(register: &Register, organisation: OrganisationId) -> Vec<&Contact> {
    let is_trusted =
        |contact: &&Contact| contact.organisation == organisation && contact.role == ContactRole::Vcib;
    register.contacts.iter().filter(is_trusted).collect()
}

/// Adds a contact to an organisation; `after.organisation` and `after.id` mean nothing.
pub fn add(store: &mut Store, act: &Act<'_>, of: &str, mut after: Contact) -> anyhow::Result<Changed> {
    let register = standing(store)?;
    let organisation = organisation(&register, of)?;
    after.organisation = organisation.id;
    is_whole(&after)?;
    let now = trusted(&register, organisation.id);
    let trusted = Trusted { now: &now, ever: ever_trusted(store, &register, organisation.id)? };
    if needs_approval(None, &after, trusted) {
        return request(store, act, &register, None, after);
    }
    let change =
        RegisterChange { contacts: vec![(organisation.code.clone(), after)], ..RegisterChange::default() };
    store.change_register(act.at, act.actor, act.reason, &change)?;
    Ok(Changed::Applied)
}

/// Changes a contact: `after` is made from what stands.
pub fn change(
    store: &mut Store,
    act: &Act<'_>,
    id: ContactId,
    after: impl FnOnce(&Contact) -> Contact,
) -> anyhow::Result<Changed> {
    let register = standing(store)?;
    let before = contact(&register, id)?;
    let after = after(before);
    ensure!(after != *before, Refused::NothingChanges {});
    is_whole(&after)?;
    let now = trusted(&register, before.organisation);
    let trusted = Trusted { now: &now, ever: ever_trusted(store, &register, before.organisation)? };
    if needs_approval(Some(before), &after, trusted) {
        return request(store, act, &register, Some(id), after);
    }
    store.change_register(act.at, act.actor, act.reason, &replaced(&register, id, after)?)?;
    Ok(Changed::Applied)
}

fn replaced(register: &Register, id: ContactId, after: Contact) -> anyhow::Result<RegisterChange> {
    let code = code(register, after.organisation)?.code.clone();
    Ok(RegisterChange {
        withdrawn_contacts: vec![id],
        contacts: vec![(code, after)],
        ..RegisterChange::default()
    })
}

fn request(
    store: &mut Store,
    act: &Act<'_>,
    register: &Register,
    id: Option<ContactId>,
    after: Contact,
) -> anyhow::Result<Changed> {
    let code = code(register, after.organisation)?.code.clone();
    let pending = NewPending { contact: id, after, key: None, register_version: register.version };
    let ids = store.request_changes(act, &code, &[pending])?;
    Ok(Changed::Waits(ids.first().copied().context("one was asked for")?))
}

/// Takes out of a change of the register, an import for example, what would change how trusted contacts are reached. What they replace
/// stays until that is approved. Gives each with the code of its organisation.
pub fn hold_back(
    store: &Store,
    register: &Register,
    change: &mut RegisterChange,
) -> anyhow::Result<Vec<(String, NewPending)>> {
    if !change.contacts.iter().any(|(_, contact)| contact.role == ContactRole::Vcib) {
        return Ok(Vec::new());
    }
    let waiting = store.read(contact_changes::list)?;
    // Who moves to another organisation (a merger) is reached as before.
    let leaving: Vec<Contact> = register
        .contacts
        .iter()
        .filter(|contact| {
            contact.role == ContactRole::Vcib && change.withdrawn_contacts.contains(&contact.id)
        })
        .cloned()
        .collect();
    let mut held = Vec::new();
    let mut contacts = std::mem::take(&mut change.contacts);
    contacts.retain_mut(|(code, after)| {
        let organisation = register.organisations.iter().find(|organisation| organisation.code == *code);
        match organisation.filter(|_| after.role == ContactRole::Vcib) {
            Some(organisation) => {
                held.push((organisation.id, Contact { organisation: organisation.id, ..after.clone() }));
                false
            }
            None => true,
        }
    });
    change.contacts = contacts;
    let mut pending = Vec::new();
    for (organisation, after) in held {
        let own: Vec<&Contact> =
            leaving.iter().filter(|contact| contact.organisation == organisation).collect();
        let mut now = trusted(register, organisation);
        now.extend(leaving.iter().filter(|contact| contact.organisation != organisation));
        let trusted = Trusted { now: &now, ever: ever_trusted(store, register, organisation)? };
        let same = |contact: &&&Contact| {
            contact.name == after.name
                || schakel_rules::contact_change::same_address(&contact.email, &after.email)
        };
        let before = own.iter().find(same).or(own.first().filter(|_| own.len() == 1)).copied();
        let code = code(register, organisation)?.code.clone();
        if !needs_approval(before, &after, trusted) {
            change.contacts.push((code, after));
            continue;
        }
        if let Some(before) = before {
            change.withdrawn_contacts.retain(|id| *id != before.id);
        }
        let new = NewPending {
            contact: before.map(|before| before.id),
            after,
            key: None,
            register_version: register.version,
        };
        // The same file again asks for nothing new.
        let asked = |one: &Pending| {
            one.decision.is_none()
                && one.change.contact == new.contact
                && Contact { id: ContactId(0), ..one.change.after.clone() }
                    == Contact { id: ContactId(0), ..new.after.clone() }
        };
        if !waiting.iter().any(asked) {
            pending.push((code, new));
        }
    }
    Ok(pending)
}

/// How many changes wait for a second pair of eyes.
pub fn waiting_changes(store: &Store) -> anyhow::Result<usize> {
    let changes = store.read(contact_changes::list)?;
    Ok(changes.iter().filter(|one| one.decision.is_none()).count())
}

/// The change that waits with this number.
pub fn pending(store: &Store, id: PendingChangeId) -> anyhow::Result<Pending> {
    let pending = store.read(|connection| contact_changes::get(connection, id))?;
    let pending = pending.ok_or_else(|| Refused::NoChange { change: id.to_string() })?;
    ensure!(pending.decision.is_none(), Refused::ChangeDecided { change: id.to_string() });
    Ok(pending)
}

/// Telephone numbers of an organisation that were on record before a change was asked for. One that somebody of the organisation typed on their own page
/// is none: whoever got hold of an account would be called back on a number of their own.
pub fn known_numbers(store: &Store, pending: &Pending) -> anyhow::Result<Vec<String>> {
    let organisation = pending.change.after.organisation;
    let asked_in = pending.change.register_version;
    let before = store.read(|connection| load(connection, asked_in))?;
    let by_desk =
        store.read(|connection| contact_changes::numbers_by_desk(connection, organisation, asked_in))?;
    let by_desk: Vec<&str> = by_desk.iter().map(String::as_str).collect();
    let contacts = before.contacts.iter().filter(|contact| contact.organisation == organisation);
    let mut numbers: Vec<String> = contacts.map(|contact| contact.phone.clone()).collect();
    numbers.retain(|number| is_known_number(number, &by_desk));
    let joinings = store.read(joining::joinings)?;
    let taken = joinings
        .into_iter()
        .filter(|joining| joining.organisation == organisation)
        .flat_map(|joining| joining.taken)
        .filter(|taken| taken.at <= pending.requested_at);
    numbers.extend(taken.map(|taken| taken.number));
    numbers.retain(|number| !number.trim().is_empty());
    numbers.sort();
    numbers.dedup();
    Ok(numbers)
}

/// Approves a change that waits: by somebody else than who asked for it, who called a number back that was known before.
pub fn approve(
    store: &mut Store,
    act: &Act<'_>,
    id: PendingChangeId,
    called_back: &str,
) -> anyhow::Result<Pending> {
    let pending = pending(store, id)?;
    ensure!(pending.requested_by != act.actor, Refused::OwnChange { who: act.actor.to_owned() });
    let known = known_numbers(store, &pending)?;
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    ensure!(!known.is_empty(), Refused::NoneOnRecord { number: called_back.to_owned() });
    ensure!(
        is_known_number(called_back, &known),
        Refused::NotOnRecord { number: called_back.to_owned(), known: known.join(", ") }
    );
    let register = standing(store)?;
    let change = match (&pending.change.key, pending.change.contact) {
        (Some(_), _) => RegisterChange::default(),
        (None, Some(contact)) => {
            ensure!(
                register.contacts.iter().any(|one| one.id == contact),
                Refused::ContactChanged { contact: contact.to_string() }
            );
            replaced(&register, contact, pending.change.after.clone())?
        }
        (None, None) => {
            let code = code(&register, pending.change.after.organisation)?.code.clone();
            RegisterChange {
                contacts: vec![(code, pending.change.after.clone())],
                ..RegisterChange::default()
            }
        }
    };
    store.approve_change(act, &pending, called_back, &change)?;
    Ok(pending)
}

/// Refuses a change that waits.
pub fn refuse(store: &mut Store, act: &Act<'_>, id: PendingChangeId) -> anyhow::Result<Pending> {
    ensure!(!act.reason.trim().is_empty(), Refused::NoReason {});
    let pending = pending(store, id)?;
    store.refuse_change(act, &pending)?;
    Ok(pending)
}

/// Names a trusted contact for an emergency, at once and with an end: one person decides, who called a known number back.
pub fn emergency(
    store: &mut Store,
    act: &Act<'_>,
    of: &str,
    mut contact: Contact,
    called_back: &str,
) -> anyhow::Result<()> {
    let register = standing(store)?;
    let organisation = organisation(&register, of)?;
    contact.organisation = organisation.id;
    contact.role = ContactRole::Vcib;
    is_whole(&contact)?;
    let until = contact.valid_until.context("an emergency VCIB has an end: say --until")?;
    ensure!(until > act.at, "the end lies in the past");
    ensure!(
        until - act.at <= EMERGENCY_SECONDS_MAX,
        "an emergency VCIB ends within {} days; for longer, follow the form and `schakel contact add`",
        EMERGENCY_SECONDS_MAX / 86_400
    );
    ensure!(!act.reason.trim().is_empty(), Refused::NoReason {});
    let known: Vec<&str> = register
        .contacts
        .iter()
        .filter(|one| one.organisation == organisation.id && !one.phone.trim().is_empty())
        .map(|one| one.phone.as_str())
        .collect();
    ensure!(
        is_known_number(called_back, &known),
        "{called_back} is not on record for {of}. Call back a number that is: {}",
        known.join(", ")
    );
    let reason = format!("emergency VCIB, called back {called_back}: {}", act.reason);
    let change =
        RegisterChange { contacts: vec![(organisation.code.clone(), contact)], ..RegisterChange::default() };
    store.change_register(act.at, act.actor, &reason, &change)?;
    Ok(())
}

/// A contact leaves: at once, with the mail that waited for them.
pub fn leave(store: &mut Store, act: &Act<'_>, id: ContactId) -> anyhow::Result<(Contact, Left)> {
    let mut register = standing(store)?;
    let gone = contact(&register, id)?.clone();
    register.contacts.retain(|contact| contact.id != id);
    // Somebody else in this role may read the same mailbox: then its mail is theirs too.
    let shared = valid_contacts(&register, gone.organisation, act.at).any(|contact| {
        contact.role == gone.role && schakel_rules::contact_change::same_address(&contact.email, &gone.email)
    });
    let organisation = gone.organisation;
    let view = RegisterView::new(register);
    let assignee = Assignee { organisation, role: Role::Owner, end: End::Source };
    let otherwise = match view.fate_of(Some(assignee), &[assignee], Tlp::Amber, act.at) {
        Fate::NoContact => Fate::NoContact,
        _ => Fate::Queued,
    };
    let change = RegisterChange { withdrawn_contacts: vec![id], ..RegisterChange::default() };
    let mut addressed = gone.clone();
    if shared {
        addressed.email.clear();
    }
    let left = store.contact_leaves(act, &addressed, &change, otherwise)?;
    Ok((gone, left))
}

/// Somebody at the desk asked, and the contact is still right.
pub fn confirm(store: &mut Store, act: &Act<'_>, id: ContactId) -> anyhow::Result<()> {
    let register = standing(store)?;
    contact(&register, id)?;
    Ok(store.confirm_contact(act, id)?)
}

/// A contact with how fresh it is.
#[derive(Clone, Debug)]
pub struct Aged {
    /// The contact.
    pub contact: Contact,
    /// When it was recorded or confirmed, and reminded.
    pub freshness: Freshness,
}

/// The contacts that nobody confirmed for 90 days, the oldest first.
pub fn stale(reader: &Reader, register: &Register, now: i64) -> anyhow::Result<Vec<Aged>> {
    let freshness = reader.read(|connection| confirmations::freshness(connection, register.version))?;
    let aged = |contact: &Contact| {
        let freshness = *freshness.get(&contact.id)?;
        let stale = contact.valid_at(now) && is_stale(freshness.confirmed_at, now);
        stale.then(|| Aged { contact: contact.clone(), freshness })
    };
    let mut stale: Vec<Aged> = register.contacts.iter().filter_map(aged).collect();
    stale.sort_by_key(|aged| (aged.freshness.confirmed_at, aged.contact.id));
    Ok(stale)
}

/// Reminders sent in one go: a large register grows stale on one day, and the storm of answers is read by people.
const REMINDERS_MAX: usize = 500;

/// Asks stale contacts with a mail address whether they are still right. Gives how many.
pub fn remind(
    store: &mut Store,
    config: &Config,
    templates: &Templates,
    act: &Act<'_>,
) -> anyhow::Result<usize> {
    let register = standing(store)?;
    let stale = stale(&store.reader()?, &register, act.at)?;
    let now = Timestamp::from_second(act.at).context("the time")?;
    let until = Timestamp::from_second(act.at + CONFIRMATION_SECONDS).context("the time")?;
    let page = config.http.public_url.trim_end_matches('/');
    let mut reminded = 0;
    for Aged { contact, freshness } in stale {
        let due = reminder_is_due(freshness.confirmed_at, freshness.reminded_at, act.at);
        if !due || contact.email.trim().is_empty() || reminded == REMINDERS_MAX {
            continue;
        }
        let Some(organisation) = register.organisation(contact.organisation) else { continue };
        let token = random::token()?;
        let hash = random::hash(&store.secret(), CONFIRMATION, &token);
        let link = if page.is_empty() { String::new() } else { format!("{page}/contact/{token}") };
        let about = About::ConfirmContact { role: contact.role, name: &contact.name, link: &link, until };
        let letter = Addressed::to_contact(organisation, &contact, about);
        match post(store, config, templates, now, &[letter]) {
            Ok(_) => {
                store.add_request(act, &hash, contact.id, until.as_second())?;
                reminded += 1;
            }
            Err(error) => tracing::warn!(contact = %contact.id, %error, "a contact cannot be written to"),
        }
    }
    Ok(reminded)
}

/// What the page behind a link shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Card {
    /// Of which organisation.
    pub organisation: String,
    /// The contact.
    pub contact: Contact,
}

/// The card behind a link that is good. `None`: it was used, has run out, or the contact has changed since.
pub fn behind_link(reader: &Reader, now: i64, token: &str) -> anyhow::Result<Option<Card>> {
    let hash = random::hash(&reader.secret(), CONFIRMATION, token);
    let request = reader.read(|connection| confirmations::request(connection, &hash))?;
    let Some(request) = request.filter(|request| request.used_at.is_none() && request.expires_at > now)
    else {
        return Ok(None);
    };
    card(reader, request.contact)
}

fn card(reader: &Reader, id: ContactId) -> anyhow::Result<Option<Card>> {
    let register = reader.read(|connection| load(connection, register::version(connection)?))?;
    let Some(contact) = register.contacts.iter().find(|contact| contact.id == id) else { return Ok(None) };
    let organisation = register
        .organisation(contact.organisation)
        .map_or(String::new(), |organisation| organisation.name.clone());
    Ok(Some(Card { organisation, contact: contact.clone() }))
}

/// The contact behind a link says that the card is right. Once.
pub fn confirm_by_link(reader: &Reader, now: i64, token: &str) -> anyhow::Result<Option<Card>> {
    let Some(card) = behind_link(reader, now, token)? else { return Ok(None) };
    let hash = random::hash(&reader.secret(), CONFIRMATION, token);
    let act = Act { at: now, actor: "the contact", reason: "by the link in a mail" };
    let used = confirmations::use_request(reader.data(), &act, &hash)?;
    Ok(used.map(|_| card))
}

/// Organisations with something of their own that can be told nothing at all, because nobody is there to hear it.
pub fn alarms(register: &Register, now: i64) -> Vec<&Organisation> {
    let owns: std::collections::HashSet<OrganisationId> = register
        .assets
        .iter()
        .filter(|asset| asset.valid_at(now) && !asset.flags.excluded)
        .map(|asset| asset.organisation)
        .collect();
    let mut reachable: std::collections::HashMap<OrganisationId, Vec<&Contact>> = Default::default();
    for contact in register.contacts.iter().filter(|contact| contact.valid_at(now)) {
        reachable.entry(contact.organisation).or_default().push(contact);
    }
    register
        .organisations
        .iter()
        .filter(|organisation| owns.contains(&organisation.id))
        .filter(|organisation| {
            let contacts = reachable.get(&organisation.id).map(Vec::as_slice).unwrap_or_default();
            is_unreachable(contacts.iter().copied())
        })
        .collect()
}
