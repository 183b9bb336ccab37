//! JSON as records: an object a line, or the elements of a list; and IDF, IntelMQ's data format, written so.

pub(crate) mod cut;
pub(crate) mod elements;
pub(crate) mod idf;
pub(crate) mod observation;
pub(crate) mod reader;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use schakel_model::{
    limits::RECORD_BYTES_MAX,
    reject::{Reject, RejectCode},
};

pub(crate) use self::reader::Json;
use crate::cut::Record;

/// The fields of a record that must be a JSON object.
pub(crate) fn object<'r>(record: &Record<'r>) -> Result<Vec<(Cow<'r, str>, Json<'r>)>, Reject> {
    if record.is_too_large() {
        let message = format!("the record is larger than {RECORD_BYTES_MAX} bytes");
        return Err(Reject::new(RejectCode::RecordTooLarge, message));
    }
    let raw = record.raw();
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    match reader::read(raw) {
        Ok(Json::Object(fields)) => Ok(fields),
        Ok(_) => Err(Reject::new(RejectCode::NotARecord, "the record is JSON, but no object")),
        Err(error) => Err(Reject::new(RejectCode::NotARecord, format!("the record is no JSON: {error}"))),
    }
}
