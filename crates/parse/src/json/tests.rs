//! IDF as it comes, and JSON that is none.

use proptest::prelude::*;
use schakel_model::{
    classification::ClassificationType,
    event::{Event, Value},
    observation::{Observation, Polarity},
    reject::{Reject, RejectCode},
    severity::Severity,
};
use serde_json::json;

use super::{
    cut::{Arrangement, arrangement},
    idf,
};
use crate::{
    cut::{Cutter, Record, Records},
    idf::to_json as to_json_line,
    plan::{Plan, PlanOptions},
};

fn event(json: &str) -> Result<Event, Reject> {
    idf::event(&Record::alone(json.as_bytes(), 1))
}

fn observe(json: &str) -> Result<Observation<'static>, Reject> {
    idf::observe(&Record::alone(json.as_bytes(), 1))
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Text(text) => json!(text),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Object(fields) => serde_json::Value::Object(
            fields.iter().map(|(name, value)| (name.clone(), to_json(value))).collect(),
        ),
    }
}

fn flat_json(event: &Event) -> serde_json::Value {
    serde_json::from_str(&to_json_line(event)).unwrap()
}

const FLAT: &str = r#"{"__type":"Event","feed.name":"F","classification.type":"infected-system","malware.name":"Mirai",
    "classification.identifier":"Botnet","time.source":"2026-03-01T10:00:00+01:00","time.observation":"2026-03-02T00:00:00Z",
    "source.ip":"192.0.2.1","source.port":4711,"source.asn":64500,"source.geolocation.cc":"nl","severity":"critical",
    "destination.fqdn":"CC.Bad.Example.","protocol.transport":"tcp","extra.tag":"a;b","extra.list":[1,2]}"#;

const NESTED: &str = r#"{"feed":{"name":"F"},"classification":{"type":"infected-system","identifier":"Botnet"},"malware":{"name":"Mirai"},
    "time":{"source":"2026-03-01T10:00:00+01:00","observation":"2026-03-02T00:00:00Z"},"severity":"critical",
    "source":{"ip":"192.0.2.1","port":4711,"asn":64500,"geolocation":{"cc":"nl"}},"destination":{"fqdn":"CC.Bad.Example."},
    "protocol":{"transport":"tcp"},"extra":{"tag":"a;b","list":[1,2]}}"#;

#[test]
fn flat_and_nested_idf_are_the_same_event() {
    let (flat, nested) = (event(FLAT).unwrap(), event(NESTED).unwrap());
    assert_eq!(flat_json(&flat), flat_json(&nested));
    assert_eq!(flat.text("time.source"), "2026-03-01T09:00:00+00:00");
    assert_eq!(flat.get("extra.list"), Some(&Value::List(vec![Value::Int(1), Value::Int(2)])));
    assert!(flat.get("__type").is_none());
    let in_text =
        event(r#"{"time.source":"2026-03-01","extra":"{\"tag\":\"x\",\"in\":{\"a\":1}}"}"#).unwrap();
    assert_eq!(in_text.text("extra.tag"), "x");
    assert_eq!(in_text.get("extra.in"), Some(&Value::Object(vec![("a".into(), Value::Int(1))])));
}

#[test]
fn an_observation_is_made_of_the_event() {
    let seen = observe(FLAT).unwrap();
    assert_eq!(seen.observed_at.0, 1_772_355_600);
    assert_eq!(seen.source.ip, Some([192, 0, 2, 1].into()));
    assert_eq!((seen.source.port, seen.source.asn, seen.source.country), (4711, 64500, *b"NL"));
    assert_eq!((seen.target.fqdn.as_ref(), seen.malware.as_ref()), ("cc.bad.example", "mirai"));
    assert_eq!((seen.identifier.as_ref(), seen.severity), ("botnet", Severity::Critical));
    assert_eq!((seen.classification, seen.polarity), (ClassificationType::InfectedSystem, Polarity::Seen));
    assert_eq!(seen.identity, schakel_model::observation::Identity::INFECTION);
    let clear =
        observe(r#"{"time.observation":"2026-03-01","source.ip":"192.0.2.1","status":"Not vulnerable"}"#)
            .unwrap();
    assert_eq!((clear.polarity, clear.severity), (Polarity::Clear, Severity::Medium));
    assert_eq!(clear.classification, ClassificationType::Undetermined);
}

#[test]
fn what_a_field_does_not_take_stays_as_extra() {
    let event = event(
        r#"{"time.source":"2026-03-01","source.ip":"1.2.3","source.port":"443","mine":{"a":1},"source.fqdn":null,
            "source.asn":1e999,"classification.type":"odd","source.ip ":"x"}"#,
    )
    .unwrap();
    let fields: Vec<_> = event.fields().map(|(name, value)| (name.to_owned(), to_json(value))).collect();
    assert_eq!(
        fields,
        [
            ("time.source".into(), json!("2026-03-01T00:00:00+00:00")),
            ("extra.source.ip".into(), json!("1.2.3")),
            ("source.port".into(), json!(443)),
            ("extra.mine.a".into(), json!(1)),
            ("extra.source.asn".into(), json!("1e999")),
            ("extra.classification.type".into(), json!("odd")),
            ("extra.source.ip ".into(), json!("x")),
        ]
    );
}

#[test]
fn rejects_have_their_code() {
    let deep = ["{\"a\":".repeat(100), "1".into(), "}".repeat(100)].concat();
    let many = format!("{{{}}}", (0..2_001).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","));
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
    for (json, code) in [
        ("", RejectCode::NotARecord),
        ("3", RejectCode::NotARecord),
        ("{\"a\":1", RejectCode::NotARecord),
        (&deep, RejectCode::NotARecord),
        (&many, RejectCode::TooManyColumns),
        (&huge, RejectCode::RecordTooLarge),
        ("{}", RejectCode::BadTime),
        ("{\"time.source\":\"soon\"}", RejectCode::BadTime),
        ("{\"time.source\":\"1950-01-01\"}", RejectCode::TimeOutOfRange),
        ("{\"time.source\":\"2200-01-01\"}", RejectCode::TimeOutOfRange),
    ] {
        let shown: String = json.chars().take(40).collect();
        assert_eq!(event(json).map_err(|reject| reject.code), Err(code), "{shown}");
        assert_eq!(observe(json).map_err(|reject| reject.code), Err(code), "{shown}");
    }
}

