//! Contacts of a member, changed by its own people. How a trusted contact is reached changes only when the desk approves it (see
//! [`crate::contacts`]); anything else counts at once.

use anyhow::Context;
use schakel_model::{
    ids::{ContactId, OrganisationId, PendingChangeId},
    language::Language,
    register::{Contact, ContactRole, Register},
    tlp::Tlp,
};
use schakel_rules::contact_change::{
    Asks, Field, NotByMember, Trusted, may_leave_by_member, may_name_by_member, missing_fields,
};
use schakel_store::{Reader, Store, act::Act, contact_changes, register};
use serde::Serialize;

use super::{By, Head, Own};
use crate::{
    contacts::{self, Changed},
    register::standing,
};

/// The form for somebody.
#[derive(Debug, Serialize)]
pub struct ContactPage {
    /// At whom one looks.
    pub head: Head,
    /// The number of the contact; none: somebody new.
    pub contact: Option<u32>,
    /// As it stands.
    pub standing: Typed,
    /// Words to choose from; somebody who stands keeps their role.
    pub roles: Vec<&'static str>,
    /// May whoever looks let them go?
    pub may_leave: bool,
}

/// A contact as somebody of a member types it.
#[derive(Clone, Debug, Default, Serialize)]
#[allow(missing_docs)] // As in the register's file.
pub struct Typed {
    pub role: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub language: String,
}

/// Why nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// There is no such role, or no such language.
    Choice(&'static str),
    /// The role needs this.
    Missing(Field),
    /// It is no mail address.
    Address,
    /// It is as it was.
    Same,
    /// It is not there any more.
    Gone,
    /// Only the desk can.
    NotByMember(NotByMember),
}

/// The form; `None` when there is no such contact of whom they look at.
pub fn page(reader: &Reader, own: &Own, contact: &str, now: i64) -> anyhow::Result<Option<ContactPage>> {
    let register = of_organisation(reader, own)?;
    let standing = match contact {
        "" => None,
        number => match register.contacts.iter().find(|one| one.id.to_string() == number) {
            Some(found) => Some(found),
            None => return Ok(None),
        },
    };
    let usual = Typed {
        role: ContactRole::Findings.as_str().to_owned(),
        language: own.organisation.language.as_str().to_owned(),
        ..Typed::default()
    };
    Ok(Some(ContactPage {
        head: own.head.clone(),
        contact: standing.map(|one| one.id.0),
        may_leave: standing
            .is_some_and(|one| may_leave_by_member(one, asks(own), rest(&register, one, now)).is_ok()),
        standing: standing.map_or(usual, |one| Typed {
            role: one.role.as_str().to_owned(),
            name: one.name.clone(),
            email: one.email.clone(),
            phone: one.phone.clone(),
            language: one.language.as_str().to_owned(),
        }),
        roles: ContactRole::ALL.iter().map(|one| one.as_str()).collect(),
    }))
}

fn of_organisation(reader: &Reader, own: &Own) -> anyhow::Result<Register> {
    let mut part = Register { version: reader.read(register::version)?, ..Register::default() };
    reader.read(|connection| register::load_of(connection, &mut part, own.organisation.id))?;
    part.contacts.retain(|one| one.organisation == own.organisation.id);
    Ok(part)
}

/// Who stays when one goes.
fn rest<'r>(register: &'r Register, gone: &Contact, now: i64) -> Vec<&'r Contact> {
    let stays =
        |one: &&Contact| one.organisation == gone.organisation && one.id != gone.id && one.valid_at(now);
    register.contacts.iter().filter(stays).collect()
}

fn asks(own: &Own) -> Asks {
    if own.by() == By::Person && own.is_own() && own.is_trusted() { Asks::Trusted } else { Asks::Another }
}

