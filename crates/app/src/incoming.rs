//! What is to be taken in: bytes under a name, and where they come from.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::Path,
    time::SystemTime,
};

use anyhow::Context;
use schakel_model::{
    arrival::Receipt,
    ids::{CampaignId, ReportId, SourceId},
    tlp::Tlp,
};
use schakel_store::parcels_in::NewParcelIn;

/// Where a report comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// Who sent it; 0 is nobody in particular.
    pub source: SourceId,
    /// The number it got at a door.
    pub receipt: Option<Receipt>,
    /// When it came in, in seconds since 1970; `None`: now.
    pub received_at: Option<i64>,
    /// The marking of what bears none; `None`: that of the configuration.
    pub tlp: Option<Tlp>,
    /// Those who are affected may not be told of it.
    pub untold: bool,
    /// It is taken in even though its bytes came in before.
    pub again: bool,
    /// It is told by this campaign, and not otherwise.
    pub campaign: Option<CampaignId>,
}

/// The parcels of another hub that a report is made of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Tied {
    /// It is made of none.
    #[default]
    No,
    /// Of these: they have their effect with it.
    New(Vec<NewParcelIn>),
    /// They are tied to this report already, which was broken off: it goes on.
    Begun(ReportId),
}

/// Something to take in.
pub struct Incoming {
    /// The name by which it is read.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The parcels that it is made of.
    pub tied: Tied,
    bytes: Bytes,
    opened: Option<Cursor<Vec<u8>>>,
}

/// What can be read from its beginning again.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

enum Bytes {
    File { file: File, size: u64, modified: Option<SystemTime> },
    Memory(Cursor<Vec<u8>>),
}

impl Incoming {
    /// A file under its own name, from nobody in particular.
    pub fn file(path: &Path) -> anyhow::Result<Self> {
        let opening = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(opening)?;
        let metadata = file.metadata().with_context(opening)?;
        anyhow::ensure!(metadata.is_file(), "{} is no file", path.display());
        Ok(Self {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            origin: Origin::default(),
            tied: Tied::No,
            bytes: Bytes::File { file, size: metadata.len(), modified: metadata.modified().ok() },
            opened: None,
        })
    }

    /// Bytes in memory.
    pub fn memory(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            origin: Origin::default(),
            tied: Tied::No,
            bytes: Bytes::Memory(Cursor::new(bytes)),
            opened: None,
        }
    }

    /// Under another name, from somebody.
    pub fn from(self, name: &str, origin: Origin) -> Self {
        Self { name: name.to_owned(), origin, ..self }
    }

    /// It is sealed, and this is what is in it: that is read, and the bytes as they came are kept.
    pub fn read_as(&mut self, opened: Vec<u8>) {
        self.opened = Some(Cursor::new(opened));
    }

    /// What is to be read, from its beginning.
    pub fn content(&mut self) -> io::Result<&mut dyn ReadSeek> {
        let content: &mut dyn ReadSeek = match &mut self.opened {
            Some(opened) => opened,
            None => match &mut self.bytes {
                Bytes::File { file, .. } => file,
                Bytes::Memory(bytes) => bytes,
            },
        };
        content.rewind()?;
        Ok(content)
    }

    /// Its size when it was opened, in bytes.
    pub fn size(&self) -> u64 {
        match &self.bytes {
            Bytes::File { size, .. } => *size,
            Bytes::Memory(bytes) => bytes.get_ref().len() as u64,
        }
    }

    /// Has somebody written to it since it was opened?
    pub fn changed(&self) -> io::Result<bool> {
        let Bytes::File { file, size, modified } = &self.bytes else { return Ok(false) };
        let metadata = file.metadata()?;
        Ok(metadata.len() != *size || metadata.modified().ok() != *modified)
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Bytes::File { file, .. } => file.read(buffer),
            Bytes::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Incoming {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.bytes {
            Bytes::File { file, .. } => file.seek(to),
            Bytes::Memory(bytes) => bytes.seek(to),
        }
    }
}
