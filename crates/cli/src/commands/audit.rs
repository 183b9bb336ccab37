//! `schakel audit`

use clap::Subcommand;
use jiff::Timestamp;
use schakel_app::audit::{self, AuditEntry, Names};
use schakel_store::{
    Reader,
    audit::{Filter, each, head, head_text, parse_head},
};

use crate::{
    Context,
    args::time,
    output::{Ending, number, plain, print_line},
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum AuditCommand {
    /// Who did what, when and why; the newest first
    List {
        /// About this, for example register:3, report:17 or organisation:GM0513
        #[arg(long)]
        subject: Option<String>,
        /// By this desk user; `program` for the program itself
        #[arg(long, value_name = "NAME")]
        actor: Option<String>,
        /// From this time on, for example 2026-11-21
        #[arg(long, value_parser = time)]
        since: Option<Timestamp>,
        /// Show at most this many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Prove that no entry was changed, removed or cut off
    Verify {
        /// A head that was noted down earlier: also prove that the log of then is still the beginning of this one
        #[arg(long, value_name = "HEAD")]
        head: Option<String>,
    },
    /// Print the head of the log, to note it down elsewhere
    Head,
    /// Print the whole log as JSON, one entry a line, the oldest first
    Export,
}

pub fn run(context: &Context, command: &AuditCommand) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    match command {
        AuditCommand::List { subject, actor, since, limit } => {
            let filter = Filter {
                subject: subject.clone(),
                actor: actor.as_deref().map(|name| audit::actor_number(&reader, name)).transpose()?,
                since: since.map(Timestamp::as_second),
                ..Filter::default()
            };
            let entries = audit::list(&reader, &filter, *limit)?;
            entries.iter().for_each(|entry| show(context, entry));
            context.out.json(&serde_json::json!({ "entries": entries }))?;
        }
        AuditCommand::Verify { head } => return verify(context, &reader, head.as_deref()),
        AuditCommand::Head => {
            let text = head_text(&reader.read(head)?);
            context.out.line(&text);
            context.out.json(&serde_json::json!({ "head": text }))?;
        }
        AuditCommand::Export => {
            let names = Names::load(&reader)?;
            reader.read(|connection| {
                each(connection, |entry| {
                    print_line(&serde_json::json!(names.entry(entry.clone())).to_string());
                    Ok(())
                })
            })?;
        }
    }
    Ok(Ending::Done)
}

fn verify(context: &Context, reader: &Reader, noted: Option<&str>) -> anyhow::Result<Ending> {
    let parsed = noted.map(|text| {
        parse_head(text).ok_or_else(|| {
            anyhow::anyhow!("`{text}` is no head. Write it as `schakel audit head` prints it: 12:5f0c…")
        })
    });
    let audited = audit::verify(reader, parsed.transpose()?)?;
    for (about, what) in &audited.problems {
        context.out.line(format!("WRONG {about} {what}"));
    }
    let entries = number(audited.entries);
    context.out.line(if audited.ok {
        format!("The chain of {entries} entries holds. Its head is {}", audited.head)
    } else {
        format!("The audit log does not hold what it should ({entries} entries). Keep a copy, and look at a backup.")
    });
    context.out.json(&audited)?;
    Ok(if audited.ok { Ending::Done } else { Ending::Failed })
}

fn show(context: &Context, entry: &AuditEntry) {
    let why = match &entry.reason {
        None => "(erased)".to_owned(),
        Some(reason) => plain(reason, 200),
    };
    context.out.line(format!(
        "{:>6}  {}  {}  {} {}  {why}",
        entry.entry,
        entry.at,
        plain(&entry.actor_name, 40),
        entry.action,
        plain(&entry.subject, 80)
    ));
    let detail = entry.detail.as_ref().map(ToString::to_string).or_else(|| entry.text.clone());
    if let Some(detail) = detail {
        context.out.line(format!("        {}", plain(&detail, 600)));
    }
}
