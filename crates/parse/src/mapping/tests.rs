//! Mappings against files, and what is said of mappings that cannot work.

use std::fmt::Write as _;

use proptest::prelude::*;
use schakel_model::observation::Polarity;

use super::{Mapping, MappingError};
use crate::{
    cut::{Record, Records},
    idf,
    plan::{Plan, PlanError, PlanOptions},
};

macro_rules! shown {
    ($($name:literal $ending:literal,)*) => {
        [$((
            concat!($name, ".toml"),
            include_str!(concat!("../../../../docs/mappings/", $name, ".toml")),
            include_str!(concat!("fixtures/", $name, ".in.", $ending)),
            include_str!(concat!("fixtures/", $name, ".out.jsonl")),
        ),)*]
    };
}

/// The mappings that the manual shows, each with a file as its feed would write it and the events in it.
const SHOWN: [(&str, &str, &str, &str); 11] = shown![
    "abusehub" "csv",
    "urlhaus" "csv",
    "threatfox" "csv",
    "feodo" "csv",
    "feodo-json" "json",
    "sslbl" "csv",
    "spamhaus-drop" "jsonl",
    "spamhaus-edrop" "csv",
    "botnet-list" "csv",
    "divd" "csv",
    "own-scan" "jsonl",
];

fn plan(mapping: &Mapping, file: &str) -> Plan {
    let options =
        PlanOptions { mapping: Some(mapping), received_at: Some(1_772_409_600), ..PlanOptions::default() };
    Plan::for_file("any.name", file.as_bytes(), &options).unwrap()
}

/// Each record of `file` handed to `visit`.
fn each_record(plan: &Plan, file: &str, visit: &mut dyn FnMut(Record<'_>)) {
    let rows = &file.as_bytes()[plan.body_offset()..];
    let mut records = Records::new();
    let consumed = plan.cutter().cut(rows, true, usize::MAX, &mut records);
    assert_eq!(consumed, rows.len());
    for record in records.iter(rows) {
        visit(record);
    }
}

/// Events as JSON lines, rejects as `line: code: message`.
fn read_all(plan: &Plan, file: &str) -> String {
    let mut lines = String::new();
    each_record(plan, file, &mut |record| {
        let written = match plan.event(record) {
            Ok(event) => writeln!(lines, "{}", idf::to_json(&event)),
            Err(reject) => writeln!(lines, "{}: {}: {}", record.line(), reject.code, reject.message),
        };
        written.unwrap();
    });
    lines
}

#[test]
fn the_mappings_of_the_manual_read_their_feeds() {
    for (name, toml, file, expected) in SHOWN {
        let mapping = Mapping::parse(toml).unwrap_or_else(|error| panic!("{name}: {error}"));
        let plan = plan(&mapping, file);
        assert_eq!((plan.feed(), plan.provider()), (mapping.feed.as_str(), mapping.provider.as_str()));
        let read = read_all(&plan, file);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            let path = format!(
                "{}/src/mapping/fixtures/{}",
                env!("CARGO_MANIFEST_DIR"),
                name.replace(".toml", ".out.jsonl")
            );
            std::fs::write(path, &read).unwrap();
            continue;
        }
        assert_eq!(read, expected, "{name}");
        // What is kept with the report reads the same rows the same.
        let again = Plan::from_definition(&plan.definition()).unwrap();
        assert_eq!(read_all(&again, file), expected, "{name} from its definition");
        assert_eq!(again.definition(), plan.definition());
    }
}

