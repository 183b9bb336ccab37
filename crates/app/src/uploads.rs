//! Reports that come in by pieces, over more than one connection: kept until they are whole, for a day at most.
//!
//! ```text
//! DATA/spool/uploads/ID.part    the bytes so far
//! DATA/spool/uploads/ID.json    whose it is, and how many bytes there will be
//! ```
//!
//! They survive a restart. What they may still become counts against the quota of the spool as soon as they begin.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

use schakel_model::arrival::Receipt;
use schakel_rules::spool_quota::Used;
use serde::{Deserialize, Serialize};

use crate::random;

/// An upload that is not whole after so long is removed; so is the memory of one that is.
pub const KEPT_SECONDS: i64 = 86_400;

/// How often it is looked what is too old.
const TIDY_SECONDS: i64 = 600;

/// Uploads that one source may have under way: each is a file.
const OF_ONE_SOURCE_MAX: usize = 100;

/// Uploads under way, by their ids.
pub struct Uploads {
    folder: PathBuf,
    known: Mutex<HashMap<String, Known>>,
    tidied_at: AtomicI64,
}

/// What stands in the file beside the bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    source: String,
    name: String,
    length: u64,
    begun_at: i64,
    receipt: Option<u64>,
    #[serde(skip)]
    doing: Doing,
}

/// What is being done with one, by one request at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Doing {
    #[default]
    Nothing,
    Appending,
    /// It counts by what the spool says from now on.
    HandingOver,
}

/// How far an upload is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Bytes that lie on the disk.
    pub offset: u64,
    /// Bytes there will be.
    pub length: u64,
    /// When it is removed, in seconds since 1970.
    pub ends_at: i64,
    /// Its number, when it is whole.
    pub receipt: Option<Receipt>,
}

/// Why no bytes can be added.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Not there, not this source's, or removed.
    #[error("there is no such upload")]
    Unknown,
    /// Somebody else is at it.
    #[error("another request is adding to it")]
    Busy,
    /// Not at this byte.
    #[error("it is at byte {0}")]
    Offset(u64),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

