//! One row of a report.

use jiff::{Timestamp, civil::Date};

use crate::{
    fields::{self, Field},
    report_types::ReportType,
    world::Subject,
};

/// The columns of one file, with what fills each.
pub struct Columns {
    fields: Vec<(Field, u64)>,
    header: Vec<u8>,
}

/// Everything that a row is written from.
pub struct Row<'a> {
    pub report: &'a ReportType,
    pub subject: &'a Subject<'a>,
    pub port: u16,
    /// What makes this finding itself: the same at every sighting.
    pub finding: u64,
    /// What makes this sighting itself.
    pub visit: u64,
    /// The day as `2026-11-20`.
    pub date: &'a str,
    /// The day as `Fri, 20 Nov 2026`.
    pub http_date: &'a str,
    /// Second of the day.
    pub second: u32,
    pub out: &'a mut Vec<u8>,
}

impl Row<'_> {
    /// Certificates and the like have dates around this one, so that they do not move with the day of the report.
    pub const EPOCH: Timestamp = Timestamp::constant(1_767_225_600, 0); // 2026-01-01T00:00Z

    /// Writes the row with its line end.
    pub fn write(mut self, columns: &Columns) {
        for (at, &(field, salt)) in columns.fields.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.write_field(field, salt);
        }
        self.out.push(b'\n');
    }
}

impl Columns {
    /// For these columns of this kind of report, in this order.
    pub fn new(report: &ReportType, columns: &[&str]) -> Self {
        let quoted: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        Self {
            fields: columns.iter().map(|column| (Field::of(report, column), fields::salt(column))).collect(),
            header: format!("{}\n", quoted.join(",")).into_bytes(),
        }
    }

    /// The header with its line end.
    pub fn header(&self) -> &[u8] {
        &self.header
    }
}

/// A day as the `Date:` header of HTTP writes it.
pub fn http_date(date: Date) -> String {
    date.strftime("%a, %d %b %Y").to_string()
}
