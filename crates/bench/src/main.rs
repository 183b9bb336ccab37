//! `schakel-bench`: the measured promises. Makes its own corpus, measures the machine's floors, each stage and the whole beside them
//! in one run, and writes one Markdown table on stdout. Progress goes to stderr.
//!
//! - [`options`]: what is asked on the command line,
//! - [`corpus`]: the reports, written to a folder,
//! - [`task`]: one measurement in a process of its own, so that memory and I/O are its own,
//! - [`floors`], [`ingest`], [`looking_back`], [`verify`], [`whatif`], [`deliver`], [`hub`], [`attribution`], [`matching`]: what their
//!   names say,
//! - [`api`]: questions over HTTP; [`drain`]: two hubs after an outage,
//! - [`large_register`]: a million organisations, and a swap while reports come in,
//! - [`resources`]: what the system says about memory, bytes written and load,
//! - [`run`]: all of it in order, [`table`]: what comes out.
//!
//! Nothing here asserts a time: a figure is for a reader, who sees the machine and its load beside it.
#![allow(clippy::print_stdout)] // The table is what it is for.

mod api;
mod attribution;
mod corpus;
mod deliver;
mod drain;
mod figures;
mod floors;
mod http;
mod hub;
mod ingest;
mod installation;
mod large_register;
mod looking_back;
mod matching;
mod options;
mod portal;
mod random;
mod resources;
mod run;
mod table;
mod task;
mod verify;
mod whatif;

use std::process::ExitCode;

use options::{HELP, Wanted};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match options::read(&arguments) {
        Ok(Wanted::Help) => {
            print!("{HELP}");
            Ok(())
        }
        Ok(Wanted::Task(task)) => task.answer(),
        Ok(Wanted::Run(options)) => run::all(&options).map(|table| print!("{table}")),
        Err(problem) => {
            eprintln!("schakel-bench: {problem}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("schakel-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
