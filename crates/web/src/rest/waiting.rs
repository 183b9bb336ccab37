//! Changes as they come: a question that waits for its answer, or events that the server sends (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//! Each look is a question of its own: who was revoked meanwhile, or whose token has run out, hears nothing more.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use hyper::body::Frame;
use schakel_app::{api_clients, tenant::Tenant, users::Actor};
use serde_json::Value;
use tokio::{sync::mpsc, time::sleep};

use super::{
    Rest,
    call::Call,
    dispatch::{bearer_of, blocking, known, may},
    problem::Problem,
    route::{Incoming, Reply, Route},
};

/// How often it is looked whether something has changed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A line is sent at least so often, so that nobody in between takes the connection for dead.
const BEAT: Duration = Duration::from_secs(15);

/// A stream ends after this long; clients of server-sent events come back by themselves.
const STREAM_TIME_MAX: Duration = Duration::from_secs(3_600);

/// The longest that a question may wait.
const WAIT_SECONDS_MAX: u64 = 60;

/// Answers a question about changes.
pub async fn answer(rest: Rest, route: Arc<Route>, uri: Uri, head: HeaderMap) -> Response {
    try_answer(rest, route, uri, head).await.unwrap_or_else(IntoResponse::into_response)
}

async fn try_answer(rest: Rest, route: Arc<Route>, uri: Uri, head: HeaderMap) -> Result<Response, Problem> {
    known(&rest, &head, &route).await?;
    let token = bearer_of(&head);
    let query = uri.query().unwrap_or_default().to_owned();
    let asks_for = head.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_stream = asks_for.contains("text/event-stream");
    let wait = parameter(&query, "wait").and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    let wait = Duration::from_secs(u64::min(wait, WAIT_SECONDS_MAX));
    let held = Arc::clone(&rest.waiting).try_acquire_owned();
    if !is_stream {
        let since = Instant::now();
        loop {
            let reply = look(&rest, &route, &token, query.clone()).await?;
            let is_empty = reply.body["items"].as_array().is_none_or(Vec::is_empty);
            // Too many wait already: this one asks again by itself.
            if !is_empty || since.elapsed() >= wait || held.is_err() || parameter(&query, "after").is_none() {
                let head = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
                return Ok((head, reply.body.to_string()).into_response());
            }
            sleep(LOOK_EVERY).await;
        }
    }
    let held =
        held.map_err(|_| Problem::later(StatusCode::SERVICE_UNAVAILABLE, "Too many are waiting.", 10))?;
    let last = head.get("last-event-id").and_then(|value| value.to_str().ok());
    let mut after = last.map(str::to_owned).or_else(|| parameter(&query, "after"));
    // The first look is before the answer, so that a wrong cursor is a problem and no stream.
    let first = look(&rest, &route, &token, of_after(after.as_deref())).await?;
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        let (started, mut beat) = (Instant::now(), Instant::now());
        let mut reply = first;
        loop {
            let cursor = reply.body["cursor"].as_str().unwrap_or_default().to_owned();
            let mut text = events(&reply.body, &cursor);
            if text.is_empty() && beat.elapsed() >= BEAT {
                text.push_str(": \n\n");
            }
            if after.is_none() && text.is_empty() {
                // So that whoever comes back knows where it was.
                text = format!("id: {cursor}\ndata: \n\n");
            }
            after = Some(cursor);
            if !text.is_empty() {
                beat = Instant::now();
                if sender.send(Bytes::from(text)).await.is_err() {
                    break;
                }
            }
            if started.elapsed() >= STREAM_TIME_MAX {
                break;
            }
            sleep(LOOK_EVERY).await;
            reply = match look(&rest, &route, &token, of_after(after.as_deref())).await {
                Ok(reply) => reply,
                Err(_) => break,
            };
        }
        drop(held);
    });
    let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((head, Body::new(Stream(receiver))).into_response())
}

fn of_after(after: Option<&str>) -> String {
    after.map(|after| format!("after={after}")).unwrap_or_default()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// One look, by whoever has this token still.
async fn look(rest: &Rest, route: &Arc<Route>, token: &str, query: String) -> Result<Reply, Problem> {
    let (rest, route, token) = (rest.clone(), Arc::clone(route), token.to_owned());
    blocking(move || {
        let now = rest.clock.now_seconds();
        let reader = rest.readers.get()?;
        let client = api_clients::who(&reader, &token, now)?.ok_or_else(Problem::unauthorized)?;
        may(&client, &route)?;
        let tenant = Tenant::of(&reader, client.of, now)?;
        let actor = Actor::client(&client.code);
        let call = Call { rest, reader, client, tenant, actor, now, path: Vec::new() };
        (route.run)(&call, Incoming { query: &query, body: None })
    })
    .await
}

/// The events of a reply; all but the last have no id, since only behind the last nothing is missed.
fn events(body: &Value, cursor: &str) -> String {
    let items = body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut text = String::new();
    for (nth, item) in items.iter().enumerate() {
        if nth + 1 == items.len() {
            text += &format!("id: {cursor}\n");
        }
        // JSON on one line has no line breaks of its own.
        text += &format!("event: {}\ndata: {item}\n\n", item["type"].as_str().unwrap_or("change"));
    }
    text
}

/// The end that is read.
struct Stream(mpsc::Receiver<Bytes>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}