#[test]
fn an_observation_says_what_its_event_says() {
    for (_, toml, file, _) in SHOWN {
        let plan = plan(&Mapping::parse(toml).unwrap(), file);
        each_record(&plan, file, &mut |record| match (plan.event(record), plan.observe(record)) {
            (Ok(event), Ok(observation)) => {
                assert_eq!(observation.classification.as_str(), event.text("classification.type"));
                assert_eq!(observation.identifier, event.text("classification.identifier"));
                assert_eq!(observation.severity.as_str(), event.text("severity"));
                assert_eq!(observation.malware, event.text("malware.name"));
                assert_eq!(observation.source.url, event.text("source.url"));
                // A network stands under its first address.
                let network = event.text("source.network").split('/').next().unwrap_or_default();
                let address = if network.is_empty() { event.text("source.ip") } else { network };
                assert_eq!(observation.source.ip.map_or(String::new(), |ip| ip.to_string()), address);
                assert_eq!(observation.polarity == Polarity::Clear, event.text("status") == "clear");
                assert!(
                    event
                        .text("time.source")
                        .starts_with(&observation.observed_at.timestamp().to_string()[..19])
                );
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
    Mapping::parse(&SMALL.replace(from, to))
}

#[test]
fn what_cannot_work_is_said_with_its_line_and_what_to_do() {
    for (from, to, expected) in [
        ("name = \"small\"\n", "", "`name` is missing: add it (docs/mappings has examples)"),
        (
            "small\"",
            "Small Feed\"",
            "line 2: `name` `Small Feed` is no name: use lower-case letters, digits, `-`, `_` and `.`",
        ),
        (
            "format = \"csv\"",
            "format = \"xml\"",
            "line 5: unknown variant `xml`, expected one of `csv`, `jsonl`, `json`, `sheet`. Correct it and try again",
        ),
        ("format = \"csv\"", "format = \"csv\"\nseperator = \";\"", "line 6: unknown field `seperator`"),
        (
            "format = \"csv\"",
            "format = \"jsonl\"\ndelimiter = \";\"",
            "line 6: `delimiter` is for format = \"csv\" only: remove it",
        ),
        (
            "format = \"csv\"",
            "format = \"csv\"\ndelimiter = \"é\"",
            "line 6: `delimiter` `é` is no ASCII character: use one that is",
        ),
        (
            "format = \"csv\"",
            "format = \"csv\"\nheader = false",
            "line 6: `header` is false, so say the columns",
        ),
        (
            "format = \"csv\"",
            "format = \"csv\"\nnames = [\"a\"]",
            "line 6: `names` is for files without a header",
        ),
        (
            "format = \"csv\"",
            "format = \"csv\"\ntlp = \"PINK\"",
            "line 6: `tlp` `PINK` is no TLP marking: use CLEAR",
        ),
        (
            "format = \"csv\"",
            "format = \"csv\"\nseverity = \"awful\"",
            "line 6: `severity` `awful` is no severity: use low, medium, high or critical",
        ),
        (
            "ip = \"source.ip\"",
            "ip = \"source.ipp\"",
            "line 7: `columns.ip` goes to `source.ipp`, which is no IDF field: use one of",
        ),
        (
            "ip = \"source.ip\"",
            "ip = { field = \"source.ip\", convert = \"rot13\" }",
            "line 7: `columns.ip` `rot13` is no conversion: use lowercase",
        ),
        (
            "ip = \"source.ip\"",
            "ip = \"time.source\"",
            "line 7: `columns.ip` goes to `time.source`, which has a place of its own: use [time]",
        ),
        (
            "ip = \"source.ip\"",
            "ip = \"extra.ip\"",
            "line 6: `columns` no column goes to what names an owner",
        ),
        (
            "ip = \"source.ip\"",
            "ip = 3",
            "line 7: invalid type: integer `3`, expected a text, a table or a list of these",
        ),
        ("column = \"when\"", "column = []", "line 9: `time.column` names no column"),
        (
            "column = \"when\"",
            "column = \"when\"\nformat = \"%H\"",
            "line 10: `time.format` `%H` does not say which day it is",
        ),
        (
            "column = \"when\"",
            "column = \"when\"\nzone = \"Mars/Base\"",
            "line 10: `time.zone` `Mars/Base` is no time zone",
        ),
        (
            "\"vulnerable-system\"",
            "\"bad\"",
            "line 11: `classification.type` `bad` is no RSIT classification type",
        ),
        (
            "\"vulnerable-system\"",
            "{ column = \"k\", table = { a = \"bad\" } }",
            "line 11: `classification.type.table.a` `bad` is no RSIT",
        ),
        (
            "[time]",
            "[constants]\n\"source.ip\" = []\n[time]",
            "line 9: `constants.source.ip` is no text, number or true/false",
        ),
        (
            "[time]",
            "[constants]\n\"source.ip\" = \"here\"\n[time]",
            "line 9: `constants.source.ip` is not what this field takes: correct the value",
        ),
        ("[time]", "[time", "line 8: "),
    ] {
        let error = small_with(from, to).expect_err(to).to_string();
        assert!(error.starts_with(expected), "{to}:\n{error}\nshould begin with\n{expected}");
    }
}

fn read_small(from: &str, to: &str, file: &str) -> String {
    read_all(&plan(&small_with(from, to).unwrap(), file), file)
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
                .map(|(name, value)| {
                    format!("{name}={}", value.as_str().map_or(value.to_string(), str::to_owned))
                })
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
    assert_eq!(
        shown(&read_small("ip =", "ip =", file)),
        [
            "extra.note=fine source.ip=192.0.2.1 time.source=2024-01-01T00:00:00+00:00",
            "extra.ip=nonsense time.source=2024-01-01T00:00:00+00:00",
            "5 bad_time",
            "extra.column_4=b extra.column_5=c extra.note=a source.ip=192.0.2.1 time.source=2024-01-01T00:00:00+00:00",
            "7 bad_time",
            "8 time_out_of_range",
            "extra.note=two\nlines source.ip=2001:db8::9 time.source=2024-01-01T00:00:00+00:00",
            "source.ip=192.0.2.2 time.source=2024-01-01T00:00:00+00:00",
        ]
    );
}

#[test]
fn lines_in_front_and_comments_are_no_rows() {
    let file = "Report of today\n# made by hand\nip|when\n192.0.2.1|2024-01-01\n# between\n192.0.2.2|2024-01-01\n# end\n";
    let keys = "format = \"csv\"\nskip_lines = 1\ncomment = \"#\"\ndelimiter = \"|\"";
    assert_eq!(
        shown(&read_small("format = \"csv\"", keys, file)),
        [
            "source.ip=192.0.2.1 time.source=2024-01-01T00:00:00+00:00",
            "source.ip=192.0.2.2 time.source=2024-01-01T00:00:00+00:00",
        ]
    );
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
        assert_eq!(
            read[..2],
            [
                "source.ip=192.0.2.1 time.source=2024-01-01T00:00:00+00:00",
                "source.ip=192.0.2.2 time.source=2024-01-01T00:00:00+00:00",
            ]
        );
        assert!(read[2].ends_with("not_a_record"), "{read:?}");
    }
}

#[test]
fn a_mapping_says_which_files_it_is_for() {
    let mapping = Mapping::parse(SMALL).unwrap();
    assert!(mapping.matches("SMALL-1.csv") && !mapping.matches("other.csv"));
}

#[test]
fn a_file_without_the_column_of_the_time_is_another_file() {
    let mapping = Mapping::parse(SMALL).unwrap();
    let options = PlanOptions { mapping: Some(&mapping), ..PlanOptions::default() };
    let error = Plan::for_file("small-1.csv", b"ip,date\n192.0.2.1,2024-01-01\n", &options).unwrap_err();
    assert!(matches!(error, PlanError::NoTimeColumn { column, .. } if column == "when"));
}

#[test]
fn a_damaged_definition_is_an_error() {
    let plan = plan(&Mapping::parse(SMALL).unwrap(), "ip,when\n");
    let stored = plan.definition();
    for cut in [12, stored.len() - 30] {
        assert!(Plan::from_definition(&stored[..cut]).is_err(), "{cut}");
    }
}

/// Records with their lines, cut in blocks of this size. Every stretch that was consumed is cut again by itself, as it is when
/// a stored chunk is looked at again.
fn cut_in_blocks(plan: &Plan, rows: &[u8], block: usize) -> Vec<(u64, Vec<u8>)> {
    let listed = |records: &Records, bytes: &[u8]| -> Vec<_> {
        records.iter(bytes).map(|record| (record.line(), record.raw().to_vec())).collect()
    };
    let mut cutter = plan.cutter();
    let (mut at, mut end, mut all) = (0, 0, Vec::new());
    let (mut records, mut again) = (Records::new(), Records::new());
    loop {
        let line = cutter.line();
        let bytes = &rows[at..end];
        let consumed = cutter.cut(bytes, end == rows.len(), 3, &mut records);
        let found = listed(&records, bytes);
        assert_eq!(plan.cutter_at(line).cut(&bytes[..consumed], true, usize::MAX, &mut again), consumed);
        assert_eq!(listed(&again, &bytes[..consumed]), found);
        all.extend(found);
        at += consumed;
        if consumed == 0 || at == end {
            if end == rows.len() {
                return all;
            }
            end = (end + block).min(rows.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Files with bytes changed: nothing panics, both readings agree on what is an event, and blocks make no difference.
    #[test]
    fn damaged_files_are_read_the_same_in_every_way(
        which in 0..SHOWN.len() + 1,
        damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\"{}[],:;\n\r\\# \xff0".to_vec())), 0..6),
        block in 1..200_usize,
    ) {
        let list = format!("[\n{}]", include_str!("fixtures/own-scan.in.jsonl").replace("}}\n", "}},\n"));
        let (mapping, file) = match SHOWN.get(which) {
            Some((_, toml, file, _)) => (Mapping::parse(toml).unwrap(), *file),
            None => {
                let toml = include_str!("../../../../docs/mappings/own-scan.toml").replace("\"jsonl\"", "\"json\"");
                (Mapping::parse(&toml).unwrap(), list.as_str())
            }
        };
        let plan = plan(&mapping, file);
        let mut rows = file.as_bytes()[plan.body_offset()..].to_vec();
        for (at, byte) in &damage {
            let at = at.index(rows.len());
            rows[at] = *byte;
        }
        let mut records = Records::new();
        prop_assert_eq!(plan.cutter().cut(&rows, true, usize::MAX, &mut records), rows.len());
        for record in records.iter(&rows) {
            let (event, observation) = (plan.event(record), plan.observe(record));
            prop_assert_eq!(event.as_ref().err(), observation.as_ref().err());
        }
        let whole: Vec<_> = records.iter(&rows).map(|record| (record.line(), record.raw().to_vec())).collect();
        prop_assert_eq!(cut_in_blocks(&plan, &rows, block), whole);
    }
}

#[test]
fn networks_are_told_apart_by_their_first_address() {
    let (_, toml, file, _) = SHOWN.into_iter().find(|(name, ..)| *name == "spamhaus-drop.toml").unwrap();
    let plan = plan(&Mapping::parse(toml).unwrap(), file);
    let mut found = Vec::new();
    each_record(&plan, file, &mut |record| {
        let observation = plan.observe(record).unwrap();
        found.push((observation.source.ip.map(|address| address.to_string()), observation.polarity));
    });
    let expected = [
        (Some("192.0.2.0".to_owned()), Polarity::Seen),
        (Some("2001:db8::".to_owned()), Polarity::Seen),
        (None, Polarity::Clear),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_list_without_times_has_that_of_its_receipt() {
    let mapping = Mapping::parse(include_str!("../../../../docs/mappings/spamhaus-edrop.toml")).unwrap();
    assert!(mapping.takes_time_of_receipt());
    let options = PlanOptions { mapping: Some(&mapping), ..PlanOptions::default() };
    let plan = Plan::for_file("edrop.txt", b"", &options).unwrap();
    assert!(read_all(&plan, "192.0.2.0/24 ; x\n").starts_with("1: bad_time: "), "no time is made up");
    let error = Mapping::parse(&mapping.text().replace("\"receipt\"", "\"now\"")).unwrap_err();
    assert_eq!((error.line, error.key.as_str()), (Some(13), "time"));
}
