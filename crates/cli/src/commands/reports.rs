//! `schakel reports`

use std::io::{self, Write};

use schakel_app::{explain::rfc3339, raw};
use schakel_model::ids::ReportId;
use schakel_store::{
    Reader,
    ledger::{self, Scope},
    reports::{self, ReportState},
};
use serde::Serialize;

use crate::{
    Context,
    args::ReportsArgs,
    output::{Ending, number, plain},
};

#[derive(Serialize)]
struct ReportJson {
    report: u32,
    name: String,
    received_at: String,
    size: u64,
    state: &'static str,
    rows: u64,
    rejected: u64,
    failure: Option<String>,
}

pub fn run(context: &Context, args: &ReportsArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    if let Some(report) = args.raw {
        let known = reader.read(|connection| reports::get(connection, ReportId(report)))?;
        anyhow::ensure!(known.is_some(), "there is no report {report}. `schakel reports` lists them");
        context.looker(&reader, &context.actor()?).raw(&format!("report:{report}"))?;
        let mut out = io::stdout().lock();
        raw::write(&reader, ReportId(report), &mut out)?;
        out.flush()?;
        return Ok(Ending::Done);
    }
    let day = args.day.map(|day| day.to_string());
    let mut listed = Vec::new();
    for report in
        reader.read(|connection| reports::list(connection, day.as_deref()))?.into_iter().take(args.limit)
    {
        let sums = reader.read(|connection| ledger::sums(connection, &Scope::Report(report.id)))?;
        listed.push(ReportJson {
            report: report.id.0,
            name: report.name,
            received_at: rfc3339(report.received_at),
            size: report.size,
            state: match report.state {
                _ if report.withdrawn_at.is_some() => "taken back",
                ReportState::Taking => "interrupted",
                ReportState::Complete => "complete",
                ReportState::Failed => "partly read",
            },
            rows: sums.rows,
            rejected: sums.rejected,
            failure: report.failure,
        });
    }
    let cells: Vec<_> = listed
        .iter()
        .map(|report| {
            vec![
                report.report.to_string(),
                plain(&report.name, 60),
                report.received_at.clone(),
                number(report.rows),
                number(report.rejected),
                report.state.to_owned(),
            ]
        })
        .collect();
    context.out.table(&["report", "name", "received", "rows", "rejected", "state"], &cells, &[0, 3, 4]);
    context.out.json(&serde_json::json!({ "reports": listed }))?;
    Ok(Ending::Done)
}
