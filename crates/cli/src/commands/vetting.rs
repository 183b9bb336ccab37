//! `schakel vetting`

use clap::Subcommand;
use schakel_app::{
    arrivals::{Became, Looked},
    config,
    explain::rfc3339,
    preview::{AsStored, Most, Preview, Shown},
    sources,
    vetting::{self, Vetting},
};
use schakel_model::{arrival::Receipt, fate::Fate};
use schakel_store::{
    Reader,
    act::Act,
    spool::{Kept, SpoolDesk, State},
};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{Ending, number, plain, say},
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum VettingCommand {
    /// What waits for a person, the oldest first
    List,
    /// What is in it, who sent it, and what accepting it would do
    Show {
        /// Its number, from `schakel vetting list`
        receipt: Receipt,
    },
    /// Take it in
    Accept {
        /// Its number, from `schakel vetting list`
        receipt: Receipt,
        /// The source it is from, when you know better than what it says
        #[arg(long, value_name = "CODE")]
        source: Option<String>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Do not take it in; its bytes are kept as long as those of reports
    Reject {
        /// Its number, from `schakel vetting list`
        receipt: Receipt,
        /// Why: the notifier may ask
        #[arg(long)]
        reason: String,
    },
    /// Take it in, and from now on whatever this sender sends
    Always {
        /// Its number, from `schakel vetting list`
        receipt: Receipt,
        /// What the source is to be called, when there is none yet [default: the sender's domain]
        #[arg(long, value_name = "CODE")]
        source: Option<String>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
}

pub fn run(context: &Context, command: &VettingCommand) -> anyhow::Result<Ending> {
    match command {
        VettingCommand::List => list(context),
        VettingCommand::Show { receipt } => show(context, *receipt),
        VettingCommand::Accept { receipt, source, reason } => {
            let source = match source {
                Some(code) => Some(sources::standing(&Reader::open(&context.data)?, code)?),
                None => None,
            };
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let mut vetting = open(context)?;
            let kept = vetting.desk().held(*receipt)?;
            let (became, _) = vetting.desk().accept(act, &kept, source.as_ref())?;
            vetting.close()?;
            accepted(context, *receipt, &became)
        }
        VettingCommand::Reject { receipt, reason } => {
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let mut vetting = open(context)?;
            let kept = vetting.desk().held(*receipt)?;
            vetting.desk().reject(act, &kept)?;
            vetting.close()?;
            context
                .out
                .line(format!("{receipt} is not taken in. Its bytes are kept as long as those of reports."));
            context.out.json(&json!({ "ok": true, "receipt": receipt.to_string() }))?;
            Ok(Ending::Done)
        }
        VettingCommand::Always { receipt, source, reason } => {
            let actor = context.person()?;
            let act = Act { at: context.clock.now_seconds(), actor: actor.name(), reason };
            let mut vetting = open(context)?;
            let kept = vetting.desk().held(*receipt)?;
            let trusted = vetting.desk().trust(act, &kept, source.as_deref())?;
            let (became, _) = vetting.desk().accept(act, &kept, Some(&trusted))?;
            let others = vetting.desk().of_source(&trusted)?;
            let mut ending = accepted(context, *receipt, &became)?;
            for other in others {
                let (became, _) = vetting.desk().accept(act, &other, Some(&trusted))?;
                ending = ending.max(accepted(context, other.receipt, &became)?);
            }
            vetting.close()?;
            context.out.line(format!(
                "{} is a source that is trusted now: what it sends is taken in. `schakel source block {0}` undoes that.",
                trusted.code
            ));
            Ok(ending)
        }
    }
}

fn open(context: &Context) -> anyhow::Result<Vetting> {
    Vetting::open(&context.data, &config::load(&context.data)?, context.clock)
}

fn accepted(context: &Context, receipt: Receipt, became: &Became) -> anyhow::Result<Ending> {
    let out = &context.out;
    match became {
        Became::Taken(ingested) => {
            let sums = &ingested.progress.sums;
            if ingested.report_known {
                out.line(format!("{receipt}: these bytes came in before as report {}.", ingested.report));
            } else {
                out.line(format!(
                    "{receipt} is report {}: {} rows, {} events, {} rejected, {} new findings.",
                    ingested.report,
                    number(sums.rows),
                    number(sums.events),
                    number(sums.rejected),
                    number(ingested.progress.new_findings)
                ));
            }
            ingested.failures.iter().for_each(|failure| say(format!("error: {failure}")));
            out.json(&json!({
                "ok": true, "receipt": receipt.to_string(), "report": ingested.report.0, "known": ingested.report_known,
                "rows": sums.rows, "events": sums.events, "rejected": sums.rejected,
                "findings_new": ingested.progress.new_findings, "failures": ingested.failures,
            }))?;
            Ok(if ingested.failures.is_empty() { Ending::Done } else { Ending::Failed })
        }
        Became::Held(reason) | Became::Aside(_, reason) => {
            say(format!("error: {receipt} cannot be taken in: {reason}"));
            out.json(&json!({ "ok": false, "receipt": receipt.to_string(), "reason": reason }))?;
            Ok(Ending::Failed)
        }
    }
}

fn list(context: &Context) -> anyhow::Result<Ending> {
    let now = context.clock.now_seconds();
    // Says how to begin when there is nothing at all.
    Reader::open(&context.data)?;
    let held = SpoolDesk::open(&context.data)?.list(State::Held)?;
    let rows: Vec<Vec<String>> = held
        .iter()
        .map(|kept| {
            vec![
                kept.receipt.to_string(),
                age(now - kept.envelope.received_at),
                kept.envelope.door.to_string(),
                plain(who(kept), 40),
                plain(&kept.envelope.name, 40),
                number(kept.size),
                plain(&kept.reason, 80),
            ]
        })
        .collect();
    if rows.is_empty() {
        context.out.line("Nothing waits for a person.");
    } else {
        let headings = ["receipt", "waits", "door", "from", "name", "bytes", "why"];
        context.out.table(&headings, &rows, &[5]);
        context.out.line("`schakel vetting show R1` shows what accepting would do.");
    }
    let values: Vec<Value> = held.iter().map(|kept| kept_json(kept, now)).collect();
    context.out.json(&json!({ "held": values }))?;
    Ok(Ending::Done)
}

fn who(kept: &Kept) -> &str {
    let envelope = &kept.envelope;
    if envelope.source.is_empty() { &envelope.sender } else { &envelope.source }
}

fn kept_json(kept: &Kept, now: i64) -> Value {
    let envelope = &kept.envelope;
    json!({
        "receipt": kept.receipt.to_string(),
        "door": envelope.door.as_str(),
        "source": envelope.source,
        "sender": envelope.sender,
        "name": envelope.name,
        "size": kept.size,
        "received_at": rfc3339(envelope.received_at),
        "age_seconds": now - envelope.received_at,
        "reason": kept.reason,
    })
}

/// `3 d`, `5 h`, `12 min`.
fn age(seconds: i64) -> String {
    match seconds {
        86_400.. => format!("{} d", seconds / 86_400),
        3_600.. => format!("{} h", seconds / 3_600),
        _ => format!("{} min", seconds.max(0) / 60),
    }
}

fn show(context: &Context, receipt: Receipt) -> anyhow::Result<Ending> {
    let (reader, config) = (Reader::open(&context.data)?, config::load(&context.data)?);
    let kept = vetting::held(&reader, &SpoolDesk::open(&context.data)?, receipt)?;
    let (mut stored, now) = (AsStored::read(&reader)?, context.clock.now_seconds());
    let (looked, preview) = vetting::preview(&reader, &config, &kept, &mut stored, now, Most::ALL)?;
    let preview = preview?;
    let out = &context.out;
    out.line(format!(
        "{receipt} came {} by {} as {} ({} bytes). It waits: {}.",
        rfc3339(kept.envelope.received_at),
        kept.envelope.door,
        plain(&kept.envelope.name, 80),
        number(kept.size),
        plain(&kept.reason, 200)
    ));
    out.line(format!("From: {}", sender(&looked)));
    for seal in looked.seals.iter().flat_map(schakel_app::sealed::Seals::words) {
        out.line(format!("Seal: {}", plain(&seal, 200)));
    }
    out.line(format!(
        "Holds: {}",
        if looked.formats.is_empty() {
            "nothing that can be read".to_owned()
        } else {
            looked.formats.join(", ")
        }
    ));
    out.line("");
    show_preview(context, &preview);
    out.line("");
    out.line(format!(
        "`schakel vetting accept {receipt}` takes it in, `always` whatever this sender sends, `reject --reason TEXT` does not."
    ));
    out.json(&json!({
        "held": kept_json(&kept, context.clock.now_seconds()),
        "source": looked.sender.source.as_ref().map(|source| &source.code),
        "proven": looked.sender.proven,
        "from": looked.sender.address,
        "seals": looked.seals.as_ref().map(schakel_app::sealed::Seals::words),
        "formats": looked.formats,
        "preview": preview_json(&preview),
    }))?;
    Ok(Ending::Done)
}

fn sender(looked: &Looked) -> String {
    let sender = &looked.sender;
    let address = plain(&sender.address, 80);
    match (&sender.source, sender.proven) {
        (Some(source), true) => {
            format!("{} ({}), which is certain. {address}", source.code, plain(&source.name, 60))
        }
        (Some(source), false) => format!("says to be {} ({address}); nothing proves it", source.code),
        (None, true) => format!("{address}, which is certain; no source of ours"),
        (None, false) if address.is_empty() => "nobody we know".to_owned(),
        (None, false) => format!("says to be {address}; nothing proves it"),
    }
}

fn show_preview(context: &Context, preview: &Preview) {
    let out = &context.out;
    let sums = &preview.sums;
    if preview.known {
        out.line("These bytes came in before: accepting changes nothing.");
        return;
    }
    out.line(format!(
        "Accepting it would take in {} rows: {} events, {} rejected, {} duplicates; {} new findings, {} seen again.",
        number(sums.rows),
        number(sums.events),
        number(sums.rejected),
        number(sums.duplicates),
        number(preview.new_findings),
        number(preview.findings_seen)
    ));
    for concerned in &preview.concerned {
        let told = if concerned.told > 0 {
            format!("{} told to {}", number(concerned.told), concerned.recipients.join(", "))
        } else {
            "nobody is told".to_owned()
        };
        let not = if concerned.not_told > 0 {
            format!("; {} not told", number(concerned.not_told))
        } else {
            String::new()
        };
        out.line(format!("  {} {}: {told}{not}", concerned.code, plain(&concerned.name, 60)));
    }
    if sums.fate(Fate::Unrouted) > 0 {
        out.line(format!("  {} would be nobody's", number(sums.fate(Fate::Unrouted))));
    }
    for shown in &preview.events {
        out.line(format!("  event    {}", plain(&summary(shown), 200)));
    }
    for reject in &preview.rejects {
        out.line(format!("  rejected {}: {}", reject.row, plain(&reject.message, 160)));
    }
    for failure in &preview.failures {
        out.line(format!("  error    {}", plain(failure, 200)));
    }
}

/// What an event says, in a line: time, source and kind.
fn summary(shown: &Shown) -> String {
    let text = |field: &str| shown.event.text(field);
    format!(
        "{} {} {} {}",
        text("time.source"),
        shown.target(),
        text("classification.type"),
        text("classification.identifier")
    )
}

fn preview_json(preview: &Preview) -> Value {
    json!({
        "known": preview.known,
        "rows": preview.sums.rows,
        "events": preview.sums.events,
        "rejected": preview.sums.rejected,
        "duplicates": preview.sums.duplicates,
        "findings_new": preview.new_findings,
        "findings_seen": preview.findings_seen,
        "unrouted": preview.sums.fate(Fate::Unrouted),
        "organisations": preview.concerned.iter().map(|one| json!({
            "code": one.code, "name": one.name, "told": one.told, "not_told": one.not_told, "recipients": one.recipients,
        })).collect::<Vec<_>>(),
        "events_shown": preview.events.iter().map(summary).collect::<Vec<_>>(),
        "failures": preview.failures,
    })
}