#[test]
fn the_arrangement_is_seen_from_the_head() {
    for (head, expected) in [
        ("{\"a\":1}\n{\"a\":2}\n", Arrangement::Lines),
        ("{\"a\":1}", Arrangement::Lines),
        ("{\"a\":1", Arrangement::Lines),
        ("{\"a\":\n1}", Arrangement::Elements),
        ("{\r\n\"a\":1}", Arrangement::Elements),
        ("{broken}\n{\"a\":1}", Arrangement::Lines),
        ("\u{feff} [\n{}", Arrangement::Elements),
        ("", Arrangement::Lines),
        ("text", Arrangement::Lines),
    ] {
        assert_eq!(arrangement(head.as_bytes()), expected, "{head:?}");
    }
}

#[test]
fn idf_is_known_by_its_fields() {
    for (head, expected) in [
        (FLAT, true),
        (NESTED, true),
        (&FLAT[..60], true),
        ("[{\"time.source\": \"2026-03-01\"}, 3]", true),
        ("{\"ip\": \"192.0.2.1\"}", false),
        ("[]", false),
        ("", false),
        ("timestamp,ip\n", false),
        ("\"feed.name\"", false),
    ] {
        assert_eq!(idf::looks_like_idf(head.as_bytes()), expected, "{head:?}");
    }
}

#[test]
fn idf_files_have_a_plan_without_being_told() {
    let list = format!("[{FLAT},\n{NESTED}\n]");
    for (name, file, rows) in [
        ("events.jsonl", FLAT.replace('\n', " ") + "\n" + &NESTED.replace('\n', " "), 2),
        ("events.json", list, 2),
        ("download", FLAT.to_owned(), 1),
        ("nothing.json", String::new(), 0),
    ] {
        let plan = Plan::for_file(name, file.as_bytes(), &PlanOptions::default()).unwrap();
        assert_eq!((plan.feed(), plan.body_offset(), plan.body_line()), ("idf", 0, 1));
        for plan in [Plan::from_definition(&plan.definition()).unwrap(), plan] {
            let mut records = Records::new();
            plan.cutter().cut(file.as_bytes(), true, usize::MAX, &mut records);
            assert_eq!(records.len(), rows, "{name}");
            for record in records.iter(file.as_bytes()) {
                assert_eq!(plan.event(record).unwrap().text("source.ip"), "192.0.2.1");
                assert_eq!(plan.observe(record).unwrap().source.port, 4711);
            }
        }
    }
    assert!(Plan::for_file("other.json", b"{\"a\": 1}", &PlanOptions::default()).is_err());
}

