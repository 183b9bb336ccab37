//! `schakel privacy`

use clap::Subcommand;
use schakel_app::{
    config,
    intake::Intake,
    privacy::{self, Occurrence, Term},
};
use schakel_store::{
    Reader,
    audit::{Action, Entry, record_access},
};

use crate::{
    Context,
    output::{Ending, plain, say},
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum PrivacyCommand {
    /// Where a person or an address occurs
    Find {
        /// A name, mail address, phone number or IP address
        term: Term,
    },
    /// All that is kept of a person or an address, as JSON, one place a line
    Export {
        /// A name, mail address, phone number or IP address
        term: Term,
    },
    /// Erase a person or an address wherever that is possible
    Erase {
        /// A name, mail address, phone number or IP address
        term: Term,
        /// Why
        #[arg(long)]
        reason: String,
        /// Show what would be erased, and erase nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub fn run(context: &Context, command: &PrivacyCommand) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    let actor = context.person()?;
    // What is looked for is personal itself, and does not stand in the log.
    let looked = |action| {
        let entry =
            Entry { at: now, actor: actor.name(), action, subject: "privacy", reason: "", detail: "" };
        record_access(&context.data, &entry)
    };
    match command {
        PrivacyCommand::Find { term } | PrivacyCommand::Erase { term, dry_run: true, .. } => {
            let search = privacy::search(&Reader::open(&context.data)?, term)?;
            looked(Action::ConfidentialRead)?;
            search.occurrences.iter().for_each(|one| show(context, one));
            let count = search.occurrences.len();
            let kept = search.occurrences.iter().filter(|one| one.kept.is_some()).count();
            context.out.line(format!(
                "Found in {count} places; {} of them can be erased. Nothing was erased.",
                count - kept
            ));
            context.out.json(&serde_json::json!({ "occurrences": search.occurrences, "erased": false }))?;
            Ok(Ending::Done)
        }
        PrivacyCommand::Export { term } => {
            let search = privacy::search(&Reader::open(&context.data)?, term)?;
            looked(Action::PrivacyExported)?;
            for one in &search.occurrences {
                crate::output::print_line(&serde_json::to_string(one)?);
            }
            Ok(Ending::Done)
        }
        PrivacyCommand::Erase { term, reason, dry_run: false } => {
            let config = config::load(&context.data)?;
            // Sightings that a crash has left are counted first: their rows may go.
            let mut store = Intake::open(&context.data, context.clock)?.close()?;
            let search = privacy::search(&store.reader()?, term)?;
            let occurrences = search.occurrences.clone();
            let erased = privacy::erase(&mut store, &config, &actor, now, reason, search)?;
            let kept: Vec<_> = occurrences.iter().filter(|one| one.kept.is_some()).collect();
            kept.iter().for_each(|one| show(context, one));
            match &erased {
                Some(erased) => context.out.line(format!(
                    "Erased in {} places: audit entry {}. Backups that were made before still hold it; it is erased again when one is brought back.",
                    occurrences.len() - kept.len(),
                    erased.entry
                )),
                None => context.out.line("There was nothing to erase."),
            }
            if !kept.is_empty() {
                say(format!("{} places were kept; the reasons stand beside them.", kept.len()));
            }
            context.out.json(&serde_json::json!({ "occurrences": occurrences, "erased": erased }))?;
            Ok(if kept.is_empty() { Ending::Done } else { Ending::WithRejects })
        }
    }
}

fn show(context: &Context, one: &Occurrence) {
    let kept = one.kept.as_ref().map(|why| format!("  (kept: {why})")).unwrap_or_default();
    context.out.line(format!("{:<22} {:<28} {}{kept}", one.subject, one.what, plain(&one.text, 80)));
}
