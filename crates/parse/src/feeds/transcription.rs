//! A document's lines as bytes to read: transcribed only as far as somebody reads them.

use std::io::{self, Read};

use schakel_model::{
    event::Event,
    reject::{Reject, RejectCode},
    tlp::Tlp,
};

use super::{Feed, Given, How, Markings, Rejects, Sink, Step, Steps, TranscribeError, line};
use crate::json::{
    elements::{Elements, Found},
    reader,
};

/// Bytes that are read from the document at once.
const READ_BYTES: usize = 64 << 10;

/// Lines that one step may give. An element of a MiB that names 60,000 addresses would repeat its other fields as often.
const STEP_LINES_BYTES_MAX: usize = 256 << 20;

/// A line of text beyond this is a reject. What lists hold is shorter by far.
const LINE_BYTES_MAX: usize = 64 << 10;

/// The lines of a document. Memory holds what one step found, whatever the size of the document; of a format that marks
/// its events all of it.
pub struct Transcription<'i> {
    input: Box<dyn Read + 'i>,
    steps: Box<dyn Steps>,
    given: Given,
    lines: Lines,
    /// How far the lines have been read.
    from: usize,
    ended: bool,
    broken: Option<TranscribeError>,
    marking: Option<Tlp>,
}

impl<'i> Transcription<'i> {
    /// Starts at the front of a document.
    pub fn start(feed: Feed, input: Box<dyn Read + 'i>, given: Given) -> Self {
        let mut transcription = Self {
            input,
            steps: feed.format().how.steps(),
            given,
            lines: Lines::default(),
            from: 0,
            ended: false,
            broken: None,
            marking: None,
        };
        if feed.format().markings == Markings::OfEvents {
            while !transcription.ended {
                transcription.step();
            }
            transcription.marking = transcription.lines.strictest;
        }
        transcription
    }

    /// The strictest marking that the document bears.
    pub fn marking(&self) -> Option<Tlp> {
        self.marking
    }

    fn step(&mut self) {
        self.lines.step_from = self.lines.bytes.len();
        self.lines.step_is_full = false;
        match self.steps.step(&mut self.input, &self.given, &mut self.lines) {
            Ok(Step::More) => {}
            Ok(Step::Ended) => self.ended = true,
            Err(error) => {
                self.broken = Some(error);
                self.ended = true;
            }
        }
    }
}

impl Read for Transcription<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.from == self.lines.bytes.len() {
            if self.ended {
                return match self.broken.take() {
                    None => Ok(0),
                    Some(TranscribeError::Read(error)) => Err(error),
                    Some(error) => Err(io::Error::other(error)),
                };
            }
            self.lines.bytes.clear();
            self.from = 0;
            self.step();
        }
        let count = into.len().min(self.lines.bytes.len() - self.from);
        into[..count].copy_from_slice(&self.lines.bytes[self.from..self.from + count]);
        self.from += count;
        Ok(count)
    }
}

/// Writes what it is given as lines.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    step_from: usize,
    step_is_full: bool,
    strictest: Option<Tlp>,
}

impl Lines {
    /// Has the step room for more? Says once that it has not.
    fn has_room(&mut self) -> bool {
        if self.bytes.len() - self.step_from <= STEP_LINES_BYTES_MAX {
            return true;
        }
        if !std::mem::replace(&mut self.step_is_full, true) {
            let message = format!(
                "what this part of the document holds fills more than {STEP_LINES_BYTES_MAX} bytes; the rest of it was not read"
            );
            line::write_reject(&Reject::new(RejectCode::RecordTooLarge, message), &[], &mut self.bytes);
        }
        false
    }
}

impl Sink for Lines {
    fn event(&mut self, event: &Event) {
        if self.has_room() {
            if let Ok(marking) = event.text("tlp").parse() {
                self.strictest = self.strictest.max(Some(marking));
            }
            line::write_event(event, &mut self.bytes);
        }
    }

    fn reject(&mut self, reject: Reject, raw: &[u8]) {
        if self.has_room() {
            line::write_reject(&reject, raw, &mut self.bytes);
        }
    }
}

impl How {
    /// Reading a document from its start.
    pub(super) fn steps(&self) -> Box<dyn Steps> {
        match *self {
            Self::Whole { bytes_max, read } => Box::new(Whole { bytes_max, read }),
            Self::Elements { bytes_max, read } => Box::new(JsonElements {
                elements: Elements::of_at_most(bytes_max),
                bytes_max,
                read,
                window: Window::default(),
                number: 0,
            }),
            Self::Lines { read, rejects } => Box::new(TextLines {
                read,
                rejects,
                window: Window::default(),
                number: 0,
                passing_over: false,
            }),
            Self::Steps(start) => start(),
        }
    }
}

struct Whole {
    bytes_max: u64,
    read: fn(&[u8], &Given, &mut dyn Sink) -> Result<(), TranscribeError>,
}

