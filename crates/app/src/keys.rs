//! The keys of this installation, for sealed mail: files in the data directory.
//!
//! ```text
//! DATA/keys/own/       our secret keys: OpenPGP (*.asc, *.gpg), S/MIME (*.pem: key, certificate and its path)
//! DATA/keys/others/    keys and certificates of others that we believe: *.asc, *.gpg, *.pem, *.crt
//! DATA/keys/dkim/      keys of our domain: see [`crate::dkim`]
//! DATA/keys/webhook/   the key that signs what is posted: see [`crate::machines`]
//! DATA/keys/hub/       the key by which other hubs know us: see [`crate::hub::ours`]
//! ```

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use schakel_seal::{
    keys::Keys,
    openpgp::{key::PublicKey, secret::SecretKey},
    random::Random,
    smime::{certificate::Certificate, identity::Identity},
};

/// Where the passphrase of our own OpenPGP keys stands, when they have one.
const PASSPHRASE: &str = "SCHAKEL_KEY_PASSPHRASE";

/// Key files are smaller than this, in bytes: a key with many signatures has some hundred kB.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A file with keys that was read, or why it could not be.
#[derive(Debug)]
pub struct Listed {
    /// The file.
    pub file: PathBuf,
    /// Is it one of ours?
    pub own: bool,
    /// The keys in it.
    pub keys: Result<Vec<Key>, String>,
}

/// A key, as others may see it.
#[derive(Debug)]
pub enum Key {
    /// OpenPGP.
    OpenPgp(Box<PublicKey>),
    /// S/MIME.
    SMime(Box<Certificate>),
}

impl Key {
    /// OpenPGP or S/MIME.
    pub fn standard(&self) -> &'static str {
        match self {
            Self::OpenPgp(_) => "OpenPGP",
            Self::SMime(_) => "S/MIME",
        }
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::OpenPgp(key) => key.fingerprint(),
            Self::SMime(certificate) => certificate.fingerprint(),
        }
    }

    /// Whose it is, as it says.
    pub fn who(&self, now: Timestamp) -> String {
        match self {
            Self::OpenPgp(key) => key.user_ids(now).join(", "),
            Self::SMime(certificate) => {
                format!("{} {}", certificate.name(), certificate.addresses().join(", ")).trim().to_owned()
            }
        }
    }

    /// Good, expired and so on.
    pub fn state(&self, now: Timestamp) -> String {
        match self {
            Self::OpenPgp(key) => format!("{:?}", key.state(now)).to_lowercase(),
            Self::SMime(certificate) => {
                format!("{:?}, until {}", certificate.state(now), certificate.not_after()).to_lowercase()
            }
        }
    }
}

/// Reads all keys in a folder. What cannot be read is in the list with why, and the others count.
pub fn load(folder: &Path) -> (Keys, Vec<Listed>) {
    let passphrase = std::env::var(PASSPHRASE).unwrap_or_default();
    let mut keys = Keys::default();
    let mut listed = Vec::new();
    for (part, own) in [("own", true), ("others", false)] {
        for file in files(&folder.join(part)) {
            let read = read_file(&file).and_then(|bytes| match own {
                true => read_own(&mut keys, &bytes, &passphrase),
                false => read_others(&mut keys, &bytes),
            });
            listed.push(Listed { file, own, keys: read.map_err(|error| format!("{error:#}")) });
        }
    }
    (keys, listed)
}

fn read_own(keys: &mut Keys, bytes: &[u8], passphrase: &str) -> anyhow::Result<Vec<Key>> {
    if is_pem(bytes) {
        let identity = Identity::read(bytes)?;
        let key = Key::SMime(Box::new(identity.certificate().clone()));
        keys.smime_own.push(identity);
        return Ok(vec![key]);
    }
    let key = SecretKey::read(bytes, passphrase).with_context(|| {
        format!("if it has a passphrase, put it into the environment variable {PASSPHRASE}")
    })?;
    let public = Key::OpenPgp(Box::new(key.public()));
    keys.openpgp_secret.push(key);
    Ok(vec![public])
}

fn read_others(keys: &mut Keys, bytes: &[u8]) -> anyhow::Result<Vec<Key>> {
    if is_pem(bytes) {
        let found = Certificate::read_all(bytes)?;
        keys.smime_trusted.certificates.extend(found.iter().cloned());
        return Ok(found.into_iter().map(|one| Key::SMime(Box::new(one))).collect());
    }
    let found = PublicKey::read_all(bytes)?;
    keys.openpgp_public.extend(found.iter().cloned());
    Ok(found.into_iter().map(|key| Key::OpenPgp(Box::new(key))).collect())
}

fn is_pem(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
    text.contains("-----BEGIN CERTIFICATE") || text.contains("PRIVATE KEY-----") && !text.contains("PGP")
}

pub(crate) fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(size <= FILE_BYTES_MAX, "{} is larger than {FILE_BYTES_MAX} bytes", path.display());
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Makes an OpenPGP key pair of our own, good until `expires`. Gives the public half.
pub fn generate(
    folder: &Path,
    user_id: &str,
    now: Timestamp,
    expires: Option<Timestamp>,
) -> anyhow::Result<PublicKey> {
    ensure!(
        user_id.contains('@'),
        "a key needs a name and a mail address: \"CERT Example <reports@cert.example>\""
    );
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random numbers")?;
    let key = SecretKey::generate(user_id, now, expires, &mut Random::from_seed(seed))?;
    write_private(&folder.join("own"), &format!("{}.asc", key.fingerprint()), key.to_armoured().as_bytes())?;
    Ok(key.public())
}

/// Keeps public keys or certificates of somebody, who is believed from now on.
pub fn believe(folder: &Path, file: &Path) -> anyhow::Result<Vec<Key>> {
    let bytes = read_file(file)?;
    let found = read_others(&mut Keys::default(), &bytes)?;
    let first = found.first().with_context(|| format!("{} holds no key", file.display()))?;
    let extension = if is_pem(&bytes) { "pem" } else { "asc" };
    write_private(&folder.join("others"), &format!("{}.{extension}", first.fingerprint()), &bytes)?;
    Ok(found)
}

pub(crate) fn write_private(folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let writing = || format!("cannot write {name} into {}", folder.display());
    fs::create_dir_all(folder).with_context(writing)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).with_context(writing)?;
    let path = folder.join(name);
    ensure!(!path.exists(), "{} is there already", path.display());
    let mut file =
        OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path).with_context(writing)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(writing)
}
