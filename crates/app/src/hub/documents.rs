//! Findings that are documents in a parcel: X-ARF reports and CSAF advisories.

use schakel_formats::hub::{jcs, parcel::PARCEL_BYTES_MAX};
use schakel_model::{event::Event, reject::Reject};
use schakel_parse::{
    csaf::{self, Issue},
    feeds::{self, Feed, Given, Sink},
    xarf::{self, Reporter},
};
use serde_json::Value;

/// A document takes at most half of a parcel, whose other half is for all else.
const DOCUMENT_BYTES_MAX: usize = PARCEL_BYTES_MAX / 2;

/// The report of an event. `None`: there is none of it, and it goes as an event.
pub(crate) fn report(event: &Event, reporter: &Reporter) -> Option<Value> {
    sendable(serde_json::from_str(&xarf::to_json(event, reporter).ok()?).ok()?)
}

/// The advisory of an event. `None` as for [`report`].
pub(crate) fn advisory(event: &Event, issue: &Issue<'_>) -> Option<Value> {
    sendable(csaf::document(event, issue)?)
}

/// What is too large, or has no form that can be signed, goes as an event as well.
fn sendable(document: Value) -> Option<Value> {
    let size = jcs::write(&document).ok()?.len();
    (size <= DOCUMENT_BYTES_MAX).then_some(document)
}

/// The event of a document that was made at this time, seconds since 1970. `None`: it is none, or holds more than one.
pub(super) fn event(feed: Feed, document: &Value, made_at: i64) -> Option<Event> {
    let mut found = Found::default();
    let given = Given { received_at: made_at, ..Given::default() };
    feeds::transcribe(feed, &mut document.to_string().as_bytes(), &given, &mut found).ok()?;
    let mut event = found.events.pop().filter(|_| found.events.is_empty() && found.rejects == 0)?;
    // Its marking is that of its parcel.
    event.remove("tlp");
    Some(event)
}

#[derive(Default)]
struct Found {
    events: Vec<Event>,
    rejects: usize,
}

impl Sink for Found {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    fn reject(&mut self, _: Reject, _: &[u8]) {
        self.rejects += 1;
    }
}

#[cfg(test)]
mod tests {
    use schakel_model::{event::Value as Field, tlp::Tlp};
    use serde_json::json;

    use super::*;

    fn told() -> Event {
        let mut told = Event::default();
        for (field, text) in [
            ("time.source", "2026-11-20T10:00:00Z"),
            ("source.ip", "192.0.2.7"),
            ("classification.type", "vulnerable-system"),
            ("classification.identifier", "open-rdp"),
            ("extra.tag", "rdp;cve-2026-1234"),
        ] {
            told.set(field, Field::Text(text.to_owned()));
        }
        told.set("source.port", Field::Int(3_389));
        told
    }

    fn reporter() -> Reporter {
        Reporter::new("top.example", "desk@top.example").unwrap()
    }

    fn advisory_of(event: &Event) -> Option<Value> {
        let issue = Issue { publisher: &reporter(), id: "1", tlp: Tlp::Amber, versions: &[(1, 0)] };
        advisory(event, &issue)
    }

    #[test]
    fn a_document_tells_what_its_event_told() {
        let told = told();
        for (feed, document) in [(Feed::Xarf, report(&told, &reporter())), (Feed::Csaf, advisory_of(&told))] {
            let document = document.unwrap();
            let event = event(feed, &document, 0).unwrap();
            for field in ["source.ip", "classification.type"] {
                assert_eq!(event.text(field), told.text(field), "{document}");
            }
            assert_eq!(event.get("source.port"), told.get("source.port"));
            assert!(event.text("time.source").starts_with("2026-11-20T10:00:00"), "{document}");
            assert_eq!(event.get("tlp"), None);
        }
    }

    #[test]
    fn what_is_no_document_is_none() {
        for document in
            [json!({"ReporterInfo": {}}), json!({"ReporterInfo": 1, "Report": []}), json!([]), json!(7)]
        {
            assert!(event(Feed::Xarf, &document, 0).is_none(), "{document}");
            assert!(event(Feed::Csaf, &document, 0).is_none(), "{document}");
        }
        let timeless = event(Feed::Xarf, &json!({"xarf_version": "4.0.0"}), 1_795_000_000).unwrap();
        assert!(timeless.text("time.source").starts_with("2026-11-18"), "as old as its parcel");
        assert!(report(&Event::default(), &reporter()).is_none());
        assert!(advisory_of(&Event::default()).is_none());
        let mut large = told();
        large.set("extra.banner", Field::Text("x".repeat(DOCUMENT_BYTES_MAX)));
        assert!(report(&large, &reporter()).is_none() && advisory_of(&large).is_none());
        let two = json!([advisory_of(&told()), advisory_of(&told())]);
        assert!(event(Feed::Csaf, &two, 0).is_none(), "one finding, one document");
    }
}
