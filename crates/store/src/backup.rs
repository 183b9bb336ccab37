//! A consistent copy of an installation, and the way back.
//!
//! The database is copied first, through SQLite's own backup, then the frames it names: frames are only ever appended, so those are
//! there. The secret goes into a folder of its own. A restore raises the epoch, which is part of Message-IDs, and pauses sending: what
//! was waiting when the copy was made may have been sent since.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use rusqlite::Connection;
use schakel_model::{fate::Fate, ids::NotificationId};

use crate::{
    Reader, Store, StoreError,
    audit::{self, Action, Entry},
    chunks::{Block, Blocks, blocks, last_frame},
    data_dir::DataDir,
    error::{DatabaseContext, FileContext},
    handovers, outbox,
    spool::SpoolDesk,
};

/// Pages copied between two looks at other writers.
const PAGES_A_STEP: i32 = 4096;

/// What to do with what was waiting to be told when the backup was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waiting {
    /// It may have been told already: hold it, shown in the ledger.
    Hold,
    /// It was not told: send it.
    Send,
}

/// Copies the installation behind `reader` into `target`, which must be empty or not there.
pub fn backup(reader: &Reader, target: &Path) -> Result<(), StoreError> {
    require_empty(target)?;
    let secrets = target.join("secrets");
    let raw = target.join("raw");
    for folder in [target, &secrets, &raw] {
        fs::create_dir_all(folder).on("make the folder", folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).on("make private", folder)?;
    }
    // What leaves the spool while it is copied is in the store, which is copied after it.
    let spool = target.join("spool");
    if reader.data().spool().exists() {
        fs::create_dir_all(&spool).on("make the folder", &spool)?;
        SpoolDesk::open(reader.data())?.copy_into(&spool)?;
    }
    let database = target.join("store.sqlite");
    let mut copy = Connection::open(&database).doing("make the backup's database")?;
    rusqlite::backup::Backup::new(&reader.connection, &mut copy)
        .and_then(|backup| backup.run_to_completion(PAGES_A_STEP, Duration::ZERO, None))
        .doing("copy the database")?;
    let last = last_frame(&copy)?;
    drop(copy);
    sync(&database)?;
    if let Some(last) = last {
        for segment in 1..=last.segment {
            let name = format!("{segment:06}.seg");
            let end = (segment == last.segment).then(|| last.offset + u64::from(last.length));
            copy_file(&reader.data().raw().join(&name), &raw.join(&name), end)?;
        }
    }
    copy_file(&reader.data().secret(), &secrets.join("secret.key"), None)?;
    copy_keys(&reader.data().keys(), &secrets.join("keys"))?;
    for (file, name) in
        [(reader.data().config(), "schakel.toml"), (reader.data().erasures(), "erasures.jsonl")]
    {
        if file.exists() {
            copy_file(&file, &target.join(name), None)?;
        }
    }
    for folder in [target, &secrets, &raw] {
        sync(folder)?;
    }
    Ok(())
}

/// Brings a backup back into an empty data directory, with the epoch raised and sending paused.
pub fn restore(source: &Path, data: &DataDir) -> Result<Store, StoreError> {
    if !source.join("store.sqlite").exists() {
        return Err(StoreError::NoBackup { path: source.to_owned() });
    }
    if data.has_store() {
        return Err(not_empty(data.root()));
    }
    data.create()?;
    copy_folder(&source.join("raw"), &data.raw())?;
    if source.join("spool").exists() {
        fs::create_dir_all(data.spool()).on("make the folder", &data.spool())?;
        copy_folder(&source.join("spool"), &data.spool())?;
    }
    copy_file(&source.join("secrets/secret.key"), &data.secret(), None)?;
    copy_keys(&source.join("secrets/keys"), &data.keys())?;
    let config = source.join("schakel.toml");
    if config.exists() && !data.config().exists() {
        copy_file(&config, &data.config(), None)?;
    }
    // The list that is there already knows more than the backup's.
    let erasures = source.join("erasures.jsonl");
    if erasures.exists() && !data.erasures().exists() {
        copy_file(&erasures, &data.erasures(), None)?;
    }
    // The database last: a restore that was cut off is no store yet and can be begun again.
    let partial = data.root().join("store.sqlite.partial");
    copy_file(&source.join("store.sqlite"), &partial, None)?;
    fs::rename(&partial, data.database()).on("put in place", &data.database())?;
    sync(data.root())?;
    let mut store = Store::open(data)?;
    let epoch = store.read(outbox::epoch)? + 1;
    store.set_meta("epoch", Some(&epoch.to_string()))?;
    store.set_meta("outbox_paused", Some("restored from a backup"))?;
    Ok(store)
}

