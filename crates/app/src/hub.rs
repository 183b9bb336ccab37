//! The chain of hubs: who we are in it, what comes in over a link, what goes out.
//!
//! - [`ours`]: our name and key, and lines that are signed by it,
//! - [`links`]: agreeing on a link: invitation, acceptance, keys,
//! - `documents`: findings as X-ARF reports and CSAF advisories,
//! - [`sealing`]: what only its final recipient can read,
//! - [`door`]: who may bring or fetch something, before it is kept,
//! - [`lines`]: what was brought, read and its signatures checked,
//! - [`arrive`]: its effect, once, and the receipts,
//! - [`heard`]: what hubs say beside parcels,
//! - [`sending`]: what waits for other hubs is brought there; [`fetching`]: what waits for us is fetched; [`by_mail`]: when neither works.

pub mod arrive;
pub mod by_mail;
pub(crate) mod documents;
pub mod door;
pub mod fetching;
pub mod heard;
pub mod lines;
pub mod links;
pub mod ours;
pub mod sealing;
pub mod sending;
