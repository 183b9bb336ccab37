//! `schakel breach`

use anyhow::Context as _;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use schakel_app::{
    breach::{self, Received, Shown, Subject, received, shown},
    config,
    names::Traced,
    pipeline::state,
    tell::Composer,
    templates,
};
use schakel_model::register::Register;
use schakel_store::{
    Reader,
    act::Act,
    breaches::{self, Decision},
    register,
};

use crate::{
    Context,
    args::time,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum BreachCommand {
    /// Something was told to the wrong party: list who received it, recall it, and start the 72-hour clock
    Open(OpenArgs),
    /// Breaches that are open, with the time that is left
    List {
        /// Those that are closed too
        #[arg(long)]
        all: bool,
    },
    /// One breach, and who received what
    Show {
        /// Its number, such as B1
        #[arg(value_parser = breach_number)]
        breach: u32,
    },
    /// Say what was decided; needs --as
    Close {
        /// Its number, such as B1
        #[arg(value_parser = breach_number)]
        breach: u32,
        /// Was it reported to the supervisor?
        #[arg(long)]
        decision: DecisionWord,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[derive(Args)]
#[command(group(ArgGroup::new("what was told").args(["finding", "notification", "correction"]).required(true)))]
#[allow(missing_docs)]
pub struct OpenArgs {
    /// A finding, such as F12
    #[arg(long, value_name = "F12", value_parser = finding)]
    pub finding: Option<Traced>,
    /// A notification, such as N3
    #[arg(long, value_name = "N3", value_parser = notification)]
    pub notification: Option<Traced>,
    /// What a correction took back, such as K1
    #[arg(long, value_name = "K1", value_parser = correction)]
    pub correction: Option<u32>,
    /// Of a finding only what this organisation was told
    #[arg(long, value_name = "CODE", requires = "finding")]
    pub organisation: Option<String>,
    /// When it was discovered [default: now]
    #[arg(long, value_parser = time)]
    pub discovered: Option<Timestamp>,
    /// Why
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub dry_run: DryRun,
}

/// What can be decided.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum DecisionWord {
    Reported,
    NotReported,
}

fn breach_number(text: &str) -> Result<u32, String> {
    lettered('B', text).ok_or_else(|| format!("`{text}` is no breach: write it as B1"))
}

fn correction(text: &str) -> Result<u32, String> {
    lettered('K', text).ok_or_else(|| format!("`{text}` is no correction: write it as K1"))
}

fn lettered(letter: char, text: &str) -> Option<u32> {
    let digits = text.strip_prefix([letter, letter.to_ascii_lowercase()]).unwrap_or(text);
    digits.parse().ok()
}

fn finding(text: &str) -> Result<Traced, String> {
    match text.parse()? {
        finding @ Traced::Finding(_) => Ok(finding),
        _ => Err(format!("`{text}` is no finding: write it as F12")),
    }
}

fn notification(text: &str) -> Result<Traced, String> {
    match text.parse()? {
        notification @ Traced::Notification(_) => Ok(notification),
        _ => Err(format!("`{text}` is no notification: write it as N3")),
    }
}

pub fn run(context: &Context, command: &BreachCommand) -> anyhow::Result<Ending> {
    match command {
        BreachCommand::Open(args) => open(context, args),
        BreachCommand::List { all } => list(context, *all),
        BreachCommand::Show { breach } => show(context, &Reader::open(&context.data)?, *breach),
        BreachCommand::Close { breach, decision, reason, dry_run } => {
            close(context, *breach, *decision, reason, *dry_run)
        }
    }
}

fn open(context: &Context, args: &OpenArgs) -> anyhow::Result<Ending> {
    let now = context.clock.now();
    let actor = context.actor()?;
    let act = Act { at: now.as_second(), actor: actor.name(), reason: &args.reason };
    let config = config::load(&context.data)?;
    let discovered = args.discovered.unwrap_or(now).as_second();
    let opened = context.change(args.dry_run, |store| {
        let reader = store.reader()?;
        let templates = templates::in_force(&reader)?;
        let view = state::register_view(&reader, reader.read(register::version)?)?;
        let subject = subject(args, &view.register)?;
        let composer = Composer { reader: &reader, view: &view, config: &config, templates: &templates, now };
        breach::open(store, &composer, subject, discovered, &act)
    })?;
    let Some(id) = opened else { return Ok(Ending::Done) };
    let ending = show(context, &Reader::open(&context.data)?, id)?;
    context.out.line("The recall notices wait to be sent: `schakel tell` sends them.");
    context.out.line(format!(
        "Decide within 72 hours of the discovery: `schakel breach close B{id} --decision reported --reason ... --as NAME`."
    ));
    Ok(ending)
}

/// What was told, as the arguments name it.
fn subject(args: &OpenArgs, register: &Register) -> anyhow::Result<Subject> {
    let organisation = args.organisation.as_deref().map(|code| {
        let known = register.organisations.iter().find(|organisation| organisation.code == code);
        known.map(|organisation| organisation.id).with_context(|| format!("there is no organisation {code}"))
    });
    let organisation = organisation.transpose()?;
    match (args.finding, args.notification, args.correction) {
        (Some(Traced::Finding(id)), ..) => Ok(Subject::Finding(id, organisation)),
        (_, Some(Traced::Notification(id)), _) => Ok(Subject::Notification(id)),
        (.., Some(run)) => Ok(Subject::Correction(run)),
        _ => anyhow::bail!("name a finding, a notification or a correction"),
    }
}

fn list(context: &Context, all: bool) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let now = context.clock.now_seconds();
    let breaches = reader
        .read(|connection| if all { breaches::list(connection) } else { breaches::undecided(connection) })?;
    let breaches: Vec<Shown> = breaches.iter().map(|breach| shown(breach, now)).collect();
    let cells: Vec<_> = breaches
        .iter()
        .map(|breach| {
            vec![
                breach.breach.clone(),
                breach.subject.clone(),
                breach.discovered_at.clone(),
                left(breach),
                plain(&breach.reason, 60),
            ]
        })
        .collect();
    context.out.table(&["breach", "about", "discovered", "time left", "reason"], &cells, &[]);
    let overdue = breaches.iter().filter(|breach| breach.overdue).count();
    context.out.line(format!("{} shown, {overdue} overdue.", breaches.len()));
    context.out.json(&serde_json::json!({ "breaches": breaches, "overdue": overdue }))?;
    Ok(Ending::Done)
}

/// The time that is left, in words.
fn left(breach: &Shown) -> String {
    match breach.seconds_left {
        None => breach.decision.to_owned(),
        Some(left) => {
            let hours = format!("{} h {} min", left.abs() / 3_600, left.abs() / 60 % 60);
            if left > 0 { hours } else { format!("OVERDUE by {hours}") }
        }
    }
}

fn show(context: &Context, reader: &Reader, id: u32) -> anyhow::Result<Ending> {
    let breach = reader
        .read(|connection| breaches::get(connection, id))?
        .with_context(|| format!("there is no breach B{id}. `schakel breach list --all` lists them"))?;
    let breach = shown(&breach, context.clock.now_seconds());
    let register = reader.read(|connection| register::load(connection, register::version(connection)?))?;
    let received = received(reader, &register, id)?;
    let out = &context.out;
    out.line(format!(
        "Possible data breach {}, about {}: {}",
        breach.breach,
        breach.subject,
        plain(&breach.reason, 200)
    ));
    out.line(format!("  discovered {}, opened by {}", breach.discovered_at, breach.opened_by));
    match (&breach.closed_by, &breach.closed_at, &breach.closed_reason) {
        (Some(by), Some(at), Some(reason)) => {
            out.line(format!("  {} by {by} at {at}: {}", breach.decision, plain(reason, 200)));
        }
        _ => out.line(format!("  to be decided before {}: {}", breach.deadline, left(&breach))),
    }
    out.line("");
    let cells: Vec<_> = received.iter().map(cells_of).collect();
    let headings = [
        "notification",
        "code",
        "recipient",
        "role",
        "state",
        "received",
        "findings",
        "Message-ID",
        "taken back by",
    ];
    out.table(&headings, &cells, &[6]);
    out.json(&serde_json::json!({ "breach": breach, "received": received }))?;
    Ok(Ending::Done)
}

fn cells_of(one: &Received) -> Vec<String> {
    vec![
        one.notification.clone(),
        one.organisation.clone(),
        plain(&one.recipient, 40),
        one.role.clone(),
        one.state.to_owned(),
        one.received_at.clone().unwrap_or_default(),
        number(one.findings),
        one.message_id.clone(),
        one.recalled_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    ]
}

fn close(
    context: &Context,
    id: u32,
    decision: DecisionWord,
    reason: &str,
    dry_run: DryRun,
) -> anyhow::Result<Ending> {
    let actor = context.person()?;
    let decision = match decision {
        DecisionWord::Reported => Decision::Reported,
        DecisionWord::NotReported => Decision::NotReported,
    };
    let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
    let closed = context.change(dry_run, |store| {
        let closed = store.close_breach(&act, id, decision)?;
        let known = store.read(|connection| breaches::get(connection, id))?;
        anyhow::ensure!(known.is_some(), "there is no breach B{id}. `schakel breach list --all` lists them");
        anyhow::ensure!(closed, "B{id} is closed already. `schakel breach show B{id}` says how");
        Ok(())
    })?;
    match closed {
        Some(()) => show(context, &Reader::open(&context.data)?, id),
        None => Ok(Ending::Done),
    }
}
