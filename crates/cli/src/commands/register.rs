//! `schakel register`

use std::path::Path;

use schakel_app::register::export;
use schakel_store::{Reader, register};

use crate::{
    Context,
    args::RegisterCommand,
    commands::{import_prefixes, register_history, register_import},
    output::{Ending, number},
};

pub fn run(context: &Context, command: &RegisterCommand) -> anyhow::Result<Ending> {
    match command {
        RegisterCommand::Import(args) => register_import::run(context, args),
        RegisterCommand::History(args) => register_history::history(context, args),
        RegisterCommand::Undo(args) => register_history::undo(context, args),
        RegisterCommand::ImportPrefixes(args) => import_prefixes::run(context, args),
        RegisterCommand::Export { folder } => export_to(context, folder),
    }
}

fn export_to(context: &Context, folder: &Path) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
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
