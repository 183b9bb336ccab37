//! Documents that are no good: nothing panics, and each line that comes out is an event or a reject.

#![allow(clippy::unwrap_used)] // A test.

use std::io::Read;

use proptest::prelude::*;
use schakel_model::reject::RejectCode;
use schakel_parse::{
    Plan, Records,
    feeds::{Feed, Given, Transcription},
};

/// How many events and which rejects are in a document read as this format.
fn read(feed: Feed, document: &[u8]) -> (usize, Vec<RejectCode>) {
    let mut lines = Vec::new();
    // A document that breaks off has given what came before.
    let _ = Transcription::start(feed, Box::new(document), Given::default()).read_to_end(&mut lines);
    let plan = Plan::transcribed();
    let mut records = Records::new();
    assert_eq!(plan.cutter().cut(&lines, true, usize::MAX, &mut records), lines.len());
    let mut found = (0, Vec::new());
    for record in records.iter(&lines) {
        assert_eq!(plan.observe(record).is_ok(), plan.event(record).is_ok());
        match plan.event(record) {
            Ok(_) => found.0 += 1,
            Err(reject) => found.1.push(reject.code),
        }
    }
    found
}

/// Formats in JSON, and a document of one event in each.
const JSON: &[(Feed, &str)] = &[
    (Feed::Xarf, r#"{"xarf_version":"4.2.0","type":"spam","source_identifier":"192.0.2.1","extra":X}"#),
    (
        Feed::N6,
        r#"{"category":"bots","time":"2026-03-01T05:07:57Z","address":[{"ip":"192.0.2.1"}],"extra":X}"#,
    ),
    (Feed::Idea, r#"{"Format":"IDEA0","Source":[{"IP4":["192.0.2.1"]}],"extra":X}"#),
    (Feed::Misp, r#"{"Event":{"Attribute":[{"type":"ip-src","value":"192.0.2.1"}]},"extra":X}"#),
    (
        Feed::Csaf,
        r#"{"document":{"csaf_version":"2.0"},"product_tree":{"full_product_names":[{"product_id":"a","product_identification_helper":
        {"x_generic_uris":[{"namespace":"https://schakel.org/ns/machine","uri":"ip://192.0.2.1"}]}}]},
        "vulnerabilities":[{"cve":"CVE-2026-1234","product_status":{"known_affected":["a"]}}],"extra":X}"#,
    ),
    (Feed::Nuclei, r#"{"template-id":"a","host":"192.0.2.1","extra":X}"#),
];

#[test]
fn json_that_is_too_deep_is_one_reject_and_odd_numbers_none() {
    for (feed, document) in JSON {
        let good = document.replace('X', "1");
        assert_eq!(read(*feed, good.as_bytes()), (1, vec![]), "{feed:?}");
        let odd = document.replace('X', r#"[1e999,-0,1E-999,99999999999999999999999,{"a":1,"a":2}]"#);
        assert_eq!(read(*feed, odd.as_bytes()), (1, vec![]), "{feed:?}");
        let deep = document.replace('X', &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
        let both = format!("{deep}\n{good}");
        assert_eq!(read(*feed, both.as_bytes()), (1, vec![RejectCode::NotARecord]), "{feed:?}");
        let cut = &good[..good.len() - 2];
        let (events, rejects) = read(*feed, cut.as_bytes());
        assert_eq!((events, rejects.len()), (0, 1), "{feed:?}");
    }
}

#[test]
fn a_line_without_end_is_one_reject() {
    let document = format!("{}\njan@example.nl:secret\n", "x:".repeat(1 << 20));
    assert_eq!(read(Feed::Credentials, document.as_bytes()), (1, vec![RejectCode::RecordTooLarge]));
}

/// Pieces of which the formats are made.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\n",
    "\\",
    "null",
    "1e999",
    "-1",
    "\"xarf_version\":",
    "\"Report\":",
    "\"ReporterInfo\":",
    "\"Source\":",
    "\"source_identifier\":",
    "\"192.0.2.1\"",
    "\"category\":",
    "\"time\":",
    "\"address\":",
    "\"Format\":\"IDEA0\"",
    "\"IP4\":",
    "\"Event\":",
    "\"Attribute\":",
    "\"type\":\"domain|ip\"",
    "\"value\":\"|\"",
    "\"document\":{\"csaf_version\":\"2.0\"}",
    "\"product_tree\":",
    "\"branches\":",
    "\"uri\":\"tcp://\"",
    "\"vulnerabilities\":",
    "\"template-id\":",
    "\"info\":",
    "<nmaprun>",
    "<host>",
    "<host ",
    "</host>",
    "<port ",
    "</port>",
    "<state state=\"open\"/>",
    "addr=\"",
    "&a;",
    "&#0;",
    "<!--",
    "]]>",
    "https://",
    "a@b.nl",
    "/",
    "@",
    ";",
    "\t",
    "[::1]",
    "é",
    "\0",
    "#",
];

proptest! {
    #[test]
    fn nothing_panics(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        let document = pieces.concat();
        for feed in Feed::ALL {
            read(*feed, document.as_bytes());
        }
    }

    #[test]
    fn bytes_of_any_kind_do_not_either(document in proptest::collection::vec(any::<u8>(), 0..300)) {
        for feed in Feed::ALL {
            read(*feed, &document);
        }
    }
}
