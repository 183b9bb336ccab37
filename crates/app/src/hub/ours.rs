//! Who we are in the chain: our name, and the key that signs what we say.
//!
//! ```text
//! DATA/keys/hub/signing.pem    the key that signs
//! DATA/keys/hub/next.pem       the key that will sign, once every hub knows it
//! DATA/keys/hub/sealing.asc    the key that others seal to
//! DATA/keys/hub/sealing-until-1795000000.asc    one before it, which opens until then
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use schakel_deliver::mail::address;
use schakel_formats::hub::{
    fingerprint::Fingerprint,
    message::{self, Envelope, Kind},
};
use schakel_model::hub::HubName;
use schakel_parse::xarf::Reporter;
use schakel_seal::{ed25519::Ed25519Key, openpgp::secret::SecretKey, random::Random};
use serde_json::Value;

use crate::{
    config::Config,
    keys::{read_file, write_private},
};

const FOLDER: &str = "hub";
const SIGNING: &str = "signing.pem";
const NEXT: &str = "next.pem";
const SEALING: &str = "sealing.asc";
const NEXT_SEALING: &str = "sealing-next.asc";
const RETIRED: &str = "sealing-until-";
const RETIRED_END: &str = ".asc";

/// When our key for sealing says it was made, in seconds since 1970: before any clock that will look at it.
const SEALING_SINCE: i64 = 1_577_836_800;

/// Us, as a hub.
#[derive(Clone, Debug)]
pub struct Ours {
    /// Our name.
    pub name: HubName,
    /// Where others reach us; empty: nowhere.
    pub url: String,
    /// As whom we sign documents (X-ARF, CSAF); `None` without a name or a mail address of our own.
    pub reporter: Option<Reporter>,
    key: Arc<Ed25519Key>,
    folder: PathBuf,
}

impl Ours {
    /// As configured; `None` when this installation is no hub.
    pub fn open(config: &Config) -> anyhow::Result<Option<Self>> {
        if config.hub.name.is_empty() {
            return Ok(None);
        }
        let path = folder(config).join(SIGNING);
        ensure!(path.exists(), "this hub has no key yet: `schakel hub init` makes one");
        let key = Arc::new(read_key(&path)?);
        let reporter = address("mail.from", &config.mail.from)
            .ok()
            .and_then(|from| Reporter::new(&config.sender, &from).ok());
        Ok(Some(Self { name: name(config)?, url: url(config), reporter, key, folder: folder(config) }))
    }

    /// As [`Ours::open`], where there has to be one.
    pub fn require(config: &Config) -> anyhow::Result<Self> {
        Self::open(config)?
            .context("this installation is no hub: set hub.name in schakel.toml, then run `schakel hub init`")
    }

    /// The key that signs.
    pub fn key(&self) -> &Ed25519Key {
        &self.key
    }

    /// Its fingerprint, to be read aloud.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.key.public())
    }

    /// Every key that opens what is sealed to us at this time (seconds since 1970): the one that others know, and those before it as long as they count.
    pub fn opening(&self, now: i64) -> anyhow::Result<Vec<SecretKey>> {
        let mut keys = Vec::from_iter(self.sealing()?);
        for (path, until) in retired(&self.folder)? {
            if now < until {
                let key = SecretKey::read(&read_file(&path)?, "");
                keys.push(key.with_context(|| format!("{} cannot be used", path.display()))?);
            }
        }
        Ok(keys)
    }

    /// The key that others seal to; `None`: `schakel hub init` makes one.
    pub fn sealing(&self) -> anyhow::Result<Option<SecretKey>> {
        let path = self.folder.join(SEALING);
        if !path.exists() {
            return Ok(None);
        }
        let key = SecretKey::read(&read_file(&path)?, "");
        key.map(Some).with_context(|| format!("{} cannot be used", path.display()))
    }

    /// Its public half, in bytes; empty without one.
    pub fn sealing_public(&self) -> anyhow::Result<Vec<u8>> {
        Ok(self.sealing()?.map(|key| key.public().to_bytes()).unwrap_or_default())
    }

    /// A signed line to another hub. `id`: unique among all that we say; `at`: now, in seconds since 1970.
    pub fn line(
        &self,
        recipient: &HubName,
        kind: Kind,
        id: &str,
        subject: Option<&str>,
        data: Value,
        at: i64,
    ) -> anyhow::Result<Vec<u8>> {
        let envelope = Envelope {
            id: id.to_owned(),
            source: self.name.clone(),
            recipient: recipient.clone(),
            kind,
            time: at,
            subject: subject.map(str::to_owned),
            data,
        };
        Ok(message::write(&envelope, &self.key.id(), &|bytes| self.key.sign(bytes))?)
    }
}

