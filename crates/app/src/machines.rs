//! Ways to programs of members beside mail: a web address to which notifications are posted, a folder into which they are written. Set up in
//! the configuration, for an organisation each; told what its contacts are told, never TLP:RED.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use anyhow::{Context, ensure};
use schakel_deliver::{
    channel::Channel,
    folder::FolderChannel,
    settings::{DropSettings, WebhookSettings},
    webhook::{Post, Posted, WebhookChannel},
};
use schakel_lookup::{
    post::{self, Poster},
    settings::OutgoingSettings,
};
use schakel_model::tlp::Tlp;
use schakel_seal::{ed25519::Ed25519Key, random::Random};

use crate::{
    config::Config,
    keys::{read_file, write_private},
};

/// An honest program takes an event within a second or two. One that is slower gets its event again later; the next one waits no longer, nor does
/// a command that asks the service for the store.
const POST_TIME_MAX: Duration = Duration::from_secs(10);

/// A secret for HMAC is shorter, in bytes.
const SECRET_BYTES_MAX: usize = 4_096;

/// A name in the outbox is shorter.
const NAME_CHARS_MAX: usize = 60;

/// The folder and the file with the key that signs what is posted.
const KEY: (&str, &str) = ("webhook", "signing.pem");

/// A kind of way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Posted to a web address.
    Webhook,
    /// Written into a folder.
    Drop,
}

impl Kind {
    /// The word that stands as a message's role in the outbox.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Drop => "drop",
        }
    }
}

/// A way to a program of a member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Machine {
    /// What kind.
    pub kind: Kind,
    /// What it is called in the outbox: `webhook:siem`.
    pub recipient: String,
    /// The code of the organisation.
    pub organisation: String,
    /// The highest marking that goes there.
    pub tlp_max: Tlp,
}

/// All that are set up. A setting that cannot be used is an error with its name.
pub fn machines(config: &Config) -> anyhow::Result<Vec<Machine>> {
    let mut machines: Vec<Machine> = Vec::new();
    for one in &config.channels.webhook {
        ensure!(
            Poster::address(&one.url).is_some(),
            "channels.webhook `{}`: url has to be an https address without a name or password in it",
            one.name
        );
        machines.push(machine(Kind::Webhook, &one.name, &one.organisation, &one.tlp_max)?);
    }
    for one in &config.channels.drop {
        ensure!(one.folder.is_absolute(), "channels.drop `{}`: folder has to be an absolute path", one.name);
        machines.push(machine(Kind::Drop, &one.name, &one.organisation, &one.tlp_max)?);
    }
    for (at, one) in machines.iter().enumerate() {
        let is_new = machines[..at].iter().all(|other| other.recipient != one.recipient);
        ensure!(is_new, "there are two channels with the name {}", one.recipient);
    }
    Ok(machines)
}

fn machine(kind: Kind, name: &str, organisation: &str, tlp_max: &str) -> anyhow::Result<Machine> {
    let setting = || format!("channels.{} `{name}`", kind.as_str());
    let is_name = !name.is_empty()
        && name.len() <= NAME_CHARS_MAX
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    ensure!(is_name, "{}: a name has small letters, digits and hyphens", setting());
    ensure!(!organisation.is_empty(), "{}: organisation is empty", setting());
    let tlp_max: Tlp = tlp_max.parse().map_err(anyhow::Error::msg).with_context(setting)?;
    ensure!(tlp_max < Tlp::Red, "{}: TLP:RED is for named persons, never for a program", setting());
    let recipient = format!("{}:{name}", kind.as_str());
    Ok(Machine { kind, recipient, organisation: organisation.to_owned(), tlp_max })
}

/// The ways, opened when something is to go by them.
pub(crate) struct Opened<'a> {
    config: &'a Config,
    channels: HashMap<String, Channel>,
}

impl<'a> Opened<'a> {
    pub fn new(config: &'a Config) -> Self {
        Self { config, channels: HashMap::new() }
    }

    /// The way with this name. Why there is none is for the outbox: an operator can put it right while the message waits.
    pub fn get(&mut self, recipient: &str) -> anyhow::Result<&mut Channel> {
        if !self.channels.contains_key(recipient) {
            let channel = open(self.config, recipient)?;
            self.channels.insert(recipient.to_owned(), channel);
        }
        self.channels.get_mut(recipient).context("it was put there")
    }
}

fn open(config: &Config, recipient: &str) -> anyhow::Result<Channel> {
    let (kind, name) = recipient.split_once(':').unwrap_or_default();
    let webhook = |one: &&WebhookSettings| kind == Kind::Webhook.as_str() && one.name == name;
    let drop = |one: &&DropSettings| kind == Kind::Drop.as_str() && one.name == name;
    if let Some(one) = config.channels.webhook.iter().find(webhook) {
        let url = Poster::address(&one.url).with_context(|| format!("{recipient}: its url is none"))?;
        let post = Box::new(Outside(Poster::new(&config.outgoing, POST_TIME_MAX)?));
        let channel = WebhookChannel::new(&url, key(&config.intake.keys)?, secret(one)?, post);
        return Ok(Channel::Webhook(Box::new(channel)));
    }
    let one = config.channels.drop.iter().find(drop);
    let one = one.with_context(|| format!("schakel.toml names no channel {recipient} any more"))?;
    Ok(Channel::Folder(FolderChannel::drop(&one.folder)))
}

