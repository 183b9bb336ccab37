//! `schakel arrivals`

use schakel_app::explain::rfc3339;
use schakel_model::arrival::Receipt;
use schakel_store::{
    Reader,
    arrivals::{self, Arrival},
    sources,
    spool::{Kept, SpoolDesk, State},
};
use serde_json::{Value, json};

use crate::{
    Context,
    args::ArrivalsArgs,
    output::{Ending, number, plain},
};

/// Something that arrived, wherever it is now.
struct Line {
    receipt: Receipt,
    cells: Vec<String>,
    value: Value,
}

pub fn run(context: &Context, args: &ArrivalsArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let spool = SpoolDesk::open(&context.data)?;
    let mut lines = match args.receipt {
        Some(receipt) => one(&reader, &spool, receipt)?,
        None => {
            let mut lines: Vec<Line> =
                spool.all()?.iter().filter(|kept| kept.state != State::Aside).map(waiting).collect();
            for arrival in reader.read(|connection| arrivals::last(connection, args.limit))? {
                lines.push(ended(&reader, &arrival)?);
            }
            lines
        }
    };
    lines.sort_by_key(|line| std::cmp::Reverse(line.receipt));
    lines.truncate(args.limit);
    if lines.is_empty() {
        context.out.line("Nothing has arrived at a door yet.");
    } else {
        let headings = ["receipt", "came", "door", "from", "name", "bytes", "what became of it"];
        let rows: Vec<Vec<String>> = lines.iter().map(|line| line.cells.clone()).collect();
        context.out.table(&headings, &rows, &[5]);
    }
    let values: Vec<&Value> = lines.iter().map(|line| &line.value).collect();
    context.out.json(&json!({ "arrivals": values }))?;
    Ok(Ending::Done)
}

fn one(reader: &Reader, spool: &SpoolDesk, receipt: Receipt) -> anyhow::Result<Vec<Line>> {
    if let Some(arrival) = reader.read(|connection| arrivals::get(connection, receipt))? {
        return Ok(vec![ended(reader, &arrival)?]);
    }
    match spool.get(receipt)? {
        Some(kept) => Ok(vec![waiting(&kept)]),
        None => anyhow::bail!("nothing has the number {receipt}. `schakel arrivals` lists what came last"),
    }
}

fn waiting(kept: &Kept) -> Line {
    let envelope = &kept.envelope;
    let from = if envelope.source.is_empty() { &envelope.sender } else { &envelope.source };
    let state = if kept.state == State::Held { "held" } else { "waiting" };
    let became = match kept.state {
        State::Held => format!("waits for a person: {}", kept.reason),
        _ => "waits to be looked at".to_owned(),
    };
    Line {
        receipt: kept.receipt,
        cells: vec![
            kept.receipt.to_string(),
            rfc3339(envelope.received_at),
            envelope.door.to_string(),
            plain(from, 40),
            plain(&envelope.name, 40),
            number(kept.size),
            plain(&became, 100),
        ],
        value: json!({
            "receipt": kept.receipt.to_string(), "received_at": rfc3339(envelope.received_at), "door": envelope.door.as_str(),
            "from": from, "name": envelope.name, "size": kept.size, "state": state, "reason": kept.reason,
        }),
    }
}

fn ended(reader: &Reader, arrival: &Arrival) -> anyhow::Result<Line> {
    let source = reader.read(|connection| sources::by_id(connection, arrival.source))?;
    let from = source.map_or_else(|| arrival.sender.clone(), |source| source.code);
    let report = arrival.report.map(|report| report.0);
    let mut became = arrival.outcome.as_str().replace('_', " ");
    if let Some(report) = report {
        became.push_str(&format!(": report {report}"));
    }
    if !arrival.reason.is_empty() {
        became.push_str(&format!(": {}", arrival.reason));
    }
    Ok(Line {
        receipt: arrival.receipt,
        cells: vec![
            arrival.receipt.to_string(),
            rfc3339(arrival.received_at),
            arrival.door.to_string(),
            plain(&from, 40),
            plain(&arrival.name, 40),
            number(arrival.size),
            plain(&became, 100),
        ],
        value: json!({
            "receipt": arrival.receipt.to_string(), "received_at": rfc3339(arrival.received_at), "door": arrival.door.as_str(),
            "from": from, "name": arrival.name, "size": arrival.size, "state": arrival.outcome.as_str(), "reason": arrival.reason,
            "report": report, "ended_at": rfc3339(arrival.ended_at), "by": arrival.actor,
        }),
    })
}
