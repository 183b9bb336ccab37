#![no_main]
//! Events in IntelMQ's data format, as a list or a line each.

use libfuzzer_sys::fuzz_target;
use schakel_parse::{Plan, PlanOptions};

fuzz_target!(|bytes: &[u8]| {
    for name in ["events.json", "events.jsonl"] {
        if let Ok(plan) = Plan::for_file(name, bytes, &PlanOptions::default()) {
            schakel_fuzz::read_all(&plan, bytes);
        }
    }
});
