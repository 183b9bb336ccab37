//! `schakel register`

use std::path::Path;

use jiff::Timestamp;
use schakel_app::{register::export, register_show::version_known_at};
use schakel_store::{Reader, register};

use crate::{
    Context,
    args::RegisterCommand,
    commands::{import_prefixes, register_history, register_import, register_merge, register_show},
    output::{Ending, number},
};

pub fn run(context: &Context, command: &RegisterCommand) -> anyhow::Result<Ending> {
    match command {
        RegisterCommand::Import(args) => register_import::run(context, args),
        RegisterCommand::History(args) => register_history::history(context, args),
        RegisterCommand::Undo(args) => register_history::undo(context, args),
        RegisterCommand::ImportPrefixes(args) => import_prefixes::run(context, args),
        RegisterCommand::Merge(args) => register_merge::run(context, args),
        RegisterCommand::Quality(args) => super::quality::quality(context, args),
        RegisterCommand::Unrouted(args) => super::quality::unrouted(context, args),
        RegisterCommand::Show(args) => register_show::run(context, args),
        RegisterCommand::Export { folder, as_known_at } => export_to(context, folder, *as_known_at),
    }
}

fn export_to(context: &Context, folder: &Path, as_known_at: Option<Timestamp>) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let version = version_known_at(&reader, as_known_at.map(|at| at.as_second()))?;
    let register = reader.read(|connection| register::load(connection, version))?;
    export(&register, folder)?;
    context.out.line(format!(
        "Version {} of the register is in {}: {} organisations, {} assets, {} contacts, {} relations.",
        register.version,
        folder.display(),
        number(register.organisations.len() as u64),
        number(register.assets.len() as u64),
        number(register.contacts.len() as u64),
        number(register.relations.len() as u64)
    ));
    context.out.json(&serde_json::json!({
        "register_version": register.version.0,
        "organisations": register.organisations.len(),
        "assets": register.assets.len(),
        "contacts": register.contacts.len(),
        "relations": register.relations.len(),
    }))?;
    Ok(Ending::Done)
}
