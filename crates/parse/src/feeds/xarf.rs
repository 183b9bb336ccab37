//! X-ARF 4 and 3 (<https://xarf.org>): abuse reports in JSON, one object or many.

use schakel_model::reject::Reject;

use super::{Format, Given, How, Markings, Sink, not_a_record};
use crate::json::Json;

/// Evidence stands in the report as base64: 15 MB of it by the specification, and a third more for the encoding.
const REPORT_BYTES_MAX: usize = 32 << 20;

pub(super) const FORMAT: Format = Format {
    name: "xarf",
    recognise: |_, head| {
        contains(head, b"\"xarf_version\"")
            || (contains(head, b"\"ReporterInfo\"") && contains(head, b"\"Report\""))
    },
    how: How::Elements { bytes_max: REPORT_BYTES_MAX, read },
    markings: Markings::None,
};

fn contains(head: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(head, wanted).is_some()
}

fn read(_: &Json<'_>, _: &Given, _: &mut dyn Sink) -> Result<(), Reject> {
    Err(not_a_record("it is no X-ARF report"))
}
