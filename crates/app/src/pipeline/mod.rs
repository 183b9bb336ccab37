//! The data plane: report → rows → findings and fates, in chunks on plain threads over bounded channels.
//!
//! - [`read`]: the calling thread cuts the bytes into chunks of records and keeps the hashes,
//! - [`digest`]: worker threads pack, read and attribute a chunk,
//! - [`decide`]: one thread decides, in order, what a chunk does, and commits it ([`run`]),
//! - [`state`]: what decisions need, rebuilt from the store at start; [`views`]: the register in force,
//! - [`derive`]: a stored chunk, read again; [`replay`]: many of them, by worker threads.

pub mod decide;
pub mod derive;
pub mod digest;
pub mod duplicates;
pub mod interner;
pub mod key_table;
pub mod read;
pub mod replay;
pub mod run;
pub mod seen;
pub mod state;
pub mod views;
