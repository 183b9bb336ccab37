//! Mappings against files, and what is said of mappings that cannot work.

use std::fmt::Write as _;

use schakel_model::{
    event::{Event, Value},
    observation::Polarity,
};

use super::{Mapping, MappingError, file::Body, find, read::Bound};
use crate::cut::{Record, Records};

/// The mappings that the manual shows, each with a file as its feed would write it and the events in it.
const SHOWN: [(&str, &str, &str, &str); 4] = [
    (
        "urlhaus.toml",
        include_str!("../../../../docs/mappings/urlhaus.toml"),
        include_str!("fixtures/urlhaus.in.csv"),
        include_str!("fixtures/urlhaus.out.jsonl"),
    ),
    (
        "botnet-list.toml",
        include_str!("../../../../docs/mappings/botnet-list.toml"),
        include_str!("fixtures/botnet-list.in.csv"),
        include_str!("fixtures/botnet-list.out.jsonl"),
    ),
    (
        "divd.toml",
        include_str!("../../../../docs/mappings/divd.toml"),
        include_str!("fixtures/divd.in.csv"),
        include_str!("fixtures/divd.out.jsonl"),
    ),
    (
        "own-scan.toml",
        include_str!("../../../../docs/mappings/own-scan.toml"),
        include_str!("fixtures/own-scan.in.jsonl"),
        include_str!("fixtures/own-scan.out.jsonl"),
    ),
];

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Object(fields) => {
            serde_json::Value::Object(fields.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
    }
}

fn event_line(event: &Event) -> String {
    let fields: std::collections::BTreeMap<&str, serde_json::Value> =
        event.fields().map(|(name, value)| (name, json(value))).collect();
    serde_json::to_string(&fields).unwrap()
}

/// Each record of `file` handed to `visit`.
fn each_record(bound: &Bound, body: Body, file: &str, visit: &mut dyn FnMut(&Record<'_>)) {
    let rows = &file.as_bytes()[body.offset..];
    let mut records = Records::new();
    let consumed = bound.cutter_at(body.line).cut(rows, true, usize::MAX, &mut records);
    assert_eq!(consumed, rows.len());
    for record in records.iter(rows) {
        visit(&record);
    }
}

/// Events as JSON lines, rejects as `line: code: message`.
fn read_all(bound: &Bound, body: Body, file: &str) -> String {
    let mut lines = String::new();
    each_record(bound, body, file, &mut |record| {
        let written = match bound.event(record) {
            Ok(event) => writeln!(lines, "{}", event_line(&event)),
            Err(reject) => writeln!(lines, "{}: {}: {}", record.line(), reject.code, reject.message),
        };
        written.unwrap();
    });
    lines
}

#[test]
fn the_mappings_of_the_manual_read_their_feeds() {
    for (name, toml, file, expected) in SHOWN {
        let mapping = Mapping::parse(name, toml).unwrap_or_else(|error| panic!("{error}"));
        let (bound, body) = Bound::for_head(mapping, file.as_bytes());
        assert_eq!(bound.missing_columns(), Vec::<&str>::new(), "{name}");
        let read = read_all(&bound, body, file);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            let path = format!("{}/src/mapping/fixtures/{}", env!("CARGO_MANIFEST_DIR"), name.replace(".toml", ".out.jsonl"));
            std::fs::write(path, &read).unwrap();
            continue;
        }
        assert_eq!(read, expected, "{name}");
        // What is kept with the report reads the same rows the same.
        let again = Bound::from_definition(&bound.definition()).unwrap();
        assert_eq!(read_all(&again, body, file), expected, "{name} from its definition");
    }
}

#[test]
fn an_observation_says_what_its_event_says() {
    for (name, toml, file, _) in SHOWN {
        let (bound, body) = Bound::for_head(Mapping::parse(name, toml).unwrap(), file.as_bytes());
        each_record(&bound, body, file, &mut |record| match (bound.event(record), bound.observe(record)) {
            (Ok(event), Ok(observation)) => {
                assert_eq!(observation.classification.as_str(), event.text("classification.type"));
                assert_eq!(observation.identifier, event.text("classification.identifier"));
                assert_eq!(observation.severity.as_str(), event.text("severity"));
                assert_eq!(observation.malware, event.text("malware.name"));
                assert_eq!(observation.source.url, event.text("source.url"));
                assert_eq!(observation.source.ip.map_or(String::new(), |ip| ip.to_string()), event.text("source.ip"));
                assert_eq!(observation.polarity == Polarity::Clear, event.text("status") == "clear");
                assert!(event.text("time.source").starts_with(&observation.observed_at.timestamp().to_string()[..19]));
            }
            (Err(event), Err(observation)) => assert_eq!(event, observation),
            (event, observation) => panic!("{event:?} and {observation:?}"),
        });
    }
}