impl Uploads {
    /// Those that are under way.
    pub fn open(spool: &Path) -> io::Result<Self> {
        let folder = spool.join("uploads");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut known = HashMap::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let Some(id) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
            if path.extension().is_some_and(|extension| extension == "json") {
                match serde_json::from_slice::<Known>(&fs::read(&path)?) {
                    Ok(one) => drop(known.insert(id.to_owned(), one)),
                    // It is removed below.
                    Err(error) => {
                        tracing::warn!(path = %path.display(), %error, "an upload cannot be gone on with")
                    }
                }
            }
        }
        // What a crash has left: nobody was told of it.
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let (stem, extension) = (path.file_stem(), path.extension());
            let is_known = stem.and_then(|stem| stem.to_str()).is_some_and(|id| known.contains_key(id));
            if !(is_known && extension.is_some_and(|extension| extension == "json" || extension == "part")) {
                fs::remove_file(&path)?;
            }
        }
        Ok(Self { folder, known: Mutex::new(known), tidied_at: AtomicI64::new(0) })
    }

    /// What they may still take of the spool.
    pub fn used(&self, source: &str) -> Used {
        let known = self.known();
        let unfinished =
            known.values().filter(|one| one.receipt.is_none() && one.doing != Doing::HandingOver);
        unfinished.fold(Used::default(), |mut used, one| {
            used.total = used.total.saturating_add(one.length);
            if one.source == source {
                used.by_source = used.by_source.saturating_add(one.length);
            }
            used
        })
    }

    /// Begins one; gives its id, which nobody can guess. `None`: the source has too many under way.
    pub fn begin(&self, source: &str, name: &str, length: u64, now: i64) -> io::Result<Option<String>> {
        let mut known = self.known();
        if known.values().filter(|one| one.source == source).count() >= OF_ONE_SOURCE_MAX {
            return Ok(None);
        }
        let id = random::token().map_err(io::Error::other)?;
        let one = Known {
            source: source.to_owned(),
            name: name.to_owned(),
            length,
            begun_at: now,
            receipt: None,
            doing: Doing::Nothing,
        };
        OpenOptions::new().create_new(true).write(true).mode(0o600).open(self.part(&id))?;
        self.write(&id, &one)?;
        File::open(&self.folder)?.sync_all()?;
        known.insert(id.clone(), one);
        Ok(Some(id))
    }

    /// How far one is. Its bytes lie on the disk when this returns.
    pub fn progress(&self, source: &str, id: &str, now: i64) -> io::Result<Option<Progress>> {
        let Some(one) = self.of(source, id, now) else { return Ok(None) };
        let offset = match one.receipt {
            Some(_) => one.length,
            None => {
                let file = match File::open(self.part(id)) {
                    Ok(file) => file,
                    // It was kept, and a crash came before its number was noted.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(error),
                };
                file.sync_data()?;
                file.metadata()?.len()
            }
        };
        let ends_at = one.begun_at.saturating_add(KEPT_SECONDS);
        Ok(Some(Progress { offset, length: one.length, ends_at, receipt: one.receipt.map(Receipt) }))
    }

    /// Adds bytes to one, from `offset` on.
    pub fn append(
        &self,
        source: &str,
        id: &str,
        offset: u64,
        now: i64,
    ) -> Result<Appending<'_>, AppendError> {
        let one = self.of(source, id, now).ok_or(AppendError::Unknown)?;
        if one.receipt.is_some() {
            return Err(AppendError::Offset(one.length));
        }
        match self.known().get_mut(id) {
            None => return Err(AppendError::Unknown),
            Some(one) if one.doing != Doing::Nothing => return Err(AppendError::Busy),
            Some(one) => one.doing = Doing::Appending,
        }
        // From here on it is given back when this is dropped.
        let mut appending =
            Appending { uploads: self, id: id.to_owned(), file: None, at: offset, length: one.length };
        let file =
            OpenOptions::new().append(true).open(self.part(id)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => AppendError::Unknown,
                _ => AppendError::Disk(error),
            })?;
        let size = file.metadata()?.len();
        if size != offset {
            return Err(AppendError::Offset(size));
        }
        appending.file = Some(file);
        Ok(appending)
    }

    /// Removes one.
    pub fn remove(&self, source: &str, id: &str, now: i64) -> Result<(), AppendError> {
        let one = self.of(source, id, now).ok_or(AppendError::Unknown)?;
        if one.doing != Doing::Nothing {
            return Err(AppendError::Busy);
        }
        Ok(self.forget(id)?)
    }

    /// The name and the bytes of one that is whole, for the spool. `None`: somebody else is at it, or it is gone.
    pub fn hand_over(&self, id: &str) -> Option<(String, PathBuf)> {
        let mut known = self.known();
        let one = known.get_mut(id).filter(|one| one.doing == Doing::Nothing && one.receipt.is_none())?;
        one.doing = Doing::HandingOver;
        Some((one.name.clone(), self.part(id)))
    }

    /// Notes that the spool has one, so that its sender can ask again; or that it could not take it.
    pub fn handed_over(&self, id: &str, receipt: Option<Receipt>) -> io::Result<()> {
        let mut known = self.known();
        let Some(one) = known.get_mut(id) else { return Ok(()) };
        one.doing = Doing::Nothing;
        one.receipt = receipt.map(|receipt| receipt.0);
        let one = one.clone();
        drop(known);
        self.write(id, &one)
    }

    /// Removes what is a day old, when that was not looked at lately.
    pub fn tidy(&self, now: i64) -> io::Result<()> {
        if (0..TIDY_SECONDS).contains(&now.saturating_sub(self.tidied_at.load(Relaxed))) {
            return Ok(());
        }
        self.tidied_at.store(now, Relaxed);
        let old: Vec<String> = {
            let known = self.known();
            let is_old =
                |one: &Known| now.saturating_sub(one.begun_at) > KEPT_SECONDS && one.doing == Doing::Nothing;
            known.iter().filter(|(_, one)| is_old(one)).map(|(id, _)| id.clone()).collect()
        };
        old.iter().try_for_each(|id| self.forget(id))
    }

    fn of(&self, source: &str, id: &str, now: i64) -> Option<Known> {
        let known = self.known();
        let one = known.get(id).filter(|one| one.source == source)?;
        (now.saturating_sub(one.begun_at) <= KEPT_SECONDS).then(|| one.clone())
    }

    fn forget(&self, id: &str) -> io::Result<()> {
        self.known().remove(id);
        for path in [self.part(id), self.about(id)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn write(&self, id: &str, one: &Known) -> io::Result<()> {
        let path = self.about(id);
        let new = path.with_extension("new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(one)?)?;
        file.sync_all()?;
        fs::rename(&new, &path)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part(&self, id: &str) -> PathBuf {
        self.folder.join(id).with_extension("part")
    }

    fn about(&self, id: &str) -> PathBuf {
        self.folder.join(id).with_extension("json")
    }
}

/// Bytes that are being added. What was written stays when this is dropped, so that the sender can go on from there.
pub struct Appending<'a> {
    uploads: &'a Uploads,
    id: String,
    file: Option<File>,
    at: u64,
    length: u64,
}

impl Appending<'_> {
    /// Bytes that still belong to it.
    pub fn room(&self) -> u64 {
        self.length.saturating_sub(self.at)
    }

    /// Adds these.
    pub fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Takes the last bytes back: they are not what was sent.
    pub fn cut_back_to(&mut self, offset: u64) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.set_len(offset)?;
        self.at = offset;
        Ok(())
    }

    /// Makes what was written durable. Gives how many bytes there are, and whether that is all.
    pub fn finish(self) -> io::Result<(u64, bool)> {
        if let Some(file) = &self.file {
            file.sync_data()?;
        }
        Ok((self.at, self.at == self.length))
    }
}

