//! `schakel key`

use std::path::PathBuf;

use clap::Subcommand;
use jiff::ToSpan;
use schakel_app::{
    config,
    keys::{self, Key},
    machines,
};
use serde_json::{Value, json};

use crate::{
    Context,
    output::{Ending, plain, print_line},
};

#[derive(Subcommand)]
#[allow(missing_docs)] // The help texts are the documentation.
pub enum KeyCommand {
    /// The keys that sealed mail is opened with, and those of others that are believed
    List,
    /// Make an OpenPGP key pair of our own; print the public half, to give to others
    Generate {
        /// Name and mail address: "CERT Example <reports@cert.example>"
        user_id: String,
        /// After how many years it is no longer valid; 0: never
        #[arg(long, default_value_t = 3)]
        years: u8,
    },
    /// Believe a public key (OpenPGP) or a certificate (S/MIME) of somebody; check its fingerprint with them first
    Believe {
        /// The file with the key
        file: PathBuf,
    },
    /// Print the public halves of our OpenPGP keys
    Export,
    /// Keys with which our domain signs its mails (DKIM)
    #[command(subcommand)]
    Dkim(super::key_dkim::DkimCommand),
    /// Print the public half of the key that signs what is posted to webhooks; the key is made when there is none
    Webhook,
}

pub fn run(context: &Context, command: &KeyCommand) -> anyhow::Result<Ending> {
    let folder = config::load(&context.data)?.intake.keys;
    let now = context.clock.now();
    match command {
        KeyCommand::Dkim(command) => return super::key_dkim::run(context, command),
        KeyCommand::Webhook => {
            let key = machines::key_or_new(&config::load(&context.data)?)?;
            context.out.line(key.public_pem());
            context.out.line(format!("Signatures name it `{}`.", key.id()));
            context.out.json(&json!({ "keyid": key.id(), "public_key": key.public_pem() }))?;
        }
        KeyCommand::List => {
            let mut rows = Vec::new();
            let mut values: Vec<Value> = Vec::new();
            for listed in keys::load(&folder).1 {
                let whose = if listed.own { "ours" } else { "others" };
                let file = listed.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                match &listed.keys {
                    Ok(found) => {
                        for key in found {
                            let (fingerprint, who, state) = (key.fingerprint(), key.who(now), key.state(now));
                            rows.push(vec![
                                whose.to_owned(),
                                key.standard().to_owned(),
                                fingerprint.clone(),
                                plain(&who, 50),
                                state.clone(),
                            ]);
                            values.push(json!({
                                "own": listed.own, "standard": key.standard(), "fingerprint": fingerprint, "who": who,
                                "state": state, "file": file,
                            }));
                        }
                    }
                    Err(error) => {
                        rows.push(vec![
                            whose.to_owned(),
                            String::new(),
                            file.clone(),
                            String::new(),
                            plain(error, 100),
                        ]);
                        values.push(json!({ "own": listed.own, "file": file, "error": error }));
                    }
                }
            }
            if rows.is_empty() {
                context
                    .out
                    .line(format!("No keys in {}. `schakel key generate` makes one.", folder.display()));
            } else {
                context.out.table(&["whose", "standard", "fingerprint", "who", "state"], &rows, &[]);
            }
            context.out.json(&json!({ "keys": values }))?;
        }
        KeyCommand::Generate { user_id, years } => {
            let expires = match years {
                0 => None,
                years => Some(now.checked_add((i64::from(*years) * 365 * 24).hours())?),
            };
            let key = keys::generate(&folder, user_id, now, expires)?;
            context
                .out
                .line(format!("Key {} is made. Give this to those who write to you:", key.fingerprint()));
            context.out.line(key.to_armoured());
            context.out.json(
                &json!({ "ok": true, "fingerprint": key.fingerprint(), "public_key": key.to_armoured() }),
            )?;
        }
        KeyCommand::Believe { file } => {
            let found = keys::believe(&folder, file)?;
            let mut values = Vec::new();
            for key in &found {
                context.out.line(format!(
                    "{} {} is believed: {}",
                    key.standard(),
                    key.fingerprint(),
                    key.who(now)
                ));
                values.push(json!({ "standard": key.standard(), "fingerprint": key.fingerprint(), "who": key.who(now) }));
            }
            context.out.json(&json!({ "ok": true, "keys": values }))?;
        }
        KeyCommand::Export => {
            for key in keys::load(&folder)
                .1
                .iter()
                .filter(|listed| listed.own)
                .flat_map(|one| one.keys.iter().flatten())
            {
                if let Key::OpenPgp(key) = key {
                    print_line(&key.to_armoured());
                }
            }
        }
    }
    Ok(Ending::Done)
}
