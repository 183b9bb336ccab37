//! `schakel completion`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{args::Cli, output::Ending};

pub fn run(shell: Shell) -> anyhow::Result<Ending> {
    clap_complete::generate(shell, &mut Cli::command(), "schakel", &mut std::io::stdout());
    Ok(Ending::Done)
}