/// 16 bytes that nobody else chooses: the name of a message or a parcel.
pub fn new_id() -> anyhow::Result<[u8; 16]> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).context("the system gives no random numbers")?;
    Ok(id)
}

/// [`new_id`] as text.
pub fn new_id_text() -> anyhow::Result<String> {
    Ok(new_id()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The name that is configured.
pub fn name(config: &Config) -> anyhow::Result<HubName> {
    config.hub.name.parse().map_err(anyhow::Error::msg).context("hub.name")
}

/// Makes our keys, unless they are there: one that signs and one that opens what is sealed to us. Was the first made?
pub fn init(config: &Config) -> anyhow::Result<bool> {
    name(config)?;
    if !folder(config).join(SEALING).exists() {
        write_private(&folder(config), SEALING, sealing_key(config)?.to_armoured().as_bytes())?;
    }
    let path = folder(config).join(SIGNING);
    let is_new = !path.exists();
    if is_new {
        make_key(config, SIGNING)?;
    }
    Ok(is_new)
}

/// Puts a new key for sealing in the place of the one that others know, which goes on opening until this time (seconds since 1970). Broken off, it is done
/// again by the next one.
pub fn rotate_sealing(config: &Config, until: i64) -> anyhow::Result<()> {
    let folder = folder(config);
    let (next, current) = (folder.join(NEXT_SEALING), folder.join(SEALING));
    write_private(&folder, NEXT_SEALING, sealing_key(config)?.to_armoured().as_bytes())?;
    let put = |from: &Path, to: &Path| {
        fs::rename(from, to).with_context(|| format!("cannot put {} in place", to.display()))
    };
    if current.exists() {
        put(&current, &folder.join(format!("{RETIRED}{until}{RETIRED_END}")))?;
    }
    put(&next, &current)
}

/// Removes keys for sealing that count no more: what was sealed to them cannot be opened by anybody.
pub fn forget_retired(config: &Config, now: i64) -> anyhow::Result<usize> {
    let mut count = 0;
    for (path, until) in retired(&folder(config))? {
        if now >= until {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Keys for sealing before the one that others know, with the time until which they count.
fn retired(folder: &Path) -> anyhow::Result<Vec<(PathBuf, i64)>> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(found) };
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let until = name.strip_prefix(RETIRED).and_then(|rest| rest.strip_suffix(RETIRED_END));
        found.extend(until.and_then(|until| until.parse().ok()).map(|until| (path.clone(), until)));
    }
    found.sort();
    Ok(found)
}

fn sealing_key(config: &Config) -> anyhow::Result<SecretKey> {
    let since = Timestamp::from_second(SEALING_SINCE)?;
    Ok(SecretKey::generate(name(config)?.as_str(), since, None, &mut random()?)?)
}

/// The key that will sign; made when there is none.
pub fn next_key(config: &Config) -> anyhow::Result<Ed25519Key> {
    if !folder(config).join(NEXT).exists() {
        make_key(config, NEXT)?;
    }
    read_key(&folder(config).join(NEXT))
}

/// A key that signs nothing: to try out what a new one comes to.
pub fn trial_key() -> anyhow::Result<Ed25519Key> {
    Ok(Ed25519Key::read(Ed25519Key::generate(&mut random()?)?.as_bytes())?)
}

/// Is there a key that will sign?
pub fn has_next(config: &Config) -> bool {
    folder(config).join(NEXT).exists()
}

/// From now on the next key signs.
pub fn use_next(config: &Config) -> anyhow::Result<()> {
    let (next, signing) = (folder(config).join(NEXT), folder(config).join(SIGNING));
    fs::rename(&next, &signing).with_context(|| format!("cannot put {} in place", next.display()))
}

fn folder(config: &Config) -> PathBuf {
    config.intake.keys.join(FOLDER)
}

fn url(config: &Config) -> String {
    config.hub.url.trim_end_matches('/').to_owned()
}

fn read_key(path: &Path) -> anyhow::Result<Ed25519Key> {
    Ed25519Key::read(&read_file(path)?).with_context(|| format!("{} cannot be used", path.display()))
}

fn make_key(config: &Config, file: &str) -> anyhow::Result<()> {
    let pem = Ed25519Key::generate(&mut random()?)?;
    write_private(&folder(config), file, pem.as_bytes())
}

fn random() -> anyhow::Result<Random> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    Ok(Random::from_seed(seed))
}