fn secret(settings: &WebhookSettings) -> anyhow::Result<Vec<u8>> {
    let secret = if !settings.secret_file.as_os_str().is_empty() {
        fs::read(&settings.secret_file)
            .with_context(|| format!("cannot read secret_file = {}", settings.secret_file.display()))?
    } else if !settings.secret_env.is_empty() {
        std::env::var(&settings.secret_env)
            .with_context(|| format!("the environment variable {} is not set", settings.secret_env))?
            .into_bytes()
    } else {
        return Ok(Vec::new());
    };
    let secret = secret.trim_ascii_end().to_vec();
    ensure!(
        !secret.is_empty() && secret.len() <= SECRET_BYTES_MAX,
        "the secret of webhook `{}` is empty or longer than {SECRET_BYTES_MAX} bytes",
        settings.name
    );
    Ok(secret)
}

fn key(folder: &Path) -> anyhow::Result<Ed25519Key> {
    let path = folder.join(KEY.0).join(KEY.1);
    ensure!(
        path.exists(),
        "there is no key to sign what is posted with. `schakel key webhook` makes one and prints its public half"
    );
    Ed25519Key::read(&read_file(&path)?).with_context(|| format!("{} cannot be used", path.display()))
}

/// The key that signs what is posted; made when there is none.
pub fn key_or_new(config: &Config) -> anyhow::Result<Ed25519Key> {
    let folder = config.intake.keys.join(KEY.0);
    if !folder.join(KEY.1).exists() {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).context("the system gives no random numbers")?;
        let pem = Ed25519Key::generate(&mut Random::from_seed(seed))?;
        write_private(&folder, KEY.1, pem.as_bytes())?;
    }
    key(&config.intake.keys)
}

/// Posts to where the rule for outgoing connections lets us.
#[derive(Debug)]
struct Outside(Poster);

impl Post for Outside {
    fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Posted {
        match self.0.post(url, headers, body) {
            post::Posted::Answered { status, said } => Posted::Answered(status, said),
            post::Posted::NotSent(error) => Posted::NotSent(error.to_string()),
            post::Posted::Unknown(error) => Posted::Unknown(error.to_string()),
        }
    }
}

/// A webhook as the channel contract tries it: under these settings for going out, and with this patience.
pub fn webhook_for(
    url: &str,
    key: Ed25519Key,
    outgoing: &OutgoingSettings,
    patience: Duration,
) -> anyhow::Result<Channel> {
    let post = Box::new(Outside(Poster::new(outgoing, patience)?));
    let url = Poster::address(url).context("no https address")?;
    Ok(Channel::Webhook(Box::new(WebhookChannel::new(&url, key, Vec::new(), post))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(toml: &str) -> Config {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn channels_are_checked_before_anything_goes_by_them() {
        let good = config(
            "[[channels.webhook]]\nname = \"siem\"\norganisation = \"GM1\"\nurl = \"https://siem.example\"\n\
             [[channels.drop]]\nname = \"siem\"\norganisation = \"GM1\"\nfolder = \"/srv/in\"\ntlp_max = \"AMBER\"\n",
        );
        let found = machines(&good).unwrap();
        let shown: Vec<_> = found.iter().map(|one| (one.recipient.as_str(), one.tlp_max)).collect();
        assert_eq!(shown, [("webhook:siem", Tlp::Green), ("drop:siem", Tlp::Amber)]);
        for (toml, said) in [
            (
                "[[channels.webhook]]\nname = \"a\"\norganisation = \"GM1\"\nurl = \"http://a.example\"\n",
                "https",
            ),
            (
                "[[channels.webhook]]\nname = \"a\"\norganisation = \"GM1\"\nurl = \"https://u:p@a.example\"\n",
                "password",
            ),
            (
                "[[channels.webhook]]\nname = \"A b\"\norganisation = \"GM1\"\nurl = \"https://a.example\"\n",
                "name",
            ),
            ("[[channels.drop]]\nname = \"a\"\norganisation = \"GM1\"\nfolder = \"in\"\n", "absolute"),
            (
                "[[channels.drop]]\nname = \"a\"\norganisation = \"GM1\"\nfolder = \"/in\"\ntlp_max = \"RED\"\n",
                "RED",
            ),
            ("[[channels.drop]]\nname = \"a\"\norganisation = \"\"\nfolder = \"/in\"\n", "organisation"),
            (
                "[[channels.drop]]\nname = \"a\"\norganisation = \"GM1\"\nfolder = \"/in\"\n\
                 [[channels.drop]]\nname = \"a\"\norganisation = \"GM2\"\nfolder = \"/out\"\n",
                "two channels",
            ),
        ] {
            let error = format!("{:#}", machines(&config(toml)).unwrap_err());
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_channel_that_is_gone_is_said_by_its_name() {
        let config = Config::default();
        let mut opened = Opened::new(&config);
        let error = opened.get("webhook:siem").unwrap_err().to_string();
        assert!(error.contains("webhook:siem"), "{error}");
    }
}
