#![no_main]
//! A mapping that an operator writes, and a file that is read by it.

use libfuzzer_sys::fuzz_target;
use schakel_parse::{Plan, PlanOptions, mapping::Mapping};

fuzz_target!(|input: &[u8]| {
    // A NUL byte, which no mapping has, stands between the two.
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(mapping), Some(bytes)) = (parts.next(), parts.next()) else { return };
    let Ok(text) = std::str::from_utf8(mapping) else { return };
    let Ok(mapping) = Mapping::parse(text) else { return };
    let options = PlanOptions { mapping: Some(&mapping), ..PlanOptions::default() };
    if let Ok(plan) = Plan::for_file("report.csv", bytes, &options) {
        schakel_fuzz::read_all(&plan, bytes);
    }
});
