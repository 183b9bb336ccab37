//! The measured promises: runs `schakel-bench` and puts its table into README.md.

use crate::{
    readme,
    run::{Outcome, cargo, output, run},
};

/// `schakel-bench` shows progress on stderr and writes one Markdown table on stdout. Without arguments it measures
/// everything, and only then does the table go into README.md.
pub fn bench(arguments: &[&str]) -> Outcome {
    run(&mut cargo(&["build", "--release", "-p", "schakel-bench"]))?;
    let mut command = cargo(&["run", "--release", "--quiet", "-p", "schakel-bench", "--"]);
    let table = output(command.args(arguments))?;
    println!("{table}");
    if arguments.is_empty() { readme::replace("bench", &table) } else { Ok(()) }
}
