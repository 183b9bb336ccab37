//! `schakel demo`

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use schakel_app::demo::{self, Day, Listener};
use schakel_model::fate::Fate;
use schakel_store::data_dir::DataDir;

use super::{demo_chain, ingest::progress_bar};
use crate::{
    Context,
    args::DemoArgs,
    output::{Ending, is_watched, number, say},
};

/// Lines of each list in the summary.
const LISTED: usize = 6;

pub fn run(context: &Context, args: &DemoArgs, data_is_named: bool) -> anyhow::Result<Ending> {
    if args.chain {
        let beside = demo_chain::folder(context.data.root());
        let root = if data_is_named { context.data.root() } else { &beside };
        return demo_chain::run(context, args, root);
    }
    // Never into somebody's real data: without --data the demo has a folder of its own.
    let root = if data_is_named { context.data.root().to_owned() } else { beside(context.data.root()) };
    let data = DataDir::new(&root);
    let watcher = Watcher { bar: progress_bar("rows") };
    let day = demo::run(&data, demo::today(&context.clock), args.seed, args.rows, &watcher)?;
    watcher.bar.finish_and_clear();
    show(context, &day, &root, data_is_named);
    context.out.json(&json(&day))?;
    #[cfg(feature = "portal")]
    if args.portal || (!args.no_portal && is_watched()) {
        super::demo_portal::run(context, &data)?;
    } else if !args.no_portal {
        context.out.line("\nIn a terminal, or with --portal, the portal opens now, until Ctrl-C.");
    }
    Ok(Ending::Done)
}

fn beside(root: &Path) -> PathBuf {
    root.with_file_name("schakel-demo")
}

struct Watcher {
    bar: ProgressBar,
}

impl Listener for Watcher {
    fn step(&self, text: &str) {
        if is_watched() {
            self.bar.suspend(|| say(format!("  {text}")));
        }
    }

    fn rows(&self, rows: u64) {
        self.bar.set_position(rows);
    }
}

fn show(context: &Context, day: &Day, root: &Path, data_is_named: bool) {
    let out = &context.out;
    let sums = &day.sums;
    let line = |text: String| out.line(text);
    line(String::new());
    line(format!(
        "Schakel, the reports of {} for {} municipalities ({} organisations, {} assets)",
        day.date,
        day.municipalities,
        number(day.organisations as u64),
        number(day.assets as u64)
    ));
    line(String::new());
    line(format!(
        "In    {} rows in {} reports of {} types, taken in in {:.1} s ({} rows a second)",
        number(sums.rows),
        day.reports,
        day.report_types,
        day.ingest_seconds,
        number((sums.rows as f64 / day.ingest_seconds.max(0.001)) as u64)
    ));
    line(format!(
        "      {} events, {} rejected, {} duplicates, {} clears",
        number(sums.events),
        number(sums.rejected),
        number(sums.duplicates),
        number(sums.clears)
    ));
    line(format!(
        "Found {} new findings; {} known ones seen again",
        number(day.new_findings),
        number(day.findings_seen)
    ));
    for (severity, kind, count) in day.kinds.iter().take(LISTED) {
        line(format!("      {severity:<9} {:<34} {:>8}", kind, number(*count)));
    }
    if day.kinds.len() > LISTED {
        line(format!("      and {} more kinds", day.kinds.len() - LISTED));
    }
    line(format!(
        "Told  {} notifications to {} organisations, as {} mails",
        number(day.notifications as u64),
        number(day.organisations_told as u64),
        number(day.sent.accepted)
    ));
    list(context, "      ", &day.told, "findings");
    let unrouted = sums.fate(Fate::Unrouted);
    line(format!("Nobody's {} events: no asset in the register meets them. Mostly in", number(unrouted)));
    list(context, "      ", &day.unrouted, "findings so far");
    if !day.no_contact.is_empty() {
        line(format!(
            "Not told {} events: an owner, but nobody there who may be told",
            number(sums.fate(Fate::NoContact))
        ));
        list(context, "      ", &day.no_contact, "events");
    }
    line(String::new());
    line(format!(
        "Ledger  rows {} = {} rejected + {} duplicates + {} clears + {} events",
        number(sums.rows),
        number(sums.rejected),
        number(sums.duplicates),
        number(sums.clears),
        number(sums.events)
    ));
    let fates: Vec<_> = Fate::ALL
        .iter()
        .filter(|fate| sums.fate(**fate) > 0)
        .map(|fate| format!("{} {fate}", number(sums.fate(*fate))))
        .collect();
    line(format!("        assignments {} = {}", number(sums.assignments), fates.join(" + ")));
    line(if sums.balanced() {
        "        It balances.".to_owned()
    } else {
        "        IT DOES NOT BALANCE.".to_owned()
    });
    line(format!("Mails   {} (nothing left this machine)", day.mails.display()));
    next(context, day, root, data_is_named);
}

fn next(context: &Context, day: &Day, root: &Path, data_is_named: bool) {
    let schakel = program();
    let data = format!("--data {}", root.display());
    context.out.line("");
    context.out.line("Next, try");
    let try_this = |what: String, why: &str| {
        context.out.line(format!("  {schakel} {what}"));
        context.out.line(format!("      {why}"));
    };
    if let Some(event) = &day.example_event {
        try_this(format!("trace {event} {data}"), "one event, from the raw row to the sent mail");
    }
    if let Some(ip) = &day.example_ip {
        try_this(format!("explain --ip {ip} {data}"), "who is told about an address, and why");
    }
    let again = if data_is_named { format!("demo {data}") } else { "demo".to_owned() };
    try_this(again, if day.first { "the next day: only what is new is told" } else { "one more day" });
}

/// The program as it was called, so that a line can be copied.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "schakel".to_owned())
}

fn list(context: &Context, indent: &str, rows: &[(String, u64)], unit: &str) {
    for (name, count) in rows.iter().take(LISTED) {
        context.out.line(format!("{indent}{name:<44} {:>8} {unit}", number(*count)));
    }
    if rows.len() > LISTED {
        context.out.line(format!("{indent}and {} more", rows.len() - LISTED));
    }
}

fn json(day: &Day) -> serde_json::Value {
    let sums = &day.sums;
    serde_json::json!({
        "date": day.date.to_string(),
        "reports": day.reports,
        "rows": sums.rows,
        "rejected": sums.rejected,
        "duplicates": sums.duplicates,
        "clears": sums.clears,
        "events": sums.events,
        "assignments": sums.assignments,
        "findings_new": day.new_findings,
        "findings_seen": day.findings_seen,
        "notifications": day.notifications,
        "mails": day.sent.accepted,
        "unrouted": sums.fate(Fate::Unrouted),
        "balanced": sums.balanced(),
        "mail_folder": day.mails,
    })
}
