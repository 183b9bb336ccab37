//! Who of a member signs in, as its administrators say.

use axum::{
    Extension,
    extract::{Path, State},
    response::Response,
};
use schakel_app::{
    portal::{
        accounts,
        own::{
            Own,
            people::{self, Refused},
        },
    },
    requests::AtWork,
};
use schakel_model::{account::PortalRole, language::Language};
use schakel_render::portal::acting::{Done, Mistake};
use schakel_rules::member_accounts::{Administration, No};
use schakel_store::{Reader, act::Act};
use serde::Serialize;

use super::{
    Portal,
    acting::{Went, ask_again},
    answer,
    forms::Form,
    own, plain,
    visitor::Visitor,
};

/// `GET /own/CODE/people`
pub async fn show(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| people_page(portal, visitor, reader, &code, ""))
        .await
}

/// Everybody; there is no page when somebody is named who is not one of them.
fn people_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
    name: &str,
) -> anyhow::Result<Response> {
    own::page(portal, visitor, reader, (code, "own/people"), |reader, own, visitor| {
        if !name.is_empty() && people::find(reader, own, name)?.is_none() {
            return Ok(None);
        }
        Ok(Some(people::page(reader, own, visitor.now)?))
    })
}

#[derive(Serialize)]
struct Invited {
    head: schakel_app::portal::own::Head,
    name: String,
    link: String,
}

/// `POST /own/CODE/people`: invites somebody, or gives somebody a new link; it is shown once.
pub async fn invite(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let (who, wanted, sent) = (visitor.clone(), code.clone(), form.clone());
        let invited = portal.asking.carry_out(move |at_work| invited(at_work, &who, &wanted, &sent));
        let mistake = match invited {
            // A link that is worth an account stands on this page only: in no address, cookie or log.
            Ok(Ok(Ok(token))) => {
                let link = accounts::link(&portal.config, &token);
                let name = form.trimmed("name").to_owned();
                return own::page(portal, visitor, reader, (&code, "own/invited"), |_, own, _| {
                    Ok(Some(Invited { head: own.head.clone(), name, link }))
                });
            }
            Ok(Ok(Err(mistake))) => mistake,
            Ok(Err(error)) => return Err(error),
            Err(_) => Mistake::new("", "wrong-busy"),
        };
        ask_again(portal, visitor, reader, form, mistake, |portal, visitor, reader| {
            people_page(portal, visitor, reader, &code, "")
        })
    })
    .await
}

/// The last part of the link, or what is wrong.
fn invited(
    at_work: &mut AtWork<'_>,
    visitor: &Visitor,
    code: &str,
    form: &Form,
) -> anyhow::Result<Result<String, Mistake>> {
    let Some(own) = own::looking(visitor, at_work.reader, code)? else {
        return Ok(Err(Mistake::new("", "not-found")));
    };
    let role: PortalRole = match form.word("role", "wrong-choose") {
        Ok(role) => role,
        Err(mistake) => return Ok(Err(mistake)),
    };
    let by = Act { at: visitor.now, actor: visitor.name(), reason: "" };
    let language = form.field("language").parse().unwrap_or(Language::Nl);
    let who = (form.trimmed("name"), form.trimmed("display_name"));
    let invited = people::invite(at_work.intake.store(), &by, &own, who, (role, language))?;
    Ok(invited.map_err(refused))
}

/// `POST /own/CODE/people/disable`
pub async fn disable(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let out = people::shut_out(at_work.intake.store(), by, own, form.trimmed("name"))?;
        Ok(out.map(|()| Done::Disabled))
    };
    about(portal, visitor, code, form, work).await
}

/// `POST /own/CODE/people/sessions`: ends one of somebody's.
pub async fn end_session(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let which = (form.trimmed("name"), form.trimmed("session"));
        let ended = people::end_session(at_work.intake.store(), by, own, which)?;
        Ok(ended.map(|()| Done::SessionEnded))
    };
    about(portal, visitor, code, form, work).await
}

/// `POST /own/CODE/people/role`
pub async fn role(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let role: PortalRole = form.word("role", "wrong-choose")?;
        let given = people::set_role(at_work.intake.store(), by, own, (form.trimmed("name"), role))?;
        Ok(given.map(|()| Done::RoleGiven))
    };
    about(portal, visitor, code, form, work).await
}

/// `POST /own/CODE/people/administrator`
pub async fn administrator(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let work = |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let (change, done) = match form.field("change") {
            "add" => (Administration::Add, Done::AdministratorAdded),
            "hand_over" => (Administration::HandOver, Done::AdministrationHandedOver),
            "lay_down" => (Administration::LayDown, Done::AdministrationLaidDown),
            _ => return Err(Mistake::new("", "wrong-choose").into()),
        };
        let what = (change, form.trimmed("name"));
        Ok(people::administration(at_work.intake.store(), by, own, what)?.map(|()| done))
    };
    about(portal, visitor, code, form, work).await
}

/// Does something about somebody of whom they look at.
async fn about(
    portal: Portal,
    visitor: Visitor,
    code: String,
    form: Form,
    act_on: impl FnOnce(&mut AtWork<'_>, &Act<'_>, (&Own, &Form)) -> anyhow::Result<Result<Done, Refused>>
    + Send
    + 'static,
) -> Response {
    let (whose, name) = (code.clone(), form.trimmed("name").to_owned());
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        match act_on(at_work, by, (own, form))? {
            // Whoever laid it down sees the page no more.
            Ok(done @ (Done::AdministrationHandedOver | Done::AdministrationLaidDown)) => {
                Ok(Went::on_to(done, own::address(&own.head.code)))
            }
            Ok(done) => Ok(Went::from(done)),
            Err(why) => Err(refused(why).into()),
        }
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| match name.as_str() {
        "" => Ok(plain::not_found(portal, visitor)),
        name => people_page(portal, visitor, reader, &code, name),
    };
    own::act_on(&portal, &visitor, &whose, form, work, again).await
}

fn refused(why: Refused) -> Mistake {
    match why {
        Refused::Rule(No::Yourself) => Mistake::new("", "own-wrong-yourself"),
        Refused::Rule(No::Trusted) => Mistake::new("", "own-wrong-people-vcib"),
        Refused::Rule(No::Administrator) => Mistake::new("", "own-wrong-their-administrator"),
        Refused::Rule(No::Role) => Mistake::new("role", "wrong-choose"),
        Refused::Rule(No::Full) => Mistake::new("", "own-wrong-administrators"),
        Refused::Rule(No::LastOne) => Mistake::new("", "own-wrong-last-administrator"),
        Refused::Rule(No::NotReady) => Mistake::new("", "own-wrong-not-ready"),
        Refused::Name => Mistake::new("name", "own-wrong-name"),
        Refused::Many => Mistake::new("", "own-wrong-many-people"),
        Refused::Gone => Mistake::new("", "wrong-gone"),
    }
}
