//! `schakel rejects`

use schakel_app::replay::{self, Group};
use schakel_model::ids::ReportId;
use schakel_store::{Reader, ledger::Scope};
use serde_json::{Value, json};

use crate::{
    Context,
    args::RejectsArgs,
    output::{Ending, number, plain},
};

pub fn run(context: &Context, args: &RejectsArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let scope = match (args.report, args.day) {
        (Some(report), _) => Scope::Report(ReportId(report)),
        (None, Some(day)) => Scope::Day(day.to_string()),
        (None, None) => Scope::All,
    };
    let mut groups = replay::groups(&reader, &scope)?;
    if let Some(source) = &args.source {
        groups.retain(|group| group.source == *source);
    }
    // The first row of each group is shown as it came.
    let actor = context.actor()?;
    let looker = context.looker(&reader, &actor);
    let mut shown: Vec<ReportId> = groups.iter().filter_map(|group| group.reports.first().copied()).collect();
    shown.sort_unstable();
    shown.dedup();
    shown.iter().try_for_each(|report| looker.raw(&format!("report:{report}")))?;
    let rows: Vec<Vec<String>> = groups
        .iter()
        .map(|group| {
            vec![
                number(group.rows),
                group.source.clone(),
                plain(&group.feed, 30),
                group.code.to_owned(),
                plain(group.example.message.as_deref().unwrap_or_default(), 60),
                group.example.id.clone(),
                number(group.reports.len() as u64),
            ]
        })
        .collect();
    if rows.is_empty() {
        context.out.line("No rejected rows.");
    } else {
        let headings = ["rows", "source", "feed", "reason", "for example", "row", "reports"];
        context.out.table(&headings, &rows, &[0, 6]);
        context.out.line(
            "`schakel trace ROW` shows a row. Set the mapping right, then `schakel report replay REPORT --dry-run` shows what can be read now.",
        );
    }
    let values: Vec<Value> = groups.iter().map(group_json).collect();
    context.out.json(&json!({ "groups": values }))?;
    Ok(Ending::Done)
}

fn group_json(group: &Group) -> Value {
    json!({
        "rows": group.rows,
        "source": group.source,
        "feed": group.feed,
        "code": group.code,
        "reports": group.reports.iter().map(|report| report.0).collect::<Vec<_>>(),
        "example": group.example,
    })
}
