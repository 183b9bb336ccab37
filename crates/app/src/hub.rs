//! The chain of hubs: who we are in it, what comes in over a link, what goes out.
//!
//! - [`ours`]: our name and key, and lines that are signed by it.

pub mod ours;
