//! What members fetch, by the API that Shadowserver has for reports (<https://github.com/The-Shadowserver-Foundation/api_utils/wiki>), so
//! that the client they have for it works unchanged: questions to `/api2/`, files from `/dl/`.
//!
//! A question is a JSON object with the member's key, signed in the header `HMAC2`. A file is fetched by its id, which nobody can guess,
//! and without a key. Which rows there are is not decided here: see `schakel_app::member_reports`.

mod answer;
mod question;
mod rate;
mod rows;

use std::collections::BTreeSet;

use axum::{
    body::Body,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use schakel_app::member_reports::{Chosen, Listed, MemberReports, key_of_id};
use schakel_store::{Reader, member_keys::MemberKey};
use serde_json::{Value, json};

use self::{
    answer::Refused,
    question::{Asked, QUESTION_BYTES_MAX, signed},
    rate::Rate,
    rows::Layout,
};
use super::{Api, body::Paced, streams::Streams};

/// What all requests of members share.
#[derive(Clone, Debug)]
pub(super) struct Members {
    rate: Rate,
    streams: Streams,
    scheme: &'static str,
}

impl Members {
    /// `scheme`: by which we answer ourselves.
    pub fn new(scheme: &'static str) -> Self {
        Self { rate: Rate::default(), streams: Streams::default(), scheme }
    }
}

/// `POST /api2/{module}/{method}`
pub(super) async fn ask(
    State(api): State<Api>,
    Path((module, method)): Path<(String, String)>,
    head: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (bytes, ended) = Paced::new(body).beginning(QUESTION_BYTES_MAX).await?;
    if !ended {
        return Err(Refused::too_large());
    }
    let given = head.get("hmac2").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let data = api.data.clone();
    let (reader, key, asked) = blocking(move || {
        let reader = Reader::open(&data).map_err(Refused::trouble)?;
        let (key, asked) = signed(&reader, &bytes, &given)?;
        Ok((reader, key, asked))
    })
    .await?;
    let now = api.clock.now_seconds();
    api.members.rate.count(key.id, now)?;
    let held = api.members.streams.take(&key.key).ok_or_else(Refused::busy)?;
    let base = base_of(&api, &head);
    // Held until the work is done, also when nobody waits for it any more.
    let (answered, held) = blocking(move || {
        let answered = match (module.as_str(), method.as_str()) {
            ("test", "ping") => Answered::Json(json!({ "pong": at(now) })),
            ("reports", "subscribed") => Answered::Json(json!([open(reader, &key, now)?.list_name()])),
            ("reports", "types") => {
                let listed = list(&mut open(reader, &key, now)?, &asked)?;
                let types: BTreeSet<String> = listed.into_iter().map(|file| file.name.type_name).collect();
                Answered::Json(json!(types))
            }
            ("reports", "list") => {
                let listed = list(&mut open(reader, &key, now)?, &asked)?;
                let files = listed.iter().map(|file| listed_json(file, &base));
                Answered::Json(Value::Array(files.collect()))
            }
            ("reports", "download") => {
                let id = asked.id.as_deref().unwrap_or_default();
                let (reports, chosen) = find(reader, &key, id, now)?.ok_or_else(Refused::no_such_file)?;
                Answered::File(Box::new((reports, chosen)))
            }
            _ => return Err(Refused::no_such_method()),
        };
        Ok((answered, held))
    })
    .await?;
    match answered {
        Answered::Json(value) => Ok(answer::json(&value)),
        Answered::File(file) => Ok(rows::send(file.0, file.1, Layout::Json, held)),
    }
}

enum Answered {
    Json(Value),
    File(Box<(MemberReports, Chosen)>),
}

/// `GET /dl/{id}`. Another's file is as if it were not there.
pub(super) async fn file(State(api): State<Api>, Path(id): Path<String>) -> Result<Response, Response> {
    fetch(api, id).await.map_err(|refused| refused.of_file().into_response())
}

async fn fetch(api: Api, id: String) -> Result<Response, Refused> {
    let (data, wanted) = (api.data.clone(), id.clone());
    let (reader, key) = blocking(move || {
        let reader = Reader::open(&data).map_err(Refused::trouble)?;
        let key = key_of_id(&reader, &wanted).map_err(Refused::trouble)?;
        Ok((reader, key.ok_or_else(Refused::no_such_file)?))
    })
    .await?;
    let now = api.clock.now_seconds();
    api.members.rate.count(key.id, now)?;
    let held = api.members.streams.take(&key.key).ok_or_else(Refused::busy)?;
    let (found, held) = blocking(move || Ok((find(reader, &key, &id, now)?, held))).await?;
    let (reports, chosen) = found.ok_or_else(Refused::no_such_file)?;
    Ok(rows::send(reports, chosen, Layout::Csv, held))
}

fn open(reader: Reader, key: &MemberKey, now: i64) -> Result<MemberReports, Refused> {
    MemberReports::open(reader, key, now).map_err(Refused::trouble)
}

/// The file with this id, after it is recorded that it is fetched.
fn find(
    reader: Reader,
    key: &MemberKey,
    id: &str,
    now: i64,
) -> Result<Option<(MemberReports, Chosen)>, Refused> {
    let mut reports = open(reader, key, now)?;
    let Some(chosen) = reports.find(id).map_err(Refused::trouble)? else { return Ok(None) };
    reports.record(&chosen).map_err(Refused::trouble)?;
    Ok(Some((reports, chosen)))
}

fn list(reports: &mut MemberReports, asked: &Asked) -> Result<Vec<Listed>, Refused> {
    let (from, until) = asked.days(reports.days())?;
    if !asked.wants_list(&reports.list_name()) {
        return Ok(Vec::new());
    }
    let mut listed = reports.list(from, until).map_err(Refused::trouble)?;
    listed.retain(|file| asked.wants_type(&file.name.type_name));
    listed.truncate(asked.limit.unwrap_or(usize::MAX));
    Ok(listed)
}

fn listed_json(file: &Listed, base: &str) -> Value {
    let name = &file.name;
    json!({
        "id": file.id,
        "file": name.to_string(),
        "report": name.list,
        "type": name.type_name,
        "timestamp": name.day.to_string(),
        "url": format!("{base}/dl/{}", file.id),
    })
}

/// Where whoever asks has found us. Only they read it.
fn base_of(api: &Api, head: &HeaderMap) -> String {
    let text = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
    // A web server with TLS may stand in front.
    let is_https = text("x-forwarded-proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    let scheme = if is_https { "https" } else { api.members.scheme };
    format!("{scheme}://{}", text("host").unwrap_or_default())
}

/// A time as Shadowserver writes it.
fn at(seconds: i64) -> String {
    let at = Timestamp::from_second(seconds).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// On a thread that may wait for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.map_err(Refused::trouble)?
}
