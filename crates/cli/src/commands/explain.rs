//! `schakel explain`

use schakel_app::explain::{Question, explain};
use schakel_store::Reader;

use crate::{Context, args::ExplainArgs, output::Ending};

pub fn run(context: &Context, args: &ExplainArgs) -> anyhow::Result<Ending> {
    let inputs = [&args.ip, &args.domain, &args.url, &args.asn, &args.email, &args.country];
    let question = Question {
        inputs: inputs.into_iter().flatten().cloned().collect(),
        at: args.at.map_or_else(|| context.clock.now_seconds(), |at| at.as_second()),
        kind: args.kind,
    };
    let explanation = explain(&Reader::open(&context.data)?, &question)?;
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
