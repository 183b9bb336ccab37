//! Findings that are X-ARF reports in a parcel.

use schakel_formats::hub::{jcs, parcel::PARCEL_BYTES_MAX};
use schakel_model::{event::Event, reject::Reject};
use schakel_parse::{
    feeds::{self, Feed, Given, Sink},
    xarf::{self, Reporter},
};
use serde_json::Value;

/// A report takes at most half of a parcel, whose other half is for all else.
const REPORT_BYTES_MAX: usize = PARCEL_BYTES_MAX / 2;

/// The report of an event. `None`: there is none of it, and it goes as an event.
pub(crate) fn report(event: &Event, reporter: &Reporter) -> Option<Value> {
    let report = xarf::to_json(event, reporter).ok().filter(|report| report.len() <= REPORT_BYTES_MAX)?;
    let report = serde_json::from_str(&report).ok()?;
    // What has no form that can be signed goes as an event as well.
    jcs::write(&report).is_ok().then_some(report)
}

/// The event of a report that was made at this time, seconds since 1970. `None`: it is no report.
pub(super) fn event(report: &Value, made_at: i64) -> Option<Event> {
    let mut found = Found::default();
    let given = Given { received_at: made_at, ..Given::default() };
    feeds::transcribe(Feed::Xarf, &mut report.to_string().as_bytes(), &given, &mut found).ok()?;
    match (found.events.len(), found.rejects) {
        (1, 0) => found.events.pop(),
        _ => None,
    }
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
    use schakel_model::event::Value as Field;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_tells_what_its_event_told() {
        let mut told = Event::default();
        for (field, text) in [
            ("time.source", "2026-11-20T10:00:00Z"),
            ("source.ip", "192.0.2.7"),
            ("classification.type", "vulnerable-system"),
            ("classification.identifier", "open-rdp"),
        ] {
            told.set(field, Field::Text(text.to_owned()));
        }
        told.set("source.port", Field::Int(3_389));
        let reporter = Reporter::new("top.example", "desk@top.example").unwrap();
        let report = report(&told, &reporter).unwrap();
        let event = event(&report, 0).unwrap();
        for field in ["source.ip", "classification.type"] {
            assert_eq!(event.text(field), told.text(field), "{report}");
        }
        assert_eq!(event.get("source.port"), told.get("source.port"));
        assert!(event.text("time.source").starts_with("2026-11-20T10:00:00"), "{report}");
    }

    #[test]
    fn what_is_no_report_is_none() {
        for report in
            [json!({"ReporterInfo": {}}), json!({"ReporterInfo": 1, "Report": []}), json!([]), json!(7)]
        {
            assert!(event(&report, 0).is_none(), "{report}");
        }
        let timeless = event(&json!({"xarf_version": "4.0.0"}), 1_795_000_000).unwrap();
        assert!(timeless.text("time.source").starts_with("2026-11-18"), "as old as its parcel");
        assert!(super::report(&Event::default(), &Reporter::new("a", "a@a.example").unwrap()).is_none());
    }
}
