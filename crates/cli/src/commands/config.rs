//! `schakel config`

use schakel_app::config;

use crate::{
    Context,
    args::ConfigCommand,
    output::{Ending, print_line},
};

pub fn run(context: &Context, command: &ConfigCommand) -> anyhow::Result<Ending> {
    match command {
        ConfigCommand::Show if context.out.is_json() => context.out.json(&config::load(&context.data)?)?,
        ConfigCommand::Show => print_line(config::documented().trim_end()),
        ConfigCommand::Check => {
            let config = config::load(&context.data)?;
            config.tlp()?;
            config.telling.schedule()?;
            let mappings = config.reading()?.mappings.len();
            context.out.line(format!("The configuration is right: {mappings} mappings."));
        }
    }
    Ok(Ending::Done)
}
