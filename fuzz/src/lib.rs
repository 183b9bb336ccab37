//! What must hold for every file, however its rows are read.

use schakel_parse::{Plan, Records};

/// More records than any input has.
const RECORDS_MAX: usize = 100_000;

/// Reads all rows of a file: every byte belongs to a record or to nothing, the quick reading of the data plane agrees with the
/// full one about which rows are events, and cut in two the same records come out.
pub fn read_all(plan: &Plan, bytes: &[u8]) {
    let body = &bytes[plan.body_offset()..];
    let mut records = Records::new();
    let done = plan.cutter().cut(body, true, RECORDS_MAX, &mut records);
    assert_eq!(done, body.len(), "the end of the file is left over");
    for record in records.iter(body) {
        let event = plan.event(record);
        assert_eq!(plan.observe(record).is_ok(), event.is_ok(), "the two readings disagree");
        if let Ok(event) = event {
            let _ = schakel_parse::idf::to_json(&event);
        }
        let _ = plan.cells(record).len();
    }
    let whole = records.len();
    let mut cutter = plan.cutter();
    let first = cutter.cut(&body[..body.len() / 2], false, RECORDS_MAX, &mut records);
    let mut parts = records.len();
    cutter.cut(&body[first..], true, RECORDS_MAX, &mut records);
    parts += records.len();
    assert_eq!(parts, whole, "cut in two, other records come out");
}
