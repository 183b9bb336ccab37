//! The program `schakel`: one binary for every link of the chain.
//!
//! The command line is in [`args`], each command in a file of its own under `commands/`, what they do in `schakel-app`.

mod args;
mod commands;
mod output;
mod rehearsal;

use std::{
    io::IsTerminal,
    path::PathBuf,
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use clap::{CommandFactory, FromArgMatches};
use schakel_app::{
    access_log::Looker,
    lending::{self, Loan},
    users::{self, Actor},
};
use schakel_model::clock::Clock;
use schakel_store::{Reader, StoreError, data_dir::DataDir};

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
    /// Who acts, as said by `--as`.
    acting: Option<String>,
    /// The store, while the service that holds it lends it to this command.
    loan: Mutex<Option<Loan>>,
}

impl Context {
    /// Gives the store back to the service before the command ends: what it waits for is done by the service.
    pub fn give_back(&self) {
        self.loan.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Who acts: the desk user of `--as`, or the program itself.
    pub fn actor(&self) -> anyhow::Result<Actor> {
        users::actor(&self.data, self.acting.as_deref())
    }

    /// Who looks into this store, for the access log.
    pub fn looker<'a>(&self, reader: &'a Reader, actor: &'a Actor) -> Looker<'a> {
        Looker { reader, actor, now: self.clock.now_seconds() }
    }

    /// Who acts, where it must be a person.
    pub fn person(&self) -> anyhow::Result<Actor> {
        self.actor()?.person()
    }
}

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let clock = cli.global.now.unwrap_or_else(Clock::system);
    let named = cli.global.data.is_some();
    let root = cli.global.data.unwrap_or_else(default_data);
    let acting = cli.global.acting;
    let context = Context {
        data: DataDir::new(root),
        clock,
        out: Out::new(cli.global.json),
        acting,
        loan: Mutex::new(None),
    };
    let ended = match run(&cli.command, &context, named) {
        Err(error) if is_locked(&error) && may_borrow(&cli.command) => {
            run_beside_the_service(&name, error, &context, || run(&cli.command, &context, named))
        }
        ended => ended,
    };
    match ended {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(error) => {
            say(format!("error: {error:#}"));
            ExitCode::from(Ending::Failed.code())
        }
    }
}

/// Does a command find the data directory held by another process?
fn is_locked(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::Locked { .. }))
}

/// Two services cannot share a store, and what replaces the whole of it wants the service stopped.
fn may_borrow(command: &Command) -> bool {
    !matches!(command, Command::Serve | Command::Demo(_) | Command::Restore(_))
}

/// Asks the service that holds the store to lend it, and runs the command again from its beginning: it has done nothing yet.
fn run_beside_the_service(
    name: &str,
    locked: anyhow::Error,
    context: &Context,
    run: impl FnOnce() -> anyhow::Result<Ending>,
) -> anyhow::Result<Ending> {
    let waiting = std::io::stderr().is_terminal();
    if waiting {
        say("The service is at work here; waiting for it to hand over the store.");
    }
    match lending::borrow(&context.data, name) {
        Ok(Some(loan)) => {
            *context.loan.lock().unwrap_or_else(PoisonError::into_inner) = Some(loan);
            let ended = run();
            context.give_back();
            ended
        }
        // Another command holds the lock, or the service has stopped just now.
        Ok(None) => run().map_err(|error| if is_locked(&error) { locked } else { error }),
        Err(error) => Err(locked.context(format!("the service does not hand over the store: {error}"))),
    }
}

fn run(command: &Command, context: &Context, data_is_named: bool) -> anyhow::Result<Ending> {
    match command {
        Command::Demo(args) => commands::demo::run(context, args, data_is_named),
        Command::Parse(args) => commands::parse::run(context, args),
        Command::Ingest(args) => commands::ingest::run(context, args),
        Command::Register(command) => commands::register::run(context, command),
        Command::Explain(args) => commands::explain::run(context, args),
        Command::Ledger(args) => commands::ledger::run(context, args),
        Command::Source(command) => commands::source::run(context, command),
        Command::Client(command) => commands::client::run(context, command),
        Command::Api(args) => commands::api::run(context, args),
        Command::MemberKey(command) => commands::member_key::run(context, command),
        Command::Key(command) => commands::key::run(context, command),
        Command::Hub(command) => commands::hub::run(context, command),
        Command::Vetting(command) => commands::vetting::run(context, command),
        Command::Answer(command) => commands::answer::run(context, command),
        Command::Arrivals(args) => commands::arrivals::run(context, args),
        Command::Rejects(args) => commands::rejects::run(context, args),
        Command::Report(command) => commands::report::run(context, command),
        Command::Reports(args) => commands::reports::run(context, args),
        Command::Findings(args) => commands::findings::run(context, args),
        Command::Trace { id } => commands::trace::run(context, *id),
        Command::Enrich(args) => commands::enrich::run(context, args),
        Command::Verify => commands::verify::run(context),
        Command::Whatif(args) => commands::whatif::run(context, args),
        Command::Reattribute(args) => commands::reattribute::run(context, args),
        Command::Breach(command) => commands::breach::run(context, command),
        Command::Policy(command) => commands::policy::run(context, command),
        Command::Due(args) => commands::due::run(context, args),
        Command::Call(command) => commands::call::run(context, command),
        Command::Closed(command) => commands::closed::run(context, command),
        Command::Exploited(command) => commands::exploited::run(context, command),
        Command::Compare(args) => commands::compare::run(context, args),
        Command::Tell(args) => commands::tell::run(context, args),
        Command::Outbox(args) => commands::outbox::run(context, args),
        Command::SafetyNet(command) => commands::safety_net::run(context, command),
        Command::CheckMail => commands::check_mail::run(context),
        Command::Serve => commands::serve::run(context),
        Command::Config(command) => commands::config::run(context, command),
        Command::Doctor => commands::doctor::run(context),
        Command::Backup { target } => commands::backup::run(context, target),
        Command::Restore(args) => commands::backup::restore(context, args),
        Command::Audit(command) => commands::audit::run(context, command),
        Command::Retention(command) => commands::retention::run(context, command),
        Command::Privacy(command) => commands::privacy::run(context, command),
        Command::User(command) => commands::user::run(context, command),
        Command::Account(command) => commands::account::run(context, command),
        Command::Claim(command) => commands::claim::run(context, command),
        Command::Onboarding(command) => commands::onboarding::run(context, command),
        Command::Contact(command) => commands::contact::run(context, command),
        Command::Conflict(command) => commands::conflict::run(context, command),
        Command::Campaign(command) => commands::campaign::run(context, command),
        Command::Overview(command) => commands::overview::run(context, command),
        Command::Template(command) => commands::template::run(context, command),
        Command::Completion { shell } => commands::completion::run(*shell),
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
