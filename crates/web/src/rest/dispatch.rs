//! How a request goes: who asks, may they, what comes in, carry it out. In this order, so that a stranger costs nothing and learns nothing.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::RawPathParams,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use schakel_app::{api_clients, tenant::Tenant, users::Actor};
use schakel_formats::strict_json;
use schakel_model::api::{Client, ClientOf};
use schakel_store::readers::KeptReader;
use serde_json::Value;

use super::{
    Rest,
    answered::Turn,
    call::Call,
    problem::{Problem, Where},
    route::{Incoming, Members, Method, Reply, Route},
};
use crate::api::body::Paced;

/// A token is shorter than this.
const TOKEN_BYTES_MAX: usize = 1_024;

/// Answers a request on a route.
pub async fn answer(
    rest: Rest,
    route: Arc<Route>,
    path: RawPathParams,
    uri: Uri,
    head: HeaderMap,
    body: Body,
) -> Response {
    match try_answer(rest, route, path, uri, head, body).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn try_answer(
    rest: Rest,
    route: Arc<Route>,
    path: RawPathParams,
    uri: Uri,
    head: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let path: Vec<(String, String)> =
        path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (reader, client) = known(&rest, &head, &route).await?;
    let bytes = match route.method {
        Method::Get => Vec::new(),
        Method::Post => whole_body(&head, body, route.body_bytes_max).await?,
    };
    let key = idempotency_key(&head, route.method)?;
    blocking(move || {
        let now = rest.clock.now_seconds();
        let tenant = Tenant::of(&reader, client.of, now)?;
        let actor = Actor::client(&client.code);
        let call = Call { rest, reader, client, tenant, actor, now, path };
        let query = uri.query().unwrap_or_default();
        let turn = match &key {
            None => None,
            Some(key) => {
                let digest = digest(&uri, &bytes);
                let (reader, client) = (&call.reader, call.client.id);
                match call.rest.under_way.begin(reader, client, key, digest, now)? {
                    Turn::Again(kept) => return Ok(again(kept.status, kept.body)),
                    Turn::First(held) => Some(held),
                }
            }
        };
        let body = match route.method {
            Method::Get => None,
            Method::Post => Some(read_body(&bytes)?),
        };
        let Reply { body, next } = (route.run)(&call, Incoming { query, body })?;
        let text = body.to_string();
        if let Some(held) = turn.filter(|_| route.is_kept) {
            held.keep(&call.reader, route.status, &text, now);
        }
        let mut response = json(route.status, text);
        if let Some(next) = next.and_then(|next| link(uri.path(), query, &next)) {
            response.headers_mut().insert(header::LINK, next);
        }
        Ok(response)
    })
    .await
}

/// Who asks, when they may use this route and do not ask too often.
pub async fn known(rest: &Rest, head: &HeaderMap, route: &Route) -> Result<(KeptReader, Client), Problem> {
    let (reader, client) = who(rest, head).await?;
    may(&client, route)?;
    Ok((reader, client))
}

/// Who asks. What is no token is looked up all the same: the answer to everything that does not count takes the same time.
pub async fn who(rest: &Rest, head: &HeaderMap) -> Result<(KeptReader, Client), Problem> {
    let (token, readers, now) = (bearer_of(head), rest.readers.clone(), rest.clock.now_seconds());
    let (reader, client) = blocking(move || {
        let reader = readers.get()?;
        let client = api_clients::who(&reader, &token, now)?.ok_or_else(Problem::unauthorized)?;
        Ok((reader, client))
    })
    .await?;
    rest.rate.take(client.id, client.per_minute_max, Instant::now()).map_err(|wait| {
        let seconds = wait.as_secs().saturating_add(1).min(60) as u32;
        Problem::later(StatusCode::TOO_MANY_REQUESTS, "You ask too often.", seconds)
    })?;
    Ok((reader, client))
}

/// May a client use a route?
pub fn may(client: &Client, route: &Route) -> Result<(), Problem> {
    let is_theirs = route.members == Members::Own || client.of == ClientOf::Desk;
    if is_theirs && client.may(route.scope) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        format!("This client may not do this: it needs the scope {}.", route.scope),
    ))
}

/// The token in a request; empty when there is none.
pub fn bearer_of(head: &HeaderMap) -> String {
    let given = head.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.and_then(bearer).filter(|token| token.len() <= TOKEN_BYTES_MAX).unwrap_or_default().to_owned()
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn whole_body(head: &HeaderMap, body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let of = head.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let of = of.split(';').next().unwrap_or_default().trim();
    if !of.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send JSON, with `Content-Type: application/json`.",
        ));
    }
    read_at_a_pace(body, bytes_max).await
}

/// A body that comes fast enough and is not too large.
pub async fn read_at_a_pace(body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    match Paced::new(body).beginning(most).await {
        Ok((bytes, true)) => Ok(bytes),
        Ok((_, false)) => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body may have {most} bytes at most. Send it in parts."),
        )),
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "The body came too slowly.")),
    }
}

fn read_body(bytes: &[u8]) -> Result<Value, Problem> {
    strict_json::read(bytes)
        .map_err(|error| Problem::fault(Where::Body, "", "json", format!("this is no JSON: {error}")))
}

fn idempotency_key(head: &HeaderMap, method: Method) -> Result<Option<String>, Problem> {
    let Some(value) = head.get("idempotency-key").filter(|_| method == Method::Post) else { return Ok(None) };
    let text = value.to_str().map_err(|_| {
        Problem::fault(Where::Header, "Idempotency-Key", "characters", "use plain ASCII characters")
    })?;
    Ok(Some(text.trim_matches('"').to_owned()))
}

fn digest(uri: &Uri, body: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(uri.to_string().as_bytes());
    hasher.update(&[0]);
    hasher.update(body);
    *hasher.finalize().as_bytes()
}

fn json(status: StatusCode, body: String) -> Response {
    let head = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, head, body).into_response()
}

fn again(status: u16, body: String) -> Response {
    json(StatusCode::from_u16(status).unwrap_or(StatusCode::OK), body)
}

/// `</api/v1/findings?severity=high&cursor=…>; rel="next"` (RFC 8288).
fn link(path: &str, query: &str, next: &str) -> Option<HeaderValue> {
    let mut kept = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor") {
        kept.append_pair(&name, &value);
    }
    kept.append_pair("cursor", next);
    HeaderValue::from_str(&format!("<{path}?{}>; rel=\"next\"", kept.finish())).ok()
}

/// On a thread that may wait for the disk.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::trouble)?
}
