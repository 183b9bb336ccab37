//! `schakel templates`

use std::fs;

use anyhow::Context as _;
use schakel_app::config;
use schakel_render::templates::BUILT_IN;

use crate::{
    Context,
    args::TemplatesCommand,
    output::{Ending, print_line},
};

pub fn run(context: &Context, command: &TemplatesCommand) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    match command {
        TemplatesCommand::Check => {
            let problems = config.templates()?.check();
            for problem in &problems {
                print_line(&problem.to_string());
            }
            if !problems.is_empty() {
                return Ok(Ending::Failed);
            }
            context.out.line("All templates render with sample data.");
        }
        TemplatesCommand::Export { folder } => {
            let folder = folder.clone().unwrap_or(config.telling.templates);
            for (name, source) in BUILT_IN {
                let path = folder.join(name);
                let parent = path.parent().unwrap_or(&folder);
                fs::create_dir_all(parent)
                    .with_context(|| format!("cannot make the folder {}", parent.display()))?;
                if path.exists() {
                    context.out.line(format!("{} is there already: left as it is", path.display()));
                } else {
                    fs::write(&path, source).with_context(|| format!("cannot write {}", path.display()))?;
                    context.out.line(path.display().to_string());
                }
            }
            context.out.line("Edit them, then run `schakel templates check`.");
        }
    }
    Ok(Ending::Done)
}
