//! The portal: pages that people sign in to, on a port of their own.
//!
//! - [`routes`]: every address, with the right that it asks for. There is no other way to add one.
//! - [`visitor`]: who asks, in which language; turned away here when they may not.
//! - [`forms`]: what somebody sends, and proof that it comes from a page of ours; [`upload`]: with files.
//! - [`acting`]: carries out what a page asks, and says what came of it; [`notices`]: on the next page.
//! - [`signing_in`], [`account`], [`morning`], [`ahead`], [`findings`], [`register`], [`calls`], [`vetting`], [`answers`]: the pages;
//!   [`work`]: what the desk does to findings; [`register_work`], [`register_import`]: changes of the register;
//!   [`own`], [`own_answers`], [`own_assets`], [`own_claims`], [`own_contacts`], [`own_people`], [`own_closing_days`]: those of a member;
//!   [`reports`], [`rules`], [`desk`]: what came in, how it is told, and the desk itself.
//! - [`renewal`]: another password, another app; [`other_ways`]: a passkey, a provider, recovery codes; [`well_known`]: whom to tell of a weakness,
//! - [`assets`]: styles, script and typeface.

mod account;
mod acting;
mod ahead;
mod answers;
mod assets;
mod breaches;
mod calls;
mod conversations;
mod cookies;
mod desk;
mod export;
mod findings;
mod forms;
mod head;
mod mail;
mod morning;
mod notices;
mod other_ways;
mod own;
mod own_answers;
mod own_assets;
mod own_claims;
mod own_closing_days;
mod own_contacts;
mod own_people;
mod plain;
mod register;
mod register_import;
mod register_work;
mod renewal;
mod reports;
mod routes;
mod rules;
mod sector;
mod signing_in;
#[cfg(test)]
mod tests;
mod upload;
mod vetting;
mod visitor;
mod well_known;
mod work;

use std::sync::{Arc, Mutex};

use anyhow::Context;
use axum::response::Response;
use schakel_app::{
    config::Config,
    portal::{
        carried::Used,
        passkeys::{Site, site},
        providers::Providers,
    },
    requests::Asking,
};
use schakel_model::{clock::Clock, ids::AccountId};
use schakel_render::portal::{Pages, morning::Morning};
use schakel_store::{Reader, data_dir::DataDir, readers::Readers};

use crate::{
    brake::Brake,
    listener::{self, Handle},
    rate::Rate,
    tls::Tls,
};

/// Tries to sign in within a minute: what two processors can check, with room for a CERT whose shift begins.
const SIGN_INS_IN_A_MINUTE: u32 = 300;

/// Somebody of the demo, who signs in by a link.
#[derive(Clone, Debug)]
pub struct SamplePerson {
    /// The last part of the link.
    pub token: String,
    /// The name of their account.
    pub account: String,
}

/// What every page is made of.
#[derive(Clone)]
pub(crate) struct Portal(Arc<Inner>);

pub(crate) struct Inner {
    data: DataDir,
    readers: Readers,
    clock: Clock,
    config: Config,
    /// Has the one writer change something.
    asking: Asking,
    pages: Pages,
    /// Does the browser speak TLS with us, or with a server in front of us that has set `x-forwarded-proto`?
    tls: bool,
    brake: Brake,
    checks: Rate<AccountId>,
    samples: Vec<SamplePerson>,
    /// Where passkeys are for.
    site: Option<Site>,
    providers: Providers,
    /// What browsers carried and was used.
    used: Used,
    /// The last picture of the morning, and when it was made.
    morning: Mutex<Option<(i64, Arc<Morning>)>>,
    sector: sector::Pictures,
}

impl std::ops::Deref for Portal {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Portal {
    fn new(
        config: &Config,
        asking: &Asking,
        data: &DataDir,
        clock: Clock,
        tls: bool,
        samples: Vec<SamplePerson>,
    ) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner {
            site: site(config),
            providers: Providers::new(config)?,
            used: Used::default(),
            readers: Readers::new(data),
            data: data.clone(),
            clock,
            config: config.clone(),
            asking: asking.clone(),
            pages: Pages::new(assets::addresses()),
            tls,
            brake: Brake::new(SIGN_INS_IN_A_MINUTE),
            checks: Rate::default(),
            samples,
            morning: Mutex::new(None),
            sector: sector::Pictures::new(&config.portal.map),
        })))
    }
}

/// Listens as configured; on nothing when no address is.
pub fn start(
    config: &Config,
    asking: &Asking,
    data: &DataDir,
    clock: Clock,
    samples: Vec<SamplePerson>,
) -> anyhow::Result<Handle> {
    let listen = &config.portal.listen;
    if listen.is_empty() {
        return Ok(Handle::none());
    }
    let tls = Tls::from_files(&config.portal.tls_certificate, &config.portal.tls_key)?;
    let portal = Portal::new(config, asking, data, clock, tls.is_some(), samples)?;
    let handle = listener::start(listen, "portal", tls, routes::router(portal)).with_context(|| {
        format!("cannot listen on {} for the portal: set portal.listen in schakel.toml to another address, or to \"\" for none", listen)
    })?;
    if let Some(address) = handle.address() {
        tracing::info!(%address, "portal");
    }
    Ok(handle)
}

/// Makes an answer on a thread that may wait for the disk. What goes wrong is for our log; the reader learns that something did.
pub(crate) async fn answer(
    portal: &Portal,
    visitor: &visitor::Visitor,
    work: impl FnOnce(&Portal, &visitor::Visitor, &Reader) -> anyhow::Result<Response> + Send + 'static,
) -> Response {
    let (portal, visitor) = (portal.clone(), visitor.clone());
    let (portal_after, visitor_after) = (portal.clone(), visitor.clone());
    let worked = tokio::task::spawn_blocking(move || {
        let reader = portal.readers.get()?;
        work(&portal, &visitor, &reader)
    });
    match worked.await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            tracing::error!(error = %format!("{error:#}"), page = visitor_after.path, "a page of the portal failed");
            plain::trouble(&portal_after, &visitor_after)
        }
        Err(_) => plain::trouble(&portal_after, &visitor_after),
    }
}
