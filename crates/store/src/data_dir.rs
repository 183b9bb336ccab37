//! The data directory: one folder with everything an installation knows.
//!
//! ```text
//! DATA/lock            held by the one process that writes
//! DATA/store.sqlite    the state
//! DATA/search.sqlite   words of findings; made anew when it is not there
//! DATA/raw/            raw reports, as frames in segments
//! DATA/spool/          what reached a door and is not in the store yet
//! DATA/keys/           keys for sealed mail: own/ and others/
//! DATA/secret.key      32 random bytes: the secret under the keys of findings
//! DATA/schakel.toml    the configuration
//! DATA/incoming/ done/ failed/   the intake folder of `schakel serve`
//! DATA/mail/           mails, when they go to a folder
//! DATA/erasures.jsonl  what was erased on somebody's word, to erase it again after a restore
//! DATA/before-migration-N.sqlite   the database before it got a newer layout
//! ```

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{StoreError, error::FileContext};

/// The paths in a data directory.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// At this folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.root.join("store.sqlite")
    }

    /// The folder of segments.
    pub fn raw(&self) -> PathBuf {
        self.root.join("raw")
    }

    /// The folder of what reached a door and is not in the store yet.
    pub fn spool(&self) -> PathBuf {
        self.root.join("spool")
    }

    /// The folder of keys for sealed mail.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The secret under the keys of findings.
    pub fn secret(&self) -> PathBuf {
        self.root.join("secret.key")
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.root.join("schakel.toml")
    }

    /// The copy of the database that was made before it got a layout after this one.
    pub fn before_migration(&self, layout: i64) -> PathBuf {
        self.root.join(format!("before-migration-{layout}.sqlite"))
    }

    /// The list of what was erased on somebody's word, so that a restored backup does not bring it back.
    pub fn erasures(&self) -> PathBuf {
        self.root.join("erasures.jsonl")
    }

    /// The file that the one writer locks.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Does it hold a store?
    pub fn has_store(&self) -> bool {
        self.database().exists()
    }

    /// Makes the folders; private to the user, for they hold confidential data.
    pub fn create(&self) -> Result<(), StoreError> {
        for folder in [self.root.clone(), self.raw()] {
            fs::create_dir_all(&folder).on("make the folder", &folder)?;
        }
        fs::set_permissions(&self.root, fs::Permissions::from_mode(0o700)).on("make private", &self.root)
    }

    /// Takes the lock that makes this process the one writer.
    pub fn lock(&self) -> Result<Lock, StoreError> {
        let path = self.lock_file();
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .on("open", &path)?;
        if let Err(refused) = file.try_lock() {
            if let TryLockError::Error(cause) = refused {
                return Err(StoreError::File { action: "lock", path, cause });
            }
            let mut holder = String::new();
            // Only for the message: the lock itself is what counts.
            let _ = file.read_to_string(&mut holder);
            let holder = holder.trim();
            let holder = if holder.is_empty() { String::new() } else { format!(" (process {holder})") };
            return Err(StoreError::Locked { path: self.root.clone(), holder });
        }
        file.set_len(0).on("write to", &path)?;
        write!(file, "{}", std::process::id()).on("write to", &path)?;
        Ok(Lock { _file: file })
    }

    /// The installation's secret; made at the first call on a new installation.
    pub(crate) fn read_or_make_secret(&self) -> Result<[u8; 32], StoreError> {
        let path = self.secret();
        match fs::read(&path) {
            Ok(bytes) => bytes.try_into().map_err(|bytes: Vec<u8>| StoreError::Damaged {
                what: format!("{} has {} bytes, it must have 32", path.display(), bytes.len()),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !self.has_store() => {
                let mut secret = [0; 32];
                getrandom::fill(&mut secret).map_err(|error| StoreError::Damaged {
                    what: format!("the system gives no random bytes: {error}"),
                })?;
                let mut file = OpenOptions::new()
                    .create_new(true)
                    .write(true)
                    .mode(0o600)
                    .open(&path)
                    .on("make", &path)?;
                file.write_all(&secret).on("write", &path)?;
                file.sync_all().on("sync", &path)?;
                File::open(&self.root).and_then(|folder| folder.sync_all()).on("sync", &self.root)?;
                Ok(secret)
            }
            Err(cause) => Err(StoreError::File { action: "read the installation's secret", path, cause }),
        }
    }
}

/// The lock on a data directory; released when dropped or when the process ends in any way.
pub struct Lock {
    _file: File,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_owns_a_data_directory_and_the_message_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        data.create().unwrap();
        let held = data.lock().unwrap();
        let refused = data.lock().err().unwrap().to_string();
        assert!(refused.contains(&format!("(process {})", std::process::id())), "{refused}");
        drop(held);
        data.lock().unwrap();
    }

    #[test]
    fn the_secret_is_made_once_and_a_short_one_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        data.create().unwrap();
        let secret = data.read_or_make_secret().unwrap();
        assert_eq!(data.read_or_make_secret().unwrap(), secret);
        fs::write(data.secret(), b"short").unwrap();
        assert!(matches!(data.read_or_make_secret(), Err(StoreError::Damaged { .. })));
    }
}
