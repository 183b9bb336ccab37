//! `schakel retention`

use clap::Subcommand;
use schakel_app::{
    config,
    explain::rfc3339,
    holds::{self, Subject},
    intake::Intake,
    retention::{self, Class, ClassJson},
};
use schakel_store::{Reader, retention as stored, users};

use crate::{
    Context,
    output::{Ending, number, plain},
    rehearsal::DryRun,
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum RetentionCommand {
    /// How long each class of data is kept, and what is old enough now
    Show,
    /// Erase what is old enough and not held
    Run {
        /// Show what would be erased, and erase nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Legal holds: nothing of what they name is erased
    #[command(subcommand)]
    Hold(HoldCommand),
}

#[derive(Subcommand)]
#[allow(missing_docs)]
pub enum HoldCommand {
    /// Hold a report (report:17), a finding (F12) or an organisation (organisation:GM0513)
    Add {
        /// What is held
        subject: Subject,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// The holds
    List {
        /// Released ones too
        #[arg(long)]
        all: bool,
    },
    /// Release a hold (its number from the list)
    Release {
        /// Its number
        hold: i64,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, command: &RetentionCommand) -> anyhow::Result<Ending> {
    match command {
        RetentionCommand::Show => show(context, &["Nothing was erased. `schakel retention run` does it."]),
        RetentionCommand::Run { dry_run: true } => show(context, &["A dry run: nothing was erased."]),
        RetentionCommand::Run { dry_run: false } => erase(context),
        RetentionCommand::Hold(command) => hold(context, command),
    }
}

fn show(context: &Context, last: &[&str]) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let reader = Reader::open(&context.data)?;
    let plans = retention::plan(&reader, &config, context.clock.now_seconds())?;
    let classes: Vec<ClassJson> = plans.iter().map(|plan| plan.json(&config.retention)).collect();
    table(context, &classes);
    last.iter().for_each(|line| context.out.line(line));
    let ran_at = reader.read(stored::ran_at)?.map(rfc3339);
    context.out.json(&serde_json::json!({ "classes": classes, "erased": false, "ran_at": ran_at }))?;
    Ok(Ending::Done)
}

fn table(context: &Context, classes: &[ClassJson]) {
    let cells: Vec<_> = classes
        .iter()
        .map(|class| {
            let counts = [
                (class.reports, "reports"),
                (class.findings, "findings"),
                (class.messages, "messages"),
                (class.contacts, "contacts"),
                (class.details, "details"),
                (class.files, "files"),
                (class.held, "held"),
                (class.waiting, "still wait"),
            ];
            let what: Vec<_> = counts
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, what)| format!("{} {what}", number(*count as u64)))
                .collect();
            let days = if class.days == 0 { "for ever".to_owned() } else { format!("{} days", class.days) };
            vec![
                class.class.as_str().to_owned(),
                days,
                if what.is_empty() { "nothing".to_owned() } else { what.join(", ") },
                class.oldest.clone().unwrap_or_default(),
            ]
        })
        .collect();
    context.out.table(&["class", "kept", "old enough now", "oldest"], &cells, &[1]);
}

fn erase(context: &Context) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    let now = context.clock.now_seconds();
    let actor = context.actor()?;
    // Sightings that a crash has left are counted first: their rows may go.
    let mut store = Intake::open(&context.data, context.clock)?.close()?;
    let plans = retention::plan(&store.reader()?, &config, now)?;
    let classes: Vec<ClassJson> = plans.iter().map(|plan| plan.json(&config.retention)).collect();
    let entries = retention::run(&mut store, &config, &actor, now, &plans)?;
    table(context, &classes);
    for class in Class::ALL {
        if let Some(entry) = entries.get(class.as_str()) {
            context.out.line(format!("Erased {}: audit entry {entry}.", class.as_str()));
        }
    }
    if entries.is_empty() {
        context.out.line("Nothing in the store was old enough to be erased.");
    }
    context.out.json(&serde_json::json!({ "classes": classes, "erased": true, "entries": entries }))?;
    Ok(Ending::Done)
}

fn hold(context: &Context, command: &HoldCommand) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    match command {
        HoldCommand::Add { subject, reason, dry_run } => {
            let actor = context.person()?;
            holds::check(&Reader::open(&context.data)?, subject)?;
            let placed = context.change(*dry_run, |store| {
                Ok(store.place_hold(now, actor.name(), &subject.to_string(), reason)?)
            })?;
            let Some(id) = placed else { return Ok(Ending::Done) };
            context.out.line(format!("Hold {id}: nothing of {subject} is erased until it is released."));
            context.out.json(&serde_json::json!({ "ok": true, "hold": id }))?;
        }
        HoldCommand::Release { hold, reason, dry_run } => {
            let actor = context.person()?;
            let released = context.change(*dry_run, |store| {
                let held = store.read(stored::holds)?.into_iter().find(|one| one.id == *hold);
                let held = held.ok_or_else(|| {
                    anyhow::anyhow!("there is no hold {hold}. `schakel retention hold list` shows them")
                })?;
                anyhow::ensure!(held.released_at.is_none(), "hold {hold} was released already");
                store.release_hold(now, actor.name(), &held, reason)?;
                Ok(held)
            })?;
            let Some(held) = released else { return Ok(Ending::Done) };
            context.out.line(format!("Hold {hold} on {} is released.", held.subject));
            context.out.json(&serde_json::json!({ "ok": true, "hold": hold }))?;
        }
        HoldCommand::List { all } => {
            let reader = Reader::open(&context.data)?;
            let mut holds = reader.read(stored::holds)?;
            holds.retain(|hold| *all || hold.released_at.is_none());
            let users = reader.read(users::list)?;
            let name = |number: u32| {
                users.iter().find(|user| user.id.0 == number).map_or("", |user| user.name.as_str()).to_owned()
            };
            let cells: Vec<_> = holds
                .iter()
                .map(|hold| {
                    vec![
                        hold.id.to_string(),
                        hold.subject.clone(),
                        rfc3339(hold.placed_at),
                        name(hold.placed_by),
                        hold.released_at.map_or_else(String::new, rfc3339),
                        plain(&hold.reason, 60),
                    ]
                })
                .collect();
            context.out.table(&["hold", "subject", "placed", "by", "released", "reason"], &cells, &[0]);
            let holds: Vec<_> = holds
                .iter()
                .map(|hold| {
                    serde_json::json!({
                        "hold": hold.id,
                        "subject": hold.subject,
                        "reason": hold.reason,
                        "placed_at": rfc3339(hold.placed_at),
                        "placed_by": name(hold.placed_by),
                        "released_at": hold.released_at.map(rfc3339),
                    })
                })
                .collect();
            context.out.json(&serde_json::json!({ "holds": holds }))?;
        }
    }
    Ok(Ending::Done)
}
