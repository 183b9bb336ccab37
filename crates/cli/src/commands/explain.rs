//! `schakel explain`

use schakel_app::explain::{ExplainedCandidate, Explanation, Question, explain};
use schakel_store::Reader;

use crate::{
    Context,
    args::ExplainArgs,
    output::{Ending, Out},
};

pub fn run(context: &Context, args: &ExplainArgs) -> anyhow::Result<Ending> {
    let inputs = [&args.ip, &args.domain, &args.url, &args.asn, &args.email, &args.country];
    let now = context.clock.now_seconds();
    let question = Question {
        inputs: inputs.into_iter().flatten().cloned().collect(),
        at: args.at.map_or(now, |at| at.as_second()),
        as_known_at: args.as_known_at.map(|at| at.as_second()),
        now,
        kind: args.kind,
    };
    let explanation = explain(&Reader::open(&context.data)?, &question)?;
    let out = &context.out;
    show(out, &explanation);
    if let Some(known_at) = &explanation.as_known_at {
        match &explanation.now {
            None => out.line("The newest version says the same."),
            Some(now) => {
                out.line("");
                out.line(format!("By what is known now, and not yet at {known_at}:"));
                show(out, now);
            }
        }
    }
    out.json(&explanation)?;
    Ok(Ending::Done)
}

fn show(out: &Out, explanation: &Explanation) {
    if explanation.candidates.is_empty() {
        out.line(match explanation.register_version {
            0 => "Nobody's: the register was empty, nothing was known yet.",
            _ => "Nobody's: no asset in the register meets this. `schakel register import` adds assets.",
        });
    }
    explanation.candidates.iter().for_each(|candidate| show_candidate(out, candidate));
    let recorded =
        explanation.recorded_at.as_ref().map_or_else(String::new, |at| format!(" (recorded {at})"));
    out.line(format!(
        "By version {} of the register{recorded}, at {}.",
        explanation.register_version, explanation.at
    ));
}

fn show_candidate(out: &Out, candidate: &ExplainedCandidate) {
    let mark = if candidate.won { "told" } else { "not " };
    out.line(format!(
        "{mark}  {} {} ({}) by {} {} [proof: {}]",
        candidate.organisation,
        candidate.organisation_name,
        candidate.role,
        candidate.asset.kind,
        candidate.asset.value,
        candidate.asset.proof
    ));
    out.line(format!("      {} [{}]", candidate.why, candidate.rule));
    if let Some(hub) = &candidate.hub {
        let last = hub.last_at.as_ref().map(|at| format!(", last at {at}")).unwrap_or_default();
        out.line(format!("      handed over to its hub {} (the link is {}{last})", hub.name, hub.state));
    }
    if let Some(told) = &candidate.told {
        out.line(format!("      {}", told.why));
    }
}
