//! The intake folder: `incoming/` → `done/` or `failed/`, each by one rename. A folder in it is named after a source: what lies there is from
//! that source.

use std::{
    collections::HashMap,
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context;

/// Names tried before giving up when a file of the same name lies in the target folder.
const SAME_NAME_MAX: u32 = 10_000;

/// The three folders.
pub struct IntakeFolder {
    incoming: PathBuf,
    done: PathBuf,
    failed: PathBuf,
}

impl IntakeFolder {
    /// Under this folder; they are made when they are not there.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        let folder =
            Self { incoming: root.join("incoming"), done: root.join("done"), failed: root.join("failed") };
        for one in [&folder.incoming, &folder.done, &folder.failed] {
            fs::create_dir_all(one).with_context(|| format!("cannot make the folder {}", one.display()))?;
        }
        Ok(folder)
    }

    /// Where files are put.
    pub fn incoming(&self) -> &Path {
        &self.incoming
    }

    /// The source that a file is from, by the folder it lies in.
    pub fn source<'f>(&self, file: &'f Path) -> Option<&'f str> {
        let folder = file.strip_prefix(&self.incoming).ok()?.parent()?;
        folder.to_str().filter(|name| !name.is_empty())
    }

    /// A file was taken in whole.
    pub fn done(&self, file: &Path) -> anyhow::Result<PathBuf> {
        self.move_into(file, &self.done)
    }

    /// A file was not, or only in part: the reason lies beside it, as `NAME.reason`.
    pub fn failed(&self, file: &Path, reason: &str) -> anyhow::Result<PathBuf> {
        let moved = self.move_into(file, &self.failed)?;
        let mut name = moved.file_name().unwrap_or_default().to_owned();
        name.push(".reason");
        let path = moved.with_file_name(name);
        let write = || {
            let mut file = fs::File::create(&path)?;
            file.write_all(reason.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(moved)
    }

    fn move_into(&self, file: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
        let Some(source) = self.source(file) else { return move_into(file, folder) };
        let folder = folder.join(source);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        move_into(file, &folder)
    }

    /// The files lying in `incoming/` and in the folders of sources, by name. What begins with a dot or ends in `.part` or `.tmp` is still
    /// being written.
    fn list(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for path in entries(&self.incoming)? {
            if path.is_dir() {
                files.extend(entries(&path)?.into_iter().filter(|path| path.is_file()));
            } else if path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

/// What lies in a folder and is not still being written.
fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listing = || format!("cannot list {}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(listing)? {
        let path = entry.with_context(listing)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with('.') && !name.ends_with(".part") && !name.ends_with(".tmp") {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn move_into(file: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for number in 0..SAME_NAME_MAX {
        let target = folder.join(if number == 0 { name.clone() } else { format!("{name}.{number}") });
        // Only this process moves files here: what is not there now is not there at the rename.
        if target.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            fs::rename(file, &target)
                .with_context(|| format!("cannot move {} to {}", file.display(), target.display()))?;
            return Ok(target);
        }
    }
    anyhow::bail!("{} holds {SAME_NAME_MAX} files named {name}. Clear it up", folder.display())
}

/// Knows which files have stopped changing.
pub struct Settled {
    wait: Duration,
    seen: HashMap<PathBuf, Seen>,
}

#[derive(PartialEq)]
struct State {
    size: u64,
    modified: Option<SystemTime>,
}

struct Seen {
    state: State,
    since: Instant,
}

impl Settled {
    /// A file counts as settled when it has not changed for this long.
    pub fn new(wait: Duration) -> Self {
        Self { wait, seen: HashMap::new() }
    }

    /// The files that are settled now.
    pub fn ready(&mut self, folder: &IntakeFolder, now: Instant) -> anyhow::Result<Vec<PathBuf>> {
        let files = folder.list()?;
        self.seen.retain(|path, _| files.binary_search(path).is_ok());
        let mut ready = Vec::new();
        for path in files {
            // A file that went away in between is not there next time either.
            let Ok(metadata) = path.metadata() else { continue };
            let state = State { size: metadata.len(), modified: metadata.modified().ok() };
            let seen = self.seen.entry(path.clone()).or_insert(Seen { state, since: now });
            let state = State { size: metadata.len(), modified: metadata.modified().ok() };
            if seen.state != state {
                *seen = Seen { state, since: now };
            }
            if now.duration_since(seen.since) >= self.wait {
                ready.push(path);
            }
        }
        Ok(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_ready_when_it_has_stopped_growing() {
        let root = tempfile::tempdir().unwrap();
        let folder = IntakeFolder::open(root.path()).unwrap();
        let mut settled = Settled::new(Duration::from_secs(2));
        let start = Instant::now();
        let file = folder.incoming().join("a.csv");
        fs::write(&file, "x").unwrap();
        fs::write(folder.incoming().join("b.csv.part"), "x").unwrap();
        assert!(settled.ready(&folder, start).unwrap().is_empty());
        fs::write(&file, "xy").unwrap();
        assert!(settled.ready(&folder, start + Duration::from_secs(2)).unwrap().is_empty());
        assert_eq!(settled.ready(&folder, start + Duration::from_secs(4)).unwrap(), [file]);
    }

    #[test]
    fn a_folder_in_it_is_a_source() {
        let root = tempfile::tempdir().unwrap();
        let folder = IntakeFolder::open(root.path()).unwrap();
        fs::create_dir(folder.incoming().join("divd")).unwrap();
        let (own, theirs) = (folder.incoming().join("a.csv"), folder.incoming().join("divd").join("a.csv"));
        for file in [&own, &theirs, &folder.incoming().join("divd").join("b.part")] {
            fs::write(file, "x").unwrap();
        }
        assert_eq!(folder.list().unwrap(), [own.clone(), theirs.clone()]);
        assert_eq!((folder.source(&own), folder.source(&theirs)), (None, Some("divd")));
        assert_eq!(folder.done(&theirs).unwrap(), root.path().join("done/divd/a.csv"));
        fs::write(&theirs, "y").unwrap();
        folder.failed(&theirs, "why").unwrap();
        assert_eq!(fs::read_to_string(root.path().join("failed/divd/a.csv.reason")).unwrap(), "why\n");
    }

    #[test]
    fn the_same_name_twice_overwrites_nothing_and_a_reason_lies_beside() {
        let root = tempfile::tempdir().unwrap();
        let folder = IntakeFolder::open(root.path()).unwrap();
        let file = folder.incoming().join("a.csv");
        fs::write(&file, "one").unwrap();
        folder.failed(&file, "first").unwrap();
        fs::write(&file, "two").unwrap();
        let second = folder.failed(&file, "second").unwrap();
        assert_eq!(fs::read_to_string(root.path().join("failed/a.csv")).unwrap(), "one");
        assert_eq!(fs::read_to_string(second).unwrap(), "two");
        assert_eq!(fs::read_to_string(root.path().join("failed/a.csv.1.reason")).unwrap(), "second\n");
    }
}