/// All records with their lines, with blocks of this size.
fn cut(mut cutter: Cutter, text: &[u8], block: usize) -> Vec<(u64, String)> {
    let (mut at, mut end, mut found) = (0, 0, Vec::new());
    let mut records = Records::new();
    loop {
        end = (end + block).min(text.len());
        loop {
            let bytes = &text[at..end];
            let consumed = cutter.cut(bytes, end == text.len(), 2, &mut records);
            found.extend(
                records
                    .iter(bytes)
                    .map(|record| (record.line(), String::from_utf8_lossy(record.raw()).into_owned())),
            );
            at += consumed;
            if consumed == 0 || at == end {
                break;
            }
        }
        if end == text.len() {
            return found;
        }
    }
}

#[test]
fn elements_have_their_line_and_may_be_cut_from_any_record_on() {
    let text = "[\n  {\"a\": 1},\n  {\n    \"b\": 2\n  }, {\"c\": 3}\n]\n";
    let expected = [(2, "{\"a\": 1}"), (3, "{\n    \"b\": 2\n  }"), (5, "{\"c\": 3}")];
    let expected: Vec<_> = expected.map(|(line, raw)| (line, raw.to_owned())).into();
    for block in [1, 5, 100] {
        assert_eq!(cut(Cutter::of_elements(1), text.as_bytes(), block), expected);
    }
    let second = text.find("{\n").unwrap();
    assert_eq!(cut(Cutter::of_elements(3), &text.as_bytes()[second..], 100), expected[1..]);
}

#[test]
fn a_cutter_in_a_too_large_element_can_be_taken_up_again() {
    let text = format!("[{{\"a\":\"{}\"}},\n{{\"b\":2}}]", "x".repeat(2 << 20));
    let mut cutter = Cutter::of_elements(1);
    let mut records = Records::new();
    let consumed = cutter.cut(&text.as_bytes()[..(1 << 20) + 100], false, 10, &mut records);
    assert!(records.len() == 1 && cutter.is_skipping());
    let rest = &text.as_bytes()[consumed..];
    assert_eq!(cut(cutter, rest, 1_000), [(2, "{\"b\":2}".to_owned())]);
    assert_eq!(cut(Cutter::of_elements(1).resume_skipping(), rest, 1_000), [(2, "{\"b\":2}".to_owned())]);
}

fn any_event() -> impl Strategy<Value = Event> {
    let fields = (
        any::<u32>(),
        any::<[u8; 4]>(),
        1..u16::MAX,
        "[a-z]{1,10}(\\.[a-z]{2,5}){1,3}",
        prop::sample::select(ClassificationType::ALL),
        "\\PC{1,20}",
        prop::collection::vec(("[a-z_]{1,8}", any::<i64>(), "\\PC{0,12}", any::<f32>()), 0..5),
    );
    fields.prop_map(|(time, ip, port, name, kind, text, extra)| {
        let mut event = Event::default();
        let at = schakel_model::observation::ObservedAt(time).timestamp().to_string().replace('Z', "+00:00");
        event.set("time.source", Value::Text(at));
        event.set("source.ip", Value::Text(std::net::Ipv4Addr::from(ip).to_string()));
        event.set("source.port", Value::Int(i64::from(port)));
        event.set("source.fqdn", Value::Text(name));
        event.set("classification.type", Value::Text(kind.as_str().to_owned()));
        if text.trim() == text {
            event.set("event_description.text", Value::Text(text));
        }
        for (key, number, text, fraction) in extra {
            event.set(
                format!("extra.{key}"),
                Value::List(vec![
                    Value::Int(number),
                    Value::Object(vec![("t".into(), Value::Text(text)), ("n".into(), Value::Null)]),
                    Value::Float(if fraction.is_finite() { f64::from(fraction) } else { 0.5 }),
                ]),
            );
        }
        event
    })
}

proptest! {
    #[test]
    fn what_is_written_as_idf_is_read_back_equal(event in any_event()) {
        let written = to_json_line(&event).into_bytes();
        prop_assert!(idf::looks_like_idf(&written));
        let read = idf::event(&Record::alone(&written, 1)).unwrap();
        prop_assert_eq!(to_json_line(&read), to_json_line(&event));
        prop_assert!(event.fields().all(|(name, value)| read.get(name) == Some(value)));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), block in 1..50_usize) {
        idf::looks_like_idf(&bytes);
        arrangement(&bytes);
        let _ = idf::observe(&Record::alone(&bytes, 1));
        cut(Cutter::of_elements(1), &bytes, block);
    }
}
