//! CSV as a sheet: its records, with the line on which each starts.

use super::super::{
    ProblemKind,
    csv_table::{Record, Records, delimiter},
};
use crate::sheets::{CELLS_MAX, Cell, Sheet, SheetRow, cut};

/// Reads a CSV file; what cannot be read is said, and what was read before it is kept.
pub(super) fn read_csv(bytes: &[u8]) -> (Sheet, Option<String>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut records = Records::new(bytes, best_delimiter(bytes));
    let mut sheet = Sheet::default();
    let mut cells_left = CELLS_MAX;
    loop {
        match records.read() {
            Record::End => return (sheet, None),
            Record::TooLarge => {
                let why = "a row is larger than 1 MiB; perhaps a quote is not closed";
                return (sheet, Some(format!("line {}: {why}. The rest is not read", records.line)));
            }
            Record::Row => {}
        }
        let mut row = SheetRow { number: u32::try_from(records.line).unwrap_or(u32::MAX), cells: Vec::new() };
        for (column, field) in (0..).zip(records.fields()) {
            let cell = match std::str::from_utf8(field) {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => Cell::Text(cut(text.to_owned())),
                Err(_) => Cell::Broken(
                    ProblemKind::NotUtf8,
                    "the value is no UTF-8; save the file as \"CSV UTF-8\"".to_owned(),
                ),
            };
            row.cells.push((column, cell));
        }
        match cells_left.checked_sub(row.cells.len()) {
            Some(left) => cells_left = left,
            None => {
                let why = format!("line {}: the file has more than {CELLS_MAX} values", records.line);
                return (sheet, Some(format!("{why}; split it. The rest is not read")));
            }
        }
        if !row.cells.is_empty() {
            sheet.rows.push(row);
        }
    }
}

/// The separator of the first lines: a title may stand above the header.
fn best_delimiter(bytes: &[u8]) -> u8 {
    let mut lines = bytes.split(|byte| *byte == b'\n').take(20);
    let separated = lines.find(|line| line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t')));
    delimiter(separated.unwrap_or_default())
}
