//! What programs ask over HTTP: the REST API under `/api/v1`, and the drop-ins for what members run already. It listens on an address of its own:
//! who may send reports (every source there is) and who may look (the desk and its members) are seldom the same networks.
//!
//! - [`routes`]: the table of all routes; [`route`]: what a row is. Router, authorisation and description are made from it,
//! - [`dispatch`]: how a request goes; [`call`]: one that may be answered; [`problem`]: what went wrong,
//! - [`schema`]: what comes in is what is described; [`values`]: times and words in JSON,
//! - [`resources`]: what the routes do, a file for each kind of thing,
//! - [`waiting`]: changes as they come,
//! - [`oauth`]: access tokens; [`Rate`]: how often; [`answered`]: twice the same is done once,
//! - [`openapi`]: the description.

mod answered;
mod call;
mod dispatch;
mod oauth;
pub mod openapi;
mod problem;
mod resources;
mod route;
mod routes;
mod schema;
mod values;
mod waiting;

use std::sync::{Arc, Mutex};

use anyhow::Context;
use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::{Next, from_fn},
    response::Response,
    routing::{MethodFilter, get, on, post},
};
use ipnet::IpNet;
use schakel_app::{config::Config, doors::DoorSlot, requests::Asking};
use schakel_model::clock::Clock;
use schakel_store::{data_dir::DataDir, readers::Readers};
use tokio::sync::Semaphore;

use crate::{
    listener::{self, Handle},
    rate::Rate,
    tls::Tls,
};

use self::{problem::Problem, route::Method};

/// The version of the API (semver): in every answer.
pub const API_VERSION: &str = "1.0.0";

/// Clients that wait for changes at once: a quarter of the connections.
const WAITING_MAX: usize = 128;

/// What all requests share.
#[derive(Clone)]
pub struct Rest {
    data: DataDir,
    readers: Readers,
    clock: Clock,
    config: Arc<Config>,
    asking: Asking,
    rate: Rate<u32>,
    /// How often a network asks for access tokens.
    token_rate: Rate<IpNet>,
    under_way: answered::UnderWay,
    /// The spool, once the service has opened it.
    door: Arc<DoorSlot>,
    /// What is nobody's, put together.
    clusters: resources::register::Clusters,
    /// How often each client may have a proof looked for outside.
    checks: Rate<u32>,
    /// The last pictures of the sector.
    pictures: resources::pictures::Pictures,
    /// Whoever holds it reads many rows again.
    replaying: Arc<Mutex<()>>,
    /// Room for those who wait for changes.
    waiting: Arc<Semaphore>,
}

/// Listens as configured; on nothing when no address is.
pub fn start(
    config: &Config,
    asking: &Asking,
    slot: &Arc<DoorSlot>,
    clock: Clock,
    data: &DataDir,
) -> anyhow::Result<Handle> {
    let api = &config.api;
    if api.listen.is_empty() {
        return Ok(Handle::none());
    }
    let tls =
        Tls::from_files(&api.tls_certificate, &api.tls_key).context("api.tls_certificate and api.tls_key")?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let rest = Rest {
        data: data.clone(),
        readers: Readers::new(data),
        clock,
        config: Arc::new(config.clone()),
        asking: asking.clone(),
        rate: Rate::default(),
        token_rate: Rate::default(),
        under_way: answered::UnderWay::default(),
        door: Arc::clone(slot),
        clusters: resources::register::Clusters::default(),
        checks: Rate::default(),
        pictures: resources::pictures::Pictures::default(),
        replaying: Arc::default(),
        waiting: Arc::new(Semaphore::new(WAITING_MAX)),
    };
    let handle = listener::start(&api.listen, "rest", tls, router(rest)).with_context(|| {
        format!("cannot listen on {} for programs: set api.listen in schakel.toml to another address, or to \"\" for none", api.listen)
    })?;
    if let Some(address) = handle.address() {
        tracing::info!(%address, scheme, "REST over HTTP");
    }
    Ok(handle)
}

fn router(rest: Rest) -> Router {
    let mut router = Router::new()
        .route("/openapi.json", get(openapi::document))
        .route("/api/v1/openapi.json", get(openapi::document))
        .route("/", get(openapi::page))
        .route("/oauth2/token", post(oauth::token));
    let described = routes::all().into_iter().map(|route| (format!("/api/v1{}", route.path), route));
    let others = routes::drop_ins().into_iter().map(|route| (route.path.to_owned(), route));
    for (path, route) in described.chain(others) {
        let (route, rest) = (Arc::new(route), rest.clone());
        let filter = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        router = match route.path {
            routes::CHANGES => router.route(
                &path,
                on(filter, move |uri, head| waiting::answer(rest.clone(), Arc::clone(&route), uri, head)),
            ),
            _ => router.route(
                &path,
                on(filter, move |parameters, uri, head, body| {
                    dispatch::answer(rest.clone(), Arc::clone(&route), parameters, uri, head, body)
                }),
            ),
        };
    }
    router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(axum::http::StatusCode::METHOD_NOT_ALLOWED, "This path knows other methods.")
        })
        .layer(from_fn(versioned))
        .with_state(rest)
}

/// Every answer says which version of the API gave it, and is nobody's to guess about.
async fn versioned(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let head = response.headers_mut();
    head.insert(HeaderName::from_static("api-version"), HeaderValue::from_static(API_VERSION));
    head.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests;