impl Steps for Whole {
    fn step(
        &mut self,
        input: &mut dyn Read,
        given: &Given,
        sink: &mut dyn Sink,
    ) -> Result<Step, TranscribeError> {
        let mut document = Vec::new();
        let broken = input.take(self.bytes_max + 1).read_to_end(&mut document).err();
        if document.len() as u64 > self.bytes_max {
            return Err(TranscribeError::TooLarge { bytes_max: self.bytes_max });
        }
        // What came before a break is still read.
        (self.read)(&document, given, sink)?;
        broken.map_or(Ok(Step::Ended), |error| Err(error.into()))
    }
}

/// Bytes of a document that were read and are still needed.
#[derive(Default)]
pub(super) struct Window {
    bytes: Vec<u8>,
    from: usize,
    at_end: bool,
    broken: Option<io::Error>,
}

impl Window {
    /// What was read and not passed over yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.from..]
    }

    /// So many bytes are done with.
    pub(super) fn pass(&mut self, count: usize) {
        self.from += count;
    }

    /// Is there nothing more to fill it with?
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Reads on, and forgets what is in front of `from`.
    pub(super) fn fill(&mut self, input: &mut dyn Read) {
        self.bytes.drain(..self.from);
        self.from = 0;
        // As much again as there is: a large element is looked through once, and copied a few times.
        let wanted = READ_BYTES.max(self.bytes.len());
        match input.take(wanted as u64).read_to_end(&mut self.bytes) {
            Ok(0) => self.at_end = true,
            Ok(_) => {}
            Err(error) => {
                self.at_end = true;
                self.broken = Some(error);
            }
        }
    }

    /// The document has ended, or broke off.
    pub(super) fn end(&mut self) -> Result<Step, TranscribeError> {
        self.broken.take().map_or(Ok(Step::Ended), |error| Err(error.into()))
    }
}

struct JsonElements {
    elements: Elements,
    bytes_max: usize,
    read: fn(&crate::json::Json<'_>, &Given, &mut dyn Sink) -> Result<(), Reject>,
    window: Window,
    number: u64,
}

impl Steps for JsonElements {
    fn step(
        &mut self,
        input: &mut dyn Read,
        given: &Given,
        sink: &mut dyn Sink,
    ) -> Result<Step, TranscribeError> {
        let Window { bytes, from, at_end, .. } = &mut self.window;
        match self.elements.next(bytes, *from, *at_end) {
            Found::Record(range) => {
                *from = range.end;
                self.number += 1;
                let raw = &bytes[range];
                let done = if raw.len() > self.bytes_max {
                    let message = format!("it is larger than {} bytes", self.bytes_max);
                    Err(Reject::new(RejectCode::RecordTooLarge, message))
                } else {
                    let read = reader::read(raw)
                        .map_err(|error| super::not_a_record(format!("it is no JSON: {error}")));
                    read.and_then(|json| (self.read)(&json, given, sink))
                };
                if let Err(reject) = done {
                    sink.reject(placed("element", self.number, reject), raw);
                }
                Ok(Step::More)
            }
            Found::More(_) if *at_end => self.window.end(),
            Found::More(again) => {
                *from = again;
                self.window.fill(input);
                Ok(Step::More)
            }
        }
    }
}

/// A reject that says where in the document it is.
pub(super) fn placed(what: &str, number: u64, reject: Reject) -> Reject {
    Reject::new(reject.code, format!("{what} {number} of the document: {}", reject.message))
}

struct TextLines {
    read: fn(&[u8], &Given, &mut dyn Sink) -> Result<(), Reject>,
    rejects: Rejects,
    window: Window,
    number: u64,
    /// In the rest of a line that was too long.
    passing_over: bool,
}

impl Steps for TextLines {
    fn step(
        &mut self,
        input: &mut dyn Read,
        given: &Given,
        sink: &mut dyn Sink,
    ) -> Result<Step, TranscribeError> {
        let rest = &self.window.bytes[self.window.from..];
        let (end, ended) = match memchr::memchr(b'\n', rest) {
            Some(end) => (end, true),
            None if rest.len() > LINE_BYTES_MAX || (self.window.at_end && !rest.is_empty()) => {
                (rest.len(), false)
            }
            None if self.window.at_end => return self.window.end(),
            None => {
                self.window.fill(input);
                return Ok(Step::More);
            }
        };
        let bytes = rest[..end].trim_ascii();
        self.window.from += end + usize::from(ended);
        if std::mem::replace(&mut self.passing_over, !ended) {
            return Ok(Step::More);
        }
        self.number += 1;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let done = match bytes {
            [] => Ok(()),
            _ if end > LINE_BYTES_MAX => Err(Reject::new(
                RejectCode::RecordTooLarge,
                format!("it is longer than {LINE_BYTES_MAX} bytes"),
            )),
            _ => (self.read)(bytes, given, sink),
        };
        if let Err(reject) = done {
            let raw = if self.rejects == Rejects::WithBytes { bytes } else { &[] };
            sink.reject(placed("line", self.number, reject), raw);
        }
        Ok(Step::More)
    }
}