/// Adds somebody, or changes who stands. `Err` says what is wrong with what was typed.
pub fn put(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    contact: Option<ContactId>,
    typed: &Typed,
) -> anyhow::Result<Result<Changed, Refused>> {
    let register = standing(store)?;
    let id = own.organisation.id;
    let before = match contact {
        Some(number) => {
            match register.contacts.iter().find(|one| one.id == number && one.organisation == id) {
                Some(before) => Some(before),
                None => return Ok(Err(Refused::Gone)),
            }
        }
        None => None,
    };
    let after = match written(before, id, typed) {
        Ok(after) => after,
        Err(why) => return Ok(Err(why)),
    };
    if before == Some(&after) {
        return Ok(Err(Refused::Same));
    }
    if let Some(field) = missing_fields(&after).next() {
        return Ok(Err(Refused::Missing(field)));
    }
    if !after.email.is_empty() && schakel_deliver::mail::address("email", &after.email).is_err() {
        return Ok(Err(Refused::Address));
    }
    if before.is_none() {
        let ever =
            store.read(|connection| contact_changes::ever_trusted(connection, id, register.version))?;
        if let Err(why) = may_name_by_member(after.role, Trusted { now: &[], ever }) {
            return Ok(Err(Refused::NotByMember(why)));
        }
    }
    let changed = match contact {
        Some(number) => contacts::change(store, act, number, |_| after)?,
        None => contacts::add(store, act, &own.organisation.code, after)?,
    };
    Ok(Ok(changed))
}

/// The contact that was meant. Whoever stands keeps their role: in another role they are somebody else.
fn written(
    before: Option<&Contact>,
    organisation: OrganisationId,
    typed: &Typed,
) -> Result<Contact, Refused> {
    let language: Language = typed.language.parse().map_err(|_| Refused::Choice("language"))?;
    let role: ContactRole = match before {
        Some(before) => before.role,
        None => typed.role.parse().map_err(|_| Refused::Choice("role"))?,
    };
    let nobody = Contact {
        id: ContactId(0),
        organisation,
        role,
        name: String::new(),
        email: String::new(),
        phone: String::new(),
        language,
        tlp_max: if role == ContactRole::Vcib { Tlp::Red } else { Tlp::Amber },
        position: 1,
        valid_from: None,
        valid_until: None,
    };
    let cleaned = |text: &str| text.trim().to_owned();
    Ok(Contact {
        language,
        name: cleaned(&typed.name),
        email: cleaned(&typed.email),
        phone: cleaned(&typed.phone),
        ..before.cloned().unwrap_or(nobody)
    })
}

/// Somebody goes.
pub fn leave(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    id: ContactId,
) -> anyhow::Result<Result<(), Refused>> {
    let register = standing(store)?;
    let Some(gone) = theirs(&register, own, id) else { return Ok(Err(Refused::Gone)) };
    if let Err(why) = may_leave_by_member(gone, asks(own), rest(&register, gone, act.at)) {
        return Ok(Err(Refused::NotByMember(why)));
    }
    contacts::leave(store, act, id)?;
    Ok(Ok(()))
}

/// Somebody of the member says that a contact is still right.
pub fn is_right(
    store: &mut Store,
    act: &Act<'_>,
    own: &Own,
    id: ContactId,
) -> anyhow::Result<Result<(), Refused>> {
    let register = standing(store)?;
    if theirs(&register, own, id).is_none() {
        return Ok(Err(Refused::Gone));
    }
    contacts::confirm(store, act, id)?;
    Ok(Ok(()))
}

fn theirs<'r>(register: &'r Register, own: &Own, id: ContactId) -> Option<&'r Contact> {
    register.contacts.iter().find(|one| one.id == id && one.organisation == own.organisation.id)
}

/// A change that waits for the desk, of whom they look at.
pub fn waits(reader: &Reader, own: &Own, id: PendingChangeId) -> anyhow::Result<bool> {
    let found = reader.read(|connection| contact_changes::get(connection, id))?;
    Ok(found
        .is_some_and(|one| one.decision.is_none() && one.change.after.organisation == own.organisation.id))
}

/// Takes back a change that waits for the desk.
pub fn take_back(store: &mut Store, act: &Act<'_>, own: &Own, id: PendingChangeId) -> anyhow::Result<()> {
    let reader = store.reader()?;
    let waits = waits(&reader, own, id)?.then_some(());
    waits.context("this change does not wait any more")?;
    contacts::refuse(store, &Act { reason: "taken back by the member", ..*act }, id).map(|_| ())
}
