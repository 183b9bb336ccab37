#![no_main]
//! A reply: what of it was written, what that says, and what a server says of a mail that came back.

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use schakel_formats::mail::{
    MailDocument,
    answer_text::{FINDINGS_MAX, read},
    delivery_status::returned,
    written::written,
};

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let left = written(&text);
    // What is quoted never decides.
    let quoted: String = text.lines().map(|line| format!("> {line}\n")).collect();
    assert_eq!(written(&format!("{left}\n{quoted}")), written(&left));
    let today = date(2026, 11, 22);
    if let Ok(statements) = read(&left, today) {
        assert!(!statements.is_empty());
        assert!(statements.iter().map(|one| one.findings.len()).sum::<usize>() <= FINDINGS_MAX);
    }
    let _ = returned(&MailDocument::read(input));
});
