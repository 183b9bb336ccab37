//! What became of the rows of a chunk: a version byte, then one varint a row.
//!
//! Below [`FIRST_FINDING`] the number is a code: a reject, a duplicate or a clear. From there on it is an event, and the number minus
//! [`FIRST_FINDING`] is its finding. So a row costs one to five bytes, and all rows of one finding are found by scanning.

use schakel_model::{ids::FindingId, reject::RejectCode};

use crate::varint;

/// The layout of the blob.
const VERSION: u8 = 1;
const DUPLICATE: u32 = 14;
const CLEAR: u32 = 15;
/// Numbers from here on are findings.
const FIRST_FINDING: u32 = 16;
/// The highest finding a blob can name.
pub const FINDING_ID_MAX: u32 = u32::MAX - FIRST_FINDING;

/// What became of one row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RowFate {
    /// It could not be read.
    Rejected(RejectCode),
    /// Same finding and time as an earlier row of the report.
    Duplicate,
    /// Tested, not vulnerable.
    Clear,
    /// A sighting of this finding.
    Event(FindingId),
}

/// Writes a blob row by row.
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// For about this many rows.
    pub fn with_capacity(rows: usize) -> Self {
        let mut bytes = Vec::with_capacity(1 + rows * 4);
        bytes.push(VERSION);
        Self { bytes }
    }

    /// Appends the next row's fate.
    pub fn push(&mut self, fate: RowFate) {
        let number = match fate {
            RowFate::Rejected(code) => code as u32,
            RowFate::Duplicate => DUPLICATE,
            RowFate::Clear => CLEAR,
            RowFate::Event(finding) => finding.0 + FIRST_FINDING,
        };
        varint::push(&mut self.bytes, number);
    }

    /// The blob.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The fates in a blob, in row order. Ends early, with an error text, where the bytes make no sense.
pub fn read(blob: &[u8]) -> impl Iterator<Item = Result<RowFate, String>> + '_ {
    let mut at = 1;
    let mut failed = false;
    let version = blob.first().copied();
    std::iter::from_fn(move || {
        if failed || (version.is_some() && at >= blob.len()) {
            return None;
        }
        if version != Some(VERSION) {
            failed = true;
            return Some(Err(format!("fate blob has version {version:?}, known is {VERSION}")));
        }
        let fate = varint::read(blob, &mut at).and_then(from_number);
        failed = fate.is_none();
        Some(fate.ok_or_else(|| format!("fate blob makes no sense at byte {at}")))
    })
}

fn from_number(number: u32) -> Option<RowFate> {
    match number {
        DUPLICATE => Some(RowFate::Duplicate),
        CLEAR => Some(RowFate::Clear),
        FIRST_FINDING.. => Some(RowFate::Event(FindingId(number - FIRST_FINDING))),
        code => RejectCode::from_code(code as u8).map(RowFate::Rejected),
    }
}

/// Does the blob name this finding at all? A search for its bytes, much faster than reading every row.
pub struct Needle {
    bytes: Vec<u8>,
}

impl Needle {
    /// For this finding.
    pub fn new(finding: FindingId) -> Self {
        let mut bytes = Vec::with_capacity(5);
        varint::push(&mut bytes, finding.0 + FIRST_FINDING);
        Self { bytes }
    }

    /// Is it in there?
    pub fn is_in(&self, blob: &[u8]) -> bool {
        // A number starts after a byte without the high bit (or after the version byte, which has none).
        memchr::memmem::find_iter(blob, &self.bytes).any(|at| at > 0 && blob[at - 1] < 0x80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fates_read_back_and_are_found() {
        let fates = [
            RowFate::Event(FindingId(0)),
            RowFate::Rejected(RejectCode::BadTime),
            RowFate::Duplicate,
            RowFate::Clear,
            RowFate::Event(FindingId(12_345_678)),
            RowFate::Event(FindingId(FINDING_ID_MAX)),
        ];
        let mut writer = Writer::with_capacity(fates.len());
        fates.iter().for_each(|fate| writer.push(*fate));
        let blob = writer.finish();
        assert_eq!(read(&blob).collect::<Result<Vec<_>, _>>(), Ok(fates.to_vec()));
        assert!(Needle::new(FindingId(12_345_678)).is_in(&blob));
        assert!(Needle::new(FindingId(0)).is_in(&blob));
        assert!(!Needle::new(FindingId(7)).is_in(&blob));
    }

    #[test]
    fn the_tail_of_a_longer_number_is_not_a_match() {
        let mut writer = Writer::with_capacity(1);
        writer.push(RowFate::Event(FindingId((100 << 7) + 1)));
        let blob = writer.finish();
        assert!(!Needle::new(FindingId(100 - FIRST_FINDING)).is_in(&blob));
    }

    #[test]
    fn damage_is_an_error_and_not_a_panic() {
        assert!(read(&[]).next().is_some_and(|fate| fate.is_err()));
        assert!(read(&[9, 1]).next().is_some_and(|fate| fate.is_err()));
        assert!(read(&[VERSION, 0x80]).next().is_some_and(|fate| fate.is_err()));
    }
}
