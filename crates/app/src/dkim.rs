//! The keys with which our domain vouches for its mails: files in the data directory, `DATA/keys/dkim/SELECTOR.pem`.
//!
//! Mails are signed when they are made, not when they are sent: the bytes of an attempt are then always the same, and a mail that waits while
//! keys are changed keeps the signature of the old one, whose record stands until the outbox is empty.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use schakel_deliver::mail::address;
pub use schakel_seal::dkim::Algorithm;
use schakel_seal::{
    dkim::{DkimKey, DkimSigner, sign},
    random::Random,
};

use crate::{
    config::Config,
    keys::{read_file, write_private},
};

/// A label of the DNS is no longer (RFC 1035).
const SELECTOR_BYTES_MAX: usize = 63;

/// What signs the mails of this installation.
#[derive(Debug)]
pub struct Dkim {
    domain: String,
    keys: Vec<(String, DkimKey)>,
}

/// A key as it stands in the folder.
#[derive(Debug)]
pub struct ListedKey {
    /// Its name.
    pub selector: String,
    /// Does it sign?
    pub signs: bool,
    /// The key, or why it cannot be read.
    pub key: anyhow::Result<DkimKey>,
}

impl Dkim {
    /// The keys that the configuration names. One that cannot be read is an error: a mail without the signature that others expect is refused.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        let mut keys = Vec::new();
        for selector in &config.mail.dkim.selectors {
            let key = read(&folder(config), selector).with_context(|| {
                format!("mail.dkim.selectors names `{selector}`. `schakel key dkim show` lists the keys that are there")
            })?;
            keys.push((selector.clone(), key));
        }
        Ok(Self { domain: domain(config)?, keys })
    }

    /// The mail with our signatures.
    pub fn sign(&self, mail: Vec<u8>, now: Timestamp) -> Vec<u8> {
        if self.keys.is_empty() {
            return mail;
        }
        let signer = |(selector, key)| DkimSigner { domain: &self.domain, selector, key };
        let signers: Vec<_> = self.keys.iter().map(|(selector, key)| signer((selector, key))).collect();
        sign(&mail, &signers, now)
    }
}

/// The domain that signs: as configured, else that of the sender.
pub fn domain(config: &Config) -> anyhow::Result<String> {
    if !config.mail.dkim.domain.is_empty() {
        return Ok(config.mail.dkim.domain.to_ascii_lowercase());
    }
    let from = address("mail.from", &config.mail.from)?;
    Ok(from.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_ascii_lowercase()))
}

/// The name of a key's record.
pub fn record_name(config: &Config, selector: &str) -> anyhow::Result<String> {
    Ok(format!("{selector}._domainkey.{}", domain(config)?))
}

/// All keys that are there, in order of their names.
pub fn list(config: &Config) -> Vec<ListedKey> {
    let entries = fs::read_dir(folder(config)).into_iter().flatten().flatten();
    let mut selectors: Vec<String> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pem"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    selectors.sort();
    let listed = |selector: String| ListedKey {
        signs: config.mail.dkim.selectors.contains(&selector),
        key: read(&folder(config), &selector),
        selector,
    };
    selectors.into_iter().map(listed).collect()
}

/// Makes a key. It signs when the configuration names it, which is for after its record stands.
pub fn generate(config: &Config, selector: &str, algorithm: Algorithm) -> anyhow::Result<DkimKey> {
    check_selector(selector)?;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    let pem = DkimKey::generate(algorithm, &mut Random::from_seed(seed))?;
    write_private(&folder(config), &format!("{selector}.pem"), pem.as_bytes())?;
    Ok(DkimKey::read(pem.as_bytes())?)
}

fn folder(config: &Config) -> PathBuf {
    config.intake.keys.join("dkim")
}

fn read(folder: &Path, selector: &str) -> anyhow::Result<DkimKey> {
    check_selector(selector)?;
    let path = folder.join(format!("{selector}.pem"));
    DkimKey::read(&read_file(&path)?).with_context(|| format!("{} cannot be used", path.display()))
}

fn check_selector(selector: &str) -> anyhow::Result<()> {
    let is_label = !selector.is_empty()
        && selector.len() <= SELECTOR_BYTES_MAX
        && selector.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !selector.starts_with('-')
        && !selector.ends_with('-');
    ensure!(is_label, "`{selector}` is no selector: use small letters, digits and hyphens, such as 2026-11");
    Ok(())
}
