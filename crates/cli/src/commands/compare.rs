//! `schakel compare`

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use schakel_app::{
    compare::{Comparison, Line, compare},
    pipeline::state::register_view,
};
use schakel_rules::comparison::Verdict;
use schakel_store::{Reader, register};

use crate::{
    Context,
    output::{Ending, number, plain, say},
};

#[derive(Args)]
#[allow(missing_docs)] // The help texts are the documentation.
pub struct CompareArgs {
    /// What the other system told: CSV with the columns who, what and when
    pub list: PathBuf,
    /// Write every line with its explanation to this file, as CSV
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Examples of each kind of difference
    #[arg(long, default_value_t = 3)]
    pub examples: usize,
}

/// What each verdict means, for people.
fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Both => "both tell it",
        Verdict::ToldEarlier => "we told it earlier",
        Verdict::ToldLater => "it came to us later",
        Verdict::KeptByRule => "a rule of our policy keeps it",
        Verdict::FirstLoad => "it is in the first load of its source, which is not released",
        Verdict::TrialOff => "trial operation is off for it",
        Verdict::Held => "it is held",
        Verdict::NoContact => "we know nobody there who may be told",
        Verdict::OtherOwner => "by our register it is another's",
        Verdict::Nobodys => "by our register it is nobody's",
        Verdict::UnknownToUs => "it did not come to us",
        Verdict::NotInRegister => "the organisation is not in our register",
        Verdict::TheyDidNotTell => "they do not tell it",
    }
}

pub fn run(context: &Context, args: &CompareArgs) -> anyhow::Result<Ending> {
    let reader = Reader::open(&context.data)?;
    let list = fs::read(&args.list).with_context(|| format!("cannot read {}", args.list.display()))?;
    let view = register_view(&reader, reader.read(register::version)?)?;
    let comparison = compare(&reader, &view, &list)?;
    comparison.rejects.iter().take(20).for_each(|reject| say(format!("warning: {}", plain(reject, 200))));
    if let Some(file) = &args.csv {
        fs::write(file, csv(&comparison)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    show(context, args, &comparison);
    context.out.json(&comparison)?;
    Ok(if comparison.rejects.is_empty() { Ending::Done } else { Ending::WithRejects })
}

fn show(context: &Context, args: &CompareArgs, comparison: &Comparison) {
    let out = &context.out;
    out.line(format!(
        "From {} to {}: they told {}, we tell {} (in trial operation too).",
        comparison.from,
        comparison.until,
        number(comparison.theirs),
        number(comparison.ours)
    ));
    for verdict in Verdict::ALL {
        let Some(count) = comparison.counts.get(verdict.as_str()) else { continue };
        out.line(format!("{:>12}  {}", number(*count), meaning(verdict)));
        if verdict == Verdict::Both {
            continue;
        }
        let lines = comparison.lines.iter().filter(|line| line.verdict == verdict.as_str());
        for line in lines.take(args.examples) {
            out.line(format!("              {}", words(line)));
        }
    }
}

fn words(line: &Line) -> String {
    let place = line.line.map_or(String::new(), |number| format!("line {number}: "));
    let finding = line.finding.as_ref().map_or(String::new(), |finding| format!(" ({finding})"));
    format!("{place}{} {}{finding}: {}", plain(&line.who, 40), plain(&line.what, 60), plain(&line.why, 120))
}

fn csv(comparison: &Comparison) -> String {
    let mut text = "line,who,what,when,verdict,why,finding\n".to_owned();
    for line in &comparison.lines {
        text += &schakel_render::csv::csv_line(&[
            line.line.map_or(String::new(), |number| number.to_string()),
            line.who.clone(),
            line.what.clone(),
            line.when.clone(),
            line.verdict.to_owned(),
            line.why.clone(),
            line.finding.clone().unwrap_or_default(),
        ]);
    }
    text
}
