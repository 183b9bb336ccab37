//! The project's own chores. `cargo xtask ci` is the one gate; CI calls the same code.
#![allow(clippy::print_stdout)] // Chores talk to the person who runs them.

mod bench;
mod ci;
mod crates;
mod fuzz;
mod peers;
mod readme;
mod run;
mod test;
mod tidy;

use std::process::ExitCode;

use run::Outcome;

const HELP: &str = "\
Usage: cargo xtask <chore>

  ci [--skip-tests]  the gate: fmt, tidy, clippy, deny, tests
  test               every test, after installing what the tests need (Debian, as root)
  tidy               crate direction, licences, module docs, reasons; reports file and function sizes
  bench [ARGS]       the measured promises, with floors; writes the table in README.md
  crates [--build]   number of crates in the program; with --build also the time of a clean release build
  fuzz [SECONDS]     every fuzz target for a minute (or SECONDS), where a nightly toolchain is present
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match chore(&arguments) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(error)) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
        None => {
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}

/// Runs the chore that the arguments name; `None` when they name none.
fn chore(arguments: &[&str]) -> Option<Outcome> {
    Some(match arguments {
        ["ci"] => ci::ci(ci::Tests::Run),
        ["ci", "--skip-tests"] => ci::ci(ci::Tests::Skip),
        ["test"] => test::test(),
        ["tidy"] => tidy::tidy(),
        ["bench", rest @ ..] => bench::bench(rest),
        ["crates"] => crates::crates(crates::Build::No),
        ["crates", "--build"] => crates::crates(crates::Build::Clean),
        ["fuzz"] => fuzz::fuzz(fuzz::SECONDS_PER_TARGET),
        ["fuzz", seconds] => fuzz::fuzz(seconds.parse().ok()?),
        _ => return None,
    })
}
