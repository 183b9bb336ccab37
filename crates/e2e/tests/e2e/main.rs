//! The program as a black box: what stands in the manual holds for the built binary, over the real protocols.
//!
//! - [`program`] finds the binary and runs it; [`installation`] is a data directory to try things on; [`fixtures`] has a small register
//!   and makes reports.
//! - The others are the tests, a subject each.
//!
//! By itself (`cargo test -p schakel-e2e`) it builds the program first. `SCHAKEL_BIN` names another binary to try.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // Helpers of tests stop the test, and say what is skipped.

mod fixtures;
mod following;
mod installation;
mod program;

mod announced;
mod answers;
mod audit;
mod backup;
mod bad_input;
mod bounces;
mod breach;
mod campaign;
mod chain;
mod claims;
mod contacts;
mod contract;
mod csaf;
mod delivery;
mod demo;
mod documents;
mod enrichment;
mod feed_health;
mod fetching;
mod hostile;
mod http_door;
mod hubs;
mod killing;
mod ledger;
mod mail_doors;
mod member_api;
mod onboarding;
mod one_mailbox;
mod openapi;
mod policy;
mod portal;
mod portal_desk;
mod portal_mail;
mod portal_members;
mod portal_own;
mod privacy;
mod quality;
mod reattribute;
mod register;
mod replay;
mod rest_api;
mod retention;
mod safety_net;
mod serve;
mod succession;
mod telling;
mod templates;
mod vetting;
mod weekly_overview;
mod whatif;
mod withdrawal;
