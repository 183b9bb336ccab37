//! `schakel explain`

use anyhow::Context as _;
use jiff::Timestamp;
use schakel_app::{
    calendar,
    explain::{Question, explain},
};
use schakel_attribute::InputKind;
use schakel_store::Reader;

use crate::{Context, args::ExplainArgs, output::Ending};

pub fn run(context: &Context, args: &ExplainArgs) -> anyhow::Result<Ending> {
    let kinds = [
        (InputKind::Ip, &args.ip),
        (InputKind::Domain, &args.domain),
        (InputKind::Url, &args.url),
        (InputKind::Asn, &args.asn),
        (InputKind::Email, &args.email),
        (InputKind::Country, &args.country),
    ];
    let inputs: Vec<_> = kinds
        .into_iter()
        .flat_map(|(kind, values)| values.iter().map(move |value| (kind, value.clone())))
        .collect();
    anyhow::ensure!(
        !inputs.is_empty(),
        "say what to look up: --ip, --domain, --url, --asn, --email or --country"
    );
    let at = match &args.at {
        None => context.clock.now_seconds(),
        Some(text) => time(text)?.as_second(),
    };
    let kind = args.kind.as_deref().map(str::parse).transpose().map_err(anyhow::Error::msg)?;
    let explanation = explain(&Reader::open(&context.data)?, &Question { inputs, at, kind })?;
    let out = &context.out;
    if explanation.candidates.is_empty() {
        out.line("Nobody's: no asset in the register meets this. `schakel register import` adds assets.");
    }
    for candidate in &explanation.candidates {
        let mark = if candidate.won { "told" } else { "not " };
        out.line(format!(
            "{mark}  {} {} ({}) by {} {}",
            candidate.organisation,
            candidate.organisation_name,
            candidate.role,
            candidate.asset.kind,
            candidate.asset.value
        ));
        out.line(format!("      {} [{}]", candidate.why, candidate.rule));
    }
    out.line(format!("By version {} of the register, at {}.", explanation.register_version, explanation.at));
    out.json(&explanation)?;
    Ok(Ending::Done)
}

/// A time as people type it: RFC 3339, or a day, which begins at 00:00 UTC.
fn time(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let day: jiff::civil::Date = text
        .parse()
        .with_context(|| format!("`{text}` is no time: write 2026-11-21T09:00:00Z or 2026-11-21"))?;
    Ok(calendar::start_of_day_utc(day))
}
