//! The program `schakel`: one binary for every link of the chain.
//!
//! The command line is in [`args`], each command in a file of its own under `commands/`, what they do in `schakel-app`.

mod args;
mod commands;
mod output;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use schakel_model::clock::Clock;
use schakel_store::data_dir::DataDir;

use crate::{
    args::{Cli, Command},
    output::{Ending, Out, say},
};

/// What every command works with.
pub struct Context {
    /// The data directory.
    pub data: DataDir,
    /// The clock.
    pub clock: Clock,
    /// The printer.
    pub out: Out,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let clock = cli.global.now.map_or_else(Clock::system, Clock::fixed);
    let named = cli.global.data.is_some();
    let root = cli.global.data.unwrap_or_else(default_data);
    let context = Context { data: DataDir::new(root), clock, out: Out::new(cli.global.json) };
    match run(cli.command, &context, named) {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(error) => {
            say(format!("error: {error:#}"));
            ExitCode::from(Ending::Failed.code())
        }
    }
}

fn run(command: Command, context: &Context, data_is_named: bool) -> anyhow::Result<Ending> {
    match command {
        Command::Demo(args) => commands::demo::run(context, &args, data_is_named),
        Command::Parse(args) => commands::parse::run(context, &args),
        Command::Ingest(args) => commands::ingest::run(context, &args),
        Command::Register(command) => commands::register::run(context, &command),
        Command::Explain(args) => commands::explain::run(context, &args),
        Command::Ledger(args) => commands::ledger::run(context, &args),
        Command::Reports(args) => commands::reports::run(context, &args),
        Command::Findings(args) => commands::findings::run(context, &args),
        Command::Trace { id } => commands::trace::run(context, id),
        Command::Verify => commands::verify::run(context),
        Command::Tell(args) => commands::tell::run(context, &args),
        Command::Outbox(args) => commands::outbox::run(context, &args),
        Command::Serve => commands::serve::run(context),
        Command::Config(command) => commands::config::run(context, &command),
        Command::Doctor => commands::doctor::run(context),
        Command::Backup { target } => commands::backup::run(context, &target),
        Command::Restore(args) => commands::backup::restore(context, &args),
        Command::Templates(command) => commands::templates::run(context, &command),
        Command::Completion { shell } => commands::completion::run(shell),
    }
}

/// The platform's data folder (XDG Base Directory Specification).
fn default_data() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(|| PathBuf::from("."))
        .join("schakel")
}
