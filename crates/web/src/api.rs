//! The door for reports over HTTP. It listens on an address of its own, so that strangers who may knock here reach nothing else.
//!
//! - [`reports`]: a report in one request.
//! - [`uploads`]: a report in pieces that can be resumed (tus 1.0.0).
//! - [`receipts`]: what became of it.
//! - [`members`]: the way back: what members fetch, as from Shadowserver.
//!
//! Who asks is proven by a token ([`caller`]); errors are problem details ([`problem`]); bodies come at a pace ([`body`]).

pub(crate) mod body;
mod caller;
mod file_name;
mod members;
mod problem;
mod receipts;
mod reports;
mod streams;
mod uploads;

use std::sync::Arc;

use anyhow::Context;
use axum::{
    Router,
    routing::{get, head, post},
};
use schakel_app::{
    config::ApiDoorConfig,
    doors::{DoorSlot, SpoolDoor},
};
use schakel_model::clock::Clock;
use schakel_store::data_dir::DataDir;

use crate::{
    listener::{self, Handle},
    tls::Tls,
};

use self::{members::Members, problem::Problem, streams::Streams};

/// What the answers are made of.
#[derive(Clone)]
struct Api {
    slot: Arc<DoorSlot>,
    data: DataDir,
    clock: Clock,
    streams: Streams,
    members: Members,
}

impl Api {
    /// The spool, once the service has opened it.
    fn door(&self) -> Result<Arc<SpoolDoor>, Problem> {
        self.slot.get().cloned().ok_or_else(Problem::starting)
    }
}

/// Listens as configured; on nothing when no address is.
pub fn start(
    config: &ApiDoorConfig,
    slot: &Arc<DoorSlot>,
    clock: Clock,
    data: &DataDir,
) -> anyhow::Result<Handle> {
    if config.listen.is_empty() {
        return Ok(Handle::none());
    }
    let tls = Tls::from_files(&config.tls_certificate, &config.tls_key)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let api = Api {
        slot: Arc::clone(slot),
        data: data.clone(),
        clock,
        streams: Streams::default(),
        members: Members::new(scheme),
    };
    let handle = listener::start(&config.listen, "api", tls, router(api)).with_context(|| {
        format!("cannot listen on {} for reports: set doors.api.listen in schakel.toml to another address, or to \"\" for none", config.listen)
    })?;
    if let Some(address) = handle.address() {
        tracing::info!(%address, scheme, "reports over HTTP");
    }
    Ok(handle)
}

fn router(api: Api) -> Router {
    Router::new()
        .route("/api/v1/reports", post(reports::post))
        .route("/api/v1/receipts/{receipt}", get(receipts::show))
        .route("/api/v1/uploads", post(uploads::create).options(uploads::options))
        .route(
            "/api/v1/uploads/{id}",
            head(uploads::show).patch(uploads::append).delete(uploads::remove).options(uploads::options),
        )
        .route("/api2/{module}/{method}", post(members::ask))
        .route("/dl/{id}", get(members::file))
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        .with_state(api)
}
