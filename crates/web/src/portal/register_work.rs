//! Changes of the register: assets, contacts, steps of joining, and what waits for a decision. Each is shown with what it leads to first.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use schakel_app::{
    asset_requests,
    claims::Entry,
    contacts::{self, Changed},
    onboarding,
    portal::{
        disputes,
        register_work::{self as changes, Asked, Looked, Typed},
    },
    requests::AtWork,
};
use schakel_model::{
    affiliation::Step,
    asset::{AssetKind, Role},
    ids::{AssetId, ConflictId, ContactId, PendingChangeId},
};
use schakel_render::portal::acting::{Done, Mistake};
use schakel_store::{Reader, act::Act, register_history};
use serde::{Deserialize, Serialize};

use super::{
    Portal,
    acting::{Went, act},
    answer,
    forms::Form,
    plain, register,
    visitor::Visitor,
};

/// Versions of the register that are listed.
const VERSIONS: usize = 100;

/// What is to be added or withdrawn.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AssetAsked {
    kind: String,
    value: String,
    role: String,
    asset: String,
}

impl From<AssetAsked> for Asked {
    fn from(asked: AssetAsked) -> Self {
        let AssetAsked { kind, value, role, asset } = asked;
        Self { kind, value, role, asset }
    }
}

/// `GET /organisations/CODE/assets`: what adding or withdrawing one would lead to.
pub async fn asset(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    Query(asked): Query<AssetAsked>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        asset_page(portal, visitor, reader, &code, asked.into())
    })
    .await
}

