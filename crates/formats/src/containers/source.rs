//! Bytes on their way out of a container: a buffer that can be looked into, and a meter that keeps the limits.

use std::{
    io::{self, BufRead, Read},
    sync::Arc,
};

use super::{ContainerError, Shared};

/// What is read at once. More gains nothing; a few of these exist, one for each level.
const BUFFER_BYTES: usize = 64 << 10;

/// A buffered stream of which the next bytes can be looked at without taking them.
pub struct Source<'s> {
    inner: &'s mut dyn Read,
    buffer: Box<[u8]>,
    from: usize,
    until: usize,
    counted: Option<Outermost<'s>>,
}

/// The report itself: its bytes count as packed, its read errors are recorded here.
struct Outermost<'s> {
    shared: &'s Shared<'s>,
    path: String,
    /// Recorded once, given again at every later read.
    failed: Option<ContainerError>,
}

impl<'s> Source<'s> {
    /// Over something that was unpacked: its errors have been recorded below.
    pub fn new(inner: &'s mut dyn Read) -> Self {
        Self { inner, buffer: vec![0; BUFFER_BYTES].into(), from: 0, until: 0, counted: None }
    }

    /// Over the report itself, or over a part of a mail in memory.
    pub fn outermost(inner: &'s mut dyn Read, shared: &'s Shared<'s>, path: &str) -> Self {
        Self { counted: Some(Outermost { shared, path: path.to_owned(), failed: None }), ..Self::new(inner) }
    }

    /// The next bytes, `wanted` of them (at most 64 KiB) unless the stream ends before. They stay to be read.
    pub fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        let wanted = wanted.min(BUFFER_BYTES);
        if self.until - self.from < wanted {
            self.buffer.copy_within(self.from..self.until, 0);
            self.until -= self.from;
            self.from = 0;
            while self.until < wanted {
                match self.refill() {
                    Ok(0) => break,
                    Ok(_) => {}
                    // What stands before the break is still good.
                    Err(_) if self.until > 0 => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(&self.buffer[self.from..self.until.min(self.from + wanted)])
    }

    /// Takes `count` bytes away without handing them over; `false` when the stream ended before.
    pub fn skip(&mut self, mut count: u64) -> io::Result<bool> {
        while count > 0 {
            let here = self.fill_buf()?.len();
            if here == 0 {
                return Ok(false);
            }
            let taken = here.min(usize::try_from(count).unwrap_or(usize::MAX));
            self.consume(taken);
            count -= taken as u64;
        }
        Ok(true)
    }

    fn refill(&mut self) -> io::Result<usize> {
        if let Some(Outermost { failed: Some(error), .. }) = &self.counted {
            return Err(io::Error::other(error.clone()));
        }
        loop {
            match self.inner.read(&mut self.buffer[self.until..]) {
                Ok(count) => {
                    self.until += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn failed(&mut self, error: io::Error) -> io::Error {
        let Some(outermost) = &mut self.counted else { return error };
        let error = ContainerError::Read { path: outermost.path.clone(), source: Arc::new(error) };
        outermost.failed = Some(error.clone());
        outermost.shared.fail(error)
    }
}

impl Read for Source<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let here = self.fill_buf()?;
        let count = here.len().min(into.len());
        into[..count].copy_from_slice(&here[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.from == self.until {
            self.from = 0;
            self.until = 0;
            self.refill()?;
        }
        Ok(&self.buffer[self.from..self.until])
    }

    fn consume(&mut self, count: usize) {
        self.from = (self.from + count).min(self.until);
        if let Some(Outermost { shared, .. }) = &self.counted {
            shared.packed.set(shared.packed.get() + count as u64);
        }
    }
}

/// Keeps count of what comes out of one decompressor and stops it at the limits. Turns the decompressor's errors into ours.
pub struct Meter<'s> {
    shared: &'s Shared<'s>,
    path: String,
    packed_before: u64,
    /// What was handed over.
    pub unpacked: u64,
    /// Reading on after an error gives the same error, not other bytes.
    failed: Option<ContainerError>,
}

impl<'s> Meter<'s> {
    /// For the file at `path`, from here on.
    pub fn new(shared: &'s Shared<'s>, path: &str) -> Self {
        Self { shared, path: path.to_owned(), packed_before: shared.packed.get(), unpacked: 0, failed: None }
    }

    /// One read from the decompressor, within the limits.
    pub fn read(
        &mut self,
        into: &mut [u8],
        unpack: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if let Some(error) = &self.failed {
            return Err(io::Error::other(error.clone()));
        }
        if into.is_empty() {
            return Ok(0);
        }
        let caps = self.shared.caps;
        let packed = self.shared.packed.get() - self.packed_before;
        if self.unpacked > caps.ratio_free_bytes && self.unpacked / caps.ratio_max > packed {
            return Err(self.fail(ContainerError::RatioTooHigh {
                path: self.path.clone(),
                ratio_max: caps.ratio_max,
                unpacked_bytes: self.unpacked,
            }));
        }
        let left = caps.unpacked_bytes_max - self.shared.unpacked.get().min(caps.unpacked_bytes_max);
        // At the limit one byte more is tried: a file may end exactly there.
        let room = into.len().min(BUFFER_BYTES).min(usize::try_from(left).unwrap_or(usize::MAX).max(1));
        match unpack(&mut into[..room]) {
            Ok(count) if count as u64 > left => Err(self.fail(ContainerError::TooLarge {
                path: self.path.clone(),
                bytes_max: caps.unpacked_bytes_max,
            })),
            Ok(count) => {
                self.unpacked += count as u64;
                self.shared.unpacked.set(self.shared.unpacked.get() + count as u64);
                Ok(count)
            }
            Err(error) => Err(self.translate(error)),
        }
    }

    /// Records an error; every later read gives it again.
    pub fn fail(&mut self, error: ContainerError) -> io::Error {
        self.failed = Some(error.clone());
        self.shared.fail(error)
    }

    /// The bytes do not agree with themselves.
    pub fn corrupt(&mut self, what: impl Into<String>) -> io::Error {
        let error = ContainerError::Corrupt {
            path: self.path.clone(),
            what: what.into(),
            unpacked_bytes: self.unpacked,
        };
        self.fail(error)
    }

    /// The bytes end too early.
    pub fn truncated(&mut self) -> io::Error {
        let error = ContainerError::Truncated { path: self.path.clone(), unpacked_bytes: self.unpacked };
        self.fail(error)
    }

    /// An error of the decompressor, or of what it is packed in, as ours.
    pub fn translate(&mut self, error: io::Error) -> io::Error {
        if let Some(recorded) = ContainerError::of(&error) {
            self.failed = Some(recorded.clone());
            return error;
        }
        match error.kind() {
            io::ErrorKind::Interrupted => error,
            io::ErrorKind::UnexpectedEof => self.truncated(),
            _ => self.corrupt(error.to_string()),
        }
    }

    /// Records something that does not stop the reading.
    pub fn note(&self, error: ContainerError) {
        self.shared.record(error);
    }

    /// Did reading it fail?
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Which file.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Reads to the end, for its checksum and the bytes after it.
pub fn drain(stream: &mut dyn Read) -> io::Result<()> {
    let mut scratch = vec![0; BUFFER_BYTES];
    loop {
        match stream.read(&mut scratch) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