const SMALL: &str = r#"
name = "small"
provider = "Somebody"
files = ["small-*.csv"]
format = "csv"
[columns]
ip = "source.ip"
[time]
column = "when"
[classification]
type = "vulnerable-system"
"#;

fn small_with(from: &str, to: &str) -> Result<Mapping, MappingError> {
    assert!(SMALL.contains(from), "{from}");
    Mapping::parse("m.toml", &SMALL.replace(from, to))
}

#[test]
fn what_cannot_work_is_said_with_its_line_and_what_to_do() {
    for (from, to, expected) in [
        ("name = \"small\"\n", "", "m.toml: `name` is missing: add it (docs/mappings has examples)"),
        ("small\"", "Small Feed\"", "m.toml, line 2, `name`: `Small Feed` is no name: use lower-case letters, digits, `-`, `_` and `.`"),
        ("format = \"csv\"", "format = \"xml\"", "m.toml, line 5: unknown variant `xml`, expected one of `csv`, `jsonl`, `json`. Correct it and try again"),
        ("format = \"csv\"", "format = \"csv\"\nseperator = \";\"", "m.toml, line 6: unknown field `seperator`"),
        ("format = \"csv\"", "format = \"jsonl\"\ndelimiter = \";\"", "m.toml, line 6, `delimiter`: is for format = \"csv\" only: remove it"),
        ("format = \"csv\"", "format = \"csv\"\ndelimiter = \"é\"", "m.toml, line 6, `delimiter`: `é` is no ASCII character: use one that is"),
        ("format = \"csv\"", "format = \"csv\"\nheader = false", "m.toml, line 6, `header`: is false, so say the columns"),
        ("format = \"csv\"", "format = \"csv\"\nnames = [\"a\"]", "m.toml, line 6, `names`: is for files without a header"),
        ("format = \"csv\"", "format = \"csv\"\ntlp = \"PINK\"", "m.toml, line 6, `tlp`: `PINK` is no TLP marking: use CLEAR"),
        ("format = \"csv\"", "format = \"csv\"\nseverity = \"awful\"", "m.toml, line 6, `severity`: `awful` is no severity: use low, medium, high or critical"),
        ("ip = \"source.ip\"", "ip = \"source.ipp\"", "m.toml, line 7, `columns.ip`: `source.ipp` is no IDF field: use one of"),
        ("ip = \"source.ip\"", "ip = { field = \"source.ip\", convert = \"rot13\" }", "m.toml, line 7, `columns.ip`: `rot13` is no conversion: use lowercase"),
        ("ip = \"source.ip\"", "ip = \"time.source\"", "m.toml, line 7, `columns.ip`: `time.source` has a place of its own: use [time]"),
        ("ip = \"source.ip\"", "ip = \"extra.ip\"", "m.toml, line 6, `columns`: no column goes to what names an owner"),
        ("ip = \"source.ip\"", "ip = 3", "m.toml, line 7: invalid type: integer `3`, expected a text, a table or a list of these"),
        ("column = \"when\"", "column = []", "m.toml, line 9, `time.column`: names no column"),
        ("column = \"when\"", "column = \"when\"\nformat = \"%H\"", "m.toml, line 10, `time.format`: `%H` does not say which day it is"),
        ("column = \"when\"", "column = \"when\"\nzone = \"Mars/Base\"", "m.toml, line 10, `time.zone`: `Mars/Base` is no time zone"),
        ("\"vulnerable-system\"", "\"bad\"", "m.toml, line 11, `classification.type`: `bad` is no RSIT classification type"),
        ("\"vulnerable-system\"", "{ column = \"k\", table = { a = \"bad\" } }", "m.toml, line 11, `classification.type.table.a`: `bad` is no RSIT"),
        ("[time]", "[constants]\n\"source.ip\" = []\n[time]", "m.toml, line 9, `constants.source.ip`: is no text, number or true/false"),
        ("[time]", "[time", "m.toml, line 8: "),
    ] {
        let error = small_with(from, to).expect_err(to).to_string();
        assert!(error.starts_with(expected), "{to}:\n{error}\nshould begin with\n{expected}");
    }
}

