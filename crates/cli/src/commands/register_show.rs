//! `schakel register show`

use clap::Args;
use jiff::Timestamp;
use schakel_app::register_show::{Shown, show, version_known_at};
use schakel_store::Reader;

use crate::{
    Context,
    args::time,
    output::{Ending, number, plain},
};

/// Rows of a kind that are printed; the rest is counted.
const ROWS_SHOWN: usize = 100;
/// Characters of a cell.
const CELL_CHARS_MAX: usize = 60;

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct ShowArgs {
    /// The organisation's code, or its name
    code: String,
    /// Only what was true at this time [default: all, past and future too]
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// By what the register knew at this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    as_known_at: Option<Timestamp>,
}

pub fn run(context: &Context, args: &ShowArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let version = version_known_at(&reader, args.as_known_at.map(|at| at.as_second()))?;
    let shown = show(&reader, version, &args.code, args.at.map(|at| at.as_second()))?;
    context.out.line(format!(
        "{} {} ({}), by version {} of the register",
        shown.organisation, shown.name, shown.kind, shown.register_version
    ));
    if let Some(parent) = &shown.parent {
        context.out.line(format!("belongs to {parent}"));
    }
    relations(context, &shown);
    assets(context, &shown);
    contacts(context, &shown);
    context.out.json(&shown)?;
    Ok(Ending::Done)
}

fn relations(context: &Context, shown: &Shown) {
    let rows = shown.relations.iter().map(|one| {
        let (from, to) = match one.side {
            "from" => (shown.organisation.clone(), format!("{} {}", one.other, one.other_name)),
            _ => (format!("{} {}", one.other, one.other_name), shown.organisation.clone()),
        };
        let mandate = match one.scan_consent {
            Some(true) => format!("{}, may be scanned", one.mandate.unwrap_or_default()),
            _ => one.mandate.unwrap_or_default().to_owned(),
        };
        vec![from, one.kind.to_owned(), to, mandate, period(&one.valid_from, &one.valid_until)]
    });
    table(context, "relations", &["from", "kind", "to", "mandate", "valid"], rows.collect());
}

fn assets(context: &Context, shown: &Shown) {
    let rows = shown.assets.iter().map(|one| {
        vec![
            one.kind.to_owned(),
            one.value.clone(),
            one.role.to_owned(),
            one.proof.to_owned(),
            period(&one.valid_from, &one.valid_until),
            one.flags.join(";"),
            one.note.clone(),
        ]
    });
    table(context, "assets", &["kind", "value", "role", "proof", "valid", "flags", "note"], rows.collect());
}

fn contacts(context: &Context, shown: &Shown) {
    let rows = shown.contacts.iter().map(|one| {
        vec![
            one.role.to_owned(),
            one.name.clone(),
            one.email.clone(),
            one.phone.clone(),
            one.language.to_owned(),
            one.tlp_max.to_owned(),
            period(&one.valid_from, &one.valid_until),
        ]
    });
    table(
        context,
        "contacts",
        &["role", "name", "email", "phone", "language", "up to", "valid"],
        rows.collect(),
    );
}

fn period(from: &Option<String>, until: &Option<String>) -> String {
    match (from, until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("{from} until {until}"),
    }
}

fn table(context: &Context, what: &str, headings: &[&str], rows: Vec<Vec<String>>) {
    let out = &context.out;
    out.line("");
    if rows.is_empty() {
        out.line(format!("no {what}"));
        return;
    }
    out.line(format!("{} {what}", number(rows.len() as u64)));
    let shown: Vec<Vec<String>> = rows
        .iter()
        .take(ROWS_SHOWN)
        .map(|row| row.iter().map(|cell| plain(cell, CELL_CHARS_MAX)).collect())
        .collect();
    out.table(headings, &shown, &[]);
    if rows.len() > ROWS_SHOWN {
        out.line(format!("and {} more; --json has them all", number((rows.len() - ROWS_SHOWN) as u64)));
    }
}