fn asset_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
    asked: Asked,
) -> anyhow::Result<Response> {
    match changes::asset_page(reader, code, asked, visitor.now)? {
        Some(page) => visitor.page(portal, StatusCode::OK, "asset", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

fn asset_again(
    code: String,
    form: &Form,
) -> impl FnOnce(&Portal, &Visitor, &Reader) -> anyhow::Result<Response> + Send + 'static {
    let field = |name: &str| form.trimmed(name).to_owned();
    let asked =
        Asked { kind: field("kind"), value: field("value"), role: field("role"), asset: field("asset") };
    move |portal, visitor, reader| asset_page(portal, visitor, reader, &code, asked)
}

/// `POST /organisations/CODE/assets`
pub async fn add_asset(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let again = asset_again(code.clone(), &form);
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let looked = if form.field("looked") == "yes" { Looked::ByUs } else { Looked::Said };
        if looked == Looked::ByUs && by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        let kind: AssetKind = form.word("kind", "wrong-choose")?;
        let role: Role = form.word("role", "wrong-choose")?;
        let entry = Entry {
            code: &code,
            kind,
            value: form.trimmed("value"),
            role,
            valid_from: None,
            valid_until: form.moment("until")?,
            note: form.trimmed("note"),
        };
        let entered = changes::add_asset(at_work.intake.store(), &at_work.config.claims, by, &entry, looked)?;
        let disputed = entered.iter().any(|one| !one.conflicts.is_empty());
        let done = if disputed { Done::AssetDisputed } else { Done::AssetAdded };
        Ok(Went::on_to(done, format!("/organisations/{code}")))
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /organisations/CODE/assets/withdraw`
pub async fn withdraw_asset(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let again = asset_again(code.clone(), &form);
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        let id = AssetId(form.word("asset", "wrong-gone")?);
        changes::withdraw_asset(at_work.intake.store(), by, &code, id)?;
        Ok(Went::on_to(Done::AssetWithdrawn, format!("/organisations/{code}")))
    };
    act(&portal, &visitor, form, work, again).await
}

/// Which contact.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContactAsked {
    contact: String,
}

/// `GET /organisations/CODE/contacts`: the form for one.
pub async fn contact(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    Query(asked): Query<ContactAsked>,
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
    match changes::contact_page(reader, code, contact)? {
        Some(page) => visitor.page(portal, StatusCode::OK, "contact", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

fn contact_again(
    code: String,
    form: &Form,
) -> impl FnOnce(&Portal, &Visitor, &Reader) -> anyhow::Result<Response> + Send + 'static {
    let contact = form.trimmed("contact").to_owned();
    move |portal, visitor, reader| contact_page(portal, visitor, reader, &code, &contact)
}

/// `POST /organisations/CODE/contacts`: somebody new, or as somebody is from now on.
pub async fn put_contact(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let again = contact_again(code.clone(), &form);
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let field = |name: &str| form.trimmed(name).to_owned();
        let typed = Typed {
            role: field("role"),
            name: field("name"),
            email: field("email"),
            phone: field("phone"),
            language: field("language"),
            tlp_max: field("tlp_max"),
        };
        let contact = form.trimmed("contact").parse().ok().map(ContactId);
        let done = match changes::put_contact(at_work.intake.store(), by, &code, contact, &typed)? {
            Changed::Applied => Done::ContactSaved,
            Changed::Waits(_) => Done::ContactWaits,
        };
        Ok(Went::on_to(done, format!("/organisations/{code}")))
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /organisations/CODE/contacts/leave`
pub async fn contact_leaves(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let again = contact_again(code.clone(), &form);
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let id = ContactId(form.word("contact", "wrong-gone")?);
        changes::contact_leaves(at_work.intake.store(), by, &code, id)?;
        Ok(Went::on_to(Done::ContactLeft, format!("/organisations/{code}")))
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /organisations/CODE/contacts/right`: somebody asked.
pub async fn contact_is_right(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let again = contact_again(code.clone(), &form);
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let id = ContactId(form.word("contact", "wrong-gone")?);
        changes::contact_is_right(at_work.intake.store(), by, &code, id)?;
        Ok(Went::on_to(Done::ContactRight, format!("/organisations/{code}")))
    };
    act(&portal, &visitor, form, work, again).await
}

/// `POST /organisations/CODE/steps`: a step of joining was taken.
pub async fn step(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let here = code.clone();
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let step: Step = form.word("step", "wrong-choose")?;
        if form.trimmed("by").is_empty() {
            return Err(Mistake::new("by", "wrong-empty").into());
        }
        let (whom, number) = (form.trimmed("by"), form.trimmed("number"));
        onboarding::confirm(at_work.intake.store(), by, &code, step, whom, number)?;
        Ok(Done::StepTaken)
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        register::organisation_page(portal, visitor, reader, &here)
    };
    act(&portal, &visitor, form, work, again).await
}

/// `GET /register/waiting`: conflicts, and changes that wait for a second pair of eyes.
pub async fn waiting(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, waiting_page).await
}

fn waiting_page(portal: &Portal, visitor: &Visitor, _: &Reader) -> anyhow::Result<Response> {
    let who = visitor.name().to_owned();
    // What belongs to a conflict is gathered by the writer, so that nobody decides about what is no longer so.
    match portal.asking.carry_out(move |at_work| disputes::waiting(at_work.intake.store(), &who)) {
        Ok(page) => visitor.page(portal, StatusCode::OK, "disputes", page?),
        Err(_) => Ok(plain::trouble(portal, visitor)),
    }
}

/// `POST /register/conflicts/12`
pub async fn decide(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<u32>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        let claims = at_work.config.claims.clone();
        disputes::decide(at_work.intake.store(), &claims, by, ConflictId(id), form.field("winner"))?;
        Ok(Done::Decided)
    };
    act(&portal, &visitor, form, work, waiting_page).await
}

/// `POST /register/changes/12/approve`: by somebody else than who asked for it.
pub async fn approve(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<u32>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| {
        let number = form.trimmed("number");
        contacts::approve(at_work.intake.store(), by, PendingChangeId(id), number)?;
        Ok(Done::ContactSaved)
    };
    act(&portal, &visitor, form, work, waiting_page).await
}

/// `POST /register/changes/12/refuse`
pub async fn refuse(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<u32>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("reason", "wrong-empty").into());
        }
        contacts::refuse(at_work.intake.store(), by, PendingChangeId(id))?;
        Ok(Done::Refused)
    };
    act(&portal, &visitor, form, work, waiting_page).await
}

/// `POST /register/requests/12/accept`: what a member asks about an asset.
pub async fn accept_request(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<i64>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let by = Act { reason: if by.reason.is_empty() { "asked by the member" } else { by.reason }, ..*by };
        asset_requests::accept(at_work.intake.store(), &by, id)?;
        Ok(Done::Decided)
    };
    act(&portal, &visitor, form, work, waiting_page).await
}

/// `POST /register/requests/12/refuse`
pub async fn refuse_request(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<i64>,
    form: Form,
) -> Response {
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        if by.reason.is_empty() {
            return Err(Mistake::new("", "wrong-empty").into());
        }
        asset_requests::refuse(at_work.intake.store(), by, id)?;
        Ok(Done::Refused)
    };
    act(&portal, &visitor, form, work, waiting_page).await
}

/// A version of the register.
#[derive(Serialize)]
struct Version {
    number: u32,
    at: i64,
    actor: String,
    reason: String,
    changes: Vec<(&'static str, u64, u64)>,
}

/// `GET /register/history`
pub async fn history(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    answer(&portal, &visitor, |portal, visitor, reader| {
        let versions = reader.read(|connection| register_history::versions(connection, VERSIONS))?;
        let versions: Vec<Version> = versions
            .into_iter()
            .map(|one| Version {
                number: one.version.0,
                at: one.at,
                actor: one.actor,
                reason: one.reason,
                changes: ["organisations", "assets", "contacts", "relations"]
                    .into_iter()
                    .zip(one.changes)
                    .map(|(kind, counts)| (kind, counts.recorded, counts.withdrawn))
                    .filter(|(_, recorded, withdrawn)| recorded + withdrawn > 0)
                    .collect(),
            })
            .collect();
        visitor.page(portal, StatusCode::OK, "register_history", History { versions })
    })
    .await
}

#[derive(Serialize)]
struct History {
    versions: Vec<Version>,
}
