//! `schakel register import-prefixes`

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use schakel_app::announced::{PrefixImport, Said};
use schakel_formats::register::announced::TableFormat;
use schakel_store::{Reader, Store, announced::TableChange, register};
use serde::Serialize;

use crate::{
    Context,
    output::{Ending, number, plain, say},
};

/// Bad lines that are printed; the rest is counted.
const BAD_LINES_SHOWN: usize = 20;
/// Characters of a printed line.
const LINE_CHARS_MAX: usize = 200;

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct ImportPrefixesArgs {
    /// The table, plain or gzip: CSV, iptoasn, split files of the RIPE database, statistics of a registry
    pub file: PathBuf,
    /// What it is, when that cannot be seen by how it begins: csv, iptoasn, ripe or delegated
    #[arg(long)]
    format: Option<TableFormat>,
    /// Of which day the table is [default: today]
    #[arg(long, value_name = "DAY")]
    date: Option<Date>,
    /// Take what could be read of a file that breaks off
    #[arg(long)]
    partial: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Why, for the history
    #[arg(long, default_value = "import of announced prefixes")]
    reason: String,
}

#[derive(Serialize)]
struct ImportPrefixesJson {
    format: &'static str,
    lines: u64,
    prefixes: u64,
    skipped: u64,
    bad: u64,
    bad_lines: Vec<String>,
    broken_off: Option<String>,
    tables: Vec<TableJson>,
    applied: bool,
    register_version: u32,
}

#[derive(Serialize)]
struct TableJson {
    table: &'static str,
    added: u64,
    withdrawn: u64,
    unchanged: u64,
}

pub fn run(context: &Context, args: &ImportPrefixesArgs) -> anyhow::Result<Ending> {
    let actor = context.actor()?;
    let import = PrefixImport::read(&args.file, args.format)?;
    let reading = &import.reading;
    let refused = import.objection().filter(|_| !args.partial || reading.prefixes.is_empty());
    let (tables, applied, version) = match (&refused, args.dry_run) {
        (Some(_), _) => (Vec::new(), None, None),
        (None, true) => {
            let reader = Reader::open(&context.data)?;
            (import.changes(&reader)?, None, Some(reader.read(register::version)?))
        }
        (None, false) => {
            let mut store = Store::open(&context.data)?;
            let now = context.clock.now_seconds();
            let as_of = args.date.map_or(Ok(now), start_of)?;
            let said = Said { now, actor: actor.name(), reason: &args.reason, as_of };
            let (applied, tables) = import.apply(&mut store, &said)?;
            (tables, applied, Some(store.read(register::version)?))
        }
    };
    for bad in reading.bad_lines.iter().take(BAD_LINES_SHOWN) {
        context.out.line(plain(&bad.to_string(), LINE_CHARS_MAX));
    }
    if reading.bad > BAD_LINES_SHOWN as u64 {
        context.out.line(format!(
            "and {} more lines that cannot be read",
            number(reading.bad - BAD_LINES_SHOWN as u64)
        ));
    }
    context.out.line(format!(
        "{} prefixes in {} lines, read as {}; {} lines say nothing of who announces a prefix, {} cannot be read",
        number(reading.prefixes.len() as u64),
        number(reading.lines),
        reading.format,
        number(reading.skipped),
        number(reading.bad)
    ));
    for table in &tables {
        context.out.line(table_line(table));
    }
    match (&refused, applied, version) {
        (Some(why), ..) => say(format!("{why}. Nothing was changed.")),
        (None, Some(version), _) => {
            context.out.line(format!("Applied: this is version {version} of the register."))
        }
        (None, None, _) if args.dry_run => context.out.line("A dry run: nothing was changed."),
        (None, None, Some(version)) => context.out.line(format!("Nothing changes: version {version} stays.")),
        (None, None, None) => {}
    }
    context.out.json(&ImportPrefixesJson {
        format: reading.format.as_str(),
        lines: reading.lines,
        prefixes: reading.prefixes.len() as u64,
        skipped: reading.skipped,
        bad: reading.bad,
        bad_lines: reading.bad_lines.iter().map(ToString::to_string).collect(),
        broken_off: reading.broken_off.clone(),
        tables: tables
            .iter()
            .map(|table| TableJson {
                table: table.table.as_str(),
                added: table.added,
                withdrawn: table.withdrawn,
                unchanged: table.unchanged,
            })
            .collect(),
        applied: applied.is_some(),
        register_version: version.map_or(0, |version| version.0),
    })?;
    Ok(match (refused, reading.bad) {
        (Some(_), _) => Ending::Failed,
        (None, 0) => Ending::Done,
        (None, _) => Ending::WithRejects,
    })
}

/// What changes in a table, in a line.
pub fn table_line(change: &TableChange) -> String {
    format!(
        "{}: {} new, {} withdrawn, {} stay as they are",
        change.table.as_str(),
        number(change.added),
        number(change.withdrawn),
        number(change.unchanged)
    )
}

/// A day on the command line begins at 00:00 UTC.
fn start_of(day: Date) -> anyhow::Result<i64> {
    Ok(day.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_second())
}
