//! What is a member's by the register: given up, or to be changed. The desk looks before it counts.

use axum::{
    Extension,
    extract::{Path, State},
    response::Response,
};
use schakel_app::{
    asset_requests::{self, NotAsked},
    portal::own::{Own, register},
    requests::AtWork,
};
use schakel_model::{claim::AssetWish, ids::AssetId};
use schakel_render::portal::acting::{Done, Mistake, Notice, Undo};
use schakel_store::{Reader, act::Act, asset_requests::AssetRequest};

use super::{
    Portal,
    acting::{Went, act},
    answer,
    forms::Form,
    own, plain,
    visitor::Visitor,
};

/// `GET /own/CODE/assets/7`
pub async fn show(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, number)): Path<(String, String)>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        asset_page(portal, visitor, reader, &code, &number)
    })
    .await
}

fn asset_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
    number: &str,
) -> anyhow::Result<Response> {
    own::page(portal, visitor, reader, (code, "own/asset"), |reader, own, visitor| {
        register::asset(reader, own, number, visitor.now)
    })
}

/// `POST /own/CODE/assets/7`: asks the desk.
pub async fn ask(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, number)): Path<(String, String)>,
    form: Form,
) -> Response {
    let (whose, id) = (code.clone(), number.parse().ok().map(AssetId));
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, (own, form): (&Own, &Form)| {
        let id = id.ok_or_else(|| Mistake::new("", "not-found"))?;
        let wish: AssetWish = form.field("wish").parse().map_err(|_| Mistake::new("", "wrong-choose"))?;
        let what = (id, wish, form.trimmed("text"));
        match asset_requests::ask(at_work.intake.store(), by, own, what)? {
            Ok(number) => {
                let home = own::address(&own.head.code);
                let undo = Undo { action: format!("{home}/assets/take-back"), what: number.to_string() };
                let notice = Notice { undo: Some(undo), ..Done::AssetAsked.into() };
                Ok(Went::on_to(notice, format!("{home}/register")))
            }
            Err(NotAsked::Gone) => Err(Mistake::new("", "wrong-gone").into()),
            Err(NotAsked::Waits) => Err(Mistake::new("", "own-wrong-asked").into()),
            Err(NotAsked::Many) => Err(Mistake::new("", "own-wrong-many-claims").into()),
            Err(NotAsked::NoText) => Err(Mistake::new("text", "wrong-empty").into()),
        }
    };
    let again = move |portal: &Portal, visitor: &Visitor, reader: &Reader| {
        asset_page(portal, visitor, reader, &code, &number)
    };
    own::act_on(&portal, &visitor, &whose, form, work, again).await
}

/// `POST /own/CODE/assets/take-back`: what waits for the desk.
pub async fn take_back(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    form: Form,
) -> Response {
    let id: Option<i64> = form.trimmed("what").parse().ok();
    let waits =
        move |visitor: &Visitor, reader: &Reader, code: &str| -> anyhow::Result<Option<AssetRequest>> {
            let (Some(own), Some(id)) = (own::looking(visitor, reader, code)?, id) else { return Ok(None) };
            asset_requests::theirs(reader, &own, id)
        };
    let (who, wanted) = (visitor.clone(), code.clone());
    let work = move |at_work: &mut AtWork<'_>, by: &Act<'_>, _: &Form| {
        let Some(request) = waits(&who, at_work.reader, &wanted)? else {
            return Err(Mistake::new("", "wrong-gone").into());
        };
        asset_requests::take_back(at_work.intake.store(), by, &request)?;
        Ok(Done::Undone)
    };
    let again =
        move |portal: &Portal, visitor: &Visitor, reader: &Reader| match waits(visitor, reader, &code)? {
            Some(_) => own::register_page(portal, visitor, reader, &code),
            None => Ok(plain::not_found(portal, visitor)),
        };
    act(&portal, &visitor, form, work, again).await
}
