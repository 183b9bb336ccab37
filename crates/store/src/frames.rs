//! Raw bytes as zstd frames, appended to segment files `raw/000001.seg`, one after another.
//!
//! A frame is written and synced before the transaction that names it. What stands behind the last committed frame after a crash is
//! nobody's and is written over.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::{StoreError, error::FileContext};

/// A segment is closed at this size: small enough to copy and delete, large enough to keep files few.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// A frame unpacks to at most this: a chunk's bytes, or an original's block. Keeps a damaged length from asking for all memory.
pub const FRAME_RAW_BYTES_MAX: usize = 256 << 20;

/// zstd level: level 1 packs real reports about ten times at 400 MB/s a core.
const LEVEL: i32 = 1;
/// Its table of places seen before, as a power of two: half of what level 1 has, so that it fits a core's nearest cache (32 KB). A tenth
/// faster for 4 % more bytes; the levels below 1 are no faster than this and take 40 % more.
const HASH_LOG: u32 = 13;

/// Where a frame stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameRef {
    /// Number of the segment file, from 1.
    pub segment: u32,
    /// Bytes from its start.
    pub offset: u64,
    /// Bytes on disk.
    pub length: u32,
    /// Bytes unpacked.
    pub raw_length: u32,
}

/// Packs bytes into a frame. One for each thread.
pub struct Packer {
    inner: zstd::bulk::Compressor<'static>,
    /// As large as the largest frame might have been; what is handed out is only as large as it is.
    buffer: Vec<u8>,
}

impl Packer {
    /// A packer at the store's level.
    pub fn new() -> io::Result<Self> {
        let mut inner = zstd::bulk::Compressor::new(LEVEL)?;
        inner.set_parameter(zstd::zstd_safe::CParameter::HashLog(HASH_LOG))?;
        Ok(Self { inner, buffer: Vec::new() })
    }

    /// The frame of these bytes.
    pub fn pack(&mut self, raw: &[u8]) -> io::Result<Vec<u8>> {
        self.buffer.clear();
        self.buffer.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        self.inner.compress_to_buffer(raw, &mut self.buffer)?;
        Ok(self.buffer.as_slice().to_vec())
    }
}

/// Appends frames.
pub struct FrameWriter {
    folder: PathBuf,
    segment: u32,
    offset: u64,
    file: File,
    unsynced: bool,
    new_file: bool,
}

impl FrameWriter {
    /// Goes on behind the last committed frame, or starts the first segment.
    pub fn open(folder: &Path, last: Option<FrameRef>) -> Result<Self, StoreError> {
        let (segment, offset) =
            last.map_or((1, 0), |frame| (frame.segment, frame.offset + u64::from(frame.length)));
        let path = segment_path(folder, segment);
        let new_file = !path.exists();
        let file = open_segment(&path)?;
        let length = file.metadata().on("look at", &path)?.len();
        if length < offset {
            let what = format!("{} has {length} bytes, the store names {offset}", path.display());
            return Err(StoreError::Damaged { what });
        }
        file.set_len(offset).on("cut what was never committed off", &path)?;
        Ok(Self { folder: folder.to_owned(), segment, offset, file, unsynced: false, new_file })
    }

    /// Writes a frame; it counts once [`FrameWriter::sync`] has returned and a transaction names it.
    pub fn append(&mut self, frame: &[u8], raw_length: usize) -> Result<FrameRef, StoreError> {
        if self.offset >= SEGMENT_BYTES_MAX {
            self.sync()?;
            self.segment += 1;
            self.offset = 0;
            self.file = open_segment(&segment_path(&self.folder, self.segment))?;
            self.new_file = true;
        }
        let path = || segment_path(&self.folder, self.segment);
        self.file.write_all_at(frame, self.offset).map_err(|cause| StoreError::File {
            action: "write to",
            path: path(),
            cause,
        })?;
        let length = u32::try_from(frame.len()).expect("a frame is far below 4 GiB");
        let raw_length = u32::try_from(raw_length).expect("a chunk is far below 4 GiB");
        let frame = FrameRef { segment: self.segment, offset: self.offset, length, raw_length };
        self.offset += u64::from(length);
        self.unsynced = true;
        Ok(frame)
    }

