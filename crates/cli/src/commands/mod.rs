//! One command a file.

pub mod account;
pub mod answer;
pub mod api;
pub mod arrivals;
pub mod audit;
pub mod backup;
pub mod breach;
pub mod call;
pub mod campaign;
pub mod check_mail;
pub mod claim;
pub mod client;
pub mod closed;
pub mod compare;
pub mod completion;
pub mod config;
pub mod conflict;
pub mod contact;
mod contact_health;
pub mod demo;
mod demo_chain;
#[cfg(feature = "portal")]
mod demo_portal;
pub mod doctor;
pub mod due;
pub mod enrich;
pub mod explain;
pub mod exploited;
pub mod findings;
pub mod hub;
mod hub_chain;
mod hub_match;
mod hub_proof;
mod hub_taken_back;
mod hub_whose;
pub mod import_prefixes;
pub mod ingest;
pub mod key;
pub mod key_dkim;
pub mod ledger;
pub mod member_key;
pub mod onboarding;
pub mod outbox;
pub mod overview;
pub mod parse;
pub mod policy;
pub mod privacy;
pub mod quality;
pub mod reattribute;
pub mod register;
pub mod register_history;
pub mod register_import;
pub mod register_merge;
pub mod register_show;
pub mod rejects;
pub mod report;
pub mod report_replay;
pub mod report_withdraw;
pub mod reports;
pub mod retention;
pub mod safety_net;
pub mod serve;
pub mod source;
pub mod tell;
pub mod template;
pub mod trace;
pub mod user;
pub mod verify;
pub mod vetting;
pub mod whatif;

use std::path::Path;

use schakel_app::{
    config::{read_mapping, read_schema},
    reading::Reading,
};

use crate::args::ReadingArgs;

/// How files are read: the command line over the configuration.
fn reading(args: &ReadingArgs, mut configured: Reading) -> anyhow::Result<Reading> {
    configured.type_name.clone_from(&args.type_name);
    if let Some(schema) = &args.schema {
        configured.schema = Some(read_schema(schema)?);
    }
    if let Some(mapping) = &args.mapping {
        configured.mapping = Some(read_mapping(mapping)?);
    }
    Ok(configured)
}

/// What went wrong with a file, which is named once.
fn failure(file: &Path, error: &anyhow::Error) -> String {
    let (name, text) = (file.display().to_string(), format!("{error:#}"));
    if text.contains(&name) { text } else { format!("{name}: {text}") }
}
