//! How a JSON file is divided into records, and the cutter for what is not one a line.

use super::elements::{Elements, Found};
use crate::cut::{Records, Size};
use schakel_model::limits::RECORD_BYTES_MAX;

/// How records stand in a JSON file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arrangement {
    /// One a line.
    Lines,
    /// A list, or objects one after the other over several lines.
    Elements,
}

/// How the records stand in the file of which these are the first bytes.
pub(crate) fn arrangement(head: &[u8]) -> Arrangement {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if !text.starts_with(b"{") {
        return if text.starts_with(b"[") { Arrangement::Elements } else { Arrangement::Lines };
    }
    // A first line that is no whole object, of a file that has more lines: the objects go over several.
    let Some(end) = memchr::memchr(b'\n', text) else { return Arrangement::Lines };
    match super::reader::read(&text[..end]) {
        Err(error) if error.at >= text[..end].trim_ascii_end().len() => Arrangement::Elements,
        _ => Arrangement::Lines,
    }
}

/// Cuts records that are the elements of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct ElementCutter {
    elements: Elements,
}

impl ElementCutter {
    /// See [`Elements::is_passing_over`].
    pub(crate) fn is_passing_over(&self) -> bool {
        self.elements.is_passing_over()
    }

    /// See [`Elements::resume_passing_over`].
    pub(crate) fn resume_passing_over() -> Self {
        Self { elements: Elements::resume_passing_over() }
    }

    /// As [`crate::cut::Cutter::cut`]. `line` is the line at the front of `bytes` and is moved on.
    pub(crate) fn cut(
        &mut self,
        bytes: &[u8],
        last: bool,
        records_max: usize,
        records: &mut Records,
        line: &mut u64,
    ) -> usize {
        let mut at = 0;
        while records.len() < records_max {
            match self.elements.next(bytes, at, last) {
                Found::Record(range) => {
                    *line += line_feeds(&bytes[at..range.start]);
                    let too_large = range.len() > RECORD_BYTES_MAX;
                    let end = range.end.min(range.start + RECORD_BYTES_MAX);
                    let size = if too_large { Size::TooLarge } else { Size::Fits };
                    records.push_whole(range.start, end, *line, size);
                    *line += line_feeds(&bytes[range.clone()]);
                    at = range.end;
                }
                Found::More(again) => {
                    *line += line_feeds(&bytes[at..again]);
                    return again;
                }
            }
        }
        at
    }
}

fn line_feeds(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
