//! `schakel due`

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use schakel_app::{
    explain::{organisation_name, rfc3339},
    following::{self, Looked},
    policy,
};
use schakel_model::register::Register;
use schakel_store::{
    Reader,
    register::{load, version},
};
use serde_json::{Value, json};

use crate::{
    Context,
    args::time,
    output::{Ending, number},
};

/// Steps ahead are shown for so long when nothing else is asked for, in seconds: until tomorrow.
const AHEAD_SECONDS: i64 = 86_400;

#[derive(Args)]
#[allow(missing_docs)]
pub struct DueArgs {
    /// Show the steps of the ladder that come before this time [default: a day from now]
    #[arg(long, value_parser = time)]
    pub until: Option<Timestamp>,
}

pub fn run(context: &Context, args: &DueArgs) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    let until = args.until.map_or(now + AHEAD_SECONDS, Timestamp::as_second);
    let reader = Reader::open(&context.data)?;
    let register = reader.read(|connection| load(connection, version(connection)?))?;
    let policy = policy::in_force(&reader)?;
    let looked = following::look(&reader, &policy.policy, now)?;
    let rows = due_now(&register, &looked);
    print(context, &rows, "now");
    let ahead: Vec<Row> = looked
        .ahead
        .iter()
        .filter(|step| step.due_at < until)
        .map(|step| Row {
            organisation: organisation_name(&register, step.organisation).0.to_owned(),
            notification: step.notification.0,
            what: step.turn.as_str().to_owned(),
            why: format!("no reaction, {}", step.severity),
            findings: None,
            at: Some(step.due_at),
        })
        .collect();
    print(context, &ahead, &format!("before {}", rfc3339(until)));
    context.out.line(format!(
        "{} findings were told, {} of them are open; {} would be closed.",
        number(looked.looked_at),
        number(looked.open),
        number(looked.closed.len() as u64)
    ));
    context.out.json(&json!({
        "due": rows.iter().map(Row::json).collect::<Vec<_>>(),
        "ahead": ahead.iter().map(Row::json).collect::<Vec<_>>(),
        "told": looked.looked_at,
        "open": looked.open,
        "to_close": looked.closed.len(),
    }))?;
    Ok(Ending::Done)
}

struct Row {
    organisation: String,
    notification: u32,
    what: String,
    why: String,
    findings: Option<usize>,
    at: Option<i64>,
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "organisation": self.organisation,
            "notification": self.notification,
            "what": self.what,
            "why": self.why,
            "findings": self.findings,
            "at": self.at.map(rfc3339),
        })
    }
}

fn due_now(register: &Register, looked: &Looked) -> Vec<Row> {
    let code = |organisation| organisation_name(register, organisation).0.to_owned();
    let mut rows = Vec::new();
    for ((organisation, told_by), findings) in &looked.again {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        findings.iter().for_each(|one| *reasons.entry(one.why.as_str()).or_default() += 1);
        rows.extend(reasons.into_iter().map(|(why, count)| Row {
            organisation: code(*organisation),
            notification: told_by.0,
            what: "tell_again".to_owned(),
            why: why.to_owned(),
            findings: Some(count),
            at: None,
        }));
    }
    rows.extend(looked.steps.iter().map(|step| Row {
        organisation: code(step.ladder.organisation),
        notification: step.ladder.notification.0,
        what: step.turns.first().map_or("", |(turn, _)| turn.as_str()).to_owned(),
        why: format!("{}, {}", step.reason, step.severity),
        findings: Some(step.findings.len()),
        at: Some(step.due_at),
    }));
    rows
}

fn print(context: &Context, rows: &[Row], when: &str) {
    context.out.line(format!("Due {when}: {}", number(rows.len() as u64)));
    if rows.is_empty() {
        return;
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.organisation.clone(),
                format!("N{}", row.notification),
                row.what.clone(),
                row.why.clone(),
                row.findings.map(|count| number(count as u64)).unwrap_or_default(),
                row.at.map(rfc3339).unwrap_or_default(),
            ]
        })
        .collect();
    context.out.table(
        &["organisation", "notification", "what", "why", "findings", "since or at"],
        &cells,
        &[4],
    );
}
