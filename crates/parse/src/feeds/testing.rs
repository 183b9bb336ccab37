//! Reading a document in a test as the pipeline does: through its lines.

use schakel_model::{event::Event, reject::Reject};

use super::{Feed, Given, Transcription};
use crate::{Plan, Records, idf};

/// The time of an event whose document bears none, in these tests.
pub(crate) const RECEIVED: &str = "time.source=2026-03-02T00:00:00+00:00";

/// The fields of an event that was read.
#[derive(Debug)]
pub(crate) struct Fields(Event);

impl Fields {
    /// The event as a line.
    pub(crate) fn line(&self) -> String {
        idf::to_json(&self.0)
    }

    /// Panics unless it has all these fields, written `NAME=VALUE`; what is no text is written as JSON.
    #[track_caller]
    pub(crate) fn has(&self, expected: &[&str]) {
        let line: serde_json::Value = serde_json::from_str(&self.line()).unwrap();
        for field in expected {
            let (name, value) = field.split_once('=').unwrap();
            let is_so = match &line[name] {
                serde_json::Value::String(text) => text == value,
                other => serde_json::from_str(value).ok().as_ref() == Some(other),
            };
            assert!(is_so, "{field} is not in {line:#}");
        }
    }

    /// Panics if it has one of these fields.
    #[track_caller]
    pub(crate) fn has_not(&self, fields: &[&str]) {
        for field in fields {
            assert_eq!(self.0.get(field), None, "{field} of {}", self.line());
        }
    }
}

/// All that is in a document.
pub(crate) fn read(feed: Feed, document: &[u8]) -> Vec<Result<Fields, Reject>> {
    lines(feed, document).1
}

/// The lines of a document, and what is in them.
pub(crate) fn lines(feed: Feed, document: &[u8]) -> (String, Vec<Result<Fields, Reject>>) {
    let given = Given { received_at: 1_772_409_600, ..Given::default() };
    let mut lines = Vec::new();
    let broken = std::io::copy(&mut Transcription::start(feed, Box::new(document), given), &mut lines).err();
    assert!(broken.is_none(), "{broken:?}");
    let plan = Plan::transcribed();
    let mut records = Records::new();
    assert_eq!(plan.cutter().cut(&lines, true, usize::MAX, &mut records), lines.len());
    let found = records.iter(&lines).map(|record| plan.event(record).map(Fields)).collect();
    (String::from_utf8(lines).unwrap(), found)
}

/// The one event in a document.
#[track_caller]
pub(crate) fn one_event(feed: Feed, document: &[u8]) -> Fields {
    let mut found = read(feed, document);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).unwrap()
}