    /// Makes all appended frames durable.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.unsynced {
            let path = segment_path(&self.folder, self.segment);
            self.file.sync_data().on("sync", &path)?;
            if self.new_file {
                File::open(&self.folder).and_then(|folder| folder.sync_all()).on("sync", &self.folder)?;
                self.new_file = false;
            }
            self.unsynced = false;
        }
        Ok(())
    }

    /// Takes back what was appended since `offset` was taken (after a failed commit).
    pub fn rewind(&mut self, to: (u32, u64)) -> Result<(), StoreError> {
        if self.segment != to.0 {
            self.segment = to.0;
            self.file = open_segment(&segment_path(&self.folder, to.0))?;
        }
        self.offset = to.1;
        Ok(())
    }

    /// Where the next frame will stand.
    pub fn position(&self) -> (u32, u64) {
        (self.segment, self.offset)
    }
}

fn open_segment(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).on("open", path)
}

pub(crate) fn segment_path(folder: &Path, segment: u32) -> PathBuf {
    folder.join(format!("{segment:06}.seg"))
}

/// Reads frames. Keeps the last segment open.
pub struct FrameReader {
    folder: PathBuf,
    open: Option<(u32, File)>,
    packed: Vec<u8>,
    inner: zstd::bulk::Decompressor<'static>,
}

impl FrameReader {
    /// Over the folder of segments.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let inner = zstd::bulk::Decompressor::new()?;
        Ok(Self { folder: folder.to_owned(), open: None, packed: Vec::new(), inner })
    }

    /// Unpacks a frame into `raw` (cleared first).
    pub fn read(&mut self, frame: FrameRef, raw: &mut Vec<u8>) -> Result<(), StoreError> {
        let path = segment_path(&self.folder, frame.segment);
        if self.open.as_ref().is_none_or(|(segment, _)| *segment != frame.segment) {
            self.open = Some((frame.segment, File::open(&path).on("open", &path)?));
        }
        let (_, file) = self.open.as_ref().expect("opened above");
        self.packed.resize(frame.length as usize, 0);
        file.read_exact_at(&mut self.packed, frame.offset).on("read", &path)?;
        let raw_length = frame.raw_length as usize;
        if raw_length > FRAME_RAW_BYTES_MAX {
            return Err(StoreError::Damaged {
                what: format!("a frame in {} claims {raw_length} bytes", path.display()),
            });
        }
        raw.clear();
        raw.reserve(raw_length);
        let unpacked = self.inner.decompress_to_buffer(&self.packed, raw).on("unpack a frame of", &path)?;
        if unpacked != raw_length {
            let what = format!("a frame in {} unpacks to {unpacked} bytes, not {raw_length}", path.display());
            return Err(StoreError::Damaged { what });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_and_a_torn_tail_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut packer = Packer::new().unwrap();
        let mut writer = FrameWriter::open(folder.path(), None).unwrap();
        let first = writer.append(&packer.pack(b"one").unwrap(), 3).unwrap();
        writer.append(b"torn", 4).unwrap();
        drop(writer);
        let mut writer = FrameWriter::open(folder.path(), Some(first)).unwrap();
        let second = writer.append(&packer.pack(b"second").unwrap(), 6).unwrap();
        writer.sync().unwrap();
        assert_eq!(second.offset, u64::from(first.length));
        let mut reader = FrameReader::new(folder.path()).unwrap();
        let mut raw = Vec::new();
        reader.read(first, &mut raw).unwrap();
        assert_eq!(raw, b"one");
        reader.read(second, &mut raw).unwrap();
        assert_eq!(raw, b"second");
    }

    #[test]
    fn a_missing_segment_is_damage_and_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let last = FrameRef { segment: 1, offset: 0, length: 10, raw_length: 10 };
        assert!(matches!(FrameWriter::open(folder.path(), Some(last)), Err(StoreError::Damaged { .. })));
    }
}
