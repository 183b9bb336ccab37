//! `schakel key dkim`

use clap::{Subcommand, ValueEnum};
use schakel_app::{
    check_mail,
    config::{self, Config},
    dkim::{self, Algorithm, ListedKey},
};

use serde_json::{Value, json};

use crate::{Context, output::Ending};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum DkimCommand {
    /// Make a key and print the DNS record for it; it signs once the configuration names it
    Generate {
        /// Its name in the DNS: small letters, digits and hyphens [default: year, month and kind, such as 202611-rsa]
        selector: Option<String>,
        /// The kind of key
        #[arg(long, default_value = "rsa")]
        kind: Kind,
    },
    /// The keys that are there, whether they sign, and their DNS records
    Show,
}

#[derive(Clone, Copy, ValueEnum)]
#[allow(missing_docs)]
pub enum Kind {
    /// RSA, 2048 bits: every mail server can check it
    Rsa,
    /// Ed25519: short, and not every mail server can check it; use it beside RSA
    Ed25519,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl From<Kind> for Algorithm {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Rsa => Self::Rsa,
            Kind::Ed25519 => Self::Ed25519,
        }
    }
}

pub fn run(context: &Context, command: &DkimCommand) -> anyhow::Result<Ending> {
    let config = config::load(&context.data)?;
    match command {
        DkimCommand::Generate { selector, kind } => generate(context, &config, selector.as_deref(), *kind),
        DkimCommand::Show => show(context, &config),
    }
}

fn generate(
    context: &Context,
    config: &Config,
    selector: Option<&str>,
    kind: Kind,
) -> anyhow::Result<Ending> {
    let default = || format!("{}-{}", context.clock.now().strftime("%Y%m"), kind.word());
    let selector = selector.map_or_else(default, str::to_owned);
    let key = dkim::generate(config, &selector, kind.into())?;
    let name = dkim::record_name(config, &selector)?;
    context.out.line("The key is made. Put this record into the DNS:");
    context.out.line("");
    context.out.line(record_line(&name, &key.record()));
    context.out.line("");
    context.out.line(format!(
        "When `schakel check-mail` finds it, add \"{selector}\" to `selectors` under [mail.dkim] in schakel.toml. Leave the record of an\n\
         older key where it is for a week after that: mails that wait bear its signature."
    ));
    context.out.json(&json!({ "ok": true, "selector": selector, "name": name, "record": key.record() }))?;
    Ok(Ending::Done)
}

fn show(context: &Context, config: &Config) -> anyhow::Result<Ending> {
    let listed = dkim::list(config);
    let mut values: Vec<Value> = Vec::new();
    if listed.is_empty() {
        context.out.line("There is no DKIM key. `schakel key dkim generate` makes one.");
    }
    for ListedKey { selector, signs, key } in &listed {
        let name = dkim::record_name(config, selector)?;
        match key {
            Ok(key) => {
                let state = if *signs { "signs" } else { "does not sign" };
                context.out.line(format!("{selector} ({state})"));
                context.out.line(record_line(&name, &key.record()));
                values.push(
                    json!({ "selector": selector, "signs": signs, "name": name, "record": key.record() }),
                );
            }
            Err(error) => {
                context.out.line(format!("{selector}: {error:#}"));
                values.push(json!({ "selector": selector, "signs": signs, "error": format!("{error:#}") }));
            }
        }
    }
    context.out.json(&json!({ "keys": values }))?;
    Ok(Ending::Done)
}

/// As it stands in a zone file.
fn record_line(name: &str, record: &str) -> String {
    format!("{name}. IN TXT ( {} )", check_mail::strings(record))
}
