#![no_main]
//! A Shadowserver report of some type.

use libfuzzer_sys::fuzz_target;
use schakel_parse::{Plan, PlanOptions, shadowserver};

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let types: Vec<&str> = shadowserver::types().collect();
    let type_name = Some(types[usize::from(*choice) % types.len()]);
    let options = PlanOptions { type_name, ..PlanOptions::default() };
    if let Ok(plan) = Plan::for_file("report.csv", bytes, &options) {
        schakel_fuzz::read_all(&plan, bytes);
    }
});
