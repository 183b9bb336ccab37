//! A report on its way in: what it is known by before it is read whole.

use std::io::{Seek, SeekFrom};

use anyhow::Context;
use schakel_formats::containers::{Container, sniff};
use schakel_model::ids::ReportId;
use schakel_store::{
    StoreError,
    reports::{Report, ReportState, Same},
};

use crate::{
    incoming::Incoming,
    pipeline::run::hash_all,
    reading::{Reading, read_head},
};

/// Did its bytes come in before?
pub enum Known {
    /// They are this report.
    Report(ReportId),
    /// They are the beginning of this one, which was broken off.
    Interrupted(ReportId),
    /// They are new.
    No,
}

/// A report on its way in.
pub struct OpenReport {
    /// What came in, opened if it was sealed.
    pub incoming: Incoming,
    /// Bytes, when it was recognised.
    pub size: u64,
    /// The first bytes.
    pub head: Vec<u8>,
    /// BLAKE3 of [`OpenReport::head`].
    pub head_hash: [u8; 32],
    /// How its bytes are kept.
    pub kept: Kept,
    /// BLAKE3 of all bytes, once it was needed.
    pub content_hash: Option<[u8; 32]>,
}

/// How the bytes of a report are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the chunks of its rows.
    AsRows,
    /// By themselves, beside the rows that were found in them: a container, or a document that is transcribed.
    Whole,
}

impl OpenReport {
    /// Looks at the first bytes.
    pub fn open(mut incoming: Incoming, reading: &Reading) -> anyhow::Result<Self> {
        let head = read_head(&mut incoming).with_context(|| format!("cannot read {}", incoming.name))?;
        let name = &incoming.name;
        let of_rows = sniff(name, &head) == Container::Plain && reading.is_of_rows(name, &head);
        Ok(Self {
            kept: if of_rows { Kept::AsRows } else { Kept::Whole },
            head_hash: *blake3::hash(&head).as_bytes(),
            size: incoming.size(),
            content_hash: None,
            incoming,
            head,
        })
    }

    /// The name by which it is read.
    pub fn name(&self) -> &str {
        &self.incoming.name
    }

    /// The hash of all bytes; the file stands behind its head afterwards.
    pub fn hash_whole(&mut self) -> anyhow::Result<[u8; 32]> {
        if let Some(hash) = self.content_hash {
            return Ok(hash);
        }
        self.incoming.seek(SeekFrom::Start(0))?;
        let (hash, _) = hash_all(&mut self.incoming)?;
        self.incoming.seek(SeekFrom::Start(self.head.len() as u64))?;
        self.content_hash = Some(hash);
        Ok(hash)
    }

    /// Back to its beginning; of a file of rows the head is read again.
    pub fn rewind(&mut self) -> anyhow::Result<()> {
        self.incoming.seek(SeekFrom::Start(0))?;
        if self.kept == Kept::AsRows {
            self.head = read_head(&mut self.incoming)?;
        }
        Ok(())
    }

    /// Did its bytes come in before? `find` looks in the store.
    pub fn known(
        &mut self,
        find: &dyn Fn(Same<'_>) -> Result<Vec<Report>, StoreError>,
    ) -> anyhow::Result<Known> {
        if self.kept == Kept::Whole {
            self.hash_whole()?;
        }
        let mut known = Known::No;
        for candidate in find(Same::Head { size: self.size, hash: &self.head_hash })? {
            match candidate.content_hash {
                _ if candidate.state == ReportState::Taking => {
                    // A container's hash is known from the start; a plain file shows while reading whether it is the same.
                    let same =
                        candidate.content_hash.is_none() || candidate.content_hash == self.content_hash;
                    if same {
                        known = Known::Interrupted(candidate.id);
                    }
                }
                Some(hash) if hash == self.hash_whole()? => return Ok(Known::Report(candidate.id)),
                _ => {}
            }
        }
        // A file that had changed while it was read has another size than when it was recognised.
        if let Some(hash) = &self.content_hash
            && let Some(report) = find(Same::Content(hash))?.pop()
        {
            return Ok(Known::Report(report.id));
        }
        Ok(known)
    }
}
