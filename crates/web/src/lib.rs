//! What Schakel answers over HTTP while `schakel serve` runs. Only here is axum known.
//!
//! - [`server`]: health, metrics and the pages behind links in mails, on a local port.
//!   - [`health`] answers `/livez` and `/readyz`.
//!   - [`metrics`] answers `/metrics`.
//!   - [`answer`] is the page on which a recipient answers.
//!   - [`contact`] is the page on which a contact confirms that their details are right.
//!   - [`verify`] is the page on which a reader checks that a mail is ours.
//! - [`api`]: the door for reports, on a port of its own, with [`tls`] when it has a certificate.
//! - [`hub`]: the door for other hubs, on a port of its own.
//! - [`rest`]: the REST API and the drop-ins, on a port of its own.
//! - `portal`: the pages that people sign in to, unless it was left out when building.
//! - [`listener`]: connections and their limits, for both.

mod answer;
pub mod api;
mod brake;
mod contact;
mod health;
pub mod hub;
mod listener;
mod metrics;
mod page;
#[cfg(feature = "portal")]
pub mod portal;
mod rate;
pub mod rest;
pub mod server;
mod tls;
mod verify;

pub use listener::Handle;
pub use server::start;
