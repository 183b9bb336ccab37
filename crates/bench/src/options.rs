//! What is asked on the command line.

use std::path::PathBuf;

use schakel_demo::bench_corpus::BenchCorpus;

use crate::task::{self, Task};

pub const HELP: &str = "\
Usage: schakel-bench [OPTIONS]

Measures the promises on a corpus of its own and writes one Markdown table on stdout.

  --rows N       rows of a day, each a finding of its own (default 1000000)
  --days N       days taken in: the first, a repeat in the same order, then shuffled repeats (default 3, at least 3)
  --quick        100000 rows, and attribution against the small register only
  --dir DIR      where corpus and stores are made (default: the system's folder for temporary files). It should lie on a
                 disk: on a memory file system a sync costs nothing
  --keep         leave corpus and stores where they were made
  --only PART    one of floors, ingest (with looking back and verify), deliver, hub, attribution, matching; and only when asked for: api (over
                 HTTP), portal (pages, and 200 people), drain (two hubs after an outage), register (a large one)
  --parcels N    parcels that wait after the outage (default 500000)
";

/// A day as the issue measures it.
const ROWS: u64 = 1_000_000;
const ROWS_QUICK: u64 = 100_000;
/// What waits after an outage, as the issue measures it.
const PARCELS: u32 = 500_000;
/// There are more addresses in 10.0.0.0/8.
const PARCELS_MAX: u64 = 10_000_000;
/// The first day, one in the same order, one shuffled.
const DAYS_MIN: u32 = 3;

/// What to do.
pub enum Wanted {
    /// Show the help.
    Help,
    /// One measurement, asked for by the process that runs them all.
    Task(Task),
    /// Everything.
    Run(Options),
}

/// How to measure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Rows of a day.
    pub rows: u64,
    /// Days to take in.
    pub days: u32,
    /// Small and soon done.
    pub quick: bool,
    /// Where to work.
    pub dir: Option<PathBuf>,
    /// Leave what was made.
    pub keep: bool,
    /// Parcels that wait after an outage.
    pub parcels: u32,
    /// One part instead of all.
    pub only: Option<Part>,
}

/// A part that can be measured alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Floors and stages.
    Floors,
    /// The whole, looking back, verify.
    Ingest,
    /// Notifications.
    Deliver,
    /// Parcels from hub to hub.
    Hub,
    /// Questions over HTTP. It needs a day of its own, and is measured only when asked for.
    Api,
    /// Pages in a browser. Likewise.
    Portal,
    /// Two hubs after an outage. It takes minutes, and is measured only when asked for.
    Drain,
    /// Look-ups.
    Attribution,
    /// Blind matching.
    Matching,
    /// A register of millions. It takes minutes, and is measured only when asked for.
    Register,
}

impl Options {
    /// Is this part asked for?
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

/// Reads the arguments; an error says what is wrong with them.
pub fn read(arguments: &[String]) -> Result<Wanted, String> {
    let mut options = Options {
        rows: ROWS,
        days: DAYS_MIN,
        quick: false,
        dir: None,
        keep: false,
        parcels: PARCELS,
        only: None,
    };
    let mut rows = None;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(Wanted::Help),
            task::ARGUMENT => {
                let task = serde_json::from_str(value()?).map_err(|error| error.to_string())?;
                return Ok(Wanted::Task(task));
            }
            "--rows" => rows = Some(number(argument, value()?, 1, BenchCorpus::ROWS_MAX)?),
            "--days" => options.days = number(argument, value()?, DAYS_MIN.into(), 365)? as u32,
            "--parcels" => options.parcels = number(argument, value()?, 1, PARCELS_MAX)? as u32,
            "--dir" => options.dir = Some(value()?.into()),
            "--only" => options.only = Some(part(value()?)?),
            "--quick" => options.quick = true,
            "--keep" => options.keep = true,
            _ => return Err(format!("{argument} is no option")),
        }
    }
    options.rows = rows.unwrap_or(if options.quick { ROWS_QUICK } else { ROWS });
    Ok(Wanted::Run(options))
}

fn number(name: &str, text: &str, min: u64, max: u64) -> Result<u64, String> {
    let number = text.replace('_', "").parse().ok().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("{name} needs a whole number from {min} to {max}, not `{text}`"))
}

fn part(text: &str) -> Result<Part, String> {
    match text {
        "floors" => Ok(Part::Floors),
        "ingest" => Ok(Part::Ingest),
        "deliver" => Ok(Part::Deliver),
        "hub" => Ok(Part::Hub),
        "api" => Ok(Part::Api),
        "portal" => Ok(Part::Portal),
        "drain" => Ok(Part::Drain),
        "attribution" => Ok(Part::Attribution),
        "matching" => Ok(Part::Matching),
        "register" => Ok(Part::Register),
        _ => Err(format!(
            "`{text}` is no part: floors, ingest, deliver, hub, api, portal, drain, attribution, matching or register"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(arguments: &[&str]) -> Result<Options, String> {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        match read(&arguments)? {
            Wanted::Run(options) => Ok(options),
            _ => Err("something else is wanted".to_owned()),
        }
    }

    #[test]
    fn without_arguments_a_million_rows_and_everything() {
        let options = run(&[]).unwrap();
        assert_eq!((options.rows, options.days, options.keep), (1_000_000, 3, false));
        assert!(options.wants(Part::Floors) && options.wants(Part::Attribution));
    }

    #[test]
    fn rows_beat_quick_whatever_the_order() {
        assert_eq!(run(&["--quick"]).unwrap().rows, 100_000);
        assert_eq!(run(&["--rows", "10_000_000", "--quick"]).unwrap().rows, 10_000_000);
        assert!(!run(&["--only", "deliver"]).unwrap().wants(Part::Ingest));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(run(&["--rows"]).unwrap_err(), "--rows needs a value");
        assert_eq!(run(&["--row", "5"]).unwrap_err(), "--row is no option");
        assert_eq!(run(&["--days", "2"]).unwrap_err(), "--days needs a whole number from 3 to 365, not `2`");
        assert!(
            run(&["--only", "all"]).unwrap_err().contains(
                "floors, ingest, deliver, hub, api, portal, drain, attribution, matching or register"
            )
        );
    }
}
