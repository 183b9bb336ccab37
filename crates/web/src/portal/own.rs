//! `/own/CODE/…`: what people of a member see of their own organisation, or of one that it serves. Of any other there is nothing, and nobody learns
//! whether there is such an organisation.

use axum::{
    Extension,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use schakel_app::{
    portal::own::{
        Own,
        findings::{self, Row, Wanted},
        front, register, sent, weekly,
    },
    requests::AtWork,
};
use schakel_render::portal::{acting::Mistake, csv::csv};
use schakel_store::{Reader, act::Act};
use serde::{Deserialize, Serialize};

use super::{
    Portal,
    acting::{Went, act},
    answer,
    forms::Form,
    head::see_other,
    plain,
    visitor::Visitor,
};

/// Columns of the list as a file.
const COLUMNS: [&str; 10] = [
    "finding",
    "severity",
    "classification",
    "feed",
    "identifier",
    "target",
    "state",
    "deadline",
    "first_told",
    "last_seen",
];

/// `GET /own`: their own organisation.
pub async fn mine(Extension(visitor): Extension<Visitor>) -> Response {
    let code = visitor.person.as_ref().map_or("", |person| &person.account.organisation);
    see_other(&address(code))
}

/// Where an organisation's own pages begin.
pub fn address(code: &str) -> String {
    let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
    // In a path a plus is a plus.
    format!("/own/{}", code.replace('+', "%20"))
}

/// Makes a page about the organisation in the address; there is none when it is not theirs, or when nothing comes of it.
async fn about<P: Serialize>(
    portal: Portal,
    visitor: Visitor,
    code: String,
    template: &'static str,
    make: impl FnOnce(&Reader, &Own, &Visitor) -> anyhow::Result<Option<P>> + Send + 'static,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        page(portal, visitor, reader, (&code, template), make)
    })
    .await
}

/// The same, on a thread that may wait.
pub fn page<P: Serialize>(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    (code, template): (&str, &'static str),
    make: impl FnOnce(&Reader, &Own, &Visitor) -> anyhow::Result<Option<P>>,
) -> anyhow::Result<Response> {
    let Some(own) = looking(visitor, reader, code)? else { return Ok(plain::not_found(portal, visitor)) };
    let visitor = &Visitor { looks_at: own.head.code.clone(), ..visitor.clone() };
    match make(reader, &own, visitor)? {
        Some(page) => visitor.page(portal, StatusCode::OK, template, page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

/// Who looks at the organisation with this code; `None`: it is not theirs to look at.
pub fn looking(visitor: &Visitor, reader: &Reader, code: &str) -> anyhow::Result<Option<Own>> {
    match &visitor.person {
        Some(person) => Own::of(reader, &person.account, code, visitor.now),
        None => Ok(None),
    }
}

/// Has the one writer do something about the organisation in the address, as [`act`] does; nothing comes of it when it is not theirs.
pub async fn act_on<W: Into<Went>>(
    portal: &Portal,
    visitor: &Visitor,
    code: &str,
    form: Form,
    work: impl FnOnce(&mut AtWork<'_>, &Act<'_>, (&Own, &Form)) -> anyhow::Result<W> + Send + 'static,
    again: impl FnOnce(&Portal, &Visitor, &Reader) -> anyhow::Result<Response> + Send + 'static,
) -> Response {
    let (who, wanted) = (visitor.clone(), code.to_owned());
    let about = move |at_work: &mut AtWork<'_>, by: &Act<'_>, form: &Form| match looking(
        &who,
        at_work.reader,
        &wanted,
    )? {
        Some(own) => work(at_work, by, (&own, form)),
        None => Err(Mistake::new("", "not-found").into()),
    };
    act(portal, visitor, form, about, again).await
}

/// `GET /own/CODE`
pub async fn front(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| front_page(portal, visitor, reader, &code)).await
}

/// The first page, also after a form.
pub fn front_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
) -> anyhow::Result<Response> {
    page(portal, visitor, reader, (code, "own/front"), |reader, own, visitor| {
        Ok(Some(front::front(reader, own, visitor.now)?))
    })
}

/// `GET /own/CODE/findings`
pub async fn findings(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    about(portal, visitor, code, "own/findings", move |reader, own, visitor| {
        Ok(Some(findings::list(reader, own, &wanted, visitor.now)?))
    })
    .await
}

/// `GET /own/CODE/findings.csv`
pub async fn export(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let Some(own) = looking(visitor, reader, &code)? else {
            return Ok(plain::not_found(portal, visitor));
        };
        let known = findings::matching(reader, &own, &wanted, visitor.now)?;
        let file = csv(COLUMNS, known.rows.into_iter().map(cells));
        let head = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"findings.csv\""),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        Ok((head, file).into_response())
    })
    .await
}

fn cells(row: Row) -> [String; COLUMNS.len()] {
    let time = |at: i64| Timestamp::from_second(at).map_or_else(|_| String::new(), |at| at.to_string());
    [
        row.id,
        row.severity.to_owned(),
        row.classification.to_owned(),
        row.feed,
        row.identifier,
        row.target,
        row.state.to_owned(),
        row.deadline.map_or_else(String::new, time),
        time(row.told_at),
        time(row.last_seen),
    ]
}

/// `GET /own/CODE/findings/F12`
pub async fn finding(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, name)): Path<(String, String)>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        finding_page(portal, visitor, reader, &code, &name)
    })
    .await
}

/// One finding, also after a form.
pub fn finding_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
    name: &str,
) -> anyhow::Result<Response> {
    page(portal, visitor, reader, (code, "own/finding"), |reader, own, visitor| {
        let roles = visitor.person.as_ref().map_or(&[][..], |person| &person.account.roles);
        findings::one(reader, own, name, (roles, visitor.language), visitor.now)
    })
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    before: String,
    until: String,
}

/// `GET /own/CODE/sent`
pub async fn sent(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    Query(part): Query<Part>,
) -> Response {
    about(portal, visitor, code, "own/sent", move |reader, own, _| {
        Ok(Some(sent::all(reader, own, &part.before)?))
    })
    .await
}

/// `GET /own/CODE/sent/7`
pub async fn message(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path((code, number)): Path<(String, String)>,
) -> Response {
    about(portal, visitor, code, "own/message", move |reader, own, visitor| {
        sent::one(reader, own, &number, visitor.now)
    })
    .await
}

/// `GET /own/CODE/weekly`
pub async fn weekly(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
    Query(part): Query<Part>,
) -> Response {
    about(portal, visitor, code, "own/weekly", move |reader, own, visitor| {
        Ok(Some(weekly::weekly(reader, own, &part.until, visitor.now)?))
    })
    .await
}

/// `GET /own/CODE/register`
pub async fn register(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(code): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| register_page(portal, visitor, reader, &code))
        .await
}

/// The same, on a thread that may wait.
pub fn register_page(
    portal: &Portal,
    visitor: &Visitor,
    reader: &Reader,
    code: &str,
) -> anyhow::Result<Response> {
    page(portal, visitor, reader, (code, "own/register"), |reader, own, visitor| {
        Ok(Some(register::register(reader, own, visitor.now)?))
    })
}
