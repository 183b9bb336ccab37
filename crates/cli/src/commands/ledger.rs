//! `schakel ledger`

use std::collections::BTreeMap;

use schakel_app::{events, explain::organisation_name};
use schakel_model::{
    fate::{Fate, Sums},
    ids::{EventId, OrganisationId, ReportId},
};
use schakel_store::{
    Reader,
    ledger::{self, Scope},
    register, reports,
};
use serde::Serialize;

use crate::{
    Context,
    args::LedgerArgs,
    output::{Ending, number, plain},
};

#[derive(Serialize)]
struct LedgerJson {
    scope: String,
    rows: u64,
    rejected: u64,
    replayed: u64,
    duplicates: u64,
    clears: u64,
    events: u64,
    assignments: u64,
    fates: BTreeMap<&'static str, u64>,
    balanced: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<Vec<events::ListedRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisations: Option<Vec<OrganisationJson>>,
}

#[derive(Serialize)]
struct OrganisationJson {
    organisation: String,
    name: String,
    fate: &'static str,
    assignments: u64,
}

pub fn run(context: &Context, args: &LedgerArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let (scope, name) = scope(&reader, args)?;
    let sums = reader.read(|connection| ledger::sums(connection, &scope))?;
    show(context, &name, &sums);
    let organisations = args.organisations.then(|| by_organisation(context, &reader, &scope)).transpose()?;
    let listed = args.list.map(|which| events::list(&reader, &scope, which, args.limit)).transpose()?;
    if let Some(listed) = &listed {
        look(context, &reader, &name, listed)?;
        show_rows(context, listed, args.limit);
    }
    let fates = Fate::ALL.iter().map(|fate| (fate.as_str(), sums.fate(*fate))).collect();
    context.out.json(&LedgerJson {
        scope: name,
        rows: sums.rows,
        rejected: sums.rejected,
        replayed: sums.replayed,
        duplicates: sums.duplicates,
        clears: sums.clears,
        events: sums.events,
        assignments: sums.assignments,
        fates,
        balanced: sums.balanced(),
        listed,
        organisations,
    })?;
    Ok(if sums.balanced() { Ending::Done } else { Ending::Failed })
}

/// Rows that could not be read are shown as they came.
fn look(context: &Context, reader: &Reader, scope: &str, rows: &[events::ListedRow]) -> anyhow::Result<()> {
    let actor = context.actor()?;
    let looker = context.looker(reader, &actor);
    let events: Vec<(String, EventId)> =
        rows.iter().filter_map(|row| Some((row.id.clone(), row.id.parse().ok()?))).collect();
    let mut raw: Vec<u32> = rows
        .iter()
        .zip(&events)
        .filter(|(row, _)| row.raw_base64.is_some())
        .map(|(_, (_, event))| event.report.0)
        .collect();
    raw.dedup();
    raw.iter().try_for_each(|report| looker.raw(&format!("report:{report}")))?;
    looker.list(&format!("ledger of {scope}"), events.into_iter())
}

fn scope(reader: &Reader, args: &LedgerArgs) -> anyhow::Result<(Scope, String)> {
    if let Some(report) = args.report {
        let id = ReportId(report);
        let known = reader.read(|connection| reports::get(connection, id))?;
        anyhow::ensure!(known.is_some(), "there is no report {report}. `schakel reports` lists them");
        return Ok((Scope::Report(id), format!("report {report}")));
    }
    if let Some(day) = args.day {
        return Ok((Scope::Day(day.to_string()), format!("day {day}")));
    }
    Ok((Scope::All, "all".to_owned()))
}

/// Prints the two sums.
pub fn show(context: &Context, name: &str, sums: &Sums) {
    let out = &context.out;
    out.line(format!("Ledger of {name}"));
    let line = |label: &str, count: u64| out.line(format!("  {label:<14}{:>14}", number(count)));
    line("rows", sums.rows);
    for (label, count) in [
        ("rejected", sums.rejected),
        ("replayed", sums.replayed),
        ("duplicates", sums.duplicates),
        ("clears", sums.clears),
        ("events", sums.events),
    ] {
        // Few reports have any.
        if label == "replayed" && count == 0 {
            continue;
        }
        line(&format!("  {label}"), count);
    }
    line("assignments", sums.assignments);
    for fate in Fate::ALL.iter().filter(|fate| sums.fate(**fate) > 0) {
        line(&format!("  {fate}"), sums.fate(*fate));
    }
    out.line(if sums.balanced() {
        "Balanced: every row and every assignment has exactly one fate."
    } else {
        "NOT BALANCED. Run `schakel verify` to see where."
    });
}

fn by_organisation(
    context: &Context,
    reader: &Reader,
    scope: &Scope,
) -> anyhow::Result<Vec<OrganisationJson>> {
    let register = reader.read(register::load_organisations_now)?;
    let rows = reader.read(|connection| ledger::by_organisation(connection, scope))?;
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(organisation, fate, assignments)| {
            let (code, name) = organisation_name(&register, OrganisationId(organisation));
            let name = if organisation == 0 { "nobody" } else { name };
            OrganisationJson {
                organisation: code.to_owned(),
                name: name.to_owned(),
                fate: fate.as_str(),
                assignments,
            }
        })
        .collect();
    let cells: Vec<_> = rows
        .iter()
        .map(|row| {
            vec![row.organisation.clone(), plain(&row.name, 40), row.fate.to_owned(), number(row.assignments)]
        })
        .collect();
    context.out.line("");
    context.out.table(&["code", "organisation", "fate", "assignments"], &cells, &[3]);
    Ok(rows)
}

fn show_rows(context: &Context, rows: &[events::ListedRow], limit: usize) {
    let out = &context.out;
    out.line("");
    let cells: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |value: &Option<String>| plain(value.as_deref().unwrap_or(""), 45);
            let reason = row.code.map(|code| format!("{code}: {}", text(&row.message)));
            vec![
                row.id.clone(),
                row.finding.clone().unwrap_or_default(),
                text(&row.observed_at),
                text(&row.target),
                reason.unwrap_or_else(|| text(&row.kind)),
                plain(&row.file, 45),
            ]
        })
        .collect();
    out.table(&["event", "finding", "observed", "target", "kind or reason", "file"], &cells, &[]);
    if rows.len() == limit {
        out.line(format!(
            "The first {limit}; --limit shows more. `schakel trace {}` follows one.",
            rows[0].id
        ));
    }
}
