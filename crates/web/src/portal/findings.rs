//! `/findings`, `/findings/F12`, `/findings/F12/rows`, `/findings/export`: what was found. What is done to them is in [`super::work`].

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schakel_app::{
    portal::{
        finding,
        findings::{self, Format, Looking, Wanted},
    },
    users::{Actor, actor},
};
use schakel_store::{Reader, saved_views};
use serde::Serialize;
use url::form_urlencoded::{Serializer, parse};

use super::{Portal, answer, plain, visitor::Visitor};

/// The list with what stands around it.
#[derive(Serialize)]
struct List {
    #[serde(flatten)]
    list: findings::Findings,
    /// What is asked for, as it stands behind the question mark, without where a page begins.
    query: String,
    /// Which of the usual lists it is; empty: another.
    tab: &'static str,
    /// Lists that this person keeps: number, name, and what stands behind the question mark.
    views: Vec<(i64, String, String)>,
}

/// What stands behind the question mark; nothing at all: what is open and theirs.
pub fn wanted(query: &str) -> Wanted {
    if query.is_empty() {
        return Wanted::open_and_mine();
    }
    let pairs: Vec<_> = parse(query.as_bytes()).collect();
    Wanted::from_pairs(pairs.iter().map(|(name, value)| (&**name, &**value)))
}

/// The other way round.
pub fn query(wanted: &Wanted) -> String {
    Serializer::new(String::new()).extend_pairs(wanted.pairs()).finish()
}

/// `GET /findings`
pub async fn list(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(asked): RawQuery,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        page(portal, visitor, reader, &asked.unwrap_or_default())
    })
    .await
}

/// The list as a page.
pub fn page(portal: &Portal, visitor: &Visitor, reader: &Reader, asked: &str) -> anyhow::Result<Response> {
    let wanted = wanted(asked);
    let actor = looking(portal, visitor)?;
    let list = findings::list(reader, &wanted, Looking { actor: &actor, now: visitor.now })?;
    let account = visitor.person.as_ref().map(|person| person.account.id);
    let views = match account {
        Some(account) => reader.read(|connection| saved_views::of(connection, account))?,
        None => Vec::new(),
    };
    let query = query(&wanted);
    let tab = match query.as_str() {
        "open=yes&handler=me" => "mine",
        "open=yes&handler=none" => "nobodys",
        "open=yes" => "open",
        "open=any" => "all",
        _ => "",
    };
    let views = views.into_iter().map(|one| (one.id, one.name, one.query)).collect();
    visitor.page(portal, StatusCode::OK, "findings", List { list, query, tab, views })
}

/// `GET /findings/export`: what the list shows, as a file.
pub async fn export(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(asked): RawQuery,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let asked = asked.unwrap_or_default();
        let is_json = parse(asked.as_bytes()).any(|(name, value)| name == "format" && value == "json");
        let (format, kind, name) = match is_json {
            true => (Format::Json, "application/json", "attachment; filename=\"findings.json\""),
            false => (Format::Csv, "text/csv; charset=utf-8", "attachment; filename=\"findings.csv\""),
        };
        let actor = looking(portal, visitor)?;
        let looking = Looking { actor: &actor, now: visitor.now };
        let bytes = findings::export(reader, &wanted(&asked), format, looking)?;
        Ok(file(kind, name, bytes))
    })
    .await
}

/// Something to keep; no browser opens it as a page of ours.
pub fn file(kind: &'static str, name: &'static str, bytes: Vec<u8>) -> Response {
    let head = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = (head, bytes).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}

/// `GET /findings/F12`
pub async fn one(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| one_page(portal, visitor, reader, &name)).await
}

/// One of them as a page.
pub fn one_page(portal: &Portal, visitor: &Visitor, reader: &Reader, name: &str) -> anyhow::Result<Response> {
    let actor = looking(portal, visitor)?;
    match finding::one(reader, name, Looking { actor: &actor, now: visitor.now })? {
        Some(page) => visitor.page(portal, StatusCode::OK, "finding", page),
        None => Ok(plain::not_found(portal, visitor)),
    }
}

/// `GET /findings/F12/rows`
pub async fn rows(
    State(portal): State<Portal>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Response {
    answer(&portal, &visitor, move |portal, visitor, reader| {
        let actor = looking(portal, visitor)?;
        match finding::rows(reader, &name, Looking { actor: &actor, now: visitor.now })? {
            Some(page) => visitor.page(portal, StatusCode::OK, "rows", page),
            None => Ok(plain::not_found(portal, visitor)),
        }
    })
    .await
}

/// Who looks, for the log: a desk user by the name they sign in with.
pub fn looking(portal: &Portal, visitor: &Visitor) -> anyhow::Result<Actor> {
    actor(&portal.data, visitor.person.as_ref().map(|person| person.account.name.as_str()))
}
