//! The calling list: whom the desk telephones, on which number, about what, and what to say.

use anyhow::{Context, bail, ensure};
use schakel_model::{
    answer::FollowUp,
    call::{Call, CallReason, CallResult},
    ids::OrganisationId,
    register::{Contact, ContactRole, Register},
    severity::Severity,
};
use schakel_render::call_script::{self, Script};
use schakel_store::{
    Reader, Store, StoreError,
    act::Act,
    calls::{self, Called},
    follow_ups, outbox,
};

use crate::{
    claims,
    explain::{organisation_name, rfc3339},
};

/// Somebody who says "I am calling" and is not heard of for so many seconds no longer is.
pub const LOCK_SECONDS: i64 = 30 * 60;

/// Whom to ask for first when something is critical: whoever is on duty.
const CRITICAL_ROLES: [ContactRole; 5] =
    [ContactRole::Duty, ContactRole::Vcib, ContactRole::Findings, ContactRole::Ciso, ContactRole::Acib];
/// And else.
const ROLES: [ContactRole; 5] =
    [ContactRole::Vcib, ContactRole::Findings, ContactRole::Acib, ContactRole::Ciso, ContactRole::Duty];

/// An organisation on the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which.
    pub organisation: OrganisationId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How bad the worst is that it is called about.
    pub severity: Severity,
    /// What it is on the list for, the oldest first.
    pub calls: Vec<Call>,
    /// Whom to ask for, in this order; empty when the register has nobody with a telephone number.
    pub callable: Vec<Callable>,
    /// What to say.
    pub script: String,
}

/// Somebody who can be called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callable {
    /// Their name; may be empty.
    pub name: String,
    /// Their role.
    pub role: ContactRole,
    /// Their number.
    pub phone: String,
}

impl Entry {
    /// Who is calling now, if anybody is.
    pub fn locked_by(&self, now: i64) -> Option<&str> {
        self.calls
            .iter()
            .filter_map(|call| call.locked.as_ref())
            .find(|(_, since)| now - since < LOCK_SECONDS)
            .map(|(by, _)| by.as_str())
    }

    /// Not to be called before this time; none when it is to be called now.
    pub fn not_before(&self, now: i64) -> Option<i64> {
        let times: Option<Vec<i64>> = self.calls.iter().map(|call| call.next_at).collect();
        times?.into_iter().min().filter(|at| *at > now)
    }
}

/// The list: the worst first, then the longest waiting; what is to be called later comes last.
pub fn list(reader: &Reader, register: &Register, sender: &str, now: i64) -> anyhow::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for call in reader.read(calls::open)? {
        match entries.iter_mut().find(|entry| entry.organisation == call.organisation) {
            Some(entry) => entry.calls.push(call),
            None => {
                let (code, name) = organisation_name(register, call.organisation);
                entries.push(Entry {
                    organisation: call.organisation,
                    code: code.to_owned(),
                    name: name.to_owned(),
                    severity: Severity::Low,
                    calls: vec![call],
                    callable: Vec::new(),
                    script: String::new(),
                });
            }
        }
    }
    for entry in &mut entries {
        fill(reader, register, sender, entry, now)?;
    }
    entries.sort_by_key(|entry| {
        (
            entry.not_before(now).is_some(),
            std::cmp::Reverse(entry.severity),
            entry.calls.first().map(|call| call.added_at),
        )
    });
    Ok(entries)
}

fn fill(
    reader: &Reader,
    register: &Register,
    sender: &str,
    entry: &mut Entry,
    now: i64,
) -> Result<(), StoreError> {
    let mut findings = 0;
    let mut notifications = Vec::new();
    let mut first_told_at = now;
    for call in &entry.calls {
        let told = reader.read(|connection| follow_ups::of_notification(connection, call.notification))?;
        let open = |one: &&FollowUp| one.closed_at.is_none();
        findings += told.iter().filter(open).count() as u64;
        let worst = told.iter().filter(open).map(|one| one.severity).max().unwrap_or(Severity::Low);
        entry.severity = entry.severity.max(worst);
        if let Some(notification) =
            reader.read(|connection| outbox::notification(connection, call.notification))?
        {
            first_told_at = first_told_at.min(notification.created_at);
            notifications.push(notification.id.0);
        }
    }
    let roles = if entry.severity == Severity::Critical { CRITICAL_ROLES } else { ROLES };
    let here = |contact: &&Contact| {
        contact.organisation == entry.organisation
            && contact.valid_at(now)
            && !contact.phone.trim().is_empty()
    };
    let mut contacts: Vec<&Contact> = register.contacts.iter().filter(here).collect();
    contacts
        .sort_by_key(|contact| roles.iter().position(|role| *role == contact.role).unwrap_or(roles.len()));
    let language = contacts.first().map(|contact| contact.language).unwrap_or_default();
    entry.callable = contacts
        .into_iter()
        .map(|contact| Callable {
            name: contact.name.clone(),
            role: contact.role,
            phone: contact.phone.clone(),
        })
        .collect();
    let reason = entry.calls.iter().map(|call| call.why).max().unwrap_or(CallReason::NoReaction);
    entry.script = call_script::render(
        language,
        &Script {
            sender,
            organisation: &entry.name,
            reason,
            notifications: &notifications,
            findings,
            severity: entry.severity,
            first_told_at: jiff::Timestamp::from_second(first_told_at).unwrap_or_default(),
        },
    );
    Ok(())
}

/// Says that somebody is calling an organisation. Refused while somebody else is.
pub fn start(store: &mut Store, act: &Act<'_>, register: &Register, code: &str) -> anyhow::Result<()> {
    let organisation = on_the_list(store, register, code)?;
    let held = store.lock_calls(act, organisation, Some(act.actor), act.at - LOCK_SECONDS)?;
    match held {
        None => Ok(()),
        Some(by) => bail!("{by} is calling {code} at this moment"),
    }
}

/// Says that they are not calling after all.
pub fn stop(store: &mut Store, act: &Act<'_>, register: &Register, code: &str) -> anyhow::Result<()> {
    let organisation = on_the_list(store, register, code)?;
    let held = store.lock_calls(act, organisation, None, act.at - LOCK_SECONDS)?;
    match held {
        None => Ok(()),
        Some(by) => bail!("{by} is calling {code} at this moment; only they can say that they stopped"),
    }
}

/// Records what came of a call. Gives the entries that it was about.
pub fn record(
    store: &mut Store,
    act: &Act<'_>,
    register: &Register,
    (code, result, note): (&str, CallResult, &str),
    next_at: Option<i64>,
) -> anyhow::Result<Vec<Call>> {
    let organisation = on_the_list(store, register, code)?;
    ensure!(next_at.is_none_or(|at| at > act.at), "the next call cannot be before now ({})", rfc3339(act.at));
    ensure!(
        next_at.is_none() || !result.ends(),
        "`{result}` takes {code} off the list: there is no next call. Leave --next out, or use call_back"
    );
    Ok(store.record_call(act, &Called { organisation, result, note, next_at })?)
}

fn on_the_list(store: &Store, register: &Register, code: &str) -> anyhow::Result<OrganisationId> {
    let organisation = claims::organisation(register, code)?.id;
    let calls = store.read(|connection| calls::of_organisation(connection, organisation))?;
    (!calls.is_empty())
        .then_some(organisation)
        .with_context(|| format!("{code} is not on the calling list: `schakel call list` shows it"))
}