/// Lets sending go on after a restore.
pub fn confirm_restore(store: &mut Store, now: i64, actor: &str, waiting: Waiting) -> Result<(), StoreError> {
    if waiting == Waiting::Hold {
        let mut held = store.read(|connection| blocks(connection, &Blocks::WithFate(Fate::Queued)))?;
        held.extend(store.read(|connection| blocks(connection, &Blocks::WithFate(Fate::Digest)))?);
        // What another hub was told has its effect there once, however often it is sent: its parcels go.
        let handed_over = store.read(handovers::notifications)?;
        let by_hub = |block: &Block| {
            block.reference.is_some_and(|number| handed_over.contains(&NotificationId(number)))
        };
        let held: Vec<i64> = held.iter().filter(|block| !by_hub(block)).map(|block| block.id).collect();
        store.change_fate(
            now,
            &held,
            Fate::Held,
            None,
            "restored from a backup: may have been told since the backup",
        )?;
        let unfinished = store.read(outbox::unfinished)?;
        let results: Vec<_> = unfinished
            .iter()
            .map(|message| outbox::AttemptResult {
                message: message.id,
                state: outbox::MessageState::GivenUp,
                next_at: 0,
                outcome: "not sent again after a restore".to_owned(),
                failure: None,
            })
            .collect();
        store.finish_attempts(now, &results)?;
    }
    store.set_meta("outbox_paused", None)?;
    store.write(|transaction| {
        let epoch = outbox::epoch(transaction)?;
        let subject = format!("epoch:{epoch}");
        let detail = match waiting {
            Waiting::Hold => r#"{"waiting":"held"}"#,
            Waiting::Send => r#"{"waiting":"sent"}"#,
        };
        let action = Action::RestoreConfirmed;
        let entry = Entry { at: now, actor, action, subject: &subject, reason: "", detail };
        audit::append(transaction, &entry).map(|_| ())
    })
}

fn require_empty(target: &Path) -> Result<(), StoreError> {
    let taken = fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
    if taken { Err(not_empty(target)) } else { Ok(()) }
}

fn not_empty(path: &Path) -> StoreError {
    let cause = std::io::Error::new(
        std::io::ErrorKind::AlreadyExists,
        "it is not empty; choose an empty or new folder",
    );
    StoreError::File { action: "write a copy into", path: path.to_owned(), cause }
}

/// Our keys, and those of others, where there are any: a folder for each kind.
fn copy_keys(from: &Path, to: &Path) -> Result<(), StoreError> {
    if !from.is_dir() {
        return Ok(());
    }
    for kind in fs::read_dir(from).on("list", from)? {
        let kind = kind.on("list", from)?;
        if !kind.path().is_dir() {
            continue;
        }
        let target = to.join(kind.file_name());
        fs::create_dir_all(&target).on("make the folder", &target)?;
        fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).on("make private", &target)?;
        copy_folder(&kind.path(), &target)?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(from).on("list", from)? {
        let entry = entry.on("list", from)?;
        copy_file(&entry.path(), &to.join(entry.file_name()), None)?;
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path, bytes: Option<u64>) -> Result<(), StoreError> {
    let mut input = File::open(from).on("open", from)?.take(bytes.unwrap_or(u64::MAX));
    let mut output = File::create(to).on("make", to)?;
    output.set_permissions(fs::Permissions::from_mode(0o600)).on("make private", to)?;
    std::io::copy(&mut input, &mut output).on("copy to", to)?;
    output.flush().on("write", to)?;
    output.sync_all().on("sync", to)
}

fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).on("sync", path)
}
