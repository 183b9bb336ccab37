#![no_main]
//! A report of some type: every byte belongs to a record or to nothing, reading never fails but by a reject, and the quick
//! reading of the data plane agrees with the full one about which rows are events.

use libfuzzer_sys::fuzz_target;
use schakel_parse::{Plan, PlanOptions, Records, shadowserver};

/// More records than any input has.
const RECORDS_MAX: usize = 100_000;

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let types: Vec<&str> = shadowserver::types().collect();
    let type_name = types[usize::from(*choice) % types.len()];
    let options = PlanOptions { type_name: Some(type_name), ..PlanOptions::default() };
    let Ok(plan) = Plan::for_file("report.csv", bytes, &options) else { return };
    let body = &bytes[plan.body_offset()..];
    let mut records = Records::new();
    let done = plan.cutter().cut(body, true, RECORDS_MAX, &mut records);
    assert_eq!(done, body.len());
    for record in records.iter(body) {
        let event = plan.event(record);
        assert_eq!(plan.observe(record).is_ok(), event.is_ok(), "the two readings disagree");
        if let Ok(event) = event {
            let _ = schakel_parse::idf::to_json(&event);
        }
        assert!(plan.cells(record).count() > 0);
    }
    // Cut in two blocks, the same records come out.
    let mut cutter = plan.cutter();
    let half = body.len() / 2;
    let mut count = 0;
    let first = cutter.cut(&body[..half], false, RECORDS_MAX, &mut records);
    count += records.len();
    cutter.cut(&body[first..], true, RECORDS_MAX, &mut records);
    count += records.len();
    let mut whole = Records::new();
    plan.cutter().cut(body, true, RECORDS_MAX, &mut whole);
    assert_eq!(count, whole.len(), "cut in two, other records come out");
});
