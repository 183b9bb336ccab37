//! The command line.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::{Timestamp, civil::Date};
use schakel_app::{calendar, events::Which, names::Traced};
use schakel_attribute::{Input, InputKind};
use schakel_model::{arrival::Receipt, classification::ClassificationType, clock::Clock, tlp::Tlp};
use schakel_parse::xarf::Reporter;

use crate::{
    commands::{
        audit, import_prefixes, register_history, register_import, register_merge, register_show, retention,
        user,
    },
    rehearsal::DryRun,
};

/// Tells the person who can fix it: reports in, the right organisation told, every row accounted for.
#[derive(Parser)]
#[command(version, max_term_width = 110)]
pub struct Cli {
    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args)]
pub struct Global {
    /// The data directory [default: the platform's, such as ~/.local/share/schakel]
    #[arg(long, global = true, value_name = "DIR", env = "SCHAKEL_DATA")]
    pub data: Option<PathBuf>,
    /// Replaces the clock everywhere: a time at which it stands still, for example 2026-11-21T09:00:00Z, or how far it is put forward or
    /// back, for example --now=+10m or --now=-5h
    #[arg(long, global = true, value_name = "TIME", value_parser = clock)]
    pub now: Option<Clock>,
    /// The desk user who acts; `schakel user list` names them [default: the program itself]
    #[arg(long = "as", global = true, value_name = "NAME", env = "SCHAKEL_AS")]
    pub acting: Option<String>,
    /// Print one JSON object at the end
    #[arg(long, global = true)]
    pub json: bool,
}