impl Drop for Appending<'_> {
    fn drop(&mut self) {
        if let Some(one) = self.uploads.known().get_mut(&self.id) {
            one.doing = Doing::Nothing;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn begun(uploads: &Uploads, source: &str, length: u64) -> String {
        uploads.begin(source, "a.csv", length, NOW).unwrap().unwrap()
    }

    #[test]
    fn it_goes_on_after_a_restart_and_only_for_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(folder.path()).unwrap();
        let id = begun(&uploads, "feed", 6);
        let mut appending = uploads.append("feed", &id, 0, NOW).unwrap();
        assert_eq!(appending.room(), 6);
        appending.push(b"abcd").unwrap();
        assert!(matches!(uploads.append("feed", &id, 4, NOW), Err(AppendError::Busy)));
        drop(appending);
        drop(uploads);
        let uploads = Uploads::open(folder.path()).unwrap();
        let used = uploads.used("feed");
        assert_eq!((used.total, used.by_source, uploads.used("other").by_source), (6, 6, 0));
        let progress = uploads.progress("feed", &id, NOW).unwrap().unwrap();
        assert_eq!((progress.offset, progress.length, progress.receipt), (4, 6, None));
        assert_eq!(uploads.progress("other", &id, NOW).unwrap(), None);
        assert!(matches!(uploads.append("other", &id, 4, NOW), Err(AppendError::Unknown)));
        assert!(matches!(uploads.remove("other", &id, NOW), Err(AppendError::Unknown)));
        assert!(matches!(uploads.append("feed", &id, 3, NOW), Err(AppendError::Offset(4))));
        let mut appending = uploads.append("feed", &id, 4, NOW).unwrap();
        appending.push(b"xx").unwrap();
        appending.cut_back_to(4).unwrap();
        appending.push(b"ef").unwrap();
        assert_eq!(appending.finish().unwrap(), (6, true));
        let (name, path) = uploads.hand_over(&id).unwrap();
        assert_eq!((name.as_str(), fs::read(&path).unwrap()), ("a.csv", b"abcdef".to_vec()));
        assert_eq!(uploads.used("feed"), Used::default());
        fs::remove_file(path).unwrap();
        uploads.handed_over(&id, Some(Receipt(5))).unwrap();
        let uploads = Uploads::open(folder.path()).unwrap();
        let progress = uploads.progress("feed", &id, NOW).unwrap().unwrap();
        assert_eq!((progress.offset, progress.receipt), (6, Some(Receipt(5))));
    }

    #[test]
    fn it_ends_after_a_day_and_there_are_not_too_many() {
        let folder = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(folder.path()).unwrap();
        let id = begun(&uploads, "feed", 6);
        for _ in 1..OF_ONE_SOURCE_MAX {
            begun(&uploads, "feed", 1);
        }
        assert_eq!(uploads.begin("feed", "b", 1, NOW).unwrap(), None);
        begun(&uploads, "other", 1);
        let later = NOW + KEPT_SECONDS + 1;
        assert!(uploads.progress("feed", &id, later - 1).unwrap().is_some());
        assert_eq!(uploads.progress("feed", &id, later).unwrap(), None);
        uploads.tidy(later - 1).unwrap();
        assert_eq!(uploads.used("feed").by_source, 105, "all of them are still there");
        uploads.tidy(later).unwrap();
        assert_eq!(uploads.used("feed").by_source, 105, "it was looked at a second ago");
        uploads.tidy(later + TIDY_SECONDS).unwrap();
        assert_eq!(uploads.used("feed").by_source, 0);
        uploads.begin("feed", "c", 1, later).unwrap().unwrap();
        assert_eq!(fs::read_dir(folder.path().join("uploads")).unwrap().count(), 2);
    }
}
