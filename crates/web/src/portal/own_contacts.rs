//! Who of a member gets messages, as its own people change it.

use axum::{
    Extension,
    extract::{Path, Query, State},
    response::Response,
};
use schakel_app::{
    contacts::Changed,
    portal::own::{
        Own,
        contacts::{self, Refused, Typed},
    },
    requests::AtWork,
};
use schakel_model::ids::{ContactId, PendingChangeId};
use schakel_render::portal::acting::{Done, Mistake, Notice, Undo};
use schakel_rules::contact_change::{Field, NotByMember};
use schakel_store::{Reader, act::Act};
use serde::Deserialize;

use super::{
    Portal,
    acting::{Went, act},
    answer,
    forms::Form,
    own, plain,
    visitor::Visitor,
};

/// Which contact.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    contact: String,
}

/// `GET /own/CODE/contact`: the form for somebody.
pub async fn show(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        contact_page(portal, visitor, reader, &code, &asked.contact)
    })
    .await
}

fn contact_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
    contact: &str,
) -> anyhow::Result<Response> {
    own::page(portal, visitor, reader, (code, "own/contact"), |reader, own, visitor| {
        contacts::page(reader, own, contact, visitor.now)
    })
}

/// `POST /own/CODE/contact`: somebody new, or as somebody is from now on.
pub async fn put(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let field = |name: &str| form.trimmed(name).to_owned();
        let typed = Typed {
            role: field("role"),
            name: field("name"),
            email: field("email"),
            phone: field("phone"),
            language: field("language"),
        };
        let contact = match form.trimmed("contact") {
            "" => None,
            _ => Some(ContactId(form.word("contact", "wrong-gone")?)),
        };
        Ok(match contacts::put(at_work.intake.store(), by, own, contact, &typed)? {
            Ok(Changed::Applied) => Ok(Done::ContactSaved.into()),
            Ok(Changed::Waits(id)) => {
                let undo = Undo {
                    action: format!("{}/contact/take-back", own::address(&own.head.code)),
                    what: id.0.to_string(),
                };
                Ok(Notice { undo: Some(undo), ..Done::OwnContactWaits.into() })
            }
            Err(Refused::Same) => Ok(Done::NothingDifferent.into()),
            Err(why) => Err(why),
        })
    };
    about(portal, visitor, code, form, work).await
}

/// `POST /own/CODE/contact/leave`
pub async fn leave(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let id = ContactId(form.word("contact", "wrong-gone")?);
        let left = contacts::leave(at_work.intake.store(), by, own, id)?;
        Ok(left.map(|()| Done::OwnContactLeft.into()))
    };
    about(portal, visitor, code, form, work).await
}

/// `POST /own/CODE/contact/right`: it is still right.
pub async fn right(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let id = ContactId(form.word("contact", "wrong-gone")?);
        Ok(contacts::is_right(at_work.intake.store(), by, own, id)?.map(|()| Done::ContactRight.into()))
    };
    about(portal, visitor, code, form, work).await
}

/// Does something about contacts of whom they look at, and goes on to all of them.
async fn about(
    portal: Portal,
    visitor: Visitor,
    code: String,
    form: Form,
    act_on: impl FnOnce(&mut AtWork<'_>, &Act<'_>, (&Own, &Form)) -> anyhow::Result<Result<Notice, Refused>>
    + Send
    + 'static,
) -> Response {
    let (whose, contact) = (code.clone(), form.trimmed("contact").to_owned());
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| match act_on(
        at_work,
        by,
        (own, form),
    )? {
        Ok(notice) => Ok(Went::on_to(notice, format!("{}/register", own::address(&own.head.code)))),
        Err(why) => Err(refused(why).into()),
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        contact_page(portal, visitor, reader, &code, &contact)
    };
    own::act_on(&portal, &visitor, &whose, form, work, again).await
}

/// `POST /own/CODE/contact/take-back`: a change that waits for the desk.
pub async fn take_back(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let number = form.trimmed("what").parse().ok().map(PendingChangeId);
    let waits = move |visitor: &Visitor, reader: &Reader, code: &str| -> anyhow::Result<Option<Own>> {
        let (Some(own), Some(id)) = (own::looking(visitor, reader, code)?, number) else { return Ok(None) };
        Ok(contacts::waits(reader, &own, id)?.then_some(own))
    };
    let (who, wanted) = (visitor.clone(), code.clone());
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let (Some(own), Some(id)) = (waits(&who, at_work.reader, &wanted)?, number) else {
            return Err(Mistake::new("", "wrong-gone").into());
        };
        contacts::take_back(at_work.intake.store(), by, &own, id)?;
        Ok(Done::Undone)
    };
    let again =
        move |portal: &Portal, visitor: &Visitor, reader: &Reader| match waits(visitor, reader, &code)? {
            Some(_) => own::register_page(portal, visitor, reader, &code),
            None => Ok(plain::not_found(portal, visitor)),
        };
    act(&portal, &visitor, form, work, again).await
}

/// What is wrong, at the field where it belongs.
fn refused(why: Refused) -> Mistake {
    match why {
        Refused::Choice(field) => Mistake::new(field, "wrong-choose"),
        Refused::Missing(Field::Name) => Mistake::new("name", "own-wrong-contact-name"),
        Refused::Missing(Field::Email) => Mistake::new("email", "own-wrong-contact-email"),
        Refused::Missing(Field::Phone) => Mistake::new("phone", "own-wrong-contact-phone"),
        Refused::Address => Mistake::new("email", "own-wrong-address"),
        Refused::Same => Mistake::new("", "done-nothing-different"),
        Refused::Gone => Mistake::new("", "wrong-gone"),
        Refused::NotByMember(NotByMember::FirstTrusted) => Mistake::new("role", "own-wrong-first-vcib"),
        Refused::NotByMember(NotByMember::Trusted) => Mistake::new("", "own-wrong-vcib"),
        Refused::NotByMember(NotByMember::LastReachable) => Mistake::new("", "own-wrong-last"),
    }
}