/// The commands.
#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum Command {
    /// Try it out: a made-up day of reports for the 342 municipalities. Again: the next day
    Demo(DemoArgs),
    /// Read files into events (IDF) without keeping anything
    Parse(ParseArgs),
    /// Take reports in: attribute, make findings, keep the ledger
    Ingest(IngestArgs),
    /// The register: who owns what, and whom to tell
    #[command(subcommand)]
    Register(RegisterCommand),
    /// Who is told about an address or a name, and why
    Explain(ExplainArgs),
    /// Replay the events of the last days under a changed register or policy: who would have been told, and who not
    Whatif(crate::commands::whatif::WhatifArgs),
    /// After the register was set right: take back what was told to the wrong party, and tell the right one
    Reattribute(crate::commands::reattribute::ReattributeArgs),
    /// Possible data breaches: what was told to the wrong party, and the 72-hour clock
    #[command(subcommand)]
    Breach(crate::commands::breach::BreachCommand),
    /// What is due of what was told: reminders, steps of the ladder, what is closed; and what comes next
    Due(crate::commands::due::DueArgs),
    /// The calling list: whom to telephone because nothing else reached anybody
    #[command(subcommand)]
    Call(crate::commands::call::CallCommand),
    /// Days on which a member is closed: terms of the ladder do not count them
    #[command(subcommand)]
    Closed(crate::commands::closed::ClosedCommand),
    /// What is known to be exploited: whoever was told of such a finding is told again
    #[command(subcommand)]
    Exploited(crate::commands::exploited::ExploitedCommand),
    /// The balance of the ledger, and the events behind its numbers
    Ledger(LedgerArgs),
    /// Who reports to us: settings, tokens, record
    #[command(subcommand)]
    Source(crate::commands::source::SourceCommand),
    /// Keys with which members fetch their own rows over HTTP, as from Shadowserver
    #[command(subcommand)]
    MemberKey(crate::commands::member_key::MemberKeyCommand),
    /// Programs that use the API: who they are and what they may do
    #[command(subcommand)]
    Client(crate::commands::client::ClientCommand),
    /// Ask a running Schakel over HTTP
    Api(crate::commands::api::ApiArgs),
    /// Keys for sealed mail: ours, and those of others that are believed
    #[command(subcommand)]
    Key(crate::commands::key::KeyCommand),
    /// Links with other hubs: findings that are handed over, and those that come from there
    #[command(subcommand)]
    Hub(crate::commands::hub::HubCommand),
    /// What waits for a person before it is taken in
    #[command(subcommand)]
    Vetting(crate::commands::vetting::VettingCommand),
    /// What recipients say about what they were told
    #[command(subcommand)]
    Answer(crate::commands::answer::AnswerCommand),
    /// What came by mail, HTTP and other doors, and what became of it
    Arrivals(ArrivalsArgs),
    /// Rows that could not be read, by source and reason
    Rejects(RejectsArgs),
    /// One report: written down from a telephone call, taken back by its source, read again
    #[command(subcommand)]
    Report(crate::commands::report::ReportCommand),
    /// The reports that came in
    Reports(ReportsArgs),
    /// The findings, newest first
    Findings(FindingsArgs),
    /// Follow an event (17:4023), a finding (F12) or a notification (N3)
    Trace {
        /// An event as 17:4023, a finding as F12, a notification as N3
        id: Traced,
    },
    /// Look up now what the DNS says of a finding (F12), where its sources permit it
    Enrich(crate::commands::enrich::EnrichArgs),
    /// Check every invariant over the whole store by deriving it again
    Verify,
    /// The rules for telling: what is told at once, grouped, held or not at all; trial operation
    #[command(subcommand)]
    Policy(crate::commands::policy::PolicyCommand),
    /// Our would-be notifications beside what another system told, each difference with its reason
    Compare(crate::commands::compare::CompareArgs),
    /// Make notifications of what waits to be told, and send them
    Tell(TellArgs),
    /// Notifications and their messages
    Outbox(OutboxArgs),
    /// What is nobody's, told to whoever the outside world names for it (vangnet)
    #[command(subcommand)]
    SafetyNet(crate::commands::safety_net::SafetyNetCommand),
    /// What the DNS has to say about our mail so that it is believed, and what it says
    CheckMail,
    /// Take in, tell and send until stopped
    Serve,
    /// The configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What is wrong with this installation, in plain words
    Doctor,
    /// Copy this installation into an empty folder
    Backup {
        /// A folder that is not there yet
        target: PathBuf,
    },
    /// Bring a backup back, or say what happens with what was waiting then
    Restore(RestoreArgs),
    /// Who did what, when and why
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Where a person or an address occurs, and erasing that
    #[command(subcommand)]
    Privacy(crate::commands::privacy::PrivacyCommand),
    /// How long data is kept, and erasing what is old
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// The desk users, who act with --as
    #[command(subcommand)]
    User(user::UserCommand),
    /// Who may sign in to the portal
    #[command(subcommand)]
    Account(crate::commands::account::AccountCommand),
    /// What members say is theirs, and its proof
    #[command(subcommand)]
    Claim(crate::commands::claim::ClaimCommand),
    /// Who joins: the steps until they are officially affiliated, and what waits until then
    #[command(subcommand)]
    Onboarding(crate::commands::onboarding::OnboardingCommand),
    /// Who is told, and how they are reached
    #[command(subcommand)]
    Contact(crate::commands::contact::ContactCommand),
    /// Two who say that the same is theirs
    #[command(subcommand)]
    Conflict(crate::commands::conflict::ConflictCommand),
    /// Actions about one report, with a text and a deadline of their own, by two people
    #[command(subcommand)]
    Campaign(crate::commands::campaign::CampaignCommand),
    /// Weekly overviews: what was sent to a member, what was not, and what is open
    #[command(subcommand)]
    Overview(crate::commands::overview::OverviewCommand),
    /// The texts of mails: see them, change them, try them
    #[command(subcommand)]
    Template(crate::commands::template::TemplateCommand),
    /// Print a completion script for your shell
    Completion {
        /// For which shell
        shell: Shell,
    },
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct DemoArgs {
    /// Rows of the day
    #[arg(long, default_value_t = 220_000)]
    pub rows: u64,
    /// Another seed makes other days
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// A chain in the place of a day: three installations, linked, and a report that travels through them and back
    #[arg(long, conflicts_with_all = ["rows", "seed"])]
    pub chain: bool,
    /// Reports whose time through the chain is measured
    #[arg(long, default_value_t = 20, requires = "chain")]
    pub rounds: u8,
    /// End when the day is done: no portal afterwards
    #[arg(long)]
    pub no_portal: bool,
    /// Open the portal afterwards, also when this does not run in a terminal
    #[arg(long, conflicts_with = "no_portal")]
    pub portal: bool,
}