fn read_small(from: &str, to: &str, file: &str) -> String {
    let (bound, body) = Bound::for_head(small_with(from, to).unwrap(), file.as_bytes());
    read_all(&bound, body, file)
}

/// The parts of an event that do not come from every mapping alike.
fn shown(events: &str) -> Vec<String> {
    let leave_out = ["classification", "feed", "severity"];
    events
        .lines()
        .map(|line| match serde_json::from_str::<serde_json::Map<_, _>>(line) {
            Ok(event) => event
                .iter()
                .filter(|(name, _)| !leave_out.iter().any(|prefix| name.starts_with(prefix)))
                .map(|(name, value)| format!("{name}={}", value.as_str().map_or(value.to_string(), str::to_owned)))
                .collect::<Vec<_>>()
                .join(" "),
            Err(_) => line.split(": ").take(2).collect::<Vec<_>>().join(" "),
        })
        .collect()
}

#[test]
fn rows_that_are_not_as_they_should_be_stay_events() {
    let file = "\u{feff}ip,when,note\r\n\
                192.0.2.1,2024-01-01 00:00:00,fine\r\n\
                \r\n\
                nonsense,2024-01-01 00:00:00,\r\n\
                192.0.2.1\r\n\
                192.0.2.1,2024-01-01,a,b,c\r\n\
                192.0.2.1,never,\r\n\
                192.0.2.1,1969-01-01,\r\n\
                2001:DB8::9,2024-01-01,\"two\nlines\"\r\n\
                192.0.2.2,2024-01-01";
    assert_eq!(shown(&read_small("ip =", "ip =", file)), [
        "extra.note=fine source.ip=192.0.2.1 time.source=2024-01-01T00:00:00+00:00",
        "extra.ip=nonsense time.source=2024-01-01T00:00:00+00:00",
        "5 bad_time",
        "extra.column_4=b extra.column_5=c extra.note=a source.ip=192.0.2.1 time.source=2024-01-01T00:00:00+00:00",
        "7 bad_time",
        "8 time_out_of_range",
        "extra.note=two\nlines source.ip=2001:db8::9 time.source=2024-01-01T00:00:00+00:00",
        "source.ip=192.0.2.2 time.source=2024-01-01T00:00:00+00:00",
    ]);
}

#[test]
fn lines_in_front_and_comments_are_no_rows() {
    let file = "Report of today\n# made by hand\nip|when\n192.0.2.1|2024-01-01\n# between\n192.0.2.2|2024-01-01\n# end\n";
    let keys = "format = \"csv\"\nskip_lines = 1\ncomment = \"#\"\ndelimiter = \"|\"";
    assert_eq!(shown(&read_small("format = \"csv\"", keys, file)), [
        "source.ip=192.0.2.1 time.source=2024-01-01T00:00:00+00:00",
        "source.ip=192.0.2.2 time.source=2024-01-01T00:00:00+00:00",
    ]);
    for file in ["", "Report", "Report of today\n", "Report of today\n#", "Report\nip|when"] {
        assert_eq!(read_small("format = \"csv\"", keys, file), "", "{file}");
    }
}

#[test]
fn a_list_of_json_and_objects_over_several_lines_are_read() {
    for file in [
        "[{\"ip\":\"192.0.2.1\",\"when\":\"2024-01-01\"},\n{\"ip\":\"192.0.2.2\",\n\"when\":\"2024-01-01\"}, 3]",
        "{\n  \"ip\": \"192.0.2.1\",\n  \"when\": \"2024-01-01\"\n}\n{\n  \"ip\": \"192.0.2.2\", \"when\": \"2024-01-01\"\n}\n3",
    ] {
        let read = shown(&read_small("\"csv\"\n", "\"json\"\n", file));
        assert_eq!(read[..2], [
            "source.ip=192.0.2.1 time.source=2024-01-01T00:00:00+00:00",
            "source.ip=192.0.2.2 time.source=2024-01-01T00:00:00+00:00",
        ]);
        assert!(read[2].ends_with("not_a_record"), "{read:?}");
    }
}

#[test]
fn a_mapping_is_found_by_the_name_of_the_file() {
    let mappings = [Mapping::parse("m", SMALL).unwrap(), small_with("small-*.csv", "*.csv").unwrap()];
    assert!(std::ptr::eq(find(&mappings, "SMALL-1.csv").unwrap(), &mappings[0]));
    assert!(std::ptr::eq(find(&mappings, "other.csv").unwrap(), &mappings[1]));
    assert!(find(&mappings, "other.json").is_none());
}
