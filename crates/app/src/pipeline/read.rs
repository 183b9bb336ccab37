//! Cuts a member's bytes into chunks of whole records.

use std::io::{self, Read};

use schakel_parse::{Cutter, Plan, Records};
use schakel_store::chunks::Chunk;

/// Bytes of a chunk: about 7,500 rows of 400 bytes. Larger chunks pack a little better and cost memory; smaller ones cost commits.
pub const CHUNK_BYTES: usize = 3 << 20;
/// Rows of a chunk.
pub const CHUNK_ROWS: usize = 40_000;

/// A chunk as it was cut.
pub struct Cut {
    /// The raw bytes.
    pub bytes: Vec<u8>,
    /// The records in them.
    pub records: Records,
    /// Physical line of the first byte.
    pub first_line: u64,
    /// Physical line behind the last byte.
    pub end_line: u64,
    /// Does it begin inside a line longer than a record may be?
    pub starts_skipping: bool,
    /// Does it end inside such a line?
    pub ends_skipping: bool,
    /// Bytes of the member up to the end of this chunk.
    pub end_offset: u64,
    /// BLAKE3 of the member up to the end of this chunk.
    pub prefix_hash: [u8; 32],
}

/// Reads a member and cuts it.
pub struct ChunkReader<'r> {
    input: &'r mut dyn Read,
    cutter: Cutter,
    hasher: blake3::Hasher,
    offset: u64,
    carry: Vec<u8>,
    at_end: bool,
    broken: Option<io::Error>,
}

impl<'r> ChunkReader<'r> {
    /// Starts at the first record. `head` is what was read from `input` to make the plan.
    pub fn start(input: &'r mut dyn Read, head: Vec<u8>, plan: &Plan) -> Self {
        let body = plan.body_offset().min(head.len());
        let mut hasher = blake3::Hasher::new();
        hasher.update(&head[..body]);
        let carry = head[body..].to_vec();
        Self { input, cutter: plan.cutter(), hasher, offset: body as u64, carry, at_end: false, broken: None }
    }

    /// Goes on behind a chunk that was committed before. False when the bytes up to there are not the same any more.
    pub fn resume(&mut self, plan: &Plan, last: &Chunk) -> io::Result<bool> {
        let mut left = last.end_offset.saturating_sub(self.offset);
        while left > 0 {
            if self.carry.is_empty() {
                self.carry.resize(CHUNK_BYTES, 0);
                let read = self.input.read(&mut self.carry)?;
                self.carry.truncate(read);
                if read == 0 {
                    return Ok(false);
                }
            }
            let taken = left.min(self.carry.len() as u64) as usize;
            self.hasher.update(&self.carry[..taken]);
            self.carry.drain(..taken);
            left -= taken as u64;
        }
        self.offset = last.end_offset;
        self.cutter = cutter_from(plan, last.end_line, last.ends_skipping);
        Ok(*self.hasher.finalize().as_bytes() == last.prefix_hash)
    }

    /// The next chunk; `spare` is a buffer to use. `None` at the end, or where the input broke (see [`ChunkReader::finish`]).
    pub fn next(&mut self, mut spare: Vec<u8>) -> Option<Cut> {
        let mut records = Records::default();
        let mut target = CHUNK_BYTES;
        let mut bytes = std::mem::take(&mut self.carry);
        let (first_line, starts_skipping) = (self.cutter.line(), self.cutter.is_skipping());
        let consumed = loop {
            bytes.reserve_exact(target.saturating_sub(bytes.len()));
            self.fill(&mut bytes, target);
            let consumed = self.cutter.cut(&bytes, self.at_end, CHUNK_ROWS, &mut records);
            // No whole record yet: read on. The cutter gives up on a record beyond its limit by itself.
            if consumed > 0 || self.at_end {
                break consumed;
            }
            target += CHUNK_BYTES;
        };
        if consumed == 0 {
            return None;
        }
        spare.clear();
        spare.extend_from_slice(&bytes[consumed..]);
        self.carry = spare;
        bytes.truncate(consumed);
        self.hasher.update(&bytes);
        self.offset += consumed as u64;
        Some(Cut {
            bytes,
            records,
            first_line,
            end_line: self.cutter.line(),
            starts_skipping,
            ends_skipping: self.cutter.is_skipping(),
            end_offset: self.offset,
            prefix_hash: *self.hasher.finalize().as_bytes(),
        })
    }

    fn fill(&mut self, bytes: &mut Vec<u8>, target: usize) {
        let wanted = target.saturating_sub(bytes.len());
        if wanted == 0 || self.at_end {
            return;
        }
        // Reads into memory that is not cleared first, and appends what came before an error.
        match (&mut *self.input).take(wanted as u64).read_to_end(bytes) {
            Ok(read) => self.at_end = read < wanted,
            Err(error) => {
                self.broken = Some(error);
                self.at_end = true;
            }
        }
    }

    /// BLAKE3 of all that was read, its length, and what broke the input, if anything.
    pub fn finish(self) -> ([u8; 32], u64, Option<io::Error>) {
        (*self.hasher.finalize().as_bytes(), self.offset, self.broken)
    }
}

/// A cutter that goes on at a chunk's border.
pub fn cutter_from(plan: &Plan, line: u64, skipping: bool) -> Cutter {
    let cutter = plan.cutter_at(line);
    if skipping { cutter.resume_skipping() } else { cutter }
}