/// How files are read.
#[derive(Args)]
#[allow(missing_docs)]
pub struct ReadingArgs {
    /// The Shadowserver report type, when the file name does not say it
    #[arg(long = "type", value_name = "TYPE")]
    pub type_name: Option<String>,
    /// A newer official Shadowserver schema (JSON)
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// A mapping (TOML) for other CSV or JSON files
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct ParseArgs {
    /// The files: CSV, JSON, or zip, gzip and mail with such files in them
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// What is printed, a line for each event
    #[arg(long, default_value = "idf")]
    pub format: EventFormat,
    /// Who reports, for --format xarf and csaf: "CERT Example <cert@example.nl>"
    #[arg(long, value_name = "NAME <MAIL>", required_if_eq_any([("format", "xarf"), ("format", "csaf")]))]
    pub reporter: Option<Reporter>,
    /// Write NAME.jsonl for each file into this folder instead of printing
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write rejects to this file instead of printing them
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Show the first rows as they would be understood
    #[arg(long)]
    pub preview: bool,
}

/// How events are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EventFormat {
    /// IntelMQ's data format
    Idf,
    /// X-ARF 4 reports
    Xarf,
    /// CSAF 2.0 advisories, of events that name vulnerabilities
    Csaf,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct IngestArgs {
    /// The files: CSV, JSON, or zip, gzip and mail with such files in them
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// The marking of these reports: CLEAR, GREEN, AMBER, AMBER+STRICT or RED [default: from the configuration]
    #[arg(long)]
    pub tlp: Option<Tlp>,
    /// Show what each file would be read as, and take nothing in
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum RegisterCommand {
    /// Import organisations, assets, contacts and relations; shows what changes
    Import(register_import::ImportArgs),
    /// The versions of the register: who changed it, when, why and how much
    History(register_history::HistoryArgs),
    /// Take a version back, as a new version
    Undo(register_history::UndoArgs),
    /// Import a table of announced prefixes, for AS numbers and RIPE handles
    ImportPrefixes(import_prefixes::ImportPrefixesArgs),
    /// How good the register is for each member, with the reasons; the worst first
    Quality(crate::commands::quality::QualityArgs),
    /// What is nobody's, by where it lies: the list of who should join
    Unrouted(crate::commands::quality::UnroutedArgs),
    /// Write the register as its four files into a folder, or as JSON into a file that ends in .json
    Export {
        /// A folder for the four files, or a file that ends in .json
        #[arg(value_name = "FOLDER|FILE.json")]
        folder: PathBuf,
        /// As the register was recorded at this time [default: now]
        #[arg(long, value_name = "TIME", value_parser = time)]
        as_known_at: Option<Timestamp>,
    },
    /// A municipal merger: from a day on, what organisations have is their successor's
    Merge(register_merge::MergeArgs),
    /// An organisation with its relations, assets and contacts
    Show(register_show::ShowArgs),
}

#[derive(Args)]
#[command(group(ArgGroup::new("looked up").args(["ip", "domain", "url", "asn", "email", "country"]).required(true).multiple(true)))]
#[allow(missing_docs)]
pub struct ExplainArgs {
    /// An address
    #[arg(long, value_parser = |text: &str| Input::read(InputKind::Ip, text))]
    pub ip: Vec<Input>,
    /// A domain or host name
    #[arg(long, value_parser = |text: &str| Input::read(InputKind::Domain, text))]
    pub domain: Vec<Input>,
    /// A URL
    #[arg(long, value_parser = |text: &str| Input::read(InputKind::Url, text))]
    pub url: Vec<Input>,
    /// An AS number
    #[arg(long, value_parser = |text: &str| Input::read(InputKind::Asn, text))]
    pub asn: Vec<Input>,
    /// A mail address
    #[arg(long, value_parser = |text: &str| Input::read(InputKind::Email, text))]
    pub email: Vec<Input>,
    /// A country code
    #[arg(long, value_parser = |text: &str| Input::read(InputKind::Country, text))]
    pub country: Vec<Input>,
    /// At which time, for example 2026-11-21T09:00:00Z or 2026-11-21 (00:00 UTC) [default: now]
    #[arg(long, value_parser = time)]
    pub at: Option<Timestamp>,
    /// By what the register knew at this time; the present answer stands beside it when it differs [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_known_at: Option<Timestamp>,
    /// For which RSIT type of event, for example phishing: some go by names only
    #[arg(long)]
    pub kind: Option<ClassificationType>,
}

/// A time as people type it: RFC 3339, or a day, which begins at 00:00 UTC.
pub fn time(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse().map(calendar::start_of_day_utc);
    text.parse::<Timestamp>()
        .or_else(|_| day())
        .map_err(|_| "write a time such as 2026-11-21T09:00:00Z, or a day such as 2026-11-21".to_owned())
}

/// A clock as `--now` names it.
fn clock(text: &str) -> Result<Clock, String> {
    let wrong = || "write a time such as 2026-11-21T09:00:00Z, or +10m or -5h".to_owned();
    match text.starts_with(['+', '-']) {
        true => text.parse().map(Clock::shifted).map_err(|_| wrong()),
        false => text.parse().map(Clock::fixed).map_err(|_| wrong()),
    }
}

/// A day as people type it.
pub fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a day such as 2026-11-21".to_owned())
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct LedgerArgs {
    /// Of one report
    #[arg(long, conflicts_with = "day")]
    pub report: Option<u32>,
    /// Of the reports received on a day in Europe/Amsterdam, for example 2026-11-21
    #[arg(long, value_parser = day)]
    pub day: Option<Date>,
    /// List the events behind a number: rejected, replayed, duplicates, clears, events, or a fate such as unrouted
    #[arg(long, value_name = "NUMBER")]
    pub list: Option<Which>,
    /// List at most this many
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Also by organisation
    #[arg(long)]
    pub organisations: bool,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct RejectsArgs {
    /// Only of this report, by its number from `schakel reports`
    #[arg(long)]
    pub report: Option<u32>,
    /// Only of what came in on this day in Europe/Amsterdam, for example 2026-11-21
    #[arg(long, value_parser = day, conflicts_with = "report")]
    pub day: Option<Date>,
    /// Only of this source, from `schakel source list`
    #[arg(long, value_name = "CODE")]
    pub source: Option<String>,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct ArrivalsArgs {
    /// Only this one, by the number its notifier got
    pub receipt: Option<Receipt>,
    /// List at most this many
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct ReportsArgs {
    /// Of one day in Europe/Amsterdam, for example 2026-11-21
    #[arg(long, value_parser = day)]
    pub day: Option<Date>,
    /// Write the bytes of this report to standard output, as they came
    #[arg(long, value_name = "REPORT")]
    pub raw: Option<u32>,
    /// Show at most this many
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct FindingsArgs {
    /// Show at most this many
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Only those in which all these words occur: addresses, names, kinds, organisations, notes, what the source said
    #[arg(long, value_name = "WORDS", conflicts_with = "rows_of")]
    pub search: Option<String>,
    /// All rows in which this finding was seen
    #[arg(long, value_name = "FINDING")]
    pub rows_of: Option<String>,
}

#[derive(Args)]
#[allow(missing_docs)]
pub struct TellArgs {
    /// Show what would be made, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Make the notifications, but do not send them yet
    #[arg(long)]
    pub no_send: bool,
}

#[derive(Args)]
#[allow(missing_docs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct OutboxArgs {
    #[command(subcommand)]
    pub command: Option<OutboxCommand>,
    /// Send what is due now
    #[arg(long, conflicts_with = "show")]
    pub send: bool,
    /// Print this message as it was, or will be, sent (number from the list)
    #[arg(long, value_name = "MESSAGE")]
    pub show: Option<i64>,
    /// Show at most this many notifications
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum OutboxCommand {
    /// Is a mail from us? By its number and the check code under its text
    Check {
        /// The number: 17
        number: String,
        /// The code: 7KQ2-M4XD
        code: String,
    },
    /// Let a confidential message go that is withheld: encrypted when there is a key by now, else as an ordinary mail
    Release {
        /// Its number, from `schakel outbox`
        message: i64,
        /// Why it may go, for example: given by telephone, recipient accepts an ordinary mail
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum ConfigCommand {
    /// Print every key with what it means; with --json the values in force
    Show,
    /// Check the configuration and the mappings
    Check,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
#[allow(missing_docs)]
pub struct RestoreArgs {
    /// The backup
    pub source: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Option<RestoreCommand>,
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum RestoreCommand {
    /// Let sending go on after a restore
    #[command(group(ArgGroup::new("waiting").args(["hold_waiting", "send_waiting"]).required(true)))]
    Confirm {
        /// What was waiting may have been told since the backup: hold it
        #[arg(long)]
        hold_waiting: bool,
        /// What was waiting was not told: send it
        #[arg(long)]
        send_waiting: bool,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Commands and arguments without a word of help, below this command.
    fn without_help(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        if command.get_about().is_none() {
            found.push(path.to_owned());
        }
        let silent = command.get_arguments().filter(|argument| argument.get_help().is_none());
        found.extend(silent.map(|argument| format!("{path} {}", argument.get_id())));
        for below in command.get_subcommands() {
            without_help(below, &format!("{path} {}", below.get_name()), found);
        }
    }

    #[test]
    fn every_command_and_argument_has_a_word_of_help() {
        let mut command = Cli::command();
        command.build();
        let mut found = Vec::new();
        without_help(&command, "schakel", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
