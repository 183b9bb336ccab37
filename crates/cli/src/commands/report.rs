//! `schakel report`

use std::{
    io::{Read, stdin},
    net::IpAddr,
};

use anyhow::Context as _;
use clap::{ArgGroup, Args, Subcommand};
use jiff::Timestamp;
use schakel_app::{
    arrivals::Became,
    calls::{self, About, Call, What},
    config, sources,
    vetting::Vetting,
};
use schakel_model::classification::ClassificationType;
use schakel_store::Reader;
use serde_json::json;

use super::{
    report_replay::{self, ReplayArgs},
    report_withdraw::{self, WithdrawArgs},
};
use crate::{Context, args::time, output::Ending};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum ReportCommand {
    /// Write down what came in by telephone
    New(Box<NewArgs>),
    /// Its source takes a report, or a day, back: whoever was told of what only that shows hears it
    Withdraw(WithdrawArgs),
    /// Read its rejected rows again, after the mapping or the type was set right; or all of it
    Replay(ReplayArgs),
}

#[derive(Args)]
#[command(group(ArgGroup::new("what").args(["ip", "host", "url"])))]
#[allow(missing_docs)]
pub struct NewArgs {
    /// Who called, as they say
    #[arg(long)]
    from: String,
    /// The number to call back
    #[arg(long, value_name = "NUMBER")]
    call_back: String,
    /// What they said, word for word; - reads it from standard input
    #[arg(long)]
    text: String,
    /// The source they are, from `schakel source list`
    #[arg(long, value_name = "CODE")]
    source: Option<String>,
    /// The address it is about; without one, addresses in the text are looked for and wait in `schakel vetting`
    #[arg(long)]
    ip: Option<IpAddr>,
    /// The host name or domain it is about
    #[arg(long)]
    host: Option<String>,
    /// The URL it is about
    #[arg(long)]
    url: Option<String>,
    /// The port it is about
    #[arg(long, requires = "what")]
    port: Option<u16>,
    /// What kind of thing it is (RSIT), for example vulnerable-system
    #[arg(long = "type", default_value = "undetermined")]
    classification: ClassificationType,
    /// The problem by a word, for example open-rdp
    #[arg(long, default_value = "")]
    identifier: String,
    /// When it was seen [default: now]
    #[arg(long, value_parser = time)]
    seen: Option<Timestamp>,
    /// Show what would be written down, and keep nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(context: &Context, command: &ReportCommand) -> anyhow::Result<Ending> {
    match command {
        ReportCommand::New(args) => new(context, args),
        ReportCommand::Withdraw(args) => report_withdraw::run(context, args),
        ReportCommand::Replay(args) => report_replay::run(context, args),
    }
}

fn new(context: &Context, args: &NewArgs) -> anyhow::Result<Ending> {
    let actor = context.actor()?;
    let words = match args.text.as_str() {
        "-" => {
            let mut words = String::new();
            let most = calls::WORDS_BYTES_MAX as u64 + 1;
            stdin()
                .take(most)
                .read_to_string(&mut words)
                .context("cannot read what was said from standard input")?;
            words
        }
        text => text.to_owned(),
    };
    let at = context.clock.now();
    let what = match (&args.ip, &args.host, &args.url) {
        (Some(ip), ..) => Some(What::Address(*ip)),
        (_, Some(host), _) => Some(What::Name(host)),
        (.., Some(url)) => Some(What::Url(url)),
        _ => None,
    };
    let call = Call {
        who: &args.from,
        call_back: &args.call_back,
        words: &words,
        taken_by: actor.name(),
        at,
        source: args.source.as_deref().unwrap_or_default(),
        about: what.map(|what| About {
            what,
            port: args.port,
            classification: args.classification,
            identifier: &args.identifier,
            seen_at: args.seen.unwrap_or(at),
        }),
    };
    if let Some(code) = &args.source {
        sources::standing(&Reader::open(&context.data)?, code)?;
    }
    if args.dry_run {
        context.out.line(String::from_utf8_lossy(&calls::document(&call)?));
        context.out.json(&json!({ "ok": true, "dry_run": true }))?;
        return Ok(Ending::Done);
    }
    // The store first: what is kept while the service runs would be dealt with by it.
    let mut vetting = Vetting::open(&context.data, &config::load(&context.data)?, context.clock)?;
    let kept = calls::keep(&context.data, &call)?;
    let receipt = kept.receipt;
    let became = vetting.desk().handle(&kept)?;
    vetting.close()?;
    let out = &context.out;
    match &became {
        Became::Taken(ingested) => {
            out.line(format!(
                "{receipt} is report {}. Give the caller this number: {receipt}",
                ingested.report
            ));
        }
        Became::Held(reason) => {
            out.line(format!(
                "{receipt} waits: {reason}. `schakel vetting show {receipt}` shows what accepting would do."
            ));
            out.line(format!("Give the caller this number: {receipt}"));
        }
        Became::Aside(_, reason) => out.line(format!("{receipt} was put aside: {reason}")),
    }
    let report = match &became {
        Became::Taken(ingested) => Some(ingested.report.0),
        _ => None,
    };
    out.json(&json!({
        "ok": !matches!(became, Became::Aside(..)),
        "receipt": receipt.to_string(),
        "held": matches!(became, Became::Held(_)),
        "report": report,
    }))?;
    Ok(if matches!(became, Became::Aside(..)) { Ending::Failed } else { Ending::Done })
}
