//! Use cases: what a command or a page asks for, done over the store and the pure crates.
//!
//! The data plane is in [`pipeline`]; [`intake`] takes a report in with it. Looking back: [`explain`], [`trace`], [`events`], [`verify`].

pub mod access_log;
pub mod announced;
pub mod audit;
pub mod breach;
pub mod calendar;
pub mod changed_register;
pub mod claims;
pub mod config;
pub mod conflicts;
pub mod demo;
pub mod difference;
pub mod doctor;
pub mod erased;
pub mod events;
pub mod explain;
pub mod holds;
pub mod intake;
pub mod lending;
pub mod letters;
pub mod merge;
pub mod names;
pub mod narrow_register;
pub mod onboarding;
pub mod parse_files;
pub mod pipeline;
pub mod proof;
pub mod random;
pub mod raw;
pub mod reading;
pub mod reattribute;
pub mod recall;
pub mod register;
pub mod register_files;
pub mod register_history;
pub mod register_import;
pub mod register_show;
pub mod retention;
pub mod send;
pub mod serve;
pub mod tell;
pub mod trace;
pub mod users;
pub mod verify;
mod verify_corrections;
pub mod whatif;
