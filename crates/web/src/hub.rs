//! The door for other hubs. It listens on an address of its own; who is not known learns nothing but that.

use std::sync::{Arc, OnceLock};

use anyhow::Context;
use axum::{
    Router,
    body::Body,
    extract::{Extension, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::post,
};
use schakel_app::{
    config::Config,
    doors::DoorSlot,
    hub::door::{Asked, BODY_BYTES_MAX, CURSOR, FETCH, HubDoor, LINES_TYPE, MESSAGES, NotServed},
};
use schakel_model::clock::Clock;
use schakel_store::data_dir::DataDir;
use serde_json::json;

use crate::{
    api::body::Paced,
    listener::{self, Handle, Peer},
    tls::Tls,
};

/// A door that is not open yet, or in trouble, is asked again after this many seconds.
const TROUBLE_SECONDS: u32 = 10;

#[derive(Clone)]
struct Hub {
    slot: Arc<DoorSlot>,
    data: DataDir,
    config: Arc<Config>,
    clock: Clock,
    door: Arc<OnceLock<Arc<HubDoor>>>,
}

impl Hub {
    /// The door, once the service has opened the spool.
    fn door(&self) -> Result<Arc<HubDoor>, NotServed> {
        if let Some(door) = self.door.get() {
            return Ok(Arc::clone(door));
        }
        let spool = self.slot.get().ok_or(NotServed::Later(TROUBLE_SECONDS))?;
        let opened = HubDoor::open(&self.data, &self.config, Arc::clone(spool))?;
        Ok(Arc::clone(self.door.get_or_init(|| Arc::new(opened))))
    }
}

/// Listens as configured; on nothing when no address is.
pub fn start(config: &Config, slot: &Arc<DoorSlot>, clock: Clock, data: &DataDir) -> anyhow::Result<Handle> {
    let settings = &config.hub;
    if settings.listen.is_empty() {
        return Ok(Handle::none());
    }
    anyhow::ensure!(
        !settings.name.is_empty() && !settings.url.is_empty(),
        "hub.listen needs hub.name and hub.url in schakel.toml: other hubs sign the address at which they reach this one"
    );
    let tls = Tls::for_known(&settings.tls_certificate, &settings.tls_key, &settings.tls_client_ca)
        .context("hub")?;
    let hub = Hub {
        slot: Arc::clone(slot),
        data: data.clone(),
        config: Arc::new(config.clone()),
        clock,
        door: Arc::default(),
    };
    let handle = listener::start(&settings.listen, "hub", tls, router(hub)).with_context(|| {
        format!(
            "cannot listen on {} for other hubs: set hub.listen in schakel.toml to another address",
            settings.listen
        )
    })?;
    if let Some(address) = handle.address() {
        tracing::info!(%address, name = settings.name, "open for other hubs");
    }
    Ok(handle)
}

fn router(hub: Hub) -> Router {
    Router::new()
        .route(MESSAGES, post(messages))
        .route(FETCH, post(fetch))
        .fallback(async || problem(NotServed::Unknown))
        .method_not_allowed_fallback(async || problem(NotServed::Unknown))
        .with_state(hub)
}

async fn messages(
    State(hub): State<Hub>,
    Extension(peer): Extension<Peer>,
    head: HeaderMap,
    body: Body,
) -> Response {
    let taken = ask(hub, peer, head, body, MESSAGES, HubDoor::messages).await;
    match taken {
        Ok(taken) => {
            let said = json!({"taken": taken.taken, "credit": taken.credit}).to_string();
            ([(CONTENT_TYPE, "application/json")], said).into_response()
        }
        Err(refused) => problem(refused),
    }
}

async fn fetch(
    State(hub): State<Hub>,
    Extension(peer): Extension<Peer>,
    head: HeaderMap,
    body: Body,
) -> Response {
    match ask(hub, peer, head, body, FETCH, HubDoor::fetch).await {
        Ok(fetched) => {
            let mut response = ([(CONTENT_TYPE, LINES_TYPE)], fetched.lines).into_response();
            if let Ok(cursor) = HeaderValue::from_str(&fetched.cursor) {
                response.headers_mut().insert(CURSOR, cursor);
            }
            response
        }
        Err(refused) => problem(refused),
    }
}

/// Reads a request of somebody we may know, and gives it to the door on a thread that may wait.
async fn ask<T: Send + 'static>(
    hub: Hub,
    Peer(peer): Peer,
    head: HeaderMap,
    body: Body,
    path: &'static str,
    act: fn(&HubDoor, &Asked<'_>) -> Result<T, NotServed>,
) -> Result<T, NotServed> {
    let door = hub.door()?;
    let input = text(&head, "signature-input");
    let (asked_door, asked_input) = (Arc::clone(&door), input.clone());
    let known = tokio::task::spawn_blocking(move || asked_door.knows(&asked_input)).await;
    if !known.map_err(|error| NotServed::Trouble(error.to_string()))?? {
        return Err(NotServed::Unknown);
    }
    let read = Paced::new(body).beginning(BODY_BYTES_MAX).await;
    // A body that breaks off has nobody to tell.
    let (bytes, has_ended) = read.map_err(|_| NotServed::Bad("The content broke off."))?;
    if !has_ended || bytes.len() > BODY_BYTES_MAX {
        return Err(NotServed::TooLarge);
    }
    let now = hub.clock.now_seconds();
    let done = tokio::task::spawn_blocking(move || {
        let asked = Asked {
            path,
            content_type: &text(&head, CONTENT_TYPE.as_str()),
            content_encoding: &text(&head, CONTENT_ENCODING.as_str()),
            content_digest: &text(&head, "content-digest"),
            signature_input: &input,
            signature: &text(&head, "signature"),
            body: &bytes,
            peer: Some(peer),
            now,
        };
        act(&door, &asked)
    });
    done.await.map_err(|error| NotServed::Trouble(error.to_string()))?
}

/// A field that stands once; anything else is as if it were empty.
fn text(head: &HeaderMap, name: &str) -> String {
    let mut values = head.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(text), None) => text.to_owned(),
        _ => String::new(),
    }
}

/// An error as problem details (RFC 9457). Everything that has to do with who asks is said in the same words.
fn problem(refused: NotServed) -> Response {
    let (status, detail, retry_after) = match refused {
        NotServed::Unknown => (StatusCode::UNAUTHORIZED, "There is nothing here for you.", None),
        NotServed::Bad(detail) => (StatusCode::BAD_REQUEST, detail, None),
        NotServed::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Send less at once.", None),
        NotServed::Later(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, "Not now: try again later.", Some(seconds))
        }
        NotServed::Trouble(error) => {
            tracing::error!(error, "the door for other hubs is in trouble");
            (StatusCode::SERVICE_UNAVAILABLE, "Something is wrong here.", Some(TROUBLE_SECONDS))
        }
    };
    let title = status.canonical_reason().unwrap_or("Error");
    let body = json!({"title": title, "status": status.as_u16(), "detail": detail}).to_string();
    let mut response = (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
