//! Health, metrics and the pages behind links in mails, over HTTP, on a local port, while `schakel serve` runs. Only here is axum known.
//!
//! - [`server`] listens, on a thread of its own, and stops.
//! - [`health`] answers `/livez` and `/readyz`.
//! - [`metrics`] answers `/metrics`.
//! - [`contact`] is the page on which a contact confirms that their details are right.

mod contact;
mod health;
mod metrics;
pub mod server;

pub use server::{Handle, start};
