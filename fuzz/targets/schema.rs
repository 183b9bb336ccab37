#![no_main]
//! A schema that an operator gives: whatever stands in it, it is read or refused, and rows are read by it.

use libfuzzer_sys::fuzz_target;
use schakel_parse::{Plan, PlanOptions, shadowserver::Schema};

/// A row for whatever types the schema has.
const REPORT: &[u8] =
    b"timestamp,ip,port,tag,hostname\n2026-11-20 00:00:00,192.0.2.1,443,a;b,www.example.nl\n";

fuzz_target!(|input: &[u8]| {
    let Ok(schema) = Schema::parse(input) else { return };
    for type_name in schema.types() {
        let options =
            PlanOptions { type_name: Some(type_name), schema: Some(&schema), ..PlanOptions::default() };
        if let Ok(plan) = Plan::for_file("report.csv", REPORT, &options) {
            schakel_fuzz::read_all(&plan, REPORT);
        }
    }
});
