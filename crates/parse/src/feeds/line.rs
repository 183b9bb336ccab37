//! A transcription's lines: an IDF event each, or a reject, which the IDF reader gives back as that reject.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use schakel_model::{
    event::Event,
    limits::RECORD_BYTES_MAX,
    reject::{Reject, RejectCode},
};

use crate::{idf, json::Json};

/// The one field of a line that is a reject.
const REJECT: &str = "schakel.reject";

/// Bytes of what was rejected that stand in its line: enough to see what it was. The document has the rest.
const RAW_BYTES_MAX: usize = 64 << 10;

/// Characters of a reject's message. Ours are shorter; a line of somebody else's making need not be.
const MESSAGE_CHARS_MAX: usize = 500;

/// Adds an event's line. One that is larger than a record may be becomes a reject.
pub(super) fn write_event(event: &Event, lines: &mut Vec<u8>) {
    let line = idf::to_json(event);
    if line.len() > RECORD_BYTES_MAX {
        let message = format!("the event is larger than {RECORD_BYTES_MAX} bytes");
        return write_reject(&Reject::new(RejectCode::RecordTooLarge, message), &[], lines);
    }
    lines.extend_from_slice(line.as_bytes());
    lines.push(b'\n');
}

/// Adds a reject's line.
pub(super) fn write_reject(reject: &Reject, raw: &[u8], lines: &mut Vec<u8>) {
    let raw = STANDARD.encode(&raw[..raw.len().min(RAW_BYTES_MAX)]);
    let line = serde_json::json!({REJECT: {"code": reject.code.as_str(), "message": reject.message, "raw_base64": raw}});
    lines.extend_from_slice(line.to_string().as_bytes());
    lines.push(b'\n');
}

/// The reject in a record's fields, when it is one.
pub(crate) fn reject_in(fields: &[(Cow<'_, str>, Json<'_>)]) -> Option<Reject> {
    let reject = reject_fields(fields)?;
    let code = RejectCode::ALL.into_iter().find(|code| Some(code.as_str()) == text_of(reject, "code"))?;
    let message: String = text_of(reject, "message")?.chars().take(MESSAGE_CHARS_MAX).collect();
    Some(Reject::new(code, message))
}

/// The bytes that the reject in these fields is about.
pub(crate) fn raw_in(fields: &[(Cow<'_, str>, Json<'_>)]) -> Option<Vec<u8>> {
    reject_in(fields)?;
    STANDARD.decode(text_of(reject_fields(fields)?, "raw_base64")?).ok()
}

fn reject_fields<'f>(fields: &'f [(Cow<'_, str>, Json<'_>)]) -> Option<&'f [(Cow<'f, str>, Json<'f>)]> {
    match fields {
        [(name, Json::Object(reject))] if name == REJECT => Some(reject),
        _ => None,
    }
}

fn text_of<'f>(fields: &'f [(Cow<'_, str>, Json<'_>)], name: &str) -> Option<&'f str> {
    fields.iter().find_map(|(key, json)| match json {
        Json::Text(text) if key == name => Some(text.as_ref()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use schakel_model::event::Value;

    use super::*;
    use crate::{Plan, Records};

    /// What the pipeline makes of the lines.
    fn read(lines: &[u8]) -> Vec<(Result<Event, Reject>, Vec<u8>)> {
        let plan = Plan::transcribed();
        let mut records = Records::new();
        assert_eq!(plan.cutter().cut(lines, true, 100, &mut records), lines.len());
        records
            .iter(lines)
            .map(|record| {
                assert_eq!(plan.observe(record).is_ok(), plan.event(record).is_ok());
                (plan.event(record), plan.reject_bytes(record).into_owned())
            })
            .collect()
    }

    #[test]
    fn events_and_rejects_are_given_back() {
        let mut event = Event::default();
        event.set("source.ip", Value::Text("192.0.2.1".into()));
        event.set("time.source", Value::Text("2026-03-01T05:07:57+00:00".into()));
        let reject = Reject::new(RejectCode::BadTime, "no time in \"it\"");
        let mut lines = Vec::new();
        write_event(&event, &mut lines);
        write_reject(&reject, b"\xff\n{", &mut lines);
        event.set("extra.text", Value::Text("x".repeat(RECORD_BYTES_MAX)));
        write_event(&event, &mut lines);
        event.remove("extra.text");
        let found = read(&lines);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].0.as_ref(), Ok(&event));
        assert_eq!(found[1], (Err(reject), b"\xff\n{".to_vec()));
        assert_eq!(found[2].0.as_ref().map_err(|reject| reject.code), Err(RejectCode::RecordTooLarge));
    }

    #[test]
    fn what_only_looks_like_a_reject_is_an_event_without_time() {
        for line in [
            &b"{\"schakel.reject\":{\"code\":\"nonsense\",\"message\":\"x\",\"raw_base64\":\"\"}}"[..],
            b"{\"schakel.reject\":1}",
            b"{\"schakel.reject\":{\"code\":\"bad_time\",\"message\":\"x\"},\"a\":1}",
        ] {
            let found = read(line);
            assert_eq!(found[0].0.as_ref().map_err(|reject| reject.code), Err(RejectCode::BadTime));
            assert_eq!(found[0].1, line);
        }
    }
}
