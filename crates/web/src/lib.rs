//! Health and metrics over HTTP, on a local port, while `schakel serve` runs. Only here is axum known.
//!
//! - [`server`] listens, on a thread of its own, and stops.
//! - [`health`] answers `/livez` and `/readyz`.
//! - [`metrics`] answers `/metrics`.

mod health;
mod metrics;
pub mod server;

pub use server::{Handle, start};
