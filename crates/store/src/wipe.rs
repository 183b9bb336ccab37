//! Overwriting frames that nothing names any more, so that their bytes are really gone.
//!
//! A frame is overwritten with zeros, synced, and then given back to the file system as a hole, so that the other frames keep their places.
//! Which frames are to be overwritten stands in the store from the transaction that stopped naming them until it is done, so a crash in
//! between only means that it is done when the store is next opened.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
};

use rusqlite::{Connection, params};
use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
};

use crate::{
    StoreError, error::DatabaseContext, error::FileContext, frames::segment_path, transaction::Transaction,
};

/// Zeros are written in pieces of this many bytes.
const PIECE_BYTES: usize = 1 << 20;

/// A stretch of a segment.
struct Stretch {
    segment: u32,
    offset: u64,
    length: u64,
}

/// Notes all frames of these rows (columns segment, offset, length) as to be overwritten.
pub(crate) fn note(transaction: &Transaction<'_>, select: &str, argument: i64) -> Result<(), StoreError> {
    transaction
        .prepare_cached(&format!("INSERT OR IGNORE INTO wipe (segment, offset, length) {select}"))
        .and_then(|mut statement| statement.execute([argument]))
        .doing("note what is to be overwritten")
        .map(|_| ())
}

/// Overwrites what is noted. Nothing to do is the usual case.
pub(crate) fn finish(connection: &Connection, folder: &Path) -> Result<u64, StoreError> {
    let noted: Vec<Stretch> = connection
        .prepare("SELECT segment, offset, length FROM wipe ORDER BY segment, offset")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    let number = |column| row.get::<_, i64>(column).map(|value| value as u64);
                    Ok(Stretch { segment: row.get(0)?, offset: number(1)?, length: number(2)? })
                })?
                .collect()
        })
        .doing("read what is to be overwritten")?;
    let mut bytes = 0;
    for of_segment in noted.chunk_by(|a, b| a.segment == b.segment) {
        let segment = of_segment[0].segment;
        let path = segment_path(folder, segment);
        let file = OpenOptions::new().write(true).open(&path).on("open", &path)?;
        let length = file.metadata().on("look at", &path)?.len();
        for stretch in of_segment {
            // Behind the end there is nothing: the tail was cut off.
            let end = (stretch.offset + stretch.length).min(length);
            zero(&file, stretch.offset, end).on("overwrite frames of", &path)?;
            bytes += end.saturating_sub(stretch.offset);
        }
        file.sync_data().on("sync", &path)?;
        for stretch in of_segment {
            punch(&file, stretch).on("give back the room of frames of", &path)?;
        }
        file.sync_data().on("sync", &path)?;
        connection
            .execute("DELETE FROM wipe WHERE segment = ?1", params![segment])
            .doing("note what was overwritten")?;
    }
    Ok(bytes)
}

fn zero(file: &File, from: u64, to: u64) -> std::io::Result<()> {
    let zeros = vec![0; PIECE_BYTES.min(to.saturating_sub(from) as usize)];
    let mut at = from;
    while at < to {
        let piece = zeros.len().min((to - at) as usize);
        file.write_all_at(&zeros[..piece], at)?;
        at += piece as u64;
    }
    Ok(())
}

fn punch(file: &File, stretch: &Stretch) -> std::io::Result<()> {
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match fallocate(file, flags, stretch.offset, stretch.length) {
        // The zeros are what counts; a file system without holes only keeps the room.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Store, data_dir::DataDir, error::DatabaseContext};

    #[test]
    fn what_a_crash_kept_from_being_overwritten_is_overwritten_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let mut store = Store::open(&data).unwrap();
        let gone = store.frames.append(b"marker-of-a-frame", 17).unwrap();
        let kept = store.frames.append(b"kept", 4).unwrap();
        store.frames.sync().unwrap();
        store
            .write(|transaction| {
                transaction
                    .execute_batch(&format!(
                        "INSERT INTO wipe VALUES (1, {}, {});
                         INSERT INTO meta VALUES ('moved_frame', '1 {} 4 4')",
                        gone.offset, gone.length, kept.offset
                    ))
                    .doing("note")
            })
            .unwrap();
        drop(store);
        let segment = data.raw().join("000001.seg");
        assert!(std::fs::read(&segment).unwrap().starts_with(b"marker"));
        let store = Store::open(&data).unwrap();
        assert_eq!(std::fs::read(&segment).unwrap(), [&[0; 17][..], b"kept"].concat());
        let left: i64 = store
            .read(|connection| {
                connection.query_row("SELECT count(*) FROM wipe", [], |row| row.get(0)).doing("count")
            })
            .unwrap();
        assert_eq!(left, 0);
    }
}
